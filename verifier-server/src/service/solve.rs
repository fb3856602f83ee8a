//! `Solve`: whether a rejection is a real bug.

use prost::Message;
use tonic::{Code, Status};
use tracing::info;

use super::compute::Job;
use super::entry::Entry;
use super::proto;
use super::proto::solution::Outcome;
use super::state::Service;
use super::status::refuse;
use super::text::{NAME, clean};
use super::verify::{fits, rows};
use super::wire::{self, index};
use crate::ask::{Nobody, Solving};
use crate::solve::{self, Solve};

/// What was found, as it is sent.
fn solution(found: Solve) -> proto::Solution {
    let outcome = match found.answer {
        "bug" | "unsound" => {
            let witness_json = found.witness.map(|w| w.to_string()).unwrap_or_default();
            Outcome::Bug(proto::Bug { witness_json })
        }
        "safe" | "confirmed" => Outcome::Safe(proto::Safe {}),
        word => Outcome::Unknown(proto::Unknown {
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
    }
}

impl Service {
    /// Answers `Solve`.
    ///
    /// # Errors
    /// As the service's proto file lists them.
    pub async fn solutions(&self, entry: &Entry, request: proto::SolveRequest) -> Result<proto::SolveResponse, Status> {
        solve::available().map_err(|why| refuse(Code::Unimplemented, "SOLVER", why, &[]))?;
        let mut asked = self.asked(request.input, request.target, request.options)?;
        asked.question.solve = Some(Solving { witness: None, accepted: request.accepted });
        let (name, most) = (clean(&asked.name, NAME), self.largest_answer());
        let work = move |job: &Job<'_>| {
            let mut size = 0usize;
            let mut out = Vec::new();
            for mut row in rows(asked, &mut Nobody::default(), job)? {
                let solution = row.solve.take().map(solution);
                let solved = proto::Solved { answer: Some(wire::answer(row)), solution };
                size = size.saturating_add(solved.encoded_len());
                fits(size, most)?;
                out.push(solved);
            }
            Ok(out)
        };
        let solved = self.compute(entry, work).await?;
        info!(name, programs = solved.len(), "solved");
        Ok(proto::SolveResponse { solved })
    }
}
