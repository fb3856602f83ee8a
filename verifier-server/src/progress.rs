//! A bar on standard error while many objects are checked, or many questions asked: for people who wait, never for files
//! and pipes.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::{clean, tell};

/// Nobody needs a bar for less.
const PATIENCE: Duration = Duration::from_secs(1);
/// Columns of the bar itself.
const WIDTH: usize = 24;
/// Columns for the name of the object; longer ones lose their beginning.
const NAME: usize = 40;

/// How far the work is.
pub(crate) struct Progress {
    total: usize,
    begun: Instant,
    /// Something stands on the line.
    shown: bool,
    wanted: bool,
}

impl Progress {
    /// For so many objects. Shows nothing for one, nor when standard error is not a terminal.
    pub(crate) fn new(total: usize) -> Progress {
        let mut progress = Progress::waiting(total);
        progress.wanted &= total > 1;
        progress
    }

    /// For so many steps of one command, however few.
    pub(crate) fn waiting(total: usize) -> Progress {
        Progress {
            total,
            begun: Instant::now(),
            shown: false,
            wanted: tell::notes() && std::io::stderr().is_terminal(),
        }
    }

    /// `done` objects are finished, and `name` is next.
    pub(crate) fn at(&mut self, done: usize, name: &str) {
        if self.wanted && self.begun.elapsed() >= PATIENCE {
            self.shown = true;
            // A terminal that went away is no reason to stop.
            let _ = write!(std::io::stderr(), "\r\x1b[K{}", line(done, self.total, name));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

fn line(done: usize, total: usize, name: &str) -> String {
    let full = (done * WIDTH).checked_div(total).unwrap_or(0).min(WIDTH);
    let name = clean::line(name);
    let cut = name.char_indices().rev().nth(NAME - 1).map_or(0, |(at, _)| at);
    let name = &name[cut..];
    format!("[{}{}] {done}/{total} {name}", "#".repeat(full), "-".repeat(WIDTH - full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_short_and_harmless() {
        assert_eq!(line(1, 4, "a\x1b.o"), format!("[{}{}] 1/4 a\\u{{1b}}.o", "#".repeat(6), "-".repeat(18)));
        assert!(line(3, 3, &"é".repeat(500)).chars().count() < 80);
    }
}
