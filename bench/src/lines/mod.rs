//! What is measured: each module makes lines of the table. Runs take turns (spike, baselines, spike, baselines …), so that
//! whatever else the machine does meets both.

pub(crate) mod grabs;
pub(crate) mod orders;
pub(crate) mod sold_out;

use std::{ffi::OsString, fmt, time::Duration};

use crate::{
    baseline::{Kind, RABBITMQ, REDIS},
    error::BenchError,
    load::Outcome,
    process::{Launch, Program},
    shop::Shop,
};

/// Starts a server of a baseline, whose answers have as many bytes as those of spike.
async fn baseline(shop: &Shop, kind: Kind, bytes: usize) -> Result<Program, BenchError> {
    let this = std::env::current_exe().map_err(BenchError::io("looking for this program"))?;
    let (name, word, environment) = match kind {
        Kind::Answer => ("answer", "answer", Vec::new()),
        Kind::Hold => {
            ("hold", "hold", vec![(REDIS, shop.engines.redis.url()), (RABBITMQ, shop.engines.rabbitmq.url())])
        }
    };
    let arguments: Vec<OsString> = ["baseline", word, "--bytes", &bytes.to_string()].map(Into::into).into();
    Program::start(Launch { name, program: &this, arguments, environment, directory: shop.home() }).await
}

/// What a run of spike came to.
struct Taken {
    rate: f64,
    median: Duration,
    p99: Duration,
}

impl Taken {
    const fn of<S>(outcome: &Outcome<S>) -> Self {
        Self { rate: outcome.rate, median: outcome.median, p99: outcome.p99 }
    }
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (median, p99) = (self.median.as_secs_f64() * 1_000.0, self.p99.as_secs_f64() * 1_000.0);
        write!(f, "{:.0}/s, half within {median:.1} ms, 99 of 100 within {p99:.1} ms", self.rate)
    }
}
