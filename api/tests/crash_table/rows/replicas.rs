//! Several processes of a kind.

use crate::scene::{Outcome, Plan, Scene, site};

/// One of two that serve the graph is killed in mid-sale. Its buyers and watchers go to the other one.
pub(crate) async fn one_dies(seed: u64) -> Outcome {
    let mut scene = Scene::open(site().await, Plan { graphs: 2, ..Plan::default() }, seed).await;
    let moment = scene.any(3..12);
    // The administrator is at the first.
    let mut second = scene.graphs.pop().expect("two");
    let fault = async {
        scene.crowd.answered(moment).await;
        second.kill().await;
    };
    tokio::join!(fault, scene.crowd.insist(0..scene.crowd.len()));
    let watchers = scene.crowd.watchers();
    scene.expect(!watchers.is_empty(), || "nobody watches".to_owned());
    scene.sell_out().await
}
