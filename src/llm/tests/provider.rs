//! A provider that follows a script, byte for byte, and tells what it was asked.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

use crate::config::{Provider, ProviderLimits};
use crate::llm::openai::Clients;
use crate::llm::{Catalog, Message, Model, Request, Role};

/// What the provider does with one request.
#[derive(Clone, Debug)]
pub(in crate::llm) struct Reply {
    /// The bytes of the response, head included, in the pieces they are sent in.
    pub(in crate::llm) pieces: Vec<Vec<u8>>,
    pub(in crate::llm) then: Then,
}

/// What it does afterwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::llm) enum Then {
    /// Closes the connection.
    Close,
    /// Resets it, once [`ScriptedProvider::release`] is called: a reset destroys what the other side has not read.
    Reset,
    /// Sends nothing more and waits until the other side leaves.
    Hold,
    /// Sends the last piece again and again until the other side leaves.
    Repeat,
}

impl Reply {
    /// A response with a status and a whole body.
    pub(in crate::llm) fn whole(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        let head =
            format!("HTTP/1.1 {status} Status\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}");
        Self { pieces: vec![head.into_bytes()], then: Then::Close }
    }

    /// An event stream that is not chunked, so that closing ends it.
    pub(in crate::llm) fn events(events: &[&str], then: Then) -> Self {
        let mut pieces =
            vec![b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n".to_vec()];
        pieces.extend(events.iter().map(|event| format!("data: {event}\n\n").into_bytes()));
        Self { pieces, then }
    }

    /// A list of models.
    pub(in crate::llm) fn models(names: &[&str]) -> Self {
        let data: Vec<_> = names.iter().map(|name| serde_json::json!({ "id": name, "object": "model" })).collect();
        Self::whole(200, "content-type: application/json\r\n", &serde_json::json!({ "data": data }).to_string())
    }
}

/// A provider on loopback. The n-th request gets the n-th reply, later ones the last.
pub(in crate::llm) struct ScriptedProvider {
    pub(in crate::llm) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    left: watch::Receiver<usize>,
    release: Arc<Notify>,
}

impl ScriptedProvider {
    pub(in crate::llm) async fn start(replies: Vec<Reply>) -> Self {
        // The process installs it; several tests share one process.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (leaving, left) = watch::channel(0);
        let seen = requests.clone();
        let release = Arc::new(Notify::new());
        let released = release.clone();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let (replies, seen, leaving, released) =
                    (replies.clone(), seen.clone(), leaving.clone(), released.clone());
                tokio::spawn(async move {
                    let Some(request) = read_request(&mut socket).await else { return };
                    let number = {
                        let mut seen = seen.lock().unwrap();
                        seen.push(request);
                        seen.len() - 1
                    };
                    play(socket, &replies[number.min(replies.len() - 1)], &released).await;
                    leaving.send_modify(|count| *count += 1);
                });
            }
        });
        Self { address, requests, left, release }
    }

    /// Lets a waiting reset happen.
    pub(in crate::llm) fn release(&self) {
        self.release.notify_one();
    }

    /// The requests so far: head and body of each.
    pub(in crate::llm) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// Waits until `count` connections have ended.
    pub(in crate::llm) async fn ended(&mut self, count: usize) {
        self.left.wait_for(|left| *left >= count).await.unwrap();
    }

    pub(in crate::llm) fn settings(&self, name: &str, named: bool) -> Provider {
        let base_url = format!("http://{}/v1/", self.address).parse().unwrap();
        let api_key = Some("sk-test-1234567890abcdef".to_owned().into());
        Provider { api_key, named, ..Provider::new(name, base_url) }
    }

    /// A catalog with this provider alone, whose only model is `m`.
    pub(in crate::llm) fn catalog(&self, limits: ProviderLimits) -> Catalog {
        let mut settings = self.settings("Scripted", false);
        settings.models = vec!["m".to_owned()];
        Catalog::assemble(vec![settings], None, limits, Vec::new(), Clients::hurried())
    }
}

async fn read_request(socket: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
            if body.len() >= length.unwrap_or(0usize) {
                return Some(text);
            }
        }
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

async fn play(mut socket: TcpStream, reply: &Reply, released: &Notify) {
    socket.set_nodelay(true).unwrap();
    for piece in &reply.pieces {
        if socket.write_all(piece).await.is_err() {
            return;
        }
    }
    match reply.then {
        Then::Close => {
            let _ = socket.shutdown().await;
            wait_for_leaving(&mut socket).await;
        }
        Then::Reset => {
            released.notified().await;
            let _ = socket2::SockRef::from(&socket).set_linger(Some(Duration::ZERO));
        }
        Then::Hold => wait_for_leaving(&mut socket).await,
        Then::Repeat => while socket.write_all(reply.pieces.last().unwrap()).await.is_ok() {},
    }
}

async fn wait_for_leaving(socket: &mut TcpStream) {
    let mut rest = Vec::new();
    while socket.read_buf(&mut rest).await.is_ok_and(|read| read > 0) {}
}

pub(in crate::llm) fn limits() -> ProviderLimits {
    ProviderLimits {
        connect: Duration::from_secs(10),
        first_byte: Some(Duration::from_secs(120)),
        silence: Some(Duration::from_secs(60)),
        total: Some(Duration::from_secs(900)),
        answer_bytes: Some(1024 * 1024),
        context_tokens: None,
        line_bytes: 256 * 1024,
    }
}

pub(in crate::llm) fn ask(model: Model, question: &str) -> Request {
    let messages = vec![Message::new(Role::System, "Be brief."), Message::new(Role::User, question)];
    Request { model, messages, parameters: crate::llm::Parameters::default() }
}
