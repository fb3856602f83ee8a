//! `Verify`: from a request to answers.

use std::sync::Arc;

use prost::Message;
use tonic::{Code, Status};
use tracing::info;
use verifier_core::analysis::System;
use verifier_core::btf::Btf;
use verifier_core::program::ObjectError;

use super::compute::Job;
use super::entry::Entry;
use super::names;
use super::proto::input::What;
use super::state::Service;
use super::status::{fault, invalid, over_limit, refuse};
use super::text::{NAME, clean};
use super::{proto, wire};
use crate::ask::{Listener, Nobody, Question, Refusal};
use crate::row::{Row, Undecided};
use crate::unpack::unpack_btf;

/// The kernel that is asked when a request names none. Adding kernels does not change it.
pub const DEFAULT_KERNEL: &str = "6.12";
/// Most that a compressed blob may become, which it is not known to before.
const UNPACKED: usize = 64 << 20;
/// What opening an object takes besides the object, for each of its bytes, at most and about.
const OPENED: usize = 4;
/// Most bytes of an answer in one message, as a part of the memory of a request.
const ANSWER: usize = 4;

/// What is asked, ready to compute.
pub struct Asked {
    /// Name of the object.
    pub name: String,
    /// What to verify.
    pub what: What,
    /// Kernels, with BTF still to read.
    pub target: Target,
    /// How.
    pub question: Question,
}

/// Kernels to ask, with BTF as it was sent.
pub struct Target {
    systems: Vec<System>,
    vmlinux_btf: Vec<u8>,
    modules: Vec<proto::Module>,
}

impl Target {
    /// Reads the BTF that was sent.
    ///
    /// # Errors
    /// Which BTF is malformed, and where, or that there is no room for it.
    pub fn systems(self, job: &Job<'_>) -> Result<Vec<System>, Status> {
        let read = |what: &str, bytes: Vec<u8>, base: Option<Arc<Btf>>| {
            job.step()?;
            let bad = |e: &dyn std::fmt::Display| refuse(Code::InvalidArgument, "BTF", format!("{what}: {e}"), &[]);
            // Unpacked, and an index of what is in it.
            let _room = job.reserve(UNPACKED.max(bytes.len()).saturating_mul(2))?;
            let raw = unpack_btf(bytes).map_err(|e| bad(&e))?;
            Btf::parse(raw, base).map(Arc::new).map_err(|e| bad(&e))
        };
        let mut systems = self.systems;
        if !self.vmlinux_btf.is_empty() {
            let btf = read("target.vmlinux_btf", self.vmlinux_btf, None)?;
            systems.iter_mut().for_each(|s| s.vmlinux = Arc::clone(&btf));
        }
        for module in self.modules {
            for s in &mut systems {
                let what = format!("target.modules: `{}`", clean(&module.name, NAME));
                let btf = read(&what, module.btf.clone(), Some(Arc::clone(&s.vmlinux)))?;
                s.modules.push((module.name.clone(), btf));
            }
        }
        Ok(systems)
    }
}

/// What a refusal is to a client.
pub fn refused(refusal: Refusal, question: &Question) -> Status {
    match refusal {
        Refusal::Malformed(e) => malformed(&e),
        Refusal::Raw(e) => refuse(Code::InvalidArgument, "PROGRAM", e.to_string(), &[("field", e.field.clone())]),
        // Who asks over the wire has no contract.
        Refusal::Contract(lines) => refuse(Code::InvalidArgument, "OBJECT", lines.join("; "), &[]),
        Refusal::Insns(n) => {
            let limit = question.insns;
            over_limit("INSTRUCTIONS", format!("{n} instructions; one request may have {limit}"), limit)
        }
        Refusal::Logs => over_limit("MEMORY", "the logs take more memory than one request may have", question.logs),
    }
}

/// A malformed object: where, and what is wrong.
pub fn malformed(e: &ObjectError) -> Status {
    let mut facts = Vec::new();
    facts.extend(e.section.clone().map(|s| ("section", s)));
    facts.extend(e.offset.map(|o| ("offset", o.to_string())));
    refuse(Code::InvalidArgument, "OBJECT", e.to_string(), &facts)
}

/// Rows that are no answers end the request: limits of ours and faults.
///
/// # Errors
/// The first such row as a status.
pub fn settled(rows: &[Row], question: &Question) -> Result<(), Status> {
    for row in rows {
        let place = format!("program `{}` on Linux {}", clean(&row.program, NAME), row.kernel);
        match row.undecided {
            None | Some(Undecided::Late) => {}
            Some(Undecided::Memory) => {
                let limit = question.memory;
                let message = format!("{place}: states take more than {} MiB of memory", limit >> 20);
                return Err(over_limit("MEMORY", message, limit));
            }
            Some(Undecided::Fault) => {
                return Err(fault(format!("{place}: a fault in the analysis; please report the program")));
            }
            Some(Undecided::Stopped) => return Err(Status::cancelled(format!("{place}: stopped"))),
        }
    }
    Ok(())
}

impl Service {
    /// The systems of kernels by name.
    ///
    /// # Errors
    /// NOT_FOUND, with the names known.
    pub fn target(&self, target: Option<proto::Target>) -> Result<Target, Status> {
        let target = target.unwrap_or_default();
        names::target(&target)?;
        let mut systems: Vec<System> = Vec::new();
        for name in &target.kernels {
            let found: Vec<&System> = self
                .systems
                .iter()
                .filter(|s| name == "all" || s.kernel.name == name || s.kernel.release == name)
                .collect();
            if found.is_empty() {
                let known: Vec<&str> = self.systems.iter().map(|s| s.kernel.name).collect();
                let name = clean(name, 32);
                let message = format!("unknown kernel `{name}`; known are {}, all", known.join(", "));
                return Err(refuse(Code::NotFound, "KERNEL", message, &[]));
            }
            for s in found {
                if !systems.iter().any(|known| known.kernel.name == s.kernel.name) {
                    systems.push(s.clone());
                }
            }
        }
        if target.kernels.is_empty() {
            systems.extend(self.systems.iter().find(|s| s.kernel.name == DEFAULT_KERNEL).cloned());
        }
        if target.cpus != 0 {
            systems.iter_mut().for_each(|s| s.kernel = s.kernel.clone().with_cpus(target.cpus));
        }
        Ok(Target { systems, vmlinux_btf: target.vmlinux_btf, modules: target.modules })
    }

    /// Takes a request apart.
    ///
    /// # Errors
    /// What is missing or unknown.
    pub fn asked(
        &self,
        input: Option<proto::Input>,
        target: Option<proto::Target>,
        options: Option<proto::Options>,
    ) -> Result<Asked, Status> {
        let proto::Input { name, what } = input.ok_or_else(|| invalid("input is missing"))?;
        let what = what.ok_or_else(|| invalid("input has neither an object nor a raw program"))?;
        let options = options.unwrap_or_default();
        names::input(&name, &what)?;
        names::options(&options)?;
        let question = wire::question(&options, &self.limits).map_err(invalid)?;
        Ok(Asked { name, what, target: self.target(target)?, question })
    }

    /// Answers one request.
    ///
    /// # Errors
    /// As the service's proto file lists them.
    pub async fn verify_once(
        &self,
        entry: &Entry,
        request: proto::VerifyRequest,
    ) -> Result<proto::VerifyResponse, Status> {
        let asked = self.asked(request.input, request.target, request.options)?;
        let name = clean(&asked.name, NAME);
        let most = self.largest_answer();
        let work = move |job: &Job<'_>| {
            let rows = rows(asked, &mut Nobody::default(), job)?;
            let answers: Vec<_> = rows.into_iter().map(wire::answer).collect();
            fits(answers.iter().map(Message::encoded_len).sum(), most)?;
            Ok(answers)
        };
        let result = self.compute(entry, work).await;
        match &result {
            Ok(answers) => info!(name, programs = answers.len(), "verified"),
            Err(e) => info!(name, code = ?e.code(), "not verified: {}", e.message()),
        }
        Ok(proto::VerifyResponse { answers: result? })
    }

    /// Most bytes of an answer in one message.
    pub fn largest_answer(&self) -> usize {
        self.limits.memory / ANSWER
    }
}

/// Whether an answer may be sent as one message.
///
/// # Errors
/// It is too large.
pub fn fits(bytes: usize, most: usize) -> Result<(), Status> {
    if bytes <= most {
        return Ok(());
    }
    let message = format!(
        "the answer has {bytes} bytes, one message at most {most}: ask for fewer programs (options.programs, page_size), a \
         shorter log, or VerifyStream"
    );
    Err(over_limit("ANSWER", message, most))
}

/// Computes the rows of a request.
///
/// # Errors
/// What is malformed, over a limit, or a fault.
pub fn rows(asked: Asked, listener: &mut dyn Listener, job: &Job<'_>) -> Result<Vec<Row>, Status> {
    let Asked { name, what, target, question } = asked;
    let systems = target.systems(job)?;
    let stop = || !job.go_on();
    let rows = match what {
        What::Object(bytes) => {
            // Opening asks nobody; the room has to be there, and is counted once it is used.
            drop(job.reserve(bytes.len().saturating_mul(OPENED))?);
            question.object(&name, &bytes, &systems, listener, &stop)
        }
        What::Raw(program) => {
            let program = wire::raw_program(program);
            systems.iter().map(|s| question.raw(&name, &program, s, listener, &stop)).collect()
        }
    };
    let rows = rows.map_err(|r| refused(r, &question))?;
    job.step()?;
    settled(&rows, &question)?;
    Ok(rows)
}
