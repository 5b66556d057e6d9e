//! What must be true after a run: every granted grab is one order, nothing else is, and the report balances.

use std::collections::HashSet;

use domain::{
    id::OrderId,
    order::{Order, OrderStatus, ports::OrderStore},
};
use infra::{
    ids::UuidV7Source,
    sql::{Database, order::SqlOrders},
};

use super::{
    Granted,
    graph::{Graph, PATIENCE, POLL, Report},
};
use crate::error::{BenchError, same};

/// Orders of one read.
const BATCH: usize = 1_000;

/// Looks at a shop after a run.
pub(super) struct Audit<'a> {
    pub(super) graph: &'a Graph,
    pub(super) db: &'a Database,
}

impl Audit<'_> {
    /// Waits until the orders are written, and compares.
    pub(super) async fn run(&self, granted: &Granted) -> Result<(), BenchError> {
        let count = granted.orders.len() as u64;
        let must = Report {
            grabs: count,
            queued: 0,
            pending_payment: count,
            rejected: 0,
            available: u64::from(granted.quantity) - count.min(granted.quantity.into()),
            balanced: true,
        };
        same("the report", self.settled(granted).await?, must)?;
        same("the orders in the database", self.placed(granted).await?, granted.orders.len())
    }

    /// The report, once nothing is on its way any more.
    async fn settled(&self, granted: &Granted) -> Result<Report, BenchError> {
        let settled = async {
            loop {
                let report = self.graph.report(granted.campaign).await?;
                if report.queued == 0 {
                    return Ok(report);
                }
                tokio::time::sleep(POLL).await;
            }
        };
        let settled = tokio::time::timeout(PATIENCE, settled).await;
        settled.map_err(|_| BenchError::Wrong(format!("grabs of {} that become no orders", granted.campaign)))?
    }

    /// How many of the granted orders are in the database as they must be.
    async fn placed(&self, granted: &Granted) -> Result<usize, BenchError> {
        let mut placed = HashSet::with_capacity(granted.orders.len());
        for order in self.orders(granted).await? {
            let good = order.campaign_id == granted.campaign
                && order.quantity == 1
                && order.status == OrderStatus::PendingPayment;
            if good {
                placed.insert(order.id);
            }
        }
        Ok(placed.len())
    }

    /// The granted orders that are in the database.
    pub(super) async fn orders(&self, granted: &Granted) -> Result<Vec<Order>, BenchError> {
        let store = SqlOrders::new(self.db.clone(), std::sync::Arc::new(UuidV7Source::default()));
        let ids: Vec<OrderId> = granted.orders.iter().copied().collect();
        let mut orders = Vec::with_capacity(ids.len());
        for batch in ids.chunks(BATCH) {
            orders.extend(store.by_ids(batch).await?);
        }
        Ok(orders)
    }
}
