//! Words that go into URLs, configuration files and SQL alike: only those that need no quoting anywhere.

use std::{
    fmt::Write,
    fs::{self, File},
    io::Read,
    path::Path,
};

use crate::{EngineError, home::write_private};

/// The word, if it is one of letters, digits, `-`, `_`, `.`, `~`.
pub(crate) fn word(what: &'static str, word: &str) -> Result<(), EngineError> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.' | '~');
    if !word.is_empty() && word.chars().all(plain) { Ok(()) } else { Err(EngineError::NotPlain { what }) }
}

/// The given password, or a random one: nothing that listens on loopback has a known one.
pub(crate) fn password(given: Option<String>) -> Result<String, EngineError> {
    match given {
        Some(given) => word("a password", &given).map(|()| given),
        None => random(),
    }
}

/// 128 random bits in hexadecimal.
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

/// The password in a file, which is made, random and for its owner alone, if it is not there.
pub fn kept_password(path: &Path) -> Result<String, EngineError> {
    if !path.exists() {
        write_private(path, &random()?)?;
    }
    let kept = fs::read_to_string(path).map_err(EngineError::io(format!("reading {}", path.display())))?;
    password(Some(kept.trim().to_owned()))
}
