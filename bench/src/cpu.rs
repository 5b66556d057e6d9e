//! What a run costs each program in processor time: it says where time goes, and hardly depends on what else the machine
//! does meanwhile.

use std::{collections::BTreeMap, fmt, fs};

/// Processor time of this process and of all that it started, by program, in ticks.
#[derive(Debug, Default)]
pub(crate) struct Cpu(BTreeMap<String, u64>);

/// Ticks of a second, as Linux shows them to programs on every platform.
const TICKS: f64 = 100.0;

/// One process, as `/proc` shows it.
struct Process {
    parent: u32,
    ticks: u64,
}

impl Cpu {
    /// Until now. What cannot be read counts nothing.
    pub(crate) fn now() -> Self {
        let mut processes = BTreeMap::new();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let pid = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
            let stat = fs::read_to_string(entry.path().join("stat")).ok();
            if let (Some(pid), Some(process)) = (pid, stat.as_deref().and_then(read)) {
                processes.insert(pid, process);
            }
        }
        let this = std::process::id();
        let mut spent = BTreeMap::new();
        for (pid, process) in &processes {
            let mut ancestor = *pid;
            while ancestor != this
                && let Some(Process { parent, .. }) = processes.get(&ancestor)
            {
                ancestor = *parent;
            }
            if ancestor == this {
                *spent.entry(program(*pid)).or_default() += process.ticks;
            }
        }
        Self(spent)
    }

    /// What was spent since then on each of so many answers.
    pub(crate) fn since(&self, then: &Self, answers: usize) -> Shares {
        #[expect(clippy::cast_precision_loss, reason = "ticks and answers of some seconds")]
        let share = |(program, ticks): (&String, &u64)| {
            let spent = ticks.saturating_sub(then.0.get(program).copied().unwrap_or_default());
            (program.clone(), spent as f64 / TICKS * 1e6 / answers.max(1) as f64)
        };
        Shares(self.0.iter().map(share).collect())
    }
}

/// Processor time of each program for one answer, in millionths of a second.
#[derive(Debug)]
pub(crate) struct Shares(Vec<(String, f64)>);

impl fmt::Display for Shares {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: f64 = self.0.iter().map(|(_, share)| share).sum();
        write!(f, "{all:.0} µs of processor each")?;
        let shown = self.0.iter().filter(|(_, share)| *share >= 1.0);
        for (n, (program, share)) in shown.enumerate() {
            write!(f, "{} {program} {share:.0}", if n == 0 { ":" } else { "," })?;
        }
        Ok(())
    }
}

/// Reads a line of `/proc/PID/stat`. The second field, the name, may hold anything but ends with the last bracket.
fn read(stat: &str) -> Option<Process> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    Some(Process { parent: u32::try_from(field(4)?).ok()?, ticks: field(14)? + field(15)? })
}

/// What a process is called here: its program, and what part of it.
fn program(pid: u32) -> String {
    let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words: Vec<_> = words.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
    let name = words.first().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    match name {
        "spike" if words.iter().any(|word| word == "consumer") => "consumer".to_owned(),
        "spike" => "api".to_owned(),
        "beam.smp" => "rabbitmq".to_owned(),
        "mariadbd" => "mariadb".to_owned(),
        "bench" if words.iter().any(|word| word == "baseline") => "baseline".to_owned(),
        "bench" => "load".to_owned(),
        name if name.starts_with("redis") => "redis".to_owned(),
        _ => "rest".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_behind_whatever_name() {
        let stat = "77 (a) b (c)) S 12 77 77 0 -1 4194304 100 0 0 0 30 12 0 0 20 0 1 0 100 0 0";
        let process = read(stat).unwrap();
        assert_eq!((process.parent, process.ticks), (12, 42));
        assert!(read("77 (broken").is_none());
    }

    #[test]
    fn what_this_process_does_is_counted() {
        let before = Cpu::now();
        let began = std::time::Instant::now();
        let mut spun = 0_u64;
        while began.elapsed() < std::time::Duration::from_millis(300) {
            spun = std::hint::black_box(spun.wrapping_add(1));
        }
        let shares = Cpu::now().since(&before, 1);
        assert!(shares.0.iter().map(|(_, share)| share).sum::<f64>() > 0.0, "{shares}");
    }
}
