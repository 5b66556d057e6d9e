//! The words of a rule: its variables, their fields, the functions, and the values that a choice
//! has. It is the whitelist; how the words combine is the business of `check`.

use super::types::{Choice, Record, Type};

/// The variables.
pub(super) const VARIABLES: [&str; 3] = ["user", "campaign", "now"];

/// The functions that stand alone, `has` and `inList` among them.
pub(super) const FUNCTIONS: [&str; 8] = ["has", "inList", "size", "int", "double", "string", "timestamp", "duration"];

/// The functions of a string.
pub(super) const TEXT_METHODS: [&str; 4] = ["contains", "startsWith", "endsWith", "size"];

/// The functions of a timestamp. Each may be given the name of a time zone.
pub(super) const TIMESTAMP_METHODS: [&str; 10] = [
    "getFullYear",
    "getMonth",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getHours",
    "getMinutes",
    "getSeconds",
    "getMilliseconds",
];

/// The functions of a duration: the whole of it in that unit.
pub(super) const DURATION_METHODS: [&str; 4] = ["getHours", "getMinutes", "getSeconds", "getMilliseconds"];

/// The macros over a list or a map.
pub(super) const MACROS: [&str; 5] = ["all", "exists", "exists_one", "filter", "map"];

const USER: [&str; 5] = ["age", "workStatus", "roles", "registeredAt", "attributes"];

const CAMPAIGN: [&str; 8] = ["id", "title", "price", "currency", "quantity", "perUserLimit", "startsAt", "endsAt"];

impl Choice {
    /// The values, as the graph spells them.
    pub(super) fn values(self) -> &'static [&'static str] {
        match self {
            Self::WorkStatus => &["EMPLOYED", "SELF_EMPLOYED", "UNEMPLOYED", "STUDENT", "RETIRED"],
            Self::Role => &["CUSTOMER", "ADMIN"],
        }
    }

    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::WorkStatus => "work status",
            Self::Role => "role",
        }
    }
}

impl Record {
    /// The names of the fields.
    pub(super) fn fields(self) -> &'static [&'static str] {
        match self {
            Self::User => &USER,
            Self::Campaign => &CAMPAIGN,
        }
    }

    /// The type of a field.
    pub(super) fn field(self, name: &str) -> Option<Type> {
        Some(match (self, name) {
            (Self::User, "age") | (Self::Campaign, "quantity" | "perUserLimit") => Type::Int,
            (Self::User, "workStatus") => Type::Choice(Choice::WorkStatus),
            (Self::User, "roles") => Type::list(Type::Choice(Choice::Role)),
            (Self::User, "registeredAt") | (Self::Campaign, "startsAt" | "endsAt") => Type::Timestamp,
            (Self::User, "attributes") => Type::Map(Box::new(Type::Text), Box::new(Type::Dyn)),
            (Self::Campaign, "id" | "title" | "currency") => Type::Text,
            (Self::Campaign, "price") => Type::Double,
            _ => return None,
        })
    }
}

/// The type of a variable.
pub(super) fn variable(name: &str) -> Option<Type> {
    match name {
        "user" => Some(Type::Record(Record::User)),
        "campaign" => Some(Type::Record(Record::Campaign)),
        "now" => Some(Type::Timestamp),
        _ => None,
    }
}

/// The types that a function of one argument takes, and the type that it gives.
pub(super) fn function(name: &str, argument: &Type) -> Option<Result<Type, &'static str>> {
    use Type::{Bool, Choice, Double, Duration, Dyn, Int, List, Map, Text, Timestamp};
    let (result, fits, takes) = match name {
        "size" => (Int, matches!(argument, Text | Choice(_) | List(_) | Map(..) | Dyn), "a string, a list or a map"),
        "int" => (
            Int,
            matches!(argument, Int | Double | Text | Choice(_) | Timestamp | Dyn),
            "a number, a string or a timestamp",
        ),
        "double" => (Double, matches!(argument, Int | Double | Text | Choice(_) | Dyn), "a number or a string"),
        "string" => (Text, !matches!(argument, List(_) | Map(..) | Type::Record(_)), "a single value"),
        "timestamp" => (
            Timestamp,
            matches!(argument, Text | Choice(_) | Int | Timestamp | Dyn),
            "a string such as \"2026-01-31T00:00:00Z\"",
        ),
        "duration" => (Duration, matches!(argument, Text | Choice(_) | Duration | Dyn), "a string such as \"24h\""),
        _ => return None,
    };
    debug_assert!(!matches!(result, Bool), "no function of one argument gives a bool");
    Some(if fits { Ok(result) } else { Err(takes) })
}

/// Names in a sentence: `a, b, c`.
pub(super) fn list(names: &[&str]) -> String {
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user::account::{Role, WorkStatus};

    #[test]
    fn the_values_are_those_of_the_graph() {
        assert_eq!(Choice::WorkStatus.values(), WorkStatus::ALL.map(WorkStatus::name));
        assert_eq!(Choice::Role.values(), [Role::Customer, Role::Admin].map(Role::name));
    }
}
