//! Statuses with machine-readable reasons (`google.rpc.ErrorInfo`). Every message is short and printable, whatever a
//! client put into a request.

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::text::{MESSAGE, NAME, clean};

/// Domain of our reasons in error details.
const DOMAIN: &str = "bpfvet";

/// What may be different a little later.
const PASSING: [&str; 5] = ["TOTAL_MEMORY", "REQUESTS", "SHARE", "ROOM", "DRAIN"];
/// When to ask again, then.
const LATER: Duration = Duration::from_secs(1);

/// A status with a machine-readable reason. A fact called `field` says which one is wrong, in the standard form as well.
pub fn refuse(code: Code, reason: &str, message: impl AsRef<str>, facts: &[(&str, String)]) -> Status {
    let message = clean(message.as_ref(), MESSAGE);
    let facts: HashMap<String, String> = facts.iter().map(|(k, v)| ((*k).to_string(), clean(v, NAME))).collect();
    let field = facts.get("field").cloned();
    let mut details = ErrorDetails::with_error_info(reason, DOMAIN, facts);
    if let Some(field) = field {
        details.add_bad_request_violation(field, message.clone());
    }
    if PASSING.contains(&reason) {
        details.set_retry_info(Some(LATER));
    }
    Status::with_error_details(code, message, details)
}

/// A limit of the service is exceeded.
pub fn over_limit(reason: &str, message: impl AsRef<str>, limit: impl ToString) -> Status {
    refuse(Code::ResourceExhausted, reason, message, &[("limit", limit.to_string())])
}

/// A request that cannot be understood.
pub fn invalid(message: impl AsRef<str>) -> Status {
    refuse(Code::InvalidArgument, "REQUEST", message, &[])
}

/// A field of a request that cannot be understood.
pub fn invalid_field(field: &str, what: impl std::fmt::Display) -> Status {
    refuse(Code::InvalidArgument, "REQUEST", format!("{field}: {what}"), &[("field", field.to_string())])
}

/// A fault of ours.
pub fn fault(message: impl AsRef<str>) -> Status {
    refuse(Code::Internal, "FAULT", message, &[])
}

/// Nobody may come in without a token.
pub fn unauthenticated(message: impl AsRef<str>) -> Status {
    refuse(Code::Unauthenticated, "TOKEN", message, &[])
}

/// The deadline of the call passed.
pub fn too_late() -> Status {
    refuse(Code::DeadlineExceeded, "DEADLINE", "the deadline passed; the analysis was stopped", &[])
}

/// A message is larger than one may be.
pub fn too_large(limit: usize) -> Status {
    over_limit("BYTES", format!("the request is larger than {limit} bytes"), limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_holds_no_more_of_a_request_than_people_read() {
        let long = "k\u{7}".repeat(500_000);
        let s = refuse(Code::NotFound, "KERNEL", format!("unknown kernel `{long}`"), &[("kernel", long.clone())]);
        assert!(s.message().len() < 2_000 && s.details().len() < 2_000, "{} {}", s.message().len(), s.details().len());
        assert!(!s.message().contains(char::is_control));
        let info = s.get_details_error_info().expect("details");
        assert_eq!((info.reason.as_str(), info.domain.as_str()), ("KERNEL", DOMAIN));
        assert!(!info.metadata["kernel"].contains(char::is_control));
        assert!(s.get_details_retry_info().is_none());
        assert!(over_limit("REQUESTS", "full", 1).get_details_retry_info().is_some());
        let field = invalid_field("input.name", "too long").get_details_bad_request().expect("details");
        assert_eq!(field.field_violations[0].field, "input.name");
    }
}
