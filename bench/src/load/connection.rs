//! One connection that is kept alive.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::response::{self, Response};
use crate::error::BenchError;

/// A connection, and what was read from it and not used yet.
pub(super) struct Connection {
    socket: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    pub(super) async fn open(target: SocketAddr) -> Result<Self, BenchError> {
        let open = async {
            let socket = TcpStream::connect(target).await?;
            socket.set_nodelay(true)?;
            Ok(socket)
        };
        let socket = open.await.map_err(BenchError::io(format!("connecting to {target}")))?;
        Ok(Self { socket, read: Vec::with_capacity(4_096) })
    }

    /// Sends a request, and gives the answer to `take`.
    pub(super) async fn ask<T>(
        &mut self,
        request: &[u8],
        take: impl FnOnce(u16, &[u8]) -> Result<T, BenchError>,
    ) -> Result<T, BenchError> {
        self.socket.write_all(request).await.map_err(BenchError::io("sending a request"))?;
        self.read.clear();
        loop {
            let read = self.socket.read_buf(&mut self.read).await.map_err(BenchError::io("reading an answer"))?;
            if read == 0 {
                return Err(BenchError::Wrong("the server closed a connection".to_owned()));
            }
            match response::parse(&self.read) {
                Ok(None) => {}
                Ok(Some(Response { status, body })) => return take(status, body),
                Err(why) => return Err(BenchError::Wrong(why.to_owned())),
            }
        }
    }
}
