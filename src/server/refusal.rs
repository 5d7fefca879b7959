//! What hyper refuses by itself is told like every other error.
//!
//! A request that cannot be read never reaches the service: hyper answers it with a status and no word. Its answer is known
//! by having no request id, which all of ours have, and a problem goes out in its place.

use std::net::{IpAddr, Ipv4Addr};

use poem::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use poem_openapi::payload::Payload;
use poem_openapi::types::ToJSON;

use super::handover::{Framing, head_of};
use super::respond::complete;
use crate::api::{Client, Failure, Problem};
use crate::error::Error;

/// The longest answer that hyper makes by itself, in bytes.
const LONGEST: usize = 256;

/// What is to be written instead of these bytes, if they are an answer of hyper's own. `https` says how the client came.
pub(super) fn instead_of(bytes: &[u8], https: bool) -> Option<Vec<u8>> {
    if bytes.len() > LONGEST || !bytes.starts_with(b"HTTP/1.1 4") || !bytes.ends_with(b"\r\n\r\n") {
        return None;
    }
    let head = std::str::from_utf8(bytes).ok()?;
    if head.contains("x-request-id") || !head.contains("content-length: 0\r\n") {
        return None;
    }
    let error = match head.get(9..12)?.parse().ok()? {
        414_u16 => Error::AddressTooLong,
        431 => Error::HeadersTooLarge,
        _ => Error::Malformed(
            "this is not a request as HTTP/1.1 has it; look at its first line and its headers".to_owned(),
        ),
    };
    Some(problem(error, https))
}

/// The answer to plain HTTP where HTTPS is spoken.
pub(super) fn not_https() -> Vec<u8> {
    problem(Error::Malformed("HTTPS is spoken here; write https:// in front of the address".to_owned()), false)
}

/// The answer to one connection too many of an address.
pub(super) fn too_many_connections() -> Vec<u8> {
    problem(Error::TooManyConnections, false)
}

fn problem(error: Error, https: bool) -> Vec<u8> {
    let problem = Problem::from(Failure::from(error));
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(<Problem as Payload>::CONTENT_TYPE));
    if let Ok(id) = HeaderValue::from_str(&problem.request_id.to_string()) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    if let Some(seconds) = problem.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    // Nothing is known of who asked, and for what.
    complete(&mut headers, "/api", Client { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), https });
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
    let body = problem.to_json_string();
    let mut out = head_of(status, &headers, false, Framing::Length(body.len()));
    out.extend_from_slice(body.as_bytes());
    out
}
