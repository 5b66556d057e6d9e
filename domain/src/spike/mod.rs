//! What a campaign is, how many units it has left, and what a **grab** is ([`grab`]).
//!
//! A unit's path: [`stock`] holds it for a buyer, [`ports::MessageBus`] carries the hold to the
//! consumers, and [`crate::order::placing`] makes an order of it.

pub mod campaign;
pub mod catalog;
mod crowd;
pub mod grab;
pub mod opening;
pub mod ports;
pub mod reconcile;
pub mod relay;
pub mod stock;
pub mod watch;

pub use campaign::{Campaign, CampaignState, Stage};
pub use stock::Hold;
