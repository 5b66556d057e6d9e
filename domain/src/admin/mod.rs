//! How a sale is run: products, campaigns and their stages, stock, reports, and the audit log.
//!
//! Every use case here takes an [`Administrator`](crate::user::Administrator), which only a check against
//! the database makes, and every change writes an entry of the audit log in its own transaction.

pub mod audit;
pub mod campaigns;
pub mod lifecycle;
pub mod ports;
pub mod products;
pub mod report;
pub mod stock;
