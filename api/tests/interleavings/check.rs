//! What has to hold after a round, and at the end.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    id::{CampaignId, OrderId, UserId},
    order::OrderStatus,
};

use crate::{
    pull::{Happened, Pull},
    scene::{Scene, UNITS},
    support::wait_until,
};

/// Units and money, once what follows from the round has been done: every unit of a sale is on sale, or in an
/// order that holds or bought it; all money that was put on balances is there or was paid.
pub(crate) async fn books(scene: &Scene) {
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
/// Returns the figures.
pub(crate) async fn orders(scene: &Scene, orders: &[(OrderId, UserId)], happened: &[Happened]) -> String {
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
    for what in happened {
        if let Happened::Pulled(order, Pull::PayAs(key), Err(code)) = what {
            let paid_by = winners.get(&(*order, OrderStatus::Paid));
            let by_this = paid_by.is_some_and(|names| names.contains(&format!("key {key}")));
            assert!(!by_this || !["AlreadyPaid", "OrderClosed"].contains(&code.as_str()), "{order}: its own payment");
        }
    }
    for (order, life) in &lives {
        for arrow in [OrderStatus::Paid, OrderStatus::Cancelled, OrderStatus::Refunded] {
            let told = winners.get(&(*order, arrow)).map_or(0, BTreeSet::len);
            assert_eq!(told, usize::from(life.contains(&arrow)), "{order} {life:?}: {arrow:?} was told {told} times");
        }
    }
    assert!(expired <= lives.values().filter(|life| life.contains(&OrderStatus::Expired)).count());
    feeds(scene, orders, &lives).await;

    assert!(orders.len() >= 1_000);
    for end in ["PAID", "CANCELLED", "EXPIRED", "REFUNDED"] {
        assert!(ends.get(end).is_some_and(|count| *count >= 50), "too few orders end as {end} to show anything");
    }
    format!("{} orders: {ends:?}; {} pulls, of which refused: {refusals:?}", orders.len(), happened.len())
}

/// Each buyer saw each state of each of their orders once and in order.
async fn feeds(scene: &Scene, orders: &[(OrderId, UserId)], lives: &HashMap<OrderId, Vec<OrderStatus>>) {
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
