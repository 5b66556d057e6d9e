//! Hearing from the other processes.
//!
//! Every process says something at least once in a while, and hears itself too: a connection on which nothing comes
//! is dead, whatever the system thinks of it. Then another one is made, in a cluster to another node, and the local
//! subscribers are told that they may have missed something; and so they are when a message was lost ([`super::heard`]).

use std::time::Duration;

use domain::order::ports::StatusFeed;
use futures_util::StreamExt;
use redis::{RedisResult, aio::PubSub};
use tokio::time::Instant;

use super::{SIGN_OF_LIFE, heard::Heard, message};
use crate::{
    memory::MemoryFeed,
    redis::{OpenError, Server},
};

/// After how many signs of life that did not come a connection is given up, besides what a command may take.
const SILENCE: u32 = 5;
/// How long it rests before it connects again.
const REST: Duration = Duration::from_millis(200);

/// The task that listens.
pub(super) struct Listener {
    server: Server,
    channel: String,
    own: Vec<u8>,
    local: MemoryFeed,
    patience: Duration,
    connection: Option<PubSub>,
    turn: usize,
}

impl Listener {
    /// Listens.
    pub(super) async fn open(
        server: Server,
        channel: String,
        from: &str,
        local: MemoryFeed,
        patience: Duration,
    ) -> Result<Self, OpenError> {
        let own = message::beginning(from)
            .map_err(|error| OpenError::Other { at: server.at().to_owned(), cause: error.to_string() })?;
        let mut listener = Self { server, channel, own, local, patience, connection: None, turn: 0 };
        let connected = listener.connect().await;
        connected.map_err(|error| OpenError::from_redis(&listener.server.at(), &error))?;
        Ok(listener)
    }

    pub(super) async fn run(mut self) {
        loop {
            match self.connection.take() {
                Some(connection) => self.hear(connection).await,
                None => match self.connect().await {
                    Ok(()) => {
                        tracing::info!(at = self.server.at(), "hearing from the other replicas again");
                        self.local.tell_missed();
                    }
                    Err(error) => {
                        tracing::warn!(at = self.server.at(), %error, "not hearing from the other replicas");
                        tokio::time::sleep(REST).await;
                    }
                },
            }
        }
    }

    async fn connect(&mut self) -> RedisResult<()> {
        let turn = self.turn;
        // The next one goes to another node, whether this one cannot be made or is lost later.
        self.turn = turn.wrapping_add(1);
        let mut connection = self.server.listen(turn).await?;
        let subscribed = tokio::time::timeout(self.patience, connection.subscribe(&self.channel)).await;
        subscribed.unwrap_or_else(|_| Err(crate::redis::link::too_late()))?;
        self.connection = Some(connection);
        Ok(())
    }

    /// Hears until the connection is lost or silent.
    async fn hear(&self, connection: PubSub) {
        let mut messages = connection.into_on_message();
        let mut heard = Heard::nothing(Instant::now());
        let silence = SIGN_OF_LIFE * SILENCE + self.patience;
        while let Ok(Some(message)) = tokio::time::timeout(silence, messages.next()).await {
            let payload = message.get_payload_bytes();
            if payload.starts_with(&self.own) {
                continue;
            }
            let said = message::read(payload);
            let lost = said.as_ref().is_none_or(|said| heard.lost_before(said.from, said.number, Instant::now()));
            // Without subscribers nobody misses anything: who comes later reads the state after it has subscribed.
            if self.local.topics() == 0 {
                continue;
            }
            let told = said.and_then(|said| said.told());
            if lost || told.as_ref().is_none_or(|told| told.missed) {
                self.local.tell_missed();
            }
            if let Some(told) = told {
                self.local.publish(&told.changes).await;
            }
        }
    }
}
