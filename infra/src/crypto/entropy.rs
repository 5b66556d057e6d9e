//! Randomness for secrets: the one place of the workspace that reads it.

use domain::error::Fault;
use rand::{TryRng, rngs::SysRng};

/// Bytes from the system's random source.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes).map_err(|error| Fault::unavailable("random source", error))?;
    Ok(bytes)
}
