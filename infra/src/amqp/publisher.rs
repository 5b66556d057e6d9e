//! Publishing: what waits at the same moment shares one message a partition and one wait for confirms, and a task
//! that keeps the connection.
//!
//! While the broker is away, has blocked the connection or did not confirm the last time, whoever publishes is told
//! so at once instead of waiting for nothing. The task finds out when it is back: by connecting, by the broker's
//! word, or by a probe that must be confirmed.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::{
    error::Fault,
    group::{Commit, GroupBounds, GroupCommit, for_each},
    spike::Hold,
};
use futures_util::{StreamExt, future::join_all, stream::BoxStream};
use lapin::Event;
use tokio::{sync::watch, task::JoinHandle};

use super::{
    dial::{Dial, Link},
    error::{DeclareError, PART, away},
    options::AmqpOptions,
    packer::{Enclosure, Item, Packer},
    session::{Letter, Over, SendError, Session},
    topology::Topology,
};

/// How long the task waits before it connects again: at first, and at most.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// How long consumers have to be told that their queue was deleted before it is declared again. RabbitMQ 3.10 does not
/// tell them any more once it is, and was seen to count them as consumers of the new queue and to deliver nothing to them.
const FAREWELL: Duration = Duration::from_secs(1);

/// What can be done with the broker.
#[derive(Clone)]
enum State {
    Ready(Arc<Session>),
    Away(Over),
}

/// Publishes.
pub(super) struct Publisher {
    state: watch::Receiver<State>,
    group: GroupCommit<Groups>,
    letters: Arc<AtomicU64>,
    keeper: JoinHandle<()>,
    topology: Topology,
}

impl Publisher {
    /// Declares everything on a new connection, and starts to publish.
    pub(super) async fn start(
        link: Link,
        dial: Arc<Dial>,
        topology: &Topology,
        options: &AmqpOptions,
    ) -> Result<Self, DeclareError> {
        let lanes = options.groups_at_once.max(1);
        let session = Arc::new(Session::on(link, topology, lanes).await?);
        let (sender, state) = watch::channel(State::Ready(Arc::clone(&session)));
        let letters = Arc::new(AtomicU64::new(0));
        let patience = options.confirm_timeout;
        let keeper = Keeper { state: sender, dial, topology: topology.clone(), lanes, patience };
        let groups = Groups {
            state: state.clone(),
            packer: Packer { topology: topology.clone(), batch: options.batch },
            letters: Arc::clone(&letters),
            patience,
        };
        let bounds = GroupBounds {
            group: options.batch,
            at_once: lanes,
            beside: 1,
            in_the_way: None,
            waiting: options.capacity,
            leave_out_abandoned: false,
        };
        Ok(Self {
            state,
            group: GroupCommit::start(groups, bounds),
            letters,
            keeper: tokio::spawn(keeper.keep(session)),
            topology: topology.clone(),
        })
    }

    /// Returns once holds are safe in their partitions, and answers for each.
    pub(super) async fn publish(&self, holds: &[Hold]) -> Vec<Result<(), Fault>> {
        if let Err(fault) = ready(&self.state) {
            return for_each(holds.len(), Err(fault));
        }
        let mut parts: BTreeMap<u16, (Vec<usize>, Vec<&Hold>)> = BTreeMap::new();
        for (place, hold) in holds.iter().enumerate() {
            let (places, part) = parts.entry(self.topology.partition_of(hold.campaign_id)).or_default();
            places.push(place);
            part.push(hold);
        }
        let sent = parts.into_iter().map(|(partition, (places, holds))| async move {
            let sent = match Enclosure::of(&holds) {
                Ok(holds) => self.group.submit(Item::Holds { partition, holds }).await,
                Err(fault) => Err(fault),
            };
            (for_each(places.len(), sent), places)
        });
        let mut answers: Vec<Option<Result<(), Fault>>> = holds.iter().map(|_| None).collect();
        for (sent, places) in join_all(sent).await {
            places.into_iter().zip(sent).for_each(|(place, sent)| answers[place] = Some(sent));
        }
        // Nothing counts as sent that was not told to be.
        let untold = || Err(Fault::internal("a hold was in no message"));
        answers.into_iter().map(|told| told.unwrap_or_else(untold)).collect()
    }

    /// Returns once a message is safe in its queue.
    pub(super) async fn send(&self, letter: Letter) -> Result<(), Fault> {
        ready(&self.state)?;
        self.group.submit(Item::Letter(letter)).await
    }

    /// Whether the broker takes messages.
    pub(super) fn ready(&self) -> Result<(), Fault> {
        ready(&self.state).map(drop)
    }

    /// How many messages were published so far: far fewer than holds, when many come at once.
    pub(super) fn letters(&self) -> u64 {
        self.letters.load(Ordering::Relaxed)
    }

    /// Publishes what waits, and closes the connection.
    pub(super) async fn close(&self) {
        self.group.close().await;
        self.keeper.abort();
        let state = self.state.borrow().clone();
        if let State::Ready(session) = state {
            session.end(Over::Lost("it is closed".to_owned()));
            session.close().await;
        }
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

/// The session, if there is one that works.
fn ready(state: &watch::Receiver<State>) -> Result<Arc<Session>, Fault> {
    match &*state.borrow() {
        State::Ready(session) => Ok(Arc::clone(session)),
        State::Away(why) => Err(away(why.clone())),
    }
}

/// Sends groups.
struct Groups {
    state: watch::Receiver<State>,
    packer: Packer,
    letters: Arc<AtomicU64>,
    patience: Duration,
}

impl Commit for Groups {
    type Item = Item;
    type Answer = ();
    const PART: &'static str = PART;

    async fn commit(&self, group: Vec<Item>) -> Vec<Result<(), Fault>> {
        let session = match ready(&self.state) {
            Ok(session) => session,
            Err(fault) => return for_each(group.len(), Err(fault)),
        };
        let (letters, letter_of) = self.packer.pack(group);
        self.letters.fetch_add(letters.len() as u64, Ordering::Relaxed);
        let sent = session.send(&letters, self.patience).await;
        letter_of.into_iter().map(|letter| sent[letter].clone().map_err(away)).collect()
    }
}

/// Keeps the connection.
struct Keeper {
    state: watch::Sender<State>,
    dial: Arc<Dial>,
    topology: Topology,
    lanes: usize,
    patience: Duration,
}

impl Keeper {
    async fn keep(self, mut session: Arc<Session>) {
        loop {
            let over = self.attend(&session).await;
            self.interrupted(&over);
            if !matches!(over, Over::Blocked(_)) {
                // It may hang, and nothing that is still on its way there is needed.
                session.cut();
            }
            if matches!(over, Over::NoQueue(_)) {
                tokio::time::sleep(FAREWELL).await;
            }
            session = self.again(&over).await;
            tracing::info!("publishing goes on");
            self.state.send_replace(State::Ready(Arc::clone(&session)));
        }
    }

    /// Returns when the session is over for good.
    async fn attend(&self, session: &Session) -> Over {
        let mut events = session.events();
        loop {
            tokio::select! {
                over = session.over() => return over,
                event = events.next() => match event {
                    Some(Event::ConnectionBlocked(why)) => return self.wait_out(session, why, events).await,
                    Some(Event::Error(error)) => session.end(Over::Lost(error.to_string())),
                    None => session.end(Over::Lost("the connection is gone".to_owned())),
                    Some(_) => {}
                }
            }
        }
    }

    /// Waits until the broker takes messages again. Those that wait for a confirm are answered now, and what comes
    /// for them later must not be taken for something else's: so the session ends in any case.
    async fn wait_out(&self, session: &Session, why: String, mut events: BoxStream<'static, Event>) -> Over {
        let over = Over::Blocked(why);
        session.end(over.clone());
        self.interrupted(&over);
        loop {
            match events.next().await {
                Some(Event::ConnectionUnblocked) => return over,
                Some(Event::Error(error)) => return Over::Lost(error.to_string()),
                None => return Over::Lost("the connection is gone".to_owned()),
                Some(_) => {}
            }
        }
    }

    fn interrupted(&self, why: &Over) {
        let before = self.state.send_replace(State::Away(why.clone()));
        if let State::Ready(_) = before {
            tracing::warn!(%why, "publishing is interrupted");
        }
    }

    /// The next session, however long it takes.
    async fn again(&self, over: &Over) -> Arc<Session> {
        let mut pause = BACKOFF.0;
        let mut suspect = matches!(over, Over::Suspect);
        loop {
            match self.open(suspect).await {
                Ok(session) => return Arc::new(session),
                Err(why) => {
                    suspect |= matches!(why, Over::Suspect);
                    tracing::warn!(%why, "RabbitMQ cannot be published to; trying again");
                    self.state.send_replace(State::Away(why));
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(BACKOFF.1);
        }
    }

    async fn open(&self, suspect: bool) -> Result<Session, Over> {
        let opened = Session::open(&self.dial, &self.topology, self.lanes).await;
        let session = opened.map_err(|error| Over::Lost(error.to_string()))?;
        if suspect && let Err(error) = session.probe(&self.topology, self.patience).await {
            session.cut();
            return Err(match error {
                SendError::Over(over) => over,
                SendError::Refused => Over::Suspect,
                unroutable @ SendError::Unroutable(_) => Over::Lost(unroutable.to_string()),
            });
        }
        Ok(session)
    }
}
