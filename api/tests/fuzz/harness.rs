//! How long a target runs, from which seed, and what is kept of a failure.

use std::{
    env,
    panic::{self, AssertUnwindSafe},
    path::Path,
    time::{Duration, Instant},
};

use rand::{SeedableRng, rngs::StdRng};

/// How long a target runs when nobody says.
const BRIEFLY: Duration = Duration::from_secs(4);
/// How long one input may take, also in a debug build on a busy machine.
const AT_MOST: Duration = Duration::from_secs(5);
/// The seed when nobody says: a run of `make test` is the same each time.
const SEED: u64 = 20_260_101;

/// One run of a target.
pub(crate) struct Run {
    target: &'static str,
    pub(crate) random: StdRng,
    seed: u64,
    began: Instant,
    seconds: Duration,
    inputs: u64,
    slowest: Duration,
}

impl Run {
    /// Begins a run, as long as the environment says.
    pub(crate) fn of(target: &'static str) -> Self {
        let number = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().expect(name));
        let seed = number("SPIKE_FUZZ_SEED").unwrap_or(SEED);
        let seconds = number("SPIKE_FUZZ_SECONDS").map_or(BRIEFLY, Duration::from_secs);
        let random = StdRng::seed_from_u64(
            target.bytes().fold(seed, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())),
        );
        Self { target, random, seed, began: Instant::now(), seconds, inputs: 0, slowest: Duration::ZERO }
    }

    /// Whether there is time for one more.
    pub(crate) fn goes_on(&self) -> bool {
        self.began.elapsed() < self.seconds
    }

    /// Tries one input. One that panics or takes too long is kept in a file.
    pub(crate) fn try_one<T>(&mut self, input: &[u8], attempt: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let done = panic::catch_unwind(AssertUnwindSafe(attempt));
        let took = began.elapsed();
        self.inputs += 1;
        self.slowest = self.slowest.max(took);
        match done {
            Ok(value) if took < AT_MOST => value,
            Ok(_) => self.failed(input, &format!("took {took:?}")),
            Err(why) => {
                eprintln!("{}", self.kept(input));
                panic::resume_unwind(why)
            }
        }
    }

    /// Fails because of an input.
    pub(crate) fn failed(&self, input: &[u8], why: &str) -> ! {
        panic!("{}: {why}; {}", self.target, self.kept(input))
    }

    fn kept(&self, input: &[u8]) -> String {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz");
        std::fs::create_dir_all(&directory).expect("a directory");
        let file = directory.join(format!("{}-{}-{}", self.target, self.seed, self.inputs));
        std::fs::write(&file, input).expect("the input is kept");
        format!("seed {}, input {} kept in {}", self.seed, self.inputs, file.display())
    }

    /// Says what was done.
    pub(crate) fn done(self) {
        let Self { target, seed, inputs, slowest, .. } = self;
        println!(
            "fuzz {target:<12} seed {seed}: {inputs} inputs in {:?}, the slowest took {slowest:?}",
            self.began.elapsed()
        );
        assert!(inputs > 0, "{target} tried nothing");
    }
}
