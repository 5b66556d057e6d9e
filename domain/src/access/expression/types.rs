//! The types of a rule and how they fit together. It knows no names and no positions.

use std::fmt;

/// The type of a part of a rule.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Type {
    Bool,
    Int,
    Double,
    Text,
    /// A text that is one of a few.
    Choice(Choice),
    Timestamp,
    Duration,
    /// Known only when the rule is evaluated: an attribute, or a number of either type.
    Dyn,
    List(Box<Type>),
    Map(Box<Type>, Box<Type>),
    /// `user` or `campaign`: nothing can be done with it but to select a field.
    Record(Record),
}

/// The texts that are one of a few.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    WorkStatus,
    Role,
}

/// The variables that have fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record {
    User,
    Campaign,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::Double => f.write_str("double"),
            Self::Text | Self::Choice(_) => f.write_str("string"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Duration => f.write_str("duration"),
            Self::Dyn => f.write_str("dyn"),
            Self::List(element) => write!(f, "list({element})"),
            Self::Map(key, value) => write!(f, "map({key}, {value})"),
            Self::Record(Record::User) => f.write_str("user"),
            Self::Record(Record::Campaign) => f.write_str("campaign"),
        }
    }
}

impl Type {
    pub(super) fn list(element: Self) -> Self {
        Self::List(Box::new(element))
    }

    /// Whether it is a string, as far as is known.
    pub(super) fn may_be_text(&self) -> bool {
        matches!(self, Self::Text | Self::Choice(_) | Self::Dyn)
    }

    fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::Double)
    }

    /// Whether `==` between the two can be true. An int and a double compare by their value.
    pub(super) fn comparable(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Record(_), _) | (_, Self::Record(_)) => false,
            (Self::Dyn, _) | (_, Self::Dyn) => true,
            (Self::List(a), Self::List(b)) => a.comparable(b),
            (Self::Map(a, b), Self::Map(c, d)) => a.comparable(c) && b.comparable(d),
            _ => self == other || self.is_number() && other.is_number() || self.may_be_text() && other.may_be_text(),
        }
    }

    /// Whether `<` is defined between the two.
    pub(super) fn ordered(&self, other: &Self) -> bool {
        let has_order = |t: &Self| !matches!(t, Self::List(_) | Self::Map(..) | Self::Bool);
        has_order(self) && has_order(other) && self.comparable(other)
    }

    /// The type of a list, or of a `?:`, whose parts have these two types.
    pub(super) fn join(self, other: Self) -> Option<Self> {
        Some(match (self, other) {
            (a, b) if a == b => a,
            (Self::List(a), Self::List(b)) => Self::list(a.join(*b)?),
            (Self::Map(a, b), Self::Map(c, d)) => Self::Map(Box::new(a.join(*c)?), Box::new(b.join(*d)?)),
            // What is dynamic is a scalar: only an empty list or map takes any shape.
            (Self::Dyn, b) => b.or_dyn(),
            (a, Self::Dyn) => a.or_dyn(),
            (a, b) if a.is_number() && b.is_number() => Self::Dyn,
            (a, b) if a.may_be_text() && b.may_be_text() => Self::Text,
            _ => return None,
        })
    }

    fn or_dyn(self) -> Self {
        match self {
            Self::List(_) | Self::Map(..) => self,
            _ => Self::Dyn,
        }
    }
}
