//! Each engine starts, answers, is killed and comes back with what it had, and stops.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::time::Instant;

use engines::{MariaDb, MariaDbOptions, PostgreSql, PostgreSqlOptions, RabbitMq, RabbitOptions, Redis, RedisOptions};

#[tokio::test]
async fn redis() {
    let began = Instant::now();
    let mut redis = Redis::start(RedisOptions::new().unwrap()).await.unwrap();
    println!("Redis started in {:?}", began.elapsed());
    redis.ask(&["SET", "unit", "1"]).await.unwrap();
    redis.kill().await.unwrap();
    assert!(redis.ask(&["PING"]).await.is_err());
    redis.start_again().await.unwrap();
    assert_eq!(redis.ask(&["GET", "unit"]).await.unwrap().trim(), "1");

    let copy = redis.copy().unwrap();
    redis.ask(&["SET", "unit", "2"]).await.unwrap();
    redis.restart().await.unwrap();
    assert_eq!(redis.ask(&["GET", "unit"]).await.unwrap().trim(), "2");
    redis.roll_back(&copy).await.unwrap();
    assert_eq!(redis.ask(&["GET", "unit"]).await.unwrap().trim(), "1");

    redis.kill().await.unwrap();
    redis.wipe().await.unwrap();
    redis.start_again().await.unwrap();
    assert_eq!(redis.ask(&["DBSIZE"]).await.unwrap().trim(), "0");
    redis.stop().await.unwrap();
}

#[tokio::test]
async fn mariadb() {
    let began = Instant::now();
    let mut mariadb = MariaDb::start(MariaDbOptions::default()).await.unwrap();
    println!("MariaDB started in {:?}", began.elapsed());
    mariadb.database("shop").await.unwrap();
    mariadb.sql("CREATE TABLE shop.unit (id INT); INSERT INTO shop.unit VALUES (7)").await.unwrap();
    mariadb.kill().await.unwrap();
    let began = Instant::now();
    mariadb.start_again().await.unwrap();
    println!("MariaDB recovered in {:?}", began.elapsed());
    assert_eq!(mariadb.sql("SELECT id FROM shop.unit").await.unwrap().trim(), "7");
    mariadb.stop().await.unwrap();
    mariadb.start_again().await.unwrap();
    assert_eq!(mariadb.sql("SELECT id FROM shop.unit").await.unwrap().trim(), "7");
}

#[tokio::test]
async fn postgresql() {
    let began = Instant::now();
    let mut postgresql = PostgreSql::start(PostgreSqlOptions::default()).await.unwrap();
    println!("PostgreSQL started in {:?}", began.elapsed());
    postgresql.database("shop").await.unwrap();
    postgresql.database("shop").await.unwrap();
    postgresql.sql("CREATE TABLE unit (id INT); INSERT INTO unit VALUES (7)").await.unwrap();
    postgresql.kill().await.unwrap();
    let began = Instant::now();
    postgresql.start_again().await.unwrap();
    println!("PostgreSQL recovered in {:?}", began.elapsed());
    assert_eq!(postgresql.sql("SELECT id FROM unit").await.unwrap().trim(), "7");
    postgresql.stop().await.unwrap();
    postgresql.start_again().await.unwrap();
    assert_eq!(postgresql.sql("SELECT id FROM unit").await.unwrap().trim(), "7");
}

#[tokio::test]
async fn rabbitmq() {
    let began = Instant::now();
    let mut rabbitmq = RabbitMq::start(RabbitOptions::default()).await.unwrap();
    println!("RabbitMQ started in {:?}", began.elapsed());
    assert_eq!(rabbitmq.ctl(&["list_vhosts", "name", "--no-table-headers"]).await.unwrap().trim(), "spike");
    let began = Instant::now();
    rabbitmq.kill().await.unwrap();
    println!("RabbitMQ killed in {:?}", began.elapsed());
    let began = Instant::now();
    rabbitmq.start_again().await.unwrap();
    println!("RabbitMQ started again in {:?}", began.elapsed());
    let began = Instant::now();
    rabbitmq.stop().await.unwrap();
    println!("RabbitMQ stopped in {:?}", began.elapsed());
    rabbitmq.wipe().unwrap();
    rabbitmq.start_again().await.unwrap();
}
