//! Grabs in groups: what waits at the same moment is one call of `reserve.lua` a campaign.

use std::{collections::HashMap, sync::Arc};

use domain::{
    error::Fault,
    id::{CampaignId, OrderId},
    spike::{
        Hold,
        stock::{RememberedRequest, Reserve, Reserved},
    },
};
use futures_util::future::try_join_all;

use super::{
    notes::Handed,
    shared::{Shared, by_campaign},
};
use crate::{
    group::{Commit, for_each},
    redis::{
        error::{PART, unreadable},
        script,
        text::{self, attempt, instant, read_hold, read_id},
    },
};

/// Takes units.
#[derive(Clone)]
pub(super) struct Reserving(pub(super) Arc<Shared>);

impl Commit for Reserving {
    type Item = Reserve;
    type Answer = Reserved;
    const PART: &'static str = PART;

    async fn commit(&self, asks: Vec<Reserve>) -> Vec<Result<Reserved, Fault>> {
        let mut answers =
            by_campaign(asks, |ask| ask.campaign_id, |campaign, asks| self.0.reserve(campaign, asks)).await;
        if let Err(fault) = self.0.give_back_what_has_a_key_of_another_campaign(&mut answers).await {
            // Whether a key was used elsewhere is not known, so no hold with a key is told.
            let named = answers.iter_mut().filter(|answer| named(answer).is_some());
            named.for_each(|answer| *answer = Err(fault.again()));
        }
        answers
    }
}

/// The hold in an answer, if its attempt has a name.
fn named(answer: &Result<Reserved, Fault>) -> Option<&Hold> {
    match answer {
        Ok(Reserved::Held { hold, .. }) if hold.request_key.is_some() => Some(hold),
        _ => None,
    }
}

impl Shared {
    /// One call for all asks of a campaign.
    async fn reserve(&self, campaign: CampaignId, asks: Vec<Reserve>) -> Vec<Result<Reserved, Fault>> {
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

    /// A request key is one campaign's. A script sees one campaign alone, so whoever got units looks at the others
    /// afterwards: two that use a key at the same moment both find the other's, and never do both keep theirs. A hold
    /// that somebody else was handed meanwhile, by the same attempt, is theirs to publish and stays.
    async fn give_back_what_has_a_key_of_another_campaign(
        &self,
        answers: &mut [Result<Reserved, Fault>],
    ) -> Result<(), Fault> {
        if !answers.iter().any(|answer| named(answer).is_some()) {
            return Ok(());
        }
        let campaigns = self.campaigns().await?;
        let others = campaigns.into_iter().map(|other| self.used_in(other, answers));
        let mut places = try_join_all(others).await?.concat();
        places.sort_unstable();
        places.dedup();

        let mut reused: HashMap<CampaignId, (Vec<usize>, Vec<OrderId>)> = HashMap::new();
        for place in places {
            if let Some(hold) = named(&answers[place]) {
                let (places, orders) = reused.entry(hold.campaign_id).or_default();
                places.push(place);
                orders.push(hold.order_id);
            }
        }
        let given_back = reused.iter().map(|(campaign, (_, orders))| self.release(*campaign, orders, Handed::Not));
        let given_back = try_join_all(given_back).await?;
        for ((places, _), units) in reused.values().zip(given_back) {
            for (place, _) in places.iter().zip(units).filter(|(_, units)| *units >= 0) {
                answers[*place] = Ok(Reserved::KeyReused);
            }
        }
        Ok(())
    }

    /// The places of those answers whose attempts are known in another campaign.
    async fn used_in(&self, other: CampaignId, answers: &[Result<Reserved, Fault>]) -> Result<Vec<usize>, Fault> {
        let mut cmd = redis::cmd("HMGET");
        cmd.arg(self.keys(other).attempts());
        let mut places = Vec::new();
        for (place, answer) in answers.iter().enumerate() {
            if let Some(hold) = named(answer)
                && hold.campaign_id != other
                && let Some(key) = &hold.request_key
            {
                cmd.arg(attempt(hold.user_id, key));
                places.push(place);
            }
        }
        if places.is_empty() {
            return Ok(places);
        }
        let known: Vec<Option<String>> = self.send(&cmd).await?;
        Ok(places.into_iter().zip(known).filter(|(_, known)| known.is_some()).map(|(place, _)| place).collect())
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
