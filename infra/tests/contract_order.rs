//! The contract of the stores of orders and money, on every engine.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use proptest::prelude::*;

use self::contract::{
    databases::{Opened, mariadb, postgresql, sqlite},
    order::{Shop, model},
};

#[macro_use]
mod contract {
    #[macro_use]
    pub(crate) mod databases;
    #[macro_use]
    pub(crate) mod order;
}

on_every_engine!(order_suite);

fn model_on<O: Future<Output = Opened>>(open: impl FnOnce() -> O, steps: Vec<model::Step>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let opened = open().await;
        model::does_what_the_model_does(&Shop::over(opened.db.clone()), steps).await;
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_does_what_the_model_does(steps in model::steps()) {
        model_on(sqlite, steps);
    }
}

// Fewer where each step goes over a socket: the model is the same, and so is the code above the engine.
proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn mariadb_does_what_the_model_does(steps in model::steps()) {
        model_on(mariadb, steps);
    }

    #[test]
    fn postgresql_does_what_the_model_does(steps in model::steps()) {
        model_on(postgresql, steps);
    }
}
