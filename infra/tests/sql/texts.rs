//! Texts are compared byte by byte, and what does not fit is an error.

use domain::{
    spike::{Hold, stock::RequestKey},
    testing::id,
};
use entity::{access_lists, users};
use infra::sql::Database;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::contract::{
    databases::{Opened, mariadb, postgresql, sqlite},
    order::{Shop, user},
};

async fn store(db: &Database, number: u128, name: &str) -> Result<(), sea_orm::DbErr> {
    let row = access_lists::ActiveModel {
        id: Set(uuid::Uuid::from_u128(number)),
        name: Set(name.to_owned()),
        description: Set(String::new()),
        created_at: Set(0),
    };
    let tx = db.begin().await.unwrap();
    access_lists::Entity::insert(row).exec_without_returning(&tx).await?;
    tx.commit().await
}

async fn texts_that_differ_at_all_are_different(opened: Opened) {
    let db = &opened.db;
    let names = ["straße", "strasse", "STRASSE", "strasse ", "strässe", "stra\u{301}sse", "🛒", "🎁", "限量", "限量 "];
    for (number, name) in (1..).zip(names) {
        store(db, number, name).await.unwrap();
    }
    for name in names {
        let found = access_lists::Entity::find().filter(access_lists::Column::Name.eq(name));
        assert_eq!(found.count(db.reader()).await.unwrap(), 1, "{name:?}");
        assert!(store(db, 99, name).await.is_err(), "{name:?} is taken");
    }
}

async fn keys_that_differ_in_case_are_two_attempts(opened: Opened) {
    let shop = Shop::over(opened.db.clone());
    let sale = shop.sell(10).await;
    let holds = ["abc", "ABC", "abC"].map(|key| Hold {
        request_key: Some(RequestKey::parse(key).unwrap()),
        per_user_limit: 9,
        ..shop.hold(sale, user(1))
    });
    let placed = shop.place(&holds).await;
    assert!(placed.iter().all(|change| change.order.status.has_units()), "{placed:?}");
    let found = shop.orders.by_request(user(1), &RequestKey::parse("ABC").unwrap()).await.unwrap();
    assert_eq!(found.map(|found| found.order_id), Some(holds[1].order_id));
}

async fn what_does_not_fit_is_not_cut(opened: Opened) {
    let long = "x".repeat(65);
    assert!(store(&opened.db, 1, &long).await.is_err());
    assert_eq!(access_lists::Entity::find().count(opened.db.reader()).await.unwrap(), 0);
}

/// More attributes than 64 KiB hold, as a user may have.
async fn a_long_text_is_kept(opened: Opened) {
    let text = "限".repeat(40_000);
    let row = users::ActiveModel {
        id: Set(uuid::Uuid::from_u128(1)),
        username: Set("u".to_owned()),
        username_key: Set("u".to_owned()),
        phone: Set("1".to_owned()),
        password_hash: Set(String::new()),
        work_status: Set("RETIRED".to_owned()),
        birth_date: Set(chrono::NaiveDate::from_ymd_opt(1900, 2, 28).unwrap()),
        roles: Set(String::new()),
        attributes: Set(text.clone()),
        id_number_digest: Set(None),
        created_at: Set(0),
    };
    let tx = opened.db.begin().await.unwrap();
    users::Entity::insert(row).exec_without_returning(&tx).await.unwrap();
    tx.commit().await.unwrap();
    let stored = users::Entity::find().one(opened.db.reader()).await.unwrap().unwrap();
    assert!(stored.attributes == text);
    assert_eq!(id::<domain::id::UserId>(1), domain::id::TypedId::from_uuid(stored.id));
}

macro_rules! texts {
    ($engine:ident: $($case:ident)+) => {
        mod $engine {$(
            #[tokio::test]
            async fn $case() {
                super::$case(super::$engine().await).await;
            }
        )+}
    };
}

// SQLite does not bound its texts; the domain does, before.
texts!(sqlite: texts_that_differ_at_all_are_different keys_that_differ_in_case_are_two_attempts a_long_text_is_kept);
texts!(mariadb: texts_that_differ_at_all_are_different keys_that_differ_in_case_are_two_attempts a_long_text_is_kept
    what_does_not_fit_is_not_cut);
texts!(postgresql: texts_that_differ_at_all_are_different keys_that_differ_in_case_are_two_attempts a_long_text_is_kept
    what_does_not_fit_is_not_cut);
