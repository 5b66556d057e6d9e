//! The contract of [`CampaignStore`]: lists by what people see.
//!
//! [`CampaignStore`]: domain::admin::ports::CampaignStore

use std::collections::BTreeSet;

use chrono::Duration;
use domain::{
    admin::ports::CampaignFilter,
    id::CampaignId,
    page::{MAX_PAGE, PageRequest},
    spike::{Campaign, CampaignState, Stage},
    testing::id,
};

use crate::contract::stores::{Stores, assert_pages, at, campaign};

const STATES: [CampaignState; 6] = [
    CampaignState::Draft,
    CampaignState::Scheduled,
    CampaignState::Live,
    CampaignState::Paused,
    CampaignState::SoldOut,
    CampaignState::Ended,
];

/// [`Campaign::state`] is the truth; the store must say the same in the words of its database.
pub(crate) async fn every_state_lists_what_is_in_it_at_every_moment(stores: &Stores) {
    let campaigns = every_kind_of_campaign(stores).await;
    let starts_at = campaigns[0].starts_at;
    let ends_at = campaigns[0].ends_at;
    let moment = Duration::milliseconds(1);
    let mut seen = BTreeSet::new();
    for now in [starts_at - moment, starts_at, starts_at + moment, ends_at - moment, ends_at, ends_at + moment] {
        for with_drafts in [false, true] {
            // None, each, each two, and all.
            let mut filters = vec![Vec::new(), STATES.to_vec()];
            filters.extend(STATES.iter().flat_map(|a| STATES.iter().map(|b| vec![*a, *b])));
            for states in filters {
                let expected: BTreeSet<CampaignId> = campaigns
                    .iter()
                    .filter(|campaign| {
                        let state = campaign.state(now, campaign.unallocated());
                        (states.is_empty() || states.contains(&state)) && (with_drafts || state != CampaignState::Draft)
                    })
                    .map(|campaign| campaign.id)
                    .collect();
                let listed = list(stores, CampaignFilter { states: states.clone(), with_drafts, now }).await;
                assert_eq!(listed, expected, "{states:?} at {now}, with drafts: {with_drafts}");
                if states.len() == 2 && states[0] == states[1] && !expected.is_empty() {
                    seen.insert(format!("{:?}", states[0]));
                }
            }
        }
    }
    assert_eq!(seen.len(), STATES.len(), "every state was seen: {seen:?}");
}

pub(crate) async fn campaigns_are_listed_in_pages(stores: &Stores) {
    stores.stock_product().await;
    for number in 1..=9 {
        let stage = if number % 4 == 0 { Stage::Draft } else { Stage::Published };
        stores.stock_campaign(&campaign(number, stage)).await;
    }
    let filter = |states, with_drafts| CampaignFilter { states, with_drafts, now: at("10:30:00") };
    let newest_first = |numbers: &[u128]| numbers.iter().map(|number| id(*number)).collect::<Vec<CampaignId>>();
    for (filter, expected) in [
        (filter(Vec::new(), false), newest_first(&[9, 7, 6, 5, 3, 2, 1])),
        (filter(Vec::new(), true), newest_first(&[9, 8, 7, 6, 5, 4, 3, 2, 1])),
        (filter(vec![CampaignState::Live], true), newest_first(&[9, 7, 6, 5, 3, 2, 1])),
    ] {
        let list = async |page| stores.campaigns.list(&filter, &page).await;
        assert_pages(&expected, |campaign: &Campaign| campaign.id, list).await;
    }
}

/// A campaign of each stage, with nothing, something and everything taken of it.
async fn every_kind_of_campaign(stores: &Stores) -> Vec<Campaign> {
    stores.stock_product().await;
    let mut campaigns = Vec::new();
    for stage in [Stage::Draft, Stage::Published, Stage::Paused, Stage::Ended] {
        for allocated in [0, 9, 10] {
            let number = u128::try_from(campaigns.len()).unwrap() + 1;
            let campaign = Campaign { allocated, ..campaign(number, stage) };
            stores.stock_campaign(&campaign).await;
            campaigns.push(campaign);
        }
    }
    campaigns
}

async fn list(stores: &Stores, filter: CampaignFilter) -> BTreeSet<CampaignId> {
    let page = PageRequest { limit: MAX_PAGE, ..PageRequest::default() };
    let listed = stores.campaigns.list(&filter, &page).await.unwrap().items;
    listed.iter().map(|campaign| campaign.id).collect()
}
