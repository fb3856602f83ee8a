//! `VerifyStream`: events of the analyses while they run.
//!
//! The channel to the client is bounded. When it is full the analysis gives its core away and waits, so that a slow
//! client slows nobody but itself.

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::mpsc::error::{SendTimeoutError, TrySendError};
use tokio::sync::{mpsc, oneshot};
use tokio_stream::Stream;
use tonic::Status;
use tracing::{Instrument, info};
use verifier_core::analysis::System;
use verifier_core::btf::Btf;
use verifier_core::explain::path::changes;
use verifier_core::explain::value::words;
use verifier_core::log::{self, Interest, Sink};
use verifier_core::program::LoadRequest;
use verifier_core::state::{FuncState, VerifierState};

use super::compute::Job;
use super::entry::Entry;
use super::memory::{Account, Over};
use super::proto::event::Event;
use super::proto::{self, Detail, VerifyStreamResponse};
use super::state::Service;
use super::text::{NAME, clean};
use super::wire::index;
use super::{verify, wire};
use crate::ask::Listener;
use crate::row::{Kind, Row};
use crate::tools;

/// Groups of events that wait for the client.
const CHANNEL: usize = 16;
/// Events of a group.
const GROUP: usize = 64;
/// A group is sent when its first event is so old.
const HELD: Duration = Duration::from_millis(20);
/// Bytes of a part of a log.
const PART: usize = 1 << 20;
/// How often an analysis that waits for its client asks whether it was stopped.
const ASK: Duration = Duration::from_millis(50);

type Item = Result<VerifyStreamResponse, Status>;

/// Groups of events, and how it ended.
pub struct Events {
    groups: mpsc::Receiver<VerifyStreamResponse>,
    /// Apart from the channel, so that the end never has to wait for room.
    end: Option<oneshot::Receiver<Status>>,
}

impl Stream for Events {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        if let Some(group) = ready!(self.groups.poll_recv(cx)) {
            return Poll::Ready(Some(Ok(group)));
        }
        let Some(end) = &mut self.end else { return Poll::Ready(None) };
        // Nothing sent: it ended well.
        let status = ready!(Pin::new(end).poll(cx)).ok();
        self.end = None;
        Poll::Ready(status.map(Err))
    }
}

impl Service {
    /// Answers with a stream.
    ///
    /// # Errors
    /// What is missing or unknown; what is wrong later ends the stream.
    pub fn verify_events(&self, entry: Entry, request: proto::VerifyStreamRequest) -> Result<Events, Status> {
        let detail = request.detail();
        let asked = self.asked(request.input, request.target, request.options)?;
        let (sender, groups) = mpsc::channel(CHANNEL);
        let (ending, end) = oneshot::channel();
        let (service, span) = (self.clone(), entry.span().clone());
        let answering = async move {
            let (name, gone) = (clean(&asked.name, NAME), sender.clone());
            let (handle, stall) = (Handle::current(), service.limits.times.stall);
            let account = Arc::clone(entry.account());
            let work = service.compute(&entry, move |job| {
                let client = Client { handle, groups: sender, stall, account };
                let mut follower = Follower::new(job, client, detail);
                verify::rows(asked, &mut follower, job)?;
                follower.flush();
                Ok(())
            });
            let result = tokio::select! {
                result = work => result,
                () = gone.closed() => Err(Status::cancelled("the client is gone")),
            };
            info!(name, code = ?result.as_ref().err().map(Status::code), "stream ended");
            if let Err(status) = result {
                // A client that is gone does not hear it.
                let _ = ending.send(status);
            }
        };
        tokio::spawn(answering.instrument(span));
        Ok(Events { groups, end: Some(end) })
    }
}

/// Who listens.
struct Client {
    handle: Handle,
    groups: mpsc::Sender<VerifyStreamResponse>,
    /// How long it may take nothing.
    stall: Duration,
    account: Arc<Account>,
}

/// Follows analyses and sends what they do.
struct Follower<'a> {
    job: &'a Job<'a>,
    client: Client,
    detail: Detail,
    group: Vec<proto::Event>,
    /// When the first event of the group happened.
    since: Instant,
    /// Instructions of the program as text, by index.
    texts: Vec<String>,
    /// The instruction being processed, and its frame.
    current: Option<(usize, usize)>,
    /// Frames before that instruction.
    seen: Frames,
    /// Frames at the instructions that put paths off.
    put_off: Vec<Frames>,
    /// The next instruction is the first of a path that is taken up.
    resumes: bool,
}

type Frames = Vec<Rc<FuncState>>;

impl<'a> Follower<'a> {
    fn new(job: &'a Job<'a>, client: Client, detail: Detail) -> Follower<'a> {
        Follower {
            job,
            client,
            detail,
            group: Vec::new(),
            since: Instant::now(),
            texts: Vec::new(),
            current: None,
            seen: Vec::new(),
            put_off: Vec::new(),
            resumes: false,
        }
    }

    fn send(&mut self, event: Event) {
        if self.group.is_empty() {
            self.since = Instant::now();
        }
        self.group.push(proto::Event { event: Some(event) });
        if self.group.len() >= GROUP || self.since.elapsed() > HELD {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if self.group.is_empty() {
            return;
        }
        let mut group = VerifyStreamResponse { events: std::mem::take(&mut self.group) };
        match self.client.groups.try_send(group) {
            // Nobody listens any more: the analysis is about to be stopped.
            Ok(()) | Err(TrySendError::Closed(_)) => return,
            Err(TrySendError::Full(back)) => group = back,
        }
        self.job.turn.pause();
        let since = Instant::now();
        while !self.job.turn.stopped() {
            match self.client.handle.block_on(self.client.groups.send_timeout(group, ASK)) {
                Ok(()) | Err(SendTimeoutError::Closed(_)) => break,
                Err(SendTimeoutError::Timeout(back)) => group = back,
            }
            if since.elapsed() > self.client.stall {
                self.client.account.end(Over::Stalled);
                break;
            }
        }
        self.job.turn.begin();
    }

    /// The instruction being processed is done; `state` is what it left, where that is known.
    fn finish(&mut self, cx: &log::Context<'_>, state: Option<&VerifierState>) {
        let Some((insn, frame)) = self.current.take() else { return };
        if self.detail != Detail::Instructions {
            return;
        }
        let changes = state.map(|s| delta(cx, &self.seen, &s.frames)).unwrap_or_default();
        let text = self.texts.get(insn).cloned().unwrap_or_default();
        self.send(Event::Instruction(proto::Instruction { insn: index(insn), text, frame: index(frame), changes }));
    }

    fn paths(&mut self, cx: &log::Context<'_>, event: &log::Event<'_>) {
        match *event {
            log::Event::Begin { subprog } => {
                self.current = None;
                self.seen.clear();
                self.put_off.clear();
                self.resumes = false;
                self.send(Event::Walk(proto::WalkBegun { subprog: index(subprog) }));
            }
            log::Event::At { idx, prev, state } => {
                if std::mem::take(&mut self.resumes) {
                    let changes = delta(cx, &self.seen, &state.frames);
                    let from = u32::try_from(prev).unwrap_or_default();
                    self.send(Event::Resumed(proto::PathResumed { to: index(idx), from, changes }));
                } else {
                    self.finish(cx, Some(state));
                }
                self.seen = state.frames.iter().cloned().collect();
                self.current = Some((idx, state.frames.len().saturating_sub(1)));
            }
            log::Event::Branch { idx, taken, fallthrough } => {
                self.send(Event::Branch(proto::Branch { insn: index(idx), taken, fall_through: fallthrough }));
            }
            log::Event::Pushed { to, from, speculative } => {
                self.put_off.push(self.seen.clone());
                self.send(Event::PutOff(proto::PathPutOff { to: index(to), from: index(from), speculative }));
            }
            log::Event::Checkpoint { id, idx, .. } => {
                self.send(Event::Stored(proto::StateStored { state: id.0, insn: index(idx) }));
            }
            log::Event::Pruned { idx, by } => {
                self.finish(cx, None);
                self.resumes = true;
                self.send(Event::Pruned(proto::Pruned { insn: index(idx), by: by.0 }));
            }
            log::Event::Precise { frame, regs, slots, idx } => {
                self.send(Event::Precise(proto::Precise { insn: index(idx), frame, regs, slots }));
            }
            log::Event::PathEnd { idx } => {
                self.finish(cx, None);
                // A pruned path has told its end.
                if !std::mem::replace(&mut self.resumes, true) {
                    self.send(Event::Ended(proto::PathEnded { insn: index(idx) }));
                }
                self.seen = self.put_off.pop().unwrap_or_default();
            }
            log::Event::Rejected { state, .. } => self.finish(cx, state),
            _ => {}
        }
    }
}

/// What differs, in words.
fn delta(cx: &log::Context<'_>, old: &[Rc<FuncState>], new: &[Rc<FuncState>]) -> Vec<proto::Change> {
    let none = Btf::default();
    let vmlinux = cx.btfs.first().map_or(&none, |b| b);
    let say = |r: &verifier_core::state::RegState| words(r, cx.request, vmlinux);
    changes(old, new)
        .iter()
        .map(|c| proto::Change {
            place: c.place.words(),
            before: c.before.as_ref().map(say).unwrap_or_default(),
            after: c.after.as_ref().map(say).unwrap_or_default(),
        })
        .collect()
}

impl Sink for Follower<'_> {
    fn interest(&self) -> Interest {
        Interest { log_level: 0, structure: matches!(self.detail, Detail::Paths | Detail::Instructions) }
    }

    fn event(&mut self, cx: &log::Context<'_>, event: &log::Event<'_>) {
        self.paths(cx, event);
    }

    fn mark(&self) -> u64 {
        0
    }

    fn rewind(&mut self, _: u64) {}
}

impl Listener for Follower<'_> {
    fn begin(&mut self, program: &str, section: &str, system: &System, request: &LoadRequest) {
        self.current = None;
        if self.detail == Detail::Instructions {
            self.texts = vec![String::new(); request.insns.len()];
            for line in tools::listing(system, request) {
                self.texts[line.insn] = line.text;
            }
        }
        self.send(Event::Program(proto::ProgramBegun {
            program: program.into(),
            section: section.into(),
            kernel: system.kernel.name.into(),
            insns: index(request.insns.len()),
        }));
    }

    fn sink(&mut self) -> &mut dyn Sink {
        self
    }

    fn end(&mut self, row: &Row) {
        if row.kind == Kind::Rejected {
            self.send(Event::Rejected(proto::Rejected {
                insn: row.insn.map_or(0, index),
                code: row.code.unwrap_or_default().into(),
                message: row.message.clone(),
                errno: row.errno.clone().unwrap_or_default(),
            }));
        }
        let mut answer = wire::answer(row.clone());
        if let Some(log) = &mut answer.log {
            while log.len() > PART {
                let rest = log.split_off(PART);
                self.send(Event::Log(proto::LogPart { bytes: std::mem::replace(log, rest) }));
                self.flush();
            }
        }
        self.send(Event::Answer(answer));
        self.flush();
    }
}
