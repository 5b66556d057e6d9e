//! A request key is one campaign's.
//!
//! A script sees one campaign alone, so whoever has units for an attempt with a name looks at the other campaigns
//! *after* its hold is written. Of two that use a key at the same moment, whoever looks last finds the other's: both
//! may be given back, and never are both kept.
//!
//! The same attempt may come again meanwhile and find the hold, to publish it. It looks too, and then marks the attempt
//! as handed out. A hold that was handed out is not given back: at the moment of that look no other campaign had the
//! key, so whoever took it elsewhere later finds this one.

use std::{collections::HashMap, future::Future};

use domain::{
    error::Fault,
    id::{CampaignId, OrderId},
    spike::{Hold, stock::Reserved},
};
use futures_util::future::try_join_all;

use super::{notes::Handed, shared::Shared};
use crate::redis::{
    script,
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

impl Shared {
    /// Makes sure that no hold is told whose key is another campaign's. Returns the places of those that were given
    /// up by whoever took them while they were looked at: they must be asked again.
    pub(super) async fn settle_names(&self, answers: &mut [Answer]) -> Vec<usize> {
        if !answers.iter().any(|answer| named(answer).is_some()) {
            return Vec::new();
        }
        match self.settle(answers).await {
            Ok(again) => again,
            Err(fault) => {
                // Whether a key was used elsewhere is not known, so no hold with a key is told.
                let unknown = answers.iter_mut().filter(|answer| named(answer).is_some());
                unknown.for_each(|answer| *answer = Err(fault.again()));
                Vec::new()
            }
        }
    }

    async fn settle(&self, answers: &mut [Answer]) -> Result<Vec<usize>, Fault> {
        let campaigns = self.campaigns().await?;
        let others = campaigns.into_iter().map(|other| self.used_in(other, answers));
        let mut used = vec![false; answers.len()];
        try_join_all(others).await?.concat().into_iter().for_each(|place| used[place] = true);

        let (mut reused, mut taken_elsewhere, mut to_hand_out) = (Vec::new(), Vec::new(), Vec::new());
        for (place, answer) in answers.iter().enumerate() {
            match named(answer) {
                Some((_, true)) if used[place] => taken_elsewhere.push(place),
                Some((_, false)) if used[place] => reused.push(place),
                Some((_, false)) => to_hand_out.push(place),
                Some((_, true)) | None => {}
            }
        }
        let given_back = in_campaigns(answers, &taken_elsewhere, |campaign, holds| async move {
            let orders: Vec<OrderId> = holds.iter().map(|hold| hold.order_id).collect();
            self.release(campaign, &orders, Handed::Not).await
        });
        let handed_out = in_campaigns(answers, &to_hand_out, |campaign, holds| self.hand_out(campaign, holds));
        let (given_back, handed_out) = tokio::try_join!(given_back, handed_out)?;
        // Less than none: somebody was handed it meanwhile, so it stays.
        reused.extend(given_back.into_iter().filter(|(_, units)| *units >= 0).map(|(place, _)| place));
        for place in reused {
            answers[place] = Ok(Reserved::KeyReused);
        }
        Ok(handed_out.into_iter().filter(|(_, handed)| !handed).map(|(place, _)| place).collect())
    }

    /// The places of those answers whose attempts are known in another campaign.
    async fn used_in(&self, other: CampaignId, answers: &[Answer]) -> Result<Vec<usize>, Fault> {
        let mut cmd = redis::cmd("HMGET");
        cmd.arg(self.keys(other).attempts());
        let mut places = Vec::new();
        for (place, answer) in answers.iter().enumerate() {
            if let Some((hold, _)) = named(answer)
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

    /// Marks attempts as handed out. Tells for each whether its hold was still there.
    async fn hand_out(&self, campaign: CampaignId, holds: Vec<&Hold>) -> Result<Vec<bool>, Fault> {
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

/// Has something done with the holds at these places, in one call a campaign. Returns what it says to each.
async fn in_campaigns<'a, A, W: Future<Output = Result<Vec<A>, Fault>>>(
    answers: &'a [Answer],
    places: &[usize],
    call: impl Fn(CampaignId, Vec<&'a Hold>) -> W,
) -> Result<Vec<(usize, A)>, Fault> {
    let mut campaigns: HashMap<CampaignId, (Vec<usize>, Vec<&'a Hold>)> = HashMap::new();
    for place in places {
        if let Some((hold, _)) = named(&answers[*place]) {
            let (places, holds) = campaigns.entry(hold.campaign_id).or_default();
            places.push(*place);
            holds.push(hold);
        }
    }
    let calls = campaigns.into_iter().map(|(campaign, (places, holds))| {
        let said = call(campaign, holds);
        async move { Ok::<_, Fault>(places.into_iter().zip(said.await?).collect::<Vec<_>>()) }
    });
    Ok(try_join_all(calls).await?.into_iter().flatten().collect())
}
