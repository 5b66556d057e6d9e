//! Durations as people write them: "15m", "1h 30m", "250ms".

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The units, from the largest, in milliseconds.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
/// A century: more is a slip of the pen, and must not overflow a date.
const MAX_MILLIS: u64 = 36_525 * 86_400_000;

/// A duration in whole milliseconds, written as people do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Humane(u64);

/// A text that is not a duration.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a duration: write it as \"250ms\", \"30s\", \"15m\", \"12h\" or \"30d\"")]
pub struct NotADuration(String);

impl Humane {
    /// For the runtime.
    #[must_use]
    pub const fn std(self) -> Duration {
        Duration::from_millis(self.0)
    }

    /// For the calendar.
    #[must_use]
    pub fn chrono(self) -> chrono::Duration {
        chrono::Duration::milliseconds(i64::try_from(self.0).unwrap_or(i64::MAX))
    }
}

impl FromStr for Humane {
    type Err = NotADuration;

    fn from_str(text: &str) -> Result<Self, NotADuration> {
        read(text).filter(|millis| *millis <= MAX_MILLIS).map(Self).ok_or_else(|| NotADuration(text.to_owned()))
    }
}

fn read(text: &str) -> Option<u64> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    let mut millis: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit)?;
        millis = millis.checked_add(number.parse::<u64>().ok()?.checked_mul(*scale)?)?;
        rest = after.trim_start();
    }
    Some(millis)
}

impl fmt::Display for Humane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut left = self.0;
        let mut gap = "";
        for (unit, scale) in UNITS {
            if left / scale > 0 {
                write!(f, "{gap}{}{unit}", left / scale)?;
                left %= scale;
                gap = " ";
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Humane {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl Serialize for Humane {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_shown() {
        for (text, millis, shown) in [
            ("15m", 900_000, "15m"),
            ("90s", 90_000, "1m 30s"),
            ("1h30m", 5_400_000, "1h 30m"),
            (" 1h 250ms ", 3_600_250, "1h 250ms"),
            ("30d", 2_592_000_000, "30d"),
            ("0s", 0, "0s"),
        ] {
            let read: Humane = text.parse().unwrap();
            assert_eq!((read.0, read.to_string().as_str()), (millis, shown), "{text:?}");
        }
        for bad in ["", "15", "m", "-1s", "1.5h", "15 m", "1w", "99999999999999999999s", "100000d"] {
            assert!(bad.parse::<Humane>().is_err(), "{bad:?}");
        }
    }
}
