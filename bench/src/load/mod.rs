//! The load generator: connections that are kept alive, each with one request at a time (a closed loop).
//!
//! It is the same for everything that is measured, and shares two cores with it, so it does little: one thread, request
//! bytes that are nearly ready, and of an answer no more is read than where it ends.

mod connection;
mod response;

use std::{
    cell::{Cell, RefCell},
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::{
    runtime,
    sync::{Barrier, oneshot},
    task::LocalSet,
};

use self::connection::Connection;
use crate::{
    cpu::{Cpu, Shares},
    error::BenchError,
    quiet,
};

/// What is asked, and what is made of the answers.
pub(crate) trait Script: Send + 'static {
    /// Writes the bytes of the next request into an empty buffer. False if there is none left.
    fn next(&mut self, request: &mut Vec<u8>) -> bool;
    /// Takes an answer. An error ends the run.
    fn take(&mut self, status: u16, body: &[u8]) -> Result<(), BenchError>;
}

/// How a server is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// The server.
    pub(crate) target: SocketAddr,
    /// Requests at the same time.
    pub(crate) connections: usize,
    /// How long requests are sent. What is under way then is still waited for, and counted.
    pub(crate) lasts: Duration,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome<S> {
    /// The script, with what it took.
    pub(crate) script: S,
    /// Answers in a second.
    pub(crate) rate: f64,
    /// What all programs spent on each answer.
    pub(crate) cpu: Shares,
    /// What half of the answers took at most.
    pub(crate) median: Duration,
    /// What 99 of 100 answers took at most.
    pub(crate) p99: Duration,
}

impl Load {
    /// Runs it to be measured: once the machine has nothing else to do, or after so long.
    pub(crate) async fn measure<S: Script>(self, patience: Duration, script: S) -> Result<Outcome<S>, BenchError> {
        quiet::wait(patience).await;
        self.run(script).await
    }

    /// Runs it, on a thread of its own.
    pub(crate) async fn run<S: Script>(self, script: S) -> Result<Outcome<S>, BenchError> {
        let (told, outcome) = oneshot::channel();
        let thread = std::thread::Builder::new().name("load".to_owned()).spawn(move || {
            // Nobody listens any more if the program is about to end.
            let _ = told.send(self.run_here(script));
        });
        thread.map_err(BenchError::io("starting the load generator"))?;
        outcome.await.map_err(|_| BenchError::TooLate("the load generator".to_owned()))?
    }

    fn run_here<S: Script>(self, script: S) -> Result<Outcome<S>, BenchError> {
        let runtime =
            runtime::Builder::new_current_thread().enable_io().build().map_err(BenchError::io("the load's runtime"))?;
        LocalSet::new().block_on(&runtime, self.ask(script))
    }

    async fn ask<S: Script>(self, script: S) -> Result<Outcome<S>, BenchError> {
        let before = Cpu::now();
        let shared = Rc::new(Shared {
            script: RefCell::new(script),
            millionths: RefCell::new(Vec::new()),
            failed: RefCell::new(None),
            over: Cell::new(false),
            // All connections stand before the first request goes out.
            start: Barrier::new(self.connections),
        });
        let asking: Vec<_> = (0..self.connections)
            .map(|_| {
                let shared = Rc::clone(&shared);
                tokio::task::spawn_local(async move {
                    let began = shared.ask(self).await;
                    began.unwrap_or_else(|error| {
                        shared.over.set(true);
                        shared.failed.borrow_mut().get_or_insert(error);
                        None
                    })
                })
            })
            .collect();
        let mut began: Option<Instant> = None;
        for connection in asking {
            let start = connection.await.map_err(|_| BenchError::TooLate("a connection of the load".to_owned()))?;
            began = began.into_iter().chain(start).min();
        }
        let elapsed = began.map(|began| began.elapsed()).unwrap_or_default();
        let Some(shared) = Rc::into_inner(shared) else {
            return Err(BenchError::TooLate("the end of the load".to_owned()));
        };
        if let Some(error) = shared.failed.into_inner() {
            return Err(error);
        }
        let mut took = shared.millionths.into_inner();
        let cpu = Cpu::now().since(&before, took.len());
        took.sort_unstable();
        let at = |share: usize| {
            Duration::from_micros(
                took.get(took.len() * share / 100).or(took.last()).copied().unwrap_or_default().into(),
            )
        };
        #[expect(clippy::cast_precision_loss, reason = "answers of some seconds")]
        let rate = took.len() as f64 / elapsed.as_secs_f64().max(f64::EPSILON);
        Ok(Outcome { rate, cpu, median: at(50), p99: at(99), script: shared.script.into_inner() })
    }
}

/// What the connections of a load share, on one thread.
struct Shared<S> {
    script: RefCell<S>,
    /// What each answer took, in millionths of a second.
    millionths: RefCell<Vec<u32>>,
    failed: RefCell<Option<BenchError>>,
    over: Cell<bool>,
    start: Barrier,
}

impl<S: Script> Shared<S> {
    /// Asks on one connection until the time is over. Returns when it began.
    async fn ask(&self, load: Load) -> Result<Option<Instant>, BenchError> {
        let connection = Connection::open(load.target).await;
        self.start.wait().await;
        let mut connection = connection?;
        let began = Instant::now();
        let mut request = Vec::with_capacity(2_048);
        let mut sent = began;
        while !self.over.get() && sent.duration_since(began) < load.lasts {
            request.clear();
            if !self.script.borrow_mut().next(&mut request) {
                break;
            }
            connection.ask(&request, |status, body| self.script.borrow_mut().take(status, body)).await?;
            let answered = Instant::now();
            let took = answered.duration_since(sent).as_micros();
            self.millionths.borrow_mut().push(u32::try_from(took).unwrap_or(u32::MAX));
            sent = answered;
        }
        Ok(Some(began))
    }
}
