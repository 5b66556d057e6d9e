//! What is too much is refused, under its name, and what tools and clients send is not.

use serde_json::json;

use crate::{
    support::TestShop,
    wire::{Answer, post},
};

async fn ask(shop: &TestShop, query: &str) -> Answer {
    post(shop, &json!({ "query": query }), &[]).await
}

fn reason(answer: &Answer) -> &str {
    answer.body["errors"][0]["extensions"]["reason"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn each_limit_has_a_name_and_a_key() {
    let numbered = |one: &str, count| (0..count).map(|i| one.replace('#', &i.to_string())).collect::<String>();
    let fields = "username phone roles createdAt";
    for (key, limit, query, expected) in [
        ("max_tokens", "20", format!("{{ me {{ {} }} }}", "id ".repeat(20)), "TOO_MANY_TOKENS"),
        ("max_depth", "3", "{ me { orders { nodes { id } } } }".to_owned(), "TOO_DEEP"),
        ("max_complexity", "50", "{ campaigns(first: 30) { nodes { id title } } }".to_owned(), "TOO_COMPLEX"),
        ("max_fields", "4", format!("{{ me {{ {fields} }} }}"), "TOO_MANY_FIELDS"),
        ("max_aliases", "3", format!("{{ me {{ {} }} }}", numbered("a#: id ", 4)), "TOO_MANY_ALIASES"),
        ("max_root_fields", "3", format!("{{ {} }}", numbered("a#: me { id } ", 4)), "TOO_MANY_ROOT_FIELDS"),
        (
            "max_directives",
            "2",
            "{ me { id @skip(if: false) @include(if: true) @skip(if: false) } }".to_owned(),
            "TOO_MANY_DIRECTIVES",
        ),
        (
            "max_introspection",
            "1000",
            "{ __schema { types { fields { name } } } }".to_owned(),
            "TOO_MUCH_INTROSPECTION",
        ),
    ] {
        let shop = TestShop::builder().with(&format!("graphql.{key}"), limit).start().await;
        let answer = ask(&shop, &query).await;
        let told = (answer.code(), reason(&answer), &answer.body["errors"][0]["extensions"]["limit"]);
        assert_eq!(told, ("QUERY_TOO_COMPLEX", expected, &json!(limit.parse::<u64>().unwrap())), "{answer:?}");
        assert!(answer.body.get("data").is_none());
        assert_eq!(ask(&shop, "{ __typename }").await.status, 200);
        shop.stop().await;
    }
}

#[tokio::test]
async fn nothing_that_recurses_ends_the_process() {
    let shop = TestShop::start().await;
    let nested = |open: &str, close: &str, depth: usize| format!("{}a{}", open.repeat(depth), close.repeat(depth));
    let chain = |depth| {
        (0..depth).fold("{ ...f0 }".to_owned(), |all, i| format!("{all} fragment f{i} on Query {{ ...f{} }}", i + 1))
    };
    for (query, code) in [
        (nested("{a", "}", 50), "QUERY_TOO_COMPLEX"),
        (nested("{a", "}", 100_000), "QUERY_TOO_COMPLEX"),
        (format!("{{ me(a: {}) {{ id }} }}", nested("[", "]", 60)), "GRAPHQL_VALIDATION_FAILED"),
        (format!("{{ me(a: {}) {{ id }} }}", nested("[", "]", 500)), "QUERY_TOO_COMPLEX"),
        (format!("{{ me(a: {}) {{ id }} }}", nested("{a:", "}", 100_000)), "QUERY_TOO_COMPLEX"),
        (format!("query($a: {}) {{ me {{ id }} }}", nested("[", "]", 50_000)), "QUERY_TOO_COMPLEX"),
        (format!("{{ me(a: [\"\"\" a\" {}", "[".repeat(100_000)), "GRAPHQL_PARSE_FAILED"),
        (chain(100), "QUERY_TOO_COMPLEX"),
        (chain(1_000), "QUERY_TOO_COMPLEX"),
        ("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }".to_owned(), "GRAPHQL_VALIDATION_FAILED"),
    ] {
        let answer = ask(&shop, &query).await;
        assert_eq!(answer.code(), code, "{}: {answer:?}", &query[..query.len().min(60)]);
        assert!(answer.body.to_string().len() < 1_000, "what was sent is not sent back");
    }
    let deep = format!(
        "{{\"query\":\"query($a: [Int]) {{ me {{ id }} }}\",\"variables\":{{\"a\":{}}}}}",
        nested("[", "]", 100_000).replace('a', "")
    );
    let answer =
        crate::wire::send(&shop, reqwest::Method::POST, "", &[("content-type", "application/json")], deep).await;
    assert_eq!(answer.status, 400);
    shop.stop().await;
}

/// What `GraphiQL` and code generators send (graphql-js 16, `getIntrospectionQuery`).
const INTROSPECTION: &str = include_str!("../../../schema/src/document/introspection.graphql");

#[tokio::test]
async fn tools_get_their_introspection_unless_it_is_turned_off() {
    let shop = TestShop::start().await;
    let answer = ask(&shop, INTROSPECTION).await;
    assert!(
        answer.body["data"]["__schema"]["types"].as_array().unwrap().len() > 50 && answer.body.get("errors").is_none()
    );
    let unknown = ask(&shop, "{ campaignz { nodes { id } } }").await;
    assert!(unknown.body.to_string().contains("campaigns"), "{unknown:?}");
    let bomb = "{ __schema { types { fields { type { fields { type { fields { args { type { fields { name } } } } } } } } } } }";
    assert_eq!(reason(&ask(&shop, bomb).await), "TOO_MUCH_INTROSPECTION");
    shop.stop().await;

    let shop =
        TestShop::builder().with("graphql.introspection", "false").with("graphql.suggestions", "false").start().await;
    for query in [
        INTROSPECTION,
        "{ __type(name: \"User\") { name } }",
        "{ ...a } fragment a on Query { __schema { __typename } }",
    ] {
        let answer = ask(&shop, query).await;
        assert_eq!(
            (answer.code(), reason(&answer)),
            ("GRAPHQL_VALIDATION_FAILED", "INTROSPECTION_DISABLED"),
            "{query}"
        );
    }
    assert_eq!(ask(&shop, "{ __typename }").await.body["data"]["__typename"], "Query", "this is no introspection");
    let unknown = ask(&shop, "{ campaignz { nodes { id } } }").await;
    assert!(!unknown.body.to_string().contains("campaigns"), "{unknown:?}");
    shop.stop().await;
}

#[tokio::test]
async fn the_cost_is_told_when_it_is_asked_for() {
    let shop = TestShop::start().await;
    let query = "{ campaigns(first: 7) { nodes { a: id title @include(if: true) } } }";
    let silent = ask(&shop, query).await;
    assert!(silent.body.get("extensions").is_none(), "{silent:?}");
    let header = post(&shop, &json!({ "query": query }), &[("graphql-cost", "1")]).await;
    let extension = post(&shop, &json!({ "query": query, "extensions": { "cost": true } }), &[]).await;
    for answer in [&header, &extension] {
        let used = |what: &str| answer.body["extensions"]["cost"][what]["used"].clone();
        assert_eq!(
            ["complexity", "depth", "fields", "rootFields", "aliases", "directives"].map(used),
            [json!(21), json!(3), json!(4), json!(1), json!(1), json!(1)],
            "{answer:?}"
        );
    }
    let other = post(&shop, &json!({ "query": query, "extensions": { "cost": "of somebody else" } }), &[]).await;
    assert!(other.status == 200 && other.body.get("extensions").is_none());
    let refused = post(&shop, &json!({ "query": "{ campaigns(first: 100) { nodes { product { name description } } } users(first: 100) { nodes { orders(first: 100) { nodes { id } } } } }" }), &[("graphql-cost", "1")]).await;
    let used = refused.body["extensions"]["cost"]["complexity"]["used"].as_u64().unwrap();
    assert!(reason(&refused) == "TOO_COMPLEX" && used > 10_000, "{refused:?}");
    shop.stop().await;
}

#[tokio::test]
async fn a_long_list_is_no_long_condition() {
    let shop = TestShop::start().await;
    let buyer = shop.register_customer().await;
    let bearer = format!("Bearer {}", buyer.token);
    for (query, value) in [
        ("query($all: [CampaignState!]) { campaigns(states: $all) { totalCount } }", "LIVE"),
        ("query($all: [OrderStatus!]) { me { orders(statuses: $all) { totalCount } } }", "PAID"),
    ] {
        let body = json!({ "query": query, "variables": { "all": vec![value; 90_000] } });
        let answer = post(&shop, &body, &[("authorization", &bearer)]).await;
        assert!(answer.status == 200 && answer.body.get("errors").is_none(), "{query}: {answer:?}");
    }
    shop.stop().await;
}

#[tokio::test]
async fn many_mistakes_are_not_all_told() {
    let shop = TestShop::start().await;
    let wrong = (0..500).map(|i| format!("wrong{i} ")).collect::<Vec<_>>().concat();
    let answer = ask(&shop, &format!("{{ me {{ {wrong} }} }}")).await;
    let errors = answer.body["errors"].as_array().map_or(0, Vec::len);
    assert!(
        (1..=20).contains(&errors) && answer.body["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    );
    shop.stop().await;
}
