//! As much of HTTP/1.1 as the load needs, and no more, so that clients cost little beside what is measured.

use std::net::SocketAddr;

use anyhow::{Context, bail, ensure};
use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// A listener on a free port of this machine alone, with room for everybody who comes at once.
pub(crate) fn listen() -> anyhow::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    Ok(socket.listen(4096)?)
}

/// A request as a server receives it.
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// The next request of a connection; `None` when the client has left.
    pub(crate) async fn read(socket: &mut TcpStream) -> anyhow::Result<Option<Self>> {
        let Some((head, body)) = message(socket).await? else { return Ok(None) };
        Ok(Some(Self { head, body }))
    }
}

/// Sends a request and returns status, head and body of a response that is not streamed.
pub(crate) async fn ask(socket: &mut TcpStream, request: &[u8]) -> anyhow::Result<(u16, String, Vec<u8>)> {
    socket.write_all(request).await?;
    let (head, body) = message(socket).await?.context("the server hung up")?;
    Ok((status(&head)?, head, body))
}

async fn message(socket: &mut TcpStream) -> anyhow::Result<Option<(String, Vec<u8>)>> {
    let mut data = Vec::with_capacity(1024);
    let end = loop {
        if let Some(end) = memmem::find(&data, b"\r\n\r\n") {
            break end + 4;
        }
        if socket.read_buf(&mut data).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8(data[..end].to_vec())?;
    let length: usize = header(&head, "content-length").map_or(Ok(0), str::parse)?;
    while data.len() < end + length {
        ensure!(socket.read_buf(&mut data).await? > 0, "a message broke off");
    }
    Ok(Some((head, data[end..].to_vec())))
}

/// A GET or, with JSON, a POST.
pub(crate) fn request(path: &str, cookie: Option<&str>, json: Option<&serde_json::Value>) -> Vec<u8> {
    let cookie = cookie.map(|cookie| format!("cookie: {cookie}\r\n")).unwrap_or_default();
    let text = match json {
        None => format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{cookie}accept: text/event-stream\r\n\r\n"),
        Some(json) => {
            let body = json.to_string();
            format!(
                "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{cookie}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )
        }
    };
    text.into_bytes()
}

/// The status of a response.
pub(crate) fn status(head: &str) -> anyhow::Result<u16> {
    Ok(head.split(' ').nth(1).context("this is no response")?.parse()?)
}

/// A header's value.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// Takes the frames of a chunked body away, however they are cut.
#[derive(Default)]
pub(crate) enum Unchunk {
    #[default]
    Begin,
    Size(usize),
    SizeEnd(usize),
    Data(usize),
    DataEnd,
    Last,
    Done,
}

impl Unchunk {
    /// Hands what is inside `piece` to `take`. True at the end of the body.
    pub(crate) fn feed(
        &mut self,
        mut piece: &[u8],
        mut take: impl FnMut(&[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<bool> {
        while let Some((&byte, rest)) = piece.split_first() {
            match self {
                Self::Data(left) => {
                    let length = piece.len().min(*left);
                    take(&piece[..length])?;
                    piece = &piece[length..];
                    *self = if length == *left { Self::DataEnd } else { Self::Data(*left - length) };
                    continue;
                }
                Self::Begin => *self = Self::Size(digit(byte)?),
                Self::Size(size) if byte == b'\r' => *self = Self::SizeEnd(*size),
                Self::Size(size) => *self = Self::Size(*size * 16 + digit(byte)?),
                Self::SizeEnd(size) if byte == b'\n' => {
                    *self = if *size == 0 { Self::Last } else { Self::Data(*size) };
                }
                Self::DataEnd if byte == b'\r' => {}
                Self::DataEnd if byte == b'\n' => *self = Self::Begin,
                Self::Last if byte == b'\r' => {}
                Self::Last if byte == b'\n' => *self = Self::Done,
                _ => bail!("the body is not chunked as it should be"),
            }
            piece = rest;
        }
        Ok(matches!(self, Self::Done))
    }
}

fn digit(byte: u8) -> anyhow::Result<usize> {
    Ok(char::from(byte).to_digit(16).context("the size of a chunk is no number")? as usize)
}
