//! The shop that is measured: engines, the spike processes over them, people with tokens, and campaigns.

mod audit;
mod crowd;
mod engines;
mod graph;

use std::{
    collections::HashSet,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use domain::{
    id::{CampaignId, OrderId},
    order::Order,
};
use infra::sql::Database;
use tempfile::TempDir;

use self::{
    audit::Audit,
    graph::{Administrator, Graph, PATIENCE},
};
pub(crate) use self::{crowd::Crowd, engines::Engines};
use crate::{
    error::BenchError,
    grab::{Grabs, Visits},
    load::Load,
    options::Plan,
    process::{Launch, Program},
};

/// A running shop.
pub(crate) struct Shop {
    // Dropped in this order: first who uses the engines.
    api: Program,
    /// A second one that serves the graph, of the other build.
    rival: Option<Program>,
    consumer: Option<Program>,
    pub(crate) engines: Engines,
    crowd: Arc<Crowd>,
    db: Database,
    graph: Graph,
    spike: PathBuf,
    settings: Vec<(String, String)>,
    administrator: Administrator,
    runs: AtomicU32,
    home: TempDir,
}

/// A campaign to be made, live at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sale {
    /// Units.
    pub(crate) quantity: u32,
    /// Whether a rule says who may take part: everybody may.
    pub(crate) rule: bool,
}

/// What of a shop is to be found where it must be after a run.
pub(crate) struct Granted {
    pub(crate) campaign: CampaignId,
    pub(crate) quantity: u32,
    /// Every order that was granted.
    pub(crate) orders: HashSet<OrderId>,
}

impl Shop {
    /// Starts the engines, makes the crowd, and starts a process that serves the graph and one that writes orders.
    pub(crate) async fn open(plan: &Plan) -> Result<Self, BenchError> {
        let home = tempfile::Builder::new().prefix("spike-bench-").tempdir();
        let home = home.map_err(BenchError::io("making a temporary directory"))?;
        let engines = Engines::start().await?;
        let administrator = Administrator::new()?;
        let (db, crowd) = crowd::gather(&engines.database, plan.users).await?;
        let (spike, settings) = (&plan.spike, &plan.settings);
        let start = Start { spike, settings, engines: &engines, administrator: &administrator, home: &home };
        let api = start.graph("api").await?;
        let rival = match &plan.against {
            Some(against) => Some(Start { spike: against, ..start }.graph("rival").await?),
            None => None,
        };
        let consumer = start.program("consumer", "consumer").await?;
        let graph = Graph::sign_in(api.addr(), &administrator).await?;
        let crowd = Arc::new(crowd);
        let (spike, settings, runs) = (plan.spike.clone(), plan.settings.clone(), AtomicU32::new(0));
        let consumer = Some(consumer);
        let shop = Self { api, rival, consumer, engines, crowd, db, graph, spike, settings, administrator, runs, home };
        shop.let_everybody_in().await?;
        Ok(shop)
    }

    /// Everybody sends a request before anything is sold, as people do who wait for a sale on its page. The server has
    /// seen their tokens then.
    async fn let_everybody_in(&self) -> Result<(), BenchError> {
        for target in [self.addr()].into_iter().chain(self.rival_addr()) {
            let load = Load { target, connections: 16, lasts: PATIENCE };
            load.run(Visits::new(Arc::clone(&self.crowd), target)).await?;
        }
        Ok(())
    }

    /// Makes a campaign that sells right now.
    pub(crate) async fn sale(&self, sale: Sale) -> Result<CampaignId, BenchError> {
        self.graph.live_campaign(sale).await
    }

    /// Where the graph is served.
    pub(crate) const fn addr(&self) -> std::net::SocketAddr {
        self.api.addr()
    }

    /// Where the other build serves it, if there is one.
    pub(crate) fn rival_addr(&self) -> Option<std::net::SocketAddr> {
        self.rival.as_ref().map(Program::addr)
    }

    /// Where files of this run go.
    pub(crate) fn home(&self) -> &std::path::Path {
        self.home.path()
    }

    /// Grabs of everybody in a campaign, each once, under keys that no other run has.
    pub(crate) fn grabs(&self, campaign: CampaignId) -> Grabs {
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        Grabs::new(Arc::clone(&self.crowd), self.addr(), campaign, run)
    }

    /// Waits until the orders of a campaign are written, and compares what was granted with what there is.
    pub(crate) async fn audit(&self, granted: &Granted) -> Result<(), BenchError> {
        Audit { graph: &self.graph, db: &self.db }.run(granted).await
    }

    /// Ends a campaign that was audited: a shop has a handful of open ones, and not all that were ever measured.
    pub(crate) async fn end(&self, campaign: CampaignId) -> Result<(), BenchError> {
        self.graph.end_campaign(campaign).await
    }

    /// The orders that were granted, as the database has them.
    pub(crate) async fn orders(&self, granted: &Granted) -> Result<Vec<Order>, BenchError> {
        Audit { graph: &self.graph, db: &self.db }.orders(granted).await
    }

    /// Starts the process that writes orders, if it does not run.
    pub(crate) async fn start_consumer(&mut self) -> Result<(), BenchError> {
        if self.consumer.is_none() {
            self.consumer = Some(self.start().program("consumer", "consumer").await?);
        }
        Ok(())
    }

    fn start(&self) -> Start<'_> {
        Start {
            spike: &self.spike,
            settings: &self.settings,
            engines: &self.engines,
            administrator: &self.administrator,
            home: &self.home,
        }
    }

    /// Stops the process that writes orders: granted grabs wait in the queue then.
    pub(crate) async fn stop_consumer(&mut self) -> Result<(), BenchError> {
        match self.consumer.take() {
            Some(consumer) => consumer.stop().await,
            None => Ok(()),
        }
    }

    /// Fails if one of its processes has ended.
    pub(crate) fn is_alive(&mut self) -> Result<(), BenchError> {
        self.api.is_alive()?;
        self.rival.as_mut().map_or(Ok(()), Program::is_alive)?;
        self.consumer.as_mut().map_or(Ok(()), Program::is_alive)
    }

    /// Holds the stock store, the queue and the database against each other, and stops the processes, which must end
    /// well. The engines end with the value.
    pub(crate) async fn close(mut self) -> Result<(), BenchError> {
        self.is_alive()?;
        self.start().reconciled().await?;
        self.api.stop().await?;
        for program in self.rival.into_iter().chain(self.consumer) {
            program.stop().await?;
        }
        Ok(self.db.close().await?)
    }
}

/// What a spike process is started with.
#[derive(Clone, Copy)]
struct Start<'a> {
    spike: &'a PathBuf,
    settings: &'a [(String, String)],
    engines: &'a Engines,
    administrator: &'a Administrator,
    home: &'a TempDir,
}

impl Start<'_> {
    /// Everything but what writes orders.
    async fn graph(&self, name: &str) -> Result<Program, BenchError> {
        self.program(name, "user,spike,access,admin,order").await
    }

    async fn program(&self, name: &str, roles: &str) -> Result<Program, BenchError> {
        let mut environment = self.environment();
        environment.extend(self.administrator.environment().map(|(name, value)| (name.to_owned(), value)));
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--roles", roles].map(Into::into).into();
        let directory = self.home.path();
        let launch = Launch { name, program: self.spike, arguments, environment, directory };
        let program = Program::start(launch).await?;
        graph::wait_until_ready(program.addr()).await?;
        Ok(program)
    }

    /// Fails unless nothing waits in the queue and everything agrees.
    async fn reconciled(&self) -> Result<(), BenchError> {
        let mut command = tokio::process::Command::new(self.spike);
        command.args(["reconcile", "--dry-run"]).envs(self.environment()).kill_on_drop(true);
        let done = command.output().await.map_err(BenchError::io("running spike reconcile"))?;
        let said = String::from_utf8_lossy(&done.stdout);
        if done.status.success() && said.contains("queue: 0 waiting, 0 put aside") {
            return Ok(());
        }
        Err(BenchError::Wrong(format!("spike reconcile says: {said}{}", String::from_utf8_lossy(&done.stderr))))
    }

    fn environment(&self) -> Vec<(String, String)> {
        let data = ("SPIKE__DATA_DIR", self.home.path().join("data").display().to_string());
        let ours = self.engines.environment().into_iter().chain([data]);
        ours.map(|(name, value)| (name.to_owned(), value)).chain(self.settings.iter().cloned()).collect()
    }
}
