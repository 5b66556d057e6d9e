//! What an account is, and the values it is made of. Parsed once, at the edge.

use std::{collections::BTreeMap, fmt, str::FromStr};

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::{clock::Instant, id::UserId};

/// What a person does for a living, as they say. Rules may ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum WorkStatus {
    Employed,
    SelfEmployed,
    Unemployed,
    Student,
    Retired,
}

impl WorkStatus {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Employed, Self::SelfEmployed, Self::Unemployed, Self::Student, Self::Retired];

    /// The name in the graph, in rules and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Employed => "EMPLOYED",
            Self::SelfEmployed => "SELF_EMPLOYED",
            Self::Unemployed => "UNEMPLOYED",
            Self::Student => "STUDENT",
            Self::Retired => "RETIRED",
        }
    }
}

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// Takes part in sales.
    Customer,
    /// Runs sales.
    Admin,
}

impl Role {
    /// The name in the graph, in rules and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customer => "CUSTOMER",
            Self::Admin => "ADMIN",
        }
    }
}

/// A stored name that this version does not know.
#[derive(Debug, thiserror::Error)]
#[error("unknown {what} {name:?}")]
pub struct UnknownName {
    /// What kind of name.
    pub what: &'static str,
    /// The name that was read.
    pub name: String,
}

impl FromStr for WorkStatus {
    type Err = UnknownName;
    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let unknown = || UnknownName { what: "work status", name: name.to_owned() };
        Self::ALL.into_iter().find(|status| status.name() == name).ok_or_else(unknown)
    }
}

impl FromStr for Role {
    type Err = UnknownName;
    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let unknown = || UnknownName { what: "role", name: name.to_owned() };
        [Self::Customer, Self::Admin].into_iter().find(|role| role.name() == name).ok_or_else(unknown)
    }
}

/// Something an administrator noted of a user for rules to use, such as `vip: true`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Attribute {
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

/// A registered person.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    /// Identity.
    pub id: UserId,
    /// The name that others see. Unique without regard to case.
    pub username: Username,
    /// What one signs in with. Unique.
    pub phone: Phone,
    /// Livelihood, as they said.
    pub work_status: WorkStatus,
    /// Day of birth.
    pub birth_date: NaiveDate,
    /// What they may do.
    pub roles: Vec<Role>,
    /// Noted by administrators, for rules.
    pub attributes: BTreeMap<String, Attribute>,
    /// When they registered.
    pub created_at: Instant,
}

impl User {
    /// Full years of age on the day of `now`, UTC.
    #[must_use]
    pub fn age(&self, now: Instant) -> i64 {
        i64::from(now.date_naive().years_since(self.birth_date).unwrap_or(0))
    }

    /// Whether they run sales.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.roles.contains(&Role::Admin)
    }
}

/// Why a value of the registration form cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum FormError {
    #[error("a username has 3 to 32 letters, digits, '_', '-' or '.', and begins with a letter or digit")]
    Username,
    #[error("a phone number has 7 to 15 digits, optionally after a '+'")]
    Phone,
    #[error("a password has 8 to 128 characters")]
    PasswordLength,
    #[error("a password must not be your username, your phone number or one character repeated")]
    PasswordTrivial,
    #[error("a birth date lies in the past, at most 130 years ago")]
    BirthDate,
    #[error("an ID number has 6 to 32 letters or digits")]
    IdNumber,
}

macro_rules! text_value {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
            /// Takes a text that this type wrote to the database before.
            #[must_use]
            pub fn from_stored(text: String) -> Self {
                Self(text)
            }
        }
    };
}

text_value!(/// A name that others see.
    Username);
text_value!(/// A phone number: digits, optionally after a `+`. Personal data: its debug form hides it.
    Phone);
text_value!(/// A number of an identity document. Personal data: only its digest is stored.
    IdNumber);
text_value!(/// A password in clear, on its way to be hashed.
    Password);

impl fmt::Debug for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! hidden {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}
hidden!(Phone, IdNumber, Password);

impl Username {
    /// Reads a username; surrounding blanks do not count.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        let text = text.trim();
        let fits = (3..=32).contains(&text.chars().count())
            && text.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c))
            && text.starts_with(char::is_alphanumeric);
        if fits { Ok(Self(text.to_owned())) } else { Err(FormError::Username) }
    }
}

impl Phone {
    /// Reads a phone number; blanks, dashes and brackets between the digits do not count.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        if text.len() > 32 {
            return Err(FormError::Phone);
        }
        let text: String = text.chars().filter(|c| !" -()".contains(*c)).collect();
        let digits = text.strip_prefix('+').unwrap_or(&text);
        let fits = (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        if fits { Ok(Self(text)) } else { Err(FormError::Phone) }
    }
}

impl IdNumber {
    /// Reads an ID number; case and surrounding blanks do not count.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        let text = text.trim().to_ascii_uppercase();
        let fits = (6..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
        if fits { Ok(Self(text)) } else { Err(FormError::IdNumber) }
    }
}

impl Password {
    /// Checks a new password (NIST SP 800-63B: a length, and nothing that an attacker tries first).
    pub fn choose(text: &str, username: Option<&Username>, phone: Option<&Phone>) -> Result<Self, FormError> {
        if !(8..=128).contains(&text.chars().count()) {
            return Err(FormError::PasswordLength);
        }
        let first = text.chars().next();
        let trivial = text.chars().all(|c| Some(c) == first)
            || username.is_some_and(|name| name.0.eq_ignore_ascii_case(text))
            || phone.is_some_and(|phone| phone.0.trim_start_matches('+') == text.trim_start_matches('+'));
        if trivial { Err(FormError::PasswordTrivial) } else { Ok(Self(text.to_owned())) }
    }

    /// Takes what somebody typed to sign in. Longer than any chosen password is cut off at the edge.
    #[must_use]
    pub fn typed(text: &str) -> Self {
        Self(text.chars().take(129).collect())
    }
}

/// Checks a day of birth against today.
pub fn birth_date(date: NaiveDate, now: Instant) -> Result<NaiveDate, FormError> {
    let today = now.date_naive();
    let oldest = today.checked_sub_months(Months::new(130 * 12));
    let fits = date <= today && date.year() > 0 && oldest.is_none_or(|oldest| date >= oldest);
    if fits { Ok(date) } else { Err(FormError::BirthDate) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_checked_at_the_edge() {
        assert!(Username::parse("li.wei_9").is_ok() && Username::parse("王小明").is_ok());
        for bad in ["", "ab", "-ab", "a b", "a\u{0}bc", &"x".repeat(33)] {
            assert_eq!(Username::parse(bad), Err(FormError::Username), "{bad:?}");
        }
        assert_eq!(Phone::parse("+86 138-0013-8000").map(|p| p.0), Ok("+8613800138000".to_owned()));
        for bad in ["", "12345", "1234567890123456", "1380013800x", "++8613800138000", "１３８００１３８０００"]
        {
            assert_eq!(Phone::parse(bad), Err(FormError::Phone), "{bad:?}");
        }
        let (name, phone) = (Username::parse("12345678").ok(), Phone::parse("+13800138000").ok());
        let choose = |text| Password::choose(text, name.as_ref(), phone.as_ref()).map(|_| ());
        assert_eq!(choose("correct horse"), Ok(()));
        assert_eq!(choose("short"), Err(FormError::PasswordLength));
        for trivial in ["aaaaaaaa", "12345678", "13800138000"] {
            assert_eq!(choose(trivial), Err(FormError::PasswordTrivial));
        }
    }
}
