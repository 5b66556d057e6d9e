//! Redis Cluster: replicas that are promoted, nodes that freeze, slots that move.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use domain::spike::ports::StockStore;
use engines::{RedisCluster, RedisClusterOptions as Engine};
use infra::redis::{OpenError, RedisOptions, RedisStock};

use crate::{
    contract::{
        feed::{Ear, change},
        redis::{impatient, replicas, until_heard},
    },
    sale::{Sale, assert_opens_again, assert_over, campaign},
};

async fn with_replicas() -> RedisCluster {
    let options = Engine { replicas_per_master: 1, ..Engine::with_password().unwrap() };
    RedisCluster::start(options).await.unwrap()
}

/// A key of the campaign.
fn sale_key(options: &RedisOptions) -> String {
    format!("{}:{{{}}}:sale", options.prefix, domain::id::TypedId::uuid(campaign()))
}

async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let begun = Instant::now();
    while !condition().await {
        assert!(begun.elapsed() < Duration::from_mins(1), "never {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A field of what a node says about itself.
async fn says(engine: &RedisCluster, node: usize, section: &str, field: &str) -> String {
    let info = engine.ask(node, &["INFO", section]).await.unwrap_or_default();
    let value = info.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    value.unwrap_or_default().trim().to_owned()
}

#[tokio::test]
async fn a_promoted_replica_sells_nothing_of_the_life_before() {
    let mut engine = with_replicas().await;
    let options = impatient(&engine.url());
    let sale = Sale::open(options.clone()).await;
    let hold = sale.hold(1).await;
    let node = engine.node_of(&sale_key(&options)).await.unwrap();
    engine.kill(node).await.unwrap();
    assert_over(&sale, &hold).await;
    assert_opens_again(&sale, 2, vec![hold]).await;
}

/// A node that is frozen keeps its connections: the store must not stay with it.
#[tokio::test]
async fn a_frozen_node_is_left_for_its_replica() {
    let engine = with_replicas().await;
    let options = RedisOptions { patience: Duration::from_millis(500), ..impatient(&engine.url()) };
    let sale = Sale::open(options.clone()).await;
    let hold = sale.hold(1).await;
    let node = engine.node_of(&sale_key(&options)).await.unwrap();
    let process = says(&engine, node, "server", "process_id").await;
    let signal = |name: &str| assert!(Command::new("kill").args([name, &process]).status().unwrap().success());
    signal("-STOP");
    assert_over(&sale, &hold).await;
    assert_opens_again(&sale, 2, vec![hold]).await;
    // It wakes up as a master that has been replaced: it must not sell either.
    signal("-CONT");
    assert_eq!(sale.hold(2).await.epoch, 2);
}

/// The process that sold is the master again, and has not been started anew. What came in between it may have lost.
#[tokio::test]
async fn a_master_that_was_a_replica_in_between_sells_nothing_of_the_life_before() {
    let engine = with_replicas().await;
    let options = impatient(&engine.url());
    let sale = Sale::open(options.clone()).await;
    let hold = sale.hold(1).await;
    let master = engine.node_of(&sale_key(&options)).await.unwrap();
    let replica = master + 3;
    for (next, other) in [(replica, master), (master, replica)] {
        engine.ask(next, &["CLUSTER", "FAILOVER", "TAKEOVER"]).await.unwrap();
        until("promoted", async || says(&engine, next, "replication", "role").await == "master").await;
        until("in step", async || says(&engine, other, "replication", "master_link_status").await == "up").await;
    }
    assert_over(&sale, &hold).await;
    assert_opens_again(&sale, 2, vec![hold]).await;
}

#[tokio::test]
async fn keys_that_moved_to_another_node_sell_nothing_there() {
    let engine = RedisCluster::start(Engine::with_password().unwrap()).await.unwrap();
    let options = impatient(&engine.url());
    let sale = Sale::open(options.clone()).await;
    let hold = sale.hold(1).await;
    let key = sale_key(&options);
    let from = engine.node_of(&key).await.unwrap();
    let to = (from + 1) % 3;
    move_slot(&engine, &key, from, to).await;
    assert_over(&sale, &hold).await;
    assert_opens_again(&sale, 2, vec![hold]).await;
    assert_eq!(engine.node_of(&key).await.unwrap(), to);
}

/// Moves the slot of a key, as `redis-cli --cluster reshard` does.
async fn move_slot(engine: &RedisCluster, key: &str, from: usize, to: usize) {
    let url = engine.url();
    let (user, nodes) = url.trim_start_matches("redis-cluster://:").rsplit_once('@').unwrap();
    let port = nodes.split(',').nth(to).unwrap().trim_start_matches("127.0.0.1:");
    let mut ids = Vec::new();
    for node in 0..3 {
        ids.push(engine.ask(node, &["CLUSTER", "MYID"]).await.unwrap());
    }
    let slot = engine.ask(from, &["CLUSTER", "KEYSLOT", key]).await.unwrap();
    engine.ask(to, &["CLUSTER", "SETSLOT", &slot, "IMPORTING", &ids[from]]).await.unwrap();
    engine.ask(from, &["CLUSTER", "SETSLOT", &slot, "MIGRATING", &ids[to]]).await.unwrap();
    let keys = engine.ask(from, &["CLUSTER", "GETKEYSINSLOT", &slot, "100"]).await.unwrap();
    let mut migrate = vec!["MIGRATE", "127.0.0.1", port, "", "0", "5000", "AUTH", user, "KEYS"];
    migrate.extend(keys.lines());
    engine.ask(from, &migrate).await.unwrap();
    for node in [to, from, 3 - from - to] {
        engine.ask(node, &["CLUSTER", "SETSLOT", &slot, "NODE", &ids[to]]).await.unwrap();
    }
}

/// Campaigns on other nodes go on while one has no master.
#[tokio::test]
async fn what_is_on_other_nodes_goes_on() {
    let mut engine = with_replicas().await;
    let options = RedisOptions { patience: Duration::from_millis(500), ..impatient(&engine.url()) };
    let sale = Sale::open(options.clone()).await;
    sale.hold(1).await;
    let node = engine.node_of(&sale_key(&options)).await.unwrap();
    let other = (node + 1) % 3;
    engine.kill(other).await.unwrap();
    // The cluster as a whole is down for a moment, until the replica is promoted.
    for order in 2..6 {
        assert!(matches!(sale.grab_when_back(order).await, domain::spike::stock::Reserved::Held { .. }));
    }
    assert_eq!(sale.available().await, Some(5));
}

#[tokio::test]
async fn a_feed_goes_on_at_another_node() {
    let mut engine = with_replicas().await;
    let replicas = replicas(&impatient(&engine.url())).await;
    for node in 0..3 {
        engine.kill(node).await.unwrap();
        until_heard(&replicas.here, &replicas.there).await;
        engine.start_again(node).await.unwrap();
        engine.until_whole().await.unwrap();
    }
}

#[tokio::test]
async fn what_is_no_whole_cluster_is_told() {
    let mut engine = RedisCluster::start(Engine::with_password().unwrap()).await.unwrap();
    let one = engine.url().replacen("redis-cluster", "redis", 1);
    let error = RedisStock::open(&impatient(one.split(',').next().unwrap())).await.err().expect("refused");
    assert!(matches!(error, OpenError::Form { .. }), "{error:?}");
    let single = engines::shared::redis().await.unwrap().url().replacen("redis", "redis-cluster", 1);
    let error = RedisStock::open(&impatient(single.trim_end_matches('/'))).await.err().expect("refused");
    assert!(matches!(error, OpenError::Form { .. }), "{error:?}");

    let sale = Sale::open(impatient(&engine.url())).await;
    engine.kill(0).await.unwrap();
    until("down", async || engine.ask(1, &["CLUSTER", "INFO"]).await.unwrap().contains("cluster_state:fail")).await;
    let error = RedisStock::open(&impatient(&engine.url())).await.err().expect("refused");
    assert!(error.is_transient(), "{error:?}");
    assert!(sale.store.level(campaign()).await.is_err());
}

/// A node passes a message on to the others once. Nobody is told when that fails, but the next one has not the next number.
#[tokio::test]
async fn what_is_lost_between_nodes_is_told_as_missed() {
    let engine = RedisCluster::start(Engine::with_password().unwrap()).await.unwrap();
    for number in 0.. {
        let options = RedisOptions { prefix: format!("lost-{number}"), ..impatient(&engine.url()) };
        let channel = format!("{}:changes", options.prefix);
        let replicas = replicas(&options).await;
        let through = engine.node_of(&channel).await.unwrap();
        let listening = listening_at(&engine, &channel).await;
        if listening == through {
            // Nothing is passed on. Another channel is another node's.
            continue;
        }
        let mut ear = Ear::of(&replicas.there, 1).await;
        let id = engine.ask(listening, &["CLUSTER", "MYID"]).await.unwrap();
        let way = format!("to\nnode\n{}", id.trim());
        for order in 0.. {
            until("connected", async || {
                engine.ask(through, &["CLUSTER", "LINKS"]).await.unwrap().replace('\r', "").contains(&way)
            })
            .await;
            engine.ask(through, &["DEBUG", "CLUSTERLINK", "KILL", "TO", id.trim()]).await.unwrap();
            replicas.here.publish(&[change(1, order)]).await;
            // Unless they were connected again already, it is lost, and the next sign of life tells.
            if ear.order().await.is_none() {
                return;
            }
        }
    }
}

/// The node at which all listen to a channel.
async fn listening_at(engine: &RedisCluster, channel: &str) -> usize {
    let mut at = Vec::new();
    for node in 0..3 {
        if engine.ask(node, &["PUBSUB", "CHANNELS", channel]).await.unwrap().contains(channel) {
            at.push(node);
        }
    }
    assert_eq!(at.len(), 1, "{at:?}");
    at[0]
}
