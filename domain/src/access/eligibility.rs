//! The verdict: whether a user may take part in a campaign, and if not, why not.
//!
//! It stands before every grab, so rules are compiled once and what they ask about a user is read once in a
//! few seconds. A campaign without rules costs no read at all. While the database is away, the rules and people that
//! were known go on; somebody who was not known is not judged.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures_util::future::try_join;

use super::{
    expression::{AttributeValue, CampaignFacts, Facts, RuleExpression, UserFacts},
    ports::AccessStore,
    rules::AccessRule,
};
use crate::{
    clock::Clock,
    error::Fault,
    id::{CampaignId, UserId},
    last_known::LastKnown,
    spike::{
        campaign::{Campaign, Stage},
        catalog::Catalog,
    },
    user::{User, account::Attribute, profile::Users},
};

/// Whether a user may grab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// They may.
    Eligible,
    /// They may not; the messages of the rules that did not let them pass.
    Refused(Vec<String>),
    /// There is no such campaign for buyers.
    UnknownCampaign,
}

struct CompiledRule {
    name: String,
    message: String,
    /// None if the stored text does not compile any more: then nobody passes.
    expression: Option<RuleExpression>,
}

/// What rules may ask about a user, as it was a moment ago.
struct Person {
    user: User,
    lists: BTreeSet<String>,
}

/// Judges users by rules.
pub struct Eligibility {
    store: Arc<dyn AccessStore>,
    users: Arc<Users>,
    catalog: Arc<Catalog>,
    clock: Arc<dyn Clock>,
    rules: LastKnown<CampaignId, Arc<[CompiledRule]>>,
    people: LastKnown<UserId, Option<Arc<Person>>>,
}

impl Eligibility {
    /// How long a change by another replica may go unseen. This process's own changes are seen at once.
    const FRESHNESS: Duration = Duration::from_secs(2);

    /// Wires the service.
    pub fn new(store: Arc<dyn AccessStore>, users: Arc<Users>, catalog: Arc<Catalog>, clock: Arc<dyn Clock>) -> Self {
        let rules = LastKnown::new(clock.clone(), 10_000, Self::FRESHNESS);
        let people = LastKnown::new(clock.clone(), 100_000, Self::FRESHNESS);
        Self { store, users, catalog, clock, rules, people }
    }

    /// Whether a user may take part in a campaign.
    pub async fn check(&self, user: UserId, campaign: CampaignId) -> Result<Verdict, Fault> {
        let campaign = match self.catalog.find(campaign).await? {
            Some(campaign) if campaign.stage != Stage::Draft => campaign,
            _ => return Ok(Verdict::UnknownCampaign),
        };
        self.judge(user, &campaign).await
    }

    /// Whether a user may take part in this campaign, drafts too.
    pub async fn judge(&self, user: UserId, campaign: &Campaign) -> Result<Verdict, Fault> {
        let rules = self.compiled(campaign.id).await?;
        if rules.is_empty() {
            return Ok(Verdict::Eligible);
        }
        // In a box: a grab that has no rules to pass is not to carry room for it.
        let facts = Box::pin(self.facts(user, Some(CampaignFacts::from(campaign)))).await?;
        let facts = facts.ok_or_else(|| Fault::Unauthenticated("this account does not exist any more".into()))?;
        let failed = rules.iter().filter(|rule| match rule.expression.as_ref().map(|e| e.evaluate(&facts)) {
            Some(Ok(passed)) => !passed,
            Some(Err(error)) => {
                tracing::warn!(campaign = %campaign.id, rule = rule.name, %error, "a rule failed: counted as not passed");
                true
            }
            None => true,
        });
        let reasons: Vec<String> = failed.map(|rule| rule.message.clone()).collect();
        Ok(if reasons.is_empty() { Verdict::Eligible } else { Verdict::Refused(reasons) })
    }

    /// What rules can see; none if there is no such user. Without a campaign its facts are empty.
    pub(super) async fn facts(&self, user: UserId, campaign: Option<CampaignFacts>) -> Result<Option<Facts>, Fault> {
        let Some(person) = self.person(user).await? else { return Ok(None) };
        let now = self.clock.now();
        let user = &person.user;
        Ok(Some(Facts {
            user: UserFacts {
                age: user.age(now),
                work_status: user.work_status.name().to_owned(),
                roles: user.roles.iter().map(|role| role.name().to_owned()).collect(),
                registered_at: user.created_at,
                attributes: user.attributes.iter().map(|(name, value)| (name.clone(), value.into())).collect(),
            },
            campaign: campaign.unwrap_or_else(|| CampaignFacts {
                id: String::new(),
                title: String::new(),
                price: 0.0,
                currency: String::new(),
                quantity: 0,
                per_user_limit: 0,
                starts_at: now,
                ends_at: now,
            }),
            now,
            lists: person.lists.clone(),
        }))
    }

    /// Forgets the rules of a campaign, after they were changed.
    pub async fn forget_campaign(&self, campaign: CampaignId) {
        self.rules.forget(&campaign).await;
    }

    /// Forgets one user, after what is noted of them was changed.
    pub async fn forget_user(&self, user: UserId) {
        self.people.forget(&user).await;
    }

    /// Forgets all users, after a list was changed.
    pub fn forget_users(&self) {
        self.people.forget_all();
    }

    /// The rules of a campaign. However many ask at the same moment, they are read once.
    async fn compiled(&self, campaign: CampaignId) -> Result<Arc<[CompiledRule]>, Fault> {
        let compile = |rule: AccessRule| CompiledRule {
            expression: RuleExpression::compile(&rule.expression)
                .inspect_err(
                    |error| tracing::error!(%campaign, rule = rule.name, %error, "a stored rule does not compile"),
                )
                .ok(),
            name: rule.name,
            message: rule.message,
        };
        let read = async { Ok(self.store.rules(campaign).await?.into_iter().map(compile).collect()) };
        self.rules.get(campaign, read).await
    }

    async fn person(&self, id: UserId) -> Result<Option<Arc<Person>>, Fault> {
        let read = async {
            let (user, lists) = try_join(self.users.by_id(id), self.store.lists_of(id)).await?;
            Ok(user.map(|user| Arc::new(Person { user, lists })))
        };
        self.people.get(id, read).await
    }
}

impl From<&Attribute> for AttributeValue {
    fn from(attribute: &Attribute) -> Self {
        match attribute {
            Attribute::Flag(flag) => Self::Flag(*flag),
            Attribute::Number(number) => Self::Number(*number),
            Attribute::Text(text) => Self::Text(text.clone()),
        }
    }
}

impl From<&Campaign> for CampaignFacts {
    fn from(campaign: &Campaign) -> Self {
        Self {
            id: campaign.id.to_string(),
            title: campaign.title.clone(),
            price: f64::try_from(campaign.price.amount()).unwrap_or(f64::MAX),
            currency: campaign.price.currency.code().to_owned(),
            quantity: i64::from(campaign.quantity),
            per_user_limit: i64::from(campaign.per_user_limit),
            starts_at: campaign.starts_at,
            ends_at: campaign.ends_at,
        }
    }
}
