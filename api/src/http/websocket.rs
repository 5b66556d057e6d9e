//! `GET /graphql` with an upgrade: subscriptions, and any other operation, over `graphql-transport-ws`.
//!
//! The loop is ours and not async-graphql-axum's, because a stop of the process must close every socket
//! with 1001. What the messages mean is still async-graphql's.

use std::{
    future::{Future, ready},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_graphql::{
    Data,
    http::{WebSocket as Protocol, WebSocketProtocols, WsMessage},
};
use axum::{
    extract::{
        Extension, State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::user::{Viewer, viewer::TokenError};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::sync::watch;
use tracing::Instrument;

use super::{Graph, Http, answer, trace::Trace, viewer};

const PROTOCOL: &str = "graphql-transport-ws";
/// What each socket reads into. The library's default is 128 KiB, which is a gigabyte for 8,000 sockets.
const READ_BUFFER: usize = 4 * 1024;
/// What is collected before it is written.
const WRITE_BUFFER: usize = 4 * 1024;
/// The protocol's code for a token that is no good, or no good any more.
const FORBIDDEN: u16 = 4403;
/// How long a client may take to confirm that the socket is closed.
const FAREWELL: Duration = Duration::from_secs(1);

pub(super) async fn upgrade(
    State(http): State<Arc<Http>>,
    Extension(graph): Extension<Graph>,
    Extension(trace): Extension<Trace>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) if headers.contains_key(header::UPGRADE) => return rejection.into_response(),
        Err(_) => {
            let message = "send operations with POST, or upgrade to a WebSocket";
            let mut response = answer::refusal(StatusCode::METHOD_NOT_ALLOWED, "BAD_USER_INPUT", message);
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
            return response;
        }
    };
    let upgrade = upgrade.protocols([PROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        let message = "this socket speaks graphql-transport-ws: name it in Sec-WebSocket-Protocol";
        return answer::refusal(StatusCode::BAD_REQUEST, "BAD_USER_INPUT", message);
    }
    let by_header = viewer::of_headers(&*http.services.access_tokens, &headers);
    let open = http.shutdown.socket();
    let limit = http.body_limit;
    let span = tracing::Span::current();
    upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(limit)
        .max_frame_size(limit)
        .on_upgrade(move |socket| {
            async move {
                serve(http, graph, socket, trace, by_header).await;
                drop(open);
            }
            .instrument(span)
        })
}

async fn serve(http: Arc<Http>, graph: Graph, socket: WebSocket, trace: Trace, by_header: Viewer) {
    let (mut sink, mut stream) = socket.split();
    let goodbye = {
        let refused = Arc::new(AtomicBool::new(false));
        let (admitted, mut viewer) = watch::channel(Viewer::SignedOut);
        let messages = (&mut stream).take_while(|message| ready(message.is_ok())).filter_map(|message| {
            ready(match message {
                Ok(Message::Text(text)) => Some(axum::body::Bytes::from(text)),
                Ok(Message::Binary(bytes)) => Some(bytes),
                _ => None,
            })
        });
        let graph = Protocol::new(graph, messages, WebSocketProtocols::GraphQLWS).on_connection_init(admission(
            http.clone(),
            trace,
            by_header,
            refused.clone(),
            admitted,
        ));
        tokio::select! {
            goodbye = pump(&mut sink, graph, &refused) => goodbye,
            () = http.shutdown.begun() => Some((close_code::AWAY, "the server is stopping".to_owned())),
            () = expiry(&http, &mut viewer) => Some((FORBIDDEN, TokenError::Expired.to_string())),
        }
    };
    if let Some((code, reason)) = goodbye {
        let frame = CloseFrame { code, reason: shortened(&reason).into() };
        let farewell = async {
            if sink.send(Message::Close(Some(frame))).await.is_ok() {
                while let Some(Ok(_)) = stream.next().await {}
            }
        };
        // A client that does not answer is left alone.
        let _ = tokio::time::timeout(FAREWELL, farewell).await;
    }
}

/// Returns when the token that the socket was opened with expires; never if it was opened without one.
async fn expiry(http: &Http, viewer: &mut watch::Receiver<Viewer>) {
    let signed_in = viewer.wait_for(|viewer| matches!(viewer, Viewer::SignedIn(_))).await.map(|viewer| *viewer);
    match signed_in {
        Ok(Viewer::SignedIn(signed_in)) => http.services.clock.sleep_until(signed_in.expires_at).await,
        _ => std::future::pending().await,
    }
}

/// Carries messages out until the graph or the client ends it. Returns how to say goodbye.
async fn pump<S>(sink: &mut S, graph: impl Stream<Item = WsMessage>, refused: &AtomicBool) -> Option<(u16, String)>
where
    S: Sink<Message> + Unpin,
{
    let mut graph = pin!(graph);
    while let Some(message) = graph.next().await {
        match message {
            WsMessage::Text(text) => sink.send(Message::Text(text.into())).await.ok()?,
            WsMessage::Close(code, reason) => return Some((close_code_of(code, refused), reason)),
        }
    }
    None
}

/// Who may open a socket: everybody, but not with a bad token, because a client would wait in vain for what
/// it subscribed to.
fn admission(
    http: Arc<Http>,
    trace: Trace,
    by_header: Viewer,
    refused: Arc<AtomicBool>,
    admit: watch::Sender<Viewer>,
) -> impl FnOnce(serde_json::Value) -> std::pin::Pin<Box<dyn Future<Output = async_graphql::Result<Data>> + Send>> + Send
{
    move |payload| {
        let viewer = viewer::of_payload(&*http.services.access_tokens, &payload).unwrap_or(by_header);
        let admitted = match viewer {
            Viewer::Refused(why) => {
                refused.store(true, Ordering::Relaxed);
                Err(async_graphql::Error::new(why.to_string()))
            }
            viewer => {
                admit.send_replace(viewer);
                Ok(schema::connection_data(viewer, Some(schema::TraceId(trace.0))))
            }
        };
        Box::pin(ready(admitted))
    }
}

/// The codes of the protocol (github.com/enisdenjo/graphql-ws, PROTOCOL.md), where async-graphql has others.
fn close_code_of(code: u16, refused: &AtomicBool) -> u16 {
    match code {
        _ if refused.load(Ordering::Relaxed) => FORBIDDEN,
        1002 => 4400,
        1011 => 4401,
        other => other,
    }
}

/// A close frame holds 123 bytes of reason.
fn shortened(reason: &str) -> &str {
    &reason[..reason.floor_char_boundary(123)]
}
