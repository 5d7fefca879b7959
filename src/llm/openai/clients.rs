//! The HTTP clients that providers are called with.

use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::{Client, ClientBuilder, redirect};
use url::{Host, Url};

use crate::http;

/// The pauses before the second and the third attempt; each is lengthened or shortened by up to half at random.
const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(1)];

/// One client for servers on this machine and one for the rest of the world, each with its pool of connections.
///
/// They are built when they are first needed: reading the system's certificates takes longer than all the rest of a start.
pub(crate) struct Clients {
    connect: Duration,
    pub(super) pauses: [Duration; 2],
    loopback: OnceLock<Result<Client, String>>,
    remote: OnceLock<Result<Client, String>>,
}

impl Clients {
    pub(crate) fn new(connect: Duration) -> Self {
        Self { connect, pauses: PAUSES, loopback: OnceLock::new(), remote: OnceLock::new() }
    }

    /// The same with hardly a pause between attempts.
    #[cfg(test)]
    pub(crate) fn hurried() -> Self {
        Self { pauses: [Duration::from_millis(1); 2], ..Self::new(Duration::from_secs(10)) }
    }

    /// The client for an address, or why none could be built.
    pub(super) fn of(&self, url: &Url) -> Result<&Client, &str> {
        let client = if is_loopback(url) {
            // A proxy named in the environment would look for the model server on its own machine.
            self.loopback.get_or_init(|| build(self.connect, ClientBuilder::no_proxy))
        } else {
            self.remote.get_or_init(|| build(self.connect, |builder| builder))
        };
        client.as_ref().map_err(String::as_str)
    }
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
            .user_agent(concat!("loquat/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(connect)
            .tcp_nodelay(true)
            .tcp_keepalive(Duration::from_secs(30))
            // Shorter than the keep-alive of most servers, so that a request seldom meets a connection being closed.
            .pool_idle_timeout(Duration::from_secs(50))
            .pool_max_idle_per_host(32)
    };
    http::client(builder).map_err(|error| error.to_string())
}
