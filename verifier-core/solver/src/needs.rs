//! What a call wants of its arguments, for helpers and for kernel functions alike.
//!
//! Of helpers it stands in their prototypes, of kernel functions in the kernel's BTF: types, and endings of parameter
//! names. The symbolic run, the replay and the interpreter's script all take it from here.

use super::things::Kind;
use verifier_core::analysis::System;
use verifier_core::btf::{Btf, BtfKind, Type};
use verifier_core::isa::Insn;
use verifier_core::kernel::call::{ArgBase, ArgType, FuncProto, TypeFlags};
use verifier_core::kernel::kfuncs;
use verifier_core::program::LoadRequest;

/// Bytes of a dynptr on the stack.
pub const DYNPTR: u64 = 16;

/// Bytes that an argument stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Size {
    /// So many.
    Bytes(u64),
    /// As many as the next argument says.
    Next,
    /// A key of the map that R1 names.
    Key,
    /// A value of the map that R1 names.
    Value,
}

/// Which kind of object an argument must be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wants {
    /// The program's context.
    Context,
    /// A map.
    Map,
    /// A record of a ring buffer that was reserved.
    Sample,
    /// An object of the kernel.
    Kernel,
    /// Something that lies in memory of any kind.
    Field,
}

impl Wants {
    /// Whether an object of this kind will do.
    pub fn takes(self, kind: &Kind) -> bool {
        match self {
            Wants::Context => *kind == Kind::Ctx,
            Wants::Map => matches!(kind, Kind::MapObject(_)),
            Wants::Sample => *kind == Kind::Sample,
            // Contexts are taken for sockets, and what lies in a map may be an object too.
            Wants::Kernel => matches!(kind, Kind::Object | Kind::Ctx | Kind::MapValue(_) | Kind::MapObject(_)),
            Wants::Field => !matches!(kind, Kind::Function(_)),
        }
    }
}

/// What an argument must be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    /// Anything that was written.
    Anything,
    /// Memory.
    Memory {
        /// Bytes.
        size: Size,
        /// It may be null.
        null: bool,
        /// The call writes it.
        write: bool,
        /// The call writes all of it before it reads any.
        fills: bool,
    },
    /// An object that is there.
    Object {
        /// Which kind.
        wants: Wants,
        /// It may be null.
        null: bool,
        /// It is gone behind the call.
        released: bool,
    },
}

impl Need {
    /// Whether the object or memory is gone behind the call.
    pub fn releases(&self) -> bool {
        matches!(self, Need::Object { released: true, .. })
    }
}

/// Of a helper's arguments, in order.
pub fn of_helper(proto: &FuncProto) -> Vec<Need> {
    let args = proto.args.iter().take_while(|a| a.base != ArgBase::DontCare);
    let next = |i: usize| proto.args.get(i + 1).map(|a| a.base);
    args.enumerate().map(|(i, a)| of_arg(a, next(i))).collect()
}

fn of_arg(arg: &ArgType, next: Option<ArgBase>) -> Need {
    let null = arg.flags.contains(TypeFlags::MAYBE_NULL);
    let fills = arg.flags.contains(TypeFlags::UNINIT);
    let write = fills || arg.flags.intersects(TypeFlags::WRITE);
    let released = arg.flags.contains(TypeFlags::OBJ_RELEASE);
    let memory = |size| Need::Memory { size, null, write, fills };
    match arg.base {
        ArgBase::PtrToMapKey => memory(Size::Key),
        ArgBase::PtrToMapValue => memory(Size::Value),
        ArgBase::PtrToMem if arg.size > 0 => memory(Size::Bytes(u64::from(arg.size))),
        // Helpers take sizes as 32-bit numbers, but the verifier holds them to 64.
        ArgBase::PtrToMem if matches!(next, Some(ArgBase::ConstSize | ArgBase::ConstSizeOrZero)) => memory(Size::Next),
        ArgBase::PtrToDynptr if fills => Need::Memory { size: Size::Bytes(DYNPTR), null, write: true, fills: true },
        ArgBase::PtrToDynptr => Need::Object { wants: Wants::Field, null, released: false },
        ArgBase::ConstMapPtr => Need::Object { wants: Wants::Map, null, released },
        ArgBase::PtrToCtx => Need::Object { wants: Wants::Context, null, released },
        ArgBase::PtrToRingbufMem => Need::Object { wants: Wants::Sample, null, released },
        ArgBase::PtrToSockCommon
        | ArgBase::PtrToSocket
        | ArgBase::PtrToBtfId
        | ArgBase::PtrToBtfIdSockCommon
        | ArgBase::PtrToPercpuBtfId => Need::Object { wants: Wants::Kernel, null, released },
        ArgBase::PtrToSpinLock | ArgBase::PtrToTimer | ArgBase::PtrToArena | ArgBase::PtrToMem => {
            Need::Object { wants: Wants::Field, null, released }
        }
        // A constant null is exchanged for what lies there.
        ArgBase::KptrXchgDest => Need::Object { wants: Wants::Field, null: false, released: false },
        _ => Need::Anything,
    }
}

/// A kernel function that a program calls.
#[derive(Clone, Debug)]
pub struct Kfunc<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it wants.
    pub needs: Vec<Need>,
    /// It returns nothing.
    pub void: bool,
}

impl Kfunc<'_> {
    /// The kind of iterator and what the function does with it: `new`, `next` or `destroy`.
    pub fn iterator(&self) -> Option<(&str, &str)> {
        let rest = self.name.strip_prefix("bpf_iter_")?;
        let (kind, does) = rest.rsplit_once('_')?;
        matches!(does, "new" | "next" | "destroy").then_some((kind, does))
    }
}

/// The kernel function that an instruction calls.
pub fn of_kfunc<'a>(system: &'a System, request: &LoadRequest, insn: Insn) -> Option<Kfunc<'a>> {
    let id = u32::try_from(insn.imm).ok().filter(|_| insn.is_kfunc_call())?;
    let btf = if insn.off == 0 {
        &system.vmlinux
    } else {
        let slot = u32::try_from(insn.off).ok()?;
        let (_, name) = request.module_fds.iter().find(|(i, _)| *i == slot)?;
        &system.modules.iter().find(|(n, _)| n == name)?.1
    };
    let func = btf.ty(id).filter(|t| t.kind == BtfKind::Func)?;
    let proto = btf.ty(func.size_or_type).filter(|t| t.kind == BtfKind::FuncProto)?;
    let params: Vec<(&str, u32)> = proto.params().map(|p| (p.name(), p.type_id)).collect();
    let name = func.name();
    let mut out = Kfunc { name, needs: Vec::new(), void: proto.size_or_type == 0 };
    let ends = |n: usize, suffix: &str| params.get(n).is_some_and(|(name, _)| name.ends_with(suffix));
    for (n, (_, ty)) in params.iter().enumerate() {
        let sized = ends(n + 1, "__sz") || ends(n + 1, "__szk");
        let need = match btf.skip_modifiers(*ty) {
            Some(t) if t.kind == BtfKind::Ptr => of_pointer(btf, name, params[n].0, t, sized, n),
            _ => Need::Anything,
        };
        out.needs.push(need);
    }
    Some(out)
}

/// What a pointer argument of a kernel function must be.
fn of_pointer(btf: &Btf, function: &str, name: &str, ty: Type<'_>, sized: bool, n: usize) -> Need {
    if ["__ign", "__prog", "__map", "__uninit_ign"].iter().any(|s| name.ends_with(s)) {
        return Need::Anything;
    }
    let null = ["__nullable", "__opt"].iter().any(|s| name.ends_with(s));
    let constant = btf.ty(ty.size_or_type).is_some_and(|t| t.kind == BtfKind::Const);
    let target = btf.skip_modifiers(ty.size_or_type);
    let memory = |size, fills| Need::Memory { size, null, write: !constant, fills };
    let released = n == 0 && releases(function);
    let Some(target) = target else {
        return if sized { memory(Size::Next, false) } else { Need::Object { wants: Wants::Field, null, released } };
    };
    if sized {
        return memory(Size::Next, false);
    }
    let bytes = btf.resolve_size(target.id).map(u64::from);
    let own = target.name();
    if own == "bpf_dynptr" || own == "bpf_dynptr_kern" {
        return match name.ends_with("__uninit") {
            true => Need::Memory { size: Size::Bytes(DYNPTR), null, write: true, fills: true },
            false => Need::Object { wants: Wants::Field, null, released: false },
        };
    }
    let fills = function.ends_with("_new") || function.ends_with("_save") || function.ends_with("_irqsave");
    let of_iterator = n == 0 && own.starts_with("bpf_iter_") && function.starts_with("bpf_iter_");
    match bytes {
        Some(bytes) if of_iterator || name.ends_with("__irq_flag") => {
            Need::Memory { size: Size::Bytes(bytes), null, write: true, fills }
        }
        Some(bytes) if numbers_only(btf, target, 0) => memory(Size::Bytes(bytes), false),
        // What a function of the kernel gives back is the kernel's.
        _ if released => Need::Object { wants: Wants::Kernel, null, released },
        _ => Need::Object { wants: Wants::Field, null, released },
    }
}

/// Whether a function gives back what its first argument points to.
fn releases(function: &str) -> bool {
    kfuncs::GROUPS.iter().flat_map(|g| g.rows).any(|r| r.name == function && r.flags.is_release())
}

/// A number, or a struct of numbers.
fn numbers_only(btf: &Btf, ty: Type<'_>, depth: u32) -> bool {
    match ty.kind {
        BtfKind::Int | BtfKind::Enum | BtfKind::Enum64 => true,
        BtfKind::Struct if depth < 4 && ty.vlen > 0 => ty.members().all(|m| {
            let member = btf.skip_modifiers(m.type_id);
            let element = member.and_then(|t| t.array().map_or(Some(t), |a| btf.skip_modifiers(a.elem)));
            element.is_some_and(|t| numbers_only(btf, t, depth + 1))
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use verifier_core::kernel::Kernel;

    fn needs(name: &str) -> Vec<Need> {
        let system = System::stored(Kernel::v6_18()).expect("BTF");
        let id = system.vmlinux.find_by_name_kind(name, BtfKind::Func).expect("function");
        let insn = Insn { code: 0x85, dst: 0, src: 2, off: 0, imm: id as i32 };
        let request = verifier_runtime::program::bare_request(1, vec![insn], Vec::new());
        of_kfunc(&system, &request, insn).expect("kernel function").needs
    }

    #[test]
    fn arguments_of_kernel_functions_are_memory_or_objects() {
        let stack = |n, fills| Need::Memory { size: Size::Bytes(n), null: false, write: true, fills };
        assert_eq!(needs("bpf_iter_num_new"), [stack(8, true), Need::Anything, Need::Anything]);
        assert_eq!(needs("bpf_iter_num_destroy"), [stack(8, false)]);
        assert_eq!(needs("bpf_local_irq_restore"), [stack(8, false)]);
        assert_eq!(needs("bpf_task_release"), [Need::Object { wants: Wants::Kernel, null: false, released: true }]);
        let slice = needs("bpf_dynptr_slice");
        assert_eq!(slice[0], Need::Object { wants: Wants::Field, null: false, released: false });
        assert!(matches!(slice[2], Need::Memory { size: Size::Next, null: true, .. }), "{slice:?}");
    }
}
