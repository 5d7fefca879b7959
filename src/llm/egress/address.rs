//! Which addresses are no part of the public internet. Pure.
//!
//! After IANA's registries of special-purpose addresses (RFC 6890, RFC 8190) as of 2026, and the addresses at which clouds
//! tell a machine about itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is that providers of the settings may not be at; `None` for one of the public internet.
pub(super) fn refused(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => refused_v4(address),
        IpAddr::V6(address) => refused_v6(address),
    }
}

fn refused_v4(address: Ipv4Addr) -> Option<&'static str> {
    let what = match address.octets() {
        // Azure's, which is in nobody's registry.
        [169, 254, 169, 254] | [100, 100, 100, 200] | [192, 0, 0, 192] | [168, 63, 129, 16] => METADATA,
        // The whole network reaches this machine on Linux.
        [0, ..] => "this machine itself",
        [127, ..] => "this machine itself",
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => PRIVATE,
        [100, 64..=127, ..] => "in the shared network of a provider (RFC 6598)",
        [169, 254, ..] => LINK_LOCAL,
        // Of protocols, for documentation, the relays of 6to4, and for measurements.
        [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 18 | 19, ..] | [198, 51, 100, _] | [203, 0, 113, _] => RESERVED,
        [224..=239, ..] => MULTICAST,
        [240..=255, ..] => RESERVED,
        _ => return None,
    };
    Some(what)
}

const METADATA: &str = "that of a cloud's metadata service";
const PRIVATE: &str = "in a private network";
const LINK_LOCAL: &str = "link-local";
const MULTICAST: &str = "for multicast";
const RESERVED: &str = "reserved";

fn refused_v6(address: Ipv6Addr) -> Option<&'static str> {
    let segments = address.segments();
    let [.., a, b] = segments;
    let last = Ipv4Addr::from((u32::from(a) << 16) | u32::from(b));
    let what = match segments {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => "this machine itself",
        // An IPv4 address in other clothes: mapped, translated (RFC 2765), compatible (RFC 4291), NAT64 (RFC 6052).
        [0, 0, 0, 0, 0, 0xffff, ..] | [0, 0, 0, 0, 0xffff, 0, ..] | [0, 0, 0, 0, 0, 0, ..] => return refused_v4(last),
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => return refused_v4(last),
        // 6to4 (RFC 3056) has it at the front.
        [0x2002, a, b, ..] => return refused_v4(Ipv4Addr::from((u32::from(a) << 16) | u32::from(b))),
        // NAT64 of a network's own, whose prefix can lead anywhere.
        [0x64, 0xff9b, 1, ..] => RESERVED,
        // Teredo, ORCHID, benchmarks and other protocols.
        [0x2001, 0..=0x1ff, ..] => RESERVED,
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => RESERVED,
        // Amazon's, within the private ones.
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] => METADATA,
        [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => PRIVATE,
        [0xfe80..=0xfebf, ..] => LINK_LOCAL,
        [0xff00..=0xffff, ..] => MULTICAST,
        [0x2000..=0x3fff, ..] => return None,
        // Nothing else has been given to anybody.
        _ => RESERVED,
    };
    Some(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<&'static str> {
        refused(text.parse().unwrap_or_else(|_| panic!("{text}")))
    }

    #[test]
    fn what_only_this_machine_can_reach_is_refused() {
        for (address, what) in [
            ("0.0.0.0", "this machine itself"),
            ("127.0.0.1", "this machine itself"),
            ("127.255.255.254", "this machine itself"),
            ("10.0.0.1", PRIVATE),
            ("172.16.0.1", PRIVATE),
            ("172.31.255.255", PRIVATE),
            ("192.168.1.1", PRIVATE),
            ("100.64.0.1", "in the shared network of a provider (RFC 6598)"),
            ("169.254.1.1", LINK_LOCAL),
            ("169.254.169.254", METADATA),
            ("168.63.129.16", METADATA),
            ("100.100.100.200", METADATA),
            ("192.0.0.192", METADATA),
            ("224.0.0.1", MULTICAST),
            ("255.255.255.255", RESERVED),
            ("240.0.0.1", RESERVED),
            ("198.18.0.1", RESERVED),
            ("203.0.113.7", RESERVED),
            ("::", "this machine itself"),
            ("::1", "this machine itself"),
            ("fe80::1", LINK_LOCAL),
            ("fc00::1", PRIVATE),
            ("fd12:3456::1", PRIVATE),
            ("fec0::1", PRIVATE),
            ("fd00:ec2::254", METADATA),
            ("ff02::1", MULTICAST),
            ("2001:db8::1", RESERVED),
            ("3fff::1", RESERVED),
            ("100::1", RESERVED),
            ("5f00::1", RESERVED),
        ] {
            assert_eq!(of(address), Some(what), "{address}");
        }
    }

    #[test]
    fn other_clothes_do_not_help() {
        for prefix in ["::ffff:", "::ffff:0:", "::", "64:ff9b::"] {
            assert_eq!(of(&format!("{prefix}127.0.0.1")), Some("this machine itself"), "{prefix}");
            assert_eq!(of(&format!("{prefix}10.1.2.3")), Some(PRIVATE), "{prefix}");
            assert_eq!(of(&format!("{prefix}169.254.169.254")), Some(METADATA), "{prefix}");
            assert_eq!(of(&format!("{prefix}8.8.8.8")), None, "{prefix}");
        }
        // 6to4 of 127.0.0.1, 10.1.2.3 and 8.8.8.8; a network's own NAT64; Teredo, whatever it carries.
        assert_eq!(of("2002:7f00:1::"), Some("this machine itself"));
        assert_eq!(of("2002:a01:203::1"), Some(PRIVATE));
        assert_eq!(of("2002:808:808::1"), None);
        assert_eq!(of("64:ff9b:1::8.8.8.8"), Some(RESERVED));
        assert_eq!(of("2001:0:5ef5:79fd:0:59d:a0e5:ba1"), Some(RESERVED));
    }

    #[test]
    fn the_neighbours_of_what_is_refused_are_public() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2000::1",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00:1450::1",
            "3ffe::1",
        ] {
            assert_eq!(of(address), None, "{address}");
        }
    }
}
