//! Connections: our own accept loop around hyper, because a stream of words needs what a general server leaves out.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use hyper::body::Incoming;
use hyper::header::UPGRADE;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::signal::unix::Signal;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::api::socket::Place;
use crate::app::App;

mod body;
mod certificate;
mod crowd;
mod handover;
mod host;
mod line;
mod live;
mod refusal;
mod respond;
mod secure;

use crowd::Crowd;
use line::Connection;
use respond::{Arrival, Site};
use secure::Secure;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 4096;
/// How long data may stay unacknowledged before the other side counts as gone.
const UNACKNOWLEDGED: Duration = Duration::from_secs(60);
/// How long open connections get to finish when the server is gone.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// An address that is ours, at which nobody can connect yet.
pub struct Bound(TcpSocket);

/// Takes an address, so that a mistake shows before anything else is done. `[::]` is every address of this machine, those of
/// IPv4 included, and just these where there is no IPv6.
pub fn bind(address: SocketAddr) -> anyhow::Result<Bound> {
    let every_v4 = SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port()));
    let bound = take(address).or_else(|error| match error.kind() {
        ErrorKind::AddrInUse | ErrorKind::PermissionDenied => Err(error),
        _ if address.ip() == Ipv6Addr::UNSPECIFIED => take(every_v4),
        _ => Err(error),
    });
    bound.with_context(|| cannot_listen(address))
}

fn take(address: SocketAddr) -> std::io::Result<Bound> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if address.is_ipv6() {
        SockRef::from(&socket).set_only_v6(false)?;
    }
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(Bound(socket))
}

impl Bound {
    /// The address, with the port that the system chose where none was given.
    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.0.local_addr()?)
    }

    /// Opens the port.
    pub fn listen(self) -> anyhow::Result<TcpListener> {
        let address = self.address()?;
        self.0.listen(BACKLOG).with_context(|| cannot_listen(address))
    }
}

fn cannot_listen(address: SocketAddr) -> String {
    format!("cannot listen on {address}; is another program using it? choose another address with LOQUAT_LISTEN")
}

/// Serves until `stop` resolves, then stops gracefully.
///
/// From then on `/readyz` fails and new turns are refused; running answers get a while to finish and are then stored
/// as interrupted, which ends their streams; last, open connections are closed. `hangup` is when to look for a new
/// certificate at once.
pub async fn serve(app: App, listener: TcpListener, hangup: Option<Signal>, stop: impl Future<Output = ()> + Send) {
    let closing = CancellationToken::new();
    let connections = TaskTracker::new();
    let site = Arc::new(Site::new(app.clone()));
    let secure = app.config.tls.as_ref().map(|tls| {
        let (current, config) = certificate::start(tls);
        connections.spawn(certificate::watch(tls.clone(), current, hangup, closing.clone()));
        Arc::new(Secure::new(config, Arc::clone(&site), connections.clone(), closing.clone()))
    });
    let accepting = tokio::spawn(accept(site, secure, listener, closing.clone(), connections.clone()));
    stop.await;
    app.drain().await;
    closing.cancel();
    let _ = accepting.await;
    connections.close();
    if tokio::time::timeout(LAST_WORDS, connections.wait()).await.is_err() {
        tracing::info!(open = connections.len(), "connections that did not end are cut off");
    }
}

async fn accept(
    site: Arc<Site>,
    secure: Option<Arc<Secure>>,
    listener: TcpListener,
    closing: CancellationToken,
    connections: TaskTracker,
) {
    let limits = site.limits();
    let most = limits.connections.unwrap_or(Semaphore::MAX_PERMITS);
    let places = Arc::new(Semaphore::new(most.min(files_for_connections())));
    let crowd = Crowd::new(limits.connections_per_address, site.trusted_proxies());
    let request_timeout = limits.request_timeout;
    let mut pause = Duration::from_millis(10);
    loop {
        // The place comes first: connections beyond the cap wait in the kernel instead of in our memory.
        let place = tokio::select! {
            () = closing.cancelled() => return,
            place = Arc::clone(&places).acquire_owned() => place.ok(),
        };
        let accepted = tokio::select! {
            () = closing.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                pause = Duration::from_millis(10);
                let Some(counted) = crowd.enter(peer.ip()) else {
                    refuse(&stream, secure.is_some());
                    continue;
                };
                let place = Place(Arc::new((place, counted)));
                prepare(&stream);
                if let Some(secure) = &secure {
                    connections.spawn(Arc::clone(secure).serve(stream, peer, place));
                    continue;
                }
                let connection = connection(Arc::clone(&site), stream, peer, request_timeout, closing.clone(), place);
                connections.spawn(connection);
            }
            Err(error) => {
                // Out of file descriptors, mostly: trying again at once would only burn the processor.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(1));
            }
        }
    }
}

/// How many of the files that this process may open are for connections: the database, and model servers, need some too.
fn files_for_connections() -> usize {
    let (soft, _) = rlimit::getrlimit(rlimit::Resource::NOFILE).unwrap_or((u64::MAX, u64::MAX));
    usize::try_from(soft - (soft / 4).min(1024)).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS)
}

/// Tells a client that it has too many connections, as far as that costs nothing.
fn refuse(stream: &TcpStream, is_secure: bool) {
    if !is_secure {
        let _ = SockRef::from(stream).send(&refusal::too_many_connections());
    }
}

/// Words leave at once, and a peer that vanished is noticed.
fn prepare(stream: &TcpStream) {
    let socket = SockRef::from(stream);
    let keep_alive = TcpKeepalive::new().with_time(Duration::from_secs(30)).with_interval(Duration::from_secs(10));
    let prepared = stream
        .set_nodelay(true)
        .and_then(|()| socket.set_tcp_keepalive(&keep_alive))
        .and_then(|()| socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED)));
    if let Err(error) = prepared {
        tracing::debug!(%error, "a socket could not be tuned");
    }
}

/// Has a request that may become a socket keep its connection's place.
fn keep_place(request: &mut hyper::Request<Incoming>, place: &Place) {
    if request.headers().contains_key(UPGRADE) {
        request.extensions_mut().insert(place.clone());
    }
}

async fn connection(
    site: Arc<Site>,
    stream: TcpStream,
    peer: SocketAddr,
    request_timeout: Option<Duration>,
    closing: CancellationToken,
    place: Place,
) {
    let Ok(local) = stream.local_addr() else { return };
    let arrival = Arrival { local, peer, tls: false };
    let mut connection = Connection::new(stream);
    loop {
        let site = Arc::clone(&site);
        let place = place.clone();
        let respond = move |mut request: hyper::Request<Incoming>| {
            keep_place(&mut request, &place);
            Arc::clone(&site).respond(request, arrival)
        };
        // Boxed, because a connection spends most of its time in a stream, for which all of this is gone.
        let served = Box::pin(handover::serve(connection, respond, request_timeout, &closing)).await;
        let Some(mut handed) = served else { return };
        if !handed.write().await || closing.is_cancelled() {
            return handed.close().await;
        }
        connection = handed.back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_address_is_those_of_both_kinds() {
        let listener = bind(SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0))).unwrap().listen().unwrap();
        let port = listener.local_addr().unwrap().port();
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        // Where this machine has addresses of the other kind at all.
        if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await.is_ok() {
            TcpStream::connect((Ipv6Addr::LOCALHOST, port)).await.unwrap();
        }
    }
}
