//! While the stock of a campaign is built in Redis.

use crate::scene::{Outcome, Plan, Scene, site};

/// The process dies when the database has begun the next life of the stock and Redis does not know it yet.
pub(crate) async fn read(seed: u64) -> Outcome {
    dies_at("opening.read", seed).await
}

/// The process dies right after Redis has it.
pub(crate) async fn loaded(seed: u64) -> Outcome {
    dies_at("opening.loaded", seed).await
}

/// Two replicas find the stock closed. The one that opens it dies, and the other goes on.
async fn dies_at(point: &str, seed: u64) -> Outcome {
    let plan = Plan { graphs: 2, ..Plan::default() };
    let mut scene = Scene::open(site().await, plan, seed).await;
    let before = scene.any(1..15);
    scene.crowd.rush(0..before).await;
    scene.graphs[0].kill().await;
    scene.graphs[0].start_failing_at(&format!("{point}=1*return")).await;
    forget(&scene).await;
    let (ended, ()) = tokio::join!(scene.graphs[0].ended(), scene.crowd.insist((before..20).step_by(2)));
    scene.expect(!ended.success(), || format!("the first replica ended with {ended}"));
    scene.graphs[0].start().await;
    scene.audit().await;
    scene.sell_out().await
}

/// Has Redis forget the sale, and the first replica find out.
async fn forget(scene: &Scene) {
    let redis = engines::shared::redis().await.expect("Redis");
    let script = "local keys = redis.call('KEYS', ARGV[1]) for _, key in ipairs(keys) do redis.call('DEL', key) end";
    let pattern = format!("{}:*", scene.site.setting("stock.prefix"));
    redis.ask(&["EVAL", script, "0", &pattern]).await.expect("forgotten");
    // Whatever it answers: it opens the stock on the way, and dies.
    let _ = scene.crowd.attempt(0, 0).await;
}
