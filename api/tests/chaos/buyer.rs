//! What buyers do: each grabs, again and again if need be, and then pays, gives up or lets the deadline pass.

use std::{
    collections::BTreeMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use rand::{RngExt, rngs::StdRng};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{
    WINDOW,
    support::{
        client::Graph,
        crowd::{Answer, Crowd},
    },
};

/// How long a client waits before it asks again where it had no answer.
const AGAIN: Duration = Duration::from_millis(150);
/// How long somebody waits who was told that all is sold: what others give up comes back.
const LATER: Duration = Duration::from_secs(3);
/// When the market has closed, those who still find nothing go home after this: the last deadlines have passed.
const LAST_CALL: Duration = Duration::from_secs(WINDOW as u64 + 5);

/// What somebody does with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Pay,
    Cancel,
    Nothing,
}

impl Deed {
    pub(crate) fn any(random: &mut StdRng) -> Self {
        match random.random_range(0..10) {
            0..5 => Self::Pay,
            5..7 => Self::Cancel,
            _ => Self::Nothing,
        }
    }
}

/// The sale as the buyers know it.
pub(crate) struct Market<'a> {
    crowd: &'a Crowd,
    let_in: watch::Sender<usize>,
    closed: watch::Sender<Option<Instant>>,
    /// What the owner of an order was told of it in the end.
    told: Mutex<BTreeMap<String, &'static str>>,
}

impl<'a> Market<'a> {
    pub(crate) fn new(crowd: &'a Crowd) -> Self {
        Self { crowd, let_in: watch::Sender::new(0), closed: watch::Sender::new(None), told: Mutex::default() }
    }

    /// Lets buyers in, up to this number.
    pub(crate) fn let_in(&self, count: usize) {
        self.let_in.send_replace(count);
    }

    /// From now on nobody waits for long.
    pub(crate) fn close_soon(&self) {
        self.closed.send_replace(Some(Instant::now()));
    }

    /// The whole visit of a buyer.
    pub(crate) async fn visit(&self, buyer: usize, deed: Deed) {
        let mut let_in = self.let_in.subscribe();
        let_in.wait_for(|count| buyer < *count).await.expect("the market is there");
        let Some(order) = self.grab(buyer).await else { return };
        match deed {
            Deed::Pay => {
                let variables = json!({ "id": order, "key": format!("pay-{order}") });
                self.insist(buyer, &order, (PAY, "pay", &variables), "PAID").await;
            }
            Deed::Cancel => {
                let variables = json!({ "id": order });
                self.insist(buyer, &order, (CANCEL, "cancelOrder", &variables), "CANCELLED").await;
            }
            Deed::Nothing => {}
        }
    }

    async fn grab(&self, buyer: usize) -> Option<String> {
        let mut door = buyer;
        loop {
            door += 1;
            let pause = match self.crowd.attempt(buyer, door).await {
                Answer::Granted(order) => return Some(order),
                Answer::Refused(code) if code == "SOLD_OUT" => {
                    if self.closed.borrow().is_some_and(|since| since.elapsed() > LAST_CALL) {
                        return None;
                    }
                    LATER
                }
                Answer::Refused(code) => {
                    self.crowd.complain(format!("buyer {buyer} was refused with {code}"));
                    return None;
                }
                Answer::Away | Answer::Unknown => AGAIN,
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Asks for something to be done with an order until it is known what came of it.
    async fn insist(
        &self,
        buyer: usize,
        order: &str,
        (mutation, name, variables): (&str, &str, &Value),
        done: &'static str,
    ) {
        let began = Instant::now();
        let mut door = buyer;
        while began.elapsed() < Duration::from_mins(1) {
            door += 1;
            let client = self.crowd.client(buyer, door);
            if let Ok(answer) = client.try_run(mutation, variables.clone()).await
                && !is_away(&answer)
            {
                let payload = &answer["data"][name];
                match payload["userErrors"][0]["code"].as_str() {
                    None => return self.note(order, payload, done),
                    // It is not in the database yet.
                    Some("ORDER_QUEUED" | "ORDER_NOT_FOUND") => {}
                    // The deadline was sooner.
                    Some(_) => return,
                }
            }
            tokio::time::sleep(AGAIN).await;
        }
        self.crowd.complain(format!("buyer {buyer} had no answer to {name} in a minute"));
    }

    fn note(&self, order: &str, payload: &Value, done: &'static str) {
        if payload["order"]["status"] != done {
            self.crowd.complain(format!("{order} should be {done}: {payload}"));
        }
        self.told.lock().expect("no panic").insert(order.to_owned(), done);
    }

    /// How many were told what of their order.
    pub(crate) fn told(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for done in self.told.lock().expect("no panic").values() {
            *counts.entry(*done).or_default() += 1;
        }
        counts
    }

    /// Orders that are not what their owner was told.
    pub(crate) async fn broken_promises(&self, admin: &Graph) -> Vec<String> {
        let orders = admin.orders_of(&self.crowd.campaign).await;
        let told = self.told.lock().expect("no panic");
        let broken = orders.iter().filter(|order| told.get(&order.id).is_some_and(|done| *done != order.status));
        broken
            .map(|order| format!("{} is {} and its owner was told {}", order.id, order.status, told[&order.id]))
            .collect()
    }
}

/// Whether something that is needed is away; anything else that goes wrong is a defect.
fn is_away(answer: &Value) -> bool {
    let code = &answer["errors"][0]["extensions"]["code"];
    assert!(code.is_null() || code == "SERVICE_UNAVAILABLE", "{answer:#}");
    !code.is_null()
}

const PAY: &str = "mutation($id: ID!, $key: String!) { pay(input: { orderId: $id, idempotencyKey: $key }) {
    order { status } userErrors { code } } }";
const CANCEL: &str = "mutation($id: ID!) { cancelOrder(input: { orderId: $id }) {
    order { status } userErrors { code } } }";
