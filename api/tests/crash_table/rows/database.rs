//! The database is away: grabs go on, their orders appear afterwards.

use engines::{MariaDb, MariaDbOptions};

use crate::scene::{Outcome, Plan, Scene, site};

/// It is killed in mid-sale.
pub(crate) async fn down(seed: u64) -> Outcome {
    let mut mariadb = MariaDb::start(MariaDbOptions::default()).await.expect("MariaDB");
    let mut site = site().await;
    site.set("database.url", &mariadb.database("shop").await.expect("a database"));
    site.set("database.patience", "2s");
    let mut scene = Scene::open(site, Plan::default(), seed).await;
    let first = scene.any(2..8);
    scene.crowd.rush(0..first).await;
    mariadb.kill().await.expect("killed");
    let answers = scene.crowd.rush(first..first + 10).await;
    scene.expect(answers.get("granted") == Some(&10), || format!("while the database was down: {answers:?}"));
    mariadb.start_again().await.expect("started");
    let found = scene.audit().await;
    scene.expect(found.accepted == first + 10, || format!("{} were told yes", found.accepted));
    scene.sell_out().await
}
