//! Between columns and the values of the domain. A column that cannot be read is a defect: it names itself.

use std::str::FromStr;

use chrono::DateTime;
use domain::{
    clock::Instant,
    error::Fault,
    id::TypedId,
    money::{Currency, Money},
};
use uuid::Uuid;

/// Milliseconds since 1970, UTC.
pub(super) fn millis(at: Instant) -> i64 {
    at.timestamp_millis()
}

/// The instant of a column.
pub(super) fn instant(millis: i64) -> Result<Instant, Fault> {
    DateTime::from_timestamp_millis(millis).ok_or_else(|| Fault::internal(format!("{millis} is not an instant")))
}

/// The instant of a column that may be empty.
pub(super) fn maybe_instant(millis: Option<i64>) -> Result<Option<Instant>, Fault> {
    millis.map(instant).transpose()
}

/// A count of a column.
pub(super) fn count(value: i32) -> Result<u32, Fault> {
    u32::try_from(value).map_err(Fault::internal)
}

/// A count for a column.
pub(super) fn column(value: u32) -> Result<i32, Fault> {
    i32::try_from(value).map_err(Fault::internal)
}

/// An amount of a column and its currency's column.
pub(super) fn money(minor: i64, currency: &str) -> Result<Money, Fault> {
    Ok(Money::new(minor, named::<Currency>(currency)?))
}

/// A name of a state or kind.
pub(super) fn named<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(name: &str) -> Result<T, Fault> {
    name.parse().map_err(Fault::internal)
}

/// An id of a column that may be empty.
pub(super) fn maybe_id<I: TypedId>(uuid: Option<Uuid>) -> Option<I> {
    uuid.map(I::from_uuid)
}

/// The UUIDs of ids, for an `IN (…)`.
pub(super) fn uuids<I: TypedId>(ids: &[I]) -> impl Iterator<Item = Uuid> {
    ids.iter().map(|id| id.uuid())
}

/// A number of rows at most, as every engine can read it.
pub(super) fn limit(max: usize) -> u64 {
    const MOST: u64 = i32::MAX as u64;
    u64::try_from(max).map_or(MOST, |max| max.min(MOST))
}
