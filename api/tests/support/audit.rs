//! What must hold after every run and every fault, checked through the public graph and by the operator's own tool. For
//! sites on real engines: what an embedded server holds in its memory nobody else can look at.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use api::{wiring, world::Overrides};
use serde_json::Value;

use super::{client::Graph, crowd::Crowd, process::Replica, site::Site, wait::wait_for};

/// How long a sale may take to come to rest after the last fault: what was left behind is looked for every two
/// seconds, differences between the engines every five.
const REST: Duration = Duration::from_secs(45);

/// What is expected of a sale at rest.
#[derive(Debug, Clone, Copy)]
pub struct Sale {
    /// Units in all.
    pub quantity: u64,
    /// Units of one user.
    pub per_user_limit: u64,
    /// Holds that no order can be made of, with a unit each.
    pub dead_holds: u64,
    /// Messages that were put aside.
    pub dead_messages: u64,
}

impl Sale {
    /// One unit each, and nothing is put aside.
    pub const fn of(quantity: u64) -> Self {
        Self { quantity, per_user_limit: 1, dead_holds: 0, dead_messages: 0 }
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// Grabs that buyers were told had succeeded.
    pub accepted: usize,
    /// Orders by status.
    pub orders: BTreeMap<String, usize>,
    /// The report.
    pub report: Value,
    /// What must not be. Empty is well.
    pub violations: Vec<String>,
}

/// Waits until a sale is at rest and checks it. `admin` is signed in at a replica that runs; `replica` tells where.
pub async fn audit(site: &Site, admin: &Graph, replica: &Replica, crowd: &Crowd, sale: Sale) -> Found {
    let mut found = Found { violations: crowd.complaints(), ..Found::default() };
    // What is still to be done must be done before anything is counted: it may do too much.
    outboxes(site, &mut found.violations).await;
    let mut last = Value::Null;
    let rest = wait_for(REST, async || {
        let report = admin.try_report(&crowd.campaign).await.ok()?;
        let orders = admin.try_orders_of(&crowd.campaign).await.ok()?;
        let held = live_units(&orders) + sale.dead_holds;
        let at_rest = report["queued"] == sale.dead_holds
            && report["balanced"] == true
            && report["available"].as_u64().map(|available| available + held) == Some(sale.quantity);
        last = report;
        at_rest.then_some(orders)
    });
    let orders = rest.await;
    if orders.is_none() {
        found.violations.push(format!("not at rest and balanced after {REST:?}: {last}"));
    }
    found.report = last;
    let orders = match orders {
        Some(orders) => orders,
        None => admin.try_orders_of(&crowd.campaign).await.unwrap_or_default(),
    };
    for order in &orders {
        *found.orders.entry(order.status.clone()).or_default() += 1;
    }
    found.accepted = crowd.granted().len();
    promises(crowd, &orders, sale, &mut found.violations);
    subscribers(admin, crowd, orders, &mut found.violations).await;
    operator(replica, sale, &mut found.violations).await;
    found
}

/// An order as an administrator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderSeen {
    /// Its id.
    pub id: String,
    /// The buyer.
    pub user: String,
    /// Units.
    pub quantity: u64,
    /// Its status.
    pub status: String,
}

impl OrderSeen {
    fn has_units(&self) -> bool {
        matches!(self.status.as_str(), "PENDING_PAYMENT" | "PAID")
    }
}

fn live_units(orders: &[OrderSeen]) -> u64 {
    orders.iter().filter(|order| order.has_units()).map(|order| order.quantity).sum()
}

/// Every grab that was told yes is exactly one order of its buyer; nothing is oversold; limits hold.
fn promises(crowd: &Crowd, orders: &[OrderSeen], sale: Sale, violations: &mut Vec<String>) {
    let mut ids = BTreeSet::new();
    let mut units: HashMap<&str, u64> = HashMap::new();
    for order in orders {
        if !ids.insert(&order.id) {
            violations.push(format!("{} is there twice", order.id));
        }
        if order.has_units() {
            *units.entry(&order.user).or_default() += order.quantity;
        }
        if order.status == "REJECTED" && crowd.granted().iter().any(|(_, granted)| *granted == order.id) {
            violations.push(format!("{} was granted and then rejected", order.id));
        }
    }
    for (buyer, granted) in crowd.granted() {
        match orders.iter().find(|order| order.id == granted) {
            None => violations.push(format!("{granted} was granted and is lost")),
            Some(order) if order.user != buyer => violations.push(format!("{granted} is somebody else's")),
            Some(_) => {}
        }
    }
    let live = live_units(orders);
    if live > sale.quantity {
        violations.push(format!("{live} units in live orders, of {}", sale.quantity));
    }
    for (user, units) in units.iter().filter(|(_, units)| **units > sale.per_user_limit) {
        violations.push(format!("{user} has {units} units, of {} allowed", sale.per_user_limit));
    }
}

/// Whoever watches saw each state once, in order, and is at the latest.
async fn subscribers(admin: &Graph, crowd: &Crowd, mut orders: Vec<OrderSeen>, violations: &mut Vec<String>) {
    for watcher in crowd.watchers() {
        let mut status = String::new();
        let caught_up = wait_for(REST, async || {
            // One that was not granted has no order to be at.
            let Some(order) = orders.iter().find(|order| order.id == watcher.order()) else { return Some(()) };
            if watcher.last().as_deref() == Some(&order.status) {
                return Some(());
            }
            status.clone_from(&order.status);
            // A payment window may have ended since the orders were read.
            orders = admin.try_orders_of(&crowd.campaign).await.unwrap_or(std::mem::take(&mut orders));
            None
        });
        if caught_up.await.is_none() {
            violations.push(format!("{} is {status} and its watcher saw {}", watcher.order(), watcher.story()));
        }
        violations.extend(watcher.violations());
    }
}

/// Nothing is left to do of what was committed, and no hold is without a message.
async fn outboxes(site: &Site, violations: &mut Vec<String>) {
    let world = wiring::world(&site.config(), &Overrides::default()).await.expect("the engines of the site");
    let ports = &world.ports;
    let mut left = String::new();
    let empty = wait_for(REST, async || {
        let notes = ports.orders.follow_ups(ports.clock.now(), 10).await;
        let holds = ports.stock.unpublished(chrono::Duration::zero(), 10).await;
        left = format!("{notes:?} and {holds:?}");
        (notes.is_ok_and(|notes| notes.is_empty()) && holds.is_ok_and(|holds| holds.is_empty())).then_some(())
    });
    if empty.await.is_none() {
        violations.push(format!("left in the outboxes: {left}"));
    }
    world.close().await.expect("closed");
}

/// `spike reconcile` finds nothing to repair.
async fn operator(replica: &Replica, sale: Sale, violations: &mut Vec<String>) {
    let output = replica.command(&["reconcile", "--dry-run"]).output().await.expect("spike reconcile");
    let said = String::from_utf8_lossy(&output.stdout);
    let queue = format!("queue: 0 waiting, {} put aside", sale.dead_messages);
    let clean = output.status.success() && !said.contains("DIFFERS") && !said.contains("UNBALANCED");
    if !clean || !said.contains(&queue) {
        let complained = String::from_utf8_lossy(&output.stderr);
        violations.push(format!("spike reconcile ended with {}: {said}{complained}", output.status));
    }
}
