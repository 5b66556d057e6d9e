//! RabbitMQ is away, or does not take anything: grabs are accepted up to a bound, and delivered afterwards.

use engines::{Proxy, RabbitMq, RabbitOptions, shared};

use crate::{
    scene::{Outcome, Plan, Scene, site},
    support::{Site, broker::written_down},
};

/// Accepted grabs that may wait in Redis.
const BOUND: usize = 8;

async fn bounded() -> Site {
    let mut site = site().await;
    site.set("stock.outbox_limit", &BOUND.to_string());
    site.set("bus.confirm_timeout", "500ms");
    site
}

/// It is killed, and comes back with what it had confirmed.
pub(crate) async fn killed(seed: u64) -> Outcome {
    let mut rabbitmq = RabbitMq::start(RabbitOptions::default()).await.expect("RabbitMQ");
    let mut site = bounded().await;
    site.set("bus.url", &rabbitmq.url());
    let mut scene = Scene::open(site, Plan::default(), seed).await;
    written_down(&rabbitmq).await;
    let first = some_buy(&mut scene).await;
    rabbitmq.kill().await.expect("killed");
    bound_holds(&mut scene, first).await;
    rabbitmq.start_again().await.expect("started");
    scene.sell_out().await
}

/// It is out of memory: it takes nothing from connections that publish.
pub(crate) async fn blocked(seed: u64) -> Outcome {
    let rabbitmq = RabbitMq::start(RabbitOptions::default()).await.expect("RabbitMQ");
    let mut site = bounded().await;
    site.set("bus.url", &rabbitmq.url());
    let mut scene = Scene::open(site, Plan::default(), seed).await;
    let first = some_buy(&mut scene).await;
    rabbitmq.set_memory_alarm(true).await.expect("raised");
    bound_holds(&mut scene, first).await;
    rabbitmq.set_memory_alarm(false).await.expect("ended");
    scene.sell_out().await
}

/// Nothing comes through, in either direction, from any process.
pub(crate) async fn partitioned(seed: u64) -> Outcome {
    let rabbitmq = shared::rabbitmq().await.expect("RabbitMQ");
    let proxy = Proxy::start(([127, 0, 0, 1], rabbitmq.port()).into()).await.expect("a proxy");
    let mut site = bounded().await;
    site.set("bus.url", &proxy.url(&rabbitmq.url()));
    let mut scene = Scene::open(site, Plan::default(), seed).await;
    let first = some_buy(&mut scene).await;
    proxy.freeze().await;
    bound_holds(&mut scene, first).await;
    proxy.resume().await;
    scene.sell_out().await
}

/// Some buy while all is well.
async fn some_buy(scene: &mut Scene) -> usize {
    let first = scene.any(2..8);
    scene.crowd.rush(0..first).await;
    scene.wait_until_placed().await;
    first
}

/// While the broker is away, as many are told yes as may wait, and the others to try later.
async fn bound_holds(scene: &mut Scene, first: usize) {
    let answers = scene.crowd.rush(first..first + BOUND + 6).await;
    let granted = answers.get("granted").copied().unwrap_or(0);
    let away = answers.get("Away").copied().unwrap_or(0);
    scene.expect(granted == BOUND && granted + away == BOUND + 6, || {
        format!("while RabbitMQ was away {answers:?}, and {BOUND} may wait")
    });
}
