//! Types by name: a hash table that is either built when the first name is asked for, or stored beside a kernel's BTF.
//!
//! Names are entered without their CO-RE flavour, so that all flavours of a name are found together. The table never
//! decides: it names candidates, in order of id, and who asks compares names. Its form is little-endian words, the same
//! in memory and in the repository: where each bucket starts, then the entries of all buckets. An entry has the type's
//! position (id less the first id of the blob) in its low bits and a part of the hash above.

use super::layout::u32_at;

/// A name without its CO-RE flavour: `task_struct___old` is `task_struct`.
pub fn flavourless_name(name: &str) -> &str {
    name.get(..essential_len(name.as_bytes())).unwrap_or(name)
}

/// Length of [`flavourless_name`]. The last `___` that stands between two characters other than `_` counts.
fn essential_len(name: &[u8]) -> usize {
    let flavour = |s: &[u8]| s[0] != b'_' && s[1..4] == *b"___" && s[4] != b'_';
    name.windows(5).rposition(flavour).map_or(name.len(), |i| i + 1)
}

/// Hash of a name of which the flavour has been cut off.
fn hash(essential: &[u8]) -> u64 {
    const MUL: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut h = essential.len() as u64;
    for piece in essential.chunks(8) {
        let mut word = [0; 8];
        word[..piece.len()].copy_from_slice(piece);
        h = (h ^ u64::from_le_bytes(word)).wrapping_mul(MUL);
        h ^= h >> 29;
    }
    h.wrapping_mul(MUL)
}

/// How a table is laid out: both sides of it, the builder and the reader, follow from the number of types and names.
#[derive(Clone, Copy, Debug)]
struct Layout {
    /// Bits of the hash that choose a bucket: its highest.
    bucket_bits: u32,
    /// Low bits of an entry that hold the position.
    position_bits: u32,
}

impl Layout {
    fn new(types: usize, names: usize) -> Layout {
        let bucket_bits = (names / 8).max(1).ilog2();
        Layout { bucket_bits, position_bits: usize::BITS - types.leading_zeros() }
    }

    fn buckets(self) -> usize {
        1 << self.bucket_bits
    }

    fn bucket(self, hash: u64) -> usize {
        // A shift by all bits is none: one bucket has no bits.
        hash.checked_shr(64 - self.bucket_bits).unwrap_or(0) as usize
    }

    /// The part of the hash that an entry has room for.
    fn fingerprint(self, hash: u64) -> u32 {
        (hash as u32 >> 3).checked_shl(self.position_bits).unwrap_or(0)
    }

    fn position(self, entry: u32) -> u32 {
        entry & (1u32.checked_shl(self.position_bits).unwrap_or(0).wrapping_sub(1))
    }
}

/// Builds the table: `names` are those of the types that have one, by position, in order; `types` is how many there are.
/// Time is linear.
pub(super) fn build<'a>(types: usize, names: impl Iterator<Item = (u32, &'a [u8])>) -> Vec<u8> {
    let hashed: Vec<(u32, u64)> = names.map(|(at, name)| (at, hash(&name[..essential_len(name)]))).collect();
    let layout = Layout::new(types, hashed.len());
    let mut starts = vec![0u32; layout.buckets() + 1];
    for (_, h) in &hashed {
        starts[layout.bucket(*h) + 1] += 1;
    }
    for i in 1..starts.len() {
        starts[i] += starts[i - 1];
    }
    let mut next = starts.clone();
    let mut entries = vec![0u32; hashed.len()];
    for (at, h) in hashed {
        let slot = &mut next[layout.bucket(h)];
        entries[*slot as usize] = layout.fingerprint(h) | at;
        *slot += 1;
    }
    starts.iter().chain(&entries).flat_map(|w| w.to_le_bytes()).collect()
}

/// A table to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names<'a> {
    layout: Layout,
    words: &'a [u8],
}

impl<'a> Names<'a> {
    /// Reads the table of so many types of which so many have names.
    pub fn new(types: usize, names: usize, words: &'a [u8]) -> Names<'a> {
        Names { layout: Layout::new(types, names), words }
    }

    /// Bytes of a table of so many types and names.
    pub fn bytes(types: usize, names: usize) -> usize {
        4 * (Layout::new(types, names).buckets() + 1 + names)
    }

    /// Positions of the types that may have this name without flavour, ascending.
    pub fn candidates(self, essential: &str) -> impl Iterator<Item = u32> + use<'a> {
        let Names { layout, words } = self;
        let h = hash(essential.as_bytes());
        let bucket = layout.bucket(h);
        let word = move |i: usize| u32_at(words, 4 * i);
        let (from, to) = (word(bucket).unwrap_or(0) as usize, word(bucket + 1).unwrap_or(0) as usize);
        let entries = layout.buckets() + 1;
        (from..to).filter_map(move |i| word(entries + i)).filter_map(move |entry| {
            let at = layout.position(entry);
            (entry == layout.fingerprint(h) | at).then_some(at)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flavours_are_stripped() {
        assert_eq!(flavourless_name("task_struct___old"), "task_struct");
        assert_eq!(flavourless_name("a___b___c"), "a___b");
        assert_eq!(flavourless_name("___x"), "___x");
        assert_eq!(flavourless_name("x____y"), "x____y");
        assert_eq!(flavourless_name("s"), "s");
    }

    fn found(names: &[&str], essential: &str) -> Vec<u32> {
        let words = build(names.len(), (0..).zip(names.iter().map(|n| n.as_bytes())));
        assert_eq!(words.len(), Names::bytes(names.len(), names.len()));
        Names::new(names.len(), names.len(), &words).candidates(essential).collect()
    }

    #[test]
    fn every_name_is_found_in_order_of_id() {
        let many: Vec<String> = (0..5000).map(|i| format!("name_{}", i % 4000)).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(found(&many, "name_17"), [17, 4017]);
        assert_eq!(found(&["a", "b", "a___x"], "a"), [0, 2]);
        assert_eq!(found(&[], "a"), []);
    }
}
