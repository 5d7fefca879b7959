//! A client's connection, on which others than its own task may put a part of a response.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// The connection as hyper uses it.
pub(super) struct Connection {
    read: OwnedReadHalf,
    line: Arc<Line>,
}

/// The way to the client.
pub(super) struct Line(Mutex<State>);

struct State {
    write: OwnedWriteHalf,
    /// Whether hyper has nothing that it has not written, so that something may be put after what it wrote.
    clear: bool,
    /// What a full socket did not take of what was put. It goes before anything that hyper writes.
    rest: BytesMut,
}

thread_local! {
    /// What is put is made here, in one piece, so that it takes one system call.
    static CHUNK: RefCell<BytesMut> = RefCell::new(BytesMut::with_capacity(KEPT));
}

/// The most that is kept of the memory in which a chunk was made, in bytes.
const KEPT: usize = 64 * 1024;

impl Connection {
    pub(super) fn new(stream: TcpStream) -> Self {
        let (read, write) = stream.into_split();
        let state = State { write, clear: false, rest: BytesMut::new() };
        Self { read, line: Arc::new(Line(Mutex::new(state))) }
    }

    pub(super) fn line(&self) -> &Arc<Line> {
        &self.line
    }
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that hyper is given something to write, before which nothing else may go.
    pub(super) fn occupy(&self) {
        self.lock().clear = false;
    }

    /// Whether a chunk may be put now.
    pub(super) fn is_clear(&self) -> bool {
        self.lock().clear
    }

    /// Puts a chunk (RFC 9112, section 7.1) of the response's body, which has to be one in chunks, on a line that is
    /// clear. False when the connection's task has to write the rest of it, or to see that the client has gone.
    pub(super) fn put(&self, content: &[u8]) -> bool {
        CHUNK.with_borrow_mut(|chunk| {
            chunk.clear();
            put_size(chunk, content.len());
            chunk.extend_from_slice(content);
            chunk.extend_from_slice(b"\r\n");
            let state = &mut *self.lock();
            let written = state.write.try_write(chunk).unwrap_or(0);
            let is_whole = written == chunk.len();
            if !is_whole {
                state.clear = false;
                state.rest.extend_from_slice(&chunk[written..]);
            }
            if chunk.capacity() > 2 * KEPT {
                *chunk = BytesMut::new();
            }
            is_whole
        })
    }
}

fn put_size(out: &mut BytesMut, size: usize) {
    let digits = (usize::BITS - size.leading_zeros()).div_ceil(4).max(1);
    for digit in (0..digits).rev() {
        out.extend_from_slice(&[b"0123456789abcdef"[size >> (4 * digit) & 0xF]]);
    }
    out.extend_from_slice(b"\r\n");
}

impl State {
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.rest.is_empty() {
            let written = ready!(Pin::new(&mut self.write).poll_write(cx, &self.rest))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.rest.advance(written);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.read).poll_read(cx, out)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut state = self.line.lock();
        ready!(state.poll_rest(cx))?;
        Pin::new(&mut state.write).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.line.lock();
        ready!(state.poll_rest(cx))?;
        Pin::new(&mut state.write).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// hyper calls this, and nothing below does, when it has written all that it had.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.line.lock();
        ready!(state.poll_rest(cx))?;
        state.clear = true;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.line.lock();
        ready!(state.poll_rest(cx))?;
        Pin::new(&mut state.write).poll_shutdown(cx)
    }
}
