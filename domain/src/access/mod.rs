//! Who may take part in a campaign: rules that administrators write, lists that rules refer to, and the
//! verdict on a user.
//!
//! A rule is an expression in CEL ([`expression`]); every rule of a campaign must pass.

pub mod attributes;
pub mod eligibility;
pub mod expression;
pub mod lists;
pub mod ports;
pub mod rules;
