//! A range of addresses, as `10.0.0.0/8` writes it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use claw_table::address;
use claw_table::policy::Prefix;

/// Where IPv6 maps the addresses of IPv4: `::ffff:0:0/96`.
const MAPPED: u128 = 0xffff << 32;
/// The last of them.
const MAPPED_LAST: u128 = MAPPED | 0xffff_ffff;
/// How many bits of a mapped address say that it is one.
const MAPPED_BITS: u8 = 96;

/// The addresses that begin with the same bits; one address has all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Net {
    /// The first of them, as [`claw_table::address`] writes it.
    first: u128,
    /// How many bits they share, of 128.
    bits: u8,
}

/// Why a text is not a range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetFault {
    /// No address stands before the slash.
    NoAddress,
    /// The number after the slash is more than the address has bits.
    Bits {
        /// How many it has.
        most: u8,
    },
    /// Bits after the shared ones are set.
    HostBits {
        /// The range that has the address in it.
        net: Net,
        /// The address itself.
        host: Net,
    },
}

impl Net {
    /// Reads `10.0.0.0/8`, `fe80::/10` or one address. An IPv4 address that is written as IPv6 maps
    /// it is an IPv4 address.
    ///
    /// # Errors
    /// It is none; host bits are never taken away in silence.
    pub fn read(text: &str) -> Result<Self, NetFault> {
        let (ip, bits) = text.split_once('/').unwrap_or((text, ""));
        let ip: IpAddr = ip.parse().map_err(|_| NetFault::NoAddress)?;
        let most = if ip.is_ipv4() { 32 } else { 128 };
        let host = Self {
            first: address(ip),
            bits: 128,
        };
        if !text.contains('/') {
            return Ok(host);
        }
        let own = bits.parse::<u8>().ok().filter(|own| *own <= most);
        let bits = own.ok_or(NetFault::Bits { most })? + (128 - most);
        let net = Self {
            first: host.first & mask(bits),
            bits,
        };
        if net.first == host.first {
            Ok(net)
        } else {
            Err(NetFault::HostBits { net, host })
        }
    }

    /// The ranges of a client's prefix: one around all addresses of IPv4 has these in it as well.
    pub(crate) fn of(prefix: Prefix) -> impl Iterator<Item = Self> {
        let own = Self {
            first: prefix.first,
            bits: prefix.bits,
        };
        let mapped = Self {
            first: MAPPED,
            bits: MAPPED_BITS,
        };
        let is_around = own.bits < MAPPED_BITS && prefix.holds(MAPPED);
        [Some(own), is_around.then_some(mapped)]
            .into_iter()
            .flatten()
    }

    /// Whether an address is one of them. A range of IPv6 has no address of IPv4 in it.
    pub fn holds(self, address: u128) -> bool {
        let is_family = self.is_mapped() || !is_mapped(address);
        is_family && address & mask(self.bits) == self.first
    }

    /// The first of its addresses, as [`claw_table::address`] writes it.
    pub fn first(self) -> u128 {
        self.first
    }

    /// How many bits its addresses share, of 128.
    pub fn bits(self) -> u8 {
        self.bits
    }

    /// Whether it is one address.
    pub fn is_single(self) -> bool {
        self.bits == 128
    }

    /// First and last of each run of addresses: a range of IPv6 that lies around IPv4 has two.
    pub(crate) fn runs(self) -> impl Iterator<Item = (u128, u128)> {
        let last = self.first | !mask(self.bits);
        let around = !self.is_mapped() && self.first <= MAPPED && last >= MAPPED_LAST;
        let whole = (!around).then_some((self.first, last));
        let below = (around && self.first < MAPPED).then_some((self.first, MAPPED - 1));
        let above = (around && last > MAPPED_LAST).then_some((MAPPED_LAST + 1, last));
        [whole, below, above].into_iter().flatten()
    }

    fn is_mapped(self) -> bool {
        self.bits >= MAPPED_BITS && is_mapped(self.first)
    }
}

impl fmt::Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", shown(self.first))?;
        let bits = if self.is_mapped() {
            self.bits - MAPPED_BITS
        } else {
            self.bits
        };
        if self.is_single() {
            Ok(())
        } else {
            write!(f, "/{bits}")
        }
    }
}

/// The address that [`claw_table::address`] made this number of.
pub fn shown(address: u128) -> IpAddr {
    let v6 = Ipv6Addr::from_bits(address);
    v6.to_ipv4_mapped()
        .map_or(IpAddr::V6(v6), |v4: Ipv4Addr| IpAddr::V4(v4))
}

pub(crate) fn is_mapped(address: u128) -> bool {
    (MAPPED..=MAPPED_LAST).contains(&address)
}

fn mask(bits: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{Net, NetFault};
    use claw_table::address;

    fn net(text: &str) -> Net {
        Net::read(text).unwrap()
    }

    fn holds(range: &str, ip: &str) -> bool {
        let ip = address(ip.parse().unwrap());
        let by_runs = net(range).runs().any(|(a, b)| (a..=b).contains(&ip));
        assert_eq!(net(range).holds(ip), by_runs, "{range} {ip}");
        by_runs
    }

    #[test]
    fn a_range_holds_what_begins_with_its_bits() {
        assert!(holds("10.0.0.0/8", "10.255.255.255"));
        assert!(!holds("10.0.0.0/8", "11.0.0.0"));
        assert!(holds("0.0.0.0/0", "255.255.255.255"));
        assert!(holds("fe80::/10", "febf::1"));
        assert!(!holds("fe80::/10", "fec0::"));
        assert!(holds("192.0.2.1", "192.0.2.1"));
        assert!(!holds("192.0.2.1", "192.0.2.2"));
    }

    #[test]
    fn an_address_of_one_family_is_in_no_range_of_the_other() {
        for range in ["::/0", "::/1", "::/80", "0.0.0.0/0"] {
            let is_old = range.contains('.');
            assert_eq!(holds(range, "10.0.0.1"), is_old, "{range}");
            assert_eq!(holds(range, "::1"), !is_old, "{range}");
        }
        assert!(holds("::ffff:10.0.0.0/104", "10.1.2.3"));
        assert!(holds("::ffff:0:0/96", "10.1.2.3"));
        assert_eq!(net("::ffff:10.0.0.0/104"), net("10.0.0.0/8"));
    }

    #[test]
    fn a_range_is_told_as_it_is_written() {
        for text in [
            "10.0.0.0/8",
            "0.0.0.0/0",
            "::/0",
            "fe80::/10",
            "::1",
            "10.0.0.5",
        ] {
            assert_eq!(net(text).to_string(), text);
        }
        assert_eq!(net("::ffff:10.0.0.5").to_string(), "10.0.0.5");
        assert_eq!(net("10.0.0.5/32"), net("10.0.0.5"));
    }

    #[test]
    fn host_bits_and_too_many_bits_are_faults() {
        let fault = |text| Net::read(text).unwrap_err();
        assert_eq!(fault("10.0.0.1/33"), NetFault::Bits { most: 32 });
        assert_eq!(fault("::/129"), NetFault::Bits { most: 128 });
        assert_eq!(fault("10.0.0.256"), NetFault::NoAddress);
        let NetFault::HostBits { net, host } = fault("10.0.0.1/8") else {
            panic!("host bits");
        };
        assert_eq!(
            (net.to_string(), host.to_string()),
            ("10.0.0.0/8".into(), "10.0.0.1".into())
        );
    }
}
