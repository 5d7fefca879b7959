//! The model server: a process of its own that says [`Body`] to everybody who asks, paced or as fast as it is read.
//!
//! Everything it says is made before it is asked for. One task with one timer serves all paced answers: a wheel of slots
//! of a millisecond, so that they are spread in time as the answers of many people are, and none has a timer of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep_until};

use crate::answer::Body;
use crate::http::{self, Request};
use crate::process;

/// Slots of the wheel; no period in milliseconds may be as long.
const SLOTS: usize = 1024;
const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n";

#[derive(Default)]
struct Simulator {
    bodies: Mutex<HashMap<usize, Arc<Body>>>,
    wheel: Mutex<Wheel>,
}

struct Wheel {
    slots: Vec<Vec<Paced>>,
    now: usize,
}

impl Default for Wheel {
    fn default() -> Self {
        Self { slots: (0..SLOTS).map(|_| Vec::new()).collect(), now: 0 }
    }
}

/// An answer on its way.
struct Paced {
    socket: TcpStream,
    body: Arc<Body>,
    deltas: usize,
    sent: usize,
    period: usize,
}

/// What a question asks for.
enum Wish {
    Paced { deltas: usize, period: usize },
    Flat { deltas: usize },
}

/// Runs until standard input closes.
pub(crate) async fn run() -> anyhow::Result<()> {
    let listener = http::listen()?;
    process::announce(listener.local_addr()?)?;
    let simulator = Arc::new(Simulator::default());
    tokio::spawn(turn_wheel(Arc::clone(&simulator)));
    loop {
        let (socket, _) = accept(&listener).await;
        socket.set_nodelay(true)?;
        tokio::spawn(serve(Arc::clone(&simulator), socket));
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, std::net::SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // Out of files: those of answers that end meanwhile are free again in a moment.
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

/// Boxed, because serving ends in the wheel, which serves on.
fn serve(simulator: Arc<Simulator>, socket: TcpStream) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        // A client that leaves is none of the simulator's business.
        let _ = answer(simulator, socket).await;
    })
}

async fn answer(simulator: Arc<Simulator>, mut socket: TcpStream) -> anyhow::Result<()> {
    while let Some(request) = Request::read(&mut socket).await? {
        if request.head.starts_with("GET ") {
            let list = json!({"object": "list", "data": [{"id": "relay", "object": "model", "owned_by": "relay"}]});
            let list = list.to_string();
            let head =
                format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", list.len());
            socket.write_all([head, list].concat().as_bytes()).await?;
            continue;
        }
        match wish(&request.body)? {
            Wish::Flat { deltas } => {
                let body = simulator.body(deltas);
                socket.write_all(HEAD).await?;
                socket.write_all(&body.bytes).await?;
            }
            Wish::Paced { deltas, period } => {
                let body = simulator.body(deltas);
                let sent = body.end_of(1);
                socket.write_all(&[HEAD, &body.bytes[..sent]].concat()).await?;
                simulator.wheel().add(Paced { socket, body, deltas: 1, sent, period });
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Reads the last message: `paced COUNT PERIOD` or `flat COUNT`.
fn wish(body: &[u8]) -> anyhow::Result<Wish> {
    let body: Value = serde_json::from_slice(body)?;
    let last = body["messages"].as_array().and_then(|messages| messages.last());
    let content = last.and_then(|last| last["content"].as_str()).context("there is no question")?;
    let words: Vec<&str> = content.split(' ').collect();
    match words[..] {
        ["paced", deltas, period] => {
            let period = period.parse()?;
            anyhow::ensure!((1..SLOTS).contains(&period), "the period is too long");
            Ok(Wish::Paced { deltas: deltas.parse()?, period })
        }
        ["flat", deltas] => Ok(Wish::Flat { deltas: deltas.parse()? }),
        _ => bail!("nobody asks this"),
    }
}

impl Simulator {
    fn body(&self, deltas: usize) -> Arc<Body> {
        let mut bodies = self.bodies.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(bodies.entry(deltas).or_insert_with(|| Arc::new(Body::framed(deltas))))
    }

    fn wheel(&self) -> std::sync::MutexGuard<'_, Wheel> {
        self.wheel.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wheel {
    fn add(&mut self, paced: Paced) {
        let slot = (self.now + paced.period) % SLOTS;
        self.slots[slot].push(paced);
    }
}

async fn turn_wheel(simulator: Arc<Simulator>) {
    let began = Instant::now();
    let mut tick = 0;
    loop {
        sleep_until(began + Duration::from_millis(tick as u64)).await;
        // Late ticks are made up for, each in its turn.
        let now = began.elapsed().as_millis() as usize;
        while tick <= now {
            let mut due = {
                let mut wheel = simulator.wheel();
                wheel.now = tick;
                std::mem::take(&mut wheel.slots[tick % SLOTS])
            };
            for mut paced in due.drain(..) {
                match paced.send() {
                    Ok(false) => simulator.wheel().add(paced),
                    Ok(true) => drop(tokio::spawn(serve(Arc::clone(&simulator), paced.socket))),
                    Err(_) => {}
                }
            }
            tick += 1;
        }
    }
}

impl Paced {
    /// Sends the next delta, and what a full socket left of the ones before. True at the end.
    fn send(&mut self) -> std::io::Result<bool> {
        self.deltas += 1;
        let due = self.body.end_of(self.deltas);
        match self.socket.try_write(&self.body.bytes[self.sent..due]) {
            Ok(length) => self.sent += length,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        Ok(self.sent == self.body.bytes.len())
    }
}
