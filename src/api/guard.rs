//! Keeps other sites from acting for a signed-in person: one rule, in one place, for every route.

use poem::Request;
use poem::http::{HeaderMap, Method, header};
use url::Url;

use super::cookie::Client;
use super::session;
use crate::config::Config;
use crate::error::Error;

/// How the address ends whose GET can ask a question.
const STREAM: &str = "/messages/stream";

/// Refuses what a browser sends from a page that is neither ours nor allowed.
///
/// It covers every unsafe method, and the two GETs that can start a turn: an `EventSource` and a `WebSocket` can only
/// GET, and the browser attaches the cookie wherever the page came from. A request without any of the three headers comes from no current
/// browser but from a program that holds the cookie itself. A key passes: no browser attaches one by itself, and beside it
/// the cookie does not count.
pub(super) fn check(config: &Config, request: &Request) -> Result<(), Error> {
    if session::bearer(request.headers()).is_some() {
        return Ok(());
    }
    if request.method().is_safe() && !starts_turn(request) {
        return Ok(());
    }
    let headers = request.headers();
    let origin = text(headers, header::ORIGIN.as_str());
    let ours = |value: &str| is_ours(config, request, value);
    let allowed = |value: &str| config.allowed_origins.iter().any(|origin| origin == value);
    if let Some(site) = text(headers, "sec-fetch-site") {
        let same = site == "same-origin" || origin.is_some_and(allowed);
        return if same { Ok(()) } else { Err(Error::CrossSite) };
    }
    let from = match origin {
        Some(origin) => Some(origin.to_owned()),
        // A Referer that cannot be read is no reason to trust.
        None => text(headers, header::REFERER.as_str())
            .map(|referer| Url::parse(referer).map(|url| url.origin().ascii_serialization()).unwrap_or_default()),
    };
    match from {
        Some(origin) if !ours(&origin) && !allowed(&origin) => Err(Error::CrossSite),
        _ => Ok(()),
    }
}

fn starts_turn(request: &Request) -> bool {
    let path = request.uri().path();
    request.method() == Method::GET && (path.ends_with(STREAM) || path == super::socket::PATH)
}

/// Whether a request's address asks a question. The one that opens a socket asks nothing yet.
pub(super) fn asks(request: &Request) -> bool {
    let query = request.uri().query().unwrap_or_default();
    request.uri().path().ends_with(STREAM)
        && url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "content")
}

fn is_ours(config: &Config, request: &Request, origin: &str) -> bool {
    if let Some(public) = &config.public_url
        && public.origin().ascii_serialization() == origin
    {
        return true;
    }
    let Some(host) = text(request.headers(), header::HOST.as_str()) else { return false };
    let https = request.extensions().get::<Client>().is_some_and(|client| client.https);
    let scheme = if https { "https" } else { "http" };
    Url::parse(&format!("{scheme}://{host}")).is_ok_and(|url| url.origin().ascii_serialization() == origin)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    // A header that is not text counts as a value that matches nothing.
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}
