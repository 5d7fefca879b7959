//! The people: each follows one answer on a connection of its own, and all note what came and when.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use memchr::memmem;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::check::Check;
use crate::http::{self, Unchunk};

thread_local! {
    /// One buffer for everybody: ten thousand of their own would be memory and cache for nothing.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; 256 * 1024]);
}

/// What all clients of a load have seen together.
#[derive(Clone, Default)]
pub(crate) struct Tally(Arc<Mutex<Seen>>);

#[derive(Default)]
pub(crate) struct Seen {
    /// Whether gaps are noted now.
    pub(crate) recording: bool,
    pub(crate) deltas: u64,
    /// Seconds between two arrivals of text on one stream.
    pub(crate) gaps: Vec<f32>,
    /// Seconds from a request to its first text.
    pub(crate) firsts: Vec<f32>,
    pub(crate) ended: usize,
    /// What went wrong, one entry for each stream.
    pub(crate) lost: Vec<String>,
}

impl Seen {
    /// How many streams have brought text, or never will.
    pub(crate) fn begun(&self) -> usize {
        self.firsts.len() + self.lost.len()
    }
}

impl Tally {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows an answer on a connection of its own, within a time, and notes how it ended.
    pub(crate) async fn follow(self, address: std::net::SocketAddr, request: Arc<[u8]>, check: Check, limit: Duration) {
        let following = async {
            let mut socket = TcpStream::connect(address).await?;
            socket.set_nodelay(true)?;
            self.ask(&mut socket, &request, check).await
        };
        let result = tokio::time::timeout(limit, following).await;
        let result = result.context("it did not end in time").flatten();
        let mut seen = self.lock();
        match result {
            Ok(()) => seen.ended += 1,
            Err(error) => seen.lost.push(format!("{error:#}")),
        }
    }

    /// Asks and follows one answer to its end, after which the connection can be used again.
    pub(crate) async fn ask(&self, socket: &mut TcpStream, request: &[u8], check: Check) -> anyhow::Result<()> {
        let asked = Instant::now();
        socket.write_all(request).await?;
        let mut reply =
            Reply { tally: self, check, head: Some(Vec::new()), frames: Unchunk::default(), asked, last: None };
        loop {
            socket.readable().await?;
            let done = BUFFER.with_borrow_mut(|buffer| match socket.try_read(buffer) {
                Ok(0) => Err(anyhow::anyhow!("the connection broke off after {} deltas", reply.check.deltas())),
                Ok(length) => reply.take(&buffer[..length]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(false),
                Err(error) => Err(error.into()),
            })?;
            if done {
                ensure!(reply.check.is_whole(), "the answer is not whole: {} deltas", reply.check.deltas());
                return Ok(());
            }
        }
    }
}

struct Reply<'a> {
    tally: &'a Tally,
    check: Check,
    head: Option<Vec<u8>>,
    frames: Unchunk,
    asked: Instant,
    last: Option<Instant>,
}

impl Reply<'_> {
    /// Takes what one read brought. True at the end.
    fn take(&mut self, received: &[u8]) -> anyhow::Result<bool> {
        let whole;
        let mut bytes = received;
        if let Some(head) = &mut self.head {
            head.extend_from_slice(received);
            let Some(end) = memmem::find(head, b"\r\n\r\n") else { return Ok(false) };
            let text = String::from_utf8_lossy(&head[..end + 4]).into_owned();
            ensure!(http::status(&text)? == 200, "answered with {}", String::from_utf8_lossy(head));
            ensure!(http::header(&text, "transfer-encoding") == Some("chunked"), "the body is not chunked");
            whole = head[end + 4..].to_vec();
            bytes = &whole;
            self.head = None;
        }
        let before = self.check.deltas();
        let done = self.frames.feed(bytes, |piece| self.check.take(piece))?;
        let new = self.check.deltas() - before;
        if new > 0 {
            self.note(new as u64);
        }
        Ok(done)
    }

    fn note(&mut self, new: u64) {
        let now = Instant::now();
        let mut seen = self.tally.lock();
        seen.deltas += new;
        match self.last.replace(now) {
            None => seen.firsts.push((now - self.asked).as_secs_f32()),
            Some(last) if seen.recording => seen.gaps.push((now - last).as_secs_f32()),
            Some(_) => {}
        }
    }
}
