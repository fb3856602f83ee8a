//! Which of the names that there are may have been meant.

/// The nearest of some names, if any is near enough to be meant.
pub fn near<'a, S: AsRef<str>>(meant: &str, known: &'a [S]) -> Option<&'a str> {
    let meant: String = meant.chars().take(128).collect::<String>().to_ascii_lowercase();
    let words = |name: &str| meant.len() >= 4 && (name.contains(&meant) || meant.contains(name) && name.len() >= 4);
    let distance = |name: &str| {
        let d = strsim::osa_distance(&meant, &name.to_ascii_lowercase());
        if d > 1 && words(&name.to_ascii_lowercase()) { 2 } else { d }
    };
    let far = (meant.chars().count() / 3).clamp(1, 4);
    let names = known.iter().map(AsRef::as_ref).filter(|k| k.len() <= 128);
    let best = names.map(|k| (distance(k), k)).min_by_key(|(d, _)| *d)?;
    (best.0 <= far).then_some(best.1)
}

/// `; did you mean …?`, or nothing.
pub fn did_you_mean<S: AsRef<str>>(meant: &str, known: &[S]) -> String {
    near(meant, known).map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_meant_and_nothing_else() {
        let known: Vec<String> = ["kernels", "loader", "bpf_loop", "max_entries"].map(String::from).into();
        assert_eq!(near("kernel", &known), Some("kernels"));
        assert_eq!(near("entries", &known), Some("max_entries"));
        assert_eq!(near("BPF_LOP", &known), Some("bpf_loop"));
        assert_eq!(near("quux", &known), None);
        assert_eq!(did_you_mean("laoder", &known), "; did you mean `loader`?");
    }
}
