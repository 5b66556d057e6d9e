//! Somebody who watches an order as a client should: whatever happens to the connection, it comes back, says which
//! version it has seen, and expects the next.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

/// How long a client waits before it connects again.
const PAUSE: Duration = Duration::from_millis(50);
/// How long a server may take to answer a connection.
const PATIENCE: Duration = Duration::from_secs(10);

const STATUS: &str = "subscription($id: ID!, $after: Int) {
    orderStatus(orderId: $id, afterVersion: $after) { version status } }";

/// A task that watches one order until it is told that it can change no more, or is dropped.
pub struct Watcher {
    order: String,
    seen: Arc<Mutex<Seen>>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    states: Vec<(u64, String)>,
    violations: Vec<String>,
    connections: usize,
    completed: bool,
}

impl Watcher {
    /// Watches an order over these doors (addresses of the graph over HTTP), beginning with one of them.
    pub fn of(order: &str, token: &str, doors: Vec<String>, first: usize) -> Self {
        let seen = Arc::<Mutex<Seen>>::default();
        let look = Look { order: order.to_owned(), token: token.to_owned(), seen: Arc::clone(&seen) };
        let task = tokio::spawn(async move {
            let mut door = first;
            while !look.seen.lock().expect("no panic").completed {
                let url = doors[door % doors.len()].replacen("http", "ws", 1);
                // Whatever ended it, the next connection goes on where this one was.
                let _ = look.at(&url).await;
                door += 1;
                tokio::time::sleep(PAUSE).await;
            }
        });
        Self { order: order.to_owned(), seen, task }
    }

    /// The order.
    pub fn order(&self) -> &str {
        &self.order
    }

    /// The last state that was seen.
    pub fn last(&self) -> Option<String> {
        self.seen.lock().expect("no panic").states.last().map(|(_, status)| status.clone())
    }

    /// How often it connected.
    pub fn connections(&self) -> usize {
        self.seen.lock().expect("no panic").connections
    }

    /// What was seen twice, left out or seen out of order.
    pub fn violations(&self) -> Vec<String> {
        self.seen.lock().expect("no panic").violations.clone()
    }

    /// All that was seen, for people.
    pub fn story(&self) -> String {
        let seen = self.seen.lock().expect("no panic");
        format!("{:?} over {} connections", seen.states, seen.connections)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Look {
    order: String,
    token: String,
    seen: Arc<Mutex<Seen>>,
}

impl Look {
    /// Watches over one connection, until it ends in any way.
    async fn at(&self, url: &str) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let mut request = url.into_client_request()?;
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
        let (mut socket, _) = tokio::time::timeout(PATIENCE, connect_async(request)).await??;
        let init =
            json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {}", self.token) } });
        socket.send(Message::text(init.to_string())).await?;
        let after = self.connected();
        let variables = json!({ "id": self.order, "after": after });
        let subscribe =
            json!({ "id": "1", "type": "subscribe", "payload": { "query": STATUS, "variables": variables } });
        socket.send(Message::text(subscribe.to_string())).await?;
        while let Some(message) = socket.next().await {
            let Message::Text(text) = message? else { continue };
            let message: Value = serde_json::from_str(&text)?;
            match message["type"].as_str() {
                Some("next") if message["payload"]["errors"].is_null() => {
                    self.shown(&message["payload"]["data"]["orderStatus"]);
                }
                Some("connection_ack") => {}
                Some("complete") => {
                    self.seen.lock().expect("no panic").completed = true;
                    return Ok(());
                }
                // An error: the part that is asked for is away. It is tried again.
                _ => return Ok(()),
            }
        }
        Ok(())
    }

    /// The version that was seen last.
    fn connected(&self) -> Option<u64> {
        let mut seen = self.seen.lock().expect("no panic");
        seen.connections += 1;
        seen.states.last().map(|(version, _)| *version)
    }

    fn shown(&self, event: &Value) {
        let mut seen = self.seen.lock().expect("no panic");
        let (Some(version), Some(status)) = (event["version"].as_u64(), event["status"].as_str()) else {
            seen.violations.push(format!("{} was shown {event}", self.order));
            return;
        };
        if let Some((last, _)) = seen.states.last()
            && version != last + 1
        {
            let story = format!("{} was shown version {version} after {last}: {:?}", self.order, seen.states);
            seen.violations.push(story);
        }
        seen.states.push((version, status.to_owned()));
    }
}
