//! The contract of [`ProductStore`].
//!
//! [`ProductStore`]: domain::admin::ports::ProductStore

use domain::{
    admin::{ports::ProductDeleted, products::Product},
    id::ProductId,
    money::{Currency, Money},
    page::PageRequest,
    spike::{Campaign, Stage},
    testing::id,
};

use crate::contract::stores::{Stores, assert_pages, at, campaign, product};

pub(crate) async fn a_product_is_read_back_as_it_was_stored(stores: &Stores) {
    let first = product(1);
    let second = Product { image_url: None, list_price: Money::new(0, Currency::Jpy), ..product(2) };
    for product in [&first, &second] {
        stores.products.insert(product, &stores.entry("insert")).await.unwrap();
    }
    let mut read = stores.products.by_ids(&[id(2), id(77), id(1), id(1)]).await.unwrap();
    read.sort_by_key(|product| product.id);
    assert_eq!(read, [first, second]);
    assert_eq!(stores.products.by_ids(&[]).await.unwrap(), []);
    assert_eq!(stores.done().await, ["insert", "insert"]);
}

pub(crate) async fn a_product_is_overwritten_until_it_is_deleted(stores: &Stores) {
    stores.stock_product().await;
    stores.products.insert(&product(2), &stores.entry("product")).await.unwrap();
    let changed = Product {
        name: "New".to_owned(),
        description: String::new(),
        list_price: Money::new(1, Currency::Usd),
        image_url: None,
        created_at: at("23:00:00"),
        deleted_at: Some(at("23:00:00")),
        ..product(1)
    };
    assert!(stores.products.save(&product(1), &changed, &stores.entry("save")).await.unwrap());
    let expected = Product { created_at: product(1).created_at, deleted_at: None, ..changed.clone() };
    assert_eq!(
        stores.products.by_ids(&[id(1)]).await.unwrap(),
        [expected],
        "what is not an administrator's to set stays"
    );
    assert_eq!(stores.products.by_ids(&[id(2)]).await.unwrap(), [product(2)]);

    assert_eq!(delete(stores, 1).await, ProductDeleted::Deleted);
    assert!(!stores.products.save(&product(1), &product(1), &stores.entry("save")).await.unwrap());
    assert!(!stores.products.save(&product(77), &product(77), &stores.entry("save")).await.unwrap());
    let read = stores.products.by_ids(&[id(1)]).await.unwrap();
    assert_eq!(read[0].name, "New");
    assert_eq!(stores.done().await, ["product", "product", "save", "delete"]);
}

pub(crate) async fn a_deleted_product_is_shown_but_not_listed(stores: &Stores) {
    stores.stock_product().await;
    stores.products.insert(&product(2), &stores.entry("product")).await.unwrap();
    assert_eq!(delete(stores, 1).await, ProductDeleted::Deleted);
    let deleted = Product { deleted_at: Some(at("10:30:00")), ..product(1) };
    assert_eq!(stores.products.by_ids(&[id(1)]).await.unwrap(), [deleted]);
    let listed = stores.products.list(&PageRequest { with_total: true, ..PageRequest::default() }).await.unwrap();
    assert_eq!((listed.items, listed.total), (vec![product(2)], Some(1)));
    assert_eq!(delete(stores, 1).await, ProductDeleted::NotFound, "again");
    assert_eq!(delete(stores, 77).await, ProductDeleted::NotFound);
    assert_eq!(stores.done().await, ["product", "product", "delete"]);
}

/// The products are deleted at half past ten.
pub(crate) async fn a_product_is_in_use_until_its_campaigns_are_over(stores: &Stores) {
    let over = at("10:30:00");
    let not_over = at("10:30:00.001");
    for (number, stage, ends_at, in_use) in [
        (1, Stage::Draft, not_over, true),
        (2, Stage::Published, not_over, true),
        (3, Stage::Paused, not_over, true),
        (4, Stage::Ended, not_over, false),
        (5, Stage::Draft, over, false),
        (6, Stage::Published, over, false),
        (7, Stage::Paused, over, false),
    ] {
        stores.products.insert(&product(number), &stores.entry("product")).await.unwrap();
        let sold = Campaign { product_id: id(number), ends_at, ..campaign(number, stage) };
        stores.stock_campaign(&sold).await;
        let expected = if in_use { ProductDeleted::InUse(sold.id) } else { ProductDeleted::Deleted };
        assert_eq!(delete(stores, number).await, expected, "{stage:?} until {ends_at}");
        let read = stores.products.by_ids(&[id(number)]).await.unwrap();
        assert_eq!(read[0].deleted_at.is_none(), in_use);
    }
}

pub(crate) async fn products_are_listed_in_pages(stores: &Stores) {
    for number in 1..=8 {
        stores.products.insert(&product(number), &stores.entry("insert")).await.unwrap();
    }
    assert_eq!(delete(stores, 5).await, ProductDeleted::Deleted);
    let ids: Vec<ProductId> = [8, 7, 6, 4, 3, 2, 1].map(id).into();
    assert_pages(&ids, |product: &Product| product.id, async |page| stores.products.list(&page).await).await;
}

async fn delete(stores: &Stores, number: u128) -> ProductDeleted {
    stores.products.delete(id(number), at("10:30:00"), &stores.entry("delete")).await.unwrap()
}
