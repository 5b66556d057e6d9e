//! Messages of `graphql-transport-ws`, as they are written.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    super::{answer, request::Asked},
    Goodbye,
};

/// What a client says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum FromClient {
    /// Opens the conversation, perhaps with a token.
    ConnectionInit {
        #[serde(default)]
        payload: Option<Map<String, Value>>,
    },
    /// Asks for a `pong`, perhaps with a new token.
    Ping {
        #[serde(default)]
        payload: Option<Map<String, Value>>,
    },
    /// Answers a `ping`.
    Pong {
        #[serde(default)]
        #[expect(dead_code, reason = "it must be an object, and says nothing to us")]
        payload: Option<Map<String, Value>>,
    },
    /// Asks for an operation under this name.
    Subscribe { id: String, payload: Box<Asked> },
    /// Wants nothing more of the operation of this name.
    Complete { id: String },
}

/// Bytes of a name that a client gives an operation.
const MAX_ID: usize = 128;

impl FromClient {
    /// Reads a message. What was sent is not repeated in the goodbye.
    pub(super) fn read(text: &str) -> Result<Self, Goodbye> {
        let bad = |why: String| Goodbye { code: 4400, why };
        // A list would be read as the fields of a message in their order.
        if !text.trim_start().starts_with('{') {
            return Err(bad("Invalid message: not an object".to_owned()));
        }
        let message: Self = serde_json::from_str(text).map_err(|_| bad("Invalid message".to_owned()))?;
        if let Self::Subscribe { id, .. } | Self::Complete { id } = &message
            && !(1..=MAX_ID).contains(&id.len())
        {
            return Err(bad(format!("Invalid message: an id has 1 to {MAX_ID} bytes")));
        }
        match message {
            Self::Subscribe { id, payload } => {
                let payload = payload.whole().map_err(|_| bad("Invalid message: no query".to_owned()))?;
                Ok(Self::Subscribe { id, payload: Box::new(payload) })
            }
            message => Ok(message),
        }
    }
}

/// The conversation is open.
pub(super) const CONNECTION_ACK: &str = r#"{"type":"connection_ack"}"#;

/// Answers a `ping`; if it brought a new token, says that it is taken.
pub(super) fn pong(authorized: bool) -> String {
    if authorized { json!({ "type": "pong", "payload": { "authorized": true } }) } else { json!({ "type": "pong" }) }
        .to_string()
}

/// An answer of an operation.
pub(super) fn next(id: &str, answer: &async_graphql::Response) -> String {
    let id = Value::from(id);
    // What was written as JSON is UTF-8.
    let payload = String::from_utf8(answer::in_json(answer)).unwrap_or_default();
    format!(r#"{{"id":{id},"type":"next","payload":{payload}}}"#)
}

/// Why an operation was not executed.
pub(super) fn error(id: &str, refused: &async_graphql::Response) -> String {
    json!({ "id": id, "type": "error", "payload": refused.errors }).to_string()
}

/// An operation has ended.
pub(super) fn complete(id: &str) -> String {
    json!({ "id": id, "type": "complete" }).to_string()
}

#[cfg(test)]
mod tests {
    use schema::{Code, errors::refused};

    use super::*;

    #[test]
    fn what_is_no_message_is_said_goodbye_to() {
        for bad in [
            "",
            "x",
            "null",
            "[]",
            "[\"ping\"]",
            "{}",
            r#"{"type":"x"}"#,
            r#"{"type":7}"#,
            r#"{"type":"ping"} x"#,
            r#"{"type":"ping","payload":7}"#,
            r#"{"type":"pong","payload":[]}"#,
            r#"{"type":"connection_init","payload":"x"}"#,
            r#"{"type":"subscribe"}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":1,"payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"1","payload":{}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":7}}"#,
            r#"{"type":"complete"}"#,
            r#"{"type":"complete","id":""}"#,
            r#"{"type":"connection_ack"}"#,
            r#"{"type":"next","id":"1","payload":{}}"#,
        ] {
            assert_eq!(FromClient::read(bad).unwrap_err().code, 4400, "{bad}");
        }
        let long = format!(r#"{{"type":"complete","id":"{}"}}"#, "x".repeat(MAX_ID + 1));
        assert_eq!(FromClient::read(&long).unwrap_err().code, 4400);
        for good in [
            r#"{"type":"connection_init"}"#,
            r#" {"payload":null,"type":"connection_init"}"#,
            r#"{"type":"ping","payload":{"a":1}}"#,
            r#"{"type":"pong"}"#,
            r#"{"id":"é","type":"subscribe","payload":{"query":"{a}","variables":null,"x":[1]}}"#,
            r#"{"id":"1","type":"complete","x":{}}"#,
        ] {
            assert!(FromClient::read(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn messages_are_json_whatever_the_id_is() {
        let answer = async_graphql::Response::new("x");
        let id = "\"\\ \u{1}é";
        let written: Value = serde_json::from_str(&next(id, &answer)).unwrap();
        assert_eq!(written, json!({ "id": id, "type": "next", "payload": { "data": "x" } }));
        let written: Value = serde_json::from_str(&error(id, &refused(Code::NotFound, "no"))).unwrap();
        assert_eq!(written["payload"][0]["extensions"]["code"], "NOT_FOUND");
    }
}
