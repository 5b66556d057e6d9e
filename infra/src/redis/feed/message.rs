//! What is said on the channel: a batch of changes, with who says it and in which version of this form.
//!
//! The form is that of postcard (postcard.jamesmunns.com/wire-format): nobody but the replicas reads it, each grab is told in
//! it, and as JSON it took a tenth of what a grab costs the api.

use domain::order::status::OrderChange;
use serde::{Deserialize, Serialize};

/// The version of the form. It names neither fields nor variants but counts them, so it is raised whenever one is added,
/// moved or removed in what a change is made of.
const VERSION: u32 = 3;

/// What a change that is just queued takes, in bytes, roughly.
const SPACE: usize = 192;

/// A batch. The sender comes first, so that its own messages are known by how they begin.
#[derive(Serialize)]
struct Message<'a> {
    from: &'a str,
    version: u32,
    number: u64,
    missed: bool,
    changes: &'a [OrderChange],
}

#[derive(Deserialize)]
struct Header<'a> {
    from: &'a str,
    version: u32,
}

#[derive(Deserialize)]
struct Body {
    missed: bool,
    changes: Vec<OrderChange>,
}

/// What another process said.
#[derive(Debug, PartialEq)]
pub(super) struct Said<'a> {
    /// Who.
    pub(super) from: &'a str,
    /// The how many-th message of its sender this is.
    pub(super) number: u64,
    body: &'a [u8],
}

/// What it said in it.
#[derive(Debug, PartialEq)]
pub(super) struct Told {
    /// Whether there were changes before that could not be told.
    pub(super) missed: bool,
    pub(super) changes: Vec<OrderChange>,
}

/// Writes a batch; one without changes says no more than that its sender is there.
pub(super) fn write(from: &str, number: u64, missed: bool, changes: &[OrderChange]) -> postcard::Result<Vec<u8>> {
    postcard::to_extend(
        &Message { from, version: VERSION, number, missed, changes },
        Vec::with_capacity(SPACE * (1 + changes.len())),
    )
}

/// How every message of this sender begins.
pub(super) fn beginning(from: &str) -> postcard::Result<Vec<u8>> {
    postcard::to_allocvec(from)
}

/// Reads who says something. What cannot be read may have told anything.
pub(super) fn read(message: &[u8]) -> Option<Said<'_>> {
    let (Header { from, version }, rest) = readable(postcard::take_from_bytes(message))?;
    if version != VERSION {
        tracing::debug!(version, "a message of another version of the feed");
        return None;
    }
    let (number, body) = readable(postcard::take_from_bytes(rest))?;
    Some(Said { from, number, body })
}

impl Said<'_> {
    /// Reads what is said.
    pub(super) fn told(&self) -> Option<Told> {
        readable(postcard::from_bytes(self.body)).map(|Body { missed, changes }| Told { missed, changes })
    }
}

fn readable<T>(read: postcard::Result<T>) -> Option<T> {
    read.inspect_err(|error| tracing::warn!(%error, "a message of the feed cannot be read")).ok()
}

#[cfg(test)]
mod tests {
    use domain::{
        id::{OrderId, TypedId},
        order::status::OrderStatus,
        testing,
    };
    use serde_json::json;

    use super::*;

    fn change() -> OrderChange {
        OrderChange::queued(&testing::hold(testing::instant("2026-01-01T10:00:00.123Z")))
    }

    fn told(message: &[u8]) -> Option<Told> {
        read(message)?.told()
    }

    #[test]
    fn what_was_written_is_read_and_its_sender_is_known() {
        let mut paid = change();
        (paid.order.status, paid.order.paid_at, paid.order.request_key) =
            (OrderStatus::Paid, Some(testing::instant("2026-01-01T10:00:01.001Z")), None);
        (paid.event.status, paid.event.reason) = (OrderStatus::Paid, Some("paid".to_owned()));
        paid.follow_up = Some(testing::id::<OrderId>(7).uuid());
        let changes = [change(), paid];
        let message = write("me", 300, false, &changes).unwrap();
        assert!(message.starts_with(&beginning("me").unwrap()));
        assert!(!message.starts_with(&beginning("m").unwrap()));
        let said = read(&message).unwrap();
        assert_eq!((said.from, said.number), ("me", 300));
        assert_eq!(said.told(), Some(Told { missed: false, changes: changes.to_vec() }));
        let nothing = write("me", 0, true, &[]).unwrap();
        assert_eq!(told(&nothing), Some(Told { missed: true, changes: Vec::new() }));
    }

    /// A reader of another form would not notice: it finds other values in the same bytes.
    #[test]
    fn the_form_is_another_version_when_it_changes() {
        let written = write("me", 0, false, &[change()]).unwrap();
        let digits = written.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        assert_eq!(
            (VERSION, digits.as_str()),
            (
                3,
                "026d650300000110000000000000000000000000000000011000000000000000000000000000000001100000000000000000000000000000000101ce0f030000f6e5ff8fef660000000010000000000000000000000000000000010000f6e5ff8fef660000"
            )
        );
    }

    #[test]
    fn what_cannot_be_read_may_have_told_anything() {
        let good = write("me", 0, false, &[change()]).unwrap();
        let cut = (0..good.len()).map(|length| good[..length].to_vec());
        let mut later = good.clone();
        later[3] += 1;
        let before = json!({ "from": "x".repeat(32), "version": 1, "missed": false, "changes": [change()] });
        for message in cut.chain([later, before.to_string().into_bytes(), b"[]".to_vec()]) {
            assert_eq!(told(&message), None, "{message:?}");
        }
    }
}
