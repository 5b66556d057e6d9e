//! A TCP proxy that breaks connections on purpose: partitions, resets, delay, answers that are lost.
//!
//! It runs on a thread of its own, so that it goes on whatever the test's runtime does. What is asked of it has happened
//! when the call returns.

mod pump;

use std::{net::SocketAddr, thread, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    runtime,
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
};

use self::pump::{Direction, Flow, State, pump};
use crate::{EngineError, port::Port};

/// What the proxy is asked to do next.
#[derive(Debug)]
enum Order {
    Set(Flow),
    Delay(Duration),
    Cut,
    Reset,
    Resume,
}

/// A proxy in front of one address.
#[derive(Debug)]
pub struct Proxy {
    target: SocketAddr,
    port: Port,
    orders: Option<mpsc::UnboundedSender<(Order, oneshot::Sender<()>)>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Proxy {
    /// Starts one that passes everything on.
    pub async fn start(target: SocketAddr) -> Result<Self, EngineError> {
        let port = Port::free()?;
        let (orders, received) = mpsc::unbounded_channel();
        let (ready, started) = oneshot::channel();
        let front = port.addr();
        let failed = || EngineError::io(format!("starting a proxy in front of {target}"));
        let thread = thread::Builder::new()
            .name("proxy".to_owned())
            .spawn(move || {
                let runtime = runtime::Builder::new_current_thread().enable_all().build();
                match runtime {
                    Ok(runtime) => runtime.block_on(serve(front, target, received, ready)),
                    Err(error) => drop(ready.send(Err(error))),
                }
            })
            .map_err(failed())?;
        let ended = |_| Err(std::io::Error::other("its thread ended"));
        started.await.unwrap_or_else(ended).map_err(failed())?;
        Ok(Self { target, port, orders: Some(orders), thread: Some(thread) })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.port.addr()
    }

    /// The URL with the proxy's address in place of the target's.
    #[must_use]
    pub fn url(&self, of_target: &str) -> String {
        of_target.replacen(&self.target.to_string(), &self.addr().to_string(), 1)
    }

    /// Resets all connections and refuses new ones: the other side is gone.
    pub async fn cut(&self) {
        self.order(Order::Cut).await;
    }

    /// Leaves all connections open and passes nothing on in either direction: a partition. New ones are not answered. What
    /// is sent meanwhile arrives after [`resume`](Self::resume).
    pub async fn freeze(&self) {
        self.order(Order::Set(Flow::Nothing)).await;
    }

    /// Passes on what clients send and throws away what they are answered: a lost confirm. A connection of which something
    /// was thrown away is reset by [`resume`](Self::resume), since it could not go on.
    pub async fn drop_responses(&self) {
        self.order(Order::Set(Flow::Requests)).await;
    }

    /// Passes on what clients send, and on each connection so many bytes of what they are answered. The rest arrives after
    /// [`resume`](Self::resume).
    pub async fn answer_in_part(&self, bytes: usize) {
        self.order(Order::Set(Flow::PartOfAnswer(bytes))).await;
    }

    /// From now on passes everything on so much later, in both directions. Zero ends it.
    pub async fn delay(&self, by: Duration) {
        self.order(Order::Delay(by)).await;
    }

    /// Resets the connections that there are. New ones are accepted as before.
    pub async fn reset_all(&self) {
        self.order(Order::Reset).await;
    }

    /// Passes everything on again, without delay, and accepts connections.
    pub async fn resume(&self) {
        self.order(Order::Resume).await;
    }

    async fn order(&self, order: Order) {
        let (done, obeyed) = oneshot::channel();
        let sent = self.orders.as_ref().is_some_and(|orders| orders.send((order, done)).is_ok());
        // Neither fails while the thread lives, and it lives as long as the orders are not dropped.
        if !sent || obeyed.await.is_err() {
            tracing::error!(target = %self.target, "the thread of a proxy has ended");
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.orders = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!(target = %self.target, "the thread of a proxy panicked");
        }
    }
}

/// Accepts, passes on, and obeys, until there is nobody to give orders.
async fn serve(
    front: SocketAddr,
    target: SocketAddr,
    mut orders: mpsc::UnboundedReceiver<(Order, oneshot::Sender<()>)>,
    ready: oneshot::Sender<std::io::Result<()>>,
) {
    let mut listener = match TcpListener::bind(front).await {
        Ok(listener) => Some(listener),
        Err(error) => return drop(ready.send(Err(error))),
    };
    let _ = ready.send(Ok(()));
    let (state, _) = watch::channel(State::default());
    let mut connections = JoinSet::new();
    loop {
        let accepts = state.borrow().flow != Flow::Nothing;
        tokio::select! {
            order = orders.recv() => {
                let Some((order, done)) = order else { return };
                match order {
                    Order::Set(flow) => state.send_modify(|state| state.flow = flow),
                    Order::Delay(by) => state.send_modify(|state| state.delay = by),
                    Order::Reset => reset(&state, &mut connections).await,
                    Order::Cut => {
                        listener = None;
                        reset(&state, &mut connections).await;
                    }
                    Order::Resume => {
                        state.send_modify(|state| {
                            *state = State { resumed: state.resumed + 1, life: state.life, ..State::default() };
                        });
                        if listener.is_none() {
                            listener = listen_again(front).await;
                        }
                    }
                }
                let _ = done.send(());
            }
            Some(client) = accept(listener.as_ref()), if accepts => {
                connections.spawn(connection(client, target, state.subscribe()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn reset(state: &watch::Sender<State>, connections: &mut JoinSet<()>) {
    state.send_modify(|state| state.life += 1);
    while connections.join_next().await.is_some() {}
}

async fn accept(listener: Option<&TcpListener>) -> Option<TcpStream> {
    let accepted = listener?.accept().await;
    accepted.map(|(client, _)| client).ok()
}

/// The port is reserved, so nobody can have taken it.
async fn listen_again(front: SocketAddr) -> Option<TcpListener> {
    TcpListener::bind(front).await.inspect_err(|error| tracing::error!(%front, %error, "a proxy does not listen")).ok()
}

/// One connection, until either side ends it or the proxy is told to reset it.
async fn connection(client: TcpStream, target: SocketAddr, mut state: watch::Receiver<State>) {
    let life = state.borrow().life;
    let Ok(mut server) = TcpStream::connect(target).await else {
        return drop(client.set_zero_linger());
    };
    let mut client = client;
    let _ = (server.set_nodelay(true), client.set_nodelay(true));
    let ended = {
        let ((from_client, to_client), (from_server, to_server)) = (client.split(), server.split());
        let requests = pump(from_client, to_server, Direction::Request, state.clone());
        let responses = pump(from_server, to_client, Direction::Response, state.clone());
        tokio::select! {
            // One side may close its half and still read. Any failure ends both.
            ended = async { tokio::try_join!(requests, responses) } => ended.is_ok(),
            _ = state.wait_for(|state| state.life != life) => false,
        }
    };
    if !ended {
        // Dropped, they are reset rather than closed in order.
        let _ = (client.set_zero_linger(), server.set_zero_linger());
    }
}
