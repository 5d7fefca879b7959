//! What changed in a person's conversations, for whoever of theirs is listening: their other tabs and devices.
//!
//! Nothing is kept for those who do not listen, and a listener keeps at most one word about each conversation, so that
//! one that is slow hears the latest instead of everything.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use uuid::Uuid;

/// How many conversations may wait for one listener; beyond that it only learns that it missed something.
const MOST_WAITING: usize = 64;

/// Something that happened to a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was made, changed or used: whoever shows it looks it up again.
    Changed(Uuid),
    /// It is gone.
    Deleted(Uuid),
}

impl Change {
    fn project_id(self) -> Uuid {
        match self {
            Self::Changed(id) | Self::Deleted(id) => id,
        }
    }
}

/// What a listener hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// One change.
    Change(Change),
    /// There were too many: only a look at the whole list tells.
    Missed,
}

/// Who listens to whose conversations.
#[derive(Debug, Default)]
pub struct Changes(Mutex<HashMap<Uuid, Vec<Arc<Inbox>>>>);

impl Changes {
    /// Tells a person's listeners what happened. Call it when it is committed.
    pub fn publish(&self, owner_id: Uuid, change: Change) {
        let inboxes = lock(&self.0).get(&owner_id).cloned().unwrap_or_default();
        for inbox in inboxes {
            inbox.put(change);
        }
    }

    /// Listens to a person's conversations from now on; `None` when `most` do already.
    pub fn listen(self: &Arc<Self>, owner_id: Uuid, most: Option<usize>) -> Option<Listener> {
        let mut owners = lock(&self.0);
        let inboxes = owners.entry(owner_id).or_default();
        if most.is_some_and(|most| inboxes.len() >= most) {
            return None;
        }
        let inbox = Arc::new(Inbox::default());
        inboxes.push(Arc::clone(&inbox));
        Some(Listener { owner_id, inbox, changes: Arc::clone(self) })
    }

    /// How many listen to a person's conversations.
    pub fn listeners(&self, owner_id: Uuid) -> usize {
        lock(&self.0).get(&owner_id).map_or(0, Vec::len)
    }
}

/// A place to hear from. Dropping it gives the place back.
#[derive(Debug)]
pub struct Listener {
    owner_id: Uuid,
    inbox: Arc<Inbox>,
    changes: Arc<Changes>,
}

impl Listener {
    /// The next news.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<News> {
        let mut waiting = lock(&self.inbox.0);
        if std::mem::take(&mut waiting.missed) {
            return Poll::Ready(News::Missed);
        }
        if let Some(change) = waiting.changes.pop_front() {
            return Poll::Ready(News::Change(change));
        }
        waiting.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut owners = lock(&self.changes.0);
        let Some(inboxes) = owners.get_mut(&self.owner_id) else { return };
        inboxes.retain(|inbox| !Arc::ptr_eq(inbox, &self.inbox));
        if inboxes.is_empty() {
            owners.remove(&self.owner_id);
        }
    }
}

#[derive(Debug, Default)]
struct Inbox(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    changes: VecDeque<Change>,
    missed: bool,
    waker: Option<Waker>,
}

impl Inbox {
    fn put(&self, change: Change) {
        let mut waiting = lock(&self.0);
        if waiting.missed {
            return;
        }
        let full = waiting.changes.len() == MOST_WAITING;
        // Whoever hears of a conversation looks it up, so one word is as good as many; that it is gone is the last.
        match waiting.changes.iter_mut().find(|known| known.project_id() == change.project_id()) {
            Some(known @ Change::Changed(_)) => *known = change,
            Some(Change::Deleted(_)) => {}
            None if full => {
                waiting.changes.clear();
                waiting.missed = true;
            }
            None => waiting.changes.push_back(change),
        }
        if let Some(waker) = waiting.waker.take() {
            drop(waiting);
            waker.wake();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(listener: &mut Listener) -> Vec<News> {
        let mut context = Context::from_waker(Waker::noop());
        let mut all = Vec::new();
        while let Poll::Ready(news) = listener.poll_next(&mut context) {
            all.push(news);
        }
        all
    }

    #[test]
    fn a_listener_hears_the_latest_about_each_conversation_of_its_owner() {
        let changes = Arc::new(Changes::default());
        let (ada, eve) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let (one, two) = (Uuid::from_u128(11), Uuid::from_u128(12));
        let mut listener = changes.listen(ada, None).unwrap();
        for change in [Change::Changed(one), Change::Changed(two), Change::Changed(one), Change::Deleted(one)] {
            changes.publish(ada, change);
        }
        changes.publish(ada, Change::Changed(one));
        changes.publish(eve, Change::Changed(Uuid::from_u128(21)));
        let expected = [Change::Deleted(one), Change::Changed(two)].map(News::Change);
        assert_eq!(heard(&mut listener), expected);
    }

    #[test]
    fn a_listener_that_is_far_behind_learns_only_that() {
        let changes = Arc::new(Changes::default());
        let ada = Uuid::from_u128(1);
        let mut listener = changes.listen(ada, None).unwrap();
        for id in 0..=MOST_WAITING as u128 {
            changes.publish(ada, Change::Changed(Uuid::from_u128(id)));
        }
        assert_eq!(heard(&mut listener), [News::Missed]);
        changes.publish(ada, Change::Deleted(ada));
        assert_eq!(heard(&mut listener), [News::Change(Change::Deleted(ada))]);
    }

    #[test]
    fn places_are_counted_and_given_back() {
        let changes = Arc::new(Changes::default());
        let ada = Uuid::from_u128(1);
        let first = changes.listen(ada, Some(2)).unwrap();
        let _second = changes.listen(ada, Some(2)).unwrap();
        assert!(changes.listen(ada, Some(2)).is_none());
        drop(first);
        assert_eq!(changes.listeners(ada), 1);
        assert!(changes.listen(ada, Some(2)).is_some());
    }
}
