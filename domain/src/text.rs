//! Texts that people write: bounded, and free of what no one can type.

/// Whether a text has between `least` and `most` characters and none that is not to be seen. Line breaks and tabs are fine
/// where `lines` may be written.
#[must_use]
pub fn fits(text: &str, least: usize, most: usize, lines: bool) -> bool {
    let seen = |c: char| !c.is_control() || (lines && matches!(c, '\n' | '\r' | '\t'));
    (least..=most).contains(&text.chars().count()) && text.chars().all(seen)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn length_is_counted_in_characters_and_control_characters_are_refused() {
        assert!(fits("限量耳机", 1, 4, false));
        assert!(!fits("限量耳机", 1, 3, false));
        assert!(!fits("", 1, 3, false));
        assert!(fits("a\nb", 1, 3, true) && !fits("a\nb", 1, 3, false));
        assert!(!fits("a\0b", 1, 3, true) && !fits("a\u{7f}", 1, 3, true));
    }
}
