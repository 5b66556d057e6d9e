//! The README tells the truth: `make run` ends with a server that answers, and the sale by hand works word for
//! word. What is run here is cut out of the README, not copied from it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what a test relies on must be there")]

use std::{
    fs,
    net::TcpListener,
    os::unix::{fs::symlink, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

/// A release build from nothing on a small machine, and then some.
const BUILD_PATIENCE: Duration = Duration::from_mins(30);

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The commands of the walk-through, in their order.
fn walk() -> String {
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    let blocks: Vec<&str> =
        readme.split("```sh walk\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(blocks.len() >= 7, "the walk-through has {} steps", blocks.len());
    blocks.join("\n")
}

/// `make run`, with everything that it started: ended when the test ends, however it ends.
struct MakeRun(Child);

impl Drop for MakeRun {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["-TERM", "--", &group]).status();
        let _ = self.0.wait();
    }
}

#[test]
fn make_run_answers_and_the_walk_through_works_word_for_word() {
    let directory = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    let settings = [
        ("SPIKE__DATA_DIR", directory.path().join("data").display().to_string()),
        ("SPIKE__SERVER__LISTEN", address.clone()),
        ("GRAPH", format!("http://{address}/graphql")),
    ];

    let mut make = Command::new("make");
    // Not what cargo set for this test: a newcomer's shell has none of it.
    for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("CARGO_") && key != "CARGO_HOME") {
        make.env_remove(key);
    }
    make.arg("run").current_dir(repository()).envs(settings.clone()).stdout(Stdio::null()).process_group(0);
    let mut server = MakeRun(make.spawn().unwrap());
    let started = Instant::now();
    while !Command::new("curl")
        .args(["-sf", "-o", "/dev/null", &format!("http://{address}/readyz")])
        .status()
        .unwrap()
        .success()
    {
        assert_eq!(server.0.try_wait().unwrap(), None, "make run ended");
        assert!(started.elapsed() < BUILD_PATIENCE, "make run does not answer");
        // A bounded poll: the server being ready is what is waited for.
        std::thread::sleep(Duration::from_millis(200));
    }

    // The commands name ./target and write into their directory: they get one of their own.
    let here = directory.path().join("here");
    fs::create_dir(&here).unwrap();
    symlink(repository().join("target"), here.join("target")).unwrap();
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &walk()])
        .current_dir(&here)
        .envs(settings)
        .output()
        .unwrap();
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{complained}");

    let report = said.rfind("\n{").map_or_else(|| panic!("{said}"), |at| &said[at..]);
    let report: Value = serde_json::from_str(report).unwrap();
    assert_eq!((&report["paid"], &report["balanced"]), (&1.into(), &true.into()), "{said}");
    let watched = fs::read_to_string(here.join("watched.jsonl")).unwrap();
    let states: Vec<Value> = watched.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(states.windows(2).all(|pair| pair[0]["version"].as_u64() < pair[1]["version"].as_u64()), "{watched}");
    assert_eq!(states.last().unwrap()["status"], "PAID", "{watched}");
}
