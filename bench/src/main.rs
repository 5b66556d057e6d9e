//! `bench`: how fast spike is, measured against the least that a server could do.
//!
//! It starts the engines ([`shop`]), spike as its users run it (a process that serves the graph, a process that writes
//! orders), and the baselines ([`baseline`]), all on loopback, and asks them in turns by the same load generator
//! ([`load`]). It prints ratios and not records: all shares one machine, so what counts is how two compare within one
//! run. After each run the answers and the invariants are checked; a run with a wrong one has no figure.
//!
//! What this crate may not touch: the inside of spike. It knows the graph, the adapters that make accounts and tokens,
//! and the rows of orders.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people: figures, and how far it is")]

mod baseline;
mod cpu;
mod error;
mod figures;
mod grab;
mod lines;
mod load;
mod options;
mod process;
mod quiet;
mod shop;

use std::{process::ExitCode, time::Instant};

use clap::Parser;
use mimalloc::MiMalloc;
use tokio::signal::unix::{SignalKind, signal};

use self::{
    error::BenchError,
    figures::{Head, Line},
    options::{Cli, Command, Plan, Subject},
    shop::Shop,
};

/// As spike has it: the baselines are to lose nothing by the C library's.
#[global_allocator]
static MEMORY: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let mut cli = Cli::parse();
    let done = match cli.command.take() {
        Some(Command::Baseline(options)) => baseline::serve(options).await.map(|()| true),
        // Asked to stop, it ends in order: what was started ends with the values that started it.
        None => tokio::select! {
            done = measure(cli) => done,
            asked = asked_to_stop() => Err(asked),
        },
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns when somebody wants this program to end.
async fn asked_to_stop() -> BenchError {
    let signals = signal(SignalKind::terminate()).and_then(|term| Ok((term, signal(SignalKind::interrupt())?)));
    match signals {
        Ok((mut term, mut interrupt)) => {
            tokio::select! {
                _ = term.recv() => {}
                _ = interrupt.recv() => {}
            }
            BenchError::Usage("asked to stop".to_owned())
        }
        Err(error) => BenchError::io("listening to signals")(error),
    }
}

/// Measures what is asked for. Returns whether everything has a figure.
async fn measure(cli: Cli) -> Result<bool, BenchError> {
    let plan = Plan::of(cli)?;
    let began = Instant::now();
    eprintln!("starting engines and servers, making {} accounts", plan.users);
    let mut shop = Shop::open(&plan).await?;
    eprintln!("ready after {:.0?}", began.elapsed());
    let mut lines = Vec::new();
    match shop.rival_addr() {
        Some(rival) => lines.extend(lines::rival::measure(&mut shop, &plan, rival).await),
        None => lines.extend(lines::grabs::measure(&mut shop, &plan).await),
    }
    if plan.has(Subject::SoldOut) {
        lines.extend(lines::sold_out::measure(&shop, &plan).await);
    }
    if plan.has(Subject::Orders) {
        lines.push(lines::orders::measure(&mut shop, &plan).await);
    }
    shop.close().await?;
    print(&lines);
    eprintln!("took {:.0?}", began.elapsed());
    Ok(lines.iter().all(|line| line.result.is_ok()))
}

fn print(lines: &[Line]) {
    println!("{Head}");
    for line in lines {
        println!("{line}");
    }
}
