//! The types of an object as a loader gives them to a kernel that does not know every kind of them.
//!
//! What a kernel cannot read is put into the place of something as large that it can: ids, names of other types and what the
//! verifier makes of them stay. libbpf finds out by asking; here the release says.

use verifier_core::btf::{Btf, BtfKind, Type};
use verifier_core::kernel::KernelVersion;

/// Bytes before the payload of a type.
const HEAD: usize = 12;
/// Where the kind stands in the second word.
const KIND: u32 = 24;
/// Payload of an integer of one byte.
const BYTE: u32 = 8;

/// A kind that a release does not know yet, if it is one.
fn is_unknown(kind: BtfKind, release: KernelVersion) -> bool {
    let since = match kind {
        BtfKind::Float => (5, 13),
        BtfKind::DeclTag => (5, 16),
        BtfKind::TypeTag => (5, 17),
        BtfKind::Enum64 => (6, 0),
        _ => return false,
    };
    release < KernelVersion::new(since.0, since.1)
}

/// The blob with kinds that the release knows.
pub fn plain(btf: &Btf, release: KernelVersion) -> Vec<u8> {
    let mut raw = btf.raw().into_owned();
    let word = |at: usize| raw.get(at..at + 4).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize);
    // The header tells its own length, and where behind it the types begin.
    let mut at = word(4) + word(8);
    let int = btf.own_types().find(|t| t.kind == BtfKind::Int && t.size_or_type <= 8).map_or(0, |t| t.id);
    for t in btf.own_types() {
        if is_unknown(t.kind, release) {
            replace(&mut raw, at, &t, int);
        } else if t.kind == BtfKind::Enum && is_unknown(BtfKind::Enum64, release) {
            // Whether its values are signed is told since there are larger ones.
            raw[at + 7] &= 0x7f;
        }
        at += HEAD + t.data.len();
    }
    raw
}

/// Writes another kind over the type at `at`.
fn replace(raw: &mut [u8], at: usize, t: &Type<'_>, int: u32) {
    let mut put = |offset: usize, value: u32| {
        if let Some(place) = raw.get_mut(at + offset..at + offset + 4) {
            place.copy_from_slice(&value.to_le_bytes());
        }
    };
    let is = |kind: BtfKind, members: u32| (kind as u32) << KIND | members;
    match t.kind {
        BtfKind::Float => {
            put(0, 0);
            put(4, is(BtfKind::Struct, 0));
        }
        BtfKind::DeclTag => {
            put(4, is(BtfKind::Int, 0));
            put(8, 1);
            put(HEAD, BYTE);
        }
        BtfKind::TypeTag => {
            put(0, 0);
            put(4, is(BtfKind::Const, 0));
        }
        BtfKind::Enum64 => {
            put(4, is(BtfKind::Union, u32::from(t.vlen)));
            for entry in 0..usize::from(t.vlen) {
                put(HEAD + 12 * entry + 4, int);
                put(HEAD + 12 * entry + 8, 0);
            }
        }
        _ => {}
    }
}
