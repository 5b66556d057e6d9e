//! What messages say: envelopes that name their kind and version, so that a later version of this program can tell
//! what an earlier one wrote.
//!
//! A version is raised when an old reader would misread the new form; fields that may be missing do not need it.
//! What happened to a message on its way is in its headers, not in what it says.

use domain::{error::Fault, id::CampaignId, spike::Hold};
use lapin::{
    BasicProperties,
    types::{AMQPValue, FieldTable, LongString, ShortString},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::bundle::Bundle;

/// Holds that are to become orders.
pub(super) const GRABS: &str = "grabs_accepted";
/// Asks for what is in hand.
pub(super) const FENCE: &str = "fence";
/// Says what is in hand.
pub(super) const ANSWER: &str = "fence_answer";
/// Finds out whether the broker confirms again.
pub(super) const PROBE: &str = "probe";
/// One for all kinds: two builds that cannot read each other's grabs must not answer each other's fences either, for they
/// would count too little as in flight.
const VERSION: u32 = 3;

/// How often the hold in a message has failed.
const ATTEMPTS: &str = "x-spike-attempts";
/// Why it failed the last time, or why it cannot be read.
const ERROR: &str = "x-spike-error";
/// Characters of an error that are kept.
const KEPT: usize = 1_000;

/// Why a message cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("not a message: {0}")]
    Broken(#[from] serde_json::Error),
    #[error("unknown kind {0:?}")]
    Kind(String),
    #[error("unknown version {version} of {kind:?}")]
    Version { kind: &'static str, version: u32 },
}

#[derive(Deserialize)]
struct Header {
    kind: String,
    version: u32,
}

#[derive(Deserialize)]
struct Grabs {
    kind: String,
    version: u32,
    bundles: Vec<Bundle>,
}

#[derive(Serialize, Deserialize)]
struct Envelope<K, T> {
    kind: K,
    version: u32,
    content: T,
}

/// Goes through a queue to its active consumer, which answers what it has in hand of a campaign: whatever was ahead
/// of it in the queue is in hand by then, or settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fence {
    /// Of which queue; one that strayed into another tells nothing.
    pub(super) queue: String,
    pub(super) campaign: CampaignId,
}

/// One part of what is in hand.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Answer {
    /// Tells the parts of this answer from those of another.
    pub(super) name: String,
    /// Counted from 0.
    pub(super) part: usize,
    /// How many there are.
    pub(super) parts: usize,
    pub(super) holds: Vec<Hold>,
}

/// The message of holds that are written already, as [`super::bundle`] does.
pub(super) fn grabs<'a>(bundles: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut body = format!(r#"{{"kind":"{GRABS}","version":{VERSION},"bundles":["#).into_bytes();
    // Of no holds there is no text, and a comma beside it would spoil the others.
    for (n, bundle) in bundles.into_iter().filter(|text| !text.is_empty()).enumerate() {
        if n > 0 {
            body.push(b',');
        }
        body.extend_from_slice(bundle);
    }
    body.extend_from_slice(b"]}");
    body
}

/// The message of anything else.
pub(super) fn write(kind: &'static str, content: impl Serialize) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(&Envelope { kind, version: VERSION, content }).map_err(Fault::internal)
}

/// The holds of a message.
pub(super) fn read_grabs(body: &[u8]) -> Result<Vec<Hold>, Unreadable> {
    match serde_json::from_slice::<Grabs>(body) {
        Ok(grabs) if grabs.kind == GRABS && grabs.version == VERSION => {
            Ok(grabs.bundles.into_iter().flat_map(Bundle::into_holds).collect())
        }
        other => Err(reason(GRABS, body, other.err())),
    }
}

/// What a message of another kind says.
pub(super) fn read<T: DeserializeOwned>(kind: &'static str, body: &[u8]) -> Result<T, Unreadable> {
    match serde_json::from_slice::<Envelope<String, T>>(body) {
        Ok(envelope) if envelope.kind == kind && envelope.version == VERSION => Ok(envelope.content),
        other => Err(reason(kind, body, other.err())),
    }
}

/// Why a message is not one of this kind: another kind or version, which may have another form, or else its form.
fn reason(kind: &'static str, body: &[u8], form: Option<serde_json::Error>) -> Unreadable {
    match (serde_json::from_slice::<Header>(body), form) {
        (Ok(header), _) if header.kind != kind => Unreadable::Kind(header.kind),
        (Ok(header), _) if header.version != VERSION => Unreadable::Version { kind, version: header.version },
        (_, Some(form)) | (Err(form), None) => Unreadable::Broken(form),
        (Ok(header), None) => Unreadable::Kind(header.kind),
    }
}

/// Of which kind a message says it is, before it is read. What says nothing is taken for holds.
pub(super) fn kind(properties: &BasicProperties) -> &str {
    properties.kind().as_ref().map_or(GRABS, ShortString::as_str)
}

/// How often the hold in a message has failed.
pub(super) fn attempts(properties: &BasicProperties) -> u32 {
    let value = properties.headers().as_ref().and_then(|headers| headers.inner().get(ATTEMPTS));
    match value {
        Some(AMQPValue::LongLongInt(attempts)) => u32::try_from(*attempts).unwrap_or(u32::MAX),
        _ => 0,
    }
}

/// The headers of a message that failed.
pub(super) fn failed(attempts: u32, why: &str) -> FieldTable {
    let mut headers = unreadable(FieldTable::default(), why);
    headers.insert(ATTEMPTS.into(), AMQPValue::LongLongInt(attempts.into()));
    headers
}

/// The headers of a message that cannot be read, besides those that it had.
pub(super) fn unreadable(mut headers: FieldTable, why: &str) -> FieldTable {
    let kept: String = why.chars().take(KEPT).collect();
    headers.insert(ERROR.into(), AMQPValue::LongString(LongString::from(kept)));
    headers
}

#[cfg(test)]
mod tests {
    use domain::testing::{self, id, instant};

    use super::{super::bundle, *};

    fn sample(number: u128) -> Hold {
        Hold { order_id: id(number), ..testing::hold(instant("2026-01-01T10:00:00.123Z")) }
    }

    #[test]
    fn what_was_written_is_read() {
        let holds = [sample(1), sample(2)];
        let body = grabs([bundle::write(&[&holds[0]]).unwrap().as_slice(), &bundle::write(&[&holds[1]]).unwrap()]);
        let text = String::from_utf8(body.clone()).unwrap();
        assert!(text.starts_with(r#"{"kind":"grabs_accepted","version":3,"bundles":[{"#), "{text}");
        assert_eq!(read_grabs(&body).unwrap(), holds);
        assert_eq!(read_grabs(&grabs([])).unwrap(), []);
        assert_eq!(read_grabs(&grabs([b"".as_slice(), &bundle::write(&[&holds[0]]).unwrap()])).unwrap(), holds[..1]);
        // A later program may add fields without raising the version.
        let richer = text.replacen("\"version\"", "\"trace\":\"x\",\"version\"", 1);
        assert_eq!(read_grabs(richer.as_bytes()).unwrap(), holds);

        let fence = Fence { queue: "spike.grabs.0".into(), campaign: id(1) };
        assert_eq!(read::<Fence>(FENCE, &write(FENCE, &fence).unwrap()).unwrap(), fence);
        let answer = Answer { name: "a".into(), part: 0, parts: 1, holds: holds.to_vec() };
        assert_eq!(read::<Answer>(ANSWER, &write(ANSWER, &answer).unwrap()).unwrap(), answer);
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        for (body, why) in [
            ("", "not a message"),
            ("[1]", "not a message"),
            ("{\"kind\":\"grabs_accepted\",\"version\":3,\"bundles\":[\u{fffd}", "not a message"),
            (r#"{"kind":"grabs_accepted","version":3}"#, "not a message: missing field `bundles`"),
            (r#"{"kind":"hello","version":3}"#, "unknown kind \"hello\""),
            (r#"{"kind":"hello","version":3,"holds":[]}"#, "unknown kind \"hello\""),
            (r#"{"kind":"grabs_accepted","version":2,"holds":[]}"#, "unknown version 2 of \"grabs_accepted\""),
            (r#"{"kind":"grabs_accepted","version":4,"crowd":{}}"#, "unknown version 4 of \"grabs_accepted\""),
        ] {
            let error = read_grabs(body.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with(why), "{body}: {error}");
        }
    }

    #[test]
    fn failures_are_counted_in_the_headers() {
        let properties = BasicProperties::default();
        assert_eq!((kind(&properties), attempts(&properties)), (GRABS, 0));
        let properties = properties.with_type("probe".into()).with_headers(failed(3, &"ü".repeat(3_000)));
        assert_eq!((kind(&properties), attempts(&properties)), (PROBE, 3));
        let headers = properties.headers().as_ref().unwrap().inner();
        let Some(AMQPValue::LongString(why)) = headers.get(ERROR) else { panic!("{headers:?}") };
        assert_eq!(why.to_string().chars().count(), 1_000);
    }
}
