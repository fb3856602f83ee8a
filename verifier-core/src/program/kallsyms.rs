//! Symbols of a kernel that programs ask for without a type: what `/proc/kallsyms` says.
//!
//! Answers for libbpf's search in that file. A profile carries what its BTF does not tell, a line for each symbol, in
//! order: a name alone is there; with a number it is there with this address, which is the same at every boot; `-` is a
//! function or variable of the BTF that has no symbol; `=` has several addresses. Names that begin as the kernel's own
//! bookkeeping (`__pfx_`, `__ksymtab_`, …) are left out.

use crate::btf::BtfKind;
use crate::kernel::Kernel;

use super::modules::Modules;
use super::vmlinux;

/// Where addresses begin that are given to symbols of which only the existence is known: where the kernel's text begins.
pub(super) const SOME_ADDRESS: u64 = 0xffff_ffff_8100_0000;

/// An address for a symbol of which only the existence is known. Two symbols have two, because programs compare them; of
/// those that are numbered the next one lies behind, as it does where they are written one behind the other.
fn some_address(name: &str) -> u64 {
    let family = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let number: u64 = name[family.len()..].parse().unwrap_or(0);
    let mix = |sum: u64, b: u8| (sum ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
    let sum = family.bytes().fold(0xcbf2_9ce4_8422_2325, mix);
    SOME_ADDRESS + (sum >> 44) * 16 + number.min(1 << 16) * 48
}

/// What is known of a symbol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Symbol {
    /// There is none.
    Absent,
    /// One address.
    At(u64),
    /// Several of the same name.
    Several,
}

/// Looks a symbol up.
pub(super) fn find(kernel: &Kernel, modules: &Modules, name: &str) -> Symbol {
    let text = vmlinux::text(kernel.kallsyms);
    let listed = text.lines().find_map(|line| {
        let (word, address) = line.split_once(' ').map_or((line, None), |(w, a)| (w, Some(a)));
        let plain = word.trim_start_matches(['=', '-']);
        (plain == name).then(|| match word.as_bytes().first() {
            Some(b'=') => Symbol::Several,
            Some(b'-') => Symbol::Absent,
            _ => {
                Symbol::At(address.and_then(|a| u64::from_str_radix(a, 16).ok()).unwrap_or_else(|| some_address(name)))
            }
        })
    });
    listed.unwrap_or_else(|| {
        let known = modules.find(name, BtfKind::Func).or_else(|| modules.find(name, BtfKind::Var));
        known.map_or(Symbol::Absent, |_| Symbol::At(some_address(name)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(kernel: &Kernel, name: &str) -> Symbol {
        let btf = vmlinux::vmlinux(kernel).expect("the profile's BTF");
        find(kernel, &Modules::new(btf, &[]), name)
    }

    #[test]
    fn data_has_symbols_only_where_the_kernel_was_built_so() {
        let (old, new) = (Kernel::v6_12(), Kernel::v6_18());
        assert!(matches!(ask(&old, "init_task"), Symbol::At(at) if at >= SOME_ADDRESS));
        assert_eq!(ask(&new, "init_task"), Symbol::Absent);
        assert_eq!(ask(&old, "__per_cpu_start"), Symbol::At(0));
        assert!(matches!(ask(&old, "runqueues"), Symbol::At(at) if at < 1 << 20));
        assert_eq!(ask(&new, "runqueues"), Symbol::Absent);
        assert!(matches!(ask(&new, "schedule"), Symbol::At(at) if at >= SOME_ADDRESS));
        assert_ne!(ask(&new, "schedule"), ask(&new, "schedule_timeout"));
        assert_eq!(ask(&old, "PageHuge"), Symbol::Several);
        assert_eq!(ask(&old, "no_such_symbol"), Symbol::Absent);
    }
}
