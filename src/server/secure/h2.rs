//! HTTP/2 (RFC 9113), within bounds.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{COOKIE, HOST, HeaderValue};
use hyper::rt::Executor;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Request, Uri};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::server::TlsStream;
use tokio_util::task::TaskTracker;

use super::Secure;
use crate::server::LAST_WORDS;
use crate::server::handover::BUFFER;
use crate::server::respond::Arrival;

/// Requests of one connection that are answered at once; what RFC 9113, section 6.5.2, calls the least that is sensible.
const STREAMS: u32 = 100;
/// Requests that the client has reset before they were looked at; one more is taken for an attack.
const PENDING_RESETS: usize = 20;
/// Streams that broke the rules; one more ends the connection.
const ERRORS: usize = 100;
/// What a client may send of a body before it is read, in bytes, for one stream and for all.
const WINDOWS: (u32, u32) = (256 * 1024, 1024 * 1024);
/// What is kept of one response that the client does not take, in bytes.
const SEND_BUFFER: usize = 64 * 1024;
/// How often a silent client is asked whether it is there, and how long it has to answer.
const PING: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(20));

/// A request's place among those of its connection: kept by the request while it is answered, even when its client has
/// reset it, and by the response until its end.
#[derive(Clone)]
struct Turn(#[expect(dead_code, reason = "it is there to be dropped")] Option<Arc<OwnedSemaphorePermit>>);

/// A response's body, with its place.
struct Held {
    body: BoxBody<Bytes, io::Error>,
    _turn: Turn,
}

/// Spawns a connection's streams where they are counted.
#[derive(Clone)]
struct Tracked(TaskTracker);

impl<F: Future<Output: Send> + Send + 'static> Executor<F> for Tracked {
    fn execute(&self, stream: F) {
        self.0.spawn(stream);
    }
}

/// Serves a connection to its end.
pub(super) async fn serve(secure: &Secure, stream: TlsStream<TcpStream>, arrival: Arrival) {
    let places = Arc::new(Semaphore::new(STREAMS as usize));
    let begun = Arc::new(AtomicU64::new(0));
    let site = Arc::clone(&secure.site);
    let service = service_fn({
        let (places, begun) = (Arc::clone(&places), Arc::clone(&begun));
        move |request: Request<Incoming>| {
            begun.fetch_add(1, Ordering::Relaxed);
            let (places, site) = (Arc::clone(&places), Arc::clone(&site));
            async move {
                let turn = Turn(places.acquire_owned().await.ok().map(Arc::new));
                let mut request = as_http1(request);
                request.extensions_mut().insert(turn.clone());
                let response = site.respond(request, arrival).await;
                Ok::<_, Infallible>(response.map(|body| Held { body, _turn: turn }))
            }
        }
    });
    let mut builder = http2::Builder::new(Tracked(secure.connections.clone()));
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(BUFFER as u32)
        .max_pending_accept_reset_streams(PENDING_RESETS)
        .max_local_error_reset_streams(ERRORS)
        .initial_stream_window_size(WINDOWS.0)
        .initial_connection_window_size(WINDOWS.1)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(PING.0)
        .keep_alive_timeout(PING.1);
    let mut serving = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    let idle = idle(secure.request_timeout(), &places, &begun);
    let served = tokio::select! {
        served = serving.as_mut() => served,
        () = secure.closing.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
        () = idle => {
            serving.as_mut().graceful_shutdown();
            loop {
                match tokio::time::timeout(LAST_WORDS, serving.as_mut()).await {
                    Ok(served) => break served,
                    // Whoever never began to speak HTTP/2 does not hear the farewell either.
                    Err(_) if is_idle(&places) => return,
                    // A request that crossed it on its way.
                    Err(_) => {}
                }
            }
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Waits until there was no request for as long as one may take to arrive: HTTP/1.1 ends such a connection too.
async fn idle(limit: Option<Duration>, places: &Semaphore, begun: &AtomicU64) {
    let Some(limit) = limit else { return std::future::pending().await };
    let (mut known, mut was_idle) = (0, true);
    loop {
        tokio::time::sleep(limit).await;
        let begun = begun.load(Ordering::Relaxed);
        let is_idle = is_idle(places) && begun == known;
        if is_idle && was_idle {
            return;
        }
        (known, was_idle) = (begun, is_idle);
    }
}

fn is_idle(places: &Semaphore) -> bool {
    places.available_permits() == STREAMS as usize
}

/// A request as it would have come by HTTP/1.1, which is what everything behind this knows: with `Host`, with one
/// `Cookie` (RFC 9113, section 8.2.3, lets browsers split it), and with an address that begins with its path.
fn as_http1(mut request: Request<Incoming>) -> Request<Incoming> {
    let authority = request.uri().authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    if let Some(host) = authority {
        request.headers_mut().insert(HOST, host);
    }
    if let Some(path) = request.uri().path_and_query().cloned() {
        *request.uri_mut() = Uri::from(path);
    }
    let crumbs: Vec<&[u8]> = request.headers().get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if crumbs.len() > 1
        && let Ok(whole) = HeaderValue::from_bytes(&crumbs.join(&b"; "[..]))
    {
        request.headers_mut().insert(COOKIE, whole);
    }
    request
}

impl Body for Held {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
