//! The rules of a campaign: saving them checked, and trying them out before.

use std::{collections::HashSet, sync::Arc};

use super::{
    eligibility::Eligibility,
    expression::{CampaignFacts, ExpressionError, RuleExpression},
    ports::AccessStore,
};
use crate::{
    admin::audit::Auditor,
    error::{Failure, Fault, Refusal, Refusals},
    id::{CampaignId, UserId},
    spike::catalog::Catalog,
    text,
    user::Administrator,
};

/// A rule as administrators write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRule {
    /// What administrators call it. Unique in a campaign.
    pub name: String,
    /// When it passes, in CEL.
    pub expression: String,
    /// What those read whom it does not let pass.
    pub message: String,
}

/// Why rules were not saved or tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "described in the graph, under AccessRuleErrorCode")]
pub enum RulesRefusal {
    CampaignNotFound,
    UserNotFound,
    TooManyRules,
    InvalidName,
    DuplicateName,
    InvalidMessage,
    InvalidExpression,
    UnknownList,
}

/// How a rule did in a trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// The rule's name.
    pub rule: String,
    /// Whether it let the user pass.
    pub passed: bool,
    /// Why it could not be asked: it counts as not passed then.
    pub error: Option<String>,
}

/// Keeps rules.
pub struct AccessRules {
    store: Arc<dyn AccessStore>,
    catalog: Arc<Catalog>,
    eligibility: Arc<Eligibility>,
    auditor: Auditor,
}

impl AccessRules {
    /// The most rules of one campaign.
    pub const MAX_RULES: usize = 20;

    /// Wires the service.
    pub fn new(
        store: Arc<dyn AccessStore>,
        catalog: Arc<Catalog>,
        eligibility: Arc<Eligibility>,
        auditor: Auditor,
    ) -> Self {
        Self { store, catalog, eligibility, auditor }
    }

    /// The rules of a campaign, in their order.
    pub async fn of(&self, _: Administrator, campaign: CampaignId) -> Result<Vec<AccessRule>, Fault> {
        self.store.rules(campaign).await
    }

    /// Replaces the rules of a campaign. They are asked from the next grab on.
    pub async fn set(
        &self,
        admin: Administrator,
        campaign: CampaignId,
        rules: Vec<AccessRule>,
    ) -> Result<(), Failure<RulesRefusal>> {
        if self.catalog.find(campaign).await?.is_none() {
            return Err(Refusal::at(RulesRefusal::CampaignNotFound, "campaignId", "there is no such campaign").into());
        }
        let (rules, _) = self.compile(rules).await?;
        let names = rules.iter().map(|rule| rule.name.as_str()).collect::<Vec<_>>().join(", ");
        let audit = self.auditor.entry(admin, "setAccessRules", campaign, names);
        self.store.replace_rules(campaign, &rules, &audit).await?;
        self.eligibility.forget_campaign(campaign).await;
        Ok(())
    }

    /// Asks rules about a user and changes nothing. Without a campaign, rules that ask for one fail.
    pub async fn test(
        &self,
        _: Administrator,
        rules: Vec<AccessRule>,
        user: UserId,
        campaign: Option<CampaignId>,
    ) -> Result<Vec<Trial>, Failure<RulesRefusal>> {
        let (rules, compiled) = self.compile(rules).await?;
        let unknown_campaign =
            || Refusal::at(RulesRefusal::CampaignNotFound, "campaignId", "there is no such campaign");
        let campaign = match campaign {
            None => None,
            Some(id) => {
                let found = self.catalog.find(id).await?.ok_or_else(unknown_campaign)?;
                Some(CampaignFacts::from(&*found))
            }
        };
        let unknown_user = || Refusal::at(RulesRefusal::UserNotFound, "userId", "there is no such user");
        let facts = self.eligibility.facts(user, campaign.clone()).await?.ok_or_else(unknown_user)?;
        let trials = rules.into_iter().zip(&compiled).map(|(rule, expression)| {
            if campaign.is_none() && expression.reads_campaign() {
                let error = Some("the rule asks for the campaign: give campaignId".to_owned());
                return Trial { rule: rule.name, passed: false, error };
            }
            match expression.evaluate(&facts) {
                Ok(passed) => Trial { rule: rule.name, passed, error: None },
                Err(error) => Trial { rule: rule.name, passed: false, error: Some(error.to_string()) },
            }
        });
        Ok(trials.collect())
    }

    /// Checks rules and compiles them, or says all that is wrong with them, each with its place.
    async fn compile(
        &self,
        mut rules: Vec<AccessRule>,
    ) -> Result<(Vec<AccessRule>, Vec<RuleExpression>), Failure<RulesRefusal>> {
        use RulesRefusal as Code;
        if rules.len() > Self::MAX_RULES {
            let message = format!("a campaign has at most {} rules", Self::MAX_RULES);
            return Err(Refusal::at(Code::TooManyRules, "rules", message).into());
        }
        let mut refusals = Refusals::default();
        let mut names = HashSet::new();
        let mut compiled = Vec::with_capacity(rules.len());
        for (i, rule) in rules.iter_mut().enumerate() {
            let at = |code, field: &'static str, message: String| Refusal {
                code,
                message: message.into(),
                field: vec!["rules".into(), i.to_string().into(), field.into()],
            };
            rule.name = rule.name.trim().to_owned();
            if !text::fits(&rule.name, 1, 64, false) {
                refusals.push(at(Code::InvalidName, "name", "a rule's name has 1 to 64 characters".to_owned()));
            } else if !names.insert(rule.name.clone()) {
                refusals.push(at(Code::DuplicateName, "name", format!("two rules are called {:?}", rule.name)));
            }
            if !text::fits(rule.message.trim(), 1, 280, true) {
                refusals.push(at(
                    Code::InvalidMessage,
                    "message",
                    "a rule's message has 1 to 280 characters".to_owned(),
                ));
            }
            let expression = RuleExpression::compile(&rule.expression).map_err(|error: ExpressionError| {
                let ExpressionError { line, column, message, .. } = &error;
                at(Code::InvalidExpression, "expression", format!("line {line}, column {column}: {message}"))
            });
            if let Some(expression) = refusals.keep(expression) {
                let known = self.store.known_lists(expression.list_names()).await?;
                for name in expression.list_names().iter().filter(|name| !known.contains(*name)) {
                    refusals.push(at(Code::UnknownList, "expression", format!("there is no list {name:?}")));
                }
                compiled.push(expression);
            }
        }
        refusals.check()?;
        Ok((rules, compiled))
    }
}
