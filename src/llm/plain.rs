//! HTTP/1.1 to a model server without TLS, read by the one who waits for the answer.
//!
//! A general client reads each connection in a task of its own and hands every chunk over. Here a wake-up of the socket
//! is a wake-up of the answer, which reads all that has arrived into a buffer of its thread: an answer that waits holds
//! no buffer, and nothing is handed over.

use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tower_service::Service;
use url::Url;

use super::egress::Lookup;

mod framing;
mod head;

use framing::Framing;
use head::Head;

/// The most that one read brings.
const PIECE: usize = 64 * 1024;
/// The longest head of a response.
const HEAD: usize = 64 * 1024;

thread_local! {
    /// What a read brings, until it is taken out in the same moment.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; PIECE]);
}

/// A client. It makes a connection for each request: without TLS that takes a tenth of a millisecond on this machine, while
/// one that was kept can be closed by the server in the very moment in which it is used again, and nobody could then say
/// whether the question was heard.
#[derive(Clone)]
pub(super) struct Client {
    connector: HttpConnector<Lookup>,
}

/// Why there is no response.
#[derive(Debug)]
pub(super) enum Failure {
    /// No connection; nothing was sent.
    Connect(Box<dyn std::error::Error + Send + Sync>),
    /// The connection ended, or what came was no HTTP.
    CutOff,
}

/// A response whose head has come.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
}

/// What a body brings next.
#[derive(Debug)]
pub(super) enum Next<T> {
    /// What was made of a piece of it.
    Piece(T),
    /// The end: `whole` when it is where the server says it is, and not a cut.
    End { whole: bool },
}

impl Client {
    pub(super) fn new(connect: Duration, tcp_keep_alive: Duration, lookup: Lookup) -> Self {
        let mut connector = HttpConnector::new_with_resolver(lookup);
        connector.set_nodelay(true);
        connector.set_keepalive(Some(tcp_keep_alive));
        connector.set_connect_timeout(Some(connect));
        Self { connector }
    }

    /// Sends a POST and waits for the head of its response.
    pub(super) async fn post(&self, url: &Url, headers: &HeaderMap, body: Bytes) -> Result<Response, Failure> {
        let place = place(url);
        let mut socket = self.connect(url).await?;
        // Both in one call of the system, without a copy of the body, which can be of many megabytes.
        let mut request = head_of(url, &place, headers, body.len()).chain(body);
        let sent = socket.write_all_buf(&mut request).await;
        drop(request);
        let mut received = Vec::new();
        // A server that refuses a request may do so before it has read all of it, and what it says is still worth reading.
        let head = match read_head(&mut socket, &mut received).await {
            Some(head) if sent.is_ok() || head.status.as_u16() >= 400 => head,
            _ => return Err(Failure::CutOff),
        };
        received.drain(..head.length);
        let body = Body { socket: Some(socket), framing: head.framing, early: received, whole: false };
        Ok(Response { status: head.status, headers: head.headers, body: body.begun() })
    }

    async fn connect(&self, url: &Url) -> Result<TcpStream, Failure> {
        let address = url.as_str().parse().map_err(|error| Failure::Connect(Box::new(error)))?;
        let connected = self.connector.clone().call(address).await;
        connected.map(|io| io.into_inner()).map_err(|error| Failure::Connect(Box::new(error)))
    }
}

/// Host and port, as the header `host` has them.
fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The head of a request with a body of this length.
fn head_of(url: &Url, place: &str, headers: &HeaderMap, length: usize) -> Bytes {
    let mut request = Vec::with_capacity(512);
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let line = format!("POST {}{query} HTTP/1.1\r\nhost: {place}\r\nconnection: close\r\n", url.path());
    request.extend_from_slice(line.as_bytes());
    for (name, value) in headers {
        request.extend_from_slice(name.as_str().as_bytes());
        request.extend_from_slice(b": ");
        request.extend_from_slice(value.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(format!("content-length: {length}\r\n\r\n").as_bytes());
    request.into()
}

/// Reads up to the end of the head of a response that is not preliminary, and a bit further.
async fn read_head(socket: &mut TcpStream, received: &mut Vec<u8>) -> Option<Head> {
    loop {
        if let Some(head) = head::read(received).ok()? {
            if !head.status.is_informational() {
                return Some(head);
            }
            received.drain(..head.length);
            continue;
        }
        if received.len() > HEAD || socket.read_buf(received).await.ok()? == 0 {
            return None;
        }
    }
}

/// The body of a response. Dropping it before its end closes the connection.
#[derive(Debug)]
pub(super) struct Body {
    /// Until the end.
    socket: Option<TcpStream>,
    framing: Framing,
    /// What came together with the head.
    early: Vec<u8>,
    /// Whether the end came where it should.
    whole: bool,
}

impl Body {
    /// The same, ended where it is empty.
    fn begun(mut self) -> Self {
        if self.framing == Framing::Length(0) {
            self.end();
        }
        self
    }

    /// Waits until something has arrived and gives all of it to `take`.
    pub(super) fn poll_next<T>(&mut self, cx: &mut Context<'_>, mut take: impl FnMut(&[u8]) -> T) -> Poll<Next<T>> {
        let mut early = std::mem::take(&mut self.early);
        if !early.is_empty()
            && let Some(taken) = self.strip(&mut early, &mut take)
        {
            return Poll::Ready(Next::Piece(taken));
        }
        BUFFER.with_borrow_mut(|buffer| {
            while let Some(socket) = &mut self.socket {
                let mut arrived = ReadBuf::new(buffer);
                match ready!(Pin::new(socket).poll_read(cx, &mut arrived)) {
                    Ok(()) if !arrived.filled().is_empty() => {
                        if let Some(taken) = self.strip(arrived.filled_mut(), &mut take) {
                            return Poll::Ready(Next::Piece(taken));
                        }
                    }
                    Ok(()) => {
                        self.whole = self.framing.may_end();
                        self.socket = None;
                    }
                    Err(_) => self.socket = None,
                }
            }
            Poll::Ready(Next::End { whole: self.whole })
        })
    }

    /// Gives what is content to `take`, if there is any.
    fn strip<T>(&mut self, piece: &mut [u8], take: impl FnOnce(&[u8]) -> T) -> Option<T> {
        let content = self.framing.strip(piece);
        if content.broken {
            self.socket = None;
        }
        if content.done {
            self.end();
        }
        (content.length > 0).then(|| take(&piece[..content.length]))
    }

    fn end(&mut self) {
        self.whole = true;
        self.socket = None;
    }
}

#[cfg(test)]
mod tests;
