//! How values are written in Redis: compact text that an operator can read, and that Lua can take apart.
//!
//! A hold is `1|user|quantity|price|currency|limit|window|grabbed|epoch|request key`: its version, then its fields;
//! ids as 32 hex digits, the price in minor units, the window in seconds, the moment in milliseconds of 1970. The
//! order and the campaign are told by the field and the key where it is. The request key comes last because it may
//! have any visible sign in it.

use std::fmt::Write;

use chrono::DateTime;
use domain::{
    clock::Instant,
    error::Fault,
    id::{CampaignId, OrderId, TypedId, UserId},
    money::{Currency, Money},
    spike::{
        Hold,
        stock::{RequestKey, Reserve},
    },
};
use uuid::Uuid;

use super::error::unreadable;

/// The version of the text of a hold.
const VERSION: &str = "1";

/// Digits of an id.
pub(super) const DIGITS: usize = 32;

/// An id as 32 hex digits.
pub(super) fn id(id: impl TypedId) -> String {
    digits(id, &mut [0; DIGITS]).to_owned()
}

/// An id as 32 hex digits, without memory of its own.
pub(super) fn digits(id: impl TypedId, room: &mut [u8; DIGITS]) -> &str {
    id.uuid().simple().encode_lower(room)
}

/// `id|more`
fn joined(id: impl TypedId, more: &str) -> String {
    let mut text = String::with_capacity(DIGITS + 1 + more.len());
    text.push_str(digits(id, &mut [0; DIGITS]));
    text.push('|');
    text.push_str(more);
    text
}

/// Reads an id.
pub(super) fn read_id<I: TypedId>(text: &str) -> Result<I, Fault> {
    Uuid::try_parse(text).map(I::from_uuid).map_err(|_| unreadable(format_args!("{text:?} as an id")))
}

/// What an attempt is known by within its campaign.
pub(super) fn attempt(user: UserId, key: &RequestKey) -> String {
    joined(user, key.as_str())
}

/// What stands in the outbox for a hold: `order|user`.
pub(super) fn entry(hold: &Hold) -> String {
    joined(hold.order_id, digits(hold.user_id, &mut [0; DIGITS]))
}

/// A hold.
pub(super) fn hold(hold: &Hold) -> String {
    let Hold { user_id, quantity, unit_price, per_user_limit, payment_window_seconds, grabbed_at, epoch, .. } = hold;
    let mut text = String::with_capacity(96);
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "{VERSION}|{}|{quantity}|{}|{}|{per_user_limit}|{payment_window_seconds}|{}|{epoch}|{}",
        user_id.uuid().simple(),
        unit_price.minor,
        unit_price.currency,
        grabbed_at.timestamp_millis(),
        hold.request_key.as_ref().map_or("", RequestKey::as_str),
    );
    text
}

/// Reads a hold.
pub(super) fn read_hold(campaign_id: CampaignId, order_id: OrderId, text: &str) -> Result<Hold, Fault> {
    fields(text)
        .and_then(|fields| hold_of(campaign_id, order_id, fields))
        .ok_or_else(|| unreadable(format_args!("the hold of {order_id}")))
}

fn fields(text: &str) -> Option<[&str; 9]> {
    let mut parts = text.splitn(10, '|');
    if parts.next() != Some(VERSION) {
        return None;
    }
    let fields: Vec<&str> = parts.collect();
    fields.try_into().ok()
}

fn hold_of(campaign_id: CampaignId, order_id: OrderId, fields: [&str; 9]) -> Option<Hold> {
    let [user, quantity, price, currency, limit, window, grabbed, epoch, key] = fields;
    let terms = HoldTerms::of([price, currency, limit, window, grabbed, epoch])?;
    Some(terms.hold(Reserve {
        campaign_id,
        user_id: UserId::from_uuid(Uuid::try_parse(user).ok()?),
        order_id,
        quantity: quantity.parse().ok()?,
        request_key: if key.is_empty() { None } else { Some(RequestKey::parse(key).ok()?) },
    }))
}

/// What holds have in common that were taken by one call.
#[derive(Debug)]
pub(super) struct HoldTerms {
    unit_price: Money,
    per_user_limit: u32,
    payment_window_seconds: u32,
    grabbed_at: Instant,
    epoch: u32,
}

impl HoldTerms {
    /// Reads them as they stand within a hold, with what is around them: `|price|currency|limit|window|grabbed|epoch|`.
    pub(super) fn read(text: &str) -> Result<Self, Fault> {
        let fields = text.strip_prefix('|').and_then(|text| text.strip_suffix('|'));
        let fields: Option<[&str; 6]> = fields.and_then(|fields| fields.split('|').collect::<Vec<_>>().try_into().ok());
        fields.and_then(Self::of).ok_or_else(|| unreadable(format_args!("{text:?} as terms of holds")))
    }

    fn of([price, currency, limit, window, grabbed, epoch]: [&str; 6]) -> Option<Self> {
        Some(Self {
            unit_price: Money::new(price.parse().ok()?, currency.parse::<Currency>().ok()?),
            per_user_limit: limit.parse().ok()?,
            payment_window_seconds: window.parse().ok()?,
            grabbed_at: instant(grabbed)?,
            epoch: epoch.parse().ok()?,
        })
    }

    /// The hold of an ask that was granted on these terms.
    pub(super) fn hold(&self, ask: Reserve) -> Hold {
        let Self { unit_price, per_user_limit, payment_window_seconds, grabbed_at, epoch } = *self;
        Hold {
            order_id: ask.order_id,
            campaign_id: ask.campaign_id,
            user_id: ask.user_id,
            quantity: ask.quantity,
            unit_price,
            per_user_limit,
            payment_window_seconds,
            request_key: ask.request_key,
            grabbed_at,
            epoch,
        }
    }
}

/// Reads a moment in milliseconds.
pub(super) fn instant(text: &str) -> Option<Instant> {
    DateTime::from_timestamp_millis(text.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use domain::testing;

    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let plain = testing::hold(testing::instant("2026-01-01T10:00:00.123Z"));
        let key = RequestKey::parse("a|b|1|").unwrap();
        let named = Hold {
            request_key: Some(key),
            quantity: u32::MAX,
            unit_price: Money::new(i64::MAX, Currency::Jpy),
            ..plain.clone()
        };
        for hold in [plain, named] {
            let text = super::hold(&hold);
            assert_eq!(read_hold(hold.campaign_id, hold.order_id, &text).unwrap(), hold, "{text}");
        }
    }

    #[test]
    fn an_entry_of_the_outbox_is_too_long_for_a_list() {
        assert!(entry(&testing::hold(testing::instant("2026-01-01T10:00:00Z"))).len() > 64, "see `super::super::keys`");
    }

    #[test]
    fn a_hold_is_made_of_an_ask_and_the_terms_within_its_text() {
        let hold = Hold {
            request_key: Some(RequestKey::parse("a|b").unwrap()),
            ..testing::hold(testing::instant("2026-01-01T10:00:00.123Z"))
        };
        let text = super::hold(&hold);
        let (ask, key) = (format!("1|{}|{}", id(hold.user_id), hold.quantity), "a|b");
        let terms = text.strip_prefix(&ask).unwrap().strip_suffix(key).unwrap();
        let ask = Reserve {
            campaign_id: hold.campaign_id,
            user_id: hold.user_id,
            order_id: hold.order_id,
            quantity: hold.quantity,
            request_key: hold.request_key.clone(),
        };
        assert_eq!(HoldTerms::read(terms).unwrap().hold(ask), hold, "{terms}");
        for wrong in ["", "|", &terms[1..], &terms.replace("CNY", "XXX"), &format!("{terms}1|")] {
            assert!(HoldTerms::read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_a_defect() {
        let good = hold(&testing::hold(testing::instant("2026-01-01T10:00:00Z")));
        let cut = good.rsplit_once('|').unwrap().0;
        for text in
            ["", "1", cut, &good.replacen('1', "2", 1), &good.replace("CNY", "XXX"), &good.replace("|900|", "|-1|")]
        {
            let read = read_hold(testing::id(1), testing::id(1), text);
            assert!(matches!(read, Err(Fault::Internal(_))), "{text:?}: {read:?}");
        }
    }
}
