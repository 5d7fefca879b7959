//! Lets the pages of configured origins use the API with a person's cookie, and no others.

use poem::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use poem::{Request, Response};

use crate::config::Config;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PATCH, DELETE");
const HEADERS: HeaderValue = HeaderValue::from_static("content-type, last-event-id, authorization");
const EXPOSED: HeaderValue = HeaderValue::from_static("x-request-id, retry-after, ratelimit-policy, ratelimit");

/// The answer to a browser that asks beforehand whether it may.
pub(super) fn preflight(config: &Config, request: &Request) -> Option<Response> {
    let asks =
        request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if !asks {
        return None;
    }
    let mut response = Response::builder().status(StatusCode::NO_CONTENT).finish();
    if request.headers().get(header::ORIGIN).is_some_and(|origin| is_allowed(config, origin)) {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from(600));
    }
    Some(response)
}

/// Tells the browser, in the headers of any response of the API, whether the page of this origin may read it.
pub fn share(config: &Config, origin: Option<HeaderValue>, headers: &mut HeaderMap) {
    if config.allowed_origins.is_empty() {
        return;
    }
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin.filter(|origin| is_allowed(config, origin)) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
}

fn is_allowed(config: &Config, origin: &HeaderValue) -> bool {
    config.allowed_origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes())
}
