//! Where Redis is: the address of the configuration, read. Its text form never shows a password.

use std::fmt;

use redis::{ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo};

/// Where Redis is.
#[derive(Debug, Clone)]
pub(super) struct Address {
    /// How it is set up.
    pub(super) form: Form,
    /// Its servers, its sentinels or some nodes of its cluster; never empty.
    pub(super) nodes: Vec<Node>,
    /// Who we are to a server, and its database.
    pub(super) login: RedisConnectionInfo,
    /// Whether servers (and sentinels) are spoken to over TLS.
    pub(super) tls: bool,
}

/// How Redis is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// One server.
    One,
    /// A master that sentinels watch.
    Sentinel {
        /// The master's name.
        master: String,
        /// Whether the sentinels ask for the same password.
        auth: bool,
    },
    /// A cluster.
    Cluster,
}

/// A host and its port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) host: String,
    pub(super) port: u16,
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// As it may be written to a log: scheme, nodes and the master's name.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (&self.form, self.tls) {
            (Form::One, false) => "redis://",
            (Form::One, true) => "rediss://",
            (Form::Sentinel { .. }, _) => "redis-sentinel://",
            (Form::Cluster, _) => "redis-cluster://",
        })?;
        for (n, node) in self.nodes.iter().enumerate() {
            write!(f, "{}{node}", if n == 0 { "" } else { "," })?;
        }
        match &self.form {
            Form::Sentinel { master, .. } => write!(f, "/{master}"),
            Form::One | Form::Cluster => Ok(()),
        }
    }
}

impl Address {
    /// Reads an address. The error says what is wrong with it and repeats nothing of it: an address that is written
    /// wrong may have its password anywhere.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let (scheme, rest) = url.split_once("://").ok_or("it has no scheme such as redis://")?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (user, rest) = rest.rsplit_once('@').map_or(("", rest), |(user, rest)| (user, rest));
        let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
        let mut query = Query::parse(query)?;
        let (form, tls, database) = match scheme {
            "redis" => (Form::One, false, path),
            "rediss" => (Form::One, true, path),
            "redis-sentinel" if path.is_empty() => {
                return Err("it does not name the master, as in /mymaster".to_owned());
            }
            "redis-sentinel" => {
                let auth = query.take("sentinel_auth")?;
                (Form::Sentinel { master: path.to_owned(), auth }, query.take("tls")?, "")
            }
            "redis-cluster" if !path.is_empty() => {
                return Err("a cluster has one database, it cannot be chosen".to_owned());
            }
            "redis-cluster" => (Form::Cluster, query.take("tls")?, ""),
            _ => return Err("its scheme is none of redis, rediss, redis-sentinel, redis-cluster".to_owned()),
        };
        query.finish()?;
        let hosts: Vec<&str> = hosts.split(',').collect();
        if form == Form::One && hosts.len() > 1 {
            return Err("several hosts are a redis-sentinel:// or a redis-cluster://".to_owned());
        }
        let infos = hosts.iter().map(|host| connection(user, host, database)).collect::<Result<Vec<_>, _>>()?;
        let login = infos.first().map(|info| info.redis_settings().clone()).ok_or("it names no host")?;
        let nodes = infos.iter().map(node).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { form, nodes, login, tls })
    }
}

/// Lets the client's own parser read one host with its user, so that its rules of encoding are the only ones.
fn connection(user: &str, host: &str, database: &str) -> Result<ConnectionInfo, String> {
    if host.is_empty() {
        return Err("it names no host".to_owned());
    }
    let at = if user.is_empty() { "" } else { "@" };
    let url = format!("redis://{user}{at}{host}/{database}");
    url.into_connection_info()
        .map_err(|_| "a host, a port or the database cannot be read (is the password percent-encoded?)".to_owned())
}

fn node(info: &ConnectionInfo) -> Result<Node, String> {
    match info.addr() {
        redis::ConnectionAddr::Tcp(host, port) => Ok(Node { host: host.clone(), port: *port }),
        _ => Err("it names no host".to_owned()),
    }
}

/// What follows the question mark: switches that are on or off.
struct Query<'a>(Vec<(&'a str, bool)>);

impl<'a> Query<'a> {
    fn parse(text: &'a str) -> Result<Self, String> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| match pair.split_once('=') {
            Some((name, "true")) => Ok((name, true)),
            Some((name, "false")) => Ok((name, false)),
            _ => Err("after the question mark, each must be name=true or name=false".to_owned()),
        });
        Ok(Self(pairs.collect::<Result<_, _>>()?))
    }

    /// Whether a switch is on; off if it is not there.
    fn take(&mut self, name: &str) -> Result<bool, String> {
        let given: Vec<bool> = self.0.extract_if(.., |(given, _)| *given == name).map(|(_, on)| on).collect();
        match given.as_slice() {
            [] => Ok(false),
            [on] => Ok(*on),
            _ => Err(format!("{name} is there more than once")),
        }
    }

    fn finish(self) -> Result<(), String> {
        match self.0.first() {
            None => Ok(()),
            Some(_) => Err("after the question mark is something that cannot be set here".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_told_without_its_password() {
        for (url, told) in [
            ("redis://:pa%40ss@localhost:7000/3", "redis://localhost:7000"),
            ("redis://localhost", "redis://localhost:6379"),
            ("rediss://ann:secret@[::1]:7000", "rediss://[::1]:7000"),
            ("redis-sentinel://:secret@a:1,b:2,c:3/main?tls=true", "redis-sentinel://a:1,b:2,c:3/main"),
            ("redis-cluster://:secret@a:1,b:2", "redis-cluster://a:1,b:2"),
        ] {
            let address = Address::parse(url).unwrap();
            assert_eq!(address.to_string(), told);
            assert!(!format!("{address:?}").contains("secret"), "{address:?}");
        }
        let one = Address::parse("redis://:pa%40ss@localhost:7000/3").unwrap();
        assert_eq!((one.login.password(), one.login.db(), one.tls), (Some("pa@ss"), 3, false));
        let sentinel = Address::parse("redis-sentinel://ann:x@a:1/main?sentinel_auth=true&tls=true").unwrap();
        assert_eq!(sentinel.form, Form::Sentinel { master: "main".to_owned(), auth: true });
        assert_eq!((sentinel.login.username(), sentinel.tls), (Some("ann"), true));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for (url, why) in [
            ("localhost:6379", "no scheme"),
            ("http://localhost", "scheme is none of"),
            ("redis://:secret@", "no host"),
            ("redis://a:1,b:2", "several hosts"),
            ("redis://:secret@a:port", "cannot be read"),
            ("redis://a:1/first", "cannot be read"),
            ("redis-sentinel://:secret@a:1", "does not name the master"),
            ("redis-cluster://a:1/2", "cannot be chosen"),
            ("redis-cluster://a:1?tls=yes", "name=true or name=false"),
            ("redis-cluster://a:1?tls=true&tls=false", "more than once"),
            ("redis://a:1?tls=true", "cannot be set here"),
        ] {
            let error = Address::parse(url).unwrap_err();
            assert!(error.contains(why), "{url}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
