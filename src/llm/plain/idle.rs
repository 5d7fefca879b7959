//! Connections that wait for the next request.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

/// Shorter than the keep-alive of most servers, so that a request seldom meets a connection being closed.
pub(crate) const KEPT: Duration = Duration::from_secs(50);
/// Connections kept for each server.
pub(crate) const MOST: usize = 32;

/// Connections by host and port, without the runtime that they were used on: the next request may come from another.
#[derive(Debug, Default)]
pub(super) struct Idle(Mutex<HashMap<String, Vec<(Instant, net::TcpStream)>>>);

impl Idle {
    /// A connection that is still open.
    pub(super) fn take(&self, place: &str) -> Option<TcpStream> {
        loop {
            let (since, socket) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(place)?.pop()?;
            // Whatever there is to read now is no response: the end, or a complaint before it.
            let is_quiet = socket.peek(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
            if is_quiet && since.elapsed() < KEPT {
                return TcpStream::from_std(socket).ok();
            }
        }
    }

    /// Keeps a connection, and forgets those that were kept for too long.
    pub(super) fn put(&self, place: String, socket: TcpStream) {
        let Ok(socket) = socket.into_std() else { return };
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.retain(|_, sockets| {
            sockets.retain(|(since, _)| since.elapsed() < KEPT);
            !sockets.is_empty()
        });
        let sockets = places.entry(place).or_default();
        if sockets.len() < MOST {
            sockets.push((Instant::now(), socket));
        }
    }
}
