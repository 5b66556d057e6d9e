//! Facts for the tests of this module.

use super::{Facts, RuleExpression};
pub(super) use crate::testing::{facts, instant as time};

pub(super) fn with(change: impl FnOnce(&mut Facts)) -> Facts {
    let mut facts = facts();
    change(&mut facts);
    facts
}

pub(super) fn compile(source: &str) -> RuleExpression {
    match RuleExpression::compile(source) {
        Ok(rule) => rule,
        Err(error) => panic!("{source}: {error}"),
    }
}

/// What the rule says about these facts.
pub(super) fn holds(source: &str, facts: &Facts) -> bool {
    match compile(source).evaluate(facts) {
        Ok(holds) => holds,
        Err(error) => panic!("{source}: {error}"),
    }
}

/// Why the rule could not be decided for these facts.
pub(super) fn fails(source: &str, facts: &Facts) -> String {
    match compile(source).evaluate(facts) {
        Ok(holds) => panic!("{source}: {holds}"),
        Err(error) => error.message,
    }
}
