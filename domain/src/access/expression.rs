//! Eligibility rules: CEL expressions that are checked when they are saved and evaluated on every
//! grab.
//!
//! Compiling is `token` → `parse` → `check` → `cost` → `lower`, each bounded by `bounds`, so that a
//! hostile rule is refused quickly and a typo is reported where it is. Evaluating is the `cel`
//! crate's business. Nothing here does I/O or reads a clock.

mod bounds;
mod builtin;
mod calls;
mod check;
mod cost;
mod error;
mod evaluate;
mod facts;
mod literal;
mod lower;
mod operators;
mod parse;
mod token;
mod tree;
mod types;
mod vocabulary;

#[cfg(test)]
mod dialect_test;
#[cfg(test)]
mod evaluation_test;
#[cfg(test)]
mod refusal_test;
#[cfg(test)]
mod rules_test;
#[cfg(test)]
mod samples;

use std::sync::Arc;

use cel::common::ast::IdedExpr;

pub use error::{EvaluationError, ExpressionError, ExpressionErrorKind};
pub use facts::{AttributeValue, CampaignFacts, Facts, UserFacts};

/// A rule that was checked and can be evaluated. A clone shares it.
#[derive(Clone, Debug)]
pub struct RuleExpression {
    compiled: Arc<Compiled>,
}

#[derive(Debug)]
struct Compiled {
    source: String,
    lists: Vec<String>,
    reads: check::Reads,
    rule: IdedExpr,
}

impl RuleExpression {
    /// Checks `source` and prepares it for evaluation.
    pub fn compile(source: &str) -> Result<Self, ExpressionError> {
        let tree = parse::parse(source)?;
        let findings = check::check(&tree)?;
        cost::check_cost(&tree)?;
        Ok(Self {
            compiled: Arc::new(Compiled {
                source: source.to_owned(),
                lists: findings.lists,
                reads: findings.reads,
                rule: lower::lower(tree),
            }),
        })
    }

    /// The rule as it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.compiled.source
    }

    /// The lists that the rule asks about with `inList`, each once, in the order of the rule.
    #[must_use]
    pub fn list_names(&self) -> &[String] {
        &self.compiled.lists
    }

    /// Whether the answer depends on the campaign, so that the rule cannot be tried without one.
    #[must_use]
    pub fn reads_campaign(&self) -> bool {
        self.compiled.reads.campaign
    }

    /// Whether the rule holds. It ends within about a millisecond whatever the rule and the facts.
    pub fn evaluate(&self, facts: &Facts) -> Result<bool, EvaluationError> {
        evaluate::evaluate(&self.compiled.rule, self.compiled.reads, facts)
    }
}
