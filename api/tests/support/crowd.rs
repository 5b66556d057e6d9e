//! Buyers who all want the same, through the public graph, over replicas that come and go; and what they were told.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt, stream};
use tokio::sync::Notify;

use super::{
    client::{Graph, order_id, refusal},
    people::Person,
    wait::wait_for,
    watcher::Watcher,
};

/// Buyers who are under way at the same moment: few enough that a fault between two answers finds a sale that is neither
/// untouched nor over.
const AT_ONCE: usize = 6;
/// How long a buyer insists on an answer.
const INSISTENCE: Duration = Duration::from_mins(1);

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The order.
    Granted(String),
    /// The code of the refusal: a matter of the sale, such as `SOLD_OUT`.
    Refused(String),
    /// `SERVICE_UNAVAILABLE`: to be tried again later.
    Away,
    /// None: the connection broke, so the outcome is unknown.
    Unknown,
}

/// The buyers of one campaign. Each wants one thing, under one name of the attempt, however often they ask.
pub struct Crowd {
    /// What they want.
    pub campaign: String,
    buyers: Vec<Person>,
    doors: Vec<Graph>,
    quantity: u32,
    watching: bool,
    told: Mutex<Told>,
    answers: AtomicUsize,
    progress: Notify,
}

#[derive(Default)]
struct Told {
    granted: BTreeMap<usize, String>,
    watchers: BTreeMap<String, Arc<Watcher>>,
    violations: Vec<String>,
}

impl Crowd {
    /// Buyers who want a unit each and come in by these doors: the addresses of the graph of each replica.
    pub fn new(campaign: &str, buyers: &[Person], doors: &[String]) -> Self {
        Self {
            campaign: campaign.to_owned(),
            buyers: buyers.to_vec(),
            doors: doors.iter().map(Graph::new).collect(),
            quantity: 1,
            watching: false,
            told: Mutex::default(),
            answers: AtomicUsize::new(0),
            progress: Notify::new(),
        }
    }

    /// The same, and each watches the order that they got.
    pub fn watching(self) -> Self {
        Self { watching: true, ..self }
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.buyers.len()
    }

    /// One attempt of a buyer, at the door of this number.
    pub async fn attempt(&self, buyer: usize, door: usize) -> Answer {
        let person = &self.buyers[buyer];
        let door = &self.doors[door % self.doors.len()];
        let key = format!("attempt-{}", self.campaign);
        let answer = door.signed_in(&person.token).grab(&self.campaign, self.quantity, Some(&key)).await;
        let answer = match answer {
            Err(_) => Answer::Unknown,
            Ok(answer) => match (order_id(&answer), refusal(&answer)) {
                (Some(order), None) => Answer::Granted(order.to_owned()),
                (None, Some("SERVICE_UNAVAILABLE")) => Answer::Away,
                (None, Some(code)) if answer["errors"].is_null() => Answer::Refused(code.to_owned()),
                _ => {
                    self.complain(format!("buyer {buyer} was answered {answer}"));
                    Answer::Unknown
                }
            },
        };
        if let Answer::Granted(order) = &answer {
            self.note(buyer, order);
        }
        self.answers.fetch_add(1, Ordering::SeqCst);
        self.progress.notify_waiters();
        answer
    }

    fn note(&self, buyer: usize, order: &str) {
        let mut told = self.told.lock().expect("no panic");
        if let Some(before) = told.granted.insert(buyer, order.to_owned())
            && before != *order
        {
            told.violations.push(format!("buyer {buyer} was told {before} and then {order} for the same attempt"));
        }
        if self.watching && !told.watchers.contains_key(order) {
            let doors: Vec<String> = self.doors.iter().map(|door| door.url().to_owned()).collect();
            let watcher = Watcher::of(order, &self.buyers[buyer].token, doors, buyer);
            told.watchers.insert(order.to_owned(), Arc::new(watcher));
        }
    }

    /// Each of these buyers tries once. Returns how often which answer was given.
    pub async fn rush(&self, buyers: impl IntoIterator<Item = usize>) -> BTreeMap<String, usize> {
        let answers =
            stream::iter(buyers).map(|buyer| self.attempt(buyer, buyer)).buffer_unordered(AT_ONCE).map(|answer| {
                match answer {
                    Answer::Granted(_) => "granted".to_owned(),
                    Answer::Refused(code) => code,
                    other => format!("{other:?}"),
                }
            });
        answers
            .fold(BTreeMap::new(), async |mut counts, answer| {
                *counts.entry(answer).or_default() += 1;
                counts
            })
            .await
    }

    /// Each of these buyers tries until they have an answer: at another door each time.
    pub async fn insist(&self, buyers: impl IntoIterator<Item = usize>) {
        stream::iter(buyers)
            .for_each_concurrent(AT_ONCE, |buyer| async move {
                let mut door = buyer;
                let answered = wait_for(INSISTENCE, async || {
                    door += 1;
                    match self.attempt(buyer, door).await {
                        Answer::Granted(_) | Answer::Refused(_) => Some(()),
                        Answer::Away | Answer::Unknown => {
                            // As a client would: not at once.
                            tokio::time::sleep(Duration::from_millis(40)).await;
                            None
                        }
                    }
                });
                if answered.await.is_none() {
                    self.complain(format!("buyer {buyer} had no answer in {INSISTENCE:?}"));
                }
            })
            .await;
    }

    /// Waits until so many attempts have ended, whatever their answer.
    pub async fn answered(&self, count: usize) {
        loop {
            let progress = self.progress.notified();
            if self.answers.load(Ordering::SeqCst) >= count {
                return;
            }
            progress.await;
        }
    }

    /// The order of each buyer who was told yes, by the id of the buyer.
    pub fn granted(&self) -> Vec<(String, String)> {
        let told = self.told.lock().expect("no panic");
        told.granted.iter().map(|(buyer, order)| (self.buyers[*buyer].id.clone(), order.clone())).collect()
    }

    /// The buyer's number and the order of everybody who was told yes.
    pub fn orders(&self) -> Vec<(usize, String)> {
        let told = self.told.lock().expect("no panic");
        told.granted.iter().map(|(buyer, order)| (*buyer, order.clone())).collect()
    }

    /// A client for a buyer, at the door of this number.
    pub fn client(&self, buyer: usize, door: usize) -> Graph {
        self.doors[door % self.doors.len()].signed_in(&self.buyers[buyer].token)
    }

    /// The watchers of the orders.
    pub fn watchers(&self) -> Vec<Arc<Watcher>> {
        self.told.lock().expect("no panic").watchers.values().cloned().collect()
    }

    /// Notes something that must not be.
    pub fn complain(&self, violation: String) {
        self.told.lock().expect("no panic").violations.push(violation);
    }

    /// What must not be and was.
    pub fn complaints(&self) -> Vec<String> {
        self.told.lock().expect("no panic").violations.clone()
    }
}
