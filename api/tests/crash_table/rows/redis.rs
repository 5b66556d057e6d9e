//! Redis forgets: all, the last moment, or only who it was.

use engines::{
    Persistence, Proxy, Redis, RedisCluster, RedisClusterOptions, RedisOptions, RedisSentinel, RedisSentinelOptions,
};

use crate::scene::{Outcome, Plan, Scene, site};

async fn redis() -> Redis {
    Redis::start(RedisOptions::with_password().expect("a password")).await.expect("Redis")
}

async fn on(url: &str, seed: u64) -> Scene {
    let mut site = site().await;
    site.set("stock.url", url);
    Scene::open(site, Plan::default(), seed).await
}

/// It is killed in mid-sale and comes back with nothing.
pub(crate) async fn wiped(seed: u64) -> Outcome {
    let mut redis = redis().await;
    let mut scene = on(&redis.url(), seed).await;
    let moment = scene.any(3..12);
    let fault = async {
        scene.crowd.answered(moment).await;
        redis.kill().await.expect("killed");
        redis.wipe().await.expect("wiped");
        redis.start_again().await.expect("started");
    };
    tokio::join!(fault, scene.crowd.insist(0..scene.crowd.len()));
    scene.sell_out().await
}

/// It has forgotten what it acknowledged since some moment.
pub(crate) async fn rolled_back(seed: u64) -> Outcome {
    // Written at once, so that the copy has what was acknowledged until then.
    let options =
        RedisOptions { persistence: Persistence::Always, ..RedisOptions::with_password().expect("a password") };
    let mut redis = Redis::start(options).await.expect("Redis");
    let mut scene = on(&redis.url(), seed).await;
    let (copied, moment) = (scene.any(1..5), scene.any(3..6));
    scene.crowd.rush(0..copied).await;
    let copy = redis.copy().expect("a copy");
    scene.crowd.rush(copied..copied + moment).await;
    let fault = async {
        scene.crowd.answered(copied + moment + 2).await;
        redis.roll_back(&copy).await.expect("rolled back");
    };
    tokio::join!(fault, scene.crowd.insist(copied + moment..scene.crowd.len()));
    scene.sell_out().await
}

/// Nothing comes through for longer than anybody waits.
pub(crate) async fn partitioned(seed: u64) -> Outcome {
    let redis = redis().await;
    let proxy = Proxy::start(([127, 0, 0, 1], redis.port()).into()).await.expect("a proxy");
    let mut site = site().await;
    site.set("stock.url", &proxy.url(&redis.url()));
    site.set("stock.patience", "500ms");
    let mut scene = Scene::open(site, Plan::default(), seed).await;
    // All answers may come at once, so those who are to be cut off begin afterwards.
    let first = scene.any(3..12);
    scene.crowd.rush(0..first).await;
    proxy.freeze().await;
    let fault = async {
        // Who insists is told again and again that it is away.
        scene.crowd.answered(first + 18).await;
        proxy.resume().await;
    };
    tokio::join!(fault, scene.crowd.insist(first..scene.crowd.len()));
    scene.sell_out().await
}

/// The master dies; its replica, which may lag, takes over.
pub(crate) async fn sentinel(seed: u64) -> Outcome {
    let options = RedisSentinelOptions::with_password().expect("a password");
    let mut redis = RedisSentinel::start(options).await.expect("Sentinel");
    let mut scene = on(&redis.url(), seed).await;
    let moment = scene.any(3..12);
    let fault = async {
        scene.crowd.answered(moment).await;
        let master = redis.kill_master().await.expect("killed");
        redis.until_failed_over(master).await.expect("failed over");
    };
    tokio::join!(fault, scene.crowd.insist(0..scene.crowd.len()));
    scene.sell_out().await
}

/// The same with the master of the campaign's slot in a cluster.
pub(crate) async fn cluster(seed: u64) -> Outcome {
    let options =
        RedisClusterOptions { replicas_per_master: 1, ..RedisClusterOptions::with_password().expect("a password") };
    let mut redis = RedisCluster::start(options).await.expect("a cluster");
    let mut scene = on(&redis.url(), seed).await;
    let moment = scene.any(3..12);
    let campaign: domain::id::CampaignId = scene.crowd.campaign.parse().expect("an id");
    let key = format!("{{{}}}", domain::id::TypedId::uuid(campaign));
    let fault = async {
        scene.crowd.answered(moment).await;
        let node = redis.node_of(&key).await.expect("a node");
        redis.kill(node).await.expect("killed");
        redis.until_whole().await.expect("whole");
    };
    tokio::join!(fault, scene.crowd.insist(0..scene.crowd.len()));
    scene.sell_out().await
}
