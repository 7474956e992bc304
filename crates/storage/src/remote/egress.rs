//! Which addresses the clients of object stores connect to, and which redirects they follow.
//!
//! A user who may enter an endpoint makes this server send requests there. So addresses that are never object stores,
//! but services that hand out credentials, are refused: link-local ones, and the metadata services of clouds. Names
//! are checked by their resolved address, at the moment of connecting: no later answer of a name server counts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::{Attempt, Policy};
use url::{Host, Url};

/// How often a redirect on the same host is followed.
const REDIRECTS_MAX: usize = 4;

/// Metadata services that are not at a link-local address: Alibaba Cloud, Azure, Oracle Cloud, and AWS over IPv6.
const METADATA_V4: [Ipv4Addr; 3] =
    [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(168, 63, 129, 16), Ipv4Addr::new(192, 0, 0, 192)];
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// The prefix under which IPv6 reaches IPv4 (NAT64).
const NAT64: [u16; 6] = [0x64, 0xff9b, 0, 0, 0, 0];

/// An address is one that no request is sent to.
#[derive(Debug, thiserror::Error)]
#[error("the address {0} is refused")]
pub(super) struct Refused(IpAddr);

/// Returns whether no request is sent to an address.
pub(super) fn is_refused(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_refused_v4(address),
        IpAddr::V6(address) => {
            let inner = address.to_ipv4_mapped().or_else(|| {
                let segments = address.segments();
                let [high, low] = [segments[6].to_be_bytes(), segments[7].to_be_bytes()];
                (segments[..6] == NAT64).then(|| Ipv4Addr::new(high[0], high[1], low[0], low[1]))
            });
            inner.is_some_and(is_refused_v4)
                || address.is_unicast_link_local()
                || address.is_multicast()
                || address.is_unspecified()
                || address == METADATA_V6
        }
    }
}

fn is_refused_v4(address: Ipv4Addr) -> bool {
    address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.octets()[0] == 0
        || METADATA_V4.contains(&address)
}

/// Checks the host of an endpoint, where that is an address itself.
pub(super) fn check_host(url: &Url) -> Result<(), Refused> {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        Some(Host::Domain(_)) | None => return Ok(()),
    };
    if is_refused(address) { Err(Refused(address)) } else { Ok(()) }
}

/// Resolves names, and leaves out what is refused.
pub(super) struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(accepted(found)?.into_iter()) as Addrs)
        })
    }
}

fn accepted(found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Refused> {
    let refused = found.iter().map(SocketAddr::ip).find(|address| is_refused(*address));
    let accepted: Vec<SocketAddr> = found.into_iter().filter(|address| !is_refused(address.ip())).collect();
    match refused {
        Some(address) if accepted.is_empty() => Err(Refused(address)),
        _ => Ok(accepted),
    }
}

/// Returns which redirects are followed: those to the same scheme, host and port. At others, the redirect itself is
/// treated as the service's answer.
pub(super) fn redirects() -> Policy {
    Policy::custom(|attempt: Attempt<'_>| {
        let is_same =
            attempt.previous().first().is_some_and(|first| first.origin() == attempt.url().origin());
        if is_same && attempt.previous().len() <= REDIRECTS_MAX { attempt.follow() } else { attempt.stop() }
    })
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::{accepted, check_host, is_refused};
    use url::Url;

    #[test]
    fn link_local_addresses_and_metadata_services_are_refused() {
        for refused in [
            "169.254.169.254",
            "169.254.0.1",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "255.255.255.255",
            "fe80::1",
            "fd00:ec2::254",
            "::",
            "ff02::1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
        ] {
            assert!(is_refused(refused.parse().expect("an address")), "{refused}");
        }
        for accepted in [
            "10.0.0.1",
            "192.168.1.1",
            "172.16.0.1",
            "127.0.0.1",
            "::1",
            "fd00::1",
            "8.8.8.8",
            "2001:db8::1",
            "64:ff9b::808:808",
        ] {
            assert!(!is_refused(accepted.parse().expect("an address")), "{accepted}");
        }
    }

    #[test]
    fn an_endpoint_that_is_such_an_address_is_refused_however_it_is_spelled() {
        for refused in [
            "http://169.254.169.254/",
            "http://0xa9fea9fe/",
            "http://2852039166",
            "http://0251.0376.0251.0376/",
            "http://[::ffff:a9fe:a9fe]:80/",
            "http://[fe80::1]/",
        ] {
            assert!(check_host(&Url::parse(refused).expect("a URL")).is_err(), "{refused}");
        }
        for accepted in ["http://minio:9000/", "http://127.0.0.1:9000/", "http://[fd00::1]/"] {
            assert!(check_host(&Url::parse(accepted).expect("a URL")).is_ok(), "{accepted}");
        }
    }

    #[test]
    fn a_name_is_as_good_as_its_addresses() {
        let all = |list: &[&str]| {
            list.iter().map(|text| text.parse().expect("an address")).collect::<Vec<SocketAddr>>()
        };
        let mixed = accepted(all(&["169.254.169.254:0", "10.0.0.1:0"])).expect("one is left");
        assert_eq!(mixed, all(&["10.0.0.1:0"]));
        assert!(accepted(all(&["169.254.169.254:0"])).is_err());
        assert_eq!(accepted(Vec::new()).expect("nothing is refused"), []);
    }
}
