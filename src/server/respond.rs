//! What holds for every request and every response: ids, bounded bodies, panics, headers, the access log.

use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Once};
use std::time::Instant;

use bytes::Bytes;
use futures_util::FutureExt;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body as _, Incoming};
use ipnet::IpNet;
use poem::http::uri::Scheme;
use poem::http::{HeaderMap, HeaderName, HeaderValue, header};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Body, Endpoint, Request, Response};
use url::Url;

use super::body::{self, Bounds};
use super::host;
use crate::api::{self, Client, Expected, Routes, problem_response};
use crate::app::App;
use crate::config::Limits;
use crate::error::Error;
use crate::{clock, telemetry, ui};

/// How a request arrived.
#[derive(Clone, Copy)]
pub(super) struct Arrival {
    /// Our end of the connection.
    pub(super) local: SocketAddr,
    /// The other end: the browser, or a proxy.
    pub(super) peer: SocketAddr,
    /// Whether the connection is TLS.
    pub(super) tls: bool,
}

/// Everything that is served.
pub(super) struct Site {
    app: App,
    api: Routes,
}

impl Site {
    pub(super) fn new(app: App) -> Self {
        Self { api: Routes::new(app.clone()), app }
    }

    /// The limits of the settings.
    pub(super) fn limits(&self) -> &Limits {
        &self.app.config.limits
    }

    /// Proxies that are believed.
    pub(super) fn trusted_proxies(&self) -> &[IpNet] {
        &self.app.config.trusted_proxies
    }

    /// Answers one request; whatever happens, with a response.
    pub(super) async fn respond(
        self: Arc<Self>,
        request: hyper::Request<Incoming>,
        arrival: Arrival,
    ) -> hyper::Response<BoxBody<Bytes, std::io::Error>> {
        let id = clock::id();
        let began = Instant::now();
        let config = &self.app.config;
        let client = client(&config.trusted_proxies, config.public_url.as_ref(), arrival, request.headers());
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let origin = request.headers().get(header::ORIGIN).cloned();
        // A task of its own, because hyper drops what it waits for when the client leaves: what was begun for a
        // request, such as a turn between its commit and its first word, must not be left half done.
        let answering = tokio::spawn(telemetry::REQUEST_ID.scope(id, {
            let site = Arc::clone(&self);
            async move { or_problem(site.answer(request, client, arrival)).await }
        }));
        let mut response = match answering.await {
            Ok(response) => response,
            Err(error) => telemetry::REQUEST_ID.sync_scope(id, || problem_response(Error::Internal(error.into()))),
        };
        complete(response.headers_mut(), &path, client);
        if Routes::has(&path) {
            api::share(config, origin, response.headers_mut());
        }
        if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
            response.headers_mut().insert(HeaderName::from_static("x-request-id"), id);
        }
        // Without the query: a question can be in it.
        tracing::info!(
            target: "loquat::access",
            request_id = %id,
            %method,
            path,
            status = response.status().as_u16(),
            ms = began.elapsed().as_millis() as u64,
            client = %client.address,
            "request"
        );
        response.into()
    }

    async fn answer(&self, request: hyper::Request<Incoming>, client: Client, arrival: Arrival) -> Response {
        if let Err(error) = host::check(&self.app.config, &request, arrival) {
            return problem_response(error);
        }
        let is_api = Routes::has(request.uri().path());
        let request = match self.receive(request, client, arrival).await {
            Ok(mut request) => {
                request.extensions_mut().insert(client);
                request
            }
            Err(error) => return problem_response(error),
        };
        if !is_api {
            return ui::answer(&self.app, &request).await;
        }
        match self.api.call(request).await {
            Ok(response) => response,
            Err(error) => error.into_response(),
        }
    }

    /// Reads the whole body, within its bounds of size and time.
    async fn receive(
        &self,
        request: hyper::Request<Incoming>,
        client: Client,
        arrival: Arrival,
    ) -> Result<Request, Error> {
        let (mut parts, body) = request.into_parts();
        let expected = self.api.expect(&mut parts, body.size_hint().exact(), client).await;
        let addresses = (LocalAddr(Addr::SocketAddr(arrival.local)), RemoteAddr(Addr::SocketAddr(arrival.peer)));
        let scheme = if arrival.tls { Scheme::HTTPS } else { Scheme::HTTP };
        let rebuild = move |parts, body: Bytes| {
            let parts: poem::RequestParts = (parts, addresses.0, addresses.1, scheme).into();
            Request::from_parts(parts, Body::from(body))
        };
        if body.is_end_stream() {
            return Ok(rebuild(parts, Bytes::new()));
        }
        let bounds = Bounds::of(expected, body.size_hint().exact(), self.limits().request_timeout);
        match (expected, body::read(body, bounds, &parts.headers).await) {
            // Why it is refused is known already, and goes along with the request.
            (Expected::Refused, _) | (Expected::Small(_), Err(Error::TooLarge { .. })) => {
                Ok(rebuild(parts, Bytes::new()))
            }
            (Expected::Small(_), Ok(body)) => {
                Routes::welcome(&mut parts);
                Ok(rebuild(parts, body))
            }
            (_, body) => Ok(rebuild(parts, body?)),
        }
    }
}

/// A response whatever happens: a panic is a problem like any other failure of ours.
async fn or_problem(answering: impl Future<Output = Response>) -> Response {
    match AssertUnwindSafe(answering).catch_unwind().await {
        Ok(response) => response,
        Err(_) => problem_response(Error::Internal(anyhow::anyhow!("a panic while answering"))),
    }
}

/// The headers that every response has, unless it has set its own.
pub(super) fn complete(headers: &mut HeaderMap, path: &str, client: Client) {
    let mut missing = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    missing(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    missing(header::REFERRER_POLICY, "no-referrer");
    missing(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    missing(
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), browsing-topics=()",
    );
    missing(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    if Routes::has(path) {
        missing(header::CACHE_CONTROL, "no-store");
    } else {
        missing(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    }
    if client.https {
        missing(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
}

/// Tells, once, what goes wrong behind a proxy that nobody mentioned.
fn hint_at_proxy(peer: IpAddr) {
    static TOLD: Once = Once::new();
    TOLD.call_once(|| {
        tracing::warn!(
            %peer,
            "a request came with X-Forwarded-For, which counts for nothing: if that is your proxy, name it in \
             LOQUAT_TRUSTED_PROXIES, or the limits of sign-ins take everybody behind it for one"
        );
    });
}

/// The browser behind the proxies that are believed; a forwarded address from anybody else counts for nothing.
fn client(trusted: &[IpNet], public_url: Option<&Url>, arrival: Arrival, headers: &HeaderMap) -> Client {
    let peer = arrival.peer.ip();
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(&address.to_canonical()));
    // Whoever asks for the public host by its name came by the public scheme, whatever the proxy says or leaves out.
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let public =
        public_url.is_some_and(|url| url.scheme() == "https" && host.is_some_and(|host| is_host_of(url, host)));
    let direct = Client { address: peer.to_canonical(), https: public || arrival.tls };
    if !is_trusted(&peer) {
        if trusted.is_empty() && headers.contains_key("x-forwarded-for") {
            hint_at_proxy(peer);
        }
        return direct;
    }
    let values = |name: &str| {
        let all: Vec<String> = headers
            .get_all(name)
            .iter()
            // Whatever a client wrote before it, what a proxy has added at the end counts.
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
            .map(|value| String::from_utf8_lossy(value).trim().to_owned())
            .collect();
        all
    };
    // Each proxy adds the one it heard from at the end, so the first one from there that is no proxy is the client.
    let forwarded = values("x-forwarded-for");
    let addresses = forwarded.iter().rev().map_while(|value| value.parse::<IpAddr>().ok());
    let mut address = direct.address;
    for hop in addresses {
        address = hop.to_canonical();
        if !is_trusted(&address) {
            break;
        }
    }
    // A proxy that comes to us by TLS may itself be asked without, and then says so.
    let https = match values("x-forwarded-proto").last() {
        Some(scheme) => scheme.eq_ignore_ascii_case("https"),
        None => arrival.tls,
    };
    Client { address, https: public || https }
}

fn is_host_of(url: &Url, host: &str) -> bool {
    let asked = Url::parse(&format!("{}://{host}", url.scheme()));
    asked.is_ok_and(|asked| asked.host() == url.host() && asked.port_or_known_default() == url.port_or_known_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(peer: &str, tls: bool) -> Arrival {
        let peer = SocketAddr::new(peer.parse().unwrap(), 4711);
        Arrival { local: peer, peer, tls }
    }

    fn seen(trusted: &[&str], peer: &str, forwarded: &str, scheme: &str) -> (String, bool) {
        let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", forwarded.parse().unwrap());
        headers.insert("x-forwarded-proto", scheme.parse().unwrap());
        let client = client(&trusted, None, from(peer, false), &headers);
        (client.address.to_string(), client.https)
    }

    #[test]
    fn whoever_asks_for_the_public_host_came_by_its_scheme() {
        let public: Url = "https://chat.example.org".parse().unwrap();
        let https = |host: &str| {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
            client(&[], Some(&public), from("127.0.0.1", false), &headers).https
        };
        assert!(https("chat.example.org") && https("chat.example.org:443"));
        assert!(
            !https("192.168.1.5:8080") && !https("chat.example.org:8080") && !https("chat.example.org.evil.example")
        );
    }

    #[tokio::test]
    async fn a_panic_is_answered_as_a_problem_that_tells_nothing_of_it() {
        let id = clock::id();
        let response = telemetry::REQUEST_ID.scope(id, or_problem(async { panic!("with a canary") })).await;
        assert_eq!((response.status().as_u16(), response.content_type()), (500, Some("application/problem+json")));
        let body = response.into_body().into_string().await.unwrap();
        assert!(body.contains("\"code\":\"internal\"") && body.contains(&id.to_string()), "{body}");
        assert!(!body.contains("canary"), "{body}");
    }

    #[test]
    fn forwarded_addresses_count_only_from_trusted_proxies() {
        assert_eq!(seen(&[], "203.0.113.9", "198.51.100.1", "https"), ("203.0.113.9".into(), false));
        assert_eq!(seen(&["127.0.0.0/8"], "127.0.0.1", "198.51.100.1", "https"), ("198.51.100.1".into(), true));
        let lied = "1.1.1.1, 198.51.100.1, 10.0.0.7";
        assert_eq!(seen(&["127.0.0.0/8", "10.0.0.0/8"], "127.0.0.1", lied, "http"), ("198.51.100.1".into(), false));
        assert_eq!(seen(&["127.0.0.0/8"], "127.0.0.1", "rubbish", "https"), ("127.0.0.1".into(), true));
    }

    #[test]
    fn over_our_own_tls_the_browser_came_by_https_unless_a_trusted_proxy_says_otherwise() {
        let https = |trusted: &[&str], forwarded: Option<&str>| {
            let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().unwrap()).collect();
            let headers =
                forwarded.map(|scheme| (HeaderName::from_static("x-forwarded-proto"), scheme.parse().unwrap()));
            client(&trusted, None, from("127.0.0.1", true), &HeaderMap::from_iter(headers)).https
        };
        assert!(https(&[], None) && https(&[], Some("http")) && https(&["127.0.0.1/32"], None));
        assert!(!https(&["127.0.0.1/32"], Some("http")));
    }
}
