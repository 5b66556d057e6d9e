//! One direction of one connection of the proxy.

use std::{
    io::{self, ErrorKind},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::tcp::{ReadHalf, WriteHalf},
    sync::{mpsc, watch},
    time::Instant,
};

/// What is passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Flow {
    #[default]
    Everything,
    /// What clients send. Answers are thrown away.
    Requests,
    /// What clients send, and so many bytes of answers on each connection.
    PartOfAnswer(usize),
    Nothing,
}

/// What all connections of a proxy do.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct State {
    pub(super) flow: Flow,
    pub(super) delay: Duration,
    /// How many times all was put right.
    pub(super) resumed: u64,
    /// How many times all connections were reset.
    pub(super) life: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Request,
    Response,
}

/// Bytes on their way, or how the stream failed, and when that may arrive.
struct Chunk {
    due: Instant,
    bytes: io::Result<Vec<u8>>,
}

/// As much as one direction holds back: what is sent beyond that waits in the sender's own buffers.
const CHUNKS: usize = 64;
const CHUNK: usize = 16 * 1024;

/// Passes bytes on until the sender closes. Reading goes ahead of writing, so that a delay is the same for all bytes.
pub(super) async fn pump(
    from: ReadHalf<'_>,
    to: WriteHalf<'_>,
    direction: Direction,
    state: watch::Receiver<State>,
) -> io::Result<()> {
    let (sender, receiver) = mpsc::channel(CHUNKS);
    let writer =
        Writer { to, from: receiver, direction, state: state.clone(), gap_since: None, part_since: 0, passed: 0 };
    tokio::try_join!(read(from, sender, state), writer.run()).map(drop)
}

/// The end of the stream and its failure are passed on as its bytes are, because a partition hides them as well.
async fn read(mut from: ReadHalf<'_>, to: mpsc::Sender<Chunk>, state: watch::Receiver<State>) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK];
    loop {
        let read = from.read(&mut buffer).await;
        let ends = !matches!(read, Ok(1..));
        let chunk =
            Chunk { due: Instant::now() + state.borrow().delay, bytes: read.map(|read| buffer[..read].to_vec()) };
        to.send(chunk).await.map_err(|_| ErrorKind::BrokenPipe)?;
        if ends {
            return Ok(());
        }
    }
}

struct Writer<'a> {
    to: WriteHalf<'a>,
    from: mpsc::Receiver<Chunk>,
    direction: Direction,
    state: watch::Receiver<State>,
    /// Since when bytes are missing, in terms of [`State::resumed`].
    gap_since: Option<u64>,
    /// How many bytes of a [part of an answer](Flow::PartOfAnswer) are passed on, and since when, in the same terms.
    passed: usize,
    part_since: u64,
}

impl Writer<'_> {
    async fn run(mut self) -> io::Result<()> {
        while let Some(chunk) = self.next().await? {
            tokio::time::sleep_until(chunk.due).await;
            match chunk.bytes {
                Ok(bytes) if bytes.is_empty() => {
                    self.until_open().await?;
                    return self.to.shutdown().await;
                }
                Ok(bytes) => self.write(&bytes).await?,
                Err(error) => {
                    self.until_open().await?;
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// The next bytes; an error as soon as a stream with a gap would go on.
    async fn next(&mut self) -> io::Result<Option<Chunk>> {
        loop {
            tokio::select! {
                chunk = self.from.recv() => return Ok(chunk),
                state = changed(&mut self.state) => self.refuse_gap(state?)?,
            }
        }
    }

    /// Writes or throws away, as the proxy is told at each moment.
    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut written = 0;
        while written < bytes.len() {
            let state = *self.state.borrow_and_update();
            let room = self.room(state);
            match state.flow {
                Flow::Requests if self.direction == Direction::Response => {
                    self.gap_since.get_or_insert(state.resumed);
                    return Ok(());
                }
                _ if room == 0 => drop(changed(&mut self.state).await?),
                _ => {
                    self.refuse_gap(state)?;
                    tokio::select! {
                        state = changed(&mut self.state) => drop(state?),
                        writable = self.to.writable() => {
                            writable?;
                            let end = bytes.len().min(written.saturating_add(room));
                            match self.to.try_write(&bytes[written..end]) {
                                Ok(more) => {
                                    written += more;
                                    if matches!(state.flow, Flow::PartOfAnswer(_)) {
                                        self.passed += more;
                                    }
                                }
                                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                                Err(error) => return Err(error),
                            }
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Waits until this direction is passed on.
    async fn until_open(&mut self) -> io::Result<()> {
        loop {
            let state = *self.state.borrow_and_update();
            if self.room(state) > 0 {
                return self.refuse_gap(state);
            }
            changed(&mut self.state).await?;
        }
    }

    /// How many bytes may pass.
    fn room(&mut self, state: State) -> usize {
        if self.part_since != state.resumed {
            (self.part_since, self.passed) = (state.resumed, 0);
        }
        match (state.flow, self.direction) {
            (Flow::Nothing, _) | (Flow::Requests, Direction::Response) => 0,
            (Flow::PartOfAnswer(bytes), Direction::Response) => bytes.saturating_sub(self.passed),
            _ => usize::MAX,
        }
    }

    fn refuse_gap(&self, now: State) -> io::Result<()> {
        match self.gap_since {
            Some(then) if then != now.resumed => Err(ErrorKind::ConnectionReset.into()),
            _ => Ok(()),
        }
    }
}

async fn changed(state: &mut watch::Receiver<State>) -> io::Result<State> {
    state.changed().await.map_err(|_| ErrorKind::BrokenPipe)?;
    Ok(*state.borrow_and_update())
}
