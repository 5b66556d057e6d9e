//! Holds as they stand in a message: those in a row that were taken on the same terms are one bundle, and what they have
//! in common is told once.
//!
//! That is most of a hold, and a message is written, confirmed and stored while buyers wait for it.

use std::borrow::Cow;

use chrono::serde::ts_milliseconds;
use domain::{
    clock::Instant,
    error::Fault,
    id::{CampaignId, OrderId, UserId},
    money::Money,
    spike::{Hold, stock::RequestKey},
};
use serde::{Deserialize, Serialize, Serializer};

/// What the holds of a bundle have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Common {
    campaign_id: CampaignId,
    unit_price: Money,
    per_user_limit: u32,
    payment_window_seconds: u32,
    #[serde(with = "ts_milliseconds")]
    grabbed_at: Instant,
    epoch: u32,
}

/// What is its own of each.
#[derive(Serialize, Deserialize)]
struct Own<'a> {
    order_id: OrderId,
    user_id: UserId,
    quantity: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_key: Option<Cow<'a, RequestKey>>,
}

/// All that there is of a hold: a field that is new has to be in either.
fn parts(hold: &Hold) -> (Common, Own<'_>) {
    let Hold {
        order_id,
        campaign_id,
        user_id,
        quantity,
        unit_price,
        per_user_limit,
        payment_window_seconds,
        ref request_key,
        grabbed_at,
        epoch,
    } = *hold;
    (
        Common { campaign_id, unit_price, per_user_limit, payment_window_seconds, grabbed_at, epoch },
        Own { order_id, user_id, quantity, request_key: request_key.as_ref().map(Cow::Borrowed) },
    )
}

fn whole(common: Common, own: Own<'_>) -> Hold {
    let Common { campaign_id, unit_price, per_user_limit, payment_window_seconds, grabbed_at, epoch } = common;
    let Own { order_id, user_id, quantity, request_key } = own;
    Hold {
        order_id,
        campaign_id,
        user_id,
        quantity,
        unit_price,
        per_user_limit,
        payment_window_seconds,
        request_key: request_key.map(Cow::into_owned),
        grabbed_at,
        epoch,
    }
}

#[derive(Serialize)]
struct Written<'a> {
    common: Common,
    #[serde(serialize_with = "each")]
    holds: &'a [&'a Hold],
}

fn each<S: Serializer>(holds: &[&Hold], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(holds.iter().map(|hold| parts(hold).1))
}

/// Writes holds as bundles, with commas between them.
pub(super) fn write(holds: &[&Hold]) -> Result<Vec<u8>, Fault> {
    // What is common takes some 200 bytes, and what is its own of a hold some 150.
    let mut text = Vec::with_capacity(200 + 160 * holds.len());
    for holds in holds.chunk_by(|one, next| parts(one).0 == parts(next).0) {
        if !text.is_empty() {
            text.push(b',');
        }
        let common = parts(holds[0]).0;
        serde_json::to_writer(&mut text, &Written { common, holds }).map_err(Fault::internal)?;
    }
    Ok(text)
}

/// A bundle as it is read.
#[derive(Deserialize)]
pub(super) struct Bundle {
    common: Common,
    holds: Vec<Own<'static>>,
}

impl Bundle {
    /// Its holds, each whole.
    pub(super) fn into_holds(self) -> impl Iterator<Item = Hold> {
        let Self { common, holds } = self;
        holds.into_iter().map(move |own| whole(common, own))
    }
}

#[cfg(test)]
mod tests {
    use domain::testing::{self, id, instant};

    use super::*;

    fn sample(number: u128) -> Hold {
        let request_key = Some(RequestKey::parse("try-1").unwrap());
        Hold { order_id: id(number), request_key, ..testing::hold(instant("2026-01-01T10:00:00.123Z")) }
    }

    #[test]
    fn what_holds_have_in_common_is_told_once() {
        let later = instant("2026-01-01T10:00:00.124Z");
        let unnamed = Hold { request_key: None, ..sample(2) };
        let holds =
            [sample(1), unnamed, Hold { grabbed_at: later, ..sample(3) }, Hold { epoch: 9, ..sample(4) }, sample(5)];
        let text = write(&holds.iter().collect::<Vec<_>>()).unwrap();
        let text = format!("[{}]", String::from_utf8(text).unwrap());
        let read: Vec<Bundle> = serde_json::from_str(&text).unwrap();
        let sizes: Vec<usize> = read.iter().map(|bundle| bundle.holds.len()).collect();
        assert_eq!(sizes, [2, 1, 1, 1], "{text}");
        assert_eq!(read.into_iter().flat_map(Bundle::into_holds).collect::<Vec<_>>(), holds);
    }

    /// Another build has to read it.
    #[test]
    fn a_bundle_is_written_in_this_form() {
        let text = write(&[&sample(1), &Hold { request_key: None, ..sample(2) }]).unwrap();
        let uuid = |last: u8| format!("00000000-0000-0000-0000-00000000000{last}");
        let (one, two) = (uuid(1), uuid(2));
        let form = concat!(
            r#"{"common":{"campaign_id":"ONE","unit_price":{"minor":999,"currency":"CNY"},"per_user_limit":1,"#,
            r#""payment_window_seconds":900,"grabbed_at":1767261600123,"epoch":1},"holds":["#,
            r#"{"order_id":"ONE","user_id":"ONE","quantity":1,"request_key":"try-1"},"#,
            r#"{"order_id":"TWO","user_id":"ONE","quantity":1}]}"#
        );
        assert_eq!(String::from_utf8(text).unwrap(), form.replace("ONE", &one).replace("TWO", &two));
    }
}
