//! The contract of [`AccessStore`]: rules.
//!
//! [`AccessStore`]: domain::access::ports::AccessStore

use domain::{
    access::{
        ports::{AccessListChange, ListStored},
        rules::AccessRule,
    },
    error::Fault,
    id::AccessListId,
    spike::{Campaign, Stage},
    testing::id,
};
use entity::{access_rule_lists, access_rules};

use crate::contract::{
    seed,
    stores::{Stores, campaign, fault},
};

pub(crate) async fn rules_are_replaced_and_keep_their_order(stores: &Stores) {
    let (first, second) = two_campaigns(stores).await;
    let three = ["user.age >= 18", "true", "user.age < 60"].map(rule);
    save(stores, &first, &three).await.unwrap();
    save(stores, &second, &three[1..2]).await.unwrap();
    assert_eq!(stores.access.rules(first.id).await.unwrap(), three);

    let [a, b, _] = three.clone();
    save(stores, &first, &[b.clone(), a.clone()]).await.unwrap();
    assert_eq!(stores.access.rules(first.id).await.unwrap(), [b.clone(), a]);
    save(stores, &first, &[]).await.unwrap();
    assert_eq!(stores.access.rules(first.id).await.unwrap(), []);
    assert_eq!(stores.access.rules(second.id).await.unwrap(), [b], "of another campaign");
    assert_eq!(stores.access.rules(id(77)).await.unwrap(), []);
    assert_eq!(stores.done().await[3..], ["rules", "rules", "rules", "rules"]);
}

pub(crate) async fn rules_that_refer_to_nothing_are_not_saved(stores: &Stores) {
    let (first, _) = two_campaigns(stores).await;
    list(stores, 1, "known").await;
    let kept = [rule("inList('known')")];
    save(stores, &first, &kept).await.unwrap();
    let before = stores.done().await;

    let unknown = [rule("true"), rule("inList('known') || inList('unknown')")];
    let refused = fault(save(stores, &first, &unknown).await);
    assert!(matches!(&refused, Fault::BadInput { message, .. } if message.contains("\"unknown\"")), "{refused:?}");
    let broken = fault(save(stores, &first, &[rule("user.")]).await);
    assert!(matches!(broken, Fault::Internal(_)), "{broken:?}");
    assert_eq!(stores.access.rules(first.id).await.unwrap(), kept);

    let nowhere = fault(save(stores, &campaign(77, Stage::Draft), &kept).await);
    assert!(matches!(nowhere, Fault::BadInput { .. }), "{nowhere:?}");
    assert_eq!(stores.access.rules(id(77)).await.unwrap(), []);
    assert_eq!(stores.done().await, before);
}

pub(crate) async fn rules_note_the_lists_that_they_refer_to(stores: &Stores) {
    let (first, second) = two_campaigns(stores).await;
    for (number, name) in [(1, "red"), (2, "green"), (3, "blue")] {
        list(stores, number, name).await;
    }
    save(stores, &first, &[rule("inList('red') && !inList('green')"), rule("inList('red')")]).await.unwrap();
    save(stores, &second, &[rule("inList('red')")]).await.unwrap();
    assert_eq!(delete(stores, 1).await, ListStored::InUse(first.id));
    assert_eq!(delete(stores, 2).await, ListStored::InUse(first.id));
    assert!(matches!(delete(stores, 3).await, ListStored::Stored(_)));

    save(stores, &first, &[rule("true")]).await.unwrap();
    assert_eq!(delete(stores, 1).await, ListStored::InUse(second.id));
    assert!(matches!(delete(stores, 2).await, ListStored::Stored(_)));
    save(stores, &second, &[]).await.unwrap();
    assert!(matches!(delete(stores, 1).await, ListStored::Stored(_)));
}

pub(crate) async fn a_deleted_campaign_refers_to_no_list(stores: &Stores) {
    let (first, second) = two_campaigns(stores).await;
    list(stores, 1, "red").await;
    for campaign in [&first, &second] {
        save(stores, campaign, &[rule("inList('red')")]).await.unwrap();
    }
    assert!(stores.campaigns.delete(first.id, 1, &stores.entry("delete")).await.unwrap());
    assert_eq!(stores.access.rules(first.id).await.unwrap(), []);
    assert_eq!(stores.access.rules(second.id).await.unwrap().len(), 1);
    let rules = seed::read::<access_rules::Entity>(&stores.db).await;
    let notes = seed::read::<access_rule_lists::Entity>(&stores.db).await;
    assert_eq!((rules.len(), notes.len()), (1, 1), "its rules and notes went with it");
    assert_eq!(delete(stores, 1).await, ListStored::InUse(second.id));
}

async fn two_campaigns(stores: &Stores) -> (Campaign, Campaign) {
    stores.stock_product().await;
    let both = (campaign(1, Stage::Draft), campaign(2, Stage::Draft));
    stores.stock_campaign(&both.0).await;
    stores.stock_campaign(&both.1).await;
    both
}

async fn save(stores: &Stores, campaign: &Campaign, rules: &[AccessRule]) -> Result<(), Fault> {
    stores.access.replace_rules(campaign.id, rules, &stores.entry("rules")).await
}

async fn list(stores: &Stores, number: u128, name: &str) {
    let change =
        AccessListChange { name: name.to_owned(), description: String::new(), add: Vec::new(), remove: Vec::new() };
    let answer = stores.access.create_list(id(number), &change, &stores.entry("list")).await.unwrap();
    assert!(matches!(answer, ListStored::Stored(_)));
}

async fn delete(stores: &Stores, list: u128) -> ListStored {
    stores.access.delete_list(id::<AccessListId>(list), &stores.entry("unlist")).await.unwrap()
}

fn rule(expression: &str) -> AccessRule {
    AccessRule {
        name: format!("rule {expression}"),
        expression: expression.to_owned(),
        message: "Not for you: \u{1f6ab}".to_owned(),
    }
}
