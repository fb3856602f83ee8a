//! Statuses with machine-readable reasons (`google.rpc.ErrorInfo`). Every message is short and printable, whatever a
//! client put into a request.

use std::collections::HashMap;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::text::{MESSAGE, NAME, clean};

/// Domain of our reasons in error details.
const DOMAIN: &str = "bpfvet";

/// A status with a machine-readable reason.
pub fn refuse(code: Code, reason: &str, message: impl AsRef<str>, facts: &[(&str, String)]) -> Status {
    let facts: HashMap<String, String> = facts.iter().map(|(k, v)| ((*k).to_string(), clean(v, NAME))).collect();
    let details = ErrorDetails::with_error_info(reason, DOMAIN, facts);
    Status::with_error_details(code, clean(message.as_ref(), MESSAGE), details)
}

/// A limit of the service is exceeded.
pub fn over_limit(reason: &str, message: impl AsRef<str>, limit: impl ToString) -> Status {
    refuse(Code::ResourceExhausted, reason, message, &[("limit", limit.to_string())])
}

/// A request that cannot be understood.
pub fn invalid(message: impl AsRef<str>) -> Status {
    refuse(Code::InvalidArgument, "REQUEST", message, &[])
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
    }
}
