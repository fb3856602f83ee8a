//! `Verify`: from a request to answers.

use std::sync::Arc;

use tonic::{Code, Status};
use tracing::info;
use verifier_core::analysis::System;
use verifier_core::btf::Btf;
use verifier_core::program::{ObjectError, unpack_btf};

use super::gate::Turn;
use super::job::{Entry, over_limit, refuse};
use super::proto::input::What;
use super::{Service, proto, wire};
use crate::ask::{Listener, Nobody, Question, Refusal};
use crate::row::{Row, Undecided};

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

fn invalid(message: impl Into<String>) -> Status {
    refuse(Code::InvalidArgument, "REQUEST", message, &[])
}

impl Target {
    /// Reads the BTF that was sent.
    ///
    /// # Errors
    /// Which BTF is malformed, and where.
    pub fn systems(self) -> Result<Vec<System>, Status> {
        let read = |what: &str, bytes: Vec<u8>, base: Option<Arc<Btf>>| {
            let bad = |e: &dyn std::fmt::Display| refuse(Code::InvalidArgument, "BTF", format!("{what}: {e}"), &[]);
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
                let what = format!("target.modules: `{}`", module.name);
                let btf = read(&what, module.btf.clone(), Some(Arc::clone(&s.vmlinux)))?;
                s.modules.push((module.name.clone(), btf));
            }
        }
        Ok(systems)
    }
}

impl Service {
    /// The status of a message that could not be read: too large is a limit of ours.
    pub fn too_large(&self, status: Status) -> Status {
        if status.code() == Code::OutOfRange { too_large(self.limits.bytes) } else { status }
    }
}

/// A message is too large.
pub fn too_large(limit: usize) -> Status {
    over_limit("BYTES", format!("the request is larger than {limit} bytes"), limit)
}

/// What a refusal is to a client.
pub fn refused(refusal: Refusal, question: &Question) -> Status {
    match refusal {
        Refusal::Malformed(e) => malformed(&e),
        Refusal::Raw(e) => refuse(Code::InvalidArgument, "PROGRAM", e.to_string(), &[("field", e.field.clone())]),
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
        let place = format!("program `{}` on Linux {}", row.program, row.kernel);
        match row.undecided {
            None | Some(Undecided::Late) => {}
            Some(Undecided::Memory) => {
                let limit = question.memory;
                let message = format!("{place}: states take more than {} MiB of memory", limit >> 20);
                return Err(over_limit("MEMORY", message, limit));
            }
            Some(Undecided::Fault) => {
                return Err(Status::internal(format!("{place}: a fault in the analysis; please report the program")));
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
        let mut systems: Vec<System> = Vec::new();
        for name in &target.kernels {
            let found: Vec<&System> = self
                .systems
                .iter()
                .filter(|s| name == "all" || s.kernel.name == name || s.kernel.release == name)
                .collect();
            if found.is_empty() {
                let known: Vec<&str> = self.systems.iter().map(|s| s.kernel.name).collect();
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
            systems.extend(self.systems.first().cloned());
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
        let question = wire::question(&options.unwrap_or_default(), &self.limits).map_err(invalid)?;
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
        let begun = std::time::Instant::now();
        let asked = self.asked(request.input, request.target, request.options)?;
        let name = asked.name.clone();
        let work = move |turn: &Turn| {
            let rows = rows(asked, &mut Nobody::default(), &|| !turn.go_on())?;
            Ok(rows.into_iter().map(wire::answer).collect::<Vec<_>>())
        };
        let result = self.compute(entry, work).await;
        let (ms, programs) = (begun.elapsed().as_millis(), result.as_ref().map_or(0, Vec::len));
        match &result {
            Ok(_) => info!(name, programs, ms, "verified"),
            Err(e) => info!(name, ms, code = ?e.code(), "not verified: {}", e.message()),
        }
        Ok(proto::VerifyResponse { answers: result? })
    }
}

/// Computes the rows of a request.
///
/// # Errors
/// What is malformed, over a limit, or a fault.
pub fn rows(asked: Asked, listener: &mut dyn Listener, stop: &dyn Fn() -> bool) -> Result<Vec<Row>, Status> {
    let Asked { name, what, target, question } = asked;
    let systems = target.systems()?;
    let rows = match what {
        What::Object(bytes) => question.object(&name, &bytes, &systems, listener, stop),
        What::Raw(program) => {
            let program = wire::raw_program(program);
            systems.iter().map(|s| question.raw(&name, &program, s, listener, stop)).collect()
        }
    };
    let rows = rows.map_err(|r| refused(r, &question))?;
    settled(&rows, &question)?;
    Ok(rows)
}
