//! Saving access rules, and trying them out before.

use async_graphql::{Context, ID, InputObject, Object};
use domain::access::rules;

use super::{errors::AccessRuleErrorCode, types::RuleTestResult};
use crate::{
    context::Asked,
    document::Limits,
    errors::Result,
    graph::{Graph, root},
    ids,
    link::CampaignRef,
    payload::{outcome, payload},
};

/// A rule that decides who may take part in a campaign.
#[derive(InputObject)]
pub struct AccessRuleInput {
    /// What administrators call it: 1 to 64 characters, unique in a campaign.
    name: String,
    /// When it lets a user pass: a CEL expression over `user` (`age`, `workStatus`, `roles`, `registeredAt`,
    /// `attributes`), `campaign`, `now` and named lists, such as `user.age >= 18 && !inList("untrustworthy")`.
    expression: String,
    /// What those read whom it does not let pass: 1 to 280 characters.
    message: String,
}

impl From<AccessRuleInput> for rules::AccessRule {
    fn from(rule: AccessRuleInput) -> Self {
        Self { name: rule.name, expression: rule.expression, message: rule.message }
    }
}

/// The rules that a campaign shall have.
#[derive(InputObject)]
pub struct SetAccessRulesInput {
    /// Of which campaign.
    campaign_id: ID,
    /// All its rules, at most 20. They replace those that it has; with none, everybody may take part.
    rules: Vec<AccessRuleInput>,
}

/// Rules to be tried out.
#[derive(InputObject)]
pub struct TestAccessRulesInput {
    /// The rules, at most 20.
    rules: Vec<AccessRuleInput>,
    /// The user whom they are asked about.
    user_id: ID,
    /// The campaign that rules may ask for. Without one, a rule that asks for it is answered with an error.
    campaign_id: Option<ID>,
}

payload! {
    /// What `setAccessRules` answers.
    SetAccessRulesPayload<G>(AccessRuleErrorCode) {
        /// The campaign with its new rules; null if they were refused.
        campaign: Option<G::Campaign>,
    }
}

payload! {
    /// What `testAccessRules` answers.
    TestAccessRulesPayload(AccessRuleErrorCode) {
        /// How each rule did, in the order of the rules; empty if they were refused.
        results: Vec<RuleTestResult>,
    }
}

root!(/// Mutations of access rules.
    RuleMutation);

#[Object(name = "RuleMutation")]
impl<G: Graph> RuleMutation<G> {
    /// Replaces the access rules of a campaign. They are type-checked first and asked from the next grab on. For
    /// administrators.
    ///
    /// User errors: `CAMPAIGN_NOT_FOUND`, `TOO_MANY_RULES`, `INVALID_NAME`, `DUPLICATE_NAME`, `INVALID_MESSAGE`,
    /// `INVALID_EXPRESSION` (with line and column), `UNKNOWN_LIST`. Errors: `UNAUTHENTICATED`, `FORBIDDEN`,
    /// `BAD_USER_INPUT`.
    #[graphql(complexity = "Limits::CHANGE + child_complexity")]
    async fn set_access_rules(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The rules that a campaign shall have.")] input: SetAccessRulesInput,
    ) -> Result<SetAccessRulesPayload<G>> {
        let admin = ctx.administrator().await?;
        let campaign = ids::parse(&input.campaign_id, "input.campaignId")?;
        let rules = input.rules.into_iter().map(Into::into).collect();
        let (set, user_errors) = outcome(ctx.services()?.access_rules.set(admin, campaign, rules).await)?;
        Ok(SetAccessRulesPayload { campaign: set.map(|()| CampaignRef::to(campaign).into()), user_errors })
    }

    /// Asks rules about a user and changes nothing: a dry run. For administrators.
    ///
    /// User errors: `CAMPAIGN_NOT_FOUND`, `USER_NOT_FOUND`, `TOO_MANY_RULES`, `INVALID_NAME`, `DUPLICATE_NAME`,
    /// `INVALID_MESSAGE`, `INVALID_EXPRESSION` (with line and column), `UNKNOWN_LIST`. Errors: `UNAUTHENTICATED`,
    /// `FORBIDDEN`, `BAD_USER_INPUT`.
    #[graphql(complexity = "Limits::CHANGE + child_complexity")]
    async fn test_access_rules(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The rules, and whom they are asked about.")] input: TestAccessRulesInput,
    ) -> Result<TestAccessRulesPayload> {
        let admin = ctx.administrator().await?;
        let user = ids::parse(&input.user_id, "input.userId")?;
        let campaign = ids::parse_any(input.campaign_id.as_ref(), "input.campaignId")?;
        let rules = input.rules.into_iter().map(Into::into).collect();
        let (trials, user_errors) = outcome(ctx.services()?.access_rules.test(admin, rules, user, campaign).await)?;
        let results = trials.into_iter().flatten().map(RuleTestResult::from).collect();
        Ok(TestAccessRulesPayload { results, user_errors })
    }
}
