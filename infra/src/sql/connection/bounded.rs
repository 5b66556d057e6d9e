//! Statements with a bound: a server that does not answer any more is away, also when its connection still
//! looks open (a cable that was pulled tells nobody).

use std::{io, time::Duration};

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement, sqlx};
use tokio::time::timeout;

/// A connection, a pool or a transaction whose statements end within a bound.
#[derive(Clone, Debug)]
pub struct Bounded<C> {
    inner: C,
    bound: Duration,
}

impl<C> Bounded<C> {
    /// Bounds each statement, the wait for a connection included.
    pub(super) const fn new(inner: C, bound: Duration) -> Self {
        Self { inner, bound }
    }

    /// What is bounded.
    pub(super) const fn inner(&self) -> &C {
        &self.inner
    }

    async fn within<T>(&self, answer: impl Future<Output = Result<T, DbErr>> + Send) -> Result<T, DbErr> {
        timeout(self.bound, answer).await.unwrap_or_else(|_| Err(silent()))
    }
}

/// What is said of a server that did not answer in time.
pub(in crate::sql) fn silent() -> DbErr {
    let error = io::Error::new(io::ErrorKind::TimedOut, "the database did not answer in time");
    DbErr::Conn(RuntimeErr::SqlxError(sqlx::Error::Io(error).into()))
}

#[async_trait]
impl<C: ConnectionTrait> ConnectionTrait for Bounded<C> {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        self.within(self.inner.execute_raw(stmt)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.within(self.inner.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.within(self.inner.query_one_raw(stmt)).await
    }

    async fn query_all_raw(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.within(self.inner.query_all_raw(stmt)).await
    }
}
