//! The five subgraphs, of the same parts as the whole graph. Composed, they give its API again.
//!
//! Where a subgraph leads to an entity of another one, the entity has its key there, what this subgraph
//! contributes, and an entity resolver. `OrderFacts` stand wherever orders are shown, so that a grab that
//! selects them needs one fetch.

pub mod access;
pub mod admin;
pub mod order;
pub mod spike;
pub mod user;
