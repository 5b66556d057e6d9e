//! From where a request comes.
//!
//! The address of the peer is what the network says. What a header says is what anybody may write: it is believed as far
//! as it was written by a proxy that the operator trusts, read from the end, where the nearest proxy wrote.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::{HeaderMap, header::FORWARDED};
use ipnet::IpNet;

/// The other end of a connection. Put into the extensions of its requests by [`super::listen`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

/// The address of the client behind the peer.
pub(super) fn of_client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    let mut client = peer.to_canonical();
    if !is_trusted(&client) {
        return client;
    }
    let read: fn(&str) -> Option<IpAddr> =
        if headers.contains_key(FORWARDED) { of_forwarded_element } else { |text| of_node(text.trim()) };
    let header = if headers.contains_key(FORWARDED) { FORWARDED.as_str() } else { "x-forwarded-for" };
    let lines: Vec<&str> = headers.get_all(header).iter().filter_map(|value| value.to_str().ok()).collect();
    for element in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        // What cannot be read was written by nobody who is trusted to write.
        let Some(address) = read(element) else { break };
        client = address;
        if !is_trusted(&client) {
            break;
        }
    }
    client
}

/// The `for` of one element of `Forwarded` (RFC 7239), such as `for="[2001:db8::1]:4711";proto=https`.
fn of_forwarded_element(element: &str) -> Option<IpAddr> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| of_node(value.trim().trim_matches('"')))?
    })
}

/// An address, perhaps in brackets, perhaps with a port.
fn of_node(text: &str) -> Option<IpAddr> {
    let address = text
        .parse::<IpAddr>()
        .or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()))
        .or_else(|_| text.trim_start_matches('[').trim_end_matches(']').parse::<Ipv6Addr>().map(IpAddr::V6));
    address.ok().map(|address| address.to_canonical())
}

/// What is counted as one client: an IPv4 address, or the network that one IPv6 subscriber gets.
pub(super) fn counted(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let trusted: Vec<IpNet> = ["10.0.0.0/8", "fd00::/8"].iter().map(|net| net.parse().unwrap()).collect();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        of_client(peer.parse().unwrap(), &map, &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let forged = ("x-forwarded-for", "1.2.3.4");
        assert_eq!(client("203.0.113.9", &[forged]), "203.0.113.9");
        assert_eq!(client("::ffff:203.0.113.9", &[forged]), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        for (header, address) in [
            ("198.51.100.7", "198.51.100.7"),
            ("1.2.3.4, 198.51.100.7", "198.51.100.7"),
            ("1.2.3.4, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
            ("198.51.100.7:4711", "198.51.100.7"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("2001:db8::1,10.9.9.9", "2001:db8::1"),
            ("198.51.100.7, nonsense", "10.0.0.1"),
            ("10.0.0.3", "10.0.0.3"),
            ("", "10.0.0.1"),
        ] {
            assert_eq!(client("10.0.0.1", &[("x-forwarded-for", header)]), address, "{header}");
        }
        assert_eq!(client("fd00::1", &[forged, ("x-forwarded-for", "5.6.7.8")]), "5.6.7.8", "lines go on");
        for (header, address) in [
            ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
            ("for=192.0.2.43, For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("for=192.0.2.43, for=_hidden", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
        ] {
            assert_eq!(client("10.0.0.1", &[("forwarded", header), forged]), address, "{header}");
        }
    }

    #[test]
    fn a_subscriber_is_one_client() {
        let counted = |text: &str| counted(text.parse().unwrap()).to_string();
        assert_eq!(counted("203.0.113.9"), "203.0.113.9");
        assert_eq!(counted("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }
}
