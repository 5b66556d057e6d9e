//! Any sequence of steps on a stock store, held against a plain model of holds.

use std::collections::{HashMap, VecDeque};

use domain::{
    clock::Clock,
    spike::{
        Hold,
        stock::{Reserve, Reserved, StockAdjusted},
    },
    testing::{self, id},
};
use proptest::prelude::*;

use super::{Bench, campaign, key};

/// What may happen to a campaign's stock. Orders are known by the step that took them.
#[derive(Debug, Clone)]
pub enum Step {
    Reserve { user: u8, quantity: u32, key: Option<u8> },
    Release { order: u8 },
    Adjust { delta: i32 },
    Publish { order: u8 },
}

/// Sequences of steps.
pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => (0..4_u8, 1..4_u32, prop::option::of(0..3_u8)).prop_map(|(user, quantity, key)| Step::Reserve { user, quantity, key }),
        3 => (0..30_u8).prop_map(|order| Step::Release { order }),
        1 => (-3..4_i32).prop_map(|delta| Step::Adjust { delta }),
        1 => (0..30_u8).prop_map(|order| Step::Publish { order }),
    ];
    prop::collection::vec(step, 1..60)
}

/// What a step asks for if it is a grab; `n` is its order.
fn ask(n: u8, step: &Step) -> Option<Reserve> {
    let Step::Reserve { user, quantity, key: name } = step else { return None };
    let request_key = name.map(|name| key(&format!("k{name}")));
    Some(Reserve { request_key, ..Bench::ask(u128::from(n), u128::from(*user), *quantity) })
}

/// Any sequence of steps does what a plain model of holds does. Grabs that follow on each other are one crowd, and are
/// answered as if each came alone.
pub async fn does_what_the_model_does(bench: Bench, steps: Vec<Step>) {
    const LIMIT: u32 = 4;
    bench.load(bench.stock(8, LIMIT)).await;
    let (mut quantity, mut holds) = (8_u32, HashMap::<u8, (u8, u32)>::new());
    let mut keys = HashMap::<(u8, u8), (u8, u32)>::new();
    let steps: Vec<(u8, Step)> = (0_u8..).zip(steps).collect();
    let mut answers = VecDeque::new();
    for (place, (n, step)) in steps.iter().cloned().enumerate() {
        let taken: u32 = holds.values().map(|(_, units)| units).sum();
        match step {
            Step::Reserve { user, quantity: units, key: name } => {
                if answers.is_empty() {
                    let crowd: Vec<Reserve> = steps[place..].iter().map_while(|(n, step)| ask(*n, step)).collect();
                    answers.extend(bench.store.reserve_all(&crowd).await);
                    assert_eq!(answers.len(), crowd.len(), "each is answered, once");
                }
                let holding: u32 = holds.values().filter(|(who, _)| *who == user).map(|(_, units)| units).sum();
                let left = quantity - taken;
                let known = name.and_then(|name| keys.get(&(user, name)));
                let answer = answers.pop_front().expect("each is answered").unwrap();
                match (known, &answer) {
                    (Some((order, before)), Reserved::Known { request, .. }) if *before == units => {
                        assert_eq!(request.order_id, id(u128::from(*order)));
                    }
                    (Some((_, before)), Reserved::KeyReused) if *before != units => {}
                    (None, Reserved::LimitExceeded { holding: told, .. }) if holding + units > LIMIT => {
                        assert_eq!(*told, holding);
                    }
                    (None, Reserved::SoldOut) if holding + units <= LIMIT && left == 0 => {}
                    (None, Reserved::Insufficient { remaining })
                        if holding + units <= LIMIT && left < units && left > 0 =>
                    {
                        assert_eq!(*remaining, left);
                    }
                    (None, Reserved::Held { remaining, .. }) if holding + units <= LIMIT && units <= left => {
                        assert_eq!(*remaining, left - units);
                        holds.insert(n, (user, units));
                        if let Some(name) = name {
                            keys.insert((user, name), (n, units));
                        }
                    }
                    other => panic!("{other:?} with {left} left and {holding} held"),
                }
            }
            Step::Release { order } => {
                let units = holds.remove(&order).map_or(0, |(_, units)| units);
                assert_eq!(bench.store.release(campaign(), id(u128::from(order))).await.unwrap(), units);
            }
            Step::Adjust { delta } => {
                let answer = bench.store.adjust(campaign(), delta).await.unwrap();
                if i64::from(quantity - taken) + i64::from(delta) >= 0 {
                    quantity = quantity.checked_add_signed(delta).unwrap();
                    assert!(matches!(answer, StockAdjusted::Adjusted(_)));
                } else {
                    assert!(matches!(answer, StockAdjusted::TooFewAvailable { .. }));
                }
            }
            Step::Publish { order } => {
                let user = holds.get(&order).map_or(1, |(user, _)| *user);
                let (order_id, user_id) = (id(u128::from(order)), id(u128::from(user)));
                let published_hold = Hold { order_id, user_id, ..testing::hold(bench.clock.now()) };
                bench.store.published(&[published_hold]).await.unwrap();
            }
        }
        if answers.is_empty() {
            let taken: u32 = holds.values().map(|(_, units)| units).sum();
            bench.assert_level(quantity - taken, taken).await;
        }
    }
}
