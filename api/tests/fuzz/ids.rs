//! Ids and cursors, through the graph that reads them.

use rand::RngExt;
use serde_json::json;

use crate::{
    harness::Run,
    input::changed_text,
    support::{TestShop, within},
};

const IDS: &[&str] = &[
    "campaign_01h2xcejqtf2nbrexx3vqjhp41",
    "order_01h2xcejqtf2nbrexx3vqjhp41",
    "user_7zzzzzzzzzzzzzzzzzzzzzzzzz",
    "b3JkZXJfMDFoMnhjZWpxdGYybmJyZXh4M3Zxamhw",
    "Y2FtcGFpZ25fMDFoMnhjZWpxdGYybmJyZXh4M3Zxamhw",
    "01890a5d-ac96-774b-bcce-b302099a8057",
];
const WORDS: &[&str] =
    &["_", "-", "=", "==", "campaign_", "user_", "order_", "zzzz", "8", "0", "Y2Ft", "é", "\0", " ", "%", "'", "ILOU"];

const QUERY: &str = "query($id: ID!, $cursor: String!, $first: Int) {
    a: campaign(id: $id) { id } b: campaigns(first: $first, after: $cursor) { nodes { id } } c: campaigns(last: 1, before: $cursor) { nodes { id } } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_and_cursors() {
    let shop = TestShop::builder().with("rates.enabled", "false").start().await;
    let mut run = Run::of("ids");
    let mut well_formed = 0_u64;
    while run.goes_on() {
        let id = changed_text(&mut run.random, IDS, WORDS);
        let cursor = changed_text(&mut run.random, IDS, WORDS);
        let first = run.random.random_range(-3..200);
        let variables = json!({ "id": id, "cursor": cursor, "first": first });
        let input = variables.to_string();
        let answer = within("an answer", shop.graphql(None, QUERY, variables)).await;
        run.try_one(input.as_bytes(), || {
            for error in answer["errors"].as_array().into_iter().flatten() {
                assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{input}: {answer}");
            }
        });
        well_formed += u64::from(answer["errors"].as_array().map_or(0, Vec::len) < 3);
    }
    println!("fuzz ids: {well_formed} of them are ids or cursors");
    assert!(well_formed > 0, "what is changed a little is sometimes still one");
    run.done();
    shop.stop().await;
}
