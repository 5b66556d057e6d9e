//! Forms of requests and of answers, after the GraphQL-over-HTTP specification.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    support::{TestShop, wait_until},
    wire::{Answer, Wire, get, post, send},
};

const ME: &str = "{ me { username } }";
const JSON: &str = "application/json";
const GRAPHQL: &str = "application/graphql-response+json";

#[tokio::test]
async fn only_json_of_bounded_size_is_read() {
    let shop = TestShop::builder().with("server.body_limit", "2048").start().await;
    let good = json!({ "query": "{ __typename }" }).to_string();
    let mutation = json!({ "query": "mutation { __typename }" }).to_string();
    for (media, body, status, code) in [
        (JSON, good.clone(), 200, ""),
        ("Application/JSON; charset=utf-8", good.clone(), 200, ""),
        ("application/json; charset=iso-8859-1", good.clone(), 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("text/plain", mutation, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("application/x-www-form-urlencoded", "query={__typename}".to_owned(), 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("multipart/form-data; boundary=x", "--x--".to_owned(), 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("application/jsonp", good.clone(), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (JSON, String::new(), 400, "BAD_USER_INPUT"),
        (JSON, "{\"query\":".to_owned(), 400, "BAD_USER_INPUT"),
        (JSON, "{}".to_owned(), 400, "BAD_USER_INPUT"),
        (JSON, "[]".to_owned(), 400, "BATCH_NOT_SUPPORTED"),
        (JSON, "[\"{ __typename }\"]".to_owned(), 400, "BATCH_NOT_SUPPORTED"),
        (JSON, format!("[{good}]"), 400, "BATCH_NOT_SUPPORTED"),
        (JSON, "\"{ __typename }\"".to_owned(), 400, "BAD_USER_INPUT"),
        (JSON, json!({ "query": "x".repeat(3_000) }).to_string(), 413, "PAYLOAD_TOO_LARGE"),
        (JSON, json!({ "query": "x".repeat(100_000) }).to_string(), 413, "PAYLOAD_TOO_LARGE"),
    ] {
        let answer = send(&shop, Method::POST, "", &[("content-type", media)], body.clone()).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{media}: {body}");
    }
    shop.stop().await;
}

#[tokio::test]
async fn the_form_of_the_answer_is_the_one_asked_for() {
    let shop = TestShop::start().await;
    for (accept, query, status, media) in [
        ("*/*", ME, 200, JSON),
        (JSON, "{ nothing }", 200, JSON),
        (JSON, "{", 200, JSON),
        (GRAPHQL, ME, 200, GRAPHQL),
        (GRAPHQL, "{ nothing }", 400, GRAPHQL),
        (GRAPHQL, "{", 400, GRAPHQL),
        (GRAPHQL, "query A { me { id } } query B { me { id } }", 400, GRAPHQL),
        (GRAPHQL, "query($id: ID!) { order(id: $id) { id } }", 400, GRAPHQL),
        (JSON, "query($id: ID!) { order(id: $id) { id } }", 200, JSON),
        ("text/html", ME, 406, JSON),
        (JSON, "subscription { orderStatus { id } }", 406, JSON),
    ] {
        let answer = post(&shop, &json!({ "query": query }), &[("accept", accept)]).await;
        let got = answer.header("content-type").split(';').next().unwrap();
        assert_eq!((answer.status, got), (status, media), "{accept} {query}: {answer:?}");
        let executed = query == ME && status == 200;
        assert_eq!(
            answer.body.get("data").is_some(),
            executed,
            "nothing was executed, so there is no data: {answer:?}"
        );
        assert_eq!(answer.body.get("errors").is_some(), !executed, "{answer:?}");
    }
    shop.stop().await;
}

#[tokio::test]
async fn what_was_executed_has_data_also_where_it_failed() {
    let shop = TestShop::start().await;
    let buyer = shop.register_customer().await;
    for (query, data) in [
        // A nullable field that fails is null, and a field that is not makes what stands around it null.
        ("{ order(id: \"nonsense\") { id } }", json!({ "order": null })),
        ("{ __typename users(first: 1) { totalCount } }", Value::Null),
    ] {
        let bearer = format!("Bearer {}", buyer.token);
        let answer = post(&shop, &json!({ "query": query }), &[("accept", GRAPHQL), ("authorization", &bearer)]).await;
        assert_eq!((answer.status, answer.body.get("data")), (200, Some(&data)), "{answer:?}");
        assert!(answer.body["errors"][0]["path"].is_array(), "{answer:?}");
    }
    shop.stop().await;
}

#[tokio::test]
async fn fields_are_answered_in_the_order_in_which_they_were_asked_for() {
    let shop = TestShop::start().await;
    // The first one reads the database, the last one nothing.
    let query = "{ campaigns(first: 1) { totalCount edges { cursor } } me { id } a: __typename }";
    let answer = post(&shop, &json!({ "query": query }), &[]).await;
    assert_eq!(answer.text, r#"{"data":{"campaigns":{"totalCount":0,"edges":[]},"me":null,"a":"Query"}}"#);
    shop.stop().await;
}

#[tokio::test]
async fn a_get_reads_and_changes_nothing() {
    let shop = TestShop::start().await;
    let by_id = "query A($id: ID!) { campaign(id: $id) { id } } query B { __typename }";
    let variables = r#"{"id":"campaign_00000000000000000000000000"}"#;
    let pairs = [("query", by_id), ("operationName", "A"), ("variables", variables)];
    let answer = get(&shop, &pairs, &[]).await;
    assert_eq!((answer.status, &answer.body), (200, &json!({ "data": { "campaign": null } })));

    for (query, status, code) in [
        ("mutation { __typename }", 405, "METHOD_NOT_ALLOWED"),
        ("query A { __typename } mutation B { __typename }", 200, "OPERATION_RESOLUTION_FAILURE"),
        ("{", 200, "GRAPHQL_PARSE_FAILED"),
    ] {
        let answer = get(&shop, &[("query", query)], &[]).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{query}");
        assert_eq!(answer.header("allow") == "POST", status == 405);
    }
    let named = [("query", "query A { __typename } mutation B { __typename }"), ("operationName", "B")];
    assert_eq!(get(&shop, &named, &[]).await.status, 405);
    for bad in ["", "?variables=x", "?query=%7Bme%7Bid%7D%7D&variables=%5B%5D", "?query=%7Bme%7Bid%7D%7D&extensions=7"]
    {
        let answer = send(&shop, Method::GET, bad, &[], String::new()).await;
        assert_eq!((answer.status, answer.code()), (400, "BAD_USER_INPUT"), "{bad}");
    }
    let put = send(&shop, Method::PUT, "", &[], String::new()).await;
    assert_eq!((put.status, put.header("allow").contains("POST")), (405, true), "{put:?}");
    shop.stop().await;

    let shop = TestShop::builder().with("graphql.get", "preflighted").start().await;
    let pairs = [("query", "{ __typename }")];
    let answer = get(&shop, &pairs, &[]).await;
    assert_eq!((answer.status, answer.code()), (403, "PREFLIGHT_REQUIRED"));
    for header in ["apollo-require-preflight", "X-Apollo-Operation-Name", "graphql-require-preflight"] {
        assert_eq!(get(&shop, &pairs, &[(header, "1")]).await.status, 200, "{header}");
    }
    shop.stop().await;

    let shop = TestShop::builder().with("graphql.get", "off").start().await;
    let answer = get(&shop, &pairs, &[("apollo-require-preflight", "1")]).await;
    assert_eq!((answer.status, answer.code(), answer.header("allow")), (405, "METHOD_NOT_ALLOWED", "POST"));
    shop.stop().await;
}

#[tokio::test]
async fn lists_of_requests_are_taken_where_they_are_wanted() {
    let shop = TestShop::builder().with("graphql.max_batch", "3").start().await;
    let one = json!({ "query": "{ __typename }" });
    let list = json!([one, { "query": "{ nothing }" }, { "query": "subscription { orderStatus { id } }" }]);
    let answer = post(&shop, &list, &[]).await;
    assert_eq!((answer.status, answer.body.as_array().unwrap().len()), (200, 3), "{answer:?}");
    assert_eq!(answer.body[0], json!({ "data": { "__typename": "Query" } }));
    assert_eq!(answer.body[1]["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(answer.body[2]["errors"][0]["extensions"]["code"], "NOT_ACCEPTABLE");
    let answer = post(&shop, &json!([one, one, one, one]), &[]).await;
    assert_eq!((answer.status, answer.code()), (400, "BATCH_TOO_LARGE"));
    assert_eq!(post(&shop, &json!([]), &[]).await.status, 400);
    assert_eq!(post(&shop, &one, &[]).await.status, 200);
    shop.stop().await;
}

#[tokio::test]
async fn large_answers_are_compressed_for_those_who_can_read_them() {
    let shop = TestShop::start().await;
    let small = json!({ "query": "{ __typename }" });
    let large = json!({ "query": "{ __schema { types { name description fields { name description } } } }" });
    for (accepts, query, compressed) in
        [("gzip", &large, true), ("gzip", &small, false), ("identity", &large, false), ("br", &large, false)]
    {
        let answer = post(&shop, query, &[("accept-encoding", accepts)]).await;
        assert_eq!(answer.header("content-encoding") == "gzip", compressed, "{accepts}");
    }
    shop.stop().await;
    let shop = TestShop::builder().with("server.compress_above", "0").start().await;
    assert_eq!(post(&shop, &large, &[("accept-encoding", "gzip")]).await.header("content-encoding"), "");
    shop.stop().await;
}

#[tokio::test]
async fn foreign_pages_read_what_they_may() {
    let ask = async |shop: &TestShop, origin: &str| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "content-type,authorization"),
        ];
        let asked = send(shop, Method::OPTIONS, "", &headers, String::new()).await;
        let read = post(shop, &json!({ "query": "{ __typename }" }), &[("origin", origin)]).await;
        let allowed = |answer: &Answer| answer.header("access-control-allow-origin").to_owned();
        (allowed(&asked), asked.header("access-control-allow-headers").to_owned(), allowed(&read))
    };
    let shop = TestShop::start().await;
    assert_eq!(ask(&shop, "https://evil.example").await, Default::default());
    shop.stop().await;

    let ours = "https://app.example";
    let shop = TestShop::builder().with("cors.origins", ours).start().await;
    let (asked, headers, read) = ask(&shop, ours).await;
    assert_eq!((asked.as_str(), read.as_str()), (ours, ours));
    assert!(headers.contains("authorization") && headers.contains("content-type"), "{headers}");
    let (asked, _, read) = ask(&shop, "https://evil.example").await;
    assert_eq!((asked.as_str(), read.as_str()), ("", ""));
    shop.stop().await;
}

#[tokio::test]
async fn slow_clients_are_given_up() {
    let shop =
        TestShop::builder().with("server.header_timeout", "400ms").with("server.body_timeout", "400ms").start().await;
    let head = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n";
    let pause = Duration::from_millis(100);
    let mut slow = Wire::open(&shop).await;
    slow.write(head).await;
    let answer = slow.trickle(&"{".repeat(100), pause).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("OPERATION_TIMEOUT"), "{answer}");
    let mut slow = Wire::open(&shop).await;
    let answer = slow.trickle(head, pause).await;
    assert!(!answer.contains("200"), "a head that does not end: {answer}");
    let mut idle = Wire::open(&shop).await;
    assert_eq!(idle.closed().await, "", "nothing at all");
    let mut idle = Wire::open(&shop).await;
    idle.write("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(idle.closed().await.starts_with("HTTP/1.1 200"), "and then nothing more");
    shop.stop().await;
}

#[tokio::test]
async fn an_operation_ends_in_time_and_a_change_goes_on() {
    const CROWD: usize = 40;
    let shop = TestShop::builder()
        .with("auth.password_hashing_concurrency", "1")
        .with("graphql.time_limit", "200ms")
        .with("rates.enabled", "false")
        .start()
        .await;
    let query = "mutation($input: RegisterInput!) { register(input: $input) { user { id } userErrors { code } } }";
    let phone = |number: usize| format!("+1000777{number:04}");
    let register = async |number: usize| {
        let input = json!({
            "username": format!("late{number}"), "phone": phone(number), "password": "correct horse battery",
            "birthDate": "1990-05-17", "workStatus": "EMPLOYED",
        });
        post(&shop, &json!({ "query": query, "variables": { "input": input } }), &[]).await
    };
    let answers = futures_util::future::join_all((0..CROWD).map(register)).await;
    let late: Vec<&Answer> = answers.iter().filter(|answer| answer.code() == "OPERATION_TIMEOUT").collect();
    assert!(!late.is_empty(), "the last of {CROWD} waits for the others");
    assert!(late.iter().all(|answer| answer.status == 503 && answer.body.get("data").is_none()), "{late:?}");
    // Who was not told is registered all the same.
    let query = "mutation($input: LoginInput!) { login(input: $input) { user { id } } }";
    for number in [0, CROWD / 2, CROWD - 1] {
        let input = json!({ "phone": phone(number), "password": "correct horse battery" });
        let login = json!({ "query": query, "variables": { "input": input } });
        wait_until("the account", async || {
            post(&shop, &login, &[]).await.body["data"]["login"]["user"]["id"].as_str().map(drop)
        })
        .await;
    }
    shop.stop().await;
}
