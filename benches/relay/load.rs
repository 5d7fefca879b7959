//! The loads. Each is bounded in number and time, and runs against one server at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::check::Check;
use crate::client::Tally;
use crate::http;
use crate::target::{EMAIL, PASSWORD, Target};

/// Answers that run side by side at a steady pace.
#[derive(Clone, Copy)]
pub(crate) struct Paced {
    pub(crate) streams: usize,
    /// Between two deltas of a stream, in milliseconds.
    pub(crate) period: usize,
    /// In which they are begun, one after the other.
    pub(crate) ramp: Duration,
    /// In which everything is measured, when all have begun.
    pub(crate) window: Duration,
}

/// What a load brought and cost. Loads of the same kind add up.
#[derive(Default)]
pub(crate) struct Outcome {
    /// In the window of steady pace.
    pub(crate) deltas: u64,
    pub(crate) cpu: f64,
    pub(crate) seconds: f64,
    /// From the first request to the last stored end.
    pub(crate) all_deltas: u64,
    pub(crate) all_cpu: f64,
    pub(crate) gaps: Vec<f32>,
    pub(crate) firsts: Vec<f32>,
    /// Bytes before the first stream, and with all of them open.
    pub(crate) resident_before: u64,
    pub(crate) resident: u64,
    pub(crate) streams: usize,
    pub(crate) sign_ins: usize,
    /// Wrong passwords that were answered.
    pub(crate) guesses: usize,
    pub(crate) lost: Vec<String>,
}

impl Outcome {
    pub(crate) fn add(&mut self, other: Self) {
        self.deltas += other.deltas;
        self.cpu += other.cpu;
        self.seconds += other.seconds;
        self.all_deltas += other.all_deltas;
        self.all_cpu += other.all_cpu;
        self.gaps.extend(other.gaps);
        self.firsts.extend(other.firsts);
        self.resident_before = other.resident_before;
        self.resident = other.resident;
        self.streams += other.streams;
        self.sign_ins += other.sign_ins;
        self.guesses += other.guesses;
        self.lost.extend(other.lost);
    }
}

/// What is done beside the answers.
#[derive(Clone, Copy)]
pub(crate) enum Beside {
    Nothing,
    /// So many people sign in over and over.
    SignIns(usize),
    /// So many send wrong passwords at once, each from an address of its own, and one person signs in over and over.
    Flood(usize),
}

/// Runs paced answers, and something beside them.
pub(crate) async fn paced(target: &Target, load: Paced, beside: Beside) -> anyhow::Result<Outcome> {
    // A server that is slow to begin still has something to do until the window ends.
    let life = load.ramp + load.window + Duration::from_millis(1000);
    let deltas = (life.as_millis() as usize / load.period).max(2);
    let requests = target.requests(&format!("paced {deltas} {}", load.period), load.streams).await?;
    let check = target.checks(deltas);
    let tally = Tally::default();
    // What was done for the conversations must not count.
    sleep(Duration::from_millis(300)).await;
    let before = target.usage();
    let limit = life * 2 + Duration::from_secs(30);
    let mut clients = JoinSet::new();
    let began = Instant::now();
    for (number, request) in requests.into_iter().enumerate() {
        let due = began + load.ramp.mul_f64(number as f64 / load.streams as f64);
        let following = tally.clone().follow(target.address, request, check(), limit);
        clients.spawn(async move {
            tokio::time::sleep_until(due.into()).await;
            following.await;
        });
    }
    while tally.lock().begun() < load.streams && began.elapsed() < limit {
        sleep(Duration::from_millis(10)).await;
    }
    sleep(Duration::from_millis(500)).await;

    let stop = Arc::new(AtomicBool::new(false));
    let (signed_in, guessed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut signing_in = JoinSet::new();
    let (people, flood) = match beside {
        Beside::Nothing => (0, 0),
        Beside::SignIns(people) => (people, 0),
        Beside::Flood(flood) => (1, flood),
    };
    for _ in 0..people {
        signing_in.spawn(sign_in(target.address, Arc::clone(&stop), Arc::clone(&signed_in)));
    }
    for number in 0..flood {
        signing_in.spawn(guess(target.address, number, Arc::clone(&stop), Arc::clone(&guessed)));
    }
    let (from, seen, clock) = (target.usage(), recording(&tally, true), Instant::now());
    sleep(load.window).await;
    let (to, seen_to, seconds) = (target.usage(), recording(&tally, false), clock.elapsed().as_secs_f64());
    let (sign_ins, guesses) = (signed_in.load(Ordering::Relaxed), guessed.load(Ordering::Relaxed));
    stop.store(true, Ordering::Relaxed);
    while let Some(done) = signing_in.join_next().await {
        done??;
    }
    while clients.join_next().await.is_some() {}
    let after = target.usage();
    let mut seen_all = tally.lock();
    Ok(Outcome {
        deltas: seen_to - seen,
        cpu: to.cpu - from.cpu,
        seconds,
        all_deltas: seen_all.deltas,
        all_cpu: after.cpu - before.cpu,
        gaps: std::mem::take(&mut seen_all.gaps),
        firsts: std::mem::take(&mut seen_all.firsts),
        resident_before: before.resident,
        resident: to.resident,
        streams: load.streams,
        sign_ins,
        guesses,
        lost: std::mem::take(&mut seen_all.lost),
    })
}

fn recording(tally: &Tally, on: bool) -> u64 {
    let mut seen = tally.lock();
    seen.recording = on;
    seen.deltas
}

async fn sign_in(
    address: std::net::SocketAddr,
    stop: Arc<AtomicBool>,
    signed_in: Arc<AtomicUsize>,
) -> anyhow::Result<()> {
    let mut socket = TcpStream::connect(address).await?;
    let request = http::request("/api/login/", None, Some(&json!({"email": EMAIL, "password": PASSWORD})));
    while !stop.load(Ordering::Relaxed) {
        let (status, head, _) = http::ask(&mut socket, &request).await?;
        match status {
            200 => drop(signed_in.fetch_add(1, Ordering::Relaxed)),
            // As long as the queue is full of others.
            503 => {
                ensure!(http::header(&head, "retry-after").is_some(), "a busy server did not say when to come back");
                sleep(Duration::from_millis(50)).await;
            }
            _ => anyhow::bail!("signing in was answered with {status}"),
        }
    }
    Ok(())
}

/// Sends wrong passwords, one after the other, as a proxy passes them on for a client of its own.
async fn guess(
    address: std::net::SocketAddr,
    number: usize,
    stop: Arc<AtomicBool>,
    guessed: Arc<AtomicUsize>,
) -> anyhow::Result<()> {
    let mut socket = TcpStream::connect(address).await?;
    let body = json!({"email": format!("nobody{number}@example.org"), "password": "not the one"});
    let from = format!("\r\nx-forwarded-for: 198.51.{}.{}\r\n", number / 250, number % 250);
    let request = String::from_utf8(http::request("/api/login/", None, Some(&body)))?.replacen("\r\n", &from, 1);
    while !stop.load(Ordering::Relaxed) {
        let (status, ..) = http::ask(&mut socket, request.as_bytes()).await?;
        ensure!(matches!(status, 401 | 429 | 503), "a wrong password was answered with {status}");
        guessed.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Runs answers as fast as they go.
pub(crate) async fn flat(target: &Target, streams: usize, deltas: usize) -> anyhow::Result<Outcome> {
    let requests = target.requests(&format!("flat {deltas}"), streams).await?;
    let check = target.checks(deltas);
    let tally = Tally::default();
    sleep(Duration::from_millis(300)).await;
    let before = target.usage();
    let began = Instant::now();
    let mut clients = JoinSet::new();
    for request in requests {
        clients.spawn(tally.clone().follow(target.address, request, check(), Duration::from_secs(120)));
    }
    while clients.join_next().await.is_some() {}
    let (after, seconds) = (target.usage(), began.elapsed().as_secs_f64());
    let mut seen = tally.lock();
    Ok(Outcome {
        deltas: seen.deltas,
        cpu: after.cpu - before.cpu,
        seconds,
        streams,
        lost: std::mem::take(&mut seen.lost),
        ..Outcome::default()
    })
}

/// Asks one short question after the other, each server in turn, each on one connection that stays open.
pub(crate) async fn first_token(targets: &[Target], times: usize) -> anyhow::Result<Vec<Outcome>> {
    const WARM_UP: usize = 10;
    let mut visits = Vec::new();
    for target in targets {
        let socket = TcpStream::connect(target.address).await?;
        socket.set_nodelay(true)?;
        let requests = target.requests("flat 1", WARM_UP + times).await?;
        visits.push(Visit { socket, requests, check: target.checks(1), tally: Tally::default() });
    }
    for time in 0..WARM_UP + times {
        for visit in &mut visits {
            if time == WARM_UP {
                visit.tally.lock().firsts.clear();
            }
            visit.again(time).await;
            // What the server still does after an answer must not fall to the next one.
            sleep(Duration::from_millis(2)).await;
        }
    }
    let outcome = |visit: Visit| {
        let mut seen = visit.tally.lock();
        let (firsts, lost) = (std::mem::take(&mut seen.firsts), std::mem::take(&mut seen.lost));
        Outcome { firsts, lost, streams: times, ..Outcome::default() }
    };
    Ok(visits.into_iter().map(outcome).collect())
}

/// Somebody who asks one server many questions, one at a time.
struct Visit {
    socket: TcpStream,
    requests: Vec<Arc<[u8]>>,
    check: Box<dyn Fn() -> Check>,
    tally: Tally,
}

impl Visit {
    async fn again(&mut self, time: usize) {
        let asking = self.tally.ask(&mut self.socket, &self.requests[time], (self.check)());
        let result = tokio::time::timeout(Duration::from_secs(10), asking).await;
        if let Err(error) = result.map_err(anyhow::Error::from).flatten() {
            self.tally.lock().lost.push(format!("{error:#}"));
        }
    }
}
