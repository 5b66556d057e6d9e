//! Grabs that get a unit: through the graph, with a token and an idempotency key each, every one a buyer of their own;
//! against a server that only answers, and against one that holds each unit by itself.
//!
//! What a run of spike is, is in [`super::run`]. All that it granted is written and checked before the baselines run.

use std::time::Duration;

use domain::id::{CampaignId, TypedId};
use uuid::Uuid;

use super::{
    by_turns,
    run::{Kind, PLENTY, Run, Taken},
    start_baseline, tell,
};
use crate::{
    baseline::{self, Counter},
    error::BenchError,
    figures::{Line, Pairs},
    grab::Asked,
    load::Load,
    options::Plan,
    process::Program,
    shop::{Sale, Shop},
};

/// All that takes turns at one level of concurrency.
struct Level<'a> {
    shop: &'a mut Shop,
    plan: &'a Plan,
    connections: usize,
    answer: Program,
    hold: Program,
    counter: Counter,
    bytes: usize,
}

/// Measures at each level. One line a kind of run and baseline.
pub(crate) async fn measure(shop: &mut Shop, plan: &Plan) -> Vec<Line> {
    let kinds = Kind::wanted(plan);
    let mut lines = Vec::new();
    for &connections in &plan.connections {
        if kinds.is_empty() {
            break;
        }
        let measured = pairs(shop, plan, connections, &kinds).await.map_err(|error| error.to_string());
        for (index, kind) in kinds.iter().enumerate() {
            let titles = ["only answers", "a script call and a publish each"];
            for (against, title) in titles.into_iter().enumerate() {
                let result = measured.as_ref().map(|pairs| pairs[index][against].clone()).map_err(Clone::clone);
                lines.push(Line {
                    title: format!("{} / {title}", kind.name()),
                    connections: Some(connections),
                    result,
                });
            }
        }
    }
    lines
}

async fn pairs(
    shop: &mut Shop,
    plan: &Plan,
    connections: usize,
    kinds: &[Kind],
) -> Result<Vec<[Pairs; 2]>, BenchError> {
    let mut level = Level::start(shop, plan, connections).await?;
    let mut measured = vec![[Pairs::default(), Pairs::default()]; kinds.len()];
    if !plan.warm_up.is_zero() {
        level.spike(kinds[0], plan.warm_up).await?;
        level.answer(plan.warm_up).await?;
        level.hold(plan.warm_up).await?;
    }
    for pair in 0..plan.pairs {
        let (ours, theirs) =
            by_turns(pair, &mut level, async |level| level.all(kinds).await, async |level| level.baselines().await)
                .await?;
        for (pairs, ours) in measured.iter_mut().zip(ours) {
            for (pairs, theirs) in pairs.iter_mut().zip(theirs) {
                pairs.push(ours.rate, theirs);
                pairs.took(ours.median, ours.p99);
            }
        }
    }
    level.answer.stop().await?;
    level.hold.stop().await?;
    Ok(measured)
}

impl<'a> Level<'a> {
    async fn start(shop: &'a mut Shop, plan: &'a Plan, connections: usize) -> Result<Self, BenchError> {
        shop.start_consumer().await?;
        let campaign = shop.sale(Sale { quantity: PLENTY, rule: false }).await?;
        let first = Load { target: shop.addr(), connections: 1, lasts: plan.run }.run(shop.grabs(campaign).of(0..1));
        let bytes = first.await?.script.bytes();
        shop.end(campaign).await?;
        let answer = start_baseline(shop, baseline::Kind::Answer, bytes).await?;
        let hold = start_baseline(shop, baseline::Kind::Hold, bytes).await?;
        let counter = Counter::connect(&shop.engines.redis.url(), &shop.engines.rabbitmq.url()).await?;
        Ok(Self { shop, plan, connections, answer, hold, counter, bytes })
    }

    fn load(&self, target: std::net::SocketAddr, lasts: Duration) -> Load {
        Load { target, connections: self.connections, lasts }
    }

    async fn spike(&mut self, kind: Kind, lasts: Duration) -> Result<Taken, BenchError> {
        let target = self.shop.addr();
        Run { kind, target, connections: self.connections, lasts }.of(self.shop, self.plan).await
    }

    /// A run of spike of each kind.
    async fn all(&mut self, kinds: &[Kind]) -> Result<Vec<Taken>, BenchError> {
        let mut taken = Vec::with_capacity(kinds.len());
        for kind in kinds {
            taken.push(self.spike(*kind, self.plan.run).await?);
        }
        Ok(taken)
    }

    /// A run of each baseline.
    async fn baselines(&mut self) -> Result<[f64; 2], BenchError> {
        Ok([self.answer(self.plan.run).await?, self.hold(self.plan.run).await?])
    }

    /// A run of the server that only answers.
    async fn answer(&self, lasts: Duration) -> Result<f64, BenchError> {
        let grabs = self.shop.grabs(CampaignId::from_uuid(Uuid::nil())).over_and_over();
        let run =
            self.load(self.answer.addr(), lasts).measure(self.plan.patience, Asked::new(grabs, self.bytes)).await?;
        tell("only answers", self.connections, &run);
        Ok(run.rate)
    }

    /// A run of the server that holds.
    async fn hold(&mut self, lasts: Duration) -> Result<f64, BenchError> {
        let campaign = CampaignId::from_uuid(Uuid::nil());
        self.counter.put_up(&campaign.to_string(), PLENTY).await?;
        let grabs = self.shop.grabs(campaign).over_and_over();
        let run = self.load(self.hold.addr(), lasts).measure(self.plan.patience, Asked::new(grabs, self.bytes)).await?;
        self.counter.check(&campaign.to_string(), PLENTY, run.script.answers()).await?;
        tell("holds", self.connections, &run);
        Ok(run.rate)
    }
}
