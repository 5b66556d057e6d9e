//! Statements with a bound: a server that does not answer any more is away, also when its connection still
//! looks open. A host that lost its power, or a cable that was pulled, tells nobody, and the drivers wait for ever.
//!
//! Such a connection must not go back to its pool, where it would be tried without a bound and hold its place
//! until the system gives it up a quarter of an hour later. Nor may one whose caller went away in the middle of an answer:
//! the driver of MySQL loses count of what it has still to read, if it was about to prepare a statement, and waits for ever
//! for what never comes. That there was [`Silence`] is noted before such a connection is let go; for a while after it the
//! pool tries what comes back within a bound, and throws away what does not answer.
//!
//! One gap is the driver's: it tries each connection that comes back once more by itself, without a bound. One that is
//! being tried at the very moment when the host dies holds its place until the system gives it up.

use std::{
    io,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement,
    sqlx::{self, Connection},
};
use tokio::time::{Instant, timeout};

/// How long after a silence connections that come back are tried within a bound.
const WARY: Duration = Duration::from_mins(1);

/// When somebody last waited for an answer in vain: it did not come in time, or who waited for it went away.
#[derive(Clone, Debug, Default)]
pub(in crate::sql) struct Silence(Arc<Mutex<Option<Instant>>>);

impl Silence {
    /// Waits for an answer within a bound.
    pub(in crate::sql) async fn within<T>(&self, bound: Duration, answer: impl Future<Output = T>) -> Result<T, DbErr> {
        let mut answer = pin!(answer);
        // Declared later, so it notes the silence before what waits lets its connection go.
        let mut wait = Wait { silence: self, over: false };
        let answered = timeout(bound, answer.as_mut()).await;
        wait.over = answered.is_ok();
        answered.map_err(|_| DbErr::Conn(RuntimeErr::SqlxError(no_answer().into())))
    }

    /// Whether a connection that comes back to the pool may stay. An error throws it away.
    pub(super) async fn may_stay<C: Connection>(
        &self,
        connection: &mut C,
        bound: Duration,
    ) -> Result<bool, sqlx::Error> {
        let wary = self.last().is_some_and(|last| last.elapsed() < WARY);
        if wary {
            timeout(bound, connection.ping()).await.map_err(|_| no_answer())??;
        }
        Ok(true)
    }

    fn last(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A wait for an answer. One that was in vain is a silence, also if it was given up from outside.
struct Wait<'a> {
    silence: &'a Silence,
    over: bool,
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        if !self.over {
            *self.silence.last() = Some(Instant::now());
        }
    }
}

fn no_answer() -> sqlx::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the database did not answer in time").into()
}

/// A pool or a transaction whose statements end within a bound, the wait for a connection included.
#[derive(Clone, Debug)]
pub struct Bounded<C> {
    inner: C,
    bound: Duration,
    silence: Silence,
}

impl<C> Bounded<C> {
    pub(super) const fn new(inner: C, bound: Duration, silence: Silence) -> Self {
        Self { inner, bound, silence }
    }

    /// What is bounded, for what is no statement.
    pub const fn inner(&self) -> &C {
        &self.inner
    }

    async fn within<T>(&self, answer: impl Future<Output = Result<T, DbErr>> + Send) -> Result<T, DbErr> {
        self.silence.within(self.bound, answer).await?
    }
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
