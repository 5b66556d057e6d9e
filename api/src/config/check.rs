//! What a configuration must be beyond the types of its keys, and the values that follow from others.

use std::{fmt::Write as _, path::Path};

use tracing_subscriber::EnvFilter;

use super::{Config, ConfigError, Secret, secret::without_password};

mod traffic;

/// Reads secrets from their files and fills in what follows from other keys.
pub(super) fn resolve(config: &mut Config) -> Result<(), ConfigError> {
    from_file("database.url_file", config.database.url_file.as_deref(), &mut config.database.url)?;
    from_file("stock.url_file", config.stock.url_file.as_deref(), &mut config.stock.url)?;
    from_file("bus.url_file", config.bus.url_file.as_deref(), &mut config.bus.url)?;
    if config.database.url.is_empty() {
        config.database.url = sqlite_url(&config.data_dir.join("spike.db"));
    }
    if let Some(file) = &config.admin.password_file {
        if config.admin.password.is_some() {
            return Err(ConfigError::refused("admin.password_file", "set this or admin.password, not both"));
        }
        config.admin.password = Some(Secret::from(read_secret("admin.password_file", file)?));
    }
    Ok(())
}

fn from_file(key: &'static str, file: Option<&Path>, value: &mut String) -> Result<(), ConfigError> {
    if let Some(file) = file {
        *value = read_secret(key, file)?;
    }
    Ok(())
}

/// The first line of a file. The newline that editors and `echo` put at the end is no part of it.
fn read_secret(key: &'static str, file: &Path) -> Result<String, ConfigError> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| ConfigError::refused(key, format!("{} cannot be read: {error}", file.display())))?;
    let text = text.trim_end_matches(['\n', '\r']);
    if text.is_empty() || text.contains('\n') {
        return Err(ConfigError::refused(key, format!("{} must hold exactly one line", file.display())));
    }
    Ok(text.to_owned())
}

/// The URL of a file: what means something in a URL is written as `%XX`.
fn sqlite_url(file: &Path) -> String {
    let mut url = "sqlite:".to_owned();
    for c in file.display().to_string().chars() {
        if matches!(c, '%' | '?' | '#' | ' ') {
            // Writing into a String cannot fail.
            let _ = write!(url, "%{:02X}", u32::from(c));
        } else {
            url.push(c);
        }
    }
    url
}

/// Refuses what cannot be.
pub(super) fn validate(config: &Config) -> Result<(), ConfigError> {
    let refuse = |key, message: &str| Err(ConfigError::refused(key, message));

    one_of(
        "database.url",
        &config.database.url,
        &["sqlite:", "mysql://", "mariadb://", "postgres://", "postgresql://"],
    )?;
    if let Some(path) = config.database.url.strip_prefix("sqlite:")
        && (path.is_empty() || path.contains(":memory:"))
    {
        return refuse("database.url", "a database in memory would lose accepted orders: name a file, sqlite:PATH");
    }
    let stock = &config.stock;
    one_of("stock.url", &stock.url, &["memory:", "redis://", "rediss://", "redis-sentinel://", "redis-cluster://"])?;
    one_of("bus.url", &config.bus.url, &["database:", "amqp://", "amqps://"])?;
    for (key, prefix) in [("stock.prefix", &stock.prefix), ("bus.prefix", &config.bus.prefix)] {
        // It stands in names of keys and queues, between the braces of a hash tag and the dots of a topic.
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if !(1..=64).contains(&prefix.len()) || !prefix.chars().all(plain) {
            return refuse(key, "must be 1 to 64 letters, digits, hyphens or underscores");
        }
    }
    if stock.patience.std().as_millis() < 10 {
        return refuse("stock.patience", "must be 10ms at least");
    }
    if stock.outbox_limit == 0 {
        return refuse("stock.outbox_limit", "must be 1 at least");
    }
    if !(1..=64).contains(&config.bus.partitions) {
        return refuse("bus.partitions", "must be 1 to 64");
    }
    if config.bus.confirm_timeout.std().as_millis() < 100 {
        return refuse("bus.confirm_timeout", "must be 100ms at least");
    }
    if !(1..=100).contains(&config.bus.max_attempts) {
        return refuse("bus.max_attempts", "must be 1 to 100");
    }
    if config.data_dir.as_os_str().is_empty() {
        return refuse("data_dir", "must not be empty");
    }
    if !(1..=64).contains(&config.database.connections) {
        return refuse("database.connections", "must be 1 to 64");
    }
    traffic::validate(config)?;
    if !(1..=1_000).contains(&config.consumer.batch_size) {
        return refuse("consumer.batch_size", "must be 1 to 1000");
    }
    let auth = &config.auth;
    if auth.issuer.trim().is_empty() || auth.audience.trim().is_empty() {
        return refuse("auth.issuer", "auth.issuer and auth.audience must not be empty");
    }
    if auth.access_token_lifetime.std().as_secs() < 1 {
        return refuse("auth.access_token_lifetime", "must be 1s at least");
    }
    if auth.refresh_token_lifetime <= auth.access_token_lifetime {
        return refuse("auth.refresh_token_lifetime", "must be longer than auth.access_token_lifetime");
    }
    if auth.rotation_grace >= auth.refresh_token_lifetime {
        return refuse("auth.rotation_grace", "must be shorter than auth.refresh_token_lifetime");
    }
    if !(1..=256).contains(&auth.password_hashing_concurrency) {
        return refuse("auth.password_hashing_concurrency", "must be 1 to 256");
    }
    if let Err(error) = EnvFilter::try_new(&config.log.filter) {
        return refuse("log.filter", &error.to_string());
    }
    let admin = &config.admin;
    match (&admin.username, &admin.phone, &admin.password) {
        (Some(_), Some(_), Some(_)) | (None, None, None) => Ok(()),
        _ => refuse("admin", "set all of username, phone and password (or password_file), or none of them"),
    }
}

fn one_of(key: &'static str, url: &str, schemes: &[&str]) -> Result<(), ConfigError> {
    if schemes.iter().any(|scheme| url.starts_with(scheme)) {
        return Ok(());
    }
    let shown = without_password(url);
    Err(ConfigError::refused(key, format!("{shown:?} must begin with one of {}", schemes.join(", "))))
}
