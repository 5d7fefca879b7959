//! hyper serves a connection up to a response that is a stream of events, which is then written without it.
//!
//! hyper keeps two buffers of 8 KiB and its own state for each connection, which is most of what a stream of a few words a
//! second holds. So the service does not give such a response to hyper. It leaves it in a slot and never ends; the
//! connection is taken back as soon as hyper has written all that it had, which it says by flushing, and hyper is dropped.
//! After the stream, another one serves the requests that follow.

use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE, TRANSFER_ENCODING};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;

use super::line::{Connection, Line};
use super::live::Live;
use crate::clock;

/// Bytes of a request's head, and of what is buffered of a response.
pub(super) const BUFFER: usize = 64 * 1024;
/// How much of a stream is gathered before it is written, in bytes.
const GATHERED: usize = 16 * 1024;

type Body = BoxBody<Bytes, io::Error>;

/// A connection whose stream is to be written, without hyper.
pub(super) struct Handed {
    connection: Connection,
    /// Until its end.
    live: Option<Live>,
    /// Whether another request may follow.
    stays: bool,
    failed: bool,
}

/// What the service keeps from hyper.
struct Kept {
    response: Response<Body>,
    stays: bool,
}

/// Serves requests up to one that is answered with a stream of events; `None` when the connection has ended.
pub(super) async fn serve<A: Future<Output = Response<Body>>>(
    connection: Connection,
    respond: impl Fn(Request<Incoming>) -> A,
    request_timeout: Option<Duration>,
    closing: &CancellationToken,
) -> Option<Handed> {
    let line = Arc::clone(connection.line());
    let slot: Arc<Mutex<Option<Kept>>> = Arc::default();
    let service = service_fn(|request: Request<Incoming>| {
        let (line, slot) = (Arc::clone(&line), Arc::clone(&slot));
        let may_be_chunked = request.version() == Version::HTTP_11 && request.method() != Method::HEAD;
        let stays = !wants_close(request.headers());
        let responding = respond(request);
        async move {
            let response = responding.await;
            if may_be_chunked && is_event_stream(&response) {
                // Not clear until hyper flushes, which it does right after this when it has nothing left to write.
                line.occupy();
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(Kept { response, stays });
                return pending().await;
            }
            Ok::<_, Infallible>(response)
        }
    });
    let mut serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(request_timeout)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(connection), service)
        .with_upgrades();
    let mut closed = std::pin::pin!(closing.cancelled());
    let mut is_closing = false;
    let kept = poll_fn(|cx| {
        if !is_closing && closed.as_mut().poll(cx).is_ready() {
            is_closing = true;
            Pin::new(&mut serving).graceful_shutdown();
        }
        if let Poll::Ready(served) = Pin::new(&mut serving).poll(cx) {
            if let Err(error) = served {
                tracing::debug!(%error, "a connection ended early");
            }
            return Poll::Ready(None);
        }
        if !line.is_clear() {
            return Poll::Pending;
        }
        slot.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Poll::Pending, |kept| Poll::Ready(Some(kept)))
    })
    .await?;
    let parts = serving.into_parts()?;
    let mut connection = parts.io.into_inner();
    connection.read_first(&parts.read_buf);
    Some(Handed::new(connection, kept, is_closing))
}

impl Handed {
    fn new(connection: Connection, kept: Kept, is_closing: bool) -> Self {
        let stays = kept.stays && !is_closing;
        let (head, body) = kept.response.into_parts();
        let line = connection.line();
        line.hold(&head_of(head.status, &head.headers, stays, Framing::Chunked));
        let live = Some(Live::new(body, Arc::clone(line)));
        Self { connection, live, stays, failed: false }
    }

    /// Writes the stream to its end. False when nothing else can follow on this connection.
    pub(super) async fn write(&mut self) -> bool {
        match poll_fn(|cx| self.poll_write(cx)).await {
            Ok(()) => self.stays,
            Err(error) => {
                self.failed = true;
                tracing::debug!(%error, "a stream ended early");
                false
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.connection.poll_gone(cx).is_ready() {
            self.live = None;
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        let line = Arc::clone(self.connection.line());
        loop {
            let is_waiting = self.gather(&line, cx)?;
            ready!(line.poll_clear(cx))?;
            if self.live.is_none() {
                return Poll::Ready(Ok(()));
            }
            if is_waiting {
                return Poll::Pending;
            }
        }
    }

    /// Takes what the stream has, up to a bound. True when it has nothing more, and its end has not come.
    fn gather(&mut self, line: &Line, cx: &mut Context<'_>) -> io::Result<bool> {
        while let Some(live) = &mut self.live {
            if line.held() > GATHERED {
                return Ok(false);
            }
            match live.poll_frame(cx) {
                Poll::Pending => return Ok(true),
                Poll::Ready(Some(frame)) => {
                    // A chunk of nothing would be the end.
                    if let Ok(content) = frame?.into_data()
                        && !content.is_empty()
                    {
                        line.hold_chunk(&content);
                    }
                }
                Poll::Ready(None) => {
                    self.live = None;
                    line.hold(b"0\r\n\r\n");
                }
            }
        }
        Ok(false)
    }

    /// Closes the connection, of which nobody has anything to expect.
    pub(super) async fn close(mut self) {
        // Without its last chunk the client knows that a stream is not whole.
        if !self.failed {
            let _ = self.connection.shutdown().await;
        }
    }

    /// The connection, for the next request.
    pub(super) fn back(self) -> Connection {
        self.connection
    }
}

/// Whether a response is a stream of events without a known end.
fn is_event_stream(response: &Response<Body>) -> bool {
    let headers = response.headers();
    let is_events = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    let is_framed = [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION].iter().any(|name| headers.contains_key(name));
    response.status() == StatusCode::OK && is_events && !is_framed
}

/// Whether the client will send nothing else on its connection.
fn wants_close(headers: &HeaderMap) -> bool {
    let options = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    options.flat_map(|value| value.split(',')).any(|option| option.trim().eq_ignore_ascii_case("close"))
}

/// How the end of a body is told.
pub(super) enum Framing {
    Chunked,
    Length(usize),
}

/// The head of a response as hyper would write it (RFC 9112).
pub(super) fn head_of(status: StatusCode, headers: &HeaderMap, stays: bool, framing: Framing) -> Vec<u8> {
    let mut out =
        format!("HTTP/1.1 {} {}\r\n", status.as_str(), status.canonical_reason().unwrap_or_default()).into_bytes();
    for (name, value) in headers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            out.extend_from_slice(part);
        }
    }
    if !stays {
        out.extend_from_slice(b"connection: close\r\n");
    }
    match framing {
        Framing::Chunked => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
        Framing::Length(length) => out.extend_from_slice(format!("content-length: {length}\r\n").as_bytes()),
    }
    if !headers.contains_key(DATE) {
        out.extend_from_slice(clock::now().format("date: %a, %d %b %Y %H:%M:%S GMT\r\n").to_string().as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    out
}

#[cfg(test)]
mod tests;
