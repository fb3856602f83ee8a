//! Changes of how the log is worded, one row each.

use super::{Change, PointRelease, v};

/// How a release words its log: which of the changes it has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wording(u32);

macro_rules! wordings {
    ($($(#[doc = $doc:literal])+ $name:ident { $($key:ident: $value:expr),* $(,)? })+) => {
        /// A change of wording.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Reworded { $($(#[doc = $doc])+ $name,)+ }

        /// All rows, in the order of [`Reworded`].
        pub static WORDINGS: &[Change] = &[$(
            Change { name: stringify!($name), what: concat!($($doc, "\n"),+), $($key: $value,)* ..Change::NONE },
        )+];
    };
}

impl Wording {
    /// The wording of a release.
    pub fn of(release: PointRelease) -> Wording {
        Wording((0..).zip(WORDINGS).fold(0, |bits, (i, change)| bits | u32::from(change.covers(release)) << i))
    }

    /// Whether it has a change.
    pub const fn has(self, words: Reworded) -> bool {
        self.0 >> words as u32 & 1 != 0
    }

    /// The same wording with a change, or without it.
    #[must_use]
    pub fn with(self, change: &Change, on: bool) -> Wording {
        let bit = WORDINGS.iter().position(|w| w.name == change.name).map_or(0, |i| 1 << i);
        Wording(if on { self.0 | bit } else { self.0 & !bit })
    }
}

wordings! {
    /// What the kernel takes for a fault of its own is told with the words "verifier bug".
    VerifierBug {
        since: v(6, 16),
        evidence: "bpf: Add verifier bug macros",
        probe: "branch/itself_contradicts",
    }
    /// Refusals that were told as faults of its own are told in a few words, and without the end of the line.
    BareRefusals {
        since: v(6, 16),
        evidence: "bpf: Add verifier bug macros",
        probe: "call/tail_call_wrong_map",
    }
    /// The refusal to cast names `void` as what can be cast to.
    CastToVoid {
        since: v(6, 17),
        evidence: "bpf: Add support for void in bpf_rdonly_cast",
        probe: "kfunc/rdonly_cast_not_struct",
    }
    /// `may_goto` with a bad immediate is told without its offset, which may be anything.
    MayGotoImmediate {
        since: v(6, 14),
        evidence: "bpf: Allow may_goto 0 instruction in verifier",
        probe: "structure/may_goto_reserved",
    }
    /// Refused accesses to special fields of map values name the kind of the field.
    FieldKinds {
        since: v(6, 13),
        evidence: "bpf: Support __uptr type tag in BTF",
        probe: "",
    }
    /// The refusal to trace how a function returns that never does names the function.
    NoreturnName {
        since: v(6, 18),
        evidence: "measured on 6.12.117 and 6.18.44",
        probe: "attach/fexit_noreturn",
    }
    /// Source lines stand in the log once for all instructions of a line, with file and number behind.
    SourceLines {
        since: v(6, 2),
        evidence: "measured on 6.1.192 and 6.12.117",
        probe: "attach/dummy_ops",
    }
    /// Load-acquire and store-release have words of their own.
    OrderedAccess {
        since: v(6, 15),
        evidence: "bpf: Introduce load-acquire and store-release instructions",
        probe: "atomic/acquire",
    }
    /// The state has one list of references, which is shown for every frame; before, callers showed what they had at the
    /// call.
    OneReferenceList {
        since: v(6, 14),
        evidence: "bpf: Consolidate locks and reference state in verifier state",
        probe: "reference/leaked_in_callback",
    }
    /// States show no liveness marks.
    NoMarks {
        since: v(6, 18),
        evidence: "bpf: callchain sensitive stack liveness tracking using CFG",
        probe: "alignment/relaxed",
    }
}
