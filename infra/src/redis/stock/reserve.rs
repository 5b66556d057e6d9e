//! Grabs: those that come together are one call of `reserve.lua` a campaign.

use std::sync::atomic::{AtomicBool, Ordering};

use domain::{
    error::Fault,
    group::for_each,
    id::{CampaignId, TypedId},
    spike::stock::{RememberedRequest, Reserve, Reserved},
};
use redis::Value;

use super::{
    RedisStock,
    names::Glance,
    shared::{Shared, read},
};
use crate::redis::{
    error::{PART, unreadable},
    script,
    text::{self, HoldTerms, instant, read_hold, read_id},
};

/// Whether somebody got units lately: then it is worth looking at other campaigns on the same way. Campaigns that share
/// an entry may mislead each other about that, which costs a trip or a look, and no more.
#[derive(Default)]
pub(super) struct Granting([AtomicBool; 16]);

impl Granting {
    fn of(&self, campaign: CampaignId) -> &AtomicBool {
        &self.0[campaign.lane(self.0.len())]
    }
}

impl RedisStock {
    /// Answers all asks of a campaign, in time.
    pub(super) async fn grab(&self, campaign: CampaignId, asks: Vec<&Reserve>) -> Vec<Result<Reserved, Fault>> {
        let lately = self.granting.of(campaign);
        let granting = lately.load(Ordering::Relaxed);
        let mut answers = Vec::with_capacity(asks.len());
        for asks in asks.chunks(Self::GROUP) {
            let answered = self.shared.in_time(async { Ok(self.shared.grab(campaign, asks, granting).await) }).await;
            answers.extend(answered.unwrap_or_else(|late| for_each(asks.len(), Err(late))));
        }
        let granted = answers.iter().any(|answer| matches!(answer, Ok(Reserved::Held { .. })));
        lately.store(granted, Ordering::Relaxed);
        answers
    }
}

/// How often an ask is asked whose attempt was known and then given up, at the same moment.
const TRIES: u32 = 3;

impl Shared {
    /// Answers all asks of a campaign.
    async fn grab(&self, campaign: CampaignId, asks: &[&Reserve], granting: bool) -> Vec<Result<Reserved, Fault>> {
        let mut answers = Vec::new();
        let mut places: Vec<usize> = (0..asks.len()).collect();
        for _ in 0..TRIES {
            let asked: Vec<&Reserve> = places.iter().map(|place| asks[*place]).collect();
            let (mut answered, glance) = self.reserve(campaign, &asked, granting).await;
            let again = self.settle_names(campaign, &mut answered, glance).await;
            if answers.is_empty() {
                answers = answered;
            } else {
                places.iter().zip(answered).for_each(|(place, answer)| answers[*place] = answer);
            }
            places = again.into_iter().map(|place| places[place]).collect();
            if places.is_empty() {
                break;
            }
        }
        for place in places {
            answers[place] = Err(Fault::unavailable(PART, "the same attempt is made and given up all the time"));
        }
        answers
    }

    /// One call for all of them; and, if units are being granted, what is seen of other campaigns right after it.
    async fn reserve(
        &self,
        campaign: CampaignId,
        asks: &[&Reserve],
        granting: bool,
    ) -> (Vec<Result<Reserved, Fault>>, Option<Glance>) {
        let mut call = script::RESERVE.on(&self.keys(campaign).life()).with(self.now()).with(self.outbox_limit);
        let (order, user) = (&mut [0; text::DIGITS], &mut [0; text::DIGITS]);
        for ask in asks {
            let (order, user) = (text::digits(ask.order_id, order), text::digits(ask.user_id, user));
            let key = ask.request_key.as_ref().map_or("", |key| key.as_str());
            call.arg(order).arg(user).arg(ask.quantity).arg(key);
        }
        let look = if granting { self.look(campaign, asks) } else { None };
        let (said, glance) = match look {
            Some(look) => self.run_then_look(&call, look).await,
            None => (self.run(&call).await, None),
        };
        let answers =
            said.and_then(|said| read_answers(asks, said)).unwrap_or_else(|fault| for_each(asks.len(), Err(fault)));
        (answers, glance)
    }
}

/// Reads what `reserve.lua` says: the terms of all holds that it wrote, then its answer to each ask.
fn read_answers(asks: &[&Reserve], said: Value) -> Result<Vec<Result<Reserved, Fault>>, Fault> {
    let mut said = match said {
        Value::Array(said) if said.len() == 1 + asks.len() => said.into_iter(),
        other => return Err(unreadable(format_args!("{other:?}"))),
    };
    // A campaign that is not open has none, and then no answer needs them.
    let terms = HoldTerms::read(&read::<String>(said.next().unwrap_or(Value::Nil))?);
    let answers = asks.iter().zip(said).map(|(ask, said)| match said {
        Value::Int(left) => {
            let terms = terms.as_ref().map_err(Fault::again)?;
            let remaining = u32::try_from(left).map_err(unreadable)?;
            Ok(Reserved::Held { hold: terms.hold((*ask).clone()), remaining })
        }
        words => read_answer(ask, &read::<String>(words)?),
    });
    Ok(answers.collect())
}

/// Reads what `reserve.lua` says in words to one ask.
fn read_answer(ask: &Reserve, answer: &str) -> Result<Reserved, Fault> {
    let wrong = || unreadable(format_args!("{answer:?}"));
    let number = |text: &str| text.parse::<u32>().map_err(|_| wrong());
    let hold = |order, text| read_hold(ask.campaign_id, order, text);
    let (word, rest) = answer.split_once('|').unwrap_or((answer, ""));
    Ok(match word {
        "closed" => Reserved::NotLoaded,
        "held" => {
            let (remaining, text) = rest.split_once('|').ok_or_else(wrong)?;
            Reserved::Held { hold: hold(ask.order_id, text)?, remaining: number(remaining)? }
        }
        "known" => {
            let (order, text) = rest.split_once('|').ok_or_else(wrong)?;
            let order_id = read_id(order)?;
            let request_key = ask.request_key.clone().ok_or_else(wrong)?;
            let (user_id, campaign_id, quantity) = (ask.user_id, ask.campaign_id, ask.quantity);
            let unpublished = if text.is_empty() { None } else { Some(hold(order_id, text)?) };
            let request = RememberedRequest { user_id, request_key, campaign_id, quantity, order_id };
            Reserved::Known { request, unpublished }
        }
        "reused" => Reserved::KeyReused,
        "ended" => Reserved::Ended,
        "paused" => Reserved::Paused,
        "early" => Reserved::NotStarted { starts_at: instant(rest).ok_or_else(wrong)? },
        "limit" => {
            let (limit, holding) = rest.split_once('|').ok_or_else(wrong)?;
            Reserved::LimitExceeded { limit: number(limit)?, holding: number(holding)? }
        }
        "out" => Reserved::SoldOut,
        "few" => Reserved::Insufficient { remaining: number(rest)? },
        "full" => return Err(Fault::unavailable("queue", "too many holds wait to be published")),
        _ => return Err(wrong()),
    })
}
