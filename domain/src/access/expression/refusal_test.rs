//! Mistakes, each refused with its sort, its place and a message that helps.

use super::ExpressionErrorKind::{
    self, Arguments, Syntax, TooCostly, TooDeep, TooLong, Type, UnknownName, Unsupported,
};
use super::RuleExpression;

/// `expected` is part of the message.
fn refused(source: &str, kind: ExpressionErrorKind, line: u32, column: u32, expected: &str) {
    match RuleExpression::compile(source) {
        Ok(_) => panic!("{source}: accepted"),
        Err(error) => {
            let found = (error.kind, error.line, error.column);
            assert_eq!(found, (kind, line, column), "{source}: {error}");
            assert!(error.message.contains(expected), "{source}: {error}");
        }
    }
}

#[test]
fn unknown_names() {
    refused(
        "user.agee > 3",
        UnknownName,
        1,
        6,
        "user has no field `agee`; it has: age, workStatus, roles, registeredAt, attributes",
    );
    refused("true &&\n  usr.age > 3", UnknownName, 2, 3, "no variable `usr`; there are: user");
    refused("campaign.stock > 0", UnknownName, 1, 10, "it has: id, title, price");
    refused("isVip(user)", UnknownName, 1, 1, "no function `isVip`; there are: has, inList");
    refused("campaign.title.matches('a+')", UnknownName, 1, 16, "it has: contains");
    refused("contains('a', 'b')", UnknownName, 1, 1, "value.contains(…)");
    refused("[1].exists(x, y == 1)", UnknownName, 1, 15, "user, campaign, now, x");
    refused("[1].all(x, true) && x == 1", UnknownName, 1, 21, "no variable `x`");
    refused("user.age.size() == 1", UnknownName, 1, 10, "of int; it has none");
    refused("now.getHour() == 1", UnknownName, 1, 5, "getFullYear");
    refused("user.attributes.a.getHours() == 1", UnknownName, 1, 19, "convert it first");
}

#[test]
fn values_that_a_choice_does_not_have() {
    let statuses = "there are: EMPLOYED, SELF_EMPLOYED, UNEMPLOYED, STUDENT, RETIRED";
    refused("user.workStatus == 'STUDNET'", UnknownName, 1, 20, statuses);
    refused("'x' != user.workStatus", UnknownName, 1, 1, "no work status is \"x\"");
    refused("user.workStatus in ['STUDENT', 'x']", UnknownName, 1, 32, "work status");
    refused("'ADMN' in user.roles", UnknownName, 1, 1, "there are: CUSTOMER, ADMIN");
    refused("user.roles.exists(r, r == 'x')", UnknownName, 1, 27, "no role is \"x\"");
    refused("user.roles == ['CUSTOMER', 'x']", UnknownName, 1, 28, "no role");
    refused("user.workStatus == (user.age < 9 ? 'x' : 'STUDENT')", UnknownName, 1, 36, "\"x\"");
}

#[test]
fn types_that_do_not_fit() {
    refused("user.age", Type, 1, 1, "a rule is true or false, but this is int");
    refused(" user.age + 1", Type, 1, 2, "but this is int");
    refused("user.age == '3'", Type, 1, 10, "`==` does not go between int and string");
    refused("user.age && true", Type, 1, 1, "`&&` takes a bool, but this is int");
    refused("true || user.age", Type, 1, 9, "`||` takes a bool");
    refused("!user.age", Type, 1, 2, "`!` takes a bool, but this is int");
    refused("-campaign.title == 'a'", Type, 1, 1, "`-` takes a number");
    refused("user.age + 1.5 > 3.0", Type, 1, 10, "write 1.0 for a double");
    refused("user.attributes.score + 1 > 3", Type, 1, 23, "write 1.0");
    refused("campaign.title + 1 == 'a'", Type, 1, 16, "between string and int");
    refused("now - 5 < now", Type, 1, 5, "duration(\"24h\")");
    refused("now < '2026-01-01'", Type, 1, 5, "timestamp(\"2026-01-31T00:00:00Z\")");
    refused("1.5 % 2.0 == 1.0", Type, 1, 5, "`%` does not go between double and double");
    refused("user.roles < ['a']", Type, 1, 12, "`<` does not go between");
    refused("true ? 1 : 'a'", Type, 1, 6, "both sides of `?:`");
    refused("user.age ? true : false", Type, 1, 1, "`?:` takes a bool");
    refused("[1, 'a'] == []", Type, 1, 5, "one list holds one type");
    refused("{'a': 1, 'b': 'c'} == {}", Type, 1, 15, "one map holds one type");
    refused("{1.5: true}[1.5]", Type, 1, 2, "the key of a map");
    refused("{'a': 1, 'a': 2} == {}", Type, 1, 10, "\"a\" twice");
    refused("user.age in 3", Type, 1, 13, "`in` takes a list or a map");
    refused("user.age in ['a']", Type, 1, 10, "between int and list(string)");
    refused("campaign.title[0] == 'S'", Type, 1, 15, "`[…]` takes a list or a map");
    refused("user.roles['a'] == 'b'", Type, 1, 12, "the index is string");
    refused("user == campaign", Type, 1, 1, "used through its fields: age");
    refused("[user].exists(u, true)", Type, 1, 2, "used through its fields");
    refused("user.age.years > 3", Type, 1, 10, "int has no fields");
    refused("user.attributes.a.b == 1", Type, 1, 19, "have no fields");
    refused("user.age.exists(x, true)", Type, 1, 1, "gone through, not int");
    refused("user.roles.exists(now, true)", Type, 1, 19, "choose another name");
    refused("user.roles.all(r, size(r))", Type, 1, 19, "`all` takes a bool");
    refused("size(user.age) == 1", Type, 1, 6, "takes a string, a list or a map");
    refused("campaign.title.contains(1)", Type, 1, 25, "takes a string");
    refused("now < timestamp('tomorrow')", Type, 1, 17, "is no timestamp");
    refused("now - now < duration('24h and more')", Type, 1, 22, "is no duration");
    refused("now.getHours('Mars/Base') == 1", Type, 1, 14, "no time zone \"Mars/Base\"");
}

#[test]
fn wrong_arguments() {
    refused("size() == 1", Arguments, 1, 1, "`size` takes 1 argument, not 0");
    refused("size('a', 'b') == 1", Arguments, 1, 1, "not 2");
    refused("campaign.title.contains()", Arguments, 1, 16, "takes 1 argument(s), not 0");
    refused("now.getHours('UTC', 'UTC') == 1", Arguments, 1, 5, "at most 1");
    refused("inList(campaign.title)", Arguments, 1, 8, "in quotes");
    refused("inList('a' + 'b')", Arguments, 1, 8, "in quotes");
    refused("inList()", Arguments, 1, 1, "one name of a list");
    refused("inList(' ')", Arguments, 1, 8, "1 to 64 characters");
    refused("has(user)", Arguments, 1, 1, "`has` takes one field");
    refused("has(user.attributes['a'])", Arguments, 1, 1, "has(user.attributes.name)");
    refused("user.roles.exists(r == 'ADMIN')", Arguments, 1, 12, "exists(x, …)");
    refused("user.roles.map(r, r, r, r) == []", Arguments, 1, 12, "map(x, …)");
    refused("user.roles.exists(1, true)", Arguments, 1, 19, "a new name");
}

#[test]
fn what_is_not_cel() {
    refused("", Syntax, 1, 1, "expected a value, found the end of the rule");
    refused("user.age >", Syntax, 1, 11, "found the end of the rule");
    refused("user.age > 3)", Syntax, 1, 13, "expected the end of the rule, found `)`");
    refused("(user.age > 3", Syntax, 1, 14, "expected `)`");
    refused("user.age = 3", Syntax, 1, 10, "use `==`");
    refused("true & true", Syntax, 1, 6, "use `&&`");
    refused("user.age > 3 user", Syntax, 1, 14, "found `user`");
    refused("true ? 1", Syntax, 1, 9, "expected `:`");
    refused("campaign.title == 'abc", Syntax, 1, 19, "no closing quote");
    refused("campaign.title == '\\q'", Syntax, 1, 20, "the escapes are");
    refused("user.age > 3a", Syntax, 1, 12, "neither a number nor a name");
    refused("user.age > 99999999999999999999", Syntax, 1, 12, "too large");
    refused("campaign.price > 1e999", Syntax, 1, 18, "too large");
    refused("for > 3", Syntax, 1, 1, "`for` is a reserved word");
    refused("'é' ==\n\t\u{e9}", Syntax, 2, 2, "unexpected character");
    refused("size('a',) == 1", Syntax, 1, 10, "expected a value");
}

#[test]
fn what_rules_do_not_have() {
    refused("null == null", Unsupported, 1, 1, "nothing that a rule sees is null");
    refused("b'abc' == b''", Unsupported, 1, 1, "texts have no prefix");
    refused("r'abc' == ''", Unsupported, 1, 1, "texts have no prefix");
    refused("'''abc''' == ''", Unsupported, 1, 1, "one quote at each end");
    refused("1u == 1", Unsupported, 1, 1, "no unsigned numbers");
    refused("User{age: 3} == user", Unsupported, 1, 5, "do not build messages");
}

#[test]
fn what_is_out_of_bounds() {
    refused(&"a".repeat(1001), TooLong, 1, 1, "at most 1000 characters");
    refused(&"a ".repeat(500), Syntax, 1, 3, "found `a`");
    refused(&"!".repeat(501), TooLong, 1, 501, "at most 500 words");
    refused(&"(".repeat(20), TooDeep, 1, 11, "nested at most 10");
    refused(&("!".repeat(20) + "true"), TooDeep, 1, 11, "nested at most 10");
    refused(&("1".to_owned() + &"+1".repeat(40)), TooDeep, 1, 32, "16 operations deep");
    let nested = "user.attributes.all(a, user.attributes.all(b, a == b))";
    refused(nested, TooCostly, 1, 47, "more than 15000 steps");
    let doubled = "['aaaaaaaaaaaaaaaa']".to_owned() + &".map(x, x + x)".repeat(11);
    refused(&(doubled + " == []"), TooCostly, 1, 155, "could grow over 32768 bytes");
}
