//! The rows, by the step that fails.

mod closing;
mod consuming;
mod database;
mod opening;
mod publishing;
mod rabbitmq;
mod redis;
mod replicas;

use crate::table::{Row, row};

/// All rows.
pub(crate) fn all() -> Vec<Row> {
    vec![
        row!("rabbitmq: killed and started again", 2, rabbitmq::killed),
        row!("rabbitmq: out of memory, connections blocked", 2, rabbitmq::blocked),
        row!("rabbitmq: partitioned", 3, rabbitmq::partitioned),
        row!("redis: restarts empty", 3, redis::wiped),
        row!("redis: rolled back to an older copy", 3, redis::rolled_back),
        row!("redis: partitioned", 3, redis::partitioned),
        row!("redis: failover by Sentinel", 2, redis::sentinel),
        row!("redis: failover in a Cluster", 2, redis::cluster),
        row!("database: down in mid-sale", 3, database::down),
        row!("grab: killed after reserve, before publish", 5, publishing::reserved),
        row!("grab: killed after publish, before the answer", 5, publishing::published),
        row!("grab: killed after the answer", 5, publishing::told),
        row!("publish: the confirm is lost", 3, publishing::confirm_lost),
        row!("publish: the confirm is late", 3, publishing::confirm_late),
        row!("consumer: killed in the transaction", 5, consuming::written),
        row!("consumer: killed after commit, before ack", 5, consuming::committed),
        row!("consumer: a message that cannot be an order", 3, consuming::poison),
        row!("cancel: killed before the units are back", 5, closing::cancelled),
        row!("cancel: killed after the units are back", 5, closing::released),
        row!("expiry: killed before the units are back", 3, closing::expired),
        row!("opening: killed before the stock is loaded", 3, opening::read),
        row!("opening: killed after the stock is loaded", 3, opening::loaded),
        row!("two replicas, one is killed", 3, replicas::one_dies),
    ]
}
