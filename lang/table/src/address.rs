//! Addresses as numbers, so that a range of them is two numbers.

use std::net::IpAddr;

/// An address as one number. The IPv4 ones lie where IPv6 maps them, `::ffff:0:0/96`, so that an
/// IPv4 address is one number however it is written.
pub fn address(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn a_mapped_address_is_the_one_that_it_maps() {
        let of = |text: &str| address(text.parse().unwrap());
        assert_eq!(of("10.1.2.3"), of("::ffff:10.1.2.3"));
        assert_eq!(of("10.1.2.3"), 0xffff_0a01_0203);
        assert_ne!(of("10.1.2.3"), of("::10.1.2.3"));
        assert_eq!(of("::1"), 1);
    }
}
