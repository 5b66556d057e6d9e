//! The memory of a process, as the kernel counts it (proc(5)).

use std::time::Duration;

use crate::support::wait::wait_for;

/// The memory of one process.
pub(crate) struct Memory(u32);

impl Memory {
    /// Of this one.
    pub(crate) const fn of(pid: u32) -> Self {
        Self(pid)
    }

    /// What is in use, in bytes.
    pub(crate) fn now(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// The most that was in use since [`Self::forget_peak`].
    pub(crate) fn peak(&self) -> u64 {
        self.status("VmHWM:")
    }

    /// From now on a new peak is measured.
    pub(crate) fn forget_peak(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.0), "5").expect("the peak is forgotten");
    }

    /// How long it has computed since its start, in user and system mode, to some ten milliseconds.
    pub(crate) fn computed(&self) -> Duration {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.0)).expect("the process runs");
        // The fields after the name in brackets; times are in hundredths of a second on Linux (USER_HZ).
        let fields: Vec<&str> = text.rsplit(')').next().expect("fields").split_whitespace().collect();
        let ticks = |field: usize| fields[field].parse::<u64>().expect("ticks");
        Duration::from_millis((ticks(11) + ticks(12)) * 10)
    }

    /// What is in use once nothing is given back any more.
    pub(crate) async fn settled(&self) -> u64 {
        let (mut last, mut same) = (0, 0);
        // It always settles; the bound is for the loop.
        wait_for(Duration::from_secs(15), async || {
            tokio::time::sleep(Duration::from_millis(250)).await;
            let now = self.now();
            same = if now >= last && last > 0 { same + 1 } else { 0 };
            last = now;
            (same >= 4).then_some(())
        })
        .await;
        self.now()
    }

    fn status(&self, name: &str) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.0)).expect("the process runs");
        let line = text.lines().find_map(|line| line.strip_prefix(name)).expect(name);
        line.trim().trim_end_matches(" kB").parse::<u64>().expect(name) * 1_024
    }
}
