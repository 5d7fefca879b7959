//! The append-only log of one answer: what was said, in order, once, and who waits for more.
//!
//! A position is a number of bytes of the log, text and reasoning together in the order they arrived. Readers hold a
//! position and nothing else, so a slow reader costs nothing and any number can watch.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use bytes::{Bytes, BytesMut};

use super::event;
use crate::entity::answer_chunk::Kind;

/// A reader that is further behind than this many events gets them as one.
const FRAMES_AT_ONCE: usize = 8;
/// The largest delta that is sent in one event.
const LARGEST_DELTA: usize = 16 * 1024;

/// The log of an answer that is being written.
#[derive(Debug, Default)]
pub struct Log {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    said: Said,
    /// Every event as it goes over the wire, encoded once for all readers.
    frames: Vec<Frame>,
    arena: BytesMut,
    /// How much the database has.
    stored: usize,
    name: Option<Bytes>,
    closing: Option<Closing>,
    waiting: Vec<(u64, Waker)>,
    next_reader: u64,
}

#[derive(Debug)]
struct Frame {
    end: usize,
    bytes: Bytes,
}

#[derive(Clone, Debug)]
enum Closing {
    With(Bytes),
    Silent,
}

/// What has been said: one string, and which of its bytes are text and which reasoning.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    log: String,
    runs: Vec<(Kind, usize)>,
}

impl Said {
    /// What a finished message says. Reasoning came first unless its layout tells otherwise.
    pub fn of(content: &str, reasoning: Option<&str>, layout: Option<&str>) -> Self {
        let mut said = Self::default();
        let reasoning = reasoning.unwrap_or_default();
        let (mut text_left, mut reasoning_left) = (content, reasoning);
        let lengths = layout.unwrap_or_default().split(',').map_while(|length| length.parse().ok());
        for (turn, length) in lengths.enumerate() {
            let (kind, left) =
                if turn % 2 == 0 { (Kind::Reasoning, &mut reasoning_left) } else { (Kind::Text, &mut text_left) };
            let Some((part, rest)) = left.split_at_checked(length) else { break };
            said.push(kind, part);
            *left = rest;
        }
        said.push(Kind::Reasoning, reasoning_left);
        said.push(Kind::Text, text_left);
        said
    }

    /// Adds to the end.
    pub fn push(&mut self, kind: Kind, part: &str) {
        if part.is_empty() {
            return;
        }
        self.log.push_str(part);
        match self.runs.last_mut() {
            Some((last, end)) if *last == kind => *end = self.log.len(),
            _ => self.runs.push((kind, self.log.len())),
        }
    }

    /// How much there is, in bytes.
    pub fn len(&self) -> usize {
        self.log.len()
    }

    /// Whether nothing has been said.
    pub fn is_empty(&self) -> bool {
        self.log.is_empty()
    }

    /// Everything of one kind.
    pub fn all(&self, kind: Kind) -> String {
        self.parts(0).filter(|(of, _)| *of == kind).map(|(_, part)| part).collect()
    }

    /// The reasoning, if there is any.
    pub fn reasoning(&self) -> Option<String> {
        Some(self.all(Kind::Reasoning)).filter(|reasoning| !reasoning.is_empty())
    }

    /// How reasoning and text alternate, where that is not simply "reasoning, then text": lengths in bytes,
    /// beginning with reasoning.
    pub fn layout(&self) -> Option<String> {
        let usual = match self.runs.as_slice() {
            [] | [_] => true,
            [(first, _), _] => *first == Kind::Reasoning,
            _ => false,
        };
        if usual {
            return None;
        }
        let mut lengths = Vec::with_capacity(self.runs.len() + 1);
        if self.runs.first().is_some_and(|(kind, _)| *kind == Kind::Text) {
            lengths.push("0".to_owned());
        }
        let mut begin = 0;
        for (_, end) in &self.runs {
            lengths.push((end - begin).to_string());
            begin = *end;
        }
        Some(lengths.join(","))
    }

    /// What follows a position, in parts of one kind each. A position that is inside a character, or beyond the
    /// end, gives nothing: see [`Said::has`].
    pub fn parts(&self, from: usize) -> impl Iterator<Item = (Kind, &str)> {
        let mut begin = from;
        self.runs.iter().filter_map(move |(kind, end)| {
            if *end <= begin {
                return None;
            }
            let part = self.log.get(begin..*end)?;
            begin = *end;
            Some((*kind, part))
        })
    }

    /// Whether a client can hold exactly this much of the log.
    pub fn has(&self, position: usize) -> bool {
        self.log.is_char_boundary(position)
    }

    /// Encodes what follows a position as few large events, at most `limit` bytes of text; returns where it ends.
    pub fn encode(&self, from: usize, limit: usize, out: &mut BytesMut) -> usize {
        let mut position = from;
        for (kind, part) in self.parts(from) {
            let mut rest = part;
            while !rest.is_empty() {
                let (now, later) = rest.split_at(rest.floor_char_boundary(LARGEST_DELTA));
                position += now.len();
                event::delta(out, kind, now, position as u64);
                rest = later;
                if position - from >= limit {
                    return position;
                }
            }
        }
        position
    }
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
    done: bool,
}

impl Place {
    /// The position, in bytes of the log.
    pub fn position(&self) -> usize {
        self.position
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
    /// Adds parts to the end and wakes every reader, once.
    pub fn append<'a>(&self, parts: impl IntoIterator<Item = (Kind, &'a str)>) {
        let mut inner = self.lock();
        for (kind, part) in parts {
            if part.is_empty() {
                continue;
            }
            inner.said.push(kind, part);
            let end = inner.said.len();
            event::delta(&mut inner.arena, kind, part, end as u64);
            let bytes = inner.arena.split().freeze();
            inner.frames.push(Frame { end, bytes });
        }
        wake(inner);
    }

    /// Tells every reader what the conversation is called.
    pub fn set_name(&self, name: &str) {
        let mut inner = self.lock();
        inner.name = Some(event::name(name));
        wake(inner);
    }

    /// Ends the log with its closing event; `None` ends it without one.
    pub fn close(&self, closing: Option<Bytes>) {
        let mut inner = self.lock();
        inner.closing = Some(closing.map_or(Closing::Silent, Closing::With));
        wake(inner);
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

    /// A place to read from. A position that no client of this log can have starts over with a snapshot.
    pub fn enter(&self, position: Option<usize>) -> (Place, Option<Bytes>) {
        let mut inner = self.lock();
        let reader = inner.next_reader;
        inner.next_reader += 1;
        let wanted = position.unwrap_or(0);
        if inner.said.has(wanted) {
            return (Place { reader, position: wanted, named: None, done: false }, None);
        }
        let position = inner.said.len();
        let snapshot = event::snapshot(&inner.said.all(Kind::Text), inner.said.reasoning().as_deref(), position as u64);
        (Place { reader, position, named: None, done: false }, Some(snapshot))
    }

    /// Moves a reader on. Returns events, or takes the waker.
    pub fn read(&self, place: &mut Place, waker: &Waker) -> More {
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
        if place.position < inner.said.len() {
            return More::Events(inner.next_events(place));
        }
        match &inner.closing {
            Some(Closing::With(closing)) => {
                place.done = true;
                More::Events(closing.clone())
            }
            Some(Closing::Silent) => {
                place.done = true;
                More::Done
            }
            None => {
                inner.wait(place.reader, waker);
                More::Wait
            }
        }
    }

    /// How many readers wait for more.
    pub fn readers_waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Forgets a reader that has left.
    pub fn leave(&self, place: &Place) {
        self.lock().waiting.retain(|(reader, _)| *reader != place.reader);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic while the lock was held can only have come from running out of memory; the log itself is whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// The events after a place: shared ones where the reader keeps up, one fresh one where it is far behind.
    fn next_events(&self, place: &mut Place) -> Bytes {
        let first = self.frames.partition_point(|frame| frame.end <= place.position);
        let frames = &self.frames[first..];
        let begins_here = first.checked_sub(1).map_or(0, |before| self.frames[before].end) == place.position;
        if begins_here && frames.len() <= FRAMES_AT_ONCE {
            if let Some(last) = frames.last() {
                place.position = last.end;
            }
            if let [only] = frames {
                return only.bytes.clone();
            }
            let mut out = BytesMut::with_capacity(frames.iter().map(|frame| frame.bytes.len()).sum());
            for frame in frames {
                out.extend_from_slice(&frame.bytes);
            }
            return out.freeze();
        }
        let mut out = BytesMut::new();
        place.position = self.said.encode(place.position, 4 * LARGEST_DELTA, &mut out);
        out.freeze()
    }

    fn wait(&mut self, reader: u64, waker: &Waker) {
        match self.waiting.iter_mut().find(|(waiting, _)| *waiting == reader) {
            Some((_, known)) => known.clone_from(waker),
            None => self.waiting.push((reader, waker.clone())),
        }
    }
}

/// Wakes every reader after the lock is gone, so that none wakes only to wait for it.
fn wake(mut inner: MutexGuard<'_, Inner>) {
    let waiting = std::mem::take(&mut inner.waiting);
    drop(inner);
    for (_, waker) in waiting {
        waker.wake();
    }
}

#[cfg(test)]
mod tests;
