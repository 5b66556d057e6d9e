//! What the adapter that signs access tokens expects of [`SqlSigningKeys`].
//!
//! [`SqlSigningKeys`]: infra::sql::user::SqlSigningKeys

use domain::clock::Instant;
use infra::sql::user::SigningKeyRow;

use crate::contract::stores::{Stores, at, fault};

pub(crate) async fn keys_verify_until_their_end(stores: &Stores) {
    let (for_ever, until_ten) = (key("a", "08:00:00.001", None), key("b", "07:00:00", Some(at("10:00:00.001"))));
    for row in [&for_ever, &until_ten] {
        stores.keys.insert(row, None).await.unwrap();
    }
    assert_eq!(
        stores.keys.all_verifying(at("10:00:00")).await.unwrap(),
        [until_ten, for_ever.clone()],
        "the oldest first"
    );
    assert_eq!(stores.keys.all_verifying(at("10:00:00.001")).await.unwrap(), std::slice::from_ref(&for_ever));
    assert!(!format!("{for_ever:?}").contains("254"), "a private key is not printed");
}

pub(crate) async fn a_new_key_retires_the_others(stores: &Stores) {
    stores.keys.insert(&key("a", "07:00:00", Some(at("09:30:00"))), None).await.unwrap();
    stores.keys.insert(&key("b", "08:00:00", None), None).await.unwrap();
    stores.keys.insert(&key("c", "09:00:00", None), Some(at("09:15:00"))).await.unwrap();
    assert_eq!(
        ends(stores).await,
        [("a", Some(at("09:30:00"))), ("b", Some(at("09:15:00"))), ("c", None)].map(|(kid, end)| (kid.to_owned(), end)),
        "an end that is set stays, and the new key has none"
    );
}

pub(crate) async fn a_key_that_cannot_be_stored_retires_nothing(stores: &Stores) {
    stores.keys.insert(&key("a", "08:00:00", None), None).await.unwrap();
    fault(stores.keys.insert(&key("a", "09:00:00", None), Some(at("09:15:00"))).await);
    assert_eq!(ends(stores).await, [("a".to_owned(), None)]);
}

fn key(kid: &str, created: &str, verifies_until: Option<Instant>) -> SigningKeyRow {
    SigningKeyRow {
        kid: kid.to_owned(),
        private_key: vec![0, 1, 254, 255],
        public_key: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".to_owned(),
        created_at: at(created),
        verifies_until,
    }
}

async fn ends(stores: &Stores) -> Vec<(String, Option<Instant>)> {
    let keys = stores.keys.all_verifying(at("09:00:00")).await.unwrap();
    keys.into_iter().map(|key| (key.kid, key.verifies_until)).collect()
}
