//! One sale of the table: its processes, its buyers, and its end.

use std::time::Duration;

use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::support::{
    Site, Stack,
    audit::{Found, Sale, audit},
    client::Graph,
    crowd::Crowd,
    people,
    process::{Replica, Runs},
    wait::wait_for,
};

/// What a sale is made of. More want to buy than there is.
pub(crate) struct Plan {
    pub(crate) buyers: usize,
    pub(crate) quantity: u32,
    pub(crate) payment_window_seconds: u32,
    /// Processes that serve the graph.
    pub(crate) graphs: usize,
    /// Crash points of the first of them, for its first life.
    pub(crate) graph_fails_at: String,
    /// Crash points of the consumer, for its first life.
    pub(crate) consumer_fails_at: String,
    /// Settings of the processes that serve the graph alone.
    pub(crate) graph_settings: Vec<(&'static str, String)>,
    /// Settings of the consumer alone.
    pub(crate) consumer_settings: Vec<(&'static str, String)>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            buyers: 40,
            quantity: 25,
            payment_window_seconds: 900,
            graphs: 1,
            graph_fails_at: String::new(),
            consumer_fails_at: String::new(),
            graph_settings: Vec::new(),
            consumer_settings: Vec::new(),
        }
    }
}

/// A sale that is going on.
pub(crate) struct Scene {
    pub(crate) site: Site,
    pub(crate) graphs: Vec<Replica>,
    pub(crate) consumer: Replica,
    pub(crate) admin: Graph,
    pub(crate) crowd: Crowd,
    pub(crate) sale: Sale,
    pub(crate) violations: Vec<String>,
    pub(crate) random: StdRng,
}

/// A site of the stack that production runs on.
pub(crate) async fn site() -> Site {
    Site::on(Stack::MariaDb).await
}

impl Scene {
    /// Starts the processes and publishes the campaign.
    pub(crate) async fn open(site: Site, plan: Plan, seed: u64) -> Self {
        let people = people::move_in(&site, plan.buyers).await;
        let mut graphs: Vec<Replica> =
            (0..plan.graphs).map(|number| Replica::new(&site, &format!("graph-{number}"), Runs::Graph)).collect();
        let mut consumer = Replica::new(&site, "consumer", Runs::Consumer);
        for (key, value) in &plan.consumer_settings {
            consumer.set(key, value);
        }
        consumer.launch(&plan.consumer_fails_at);
        for (number, graph) in graphs.iter_mut().enumerate() {
            for (key, value) in &plan.graph_settings {
                graph.set(key, value);
            }
            graph.launch(if number == 0 { &plan.graph_fails_at } else { "" });
        }
        consumer.ready().await;
        for graph in &mut graphs {
            graph.ready().await;
        }
        let doors: Vec<String> = graphs.iter().map(|graph| graph.url("/graphql")).collect();
        let admin = Graph::new(&doors[0]).signed_in(&people.admin.token);
        let campaign = admin.live_campaign_with_window(plan.quantity, 1, plan.payment_window_seconds).await;
        let crowd = Crowd::new(&campaign, &people.buyers, &doors).watching();
        let sale = Sale::of(u64::from(plan.quantity));
        let random = StdRng::seed_from_u64(seed);
        Self { site, graphs, consumer, admin, crowd, sale, violations: Vec::new(), random }
    }

    /// Notes something that must not be.
    pub(crate) fn expect(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.violations.push(otherwise());
        }
    }

    /// Waits until a condition of the graph holds, as an administrator sees it.
    pub(crate) async fn wait_for_report(&mut self, what: &str, holds: impl Fn(&serde_json::Value) -> bool) {
        let mut last = String::new();
        let waited =
            wait_for(Duration::from_secs(40), async || match self.admin.try_report(&self.crowd.campaign).await {
                Ok(report) if holds(&report) => Some(()),
                other => {
                    last = format!("{other:?}");
                    None
                }
            });
        if waited.await.is_none() {
            self.violations.push(format!("waited for {what} in vain: {last}"));
        }
    }

    /// Waits until every grab is an order.
    pub(crate) async fn wait_until_placed(&mut self) {
        self.wait_for_report("the grabs to be orders", |report| report["queued"] == 0).await;
    }

    /// Waits until the sale is at rest, and checks it. It may go on afterwards.
    pub(crate) async fn audit(&mut self) -> Found {
        let found = audit(&self.site, &self.admin, &self.graphs[0], &self.crowd, self.sale).await;
        self.violations.extend(found.violations.iter().cloned());
        found
    }

    /// Everybody asks until they have an answer; then all units must be sold, and all else must hold.
    pub(crate) async fn sell_out(mut self) -> Outcome {
        self.crowd.insist(0..self.crowd.len()).await;
        let found = self.audit().await;
        self.expect(found.report["available"] == 0, || format!("not all was sold: {}", found.report));
        self.end(found.accepted).await
    }

    /// Ends the processes and clears the site.
    pub(crate) async fn end(mut self, accepted: usize) -> Outcome {
        let mut violations = self.violations;
        violations.sort();
        violations.dedup();
        if !violations.is_empty() {
            for replica in self.graphs.iter().chain([&self.consumer]) {
                violations.push(format!("last words of {}:\n{}", replica.name(), replica.last_words()));
            }
        }
        for graph in &mut self.graphs {
            graph.kill().await;
        }
        self.consumer.kill().await;
        self.site.clear().await;
        Outcome { accepted, violations }
    }

    /// A number of the sale's own random source.
    pub(crate) fn any(&mut self, range: std::ops::Range<usize>) -> usize {
        self.random.random_range(range)
    }
}

/// What came of one repetition of a row.
pub(crate) struct Outcome {
    /// Grabs that were told yes.
    pub(crate) accepted: usize,
    /// What must not be. Empty is well.
    pub(crate) violations: Vec<String>,
}
