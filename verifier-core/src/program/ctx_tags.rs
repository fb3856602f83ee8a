//! Context arguments of functions on kernels that read no tags of arguments.
//!
//! libbpf then gives a function that is tagged so a second prototype, in which the argument points to the context's
//! struct by name, and lets the program's function information name that one. It does so where the program type has a
//! context with a name, and where the argument does not have that type already.
//!
//! In libbpf: `bpf_program_fixup_func_info()`, `need_func_arg_type_fixup()`.

use std::collections::HashMap;
use std::sync::Arc;

use crate::btf::{Btf, BtfEdit, BtfKind, Type, TypeId};
use crate::kernel::ProgType;

use super::request::FuncInfo;

/// The tag of a context argument.
const TAG: &str = "arg:ctx";
/// Longest chain of typedefs and qualifiers that is followed.
const MAX_CHAIN: usize = 32;

/// Which functions stand for which, by the name of the context.
#[derive(Debug, Default)]
pub(super) struct CtxTags(HashMap<(TypeId, &'static str), TypeId>);

/// The struct that programs of a type have as their context, where it has a name.
fn context_name(prog: ProgType) -> Option<&'static str> {
    Some(match prog {
        ProgType::CgroupDevice => "bpf_cgroup_dev_ctx",
        ProgType::CgroupSock => "bpf_sock",
        ProgType::CgroupSockAddr => "bpf_sock_addr",
        ProgType::CgroupSockopt => "bpf_sockopt",
        ProgType::CgroupSysctl => "bpf_sysctl",
        ProgType::Kprobe => "bpf_user_pt_regs_t",
        ProgType::Netfilter => "bpf_nf_ctx",
        ProgType::PerfEvent => "bpf_perf_event_data",
        ProgType::RawTracepoint | ProgType::RawTracepointWritable => "bpf_raw_tracepoint_args",
        ProgType::SkLookup => "bpf_sk_lookup",
        ProgType::SkMsg => "sk_msg_md",
        ProgType::SkReuseport => "sk_reuseport_md",
        ProgType::SockOps => "bpf_sock_ops",
        ProgType::Xdp => "xdp_md",
        ProgType::CgroupSkb
        | ProgType::FlowDissector
        | ProgType::LwtIn
        | ProgType::LwtOut
        | ProgType::LwtSeg6local
        | ProgType::LwtXmit
        | ProgType::SchedAct
        | ProgType::SchedCls
        | ProgType::SkSkb
        | ProgType::SocketFilter => "__sk_buff",
        _ => return None,
    })
}

/// Whether an argument needs another type to be known as the context.
fn needs_type(btf: &Btf, param: TypeId, prog: ProgType, context: &str) -> bool {
    let Some(ptr) = btf.skip_modifiers(param).filter(|t| t.kind == BtfKind::Ptr) else { return false };
    let mut id = ptr.size_or_type;
    for _ in 0..MAX_CHAIN {
        match btf.ty(id) {
            Some(t) if t.kind == BtfKind::Typedef && t.name() == "bpf_user_pt_regs_t" => {
                return !matches!(prog, ProgType::Kprobe | ProgType::PerfEvent);
            }
            Some(t) if t.kind.is_modifier() => id = t.size_or_type,
            _ => break,
        }
    }
    let Some(target) = btf.skip_modifiers(id) else { return false };
    match (target.kind, prog) {
        (BtfKind::Void, _) => true,
        (BtfKind::Struct, _) if target.name() == context => false,
        (BtfKind::Struct, ProgType::Kprobe | ProgType::PerfEvent) => target.name() == "pt_regs",
        (BtfKind::Int, ProgType::RawTracepoint | ProgType::RawTracepointWritable) => target.size_or_type == 8,
        _ => false,
    }
}

/// Functions with their tagged arguments.
fn tagged(btf: &Btf) -> HashMap<TypeId, Vec<usize>> {
    let mut found: HashMap<TypeId, Vec<usize>> = HashMap::new();
    for tag in btf.own_types().filter(|t| t.kind == BtfKind::DeclTag && t.name() == TAG) {
        let argument = tag.decl_tag_component().and_then(|c| usize::try_from(c).ok());
        if let (Some(argument), Some(func)) = (argument, btf.ty(tag.size_or_type))
            && func.kind == BtfKind::Func
        {
            found.entry(func.id).or_default().push(argument);
        }
    }
    found
}

impl CtxTags {
    /// The BTF with a second prototype for each function that needs one in a program of one of these types.
    pub fn of(btf: &Arc<Btf>, types: impl Iterator<Item = ProgType>) -> (Arc<Btf>, CtxTags) {
        let mut tags = CtxTags::default();
        let mut functions: Vec<(TypeId, Vec<usize>)> = tagged(btf).into_iter().collect();
        functions.sort_unstable();
        if functions.is_empty() {
            return (Arc::clone(btf), tags);
        }
        let mut edit = BtfEdit::new(btf);
        let mut pointers: HashMap<&'static str, TypeId> = HashMap::new();
        for prog in types {
            let Some(context) = context_name(prog) else { continue };
            for (id, arguments) in &functions {
                if tags.0.contains_key(&(*id, context)) {
                    continue;
                }
                let Some(func) = btf.ty(*id) else { continue };
                let Some(proto) = btf.ty(func.size_or_type).filter(|t| t.kind == BtfKind::FuncProto) else { continue };
                let wanted: Vec<usize> = arguments
                    .iter()
                    .copied()
                    .filter(|n| proto.params().nth(*n).is_some_and(|p| needs_type(btf, p.type_id, prog, context)))
                    .collect();
                if !wanted.is_empty() {
                    let pointer = *pointers.entry(context).or_insert_with(|| context_pointer(&mut edit, context));
                    tags.0.insert((*id, context), clone(&mut edit, &func, &proto, &wanted, pointer));
                }
            }
        }
        match edit.finish() {
            Ok(edited) if !tags.0.is_empty() => (Arc::new(edited), tags),
            _ => (Arc::clone(btf), CtxTags::default()),
        }
    }

    /// Lets a program's functions be known by their second prototypes.
    pub fn apply(&self, prog: ProgType, functions: &mut [FuncInfo]) {
        let Some(context) = context_name(prog) else { return };
        for f in functions {
            f.type_id = self.0.get(&(f.type_id, context)).copied().unwrap_or(f.type_id);
        }
    }
}

const fn info(kind: BtfKind, vlen: u32) -> u32 {
    (kind as u32) << 24 | vlen
}

/// A pointer to an empty struct of the context's name.
fn context_pointer(edit: &mut BtfEdit<'_>, context: &str) -> TypeId {
    let name = edit.string(context);
    let context = edit.push(name, info(BtfKind::Struct, 0), 0, &[]);
    edit.push(0, info(BtfKind::Ptr, 0), context, &[])
}

/// The function with another type for some arguments.
fn clone(edit: &mut BtfEdit<'_>, func: &Type<'_>, proto: &Type<'_>, wanted: &[usize], pointer: TypeId) -> TypeId {
    let argument =
        |(n, p): (usize, crate::btf::Param<'_>)| [p.name_off, if wanted.contains(&n) { pointer } else { p.type_id }];
    let params: Vec<u32> = proto.params().enumerate().flat_map(argument).collect();
    let ret = proto.size_or_type;
    let proto = edit.push(0, info(BtfKind::FuncProto, u32::from(proto.vlen)), ret, &params);
    edit.push(func.name_off, info(BtfKind::Func, u32::from(func.vlen)), proto, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `int f(void *, int)` with its first argument tagged as the context.
    fn tagged_function() -> (Arc<Btf>, TypeId) {
        let mut blob = vec![0x9f, 0xeb, 1, 0];
        blob.extend([24u32, 0, 0, 0, 1].iter().flat_map(|w| w.to_le_bytes()));
        blob.push(0);
        let empty = Btf::parse(blob, None).expect("empty BTF");
        let mut e = BtfEdit::new(&empty);
        let (int, f, ctx, tag) = (e.string("int"), e.string("f"), e.string("ctx"), e.string(TAG));
        let int = e.push(int, info(BtfKind::Int, 0), 4, &[1 << 24 | 32]);
        let void = e.push(0, info(BtfKind::Ptr, 0), 0, &[]);
        let proto = e.push(0, info(BtfKind::FuncProto, 2), int, &[ctx, void, ctx, int]);
        let func = e.push(f, info(BtfKind::Func, 1), proto, &[]);
        e.push(tag, info(BtfKind::DeclTag, 0), func, &[0]);
        (Arc::new(e.finish().expect("BTF")), func)
    }

    #[test]
    fn a_tagged_argument_gets_the_context_of_the_program() {
        let (btf, func) = tagged_function();
        let (fixed, tags) = CtxTags::of(&btf, [ProgType::Xdp, ProgType::SchedCls].into_iter());
        let named = |prog| {
            let mut functions = [FuncInfo { insn_off: 7, type_id: func }];
            tags.apply(prog, &mut functions);
            let proto = fixed.ty(fixed.ty(functions[0].type_id)?.size_or_type)?;
            let first = fixed.ty(proto.params().next()?.type_id)?;
            Some(fixed.type_name(first.size_or_type).to_string())
        };
        assert_eq!(named(ProgType::Xdp).as_deref(), Some("xdp_md"));
        assert_eq!(named(ProgType::SchedCls).as_deref(), Some("__sk_buff"));
        assert_eq!(named(ProgType::Tracing).as_deref(), Some(""), "such programs have no context with a name");
    }
}
