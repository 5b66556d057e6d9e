//! HTTP by hand, for what no client would send, and requests of which every header counts.

use std::time::Duration;

use reqwest::{Method, Response, header::HeaderMap};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{TestShop, within};

/// What was answered to a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    /// The body as it came.
    pub(crate) text: String,
}

impl Answer {
    /// Of what a client got.
    pub(crate) async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.clone()));
        Self { status, headers, body, text }
    }

    /// The code of its first error.
    pub(crate) fn code(&self) -> &str {
        self.body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
    }

    /// A header, as text.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Sends a request to `/graphql`, with these headers and no others of ours.
pub(crate) async fn send(
    shop: &TestShop,
    method: Method,
    query: &str,
    headers: &[(&str, &str)],
    body: String,
) -> Answer {
    let mut request = shop.http().request(method, shop.url(&format!("/graphql{query}"))).body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::of(request.send().await.unwrap()).await
}

/// Sends a body as JSON, with these headers beside.
pub(crate) async fn post(shop: &TestShop, body: &Value, headers: &[(&str, &str)]) -> Answer {
    let mut all = vec![("content-type", "application/json")];
    all.extend(headers);
    send(shop, Method::POST, "", &all, body.to_string()).await
}

/// Asks with a GET; the pairs are written into the address.
pub(crate) async fn get(shop: &TestShop, pairs: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    send(shop, Method::GET, &format!("?{}", pairs.join("&")), headers, String::new()).await
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat()
}

/// A connection on which anything can be written.
pub(crate) struct Wire(TcpStream);

impl Wire {
    /// Connects, and says nothing.
    pub(crate) async fn open(shop: &TestShop) -> Self {
        Self(within("a connection", TcpStream::connect(shop.app().addr())).await.unwrap())
    }

    /// Writes something. Whether the other end still takes it is not asked.
    pub(crate) async fn write(&mut self, text: &str) {
        let _ = self.0.write_all(text.as_bytes()).await;
    }

    /// Reads until the other end closes the connection.
    pub(crate) async fn closed(&mut self) -> String {
        let mut bytes = Vec::new();
        let _ = within("the end of the connection", self.0.read_to_end(&mut bytes)).await;
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Writes a text byte by byte with pauses, until it is written or the other end answers.
    pub(crate) async fn trickle(&mut self, text: &str, pause: Duration) -> String {
        let (mut reader, mut writer) = self.0.split();
        let writing = async {
            for byte in text.bytes() {
                if writer.write_all(&[byte]).await.is_err() {
                    break;
                }
                // The slowness itself is what is tested.
                tokio::time::sleep(pause).await;
            }
            std::future::pending::<()>().await;
        };
        let mut read = Vec::new();
        tokio::select! {
            () = writing => {}
            _ = within("an answer to a slow client", reader.read_to_end(&mut read)) => {}
        }
        String::from_utf8_lossy(&read).into_owned()
    }
}
