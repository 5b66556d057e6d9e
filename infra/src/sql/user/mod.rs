//! Who is this, on SQL: accounts, sessions, and the keys that sign access tokens.
//!
//! What this module may not touch: secrets in clear. A password arrives as its hash, a refresh token as its
//! digest, and the number of an identity document is digested here before it is bound to a statement.

mod accounts;
mod sessions;
mod signing_keys;

use std::fmt::Write;

use domain::error::Fault;

pub use accounts::SqlAccounts;
pub use sessions::SqlSessions;
pub use signing_keys::{SigningKeyRow, SqlSigningKeys};

/// Bytes as lower-case hexadecimal digits: one form on every engine, and readable to an operator.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The 32 bytes that [`hex`] wrote.
fn bytes_of(hex: &str) -> Result<[u8; 32], Fault> {
    let digit = |at: usize| hex.get(at..=at).and_then(|text| u8::from_str_radix(text, 16).ok());
    let mut bytes = [0; 32];
    for (i, byte) in bytes.iter_mut().enumerate() {
        let (Some(high), Some(low)) = (digit(2 * i), digit(2 * i + 1)) else {
            return Err(Fault::internal("a stored digest is not 32 bytes in hexadecimal digits"));
        };
        *byte = high * 16 + low;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_round_trip_as_hexadecimal_digits() {
        let bytes: [u8; 32] = std::array::from_fn(|i| u8::try_from(i * 8).unwrap());
        let text = hex(&bytes);
        assert!(text.starts_with("00081018") && text.ends_with("f0f8"), "{text}");
        assert_eq!(bytes_of(&text).unwrap(), bytes);
        for bad in ["", "00", &text[..62], &text.replace('f', "é")] {
            assert!(bytes_of(bad).is_err(), "{bad}");
        }
    }
}
