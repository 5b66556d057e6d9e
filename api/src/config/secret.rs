//! A value that is never shown.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

/// What is shown instead.
pub(super) const HIDDEN: &str = "(hidden)";

/// A text that is not shown in logs, debug output or `config print`, and wiped from memory after use.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(SecretString);

impl Secret {
    /// The text itself. Where this is called is where a secret can leak.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(HIDDEN)
    }
}

/// An address without the password that it may hold.
pub(crate) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    match authority.rsplit_once('@').and_then(|(credentials, _)| credentials.split_once(':')) {
        Some((user, password)) => {
            let after = &rest[user.len() + 1 + password.len()..];
            format!("{scheme}://{user}:{HIDDEN}{after}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_shown_nowhere() {
        let secret = Secret::from("correct horse".to_owned());
        assert!(!format!("{secret:?}").contains("horse"));
        for (url, shown) in [
            ("sqlite:.spike/spike.db", "sqlite:.spike/spike.db"),
            ("mysql://root:p@ss:word@db:3306/spike", "mysql://root:(hidden)@db:3306/spike"),
            ("redis://:secret@cache/0", "redis://:(hidden)@cache/0"),
            ("amqp://queue/%2f", "amqp://queue/%2f"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }
}
