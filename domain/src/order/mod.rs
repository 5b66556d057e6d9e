//! What follows a grab: orders, their states, payment, expiry and live status.

pub mod balance;
pub mod closing;
pub mod follow_up;
pub mod payment;
pub mod placing;
pub mod ports;
pub mod reading;
pub mod status;
pub mod watch;

pub use status::{Order, OrderStatus};
