//! The text of a document before it is parsed: how long it is, and how deep its brackets stand in each other.
//!
//! This is the lexical grammar of the specification (appendix A.1 to A.3) as far as it takes to tell tokens apart. What
//! is no GraphQL is counted like the rest: the parser says what is wrong with it.

use async_graphql::{Pos, ServerError};

use super::limits::{Excess, Limits, MAX_BRACKETS, MAX_NAME};
use crate::errors::{self, Code};

/// Ignored between tokens, wherever it stands.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
const QUOTE: &[u8] = b"\"";
const BLOCK: &[u8] = b"\"\"\"";
const ESCAPED_BLOCK: &[u8] = b"\\\"\"\"";

/// Why a text is not worth parsing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It has too much of something.
    TooMuch(Excess),
    /// The text that begins at this byte of it has no end. The parser must not see it: it takes `"""` without an end
    /// for two texts, and then reads as brackets what stands in a text here.
    NeverEnds(usize),
}

impl Trouble {
    /// What the client is told.
    pub(super) fn error(self, text: &str, limits: &Limits) -> ServerError {
        match self {
            Self::TooMuch(excess) => excess.error(limits),
            Self::NeverEnds(at) => {
                let error =
                    ServerError::new("syntax error: a text that begins here does not end", Some(place(text, at)));
                errors::coded(Code::ParseFailed, error)
            }
        }
    }
}

/// Counts the tokens of a text, and stops at the first that is one too many.
pub(super) fn tokens(text: &str, limit: usize) -> Result<usize, Trouble> {
    let mut rest = text.as_bytes();
    let (mut tokens, mut open) = (0_usize, 0_usize);
    while let [first, after @ ..] = rest {
        let length = match first {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => {
                rest = after;
                continue;
            }
            b'#' => {
                rest = &rest[until(rest, |byte| matches!(byte, b'\n' | b'\r'))..];
                continue;
            }
            0xEF if rest.starts_with(BYTE_ORDER_MARK) => {
                rest = &rest[BYTE_ORDER_MARK.len()..];
                continue;
            }
            b'{' | b'(' | b'[' => {
                open += 1;
                1
            }
            b'}' | b')' | b']' => {
                open = open.saturating_sub(1);
                1
            }
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => until(rest, |byte| !(byte == b'_' || byte.is_ascii_alphanumeric())),
            b'-' | b'0'..=b'9' => {
                1 + until(after, |byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')))
            }
            b'"' => string(rest).ok_or(Trouble::NeverEnds(text.len() - rest.len()))?,
            b'.' if after.starts_with(b"..") => 3,
            _ => 1,
        };
        if open > MAX_BRACKETS {
            return Err(Trouble::TooMuch(Excess::Brackets));
        }
        if length > MAX_NAME && *first != b'"' {
            return Err(Trouble::TooMuch(Excess::Name));
        }
        tokens += 1;
        if tokens > limit {
            return Err(Trouble::TooMuch(Excess::Tokens));
        }
        rest = &rest[length..];
    }
    Ok(tokens)
}

/// How many bytes come before the first of which this is true.
fn until(text: &[u8], end: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|byte| end(*byte)).unwrap_or(text.len())
}

/// The length of the text that begins here, with its quotes; none if it does not end.
fn string(text: &[u8]) -> Option<usize> {
    let block = text.starts_with(BLOCK);
    let quotes = if block { BLOCK } else { QUOTE };
    let mut at = quotes.len();
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with(quotes) {
            return Some(at + quotes.len());
        }
        at += match rest[0] {
            // In a block only the three quotes can be escaped; on one line any sign.
            b'\\' if !block => 2,
            b'\\' if rest.starts_with(ESCAPED_BLOCK) => ESCAPED_BLOCK.len(),
            b'\n' | b'\r' if !block => return None,
            _ => 1,
        };
    }
    None
}

/// Line and column, both from 1.
fn place(text: &str, at: usize) -> Pos {
    let before = text.get(..at).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    Pos { line: before.matches('\n').count() + 1, column: line.chars().count() + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_those_of_the_specification() {
        for (text, count) in [
            ("", 0),
            ("{me{id}}", 6),
            ("query Q($a: Int = -1.5e+3) { f(a: $a) ...x }", 21),
            ("# only { a comment\n,, \u{feff}", 0),
            ("{ f(a: \"} \\\" {\", b: \"\"\" \\\"\"\" \" ) \"\"\") }", 11),
            ("\"\"\"\"\"\"\"\"", 2),
            ("\"\" \"\"", 2),
            ("...a....b", 5),
        ] {
            assert_eq!(tokens(text, 1_000), Ok(count), "{text}");
            assert_eq!(tokens(text, count.saturating_sub(1)).is_err(), count > 0, "{text}");
        }
    }

    #[test]
    fn nothing_deep_and_no_endless_name_gets_to_the_parser() {
        let nested = |bracket: &str, depth| format!("{{ me(a: {}", bracket.repeat(depth));
        for bracket in ["[", "{a:", "(", "{"] {
            assert!(tokens(&nested(bracket, MAX_BRACKETS - 2), usize::MAX).is_ok(), "{bracket}");
            let deep = tokens(&nested(bracket, MAX_BRACKETS), usize::MAX);
            assert_eq!(deep, Err(Trouble::TooMuch(Excess::Brackets)), "{bracket}");
        }
        let flat = "{ a }".repeat(1_000);
        assert!(tokens(&flat, usize::MAX).is_ok(), "brackets beside each other are not in each other");
        let name = format!("{{ {} }}", "a".repeat(MAX_NAME + 1));
        assert_eq!(tokens(&name, usize::MAX), Err(Trouble::TooMuch(Excess::Name)));
        assert!(tokens(&format!("{{ f(a: \"{}\") }}", "a".repeat(10_000)), usize::MAX).is_ok());
    }

    #[test]
    fn a_text_without_an_end_is_no_document() {
        for text in ["\"", "\"a\n\"", "\"\\", "\"\\\"", "\"\"\"", "\"\"\" a\" [[[", "\"\"\" \\\"\"\""] {
            assert_eq!(tokens(text, usize::MAX), Err(Trouble::NeverEnds(0)), "{text}");
        }
        let error = Trouble::NeverEnds(6).error("{ a\n  \"", &Limits::default());
        assert_eq!(error.locations, [Pos { line: 2, column: 3 }]);
    }
}
