//! The head of a response, and what it says about the body and the connection (RFC 9112).

use reqwest::StatusCode;
use reqwest::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING};

use super::framing::{Framing, Malformed};

/// Headers that are read; a response with more is refused.
const HEADERS: usize = 128;

/// A head whose last byte has come.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) framing: Framing,
    /// How many bytes it took.
    pub(super) length: usize,
}

/// Reads a head; `None` when it is not complete.
pub(super) fn read(bytes: &[u8]) -> Result<Option<Head>, Malformed> {
    let mut fields = [httparse::EMPTY_HEADER; HEADERS];
    let mut response = httparse::Response::new(&mut fields);
    let httparse::Status::Complete(length) = response.parse(bytes).map_err(|_| Malformed)? else { return Ok(None) };
    let status = response.code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or(Malformed)?;
    let mut headers = HeaderMap::with_capacity(response.headers.len());
    for field in response.headers.iter() {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| Malformed)?;
        headers.append(name, HeaderValue::from_bytes(field.value).map_err(|_| Malformed)?);
    }
    let is_1_1 = response.version == Some(1);
    let framing = framing(status, &headers, is_1_1)?;
    Ok(Some(Head { status, headers, framing, length }))
}

fn framing(status: StatusCode, headers: &HeaderMap, is_1_1: bool) -> Result<Framing, Malformed> {
    if status.is_informational() || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
        return Ok(Framing::Length(0));
    }
    if let Some(coding) = headers.get(TRANSFER_ENCODING) {
        let only = headers.get_all(TRANSFER_ENCODING).iter().count() == 1;
        return if only && is_1_1 { coded(coding) } else { Err(Malformed) };
    }
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter().map(length);
    let Some(first) = lengths.next() else { return Ok(Framing::Close) };
    let first = first?;
    if lengths.all(|other| other == Ok(first)) { Ok(Framing::Length(first)) } else { Err(Malformed) }
}

/// A coding that is none leaves the end to the connection (section 6.3), whatever length is given beside it. One that
/// would have to be undone is refused.
fn coded(coding: &HeaderValue) -> Result<Framing, Malformed> {
    let coding = coding.as_bytes().trim_ascii();
    if coding.eq_ignore_ascii_case(b"chunked") {
        return Ok(Framing::chunked());
    }
    if coding.eq_ignore_ascii_case(b"identity") { Ok(Framing::Close) } else { Err(Malformed) }
}

/// Digits only: `parse` would take a sign too.
fn length(value: &HeaderValue) -> Result<u64, Malformed> {
    let digits = value.to_str().map_err(|_| Malformed)?.trim();
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Malformed);
    }
    digits.parse().map_err(|_| Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Result<Option<Head>, Malformed> {
        read(text.replace('\n', "\r\n").as_bytes())
    }

    #[test]
    fn the_body_ends_where_the_head_says() {
        for (text, framing) in [
            ("HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n", Framing::chunked()),
            ("HTTP/1.1 200 OK\nTransfer-Encoding: Chunked\nConnection: Close\n\n", Framing::chunked()),
            ("HTTP/1.1 200 OK\ntransfer-encoding: chunked\ncontent-length: 3\n\n", Framing::chunked()),
            ("HTTP/1.1 200 OK\ntransfer-encoding: Identity\n\n", Framing::Close),
            ("HTTP/1.1 200 OK\ntransfer-encoding: identity\ncontent-length: 3\n\n", Framing::Close),
            ("HTTP/1.1 200 OK\ncontent-length: 12\n\n", Framing::Length(12)),
            ("HTTP/1.1 200 OK\ncontent-length: 12\ncontent-length: 12\n\n", Framing::Length(12)),
            ("HTTP/1.1 204 No Content\n\n", Framing::Length(0)),
            ("HTTP/1.1 200\n\n", Framing::Close),
            ("HTTP/1.0 200 OK\ncontent-length: 1\n\n", Framing::Length(1)),
            ("HTTP/1.0 200 OK\ncontent-length: 1\nconnection: x, keep-alive\n\n", Framing::Length(1)),
        ] {
            let head = head(text).unwrap().unwrap();
            assert_eq!(head.framing, framing, "{text}");
        }
    }

    #[test]
    fn a_head_in_doubt_is_refused() {
        for text in [
            "HTTP/1.1 200 OK\ntransfer-encoding: gzip, chunked\n\n",
            "HTTP/1.1 200 OK\ntransfer-encoding: chunked\ntransfer-encoding: chunked\n\n",
            "HTTP/1.1 200 OK\ntransfer-encoding: identity, chunked\n\n",
            "HTTP/1.1 200 OK\ntransfer-encoding: identity\ntransfer-encoding: chunked\n\n",
            "HTTP/1.0 200 OK\ntransfer-encoding: chunked\n\n",
            "HTTP/1.0 200 OK\ntransfer-encoding: identity\n\n",
            "HTTP/1.1 200 OK\ncontent-length: 1\ncontent-length: 2\n\n",
            "HTTP/1.1 200 OK\ncontent-length: +1\n\n",
            "HTTP/1.1 200 OK\ncontent-length: 99999999999999999999999\n\n",
            "HTTP/1.1 200 OK\nbad header\n\n",
            "<html>",
        ] {
            assert!(head(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_head_is_complete_with_its_last_byte() {
        let text = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
        let length = text.len() - 5;
        for end in 0..length {
            assert!(read(&text.as_bytes()[..end]).unwrap().is_none(), "{end}");
        }
        assert_eq!(read(text.as_bytes()).unwrap().unwrap().length, length);
    }
}
