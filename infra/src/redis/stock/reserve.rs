//! Grabs in groups: what waits at the same moment is one call of `reserve.lua` a campaign.

use std::sync::Arc;

use domain::{
    error::Fault,
    group::{Commit, for_each},
    id::CampaignId,
    spike::stock::{RememberedRequest, Reserve, Reserved},
};

use super::shared::{Shared, by_campaign};
use crate::redis::{
    error::{PART, unreadable},
    script,
    text::{self, instant, read_hold, read_id},
};

/// Takes units.
#[derive(Clone)]
pub(super) struct Reserving(pub(super) Arc<Shared>);

impl Commit for Reserving {
    type Item = Reserve;
    type Answer = Reserved;
    const PART: &'static str = PART;

    async fn commit(&self, asks: Vec<Reserve>) -> Vec<Result<Reserved, Fault>> {
        let mut answers = Vec::new();
        let mut places: Vec<usize> = (0..asks.len()).collect();
        for _ in 0..TRIES {
            let (answered, again) = self.0.answer(&asks, &places).await;
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
}

/// How often an ask is asked whose attempt was known and then given up, at the same moment.
const TRIES: u32 = 3;

impl Shared {
    /// Asks those at these places. Returns their answers, and which of them must be asked again.
    async fn answer(&self, asks: &[Reserve], places: &[usize]) -> (Vec<Result<Reserved, Fault>>, Vec<usize>) {
        let campaign = |place: &usize| asks[*place].campaign_id;
        let mut answers = by_campaign(places.to_vec(), campaign, |campaign, places| {
            self.reserve(campaign, places.into_iter().map(|place| &asks[place]).collect())
        })
        .await;
        let again = self.settle_names(&mut answers).await;
        (answers, again)
    }

    /// One call for all asks of a campaign.
    async fn reserve(&self, campaign: CampaignId, asks: Vec<&Reserve>) -> Vec<Result<Reserved, Fault>> {
        let mut call = script::RESERVE.on(&self.keys(campaign).life()).with(self.now()).with(self.outbox_limit);
        for ask in &asks {
            let key = ask.request_key.as_ref().map_or("", |key| key.as_str());
            call.arg(text::id(ask.order_id)).arg(text::id(ask.user_id)).arg(ask.quantity).arg(key);
        }
        match self.run::<Vec<String>>(&call).await {
            Ok(answers) => asks.iter().zip(answers).map(|(ask, answer)| read_answer(ask, &answer)).collect(),
            Err(fault) => for_each(asks.len(), Err(fault)),
        }
    }
}

/// Reads what `reserve.lua` says to one ask.
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
