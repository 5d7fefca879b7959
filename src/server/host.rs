//! Which names this server answers to.
//!
//! A page of the internet can have its own name lead to an address of a home or an office (DNS rebinding). For the browser it
//! is then a page of this server, and no header but `Host` tells the two apart. It has no cookie, but it would be a stranger
//! who is inside.

use std::net::IpAddr;
use std::sync::Once;

use hyper::body::Incoming;
use hyper::{HeaderMap, Request, Version, header};
use url::{Host, Url};

use super::respond::Arrival;
use crate::config::{self, AllowedNames, Config};
use crate::error::Error;

/// Ends of names that nobody can register, so that no page of the internet has one: RFC 6761, RFC 6762, RFC 8375, and those
/// that ICANN keeps for private networks or does not delegate because so many of them use them.
const PRIVATE: [&str; 9] =
    [".localhost", ".local", ".home.arpa", ".internal", ".lan", ".home", ".corp", ".localdomain", ".intranet"];

/// Refuses a request for a name that is none of ours. What asks after our health may use any.
pub(super) fn check(config: &Config, request: &Request<Incoming>, arrival: Arrival) -> Result<(), Error> {
    let Some(host) = host_of(request)? else { return Ok(()) };
    let is_health = matches!(request.uri().path().trim_end_matches('/'), "/healthz" | "/readyz");
    if is_health || is_ours(config, &host, request.headers(), arrival) {
        return Ok(());
    }
    static TOLD: Once = Once::new();
    TOLD.call_once(|| {
        tracing::warn!(
            "somebody asked for {:?}, to which this server does not answer: if people open it by that name, list it in \
             LOQUAT_ALLOWED_HOSTS",
            host.name
        );
    });
    Err(Error::Misdirected)
}

/// What a request says whom it is for.
struct Asked {
    /// In lower case, without a dot at the end.
    name: String,
    is_address: bool,
    port: Option<u16>,
}

/// Reads it; `None` where HTTP/1.0 leaves it out. RFC 9112, section 3.2, has the rest refused.
fn host_of(request: &Request<Incoming>) -> Result<Option<Asked>, Error> {
    let malformed = |what: &str| Err(Error::Malformed(format!("{what}; a request says once, in Host, whom it is for")));
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (None, _) if request.version() <= Version::HTTP_10 => return Ok(None),
        (None, _) => return malformed("this request has no Host"),
        (Some(_), Some(_)) => return malformed("this request has more than one Host"),
        (Some(host), None) => host.to_str().unwrap_or_default(),
    };
    match read(host) {
        // A proxy would go by the one in the address, everything here by the header.
        Some(_) if request.uri().authority().is_some_and(|other| !other.as_str().eq_ignore_ascii_case(host)) => {
            malformed("this request's address and its Host differ")
        }
        Some(asked) => Ok(Some(asked)),
        None => malformed("this request's Host is not a name or an address, with or without a port"),
    }
}

fn read(host: &str) -> Option<Asked> {
    if host.is_empty() || host.contains(['/', '?', '#', '@', '\\', ' ', '\t', '%']) {
        return None;
    }
    let url = Url::parse(&format!("http://{host}/")).ok()?;
    // It leaves out the port that is usual for its scheme.
    let port = url.port().or_else(|| host.ends_with(":80").then_some(80));
    let (name, is_address) = match url.host()? {
        Host::Domain(name) => (config::plain_name(name), false),
        Host::Ipv4(address) => (address.to_string(), true),
        Host::Ipv6(address) => (address.to_string(), true),
    };
    Some(Asked { name, is_address, port })
}

fn is_ours(config: &Config, host: &Asked, headers: &HeaderMap, arrival: Arrival) -> bool {
    let name = host.name.as_str();
    // No page has an address for a name, and nobody can register those of private networks.
    if host.is_address || !name.contains('.') || PRIVATE.iter().any(|end| name.ends_with(end)) {
        return true;
    }
    let public = config.public_url.as_ref().and_then(Url::host_str).map(config::plain_name);
    if public.as_deref() == Some(name) || config.allowed_hosts.as_ref().is_some_and(|names| names.has(name)) {
        return true;
    }
    if matches!(config.allowed_hosts, Some(AllowedNames::These(_))) {
        return false;
    }
    // The browser has compared the name with our certificate, which no other page's name is in.
    if arrival.tls {
        return true;
    }
    public.is_none() && !may_be_rebound(host, headers, arrival)
}

/// Whether nothing speaks against a page that has its own name lead here, where nobody said what our name is.
///
/// It comes straight to us, so the port that the browser asked for is ours; whatever comes through a proxy asked for the
/// proxy's. It leads to where the page's maker does not get by themselves, so to an address inside. And it is without TLS,
/// for which it would need a certificate of ours: what only pages with TLS send speaks against it, and no script can send
/// these two headers.
fn may_be_rebound(host: &Asked, headers: &HeaderMap, arrival: Arrival) -> bool {
    let came_by_https = headers.contains_key("sec-fetch-site")
        || headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(b"https://"));
    host.port.unwrap_or(80) == arrival.local.port() && is_inside(arrival.local.ip().to_canonical()) && !came_by_https
}

/// Whether an address of this machine is one that the internet does not reach.
fn is_inside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let is_shared = matches!(address.octets(), [100, 64..=127, ..]);
            address.is_private() || address.is_loopback() || address.is_link_local() || is_shared
        }
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rebound(host: &str, local: &str, headers: &[(&'static str, &'static str)]) -> bool {
        let local = local.parse().unwrap();
        let arrival = Arrival { local, peer: local, tls: false };
        let headers = headers
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), header::HeaderValue::from_static(value)));
        may_be_rebound(&read(host).unwrap(), &headers.collect(), arrival)
    }

    #[test]
    fn without_a_setting_a_proxy_is_told_from_a_page_that_leads_here() {
        assert!(rebound("evil.example:8080", "127.0.0.1:8080", &[("origin", "http://evil.example:8080")]));
        assert!(rebound("evil.example:8080", "192.168.1.5:8080", &[]));
        assert!(rebound("evil.example", "[fd00::5]:80", &[("origin", "null"), ("x-forwarded-for", "1.1.1.1")]));
        assert!(rebound("evil.example:80", "[::ffff:10.0.0.5]:80", &[]));
        // A proxy, by HTTPS and without, which passes on the Host of its own port.
        assert!(!rebound("chat.example.org", "127.0.0.1:8080", &[("origin", "https://chat.example.org")]));
        assert!(!rebound("chat.example.org", "172.17.0.2:8080", &[]));
        // One that passes on a name of its own, of a browser that came by HTTPS.
        assert!(!rebound("app.example.org:8080", "10.0.0.5:8080", &[("sec-fetch-site", "same-origin")]));
        assert!(!rebound("app.example.org:8080", "10.0.0.5:8080", &[("origin", "https://chat.example.org")]));
        // Whoever means a server on the internet gets there without a browser inside.
        assert!(!rebound("chat.example.org:8080", "8.8.8.8:8080", &[]));
    }

    #[test]
    fn a_host_is_a_name_or_an_address_and_nothing_else() {
        let name = |host: &str| read(host).map(|asked| (asked.name, asked.port, asked.is_address));
        assert_eq!(name("Chat.Example.org.:81"), Some(("chat.example.org".into(), Some(81), false)));
        assert_eq!(name("[::1]:80"), Some(("::1".into(), Some(80), true)));
        assert_eq!(name("127.0.0.1"), Some(("127.0.0.1".into(), None, true)));
        assert_eq!(name("my_service:8080"), Some(("my_service".into(), Some(8080), false)));
        for wrong in ["", "a b", "user@localhost", "a/b", "localhost:x", "[::1", "a?b", "evil.example#localhost", ":80"]
        {
            assert_eq!(name(wrong), None, "{wrong}");
        }
    }
}
