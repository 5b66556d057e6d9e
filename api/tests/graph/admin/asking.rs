//! Asking the graph, and reading what it refused: for the modules of users, access and administration.

use serde_json::{Value, json};

use crate::support::TestShop;

/// The text that a value is.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("a text, not {value}"))
}

/// The texts at `field` of every element.
pub(crate) fn texts<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    let list = list.as_array().unwrap_or_else(|| panic!("a list, not {list}"));
    list.iter().map(|element| text(&element[field])).collect()
}

/// The code of the first top-level error; panics if there is none.
pub(crate) fn fault(answer: &Value) -> &str {
    let code = &answer["errors"][0]["extensions"]["code"];
    code.as_str().unwrap_or_else(|| panic!("an error, not {answer:#}"))
}

/// The refusals of a payload: the code, and the path of the field joined by dots.
pub(crate) fn refusals(payload: &Value) -> Vec<(String, String)> {
    let errors = payload["userErrors"].as_array().unwrap_or_else(|| panic!("a payload, not {payload:#}"));
    let path = |field: &Value| match field.as_array() {
        Some(steps) => steps.iter().map(text).collect::<Vec<_>>().join("."),
        None => String::new(),
    };
    errors.iter().map(|error| (text(&error["code"]).to_owned(), path(&error["field"]))).collect()
}

/// Asserts that a payload refuses with these codes and fields, in this order, and has done nothing else.
#[track_caller]
pub(crate) fn assert_refused(payload: &Value, expected: &[(&str, &str)]) {
    let found = refusals(payload);
    let found: Vec<(&str, &str)> = found.iter().map(|(code, field)| (code.as_str(), field.as_str())).collect();
    assert_eq!(found, expected, "{payload:#}");
    let rest = payload.as_object().into_iter().flatten().filter(|(name, _)| *name != "userErrors");
    for (name, value) in rest {
        assert!(value.is_null() || *value == json!([]), "{name} of a refusal: {payload:#}");
    }
}

/// The document of a mutation whose input type is named after it; `shown` is what is selected beside the errors.
pub(crate) fn mutation(name: &str, shown: &str) -> String {
    let (first, rest) = name.split_at(1);
    let input = format!("{}{rest}Input", first.to_uppercase());
    format!("mutation($input: {input}!) {{ {name}(input: $input) {{ {shown} userErrors {{ code message field }} }} }}")
}

/// Runs a mutation that may be refused, and takes its payload.
pub(crate) async fn change(shop: &TestShop, token: &str, name: &str, shown: &str, input: Value) -> Value {
    let query = mutation(name, shown);
    shop.data(Some(token), &query, json!({ "input": input })).await[name].take()
}

/// Runs a mutation that has to succeed, and takes its payload.
pub(crate) async fn done(shop: &TestShop, token: &str, name: &str, shown: &str, input: Value) -> Value {
    let payload = change(shop, token, name, shown, input).await;
    assert_eq!(payload["userErrors"], json!([]), "{name}: {payload:#}");
    payload
}

/// Runs a mutation, signed in or not, that fails with a top-level error; its code.
pub(crate) async fn failure(shop: &TestShop, token: Option<&str>, name: &str, input: Value) -> String {
    let answer = shop.graphql(token, &mutation(name, ""), json!({ "input": input })).await;
    fault(&answer).to_owned()
}
