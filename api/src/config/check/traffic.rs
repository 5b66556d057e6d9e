//! What the sections about HTTP, WebSocket and limits must be.

use axum::http::Uri;

use super::super::{Config, ConfigError};

pub(super) fn validate(config: &Config) -> Result<(), ConfigError> {
    let refuse = |key, message: &str| Err(ConfigError::refused(key, message));
    let (server, graphql, websocket) = (&config.server, &config.graphql, &config.websocket);
    for (key, size) in [("server.body_limit", server.body_limit), ("websocket.message_limit", websocket.message_limit)]
    {
        if !(1_024..=64 * 1_024 * 1_024).contains(&size) {
            return refuse(key, "must be 1024 (1 KiB) to 67108864 (64 MiB)");
        }
    }
    for (key, duration) in [
        ("server.body_timeout", server.body_timeout),
        ("server.header_timeout", server.header_timeout),
        ("server.write_timeout", server.write_timeout),
        ("graphql.time_limit", graphql.time_limit),
        ("websocket.init_timeout", websocket.init_timeout),
        ("websocket.keepalive", websocket.keepalive),
    ] {
        if duration.std().as_millis() < 100 {
            return refuse(key, "must be 100ms at least");
        }
    }
    for (key, count) in [
        ("server.max_connections", server.max_connections),
        ("graphql.max_tokens", graphql.max_tokens),
        ("graphql.max_complexity", graphql.max_complexity),
        ("graphql.max_fields", graphql.max_fields),
        ("graphql.max_root_fields", graphql.max_root_fields),
        ("websocket.max_operations", websocket.max_operations),
        ("websocket.max_sockets", websocket.max_sockets),
        ("websocket.max_sockets_per_user", websocket.max_sockets_per_user),
        ("websocket.max_sockets_per_address", websocket.max_sockets_per_address),
    ] {
        if !(1..=1_000_000).contains(&count) {
            return refuse(key, "must be 1 to 1000000");
        }
    }
    if !(1..=30).contains(&graphql.max_depth) {
        return refuse("graphql.max_depth", "must be 1 to 30");
    }
    if graphql.max_batch > 1_000 {
        return refuse("graphql.max_batch", "must be 0 to 1000");
    }
    match config.cors.origins.0.iter().find(|origin| !is_origin(origin)) {
        Some(_) => {
            refuse("cors.origins", "each must be \"*\" or a scheme and a host, such as \"https://shop.example\"")
        }
        None => Ok(()),
    }
}

fn is_origin(text: &str) -> bool {
    let whole = |uri: &Uri| {
        uri.scheme_str().zip(uri.authority()).is_some_and(|(scheme, host)| format!("{scheme}://{host}") == text)
    };
    text == "*" || text.parse().as_ref().is_ok_and(whole)
}
