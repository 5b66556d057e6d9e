//! The crash table of `docs/ARCHITECTURE.md`: every row with the real engines and the real processes. A process is
//! killed at that very step, or an engine is killed, blocked or cut off; it comes back; then the invariants are checked
//! through the public graph, and a table is printed.
//!
//! `SPIKE_CRASH_ROWS=redis` runs the rows with that in their name. `SPIKE_TEST_SEED` chooses the moments.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what a test relies on must be there")]
#![allow(clippy::print_stdout, reason = "the table is what it is for")]

#[path = "../support/mod.rs"]
mod support;

mod rows;
mod scene;
mod table;
mod wipe;

/// Both tests need the whole machine.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_fails_nothing_accepted_is_lost_and_nothing_is_sold_twice() {
    let _turn = TURN.lock().await;
    tokio::task::LocalSet::new().run_until(table::run(rows::all())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_is_wiped_in_mid_sale_and_sales_go_on_by_themselves() {
    let _turn = TURN.lock().await;
    wipe::run().await;
}
