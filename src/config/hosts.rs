//! `LOQUAT_ALLOWED_PROVIDER_HOSTS`: what model servers added in the settings may be, besides hosts of the public internet.

use std::net::IpAddr;

use ipnet::IpNet;
use url::{Host, Url};

use super::parse::{Problems, parts};

/// One that the operator vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost {
    place: Place,
    /// Only this port; every one where there is none.
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// A name, in lower case.
    Name(String),
    Network(IpNet),
}

impl AllowedHost {
    /// Reads `host`, `host:port`, an address with or without a port (an IPv6 address with one in brackets), or a network.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(network) = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)) {
            return Some(Self { place: Place::Network(network), port: None });
        }
        // The reader of addresses knows every notation of a host, and refuses what is none.
        let url = Url::parse(&format!("http://{text}/")).ok()?;
        let names_a_host_alone = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
            && !text.contains(['/', '?', '#', '*', '@']);
        if !names_a_host_alone {
            return None;
        }
        // It leaves out the port that is usual for its scheme.
        let port = url.port().or_else(|| text.ends_with(":80").then_some(80));
        let place = match url.host()? {
            Host::Domain(name) => Place::Name(name.trim_end_matches('.').to_owned()),
            Host::Ipv4(address) => Place::Network(IpAddr::V4(address).into()),
            Host::Ipv6(address) => Place::Network(IpAddr::V6(address).into()),
        };
        Some(Self { place, port })
    }

    /// Whether it is this name, at this port.
    pub fn is_name(&self, name: &str, port: u16) -> bool {
        let name = name.trim_end_matches('.');
        self.has_port(port) && matches!(&self.place, Place::Name(own) if own.eq_ignore_ascii_case(name))
    }

    /// Whether this address is one of it, at this port.
    pub fn has_address(&self, address: IpAddr, port: u16) -> bool {
        self.has_port(port) && matches!(self.place, Place::Network(network) if network.contains(&address))
    }

    fn has_port(&self, port: u16) -> bool {
        self.port.is_none_or(|own| own == port)
    }
}

pub(super) fn read(value: &Option<String>, problems: &mut Problems) -> Vec<AllowedHost> {
    let mut hosts = Vec::new();
    for part in parts(value) {
        match AllowedHost::parse(part) {
            Some(host) => hosts.push(host),
            None => problems.add(format!(
                "LOQUAT_ALLOWED_PROVIDER_HOSTS holds {part:?}: give hosts such as ollama or ollama:11434, or networks such as 10.0.0.0/8, separated by commas (no scheme, no path, no *)"
            )),
        }
    }
    hosts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> AllowedHost {
        AllowedHost::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn a_name_holds_for_itself_and_the_port_it_says() {
        assert!(one("Ollama").is_name("ollama", 11434));
        assert!(one("ollama.").is_name("ollama", 1) && one("ollama").is_name("OLLAMA.", 1));
        assert!(one("ollama:11434").is_name("ollama", 11434) && !one("ollama:11434").is_name("ollama", 80));
        assert!(one("ollama:80").is_name("ollama", 80) && !one("ollama:80").is_name("ollama", 11434));
        assert!(!one("ollama").is_name("my.ollama", 80) && !one("example.org").is_name("evil-example.org", 80));
    }

    #[test]
    fn a_network_holds_for_its_addresses() {
        let at = |text: &str| text.parse::<IpAddr>().unwrap();
        assert!(
            one("10.0.0.0/8").has_address(at("10.1.2.3"), 80) && !one("10.0.0.0/8").has_address(at("11.0.0.0"), 80)
        );
        assert!(one("10.1.2.3").has_address(at("10.1.2.3"), 80) && !one("10.1.2.3").has_address(at("10.1.2.4"), 80));
        assert!(one("10.1.2.3:8000").has_address(at("10.1.2.3"), 8000));
        assert!(!one("10.1.2.3:8000").has_address(at("10.1.2.3"), 80));
        assert!(
            one("[fd00::1]:8000").has_address(at("fd00::1"), 8000) && one("fd00::/8").has_address(at("fd00::1"), 1)
        );
        assert!(!one("10.0.0.0/8").is_name("10.0.0.0", 80));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for wrong in
            ["http://ollama", "ollama/v1", "*", "*.example.org", "10.0.0.0/40", "a b", "user@ollama", "ollama:x", ""]
        {
            assert_eq!(AllowedHost::parse(wrong), None, "{wrong}");
        }
    }
}
