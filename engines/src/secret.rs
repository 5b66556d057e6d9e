//! Passwords and cookies of engines: random, so that nothing that listens on loopback has a known one.

use std::{fmt::Write, fs::File, io::Read};

use crate::EngineError;

/// 128 random bits in hexadecimal, which needs no quoting in URLs, files or SQL.
pub(crate) fn random() -> Result<String, EngineError> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .map_err(EngineError::io("reading /dev/urandom"))?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}
