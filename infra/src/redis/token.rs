//! Words that nobody else uses: who claims, who adjusts, who says something.

use domain::error::Fault;

use crate::crypto::entropy;

/// 32 random hex digits.
pub(super) fn token() -> Result<String, Fault> {
    Ok(format!("{:032x}", u128::from_be_bytes(entropy::bytes()?)))
}
