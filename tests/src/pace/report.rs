//! What was measured as a page and a picture: a table of ratios, and our time over the kernel's for each program.

use std::fmt::Write;
use std::time::Duration;

use super::{Times, geometric_mean};

/// Programs of one kind, timed at one log level.
pub struct Group {
    /// What they are.
    pub title: &'static str,
    /// Name, instructions processed, times.
    pub rows: Vec<(String, u64, Times)>,
    /// Names of those that were not measured, and why.
    pub left_out: Vec<String>,
}

impl Group {
    /// Geometric mean of our times as multiples of the kernel's.
    pub fn mean(&self) -> f64 {
        geometric_mean(self.rows.iter().map(|(_, _, t)| t.ratio()))
    }

    /// The program that fares worst.
    pub fn worst(&self) -> Option<&(String, u64, Times)> {
        self.rows.iter().max_by(|a, b| a.2.ratio().total_cmp(&b.2.ratio()))
    }
}

/// Everything that one run measured.
#[derive(Default)]
pub struct Measured {
    /// The kernel that was asked.
    pub kernel: String,
    /// Groups of programs.
    pub groups: Vec<Group>,
    /// Programs that grow: shape, size, times.
    pub growth: Vec<(&'static str, usize, Times)>,
    /// The whole command on an object: which, and the median.
    pub command: Vec<(&'static str, Duration)>,
    /// Most memory that one recorded program took, in bytes, and which.
    pub peak: Option<(u64, String)>,
    /// All programs on one thread and on two.
    pub threads: Option<(Duration, Duration)>,
}

fn us(t: Duration) -> f64 {
    t.as_secs_f64() * 1e6
}

impl Measured {
    /// The page.
    pub fn page(&self) -> String {
        let mut out = String::new();
        let _ = self.write_page(&mut out);
        out
    }

    fn write_page(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "# How long the analysis takes\n")?;
        writeln!(
            out,
            "Made by `make bench` on Linux {}: both sides are asked in turns in one run, the smallest time of each counts.\n\
             The kernel's time is the `verification time` that it prints; ours is the analysis, the object being parsed.\n",
            self.kernel
        )?;
        writeln!(out, "| programs | number | ours / kernel, geometric mean | worst | of |\n|---|---|---|---|---|")?;
        for g in &self.groups {
            let (worst, name) = g.worst().map_or((0.0, ""), |(n, _, t)| (t.ratio(), n));
            writeln!(out, "| {} | {} | {:.2} | {worst:.2} | `{name}` |", g.title, g.rows.len(), g.mean())?;
        }
        writeln!(out, "\n![our time over the kernel's](speed.svg)\n")?;
        if !self.growth.is_empty() {
            writeln!(out, "| shape | size | ours, µs | kernel, µs | ratio |\n|---|---|---|---|---|")?;
            for (shape, size, t) in &self.growth {
                writeln!(out, "| {shape} | {size} | {:.0} | {:.0} | {:.2} |", us(t.ours), us(t.kernel), t.ratio())?;
            }
            writeln!(out)?;
        }
        for (what, time) in &self.command {
            writeln!(out, "- `bpfvet check`, {what}: {:.1} ms from start to end, median.", us(*time) / 1000.0)?;
        }
        if let Some((bytes, name)) = &self.peak {
            writeln!(out, "- Most memory on one of the heavy programs: {} MB (`{name}`).", bytes / 1_000_000)?;
        }
        if let Some((one, two)) = self.threads {
            writeln!(out, "- Two threads: {:.2} times as fast as one.", one.as_secs_f64() / two.as_secs_f64())?;
        }
        let left_out: Vec<&String> = self.groups.iter().flat_map(|g| &g.left_out).collect();
        if !left_out.is_empty() {
            writeln!(out, "\nNot measured:\n")?;
            left_out.iter().try_for_each(|line| writeln!(out, "- {line}"))?;
        }
        Ok(())
    }

    /// The picture: a point for each program of the first groups, both axes logarithmic, and lines where both are equal and
    /// where we take half.
    pub fn picture(&self) -> String {
        let mut out = String::new();
        let _ = self.write_picture(&mut out);
        out
    }

    fn write_picture(&self, out: &mut String) -> std::fmt::Result {
        const SIDE: f64 = 560.0;
        const MARGIN: f64 = 60.0;
        const COLOURS: [&str; 4] = ["#c0392b", "#2980b9", "#27ae60", "#8e44ad"];
        // From a microsecond to ten seconds.
        let at = |t: f64| MARGIN + SIDE * t.max(1.0).log10().min(7.0) / 7.0;
        let y = |t: f64| SIDE + 2.0 * MARGIN - at(t);
        let size = SIDE + 2.0 * MARGIN;
        writeln!(
            out,
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" font-family="sans-serif" font-size="12">
<rect width="{size}" height="{size}" fill="#fff"/>"##
        )?;
        for (k, word) in ["1 µs", "10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s", "10 s"].iter().enumerate() {
            let t = 10f64.powi(k as i32);
            writeln!(
                out,
                r##"<path d="M{x:.1} {top} V{bottom} M{MARGIN} {y:.1} H{right}" stroke="#ddd"/>
<text x="{x:.1}" y="{below}" text-anchor="middle">{word}</text><text x="{before}" y="{y:.1}" text-anchor="end">{word}</text>"##,
                x = at(t),
                y = y(t),
                top = MARGIN,
                bottom = SIDE + MARGIN,
                right = SIDE + MARGIN,
                below = SIDE + MARGIN + 18.0,
                before = MARGIN - 6.0,
            )?;
        }
        for (ratio, word) in [(1.0, "as long as the kernel"), (0.5, "half")] {
            let (x1, x2) = (2.0, 1e7);
            writeln!(
                out,
                r##"<path d="M{:.1} {:.1} L{:.1} {:.1}" stroke="#888" stroke-dasharray="4 3"/><text x="{:.1}" y="{:.1}" text-anchor="end" fill="#555">{word}</text>"##,
                at(x1),
                y(x1 * ratio),
                at(x2),
                y(x2 * ratio),
                at(x2) - 12.0,
                y(x2 * ratio) + if ratio < 1.0 { 24.0 } else { -2.0 },
            )?;
        }
        for (g, colour) in self.groups.iter().zip(COLOURS) {
            for (_, _, t) in &g.rows {
                let (x, y) = (at(us(t.kernel)), y(us(t.ours)));
                writeln!(out, r#"<circle cx="{x:.1}" cy="{y:.1}" r="2.5" fill="{colour}" fill-opacity="0.6"/>"#)?;
            }
        }
        for (i, (g, colour)) in self.groups.iter().zip(COLOURS).enumerate() {
            let (x, y) = (MARGIN + 12.0, MARGIN + 18.0 + 18.0 * i as f64);
            writeln!(out, r#"<text x="{x}" y="{y}" fill="{colour}">{} ({:.2}×)</text>"#, g.title, g.mean())?;
        }
        writeln!(out, r#"<text x="{}" y="{}" text-anchor="middle">the kernel</text>"#, size / 2.0, size - 12.0)?;
        writeln!(
            out,
            r#"<text x="14" y="{}" transform="rotate(-90 14 {0})" text-anchor="middle">bpfvet</text>"#,
            size / 2.0
        )?;
        writeln!(out, "</svg>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_and_a_picture_of_what_was_measured() {
        let times = |ours, kernel| Times { ours: Duration::from_micros(ours), kernel: Duration::from_micros(kernel) };
        let rows = vec![("a.o/x".to_string(), 10, times(5, 20)), ("a.o/y".to_string(), 9, times(10, 10))];
        let group = Group { title: "small", rows, left_out: vec!["a.o/z: why".into()] };
        let all = Measured { kernel: "6.18".into(), groups: vec![group], ..Measured::default() };
        assert!(all.page().contains("| small | 2 | 0.50 | 1.00 | `a.o/y` |") && all.page().contains("- a.o/z: why"));
        assert_eq!(all.picture().matches("<circle").count(), 2);
    }
}
