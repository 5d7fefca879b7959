//! Follows one answer as a stream of encoded events, live or finished.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::Ending;
use super::event;
use super::log::{More, Place};
use super::running::Running;
use super::said::Said;
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
    just_sent: bool,
    keep_alive: Pin<Box<Sleep>>,
    /// When `keep_alive` fires.
    due: Instant,
    /// Who looked last.
    waker: Option<Waker>,
    /// Whether `keep_alive` wakes that one.
    is_alarmed: bool,
}

impl Reader {
    /// Follows a running answer after the event with this id, or from its beginning.
    pub fn new(running: Arc<Running>, last_id: Option<u64>) -> Self {
        let (place, snapshot) = running.log.enter(last_id);
        let (message_id, question_id) = (running.message_id, Some(running.question_id));
        let first = match snapshot {
            Some(snapshot) => [event::start_over(message_id, question_id, last_id), snapshot].concat().into(),
            None => event::start(message_id, question_id, last_id.unwrap_or(0)),
        };
        let last_sent = Instant::now();
        let due = last_sent + KEEP_ALIVE;
        let keep_alive = Box::pin(sleep_until(due));
        Self {
            running,
            place,
            first: Some(first),
            last_sent,
            just_sent: false,
            keep_alive,
            due,
            waker: None,
            is_alarmed: false,
        }
    }
}

impl Reader {
    /// The timer is only moved when it fires: moving it for every event would cost more than the event.
    fn poll_keep_alive(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.is_alarmed = true;
        while self.keep_alive.as_mut().poll(context).is_ready() {
            let now = Instant::now();
            self.due = self.last_sent + KEEP_ALIVE;
            if now >= self.due {
                self.last_sent = now;
                self.due = now + KEEP_ALIVE;
                self.keep_alive.as_mut().reset(self.due);
                return Poll::Ready(Some(event::KEEP_ALIVE));
            }
            self.keep_alive.as_mut().reset(self.due);
        }
        Poll::Pending
    }
}

impl Stream for Reader {
    type Item = Bytes;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let this = self.get_mut();
        if let Some(first) = this.first.take() {
            return Poll::Ready(Some(first));
        }
        let waker = context.waker();
        if !this.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            this.waker = Some(waker.clone());
            this.place.forget_waker();
            this.is_alarmed = false;
        }
        match this.running.log.read(&mut this.place, waker) {
            More::Events(events) => {
                this.last_sent = Instant::now();
                this.just_sent = true;
                Poll::Ready(Some(events))
            }
            More::Done => Poll::Ready(None),
            // Having just sent something, it is too early for the timer to have fired, and it knows whom to wake.
            More::Wait => {
                let is_early = std::mem::take(&mut this.just_sent) && this.last_sent < this.due;
                if is_early && this.is_alarmed { Poll::Pending } else { this.poll_keep_alive(context) }
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.running.log.leave(&self.place);
    }
}

/// A finished answer after the event with this id, as all its events at once; `None` when the client has everything.
pub fn finished(message: &message::Model, last_id: Option<u64>) -> Option<Bytes> {
    if last_id == Some(event::END) {
        return None;
    }
    let said = Said::of(&message.content, message.reasoning.as_deref(), message.layout.as_deref());
    let mut out = BytesMut::new();
    if let Some(position) = said.position(last_id.unwrap_or(0)) {
        out.extend_from_slice(&event::start(message.id, message.parent_id, said.id(position)));
        said.encode(position, usize::MAX, &mut out);
    } else {
        out.extend_from_slice(&event::start_over(message.id, message.parent_id, last_id));
        out.extend_from_slice(&event::snapshot(&said));
    }
    out.extend_from_slice(&event::closing(&Ending::of(message)));
    Some(out.freeze())
}
