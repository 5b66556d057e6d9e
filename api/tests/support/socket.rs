//! A client of `graphql-transport-ws` over a real WebSocket. Every wait is bounded.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use super::wait::within;

/// What a server says.
#[derive(Debug, Clone, PartialEq)]
pub enum Frame {
    /// A message of the protocol.
    Json(Value),
    /// The socket was closed: code and reason.
    Closed(u16, String),
}

/// A socket on which anything can be said.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    subscriptions: usize,
}

impl Socket {
    /// Connects, and says nothing.
    pub async fn open(url: &str) -> Self {
        let mut request = url.into_client_request().expect("a request");
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
        let (stream, answer) = within("a socket", connect_async(request)).await.expect("a socket");
        assert_eq!(answer.headers()["sec-websocket-protocol"], "graphql-transport-ws");
        Self { stream, subscriptions: 0 }
    }

    /// Says something.
    pub async fn send(&mut self, message: &Value) {
        self.send_text(&message.to_string()).await;
    }

    /// A socket that was opened in another way.
    pub const fn over(stream: WebSocketStream<MaybeTlsStream<TcpStream>>) -> Self {
        Self { stream, subscriptions: 0 }
    }

    /// Says something that need not be JSON.
    pub async fn send_text(&mut self, text: &str) {
        self.send_frame(Message::text(text)).await;
    }

    /// Says something that need not even be a text.
    pub async fn send_frame(&mut self, message: Message) {
        within("a message to be sent", self.stream.send(message)).await.expect("an open socket");
    }

    /// Hears the next thing. A socket that ends without a close frame is closed with 1006.
    pub async fn next(&mut self) -> Frame {
        loop {
            match within("a message", self.stream.next()).await {
                Some(Ok(Message::Text(text))) => return Frame::Json(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Frame::Closed(frame.code.into(), frame.reason.to_string());
                }
                Some(Ok(Message::Close(None)) | Err(_)) | None => return Frame::Closed(1006, String::new()),
                Some(Ok(_)) => {}
            }
        }
    }

    /// Hears the next message of the protocol; the socket must not be closed.
    pub async fn message(&mut self) -> Value {
        match self.next().await {
            Frame::Json(message) => message,
            closed @ Frame::Closed(..) => panic!("a message, not {closed:?}"),
        }
    }

    /// Signs in, if there is a token, and has to be let in.
    pub async fn init(&mut self, token: Option<&str>) {
        let payload = token.map_or(json!({}), |token| json!({ "authorization": format!("Bearer {token}") }));
        self.send(&json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(self.message().await, json!({ "type": "connection_ack" }));
    }

    /// Subscribes, and is a subscription from then on.
    pub async fn subscribe(mut self, query: &str, variables: Value) -> Subscription {
        self.subscriptions += 1;
        let id = self.subscriptions.to_string();
        let payload = json!({ "query": query, "variables": variables });
        self.send(&json!({ "id": id, "type": "subscribe", "payload": payload })).await;
        Subscription { socket: self, id }
    }
}

/// One subscription on a socket of its own.
pub struct Subscription {
    socket: Socket,
    id: String,
}

impl Subscription {
    /// The next result, with `data` and perhaps `errors`.
    pub async fn next(&mut self) -> Value {
        let mut message = self.socket.message().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!(self.id)), "{message:#}");
        message["payload"].take()
    }

    /// The next result, which has to be without errors: what stands at this JSON pointer in its `data`.
    pub async fn next_data(&mut self, pointer: &str) -> Value {
        let payload = self.next().await;
        assert!(payload.get("errors").is_none(), "{payload:#}");
        payload["data"].pointer(pointer).unwrap_or_else(|| panic!("{pointer} in {payload:#}")).clone()
    }

    /// Results up to and with the first that `wanted` is true of.
    pub async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            all.push(self.next().await);
            if all.last().is_some_and(&wanted) {
                return all;
            }
        }
    }

    /// The subscription has to end by itself.
    pub async fn completed(&mut self) {
        let message = self.socket.message().await;
        assert_eq!(message, json!({ "type": "complete", "id": self.id }));
    }

    /// The next thing on the socket, whatever it is.
    pub async fn frame(&mut self) -> Frame {
        self.socket.next().await
    }

    /// The socket has to be closed: with which code and reason.
    pub async fn closed(&mut self) -> (u16, String) {
        match self.socket.next().await {
            Frame::Closed(code, reason) => (code, reason),
            message @ Frame::Json(_) => panic!("the end, not {message:?}"),
        }
    }

    /// Ends the subscription. The socket can be used on.
    pub async fn unsubscribe(mut self) -> Socket {
        self.socket.send(&json!({ "id": self.id, "type": "complete" })).await;
        self.socket
    }
}
