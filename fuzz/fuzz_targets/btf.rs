//! Any bytes as BTF: parsing, checking and walking it end in results.
#![no_main]

use libfuzzer_sys::fuzz_target;
use verifier_core::btf::{Btf, ValidateRules, validate};

fuzz_target!(|data: &[u8]| {
    let Ok(btf) = Btf::parse(data.to_vec(), None) else { return };
    let _ = validate(&btf, ValidateRules::default());
    for t in btf.own_types().take(10_000) {
        let _ = (t.name(), btf.resolve_size(t.id), btf.skip_modifiers(t.id), btf.align_of(t.id));
        let _ = t.members().count() + t.params().count() + t.enum_values().count();
    }
});
