//! Money as integer minor units of one currency, never as floats.

use std::{fmt, str::FromStr};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A currency by its ISO 4217 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the ISO 4217 codes are their own documentation")]
pub enum Currency {
    Aud,
    Cad,
    Chf,
    Cny,
    Eur,
    Gbp,
    Hkd,
    Jpy,
    Krw,
    Sgd,
    Twd,
    Usd,
}

impl Currency {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Aud,
        Self::Cad,
        Self::Chf,
        Self::Cny,
        Self::Eur,
        Self::Gbp,
        Self::Hkd,
        Self::Jpy,
        Self::Krw,
        Self::Sgd,
        Self::Twd,
        Self::Usd,
    ];

    /// The ISO 4217 code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Aud => "AUD",
            Self::Cad => "CAD",
            Self::Chf => "CHF",
            Self::Cny => "CNY",
            Self::Eur => "EUR",
            Self::Gbp => "GBP",
            Self::Hkd => "HKD",
            Self::Jpy => "JPY",
            Self::Krw => "KRW",
            Self::Sgd => "SGD",
            Self::Twd => "TWD",
            Self::Usd => "USD",
        }
    }

    /// How many decimal places its smallest unit has (ISO 4217 exponent).
    #[must_use]
    pub const fn decimal_places(self) -> u32 {
        match self {
            Self::Jpy | Self::Krw => 0,
            _ => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        Self::ALL.into_iter().find(|c| c.code() == text).ok_or_else(|| MoneyError::UnknownCurrency(text.to_owned()))
    }
}

/// Why a text or a number is not an amount of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not one of [`Currency::ALL`].
    #[error("unknown currency {0:?}")]
    UnknownCurrency(String),
    /// More decimal places than the currency has.
    #[error("{currency} has {places} decimal places, {amount} has more")]
    TooPrecise {
        /// The currency.
        currency: Currency,
        /// Its decimal places.
        places: u32,
        /// What was given.
        amount: Decimal,
    },
    /// Beyond what an order can hold.
    #[error("{0} is out of range")]
    OutOfRange(Decimal),
}

/// An amount in minor units (cents, fen) of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// Minor units.
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

impl Money {
    /// The largest amount that one price or top-up may have, in minor units: far below what would
    /// overflow when it is multiplied by the largest quantity.
    pub const MAX_MINOR: i64 = 100_000_000_000;

    /// An amount of `minor` units.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Reads a decimal amount exactly; trailing zeros are fine, further places are not.
    pub fn from_decimal(amount: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        let places = currency.decimal_places();
        let normal = amount.normalize();
        if normal.scale() > places {
            return Err(MoneyError::TooPrecise { currency, places, amount });
        }
        let scaled = normal.checked_mul(Decimal::from(10_i64.pow(places))).ok_or(MoneyError::OutOfRange(amount))?;
        let minor = i64::try_from(scaled).map_err(|_| MoneyError::OutOfRange(amount))?;
        if minor.abs() > Self::MAX_MINOR {
            return Err(MoneyError::OutOfRange(amount));
        }
        Ok(Self { minor, currency })
    }

    /// The amount in major units, with the currency's decimal places.
    #[must_use]
    pub fn amount(self) -> Decimal {
        Decimal::new(self.minor, self.currency.decimal_places())
    }

    /// The price of `units`. Saturates, which the bounds on price and quantity keep from happening.
    #[must_use]
    pub const fn times(self, units: u32) -> Self {
        Self { minor: self.minor.saturating_mul(units as i64), currency: self.currency }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount(), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_is_exact() {
        let read = |text: &str, currency| Money::from_decimal(text.parse().unwrap(), currency).map(|m| m.minor);
        assert_eq!(read("9.99", Currency::Cny), Ok(999));
        assert_eq!(read("9.9900", Currency::Cny), Ok(999));
        assert_eq!(read("500", Currency::Jpy), Ok(500));
        assert!(matches!(read("9.999", Currency::Cny), Err(MoneyError::TooPrecise { .. })));
        assert!(matches!(read("0.5", Currency::Jpy), Err(MoneyError::TooPrecise { .. })));
        assert!(matches!(read("79228162514264337593543950335", Currency::Usd), Err(MoneyError::OutOfRange(_))));
        assert_eq!(Money::new(1_000, Currency::Cny).to_string(), "10.00 CNY");
    }
}
