//! Grabs that get a unit: through the graph, with a token and an idempotency key each, every one a buyer of their own;
//! against a server that only answers, and against one that holds each unit by itself.
//!
//! Orders are written by another process at the same time, as in production, on the same cores. Before the baselines
//! run, everything is written.

use std::time::Duration;

use domain::id::{CampaignId, TypedId};
use uuid::Uuid;

use super::{baseline, tell};
use crate::{
    baseline::{Counter, Kind},
    error::BenchError,
    figures::{Line, Pairs},
    grab::Asked,
    load::Load,
    options::{Plan, Subject},
    process::Program,
    shop::{Granted, Sale, Shop},
};

/// More units than there are people.
const PLENTY: u32 = 1_000_000;

/// All that takes turns at one level of concurrency.
struct Level<'a> {
    shop: &'a Shop,
    plan: &'a Plan,
    connections: usize,
    answer: Program,
    hold: Program,
    counter: Counter,
    bytes: usize,
}

/// What a run of spike came to.
struct Taken {
    rate: f64,
    median: Duration,
    p99: Duration,
}

/// Measures at each level. One line a kind of campaign and baseline.
pub(crate) async fn measure(shop: &Shop, plan: &Plan) -> Vec<Line> {
    let mut lines = Vec::new();
    for &connections in &plan.connections {
        let kinds: Vec<(&str, bool)> = [(Subject::Grabs, "grabs", false), (Subject::Rule, "grabs under a rule", true)]
            .into_iter()
            .filter_map(|(subject, name, rule)| plan.has(subject).then_some((name, rule)))
            .collect();
        let measured = pairs(shop, plan, connections, &kinds).await.map_err(|error| error.to_string());
        for (index, (name, _)) in kinds.iter().enumerate() {
            let titles = ["a handler that only answers", "a handler with a script call and a publish"];
            for (against, title) in titles.into_iter().enumerate() {
                let result = measured.as_ref().map(|pairs| pairs[index][against].clone()).map_err(Clone::clone);
                lines.push(Line { title: format!("{name} / {title}"), connections: Some(connections), result });
            }
        }
    }
    lines
}

async fn pairs(
    shop: &Shop,
    plan: &Plan,
    connections: usize,
    kinds: &[(&str, bool)],
) -> Result<Vec<[Pairs; 2]>, BenchError> {
    let mut level = Level::start(shop, plan, connections).await?;
    let mut measured = vec![[Pairs::default(), Pairs::default()]; kinds.len()];
    if !plan.warm_up.is_zero() {
        level.spike(kinds.iter().any(|kind| kind.1), plan.warm_up).await?;
        level.answer(plan.warm_up).await?;
        level.hold(plan.warm_up).await?;
    }
    for _ in 0..plan.pairs {
        let mut ours = Vec::with_capacity(kinds.len());
        for (_, rule) in kinds {
            ours.push(level.spike(*rule, plan.run).await?);
        }
        let theirs = [level.answer(plan.run).await?, level.hold(plan.run).await?];
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
    async fn start(shop: &'a Shop, plan: &'a Plan, connections: usize) -> Result<Self, BenchError> {
        let campaign = shop.sale(Sale { quantity: PLENTY, rule: false }).await?;
        let first = Load { target: shop.addr(), connections: 1, lasts: plan.run }.run(shop.grabs(campaign).of(0..1));
        let bytes = first.await?.script.bytes();
        shop.end(campaign).await?;
        let answer = baseline(shop, Kind::Answer, bytes).await?;
        let hold = baseline(shop, Kind::Hold, bytes).await?;
        let counter = Counter::connect(&shop.engines.redis.url(), &shop.engines.rabbitmq.url()).await?;
        Ok(Self { shop, plan, connections, answer, hold, counter, bytes })
    }

    fn load(&self, target: std::net::SocketAddr, lasts: Duration) -> Load {
        Load { target, connections: self.connections, lasts }
    }

    /// A run of spike. The first of the crowd opens the sale before it begins.
    async fn spike(&self, rule: bool, lasts: Duration) -> Result<Taken, BenchError> {
        let shop = self.shop;
        let campaign = shop.sale(Sale { quantity: PLENTY, rule }).await?;
        let first = Load { connections: 1, ..self.load(shop.addr(), self.plan.run) };
        let first = first.run(shop.grabs(campaign).of(0..1)).await?;
        let run = self.load(shop.addr(), lasts).run(shop.grabs(campaign).of(1..usize::MAX)).await?;
        tell(if rule { "spike, under a rule" } else { "spike" }, self.connections, &run);
        let mut orders = run.script.granted()?;
        if run.script.sold_out() > 0 {
            return Err(BenchError::Wrong(format!("{} were told that nothing is left", run.script.sold_out())));
        }
        orders.extend(first.script.granted()?);
        shop.audit(&Granted { campaign, quantity: PLENTY, orders }).await?;
        shop.end(campaign).await?;
        Ok(Taken { rate: run.rate, median: run.median, p99: run.p99 })
    }

    /// A run of the server that only answers.
    async fn answer(&self, lasts: Duration) -> Result<f64, BenchError> {
        let grabs = self.shop.grabs(CampaignId::from_uuid(Uuid::nil())).over_and_over();
        let run = self.load(self.answer.addr(), lasts).run(Asked::new(grabs, self.bytes)).await?;
        tell("only answers", self.connections, &run);
        Ok(run.rate)
    }

    /// A run of the server that holds.
    async fn hold(&mut self, lasts: Duration) -> Result<f64, BenchError> {
        let campaign = CampaignId::from_uuid(Uuid::nil());
        self.counter.put_up(&campaign.to_string(), PLENTY).await?;
        let grabs = self.shop.grabs(campaign).over_and_over();
        let run = self.load(self.hold.addr(), lasts).run(Asked::new(grabs, self.bytes)).await?;
        self.counter.check(&campaign.to_string(), PLENTY, run.script.answers()).await?;
        tell("holds", self.connections, &run);
        Ok(run.rate)
    }
}
