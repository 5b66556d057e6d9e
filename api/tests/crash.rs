//! A sale in which the process is killed again and again: every grab that was told success is an order,
//! nothing is oversold, and the ledger balances.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what a test relies on must be there")]

mod support;

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::{StreamExt, stream};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use support::{
    Site,
    client::{Graph, order_id, refusal},
    people,
    process::{Replica, Runs},
};
use tokio::sync::Notify;

const KILLS: usize = 25;
const BUYERS: usize = 150;
const UNITS: u32 = 60;

/// What the clients of one sale were told.
#[derive(Default)]
struct Told {
    /// The order of each buyer who was told success.
    accepted: Mutex<HashMap<usize, String>>,
    answers: AtomicUsize,
    progress: Notify,
}

/// Every buyer tries once, under a name of the attempt that does not change over the restarts.
async fn rush(buyers: &[(Graph, String)], campaign: &str, told: &Told) {
    stream::iter(buyers.iter().enumerate())
        .for_each_concurrent(32, |(number, (buyer, _))| async move {
            let answer = buyer.grab(campaign, 1, Some(&format!("attempt-{campaign}"))).await;
            if let Ok(answer) = answer {
                match order_id(&answer) {
                    Some(order) => {
                        let before = told.accepted.lock().unwrap().insert(number, order.to_owned());
                        assert!(before.is_none_or(|before| before == order), "the same attempt got another order");
                    }
                    None => assert!(
                        matches!(refusal(&answer), Some("SOLD_OUT" | "SERVICE_UNAVAILABLE")),
                        "an attempt is accepted or refused by name: {answer:#}"
                    ),
                }
            }
            told.answers.fetch_add(1, Ordering::SeqCst);
            told.progress.notify_waiters();
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_accepted_grab_survives_sigkill() {
    let site = Site::new().await;
    println!("on {}", site.engines());
    let people = people::move_in(&site, BUYERS).await;
    let mut server = Replica::new(&site, "server", Runs::Everything);
    server.start().await;
    let graph = Graph::new(server.url("/graphql"));
    let admin = graph.signed_in(&people.admin.token);
    let buyers: Arc<Vec<(Graph, String)>> =
        Arc::new(people.buyers.iter().map(|buyer| (graph.signed_in(&buyer.token), buyer.id.clone())).collect());

    let seed = std::env::var("SPIKE_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_123);
    let mut random = StdRng::seed_from_u64(seed);
    let (mut accepted_in_all, mut accepted_before_a_kill, mut lost, mut oversold) = (0, 0, 0, 0);
    for round in 0..KILLS {
        let campaign = admin.live_campaign(UNITS, 1).await;
        let told = Arc::new(Told::default());
        let crowd = {
            let (buyers, campaign, told) = (Arc::clone(&buyers), campaign.clone(), Arc::clone(&told));
            tokio::spawn(async move { rush(&buyers, &campaign, &told).await })
        };
        // At a random moment of the rush: after so many answers, and then some microseconds.
        let after = random.random_range(0..BUYERS - 20);
        loop {
            let progress = told.progress.notified();
            if told.answers.load(Ordering::SeqCst) >= after {
                break;
            }
            progress.await;
        }
        tokio::time::sleep(std::time::Duration::from_micros(random.random_range(0..8_000))).await;
        server.kill().await;
        crowd.await.unwrap();
        let before_the_kill: HashMap<usize, String> = told.accepted.lock().unwrap().clone();

        server.start().await;
        // Everybody asks again under the same name: who was accepted gets the same order, the rest is sold.
        rush(&buyers, &campaign, &told).await;
        let report = admin.settled_report(&campaign).await;
        let orders = admin.orders_of(&campaign).await;

        let live: HashSet<&str> =
            orders.iter().filter(|o| o.status == "PENDING_PAYMENT").map(|o| o.id.as_str()).collect();
        let told_yes = told.accepted.lock().unwrap().clone();
        lost += told_yes.values().filter(|order| !live.contains(order.as_str())).count();
        let units: u64 = orders.iter().filter(|o| o.status == "PENDING_PAYMENT").map(|o| o.quantity).sum();
        oversold += units.saturating_sub(u64::from(UNITS));
        accepted_in_all += told_yes.len();
        accepted_before_a_kill += before_the_kill.len();

        assert!(units >= u64::from(UNITS), "round {round}: demand exceeds supply, so all is sold: {report:#}");
        assert_eq!(report["balanced"], true, "round {round}: {report:#}");
        assert_eq!(report["rejected"], 0, "round {round}: {report:#}");
        let owners: HashSet<&str> = orders.iter().map(|order| order.user.as_str()).collect();
        assert_eq!(owners.len(), orders.len(), "round {round}: one each");
        for (buyer, order) in &before_the_kill {
            let owner = &orders.iter().find(|found| found.id == *order).expect("accepted before the kill").user;
            assert_eq!(*owner, buyers[*buyer].1, "round {round}: the order is its buyer's");
        }
    }
    println!(
        "kills {KILLS}, accepted {accepted_in_all} ({accepted_before_a_kill} before a kill), lost {lost}, oversold {oversold} (seed {seed})"
    );
    assert!(accepted_before_a_kill > 0, "the kills came before anybody was told yes");
    assert_eq!((lost, oversold), (0, 0));
    server.kill().await;
    site.clear().await;
}
