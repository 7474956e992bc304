//! How requests reach this server: through which proxies, from which address, and with or without TLS.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::ORIGIN;

/// How requests reach this server. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Ingress {
    /// Whether this server speaks HTTPS itself.
    is_https: bool,
    trusted_proxies: Arc<[IpAddr]>,
}

impl Ingress {
    pub(crate) fn new(is_https: bool, trusted_proxies: &[IpAddr]) -> Self {
        let trusted_proxies = trusted_proxies.iter().map(IpAddr::to_canonical).collect();
        Self { is_https, trusted_proxies }
    }

    /// Returns the address of the client. Forwarding headers count only from a trusted proxy: otherwise a client with
    /// invented addresses would never be slowed down. With several proxies in a row, the last untrusted hop counts: all
    /// hops before it may be forged. If that hop is unreadable, returns the address of the peer.
    pub(crate) fn client_address(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> String {
        let Some(peer) = peer.map(|peer| peer.to_canonical()) else { return "unknown".to_owned() };
        if !self.trusted_proxies.contains(&peer) {
            return peer.to_string();
        }
        let values = headers.get_all("x-forwarded-for").iter();
        let hops: Vec<Option<IpAddr>> = values
            .flat_map(|value| value.to_str().unwrap_or("unreadable").split(','))
            .map(|hop| address(hop.trim()))
            .collect();
        let is_ours = |hop: &Option<IpAddr>| hop.is_some_and(|hop| self.trusted_proxies.contains(&hop));
        let last = hops.into_iter().rev().find(|hop| !is_ours(hop)).flatten();
        last.unwrap_or(peer).to_string()
    }

    /// Returns whether the request came over TLS: that of this server, that of a trusted proxy, or according to the
    /// browser's `Origin` header, that of any proxy.
    pub(crate) fn is_https(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> bool {
        let is_proxy = peer.is_some_and(|peer| self.trusted_proxies.contains(&peer.to_canonical()));
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let forwarded = text("x-forwarded-proto").rsplit(',').next().unwrap_or_default().trim();
        self.is_https
            || (is_proxy && forwarded.eq_ignore_ascii_case("https"))
            || text(ORIGIN.as_str()).starts_with("https://")
    }
}

/// Reads an address as proxies write it, with or without a port. An IPv4-mapped IPv6 address becomes the IPv4 address.
fn address(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    let address = bare.parse().ok().or_else(|| hop.parse().ok().map(|with_port: SocketAddr| with_port.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use axum::http::HeaderMap;

    use super::Ingress;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn ingress() -> Ingress {
        Ingress::new(false, &[ip("10.0.0.1"), ip("10.0.0.2")])
    }

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().expect("a header"));
        headers
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let headers = headers("x-forwarded-for", "203.0.113.9, 198.51.100.7, 10.0.0.2");
        let from = |peer, headers| ingress().client_address(Some(ip(peer)), headers);
        assert_eq!(from("192.0.2.1", &headers), "192.0.2.1");
        assert_eq!(from("10.0.0.1", &headers), "198.51.100.7");
        assert_eq!(from("::ffff:10.0.0.1", &headers), "198.51.100.7");
        assert_eq!(from("10.0.0.1", &HeaderMap::new()), "10.0.0.1");
    }

    #[test]
    fn an_address_is_one_however_it_is_written() {
        let cases = [
            ("198.51.100.7:4711", "198.51.100.7"),
            ("::ffff:198.51.100.7", "198.51.100.7"),
            ("[::ffff:198.51.100.7]:4711", "198.51.100.7"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8:0::1", "2001:db8::1"),
            ("192.0.2.66, unknown", "10.0.0.1"),
            ("192.0.2.66, 999.1.1.1", "10.0.0.1"),
        ];
        for (value, expected) in cases {
            let found = ingress().client_address(Some(ip("10.0.0.1")), &headers("x-forwarded-for", value));
            assert_eq!(found, expected, "{value}");
        }
        let mapped = ingress().client_address(Some(ip("::ffff:192.0.2.1")), &HeaderMap::new());
        assert_eq!(mapped, "192.0.2.1");
    }

    #[test]
    fn tls_is_our_own_a_trusted_proxys_or_reported_by_the_browser() {
        let of = |peer, headers: &HeaderMap| ingress().is_https(Some(ip(peer)), headers);
        let forwarded = headers("x-forwarded-proto", "https");
        assert!(of("10.0.0.1", &forwarded));
        assert!(!of("192.0.2.1", &forwarded), "anybody may say so");
        assert!(!of("10.0.0.1", &headers("x-forwarded-proto", "http")));
        assert!(of("192.0.2.1", &headers("origin", "https://lifeboat")));
        assert!(!of("192.0.2.1", &headers("origin", "http://lifeboat")));
        assert!(Ingress::new(true, &[]).is_https(None, &HeaderMap::new()));
    }
}
