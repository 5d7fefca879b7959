//! Where providers that were added in the settings may be: on the public internet, or where the operator allows it.
//!
//! Whoever adds a provider chooses an address that this server connects to, and what that answers comes back to them. So
//! it must not lead to what only this machine can reach. What counts is the address of the connection itself: a name is
//! looked up by [`Lookup`], which leaves out what is refused, and the connection goes to what is left. A name that leads
//! elsewhere a moment later (DNS rebinding) gains nothing by that.
//!
//! Providers of the environment and of the `LOQUAT_PROVIDERS` file are the operator's own words, who can reach everything
//! from this machine anyway, and are not checked.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;
use url::{Host, Url};

use crate::config::AllowedHost;

mod address;

/// What the operator allows.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules(Arc<[AllowedHost]>);

/// How a provider may be connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// As the operator's own.
    Free,
    /// To what [`Lookup`] finds, and without a proxy, which would look the name up itself.
    Checked,
}

/// An address that may not be connected to, by what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its address is {0}")]
pub(super) struct Refused(pub(super) &'static str);

impl Rules {
    pub(super) fn new(allowed: Vec<AllowedHost>) -> Self {
        Self(allowed.into())
    }

    /// How the host of an address may be connected to. An address written out skips every lookup, so that it is judged
    /// here; whatever its notation, the reader of addresses has made four or sixteen bytes of it.
    pub(super) fn way(&self, url: &Url) -> Result<Way, Refused> {
        let port = url.port_or_known_default().unwrap_or_default();
        let address = match url.host() {
            Some(Host::Domain(name)) => {
                let is_allowed = self.0.iter().any(|host| host.is_name(name, port));
                return Ok(if is_allowed { Way::Free } else { Way::Checked });
            }
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            None => return Err(Refused("missing")),
        };
        if self.allows(address, port) {
            return Ok(Way::Free);
        }
        address::refused(address).map_or(Ok(Way::Checked), |what| Err(Refused(what)))
    }

    /// What may be connected to of what a name led to; an error where nothing is left.
    ///
    /// The port is not known to a lookup, so that a network allowed for one port only does not count here: its addresses
    /// are to be written out.
    fn left(&self, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Refused> {
        let mut refused = None;
        let mut left = Vec::with_capacity(found.len());
        for address in found {
            match address::refused(address.ip()) {
                Some(what) if !self.allows(address.ip(), 0) => refused = Some(Refused(what)),
                _ => left.push(address),
            }
        }
        match refused {
            Some(refused) if left.is_empty() => Err(refused),
            _ => Ok(left),
        }
    }

    fn allows(&self, address: IpAddr, port: u16) -> bool {
        self.0.iter().any(|host| host.has_address(address, port))
    }
}

/// Looks names up as the system does, and leaves out what may not be connected to.
#[derive(Clone, Debug)]
pub(super) struct Lookup {
    /// Without rules everything may be.
    rules: Option<Rules>,
}

type Found = std::vec::IntoIter<SocketAddr>;
type LookupError = Box<dyn std::error::Error + Send + Sync>;

impl Lookup {
    /// One that leaves nothing out.
    pub(super) fn free() -> Self {
        Self { rules: None }
    }

    pub(super) fn checked(rules: Rules) -> Self {
        Self { rules: Some(rules) }
    }

    async fn find(self, name: String) -> Result<Found, LookupError> {
        let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
        let left = match self.rules {
            Some(rules) => rules.left(found)?,
            None => found,
        };
        Ok(left.into_iter())
    }
}

impl Service<Name> for Lookup {
    type Response = Found;
    type Error = LookupError;
    type Future = Pin<Box<dyn Future<Output = Result<Found, LookupError>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(self.clone().find(name.as_str().to_owned()))
    }
}

impl reqwest::dns::Resolve for Lookup {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let found = self.clone().find(name.as_str().to_owned());
        Box::pin(async move { Ok(Box::new(found.await?) as reqwest::dns::Addrs) })
    }
}

/// The refusal among the causes of an error, where it is one.
pub(super) fn refusal(error: &(dyn std::error::Error + 'static)) -> Option<Refused> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref::<Refused>() {
            return Some(*refused);
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
mod tests;
