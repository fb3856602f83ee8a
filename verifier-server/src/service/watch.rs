//! `Watch`: one object while it is edited. Of each build only what is different is sent.

use std::collections::BTreeMap;

use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};
use tracing::info;

use super::job::{self, Entry};
use super::proto::watch_response::Outcome;
use super::proto::{self, Answer, WatchRequest, WatchResponse};
use super::{Service, verify, wire};
use crate::ask::Nobody;

/// Responses that wait for the client.
const CHANNEL: usize = 4;

type Item = Result<WatchResponse, Status>;

/// What tells one answer from another: kernel, section, program.
type Key = (String, String, String);

/// The last build that had answers.
#[derive(Default)]
struct Before {
    answers: BTreeMap<Key, Answer>,
}

impl Before {
    /// What is different in new answers, which then are the old ones.
    fn changes(&mut self, answers: Vec<Answer>) -> proto::WatchChanges {
        let mut out = proto::WatchChanges::default();
        let mut now = BTreeMap::new();
        for answer in answers {
            let key = (answer.kernel.clone(), answer.section.clone(), answer.program.clone());
            if self.answers.remove(&key).is_some_and(|old| timeless(old) == timeless(answer.clone())) {
                out.unchanged += 1;
            } else {
                out.changed.push(answer.clone());
            }
            now.insert(key, answer);
        }
        let gone = std::mem::replace(&mut self.answers, now);
        out.gone.extend(gone.into_keys().map(|(kernel, section, program)| proto::WatchGone {
            program,
            section,
            kernel,
        }));
        out
    }
}

/// An answer without the time it took.
fn timeless(mut answer: Answer) -> Answer {
    if let Some(c) = &mut answer.counters {
        c.time_us = 0;
    }
    answer
}

impl Service {
    /// Follows a client's builds until it ends its stream, or goes away, or the service ends.
    pub fn follow(&self, entry: Entry, builds: Streaming<WatchRequest>) -> ReceiverStream<Item> {
        let (sender, receiver) = mpsc::channel(CHANNEL);
        let service = self.clone();
        tokio::spawn(async move {
            let gone = sender.clone();
            let mut drain = service.drain.clone();
            let result = tokio::select! {
                result = service.builds(&entry, builds, &sender) => result,
                () = gone.closed() => return,
                () = entry.deadline() => Err(job::too_late()),
                _ = drain.wait_for(|drains| *drains) => Err(Status::unavailable("the service ends")),
            };
            if let Err(status) = result {
                // A client that does not read does not hear it.
                let _ = sender.try_send(Err(status));
            }
        });
        ReceiverStream::new(receiver)
    }

    async fn builds(
        &self,
        entry: &Entry,
        mut builds: Streaming<WatchRequest>,
        sender: &mpsc::Sender<Item>,
    ) -> Result<(), Status> {
        let mut before = Before::default();
        let (mut target, mut options) = (None, None);
        let mut number = 0;
        let mut next = builds.next().await;
        while let Some(build) = next.take() {
            let build = build.map_err(|e| self.too_large(e))?;
            number += 1;
            target = build.target.or(target);
            options = build.options.or(options);
            let mut answers = std::pin::pin!(self.build(entry, build.input, target.clone(), options.clone()));
            let mut over = false;
            let answers = loop {
                tokio::select! {
                    answers = &mut answers => break Some(answers),
                    newer = builds.next(), if !over => match newer {
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
                Some(Err(e)) => {
                    Outcome::Failure(proto::WatchFailure { code: e.code().into(), message: e.message().into() })
                }
                None => Outcome::Overtaken(proto::WatchOvertaken {}),
            };
            info!(number, "build watched");
            if sender.send(Ok(WatchResponse { build: number, outcome: Some(outcome) })).await.is_err() {
                return Ok(());
            }
            if next.is_none() && !over {
                next = builds.next().await;
            }
        }
        Ok(())
    }

    async fn build(
        &self,
        entry: &Entry,
        input: Option<proto::Input>,
        target: Option<proto::Target>,
        options: Option<proto::Options>,
    ) -> Result<Vec<Answer>, Status> {
        let asked = self.asked(input, target, options)?;
        let rows =
            self.compute(entry, move |turn| verify::rows(asked, &mut Nobody::default(), &|| !turn.go_on())).await?;
        Ok(rows.into_iter().map(wire::answer).collect())
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
        let mut before = Before::default();
        let first = before.changes(vec![answer("a", "", 1), answer("b", "bad", 1)]);
        assert_eq!((first.changed.len(), first.gone.len(), first.unchanged), (2, 0, 0));
        let same = before.changes(vec![answer("a", "", 2), answer("b", "bad", 9)]);
        assert_eq!((same.changed.len(), same.gone.len(), same.unchanged), (0, 0, 2));
        let fixed = before.changes(vec![answer("b", "", 1), answer("c", "", 1)]);
        let changed: Vec<&str> = fixed.changed.iter().map(|a| a.program.as_str()).collect();
        assert_eq!((changed, fixed.gone[0].program.as_str(), fixed.unchanged), (vec!["b", "c"], "a", 0));
    }
}
