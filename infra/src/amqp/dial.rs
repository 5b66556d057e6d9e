//! Connections to the broker: made within a time, closed in order, cut when they hang.
//!
//! The library's own recovery stays off. It replays what it remembers of a channel, while what is to be done after a
//! break is another thing for each side: who publishes answers *unknown* to those waiting, who consumes forgets what
//! it has in hand. So a connection lives once, and its owner makes the next one.

use std::{
    net::{Shutdown, TcpStream},
    os::fd::AsFd,
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use futures_util::{FutureExt, StreamExt, stream::BoxStream};
use lapin::{
    AsyncTcpStream, Channel, Connection, ConnectionProperties, Consumer, Event,
    options::{BasicConsumeOptions, BasicQosOptions},
    tcp::{AMQPUriTcpExt, OwnedTLSConfig},
    types::FieldTable,
    uri::AMQPUri,
};

use super::{error::OpenError, options::AmqpOptions};

/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(2);
/// What the library says when a connection or a channel is closed by us.
const DONE: u16 = 200;

/// Where the broker is and how it is spoken to.
pub(super) struct Dial {
    uri: AMQPUri,
    authorities: Option<String>,
    patience: Duration,
    /// The address for people, without a password.
    pub(super) place: String,
}

impl Dial {
    pub(super) fn new(options: &AmqpOptions) -> Result<Self, OpenError> {
        let mut uri: AMQPUri = options.url.parse().map_err(|_| OpenError::Url)?;
        let heartbeat = u16::try_from(options.heartbeat.as_secs()).unwrap_or(u16::MAX);
        uri.query.heartbeat.get_or_insert(heartbeat);
        let authorities = options.ca_file.as_deref().map(authorities).transpose()?;
        let place = format!("{}://{}:{}/{}", uri.scheme, uri.authority.host, uri.authority.port, uri.vhost);
        Ok(Self { uri, authorities, patience: options.connect_timeout, place })
    }

    /// Connects. The broker shows the purpose to its operator.
    pub(super) async fn link(&self, purpose: &str) -> Result<Link, lapin::Error> {
        let properties = ConnectionProperties::default().with_connection_name(format!("spike {purpose}").into());
        let socket = Arc::new(OnceLock::new());
        let tls = OwnedTLSConfig { identity: None, cert_chain: self.authorities.clone() };
        let (patience, opened) = (self.patience, Arc::clone(&socket));
        let connecting = Connection::connector(
            self.uri.clone(),
            lapin::runtime::default_runtime()?,
            async move |uri, runtime| {
                let dialed = AMQPUriTcpExt::connect_with_config_async(&uri, tls.as_ref(), &runtime);
                let stream = tokio::time::timeout(patience, dialed).await.map_err(|_| too_late())??;
                let handle = match &stream {
                    AsyncTcpStream::Plain(plain) => plain.get_ref().as_fd().try_clone_to_owned(),
                    AsyncTcpStream::Rustls(tls) => tls.get_ref().0.get_ref().as_fd().try_clone_to_owned(),
                    _ => return Ok(stream),
                };
                let _ = opened.set(TcpStream::from(handle?));
                Ok(stream)
            },
            properties,
        );
        // Twice: once to reach it, once to be welcomed.
        let Ok(connected) = tokio::time::timeout(self.patience * 2, connecting).await else {
            cut(&socket);
            return Err(too_late());
        };
        Ok(Link::new(connected?, socket, self.patience))
    }
}

/// Reads the certificates that are trusted besides those of the system.
fn authorities(path: &Path) -> Result<String, OpenError> {
    let fail = |why: String| OpenError::CaFile { path: path.to_owned(), why };
    let text = std::fs::read_to_string(path).map_err(|error| fail(error.to_string()))?;
    if text.contains("-----BEGIN CERTIFICATE-----") { Ok(text) } else { Err(fail("no certificate in it".to_owned())) }
}

fn too_late() -> lapin::Error {
    std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer in time").into()
}

/// Ends a connection on the spot, however little the other side reacts.
fn cut(socket: &OnceLock<TcpStream>) {
    if let Some(socket) = socket.get() {
        // It may be closed already.
        let _ = socket.shutdown(Shutdown::Both);
    }
}

/// A connection. Closed when it is dropped.
pub(super) struct Link {
    connection: Connection,
    /// A second handle of the socket: a connection that hangs does not end by being closed.
    socket: Arc<OnceLock<TcpStream>>,
    /// What has happened to it since it is there, until somebody listens.
    events: Mutex<Option<BoxStream<'static, Event>>>,
    patience: Duration,
}

impl Link {
    fn new(connection: Connection, socket: Arc<OnceLock<TcpStream>>, patience: Duration) -> Self {
        let events = Mutex::new(Some(connection.events_listener().boxed()));
        Self { connection, socket, events, patience }
    }

    /// Waits as long for the broker's answer as for a connection. It need not come at all: RabbitMQ 3.10 was seen to
    /// lose a subscription to a quorum queue that had no leader yet, just after a start, and to keep the channel
    /// waiting.
    pub(super) async fn answered<T, E: From<lapin::Error>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        tokio::time::timeout(self.patience, work).await.unwrap_or_else(|_| Err(too_late().into()))
    }

    pub(super) async fn channel(&self) -> Result<Channel, lapin::Error> {
        self.connection.create_channel().await
    }

    /// What happens to the connection, for one listener.
    pub(super) fn events(&self) -> BoxStream<'static, Event> {
        let kept = self.events.lock().unwrap_or_else(PoisonError::into_inner).take();
        kept.unwrap_or_else(|| self.connection.events_listener().boxed())
    }

    pub(super) fn is_up(&self) -> bool {
        self.connection.status().connected()
    }

    /// Ends it on the spot, without a farewell.
    pub(super) fn cut(&self) {
        cut(&self.socket);
    }

    /// Closes it in order if the broker goes along, and on the spot if not.
    pub(super) async fn close(&self) {
        let closing = self.connection.close(DONE, "done".into());
        if !matches!(tokio::time::timeout(FAREWELL, closing).await, Ok(Ok(()))) {
            self.cut();
        }
    }
}

impl Drop for Link {
    /// The farewell is on its way when this returns; nobody waits for the answer.
    fn drop(&mut self) {
        let _ = self.connection.close(DONE, "done".into()).now_or_never();
    }
}

/// A channel that consumes. When it is dropped its messages go back to their queue in one step.
///
/// A consumer of the library that is dropped cancels its subscription first, and the queue's next consumer becomes
/// active while the messages of this one are still out: it would answer a fence without knowing them. So the channel
/// is closed before that.
pub(super) struct Consuming {
    pub(super) channel: Channel,
    pub(super) messages: Consumer,
}

impl Consuming {
    /// Subscribes to a queue on a channel of its own.
    pub(super) async fn start(link: &Link, queue: &str, prefetch: u16) -> Result<Self, lapin::Error> {
        let subscribed = async {
            let channel = link.channel().await?;
            channel.basic_qos(prefetch, BasicQosOptions::default()).await?;
            let options = BasicConsumeOptions::default();
            let messages = channel.basic_consume(queue.into(), "spike".into(), options, FieldTable::default()).await?;
            Ok(Self { channel, messages })
        };
        link.answered(subscribed).await
    }

    /// Closes the channel and waits for the broker's word.
    pub(super) async fn close(self) {
        let closing = self.channel.close(DONE, "done".into());
        // Dropping it, or the end of its connection, does what is left to do.
        let _ = tokio::time::timeout(FAREWELL, closing).await;
    }
}

impl Drop for Consuming {
    fn drop(&mut self) {
        let _ = self.channel.close(DONE, "done".into()).now_or_never();
    }
}
