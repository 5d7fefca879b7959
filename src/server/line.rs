//! A client's connection, on which others than its own task may put a part of a response.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::refusal;

/// The connection as hyper uses it, and whoever writes a stream in its place.
pub(super) struct Connection {
    read: OwnedReadHalf,
    line: Arc<Line>,
    /// What was read and is still to be read as the next request.
    ahead: Bytes,
}

/// The way to the client.
pub(super) struct Line(Mutex<State>);

struct State {
    write: OwnedWriteHalf,
    /// Whether the connection's task has nothing that it has not written, so that something may be put after it.
    clear: bool,
    /// What a full socket did not take, and what is written next. It goes before anything that hyper writes.
    rest: BytesMut,
}

thread_local! {
    /// What is put is made here, in one piece, so that it takes one system call.
    static CHUNK: RefCell<BytesMut> = RefCell::new(BytesMut::with_capacity(KEPT));
}

/// The most that is kept of the memory in which a chunk was made, in bytes.
const KEPT: usize = 64 * 1024;
/// How much of the next request is read while a response is being written, in bytes.
const PIECE: usize = 1024;

impl Connection {
    pub(super) fn new(stream: TcpStream) -> Self {
        let (read, write) = stream.into_split();
        let state = State { write, clear: false, rest: BytesMut::new() };
        Self { read, line: Arc::new(Line(Mutex::new(state))), ahead: Bytes::new() }
    }

    pub(super) fn line(&self) -> &Arc<Line> {
        &self.line
    }

    /// Has this be read before anything that comes from the client.
    pub(super) fn read_first(&mut self, ahead: &[u8]) {
        // A copy, because a part of hyper's buffer, even of no length, keeps all of it.
        self.ahead = Bytes::copy_from_slice(ahead);
    }

    /// Waits until the client is gone. What it sends, which is for the next request, is kept; as hyper does, nothing is
    /// read after it, so that it stays bounded.
    pub(super) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut piece = [0; PIECE];
        if !self.ahead.is_empty() {
            return Poll::Pending;
        }
        let mut arrived = ReadBuf::new(&mut piece);
        match ready!(Pin::new(&mut self.read).poll_read(cx, &mut arrived)) {
            Ok(()) if !arrived.filled().is_empty() => {
                self.ahead = Bytes::copy_from_slice(arrived.filled());
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that the connection's task is given something to write, before which nothing else may go.
    pub(super) fn occupy(&self) {
        self.lock().clear = false;
    }

    /// Whether a chunk may be put now.
    pub(super) fn is_clear(&self) -> bool {
        self.lock().clear
    }

    /// Has the connection's task write these bytes next. They are held until [`Self::poll_clear`] has written them.
    pub(super) fn hold(&self, bytes: &[u8]) {
        let state = &mut *self.lock();
        state.clear = false;
        state.rest.extend_from_slice(bytes);
    }

    /// The same, as a chunk of the body.
    pub(super) fn hold_chunk(&self, content: &[u8]) {
        let state = &mut *self.lock();
        state.clear = false;
        put_chunk(&mut state.rest, content);
    }

    /// How many bytes wait to be written.
    pub(super) fn held(&self) -> usize {
        self.lock().rest.len()
    }

    /// Writes what is held, after which the line is clear.
    pub(super) fn poll_clear(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let state = &mut *self.lock();
        ready!(state.poll_rest(cx))?;
        state.clear = true;
        Poll::Ready(Ok(()))
    }

    /// Puts a chunk (RFC 9112, section 7.1) of the response's body, which has to be one in chunks, on a line that is
    /// clear. False when the connection's task has to write the rest of it, or to see that the client has gone.
    pub(super) fn put(&self, content: &[u8]) -> bool {
        CHUNK.with_borrow_mut(|chunk| {
            chunk.clear();
            put_chunk(chunk, content);
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

fn put_chunk(out: &mut BytesMut, content: &[u8]) {
    put_size(out, content.len());
    out.extend_from_slice(content);
    out.extend_from_slice(b"\r\n");
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
        // A stream may say nothing for long, and most never fill their socket again.
        self.rest = BytesMut::new();
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let length = self.ahead.len().min(out.remaining());
            out.put_slice(&self.ahead.split_to(length));
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.read).poll_read(cx, out)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut state = self.line.lock();
        ready!(state.poll_rest(cx))?;
        if let Some(instead) = refusal::instead_of(bytes, false) {
            state.rest.extend_from_slice(&instead);
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut state.write).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [only] = parts {
            return self.poll_write(cx, only);
        }
        let mut state = self.line.lock();
        ready!(state.poll_rest(cx))?;
        Pin::new(&mut state.write).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// hyper calls this, and nothing below does, when it has written all that it had.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.line.poll_clear(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.line.lock();
        ready!(state.poll_rest(cx))?;
        Pin::new(&mut state.write).poll_shutdown(cx)
    }
}
