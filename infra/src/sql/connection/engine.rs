//! Which engine a database runs on, by its URL alone.

use std::borrow::Cow;

use super::OpenError;

/// The engines that the stores run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// One file, one writer, in this process.
    Sqlite,
    /// MySQL 8 or MariaDB 10.6 and later: they speak alike, and where they differ the server is asked.
    MySql,
    /// PostgreSQL 13 and later.
    Postgres,
}

impl Engine {
    /// Reads the scheme of a URL. The URL itself is in no error: it may hold a password.
    pub fn of(url: &str) -> Result<Self, OpenError> {
        match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => Ok(Self::Sqlite),
            Some("mysql" | "mariadb") => Ok(Self::MySql),
            Some("postgres" | "postgresql") => Ok(Self::Postgres),
            _ => Err(OpenError::Scheme),
        }
    }
}

/// The URL under the scheme that the driver of MySQL knows.
pub(super) fn as_mysql(url: &str) -> Cow<'_, str> {
    match url.strip_prefix("mariadb:") {
        Some(rest) => Cow::Owned(format!("mysql:{rest}")),
        None => Cow::Borrowed(url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_names_an_engine() {
        for (url, engine) in [
            ("sqlite:.spike/spike.db", Some(Engine::Sqlite)),
            ("mysql://u:p@h/d", Some(Engine::MySql)),
            ("mariadb://u:p@h/d", Some(Engine::MySql)),
            ("postgres://u:p@h/d", Some(Engine::Postgres)),
            ("postgresql://u:p@h/d", Some(Engine::Postgres)),
            ("redis://h", None),
            ("spike.db", None),
            ("", None),
        ] {
            assert_eq!(Engine::of(url).ok(), engine, "{url}");
        }
        assert_eq!(as_mysql("mariadb://u:mariadb:@h/d"), "mysql://u:mariadb:@h/d");
        assert_eq!(as_mysql("mysql://h/d"), "mysql://h/d");
    }

    #[test]
    fn no_error_repeats_the_url() {
        let error = Engine::of("oracle://u:hunter2@h/d").unwrap_err();
        assert!(!error.to_string().contains("hunter2") && !format!("{error:?}").contains("hunter2"));
    }
}
