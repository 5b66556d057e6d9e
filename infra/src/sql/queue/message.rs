//! What a message says: a hold in an envelope that names its kind and version, so that a later version of this
//! program can tell what an earlier one wrote.
//!
//! A version is raised when an old reader would misread the new form; fields that may be missing do not need it.

use domain::{
    error::Fault,
    id::{OrderId, TypedId},
    spike::Hold,
};
use entity::queue_messages;
use sea_orm::ActiveValue::Set;
use serde::{Deserialize, Serialize};

const KIND: &str = "grab_accepted";
const VERSION: u32 = 2;

#[derive(Serialize)]
struct Envelope<'a> {
    kind: &'static str,
    version: u32,
    hold: &'a Hold,
}

#[derive(Deserialize)]
struct Header {
    kind: String,
    version: u32,
}

#[derive(Deserialize)]
struct GrabAccepted {
    hold: Hold,
}

/// Why a message cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("not a message: {0}")]
    Broken(#[from] serde_json::Error),
    #[error("unknown kind {0:?}")]
    Kind(String),
    #[error("unknown version {0} of {KIND:?}")]
    Version(u32),
    #[error("filed under {filed} and about {said}")]
    Misfiled { filed: OrderId, said: OrderId },
}

/// The row of a new message.
pub(super) fn row(hold: &Hold) -> Result<queue_messages::ActiveModel, Fault> {
    let payload = serde_json::to_string(&Envelope { kind: KIND, version: VERSION, hold }).map_err(Fault::internal)?;
    Ok(queue_messages::ActiveModel {
        order_id: Set(hold.order_id.uuid()),
        campaign_id: Set(hold.campaign_id.uuid()),
        payload: Set(payload),
        attempts: Set(0),
        // At once, whatever becomes of the wall clock.
        available_at: Set(0),
        dead_at: Set(None),
        last_error: Set(None),
    })
}

/// Reads the message of a row.
pub(super) fn read(row: &queue_messages::Model) -> Result<Hold, Unreadable> {
    let Header { kind, version } = serde_json::from_str(&row.payload)?;
    if kind != KIND {
        return Err(Unreadable::Kind(kind));
    }
    if version != VERSION {
        return Err(Unreadable::Version(version));
    }
    let GrabAccepted { hold } = serde_json::from_str(&row.payload)?;
    let filed = OrderId::from_uuid(row.order_id);
    if hold.order_id != filed {
        return Err(Unreadable::Misfiled { filed, said: hold.order_id });
    }
    Ok(hold)
}

#[cfg(test)]
mod tests {
    use domain::testing;

    use super::*;

    fn stored(payload: &str) -> queue_messages::Model {
        let order_id = testing::id::<OrderId>(1).uuid();
        let payload = payload.to_owned();
        queue_messages::Model {
            order_id,
            campaign_id: order_id,
            payload,
            attempts: 0,
            available_at: 0,
            dead_at: None,
            last_error: None,
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let hold = testing::hold(testing::instant("2026-01-01T10:00:00.123Z"));
        let row = row(&hold).unwrap();
        let payload = row.payload.unwrap();
        assert!(payload.starts_with(r#"{"kind":"grab_accepted","version":2,"hold":{"#), "{payload}");
        assert_eq!(read(&stored(&payload)).unwrap(), hold);
        // A later program may add fields without raising the version.
        let richer = payload.replacen("\"version\"", "\"trace\":\"x\",\"version\"", 1);
        assert_eq!(read(&stored(&richer)).unwrap(), hold);
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let hold = Hold { order_id: testing::id(2), ..testing::hold(testing::instant("2026-01-01T10:00:00Z")) };
        let misfiled = row(&hold).unwrap().payload.unwrap();
        for (payload, why) in [
            ("", "not a message"),
            ("[1]", "not a message"),
            (r#"{"kind":"grab_accepted","version":2}"#, "not a message: missing field `hold`"),
            (r#"{"kind":"hello","version":2}"#, "unknown kind \"hello\""),
            (r#"{"kind":"grab_accepted","version":3,"hold":{}}"#, "unknown version 3 of \"grab_accepted\""),
            (misfiled.as_str(), "filed under"),
        ] {
            let error = read(&stored(payload)).unwrap_err().to_string();
            assert!(error.starts_with(why), "{payload}: {error}");
        }
    }
}
