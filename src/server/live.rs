//! Event streams take the short way: whoever brings an event also writes it to the client's socket.
//!
//! A body is usually written when its connection's task runs. For an event of sixty bytes, waking that task, often on
//! another processor, costs more than the write. So the body is polled with a waker of our own. When an event comes, that
//! waker takes it and writes it, as a chunk, in the task that brought it. All else goes the usual way, by waking the
//! connection's task: the response's head and first events, what a timer brings, the end, an error, and whatever a full
//! socket does not take.
//!
//! The order of bytes holds because [`Line`] is clear only while the connection's task has nothing to write, and that task
//! gets something to write only from [`Live::poll_frame`], which excludes the waker's way.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Frame};

use super::line::Line;

type Item = Option<Result<Frame<Bytes>, io::Error>>;

/// Somebody is polling the stream.
const BUSY: u8 = 1;
/// The stream has called its waker since it was last asked.
const WOKEN: u8 = 2;

/// The body of a response in chunks, on the short way.
pub(super) struct Live(Arc<Outlet>);

struct Outlet {
    line: Arc<Line>,
    state: AtomicU8,
    /// Wakes the connection's task.
    task: Mutex<Option<Waker>>,
    inner: Mutex<Inner>,
}

struct Inner {
    /// Gone when [`Live`] is dropped, and with it the waker that it holds.
    stream: Option<BoxBody<Bytes, io::Error>>,
    /// What the stream brought and only the connection's task can write.
    ahead: Option<Item>,
}

impl Live {
    /// A body that goes out in chunks on this line.
    pub(super) fn new(stream: BoxBody<Bytes, io::Error>, line: Arc<Line>) -> Self {
        let inner = Mutex::new(Inner { stream: Some(stream), ahead: None });
        Self(Arc::new(Outlet { line, state: AtomicU8::new(0), task: Mutex::new(None), inner }))
    }
}

impl Outlet {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn task(&self) -> MutexGuard<'_, Option<Waker>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake_task(&self) {
        if let Some(task) = &*self.task() {
            task.wake_by_ref();
        }
    }

    /// Takes the right to poll the stream. Whoever has it when this fails polls it once more.
    fn begin(&self) -> bool {
        self.state.fetch_or(BUSY | WOKEN, Ordering::AcqRel) & BUSY == 0
    }

    /// Gives the right back, unless the stream has to be polled again.
    fn finish(&self) -> bool {
        self.state.compare_exchange(BUSY, 0, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    fn asking(&self) {
        self.state.fetch_and(!WOKEN, Ordering::AcqRel);
    }

    /// Writes what the stream brings, or has the connection's task do it.
    fn pass_on(&self, waker: &Waker) {
        let inner = &mut *self.inner();
        if inner.ahead.is_some() || !self.line.is_clear() {
            return self.wake_task();
        }
        let mut cx = Context::from_waker(waker);
        loop {
            let Some(stream) = &mut inner.stream else { return };
            let Poll::Ready(item) = Pin::new(stream).poll_frame(&mut cx) else { return };
            let is_on_its_way = match &item {
                Some(Ok(frame)) => match frame.data_ref() {
                    Some(data) if data.is_empty() => continue,
                    Some(data) if self.line.put(data) => continue,
                    // The line has the rest of it.
                    Some(_) => true,
                    None => false,
                },
                _ => false,
            };
            if !is_on_its_way {
                inner.ahead = Some(item);
            }
            return self.wake_task();
        }
    }
}

impl Wake for Outlet {
    fn wake(self: Arc<Self>) {
        Self::wake_by_ref(&self);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Timers and the like are called from the middle of the runtime, which is no place for other work.
        if tokio::task::try_id().is_none() {
            return self.wake_task();
        }
        if !self.begin() {
            return;
        }
        let waker = Waker::from(Arc::clone(self));
        loop {
            self.asking();
            self.pass_on(&waker);
            if self.finish() {
                return;
            }
        }
    }
}

impl Live {
    /// What only the connection's task can write, and the end of the stream.
    pub(super) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Item> {
        let outlet = &self.0;
        match &mut *outlet.task() {
            Some(task) => task.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        if !outlet.begin() {
            return Poll::Pending;
        }
        outlet.asking();
        let item = {
            let inner = &mut *outlet.inner();
            match (inner.ahead.take(), &mut inner.stream) {
                (Some(item), _) => Poll::Ready(item),
                (None, Some(stream)) => {
                    let waker = Waker::from(Arc::clone(outlet));
                    Pin::new(stream).poll_frame(&mut Context::from_waker(&waker))
                }
                (None, None) => Poll::Ready(None),
            }
        };
        if item.is_ready() {
            outlet.line.occupy();
        }
        if !outlet.finish() {
            // It was woken meanwhile, and nobody but this task will look.
            outlet.state.fetch_and(!BUSY, Ordering::AcqRel);
            cx.waker().wake_by_ref();
        }
        item
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // The stream holds its waker, which holds this.
        let stream = self.0.inner().stream.take();
        drop(stream);
    }
}
