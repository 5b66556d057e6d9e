//! Redis Cluster becomes whole and survives a node; Sentinel fails over.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Instant;

use engines::{RedisCluster, RedisClusterOptions, RedisSentinel, RedisSentinelOptions};

#[tokio::test]
async fn a_cluster_shares_the_slots_and_is_whole_again_after_a_kill() {
    let began = Instant::now();
    let mut cluster = RedisCluster::start(RedisClusterOptions::with_password().unwrap()).await.unwrap();
    println!("Redis Cluster starts: {:?}", began.elapsed());
    assert!(cluster.url().starts_with("redis-cluster://:"), "{}", cluster.url());
    assert_eq!(cluster.url().matches("127.0.0.1:").count(), 3);

    let mut seen = [false; 3];
    for number in 0..20 {
        let key = format!("{{campaign-{number}}}");
        let node = cluster.node_of(&key).await.unwrap();
        seen[node] = true;
        cluster.ask(node, &["SET", &key, "1"]).await.unwrap();
        let other = (node + 1) % 3;
        assert!(cluster.ask(other, &["GET", &key]).await.unwrap_err().to_string().contains("MOVED"));
    }
    assert_eq!(seen, [true; 3]);

    let key = "{campaign-0}";
    let node = cluster.node_of(key).await.unwrap();
    cluster.kill(node).await.unwrap();
    assert!(cluster.node_of(key).await.is_err());
    cluster.start_again(node).await.unwrap();
    cluster.until_whole().await.unwrap();
    assert_eq!(cluster.ask(node, &["GET", key]).await.unwrap(), "1");

    cluster.wipe().await.unwrap();
    for node in 0..3 {
        assert_eq!(cluster.ask(node, &["DBSIZE"]).await.unwrap(), "0");
    }
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_replica_takes_over_from_a_master_of_a_cluster() {
    let options = RedisClusterOptions { replicas_per_master: 1, ..RedisClusterOptions::default() };
    let mut cluster = RedisCluster::start(options).await.unwrap();
    let key = "{campaign}";
    let master = cluster.node_of(key).await.unwrap();
    cluster.ask(master, &["SET", key, "1"]).await.unwrap();
    assert_eq!(cluster.ask(master, &["WAIT", "1", "10000"]).await.unwrap(), "1");
    cluster.kill(master).await.unwrap();
    let began = Instant::now();
    cluster.until_whole().await.unwrap();
    println!("Redis Cluster fails over: {:?}", began.elapsed());
    let successor = cluster.node_of(key).await.unwrap();
    assert_eq!(successor, master + 3);
    assert_eq!(cluster.ask(successor, &["GET", key]).await.unwrap(), "1");
    cluster.start_again(master).await.unwrap();
    cluster.until_whole().await.unwrap();
    assert!(cluster.ask(master, &["ROLE"]).await.unwrap().starts_with("slave"));
}

#[tokio::test]
async fn sentinel_fails_over() {
    let began = Instant::now();
    let options = RedisSentinelOptions::with_password().unwrap();
    let mut sentinel = RedisSentinel::start(options).await.unwrap();
    println!("Redis behind Sentinel starts: {:?}", began.elapsed());
    assert!(sentinel.url().starts_with("redis-sentinel://:"), "{}", sentinel.url());
    assert!(sentinel.url().ends_with("/spike"));

    assert_eq!(sentinel.master().await.unwrap(), 0);
    sentinel.ask(0, &["SET", "unit", "1"]).await.unwrap();
    assert_eq!(sentinel.ask(0, &["WAIT", "1", "10000"]).await.unwrap(), "1");
    assert_eq!(sentinel.kill_master().await.unwrap(), 0);
    let began = Instant::now();
    sentinel.until_failed_over(0).await.unwrap();
    println!("Sentinel fails over: {:?}", began.elapsed());
    assert_eq!(sentinel.master().await.unwrap(), 1);
    assert_eq!(sentinel.ask(1, &["GET", "unit"]).await.unwrap(), "1");
    sentinel.ask(1, &["SET", "unit", "2"]).await.unwrap();
    sentinel.start_again(0).await.unwrap();
    assert_eq!(sentinel.master().await.unwrap(), 1);
}
