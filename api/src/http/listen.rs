//! Accepting connections, within bounds of number and time, until the process stops.
//!
//! `axum::serve` sets no bound on how long a client may take to say what it wants, and does not tell who it is.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{body::Body, http::Request};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::task::TaskTracker;

use super::{Front, address::Peer, patient::Patient};
use crate::{config::Config, shutdown::Shutdown};

/// Requests at the same time on one connection of HTTP/2.
const STREAMS: u32 = 100;
/// What a connection reads into at most before a request has to be whole, headers and all.
const HEAD_BUFFER: usize = 64 * 1024;
/// How long to wait when the system has no more sockets to give.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(100);

/// Answers connections with `front` until the process stops and all of them have ended.
pub async fn serve(listener: TcpListener, front: Front, config: &Config, shutdown: Shutdown) -> io::Result<()> {
    let terms = Arc::new(Terms::of(config));
    let room = Arc::new(Semaphore::new(config.server.max_connections));
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = shutdown.begun() => break,
            accepted = accept(&listener, &room) => accepted,
        };
        let (stream, peer, place) = accepted?;
        let (terms, front, shutdown) = (terms.clone(), front.clone(), shutdown.clone());
        connections.spawn(async move {
            answer(stream, peer, &terms, front, shutdown).await;
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    connections.wait().await;
    Ok(())
}

/// The next connection, once there is room for it.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = room.clone().acquire_owned().await.map_err(io::Error::other)?;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return Ok((stream, peer, place)),
            // The client is gone already, which is its own affair.
            Err(error) if is_of_the_client(&error) => {}
            Err(error) => {
                tracing::error!(%error, "a connection was not accepted");
                tokio::time::sleep(OUT_OF_SOCKETS).await;
            }
        }
    }
}

fn is_of_the_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

struct Terms {
    builder: Builder<TokioExecutor>,
    first_request: Duration,
    write: Duration,
}

impl Terms {
    fn of(config: &Config) -> Self {
        let (head, alive) = (config.server.header_timeout.std(), config.websocket.keepalive.std());
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(head).max_buf_size(HEAD_BUFFER);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .keep_alive_interval(alive)
            .keep_alive_timeout(alive)
            // WebSockets of HTTP/2 (RFC 8441).
            .enable_connect_protocol();
        Self { builder, first_request: head, write: config.server.write_timeout.std() }
    }
}

async fn answer(stream: TcpStream, peer: SocketAddr, terms: &Terms, front: Front, shutdown: Shutdown) {
    // An answer is small and somebody waits for it: it is sent at once.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    let asked = AtomicBool::new(false);
    let service = service_fn(|request: Request<Incoming>| {
        asked.store(true, Ordering::Relaxed);
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        let front = front.clone();
        async move { Ok::<_, Infallible>(front.answer(request).await) }
    });
    let io = TokioIo::new(Patient::new(stream, terms.write));
    let mut connection = pin!(terms.builder.serve_connection_with_upgrades(io, service));
    let mut first_request = pin!(tokio::time::sleep(terms.first_request));
    let (mut waiting, mut stopping) = (true, false);
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(error = &*error, "a connection ended");
                }
                return;
            }
            // Until it has said which version of HTTP it speaks, nobody else watches the time.
            () = first_request.as_mut(), if waiting => {
                waiting = false;
                if !asked.load(Ordering::Relaxed) {
                    return;
                }
            }
            () = shutdown.begun(), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}
