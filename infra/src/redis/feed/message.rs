//! What is said on the channel: a batch of changes, with who says it and in which version of this form.

use domain::order::status::OrderChange;
use serde::{Deserialize, Serialize};

/// The version of the form. It is raised when an old reader would misread the new form.
const VERSION: u32 = 1;

/// A batch. The sender comes first, so that its own messages are known by how they begin.
#[derive(Serialize)]
struct Message<'a> {
    from: &'a str,
    version: u32,
    missed: bool,
    changes: &'a [OrderChange],
}

#[derive(Deserialize)]
struct Header {
    version: u32,
}

#[derive(Deserialize)]
struct Body {
    missed: bool,
    changes: Vec<OrderChange>,
}

/// What another process said.
#[derive(Debug, PartialEq)]
pub(super) struct Said {
    /// Whether there were changes before that could not be told.
    pub(super) missed: bool,
    pub(super) changes: Vec<OrderChange>,
}

/// Writes a batch; one without changes says no more than that its sender is there.
pub(super) fn write(from: &str, missed: bool, changes: &[OrderChange]) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Message { from, version: VERSION, missed, changes })
}

/// How every message of this sender begins.
pub(super) fn beginning(from: &str) -> Vec<u8> {
    format!("{{\"from\":\"{from}\",").into_bytes()
}

/// Reads a batch. One that cannot be read may have told anything, so something was missed.
pub(super) fn read(message: &[u8]) -> Said {
    let version = serde_json::from_slice(message).map(|Header { version }| version);
    let body = match version {
        Ok(VERSION) => serde_json::from_slice(message),
        Ok(version) => {
            tracing::debug!(version, "a message of another version of the feed");
            return Said { missed: true, changes: Vec::new() };
        }
        Err(error) => Err(error),
    };
    match body {
        Ok(Body { missed, changes }) => Said { missed, changes },
        Err(error) => {
            tracing::warn!(%error, "a message of the feed cannot be read");
            Said { missed: true, changes: Vec::new() }
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::testing;

    use super::*;

    #[test]
    fn what_was_written_is_read_and_its_sender_is_known() {
        let change = OrderChange::queued(&testing::hold(testing::instant("2026-01-01T10:00:00Z")));
        let message = write("me", false, std::slice::from_ref(&change)).unwrap();
        assert!(message.starts_with(&beginning("me")));
        assert!(!message.starts_with(&beginning("m")));
        assert_eq!(read(&message), Said { missed: false, changes: vec![change] });
        assert_eq!(read(&write("me", true, &[]).unwrap()), Said { missed: true, changes: Vec::new() });
    }

    #[test]
    fn what_cannot_be_read_may_have_told_anything() {
        for message in ["", "[]", r#"{"from":"x","version":2,"news":[]}"#, r#"{"from":"x","version":1,"changes":[{}]}"#]
        {
            assert_eq!(read(message.as_bytes()), Said { missed: true, changes: Vec::new() }, "{message}");
        }
    }
}
