//! `Watch`: one object while it is edited. Of each build only what is different is sent.
//!
//! A stream that waits for a build has a place among the streams, and nothing else: of the answers before it keeps what
//! tells them apart. Each build is a request like any other, with a place and an account of its own.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};

use prost::Message;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt;
use tracing::{Instrument, info};

use super::entry::Entry;
use super::proto::watch_response::Outcome;
use super::proto::{self, Answer, WatchRequest, WatchResponse};
use super::state::Service;
use super::status::{over_limit, refuse, too_late};
use super::verify::{fits, rows};
use super::wire;
use crate::ask::Nobody;

/// Responses that wait for the client.
const CHANNEL: usize = 1;

type Item = Result<WatchResponse, Status>;

/// What tells one answer from another: kernel, section, program.
type Key = (String, String, String);

/// The last build that had answers.
struct Before {
    answers: BTreeMap<Key, [u64; 2]>,
    /// Two, so that nobody meets an answer that only looks the same.
    marks: [RandomState; 2],
}

impl Before {
    fn new() -> Before {
        Before { answers: BTreeMap::new(), marks: [RandomState::new(), RandomState::new()] }
    }

    /// What is different in new answers, which then are the old ones.
    fn changes(&mut self, answers: Vec<Answer>) -> proto::WatchChanges {
        let mut out = proto::WatchChanges::default();
        let mut now = BTreeMap::new();
        for answer in answers {
            let key = (answer.kernel.clone(), answer.section.clone(), answer.program.clone());
            let mark = self.mark(&answer);
            if self.answers.remove(&key) == Some(mark) {
                out.unchanged += 1;
            } else {
                out.changed.push(answer);
            }
            now.insert(key, mark);
        }
        let gone = std::mem::replace(&mut self.answers, now);
        out.gone.extend(gone.into_keys().map(|(kernel, section, program)| proto::WatchGone {
            program,
            section,
            kernel,
        }));
        out
    }

    /// What stands for an answer without the time it took.
    fn mark(&self, answer: &Answer) -> [u64; 2] {
        let mut timeless = answer.clone();
        if let Some(c) = &mut timeless.counters {
            c.time_us = 0;
        }
        let bytes = timeless.encode_to_vec();
        [self.marks[0].hash_one(&bytes), self.marks[1].hash_one(&bytes)]
    }
}

/// A status, as a build has it.
fn failure(e: &Status) -> proto::WatchFailure {
    let (reason, facts) = e.get_details_error_info().map(|i| (i.reason, i.metadata)).unwrap_or_default();
    proto::WatchFailure { code: e.code().into(), message: e.message().into(), reason, facts }
}

impl Service {
    /// Follows a client's builds until it ends its stream, or goes away, or the service ends.
    pub fn follow(&self, entry: Entry, builds: Streaming<WatchRequest>) -> ReceiverStream<Item> {
        let (sender, receiver) = mpsc::channel(CHANNEL);
        let (service, span) = (self.clone(), entry.span().clone());
        let following = async move {
            let gone = sender.clone();
            let mut drain = service.drain.clone();
            let result = tokio::select! {
                result = service.builds(&entry, builds, &sender) => result,
                () = gone.closed() => return,
                () = entry.deadline() => Err(too_late()),
                over = entry.account().ended() => Err(entry.account().status(over)),
                _ = drain.wait_for(|drains| *drains) => {
                    Err(refuse(Code::Unavailable, "DRAIN", "the service ends", &[]))
                }
            };
            if let Err(status) = result {
                // A client that does not read does not hear it.
                let _ = sender.try_send(Err(status));
            }
        };
        tokio::spawn(following.instrument(span));
        ReceiverStream::new(receiver)
    }

    async fn builds(
        &self,
        entry: &Entry,
        mut builds: Streaming<WatchRequest>,
        sender: &mpsc::Sender<Item>,
    ) -> Result<(), Status> {
        let mut before = Before::new();
        let (mut target, mut options) = (None, None);
        let mut number = 0;
        let mut next = self.next(&mut builds).await?;
        while let Some(build) = next.take() {
            number += 1;
            target = build.target.or(target);
            options = build.options.or(options);
            let mut answers = std::pin::pin!(self.build(entry, build.input, target.clone(), options.clone()));
            let mut over = false;
            let answers = loop {
                tokio::select! {
                    answers = &mut answers => break Some(answers),
                    newer = self.next(&mut builds), if !over => match newer? {
                        // The client has said all it had to say, and still wants its last answer.
                        None => over = true,
                        newer => {
                            next = newer;
                            break None;
                        }
                    },
                }
            };
            let outcome = match answers {
                Some(Ok(answers)) => Outcome::Changes(before.changes(answers)),
                Some(Err(e)) => Outcome::Failure(failure(&e)),
                None => Outcome::Overtaken(proto::WatchOvertaken {}),
            };
            info!(number, "build watched");
            if sender.send(Ok(WatchResponse { build: number, outcome: Some(outcome) })).await.is_err() {
                return Ok(());
            }
            if next.is_none() && !over {
                next = self.next(&mut builds).await?;
            }
        }
        Ok(())
    }

    /// The next build; not waited for for ever.
    async fn next(&self, builds: &mut Streaming<WatchRequest>) -> Result<Option<WatchRequest>, Status> {
        let time = self.limits.times.watch;
        match tokio::time::timeout(time, builds.next()).await {
            Ok(build) => build.transpose(),
            Err(_) => {
                let seconds = time.as_secs();
                Err(over_limit("IDLE", format!("no build for {seconds} s; open a new stream"), seconds))
            }
        }
    }

    async fn build(
        &self,
        watch: &Entry,
        input: Option<proto::Input>,
        target: Option<proto::Target>,
        options: Option<proto::Options>,
    ) -> Result<Vec<Answer>, Status> {
        let account = self.memory.open();
        let slot = self.requests.take(watch.client(), watch.peer().number(), &account)?;
        let entry = Entry::new(account, watch.client(), None, watch.peer().clone(), Some(slot));
        let asked = self.asked(input, target, options)?;
        let most = self.largest_answer();
        let work = move |job: &super::compute::Job<'_>| {
            let rows = rows(asked, &mut Nobody::default(), job)?;
            let answers: Vec<_> = rows.into_iter().map(wire::answer).collect();
            fits(answers.iter().map(Message::encoded_len).sum(), most)?;
            Ok(answers)
        };
        self.compute(&entry, work).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(program: &str, message: &str, time_us: u64) -> Answer {
        let counters = Some(proto::Counters { insns: 1, time_us, ..proto::Counters::default() });
        Answer { program: program.into(), message: message.into(), counters, ..Answer::default() }
    }

    #[test]
    fn only_differences_are_sent() {
        let mut before = Before::new();
        let first = before.changes(vec![answer("a", "", 1), answer("b", "bad", 1)]);
        assert_eq!((first.changed.len(), first.gone.len(), first.unchanged), (2, 0, 0));
        let same = before.changes(vec![answer("a", "", 2), answer("b", "bad", 9)]);
        assert_eq!((same.changed.len(), same.gone.len(), same.unchanged), (0, 0, 2));
        let fixed = before.changes(vec![answer("b", "", 1), answer("c", "", 1)]);
        let changed: Vec<&str> = fixed.changed.iter().map(|a| a.program.as_str()).collect();
        assert_eq!((changed, fixed.gone[0].program.as_str(), fixed.unchanged), (vec!["b", "c"], "a", 0));
    }
}
