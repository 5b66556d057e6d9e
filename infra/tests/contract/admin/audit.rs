//! The contract of [`AuditStore`].
//!
//! [`AuditStore`]: domain::admin::ports::AuditStore

use domain::{admin::audit::AuditEntry, page::PageRequest, testing::id};

use crate::contract::stores::{Stores, assert_pages, at, product};

pub(crate) async fn the_log_is_read_back_as_it_was_written(stores: &Stores) {
    let by_operator = AuditEntry {
        id: id(2),
        at: at("10:00:00.123"),
        actor: None,
        action: "grantRole".to_owned(),
        subject: "user_00000000000000000000000001".to_owned(),
        detail: "role \"ADMIN\"\n".to_owned(),
    };
    let by_admin = AuditEntry { id: id(1), actor: Some(id(900)), ..by_operator.clone() };
    stores.products.insert(&product(1), &by_operator).await.unwrap();
    stores.products.insert(&product(2), &by_admin).await.unwrap();
    let page = stores.audit.list(&PageRequest::default()).await.unwrap();
    assert_eq!(page.items, [by_operator, by_admin], "by their ids, not as they were written");
    assert!(stores.products.insert(&product(2), &stores.entry("fails")).await.is_err());
    assert_eq!(stores.done().await.len(), 2, "what failed is not in it");
}

pub(crate) async fn the_log_is_listed_in_pages(stores: &Stores) {
    let mut ids = Vec::new();
    for number in 1..=7 {
        let entry = stores.entry("insert");
        stores.products.insert(&product(number), &entry).await.unwrap();
        ids.insert(0, entry.id);
    }
    assert_pages(&ids, |entry: &AuditEntry| entry.id, async |page| stores.audit.list(&page).await).await;
}
