//! The HTTP clients that providers are called with.

use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::HeaderMap;
use reqwest::{Client, ClientBuilder, redirect};
use url::{Host, Url};

use super::response::Response;
use crate::http;
use crate::llm::egress::{self, Lookup, Refused, Rules, Way};
use crate::llm::plain;

pub(super) const USER_AGENT: &str = concat!("loquat/", env!("CARGO_PKG_VERSION"));
/// Shorter than the keep-alive of most servers, so that a request seldom meets a connection being closed.
const KEPT: Duration = Duration::from_secs(50);
/// Connections kept for each server.
const MOST: usize = 32;
const TCP_KEEP_ALIVE: Duration = Duration::from_secs(30);

/// The pauses before the second and the third attempt; each is lengthened or shortened by up to half at random.
const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(1)];

/// One client for servers on this machine, one for the rest of the world, and one for what is checked before it is
/// connected to, each with its pool of connections; and two for answers that come without TLS.
///
/// They are built when they are first needed: reading the system's certificates takes longer than all the rest of a start.
pub(crate) struct Clients {
    connect: Duration,
    pub(super) pauses: [Duration; 2],
    loopback: OnceLock<Result<Client, String>>,
    remote: OnceLock<Result<Client, String>>,
    checked: OnceLock<Result<Client, String>>,
    plain: plain::Client,
    checked_plain: plain::Client,
    /// Where providers of the settings may be.
    rules: Rules,
    /// Whether the environment names a proxy for what goes out without TLS.
    proxied: bool,
}

/// Why there is no response.
pub(super) enum NoResponse {
    /// No connection, or no client; nothing was sent.
    Unreachable(String),
    /// An address that may not be connected to.
    Refused(Refused),
    /// The connection ended, or what came was no HTTP.
    CutOff,
}

impl Clients {
    pub(crate) fn new(connect: Duration, rules: Rules) -> Self {
        Self {
            connect,
            pauses: PAUSES,
            loopback: OnceLock::new(),
            remote: OnceLock::new(),
            checked: OnceLock::new(),
            plain: plain::Client::new(connect, TCP_KEEP_ALIVE, Lookup::free()),
            checked_plain: plain::Client::new(connect, TCP_KEEP_ALIVE, Lookup::checked(rules.clone())),
            rules,
            proxied: ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
                .map(std::env::var_os)
                .iter()
                .any(Option::is_some),
        }
    }

    /// The same with hardly a pause between attempts.
    #[cfg(test)]
    pub(crate) fn hurried() -> Self {
        Self { pauses: [Duration::from_millis(1); 2], ..Self::new(Duration::from_secs(10), Rules::default()) }
    }

    /// How a provider of the settings may be connected to.
    pub(super) fn way(&self, url: &Url) -> Result<Way, Refused> {
        self.rules.way(url)
    }

    /// The client for an address, or why none could be built.
    pub(super) fn of(&self, url: &Url, way: Way) -> Result<&Client, &str> {
        let client = if way == Way::Checked {
            let lookup = Lookup::checked(self.rules.clone());
            let checked = |builder: ClientBuilder| builder.no_proxy().dns_resolver(lookup.clone());
            self.checked.get_or_init(|| build(self.connect, checked))
        } else if is_loopback(url) {
            // A proxy named in the environment would look for the model server on its own machine.
            self.loopback.get_or_init(|| build(self.connect, ClientBuilder::no_proxy))
        } else {
            self.remote.get_or_init(|| build(self.connect, |builder| builder))
        };
        client.as_ref().map_err(String::as_str)
    }
}

impl Clients {
    /// Sends a POST of JSON and waits for the head of its response.
    pub(super) async fn post(
        &self,
        url: Url,
        way: Way,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Response, NoResponse> {
        if way == Way::Checked && url.scheme() == "http" {
            return Ok(self.checked_plain.post(&url, headers, body).await?.into());
        }
        if self.is_plain(&url) {
            return Ok(self.plain.post(&url, headers, body).await?.into());
        }
        let client = self.of(&url, way).map_err(|reason| NoResponse::Unreachable(reason.to_owned()))?;
        Ok(client.post(url).headers(headers.clone()).body(body).send().await?.into())
    }

    /// Whether answers come straight from the server, without TLS and without a proxy.
    fn is_plain(&self, url: &Url) -> bool {
        let names_nobody = url.username().is_empty() && url.password().is_none();
        url.scheme() == "http" && names_nobody && (!self.proxied || is_loopback(url))
    }
}

impl From<plain::Failure> for NoResponse {
    fn from(failure: plain::Failure) -> Self {
        match failure {
            plain::Failure::Connect(error) => Self::unconnected(&*error),
            plain::Failure::CutOff => Self::CutOff,
        }
    }
}

impl From<reqwest::Error> for NoResponse {
    fn from(error: reqwest::Error) -> Self {
        if error.is_builder() {
            return Self::Unreachable("its address or key cannot be sent".to_owned());
        }
        if error.is_connect() { Self::unconnected(&error) } else { Self::CutOff }
    }
}

impl NoResponse {
    fn unconnected(error: &(dyn std::error::Error + 'static)) -> Self {
        egress::refusal(error).map_or_else(|| Self::Unreachable(innermost(error)), Self::Refused)
    }
}

/// The cause at the bottom, which is what the system says.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

fn build(connect: Duration, extra: impl Fn(ClientBuilder) -> ClientBuilder) -> Result<Client, String> {
    let builder = || {
        extra(Client::builder())
            .redirect(redirect::Policy::none())
            .connect_timeout(connect)
            .tcp_nodelay(true)
            .tcp_keepalive(TCP_KEEP_ALIVE)
            .pool_idle_timeout(KEPT)
            .pool_max_idle_per_host(MOST)
    };
    http::client(builder).map_err(|error| error.to_string())
}
