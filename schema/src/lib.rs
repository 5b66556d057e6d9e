//! The GraphQL graph over the domain's use cases.
//!
//! A resolver translates: input → use case → payload. No rule lives here, and this crate cannot name a
//! database, a broker or a web framework: it depends on `domain` alone.
//!
//! # How to find your way
//! The five domains are modules of the same name as in `domain`. Each contributes *parts*, which [`graph`]
//! explains, [`mod@whole`] merges into one graph and [`subgraphs`] into five. Around them:
//!
//! | module | what it answers |
//! |---|---|
//! | [`errors`] | how a fault becomes a top-level error |
//! | [`payload`] | how a refusal becomes a `userErrors` entry |
//! | [`link`] | how one entity leads to another, and when it is read |
//! | [`loaders`] | how many links are read with one query |
//! | [`document`] | what one document may ask |
//! | [`operation`] | what surrounds every operation |
//! | `plan` | how the grab of a crowd is answered without the executor |
//!
//! # How to add a mutation
//! 1. Its input is an `InputObject` and its payload a `payload!` next to it, in the module of its domain.
//! 2. The codes of its refusals are an `Enum` with `remote = "…"` of the domain's enum: a code that the
//!    domain adds does not compile until the graph describes it.
//! 3. The resolver asks the context who the viewer is, parses ids, calls one use case, and hands its
//!    result to `payload::outcome`.
//! 4. `UPDATE_SDL=1 cargo test -p schema` writes `schema/sdl`; the difference is what clients will see.

pub mod access;
pub mod admin;
#[cfg(feature = "subgraphs")]
mod any;
pub mod connection;
mod context;
pub mod document;
pub mod entities;
pub mod errors;
pub mod graph;
mod ids;
pub mod keys;
pub mod link;
pub mod loaders;
mod nulls;
pub mod operation;
pub mod order;
pub mod payload;
mod plan;
mod request;
pub mod scalars;
mod serve;
pub mod spike;
pub mod subgraphs;
pub mod user;
pub mod whole;

#[cfg(feature = "subgraphs")]
pub use any::AnySchema;
pub use document::{Kind, Limits, Reader, RootField, Roots};
pub use errors::{Code, TraceId};
pub use plan::{GrabAnswer, PlannedGrab};
pub use request::{Asker, Checked};
#[cfg(feature = "subgraphs")]
pub use serve::executable;
pub use serve::{Which, sdl, sdl_of, whole};
pub use whole::WholeSchema;
