//! Times and durations written out in a rule, read when it is saved so that a typo is found then.
//! It has no clock.

use chrono::{DateTime, Datelike};

/// The longest duration: CEL counts in nanoseconds, in 64 bits.
const MAX_NANOSECONDS: f64 = 9.2e18;

/// Whether `text` is a timestamp of the years that CEL has.
pub(super) fn is_timestamp(text: &str) -> bool {
    DateTime::parse_from_rfc3339(text).is_ok_and(|t| (1..=9_999).contains(&t.to_utc().year()))
}

/// Whether the whole of `text` is a duration. The `cel` crate ignores what follows the part that it
/// understands: `24h and a bit`.
pub(super) fn is_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix('-').unwrap_or(text);
    if rest == "0" {
        return true;
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let units = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, next) = tail.split_at(units);
        let (Ok(number), Some(nanoseconds)) = (number.parse::<f64>(), nanoseconds(unit)) else {
            return false;
        };
        total += number * nanoseconds;
        rest = next;
    }
    !text.is_empty() && text != "-" && total < MAX_NANOSECONDS
}

fn nanoseconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "h" => 3.6e12,
        "m" => 6e10,
        "s" => 1e9,
        "ms" => 1e6,
        "us" => 1e3,
        "ns" => 1.0,
        _ => return None,
    })
}
