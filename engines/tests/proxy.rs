//! The proxy breaks connections in each of its ways, and puts them right again.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::ErrorKind,
    time::{Duration, Instant},
};

use engines::Proxy;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};

/// Far more than loopback needs.
const LONG: Duration = Duration::from_secs(10);
/// Long enough to show that nothing comes.
const SHORT: Duration = Duration::from_millis(150);

/// A server that answers each byte by the same byte, and tells what it has read.
async fn echo() -> (std::net::SocketAddr, mpsc::UnboundedReceiver<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (sender, read) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let sender = sender.clone();
            tokio::spawn(async move {
                while let Ok(byte) = socket.read_u8().await {
                    let _ = sender.send(byte);
                    if socket.write_u8(byte).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (addr, read)
}

struct Line {
    proxy: Proxy,
    client: TcpStream,
    read: mpsc::UnboundedReceiver<u8>,
}

impl Line {
    async fn open() -> Self {
        let (addr, read) = echo().await;
        let proxy = Proxy::start(addr).await.unwrap();
        let client = TcpStream::connect(proxy.addr()).await.unwrap();
        let mut line = Self { proxy, client, read };
        line.works(1).await;
        line
    }

    async fn works(&mut self, byte: u8) {
        self.client.write_u8(byte).await.unwrap();
        assert_eq!(timeout(LONG, self.client.read_u8()).await.unwrap().unwrap(), byte);
        assert_eq!(timeout(LONG, self.read.recv()).await.unwrap().unwrap(), byte);
    }

    async fn reconnect(&mut self) {
        self.client = TcpStream::connect(self.proxy.addr()).await.unwrap();
    }

    async fn is_reset(&mut self) {
        let error = timeout(LONG, self.client.read_u8()).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
}

#[tokio::test]
async fn cut_resets_and_refuses_until_it_is_resumed() {
    let mut line = Line::open().await;
    line.proxy.cut().await;
    line.is_reset().await;
    let refused = TcpStream::connect(line.proxy.addr()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    line.proxy.resume().await;
    line.reconnect().await;
    line.works(2).await;
}

#[tokio::test]
async fn freeze_holds_back_both_directions_and_loses_nothing() {
    let mut line = Line::open().await;
    line.proxy.freeze().await;
    line.client.write_u8(2).await.unwrap();
    let mut late = TcpStream::connect(line.proxy.addr()).await.unwrap();
    late.write_u8(3).await.unwrap();
    assert!(timeout(SHORT, line.read.recv()).await.is_err(), "something passed");
    line.proxy.resume().await;
    assert_eq!(timeout(LONG, line.client.read_u8()).await.unwrap().unwrap(), 2);
    assert_eq!(timeout(LONG, late.read_u8()).await.unwrap().unwrap(), 3);
}

#[tokio::test]
async fn freeze_hides_that_a_side_is_gone() {
    let (addr, _read) = echo().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = Proxy::start(listener.local_addr().unwrap()).await.unwrap();
    let client = TcpStream::connect(proxy.addr()).await.unwrap();
    let (mut server, _) = listener.accept().await.unwrap();
    proxy.freeze().await;
    client.set_zero_linger().unwrap();
    drop(client);
    assert!(timeout(SHORT, server.read_u8()).await.is_err(), "the server was told");
    proxy.resume().await;
    assert!(timeout(LONG, server.read_u8()).await.unwrap().is_err());
    assert_ne!(addr, proxy.addr());
}

#[tokio::test]
async fn drop_responses_lets_requests_through_and_ends_the_connection_when_it_is_resumed() {
    let mut line = Line::open().await;
    line.proxy.drop_responses().await;
    line.client.write_u8(2).await.unwrap();
    assert_eq!(timeout(LONG, line.read.recv()).await.unwrap().unwrap(), 2);
    assert!(timeout(SHORT, line.client.read_u8()).await.is_err(), "it was answered");
    line.proxy.resume().await;
    line.is_reset().await;
    line.reconnect().await;
    line.works(3).await;
}

#[tokio::test]
async fn answer_in_part_passes_so_many_bytes_each_time_and_loses_nothing() {
    let mut line = Line::open().await;
    for first in [2, 12] {
        line.proxy.answer_in_part(2).await;
        for byte in first..first + 4 {
            line.client.write_u8(byte).await.unwrap();
            assert_eq!(timeout(LONG, line.read.recv()).await.unwrap().unwrap(), byte);
        }
        for byte in first..first + 2 {
            assert_eq!(timeout(LONG, line.client.read_u8()).await.unwrap().unwrap(), byte);
        }
        assert!(timeout(SHORT, line.client.read_u8()).await.is_err(), "more was answered");
        line.proxy.resume().await;
        for byte in first + 2..first + 4 {
            assert_eq!(timeout(LONG, line.client.read_u8()).await.unwrap().unwrap(), byte);
        }
    }
}

#[tokio::test]
async fn delay_is_the_same_for_all_bytes_and_ends() {
    const DELAY: Duration = Duration::from_millis(100);
    let mut line = Line::open().await;
    line.proxy.delay(DELAY).await;
    let began = Instant::now();
    for byte in 0..20 {
        line.client.write_u8(byte).await.unwrap();
    }
    for byte in 0..20 {
        assert_eq!(timeout(LONG, line.client.read_u8()).await.unwrap().unwrap(), byte);
    }
    let took = began.elapsed();
    // There and back. Were the bytes delayed one after the other, it would be twenty times as long.
    assert!(took >= 2 * DELAY && took < 10 * DELAY, "{took:?}");
    line.proxy.resume().await;
    let began = Instant::now();
    line.client.write_u8(7).await.unwrap();
    timeout(LONG, line.client.read_u8()).await.unwrap().unwrap();
    assert!(began.elapsed() < DELAY, "{:?}", began.elapsed());
}

#[tokio::test]
async fn reset_all_ends_what_there_is_and_accepts_what_comes() {
    let mut line = Line::open().await;
    line.proxy.reset_all().await;
    line.is_reset().await;
    line.reconnect().await;
    line.works(2).await;
}

#[tokio::test]
async fn what_is_sent_before_the_end_arrives() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = Proxy::start(listener.local_addr().unwrap()).await.unwrap();
    let mut client = TcpStream::connect(proxy.addr()).await.unwrap();
    let (mut server, _) = listener.accept().await.unwrap();
    // Much more than is held back on the way, and each side ends its half when it has sent all.
    let bytes: Vec<u8> = (0..20_000_000_u32).map(|number| number.to_le_bytes()[0]).collect();
    let answers = tokio::spawn(async move {
        let mut read = Vec::new();
        server.read_to_end(&mut read).await.unwrap();
        server.write_all(&read).await.unwrap();
    });
    let (mut back, mut forth) = client.split();
    let requests = async {
        forth.write_all(&bytes).await?;
        forth.shutdown().await
    };
    let mut read = Vec::new();
    tokio::try_join!(requests, back.read_to_end(&mut read)).unwrap();
    answers.await.unwrap();
    assert!(read == bytes, "{} bytes of {}", read.len(), bytes.len());
}

#[tokio::test]
async fn the_url_goes_through_the_proxy() {
    let proxy = Proxy::start("127.0.0.1:5672".parse().unwrap()).await.unwrap();
    let url = proxy.url("amqp://user:password@127.0.0.1:5672/shop");
    assert_eq!(url, format!("amqp://user:password@{}/shop", proxy.addr()));
}
