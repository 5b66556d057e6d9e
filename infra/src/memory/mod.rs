//! Stock, live status and counted attempts of a single process, for the embedded default.
//!
//! What is in here ends with the process: stock is rebuilt from the database and the queue when a campaign is
//! first asked for again. More than one process cannot share it, and must not try.

mod attempts;
mod campaign_stock;
mod feed;
mod stock;

pub use attempts::{MemoryAttempts, UncountedAttempts};
pub use feed::MemoryFeed;
pub use stock::MemoryStock;
