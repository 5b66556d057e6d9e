//! `engines` runs in the foreground, keeps what it is given, and stops in order.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    process::{Child, Command, Stdio},
};

/// A run of the program, up to where it says how to use the engines.
struct Run {
    program: Child,
}

impl Run {
    fn command(directory: &Path, ports: &[String]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_engines"));
        command.arg("--data-dir").arg(directory).args(ports).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn start(directory: &Path, arguments: &[String]) -> Self {
        let mut program = Self::command(directory, arguments).spawn().unwrap();
        let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
        let ready = lines.any(|line| line.unwrap().starts_with("These are in"));
        let mut run = Self { program };
        assert!(ready, "{}", run.complaint());
        // The rest is to be written, not to fail.
        std::thread::spawn(move || lines.for_each(drop));
        run
    }

    fn terminate(mut self) {
        let process = self.program.id().to_string();
        assert!(Command::new("kill").args(["-s", "TERM", &process]).status().unwrap().success());
        assert!(self.program.wait().unwrap().success(), "{}", self.complaint());
    }

    /// What it says in the end.
    fn complaint(&mut self) -> String {
        let mut complaint = String::new();
        self.program.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
        complaint
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// A directory that PostgreSQL, which is another user, can pass through.
fn directory() -> tempfile::TempDir {
    let directory = tempfile::Builder::new().prefix("spike-engines-").tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    directory
}

/// The first of six free ports in a row, each with the one of its bus above it. The tests look in different places.
fn free_ports(from: u16) -> u16 {
    let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let start = usize::try_from(std::process::id() % 200).unwrap();
    let firsts = (from..from + 4_000).step_by(7).skip(start);
    firsts.into_iter().find(|first| (*first..first + 6).all(|port| free(port) && free(port + 10_000))).unwrap()
}

/// The value of a setting in the file that the program writes.
fn setting(directory: &Path, name: &str) -> String {
    let file = directory.join("env");
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    let text = fs::read_to_string(file).unwrap();
    let value = text.lines().find_map(|line| line.strip_prefix(&format!("SPIKE__{name}__URL=")));
    value.unwrap_or_else(|| panic!("{name} in {text}")).to_owned()
}

/// Sends commands to the Redis of a URL and gives what it answers to the last one.
fn ask(url: &str, commands: &str) -> String {
    let (password, addr) = url.strip_prefix("redis://:").unwrap().trim_end_matches('/').split_once('@').unwrap();
    let mut socket = TcpStream::connect(addr).unwrap();
    write!(socket, "AUTH {password}\r\n{commands}\r\nQUIT\r\n").unwrap();
    let mut answers = String::new();
    let _ = socket.read_to_string(&mut answers);
    answers
}

#[test]
fn what_is_stored_is_there_at_the_next_run() {
    let directory = directory();
    let base = free_ports(11_000);
    let arguments = [
        format!("--database-port={base}"),
        format!("--redis-port={}", base + 1),
        format!("--rabbitmq-port={}", base + 2),
    ];
    let run = Run::start(directory.path(), &arguments);
    let urls = ["DATABASE", "STOCK", "BUS"].map(|name| setting(directory.path(), name));
    assert!(urls[0].starts_with("mysql://spike:") && urls[0].ends_with(&format!("@127.0.0.1:{base}/spike")));
    assert!(urls[1].starts_with("redis://:"), "{}", urls[1]);
    assert!(urls[2].starts_with("amqp://spike:") && urls[2].ends_with("/spike"), "{}", urls[2]);
    assert!(ask(&urls[1], "SET unit 7").contains("+OK\r\n+OK\r\n"));

    let second = Run::command(directory.path(), &arguments).output().unwrap();
    assert!(!second.status.success());
    assert!(String::from_utf8_lossy(&second.stderr).contains("in use by another run"), "{second:?}");
    run.terminate();
    assert!(TcpStream::connect(("127.0.0.1", base)).is_err());

    let mut run = Run::start(directory.path(), &arguments);
    assert_eq!(["DATABASE", "STOCK", "BUS"].map(|name| setting(directory.path(), name)), urls);
    assert!(ask(&urls[1], "GET unit").contains("$1\r\n7\r\n"));

    // An engine that ends by itself ends the run.
    ask(&urls[1], "SHUTDOWN NOW");
    assert!(!run.program.wait().unwrap().success());
    assert!(run.complaint().contains("Redis ended"));
}

#[test]
fn postgresql_and_a_cluster_are_there_at_the_next_run() {
    let directory = directory();
    let base = free_ports(15_000);
    let arguments = [
        "--postgres".to_owned(),
        "--cluster".to_owned(),
        format!("--database-port={base}"),
        format!("--redis-port={}", base + 1),
        format!("--rabbitmq-port={}", base + 5),
    ];
    let run = Run::start(directory.path(), &arguments);
    let urls = ["DATABASE", "STOCK", "BUS"].map(|name| setting(directory.path(), name));
    assert!(urls[0].starts_with("postgres://spike:"), "{}", urls[0]);
    assert!(urls[1].starts_with("redis-cluster://:"), "{}", urls[1]);
    run.terminate();
    // It waits until the cluster is whole again.
    let run = Run::start(directory.path(), &arguments);
    assert_eq!(["DATABASE", "STOCK", "BUS"].map(|name| setting(directory.path(), name)), urls);
    run.terminate();
}
