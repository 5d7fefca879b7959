//! The append-only log of one answer: what was said, in order, once, and who waits for more.
//!
//! A position is a number of bytes of the log, text and reasoning together in the order they arrived. Readers hold a
//! position and nothing else, so a slow reader costs nothing and any number can watch. On the wire it is an id:
//! see [`Said::id`].

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use bytes::{Bytes, BytesMut};
use tokio::time::Instant;

use super::event;
use super::said::Said;
use crate::entity::answer_chunk::Kind;

/// The most that is kept of the memory in which events were encoded, in bytes.
const KEPT: usize = 4 * 1024;
/// How much text a reader that is far behind gets in one go, in bytes.
const CATCH_UP: usize = 64 * 1024;

/// The log of an answer that is being written.
#[derive(Debug, Default)]
pub struct Log {
    inner: Mutex<Inner>,
    /// Counts what a reader may have to look at. It changes under the lock.
    changes: AtomicU64,
}

#[derive(Debug, Default)]
struct Inner {
    said: Said,
    /// Where this answer begins: a continued one has text from before.
    begun: usize,
    /// When the first thought and the first word of the rest came.
    first: Firsts,
    /// The events of the newest parts as they go over the wire, encoded once for all readers that keep up.
    newest: BytesMut,
    /// Where those parts begin. They end where the log does.
    newest_begins: usize,
    /// How much the database has.
    stored: usize,
    name: Option<Bytes>,
    queued: Option<Bytes>,
    closing: Option<Bytes>,
    waiting: Vec<(u64, Waker)>,
    next_reader: u64,
}

/// When the first of each kind came.
#[derive(Clone, Copy, Debug, Default)]
pub struct Firsts {
    /// Of the model's thinking.
    pub thought: Option<Instant>,
    /// Of the answer.
    pub word: Option<Instant>,
}

/// A part of the log that the database does not have yet.
#[derive(Debug, PartialEq)]
pub struct Unstored {
    /// Where it begins, in bytes of the log.
    pub position: usize,
    /// What it is a part of.
    pub kind: Kind,
    /// The part.
    pub content: String,
}

/// Where a reader is.
#[derive(Debug)]
pub struct Place {
    reader: u64,
    position: usize,
    named: Option<Bytes>,
    queued: Option<Bytes>,
    done: bool,
    /// The count of changes up to which the reader has everything and waits for more.
    waits_since: Option<u64>,
}

impl Place {
    /// Has the next look take the waker anew, because it is another.
    pub(super) fn forget_waker(&mut self) {
        self.waits_since = None;
    }
}

/// What a reader gets when it asks for more.
#[derive(Debug, PartialEq)]
pub enum More {
    /// One or more whole events.
    Events(Bytes),
    /// Nothing yet; the reader's waker will be called.
    Wait,
    /// The end: the answer is closed and the reader has everything.
    Done,
}

impl Log {
    /// The log of an answer that goes on after what was said, and stored, before.
    pub fn after(said: Said) -> Self {
        let begun = said.len();
        let inner = Inner { said, begun, newest_begins: begun, stored: begun, ..Inner::default() };
        Self { inner: Mutex::new(inner), changes: AtomicU64::new(0) }
    }

    /// How much had been said before, in bytes.
    pub fn begun(&self) -> usize {
        self.lock().begun
    }

    /// When the first parts were added.
    pub fn firsts(&self) -> Firsts {
        self.lock().first
    }

    /// Adds parts to the end and wakes every reader, once. Returns how much the database does not have yet, in bytes.
    pub fn append<'a>(&self, parts: impl IntoIterator<Item = (Kind, &'a str)>) -> usize {
        let mut inner = self.lock();
        let begin = inner.said.len();
        let Inner { said, newest, first, .. } = &mut *inner;
        newest.clear();
        if newest.capacity() > KEPT {
            *newest = BytesMut::new();
        }
        for (kind, part) in parts {
            if part.is_empty() {
                continue;
            }
            let moment = if kind == Kind::Text { &mut first.word } else { &mut first.thought };
            if moment.is_none() {
                *moment = Some(Instant::now());
            }
            said.push(kind, part);
            event::delta(newest, kind, part, said.id(said.len()));
        }
        inner.newest_begins = begin;
        let unstored = inner.said.len() - inner.stored;
        if inner.said.len() > begin {
            self.wake(inner);
        }
        unstored
    }

    /// Tells every reader what the conversation is called.
    pub fn set_name(&self, name: &str) {
        let mut inner = self.lock();
        inner.name = Some(event::name(name));
        self.wake(inner);
    }

    /// Tells every reader the answer's place in the queue, 1 being the next; `None` once it has left the queue.
    pub fn set_queued(&self, position: Option<usize>) {
        let mut inner = self.lock();
        inner.queued = position.map(event::queued);
        self.wake(inner);
    }

    /// Ends the log with its closing event.
    pub fn close(&self, closing: Bytes) {
        let mut inner = self.lock();
        inner.closing = Some(closing);
        self.wake(inner);
    }

    /// What has been said so far.
    pub fn said(&self) -> Said {
        self.lock().said.clone()
    }

    /// How much has been said, in bytes.
    pub fn len(&self) -> usize {
        self.lock().said.len()
    }

    /// Whether nothing has been said.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the database does not have yet, and where that ends.
    pub fn unstored(&self) -> Option<(Vec<Unstored>, usize)> {
        let inner = self.lock();
        let mut position = inner.stored;
        if position == inner.said.len() {
            return None;
        }
        let mut parts = Vec::new();
        for (kind, part) in inner.said.parts(position) {
            parts.push(Unstored { position, kind, content: part.to_owned() });
            position += part.len();
        }
        Some((parts, position))
    }

    /// How much the database does not have yet, in bytes.
    pub fn unstored_len(&self) -> usize {
        let inner = self.lock();
        inner.said.len() - inner.stored
    }

    /// Notes that the database has everything up to a position.
    pub fn set_stored(&self, position: usize) {
        self.lock().stored = position;
    }

    /// A place to read from, by the id of the last event. One that no client of this log can have starts over with a
    /// snapshot.
    pub fn enter(&self, last_id: Option<u64>) -> (Place, Option<Bytes>) {
        let mut inner = self.lock();
        let reader = inner.next_reader;
        inner.next_reader += 1;
        let known = inner.said.position(last_id.unwrap_or(0));
        let snapshot = known.is_none().then(|| event::snapshot(&inner.said));
        let position = known.unwrap_or(inner.said.len());
        (Place { reader, position, named: None, queued: None, done: false, waits_since: None }, snapshot)
    }

    /// Moves a reader on. Returns events, or takes the waker.
    ///
    /// With the last events there are, the waker is taken in the same look, so that the next one need not even take the
    /// lock. That next one has to come with the same waker.
    pub fn read(&self, place: &mut Place, waker: &Waker) -> More {
        if place.waits_since == Some(self.changes.load(Ordering::Acquire)) {
            return More::Wait;
        }
        let mut inner = self.lock();
        if place.done {
            return More::Done;
        }
        if inner.name != place.named {
            place.named = inner.name.clone();
            if let Some(name) = &inner.name {
                return More::Events(name.clone());
            }
        }
        if inner.queued != place.queued {
            place.queued = inner.queued.clone();
            return More::Events(inner.queued.clone().unwrap_or_else(|| event::queued(0)));
        }
        let events = (place.position < inner.said.len()).then(|| inner.next_events(place));
        if events.is_none()
            && let Some(closing) = &inner.closing
        {
            place.done = true;
            return More::Events(closing.clone());
        }
        if place.position == inner.said.len() && inner.closing.is_none() {
            inner.wait(place.reader, waker);
            place.waits_since = Some(self.changes.load(Ordering::Acquire));
        }
        events.map_or(More::Wait, More::Events)
    }

    /// How many readers wait for more.
    pub fn readers_waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Forgets a reader that has left.
    pub fn leave(&self, place: &Place) {
        self.lock().waiting.retain(|(reader, _)| *reader != place.reader);
    }

    /// Wakes every reader after the lock is gone, so that none wakes only to wait for it.
    fn wake(&self, mut inner: MutexGuard<'_, Inner>) {
        self.changes.fetch_add(1, Ordering::Release);
        // Nearly always it is one, and then the list keeps its memory.
        if let [_] = *inner.waiting {
            let only = inner.waiting.pop();
            drop(inner);
            only.into_iter().for_each(|(_, waker)| waker.wake());
            return;
        }
        let waiting = std::mem::take(&mut inner.waiting);
        drop(inner);
        for (_, waker) in waiting {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic while the lock was held can only have come from running out of memory; the log itself is whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// The events after a place: the newest ones where the reader keeps up, few large ones where it is behind.
    fn next_events(&self, place: &mut Place) -> Bytes {
        if place.position == self.newest_begins {
            place.position = self.said.len();
            return Bytes::copy_from_slice(&self.newest);
        }
        let mut out = BytesMut::new();
        place.position = self.said.encode(place.position, CATCH_UP, &mut out);
        out.freeze()
    }

    fn wait(&mut self, reader: u64, waker: &Waker) {
        match self.waiting.iter_mut().find(|(waiting, _)| *waiting == reader) {
            Some((_, known)) => known.clone_from(waker),
            None => self.waiting.push((reader, waker.clone())),
        }
    }
}

#[cfg(test)]
mod tests;
