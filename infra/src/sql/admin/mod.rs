//! Running a sale, on SQL: products, campaigns, the ledger of their stock, and the audit log.
//!
//! What an administrator does and its audit entry are one transaction. What this module may not touch: what
//! orders took of a campaign, and the epoch of its stock; other modules count those.

mod audit;
mod campaigns;
mod ledger;
mod products;
mod states;

pub use audit::SqlAudit;
pub use campaigns::SqlCampaigns;
pub use products::SqlProducts;
