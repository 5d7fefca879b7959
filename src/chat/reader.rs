//! Follows one answer as a stream of encoded events, live or finished.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::Ending;
use super::event;
use super::log::{More, Place};
use super::running::Running;
use super::said::Said;
use crate::entity::answer_chunk::Kind;
use crate::entity::message;

/// How long a stream may be idle before a comment keeps it alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A reader of an answer that is being written. Dropping it changes nothing for the answer.
#[derive(Debug)]
pub struct Reader {
    running: Arc<Running>,
    place: Place,
    first: Option<Bytes>,
    last_sent: Instant,
    keep_alive: Pin<Box<Sleep>>,
}

impl Reader {
    /// Follows a running answer from a position, or from its beginning.
    pub fn new(running: Arc<Running>, position: Option<u64>) -> Self {
        let position = position.map(|position| usize::try_from(position).unwrap_or(usize::MAX));
        let (place, snapshot) = running.log.enter(position);
        let begin = if snapshot.is_some() { 0 } else { place.position() };
        let start = event::start(running.message_id, Some(running.question_id), begin as u64);
        let first = match snapshot {
            Some(snapshot) => [start, snapshot].concat().into(),
            None => start,
        };
        let now = Instant::now();
        Self { running, place, first: Some(first), last_sent: now, keep_alive: Box::pin(sleep_until(now + KEEP_ALIVE)) }
    }
}

impl Stream for Reader {
    type Item = Bytes;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let this = self.get_mut();
        if let Some(first) = this.first.take() {
            return Poll::Ready(Some(first));
        }
        match this.running.log.read(&mut this.place, context.waker()) {
            More::Events(events) => {
                this.last_sent = Instant::now();
                Poll::Ready(Some(events))
            }
            More::Done => Poll::Ready(None),
            More::Wait => {
                // The timer is only moved when it fires: moving it for every event would cost more than the event.
                while this.keep_alive.as_mut().poll(context).is_ready() {
                    let due = this.last_sent + KEEP_ALIVE;
                    let now = Instant::now();
                    if now >= due {
                        this.last_sent = now;
                        this.keep_alive.as_mut().reset(now + KEEP_ALIVE);
                        return Poll::Ready(Some(event::KEEP_ALIVE));
                    }
                    this.keep_alive.as_mut().reset(due);
                }
                Poll::Pending
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.running.log.leave(&self.place);
    }
}

/// A finished answer from a position, as all its events at once; `None` when the client has everything.
pub fn finished(message: &message::Model, position: Option<u64>) -> Option<Bytes> {
    if position == Some(event::END) {
        return None;
    }
    let said = Said::of(&message.content, message.reasoning.as_deref(), message.layout.as_deref());
    let wanted = usize::try_from(position.unwrap_or(0)).unwrap_or(usize::MAX);
    let mut out = BytesMut::new();
    if said.has(wanted) {
        out.extend_from_slice(&event::start(message.id, message.parent_id, wanted as u64));
        said.encode(wanted, usize::MAX, &mut out);
    } else {
        out.extend_from_slice(&event::start(message.id, message.parent_id, 0));
        let reasoning = said.reasoning();
        out.extend_from_slice(&event::snapshot(&said.all(Kind::Text), reasoning.as_deref(), said.len() as u64));
    }
    out.extend_from_slice(&event::closing(&Ending::of(message)));
    Some(out.freeze())
}
