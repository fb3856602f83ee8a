//! Notes on standard error: what is good to know and no part of an answer. `-q` silences them, `-v` asks for more.

use std::sync::atomic::{AtomicU8, Ordering};

/// 0: nothing; 1: notes; 2: details.
static LEVEL: AtomicU8 = AtomicU8::new(1);

/// Sets how much is told.
pub fn set(quiet: bool, verbose: u8) {
    LEVEL.store(if quiet { 0 } else { verbose.saturating_add(1) }, Ordering::Relaxed);
}

/// Whether progress and notes are wanted.
pub fn notes() -> bool {
    LEVEL.load(Ordering::Relaxed) > 0
}

/// Tells a note; what comes from outside was cleaned before.
pub fn note(text: &str) {
    if notes() {
        eprintln!("bpfvet: {text}");
    }
}

/// Tells a detail, which only who asks with `-v` wants to know.
pub fn detail(text: &str) {
    if LEVEL.load(Ordering::Relaxed) > 1 {
        eprintln!("bpfvet: {text}");
    }
}
