//! A way to Redis that mends itself.
//!
//! Why not the client's own `ConnectionManager`: it does not look for another master, it never comes back from a
//! refused login, and its callers wait for all of its tries. And the client's own cluster connection stays with a
//! node that is frozen for as long as the system keeps the socket open, also when a replica has long been promoted.
//!
//! Here, a connection that failed is replaced by a new one in the background ([`Server::spoils`] says when); whoever calls
//! meanwhile waits for that, at most as long as a command may take. Nothing is sent twice by this module. The
//! client's cluster connection does send again what may have been done already, so every script is safe to repeat.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use redis::{Cmd, ErrorKind, RedisError, RedisResult, ServerErrorKind, Value, aio::PubSub};

use super::{
    check,
    error::OpenError,
    link::{Link, Target, too_late},
    options::RedisOptions,
    script::Invocation,
};

/// After a connection could not be made, how long that is the answer before it is tried again.
const REST: Duration = Duration::from_millis(100);

/// A way to Redis. Clones share it.
#[derive(Clone)]
pub struct Server(Arc<Inner>);

struct Inner {
    target: Target,
    patience: Duration,
    at: String,
    state: Mutex<State>,
    durable: bool,
}

/// A connection that is being made, or was.
type Making = Shared<BoxFuture<'static, RedisResult<Link>>>;

#[derive(Default)]
struct State {
    /// The connection in use.
    link: Option<Link>,
    /// How many connections there were: tells the one that failed from the one that replaced it.
    number: u64,
    /// Since when it is in use.
    made: Option<Instant>,
    /// The connection that is being made, or could not be made, and since when.
    making: Option<(Making, Instant)>,
}

impl Server {
    /// Connects, and checks that this Redis can be relied on.
    pub async fn open(options: &RedisOptions) -> Result<Self, OpenError> {
        let address = options.address()?;
        let target = Target::new(&address, options)?;
        let at = address.to_string();
        let failed = |error: RedisError| OpenError::from_redis(&at, &error);
        let mut link = target.connect().await.map_err(failed)?;
        let durable = check::check(&mut link, &at, &address.form, options).await?;
        let state = Mutex::new(State { link: Some(link), ..State::default() });
        Ok(Self(Arc::new(Inner { target, patience: options.patience, at, state, durable })))
    }

    /// Whether it outlives its own end.
    #[must_use]
    pub fn is_durable(&self) -> bool {
        self.0.durable
    }

    /// Where it is, without a password.
    #[must_use]
    pub fn at(&self) -> &str {
        &self.0.at
    }

    /// Sends a command. It is sent at most once, but an error says nothing about whether it was done.
    pub(super) async fn send(&self, cmd: &Cmd) -> RedisResult<Value> {
        let (mut link, number) = self.link().await?;
        let sent = link.send(cmd).await;
        self.look_at(&sent, number);
        sent
    }

    /// The same, and others after it; see [`Link::send_then`].
    async fn send_then(&self, cmd: &Cmd, others: &[Cmd]) -> RedisResult<(Value, RedisResult<Vec<Value>>)> {
        let (mut link, number) = self.link().await?;
        let sent = link.send_then(cmd, others).await;
        self.look_at(&sent, number);
        sent
    }

    /// Runs a script. The server may not know it, after a restart for example: then it is sent in full.
    pub(super) async fn run(&self, invocation: &Invocation) -> RedisResult<Value> {
        match self.send(invocation.by_hash()).await {
            Err(error) if is_unknown_script(&error) => self.send(&invocation.in_full()).await,
            ran => ran,
        }
    }

    /// Runs a script, and has these read after it. Returns what each says.
    pub(super) async fn run_then_read(
        &self,
        invocation: &Invocation,
        reads: &[Cmd],
    ) -> RedisResult<(Value, RedisResult<Vec<Value>>)> {
        match self.send_then(invocation.by_hash(), reads).await {
            // Then those that were read were read too early.
            Err(error) if is_unknown_script(&error) => self.send_then(&invocation.in_full(), reads).await,
            ran => ran,
        }
    }

    /// A connection of its own to listen on; see [`Target::listen`].
    pub(super) async fn listen(&self, turn: usize) -> RedisResult<PubSub> {
        let nodes = if self.0.target.is_cluster() { self.nodes().await } else { Vec::new() };
        self.0.target.listen(turn, &nodes).await
    }

    /// The nodes of a cluster, as far as it tells.
    async fn nodes(&self) -> Vec<(String, u16)> {
        let slots = self.send(redis::cmd("CLUSTER").arg("SLOTS")).await;
        let mut nodes: Vec<_> = slots.into_iter().flat_map(parts).flat_map(parts).filter_map(node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    /// The connection, as soon as there is one.
    async fn link(&self) -> RedisResult<(Link, u64)> {
        let making = {
            let mut state = self.state();
            if let Some(link) = &state.link {
                return Ok((link.clone(), state.number));
            }
            self.make(&mut state)
        };
        let link = tokio::time::timeout(self.0.patience, making).await.unwrap_or_else(|_| Err(too_late()))?;
        Ok((link, self.state().number))
    }

    /// Sees to it that a connection that is no good any more is replaced.
    fn look_at<T>(&self, sent: &RedisResult<T>, number: u64) {
        if let Err(error) = sent
            && self.spoils(error)
        {
            self.spoiled(number, error);
        }
    }

    /// Takes a connection out of use, unless another has replaced it already.
    fn spoiled(&self, number: u64, error: &RedisError) {
        let mut state = self.state();
        if state.number != number {
            return;
        }
        // Most nodes of a cluster may be fine: its connection stays in use until the next one is there, and one node
        // that stays frozen must not have it replaced all the time.
        if !self.0.target.is_cluster() {
            state.link = None;
        } else if state.made.is_some_and(|made| made.elapsed() < self.0.patience * 2) {
            return;
        }
        tracing::warn!(at = self.0.at, error = error as &dyn std::error::Error, "the connection to Redis is replaced");
        drop(self.make(&mut state));
    }

    /// Whether the connection on which this happened may be no good any more: it was lost, its other end does not
    /// answer or has become a replica, or the answer could not be read. That of a cluster looks after its nodes by
    /// itself, but for one that does not answer.
    fn spoils(&self, error: &RedisError) -> bool {
        if self.0.target.is_cluster() {
            return error.is_timeout();
        }
        matches!(
            error.kind(),
            ErrorKind::Io
                | ErrorKind::Parse
                | ErrorKind::AuthenticationFailed
                | ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown)
        ) || error.code() == Some("NOAUTH")
    }

    /// Makes the next connection in the background, unless that is under way or was just tried.
    fn make(&self, state: &mut State) -> Making {
        if let Some((making, since)) = &state.making {
            let failed = matches!(making.peek(), Some(Err(_)));
            if !failed || since.elapsed() < REST {
                return making.clone();
            }
        }
        let inner = Arc::clone(&self.0);
        let connecting = async move {
            let made = inner.target.connect().await;
            let mut state = inner.state.lock().unwrap_or_else(PoisonError::into_inner);
            match &made {
                Ok(link) => {
                    tracing::info!(at = inner.at, "connected to Redis again");
                    let number = state.number + 1;
                    *state = State { link: Some(link.clone()), number, made: Some(Instant::now()), making: None };
                }
                // From now on counts how long this is the answer.
                Err(_) => state.making.iter_mut().for_each(|(_, since)| *since = Instant::now()),
            }
            made
        };
        let making = connecting.boxed().shared();
        state.making = Some((making.clone(), Instant::now()));
        // Whoever waits for it may give up: it goes on for the next one.
        tokio::spawn(making.clone());
        making
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_unknown_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

/// The parts of a list; nothing of anything else.
fn parts(value: Value) -> Vec<Value> {
    if let Value::Array(parts) = value { parts } else { Vec::new() }
}

/// A node as `CLUSTER SLOTS` tells it: its host, its port, and more.
fn node(value: Value) -> Option<(String, u16)> {
    let Value::Array(parts) = value else { return None };
    let [Value::BulkString(host), Value::Int(port), ..] = parts.as_slice() else { return None };
    let host = String::from_utf8(host.clone()).ok().filter(|host| !matches!(host.as_str(), "" | "?"))?;
    Some((host, u16::try_from(*port).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_told_from_the_slots() {
        let text = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        let told =
            |host: &str, port| Value::Array(vec![text(host), Value::Int(port), text("id"), Value::Array(vec![])]);
        let range = Value::Array(vec![Value::Int(0), Value::Int(9), told("10.0.0.1", 7000), told("", 1), told("?", 2)]);
        let nodes: Vec<_> =
            parts(Value::Array(vec![range, Value::Nil])).into_iter().flat_map(parts).filter_map(node).collect();
        assert_eq!(nodes, [("10.0.0.1".to_owned(), 7000)]);
    }
}
