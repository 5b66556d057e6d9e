//! A SQLite database in a directory that goes away with the test.

use std::time::Duration;

use infra::sql::{Database, DatabaseOptions};
use tempfile::TempDir;

use super::stores::Stores;

/// The stores over a new database, and the directory that it is in.
pub(crate) async fn open() -> (Stores, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let options = DatabaseOptions {
        url: format!("sqlite:{}", dir.path().join("spike.db").display()),
        readers: 4,
        patience: Duration::from_secs(20),
    };
    (Stores::over(Database::open(&options).await.unwrap()), dir)
}
