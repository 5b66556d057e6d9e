//! An ordinary client, who asks and buys all the time.

use std::{
    fmt,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{
    support::client::Graph,
    target::{Target, registered},
};

/// How often they come.
const PAUSE: Duration = Duration::from_millis(150);

/// Somebody ordinary at work.
pub(crate) struct Ordinary {
    enough: CancellationToken,
    task: JoinHandle<Served>,
}

/// How they were served.
#[derive(Debug, Default)]
pub(crate) struct Served {
    pub(crate) answered: usize,
    pub(crate) failed: usize,
    pub(crate) slowest: Duration,
}

impl fmt::Display for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answered, {} failed, the slowest took {:?}", self.answered, self.failed, self.slowest)
    }
}

impl Ordinary {
    /// Begins to ask.
    pub(crate) fn begin(target: &Target) -> Self {
        let enough = CancellationToken::new();
        let graph = Graph::new(format!("http://{}/graphql", target.address));
        let task = tokio::spawn(ask(graph, target.campaign.clone(), enough.clone()));
        Self { enough, task }
    }

    /// Has asked enough.
    pub(crate) async fn end(self) -> Served {
        self.enough.cancel();
        self.task.await.expect("an ordinary client does not panic")
    }
}

async fn ask(graph: Graph, campaign: String, enough: CancellationToken) -> Served {
    let buyer = registered(&graph, 2).await;
    let look = "query($id: ID!) { campaign(id: $id) { title remaining price { amount } } }";
    let mut served = Served::default();
    while !enough.is_cancelled() {
        let began = Instant::now();
        let looked = buyer.try_run(look, json!({ "id": campaign })).await;
        let grabbed = buyer.grab(&campaign, 1, None).await;
        let fine = |answer: Result<Value, _>, pointer: &str| {
            answer.ok().and_then(|answer: Value| answer.pointer(pointer).cloned()).is_some_and(|value| !value.is_null())
        };
        if fine(looked, "/data/campaign/title") && fine(grabbed, "/data/grab/order/id") {
            served.answered += 1;
        } else {
            served.failed += 1;
        }
        served.slowest = served.slowest.max(began.elapsed());
        // Ordinary people pause.
        tokio::time::sleep(PAUSE).await;
    }
    served
}
