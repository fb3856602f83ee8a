//! What the rule alone says, whatever the values were: program types, contexts, maps, licences, return values.

use crate::btf::{Btf, BtfKind, TypeId};
use crate::code;
use crate::error::{CallMsg, Code, KfuncMsg, MemoryMsg, Msg};
use crate::isa::opcode::*;
use crate::kernel::helpers::{self, HelperQuery};
use crate::kernel::kfuncs::{self, Caller};
use crate::kernel::prog_types::{AccessQuery, access_is_valid};
use crate::kernel::{AttachType, ProgType};
use crate::state::{RegBase, TypeFlags};

use super::edit::Change;
use super::expr;
use super::remedy::*;
use super::suggest::{Diagnosis, Facts};
use super::value;

/// The name of a program type as people write it.
pub(super) fn type_word(number: u32) -> String {
    ProgType::from_number(number).map_or_else(|| format!("type {number}"), |t| t.name().to_ascii_lowercase())
}

/// A few names in words: `xdp, sched_cls and 3 others`.
fn some_of(names: &[String]) -> String {
    match names.len() {
        0..=5 => names.join(", "),
        n => format!("{} and {} others", names[..4].join(", "), n - 4),
    }
}

/// How many fields of a special kind a type holds, by the name of the kind: `bpf_spin_lock`.
fn fields_of(btf: &Btf, id: TypeId, kind: &str, deep: u32) -> usize {
    let Some(ty) = btf.skip_modifiers(id) else { return 0 };
    if matches!(ty.kind, BtfKind::Struct | BtfKind::Union) && ty.name() == kind {
        return 1;
    }
    if deep == 0 || !matches!(ty.kind, BtfKind::Struct | BtfKind::Union) {
        return 0;
    }
    ty.members().map(|m| fields_of(btf, m.type_id, kind, deep - 1)).sum()
}

impl Facts<'_> {
    /// The helpers of another program type, and which this one offers instead.
    fn other_helper(&self, d: &mut Diagnosis) {
        let Some(call) = self.lines.helper(self.end) else { return };
        let Some(ty) = ProgType::from_number(self.request.prog_type) else { return };
        let attach =
            AttachType::from_number(self.request.expected_attach_type).unwrap_or(AttachType::CgroupInetIngress);
        let query = |ty: ProgType| HelperQuery::plain(&self.system.kernel, ty, attach);
        let name = ty.name().to_ascii_lowercase();
        d.say(format!("{call}() is not offered to programs of type {name}"), format!("{call}() cannot be called here"));
        // `bpf_skb_load_bytes` and `bpf_xdp_load_bytes` do the same for different contexts.
        let verb = |n: &str| n.splitn(3, '_').nth(2).map(str::to_string);
        let twin = (1..512u32).find_map(|id| {
            let n = helpers::name_of(id)?;
            (n != call && verb(n).is_some() && verb(n) == verb(call) && helpers::prototype(&query(ty), id).is_some())
                .then_some(n)
        });
        let id = u32::try_from(self.lines.insn(self.end).imm).unwrap_or(0);
        let types: Vec<String> = ProgType::ALL
            .iter()
            .filter(|t| helpers::prototype(&query(**t), id).is_some())
            .map(|t| t.name().to_ascii_lowercase())
            .collect();
        let who = match types.len() {
            0 => String::new(),
            1..=5 => format!("; only programs of type {} have it", types.join(", ")),
            _ => format!("; programs of type {} have it", some_of(&types)),
        };
        let text = match twin {
            Some(t) => format!("call {t}() instead, which programs of type {name} have"),
            None => format!("use another helper{who}"),
        };
        d.push(OTHER_HELPER, text, Some(self.end));
    }

    /// A kernel function that programs of this type may not call.
    fn other_kfunc(&self, d: &mut Diagnosis) {
        let Some(Msg::Kfunc(KfuncMsg::NotAllowed { name })) = self.cause else { return };
        let attach =
            AttachType::from_number(self.request.expected_attach_type).unwrap_or(AttachType::CgroupInetIngress);
        let may = |t: ProgType| kfuncs::flags_for(&self.system.kernel, None, name, &Caller::plain(t, attach)).is_some();
        let mut types: Vec<String> =
            ProgType::ALL.iter().filter(|t| may(**t)).map(|t| t.name().to_ascii_lowercase()).collect();
        // What is nearest to probes and tracepoints comes first.
        types.sort_by_key(|t| t != "tracing");
        let ty = type_word(self.request.prog_type);
        d.say(format!("programs of type {ty} may not call {name}()"), format!("{name}() cannot be called here"));
        let text = match types.len() {
            0 => format!(
                "Linux {} lets no program call {name}() by this name: look for another function",
                self.system.kernel.release
            ),
            _ => format!(
                "programs of type {} may call {name}(): make it one of these, or do without the call",
                some_of(&types)
            ),
        };
        d.push(OTHER_HELPER, text, Some(self.end));
    }

    /// An access to the context that its table does not allow: another width, the other direction, another type.
    fn context(&self, d: &mut Diagnosis) {
        let insn = self.slice.insn.unwrap_or_default();
        let write = insn.class() != LDX;
        let (off, size) = match self.cause {
            Some(Msg::Memory(MemoryMsg::CtxAccess { off, size })) => (*off, *size),
            _ => (i32::from(insn.off), insn.access_size()),
        };
        let own = ProgType::from_number(self.request.prog_type);
        let attach =
            AttachType::from_number(self.request.expected_attach_type).unwrap_or(AttachType::CgroupInetIngress);
        let asks = |prog_type: ProgType, size: u32, write: bool| {
            let ldsx = insn.class() == LDX && insn.mode() == MEMSX;
            let q = AccessQuery {
                prog_type,
                attach_type: attach,
                off,
                size,
                write,
                ldsx,
                has_cap_bpf: self.options.privilege.bpf,
                offloaded: false,
            };
            access_is_valid(&q).allowed()
        };
        let what = self.expression().filter(|e| e.contains("->")).map_or("the field".into(), |e| format!("`{e}`"));
        let (verb, done) = if write { ("write", "written") } else { ("read", "read") };
        let ty = type_word(self.request.prog_type);
        let widths: Vec<u32> = [1, 2, 4, 8].into_iter().filter(|n| own.is_some_and(|t| asks(t, *n, write))).collect();
        if let Some(width) = widths.iter().rev().find(|n| **n != size) {
            let list = widths.iter().map(u32::to_string).collect::<Vec<_>>().join(" or ");
            d.say(
                format!("{what} may only be {done} as {list} bytes, and {size} are {done} here"),
                format!("{size} bytes are {done} at byte {off} of the context; only {list} may be"),
            );
            let inner = self.expression().and_then(|e| {
                let place = e.strip_prefix('*').map(expr::without_casts);
                Some(place.map_or_else(|| format!("&{e}"), str::to_string))
                    .filter(|p| p.starts_with('&') || !p.contains(' '))
            });
            let mut edits = Vec::new();
            let text = match inner {
                Some(place) => {
                    let access = format!("*(volatile unsigned {} *){place}", c_word(*width));
                    if let Some(e) = self.expression() {
                        edits = self.line_with(self.end, &e, &access);
                    }
                    format!(
                        "{verb} it with that width: `{access}`; `volatile` keeps the compiler from joining two accesses into a wider one"
                    )
                }
                None => format!(
                    "{verb} {width} bytes at a time; where the compiler joins two accesses into a wider one, go through a `volatile __u{} *`",
                    width * 8
                ),
            };
            d.push_edits(CONTEXT_FIELD, text, None, edits);
            return;
        }
        if self.missing_argument(off, d) {
            return;
        }
        let other_way = own.is_some_and(|t| [1, 2, 4, 8].into_iter().any(|n| asks(t, n, !write)));
        d.say(
            format!("programs of type {ty} cannot {verb} {what} of the context"),
            format!("byte {off} of the context cannot be {done} here"),
        );
        let types: Vec<String> = ProgType::ALL
            .iter()
            .filter(|t| Some(**t) != own && asks(**t, size, write) && same_context(**t, own))
            .map(|t| t.name().to_ascii_lowercase())
            .collect();
        let who = if types.is_empty() {
            String::new()
        } else {
            format!("; programs of type {} may {verb} it", some_of(&types))
        };
        let text = if ty == "socket_filter" && !write {
            "read the packet with `bpf_skb_load_bytes(skb, offset, &x, sizeof(x))`, or make it a tc program".to_string()
        } else if other_way {
            format!(
                "{ty} programs may only {} it: {} a field that may be {done}, or a helper{who}",
                if write { "read" } else { "write" },
                if write { "write" } else { "read" }
            )
        } else {
            format!("use a field that {ty} programs may {verb}, or a helper{who}")
        };
        d.push(CONTEXT_FIELD, text, None);
    }

    /// A map whose BTF the kernel does not have.
    fn map_btf(&self, d: &mut Diagnosis) {
        let Some(Msg::Call(CallMsg::MapNeedsBtf { map, what })) = self.cause else { return };
        let kind = format!("bpf_{}", what.trim_start_matches("bpf_"));
        let spec = self.request.maps.iter().find(|m| m.name == *map);
        let Some(btf) = self.request.btf.as_ref().or(spec.and_then(|m| m.btf.as_ref())) else { return };
        // The map's declaration lists its parts; `value` points to the type of the values.
        let vars =
            (1..btf.nr_types()).filter_map(|id| btf.ty(id)).filter(|t| t.kind == BtfKind::Var && t.name() == map);
        let declared = vars.into_iter().find_map(|var| {
            let outer = btf.skip_modifiers(var.size_or_type)?;
            let value = outer.members().find(|m| m.name() == "value")?;
            let pointer = btf.skip_modifiers(value.type_id)?;
            Some(pointer.size_or_type)
        });
        let many = declared.map_or(0, |id| fields_of(btf, id, &kind, 4));
        if many > 1 {
            d.say(
                format!("the values of map `{map}` hold {many} `struct {kind}`, and a value may hold only one"),
                format!("the kernel refused the types of map `{map}`, so it does not know where the {kind} is"),
            );
            d.push(
                ONE_FIELD,
                format!(
                    "keep one `struct {kind}` in the value of map `{map}`, and put the others into maps of their own"
                ),
                None,
            );
        }
    }

    /// The number of an argument that must be known when the program is compiled.
    fn constant_argument(&self, d: &mut Diagnosis) {
        let Some(n) = self.slice.regno else { return };
        let call = self.call(self.end).unwrap_or("the call".into());
        let arg = self.argument(n).map_or(format!("R{n}"), |a| format!("`{a}`"));
        let is =
            self.held(n).filter(crate::state::RegState::is_scalar).map_or("not a number".into(), |r| value::scalar(&r));
        d.say(
            format!("argument {n} of {call}, {arg}, has to be a constant, and here it is {is}"),
            format!("{arg} is {is}, not a constant"),
        );
        d.push(CONSTANT, format!("pass a number that is known when the program is compiled, `sizeof(…)` or a literal, as argument {n} of {call}"), Some(self.end));
    }

    /// What the rule alone says.
    pub(super) fn by_rule(&self, d: &mut Diagnosis) {
        let Some(code) = self.code else { return self.by_path(d) };
        match code {
            code!(Call::CannotUse) => self.other_helper(d),
            code!(Kfunc::NotAllowed) => self.other_kfunc(d),
            code!(Memory::CtxAccess) => self.context(d),
            code!(Call::MapNeedsBtf) => self.map_btf(d),
            code!(Kfunc::NotConstant | Kfunc::BufSizeNotConst | Call::NotConstant) => self.constant_argument(d),
            code!(Walk::UnknownOpcode) => self.opcode(d),
            code!(Memory::CannotWritePacket) => self.packet_read_only(d),
            code!(Kfunc::ReleaseUnreferenced | Call::MustBeReferenced | Kfunc::NotAcquired) => self.owned(d),
            code!(Kfunc::NotTrusted | Kfunc::NotRcu) => self.trusted(d),
            code!(
                Call::PacketArg
                    | Memory::PtrVariable
                    | Memory::AtomicStore
                    | Memory::ArgType
                    | Policy::NotSleepable
                    | Structure::CallStackTooDeep
                    | Kfunc::NeedsRcu
                    | Kfunc::IterNeedsRcu
            ) => self.handed(code, d),
            c if c.is_iterator() => self.iterator(d),
            c if c.is_dynptr() => self.dynptr(d),
            _ => {}
        }
        self.by_path(d);
    }

    /// What rule and path say together, and remedies of the rule where nothing else helped.
    fn by_path(&self, d: &mut Diagnosis) {
        self.sleeping(d);
        self.returned(d);
        self.loops(d);
        self.by_kind(d);
        self.memory_rules(d);
        self.pages(d);
    }

    /// The argument that the failing call is refused for, as the source writes it.
    fn refused_argument(&self) -> String {
        let n = self.slice.regno.or_else(|| self.cause.and_then(Msg::argument).map(|a| a + 1)).unwrap_or(1);
        self.argument(n).map_or(format!("argument {n}"), |a| format!("`{a}`"))
    }

    /// An iterator out of order.
    fn iterator(&self, d: &mut Diagnosis) {
        let call = self.call(self.end).unwrap_or("the call".into());
        let arg = self.refused_argument();
        let kind = call.strip_prefix("bpf_iter_").and_then(|c| c.rsplit_once('_')).map_or("X", |(k, _)| k).to_string();
        let place = self.lines.place(self.end);
        match self.code {
            Some(code!(Kfunc::IterNotInit)) => {
                d.say(
                    format!("{call} needs an iterator that was begun, and {arg} was not, or has ended"),
                    format!("{arg} is no iterator here"),
                );
                let bare = arg.trim_matches('`');
                d.push(ITERATOR, format!("begin it before {place}: `bpf_iter_{kind}_new({bare}, …);`, and end it on every path with `bpf_iter_{kind}_destroy({bare})`"), Some(self.end));
            }
            Some(code!(Kfunc::IterNotUninit)) => {
                d.say(
                    format!("{call} begins an iterator where one stands: {arg} was begun and not ended"),
                    format!("{arg} holds an iterator already"),
                );
                d.push(
                    ITERATOR,
                    format!(
                        "end it before {place}: `bpf_iter_{kind}_destroy({});`, or use another variable",
                        arg.trim_matches('`')
                    ),
                    Some(self.end),
                );
            }
            _ => d.push(ITERATOR, page_text(ITERATOR), Some(self.end)),
        }
    }

    /// A dynptr that is none, or one where none may be.
    fn dynptr(&self, d: &mut Diagnosis) {
        let call = self.call(self.end).unwrap_or("the call".into());
        let arg = self.refused_argument();
        match self.code {
            Some(code!(Kfunc::DynptrNotInit)) => {
                d.say(
                    format!("{call} needs a dynptr, and {arg} was not made one on this path, or is none any more"),
                    format!("{arg} is no dynptr here"),
                );
                let make = match ProgType::from_number(self.request.prog_type) {
                    Some(ProgType::Xdp) => "`bpf_dynptr_from_xdp(ctx, 0, &ptr)`",
                    Some(ProgType::SchedCls | ProgType::SchedAct | ProgType::CgroupSkb | ProgType::SocketFilter) => {
                        "`bpf_dynptr_from_skb(skb, 0, &ptr)`"
                    }
                    _ => "`bpf_dynptr_from_mem(data, size, 0, &ptr)`",
                };
                d.push(DYNPTR, format!("make it one before {}: {make} or another function that makes dynptrs, and use it only where that succeeded", self.lines.place(self.end)), Some(self.end));
            }
            Some(code!(Kfunc::DynptrNotUninit)) => {
                d.say(
                    format!("{call} makes a dynptr where one stands: {arg} holds one already"),
                    format!("{arg} holds a dynptr already"),
                );
                d.push(
                    DYNPTR,
                    "use another variable for the second dynptr, or give back the first one before".into(),
                    Some(self.end),
                );
            }
            _ => d.push(DYNPTR, page_text(DYNPTR), Some(self.end)),
        }
    }

    /// Something is given back that the program does not own.
    fn owned(&self, d: &mut Diagnosis) {
        let call = self.call(self.end).unwrap_or("the call".into());
        let arg = self.argument(self.slice.regno.unwrap_or(1)).map_or("what it is given".into(), |a| format!("`{a}`"));
        d.say(
            format!("{call} gives back a reference, and {arg} is none that the program owns"),
            format!("{arg} was not acquired by the program, or was given back before"),
        );
        let acquire = call
            .strip_suffix("_release()")
            .map(|c| format!(": `{c}_acquire({})`", arg.trim_matches('`')))
            .unwrap_or_default();
        d.push(OWNED, format!("do not give it back, or acquire it first and check for null{acquire}"), Some(self.end));
    }

    /// A pointer that may be invalid where a valid one is needed.
    fn trusted(&self, d: &mut Diagnosis) {
        let call = self.call(self.end).unwrap_or("the call".into());
        let arg = self.refused_argument();
        let is =
            self.slice.regno.and_then(|n| self.held(n)).map(|r| value::words(&r, self.request, &self.system.vmlinux));
        let is = is.map_or(String::new(), |w| format!(" ({w})"));
        d.say(
            format!("{call} takes only pointers that are known to be valid, and {arg}{is} may have become invalid"),
            format!("{arg} is not trusted here"),
        );
        d.push(TRUSTED, page_text(TRUSTED), Some(self.end));
    }

    /// An instruction that no kernel has, or not this one.
    fn opcode(&self, d: &mut Diagnosis) {
        let insn = self.lines.insn(self.end);
        if insn.code != (JMP | CALL | X) {
            return;
        }
        d.say(
            "a function is called through a pointer, and BPF has no such call".into(),
            "the compiler made a call through a register here".into(),
        );
        d.push(DIRECT_CALL, "call the functions by name, with `switch` or `if` between them, or keep programs in a prog array and use `bpf_tail_call()`".into(), Some(self.end));
    }

    /// A packet that this type of program may only read.
    fn packet_read_only(&self, d: &mut Diagnosis) {
        let ty = type_word(self.request.prog_type);
        let what = self.expression().map_or("the packet".into(), |e| format!("`{e}`"));
        d.say(
            format!("programs of type {ty} may read packets, but not change them"),
            format!("{what} is in the packet, and is written here"),
        );
        d.push(
            READ_ONLY,
            format!("do not write {what}; programs of type sched_cls (tc) and xdp may change packets"),
            None,
        );
    }

    fn sleeping(&self, d: &mut Diagnosis) {
        if self.about(Code::is_sleeping) {
            let call = self.call(self.end).unwrap_or("the helper".into());
            d.say(
                format!("{call} may sleep, and this program runs where sleeping is impossible"),
                format!("{call} may sleep"),
            );
            let twin = if call.starts_with("bpf_copy_from_user") {
                "call `bpf_probe_read_user()` instead, which does not sleep"
            } else {
                "use a helper that does not sleep"
            };
            d.push(
                OTHER_HELPER,
                format!("{twin}, or make the program sleepable where its type allows that (section name with `.s`)"),
                Some(self.end),
            );
        }
    }

    fn returned(&self, d: &mut Diagnosis) {
        if let Some(Msg::Call(CallMsg::ReturnRange { smin, smax, min, max, .. })) = self.cause {
            let is = if smin == smax {
                format!("{}", *smin as i32)
            } else {
                value::range(i128::from(*smin), i128::from(*smax))
            };
            let is = if *smin == i64::MIN && *smax == i64::MAX { "any number".into() } else { is };
            d.say(
                format!("the program may return {is}, and only {min}..={max} means something here"),
                format!("the return value is {is}; allowed: {min}..={max}"),
            );
            let at = self.established().map(|s| s.insn);
            let place = at.map_or(String::new(), |i| format!(" at {}", self.lines.place(i)));
            d.push(RETURN_VALUE, format!("return a number from {min}..={max}{place} and on every other path"), at);
        }
    }

    fn by_kind(&self, d: &mut Diagnosis) {
        if self.code == Some(code!(Call::TailCallMap)) {
            let map = self.argument(2).map_or("the map".into(), |a| format!("`{}`", a.trim_start_matches('&')));
            d.say(
                format!("bpf_tail_call() takes a map of type prog_array, and {map} is none"),
                format!("{map} is no prog_array"),
            );
            d.push(
                MAP_TYPE,
                format!("declare {map} with `__uint(type, BPF_MAP_TYPE_PROG_ARRAY)`, with keys and values of 4 bytes"),
                Some(self.end),
            );
        }
        if self.code == Some(code!(Call::MapFunc)) {
            let call = self.call(self.end).unwrap_or("the helper".into());
            let map =
                self.reg.map(|r| value::words(&r, self.request, &self.system.vmlinux)).unwrap_or("the map".into());
            let kind = self.reg.and_then(|r| r.map()).and_then(|m| self.request.maps.get(m.0 as usize));
            let kind = kind
                .and_then(|m| crate::kernel::MapType::from_number(m.map_type))
                .map_or(String::new(), |t| t.name().to_ascii_lowercase());
            d.say(format!("{call} does not work on {map}, which is a {kind} map"), format!("{map} is a {kind} map"));
            let twin = match kind.as_str() {
                "ringbuf" => ": `bpf_ringbuf_output()` or `bpf_ringbuf_reserve()` for a ring buffer",
                "perf_event_array" => ": `bpf_perf_event_output()` for this one",
                "prog_array" => ": `bpf_tail_call()` for this one",
                _ => "",
            };
            d.push(MAP_TYPE, format!("use a helper for {kind} maps{twin}, or another type of map"), None);
        }
        if self.about(Code::is_licence) {
            let call = self.call(self.end).unwrap_or("the function".into());
            d.say(
                format!("{call} is for programs under the GPL, and this one says `{}`", self.request.license),
                format!("{call} needs a GPL-compatible licence"),
            );
            d.push_edits(LICENSE, page_text(LICENSE), None, self.licence_as("GPL"));
        }
    }

    fn memory_rules(&self, d: &mut Diagnosis) {
        if self.about(Code::is_read_only)
            && let Some(r) = self.reg
        {
            let kernel = r.ty.base == RegBase::PtrToBtfId;
            let what = if r.map().is_some() {
                value::object(&r, self.request)
            } else {
                value::words(&r, self.request, &self.system.vmlinux)
            };
            let name = self.expression().map_or("it".into(), |e| format!("`{e}`"));
            let place = if kernel { "memory of the kernel".to_string() } else { format!("in {what}") };
            d.say(format!("{name} is {place}, which programs can only read"), "written here".into());
            let text = if what.contains(".rodata") {
                "drop `const` from the variable, so that it is no longer in .rodata".into()
            } else if kernel {
                "kernel memory cannot be changed through a pointer: copy it and change the copy, or look for a helper or kernel function that does it".into()
            } else {
                page_text(READ_ONLY)
            };
            d.push(READ_ONLY, text, None);
        }
        if self.about(Code::is_pointer_arithmetic) || self.code == Some(code!(Register::PointerSignExtension)) {
            self.arithmetic(d);
        }
        if self.reg.is_some_and(|r| r.has(TypeFlags::RDONLY)) && self.code == Some(code!(Call::ArgType)) {
            d.push(READ_ONLY, page_text(READ_ONLY), None);
        }
        if self.about(Code::is_stack_uninit) || self.reads_below_stack() || self.reads_above_stack() {
            let arg = self.slice.regno.and_then(|n| self.pointer_name().map(|p| (n, p)));
            let who = arg.map_or("the stack memory".into(), |(_, p)| format!("`{}`", p.trim_start_matches('&')));
            if let Some(Msg::Memory(MemoryMsg::StackRange { off, size, .. })) =
                self.cause.filter(|_| self.reads_above_stack())
            {
                let size = *size;
                d.say(
                    format!("{size} bytes are read from {who}, and only {} are there", -off),
                    format!("{who} has {} bytes, {size} are read", -off),
                );
                let name = who.trim_matches('`');
                d.push(
                    SMALLER_BOUND,
                    format!("make `{name}` a variable of {size} bytes, as many as the call reads (the size of the map's key or value), or say so where the map is declared"),
                    None,
                );
                return;
            }
            if self.reads_below_stack() {
                d.say(
                    format!("{who} is read, and nothing was ever written there on this path"),
                    format!("{who} holds nothing here"),
                );
            }
            d.say(
                format!("some bytes of {who} were never written; padding between fields counts"),
                format!("{who} is read here, and not all of it was written"),
            );
            let var = who.trim_matches('`').to_string();
            let mut edits = Vec::new();
            let text = if var.contains(' ') {
                page_text(INITIALISE)
            } else {
                let clear = format!("__builtin_memset(&{var}, 0, sizeof({var}));");
                let first = self.first_written(&var);
                edits = first.map_or(Vec::new(), |at| self.before(at, &clear).1);
                if edits.is_empty() {
                    edits = self.declared_as_zero(&var);
                }
                let place = first.map_or(String::new(), |at| format!(", before {}", self.lines.place(at)));
                match edits.first().map(|e| &e.change) {
                    Some(Change::Line(text)) => format!("give it a value where it is declared: `{text}`"),
                    _ => format!("clear it before its fields are set{place}: `{clear}`"),
                }
            };
            d.push_edits(INITIALISE, text, None, edits);
        }
        if self.code == Some(code!(Structure::CombinedStack)) {
            d.say(
                "the functions of one chain of calls use more than 512 bytes of stack together".into(),
                String::new(),
            );
            d.push(STACK, "move the largest buffer into a BPF_MAP_TYPE_PERCPU_ARRAY with one entry, and look it up where it is used".into(), None);
        }
    }

    /// Whether a call reads a variable of the stack and what is behind the frame.
    fn reads_above_stack(&self) -> bool {
        matches!(self.cause, Some(Msg::Memory(MemoryMsg::StackRange { what, off, size, .. }))
            if what.contains("read") && (-512..0).contains(off) && off.saturating_add(*size) > 0)
            && self.lines.insn(self.end).is_call()
            && self.pointer_name().is_some_and(|p| p.starts_with('&'))
    }

    /// Whether bytes of the frame are read that no instruction wrote: for the kernel the stack does not reach so far yet.
    fn reads_below_stack(&self) -> bool {
        matches!(self.cause, Some(Msg::Memory(MemoryMsg::StackRange { what, off, size, .. }))
            if what.contains("read") && *off >= -512 && off.saturating_add(*size) <= 0)
    }

    /// Arithmetic that a pointer of this kind does not allow.
    fn arithmetic(&self, d: &mut Diagnosis) {
        let insn = self.slice.insn.unwrap_or_default();
        let op = if insn.op() == ADD && !insn.is_reg_src() && insn.imm < 0 { "-" } else { operator(insn.op()) };
        let v = self.subject();
        if self.reg.is_some_and(|r| r.ty.base == RegBase::PtrToPacketEnd) {
            d.say(
                format!("{v} is the end of the packet: it can only be compared, not computed with"),
                format!("`{op}` on the end of the packet"),
            );
            let (text, edits) = match self.moved_to_other_side() {
                Some(line) => {
                    (format!("compute on the other side of the comparison: `{line}`"), self.line_as(self.end, line))
                }
                None => (
                    "compute on the pointer into the packet, and compare the result with the end: `p + n > data_end`"
                        .into(),
                    Vec::new(),
                ),
            };
            d.push_edits(POINTER_ARITHMETIC, text, None, edits);
            return;
        }
        if self.reg.is_some_and(|r| r.ty.may_be_null()) {
            // Checked for null first, the arithmetic is allowed.
            return;
        }
        d.say(format!("{v} is a pointer, and `{op}` would make a number of it"), format!("`{op}` on a pointer"));
        d.push(POINTER_ARITHMETIC, format!("do `{op}` on the offset, before it is added to the pointer"), None);
    }

    /// The failing line with what was subtracted from the end added to the other side: `d + 14 > e` for `d > e - 14`.
    fn moved_to_other_side(&self) -> Option<String> {
        let line = self.lines.line(self.end)?;
        let text = line.source.text.get(..super::names::code_end(&line.source.text))?;
        let comparisons = expr::comparisons(text);
        let (c, (end, n), right) = comparisons.iter().find_map(|c| {
            let of = |r: &std::ops::Range<usize>| {
                text.get(r.clone()).and_then(|t| expr::difference(expr::without_brackets(t)))
            };
            of(&c.right).map(|d| (c, d, true)).or_else(|| of(&c.left).map(|d| (c, d, false)))
        })?;
        let other = text.get(if right { c.left.clone() } else { c.right.clone() })?;
        let moved = format!("(void *){} + {n}", expr::as_operand(other));
        let (l, r) = if right { (moved.as_str(), end) } else { (end, moved.as_str()) };
        Some(format!("{}{l} {} {r}{}", &text[..c.left.start], text.get(c.op.clone())?, &text[c.right.end..]))
    }

    /// Remedies that a rule has whatever the program.
    fn pages(&self, d: &mut Diagnosis) {
        // A remedy for this program beats one for the rule.
        if let Some(code) = self.code.and_then(remedy_of_rule).filter(|_| d.suggestions.is_empty()) {
            d.push(code, page_text(code), None);
        }
    }
}

/// The remedy that a rule has whatever the program.
fn remedy_of_rule(code: Code) -> Option<&'static str> {
    Some(match code {
        code!(Register::NotInit | Register::Invalid | Kfunc::Trap) => INITIALISE,
        code!(Call::InvalidFunc | Kfunc::InvalidCall) => OTHER_HELPER,
        code!(Limit::InfiniteLoop | Structure::BackEdge) => BOUND_LOOP,
        c if c.is_too_long() => SMALLER_PROGRAM,
        code!(Structure::CombinedStack | Structure::SubprogStack | Memory::StackRange) => STACK,
        code!(Structure::CallStackTooDeep) => CALL_DEPTH,
        code!(Call::ReturnRange | Call::ReturnType) => RETURN_VALUE,
        code!(
            Lifetime::SpinUnlockMissing
                | Lifetime::InsideSpinLock
                | Lifetime::RcuUnlockMissing
                | Lifetime::InsideRcuLock
                | Lifetime::PreemptEnableMissing
                | Lifetime::InsidePreemptDisable
                | Lifetime::InsideIrqSave
                | Walk::CallWhileLocked
        ) => UNLOCK,
        code!(Policy::LsmGpl | Policy::StructOpsGpl) => LICENSE,
        c if c.is_licence() => LICENSE,
        code!(Memory::Misaligned | Memory::PacketMisaligned) => ALIGN,
        code!(Memory::CannotWritePacket | Call::MapReadOnly) => READ_ONLY,
        code!(Memory::PacketOutside | Memory::PacketRange) => PACKET_CHECK,
        code!(Memory::Unbounded | Call::SizeUnbounded | Register::OffsetUnbounded) => UPPER_BOUND,
        code!(Memory::MinNegative | Call::SizeNegative) => LOWER_BOUND,
        code!(Call::ArgMayBeNull | Kfunc::MaybeNull) => NULL_CHECK,
        code!(Call::ArgType | Call::ArgStruct) => ARGUMENT_TYPE,
        c if c.is_kfunc_argument() => ARGUMENT_TYPE,
        _ => return None,
    })
}

/// The remedy that a rule has where only the words of a log are known; they tell rules apart that share a code.
fn remedy_of_words(code: Code, message: &str) -> Option<&'static str> {
    Some(match code {
        code!(Memory::InvalidMem) if message.contains("_or_null'") => NULL_CHECK,
        code!(Memory::InvalidMem) if message.contains('\'') => PROBE_READ,
        code!(Register::PointerOrNull) => NULL_CHECK,
        code!(Memory::MapValueRange | Memory::MemRange | Memory::StackUnbounded) => UPPER_BOUND,
        c if c.is_stack_variable() => UPPER_BOUND,
        c if c.is_stack_uninit() => INITIALISE,
        c if c.is_context() => CONTEXT_FIELD,
        code!(Lifetime::UnreleasedReference) => RELEASE,
        code!(Call::MapFunc) => MAP_TYPE,
        code!(Call::CannotUse | Kfunc::NotAllowed) => OTHER_HELPER,
        code!(Call::SizeZero) => NONZERO_SIZE,
        code!(Kfunc::NotConstant | Kfunc::BufSizeNotConst | Call::NotConstant) => CONSTANT,
        c if c.is_pointer_arithmetic() => POINTER_ARITHMETIC,
        c if c.is_read_only() => READ_ONLY,
        code!(Walk::UnknownOpcode) if message.contains("unknown opcode 8d") => DIRECT_CALL,
        c if c.is_iterator() => ITERATOR,
        c if c.is_dynptr() => DYNPTR,
        c if c.is_release() => OWNED,
        code!(Kfunc::NotTrusted | Kfunc::NotRcu) => TRUSTED,
        _ => return None,
    })
}

/// The remedy of a log's words. Of an explanation with states, what those show comes first; a log has only its words.
pub(super) fn remedy_of(code: Code, message: &str) -> Option<&'static str> {
    remedy_of_words(code, message).or_else(|| remedy_of_rule(code))
}

/// The number behind some words of a message: `54` behind `off=`.
fn number_behind(message: &str, words: &str) -> Option<i64> {
    let (_, rest) = message.split_once(words)?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// What a message says, in a sentence for people, from its words alone; empty where they must do.
pub(super) fn problem_of(code: Code, message: &str) -> String {
    let number = |w: &str| number_behind(message, w);
    let register = message
        .split(|c: char| !c.is_alphanumeric())
        .find(|w| w.strip_prefix('R').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())));
    let reg = register.unwrap_or("the value");
    match code {
        code!(Memory::PacketRange) => match (number("off="), number("size="), number("r=")) {
            (Some(off), Some(size), Some(known)) => format!(
                "the access needs {} bytes of the packet, and only {known} were compared with its end",
                off.saturating_add(size)
            ),
            _ => String::new(),
        },
        code!(Memory::MapValueRange | Memory::MemRange) => {
            let room = number("value_size=").or_else(|| number("mem_size="));
            match (room, number(" off="), number(" size=")) {
                (Some(room), Some(off), Some(size)) => {
                    format!("{size} bytes are accessed from byte {off} on, and the object has {room}")
                }
                _ => String::new(),
            }
        }
        code!(Memory::InvalidMem) if message.contains("_or_null'") => format!("{reg} may be null where it is used"),
        code!(Memory::InvalidMem) if message.contains("'inv'") || message.contains("'scalar'") => {
            format!("{reg} is used as a pointer, but for the verifier it is a plain number")
        }
        code!(Register::OffsetUnbounded) => "nothing limits the number that is added to the pointer".into(),
        code!(Memory::Unbounded | Call::SizeUnbounded) => format!("nothing limits {reg} from above"),
        code!(Memory::MinNegative | Call::SizeNegative) => format!("{reg} may be negative"),
        code!(Register::NotInit) => format!("{reg} was never given a value on this path"),
        code!(Lifetime::UnreleasedReference) => match number("alloc_insn=") {
            Some(n) => format!("what instruction {n} handed out is not given back on every path"),
            None => String::new(),
        },
        code!(Walk::TooLarge) => "the kernel gave up: the program has more to follow than it is willing to".into(),
        code!(Limit::InfiniteLoop) => "nothing changes from round to round of this loop, so it may never end".into(),
        code!(Walk::UnknownOpcode) if message.contains("8d") => {
            "a function is called through a pointer, and BPF has no such call".into()
        }
        _ => String::new(),
    }
}

/// The unsigned type of C that has a width in bytes.
fn c_word(width: u32) -> &'static str {
    match width {
        1 => "char",
        2 => "short",
        8 => "long long",
        _ => "int",
    }
}

/// Whether two program types have the same context, so that one's field is the other's.
fn same_context(a: ProgType, b: Option<ProgType>) -> bool {
    use crate::kernel::prog_types::ctx_size;
    b.is_some_and(|b| ctx_size(a).is_some() && ctx_size(a) == ctx_size(b))
}

/// The text of a page, in one line.
pub(super) fn page_text(code: &str) -> String {
    let page = REMEDIES.iter().find(|r| r.code == code).map_or("", |r| r.page);
    page.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn operator(op: u8) -> &'static str {
    match op {
        AND => "&",
        OR => "|",
        XOR => "^",
        MUL => "*",
        DIV => "/",
        MOD => "%",
        LSH => "<<",
        RSH | ARSH => ">>",
        NEG => "-",
        SUB => "-",
        ADD => "+",
        _ => "this operation",
    }
}
