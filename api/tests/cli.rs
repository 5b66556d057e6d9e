//! The command line as an operator meets it: the real binary, what it prints and how it ends.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

/// The binary in a directory of its own, with nothing of ours in the environment.
fn spike(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spike"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().to_uppercase().starts_with("SPIKE_") {
            command.env_remove(name);
        }
    }
    command.current_dir(dir).stdin(Stdio::null());
    command
}

/// How a run ended: exit code, standard output, standard error.
fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// A run that has to succeed: what it printed.
fn printed(command: &mut Command) -> String {
    let (code, stdout, stderr) = run(command);
    assert_eq!(code, Some(0), "{stderr}");
    stdout
}

/// A run that has to fail with this code and one line: the line.
fn failed(code: i32, command: &mut Command) -> String {
    let (ended, stdout, stderr) = run(command);
    assert_eq!((ended, stdout.as_str()), (Some(code), ""), "{stderr}");
    assert_eq!(stderr.trim_end().lines().count(), 1, "{stderr}");
    stderr.trim_end().to_owned()
}

#[test]
fn help_explains() {
    let dir = tempfile::tempdir().unwrap();
    let help = printed(spike(dir.path()).arg("--help"));
    for word in ["serve", "migrate", "schema", "admin", "keys", "demo", "reconcile", "config", "--config", "SPIKE__"] {
        assert!(help.contains(word), "{word} in {help}");
    }
    for command in [&["serve"][..], &["admin", "create"], &["schema", "export"], &["keys", "rotate"], &["demo"]] {
        assert!(printed(spike(dir.path()).args(command).arg("--help")).contains("Usage: spike"));
    }
    assert!(!dir.path().join(".spike").exists(), "asking for help leaves nothing behind");
}

#[test]
fn the_configuration_in_effect_is_shown_without_its_secrets() {
    let dir = tempfile::tempdir().unwrap();
    insta::assert_snapshot!("config_defaults", printed(spike(dir.path()).args(["config", "print"])));

    std::fs::write(dir.path().join("password"), "from a file, and secret\n").unwrap();
    std::fs::write(
        dir.path().join("shop.toml"),
        "[server]\nlisten = \"0.0.0.0:1000\"\nplayground = false\n[shop]\ncurrency = \"EUR\"\n\
         [auth]\naccess_token_lifetime = \"90s\"\n[admin]\nusername = \"boss\"\npassword_file = \"password\"\n",
    )
    .unwrap();
    let shown = printed(
        spike(dir.path())
            .args(["config", "print", "--config", "shop.toml", "--data-dir", "some where"])
            .env("SPIKE__SERVER__LISTEN", "127.0.0.1:2000")
            .env("SPIKE__ADMIN__PHONE", "13800138000")
            .env("SPIKE__CONSUMER__BATCH_SIZE", "7"),
    );
    assert!(!shown.contains("secret"), "{shown}");
    insta::assert_snapshot!("config_layers", shown);

    // What is shown can be loaded, and so can the defaults.
    let defaults = printed(spike(dir.path()).args(["config", "defaults"]));
    std::fs::write(dir.path().join("defaults.toml"), defaults).unwrap();
    printed(spike(dir.path()).args(["config", "print", "--config", "defaults.toml"]));
}

#[test]
fn what_is_wrong_with_a_configuration_is_said_in_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let mut said = Vec::new();
    for (name, value) in [
        ("SERVER__LISTN", "127.0.0.1:1"),
        ("SEVER__LISTEN", "127.0.0.1:1"),
        ("SERVER", "127.0.0.1:1"),
        ("SERVER__LISTEN", "everywhere"),
        ("SERVER__PLAYGROUND", "maybe"),
        ("SERVER__BODY_LIMIT", "1"),
        ("CONSUMER__BATCH_SIZE", "many"),
        ("AUTH__ACCESS_TOKEN_LIFETIME", "15"),
        ("AUTH__REFRESH_TOKEN_LIFETIME", "1m"),
        ("SHOP__CURRENCY", "XXX"),
        ("LOG__FORMAT", "xml"),
        ("LOG__FILTER", "loud=very"),
        ("DATABASE__URL", "oracle://root:hunter2@db/spike"),
        ("DATABASE__URL", "sqlite::memory:"),
        ("STOCK__URL", "memcached://:hunter2@cache"),
        ("BUS__URL", "kafka://spike:hunter2@queue"),
        ("BUS__PARTITIONS", "0"),
        ("BUS__QUEUE_TYPE", "stream"),
        ("STOCK__PREFIX", "a{b}"),
        ("ADMIN__USERNAME", "boss"),
        ("ADMIN__PASSWORD_FILE", "nowhere"),
    ] {
        let name = format!("SPIKE__{name}");
        said.push(format!(
            "{name}={value}\n{}",
            failed(1, spike(dir.path()).args(["config", "print"]).env(&name, value))
        ));
    }
    for (name, text) in [
        ("unknown.toml", "[server]\nlisten = \"127.0.0.1:1\"\nport = 1\n"),
        ("section.toml", "[servers]\n"),
        ("broken.toml", "[admin]\npassword = \"hunter2\n"),
        ("number.toml", "[admin]\npassword = 12345678\n"),
    ] {
        std::fs::write(dir.path().join(name), text).unwrap();
        said.push(format!("{name}\n{}", failed(1, spike(dir.path()).args(["config", "print", "--config", name]))));
    }
    said.push(failed(1, spike(dir.path()).args(["config", "print", "--config", "nowhere.toml"])));
    let said = said.join("\n\n");
    assert!(
        !said.lines().any(|line| line.starts_with("spike") && (line.contains("hunter2") || line.contains("12345678")))
    );
    insta::assert_snapshot!("config_errors", said);
}

#[test]
fn wrong_usage_ends_with_2_and_a_refusal_with_1() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(run(spike(dir.path()).arg("--bogus")).0, Some(2));
    assert_eq!(run(spike(dir.path()).args(["admin", "create"])).0, Some(2));
    assert_eq!(run(spike(dir.path()).args(["serve", "--roles", "cook"])).0, Some(2));
    let line = failed(2, spike(dir.path()).args(["--listen", "127.0.0.1:1", "migrate"]));
    assert_eq!(line, "spike: --listen and --roles belong to `spike serve`");
    let line = failed(1, spike(dir.path()).args(["serve", "--roles", "user,order"]));
    assert!(line.contains("user,order") && line.contains("neither the whole graph"), "{line}");
    let line = failed(1, spike(dir.path()).args(["serve", "--roles", "consumer"]));
    assert!(line.contains("the roles consumer") && line.contains("stock.url"), "{line}");
    let line = failed(2, spike(dir.path()).args(["admin", "create", "--phone", "+10005550100", "--username", "boss"]));
    assert!(line.contains("SPIKE_ADMIN_PASSWORD"), "{line}");
    std::fs::write(dir.path().join("file"), "").unwrap();
    let line = failed(1, spike(dir.path()).args(["migrate", "--data-dir", "file"]));
    assert!(line.contains("data dir file") && line.contains("--data-dir"), "{line}");
    std::fs::write(dir.path().join("text.db"), "this is no database, and long enough to be told from one").unwrap();
    let line = failed(1, spike(dir.path()).arg("migrate").env("SPIKE__DATABASE__URL", "sqlite:text.db"));
    assert!(line.contains("text.db") && line.contains("database.url"), "{line}");
}

#[test]
fn an_administrator_is_made_once_and_a_customer_can_become_one() {
    let dir = tempfile::tempdir().unwrap();
    let create = |phone: &str, name: &str, password: &str| {
        let mut command = spike(dir.path());
        command.args(["admin", "create", "--phone", phone, "--username", name]).env("SPIKE_ADMIN_PASSWORD", password);
        command
    };
    let line = failed(1, &mut create("+10005559999", "boss", "short"));
    assert!(line.contains("a password has 8 to 128 characters"), "{line}");
    assert!(printed(&mut create("+10005559999", "boss", "correct horse")).starts_with("made administrator \"boss\""));
    let again = printed(&mut create("+1 000 555-9999", "Boss", "another horse"));
    assert!(again.contains("is an administrator already; its password was not changed"), "{again}");
    let line = failed(1, &mut create("+10005559999", "chief", "correct horse"));
    assert!(line.contains("belongs to another account"), "{line}");
    let line = failed(1, &mut create("+10005559998", "boss", "correct horse"));
    assert!(line.contains("this username is taken"), "{line}");

    printed(spike(dir.path()).arg("demo").env("SPIKE_DEMO_PASSWORD", "correct horse"));
    let promoted = printed(&mut create("+10005550101", "demo_lin", "unused horse"));
    assert!(promoted.contains("is an administrator now"), "{promoted}");
}

#[test]
fn the_demo_makes_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    let ids = |text: &str| -> Vec<String> {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).map(str::to_owned);
        words.filter(|word| word.starts_with("user_") || word.starts_with("campaign_")).collect()
    };
    let first = printed(spike(dir.path()).arg("demo"));
    let second = printed(spike(dir.path()).arg("demo"));
    assert_eq!(ids(&first), ids(&second));
    assert_eq!(ids(&first).len(), 4 + 3 + 1, "four people, three campaigns, one of them in what to try: {first}");
    assert_eq!((first.matches("  password ").count(), second.matches("as it was printed").count()), (4, 4));
    let report = printed(spike(dir.path()).arg("reconcile"));
    assert!(report.contains("3 campaigns, 0 of them do not balance"), "{report}");
    assert!(printed(spike(dir.path()).args(["keys", "rotate"])).starts_with("new signing key "));
    assert_eq!(printed(spike(dir.path()).arg("migrate")), "the database is up to date\n");
}

/// A server that is ended when the test ends.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a server on any port. Returns it and what it announced.
fn serve(dir: &Path) -> (Server, String) {
    let mut child =
        spike(dir).args(["--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let lines: Vec<String> = stdout.lines().take(4).map(Result::unwrap).collect();
    (Server(child), lines.join("\n"))
}

#[test]
fn a_server_says_where_it_is_keeps_others_out_and_stops_when_asked() {
    let dir = tempfile::tempdir().unwrap();
    let (mut server, announced) = serve(dir.path());
    let address = announced.split("http://").nth(1).and_then(|rest| rest.split('/').next()).unwrap().to_owned();
    assert!(
        announced.contains("/graphql") && announced.contains("/playground") && announced.contains(".spike"),
        "{announced}"
    );

    let line = failed(1, spike(dir.path()).args(["serve", "--listen", "127.0.0.1:0"]).env("SPIKE__LOG__FILTER", "off"));
    assert!(line.contains("in use by another spike"), "{line}");
    let taken = ["serve", "--data-dir", "other", "--listen", &address];
    let line = failed(1, spike(dir.path()).args(taken).env("SPIKE__LOG__FILTER", "off"));
    assert_eq!(
        line,
        format!("spike: {address} is in use by another program; stop it or choose another address with --listen")
    );

    // Commands work beside it.
    printed(spike(dir.path()).arg("demo"));
    let report = printed(spike(dir.path()).arg("reconcile"));
    assert!(report.contains("a server is running") && report.contains("3 campaigns"), "{report}");

    let asked = Command::new("sh").args(["-c", &format!("kill -TERM {}", server.0.id())]).status().unwrap();
    assert!(asked.success());
    assert_eq!(server.0.wait().unwrap().code(), Some(0));
}
