//! What the solver found, as it is sent and as it is read back: a client says the same of it as the process that solved.

use serde_json::Value;

use super::proto::solution::Outcome;
use super::proto::{self, Breaks};
use super::wire::index;
use crate::row::Kind;
use crate::solved::Solve;

/// What was found, as it is sent.
pub fn send(found: Solve) -> proto::Solution {
    let outcome = match (found.answer, found.bounds) {
        ("bug" | "unsound", _) => {
            let breaks = match found.breaks {
                Some("memory") => Breaks::Memory,
                Some("rule") => Breaks::Rule,
                _ => Breaks::Unspecified,
            };
            let witness_json = found.witness.map(|w| w.to_string()).unwrap_or_default();
            Outcome::Bug(proto::Bug { witness_json, breaks: breaks.into(), replays: found.replays.into() })
        }
        ("safe" | "confirmed", _) => Outcome::Safe(proto::Safe {}),
        ("within_bounds", Some((rounds, paths))) => {
            Outcome::WithinBounds(proto::WithinBounds { rounds, paths: u64::try_from(paths).unwrap_or(u64::MAX) })
        }
        (word, _) => Outcome::Unknown(proto::Unknown {
            not_about_memory: word == "not_about_memory",
            given_up: word == "undecided",
        }),
    };
    proto::Solution {
        insn: found.insn.map(index),
        message: found.message,
        notes: found.notes,
        outcome: Some(outcome),
        repair_json: found.repair.map(|r| r.to_string()).unwrap_or_default(),
        time_ms: found.time_ms,
    }
}

/// What was found, as it came. `kind`: what is known of the program otherwise, which the words depend on.
pub fn read(found: proto::Solution, kind: Kind) -> Solve {
    let json = |text: &str| serde_json::from_str::<Value>(text).ok();
    let rejected = kind == Kind::Rejected;
    let mut out = Solve {
        insn: found.insn.and_then(|i| usize::try_from(i).ok()),
        message: found.message,
        notes: found.notes,
        repair: json(&found.repair_json),
        time_ms: found.time_ms,
        ..Solve::default()
    };
    out.answer = match found.outcome {
        Some(Outcome::Bug(bug)) => {
            out.breaks = match bug.breaks() {
                Breaks::Memory => Some("memory"),
                Breaks::Rule => Some("rule"),
                Breaks::Unspecified => None,
            };
            out.replays = u8::try_from(bug.replays).unwrap_or(u8::MAX);
            out.witness = json(&bug.witness_json);
            if rejected { "bug" } else { "unsound" }
        }
        Some(Outcome::Safe(_)) => {
            if rejected {
                "safe"
            } else {
                "confirmed"
            }
        }
        Some(Outcome::WithinBounds(w)) => {
            out.bounds = Some((w.rounds, usize::try_from(w.paths).unwrap_or(usize::MAX)));
            "within_bounds"
        }
        Some(Outcome::Unknown(proto::Unknown { not_about_memory: true, .. })) => "not_about_memory",
        Some(Outcome::Unknown(proto::Unknown { given_up: true, .. })) => "undecided",
        Some(Outcome::Unknown(_)) | None => {
            if rejected {
                "unknown"
            } else {
                "open"
            }
        }
    };
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_comes_back() {
        let json = |v: &str| serde_json::from_str::<Value>(v).ok();
        let plain =
            Solve { insn: Some(7), message: "m".into(), notes: vec!["n".into()], time_ms: 12, ..Solve::default() };
        let rows = [
            (Kind::Rejected, Solve { answer: "unknown", repair: json("{\"edits\":[]}"), ..plain.clone() }),
            (
                Kind::Rejected,
                Solve {
                    answer: "bug",
                    breaks: Some("rule"),
                    replays: 1,
                    witness: json("{\"insn\":7}"),
                    ..plain.clone()
                },
            ),
            (
                Kind::Accepted,
                Solve { answer: "unsound", breaks: Some("memory"), replays: 2, insn: None, ..plain.clone() },
            ),
            (Kind::Rejected, Solve { answer: "safe", ..plain.clone() }),
            (Kind::Accepted, Solve { answer: "confirmed", ..plain.clone() }),
            (Kind::Accepted, Solve { answer: "open", ..plain.clone() }),
            (Kind::Accepted, Solve { answer: "undecided", ..plain.clone() }),
            (Kind::Rejected, Solve { answer: "not_about_memory", ..plain.clone() }),
            (Kind::Rejected, Solve { answer: "within_bounds", bounds: Some((40, 3)), ..plain }),
        ];
        for (kind, row) in rows {
            assert_eq!(read(send(row.clone()), kind).json(), row.json());
        }
    }
}
