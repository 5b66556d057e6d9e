//! The stock store and the live status on Redis: one server, one over TLS, behind sentinels, or a cluster.
//!
//! | module | what |
//! |---|---|
//! | [`stock`] | [`RedisStock`]: the stock of running campaigns |
//! | [`feed`] | [`RedisFeed`]: changes of orders, told between replicas |
//! | [`attempts`] | [`RedisAttempts`]: attempts to sign in, counted for all replicas |
//! | [`server`], [`link`] | the way to Redis, that mends itself |
//! | [`check`] | what is asked of a Redis before it is relied on |
//! | [`address`], [`options`] | where it is and how it is used |
//! | [`keys`], [`text`] | what is stored, and how it is written |
//! | [`script`], `lua/` | what is atomic |
//!
//! # What holds it together
//! - **One slot a campaign.** Every script works on the keys of one campaign, which have its id as their hash tag.
//! - **One life.** A life of a campaign's stock is bound to one life of the server (`lua/life.lua`): Redis may
//!   forget its last moments when it is started again or another takes over, so each script that sells, confirms or
//!   tells compares the two first, and closes the campaign if they differ. Only [`stock`]'s `load` opens the next
//!   life. The comparison is made by the server within the script: nothing can come in between.
//! - **Safe to repeat.** The cluster client sends again what may have been done already.
//!
//! # What Redis is to be set to
//! `appendonly yes` and no `maxmemory-policy` that evicts all keys: both are checked at the start. With replicas also
//! `min-replicas-to-write 1`: a master that is cut off from its sentinels and replicas, but not from a process of
//! spike, would go on selling its own life beside the one that was opened on its successor. The database refuses what
//! is too much of it, but only after its buyers were told yes. A master of a cluster stops by itself.
//!
//! What this may not touch: what a grab means. The order of the checks is `domain`'s, written in `lua/reserve.lua`.

mod address;
mod attempts;
mod check;
mod error;
mod feed;
mod keys;
mod link;
mod options;
mod script;
mod server;
mod stock;
mod text;
mod token;

pub use self::{
    attempts::RedisAttempts, error::OpenError, feed::RedisFeed, options::RedisOptions, server::Server,
    stock::RedisStock,
};
