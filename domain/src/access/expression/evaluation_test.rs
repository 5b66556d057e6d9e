//! What happens when a rule cannot be decided for some facts.

use chrono::{DateTime, Utc};

use super::AttributeValue;
use super::samples::{compile, facts, fails, holds, time, with};

#[test]
fn a_missing_attribute_is_an_error_unless_it_is_guarded() {
    assert_eq!(fails("user.attributes.absent", &facts()), "no such key: absent");
    assert_eq!(fails("user.attributes['absent'] == 1", &facts()), "no such key: absent");
    assert!(!holds("has(user.attributes.absent)", &facts()));
    assert!(!holds("'absent' in user.attributes", &facts()));
}

#[test]
fn an_attribute_of_another_type_is_an_error_where_it_is_used() {
    assert_eq!(fails("user.attributes.tier", &facts()), "the rule gave a string, not true or false");
    assert_eq!(
        fails("user.attributes.tier > 3", &facts()),
        "found no matching overload for '_>_' applied to '(string, int)'"
    );
    assert_eq!(
        fails("user.attributes.score.contains('7')", &facts()),
        "found no matching overload for 'contains' applied to 'double.(string)'"
    );
    assert_eq!(fails("user.attributes.tier + 1.0 > 1.0", &facts()), "the two sides of add do not fit together");
    assert!(!holds("user.attributes.tier == 3", &facts()), "unequal, not an error");
}

#[test]
fn arithmetic_never_wraps() {
    let large = "9223372036854775807";
    for (source, message) in [
        (format!("user.age + {large} > 0"), "overflow in add"),
        (format!("-{large} - user.age < 0"), "overflow in sub"),
        (format!("user.age * {large} > 0"), "overflow in mul"),
        ("-9223372036854775808 / (user.age - 31) > 0".to_owned(), "overflow in div"),
        ("-(-9223372036854775808) > user.age".to_owned(), "overflow in negate"),
        ("1 / (user.age - 30) == 1".to_owned(), "division by zero"),
        ("1 % (user.age - 30) == 1".to_owned(), "remainder by zero"),
        ("[1, 2][user.age] == 1".to_owned(), "an index is outside its list"),
        ("[1, 2][-1] == 1".to_owned(), "an index is outside its list"),
        ("int(1e300) == 1".to_owned(), "int: integer overflow"),
    ] {
        assert_eq!(fails(&source, &facts()), message, "{source}");
    }
}

#[test]
fn conversions_report_what_they_cannot_convert() {
    for source in [
        "int(user.attributes.tier) == 1",
        "double(campaign.title) == 1.0",
        "timestamp(campaign.title) < now",
        "duration(campaign.title) < duration('1h')",
        "now.getHours(campaign.title) == 1",
        "timestamp(9223372036854775807) < now",
    ] {
        assert!(!fails(source, &facts()).is_empty(), "{source}");
    }
}

#[test]
fn times_out_of_range_are_errors_and_not_panics() {
    let unbounded = with(|f| f.user.registered_at = DateTime::<Utc>::MAX_UTC);
    assert_eq!(fails("user.registeredAt > now", &unbounded), "a time is not in the years 1 to 9999");
    let extreme = with(|f| {
        f.user.registered_at = time("9999-12-31T23:59:59.999999999Z");
        f.now = time("0001-01-01T00:00:00Z");
    });
    for source in [
        "user.registeredAt + duration('2000000h') > now",
        "now - duration('2000000h') < user.registeredAt",
        "user.registeredAt - now > duration('1h')",
    ] {
        assert!(fails(source, &extreme).contains("overflow"), "{source}");
    }
    for source in [
        "user.registeredAt.getFullYear('Asia/Tokyo') == 10000",
        "now.getFullYear('-23:00') == 0",
        "now.getDayOfYear('America/New_York') == 365",
        "int(now) < int(user.registeredAt)",
    ] {
        assert!(holds(source, &extreme), "{source}");
    }
}

#[test]
fn numbers_that_are_none_compare_as_errors() {
    let nan = with(|f| f.campaign.price = f64::NAN);
    assert!(!fails("campaign.price < 1.0", &nan).is_empty());
    assert!(!holds("campaign.price == campaign.price", &nan));
}

#[test]
fn more_roles_or_attributes_than_a_rule_goes_through_are_an_error() {
    let many = with(|f| {
        f.user.roles = vec!["CUSTOMER".to_owned(); 9];
        for number in 0..65 {
            let name = format!("attribute{number}");
            f.user.attributes.insert(name, AttributeValue::Flag(true));
        }
    });
    assert_eq!(fails("'ADMIN' in user.roles", &many), "the user has 9 roles, over 8");
    assert!(fails("has(user.attributes.x)", &many).contains("attributes, over 64"));
    assert!(holds("user.age == 30", &many), "a rule that reads neither does not mind");
}

#[test]
fn a_rule_is_shared_between_threads() {
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    let rule = compile("user.age >= 18");
    shared(&rule);
    let elsewhere = rule.clone();
    let there = std::thread::spawn(move || elsewhere.evaluate(&facts()));
    assert_eq!(rule.evaluate(&facts()), Ok(true));
    assert_eq!(there.join().expect("no panic"), Ok(true));
}
