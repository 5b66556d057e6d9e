//! Orders written: a queue of granted grabs that waits while nobody consumes, and is then drained by one consumer process;
//! against their rows inserted in batches. The clock of a drain begins with the first batch that is committed.

use std::time::{Duration, Instant};

use domain::id::{CampaignId, TypedId};
use sqlx::{Connection, MySqlConnection};

use crate::{
    baseline::insert::insert,
    error::{BenchError, same},
    figures::{Line, Pairs},
    load::Load,
    options::Plan,
    shop::{Granted, Sale, Shop},
};

/// How often it is asked how many orders there are.
const POLL: Duration = Duration::from_millis(5);
/// How long a drain may take.
const PATIENCE: Duration = Duration::from_mins(3);

/// Measures. Without a figure the shop is left without a consumer.
pub(crate) async fn measure(shop: &mut Shop, plan: &Plan) -> Line {
    let result = pairs(shop, plan).await.map_err(|error| error.to_string());
    let title = "orders written from the queue / rows inserted".to_owned();
    Line { title, connections: None, result }
}

async fn pairs(shop: &mut Shop, plan: &Plan) -> Result<Pairs, BenchError> {
    let mut pairs = Pairs::default();
    for _ in 0..plan.pairs {
        shop.stop_consumer().await?;
        let granted = queued(shop, plan).await?;
        let database = shop.engines.database.clone();
        let (drained, ()) = tokio::try_join!(drain(&database, &granted), shop.start_consumer())?;
        shop.audit(&granted).await?;
        shop.end(granted.campaign).await?;
        eprintln!("  orders: {drained:.0}/s");
        let orders = shop.orders(&granted).await?;
        let inserted = per_second(orders.len(), insert(&database, &orders).await?);
        eprintln!("  inserted: {inserted:.0}/s");
        pairs.push(drained, inserted);
    }
    Ok(pairs)
}

/// Grabs that wait in the queue.
async fn queued(shop: &Shop, plan: &Plan) -> Result<Granted, BenchError> {
    let quantity = u32::try_from(plan.orders).unwrap_or(u32::MAX);
    let campaign = shop.sale(Sale { quantity, rule: false }).await?;
    let load = Load { target: shop.addr(), connections: 64.min(plan.orders), lasts: PATIENCE };
    let grabbed = load.run(shop.grabs(campaign).of(0..plan.orders)).await?;
    let granted = Granted { campaign, quantity, orders: grabbed.script.granted()? };
    same("the grabs that wait", granted.orders.len(), plan.orders)?;
    Ok(granted)
}

/// Watches the orders of a campaign come into the database. Returns how many did in a second.
async fn drain(database: &str, granted: &Granted) -> Result<f64, BenchError> {
    let mut connection = MySqlConnection::connect(database).await?;
    let all = granted.orders.len();
    let at_first = written(&mut connection, granted.campaign).await?;
    same("the orders of a queue that nobody consumes", at_first, 0)?;
    let watch = async {
        let mut first = None;
        loop {
            let now = written(&mut connection, granted.campaign).await?;
            if now > 0 {
                let (since, before) = *first.get_or_insert((Instant::now(), now));
                if now >= all {
                    if before == all {
                        return Err(BenchError::Wrong(
                            "all orders were written before they were looked for".to_owned(),
                        ));
                    }
                    return Ok(per_second(now - before, since.elapsed()));
                }
            }
            tokio::time::sleep(POLL).await;
        }
    };
    let drained = tokio::time::timeout(PATIENCE, watch).await;
    drained.map_err(|_| BenchError::Wrong("a queue that is not drained".to_owned()))?
}

async fn written(connection: &mut MySqlConnection, campaign: CampaignId) -> Result<usize, BenchError> {
    let allocated: i32 = sqlx::query_scalar("SELECT allocated FROM campaigns WHERE id = ?")
        .bind(campaign.uuid())
        .fetch_one(connection)
        .await?;
    Ok(usize::try_from(allocated).unwrap_or_default())
}

#[expect(clippy::cast_precision_loss, reason = "some thousands")]
fn per_second(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64().max(f64::EPSILON)
}
