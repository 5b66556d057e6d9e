//! The least that writing orders takes: their rows, inserted in batches, one transaction a batch.
//!
//! The rows are those that spike wrote: of each order itself, its two events, the movement of its units and the note in
//! the outbox. They go into empty copies of the same tables, with the same indexes, on the same server. Nothing is read
//! or locked first, nothing is guarded, and nothing comes from a queue.

use std::time::{Duration, Instant};

use domain::{
    id::{IdSource, TypedId},
    order::Order,
};
use infra::ids::UuidV7Source;
use sqlx::{AssertSqlSafe, Connection, Executor, MySql, MySqlConnection, MySqlTransaction, QueryBuilder};
use uuid::Uuid;

use crate::error::{BenchError, same};

/// Orders of one transaction: as many as spike's consumers put into one by default.
const BATCH: usize = 500;

const TABLES: [&str; 4] = ["orders", "order_events", "stock_movements", "order_follow_ups"];

/// Inserts the rows of these orders. Returns how long it took.
pub(crate) async fn insert(url: &str, orders: &[Order]) -> Result<Duration, BenchError> {
    let mut connection = MySqlConnection::connect(url).await?;
    for table in TABLES {
        connection.execute(AssertSqlSafe(format!("CREATE OR REPLACE TABLE bare_{table} LIKE {table}"))).await?;
    }
    let began = Instant::now();
    for batch in orders.chunks(BATCH) {
        let mut transaction = connection.begin().await?;
        write(&mut transaction, batch).await?;
        transaction.commit().await?;
    }
    let took = began.elapsed();
    for table in TABLES {
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(format!("SELECT COUNT(*) FROM bare_{table}")))
            .fetch_one(&mut connection)
            .await?;
        let each = if table == "order_events" { 2 } else { 1 };
        same(&format!("the baseline's rows of {table}"), usize::try_from(rows).ok(), Some(orders.len() * each))?;
        connection.execute(AssertSqlSafe(format!("DROP TABLE bare_{table}"))).await?;
    }
    connection.close().await?;
    Ok(took)
}

async fn write(transaction: &mut MySqlTransaction<'_>, batch: &[Order]) -> Result<(), BenchError> {
    let ids = UuidV7Source::default();
    let mut rows: QueryBuilder<MySql> = QueryBuilder::new(
        "INSERT INTO bare_orders (id, campaign_id, user_id, quantity, unit_price_minor, currency, status, version, \
         created_at, pay_before, paid_at, closed_at, request_key) ",
    );
    rows.push_values(batch, |mut row, order| {
        row.push_bind(order.id.uuid())
            .push_bind(order.campaign_id.uuid())
            .push_bind(order.user_id.uuid())
            .push_bind(order.quantity)
            .push_bind(order.unit_price.minor)
            .push_bind(order.unit_price.currency.code())
            .push_bind(order.status.name())
            .push_bind(order.version)
            .push_bind(order.created_at.timestamp_millis())
            .push_bind(order.pay_before.map(|at| at.timestamp_millis()))
            .push_bind(None::<i64>)
            .push_bind(None::<i64>)
            .push_bind(order.request_key.as_ref().map(|key| key.as_str().to_owned()));
    });
    rows.build().execute(&mut **transaction).await?;

    let mut rows: QueryBuilder<MySql> =
        QueryBuilder::new("INSERT INTO bare_order_events (order_id, version, status, at, reason) ");
    rows.push_values(
        batch.iter().flat_map(|order| [(order, 0, "QUEUED"), (order, 1, "PENDING_PAYMENT")]),
        |mut row, event| {
            let (order, version, status) = event;
            row.push_bind(order.id.uuid())
                .push_bind(version)
                .push_bind(status)
                .push_bind(order.created_at.timestamp_millis())
                .push_bind(None::<String>);
        },
    );
    rows.build().execute(&mut **transaction).await?;

    let mut rows: QueryBuilder<MySql> = QueryBuilder::new(
        "INSERT INTO bare_stock_movements (id, campaign_id, order_id, kind, available, held, sold, reason, actor, at) ",
    );
    rows.push_values(batch, |mut row, order| {
        row.push_bind(ids.uuid(order.created_at))
            .push_bind(order.campaign_id.uuid())
            .push_bind(order.id.uuid())
            .push_bind("HELD")
            .push_bind(-i64::from(order.quantity))
            .push_bind(i64::from(order.quantity))
            .push_bind(0_i64)
            .push_bind(None::<String>)
            .push_bind(None::<Uuid>)
            .push_bind(order.created_at.timestamp_millis());
    });
    rows.build().execute(&mut **transaction).await?;

    let mut rows: QueryBuilder<MySql> =
        QueryBuilder::new("INSERT INTO bare_order_follow_ups (id, order_id, version, created_at) ");
    rows.push_values(batch, |mut row, order| {
        row.push_bind(ids.uuid(order.created_at))
            .push_bind(order.id.uuid())
            .push_bind(1)
            .push_bind(order.created_at.timestamp_millis());
    });
    rows.build().execute(&mut **transaction).await?;
    Ok(())
}
