//! The contract of the stores of orders and money, on SQLite.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::time::Duration;

use infra::sql::{Database, DatabaseOptions};
use proptest::prelude::*;

use self::contract::order::{Shop, model};

#[macro_use]
mod contract {
    #[macro_use]
    pub(crate) mod order;
}

/// A shop on a database of its own, and the directory that keeps it.
async fn sqlite() -> (Shop, tempfile::TempDir) {
    let kept = tempfile::tempdir().unwrap();
    let options = DatabaseOptions {
        url: format!("sqlite:{}", kept.path().join("spike.db").display()),
        readers: 4,
        patience: Duration::from_secs(30),
    };
    (Shop::over(Database::open(&options).await.unwrap()), kept)
}

order_suite!(sqlite);

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn does_what_the_model_does(steps in model::steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (shop, _kept) = sqlite().await;
            model::does_what_the_model_does(&shop, steps).await;
        });
    }
}
