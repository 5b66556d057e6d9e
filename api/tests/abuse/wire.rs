//! Connections that are slow, silent or deaf.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    support::wait::within_bound,
    target::{Target, summary},
};

/// Long enough for every bound of the server to have ended it.
const BOUND: Duration = Duration::from_mins(3);

fn head(target: &Target, length: usize) -> String {
    format!(
        "POST /graphql HTTP/1.1\r\nhost: {}\r\nx-forwarded-for: {}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n",
        target.address,
        target.somebody()
    )
}

pub(crate) async fn slow(target: &Target, clients: usize, bodies: bool) -> String {
    let client = async || {
        let mut stream = TcpStream::connect(target.address).await.expect("a connection");
        let text = head(target, 1_000);
        let trickle = if bodies {
            stream.write_all(text.as_bytes()).await.expect("a head");
            "{\"query\":".repeat(100)
        } else {
            text
        };
        let (mut reader, mut writer) = stream.split();
        let talking = async {
            for byte in trickle.bytes() {
                if writer.write_all(&[byte]).await.is_err() {
                    break;
                }
                // A byte a second is the abuse itself.
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            std::future::pending::<()>().await;
        };
        let mut answer = Vec::new();
        tokio::select! {
            () = talking => {}
            _ = within_bound(BOUND, "the end of a slow client", reader.read_to_end(&mut answer)) => {}
        }
        let answer = String::from_utf8_lossy(&answer);
        answer.split_whitespace().nth(1).map_or_else(|| "closed".to_owned(), str::to_owned)
    };
    summary(join_all((0..clients).map(|_| client())).await)
}

pub(crate) async fn silent(target: &Target, clients: usize) -> String {
    let client = async || {
        let mut stream = TcpStream::connect(target.address).await.expect("a connection");
        let _ = within_bound(BOUND, "the end of a silent client", stream.read(&mut [0])).await;
        "closed".to_owned()
    };
    summary(join_all((0..clients).map(|_| client())).await)
}

/// Asks for large answers again and again and takes none of them.
pub(crate) async fn deaf(target: &Target, clients: usize) -> String {
    let query = "{ __schema { types { name description fields { name description type { name kind } } } } }";
    let body = json!({ "query": query }).to_string();
    let opened = async || {
        let mut stream = TcpStream::connect(target.address).await.expect("a connection");
        let request = format!("{}{body}", head(target, body.len()));
        stream.write_all(request.as_bytes()).await.expect("a request");
        (stream, request)
    };
    let client = async |(mut stream, request): (TcpStream, String)| {
        let asking = async {
            while stream.write_all(request.as_bytes()).await.is_ok() {}
            "cut off".to_owned()
        };
        within_bound(BOUND, "the end of a deaf client", asking).await
    };
    // All of them first: one that talks leaves the others no time to begin within the server's bound.
    let all = join_all((0..clients).map(|_| opened())).await;
    summary(join_all(all.into_iter().map(client)).await)
}
