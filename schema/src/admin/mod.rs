//! How a sale is run, in the graph: products, campaigns, stock, reports, the audit log. For administrators.

pub mod campaigns;
pub mod errors;
pub mod lifecycle;
pub mod products;
pub mod query;
pub mod stock;
pub mod types;
