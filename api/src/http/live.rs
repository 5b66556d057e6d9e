//! Answers that go on over HTTP: server-sent events and multipart subscriptions, for clients that hold no socket.
//!
//! Nothing is read from the graph before the client has taken what was sent before, so a slow client is waited for, and
//! cut off by [`super::patient`] if it takes nothing at all.

use std::{io, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header::CACHE_CONTROL, header::CONTENT_TYPE},
    response::Response,
};
use bytes::Bytes;
use domain::user::{Viewer, viewer::TokenError};
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream, stream::BoxStream};
use schema::{Code, errors::refused};
use tokio::time::{Interval, MissedTickBehavior};

use super::{Graph, Http, accept::Form, answer, operation::Ready, sockets::Place};

/// How often a multipart subscription shows a sign of life, at least (Apollo's protocol).
const HEARTBEAT: Duration = Duration::from_secs(5);
/// A proxy that collects what it passes on would keep events back.
const NO_BUFFERING: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

/// Answers an operation in one of the forms that go on.
pub(super) fn answer(http: &Arc<Http>, graph: &Graph, ready: Box<Ready>, form: Form) -> Response {
    let viewer = ready.viewer();
    let place = match http.sockets.enter(ready.address(), &viewer) {
        Ok(place) => place,
        Err(full) => return answer::of_graph(Form::Json, full.answer()),
    };
    written(http, form, http.answers(graph, ready), viewer, Some(place))
}

/// Says in one of these forms why an operation was not executed.
pub(super) fn refusal(http: &Arc<Http>, form: Form, refused: async_graphql::Response) -> Response {
    written(http, form, stream::iter([refused]).boxed(), Viewer::SignedOut, None)
}

fn written(
    http: &Arc<Http>,
    form: Form,
    answers: BoxStream<'static, async_graphql::Response>,
    viewer: Viewer,
    place: Option<Place>,
) -> Response {
    let wire = if form == Form::Multipart { Wire::Multipart } else { Wire::Events };
    let mut alive = tokio::time::interval(wire.sign_of_life_every(http.websocket.keepalive));
    alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
    alive.reset();
    let live = Live {
        wire,
        answers,
        alive,
        expiry: expiry(http.clone(), viewer).boxed(),
        stopping: stopping(http.clone()).boxed(),
        state: State::Opening,
        _place: place,
    };
    let body = stream::unfold(live, async |mut live| live.next().await.map(|piece| (piece, live)));
    let mut response = Response::new(Body::from_stream(body));
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer::media(form)));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(NO_BUFFERING.0, NO_BUFFERING.1);
    response
}

async fn expiry(http: Arc<Http>, viewer: Viewer) {
    match viewer {
        Viewer::SignedIn(signed_in) => http.services.clock.sleep_until(signed_in.expires_at).await,
        _ => std::future::pending().await,
    }
}

async fn stopping(http: Arc<Http>) {
    http.shutdown.begun().await;
}

/// How pieces are written.
#[derive(Clone, Copy)]
enum Wire {
    /// graphql-sse, PROTOCOL.md, "Distinct connections mode".
    Events,
    /// "Multipart HTTP protocol for GraphQL subscriptions" of Apollo Router. A client reads a part once it has seen the
    /// boundary behind it, so each part is sent with that.
    Multipart,
}

impl Wire {
    fn sign_of_life_every(self, keepalive: Duration) -> Duration {
        match self {
            Self::Events => keepalive,
            Self::Multipart => keepalive.min(HEARTBEAT),
        }
    }

    fn opening(self) -> Bytes {
        match self {
            Self::Events => Bytes::from_static(b":\n\n"),
            Self::Multipart => Bytes::from_static(b"\r\n--graphql"),
        }
    }

    fn sign_of_life(self) -> Bytes {
        match self {
            Self::Events => Bytes::from_static(b":\n\n"),
            Self::Multipart => part(b"", b"{}", b""),
        }
    }

    fn answer(self, answer: &async_graphql::Response) -> Bytes {
        let json = answer::in_json(answer);
        match self {
            // JSON has no line ends outside of texts, and none in them: it fits on the line of an event.
            Self::Events => [b"event: next\ndata: ", json.as_slice(), b"\n\n"].concat().into(),
            Self::Multipart => part(b"{\"payload\":", &json, b"}"),
        }
    }

    fn end(self) -> Bytes {
        match self {
            Self::Events => Bytes::from_static(b"event: complete\ndata: \n\n"),
            Self::Multipart => Bytes::from_static(b"--\r\n"),
        }
    }
}

fn part(before: &[u8], json: &[u8], after: &[u8]) -> Bytes {
    [b"\r\ncontent-type: application/json\r\n\r\n", before, json, after, b"\r\n--graphql"].concat().into()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Opening,
    Open,
    Ending,
    Ended,
}

struct Live {
    wire: Wire,
    answers: BoxStream<'static, async_graphql::Response>,
    alive: Interval,
    expiry: BoxFuture<'static, ()>,
    stopping: BoxFuture<'static, ()>,
    state: State,
    _place: Option<Place>,
}

impl Live {
    /// The next piece of the body. An error cuts the connection, which tells the client to come again.
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        match self.state {
            State::Opening => {
                self.state = State::Open;
                return Some(Ok(self.wire.opening()));
            }
            State::Open => {}
            State::Ending => {
                self.state = State::Ended;
                return Some(Ok(self.wire.end()));
            }
            State::Ended => return None,
        }
        let piece = tokio::select! {
            biased;
            () = &mut self.stopping => {
                self.state = State::Ended;
                return Some(Err(io::Error::other("the server is stopping")));
            }
            () = &mut self.expiry => {
                self.state = State::Ending;
                self.wire.answer(&refused(Code::Unauthenticated, TokenError::Expired.to_string()))
            }
            answer = self.answers.next() => if let Some(answer) = answer {
                self.wire.answer(&answer)
            } else {
                self.state = State::Ended;
                self.wire.end()
            },
            _ = self.alive.tick() => self.wire.sign_of_life(),
        };
        Some(Ok(piece))
    }
}
