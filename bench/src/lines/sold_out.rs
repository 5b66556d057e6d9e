//! Grabs when nothing is left: what nearly everybody gets in a flash sale. Against a server that only answers.

use std::time::Duration;

use domain::id::{CampaignId, TypedId};
use uuid::Uuid;

use super::{by_turns, start_baseline, tell};
use crate::{
    baseline::Kind,
    error::{BenchError, same},
    figures::{Line, Pairs},
    grab::Asked,
    load::Load,
    options::Plan,
    shop::{Granted, Sale, Shop},
};

/// Units that are gone before a run begins.
const UNITS: usize = 100;
/// How long the buyers of those may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Measures at each level.
pub(crate) async fn measure(shop: &Shop, plan: &Plan) -> Vec<Line> {
    let mut lines = Vec::new();
    for &connections in &plan.connections {
        let result = pairs(shop, plan, connections).await.map_err(|error| error.to_string());
        let title = "sold-out grabs / only answers".to_owned();
        lines.push(Line { title, connections: Some(connections), result });
    }
    lines
}

async fn pairs(shop: &Shop, plan: &Plan, connections: usize) -> Result<Pairs, BenchError> {
    let quantity = u32::try_from(UNITS).unwrap_or(u32::MAX);
    let campaign = shop.sale(Sale { quantity, rule: false }).await?;
    let mut load = Load { target: shop.addr(), connections, lasts: plan.run };
    let buyers = Load { connections: 1, lasts: PATIENCE, ..load }.run(shop.grabs(campaign).of(0..UNITS)).await?;
    let granted = Granted { campaign, quantity, orders: buyers.script.granted()? };
    same("the units that were granted", granted.orders.len(), UNITS)?;
    shop.audit(&granted).await?;

    let losers = || shop.grabs(campaign).of(UNITS..usize::MAX).over_and_over();
    let warm_up = Load { lasts: plan.warm_up.max(plan.run / 4), ..load }.run(losers()).await?;
    let bytes = warm_up.script.bytes();
    let answer = start_baseline(shop, Kind::Answer, bytes).await?;
    let mut pairs = Pairs::default();
    for pair in 0..plan.pairs {
        let ours = async |load: &mut Load| {
            let run = load.measure(plan.patience, losers()).await?;
            same("the units that were granted of none", run.script.granted()?.len(), 0)?;
            tell("sold out", connections, &run);
            Ok(run)
        };
        let theirs = async |load: &mut Load| {
            let grabs = shop.grabs(CampaignId::from_uuid(Uuid::nil())).over_and_over();
            let load = Load { target: answer.addr(), ..*load };
            let run = load.measure(plan.patience, Asked::new(grabs, bytes)).await?;
            tell("only answers", connections, &run);
            Ok(run)
        };
        let (ours, theirs) = by_turns(pair, &mut load, ours, theirs).await?;
        pairs.push(ours.rate, theirs.rate);
        pairs.took(ours.median, ours.p99);
    }
    answer.stop().await?;
    shop.audit(&granted).await?;
    shop.end(campaign).await?;
    Ok(pairs)
}
