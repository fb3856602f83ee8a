//! Flame graphs: what falls to each chain of calls, as a drawing that needs no script and no network.
//!
//! A box is a function or line, as wide as its share; what it calls stands below it. Hovering tells the figures. Colours are
//! made of the names, so that the same function looks the same in every drawing.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::svg::escape;

/// Pixels of the whole drawing.
const WIDTH: f64 = 1200.0;
/// Pixels of one row.
const ROW: usize = 18;
/// Boxes that are narrower are left out: nobody could see them.
const NARROWEST: f64 = 0.3;
/// Pixels that a letter takes.
const LETTER: f64 = 6.6;

/// A box and what stands below it.
#[derive(Default)]
struct Frame {
    total: u64,
    below: BTreeMap<String, Frame>,
}

impl Frame {
    fn depth(&self) -> usize {
        self.below.values().map(Frame::depth).max().map_or(0, |d| d + 1)
    }
}

/// Draws chains of names with what falls to each.
pub fn svg(stacks: impl IntoIterator<Item = (Vec<String>, u64)>) -> String {
    let mut root = Frame::default();
    for (stack, n) in stacks {
        root.total += n;
        stack.into_iter().fold(&mut root, |at, name| {
            let frame = at.below.entry(name).or_default();
            frame.total += n;
            frame
        });
    }
    let height = (root.depth() + 1) * ROW + 10;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"monospace\" font-size=\"11\">\n\
         <style>rect{{stroke:#fff;stroke-width:.5}}g:hover>rect{{stroke:#000;stroke-width:1}}</style>\n\
         <text x=\"4\" y=\"13\">{} instructions processed</text>\n",
        root.total
    );
    draw(&root, 0.0, 1, root.total, &mut out);
    out.push_str("</svg>\n");
    out
}

/// Draws what stands below a box whose left edge is at `x`.
fn draw(of: &Frame, x: f64, row: usize, whole: u64, out: &mut String) {
    let mut x = x;
    for (name, frame) in &of.below {
        let width = if whole == 0 { 0.0 } else { frame.total as f64 / whole as f64 * WIDTH };
        if width >= NARROWEST {
            let y = row * ROW;
            let percent = frame.total as f64 * 100.0 / whole as f64;
            let (text, shown) = (escape(name), escape(&fitting(name, width)));
            // Writing to a string does not fail.
            let _ = writeln!(
                out,
                "<g><title>{text}: {} instructions, {percent:.1}%</title><rect x=\"{x:.2}\" y=\"{y}\" width=\"{width:.2}\" \
                 height=\"{}\" fill=\"{}\"/><text x=\"{:.2}\" y=\"{}\">{shown}</text></g>",
                frame.total,
                ROW - 1,
                colour(name),
                x + 3.0,
                y + 13
            );
            draw(frame, x, row + 1, whole, out);
        }
        x += width;
    }
}

/// As much of a name as a box holds.
fn fitting(name: &str, width: f64) -> String {
    let letters = ((width - 6.0) / LETTER).max(0.0) as usize;
    if name.chars().count() <= letters {
        return name.into();
    }
    if letters < 3 { String::new() } else { name.chars().take(letters - 1).chain(['…']).collect() }
}

/// A warm colour of a name's own.
fn colour(name: &str) -> String {
    let hash = name.bytes().fold(0x811c_9dc5u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
    format!("hsl({},{}%,{}%)", 10 + hash % 45, 70 + hash / 64 % 20, 62 + hash / 4096 % 14)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_as_wide_as_their_share_and_names_are_escaped() {
        let stack = |names: &[&str]| names.iter().map(|n| (*n).to_string()).collect::<Vec<_>>();
        let drawn = svg([(stack(&["a<b", "x"]), 3), (stack(&["a<b", "y"]), 1)]);
        assert!(drawn.contains("a&lt;b: 4 instructions, 100.0%") && drawn.contains("width=\"1200.00\""), "{drawn}");
        assert!(drawn.contains("x: 3 instructions, 75.0%") && drawn.contains("width=\"900.00\""));
        assert!(drawn.contains("x=\"900.00\"") && !drawn.contains("a<b"));
        assert!(svg([]).contains("0 instructions"));
    }
}
