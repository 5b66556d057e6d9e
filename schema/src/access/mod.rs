//! Who may take part, in the graph: eligibility, rules, lists, attributes.

pub mod attributes;
pub mod errors;
pub mod lists;
pub mod query;
pub mod rules;
pub mod types;
