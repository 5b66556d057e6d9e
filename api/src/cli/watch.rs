//! `spike watch`: shows changes of orders as they are pushed, one JSON object a line.
//!
//! A small client of the graph's subscription over `graphql-transport-ws`, for terminals and scripts. It knows
//! the graph by its public names alone and links nothing of the server.
#![expect(clippy::print_stdout, reason = "the command line talks to its user")]

use std::io::Write;

use clap::Args;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{self, Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::error::StartError;

const SUBSCRIPTION: &str = "subscription($order: ID) {
    orderStatus(orderId: $order) { id version status quantity payBefore paidAt closedAt } }";

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The graph, such as <http://127.0.0.1:8080/graphql>
    #[arg(long, default_value = "http://127.0.0.1:8080/graphql", value_name = "URL")]
    url: String,
    /// An access token, as `login` and `register` give it
    #[arg(long, env = "SPIKE_TOKEN", hide_env_values = true)]
    token: String,
    /// Watch this order alone, until it can change no more
    #[arg(long, value_name = "ID")]
    order: Option<String>,
}

/// Watches until the subscription ends or the reader goes away.
pub(super) async fn run(options: &Options) -> Result<(), StartError> {
    let mut request = socket_address(&options.url)?.into_client_request().map_err(|error| failed(&error))?;
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
    let (mut socket, _) = connect_async(request).await.map_err(|error| failed(&error))?;

    let bearer = format!("Bearer {}", options.token);
    let init = json!({ "type": "connection_init", "payload": { "authorization": bearer } });
    let payload = json!({ "query": SUBSCRIPTION, "variables": { "order": options.order } });
    let subscribe = json!({ "type": "subscribe", "id": "1", "payload": payload });
    for message in [init, subscribe] {
        socket.send(Message::text(message.to_string())).await.map_err(|error| failed(&error))?;
    }
    while let Some(message) = socket.next().await {
        let text = match message.map_err(|error| failed(&error))? {
            Message::Text(text) => text,
            Message::Close(Some(frame)) => return Err(StartError::Refused(format!("closed by the server: {frame}"))),
            _ => continue,
        };
        let message: Value = serde_json::from_str(&text).unwrap_or_default();
        match message["type"].as_str() {
            Some("next") => show(&message["payload"])?,
            Some("ping") => {
                let pong = json!({ "type": "pong" });
                socket.send(Message::text(pong.to_string())).await.map_err(|error| failed(&error))?;
            }
            Some("complete") => return Ok(()),
            Some("error") => return Err(StartError::Refused(message["payload"].to_string())),
            _ => {}
        }
    }
    Ok(())
}

/// Prints one state. An error of the graph ends the command.
fn show(payload: &Value) -> Result<(), StartError> {
    if let Some(error) = payload["errors"].get(0) {
        return Err(StartError::Refused(error["message"].as_str().unwrap_or("refused").to_owned()));
    }
    println!("{}", payload["data"]["orderStatus"]);
    // A line is for whoever waits for it now, and not once a buffer is full.
    std::io::stdout().flush().map_err(StartError::Terminal)
}

fn socket_address(url: &str) -> Result<String, StartError> {
    match url.split_once("://") {
        Some(("http" | "ws", rest)) => Ok(format!("ws://{rest}")),
        _ => Err(StartError::Usage(format!("--url {url}: expected http://… or ws://…"))),
    }
}

fn failed(error: &tungstenite::Error) -> StartError {
    StartError::Refused(format!("the connection failed: {error}; is the server running there?"))
}
