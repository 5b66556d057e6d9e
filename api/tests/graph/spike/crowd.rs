//! What becomes of those who got units at the same moment, when the queue hangs, fails for one of them, nobody waits any
//! more, or the stock is rebuilt meanwhile.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use async_trait::async_trait;
use domain::{
    error::{Failure, Fault},
    id::{CampaignId, OrderId, UserId},
    services::{Ports, Services},
    spike::{
        Hold,
        grab::{Attempt, GrabRefusal, Grabbed},
        ports::{Backlog, Delivery, MessageBus},
        relay::Relay,
        stock::OpeningClaim,
    },
    testing,
};
use futures_util::future::join_all;
use serde_json::json;
use tokio::{sync::Semaphore, task::JoinHandle};

use crate::support::{TestShop, wait_until};

/// The queue of a shop, behind a gate.
struct Gate {
    queue: Arc<dyn MessageBus>,
    open: Semaphore,
    /// Whoever looks for what is in flight goes through this one, one at a time.
    looks: tokio::sync::Mutex<()>,
    /// When each came to look.
    looked: Mutex<Vec<Instant>>,
    /// The orders of each call.
    seen: Mutex<Vec<Vec<OrderId>>>,
    /// Whether the first order of each call fails, and whoever looks for what is in flight.
    fails: AtomicBool,
}

#[async_trait]
impl MessageBus for Gate {
    async fn publish_all(&self, holds: &[Hold]) -> Vec<Result<(), Fault>> {
        self.seen.lock().unwrap().push(holds.iter().map(|hold| hold.order_id).collect());
        let _passes = self.open.acquire().await.unwrap();
        if !self.fails.load(Ordering::Relaxed) {
            return self.queue.publish_all(holds).await;
        }
        let mut sent = vec![Err(Fault::unavailable("queue", "the gate"))];
        sent.append(&mut self.queue.publish_all(&holds[1..]).await);
        sent
    }
    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, Fault> {
        self.queue.receive(max).await
    }
    async fn settle(&self, tags: &[OrderId]) -> Result<(), Fault> {
        self.queue.settle(tags).await
    }
    async fn give_back(&self, tags: &[OrderId]) -> Result<(), Fault> {
        self.queue.give_back(tags).await
    }
    async fn fail(&self, tag: OrderId, why: &str) -> Result<bool, Fault> {
        self.queue.fail(tag, why).await
    }
    async fn in_flight(&self, campaign: CampaignId) -> Result<Vec<Hold>, Fault> {
        self.looked.lock().unwrap().push(Instant::now());
        let _passes = self.looks.lock().await;
        if self.fails.load(Ordering::Relaxed) {
            return Err(Fault::unavailable("queue", "the gate"));
        }
        self.queue.in_flight(campaign).await
    }
    async fn backlog(&self) -> Result<Backlog, Fault> {
        self.queue.backlog().await
    }
}

/// A shop of which one process publishes through a gate; the other one consumes.
struct Scene {
    shop: TestShop,
    gate: Arc<Gate>,
    services: Arc<Services>,
    campaign: String,
}

type Answer = Result<Grabbed, Failure<GrabRefusal>>;

impl Scene {
    async fn new(units: u32, gate: usize) -> Self {
        // By a clock that stands: the relay does not come before it is let.
        let shop = TestShop::builder().clock_at(testing::instant("2026-01-01T10:00:00Z")).start().await;
        let campaign = shop.live_campaign(units, 1).await;
        let gate = Arc::new(Gate {
            queue: shop.app().world().ports.bus.clone(),
            open: Semaphore::new(gate),
            looks: tokio::sync::Mutex::default(),
            looked: Mutex::default(),
            seen: Mutex::default(),
            fails: AtomicBool::new(false),
        });
        let services = process(&shop, &gate);
        Self { shop, gate, services, campaign }
    }

    /// Somebody grabs a unit.
    fn grab(&self, user: UserId) -> JoinHandle<Answer> {
        self.grab_at(self.services.clone(), user)
    }

    /// Somebody grabs a unit at one of several processes.
    fn grab_at(&self, services: Arc<Services>, user: UserId) -> JoinHandle<Answer> {
        let campaign = self.id();
        tokio::spawn(
            async move { services.grabs.grab(Attempt { user, campaign, quantity: 1, request_key: None }).await },
        )
    }

    /// Registers people: an order is of somebody.
    async fn people(&self, count: usize) -> Vec<UserId> {
        let people = join_all((0..count).map(|_| self.shop.register_customer())).await;
        people.into_iter().map(|customer| customer.id.parse().unwrap()).collect()
    }

    /// Waits until so many holds have come to the gate.
    async fn until_seen(&self, holds: usize) {
        wait_until("the holds to come to the queue", async || {
            (self.gate.seen.lock().unwrap().iter().map(Vec::len).sum::<usize>() >= holds).then_some(())
        })
        .await;
    }

    /// Waits until an opening has come to look for what is in flight.
    async fn until_looked(&self) {
        wait_until("the opening to look", async || (!self.gate.looked.lock().unwrap().is_empty()).then_some(())).await;
    }

    fn id(&self) -> CampaignId {
        self.campaign.parse().unwrap()
    }

    /// Closes the campaign, as the loss of its stock does.
    async fn close(&self) {
        self.shop.app().world().ports.stock.unload(self.id()).await.unwrap();
    }

    async fn until_held(&self, units: u32) {
        let store = &self.shop.app().world().ports.stock;
        let campaign = self.id();
        wait_until("the units to be held", async || {
            (store.level(campaign).await.unwrap()?.held >= units).then_some(())
        })
        .await;
    }
}

/// A process of the shop that publishes through a gate.
fn process(shop: &TestShop, gate: &Arc<Gate>) -> Arc<Services> {
    let ports = shop.app().world().ports.clone();
    Services::new(Ports { bus: gate.clone(), ..ports }, shop.site().config().terms())
}

fn is_sold_out(answer: &Answer) -> bool {
    matches!(answer, Err(Failure::Refused(refusals)) if refusals[0].code == GrabRefusal::SoldOut)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_hangs_delays_nobody_who_gets_nothing() {
    const UNITS: usize = 30;
    let scene = Scene::new(30, 0).await;
    let people = scene.people(UNITS).await;
    let granted: Vec<_> = people.into_iter().map(|user| scene.grab(user)).collect();
    scene.until_held(30).await;
    for loser in 0..20 {
        let refused = scene.grab(testing::id(1_000_000 + loser)).await.unwrap();
        assert!(is_sold_out(&refused), "{refused:?}");
    }
    assert!(granted.iter().all(|grab| !grab.is_finished()), "nobody is told yes before it is safe");
    scene.gate.open.add_permits(Semaphore::MAX_PERMITS);
    for grab in granted {
        assert!(grab.await.unwrap().is_ok());
    }
    let crowds = scene.gate.seen.lock().unwrap().len();
    println!("{UNITS} holds in {crowds} crowds");
    assert!(crowds <= 4, "what waits goes together: {crowds}");
    let report = scene.shop.settled_report(&scene.campaign).await;
    assert_eq!((&report["pendingPayment"], &report["balanced"]), (&json!(UNITS), &json!(true)));
    scene.shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn holds_become_orders_when_nobody_waits_for_them_any_more() {
    let scene = Scene::new(2, 0).await;
    // At two processes: of one, the second would wait for the first, and it cannot be seen whether it does already.
    let processes = [scene.services.clone(), process(&scene.shop, &scene.gate)];
    let people = scene.people(2).await;
    let grabs: Vec<_> = people.into_iter().zip(processes).map(|(user, at)| scene.grab_at(at, user)).collect();
    scene.until_seen(2).await;
    for grab in grabs {
        grab.abort();
        assert!(grab.await.unwrap_err().is_cancelled());
    }
    scene.gate.open.add_permits(Semaphore::MAX_PERMITS);
    let report = scene.shop.settled_report(&scene.campaign).await;
    assert_eq!((&report["pendingPayment"], &report["balanced"]), (&json!(2), &json!(true)));
    scene.shop.stop().await;
}

/// The stock of a campaign is built by whoever finds it closed. They may go, and it is built all the same: nobody else
/// could build it while they have the claim.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sale_opens_when_those_who_found_it_closed_are_gone() {
    let scene = Scene::new(2, 2).await;
    let store = scene.shop.app().world().ports.stock.clone();
    let campaign = scene.id();
    scene.close().await;
    let gate = scene.gate.looks.lock().await;
    let grabs: Vec<_> = scene.people(2).await.into_iter().map(|user| scene.grab(user)).collect();
    scene.until_looked().await;
    for grab in grabs {
        grab.abort();
        assert!(grab.await.unwrap_err().is_cancelled());
    }
    drop(gate);
    wait_until("the sale to open", async || store.level(campaign).await.unwrap()).await;
    assert_eq!(scene.gate.looked.lock().unwrap().len(), 1, "it was opened once, by the opening of those who are gone");
    scene.shop.stop().await;
}

/// A claim may end while its owner works, and somebody else opens the campaign. Had the first one raised the epoch above
/// that of the other's life, the database would reject every order of that life.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_opener_that_was_overtaken_opens_nothing() {
    let scene = Scene::new(2, 2).await;
    let ports = &scene.shop.app().world().ports;
    let campaign = scene.id();
    scene.close().await;
    let gate = scene.gate.looks.lock().await;
    let overtaken = scene.grab(scene.people(1).await[0]);
    scene.until_looked().await;
    let epoch = async || ports.campaign_reader.by_ids(&[campaign]).await.unwrap()[0].epoch;
    let other = ports.campaign_reader.open_stock_sheet(campaign, epoch().await).await.unwrap().expect("the other's");
    drop(gate);
    let answer = overtaken.await.unwrap();
    assert!(matches!(answer, Err(Failure::Fault(Fault::Unavailable { part: "stock", .. }))), "{answer:?}");
    assert_eq!(epoch().await, other.campaign.epoch, "it raised nothing");
    assert_eq!(ports.stock.level(campaign).await.unwrap(), None);
    scene.shop.stop().await;
}

/// A claim that nobody works under any more is not waited for as long as one whose owner may have died.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_opening_that_fails_is_in_the_way_of_the_next_for_a_moment() {
    let scene = Scene::new(2, 2).await;
    let store = scene.shop.app().world().ports.stock.clone();
    let campaign = scene.id();
    let user = scene.people(1).await[0];
    scene.close().await;
    scene.gate.fails.store(true, Ordering::Relaxed);
    // Before it is claimed: had the claim its whole lease, it would not end within one from here.
    let since = Instant::now();
    let failed = scene.grab(user).await.unwrap();
    assert!(matches!(failed, Err(Failure::Fault(Fault::Unavailable { part: "queue", .. }))), "{failed:?}");
    wait_until("another claim", async || store.claim_opening(campaign).await.unwrap()).await;
    let lease = OpeningClaim::LEASE.to_std().unwrap();
    assert!(since.elapsed() < lease, "{:?}", since.elapsed());
    scene.shop.stop().await;
}

/// Whoever was granted units without another look at the stock has a message in the queue by then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sale_opens_after_the_passages_of_the_life_before_have_ended() {
    let scene = Scene::new(2, 2).await;
    let user = scene.people(1).await[0];
    let closed = Instant::now();
    scene.close().await;
    assert!(scene.grab(user).await.unwrap().is_ok());
    let looked = *scene.gate.looked.lock().unwrap().first().expect("it was opened");
    assert!(looked - closed >= Hold::PASSAGE, "{:?}", looked - closed);
    scene.shop.stop().await;
}

/// The one unit is held, and its message hangs while the stock is rebuilt. Where the store forgot the hold, somebody else
/// gets the unit, and the first buyer must not be told yes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passage_that_outlasts_a_rebuild_is_granted_only_if_it_was_counted() {
    let scene = Scene::new(1, 0).await;
    let store = scene.shop.app().world().ports.stock.clone();
    let people = scene.people(2).await;
    let first = scene.grab(people[0]);
    scene.until_seen(1).await;
    scene.close().await;
    let second = scene.grab_at(scene.shop.app().services().clone(), people[1]).await.unwrap();
    assert!(!first.is_finished());
    scene.gate.open.add_permits(Semaphore::MAX_PERMITS);
    let first = first.await.unwrap();
    if store.is_durable() {
        assert!(first.is_ok(), "{first:?}");
        assert!(is_sold_out(&second), "{second:?}");
    } else {
        assert!(matches!(first, Err(Failure::Fault(Fault::Unavailable { part: "stock", .. }))), "{first:?}");
        assert!(second.is_ok(), "{second:?}");
    }
    let report = scene.shop.settled_report(&scene.campaign).await;
    assert_eq!((&report["pendingPayment"], &report["balanced"]), (&json!(1), &json!(true)));
    scene.shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_not_published_fails_none_of_the_others() {
    let scene = Scene::new(20, 0).await;
    scene.gate.fails.store(true, Ordering::Relaxed);
    let people = scene.people(20).await;
    let grabs: Vec<_> = people.into_iter().map(|user| scene.grab(user)).collect();
    scene.until_held(20).await;
    scene.gate.open.add_permits(Semaphore::MAX_PERMITS);
    let answers: Vec<Answer> = join_all(grabs).await.into_iter().map(Result::unwrap).collect();
    let crowds = scene.gate.seen.lock().unwrap().len();
    let unknown =
        answers.iter().filter(|answer| matches!(answer, Err(Failure::Fault(Fault::Unavailable { part: "queue", .. }))));
    // Where the hold itself is safe, the buyer is told yes, and the relay goes on with it.
    let durable = scene.shop.app().world().ports.stock.is_durable();
    assert_eq!(unknown.count(), if durable { 0 } else { crowds });
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), if durable { 20 } else { 20 - crowds });
    // In either case nothing was undone: the relay of the shop publishes what was left.
    scene.shop.advance(Relay::PATIENCE);
    let report = scene.shop.settled_report(&scene.campaign).await;
    assert_eq!((&report["pendingPayment"], &report["balanced"]), (&json!(20), &json!(true)));
    scene.shop.stop().await;
}
