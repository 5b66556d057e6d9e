//! Guessing passwords and tokens.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::target::{Target, summary, told};

/// Sends documents with nine aliased logins each, from ever new addresses. More would be too complex.
pub(crate) async fn aliased(target: &Target, documents: usize) -> String {
    let document = |number: usize| {
        let login = |i: usize| {
            format!(
                "a{i}: login(input: {{ phone: \"{}\", password: \"guess {number} {i}\" }}) {{ userErrors {{ code }} }} ",
                target.phone
            )
        };
        format!("mutation {{ {} }}", (0..9).map(login).collect::<String>())
    };
    let mut answers = Vec::new();
    for number in 0..documents {
        let body = json!({ "query": document(number) });
        let response = target.request(Method::POST).json(&body).send().await.expect("an answer");
        let answer: Value = response.json().await.expect("JSON");
        let code = answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("nine guesses refused");
        answers.push(code.to_owned());
    }
    let checked = answers.iter().filter(|answer| answer.starts_with("nine")).count() * 9;
    // A hundred guesses of an account in ten minutes, whoever makes them; the test lasts two.
    assert!(checked <= 120, "{checked} guesses were checked");
    summary(answers)
}

pub(crate) async fn forged(target: &Target, count: usize) -> String {
    let token =
        |number: usize| format!("Bearer eyJhbGciOiJFZERTQSIsImtpZCI6IjEifQ.eyJzdWIiOiJ{number:08}.{}", "A".repeat(86));
    let ask = |number: usize| {
        let request = target.request(Method::POST).header("authorization", token(number));
        told(request.json(&json!({ "query": "{ me { id } }" })))
    };
    let mut answers = Vec::new();
    for batch in (0..count).collect::<Vec<_>>().chunks(50) {
        answers.extend(join_all(batch.iter().map(|number| ask(*number))).await);
    }
    summary(answers)
}
