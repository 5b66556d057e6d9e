//! Requests to `/graphql`: method, address, headers and body. The handler is asked without a network in between.

use std::sync::Arc;

use api::{
    http::{Front, Http},
    readiness::Readiness,
    shutdown::Shutdown,
    wiring,
    world::Overrides,
};
use axum::{
    body::{Body, to_bytes},
    http::{HeaderName, HeaderValue, Method, Request},
};
use domain::services::Services;
use rand::{RngExt, rngs::StdRng};
use schema::Which;
use serde_json::{Value, json};

use crate::{
    harness::Run,
    input::{DOCUMENTS, WORDS, changed, changed_text, pick},
    support::{site::Site, within},
};

const BODIES: &[&str] = &[
    r#"{"query":"{ me { id } }"}"#,
    r#"{"query":"query A($a: [Int], $b: String) { __typename }","operationName":"A","variables":{"a":[1,2,{"x":null}],"b":"\u00e9\ud83c\udfc3"}}"#,
    r#"{"query":null,"extensions":{"persistedQuery":{"version":1,"sha256Hash":"ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38"}}}"#,
    r#"{"documentId":"sha256:ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38","extensions":{"cost":true}}"#,
    r#"[{"query":"{ __typename }"},{"query":"mutation { __typename }"}]"#,
];
const JSON_WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "null",
    "true",
    "1e400",
    "-",
    "\\u0000",
    "\\ud800",
    "\"query\":",
    "\"variables\":",
    "\"extensions\":",
    "\"operationName\":",
    "\"persistedQuery\":",
    "[[[[",
    "\u{feff}",
];
const ADDRESSES: &[&str] = &[
    "query=%7B__typename%7D",
    "query=query+A%28%24a%3AInt%29%7B__typename%7D&variables=%7B%22a%22%3A1%7D&operationName=A",
    "extensions=%7B%22persistedQuery%22%3A%7B%22version%22%3A1%2C%22sha256Hash%22%3A%22ab%22%7D%7D",
];
const ADDRESS_WORDS: &[&str] = &["%", "%00", "%ff", "&", "=", "+", "query=", "variables=", "%7B", "%5B"];
const HEADERS: &[(&str, &[&str])] = &[
    (
        "content-type",
        &[
            "application/json",
            "application/json; charset=utf-8",
            "text/plain",
            "application/json;;;=",
            "APPLICATION/JSON",
        ],
    ),
    (
        "accept",
        &[
            "*/*",
            "application/json",
            "application/graphql-response+json;q=0.5",
            "text/event-stream",
            "multipart/mixed;subscriptionSpec=1.0",
            ";q=,,\"",
            "text/html",
        ],
    ),
    ("authorization", &["Bearer x", "Bearer eyJhbGciOiJFZERTQSJ9.e30.AA", "Basic x", "Bearer", "", "é"]),
    ("traceparent", &["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "00-", "x"]),
    ("x-forwarded-for", &["1.2.3.4", "::1, x", "[::1]:1", ",,,"]),
    ("forwarded", &["for=1.2.3.4", "for=\"[::1]:1\";proto=http", "for", "=;=,"]),
    ("origin", &["https://app.example", "null", ""]),
    ("upgrade", &["websocket", "h2c"]),
    ("accept-encoding", &["gzip", "br;q=1", "*"]),
    ("graphql-cost", &["1", ""]),
];

fn request(random: &mut StdRng) -> (Request<Body>, String) {
    let method = pick(
        random,
        &[&Method::POST, &Method::POST, &Method::POST, &Method::GET, &Method::GET, &Method::OPTIONS, &Method::PUT],
    )
    .clone();
    let body = match random.random_range(0..3) {
        0 => changed(random, BODIES, JSON_WORDS),
        _ => json!({ "query": changed_text(random, DOCUMENTS, WORDS), "variables": { "id": "x", "first": 3 } })
            .to_string()
            .into_bytes(),
    };
    let address = changed_text(random, ADDRESSES, ADDRESS_WORDS);
    let uri = format!("/graphql?{address}");
    let mut request = Request::new(Body::from(body.clone()));
    *request.method_mut() = method;
    *request.uri_mut() = uri.parse().unwrap_or_else(|_| "/graphql".parse().unwrap());
    for (name, values) in HEADERS {
        // Most requests should get as far as their body.
        let likely = *name == "content-type";
        if random.random_bool(if likely { 0.9 } else { 0.25 }) {
            let plain = likely && random.random_bool(0.8);
            let text = if plain { values[0].to_owned() } else { changed_text(random, values, ADDRESS_WORDS) };
            if let Ok(value) = HeaderValue::from_bytes(text.as_bytes()) {
                request.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
    }
    let shown = format!(
        "{} {}\n{:?}\n\n{}",
        request.method(),
        request.uri(),
        request.headers(),
        String::from_utf8_lossy(&body)
    );
    (request, shown)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests() {
    let mut site = Site::new().await;
    site.set("rates.enabled", "false");
    site.set("cors.origins", "https://app.example");
    site.set("server.trusted_proxies", "127.0.0.1");
    site.set("graphql.max_batch", "5");
    let config = site.config();
    let world = wiring::world(&config, &Overrides::default()).await.unwrap();
    let services: Arc<Services> = Services::new(world.ports.clone(), config.terms());
    let shutdown = Shutdown::default();
    let readiness = Readiness::new(world.parts.clone(), shutdown.clone());
    let http = Http::new(&services, Some(Which::Whole), &world, readiness, shutdown, &config).unwrap();
    let front = Front::new(http);

    let mut run = Run::of("http");
    let mut answered = std::collections::BTreeMap::<u16, u64>::new();
    while run.goes_on() {
        let (request, shown) = request(&mut run.random);
        let response = Box::pin(within("an answer", front.answer(request))).await;
        let status = response.status().as_u16();
        let is_json =
            response.headers().get("content-type").is_some_and(|media| media.to_str().unwrap().contains("json"));
        let is_compressed = response.headers().contains_key("content-encoding");
        // What goes on is not read to its end, and what is compressed is not unpacked here.
        let body = if is_json && !is_compressed {
            within("a body", to_bytes(response.into_body(), 64 << 20)).await.unwrap()
        } else {
            "{}".into()
        };
        run.try_one(shown.as_bytes(), || {
            assert!(status < 500, "{status}: {shown}");
            let body: Value = serde_json::from_slice(&body).expect("JSON");
            for answer in body.as_array().map_or(std::slice::from_ref(&body), Vec::as_slice) {
                for error in answer["errors"].as_array().into_iter().flatten() {
                    let code = error["extensions"]["code"].as_str().expect("a code");
                    assert_ne!(code, "INTERNAL_SERVER_ERROR", "{error}: {shown}");
                }
            }
        });
        *answered.entry(status).or_default() += 1;
    }
    println!("fuzz http: answers by status: {answered:?}");
    assert!(answered.contains_key(&200) && answered.len() > 3, "all sorts of answers: {answered:?}");
    run.done();
    world.close().await.unwrap();
    site.clear().await;
}
