//! What is wrong with an engine is said in one line, with what to do; what may pass by itself is tried again for a while.
//! The lines are in a snapshot, because they are for people: whoever changes one reads it as they will.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what a test relies on must be there")]

mod support;

use std::{fmt::Write, process::Stdio};

use engines::{Persistence, Port, Redis, RedisOptions, shared};
use support::{
    Site, Stack,
    broker::Broker,
    process::{Replica, Runs},
    wait_until, within,
};

/// What stands in every address that must not be shown.
const SECRET: &str = "a-secret-of-the-shop";

/// One thing that is wrong.
struct Case {
    what: &'static str,
    settings: Vec<(&'static str, String)>,
}

fn case(what: &'static str, settings: impl IntoIterator<Item = (&'static str, String)>) -> Case {
    Case { what, settings: settings.into_iter().collect() }
}

/// The same address with another password.
fn with_password(url: &str, password: &str) -> String {
    let (before, host) = url.rsplit_once('@').expect("a user");
    let (user, _) = before.rsplit_once(':').expect("a password");
    format!("{user}:{password}@{host}")
}

/// The same address at another port.
fn at_port(url: &str, port: u16) -> String {
    let (before, after) = url.split_once("127.0.0.1:").expect("an address of loopback");
    let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
    format!("{before}127.0.0.1:{port}{rest}")
}

/// Starts a server that cannot start. Returns its exit code and its last line, in which ports are left out.
async fn refused(site: &Site, case: &Case) -> (Option<i32>, String) {
    let mut replica = Replica::new(site, "refused", Runs::Graph);
    for (key, value) in [("server.start_patience", "1s"), ("database.patience", "1s"), ("stock.patience", "500ms")] {
        replica.set(key, value);
    }
    for (key, value) in &case.settings {
        replica.set(key, value);
    }
    let mut command = replica.command(&["serve", "--roles", "user,spike,access,admin,order"]);
    let output = within(case.what, command.stdout(Stdio::piped()).stderr(Stdio::piped()).output()).await.unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(out, "", "{}: nothing is announced", case.what);
    let last: Vec<&str> = err.lines().filter(|line| line.starts_with("spike: ")).collect();
    assert!(last.len() == 1 && err.trim_end().ends_with(last[0]), "{}: {err}", case.what);
    for secret in [SECRET, password_of(site.setting("database.url")), password_of(site.setting("bus.url"))] {
        assert!(!err.contains(secret), "{} shows a password: {err}", case.what);
    }
    (output.status.code(), without_ports(last[0]))
}

fn password_of(url: &str) -> &str {
    url.rsplit_once('@').and_then(|(before, _)| before.rsplit_once(':')).expect("a password").1
}

fn without_ports(line: &str) -> String {
    let mut parts = line.split("127.0.0.1:");
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        text += "127.0.0.1:PORT";
        text += part.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_said_in_one_line() {
    let site = Site::on(Stack::MariaDb).await;
    let (mariadb, postgresql) = (shared::mariadb().await.unwrap(), shared::postgresql().await.unwrap());
    let postgres = postgresql.database("diagnostics").await.unwrap();
    let nobody = Port::free().unwrap();
    let [database, stock, bus] = ["database.url", "stock.url", "bus.url"].map(|key| site.setting(key).to_owned());

    let old = mariadb.database("old").await.unwrap();
    let newer = mariadb.database("newer").await.unwrap();
    let mut migrate = Replica::new(&site, "migrate", Runs::Graph);
    migrate.set("database.url", &newer);
    assert!(migrate.command(&["migrate"]).status().await.unwrap().success());
    mariadb.sql("INSERT INTO newer.seaql_migrations VALUES ('m30001231_000001_holograms', 0)").await.unwrap();

    let options = RedisOptions { persistence: Persistence::Off, ..RedisOptions::with_password().unwrap() };
    let volatile = Redis::start(options).await.unwrap();
    let evicting = Redis::start(RedisOptions::with_password().unwrap()).await.unwrap();
    evicting.ask(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]).await.unwrap();

    let broker = Broker::connect(&bus).await;
    broker.declare("other.grabs.0").await;
    broker.close().await;

    let vhost = bus.rsplit_once('/').unwrap().0;
    let cases = [
        case("the password of MariaDB", [("database.url", with_password(&database, SECRET))]),
        case("the password of PostgreSQL", [("database.url", with_password(&postgres, SECRET))]),
        case("the password of Redis", [("stock.url", with_password(&stock, SECRET))]),
        case("the password of RabbitMQ", [("bus.url", with_password(&bus, SECRET))]),
        case("MariaDB is not there", [("database.url", at_port(&database, nobody.number()))]),
        case("PostgreSQL is not there", [("database.url", at_port(&postgres, nobody.number()))]),
        case("Redis is not there", [("stock.url", at_port(&stock, nobody.number()))]),
        case("RabbitMQ is not there", [("bus.url", at_port(&bus, nobody.number()))]),
        case("an unknown database of MariaDB", [("database.url", mariadb.url("atlantis"))]),
        case("an unknown database of PostgreSQL", [("database.url", postgresql.url("atlantis"))]),
        case("an unknown virtual host", [("bus.url", format!("{vhost}/atlantis"))]),
        case("an old schema", [("database.url", old), ("database.migrate", "false".to_owned())]),
        case("a newer schema", [("database.url", newer)]),
        case("a Redis without persistence", [("stock.url", volatile.url())]),
        case("a Redis that evicts", [("stock.url", evicting.url())]),
        case("a queue with other arguments", [("bus.prefix", "other".to_owned())]),
        case("roles that share memory", [("stock.url", "memory:".to_owned())]),
    ];
    let mut said = String::new();
    for case in &cases {
        let (code, line) = refused(&site, case).await;
        writeln!(said, "{}, exit {code:?}\n    {line}", case.what).unwrap();
    }
    insta::assert_snapshot!("lines", said);
    site.clear().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_comes_late_is_waited_for() {
    let mut redis = Redis::start(RedisOptions::with_password().unwrap()).await.unwrap();
    let mut site = Site::on(Stack::MariaDb).await;
    site.set("stock.url", &redis.url());
    redis.kill().await.unwrap();
    let mut replica = Replica::new(&site, "early", Runs::Graph);
    replica.launch("");
    wait_until("the server to try again", async || replica.last_words().contains("trying again").then_some(())).await;
    redis.start_again().await.unwrap();
    replica.ready().await;
    assert_eq!(replica.stop().await.code(), Some(0));
    site.clear().await;
}
