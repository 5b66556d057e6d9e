//! One life of the connection that publishes: its channels, and how letters are sent and confirmed on them.
//!
//! The library numbers what is published on a channel in the order of the calls, but hands a returned message to
//! whichever confirm comes next. So a channel (a *lane*) has one group of letters at a time: all of them are sent and
//! awaited together, and what came back is found by its message id. When a confirm does not come in time the lane is
//! not used again, for what comes late could be taken for the answer to something else: the session is over then.

use std::{
    collections::HashSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::{future::join_all, stream::BoxStream};
use lapin::{
    BasicProperties, Channel, Confirmation, Event,
    options::{BasicPublishOptions, ConfirmSelectOptions},
    types::{FieldTable, ShortString},
};
use tokio::sync::watch;

use super::{
    dial::{Dial, Link},
    error::{DeclareError, away},
    message,
    topology::{Place, Topology},
};
use crate::crypto::entropy;

/// A message to be published.
#[derive(Debug, Clone)]
pub(super) struct Letter {
    pub(super) exchange: String,
    pub(super) key: String,
    pub(super) kind: ShortString,
    pub(super) body: Vec<u8>,
    pub(super) headers: FieldTable,
    /// The queue that an answer is to be sent to.
    pub(super) reply_to: Option<String>,
    /// Whether it must reach a queue and outlive the broker. Answers need not: who asked may be gone.
    pub(super) durable: bool,
}

impl Letter {
    pub(super) fn to(place: &Place, kind: &'static str, body: Vec<u8>) -> Self {
        Self {
            exchange: place.exchange.clone(),
            key: place.key.clone(),
            kind: kind.into(),
            body,
            headers: FieldTable::default(),
            reply_to: None,
            durable: true,
        }
    }

    pub(super) fn properties(&self, id: &str) -> BasicProperties {
        let properties = BasicProperties::default()
            .with_app_id("spike".into())
            .with_content_type("application/json".into())
            .with_type(self.kind.clone())
            .with_message_id(id.into())
            .with_delivery_mode(if self.durable { 2 } else { 1 })
            .with_headers(self.headers.clone());
        match &self.reply_to {
            Some(queue) => properties.with_reply_to(queue.as_str().into()),
            None => properties,
        }
    }
}

/// Why a session is over.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Over {
    /// The connection or a channel is gone.
    #[error("{0}")]
    Lost(String),
    /// A queue is missing.
    #[error("no queue at {0}")]
    NoQueue(String),
    /// The broker did not confirm in time, although it has not gone away.
    #[error("RabbitMQ did not confirm in time")]
    Suspect,
    /// The broker takes nothing any more for now.
    #[error("RabbitMQ has blocked publishing: {0}")]
    Blocked(String),
}

/// Why a letter is not known to be safe.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum SendError {
    #[error(transparent)]
    Over(#[from] Over),
    #[error("RabbitMQ refused the message")]
    Refused,
    #[error("no queue takes the message: {0}")]
    Unroutable(String),
}

/// One life of the connection that publishes.
pub(super) struct Session {
    link: Link,
    lanes: Mutex<Vec<Channel>>,
    /// Tells the messages of this session from those of any other.
    mark: String,
    sent: AtomicU64,
    over: watch::Sender<Option<Over>>,
}

impl Session {
    /// Connects, declares everything, and opens so many lanes.
    pub(super) async fn open(dial: &Dial, topology: &Topology, lanes: usize) -> Result<Self, DeclareError> {
        let link = dial.link("publish").await?;
        Self::on(link, topology, lanes).await
    }

    /// Declares everything on a new connection, and opens so many lanes.
    pub(super) async fn on(link: Link, topology: &Topology, lanes: usize) -> Result<Self, DeclareError> {
        topology.declare(&link).await?;
        let mut opened = Vec::with_capacity(lanes);
        for _ in 0..lanes {
            let lane = link.channel().await?;
            lane.confirm_select(ConfirmSelectOptions::default()).await?;
            opened.push(lane);
        }
        let mark = unique().map_err(|error| lapin::Error::from(std::io::Error::other(error.to_string())))?;
        let (over, _) = watch::channel(None);
        Ok(Self { link, lanes: Mutex::new(opened), mark, sent: AtomicU64::new(0), over })
    }

    pub(super) fn events(&self) -> BoxStream<'static, Event> {
        self.link.events()
    }

    /// Ends the session, if it has not ended: what waits for a confirm is answered at once.
    pub(super) fn end(&self, why: Over) {
        self.over.send_if_modified(|over| {
            let first = over.is_none();
            if first {
                *over = Some(why);
            }
            first
        });
    }

    /// Returns when the session is over.
    pub(super) async fn over(&self) -> Over {
        let mut over = self.over.subscribe();
        match over.wait_for(Option::is_some).await.map(|over| over.clone()) {
            Ok(Some(over)) => over,
            // Cannot be: this session has the sender.
            _ => Over::Lost("it is gone".to_owned()),
        }
    }

    /// Cuts the connection.
    pub(super) fn cut(&self) {
        self.link.cut();
    }

    /// Closes the connection in order.
    pub(super) async fn close(&self) {
        self.link.close().await;
    }

    /// Publishes letters, all at once, and waits for all of their confirms. Says of each what became of it.
    pub(super) async fn send(&self, letters: &[Letter], patience: Duration) -> Vec<Result<(), SendError>> {
        let lane = self.lanes.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let Some(lane) = lane else {
            // As many lanes as groups at once: one is missing only if it was not given back.
            return vec![Err(Over::Lost("no channel is left".to_owned()).into()); letters.len()];
        };
        let sending = tokio::time::timeout(patience, self.send_on(&lane, letters));
        let outcome = tokio::select! {
            biased;
            outcome = sending => outcome.map_err(|_| Over::Suspect),
            over = self.over() => Err(over),
        };
        match outcome {
            Ok(outcomes) => {
                self.lanes.lock().unwrap_or_else(PoisonError::into_inner).push(lane);
                outcomes
            }
            Err(over) => {
                self.end(over.clone());
                vec![Err(over.into()); letters.len()]
            }
        }
    }

    async fn send_on(&self, lane: &Channel, letters: &[Letter]) -> Vec<Result<(), SendError>> {
        let first = self.sent.fetch_add(letters.len() as u64, Ordering::Relaxed);
        let ids: Vec<String> = (first..).take(letters.len()).map(|number| format!("{}-{number}", self.mark)).collect();
        let publish = letters.iter().zip(&ids).map(async |(letter, id)| {
            let options = BasicPublishOptions { mandatory: letter.durable, ..BasicPublishOptions::default() };
            let (exchange, key) = (letter.exchange.as_str().into(), letter.key.as_str().into());
            lane.basic_publish(exchange, key, options, &letter.body, letter.properties(id)).await?.await
        });
        let mut returned = HashSet::new();
        let mut outcomes: Vec<Result<(), SendError>> = Vec::with_capacity(letters.len());
        for confirmed in join_all(publish).await {
            let outcome = match confirmed {
                Ok(Confirmation::Ack(back)) => Ok(back),
                Ok(Confirmation::Nack(back)) => {
                    outcomes.push(Err(SendError::Refused));
                    returned.extend(back.and_then(|back| back.properties.message_id().clone()));
                    continue;
                }
                Ok(Confirmation::NotRequested) => Err("confirms are off".to_owned()),
                Err(error) => Err(error.to_string()),
            };
            match outcome {
                Ok(back) => {
                    outcomes.push(Ok(()));
                    returned.extend(back.and_then(|back| back.properties.message_id().clone()));
                }
                Err(why) => {
                    let over = Over::Lost(why);
                    self.end(over.clone());
                    outcomes.push(Err(over.into()));
                }
            }
        }
        self.take_out_returned(letters, &ids, &returned, &mut outcomes);
        outcomes
    }

    /// What was returned is in no queue, whatever its confirm said. A queue is missing, so it is declared again.
    fn take_out_returned(
        &self,
        letters: &[Letter],
        ids: &[String],
        returned: &HashSet<ShortString>,
        outcomes: &mut [Result<(), SendError>],
    ) {
        if returned.is_empty() {
            return;
        }
        for ((letter, id), outcome) in letters.iter().zip(ids).zip(outcomes) {
            if returned.contains(id.as_str()) {
                let route = format!("exchange {}, key {}", letter.exchange, letter.key);
                self.end(Over::NoQueue(route.clone()));
                *outcome = Err(SendError::Unroutable(route));
            }
        }
    }

    /// Finds out whether the broker confirms, in every partition.
    pub(super) async fn probe(&self, topology: &Topology, patience: Duration) -> Result<(), SendError> {
        let body = message::write(message::PROBE, ()).map_err(|fault| Over::Lost(fault.to_string()))?;
        let letters: Vec<_> =
            topology.partitions().map(|place| Letter::to(&place, message::PROBE, body.clone())).collect();
        self.send(&letters, patience).await.into_iter().collect()
    }
}

/// A text that no other process has.
pub(super) fn unique() -> Result<String, domain::error::Fault> {
    let bytes = entropy::bytes::<8>().map_err(away)?;
    Ok(format!("{:016x}", u64::from_be_bytes(bytes)))
}
