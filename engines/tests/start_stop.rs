//! Each engine starts, answers, is killed and comes back with what it had, and stops.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "the figures of a test")]

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    time::Instant,
};

use engines::{
    EngineError, MariaDb, MariaDbOptions, Persistence, PostgreSql, PostgreSqlOptions, RabbitMq, RabbitOptions, Redis,
    RedisOptions,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Shows how long something took.
async fn timed<T>(what: &str, doing: impl Future<Output = Result<T, EngineError>>) -> T {
    let began = Instant::now();
    let done = doing.await.unwrap();
    println!("{what}: {:?}", began.elapsed());
    done
}

/// What a server answers to some bytes at first.
async fn answer(port: u16, request: &[u8]) -> Vec<u8> {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    socket.write_all(request).await.unwrap();
    let mut answer = vec![0; 1024];
    // A reset is no answer.
    let length = socket.read(&mut answer).await.unwrap_or(0);
    answer.truncate(length);
    answer
}

async fn is_down(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).await.is_err()
}

#[tokio::test]
async fn redis_keeps_what_it_was_told_and_forgets_when_it_should() {
    let mut redis = timed("Redis starts", Redis::start(RedisOptions::with_password().unwrap())).await;
    let (url, password) = (redis.url(), redis.password().unwrap().to_owned());
    assert_eq!(url, format!("redis://:{password}@127.0.0.1:{}/", redis.port()));
    assert!(answer(redis.port(), b"PING\r\n").await.starts_with(b"-NOAUTH"));
    let ping = format!("AUTH {password}\r\n");
    assert_eq!(answer(redis.port(), ping.as_bytes()).await, b"+OK\r\n");

    redis.ask(&["SET", "unit", "1"]).await.unwrap();
    redis.kill().await.unwrap();
    assert!(is_down(redis.port()).await);
    redis.start_again().await.unwrap();
    assert_eq!(redis.ask(&["GET", "unit"]).await.unwrap(), "1");
    assert_eq!(redis.url(), url);

    let copy = redis.copy().unwrap();
    redis.ask(&["SET", "unit", "2"]).await.unwrap();
    redis.restart().await.unwrap();
    assert_eq!(redis.ask(&["GET", "unit"]).await.unwrap(), "2");
    redis.roll_back(&copy).await.unwrap();
    assert_eq!(redis.ask(&["GET", "unit"]).await.unwrap(), "1");

    redis.wipe().await.unwrap();
    assert_eq!(redis.ask(&["DBSIZE"]).await.unwrap(), "0");
    redis.ask(&["SET", "unit", "3"]).await.unwrap();
    redis.kill().await.unwrap();
    redis.wipe().await.unwrap();
    redis.start_again().await.unwrap();
    assert_eq!(redis.ask(&["DBSIZE"]).await.unwrap(), "0");

    redis.stop().await.unwrap();
    assert!(is_down(redis.port()).await);
}

#[tokio::test]
async fn redis_persists_as_it_is_told() {
    for (persistence, kept) in [(Persistence::Off, ""), (Persistence::Always, "1")] {
        let mut redis = Redis::start(RedisOptions { persistence, ..RedisOptions::default() }).await.unwrap();
        assert_eq!(answer(redis.port(), b"PING\r\n").await, b"+PONG\r\n", "no password was asked for");
        redis.ask(&["SET", "unit", "1"]).await.unwrap();
        redis.restart().await.unwrap();
        assert_eq!(redis.ask(&["GET", "unit"]).await.unwrap(), kept, "{persistence:?}");
    }
}

#[tokio::test]
async fn redis_speaks_tls() {
    let options = RedisOptions { tls: true, ..RedisOptions::with_password().unwrap() };
    let redis = timed("Redis with TLS starts", Redis::start(options)).await;
    assert!(redis.url().starts_with("rediss://:"));
    assert!(redis.authority().unwrap().exists());
    // This goes over TLS and verifies the certificate and its name.
    assert_eq!(redis.ask(&["PING"]).await.unwrap(), "PONG");
    assert!(!answer(redis.port(), b"PING\r\n").await.starts_with(b"+PONG"), "it answers without TLS");
}

#[tokio::test]
async fn mariadb_keeps_what_it_committed() {
    let mut mariadb = timed("MariaDB starts", MariaDb::start(MariaDbOptions::default())).await;
    let url = mariadb.database("shop").await.unwrap();
    assert!(url.ends_with(&format!("@127.0.0.1:{}/shop", mariadb.port())), "{url}");
    mariadb.sql("CREATE TABLE shop.unit (id INT); INSERT INTO shop.unit VALUES (7)").await.unwrap();
    assert_eq!(mariadb.sql("SELECT @@innodb_flush_log_at_trx_commit").await.unwrap().trim(), "1");
    mariadb.kill().await.unwrap();
    assert!(is_down(mariadb.port()).await);
    timed("MariaDB recovers", mariadb.start_again()).await;
    assert_eq!(mariadb.database("shop").await.unwrap(), url);
    assert_eq!(mariadb.sql("SELECT id FROM shop.unit").await.unwrap().trim(), "7");
    timed("MariaDB stops", mariadb.stop()).await;
    mariadb.start_again().await.unwrap();
    assert_eq!(mariadb.sql("SELECT id FROM shop.unit").await.unwrap().trim(), "7");
    timed("a second MariaDB starts", MariaDb::start(MariaDbOptions { lazy: true, ..MariaDbOptions::default() })).await;
}

#[tokio::test]
async fn postgresql_keeps_what_it_committed() {
    let mut postgresql = timed("PostgreSQL starts", PostgreSql::start(PostgreSqlOptions::default())).await;
    let url = postgresql.database("shop").await.unwrap();
    assert!(url.ends_with(&format!("@127.0.0.1:{}/shop", postgresql.port())), "{url}");
    postgresql.sql("CREATE TABLE unit (id INT); INSERT INTO unit VALUES (7)").await.unwrap();
    postgresql.kill().await.unwrap();
    assert!(is_down(postgresql.port()).await);
    timed("PostgreSQL recovers", postgresql.start_again()).await;
    assert_eq!(postgresql.database("shop").await.unwrap(), url);
    assert_eq!(postgresql.sql("SELECT id FROM unit").await.unwrap().trim(), "7");
    timed("PostgreSQL stops", postgresql.stop()).await;
    postgresql.start_again().await.unwrap();
    assert_eq!(postgresql.sql("SELECT id FROM unit").await.unwrap().trim(), "7");
}

#[tokio::test]
async fn rabbitmq_comes_back_and_raises_its_alarm() {
    let mut rabbitmq = timed("RabbitMQ starts", RabbitMq::start(RabbitOptions::default())).await;
    let url = rabbitmq.url();
    assert!(url.ends_with(&format!("@127.0.0.1:{}/spike", rabbitmq.port())), "{url}");
    let vhosts = ["list_vhosts", "name", "--no-table-headers"];
    assert_eq!(rabbitmq.ctl(&vhosts).await.unwrap().trim(), "spike");
    rabbitmq.ctl(&["add_vhost", "kept"]).await.unwrap();

    let alarms = ["eval", "rabbit_alarm:get_alarms()."];
    timed("RabbitMQ raises its alarm", rabbitmq.set_memory_alarm(true)).await;
    assert!(rabbitmq.ctl(&alarms).await.unwrap().contains("memory"));
    rabbitmq.set_memory_alarm(false).await.unwrap();
    assert_eq!(rabbitmq.ctl(&alarms).await.unwrap().trim(), "[]");

    timed("RabbitMQ is killed", rabbitmq.kill()).await;
    assert!(is_down(rabbitmq.port()).await);
    timed("RabbitMQ starts again", rabbitmq.start_again()).await;
    assert!(rabbitmq.ctl(&vhosts).await.unwrap().contains("kept"));

    timed("RabbitMQ stops", rabbitmq.stop()).await;
    rabbitmq.wipe().unwrap();
    rabbitmq.start_again().await.unwrap();
    assert_eq!(rabbitmq.ctl(&vhosts).await.unwrap().trim(), "spike");
    assert_eq!(rabbitmq.url(), url);
}

#[tokio::test]
async fn rabbitmq_speaks_tls_and_has_its_management() {
    let options = RabbitOptions {
        tls: true,
        management: true,
        virtual_host: "/".to_owned(),
        user: "shop".to_owned(),
        ..RabbitOptions::default()
    };
    let rabbitmq = timed("RabbitMQ with its management starts", RabbitMq::start(options)).await;
    assert!(rabbitmq.url().ends_with("/%2f"), "{}", rabbitmq.url());
    assert!(rabbitmq.url().starts_with("amqp://shop:"));

    let tls = rabbitmq.tls_url().unwrap();
    let addr = tls.split('@').nth(1).unwrap().split('/').next().unwrap();
    let shaken = tokio::process::Command::new("openssl")
        .args(["s_client", "-verify_return_error", "-brief", "-verify_ip", "127.0.0.1", "-connect", addr, "-CAfile"])
        .arg(rabbitmq.authority().unwrap())
        .stdin(std::process::Stdio::null())
        .output()
        .await
        .unwrap();
    assert!(shaken.status.success(), "{}", String::from_utf8_lossy(&shaken.stderr));

    let management = rabbitmq.management_url().unwrap();
    let port = management.trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap();
    assert!(answer(port, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn what_cannot_start_says_why() {
    let redis = Redis::start(RedisOptions::default()).await.unwrap();
    let taken = Redis::start(RedisOptions { port: Some(redis.port()), ..RedisOptions::default() }).await;
    let error = taken.unwrap_err().to_string();
    assert!(error.contains(&format!("port {}", redis.port())) && error.contains("in use"), "{error}");

    let quoted = Redis::start(RedisOptions { password: Some("two words".to_owned()), ..RedisOptions::default() }).await;
    assert!(matches!(quoted, Err(EngineError::NotPlain { .. })), "{quoted:?}");

    // Something in its way: it starts, ends, and its log says why.
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir_all(directory.path().join("server/data/appendonlydir")).unwrap();
    fs::write(directory.path().join("server/data/appendonlydir/appendonly.aof.manifest"), "rubbish\n").unwrap();
    let options = RedisOptions { directory: Some(directory.path().to_owned()), ..RedisOptions::default() };
    match Redis::start(options).await {
        Err(EngineError::Ended { tail, .. }) => assert!(tail.contains("manifest"), "{tail}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn postgresql_says_when_its_user_cannot_reach_the_directory() {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        // It runs as ourselves, who made the directory.
        println!("not root: PostgreSQL is no other user");
        return;
    }
    let closed = tempfile::tempdir().unwrap();
    fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let options =
        PostgreSqlOptions { directory: Some(closed.path().join("postgresql")), ..PostgreSqlOptions::default() };
    let error = PostgreSql::start(options).await.unwrap_err().to_string();
    assert!(error.contains("the user postgres cannot enter"), "{error}");
}
