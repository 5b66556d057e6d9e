//! Documents that are kept, and documents that are known.

use api::{app::App, error::StartError, roles::Roles, world::Overrides};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    support::{Frame, TestShop, site::Site},
    wire::{Answer, get, post},
};

const QUERY: &str = "query Named { __typename }";

fn hash(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

fn extensions(hash: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } })
}

#[tokio::test]
async fn a_document_is_sent_once_and_its_hash_from_then_on() {
    let shop = TestShop::start().await;
    let by_hash = json!({ "extensions": extensions(&hash(QUERY)) });
    let missing = |answer: &Answer| {
        let message = answer.body["errors"][0]["message"].as_str().unwrap().to_owned();
        (answer.status, answer.code().to_owned(), message)
    };
    let expected = (200, "PERSISTED_QUERY_NOT_FOUND".to_owned(), "PersistedQueryNotFound".to_owned());
    assert_eq!(missing(&post(&shop, &by_hash, &[]).await), expected);

    let typed = json!({ "data": { "__typename": "Query" } });
    let both = json!({ "query": QUERY, "extensions": extensions(&hash(QUERY)) });
    assert_eq!(post(&shop, &both, &[]).await.body, typed);
    assert_eq!(post(&shop, &by_hash, &[]).await.body, typed);
    assert_eq!(post(&shop, &json!({ "documentId": format!("sha256:{}", hash(QUERY)) }), &[]).await.body, typed);
    let text = extensions(&hash(QUERY).to_uppercase()).to_string();
    assert_eq!(get(&shop, &[("extensions", &text)], &[]).await.body, typed);
    let mut socket = shop.socket().await;
    socket.init(None).await;
    socket.send(&json!({ "type": "subscribe", "id": "1", "payload": by_hash })).await;
    assert_eq!(socket.message().await, json!({ "type": "next", "id": "1", "payload": typed }));

    for (body, code) in [
        (json!({ "query": QUERY, "extensions": extensions(&hash("{ me { id } }")) }), "PERSISTED_QUERY_HASH_MISMATCH"),
        (json!({ "extensions": extensions("nonsense") }), "BAD_USER_INPUT"),
        (json!({ "extensions": { "persistedQuery": { "version": 2, "sha256Hash": hash(QUERY) } } }), "BAD_USER_INPUT"),
        (json!({ "query": "{", "extensions": extensions(&hash("{")) }), "GRAPHQL_PARSE_FAILED"),
        (json!({ "extensions": extensions(&hash("{")) }), "PERSISTED_QUERY_NOT_FOUND"),
        (json!({ "documentId": "unknown" }), "PERSISTED_QUERY_NOT_FOUND"),
    ] {
        assert_eq!(post(&shop, &body, &[]).await.code(), code, "{body}");
    }
    let strict = post(&shop, &json!({ "documentId": "x" }), &[("accept", "application/graphql-response+json")]).await;
    assert_eq!(strict.status, 400);
    // A mutation that is known by its hash is still none for a GET.
    let mutation = "mutation { __typename }";
    post(&shop, &json!({ "query": mutation, "extensions": extensions(&hash(mutation)) }), &[]).await;
    assert_eq!(get(&shop, &[("extensions", &extensions(&hash(mutation)).to_string())], &[]).await.status, 405);
    shop.stop().await;

    let shop = TestShop::builder().with("graphql.persisted_queries", "false").start().await;
    assert_eq!(post(&shop, &by_hash, &[]).await.code(), "PERSISTED_QUERY_NOT_SUPPORTED");
    assert_eq!(post(&shop, &both, &[]).await.body, typed);
    shop.stop().await;
}

#[tokio::test]
async fn kept_documents_are_bounded() {
    let shop = TestShop::builder().with("graphql.persisted_queries_bytes", "4096").start().await;
    let documents: Vec<String> = (0..200).map(|i| format!("query Q{i} {{ __typename }}")).collect();
    for text in &documents {
        post(&shop, &json!({ "query": text, "extensions": extensions(&hash(text)) }), &[]).await;
    }
    let mut kept = 0;
    for text in &documents {
        let answer = post(&shop, &json!({ "extensions": extensions(&hash(text)) }), &[]).await;
        kept += usize::from(answer.code().is_empty());
    }
    assert!((1..=40).contains(&kept), "{kept} documents of some 150 bytes in 4 KiB");
    shop.stop().await;
}

#[tokio::test]
async fn only_what_the_operator_knows_is_executed() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("documents");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("named.graphql"), QUERY).unwrap();
    std::fs::write(folder.join("notes.txt"), "no document").unwrap();
    let map = directory.path().join("map.json");
    std::fs::write(&map, json!({ "named": QUERY }).to_string()).unwrap();
    let manifest = directory.path().join("manifest.json");
    let operation = json!({ "id": "named", "name": "Named", "type": "query", "body": QUERY });
    let listed = json!({ "format": "apollo-persisted-query-manifest", "version": 1, "operations": [operation] });
    std::fs::write(&manifest, listed.to_string()).unwrap();

    for path in [&folder, &map, &manifest] {
        let shop = TestShop::builder().with("graphql.trusted_documents", path.to_str().unwrap()).start().await;
        for known in [
            json!({ "query": QUERY }),
            json!({ "documentId": "named" }),
            json!({ "documentId": format!("sha256:{}", hash(QUERY)) }),
            json!({ "extensions": extensions(&hash(QUERY)) }),
        ] {
            let answer = post(&shop, &known, &[]).await;
            assert_eq!(answer.body, json!({ "data": { "__typename": "Query" } }), "{known}");
        }
        let other = "{ __schema { queryType { name } } }";
        for (unknown, code) in [
            (json!({ "query": other }), "QUERY_NOT_IN_SAFELIST"),
            (json!({ "query": other, "extensions": extensions(&hash(other)) }), "QUERY_NOT_IN_SAFELIST"),
            (json!({ "query": other, "documentId": "named" }), "QUERY_NOT_IN_SAFELIST"),
            (json!({ "extensions": extensions(&hash(other)) }), "PERSISTED_QUERY_NOT_FOUND"),
            (json!({ "documentId": "other" }), "PERSISTED_QUERY_NOT_FOUND"),
        ] {
            assert_eq!(post(&shop, &unknown, &[]).await.code(), code, "{unknown}");
        }
        let mut socket = shop.socket().await;
        socket.init(None).await;
        socket.send(&json!({ "type": "subscribe", "id": "1", "payload": { "query": other } })).await;
        let Frame::Json(refused) = socket.next().await else { panic!("a message") };
        assert_eq!(refused["payload"][0]["extensions"]["code"], "QUERY_NOT_IN_SAFELIST");
        shop.stop().await;
    }
}

#[tokio::test]
async fn a_list_that_cannot_be_used_stops_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("documents.json");
    for (text, why) in [
        (None, "No such file"),
        (Some("[]"), "is neither"),
        (Some("{}"), "holds no document"),
        (Some(r#"{"a":"{"}"#), "\"a\" is not GraphQL"),
    ] {
        if let Some(text) = text {
            std::fs::write(&path, text).unwrap();
        }
        let mut site = Site::new().await;
        site.set("server.listen", "127.0.0.1:0");
        site.set("graphql.trusted_documents", path.to_str().unwrap());
        let refused = App::start(&site.config(), &Roles::default(), Overrides::default()).await.err();
        let Some(error @ StartError::Documents { .. }) = refused else { panic!("{text:?}") };
        assert!(error.to_string().contains(why), "{error}");
        site.clear().await;
    }
}
