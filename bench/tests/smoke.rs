//! The benchmark still runs: small numbers on real engines, every check, no figure that means anything.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

use std::{path::Path, process::Command};

/// Runs the benchmark, and returns what it printed. It finds the server beside itself, where a test of the whole workspace
/// has put it.
fn bench(arguments: &[&str]) -> String {
    let ran = Command::new(env!("CARGO_BIN_EXE_bench")).arg("--smoke").args(arguments).output().unwrap();
    let printed = String::from_utf8_lossy(&ran.stdout).into_owned();
    println!("{printed}");
    assert!(ran.status.success(), "{printed}\n{}", String::from_utf8_lossy(&ran.stderr));
    printed
}

#[test]
fn the_benchmark_runs_and_its_checks_hold() {
    bench(&[]);
}

#[test]
fn two_builds_take_turns() {
    let other = Path::new(env!("CARGO_BIN_EXE_bench")).with_file_name("spike");
    let printed = bench(&["--only", "later", "--against", other.to_str().unwrap()]);
    assert_eq!(printed.lines().count(), 2, "a head and one line: {printed}");
    assert!(printed.contains("grabs, orders later / the other build"), "{printed}");
}
