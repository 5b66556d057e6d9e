//! Whatever is sent to it, the server stays up: a table of abuse, each with its answer, its time, and the peak of the
//! memory of the real process. All through it, an ordinary client is served, and in the end the memory is where it was.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod documents;
mod guesses;
mod memory;
mod ordinary;
mod sockets;
mod target;
mod wire;

use std::time::{Duration, Instant};

use memory::Memory;
use ordinary::Ordinary;
use support::{
    process::{Replica, Runs},
    site::Site,
};
use target::Target;

/// What the memory may have grown by in the end: allocators keep what they were given for the next time.
const TOLERANCE: u64 = 48 << 20;
/// What a single abuse may take of it. Thousands of connections have their buffers.
const PEAK: u64 = 256 << 20;
/// An ordinary request is answered within this on a machine that does all of this at the same time.
const SERVED_WITHIN: Duration = Duration::from_secs(10);

/// One row of the table.
pub(crate) struct Row {
    what: &'static str,
    /// What the answer has to say.
    expected: &'static str,
    answer: String,
    took: Duration,
    /// What the process computed meanwhile, the ordinary client's requests included.
    computed: Duration,
    peak: u64,
    /// What was in use when it was over.
    held: u64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_table_of_abuse() {
    let mut site = Site::new().await;
    site.with_administrator();
    for (key, value) in [
        // Clients of this machine count like all others, and say from where they come.
        ("rates.exempt", ""),
        ("server.trusted_proxies", "127.0.0.1"),
        // Shorter than in earnest, so that the test does not wait as long.
        ("server.body_timeout", "3s"),
        ("server.header_timeout", "3s"),
        ("server.write_timeout", "3s"),
        ("websocket.init_timeout", "3s"),
        ("websocket.max_sockets_per_address", "5000"),
    ] {
        site.set(key, value);
    }
    let mut process = Replica::new(&site, "abused", Runs::Everything);
    process.start().await;
    let target = Target::new(&process).await;
    let memory = Memory::of(process.pid());

    // What is built up once, such as caches and pools, is no leak.
    rows(&target, &memory, true).await;
    let before = memory.settled().await;
    let ordinary = Ordinary::begin(&target);
    let rows = rows(&target, &memory, false).await;
    let served = ordinary.end().await;
    let after = memory.settled().await;

    println!("{:<44} {:>8} {:>8} {:>9} {:>9}  {}", "abuse", "time", "computed", "peak", "memory", "answer");
    for Row { what, answer, took, computed, peak, held, .. } in &rows {
        let (took, computed, peak, held) = (took.as_millis(), computed.as_millis(), peak >> 20, held >> 20);
        println!("{what:<44} {took:>6}ms {computed:>6}ms {peak:>6}MiB {held:>6}MiB  {answer}");
    }
    println!("ordinary requests meanwhile: {served}");
    println!("memory before {} MiB, after {} MiB (tolerance {} MiB)", before >> 20, after >> 20, TOLERANCE >> 20);

    assert!(process.is_up(), "{}", process.last_words());
    assert!(served.failed == 0 && served.answered > 20 && served.slowest < SERVED_WITHIN, "{served}");
    assert!(after <= before + TOLERANCE, "{after} bytes after {before}");
    for row in &rows {
        assert!(row.answer.contains(row.expected), "{}: {}, and not {}", row.what, row.answer, row.expected);
        assert!(row.peak <= PEAK, "{} took {} bytes", row.what, row.peak);
    }
    process.stop().await;
    site.clear().await;
}

/// All abuse, one after the other; or a little of each.
async fn rows(target: &Target, memory: &Memory, a_little: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    macro_rules! abuse {
        ($what:literal, $expected:literal, $doing:expr) => {{
            memory.forget_peak();
            let (before, computed, began) = (memory.now(), memory.computed(), Instant::now());
            let answer: String = $doing.await;
            let took = began.elapsed();
            let (computed, peak) = (memory.computed() - computed, memory.peak().saturating_sub(before));
            rows.push(Row { what: $what, expected: $expected, answer, took, computed, peak, held: memory.now() });
        }};
    }
    let some = |many: usize| if a_little { many.div_ceil(20) } else { many };
    abuse!("a list of 5,000 operations", "400 BATCH_NOT_SUPPORTED", documents::list(target, 5_000));
    abuse!("a body of 10 MB", "413 PAYLOAD_TOO_LARGE", documents::body(target, 10_000_000));
    abuse!("100,000 aliases", "200 QUERY_TOO_COMPLEX TOO_MANY_TOKENS", documents::aliases(target, 100_000));
    abuse!("2,000 aliases", "200 QUERY_TOO_COMPLEX TOO_MANY_TOKENS", documents::aliases(target, 2_000));
    abuse!("100,000 brackets in brackets", "200 QUERY_TOO_COMPLEX TOO_NESTED", documents::nested(target, 100_000));
    abuse!("25 fields in fields", "200 QUERY_TOO_COMPLEX TOO_DEEP", documents::nested(target, 25));
    abuse!("a fragment that is part of itself", "200 GRAPHQL_VALIDATION_FAILED", documents::cycle(target));
    abuse!("fragments written out to 2^60 fields", "200 QUERY_TOO_COMPLEX TOO_NESTED", documents::bomb(target, 60));
    abuse!(
        "fragments written out to 4,096 fields",
        "200 QUERY_TOO_COMPLEX TOO_MANY_FIELDS",
        documents::bomb(target, 11)
    );
    abuse!("100,000 directives", "200 QUERY_TOO_COMPLEX TOO_MANY_TOKENS", documents::directives(target, 100_000));
    abuse!("900 unknown names of 98 letters", "200 GRAPHQL_VALIDATION_FAILED", documents::unknown(target, 900));
    abuse!(
        "introspection in introspection",
        "200 QUERY_TOO_COMPLEX TOO_MUCH_INTROSPECTION",
        documents::introspection(target)
    );
    abuse!("a variable of 1 MB, used 25 times", "200 BAD_USER_INPUT", documents::variable(target, 1_000_000));
    abuse!("a variable of 100,000 lists", "200 GRAPHQL_VALIDATION_FAILED", documents::lists(target, 100_000));
    abuse!("a variable of 100,000 states", "200", documents::states(target, 100_000));
    abuse!(
        "mutations by GET and text/plain",
        "1 × 405 METHOD_NOT_ALLOWED, 1 × 415 UNSUPPORTED_MEDIA_TYPE",
        documents::unasked(target)
    );
    abuse!("50 bodies of a byte a second", "50 × 408", wire::slow(target, some(50), true));
    abuse!("50 heads of a byte a second", "50 × closed", wire::slow(target, some(50), false));
    abuse!("1,000 connections that say nothing", "1000 × closed", wire::silent(target, some(1_000)));
    abuse!("20 readers of answers that never read", "20 × cut off", wire::deaf(target, some(20)));
    abuse!("2,000 sockets without connection_init", "2000 × 4408", sockets::idle(target, some(2_000)));
    abuse!("50 sockets that never read", "50 × cut off", sockets::deaf(target, some(50)));
    abuse!("a frame of 1 MB", "1009", sockets::frame(target, 1 << 20));
    abuse!("10,000 pings", "most of them answered", sockets::pings(target, some(10_000)));
    abuse!(
        "5,000 subscriptions on a socket",
        "4950 × TOO_MANY_OPERATIONS",
        sockets::subscriptions(target, some(5_000))
    );
    abuse!("450 guesses of a password, 9 aliases each", "× RATE_LIMITED", guesses::aliased(target, some(50)));
    abuse!("1,000 forged tokens", "1000 × 200 UNAUTHENTICATED", guesses::forged(target, some(1_000)));
    rows
}
