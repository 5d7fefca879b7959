//! An answer on its way from a provider: its connection, its deadlines, and what was read of it.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use super::Endpoint;
use super::reading::Reading;
use super::response::Body;
use crate::llm::plain::Next;
use crate::llm::{Error, Finish, Part};

/// How long to wait, once the model is finished, for what it cost and for the connection to become free for the next.
const LINGER: Duration = Duration::from_secs(2);
/// The most that one wake-up reads before its caller gets a turn to store it.
const WAKE_UP_BYTES: usize = 64 * 1024;
/// How often a connection with a task of its own gets another turn while each brings more. It hands over one chunk at a
/// time, though many may have arrived together; a turn costs less than everything that a caller does for each delta.
const TURNS: u32 = 64;

/// A streamed answer. Dropping it closes the provider's connection, unless the answer has ended.
#[derive(Debug)]
pub struct Stream {
    endpoint: Arc<Endpoint>,
    body: Body,
    reading: Reading,
    /// When the whole began, retries included.
    started: Instant,
    /// When the last bytes came, or else when the provider was asked.
    heard: Instant,
    /// Whether any byte of the body came.
    heard_any: bool,
    /// When the model said that it is finished, unless it went on.
    finished: Option<Instant>,
    /// Sleeps until some deadline that was right when it was armed. It is not armed again for every piece: when it wakes
    /// too early, it sleeps on.
    alarm: Pin<Box<Sleep>>,
    /// When the alarm goes off.
    due: Instant,
    /// Whom it wakes.
    alarmed: Option<Waker>,
    /// Whether the connection had nothing more when it was last read.
    drained: bool,
    /// What was read and not given out yet.
    gathered: Vec<Part>,
    /// How often in a row the connection got another turn.
    turns: u32,
    outcome: Option<Result<Finish, Error>>,
}

impl Stream {
    pub(super) fn new(endpoint: Arc<Endpoint>, model: String, body: Body, started: Instant, asked: Instant) -> Self {
        let mut stream = Self {
            reading: Reading::new(endpoint.clone(), model),
            body,
            started,
            heard: asked,
            heard_any: false,
            finished: None,
            alarm: Box::pin(sleep_until(asked)),
            due: asked,
            alarmed: None,
            drained: false,
            gathered: Vec::new(),
            turns: 0,
            outcome: None,
            endpoint,
        };
        stream.set_alarm();
        stream
    }

    /// See [`crate::llm::Answer::next`].
    pub(crate) async fn next(&mut self, parts: &mut Vec<Part>) -> Result<Option<Finish>, Error> {
        poll_fn(|cx| self.poll_next(cx, parts, false)).await
    }

    /// See [`crate::llm::Answer::listen`].
    pub(crate) async fn listen(&mut self, mut take: impl FnMut(&[Part])) -> Result<Finish, Error> {
        let mut parts = Vec::new();
        poll_fn(|cx| {
            let mut again = false;
            loop {
                let step = self.poll_next(cx, &mut parts, again);
                if !parts.is_empty() {
                    take(&parts);
                    parts.clear();
                }
                match step {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(None)) => again = true,
                    Poll::Ready(Ok(Some(finish))) => return Poll::Ready(Ok(finish)),
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                }
            }
        })
        .await
    }

    /// `again`: in the same wake-up, right after text was given out.
    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        parts: &mut Vec<Part>,
        again: bool,
    ) -> Poll<Result<Option<Finish>, Error>> {
        if !self.alarmed.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
            self.alarmed = None;
        }
        // The connection had nothing more a moment ago, and both it and the alarm, which is not due, know whom to wake.
        if again && self.drained && self.alarmed.is_some() && self.heard < self.due {
            return Poll::Pending;
        }
        self.drained = false;
        let before = self.reading.bytes();
        if self.outcome.is_none() {
            self.outcome = self.read_arrived(cx);
        }
        let brought_more = self.reading.bytes() > before;
        if self.outcome.is_none() && brought_more && self.turns < TURNS && self.body.gives_one_by_one() {
            self.turns += 1;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.turns = 0;
        let brought_text = !self.gathered.is_empty();
        parts.append(&mut self.gathered);
        match &self.outcome {
            Some(Ok(finish)) => return Poll::Ready(Ok(Some(finish.clone()))),
            // Text first and the error at the next call, so that a caller who stops at an error has the text.
            _ if brought_text => return Poll::Ready(Ok(None)),
            Some(Err(error)) => return Poll::Ready(Err(error.clone())),
            None => {}
        }
        self.outcome = self.wait_for_deadline(cx);
        match self.outcome.clone() {
            Some(outcome) => {
                parts.append(&mut self.gathered);
                Poll::Ready(outcome.map(Some))
            }
            None => Poll::Pending,
        }
    }

    /// Reads all that the connection holds.
    fn read_arrived(&mut self, cx: &mut Context<'_>) -> Option<Result<Finish, Error>> {
        let mut budget = WAKE_UP_BYTES;
        loop {
            let (reading, gathered) = (&mut self.reading, &mut self.gathered);
            let next = self.body.poll_next(cx, |piece| (piece.len(), reading.read(piece, gathered)));
            let (length, read) = match next {
                Poll::Ready(Next::Piece(taken)) => taken,
                Poll::Ready(Next::End { whole }) => return Some(self.reading.end(whole, &mut self.gathered)),
                // Having asked once more after `[DONE]`, the connection can read its end and be used again.
                Poll::Pending if self.reading.is_done() => return Some(self.reading.end(true, &mut self.gathered)),
                Poll::Pending => {
                    self.drained = true;
                    return None;
                }
            };
            self.heard = Instant::now();
            if !std::mem::replace(&mut self.heard_any, true) {
                self.set_alarm();
            }
            if let Err(error) = read {
                return Some(Err(error));
            }
            self.note_finish();
            // The alarm is not looked at while text keeps coming.
            if self.endpoint.limits.total.is_some_and(|total| self.heard - self.started >= total) {
                return Some(self.give_up());
            }
            budget = budget.saturating_sub(length);
            if budget == 0 {
                cx.waker().wake_by_ref();
                return None;
            }
        }
    }

    /// A model that goes on after all has as much time as any, and an alarm that is too early sleeps on by itself.
    fn note_finish(&mut self) {
        if !self.reading.is_finished() {
            self.finished = None;
        } else if self.finished.is_none() {
            self.finished = Some(self.heard);
            self.set_alarm();
        }
    }

    fn wait_for_deadline(&mut self, cx: &mut Context<'_>) -> Option<Result<Finish, Error>> {
        self.alarmed = Some(cx.waker().clone());
        while self.alarm.as_mut().poll(cx).is_ready() {
            let (deadline, _) = self.deadline();
            if Instant::now() >= deadline {
                return Some(self.give_up());
            }
            self.due = deadline;
            self.alarm.as_mut().reset(deadline);
        }
        None
    }

    /// A deadline has passed. A model that was finished has only failed to say what it cost.
    fn give_up(&mut self) -> Result<Finish, Error> {
        if self.reading.is_finished() {
            return self.reading.end(false, &mut self.gathered);
        }
        Err(self.deadline().1)
    }

    /// Needed only where a deadline moves to an earlier time: at the first byte and at the model's last.
    fn set_alarm(&mut self) {
        let (deadline, _) = self.deadline();
        self.due = deadline;
        self.alarmed = None;
        self.alarm.as_mut().reset(deadline);
    }

    /// When to give up, and what to say then.
    fn deadline(&self) -> (Instant, Error) {
        let provider = || self.endpoint.name.clone();
        let limits = &self.endpoint.limits;
        let never = self.started + Duration::from_secs(10 * 365 * 24 * 3600);
        let at = |from: Instant, limit: Option<Duration>| limit.map_or(never, |limit| from + limit);

        let total = at(self.started, limits.total);
        let quiet = match (self.finished, self.heard_any) {
            (Some(finished), _) => finished + LINGER,
            (None, true) => at(self.heard, limits.silence),
            (None, false) => at(self.heard, limits.first_byte),
        };
        if total <= quiet {
            let limit = limits.total.unwrap_or_default();
            return (total, Error::Timeout { provider: provider(), what: "did not complete its answer", limit });
        }
        let error = match self.heard_any {
            true => Error::Stalled { provider: provider(), silence: limits.silence.unwrap_or_default() },
            false => self.endpoint.no_first_byte(limits.first_byte.unwrap_or_default()),
        };
        (quiet, error)
    }
}
