//! A whole shop in the process of a test, driven through its public graph alone.
//!
//! ```ignore
//! #[path = "../support/mod.rs"]
//! mod support;
//!
//! let shop = support::TestShop::start().await;
//! let campaign = shop.live_campaign(10, 1).await;
//! let buyer = shop.register_customer().await;
//! let order = shop.grab(&buyer, &campaign).await;
//! shop.wait_for_status(&buyer.token, &order, "PENDING_PAYMENT").await;
//! ```
//! Each shop has its own port, and its own database, keys and queues on the engines of the run ([`stack`]), so tests run
//! beside each other. Nothing here sleeps to wait for something: what is waited for is asked for, within a bound
//! ([`wait_until`]).
#![allow(dead_code, unused_imports, unreachable_pub, reason = "each test binary uses its own part of this")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

pub mod audit;
pub mod broker;
pub mod builder;
pub mod client;
pub mod crowd;
pub mod people;
pub mod process;
pub mod sale;
pub mod shop;
pub mod site;
pub mod socket;
pub mod stack;
pub mod wait;
pub mod watcher;

pub use builder::Builder;
pub use sale::{CampaignSpec, Customer};
pub use shop::TestShop;
pub use site::Site;
pub use socket::{Frame, Socket, Subscription};
pub use stack::Stack;
pub use wait::{PATIENCE, wait_until, within};
