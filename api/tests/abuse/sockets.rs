//! Sockets that are idle, deaf, loud or greedy.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt, future::join_all};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::{
    support::wait::within_bound,
    target::{Target, summary},
};

/// Long enough for every bound of the server to have ended it.
const BOUND: Duration = Duration::from_mins(3);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn open(target: &Target, address: &str) -> Socket {
    let mut request = format!("ws://{}/graphql", target.address).into_client_request().expect("a request");
    let headers = request.headers_mut();
    headers.insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
    headers.insert("x-forwarded-for", HeaderValue::from_str(address).expect("an address"));
    within_bound(BOUND, "a socket", connect_async(request)).await.expect("a socket").0
}

async fn initialised(target: &Target) -> Socket {
    let mut socket = open(target, &target.somebody()).await;
    say(&mut socket, &json!({ "type": "connection_init" })).await;
    socket
}

async fn say(socket: &mut Socket, message: &Value) -> bool {
    socket.send(Message::text(message.to_string())).await.is_ok()
}

/// How a socket ends.
async fn end(socket: &mut Socket) -> String {
    let ending = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Close(Some(frame)))) => return u16::from(frame.code).to_string(),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return "cut off".to_owned(),
            }
        }
    };
    within_bound(BOUND, "the end of a socket", ending).await
}

pub(crate) async fn idle(target: &Target, count: usize) -> String {
    let address = target.somebody();
    let mut ends = Vec::new();
    // Some at a time, or the kernel's queue of connections is what is tested.
    for _ in 0..count.div_ceil(100) {
        let opened = join_all((0..100).map(|_| open(target, &address))).await;
        ends.extend(opened.into_iter().map(|mut socket| tokio::spawn(async move { end(&mut socket).await })));
    }
    summary(join_all(ends).await.into_iter().map(|end| end.expect("a socket")))
}

/// Asks for large answers again and again and takes none of them.
pub(crate) async fn deaf(target: &Target, count: usize) -> String {
    let query = "{ __schema { types { name description fields { name description type { name kind } } } } }";
    let client = async |mut socket: Socket| {
        let asking = async {
            let mut number = 0_u64;
            loop {
                number += 1;
                let message = json!({ "type": "subscribe", "id": number.to_string(), "payload": { "query": query } });
                if !say(&mut socket, &message).await {
                    return "cut off".to_owned();
                }
            }
        };
        within_bound(BOUND, "the end of a deaf socket", asking).await
    };
    // All of them first: one that talks leaves the others no time to open theirs within the server's bound.
    let sockets = join_all((0..count).map(|_| initialised(target))).await;
    summary(join_all(sockets.into_iter().map(client)).await)
}

pub(crate) async fn frame(target: &Target, bytes: usize) -> String {
    let mut socket = initialised(target).await;
    let _ = socket.send(Message::text("x".repeat(bytes))).await;
    end(&mut socket).await
}

pub(crate) async fn pings(target: &Target, count: usize) -> String {
    let (mut sink, mut stream) = initialised(target).await.split();
    let talking = async {
        for number in 0..count {
            let message =
                if number % 2 == 0 { Message::Ping(vec![7; 100].into()) } else { Message::text(r#"{"type":"ping"}"#) };
            if sink.send(message).await.is_err() {
                break;
            }
        }
        let _ = sink.close().await;
    };
    let listening = async {
        let mut pongs = 0_usize;
        while let Some(Ok(message)) = stream.next().await {
            pongs += usize::from(matches!(message, Message::Text(_) | Message::Pong(_)));
        }
        pongs
    };
    let ((), pongs) = within_bound(BOUND, "pongs", async { tokio::join!(talking, listening) }).await;
    format!("{} of them answered", if pongs > count / 2 { "most" } else { "few" })
}

pub(crate) async fn subscriptions(target: &Target, count: usize) -> String {
    let (mut sink, mut stream) = initialised(target).await.split();
    let query = format!("subscription {{ campaignUpdated(id: \"{}\") {{ id }} }}", target.campaign);
    let talking = async {
        for number in 0..count {
            let payload = json!({ "query": query });
            let message = json!({ "type": "subscribe", "id": number.to_string(), "payload": payload });
            if sink.send(Message::text(message.to_string())).await.is_err() {
                break;
            }
        }
        let _ = sink.send(Message::text(r#"{"type":"ping"}"#)).await;
    };
    let listening = async {
        let mut heard = Vec::new();
        while let Some(Ok(message)) = stream.next().await {
            let Message::Text(text) = message else { continue };
            let message: Value = serde_json::from_str(&text).expect("JSON");
            match message["type"].as_str().expect("a type") {
                "pong" => break,
                "error" => heard.push(message["payload"][0]["extensions"]["code"].as_str().expect("a code").to_owned()),
                "connection_ack" => {}
                other => heard.push(other.to_owned()),
            }
        }
        heard
    };
    let ((), heard) = within_bound(BOUND, "subscriptions", async { tokio::join!(talking, listening) }).await;
    summary(heard)
}
