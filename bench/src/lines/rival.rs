//! Grabs of one build of spike against those of another, which serves the same sale as a second replica: what a change is
//! worth, measured in turns, so that a machine whose pace changes from one minute to the next cannot pretend it.

use std::{net::SocketAddr, time::Duration};

use super::{
    by_turns,
    run::{Kind, Run, Taken},
};
use crate::{
    error::BenchError,
    figures::{Line, Pairs},
    options::Plan,
    shop::Shop,
};

/// Measures at each level. One line a kind of run.
pub(crate) async fn measure(shop: &mut Shop, plan: &Plan, rival: SocketAddr) -> Vec<Line> {
    let mut lines = Vec::new();
    for &connections in &plan.connections {
        for kind in Kind::wanted(plan) {
            let level = Level { shop, plan, rival, connections, kind };
            let result = level.pairs().await.map_err(|error| error.to_string());
            let title = format!("{} / the other build", kind.name());
            lines.push(Line { title, connections: Some(connections), result });
        }
    }
    lines
}

struct Level<'a> {
    shop: &'a mut Shop,
    plan: &'a Plan,
    rival: SocketAddr,
    connections: usize,
    kind: Kind,
}

impl Level<'_> {
    async fn pairs(mut self) -> Result<Pairs, BenchError> {
        let (ours, rival) = (self.shop.addr(), self.rival);
        if !self.plan.warm_up.is_zero() {
            self.run(ours, self.plan.warm_up).await?;
            self.run(rival, self.plan.warm_up).await?;
        }
        let mut pairs = Pairs::default();
        for pair in 0..self.plan.pairs {
            let lasts = self.plan.run;
            let (ours, theirs) = by_turns(
                pair,
                &mut self,
                async |level| level.run(ours, lasts).await,
                async |level| level.run(rival, lasts).await,
            )
            .await?;
            pairs.push(ours.rate, theirs.rate);
            pairs.took(ours.median, ours.p99);
        }
        Ok(pairs)
    }

    async fn run(&mut self, target: SocketAddr, lasts: Duration) -> Result<Taken, BenchError> {
        let run = Run { kind: self.kind, target, connections: self.connections, lasts };
        run.of(self.shop, self.plan).await
    }
}
