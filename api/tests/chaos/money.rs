//! Nobody is charged for an order that is not theirs to pay.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::support::{client::Graph, people::Person};

/// What every buyer begins with, in minor units: enough for two.
pub(crate) const GIVEN: i64 = 2_000;
/// What a unit costs.
const PRICE: i64 = 999;

/// Balances that are not what was given less what was paid.
pub(crate) async fn differences(admin: &Graph, buyers: &[Person], campaign: &str) -> Vec<String> {
    let mut paid: HashMap<String, i64> = HashMap::new();
    for order in admin.orders_of(campaign).await.into_iter().filter(|order| order.status == "PAID") {
        *paid.entry(order.user).or_default() += PRICE;
    }
    let balances = balances(admin).await;
    let wrong = buyers.iter().filter_map(|buyer| {
        let expected = GIVEN - paid.get(&buyer.id).copied().unwrap_or(0);
        let found = balances.get(&buyer.id).copied();
        (found != Some(expected)).then(|| format!("{} has {found:?} and should have {expected}", buyer.id))
    });
    wrong.collect()
}

/// What everybody has, in minor units.
async fn balances(admin: &Graph) -> HashMap<String, i64> {
    let query = "query($after: String) { users(first: 100, after: $after) {
        nodes { id balance { amount } } pageInfo { hasNextPage endCursor } } }";
    let mut balances = HashMap::new();
    let mut after = Value::Null;
    loop {
        let page = admin.data(query, json!({ "after": after }), "/users").await;
        for user in page["nodes"].as_array().unwrap() {
            let amount = user["balance"]["amount"].as_str().unwrap().replace('.', "");
            balances.insert(user["id"].as_str().unwrap().to_owned(), amount.parse().unwrap());
        }
        if page["pageInfo"]["hasNextPage"] == false {
            return balances;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}
