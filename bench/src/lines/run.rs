//! One run of grabs that get a unit: through the graph, with a token and an idempotency key each, every one a buyer of
//! their own.
//!
//! In production orders are written on other machines. Here it is the same two cores, so there are two kinds: one where
//! the orders are written at the same time, and one where they wait in the queue until the run is over, which shows what
//! a grab is by itself. In either case all is written and checked when a run is over.

use std::{net::SocketAddr, time::Duration};

use super::tell;
use crate::{
    error::BenchError,
    load::Load,
    options::{Plan, Subject},
    shop::{Granted, Sale, Shop},
};

/// More units than there are people.
pub(super) const PLENTY: u32 = 1_000_000;

/// A kind of run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Orders are written at the same time.
    AtOnce,
    /// Orders are written afterwards.
    Later,
    /// The campaign has a rule; orders are written at the same time.
    Rule,
}

impl Kind {
    const ALL: [(Self, Subject, &'static str); 3] = [
        (Self::AtOnce, Subject::Grabs, "grabs, orders at once"),
        (Self::Later, Subject::Later, "grabs, orders later"),
        (Self::Rule, Subject::Rule, "grabs, a rule, orders at once"),
    ];

    /// Those that are to be measured.
    pub(super) fn wanted(plan: &Plan) -> Vec<Self> {
        let wanted = |(kind, subject, _): (Self, Subject, _)| plan.has(subject).then_some(kind);
        Self::ALL.into_iter().filter_map(wanted).collect()
    }

    pub(super) fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(kind, ..)| *kind == self).map_or("", |(.., name)| name)
    }
}

/// What a run of spike came to.
pub(super) struct Taken {
    pub(super) rate: f64,
    pub(super) median: Duration,
    pub(super) p99: Duration,
}

/// A run that is to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) kind: Kind,
    /// Where the graph is served.
    pub(super) target: SocketAddr,
    pub(super) connections: usize,
    pub(super) lasts: Duration,
}

impl Run {
    /// Does it. The first of the crowd opens the sale before it begins.
    pub(super) async fn of(self, shop: &mut Shop, plan: &Plan) -> Result<Taken, BenchError> {
        let Self { kind, target, connections, lasts } = self;
        let campaign = shop.sale(Sale { quantity: PLENTY, rule: kind == Kind::Rule }).await?;
        let first = Load { target, connections: 1, lasts: plan.run }.run(shop.grabs(campaign).of(0..1)).await?;
        if kind == Kind::Later {
            shop.stop_consumer().await?;
        }
        let load = Load { target, connections, lasts };
        let run = load.measure(plan.patience, shop.grabs(campaign).of(1..usize::MAX)).await?;
        tell(kind.name(), connections, &run);
        shop.start_consumer().await?;
        let mut orders = run.script.granted()?;
        if run.script.sold_out() > 0 {
            return Err(BenchError::Wrong(format!("{} were told that nothing is left", run.script.sold_out())));
        }
        orders.extend(first.script.granted()?);
        shop.audit(&Granted { campaign, quantity: PLENTY, orders }).await?;
        shop.end(campaign).await?;
        Ok(Taken { rate: run.rate, median: run.median, p99: run.p99 })
    }
}
