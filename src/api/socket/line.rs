//! One open socket: hears requests one after another, and says what is new whenever there is room to say it.
//!
//! Nothing piles up for a client that does not read. While something is on its way out, answers are not read and news
//! are not fetched; while a reply waits, or much of finished answers, no further request is read.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Sink, SinkExt, Stream, StreamExt};
use poem::Upgraded;
use tokio::io::AsyncReadExt;
use tokio::task::JoinHandle;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::CapacityError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};
use tokio_tungstenite::tungstenite::{Error as Broken, Utf8Bytes};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::MOST_FOLLOWS;
use super::command::{self, Done};
use super::event::{SocketEvent, SocketHello, SocketProjectDeleted, SocketResync};
use super::follows::Follows;
use super::request::{self, SocketRequest};
use crate::app::App;
use crate::auth::Caller;
use crate::chat::changes::{Change, Listener, News};
use crate::error::Error;

/// From so many bytes of finished answers that are still to be sent no further request is read: each could ask for more.
const MOST_HELD: usize = 1024 * 1024;
/// How long a client gets to take a farewell and say its own.
const FAREWELL: Duration = Duration::from_secs(1);
/// How much of a message that is too large is thrown away, so that its sender hears why.
const THROWN_AWAY: u64 = 4 * 1024 * 1024;

/// One open socket.
pub(super) struct Line {
    app: App,
    caller: Caller,
    socket: WebSocketStream<Upgraded>,
    news: Listener,
    follows: Follows,
    /// The request that is being done; the next one is read when it is answered.
    request: Option<JoinHandle<Done>>,
    /// A conversation that is being looked up because there is news of it.
    look: Option<JoinHandle<Done>>,
    /// What is said next: a reply, and what came of a look.
    waiting: VecDeque<String>,
    /// Something is on its way out.
    sending: bool,
    /// Some of that answers what the client sent, a ping for one; it has to take it before it sends more.
    answering: bool,
    ticks: Interval,
    next_ping: Instant,
    last_heard: Instant,
    closing: Pin<Box<WaitForCancellationFutureOwned>>,
    session_end: Pin<Box<dyn Future<Output = ()> + Send>>,
    leaving: bool,
}

/// What happens next on a socket.
enum Step {
    Heard(Message),
    Broken(Option<Broken>),
    Done(Done),
    Tick,
    Leave,
    SignedOut,
    Say(Vec<String>),
    News(News),
}

/// Why a socket ends.
enum End {
    /// The client has left, or cannot be reached.
    Left,
    /// The client has said goodbye, and gets an answer.
    Answered,
    /// The client is told why.
    Close(CloseCode, &'static str),
    /// The client is told, and what it still sends is thrown away.
    TooLarge,
}

impl Line {
    pub(super) fn new(app: App, caller: Caller, socket: WebSocketStream<Upgraded>, news: Listener) -> Self {
        let limits = &app.config.limits.sockets;
        let now = Instant::now();
        // Often enough that a ping is not late, and that who stays silent is left soon after the patience has ended.
        let period = limits.ping.min(limits.patience) / 4;
        let mut ticks = interval_at(now + period, period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            next_ping: now + limits.ping,
            closing: Box::pin(app.closing.clone().cancelled_owned()),
            session_end: Box::pin(app.auth.hold(&caller).ended()),
            app,
            caller,
            socket,
            news,
            follows: Follows::default(),
            request: None,
            look: None,
            waiting: VecDeque::new(),
            sending: false,
            answering: false,
            ticks,
            last_heard: now,
            leaving: false,
        }
    }

    /// Serves the socket until it ends.
    pub(super) async fn run(mut self) {
        let limits = &self.app.config.limits;
        let hello = SocketHello {
            max_message_bytes: limits.body_bytes.map(|bytes| bytes as u64),
            max_follows: MOST_FOLLOWS as u64,
            ping_seconds: limits.sockets.ping.as_secs(),
        };
        self.say(SocketEvent::Hello(hello).text());
        let end = loop {
            let step = std::future::poll_fn(|context| self.poll_step(context)).await;
            if let Some(end) = self.take(step) {
                break end;
            }
        };
        self.end(end).await;
    }

    fn poll_step(&mut self, context: &mut Context<'_>) -> Poll<Step> {
        if self.sending
            && let Poll::Ready(sent) = Pin::new(&mut self.socket).poll_flush(context)
        {
            if let Err(broken) = sent {
                return Poll::Ready(Step::Broken(Some(broken)));
            }
            self.sending = false;
            self.answering = false;
            // Whoever takes this is there, though nothing that they say is read.
            if self.follows.held() >= MOST_HELD {
                self.last_heard = Instant::now();
            }
        }
        if self.session_end.as_mut().poll(context).is_ready() {
            return Poll::Ready(Step::SignedOut);
        }
        for job in [&mut self.request, &mut self.look] {
            if let Some(working) = job
                && let Poll::Ready(done) = Pin::new(working).poll(context)
            {
                *job = None;
                return Poll::Ready(Step::Done(done.unwrap_or_default()));
            }
        }
        if self.listens() {
            match Pin::new(&mut self.socket).poll_next(context) {
                Poll::Ready(Some(Ok(message))) => return Poll::Ready(Step::Heard(message)),
                Poll::Ready(Some(Err(broken))) => return Poll::Ready(Step::Broken(Some(broken))),
                Poll::Ready(None) => return Poll::Ready(Step::Broken(None)),
                Poll::Pending => {}
            }
        }
        if self.ticks.poll_tick(context).is_ready() {
            return Poll::Ready(Step::Tick);
        }
        if !self.leaving && self.closing.as_mut().poll(context).is_ready() {
            self.leaving = true;
        }
        if self.sending {
            return Poll::Pending;
        }
        if let Some(message) = self.waiting.pop_front() {
            return Poll::Ready(Step::Say(vec![message]));
        }
        // The events of answers come before the news, so that an answer's end is not overtaken by the news of it.
        if let Poll::Ready(messages) = self.follows.poll(context) {
            return Poll::Ready(Step::Say(messages));
        }
        if self.leaving && self.follows.len() == 0 && self.request.is_none() {
            return Poll::Ready(Step::Leave);
        }
        if self.look.is_none()
            && let Poll::Ready(news) = self.news.poll_next(context)
        {
            return Poll::Ready(Step::News(news));
        }
        Poll::Pending
    }

    /// Whether the next request is read.
    fn listens(&self) -> bool {
        let is_free = self.request.is_none() && self.waiting.is_empty() && !self.answering && !self.leaving;
        is_free && self.follows.held() < MOST_HELD
    }

    fn take(&mut self, step: Step) -> Option<End> {
        match step {
            Step::Heard(message) => {
                self.last_heard = Instant::now();
                return self.hear(message);
            }
            Step::Broken(broken) => return Some(farewell(broken)),
            Step::Done(done) => return self.carry_on(done),
            Step::Tick => return self.tick(),
            Step::SignedOut => return Some(signed_out()),
            Step::Leave => return Some(End::Close(CloseCode::Away, "the server is stopping")),
            Step::Say(messages) => messages.into_iter().for_each(|message| self.say(message)),
            Step::News(News::Missed) => self.say(SocketEvent::Resync(SocketResync {}).text()),
            Step::News(News::Change(Change::Deleted(project_id))) => {
                self.say(SocketEvent::ProjectDeleted(SocketProjectDeleted { project_id }).text());
            }
            Step::News(News::Change(Change::Changed(project_id))) => {
                self.look = Some(tokio::spawn(command::look_up(self.app.clone(), self.caller.clone(), project_id)));
            }
        }
        None
    }

    fn hear(&mut self, message: Message) -> Option<End> {
        let (reference, request) = match message {
            Message::Text(text) => request::parse(&text),
            Message::Binary(_) => {
                (None, Err(Error::Malformed("send JSON in text frames; this frame is binary".to_owned())))
            }
            Message::Ping(_) => {
                // The library has put the pong on its way.
                self.sending = true;
                self.answering = true;
                return None;
            }
            Message::Pong(_) | Message::Frame(_) => return None,
            Message::Close(_) => return Some(End::Answered),
        };
        match request.and_then(|request| self.has_room(&request).map(|()| request)) {
            Ok(request) => {
                // A task of its own: what was begun is done, even when the client leaves in the middle of it.
                let work = command::run(self.app.clone(), self.caller.clone(), reference, request);
                self.request = Some(tokio::spawn(work));
            }
            Err(error) => self.waiting.extend(Done::refused(reference, error).say),
        }
        None
    }

    /// Refuses one answer too many before anything is done for it.
    fn has_room(&self, request: &SocketRequest) -> Result<(), Error> {
        let one_more = match request {
            SocketRequest::Send(_) | SocketRequest::Edit(_) => true,
            SocketRequest::Regenerate(_) | SocketRequest::Continue(_) => true,
            SocketRequest::Follow(follow) => !self.follows.has(follow.message_id),
            SocketRequest::Stop(_) | SocketRequest::Unfollow(_) => false,
        };
        if one_more && self.follows.len() >= MOST_FOLLOWS {
            return Err(Error::TooManyFollows { limit: MOST_FOLLOWS });
        }
        Ok(())
    }

    fn carry_on(&mut self, done: Done) -> Option<End> {
        if done.signed_out {
            return Some(signed_out());
        }
        if let Some(message_id) = done.unfollow {
            self.follows.end(message_id);
        }
        if let Some(follow) = done.follow {
            self.follows.begin(*follow);
        }
        self.waiting.extend(done.say);
        None
    }

    fn tick(&mut self) -> Option<End> {
        let limits = &self.app.config.limits.sockets;
        let now = Instant::now();
        // Not while a request is being done: nothing is read then, a pong as little as anything else.
        if self.request.is_some() {
            self.last_heard = now;
        }
        if now.duration_since(self.last_heard) >= limits.patience {
            return Some(End::Left);
        }
        if now >= self.next_ping && !self.sending {
            self.next_ping = now + limits.ping;
            self.put(Message::Ping(Default::default()));
        }
        None
    }

    fn say(&mut self, text: String) {
        self.put(Message::Text(Utf8Bytes::from(text)));
    }

    /// Puts a message into the buffer; it leaves with the next flush.
    fn put(&mut self, message: Message) {
        // A connection that is broken says so when it is flushed.
        let _ = Pin::new(&mut self.socket).start_send(message);
        self.sending = true;
    }

    async fn end(mut self, end: End) {
        let (code, reason) = match end {
            End::Left => return,
            End::Answered => {
                // The library has prepared the answer.
                let _ = timeout(FAREWELL, self.socket.flush()).await;
                return;
            }
            End::Close(code, reason) => (code, reason),
            End::TooLarge => {
                let limit = self.app.config.limits.body_bytes.unwrap_or(usize::MAX);
                if let Some(problem) = Done::refused(None, Error::TooLarge { limit }).say {
                    self.say(problem);
                }
                (CloseCode::Size, "the message is too large")
            }
        };
        let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
        let goodbye = async {
            self.socket.close(Some(frame)).await?;
            if matches!(end, End::TooLarge) {
                // A connection that is closed on unread data is reset, and the other side may never learn why.
                let mut rest = self.socket.get_mut().take(THROWN_AWAY);
                tokio::io::copy(&mut rest, &mut tokio::io::sink()).await?;
            } else {
                while let Some(Ok(_)) = self.socket.next().await {}
            }
            Ok::<_, Broken>(())
        };
        let _ = timeout(FAREWELL, goodbye).await;
    }
}

fn signed_out() -> End {
    End::Close(CloseCode::Library(4401), "the session or the key has ended")
}

/// What a client that cannot be understood any more is told.
fn farewell(broken: Option<Broken>) -> End {
    match broken {
        Some(Broken::Capacity(CapacityError::MessageTooLong { .. })) => End::TooLarge,
        Some(Broken::Utf8(_)) => End::Close(CloseCode::Invalid, "text frames are UTF-8"),
        Some(Broken::Protocol(_)) => End::Close(CloseCode::Protocol, "this is not the WebSocket protocol"),
        _ => End::Left,
    }
}
