//! A request key is one campaign's.
//!
//! A script sees one campaign alone, so whoever has units for an attempt with a name looks at the other campaigns
//! *after* its hold is written: in the same go where there is one server, which does one thing after the other. Of two
//! that use a key at the same moment, whoever looks last finds the other's: both may be given back, and never are both
//! kept.
//!
//! The same attempt may come again meanwhile and find the hold, to publish it. It looks too, and then marks the attempt
//! as handed out. A hold that was handed out is not given back: at the moment of that look no other campaign had the
//! key, so whoever took it elsewhere later finds this one.

use std::sync::{Arc, PoisonError};

use domain::{
    error::Fault,
    id::{CampaignId, OrderId, UserId},
    spike::{
        Hold,
        stock::{RequestKey, Reserve, Reserved},
    },
};
use futures_util::future::try_join_all;
use redis::{Cmd, Value};

use super::{
    campaigns::read_campaigns,
    notes::Handed,
    shared::{Shared, read},
};
use crate::redis::{
    error::fault,
    script::{self, Invocation},
    text::{self, attempt},
};

type Answer = Result<Reserved, Fault>;

/// The hold that an answer gives, if its attempt has a name; and whether it was taken by this ask.
fn named(answer: &Answer) -> Option<(&Hold, bool)> {
    let (hold, taken) = match answer {
        Ok(Reserved::Held { hold, .. }) => (hold, true),
        Ok(Reserved::Known { unpublished: Some(hold), .. }) => (hold, false),
        _ => return None,
    };
    hold.request_key.is_some().then_some((hold, taken))
}

/// The names of attempts, and the places of those that have one.
fn names<'a>(attempts: impl Iterator<Item = Option<(UserId, &'a RequestKey)>>) -> (Vec<usize>, Vec<String>) {
    let name = |(place, of): (usize, Option<_>)| of.map(|(user, key)| (place, attempt(user, key)));
    attempts.enumerate().filter_map(name).unzip()
}

/// What is to be looked at after a call.
pub(super) struct Look {
    /// Which other campaigns.
    at: Vec<CampaignId>,
    /// Which of the asks have a name.
    places: Vec<usize>,
    asks: usize,
    reads: Vec<Cmd>,
}

/// What was seen of other campaigns, after a call.
pub(super) struct Glance {
    /// All campaigns that there were.
    campaigns: Vec<CampaignId>,
    /// Those at which it was looked.
    at: Vec<CampaignId>,
    /// Whether the name of each ask is another campaign's.
    used: Vec<bool>,
}

impl Shared {
    /// What to look at after asks: which campaigns there are, and at those that there were lately. None if no ask has a
    /// name.
    pub(super) fn look(&self, campaign: CampaignId, asks: &[&Reserve]) -> Option<Look> {
        let (places, names) = names(asks.iter().map(|ask| Some((ask.user_id, ask.request_key.as_ref()?))));
        if places.is_empty() {
            return None;
        }
        let seen = Arc::clone(&self.seen.lock().unwrap_or_else(PoisonError::into_inner));
        let at: Vec<CampaignId> = seen.iter().copied().filter(|other| *other != campaign).collect();
        let names_in = |other: &CampaignId| self.names_in(*other, &names);
        let reads = std::iter::once(self.hkeys()).chain(at.iter().map(names_in)).collect();
        Some(Look { at, places, asks: asks.len(), reads })
    }

    /// Runs a call, and looks after it.
    pub(super) async fn run_then_look(&self, call: &Invocation, look: Look) -> (Result<Value, Fault>, Option<Glance>) {
        match self.server.run_then_read(call, &look.reads).await {
            // What was not seen now can be looked for later.
            Ok((said, seen)) => (Ok(said), seen.ok().and_then(|seen| self.glance(look, seen).ok())),
            Err(error) => (Err(fault(error)), None),
        }
    }

    /// Reads what was seen, and remembers which campaigns there are.
    fn glance(&self, look: Look, seen: Vec<Value>) -> Result<Glance, Fault> {
        let mut seen = seen.into_iter();
        let campaigns = read_campaigns(seen.next().unwrap_or(Value::Nil))?;
        let mut used = vec![false; look.asks];
        for names in seen {
            let known: Vec<Option<String>> = read(names)?;
            look.places.iter().zip(known).for_each(|(place, known)| used[*place] |= known.is_some());
        }
        let mut last = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if **last != *campaigns {
            *last = campaigns.as_slice().into();
        }
        drop(last);
        Ok(Glance { campaigns, at: look.at, used })
    }

    /// Makes sure that no hold of a campaign is told whose key is another campaign's. Returns the places of those that
    /// were given up by whoever took them while they were looked at: they must be asked again.
    pub(super) async fn settle_names(
        &self,
        campaign: CampaignId,
        answers: &mut [Answer],
        glance: Option<Glance>,
    ) -> Vec<usize> {
        if !answers.iter().any(|answer| named(answer).is_some()) {
            return Vec::new();
        }
        match self.settle(campaign, answers, glance).await {
            Ok(again) => again,
            Err(fault) => {
                // Whether a key was used elsewhere is not known, so no hold with a key is told.
                let unknown = answers.iter_mut().filter(|answer| named(answer).is_some());
                unknown.for_each(|answer| *answer = Err(fault.again()));
                Vec::new()
            }
        }
    }

    async fn settle(
        &self,
        campaign: CampaignId,
        answers: &mut [Answer],
        glance: Option<Glance>,
    ) -> Result<Vec<usize>, Fault> {
        let used = self.used_elsewhere(campaign, answers, glance).await?;
        let (mut reused, mut taken_elsewhere, mut to_hand_out) = (Vec::new(), Vec::new(), Vec::new());
        for (place, answer) in answers.iter().enumerate() {
            match named(answer) {
                Some((_, true)) if used[place] => taken_elsewhere.push(place),
                Some((_, false)) if used[place] => reused.push(place),
                Some((_, false)) => to_hand_out.push(place),
                Some((_, true)) | None => {}
            }
        }
        let given_back = self.give_back(campaign, holds_at(answers, &taken_elsewhere));
        let handed_out = self.hand_out(campaign, holds_at(answers, &to_hand_out));
        let (given_back, handed_out) = tokio::try_join!(given_back, handed_out)?;
        // Less than none: somebody was handed it meanwhile, so it stays.
        reused.extend(
            taken_elsewhere.into_iter().zip(given_back).filter(|(_, units)| *units >= 0).map(|(place, _)| place),
        );
        for place in reused {
            answers[place] = Ok(Reserved::KeyReused);
        }
        Ok(to_hand_out.into_iter().zip(handed_out).filter(|(_, handed)| !handed).map(|(place, _)| place).collect())
    }

    /// Whether the name of each attempt is another campaign's: by what was seen after the call, and at campaigns at which
    /// it was not looked then.
    async fn used_elsewhere(
        &self,
        campaign: CampaignId,
        answers: &[Answer],
        glance: Option<Glance>,
    ) -> Result<Vec<bool>, Fault> {
        let Glance { campaigns, at, mut used } = match glance {
            Some(glance) => glance,
            None => Glance { campaigns: self.campaigns().await?, at: Vec::new(), used: vec![false; answers.len()] },
        };
        let not_seen = campaigns.into_iter().filter(|other| *other != campaign && !at.contains(other));
        let looks = not_seen.map(|other| self.used_in(other, answers));
        try_join_all(looks).await?.concat().into_iter().for_each(|place| used[place] = true);
        Ok(used)
    }

    /// The places of those answers whose attempts are known in another campaign.
    async fn used_in(&self, other: CampaignId, answers: &[Answer]) -> Result<Vec<usize>, Fault> {
        let held = answers.iter().map(|answer| named(answer).map(|(hold, _)| hold));
        let (places, names) =
            names(held.map(|hold| hold.and_then(|hold| Some((hold.user_id, hold.request_key.as_ref()?)))));
        let known: Vec<Option<String>> = self.send(&self.names_in(other, &names)).await?;
        Ok(places.into_iter().zip(known).filter(|(_, known)| known.is_some()).map(|(place, _)| place).collect())
    }

    /// Asks a campaign for names.
    fn names_in(&self, other: CampaignId, names: &[String]) -> Cmd {
        let mut cmd = redis::cmd("HMGET");
        cmd.arg(self.keys(other).attempts()).arg(names);
        cmd
    }

    /// Gives holds back that were not handed out. Returns how many units came back of each; less than none if it stays.
    async fn give_back(&self, campaign: CampaignId, holds: Vec<&Hold>) -> Result<Vec<i64>, Fault> {
        if holds.is_empty() {
            return Ok(Vec::new());
        }
        let orders: Vec<OrderId> = holds.iter().map(|hold| hold.order_id).collect();
        self.release(campaign, &orders, Handed::Not).await
    }

    /// Marks attempts as handed out. Tells for each whether its hold was still there.
    async fn hand_out(&self, campaign: CampaignId, holds: Vec<&Hold>) -> Result<Vec<bool>, Fault> {
        if holds.is_empty() {
            return Ok(Vec::new());
        }
        let keys = self.keys(campaign);
        let mut call = script::HAND_OUT.on(&[keys.holds(), keys.attempts()]);
        for hold in holds {
            if let Some(key) = &hold.request_key {
                call.arg(text::id(hold.order_id)).arg(attempt(hold.user_id, key));
            }
        }
        self.run(&call).await
    }
}

fn holds_at<'a>(answers: &'a [Answer], places: &[usize]) -> Vec<&'a Hold> {
    places.iter().filter_map(|place| named(&answers[*place])).map(|(hold, _)| hold).collect()
}
