//! What is measured: each module makes lines of the table. Runs take turns (spike, baselines, spike, baselines …), so that
//! whatever else the machine does meets both.

pub(crate) mod grabs;
pub(crate) mod orders;
pub(crate) mod rival;
mod run;
pub(crate) mod sold_out;

use std::ffi::OsString;

use crate::{
    baseline::{Kind, RABBITMQ, REDIS},
    error::BenchError,
    load::Outcome,
    process::{Launch, Program},
    shop::Shop,
};

/// Starts a server of a baseline, whose answers have as many bytes as those of spike.
async fn start_baseline(shop: &Shop, kind: Kind, bytes: usize) -> Result<Program, BenchError> {
    let this = std::env::current_exe().map_err(BenchError::io("looking for this program"))?;
    let (name, word, environment) = match kind {
        Kind::Answer => ("answer", "answer", Vec::new()),
        Kind::Hold => {
            let engines = [(REDIS, shop.engines.redis.url()), (RABBITMQ, shop.engines.rabbitmq.url())];
            ("hold", "hold", engines.map(|(name, url)| (name.to_owned(), url)).into())
        }
    };
    let arguments: Vec<OsString> = ["baseline", word, "--bytes", &bytes.to_string()].map(Into::into).into();
    Program::start(Launch { name, program: &this, arguments, environment, directory: shop.home() }).await
}

/// Runs spike and the baselines of a pair. By turns who is first: what the first of two finds is not what the second finds.
async fn by_turns<S, O, T>(
    pair: usize,
    shared: &mut S,
    ours: impl AsyncFnOnce(&mut S) -> Result<O, BenchError>,
    theirs: impl AsyncFnOnce(&mut S) -> Result<T, BenchError>,
) -> Result<(O, T), BenchError> {
    if pair.is_multiple_of(2) {
        return Ok((ours(shared).await?, theirs(shared).await?));
    }
    let theirs = theirs(shared).await?;
    Ok((ours(shared).await?, theirs))
}

/// Says how a run went, while others are still to come.
fn tell<S>(what: &str, connections: usize, run: &Outcome<S>) {
    let (median, p99) = (run.median.as_secs_f64() * 1_000.0, run.p99.as_secs_f64() * 1_000.0);
    eprintln!(
        "  {connections:>4} connections, {what}: {:.0}/s, half within {median:.1} ms, 99 of 100 within {p99:.1} ms; {}",
        run.rate, run.cpu
    );
}
