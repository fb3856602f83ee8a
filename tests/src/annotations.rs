//! What the authors of the recorded tests expect to read in the log.
//!
//! A test of the kernel's selftests names messages that must come in the log, in this order: literal text with POSIX
//! extended regular expressions between `{{` and `}}`. A message that the recorded kernel itself printed must stand in
//! our log as well. Where the kernel's own log lacks it (another log level, another kernel) nothing is asked.

use regex::Regex;
use serde_json::Value;

use crate::agreement::Pair;
use crate::run::Failure;

/// A message as a regular expression.
fn pattern(message: &str) -> Result<Regex, Failure> {
    let mut out = String::new();
    let mut rest = message;
    while let Some((literal, tail)) = rest.split_once("{{") {
        let (expression, after) = tail.split_once("}}").ok_or_else(|| format!("`{message}`: no }}}} behind {{{{"))?;
        out.push_str(&regex::escape(literal));
        out.push_str(&format!("(?:{expression})"));
        rest = after;
    }
    out.push_str(&regex::escape(rest));
    Ok(Regex::new(&out)?)
}

/// The first message that does not come behind those before it.
fn missing<'a>(messages: &'a [(String, Regex)], log: &str) -> Option<&'a str> {
    let mut rest = log;
    for (message, pattern) in messages {
        match pattern.find(rest) {
            Some(found) => rest = &rest[found.end()..],
            None => return Some(message),
        }
    }
    None
}

/// What the annotations of the pairs come to.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Programs whose messages the kernel printed.
    pub asked: usize,
    /// Programs of which we do not print them: name and the first message missing.
    pub broken: Vec<(String, String)>,
}

/// Holds the messages that the recorded kernels printed against our logs.
///
/// # Errors
/// When a message is no regular expression.
pub fn compare(pairs: &[Pair]) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    for pair in pairs {
        let Some(messages) = pair.theirs.raw["annotations"]["msgs"].as_array().filter(|m| !m.is_empty()) else {
            continue;
        };
        let Some(log) = &pair.theirs.log else { continue };
        let compile = |m: &str| pattern(m).map(|p| (m.to_string(), p));
        let messages = messages.iter().filter_map(Value::as_str).map(compile).collect::<Result<Vec<_>, _>>()?;
        if missing(&messages, log).is_some() {
            continue;
        }
        outcome.asked += 1;
        if let Some(message) = missing(&messages, &pair.ours.log) {
            outcome.broken.push((pair.name.clone(), message.to_string()));
        }
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_text_expressions_and_order() {
        let m = |texts: &[&str]| -> Vec<(String, Regex)> {
            texts.iter().map(|t| (t.to_string(), pattern(t).expect("pattern"))).collect()
        };
        let log = "0: (b7) r0 = 0\nR1 off=8 (size)\nprocessed 7 insns\n";
        assert_eq!(missing(&m(&["r0 = 0", "processed {{[0-9]+}} insns"]), log), None);
        assert_eq!(missing(&m(&["processed {{[0-9]+}} insns", "r0 = 0"]), log), Some("r0 = 0"));
        assert_eq!(missing(&m(&["off={{7|8}} (size)"]), log), None);
        assert!(pattern("{{open").is_err());
    }
}
