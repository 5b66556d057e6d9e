//! Engines end with their owner: killed, ended without dropping them, or with the engines in statics.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "the figures of a test")]

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use engines::shared;

/// Set in the process that owns the engines: this same test, started again by itself.
const OWNER: &str = "ENGINES_TEST_OWNER";

#[test]
fn nothing_is_left_of_the_engines_of_a_killed_process() {
    if env::var_os(OWNER).is_some() {
        start_all();
        println!("started");
        loop {
            std::thread::park();
        }
    }
    let directory = directory();
    let mut owner = owner("nothing_is_left_of_the_engines_of_a_killed_process", directory.path());
    wait_for_start(&mut owner, directory.path());
    owner.kill().unwrap();
    owner.wait().unwrap();
    nothing_is_left(directory.path());
}

#[test]
fn nothing_is_left_of_the_engines_of_a_process_that_dropped_none() {
    if env::var_os(OWNER).is_some() {
        start_all();
        println!("started");
        return;
    }
    let directory = directory();
    let mut owner = owner("nothing_is_left_of_the_engines_of_a_process_that_dropped_none", directory.path());
    assert!(owner.wait().unwrap().success());
    nothing_is_left(directory.path());
}

/// Each on a runtime of its own, as the tests of one binary do it.
fn start_all() {
    let start = |engine: &str| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            match engine {
                "redis" => drop(shared::redis().await.unwrap()),
                "redis-cluster" => drop(shared::redis_cluster().await.unwrap()),
                "rabbitmq" => drop(shared::rabbitmq().await.unwrap()),
                "mariadb" => drop(shared::mariadb().await.unwrap()),
                _ => drop(shared::postgresql().await.unwrap()),
            }
        });
    };
    std::thread::scope(|scope| {
        for engine in ["redis", "redis-cluster", "rabbitmq", "mariadb", "postgresql"] {
            scope.spawn(move || start(engine));
        }
    });
    // The runtimes that started them are gone, and they live.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        assert_eq!(shared::redis().await.unwrap().ask(&["PING"]).await.unwrap(), "PONG");
        shared::mariadb().await.unwrap().database("shop").await.unwrap();
        shared::postgresql().await.unwrap().database("shop").await.unwrap();
    });
}

/// Where the owner's engines have their temporary directories. PostgreSQL is another user and must pass.
fn directory() -> tempfile::TempDir {
    let directory = tempfile::Builder::new().prefix("spike-lifeline-").tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    directory
}

fn owner(test: &str, directory: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(OWNER, "1")
        .env("TMPDIR", directory)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn wait_for_start(owner: &mut Child, directory: &Path) {
    use std::io::{BufRead, BufReader};
    let mut lines = BufReader::new(owner.stdout.take().unwrap()).lines();
    let started = lines.any(|line| line.unwrap().contains("started"));
    assert!(started, "the owner ended");
    let running = running(directory);
    // Supervisors, janitors, and what they look after.
    assert!(running.len() > 20, "{running:?}");
    assert!(running.iter().any(|name| name == "epmd"), "{running:?}");
}

fn nothing_is_left(directory: &Path) {
    let began = Instant::now();
    loop {
        let (running, files) = (running(directory), fs::read_dir(directory).unwrap().count());
        if running.is_empty() && files == 0 {
            println!("after {:?} nothing was left", began.elapsed());
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{running:?} run and {files} directories are left");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The names of the processes that run in the directory, or were started by one that has it in its environment.
fn running(directory: &Path) -> Vec<String> {
    let text = directory.to_str().unwrap();
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok).map(|entry| entry.path());
    let related = processes.filter(|process| {
        let there = fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(directory));
        let environment = fs::read(process.join("environ")).unwrap_or_default();
        there || environment.windows(text.len()).any(|window| window == text.as_bytes())
    });
    related.filter_map(|process| Some(fs::read_to_string(process.join("comm")).ok()?.trim().to_owned())).collect()
}
