//! `Solve`: whether a rejection is a real bug.
//!
//! The solver cannot be interrupted in turns: it has seats of its own, as many as there are cores for analyses, and gives
//! its turn to others meanwhile. What it takes from its library no allocator of ours counts, so it reserves.

use prost::Message;
use tonic::{Code, Status};
use tracing::info;
use verifier_core::analysis::System;
use verifier_core::log::{Off, Sink};
use verifier_core::program::LoadRequest;

use super::compute::Job;
use super::entry::Entry;
use super::memory::Reservation;
use super::pool::be_polite;
use super::proto;
use super::solution;
use super::state::Service;
use super::status::{fault, refuse};
use super::text::{NAME, clean};
use super::verify::{fits, rows};
use super::wire;
use crate::ask::{Listener, Solving};
use crate::row::Row;
use crate::solve::{self, Wanted};

/// What an answer of the solver takes, about; all of them together are held to it.
const TAKES: usize = 256 << 20;

/// Gives the turn away while the solver works.
struct Aside<'a> {
    job: &'a Job<'a>,
    off: Off,
    room: Option<Reservation<'a>>,
}

impl Listener for Aside<'_> {
    fn begin(&mut self, _: &str, _: &str, _: &System, _: &LoadRequest) {}

    fn sink(&mut self) -> &mut dyn Sink {
        &mut self.off
    }

    fn solving(&mut self, begins: bool) {
        if begins {
            // Without room the request ends, which the solver hears at once.
            self.room = self.job.reserve(TAKES).ok();
            self.job.turn.pause();
            be_polite();
        } else {
            self.room = None;
            self.job.turn.begin();
        }
    }

    fn end(&mut self, _: &Row) {}
}

impl Service {
    /// Answers `Solve`.
    ///
    /// # Errors
    /// As the service's proto file lists them.
    pub async fn solutions(&self, entry: &Entry, request: proto::SolveRequest) -> Result<proto::SolveResponse, Status> {
        solve::available().map_err(|why| refuse(Code::Unimplemented, "SOLVER", why, &[]))?;
        let mut asked = self.asked(request.input, request.target, request.options)?;
        let seat = tokio::time::timeout(self.limits.wall, self.solvers.clone().acquire_owned());
        let seat = seat.await.map_err(|_| self.out_of_time())?.map_err(|e| fault(e.to_string()))?;
        let (name, most) = (clean(&asked.name, NAME), self.largest_answer());
        // So much is reserved for all seats together: more than that, answers are given up.
        let all = TAKES.saturating_mul(self.limits.workers.max(1)) as u64;
        let work = move |job: &Job<'_>| {
            let _seat = seat;
            let wanted = Some(Wanted(std::sync::Arc::new(job.turn.wanted())));
            asked.question.solve =
                Some(Solving { witness: None, accepted: request.accepted, wanted, memory: Some(all) });
            let mut size = 0usize;
            let mut out = Vec::new();
            for mut row in rows(asked, &mut Aside { job, off: Off, room: None }, job)? {
                let solution = row.solve.take().map(solution::send);
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
