//! Pages: forwards, backwards, with cursors that are made up, and out of bounds.

use serde_json::{Value, json};

use super::asking::{fault, text, texts};
use crate::support::{CampaignSpec, TestShop};

/// Every list that stands alone.
const LISTS: [&str; 6] = ["campaigns", "products", "users", "orders", "auditLog", "accessLists"];

fn page_of(list: &str, arguments: &str) -> String {
    let arguments = if arguments.is_empty() { String::new() } else { format!("({arguments})") };
    format!(
        "{{ {list}{arguments} {{ totalCount nodes {{ id }} edges {{ cursor node {{ id }} }}
            pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
    )
}

#[tokio::test]
async fn pages_go_forwards_and_backwards_and_stay_right_while_rows_are_added() {
    let shop = TestShop::start().await;
    let admin = shop.admin_token().await;
    let mut campaigns = Vec::new();
    for _ in 0..5 {
        campaigns.push(shop.create_campaign(&admin, &CampaignSpec::default()).await);
    }
    campaigns.reverse();
    let ids: Vec<&str> = campaigns.iter().map(String::as_str).collect();
    let page = async |arguments: &str| {
        shop.data(Some(&admin), &page_of("campaigns", arguments), json!({})).await["campaigns"].take()
    };
    let assert_page = |page: &Value, expected: &[&str], previous: bool, next: bool| {
        assert_eq!(texts(&page["nodes"], "id"), expected);
        let edges = page["edges"].as_array().unwrap();
        assert_eq!(edges.iter().map(|edge| text(&edge["node"]["id"])).collect::<Vec<_>>(), expected);
        let info = &page["pageInfo"];
        assert_eq!((&info["hasPreviousPage"], &info["hasNextPage"]), (&json!(previous), &json!(next)), "{page:#}");
        let cursor = |edge: Option<&Value>| edge.map_or(Value::Null, |edge| edge["cursor"].clone());
        assert_eq!((&info["startCursor"], &info["endCursor"]), (&cursor(edges.first()), &cursor(edges.last())));
    };

    let first = page("first: 2").await;
    assert_page(&first, &ids[..2], false, true);
    assert_eq!(first["totalCount"], 5);
    shop.create_campaign(&admin, &CampaignSpec::default()).await;
    let second = page(&format!("first: 2, after: {}", first["pageInfo"]["endCursor"])).await;
    assert_page(&second, &ids[2..4], true, true);
    assert_eq!(second["totalCount"], 6, "of the whole list");
    let third = page(&format!("first: 2, after: {}", second["pageInfo"]["endCursor"])).await;
    assert_page(&third, &ids[4..], true, false);
    let beyond = page(&format!("after: {}", third["pageInfo"]["endCursor"])).await;
    assert_page(&beyond, &[], true, false);

    assert_page(&page("last: 2").await, &ids[3..], true, false);
    let back = page(&format!("last: 2, before: {}", third["pageInfo"]["startCursor"])).await;
    assert_page(&back, &ids[2..4], true, true);
    let between = format!("after: {}, before: {}", first["edges"][0]["cursor"], third["edges"][0]["cursor"]);
    assert_eq!(texts(&page(&between).await["nodes"], "id"), ids[1..4]);
    assert_eq!(page("first: 100").await["nodes"].as_array().unwrap().len(), 6);
    shop.stop().await;
}

#[tokio::test]
async fn a_page_that_cannot_be_is_bad_user_input_in_every_list() {
    let shop = TestShop::start().await;
    let admin = shop.admin_token().await;
    let campaign = shop.live_campaign(1, 1).await;
    let buyer = shop.register_customer().await;
    let order = shop.grab(&buyer, &campaign).await;
    shop.wait_for_status(&buyer.token, &order, "PENDING_PAYMENT").await;
    let mut lists: Vec<(String, String)> = LISTS.map(|list| (list.to_owned(), page_of(list, "ARGUMENTS"))).to_vec();
    let ledger = format!("{{ campaign(id: \"{campaign}\") {} }}", page_of("stockMovements", "ARGUMENTS"));
    lists.push(("stockMovements".to_owned(), ledger));
    lists.push(("orders of a user".to_owned(), format!("{{ me {} }}", page_of("orders", "ARGUMENTS"))));

    let cursor_of = async |list: &str| {
        let data = shop.data(Some(&admin), &page_of(list, "first: 1"), json!({})).await;
        data[list]["edges"][0]["cursor"].to_string()
    };
    let (of_campaigns, of_products) = (cursor_of("campaigns").await, cursor_of("products").await);
    for (list, query) in lists {
        let foreign = if list == "campaigns" { &of_products } else { &of_campaigns };
        for (arguments, argument) in [
            ("first: 0".to_owned(), "first"),
            ("first: -1".to_owned(), "first"),
            ("first: 101".to_owned(), "first"),
            ("last: 0".to_owned(), "last"),
            ("last: -2147483648".to_owned(), "last"),
            ("last: 101".to_owned(), "last"),
            ("first: 1, last: 1".to_owned(), "last"),
            ("after: \"\"".to_owned(), "after"),
            ("after: \"made up\"".to_owned(), "after"),
            ("before: \"bm90IGEgY3Vyc29y\"".to_owned(), "before"),
            (format!("after: {foreign}"), "after"),
            (format!("last: 1, before: {foreign}"), "before"),
            (format!("after: \"{}\"", "A".repeat(10_000)), "after"),
        ] {
            let answer = shop.graphql(Some(&admin), &query.replace("ARGUMENTS", &arguments), json!({})).await;
            assert_eq!(fault(&answer), "BAD_USER_INPUT", "{list}({arguments}): {answer:#}");
            assert_eq!(answer["errors"][0]["extensions"]["argument"], argument, "{list}({arguments})");
        }
        for arguments in ["first: 2147483648", "first: \"1\"", "after: 1"] {
            let answer = shop.graphql(Some(&admin), &query.replace("ARGUMENTS", arguments), json!({})).await;
            let code = fault(&answer);
            assert!(["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"].contains(&code), "{list}({arguments}): {answer:#}");
        }
    }
    shop.stop().await;
}
