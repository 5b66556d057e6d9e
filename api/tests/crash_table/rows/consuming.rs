//! Between the message and the order.

use std::time::Duration;

use api::{wiring, world::Overrides};
use domain::{
    id::{CampaignId, UserId},
    spike::{
        Hold,
        ports::Backlog,
        stock::{Reserve, Reserved},
    },
};

use crate::{
    scene::{Outcome, Plan, Scene, site},
    support::{
        broker::Broker,
        wait::{wait_for, wait_until},
    },
};

/// The consumer dies with rows written and not committed.
pub(crate) async fn written(seed: u64) -> Outcome {
    dies_at("placing.written", seed).await
}

/// The consumer dies with orders committed whose messages are not acknowledged.
pub(crate) async fn committed(seed: u64) -> Outcome {
    dies_at("placing.committed", seed).await
}

async fn dies_at(point: &str, seed: u64) -> Outcome {
    let before = seed % 3;
    let plan = Plan { consumer_fails_at: format!("{point}={before}*off->1*return"), ..Plan::default() };
    let mut scene = Scene::open(site().await, plan, seed).await;
    let mut buyers = 0..scene.crowd.len();
    // In small crowds, each when the one before is placed, so that there are some batches.
    while scene.consumer.is_up() && !buyers.is_empty() {
        let crowd: Vec<usize> = buyers.by_ref().take(5).collect();
        scene.crowd.rush(crowd).await;
        wait_until("the crowd to be placed, or the consumer to end", async || {
            let report = scene.admin.try_report(&scene.crowd.campaign).await.ok()?;
            (report["queued"] == 0 || !scene.consumer.is_up()).then_some(())
        })
        .await;
    }
    scene.consumer.ended().await;
    scene.consumer.start().await;
    scene.audit().await;
    scene.sell_out().await
}

/// Messages that cannot become orders: a hold that no column takes, as a later version might send it, and some that are
/// no messages at all. They are put aside after some tries, the operator is told, and everything else flows.
pub(crate) async fn poison(seed: u64) -> Outcome {
    let mut site = site().await;
    site.set("bus.max_attempts", "2");
    let mut scene = Scene::open(site, Plan::default(), seed).await;
    let campaign: CampaignId = scene.crowd.campaign.parse().expect("an id");
    scene.crowd.rush(0..5).await;

    let world = wiring::world(&scene.site.config(), &Overrides::default()).await.expect("the engines");
    let now = world.ports.clock.now();
    let somebody: UserId = world.ports.ids.next(now);
    let ask = Reserve {
        campaign_id: campaign,
        user_id: somebody,
        order_id: world.ports.ids.next(now),
        quantity: 1,
        request_key: None,
    };
    match world.ports.stock.reserve(&ask).await.expect("Redis") {
        Reserved::Held { hold, .. } => {
            // Longer than any key that the edge lets in.
            let request_key = Some(serde_json::from_value("k".repeat(200).into()).expect("a key"));
            world.ports.bus.publish(&Hold { request_key, ..hold.clone() }).await.expect("RabbitMQ");
            world.ports.stock.published(&[hold]).await.expect("Redis");
        }
        other => panic!("{other:?}"),
    }
    let broker = Broker::connect(scene.site.setting("bus.url")).await;
    let partitions = scene.site.config().bus.partitions;
    for partition in 0..partitions {
        let queue = format!("{}.grabs.{partition}", scene.site.setting("bus.prefix"));
        broker.plant(&queue, b"{\"kind\": \"a birthday card\"}").await;
    }
    broker.close().await;

    scene.crowd.rush(5..15).await;
    let dead = 1 + u64::from(partitions);
    let mut backlog = Backlog::default();
    let put_aside = wait_for(Duration::from_secs(20), async || {
        backlog = world.ports.bus.backlog().await.ok()?;
        (backlog.dead == dead).then_some(())
    });
    let put_aside = put_aside.await;
    scene.expect(put_aside.is_some(), || format!("{dead} messages should be put aside: {backlog:?}"));
    world.close().await.expect("closed");
    // The unit of the hold stays held: somebody has to look at it.
    scene.sale.dead_holds = 1;
    scene.sale.dead_messages = dead;
    scene.audit().await;
    scene.sell_out().await
}
