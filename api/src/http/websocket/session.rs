//! A socket from its opening to its end: one task that reads, writes and watches the time.
//!
//! What is written waits for the client to take it, and nothing is read meanwhile: a client that only talks is heard no
//! faster than it listens, and one that takes nothing is cut off by the connection (`super::super::patient`).

use std::{convert::Infallible, net::IpAddr, pin::pin, sync::Arc};

use axum::extract::ws::{Message, WebSocket, close_code};
use domain::{
    clock::Instant,
    user::{Viewer, viewer::TokenError},
};
use futures_util::{FutureExt, SinkExt, StreamExt};
use schema::{Asker, TraceId};
use serde_json::{Map, Value};
use tokio::{sync::mpsc, time::MissedTickBehavior};
use tokio_tungstenite::tungstenite;

use super::{
    super::{Graph, Http, sockets::Place, viewer},
    Goodbye, farewell,
    message::{self, FromClient},
    operations::{Operations, Said},
};

/// The protocol's code for a token that is no good, or no good any more.
const FORBIDDEN: u16 = 4403;
/// "Try again later" (IANA, WebSocket close codes).
const TRY_AGAIN_LATER: u16 = 1013;

/// A socket that was opened.
pub(super) struct Opened {
    pub(super) trace: TraceId,
    pub(super) address: Option<IpAddr>,
    /// On whose behalf, if `connection_init` does not say.
    pub(super) by_header: Viewer,
    pub(super) place: Place,
}

/// A conversation over a socket.
pub(super) struct Session {
    http: Arc<Http>,
    graph: Graph,
    opened: Opened,
    /// Set by `connection_init`.
    viewer: Option<Viewer>,
    operations: Operations,
    heard: mpsc::Receiver<Said>,
}

/// The end of a conversation.
enum End {
    /// The socket is to be closed.
    Goodbye(Goodbye),
    /// The other end is gone, or has said goodbye itself.
    Gone,
}

impl From<Goodbye> for End {
    fn from(goodbye: Goodbye) -> Self {
        Self::Goodbye(goodbye)
    }
}

fn goodbye(code: u16, why: impl Into<String>) -> End {
    End::Goodbye(Goodbye { code, why: why.into() })
}

impl Session {
    pub(super) fn new(http: Arc<Http>, graph: Graph, opened: Opened) -> Self {
        let (operations, heard) = Operations::new(http.websocket.max_operations);
        Self { http, graph, opened, viewer: None, operations, heard }
    }

    /// Until the end, which is told to the client.
    pub(super) async fn run(mut self, mut socket: WebSocket) {
        let shutdown = self.http.shutdown.clone();
        let end = tokio::select! {
            biased;
            () = shutdown.begun() => goodbye(close_code::AWAY, "the server is stopping"),
            end = self.converse(&mut socket) => end,
        };
        // What still runs ends before the client is told, so that it finds its place free when it comes again.
        drop(self);
        if let End::Goodbye(goodbye) = end {
            farewell(socket, goodbye).await;
        }
    }

    async fn converse(&mut self, socket: &mut WebSocket) -> End {
        match self.conversation(socket).await {
            Err(end) => end,
            Ok(never) => match never {},
        }
    }

    async fn conversation(&mut self, socket: &mut WebSocket) -> Result<Infallible, End> {
        let clock = self.http.services.clock.clone();
        let (mut expires_at, mut expiry) = (None, std::future::pending().boxed());
        let mut alive = tokio::time::interval(self.http.websocket.keepalive);
        alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        alive.reset();
        let mut silent = false;
        let mut init = pin!(tokio::time::sleep(self.http.websocket.init_timeout));
        loop {
            if let Some(at) = self.expires_at()
                && expires_at != Some(at)
            {
                expires_at = Some(at);
                let clock = clock.clone();
                expiry = async move { clock.sleep_until(at).await }.boxed();
            }
            tokio::select! {
                message = socket.next() => {
                    silent = false;
                    let answer = match message {
                        Some(Ok(Message::Text(text))) => self.listen(FromClient::read(&text)?)?,
                        Some(Ok(Message::Binary(_))) => {
                            return Err(goodbye(4400, "Invalid message: messages are texts"));
                        }
                        // The library answers pings by itself.
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => None,
                        Some(Ok(Message::Close(_))) | None => return Err(End::Gone),
                        Some(Err(error)) => return Err(unreadable(error)),
                    };
                    if let Some(text) = answer {
                        send(socket, text).await?;
                    }
                }
                Some(said) = self.heard.recv() => self.write(socket, said).await?,
                () = init.as_mut(), if self.viewer.is_none() => {
                    return Err(goodbye(4408, "Connection initialisation timeout"));
                }
                () = expiry.as_mut() => {
                    return Err(goodbye(FORBIDDEN, TokenError::Expired.to_string()));
                }
                _ = alive.tick() => {
                    if silent {
                        return Err(End::Gone);
                    }
                    silent = true;
                    socket.send(Message::Ping(Vec::new().into())).await.map_err(|_| End::Gone)?;
                }
            }
        }
    }

    /// Writes what was said, with all else that waits, in one go.
    async fn write(&mut self, socket: &mut WebSocket, said: Said) -> Result<(), End> {
        let mut next = Some(said);
        while let Some(said) = next {
            if let Some(text) = self.operations.hear(said) {
                socket.feed(Message::Text(text.into())).await.map_err(|_| End::Gone)?;
            }
            next = self.heard.try_recv().ok();
        }
        socket.flush().await.map_err(|_| End::Gone)
    }

    /// Does what a client says. Returns what is to be answered at once.
    fn listen(&mut self, message: FromClient) -> Result<Option<String>, End> {
        match message {
            FromClient::ConnectionInit { payload } => self.initialise(payload).map(Some),
            FromClient::Ping { payload } => {
                let token = payload.as_ref().and_then(|payload| self.viewer_of(payload));
                let authorized = token.map(|viewer| self.renew(viewer)).transpose()?.is_some();
                Ok(Some(message::pong(authorized)))
            }
            FromClient::Pong { .. } => Ok(None),
            FromClient::Subscribe { id, payload } => {
                let viewer = self.viewer.ok_or_else(|| goodbye(4401, "Unauthorized"))?;
                let (trace, address) = (self.opened.trace.clone(), self.opened.address);
                let by = Asker { viewer, trace, address, wants_cost: false };
                Ok(self.operations.begin(&self.http, &self.graph, id, *payload, by)?)
            }
            FromClient::Complete { id } => {
                self.operations.end(&id);
                Ok(None)
            }
        }
    }

    /// Who may open a conversation: everybody, but not with a bad token, because a client would wait in vain for what it
    /// subscribed to.
    fn initialise(&mut self, payload: Option<Map<String, Value>>) -> Result<String, End> {
        if self.viewer.is_some() {
            return Err(goodbye(4429, "Too many initialisation requests"));
        }
        let viewer = payload.and_then(|payload| self.viewer_of(&payload)).unwrap_or(self.opened.by_header);
        if let Viewer::Refused(why) = viewer {
            return Err(goodbye(FORBIDDEN, why.to_string()));
        }
        self.opened.place.sign_in(&viewer).map_err(|full| goodbye(TRY_AGAIN_LATER, full.to_string()))?;
        self.viewer = Some(viewer);
        Ok(message::CONNECTION_ACK.to_owned())
    }

    /// Takes a new token, of the same user: what runs on the socket runs on their behalf.
    fn renew(&mut self, viewer: Viewer) -> Result<(), End> {
        let before = self.viewer.ok_or_else(|| goodbye(4401, "Unauthorized"))?;
        match (before, viewer) {
            (_, Viewer::Refused(why)) => Err(goodbye(FORBIDDEN, why.to_string())),
            (Viewer::SignedIn(before), Viewer::SignedIn(now)) if before.user_id == now.user_id => {
                self.viewer = Some(viewer);
                Ok(())
            }
            _ => Err(goodbye(FORBIDDEN, "the access token is another user's: open another socket")),
        }
    }

    fn viewer_of(&self, payload: &Map<String, Value>) -> Option<Viewer> {
        viewer::of_payload(&*self.http.services.access_tokens, payload)
    }

    /// When the token ends with which the conversation goes on.
    fn expires_at(&self) -> Option<Instant> {
        match self.viewer {
            Some(Viewer::SignedIn(signed_in)) => Some(signed_in.expires_at),
            _ => None,
        }
    }
}

async fn send(socket: &mut WebSocket, text: String) -> Result<(), End> {
    socket.send(Message::Text(text.into())).await.map_err(|_| End::Gone)
}

/// A message that cannot be read is told by its code, as far as the connection still works.
fn unreadable(error: axum::Error) -> End {
    match error.into_inner().downcast::<tungstenite::Error>().as_deref() {
        Ok(tungstenite::Error::Capacity(_)) => goodbye(close_code::SIZE, "the message is too large"),
        Ok(tungstenite::Error::Utf8(_)) => goodbye(close_code::INVALID, "the message is not UTF-8"),
        Ok(tungstenite::Error::Protocol(error))
            if *error != tungstenite::error::ProtocolError::ResetWithoutClosingHandshake =>
        {
            goodbye(close_code::PROTOCOL, "this is not WebSocket")
        }
        _ => End::Gone,
    }
}
