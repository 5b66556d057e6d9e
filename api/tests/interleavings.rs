//! More than a thousand orders, each pulled at from several sides at the same moment: paid with and without a
//! key, given up by its buyer and by an administrator, paid back, and overtaken by its deadline. On a running
//! shop, through its use cases and its real database. Each order ends with one winner for each arrow of the
//! state machine, units return once, money is conserved, and whoever watched was told exactly what happened.
//!
//! What is pulled, and in which order the pulls are let go, follows from a seed; it is printed, and set by
//! `SPIKE_TEST_SEED`. Who then wins is up to the scheduler.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex},
};

use chrono::{Duration, NaiveDate};
use domain::{
    clock::Instant,
    error::Failure,
    id::{CampaignId, OrderId, UserId},
    money::Currency,
    order::{Order, OrderStatus, watch::Subject},
    services::Services,
    spike::{Campaign, grab::Attempt, stock::RequestKey},
    testing::{administrator, instant},
    user::{
        Administrator, Role, User,
        account::{Phone, Username, WorkStatus},
        ports::NewUser,
    },
};
use futures_util::{StreamExt, future::join_all};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde_json::json;
use support::{CampaignSpec, TestShop, wait_until};

const ROUNDS: usize = 12;
const GRABS: usize = 100;
const BUYERS: usize = 24;
/// Price, and seconds to pay.
const SALES: [(&str, u32); 4] = [("9.99", 30), ("25.00", 45), ("0.01", 60), ("3.50", 400)];
const UNITS: u32 = 2_000;

/// One attempt to move an order.
#[derive(Debug, Clone, Copy)]
enum Pull {
    Pay,
    PayAs(u8),
    Cancel,
    CancelAsAdmin,
    Refund,
}

impl Pull {
    fn any(random: &mut StdRng) -> Self {
        match random.random_range(0..10) {
            0..2 => Self::Pay,
            2..5 => Self::PayAs(random.random_range(0..2)),
            5..6 => Self::Cancel,
            6..7 => Self::CancelAsAdmin,
            _ => Self::Refund,
        }
    }

    /// Pulls. Returns where the order is if it was told that this attempt moved it, or the code of the refusal.
    async fn pull(self, services: &Services, admin: Administrator, order: OrderId, buyer: UserId) -> Told {
        let key = |n: u8| RequestKey::parse(&format!("{order}/{n}")).unwrap();
        match self {
            Self::Pay => told(services.payments.pay(buyer, order, None).await),
            Self::PayAs(n) => told(services.payments.pay(buyer, order, Some(key(n))).await),
            Self::Cancel => told(services.closing.cancel(Some(buyer), order).await),
            Self::CancelAsAdmin => told(services.closing.cancel(None, order).await),
            Self::Refund => told(services.payments.refund(admin, order).await),
        }
    }
}

type Told = Result<OrderStatus, String>;

fn told<C: std::fmt::Debug>(outcome: Result<Order, Failure<C>>) -> Told {
    match outcome {
        Ok(order) => Ok(order.status),
        Err(Failure::Refused(refusals)) => Err(format!("{:?}", refusals[0].code)),
        Err(Failure::Fault(fault)) => panic!("a fault is no answer: {fault:?}"),
    }
}

/// What happened in one task of a round.
enum Happened {
    Pulled(OrderId, Pull, Told),
    Expired(usize),
}

/// What a watcher was told: order, version, state.
type Feed = Arc<Mutex<Vec<(OrderId, u32, OrderStatus)>>>;

struct Scene {
    shop: TestShop,
    admin: Administrator,
    sales: Vec<CampaignId>,
    buyers: Vec<UserId>,
    feeds: Vec<Feed>,
    topped_up: i64,
}

impl Scene {
    async fn open(random: &mut StdRng) -> Self {
        let start = instant("2026-01-01T10:00:00Z");
        let shop = TestShop::builder().clock_at(start).start().await;
        let token = shop.admin_token().await;
        let me = shop.data(Some(&token), "{ me { id } }", json!({})).await;
        let admin = administrator(me["me"]["id"].as_str().unwrap().parse().unwrap());
        let mut sales = Vec::new();
        for (price, payment_window_seconds) in SALES {
            let price = price.to_owned();
            let (quantity, ends_in) = (UNITS, Duration::days(1));
            let spec = CampaignSpec {
                price,
                quantity,
                ends_in,
                payment_window_seconds,
                per_user_limit: 1_000,
                ..CampaignSpec::default()
            };
            sales.push(shop.published(&spec).await.parse().unwrap());
        }
        let mut scene = Self { shop, admin, sales, buyers: Vec::new(), feeds: Vec::new(), topped_up: 0 };
        for number in 0..BUYERS {
            // Enough for most of what is grabbed, and not for all of it.
            let minor = random.random_range(10_000..60_000);
            scene.move_in(number, start, minor).await;
        }
        scene
    }

    /// A buyer with money who watches their orders. Nobody signs in, so there is no password.
    async fn move_in(&mut self, number: usize, now: Instant, minor: i64) {
        let (services, ports) = (self.shop.app().services(), &self.shop.app().world().ports);
        let id: UserId = ports.ids.next(now);
        let user = User {
            id,
            username: Username::from_stored(format!("buyer{number}")),
            phone: Phone::from_stored(format!("+1000777{number:04}")),
            work_status: WorkStatus::Employed,
            birth_date: NaiveDate::from_ymd_opt(1990, 5, 17).unwrap(),
            roles: vec![Role::Customer],
            attributes: BTreeMap::new(),
            created_at: now,
        };
        let new = NewUser { user, password_hash: String::new(), id_number: None };
        ports.accounts.insert(&new).await.unwrap().unwrap();
        let amount = domain::money::Money::new(minor, Currency::Cny).amount();
        services.balances.top_up(self.admin, id, amount, Currency::Cny, None).await.unwrap();
        self.topped_up += minor;

        let feed = Feed::default();
        let mut watch = Box::pin(services.order_watch.watch(id, Subject::AllOwn).await.unwrap());
        let heard = Arc::clone(&feed);
        tokio::spawn(async move {
            while let Some(order) = watch.next().await {
                let order = order.unwrap();
                heard.lock().unwrap().push((order.id, order.version, order.status));
            }
        });
        self.buyers.push(id);
        self.feeds.push(feed);
    }

    fn services(&self) -> &Arc<Services> {
        self.shop.app().services()
    }

    /// New orders, which are all waiting for payment.
    async fn grab(&self, random: &mut StdRng) -> Vec<(OrderId, UserId)> {
        let attempts: Vec<Attempt> = (0..GRABS)
            .map(|n| Attempt {
                user: self.buyers[n % BUYERS],
                campaign: self.sales[random.random_range(0..SALES.len())],
                quantity: random.random_range(1..=3),
                request_key: None,
            })
            .collect();
        let grabbed = join_all(attempts.into_iter().map(|attempt| self.services().grabs.grab(attempt))).await;
        let orders: Vec<_> = grabbed.into_iter().map(Result::unwrap).map(|g| (g.order.id, g.order.user_id)).collect();
        let ids: Vec<OrderId> = orders.iter().map(|(id, _)| *id).collect();
        wait_until("the grabs to be orders", async || {
            let found = self.services().orders.find_many(&ids).await.unwrap();
            found.iter().all(|order| order.status == OrderStatus::PendingPayment).then_some(())
        })
        .await;
        orders
    }

    async fn campaign(&self, id: CampaignId) -> Campaign {
        self.shop.app().world().ports.campaign_reader.by_ids(&[id]).await.unwrap().pop().unwrap()
    }
}

/// Lets all tasks of a round go at once: pulls at orders, and steps of time past some deadlines.
async fn round(scene: Scene, pulls: Vec<(OrderId, UserId, Pull)>, random: &mut StdRng) -> (Scene, Vec<Happened>) {
    enum Task {
        Pull(OrderId, UserId, Pull),
        Wait(Duration),
    }
    let mut tasks: Vec<Task> = pulls.into_iter().map(|(order, buyer, pull)| Task::Pull(order, buyer, pull)).collect();
    tasks.extend([15, 16, 17, 18].map(|seconds| Task::Wait(Duration::seconds(seconds))));
    tasks.shuffle(random);
    let admin = scene.admin;
    let scene = Arc::new(scene);
    let running = tasks.into_iter().map(|task| {
        let (scene, yields) = (Arc::clone(&scene), random.random_range(0..10));
        tokio::spawn(async move {
            for _ in 0..yields {
                tokio::task::yield_now().await;
            }
            match task {
                Task::Pull(order, buyer, pull) => {
                    Happened::Pulled(order, pull, pull.pull(scene.services(), admin, order, buyer).await)
                }
                Task::Wait(time) => {
                    scene.shop.advance(time);
                    Happened::Expired(scene.services().closing.expire_due().await.unwrap().orders)
                }
            }
        })
    });
    let running: Vec<_> = running.collect();
    let happened = join_all(running).await.into_iter().map(Result::unwrap).collect();
    (Arc::into_inner(scene).expect("all tasks have ended"), happened)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_pulled_at_ends_with_one_winner_each() {
    let seed =
        std::env::var("SPIKE_TEST_SEED").map_or_else(|_| RandomState::new().hash_one(()), |seed| seed.parse().unwrap());
    println!("SPIKE_TEST_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut scene = Scene::open(&mut random).await;
    let mut orders: Vec<(OrderId, UserId)> = Vec::new();
    let mut happened = Vec::new();
    for _ in 0..ROUNDS {
        let fresh = scene.grab(&mut random).await;
        // What is older is pulled at too: some of it is paid and can be paid back, some has a late deadline.
        let older = (0..orders.len().min(GRABS)).map(|_| orders[random.random_range(0..orders.len())]);
        let targets: Vec<_> = fresh.iter().copied().chain(older.collect::<Vec<_>>()).collect();
        let mut pulls = Vec::new();
        for (order, buyer) in targets {
            let count = random.random_range(0..5);
            pulls.extend((0..count).map(|_| (order, buyer, Pull::any(&mut random))));
        }
        orders.extend(fresh);
        let done;
        (scene, done) = round(scene, pulls, &mut random).await;
        happened.extend(done);
        check_books(&scene).await;
    }
    check_orders(&scene, &orders, &happened).await;
    scene.shop.stop().await;
}

/// Units and money, once what follows from the round has been done: every unit of a sale is on sale, or in an
/// order that holds or bought it; all money that was put on balances is there or was paid.
async fn check_books(scene: &Scene) {
    let mut revenue = 0;
    for id in &scene.sales {
        let campaign = scene.campaign(*id).await;
        let report = wait_until("the units to be back and the ledgers to agree", async || {
            let report = scene.services().reports.of(scene.admin, &campaign).await.unwrap();
            (report.balanced && report.available == UNITS - scene.campaign(*id).await.allocated).then_some(report)
        })
        .await;
        revenue += report.revenue.minor;
    }
    let balances = scene.services().balances.of(&scene.buyers).await.unwrap();
    assert!(balances.iter().all(|balance| balance.minor >= 0));
    let balances: i64 = balances.iter().map(|balance| balance.minor).sum();
    assert_eq!(balances + revenue, scene.topped_up, "no money came or went");
}

/// Each order against its history, against what those were told who pulled at it, and against what its buyer saw.
async fn check_orders(scene: &Scene, orders: &[(OrderId, UserId)], happened: &[Happened]) {
    let ids: Vec<OrderId> = orders.iter().map(|(id, _)| *id).collect();
    let found = scene.services().orders.find_many(&ids).await.unwrap();
    assert_eq!(found.len(), ids.len());
    let mut units: HashMap<CampaignId, u32> = HashMap::new();
    let mut ends: BTreeMap<&str, usize> = BTreeMap::new();
    let mut lives: HashMap<OrderId, Vec<OrderStatus>> = HashMap::new();
    for order in &found {
        let events = scene.services().orders.history(order).await.unwrap();
        let life: Vec<OrderStatus> = events.iter().map(|event| event.status).collect();
        assert!(events.iter().zip(0..).all(|(event, version)| event.version == version), "{events:?}");
        assert_eq!(life[..2], [OrderStatus::Queued, OrderStatus::PendingPayment]);
        assert!(life.windows(2).all(|step| step[0].may_become(step[1])), "{life:?}");
        assert_eq!((life.last(), life.len() - 1), (Some(&order.status), order.version as usize));
        if order.status.has_units() {
            *units.entry(order.campaign_id).or_default() += order.quantity;
        }
        *ends.entry(order.status.name()).or_default() += 1;
        lives.insert(order.id, life);
    }
    for id in &scene.sales {
        let allocated = scene.campaign(*id).await.allocated;
        assert_eq!(allocated, units.get(id).copied().unwrap_or(0), "the units of {id} are those of its orders");
    }

    // Who was told that they moved an order did, and nobody else: a key counts as one attempt.
    let mut winners: HashMap<(OrderId, OrderStatus), BTreeSet<String>> = HashMap::new();
    let mut refusals: BTreeMap<&str, usize> = BTreeMap::new();
    let mut expired = 0;
    for (attempt, what) in happened.iter().enumerate() {
        match what {
            Happened::Expired(orders) => expired += orders,
            Happened::Pulled(_, _, Err(code)) => *refusals.entry(code).or_default() += 1,
            Happened::Pulled(order, pull, Ok(status)) => {
                let (moved_to, name) = match pull {
                    Pull::Pay => (OrderStatus::Paid, attempt.to_string()),
                    Pull::PayAs(key) => (OrderStatus::Paid, format!("key {key}")),
                    Pull::Cancel | Pull::CancelAsAdmin => (OrderStatus::Cancelled, attempt.to_string()),
                    Pull::Refund => (OrderStatus::Refunded, attempt.to_string()),
                };
                // A payment that is told again may find the order paid back.
                let later = matches!(pull, Pull::PayAs(_)) && *status == OrderStatus::Refunded;
                assert!(*status == moved_to || later, "{pull:?} was told {status:?}");
                winners.entry((*order, moved_to)).or_default().insert(name);
            }
        }
    }
    for (order, life) in &lives {
        for arrow in [OrderStatus::Paid, OrderStatus::Cancelled, OrderStatus::Refunded] {
            let told = winners.get(&(*order, arrow)).map_or(0, BTreeSet::len);
            assert_eq!(told, usize::from(life.contains(&arrow)), "{order} {life:?}: {arrow:?} was told {told} times");
        }
    }
    assert!(expired <= lives.values().filter(|life| life.contains(&OrderStatus::Expired)).count());
    check_feeds(scene, orders, &lives).await;

    println!("{} orders: {ends:?}; {} pulls, of which refused: {refusals:?}", orders.len(), happened.len());
    assert!(orders.len() >= 1_000);
    for end in ["PAID", "CANCELLED", "EXPIRED", "REFUNDED"] {
        assert!(ends.get(end).is_some_and(|count| *count >= 50), "too few orders end as {end} to show anything");
    }
}

/// Each buyer saw each state of each of their orders once and in order.
async fn check_feeds(scene: &Scene, orders: &[(OrderId, UserId)], lives: &HashMap<OrderId, Vec<OrderStatus>>) {
    for (buyer, feed) in scene.buyers.iter().zip(&scene.feeds) {
        let own: Vec<OrderId> = orders.iter().filter(|(_, user)| user == buyer).map(|(id, _)| *id).collect();
        let states = own.iter().map(|id| lives[id].len()).sum::<usize>();
        wait_until("the buyer to be told of everything", async || (feed.lock().unwrap().len() >= states).then_some(()))
            .await;
        let heard = feed.lock().unwrap();
        for id in own {
            let of_order = heard.iter().filter(|(order, ..)| *order == id);
            let of_order: Vec<_> = of_order.map(|(_, version, status)| (*version, *status)).collect();
            assert_eq!(of_order, (0..).zip(lives[&id].iter().copied()).collect::<Vec<_>>(), "{id}");
        }
        assert_eq!(heard.len(), states, "nothing else was told");
    }
}
