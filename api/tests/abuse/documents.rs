//! Requests that are too much of something.

use std::fmt::Write;

use reqwest::Method;
use serde_json::{Value, json};

use crate::target::{Target, summary, told};

pub(crate) async fn list(target: &Target, count: usize) -> String {
    target.send(json!(vec![json!({ "query": "{ __typename }" }); count]).to_string()).await
}

pub(crate) async fn body(target: &Target, bytes: usize) -> String {
    target.send(json!({ "query": "x".repeat(bytes) }).to_string()).await
}

pub(crate) async fn aliases(target: &Target, count: usize) -> String {
    let digits = |mut number: usize| {
        let mut name = String::new();
        while name.is_empty() || number > 0 {
            name.push(char::from(b'a' + u8::try_from(number % 26).unwrap()));
            number /= 26;
        }
        name
    };
    let fields = (0..count).map(|number| format!("{}:id ", digits(number))).collect::<Vec<_>>().concat();
    target.ask(&format!("{{me{{{fields}}}}}"), Value::Null).await
}

pub(crate) async fn nested(target: &Target, depth: usize) -> String {
    target.ask(&format!("{}a{}", "{a".repeat(depth), "}".repeat(depth)), Value::Null).await
}

pub(crate) async fn cycle(target: &Target) -> String {
    target.ask("{ ...a } fragment a on Query { ...b ...b } fragment b on Query { ...a ...a }", Value::Null).await
}

pub(crate) async fn bomb(target: &Target, levels: usize) -> String {
    let mut text = "{ me { ...f0 } }".to_owned();
    for level in 0..levels {
        write!(text, " fragment f{level} on User {{ ...f{0} ...f{0} }}", level + 1).unwrap();
    }
    write!(text, " fragment f{levels} on User {{ id }}").unwrap();
    target.ask(&text, Value::Null).await
}

pub(crate) async fn directives(target: &Target, count: usize) -> String {
    target.ask(&format!("{{ me {{ id {} }} }}", "@a ".repeat(count)), Value::Null).await
}

pub(crate) async fn unknown(target: &Target, count: usize) -> String {
    let name = "orders".repeat(15);
    let fields = (0..count).map(|number| format!("{name}x{number:03} ")).collect::<Vec<_>>().concat();
    target.ask(&format!("{{ me {{ {fields} }} }}"), Value::Null).await
}

pub(crate) async fn introspection(target: &Target) -> String {
    let bomb = format!("{}name{}", "fields { type { ".repeat(6), " } }".repeat(6));
    target.ask(&format!("{{ __schema {{ types {{ {bomb} }} }} }}"), Value::Null).await
}

pub(crate) async fn variable(target: &Target, bytes: usize) -> String {
    let field = |number| format!("a{number}: campaigns(after: $a) {{ totalCount }} ");
    let fields = (0..25).map(field).collect::<Vec<_>>().concat();
    let query = format!("query($a: String) {{ {fields} }}");
    target.ask(&query, json!({ "a": "x".repeat(bytes) })).await
}

pub(crate) async fn lists(target: &Target, count: usize) -> String {
    let lists = vec![json!([1, [2]]); count];
    target.ask("query($s: [CampaignState!]) { campaigns(states: $s) { totalCount } }", json!({ "s": lists })).await
}

pub(crate) async fn states(target: &Target, count: usize) -> String {
    let states = vec!["LIVE"; count];
    target.ask("query($s: [CampaignState!]) { campaigns(states: $s) { totalCount } }", json!({ "s": states })).await
}

pub(crate) async fn unasked(target: &Target) -> String {
    let query = "mutation{__typename}";
    let get = told(target.request_at("/graphql?query=mutation%7B__typename%7D", Method::GET)).await;
    let body = json!({ "query": query }).to_string();
    let plain = told(target.request(Method::POST).header("content-type", "text/plain").body(body)).await;
    summary([get, plain])
}
