//! `graphql-transport-ws` message by message: a table of cases, each with the close code or the message that the protocol
//! asks for (github.com/enisdenjo/graphql-ws, PROTOCOL.md).

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame as RawFrame,
        coding::{Data, OpCode},
    },
};

use crate::{
    sockets::open,
    support::{Frame, TestShop},
};

/// One thing that happens on a socket.
enum Step {
    /// Another socket, for which the client offered no protocol.
    OfferNothing,
    Say(Value),
    SayText(&'static str),
    SayRaw(Message),
    Hear(Value),
    /// A message of this type for this id whose first error has this code.
    HearError(&'static str, &'static str),
    Closed(u16, &'static str),
}

use Step::{Closed, Hear, HearError, OfferNothing, Say, SayRaw, SayText};

const TYPENAME: &str = "{ __typename }";

fn init() -> Step {
    Say(json!({ "type": "connection_init" }))
}

fn ack() -> Step {
    Hear(json!({ "type": "connection_ack" }))
}

/// These steps on a socket that is initialised.
fn ready(steps: impl IntoIterator<Item = Step>) -> Vec<Step> {
    [init(), ack()].into_iter().chain(steps).collect()
}

fn subscribe(id: &str, query: &str) -> Step {
    Say(json!({ "type": "subscribe", "id": id, "payload": { "query": query } }))
}

fn next(id: &str, data: &Value) -> Step {
    Hear(json!({ "type": "next", "id": id, "payload": { "data": data } }))
}

fn complete(id: &str) -> Step {
    Hear(json!({ "type": "complete", "id": id }))
}

/// A query under this id, and all of its answer.
fn queried(id: &str) -> [Step; 3] {
    [subscribe(id, TYPENAME), next(id, &json!({ "__typename": "Query" })), complete(id)]
}

/// A subscription under this id that has said something and goes on.
fn watching(id: &str, campaign: &str) -> [Step; 2] {
    let query = format!("subscription {{ campaignUpdated(id: \"{campaign}\") {{ id }} }}");
    [subscribe(id, &query), next(id, &json!({ "campaignUpdated": { "id": campaign } }))]
}

/// An operation for which nothing is executed, with the code that says why.
fn refused(query: &str, code: &'static str) -> Vec<Step> {
    ready([subscribe("1", query), HearError("1", code)])
}

/// What is no message, or not one that may come now.
fn faults(campaign: &str) -> Vec<(&'static str, Vec<Step>)> {
    let invalid = || Closed(4400, "Invalid message");
    let raw = |bytes: Vec<u8>| SayRaw(Message::Frame(RawFrame::message(bytes, OpCode::Data(Data::Text), true)));
    let with_payload = |payload: Value| Say(json!({ "type": "subscribe", "id": "1", "payload": payload }));
    vec![
        ("no protocol that the server speaks", vec![OfferNothing, Closed(4406, "Subprotocol not acceptable")]),
        ("no JSON", vec![SayText("nonsense"), invalid()]),
        ("a list", vec![SayText("[\"ping\"]"), invalid()]),
        ("binary", vec![SayRaw(Message::binary(&b"{\"type\":\"ping\"}"[..])), invalid()]),
        ("no UTF-8", vec![raw(vec![0xff, 0xfe]), Closed(1007, "UTF-8")]),
        ("too large", vec![raw(vec![b'x'; 5_000]), Closed(1009, "too large")]),
        ("an unknown type", vec![SayText("{\"type\":\"start\"}"), invalid()]),
        ("a message of the server", ready([Say(json!({ "type": "connection_ack" })), invalid()])),
        ("a payload that is no object", vec![Say(json!({ "type": "connection_init", "payload": 7 })), invalid()]),
        (
            "subscribe without an id",
            ready([Say(json!({ "type": "subscribe", "payload": { "query": TYPENAME } })), invalid()]),
        ),
        ("subscribe with an empty id", ready([subscribe("", TYPENAME), invalid()])),
        ("subscribe without a query", ready([with_payload(json!({})), invalid()])),
        ("subscribe before connection_init", vec![subscribe("1", TYPENAME), Closed(4401, "Unauthorized")]),
        ("connection_init twice", ready([init(), Closed(4429, "Too many initialisation requests")])),
        (
            "connection_init with a forged token",
            vec![
                Say(json!({ "type": "connection_init", "payload": { "authorization": "Bearer forged" } })),
                Closed(4403, "not valid"),
            ],
        ),
        (
            "a running id again",
            ready(
                watching("a", campaign)
                    .into_iter()
                    .chain([subscribe("a", TYPENAME), Closed(4409, "Subscriber for a already exists")]),
            ),
        ),
    ]
}

/// What may come, and what it is answered with.
fn conversations(campaign: &str) -> Vec<(&'static str, Vec<Step>)> {
    let (ping, answered) = (|| Say(json!({ "type": "ping" })), || Hear(json!({ "type": "pong" })));
    let done = |id: &str| Say(json!({ "type": "complete", "id": id }));
    let two = || watching("a", campaign).into_iter().chain(watching("b", campaign));
    vec![
        ("ping before connection_init", vec![ping(), answered(), init(), ack()]),
        (
            "ping with a payload, pong",
            ready([
                Say(json!({ "type": "pong", "payload": {} })),
                Say(json!({ "type": "ping", "payload": { "x": 1 } })),
                answered(),
            ]),
        ),
        ("a query", ready(queried("1"))),
        (
            "a mutation",
            ready([
                subscribe("1", "mutation { __typename }"),
                next("1", &json!({ "__typename": "Mutation" })),
                complete("1"),
            ]),
        ),
        ("a subscription", ready(watching("1", campaign))),
        ("an id again after its end", ready(queried("1").into_iter().chain(queried("1")))),
        ("complete of nothing", ready([done("x")].into_iter().chain(queried("1")))),
        (
            "an id again after complete",
            ready(watching("1", campaign).into_iter().chain([done("1")]).chain(queried("1"))),
        ),
        ("two at once", ready(two())),
        (
            "one too many",
            ready(two().chain(["c", "d"].into_iter().flat_map(|id| {
                let error = HearError(id, "TOO_MANY_OPERATIONS");
                [subscribe(id, TYPENAME), error]
            }))),
        ),
    ]
}

/// Operations of which nothing is executed: `error`, and the socket stays open.
fn refusals() -> Vec<(&'static str, Vec<Step>)> {
    let deep = format!("{}{}", "{a".repeat(40), "}".repeat(40));
    let unnamed = json!({ "query": "query A { me { id } }", "operationName": "B" });
    vec![
        ("a syntax error", refused("{", "GRAPHQL_PARSE_FAILED").into_iter().chain(queried("1")).collect()),
        ("an unknown field", refused("{ nothing }", "GRAPHQL_VALIDATION_FAILED")),
        ("an unknown field of a subscription", refused("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED")),
        (
            "two fields of a subscription",
            refused("subscription { a: orderStatus { id } b: orderStatus { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ),
        (
            "no such operation",
            ready([
                Say(json!({ "type": "subscribe", "id": "1", "payload": unnamed })),
                HearError("1", "OPERATION_RESOLUTION_FAILURE"),
            ]),
        ),
        ("a missing variable", refused("query($id: ID!) { order(id: $id) { id } }", "BAD_USER_INPUT")),
        ("too deep", refused(&deep, "QUERY_TOO_COMPLEX")),
    ]
}

/// Plays a case, and tells what was heard last.
async fn play(shop: &TestShop, name: &str, steps: Vec<Step>) -> String {
    let mut socket = shop.socket().await;
    let mut last = String::new();
    for (place, step) in steps.into_iter().enumerate() {
        match step {
            OfferNothing => socket = open(shop, &[]).await.ok().unwrap(),
            Say(message) => socket.send(&message).await,
            SayText(text) => socket.send_text(text).await,
            SayRaw(message) => socket.send_frame(message).await,
            Hear(message) => {
                assert_eq!(socket.next().await, Frame::Json(message.clone()), "{name}, step {place}");
                message["type"].as_str().unwrap().clone_into(&mut last);
            }
            HearError(id, code) => {
                let Frame::Json(message) = socket.next().await else { panic!("{name}, step {place}: closed") };
                let heard = (&message["type"], &message["id"], &message["payload"][0]["extensions"]["code"]);
                assert_eq!(heard, (&json!("error"), &json!(id), &json!(code)), "{name}, step {place}: {message}");
                last = format!("error {code}");
            }
            Closed(code, why) => match socket.next().await {
                Frame::Closed(got, reason) if got == code && reason.contains(why) => last = format!("{code} {reason}"),
                other => panic!("{name}, step {place}: {other:?} and not {code} {why}"),
            },
        }
    }
    last
}

#[tokio::test]
async fn the_table_of_the_protocol() {
    let shop =
        TestShop::builder().with("websocket.max_operations", "2").with("websocket.message_limit", "4096").start().await;
    let campaign = shop.live_campaign(5, 1).await;
    let cases = [faults(&campaign), conversations(&campaign), refusals()].into_iter().flatten().collect::<Vec<_>>();
    println!("{} cases of graphql-transport-ws:", cases.len());
    for (name, steps) in cases {
        println!("  {name:<40} {}", play(&shop, name, steps).await);
    }
    shop.stop().await;
}
