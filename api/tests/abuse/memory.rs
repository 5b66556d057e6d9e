//! The memory of a process, as the kernel counts it (proc(5)).

use std::time::Duration;

use crate::support::wait::wait_for;

/// The memory of one process.
pub struct Memory(u32);

impl Memory {
    /// Of this one.
    pub const fn of(pid: u32) -> Self {
        Self(pid)
    }

    /// What is in use, in bytes.
    pub fn now(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// The most that was in use since [`Self::forget_peak`].
    pub fn peak(&self) -> u64 {
        self.status("VmHWM:")
    }

    /// From now on a new peak is measured.
    pub fn forget_peak(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.0), "5").expect("the peak is forgotten");
    }

    /// What is in use once nothing is given back any more.
    pub async fn settled(&self) -> u64 {
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
