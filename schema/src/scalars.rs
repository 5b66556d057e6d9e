//! Scalars and money: how dates, times and amounts look in the graph.

use async_graphql::{Enum, InputObject, InputValueError, InputValueResult, Scalar, ScalarType, SimpleObject, Value};
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// What the playground says about the `DateTime` scalar, which a library brings.
pub(crate) const DATE_TIME: &str =
    "An instant, as RFC 3339 text in UTC: `2026-11-11T10:00:00+00:00`. Input may have another offset.";

/// What the playground says about the `Decimal` scalar, which a library brings.
pub(crate) const DECIMAL: &str = "An exact decimal number. Answers are text, such as `\"9.99\"`, so that no client reads \
them as floating point; input may be text or a number.";

/// A day, as `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date(pub NaiveDate);

/// A day of the calendar, as `YYYY-MM-DD`.
#[Scalar(name = "Date", specified_by_url = "https://datatracker.ietf.org/doc/html/rfc3339")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        // chrono also takes "2026-1-1"; the one form that is written is the one that is read.
        match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            Ok(date) if text.len() == 10 => Ok(Self(date)),
            _ => Err(InputValueError::custom("a date has the form YYYY-MM-DD")),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.format("%Y-%m-%d").to_string())
    }
}

/// A currency, by its ISO 4217 code. The shop keeps prices and balances in one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::money::Currency")]
pub enum CurrencyCode {
    /// Australian dollar.
    Aud,
    /// Canadian dollar.
    Cad,
    /// Swiss franc.
    Chf,
    /// Renminbi.
    Cny,
    /// Euro.
    Eur,
    /// Pound sterling.
    Gbp,
    /// Hong Kong dollar.
    Hkd,
    /// Yen; has no decimal places.
    Jpy,
    /// Won; has no decimal places.
    Krw,
    /// Singapore dollar.
    Sgd,
    /// New Taiwan dollar.
    Twd,
    /// United States dollar.
    Usd,
}

/// An amount of money.
#[derive(Debug, Clone, Copy, SimpleObject)]
#[graphql(shareable)]
pub struct Money {
    /// How much, in units of the currency: `"9.99"`, never `999`.
    pub amount: Decimal,
    /// Of which currency.
    pub currency_code: CurrencyCode,
}

impl From<domain::money::Money> for Money {
    fn from(money: domain::money::Money) -> Self {
        Self { amount: money.amount(), currency_code: money.currency.into() }
    }
}

/// An amount of money.
#[derive(Debug, Clone, Copy, InputObject)]
pub struct MoneyInput {
    /// How much, in units of the currency: `"9.99"`, never `999`. No more decimal places than the currency has.
    pub amount: Decimal,
    /// Of which currency: the shop's.
    pub currency_code: CurrencyCode,
}

impl From<MoneyInput> for (Decimal, domain::money::Currency) {
    fn from(money: MoneyInput) -> Self {
        (money.amount, money.currency_code.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_one_form() {
        let read =
            |text: &str| Date::parse(Value::String(text.to_owned())).map(|date| date.to_value().to_string()).ok();
        assert_eq!(read("2000-02-29"), Some("\"2000-02-29\"".to_owned()));
        for wrong in ["2001-02-29", "2000-2-29", "29.02.2000", "2000-02-29T00:00:00Z", " 2000-02-29", ""] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
