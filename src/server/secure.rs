//! Connections over TLS: the handshake, then HTTP/2 or HTTP/1.1, as the two sides agreed.
//!
//! The protocol is the one that ALPN chose. A server that finds it out by reading, as hyper-util's does, waits for the
//! first bytes without a time limit.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::certificate::H2;
use super::handover::BUFFER;
use super::respond::{Arrival, Site};
use super::{keep_place, refusal};
use crate::api::socket::Place;

mod h2;
mod line;

use line::Line;

/// The longest that a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// What every connection over TLS is served with.
pub(super) struct Secure {
    acceptor: TlsAcceptor,
    site: Arc<Site>,
    /// Where every task of a connection is counted.
    connections: TaskTracker,
    closing: CancellationToken,
}

impl Secure {
    pub(super) fn new(
        config: Arc<ServerConfig>,
        site: Arc<Site>,
        connections: TaskTracker,
        closing: CancellationToken,
    ) -> Self {
        Self { acceptor: config.into(), site, connections, closing }
    }

    /// Time for a request's head, and between two requests.
    fn request_timeout(&self) -> Option<Duration> {
        self.site.limits().request_timeout
    }

    /// Serves a connection to its end. `place` is its place among those that may be open.
    pub(super) async fn serve(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, place: Place) {
        let Ok(local) = stream.local_addr() else { return };
        let arrival = Arrival { local, peer, tls: true };
        let limit = self.request_timeout().map_or(HANDSHAKE, |timeout| timeout.min(HANDSHAKE));
        let shaken = tokio::select! {
            () = self.closing.cancelled() => return,
            shaken = tokio::time::timeout(limit, Box::pin(self.shake_hands(stream))) => shaken,
        };
        let Ok(Some(stream)) = shaken else {
            tracing::debug!(%peer, "a TLS handshake did not come to its end");
            return;
        };
        // Boxed, because most of a connection's memory would be what the other protocol needs.
        if stream.get_ref().1.alpn_protocol() == Some(H2) {
            Box::pin(h2::serve(&self, stream, arrival)).await;
        } else {
            Box::pin(self.http1(stream, arrival, place)).await;
        }
    }

    async fn shake_hands(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let mut first = [0];
        if stream.peek(&mut first).await.ok()? == 0 {
            return None;
        }
        // A handshake begins with 0x16, a method with a capital letter: somebody has forgotten the s of https.
        if first[0].is_ascii_uppercase() {
            say_https(stream).await;
            return None;
        }
        let accepted = self.acceptor.accept(stream).await;
        accepted.inspect_err(|error| tracing::debug!(%error, "a TLS handshake failed")).ok()
    }

    async fn http1(&self, stream: TlsStream<TcpStream>, arrival: Arrival, place: Place) {
        let service = service_fn(|mut request: hyper::Request<Incoming>| {
            keep_place(&mut request, &place);
            let responding = Arc::clone(&self.site).respond(request, arrival);
            async move { Ok::<_, Infallible>(responding.await) }
        });
        let mut serving = std::pin::pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(self.request_timeout())
                .max_buf_size(BUFFER)
                .serve_connection(TokioIo::new(Line::new(stream)), service)
                .with_upgrades()
        );
        let served = tokio::select! {
            served = serving.as_mut() => served,
            () = self.closing.cancelled() => {
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        };
        if let Err(error) = served {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}

/// Tells a client without TLS what is spoken here.
async fn say_https(mut stream: TcpStream) {
    if stream.write_all(&refusal::not_https()).await.is_err() || stream.shutdown().await.is_err() {
        return;
    }
    // What it sent has to be read, else it is told of a reset instead; the handshake's time limit ends this.
    let mut thrown_away = [0; 1024];
    while stream.read(&mut thrown_away).await.is_ok_and(|read| read > 0) {}
}
