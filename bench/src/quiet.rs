//! Waiting until the machine has nothing else to do. What a run leaves behind (pages that the database still writes, memory
//! that is given back) would otherwise be paid by whoever comes next, and spike leaves more behind than a baseline.

use std::{
    fs,
    time::{Duration, Instant},
};

/// How long it is watched before it counts as quiet.
const WINDOW: Duration = Duration::from_millis(500);
/// The most of all processors' time that others may use then.
const BUSY: f64 = 0.06;

/// Time of all processors since the start of the machine, in ticks.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Ticks {
    all: u64,
    idle: u64,
}

/// Returns when the machine is quiet. One that others keep busy for so long is measured all the same, and that is said.
pub(crate) async fn wait(patience: Duration) {
    if patience.is_zero() {
        return;
    }
    let began = Instant::now();
    let mut before = now();
    loop {
        tokio::time::sleep(WINDOW).await;
        let after = now();
        let (Some(from), Some(to)) = (before, after) else { return };
        let busy = busy(from, to);
        if busy <= BUSY {
            return;
        }
        if began.elapsed() >= patience {
            eprintln!("  the machine does other things as well: {:.0} % of its processors", busy * 100.0);
            return;
        }
        before = after;
    }
}

fn now() -> Option<Ticks> {
    read(&fs::read_to_string("/proc/stat").ok()?)
}

/// Reads the first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal; what follows is in these.
fn read(stat: &str) -> Option<Ticks> {
    let ticks: Option<Vec<u64>> =
        stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace().take(8).map(|ticks| ticks.parse().ok()).collect();
    let ticks = ticks.filter(|ticks| ticks.len() == 8)?;
    Some(Ticks { all: ticks.iter().sum(), idle: ticks[3] + ticks[4] })
}

#[expect(clippy::cast_precision_loss, reason = "ticks of some seconds")]
fn busy(from: Ticks, to: Ticks) -> f64 {
    let all = to.all.saturating_sub(from.all);
    let idle = to.idle.saturating_sub(from.idle);
    all.saturating_sub(idle) as f64 / all.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_idle_is_busy() {
        let from = read("cpu  100 0 50 800 40 3 4 3 7 0\ncpu0 1 2 3\n").unwrap();
        assert_eq!(from, Ticks { all: 1_000, idle: 840 });
        let to = Ticks { all: 1_200, idle: 990 };
        assert!((busy(from, to) - 0.25).abs() < 1e-9);
        assert!(busy(to, to).abs() < 1e-9);
        assert_eq!(read("cpu  1 2 3"), None);
        assert_eq!(read(""), None);
        assert!(now().is_some_and(|ticks| ticks.all >= ticks.idle));
    }
}
