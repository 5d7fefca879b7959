//! A model server that says exactly what a test wants, byte by byte, and counts how often it was asked.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use loquat::config::Provider as Configured;
use loquat::entity::answer_chunk::Kind;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::{CancellationToken, DropGuard};

/// What the server does on one call, step by step.
#[derive(Clone, Debug, Default)]
pub struct Script(Vec<Step>);

#[derive(Clone, Debug)]
enum Step {
    Send(Vec<u8>),
    /// Notes that what is sent next says this.
    Say(Kind, String),
    /// Notes that what is sent next ends the answer properly.
    Finish,
    /// Waits until the test opens the gate.
    Gate,
    Pause(Duration),
    /// Ends the connection as a crash does.
    Reset,
}

impl Script {
    /// A stream of server-sent events.
    pub fn stream() -> Self {
        Self::default().send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
    }

    /// A whole response with a body.
    pub fn response(status: u16, headers: &str, body: &str) -> Self {
        Self::default().send(&format!(
            "HTTP/1.1 {status} Status\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}",
            body.len()
        ))
    }

    /// A whole answer: every word as one delta.
    pub fn answer(text: &str) -> Self {
        text.split_inclusive(' ').fold(Self::stream(), |script, word| script.delta(word)).end()
    }

    pub fn send(mut self, bytes: &str) -> Self {
        self.0.push(Step::Send(bytes.as_bytes().to_vec()));
        self
    }

    /// Bytes as they were recorded.
    pub fn bytes(mut self, bytes: Vec<u8>) -> Self {
        self.0.push(Step::Send(bytes));
        self
    }

    /// Notes for the audit that what is sent next says this. `delta` and `reasoning` do it by themselves.
    pub fn say(mut self, kind: Kind, text: &str) -> Self {
        self.0.push(Step::Say(kind, text.to_owned()));
        self
    }

    /// Notes for the audit that what is sent next ends the answer properly. `end` does it by itself.
    pub fn finish(mut self) -> Self {
        self.0.push(Step::Finish);
        self
    }

    pub fn delta(self, text: &str) -> Self {
        self.say(Kind::Text, text)
            .chunk(json!({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}]}))
    }

    pub fn reasoning(self, text: &str) -> Self {
        self.say(Kind::Reasoning, text)
            .chunk(json!({"choices": [{"index": 0, "delta": {"reasoning_content": text}, "finish_reason": null}]}))
    }

    pub fn chunk(self, chunk: Value) -> Self {
        self.send(&format!("data: {chunk}\n\n"))
    }

    /// The proper end, with its cost.
    pub fn end(self) -> Self {
        self.finish()
            .chunk(json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}))
            .chunk(json!({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}))
            .send("data: [DONE]\n\n")
    }

    /// The HTTP status that it answers with.
    fn status(&self) -> Option<u16> {
        let first = self.0.iter().find_map(|step| match step {
            Step::Send(bytes) => Some(bytes),
            _ => None,
        })?;
        std::str::from_utf8(first.get(9..12)?).ok()?.parse().ok()
    }

    /// Waits here until `Provider::open` is called.
    pub fn gate(mut self) -> Self {
        self.0.push(Step::Gate);
        self
    }

    pub fn pause(mut self, time: Duration) -> Self {
        self.0.push(Step::Pause(time));
        self
    }

    pub fn reset(mut self) -> Self {
        self.0.push(Step::Reset);
        self
    }
}

/// One call for an answer, and what came of it.
#[derive(Clone, Debug)]
pub struct Call {
    /// The head of the request, as it came.
    pub head: String,
    /// The request.
    pub body: Value,
    /// The HTTP status of the response; none when there was no response.
    pub status: Option<u16>,
    /// What it said and when, each noted just before it was sent.
    pub said: Vec<(Instant, Kind, String)>,
    /// Whether the answer came to its proper end.
    pub finished: bool,
}

impl Call {
    /// The newest question in the request: the last paragraph, because questions whose answers never came to a word are
    /// sent together. The audit knows a turn by it.
    pub fn question(&self) -> &str {
        let messages = self.body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let newest = messages.iter().rev().find(|message| message["role"] == "user");
        let content = newest.and_then(|message| message["content"].as_str()).unwrap_or_default();
        content.rsplit("\n\n").next().unwrap_or_default()
    }
}

/// The running model server.
pub struct Provider {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    _stop: DropGuard,
}

type Scripting = dyn Fn(usize, &Value) -> Script + Send + Sync;

struct Shared {
    calls: Mutex<Vec<Call>>,
    gate: Semaphore,
    left: AtomicUsize,
    script: Box<Scripting>,
}

impl Provider {
    /// A server that always does the same.
    pub async fn always(script: Script) -> Self {
        Self::start(move |_, _| script.clone()).await
    }

    /// A server whose script depends on how often it was asked before, and on the request.
    pub async fn start(script: impl Fn(usize, &Value) -> Script + Send + Sync + 'static) -> Self {
        Self::at(TcpListener::bind("127.0.0.1:0").await.unwrap(), script)
    }

    /// The same at a port of the test's choice.
    pub fn at(listener: TcpListener, script: impl Fn(usize, &Value) -> Script + Send + Sync + 'static) -> Self {
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            calls: Mutex::default(),
            gate: Semaphore::new(0),
            left: AtomicUsize::new(0),
            script: Box::new(script),
        });
        let stop = CancellationToken::new();
        tokio::spawn({
            let (shared, stop) = (Arc::clone(&shared), stop.clone());
            async move {
                loop {
                    tokio::select! {
                        () = stop.cancelled() => return,
                        accepted = listener.accept() => {
                            let Ok((stream, _)) = accepted else { continue };
                            let call = serve(Arc::clone(&shared), stream);
                            let stop = stop.clone();
                            tokio::spawn(async move {
                                tokio::select! { () = stop.cancelled() => {}, () = call => {} }
                            });
                        }
                    }
                }
            }
        });
        Self { address, shared, _stop: stop.drop_guard() }
    }

    /// How the server under test is told about it.
    pub fn configured(&self) -> Configured {
        Configured {
            api_key: Some(secrecy::SecretString::from("sk-canary-key-of-the-provider".to_owned())),
            models: vec!["scripted".to_owned()],
            images: Some(true),
            ..Configured::new("scripted", format!("http://{}/v1", self.address).parse().unwrap())
        }
    }

    /// Lets one call through its next gate.
    pub fn open(&self) {
        self.shared.gate.add_permits(1);
    }

    /// The body of every call for an answer, in order.
    pub fn calls(&self) -> Vec<Value> {
        self.shared.calls.lock().unwrap().iter().map(|call| call.body.clone()).collect()
    }

    /// Every call for an answer with what it said, in order.
    pub fn record(&self) -> Vec<Call> {
        self.shared.calls.lock().unwrap().clone()
    }

    /// How many clients have left before their script was done.
    pub fn left(&self) -> usize {
        self.shared.left.load(Ordering::SeqCst)
    }
}

async fn serve(shared: Arc<Shared>, mut stream: TcpStream) {
    let Some((head, body)) = read_request(&mut stream).await else { return };
    if head.starts_with("GET ") {
        let list = json!({"object": "list", "data": [{"id": "scripted", "object": "model"}]}).to_string();
        let _ = stream.write_all(format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{list}", list.len()).as_bytes()).await;
        return;
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (number, script) = {
        let mut calls = shared.calls.lock().unwrap();
        let script = (shared.script)(calls.len(), &body);
        calls.push(Call { head, body, status: script.status(), said: Vec::new(), finished: false });
        (calls.len() - 1, script)
    };
    let note = |note: &dyn Fn(&mut Call)| note(&mut shared.calls.lock().unwrap()[number]);
    stream.set_nodelay(true).unwrap();
    for step in script.0 {
        let (mut reading, mut writing) = stream.split();
        let mut nothing = [0];
        let gone = async {
            // The client sends nothing more, so whatever this reads is its farewell.
            let _ = reading.read(&mut nothing).await;
        };
        let doing = async {
            match &step {
                Step::Send(bytes) => writing.write_all(bytes).await.is_ok(),
                Step::Say(kind, text) => {
                    note(&|call| call.said.push((Instant::now(), *kind, text.clone())));
                    true
                }
                Step::Finish => {
                    note(&|call| call.finished = true);
                    true
                }
                Step::Gate => shared.gate.acquire().await.map(|permit| permit.forget()).is_ok(),
                Step::Pause(time) => {
                    tokio::time::sleep(*time).await;
                    true
                }
                Step::Reset => false,
            }
        };
        let done = tokio::select! {
            biased;
            done = doing => done,
            () = gone => {
                shared.left.fetch_add(1, Ordering::SeqCst);
                return;
            }
        };
        if !done {
            if !matches!(step, Step::Reset) {
                shared.left.fetch_add(1, Ordering::SeqCst);
            }
            let _ = socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO));
            return;
        }
    }
    let _ = stream.shutdown().await;
}

async fn read_request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut data = Vec::new();
    let end = loop {
        if let Some(end) = data.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut data).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&data[..end]).into_owned();
    let length = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length:")
                .map(|value| value.trim().parse::<usize>().unwrap())
        })
        .unwrap_or(0);
    while data.len() < end + length {
        if stream.read_buf(&mut data).await.ok()? == 0 {
            return None;
        }
    }
    Some((head, data[end..end + length].to_vec()))
}
