//! The addresses that Lifeboat may connect to for a user who enters an endpoint.
//!
//! Such a user makes the server send requests. Therefore, addresses that may return credentials are refused:
//! link-local ones, and the metadata services of clouds. A server also refuses its own machine, unless its
//! configuration allows it. Private networks are allowed, because clusters and object stores are there. The rules
//! apply to addresses, not names: a name is checked by the address that it resolves to when the connection is opened.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Metadata services that are not at a link-local address: Alibaba Cloud, Azure, Oracle Cloud, and AWS over IPv6.
const METADATA_V4: [Ipv4Addr; 3] =
    [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(168, 63, 129, 16), Ipv4Addr::new(192, 0, 0, 192)];
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// The prefix under which IPv6 reaches IPv4 (NAT64).
const NAT64: [u16; 6] = [0x64, 0xff9b, 0, 0, 0, 0];

/// The word for the addresses of the machine itself.
pub const LOOPBACK: &str = "loopback";

/// The rules for addresses. The default is for commands without a server, and refuses only what is always refused.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Egress {
    /// Never refused.
    pub allow: Vec<Network>,
    /// Refused in addition to those that always are, unless they are allowed.
    pub deny: Vec<Network>,
    /// Whether the machine itself is refused, unless it is allowed.
    pub denies_loopback: bool,
}

/// Connections to this address are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused(pub IpAddr);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the address {} is refused", self.0)
    }
}

impl std::error::Error for Refused {}

impl Egress {
    /// Reads the lists of a server's configuration: networks, single addresses, and the word `loopback`.
    ///
    /// # Errors
    /// Returns the first entry that is none of these.
    pub fn of_server<'a>(
        allow: impl IntoIterator<Item = &'a str>,
        deny: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, &'a str> {
        Ok(Self { allow: networks(allow)?, deny: networks(deny)?, denies_loopback: true })
    }

    /// Returns whether connections to an address are refused.
    #[must_use]
    pub fn refuses(&self, address: IpAddr) -> bool {
        let address = real(address);
        let is_in = |networks: &[Network]| networks.iter().any(|network| network.contains(address));
        let is_denied = || {
            is_always_refused(address) || is_in(&self.deny) || self.denies_loopback && address.is_loopback()
        };
        !is_in(&self.allow) && is_denied()
    }

    /// Checks one address.
    ///
    /// # Errors
    /// Fails if connections to it are refused.
    pub fn check(&self, address: IpAddr) -> Result<(), Refused> {
        if self.refuses(address) { Err(Refused(address)) } else { Ok(()) }
    }

    /// Returns the addresses of a name that may be connected to.
    ///
    /// # Errors
    /// Fails if there are addresses and all are refused.
    pub fn accepted<T>(&self, found: Vec<T>, ip: impl Fn(&T) -> IpAddr) -> Result<Vec<T>, Refused> {
        let refused = found.iter().map(&ip).find(|address| self.refuses(*address));
        let accepted: Vec<T> = found.into_iter().filter(|one| !self.refuses(ip(one))).collect();
        match refused {
            Some(address) if accepted.is_empty() => Err(Refused(address)),
            _ => Ok(accepted),
        }
    }
}

fn networks<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Vec<Network>, &'a str> {
    let mut all = Vec::new();
    for text in texts {
        match text.trim() {
            "" => {}
            LOOPBACK => all.extend([
                Network { first: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), shared_bits: 8 },
                Network { first: IpAddr::V6(Ipv6Addr::LOCALHOST), shared_bits: 128 },
            ]),
            network => all.push(network.parse().map_err(|NotANetwork| text)?),
        }
    }
    Ok(all)
}

/// Returns the IPv4 address inside an IPv6 address, if there is one.
fn real(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let segments = v6.segments();
    let translated = (segments[..6] == NAT64).then(|| {
        let [high, low] = [segments[6].to_be_bytes(), segments[7].to_be_bytes()];
        Ipv4Addr::new(high[0], high[1], low[0], low[1])
    });
    v6.to_ipv4_mapped().or(translated).map_or(address, IpAddr::V4)
}

fn is_always_refused(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            address.is_link_local()
                || address.is_multicast()
                || address.is_broadcast()
                || address.octets()[0] == 0
                || METADATA_V4.contains(&address)
        }
        IpAddr::V6(address) => {
            address.is_unicast_link_local()
                || address.is_multicast()
                || address.is_unspecified()
                || address == METADATA_V6
        }
    }
}

/// The addresses with a common prefix. Written as a single address, or as the first address, `/` and the prefix
/// length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    shared_bits: u32,
}

/// The text is not a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotANetwork;

impl fmt::Display for NotANetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a network, such as 10.0.0.0/8, fd00::/8 or 192.0.2.7")
    }
}

impl std::error::Error for NotANetwork {}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (first, shared) =
            text.split_once('/').map_or((text, None), |(first, shared)| (first, Some(shared)));
        let first: IpAddr = first.parse().map_err(|_| NotANetwork)?;
        let most = if first.is_ipv4() { 32 } else { 128 };
        let shared_bits = shared.map_or(Ok(most), str::parse).map_err(|_| NotANetwork)?;
        // 10.0.0.1/8 is not a network: either the address or the length is mistyped.
        if shared_bits > most || bits(first) & !mask(shared_bits) != 0 {
            return Err(NotANetwork);
        }
        Ok(Self { first, shared_bits })
    }
}

impl Network {
    /// Returns whether the network contains an address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let is_alike = (bits(self.first) ^ bits(address)) & mask(self.shared_bits) == 0;
        self.first.is_ipv4() == address.is_ipv4() && is_alike
    }
}

/// Returns the bits of an address, left-aligned.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)) << 96,
        IpAddr::V6(address) => u128::from(address),
    }
}

/// Returns a mask with this many leading ones.
fn mask(ones: u32) -> u128 {
    u128::MAX.checked_shl(128 - ones).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::{Egress, LOOPBACK, Network, NotANetwork, Refused};

    fn networks(texts: &[&str]) -> Vec<Network> {
        texts.iter().map(|text| text.parse().expect(text)).collect()
    }

    #[test]
    fn a_network_is_read_whole_or_not_at_all() {
        for text in
            ["10.0.0.0/8", "0.0.0.0/0", "192.0.2.7", "192.0.2.7/32", "::/0", "fd00::/8", "::1", "::1/128"]
        {
            assert!(text.parse::<Network>().is_ok(), "{text}");
        }
        for text in
            ["", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0/8", "fd00::1/8", "::/129", "::/-1", "minio"]
        {
            assert_eq!(text.parse::<Network>(), Err(NotANetwork), "{text}");
        }
    }

    #[test]
    fn a_network_holds_what_begins_as_it_does_in_its_own_family() {
        for (network, address, expected) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("0.0.0.0/0", "203.0.113.1", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "203.0.113.1", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.6", false),
            ("fd00::/8", "fdff::1", true),
            ("fd00::/8", "fe00::1", false),
        ] {
            let network: Network = network.parse().expect("a network");
            assert_eq!(
                network.contains(address.parse().expect("an address")),
                expected,
                "{network:?} {address}"
            );
        }
    }

    #[test]
    fn what_is_allowed_is_never_refused_and_what_is_denied_is_however_it_is_spelled() {
        let usual = Egress::default();
        let strict = Egress {
            allow: networks(&["10.0.0.0/8", "169.254.1.1"]),
            deny: networks(&["0.0.0.0/0", "::/0"]),
            denies_loopback: false,
        };
        let some = Egress { deny: networks(&["127.0.0.0/8", "::1"]), ..Egress::default() };
        let server = Egress::of_server([], []).expect("no entry");
        let own = Egress::of_server([LOOPBACK], ["10.0.0.0/8"]).expect("networks");
        for (egress, address, expected) in [
            (&usual, "169.254.169.254", true),
            (&usual, "64:ff9b::a9fe:a9fe", true),
            (&usual, "fd00:ec2::254", true),
            (&usual, "127.0.0.1", false),
            (&usual, "10.0.0.1", false),
            (&strict, "10.1.2.3", false),
            (&strict, "::ffff:10.1.2.3", false),
            (&strict, "169.254.1.1", false),
            (&strict, "169.254.169.254", true),
            (&strict, "192.168.0.1", true),
            (&strict, "2001:db8::1", true),
            (&some, "127.8.8.8", true),
            (&some, "::ffff:127.0.0.1", true),
            (&some, "::1", true),
            (&some, "::2", false),
            (&server, "127.0.0.1", true),
            (&server, "127.9.9.9", true),
            (&server, "::1", true),
            (&server, "::ffff:127.0.0.1", true),
            (&server, "64:ff9b::7f00:1", true),
            (&server, "192.168.0.1", false),
            (&server, "169.254.169.254", true),
            (&own, "127.0.0.1", false),
            (&own, "::1", false),
            (&own, "10.0.0.1", true),
            (&own, "169.254.169.254", true),
        ] {
            assert_eq!(
                egress.refuses(address.parse().expect("an address")),
                expected,
                "{egress:?} {address}"
            );
        }
    }

    #[test]
    fn link_local_addresses_and_metadata_services_are_always_refused() {
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
            "febf::1",
            "fd00:ec2::254",
            "::",
            "ff02::1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
        ] {
            assert!(Egress::default().refuses(refused.parse().expect("an address")), "{refused}");
        }
        for accepted in ["172.16.0.1", "127.0.0.1", "fd00::1", "8.8.8.8", "64:ff9b::808:808"] {
            assert!(!Egress::default().refuses(accepted.parse().expect("an address")), "{accepted}");
        }
    }

    #[test]
    fn a_name_is_as_good_as_its_addresses() {
        let all = |list: &[&str]| -> Vec<IpAddr> {
            list.iter().map(|text| text.parse().expect("an address")).collect()
        };
        let egress = Egress::default();
        let mixed = egress.accepted(all(&["169.254.169.254", "10.0.0.1"]), |ip| *ip).expect("one is left");
        assert_eq!(mixed, all(&["10.0.0.1"]));
        let refused = all(&["169.254.169.254"]);
        assert_eq!(egress.accepted(refused.clone(), |ip| *ip), Err(Refused(refused[0])));
        assert_eq!(egress.accepted(Vec::new(), |ip: &IpAddr| *ip), Ok(Vec::new()));
    }

    #[test]
    fn an_entry_that_is_no_network_is_named() {
        assert_eq!(Egress::of_server(["10.0.0.0/8", "minio"], []), Err("minio"));
        assert_eq!(Egress::of_server([], ["10.0.0.1/8"]), Err("10.0.0.1/8"));
    }
}
