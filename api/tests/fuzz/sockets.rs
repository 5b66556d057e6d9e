//! What is said on a socket, in whole conversations.

use std::collections::BTreeMap;

use futures_util::{SinkExt, StreamExt};
use rand::{RngExt, rngs::StdRng};
use serde_json::{Value, json};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::{
    harness::Run,
    input::{DOCUMENTS, WORDS, changed, changed_text, pick},
    support::{TestShop, within},
};

const MESSAGES: &[&str] = &[
    r#"{"type":"connection_init","payload":{"authorization":"Bearer x"}}"#,
    r#"{"type":"ping","payload":{}}"#,
    r#"{"type":"pong"}"#,
    r#"{"type":"complete","id":"1"}"#,
    r#"{"type":"subscribe","id":"1","payload":{"query":"{ me { id } }","variables":null,"extensions":{"cost":true}}}"#,
    r#"{"type":"subscribe","id":"2","payload":{"query":"subscription { orderStatus { id } }"}}"#,
];
const JSON_WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "\"",
    ":",
    ",",
    "null",
    "\"id\":",
    "\"type\":",
    "\"payload\":",
    "\\ud800",
    "\\u0000",
    "[[[[",
    "1e999",
    "ping",
    "subscribe",
];
/// The codes that a conversation may end with, beside those of no code at all.
const CODES: [u16; 9] = [4400, 4401, 4403, 4409, 4429, 1007, 1009, 1002, 1006];

fn message(random: &mut StdRng) -> Message {
    match random.random_range(0..12) {
        0 => Message::binary(changed(random, MESSAGES, JSON_WORDS)),
        1 => Message::Ping(changed(random, &["x"], JSON_WORDS).into_iter().take(100).collect::<Vec<u8>>().into()),
        2..=4 => Message::text(changed_text(random, MESSAGES, JSON_WORDS)),
        5 | 6 => Message::text(pick(random, MESSAGES)),
        _ => {
            let id = pick(random, &["1", "2", "3", "é\"\\"]);
            let query = changed_text(random, DOCUMENTS, WORDS);
            Message::text(json!({ "type": "subscribe", "id": id, "payload": { "query": query } }).to_string())
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversations() {
    let shop =
        TestShop::builder().with("rates.enabled", "false").with("websocket.message_limit", "65536").start().await;
    let mut request = format!("ws://{}/graphql", shop.app().addr()).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
    let mut run = Run::of("sockets");
    let mut ends = BTreeMap::<u16, u64>::new();
    while run.goes_on() {
        let mut said: Vec<Message> = (0..run.random.random_range(1..12)).map(|_| message(&mut run.random)).collect();
        if run.random.random_bool(0.9) {
            said.insert(0, Message::text(r#"{"type":"connection_init"}"#));
        }
        let shown = format!("{said:?}");
        let (socket, _) = within("a socket", connect_async(request.clone())).await.unwrap();
        let (mut sink, mut stream) = socket.split();
        let talking = async {
            for message in said {
                if sink.send(message).await.is_err() {
                    break;
                }
            }
            // Whoever has heard this answered has been heard.
            let _ = sink.send(Message::text(r#"{"type":"ping","payload":{"last":true}}"#)).await;
            let _ = sink.close().await;
        };
        let listening = async {
            let (mut heard, mut end) = (Vec::new(), 1000);
            while let Some(message) = stream.next().await {
                match message {
                    Ok(Message::Text(text)) => heard.push(text.to_string()),
                    Ok(Message::Close(Some(frame))) => end = frame.code.into(),
                    Ok(_) => {}
                    Err(_) => break,
                }
            }
            (heard, end)
        };
        let ((), (heard, end)) = within("the end of a conversation", async { tokio::join!(talking, listening) }).await;
        run.try_one(shown.as_bytes(), || {
            assert!(end == 1000 || CODES.contains(&end), "{end} after {shown}");
            for text in &heard {
                let message: Value = serde_json::from_str(text).expect("JSON");
                let kind = message["type"].as_str().expect("a type");
                assert!(["connection_ack", "pong", "next", "error", "complete"].contains(&kind), "{text}");
                assert!(!text.contains("INTERNAL_SERVER_ERROR"), "{text} after {shown}");
            }
        });
        *ends.entry(end).or_default() += 1;
    }
    println!("fuzz sockets: ends by code: {ends:?}");
    run.done();
    shop.stop().await;
}
