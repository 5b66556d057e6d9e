//! What access adds to a campaign.

use async_graphql::{Context, Object, SimpleObject};
use domain::access::{eligibility::Verdict, rules};

use crate::{
    context::Asked,
    errors::{Problem, Result},
    graph::{Graph, part},
};

/// Whether a user may take part in a campaign.
#[derive(Debug, Clone, SimpleObject)]
pub struct Eligibility {
    /// Whether every rule of the campaign lets them.
    pub eligible: bool,
    /// The messages of the rules that do not; empty if they may.
    pub reasons: Vec<String>,
}

/// A rule that decides who may take part in a campaign. Every rule must let a user pass.
#[derive(Debug, Clone, SimpleObject)]
pub struct AccessRule {
    /// What administrators call it. Unique in a campaign.
    pub name: String,
    /// When it lets a user pass: a CEL expression over `user`, `campaign`, `now` and `inList("…")`.
    pub expression: String,
    /// What those read whom it does not let pass.
    pub message: String,
}

impl From<rules::AccessRule> for AccessRule {
    fn from(rule: rules::AccessRule) -> Self {
        Self { name: rule.name, expression: rule.expression, message: rule.message }
    }
}

/// How a rule did in a trial.
#[derive(Debug, Clone, SimpleObject)]
pub struct RuleTestResult {
    /// The rule's name.
    pub rule: String,
    /// Whether it lets the user pass.
    pub passed: bool,
    /// Why it could not be asked, such as a missing campaign: it does not let the user pass then. Null if it could.
    pub error: Option<String>,
}

impl From<rules::Trial> for RuleTestResult {
    fn from(trial: rules::Trial) -> Self {
        Self { rule: trial.rule, passed: trial.passed, error: trial.error }
    }
}

part!(/// Who may take part in a campaign.
    CampaignInAccess of CampaignRef);

#[Object(name = "CampaignInAccess")]
impl<G: Graph> CampaignInAccess<G> {
    /// Whether the signed-in user may take part, and if not, why not. For signed-in users.
    ///
    /// Errors: `UNAUTHENTICATED`.
    async fn eligibility(&self, ctx: &Context<'_>) -> Result<Eligibility> {
        let user = ctx.user()?;
        let campaign = self.link.stored(ctx).await?;
        match ctx.services()?.eligibility.judge(user, campaign).await? {
            Verdict::Eligible => Ok(Eligibility { eligible: true, reasons: Vec::new() }),
            Verdict::Refused(reasons) => Ok(Eligibility { eligible: false, reasons }),
            Verdict::UnknownCampaign => Err(Problem::NotFound("campaign")),
        }
    }

    /// The rules that decide who may take part, in the order in which they were set. For administrators.
    ///
    /// Errors: `UNAUTHENTICATED`, `FORBIDDEN`.
    async fn access_rules(&self, ctx: &Context<'_>) -> Result<Vec<AccessRule>> {
        let admin = ctx.administrator().await?;
        let rules = ctx.services()?.access_rules.of(admin, self.link.id()).await?;
        Ok(rules.into_iter().map(AccessRule::from).collect())
    }
}
