//! What is asked of a Redis before it is relied on: its version, its role, whether it keeps what it is told, and
//! whether it lets us do what we must.

use std::collections::HashMap;

use redis::{
    ErrorKind, FromRedisValue, RedisError, RedisResult, ServerErrorKind, Value,
    cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo},
};

use super::{
    address::Form,
    error::{OpenError, line},
    keys,
    link::Link,
    options::RedisOptions,
    script::PROBE,
};

/// The oldest version that has all that the scripts use.
const OLDEST: (u32, u32) = (6, 2);

/// Checks a Redis. Returns whether it outlives its own end.
pub(super) async fn check(link: &mut Link, at: &str, form: &Form, options: &RedisOptions) -> Result<bool, OpenError> {
    let failed = |error: RedisError| refused(at, &error);
    let nodes = nodes(link).await.map_err(failed)?;
    let mut durable = true;
    for node in nodes {
        durable &= Node { at, info: &node }.check(form)?;
    }
    if !durable && !options.allow_volatile {
        return Err(OpenError::Volatile { at: at.to_owned() });
    }
    if *form == Form::Cluster {
        let state: String = ask(link, redis::cmd("CLUSTER").arg("INFO")).await.map_err(failed)?;
        if info(&state).get("cluster_state").is_none_or(|state| state != "ok") {
            return Err(OpenError::NotReady { at: at.to_owned(), cause: "its cluster_state is not ok".to_owned() });
        }
    }
    let probe = PROBE.on(&[keys::probe(&options.prefix)]);
    ask::<String>(link, &probe.in_full()).await.map_err(failed)?;
    let nobody = redis::cmd("PUBLISH").arg(keys::probe(&options.prefix)).arg("").to_owned();
    ask::<u64>(link, &nobody).await.map_err(failed)?;
    Ok(durable)
}

async fn ask<T: FromRedisValue>(link: &mut Link, cmd: &redis::Cmd) -> RedisResult<T> {
    Ok(redis::from_redis_value(link.send(cmd).await?)?)
}

/// What the server, or each node of the cluster, says about itself.
async fn nodes(link: &mut Link) -> RedisResult<Vec<HashMap<String, String>>> {
    let said: Vec<String> = match link {
        Link::One(_) => vec![ask(link, &redis::cmd("INFO")).await?],
        Link::Cluster(cluster) => {
            let all = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllNodes, None));
            let by_node = cluster.route_command(redis::cmd("INFO"), all).await?;
            let by_node: HashMap<String, Value> = redis::from_redis_value(by_node)?;
            by_node
                .into_values()
                .map(|value| Ok(redis::from_redis_value(value.extract_error()?)?))
                .collect::<RedisResult<_>>()?
        }
    };
    Ok(said.iter().map(|text| info(text)).collect())
}

/// Reads `name:value` lines.
fn info(text: &str) -> HashMap<String, String> {
    let pairs = text.lines().filter_map(|line| line.trim().split_once(':'));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// What it means that Redis refused a command of the check.
fn refused(at: &str, error: &RedisError) -> OpenError {
    let cause = line(error);
    // Within a script, a lack of rights has no code of its own.
    let rights = ["NOPERM", "ACL", "can't run this command", "can't access at least one of the keys"];
    if error.kind() == ErrorKind::Server(ServerErrorKind::NoPerm) || rights.iter().any(|sign| cause.contains(sign)) {
        return OpenError::Rights { at: at.to_owned(), cause };
    }
    OpenError::from_redis(&at, error)
}

struct Node<'a> {
    at: &'a str,
    info: &'a HashMap<String, String>,
}

impl Node<'_> {
    fn says(&self, name: &str) -> &str {
        self.info.get(name).map_or("", String::as_str)
    }

    /// Returns whether it outlives its own end.
    fn check(&self, form: &Form) -> Result<bool, OpenError> {
        let at = || self.at.to_owned();
        if self.says("loading") == "1" {
            return Err(OpenError::NotReady { at: at(), cause: "it loads its data".to_owned() });
        }
        let other = |is, instead| Err(OpenError::Form { at: at(), is, instead });
        match (self.says("redis_mode"), form) {
            ("sentinel", _) => return other("is a sentinel", "redis-sentinel://"),
            ("cluster", Form::One | Form::Sentinel { .. }) => {
                return other("is a node of a cluster", "redis-cluster://");
            }
            _ => {}
        }
        if *form == Form::One && self.says("role") != "master" {
            return other("is a replica, which cannot be written", "its master's address or redis-sentinel://");
        }
        let version = self.says("redis_version");
        let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        if (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) < OLDEST {
            return Err(OpenError::TooOld { at: at(), version: version.to_owned() });
        }
        // The other kind, volatile-*, evicts keys that end by themselves: of ours, that is the claim of an opening
        // alone, which may end at any time.
        let policy = self.says("maxmemory_policy");
        if policy.starts_with("allkeys") {
            return Err(OpenError::Evicts { at: at(), policy: policy.to_owned() });
        }
        Ok(self.says("aof_enabled") == "1")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(changes: &[(&str, &str)]) -> HashMap<String, String> {
        let sound = "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nloading:0\r\nrole:master\r\n\
                     maxmemory_policy:noeviction\r\naof_enabled:1\r\n";
        let mut node = info(sound);
        node.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        node
    }

    fn check(changes: &[(&str, &str)], form: &Form) -> Result<bool, String> {
        Node { at: "redis://here", info: &node(changes) }.check(form).map_err(|error| error.to_string())
    }

    #[test]
    fn a_sound_server_is_taken() {
        assert_eq!(check(&[], &Form::One), Ok(true));
        assert_eq!(check(&[("aof_enabled", "0")], &Form::One), Ok(false));
        assert_eq!(check(&[("maxmemory_policy", "volatile-lru"), ("redis_version", "6.2.0")], &Form::One), Ok(true));
        assert_eq!(check(&[("redis_mode", "cluster"), ("role", "slave")], &Form::Cluster), Ok(true));
    }

    #[test]
    fn what_cannot_be_relied_on_is_refused_in_one_line() {
        for (changes, form, says) in [
            (("redis_version", "6.0.16"), Form::One, "at least 6.2"),
            (("redis_version", ""), Form::One, "at least 6.2"),
            (("redis_mode", "cluster"), Form::One, "redis-cluster://"),
            (("redis_mode", "sentinel"), Form::One, "redis-sentinel://"),
            (("role", "slave"), Form::One, "is a replica"),
            (("loading", "1"), Form::One, "wait until it is"),
            (("maxmemory_policy", "allkeys-lru"), Form::Cluster, "set maxmemory-policy noeviction"),
        ] {
            let error = check(&[changes], &form).unwrap_err();
            assert!(error.contains(says) && error.lines().count() == 1, "{changes:?}: {error}");
        }
    }
}
