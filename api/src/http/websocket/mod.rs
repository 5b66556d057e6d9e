//! `GET /graphql` with an upgrade: any operation over `graphql-transport-ws`
//! (github.com/enisdenjo/graphql-ws, PROTOCOL.md).
//!
//! | module | what it answers |
//! |---|---|
//! | `mod.rs` | who may open a socket |
//! | `message` | how messages are written |
//! | `session` | what happens on a socket from its opening to its end |
//! | `operations` | what runs on it |
//!
//! The protocol has no message with which a client could renew its token, and a second `connection_init` ends the socket.
//! So a `ping` whose payload is `{"authorization": "Bearer …"}` does: a good token of the same user moves the end of the
//! socket on, and the `pong` says so; any other one ends it (4403).

mod message;
mod operations;
mod session;

use std::sync::Arc;

use axum::{
    extract::{
        FromRequestParts, Request,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    http::{
        HeaderMap, Method, StatusCode, Uri,
        header::{HOST, ORIGIN, UPGRADE},
        uri::Authority,
    },
    response::{IntoResponse, Response},
};
use domain::user::Viewer;
use futures_util::{SinkExt, StreamExt};
use schema::Code;
use tracing::Instrument;

use self::session::{Opened, Session};
use super::{Graph, Http, accept::Form, answer, trace, viewer};

const PROTOCOL: &str = "graphql-transport-ws";
/// What each socket reads into. The library's default is 128 KiB, which is a gigabyte for 8,000 sockets.
const READ_BUFFER: usize = 4 * 1024;
/// What is collected before it is written.
const WRITE_BUFFER: usize = 4 * 1024;

/// Whether a request wants a socket. Some clients offer other upgrades with any request.
pub(super) fn is_wanted(request: &Request) -> bool {
    let upgrade = request.headers().get(UPGRADE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    request.method() == Method::CONNECT
        || upgrade.split(',').any(|other| other.trim().eq_ignore_ascii_case("websocket"))
}

/// Opens a socket, or says why not.
pub(super) async fn upgrade(http: Arc<Http>, graph: Graph, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    if !http.origins.allow(&parts.headers, &parts.uri) {
        let message = "pages of this origin may not open a socket; see cors.origins";
        return answer::refusal(StatusCode::FORBIDDEN, Form::Json, Code::Forbidden, message);
    }
    let address = http.client(&parts.extensions, &parts.headers);
    let place = match http.sockets.enter(address, &Viewer::SignedOut) {
        Ok(place) => place,
        Err(full) => return answer::of_graph(Form::Json, full.answer()),
    };
    let by_header = viewer::of_headers(&*http.services.access_tokens, &parts.headers);
    let opened = Opened { trace: trace::of(&parts.extensions), address, by_header, place };
    let upgrade = upgrade.protocols([PROTOCOL]);
    let speaks = upgrade.selected_protocol().is_some();
    let open = http.shutdown.at_work();
    let (limit, span) = (http.websocket.message_limit, tracing::Span::current());
    upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(limit)
        .max_frame_size(limit)
        .on_upgrade(move |socket| {
            async move {
                if speaks {
                    Session::new(http, graph, opened).run(socket).await;
                } else {
                    let why = "Subprotocol not acceptable: this socket speaks graphql-transport-ws".to_owned();
                    farewell(socket, Goodbye { code: 4406, why }).await;
                }
                drop(open);
            }
            .instrument(span)
        })
}

/// How a socket is closed: with one of the codes of the protocol or of RFC 6455.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Goodbye {
    code: u16,
    why: String,
}

/// How long a client may take to confirm that the socket is closed.
const FAREWELL: std::time::Duration = std::time::Duration::from_secs(1);

/// Closes a socket. A client that does not confirm it is left alone.
async fn farewell(mut socket: WebSocket, Goodbye { code, why }: Goodbye) {
    // A close frame holds 123 bytes of reason.
    let reason = why[..why.floor_char_boundary(123)].to_owned();
    let closing = async {
        if socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await.is_err() {
            return;
        }
        while let Some(message) = socket.next().await {
            if message.is_err() {
                // What comes now cannot be read, but a connection that is dropped with unread bytes is reset, and the
                // client might not see why.
                std::future::pending::<()>().await;
            }
        }
        let _ = socket.close().await;
    };
    let _ = tokio::time::timeout(FAREWELL, closing).await;
}

/// Whose pages may open sockets and read answers. Other programs than browsers send no `Origin`.
pub(super) struct Origins(Vec<String>);

impl Origins {
    pub(super) const fn new(allowed: Vec<String>) -> Self {
        Self(allowed)
    }

    fn allow(&self, headers: &HeaderMap, uri: &Uri) -> bool {
        let Some(origin) = headers.get(ORIGIN) else { return true };
        let origin = origin.to_str().unwrap_or_default();
        let ours =
            headers.get(HOST).and_then(|host| host.to_str().ok()).or_else(|| uri.authority().map(Authority::as_str));
        let same =
            origin.split_once("://").is_some_and(|(_, host)| ours.is_some_and(|ours| host.eq_ignore_ascii_case(ours)));
        same || self.0.iter().any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(origin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_pages_open_sockets_if_they_are_named() {
        let allow = |allowed: &[&str], origin: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, "shop.example:8080".parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(ORIGIN, origin.parse().unwrap());
            }
            let origins = Origins::new(allowed.iter().map(|origin| (*origin).to_owned()).collect());
            origins.allow(&headers, &Uri::from_static("/graphql"))
        };
        assert!(allow(&[], None));
        assert!(allow(&[], Some("http://shop.example:8080")));
        for foreign in
            ["http://shop.example", "http://evil.example", "null", "http://shop.example:8080.evil.example", ""]
        {
            assert!(!allow(&[], Some(foreign)), "{foreign}");
        }
        assert!(allow(&["https://app.example"], Some("https://app.example")));
        assert!(!allow(&["https://app.example"], Some("http://app.example")));
        assert!(allow(&["*"], Some("http://evil.example")));
    }
}
