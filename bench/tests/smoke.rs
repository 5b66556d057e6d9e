//! The benchmark still runs: small numbers on real engines, every check, no figure that means anything.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

use std::process::Command;

#[test]
fn the_benchmark_runs_and_its_checks_hold() {
    // It finds the server beside itself, where a test of the whole workspace has put it.
    let ran = Command::new(env!("CARGO_BIN_EXE_bench")).arg("--smoke").output().unwrap();
    let printed = String::from_utf8_lossy(&ran.stdout);
    println!("{printed}");
    assert!(ran.status.success(), "{printed}\n{}", String::from_utf8_lossy(&ran.stderr));
}
