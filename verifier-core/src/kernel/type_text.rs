//! Register types in words. Answers for `reg_type_str()`.

use std::fmt;

use super::call::{RegBase, RegType, TypeFlags};

/// Modifiers that are put before the base type, in the order they are printed.
const PREFIXES: [(TypeFlags, &str); 7] = [
    (TypeFlags::RDONLY, "rdonly_"),
    (TypeFlags::RINGBUF, "ringbuf_"),
    (TypeFlags::USER, "user_"),
    (TypeFlags::PERCPU, "percpu_"),
    (TypeFlags::RCU, "rcu_"),
    (TypeFlags::UNTRUSTED, "untrusted_"),
    (TypeFlags::TRUSTED, "trusted_"),
];

impl RegType {
    /// Hands its words to `f`, in order.
    pub fn words(self, mut f: impl FnMut(&'static str)) {
        PREFIXES.iter().filter(|(flag, _)| self.has(*flag)).for_each(|(_, word)| f(word));
        f(self.base.row().word);
        if self.may_be_null() {
            f(if self.base == RegBase::PtrToBtfId { "or_null_" } else { "_or_null" });
        }
    }
}

impl fmt::Display for RegType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut result = Ok(());
        self.words(|word| result = result.and_then(|()| f.write_str(word)));
        result
    }
}
