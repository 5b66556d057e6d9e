//! What the sample consists of. Phone numbers are of no real range; prices are in the shop's currency.

use chrono::{Duration, NaiveDate};
use domain::{
    access::rules::AccessRule,
    user::{Role, WorkStatus},
};

/// An account of the sample.
pub(super) struct Person {
    pub(super) username: &'static str,
    pub(super) phone: &'static str,
    pub(super) born: NaiveDate,
    pub(super) work_status: WorkStatus,
    pub(super) roles: &'static [Role],
    /// What is worth knowing about them.
    pub(super) note: &'static str,
}

/// A sale of the sample.
pub(super) struct Sale {
    pub(super) title: &'static str,
    pub(super) product: (&'static str, &'static str),
    /// Minor units: what it costs, and what it costs here.
    pub(super) prices: (i64, i64),
    pub(super) quantity: i32,
    pub(super) per_user_limit: i32,
    pub(super) starts_in: Duration,
    pub(super) ends_in: Duration,
    pub(super) rules: Vec<AccessRule>,
    pub(super) note: &'static str,
}

/// What each customer has, in minor units.
pub(super) const BALANCE: i64 = 2_000_000;

pub(super) fn administrator() -> Person {
    Person {
        username: "demo_admin",
        phone: "+10005550100",
        born: day(1985, 3, 8),
        work_status: WorkStatus::Employed,
        roles: &[Role::Customer, Role::Admin],
        note: "runs the sales",
    }
}

pub(super) fn customers() -> [Person; 3] {
    let customer = |username, phone, born, work_status, note| Person {
        username,
        phone,
        born,
        work_status,
        roles: &[Role::Customer],
        note,
    };
    [
        customer("demo_lin", "+10005550101", day(1994, 6, 21), WorkStatus::Employed, "may buy everything"),
        customer("demo_max", "+10005550102", day(1990, 11, 2), WorkStatus::Unemployed, "is refused by a rule"),
        customer("demo_ada", "+10005550103", day(2012, 1, 15), WorkStatus::Student, "is refused by two rules"),
    ]
}

pub(super) fn sales() -> [Sale; 3] {
    let week = Duration::days(7);
    [
        Sale {
            title: "Demo: earbuds, live now",
            product: ("Nimbus earbuds", "Wireless earbuds with a case that charges them four times."),
            prices: (39_900, 9_900),
            quantity: 100,
            per_user_limit: 2,
            starts_in: Duration::zero(),
            ends_in: week,
            rules: Vec::new(),
            note: "grab one, and pay for it within 15 minutes",
        },
        Sale {
            title: "Demo: phone, starts soon",
            product: ("Aurora X phone", "A phone with a camera that sees in the dark."),
            prices: (499_900, 199_900),
            quantity: 10,
            per_user_limit: 1,
            starts_in: Duration::minutes(10),
            ends_in: week,
            rules: Vec::new(),
            note: "subscribe to campaignUpdated and see it go live",
        },
        Sale {
            title: "Demo: whisky, with rules",
            product: ("Basalt single malt", "Twelve years old, smoky, 0.7 l."),
            prices: (59_900, 29_900),
            quantity: 25,
            per_user_limit: 1,
            starts_in: Duration::zero(),
            ends_in: week,
            rules: vec![
                rule("of age", "user.age >= 18", "This is for those who are 18 or older."),
                rule(
                    "with work",
                    r#"user.workStatus != "UNEMPLOYED" && user.workStatus != "STUDENT""#,
                    "This is for those who have work.",
                ),
            ],
            note: "ask for its eligibility as each of the customers",
        },
    ]
}

fn rule(name: &str, expression: &str, message: &str) -> AccessRule {
    AccessRule { name: name.to_owned(), expression: expression.to_owned(), message: message.to_owned() }
}

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}
