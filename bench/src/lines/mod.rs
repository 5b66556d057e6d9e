//! What is measured: each module makes lines of the table. Runs take turns (spike, baselines, spike, baselines …), so that
//! whatever else the machine does meets both.

pub(crate) mod grabs;
pub(crate) mod orders;
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

/// Whether the baseline runs first in a pair. By turns: what the first of two finds is not what the second finds.
const fn baseline_first(pair: usize) -> bool {
    pair % 2 == 1
}

/// Says how a run went, while others are still to come.
fn tell<S>(what: &str, connections: usize, run: &Outcome<S>) {
    let (median, p99) = (run.median.as_secs_f64() * 1_000.0, run.p99.as_secs_f64() * 1_000.0);
    eprintln!(
        "  {connections:>4} connections, {what}: {:.0}/s, half within {median:.1} ms, 99 of 100 within {p99:.1} ms; {}",
        run.rate, run.cpu
    );
}
