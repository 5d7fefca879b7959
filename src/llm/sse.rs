//! An incremental, bounded reader of `text/event-stream`, after the WHATWG rules for parsing one.

use memchr::memchr2;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
/// How the usual event begins.
const DATA: &[u8] = b"data:";

/// One event, borrowed from the reader or the piece until the next is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Event<'a> {
    /// Its `event:` field; empty when it had none.
    pub(super) name: &'a [u8],
    /// Its `data:` lines, joined by line feeds. Bytes, because a broken character must not end the stream: whoever takes
    /// text out of them replaces it.
    pub(super) data: &'a [u8],
}

/// A line, or the data of one event, is longer than the bound.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// Takes bytes in pieces of any size and gives events. Each byte is looked at once, however the pieces are cut.
///
/// Source: <https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation>. `id` and `retry`
/// are read over, since an answer that broke off is never resumed at the provider.
#[derive(Debug)]
pub(super) struct Reader {
    /// The beginning of a line whose end has not come yet.
    line: Vec<u8>,
    name: Vec<u8>,
    data: Vec<u8>,
    /// Whether the event has a `data:` line, which may be empty.
    has_data: bool,
    /// Whether the event in the buffers was given out. They are emptied only then, so that it can be borrowed.
    given: bool,
    /// Whether the last line ended in CR, so that an LF now belongs to it.
    after_cr: bool,
    /// Whether the first line is still to come, which may begin with a byte order mark.
    at_start: bool,
    bound: usize,
}

impl Reader {
    /// A reader that holds at most `bound` bytes of one line, and of one event's data.
    pub(super) fn new(bound: usize) -> Self {
        Self {
            line: Vec::new(),
            name: Vec::new(),
            data: Vec::new(),
            has_data: false,
            given: false,
            after_cr: false,
            at_start: true,
            bound,
        }
    }

    /// Reads on in `piece` until one event is complete, and moves `piece` past what was read. `None`: the piece is used up.
    pub(super) fn next<'r, 'p: 'r>(&'r mut self, piece: &mut &'p [u8]) -> Result<Option<Event<'r>>, TooLong> {
        self.forget_given();
        if let Some(data) = self.whole_event(piece) {
            return Ok(Some(Event { name: b"", data }));
        }
        while !piece.is_empty() {
            if std::mem::take(&mut self.after_cr) && piece[0] == b'\n' {
                *piece = &piece[1..];
                continue;
            }
            let Some(end) = memchr2(b'\n', b'\r', piece) else {
                self.keep(piece)?;
                *piece = &[];
                break;
            };
            self.after_cr = piece[end] == b'\r';
            let tail = &piece[..end];
            *piece = &piece[end + 1..];
            if self.end_line(tail)? {
                return Ok(Some(Event { name: &self.name, data: &self.data }));
            }
        }
        Ok(None)
    }

    /// The event that the end of the stream left without its blank line. The rules drop it; some servers end their last
    /// event so, and a caller that can tell a whole event from half of one may want it.
    pub(super) fn unfinished(&mut self) -> Option<Event<'_>> {
        self.forget_given();
        if !self.line.is_empty() {
            self.end_line(&[]).ok()?;
        }
        self.given = true;
        self.has_data.then_some(Event { name: &self.name, data: &self.data })
    }

    /// How many bytes it holds.
    #[cfg(any(test, fuzzing))]
    pub(super) fn held(&self) -> usize {
        self.line.len() + self.name.len() + self.data.len()
    }

    /// The usual event, one line of data and nothing else, out of the piece itself and without a copy.
    fn whole_event<'p>(&self, piece: &mut &'p [u8]) -> Option<&'p [u8]> {
        if !self.line.is_empty() || self.has_data || !self.name.is_empty() || self.after_cr || self.at_start {
            return None;
        }
        if !piece.starts_with(DATA) {
            return None;
        }
        let end = memchr2(b'\n', b'\r', piece).filter(|end| *end <= self.bound)?;
        let (line, rest) = piece.split_at(end);
        let rest = rest.strip_prefix(b"\n\n")?;
        let data = &line[DATA.len()..];
        *piece = rest;
        Some(data.strip_prefix(b" ").unwrap_or(data))
    }

    fn forget_given(&mut self) {
        if std::mem::take(&mut self.given) {
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.name.clear();
        self.data.clear();
        self.has_data = false;
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        if self.line.len() + bytes.len() > self.bound {
            return Err(TooLong);
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    /// Takes the line that `tail` ends. True when it was the blank line after an event with data.
    fn end_line(&mut self, tail: &[u8]) -> Result<bool, TooLong> {
        if self.line.is_empty() {
            if tail.len() > self.bound {
                return Err(TooLong);
            }
            return self.take_line(tail);
        }
        self.keep(tail)?;
        let mut line = std::mem::take(&mut self.line);
        let result = self.take_line(&line);
        line.clear();
        self.line = line;
        result
    }

    fn take_line(&mut self, mut line: &[u8]) -> Result<bool, TooLong> {
        if std::mem::take(&mut self.at_start) {
            line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        }
        if line.is_empty() {
            self.given = self.has_data;
            if !self.has_data {
                self.forget();
            }
            return Ok(self.given);
        }
        let (field, value) = match memchr::memchr(b':', line) {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &[][..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => self.add_data(value),
            b"event" => {
                self.name.clear();
                self.name.extend_from_slice(value);
                Ok(false)
            }
            // A comment has an empty field name; the rest are fields that say nothing about an answer.
            _ => Ok(false),
        }
    }

    fn add_data(&mut self, value: &[u8]) -> Result<bool, TooLong> {
        if self.data.len() + value.len() + 1 > self.bound {
            return Err(TooLong);
        }
        if self.has_data {
            self.data.push(b'\n');
        }
        self.data.extend_from_slice(value);
        self.has_data = true;
        Ok(false)
    }
}
