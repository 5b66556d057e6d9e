//! What is killed, and when.

use std::{collections::BTreeMap, time::Duration};

use engines::{RabbitMq, Redis};
use rand::{RngExt, rngs::StdRng, seq::SliceRandom};

use crate::{BUYERS, buyer::Market, support::process::Replica};

/// In all.
pub(crate) const KILLS: usize = 20;

/// Everything that is killed: two replicas of the graph, two consumers, and the engines.
pub(crate) struct Killed {
    pub(crate) processes: Vec<Replica>,
    pub(crate) redis: Redis,
    pub(crate) rabbitmq: RabbitMq,
}

#[derive(Debug, Clone, Copy)]
enum Victim {
    Graph,
    Consumer,
    Redis,
    RabbitMq,
}

/// Each of these so often.
const VICTIMS: [(Victim, usize); 4] =
    [(Victim::Graph, 6), (Victim::Consumer, 5), (Victim::Redis, 5), (Victim::RabbitMq, 4)];

/// Lets some buyers in, kills something in the midst of them and starts it again, and so on until all are in.
pub(crate) async fn run(
    killed: &mut Killed,
    market: &Market<'_>,
    random: &mut StdRng,
) -> BTreeMap<&'static str, usize> {
    let mut victims: Vec<Victim> =
        VICTIMS.iter().flat_map(|(victim, times)| std::iter::repeat_n(*victim, *times)).collect();
    assert_eq!(victims.len(), KILLS);
    victims.shuffle(random);
    let mut kills = BTreeMap::new();
    for (number, victim) in victims.into_iter().enumerate() {
        market.let_in(BUYERS * (number + 1) / KILLS);
        pause(random, 300..1_500).await;
        let name = match victim {
            Victim::Graph | Victim::Consumer => {
                let first = if matches!(victim, Victim::Graph) { 0 } else { 2 };
                let process = &mut killed.processes[first + random.random_range(0..2)];
                assert!(process.is_up(), "{} ended by itself:\n{}", process.name(), process.last_words());
                process.kill().await;
                pause(random, 0..1_000).await;
                process.start().await;
                if first == 0 { "graph" } else { "consumer" }
            }
            Victim::Redis => {
                killed.redis.kill().await.expect("killed");
                pause(random, 0..1_000).await;
                killed.redis.start_again().await.expect("started");
                "Redis"
            }
            Victim::RabbitMq => {
                killed.rabbitmq.kill().await.expect("killed");
                pause(random, 0..1_000).await;
                killed.rabbitmq.start_again().await.expect("started");
                "RabbitMQ"
            }
        };
        *kills.entry(name).or_default() += 1;
    }
    market.close_soon();
    kills
}

/// Waits for nothing: this is when things happen, by chance.
async fn pause(random: &mut StdRng, millis: std::ops::Range<u64>) {
    tokio::time::sleep(Duration::from_millis(random.random_range(millis))).await;
}
