//! A way to the broker that can be cut, or made to swallow what the broker says.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

pub(crate) struct Proxy {
    address: SocketAddr,
    swallows: Arc<AtomicBool>,
    life: watch::Sender<u64>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// A way to this port of this machine.
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let swallows = Arc::new(AtomicBool::new(false));
        let (life, lives) = watch::channel(0);
        let swallow = Arc::clone(&swallows);
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(carry(near, port, Arc::clone(&swallow), lives.clone()));
            }
        });
        Self { address, swallows, life, task }
    }

    /// A URL of the broker that goes this way.
    pub(crate) fn url(&self, url: &str, port: u16) -> String {
        url.replace(&format!("127.0.0.1:{port}"), &self.address.to_string())
    }

    /// Whether what the broker says is lost from now on.
    pub(crate) fn swallow_answers(&self, swallows: bool) {
        self.swallows.store(swallows, Ordering::Relaxed);
    }

    /// Breaks all connections.
    pub(crate) fn cut(&self) {
        self.life.send_modify(|life| *life += 1);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        self.cut();
    }
}

async fn carry(near: TcpStream, port: u16, swallows: Arc<AtomicBool>, mut lives: watch::Receiver<u64>) {
    lives.mark_unchanged();
    let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let (mut from_near, mut to_near) = near.into_split();
    let (mut from_far, mut to_far) = far.into_split();
    let there = tokio::io::copy(&mut from_near, &mut to_far);
    let back = async {
        let mut buffer = vec![0; 65_536];
        loop {
            match from_far.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(read) if swallows.load(Ordering::Relaxed) => drop(read),
                Ok(read) => {
                    if to_near.write_all(&buffer[..read]).await.is_err() {
                        return;
                    }
                }
            }
        }
    };
    tokio::select! {
        _ = there => {}
        () = back => {}
        _ = lives.changed() => {}
    }
}
