//! Any sequence of steps does what a model of a few maps does, and leaves the books in order after each.

use std::collections::HashMap;

use chrono::Duration;
use domain::{
    clock::Instant,
    id::{CampaignId, OrderId, TypedId},
    money::{Currency, Money},
    order::{
        OrderStatus,
        ports::{Closed, Paid, ToppedUp},
    },
    spike::Hold,
};
use proptest::{collection::vec, option, prelude::*};

use super::{PRICE, Shop, key, start, user};

const SALES: usize = 2;
const UNITS: u32 = 5;
const LIMIT: u32 = 3;

/// What is asked of a hold: in which campaign, by whom, how many units, with which key, and whether it is free.
type Ask = (usize, u128, u32, Option<u8>, bool);

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Place(Vec<Ask>),
    /// A batch is delivered again.
    Again,
    Pay {
        order: prop::sample::Index,
        by_owner: bool,
        key: Option<u8>,
    },
    Cancel {
        order: prop::sample::Index,
        by_owner: Option<bool>,
    },
    Expire {
        max: usize,
    },
    Refund {
        order: prop::sample::Index,
    },
    TopUp {
        user: u128,
        units: i64,
        key: Option<u8>,
    },
    Wait {
        seconds: i64,
    },
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = || option::of(0_u8..4);
    let order = any::<prop::sample::Index>;
    let ask = (0..SALES, 1_u128..4, 1_u32..4, key(), prop::bool::weighted(0.1));
    let step = prop_oneof![
        4 => vec(ask, 1..5).prop_map(Step::Place),
        1 => Just(Step::Again),
        5 => (order(), prop::bool::weighted(0.9), key()).prop_map(|(order, by_owner, key)| Step::Pay { order, by_owner, key }),
        2 => (order(), option::of(prop::bool::weighted(0.8))).prop_map(|(order, by_owner)| Step::Cancel { order, by_owner }),
        2 => (0_usize..4).prop_map(|max| Step::Expire { max }),
        2 => order().prop_map(|order| Step::Refund { order }),
        3 => (1_u128..4, 1_i64..6, key()).prop_map(|(user, units, key)| Step::TopUp { user, units, key }),
        2 => (1_i64..600).prop_map(|seconds| Step::Wait { seconds }),
    ];
    vec(step, 1..40)
}

#[derive(Debug, Clone)]
struct Known {
    id: OrderId,
    sale: CampaignId,
    user: u128,
    units: u32,
    price: i64,
    status: OrderStatus,
    pay_before: Instant,
}

impl Known {
    fn total(&self) -> i64 {
        i64::from(self.units) * self.price
    }
}

/// What the stores should know.
struct Model {
    now: Instant,
    sales: Vec<CampaignId>,
    orders: Vec<Known>,
    last_batch: Vec<Hold>,
    grab_keys: HashMap<(u128, u8), OrderId>,
    payment_keys: HashMap<(u128, u8), OrderId>,
    top_up_keys: HashMap<u8, (u128, i64)>,
    balances: HashMap<u128, i64>,
}

fn name(key_number: Option<u8>) -> Option<domain::spike::stock::RequestKey> {
    key_number.and_then(|number| key(&format!("key-{number}")))
}

impl Model {
    fn units(&self, sale: CampaignId, which: impl Fn(&Known) -> bool) -> u32 {
        self.orders.iter().filter(|order| order.sale == sale && which(order)).map(|order| order.units).sum()
    }

    /// What becomes of an ask, by the model.
    fn admit(&mut self, hold: &Hold, (sale, user, units, key, free): Ask) -> OrderStatus {
        let sale = self.sales[sale];
        let taken = self.units(sale, |order| order.status.has_units());
        let holding = self.units(sale, |order| order.status.has_units() && order.user == user);
        let key_taken = key.is_some_and(|key| self.grab_keys.contains_key(&(user, key)));
        let status = if key_taken || taken + units > UNITS || holding + units > LIMIT {
            OrderStatus::Rejected
        } else {
            self.grab_keys.extend(key.map(|key| ((user, key), hold.order_id)));
            OrderStatus::PendingPayment
        };
        let pay_before = self.now + Duration::seconds(900);
        let price = if free { 0 } else { PRICE };
        self.orders.push(Known { id: hold.order_id, sale, user, units, price, status, pay_before });
        status
    }

    fn pick(&self, index: prop::sample::Index) -> Option<usize> {
        (!self.orders.is_empty()).then(|| index.index(self.orders.len()))
    }
}

pub(crate) async fn does_what_the_model_does(shop: &Shop, steps: Vec<Step>) {
    let mut sales = Vec::new();
    for _ in 0..SALES {
        sales.push(shop.sell(i32::try_from(UNITS).unwrap()).await);
    }
    let mut model = Model {
        now: start(),
        sales,
        orders: Vec::new(),
        last_batch: Vec::new(),
        grab_keys: HashMap::new(),
        payment_keys: HashMap::new(),
        top_up_keys: HashMap::new(),
        balances: HashMap::new(),
    };
    for step in steps {
        take(shop, &mut model, step).await;
        compare(shop, &model).await;
    }
}

async fn take(shop: &Shop, model: &mut Model, step: Step) {
    match step {
        Step::Place(asks) => place(shop, model, asks).await,
        Step::Again => assert!(shop.orders.place(&model.last_batch, model.now).await.unwrap().is_empty()),
        Step::Pay { order, by_owner, key } => {
            if let Some(index) = model.pick(order) {
                pay(shop, model, index, by_owner, key).await;
            }
        }
        Step::Cancel { order, by_owner } => {
            let Some(index) = model.pick(order) else { return };
            let known = &mut model.orders[index];
            let owner = by_owner.map(|by_owner| user(if by_owner { known.user } else { 99 }));
            let closed = shop.orders.cancel(known.id, owner, model.now).await.unwrap();
            match (by_owner, known.status) {
                (Some(false), _) => assert!(matches!(closed, Closed::NotFound)),
                (_, OrderStatus::PendingPayment) => {
                    assert!(matches!(closed, Closed::Now(_)));
                    known.status = OrderStatus::Cancelled;
                }
                _ => assert!(matches!(closed, Closed::Not(found) if found.status == known.status)),
            }
        }
        Step::Expire { max } => {
            let mut due: Vec<&mut Known> = model
                .orders
                .iter_mut()
                .filter(|order| order.status == OrderStatus::PendingPayment && order.pay_before <= model.now)
                .collect();
            due.sort_by_key(|order| (order.pay_before, order.id));
            due.truncate(max);
            let expired = shop.orders.expire(model.now, max).await.unwrap();
            let expired: Vec<OrderId> = expired.iter().map(|change| change.order.id).collect();
            assert_eq!(expired, due.iter().map(|order| order.id).collect::<Vec<_>>());
            for order in due {
                order.status = OrderStatus::Expired;
            }
        }
        Step::Refund { order } => {
            let Some(index) = model.pick(order) else { return };
            let known = &mut model.orders[index];
            let closed = shop.refund(known.id).await.unwrap();
            if known.status == OrderStatus::Paid {
                assert!(matches!(closed, Closed::Now(_)));
                known.status = OrderStatus::Refunded;
                *model.balances.entry(known.user).or_default() += known.total();
            } else {
                assert!(matches!(closed, Closed::Not(found) if found.status == known.status));
            }
        }
        Step::TopUp { user: number, units, key } => {
            let minor = units * PRICE;
            let done = shop.top_up(user(number), minor, None, name(key)).await;
            match key.and_then(|key| model.top_up_keys.get(&key)) {
                Some(before) if *before == (number, minor) => assert!(matches!(done, ToppedUp::Before)),
                Some(_) => assert!(matches!(done, ToppedUp::KeyReused)),
                None => {
                    assert!(matches!(done, ToppedUp::Now));
                    *model.balances.entry(number).or_default() += minor;
                    model.top_up_keys.extend(key.map(|key| (key, (number, minor))));
                }
            }
        }
        Step::Wait { seconds } => model.now += Duration::seconds(seconds),
    }
}

async fn place(shop: &Shop, model: &mut Model, asks: Vec<Ask>) {
    let mut holds = Vec::new();
    for (sale, number, quantity, key, free) in &asks {
        let unit_price = Money::new(if *free { 0 } else { PRICE }, Currency::Cny);
        let request_key = name(*key);
        let hold = shop.hold(model.sales[*sale], user(*number));
        holds.push(Hold { quantity: *quantity, per_user_limit: LIMIT, unit_price, request_key, ..hold });
    }
    let placed = shop.orders.place(&holds, model.now).await.unwrap();
    let placed: Vec<_> = placed.iter().map(|change| (change.order.id, change.order.status)).collect();
    let expected: Vec<_> = holds.iter().zip(asks).map(|(hold, ask)| (hold.order_id, model.admit(hold, ask))).collect();
    assert_eq!(placed, expected);
    model.last_batch = holds;
}

async fn pay(shop: &Shop, model: &mut Model, index: usize, by_owner: bool, key: Option<u8>) {
    let known = &mut model.orders[index];
    let payer = if by_owner { known.user } else { 99 };
    let before = key.and_then(|key| model.payment_keys.get(&(payer, key)));
    let paid = shop.pay(known.id, user(payer), name(key), model.now).await;
    let balance = model.balances.entry(payer).or_default();
    match before {
        Some(order) if *order == known.id => {
            assert!(matches!(paid, Paid::Before(found) if found.status == known.status));
        }
        Some(_) => assert!(matches!(paid, Paid::KeyReused)),
        None if !by_owner => assert!(matches!(paid, Paid::NotFound)),
        None if known.status != OrderStatus::PendingPayment || known.pay_before <= model.now => {
            assert!(matches!(paid, Paid::NotPayable(found) if found.status == known.status));
        }
        None if *balance < known.total() => {
            assert!(matches!(paid, Paid::InsufficientFunds { balance: told } if told.minor == *balance));
        }
        None => {
            assert!(matches!(paid, Paid::Now(_)), "{paid:?}");
            *balance -= known.total();
            known.status = OrderStatus::Paid;
            model.payment_keys.extend(key.map(|key| ((payer, key), known.id)));
        }
    }
}

async fn compare(shop: &Shop, model: &Model) {
    shop.check().await;
    let ids: Vec<OrderId> = model.orders.iter().map(|order| order.id).collect();
    let stored = shop.orders.by_ids(&ids).await.unwrap();
    let stored: HashMap<_, _> = stored.into_iter().map(|order| (order.id, order.status)).collect();
    assert_eq!(stored, model.orders.iter().map(|order| (order.id, order.status)).collect());
    for sale in &model.sales {
        let with_units = model.units(*sale, |order| order.status.has_units());
        assert_eq!(shop.allocated(*sale).await, with_units);
        let held = i64::from(model.units(*sale, |order| order.status == OrderStatus::PendingPayment));
        let sold = i64::from(with_units) - held;
        assert_eq!(shop.moved(*sale).await, (i64::from(UNITS) - held - sold, held, sold));
    }
    for (number, minor) in &model.balances {
        assert_eq!(shop.balance(user(*number)).await.unwrap_or(0), *minor, "{}", user(*number).uuid());
    }
    let unpaid = model.orders.iter().filter(|order| order.status == OrderStatus::PendingPayment);
    assert_eq!(shop.orders.next_deadline().await.unwrap(), unpaid.map(|order| order.pay_before).min());
}
