//! How many answers are written at once: so many for each person, so many in all, and a fair queue for the rest.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use uuid::Uuid;

use super::running::Running;
use crate::error::{Error, Result};

/// The places for answers, in memory.
#[derive(Debug)]
pub struct Queue(Mutex<Inner>);

/// How many there may be; `None` means without a limit.
#[derive(Debug)]
struct Most {
    /// Answers of one person, waiting ones included.
    each: Option<usize>,
    /// Answers that are written at once.
    all: Option<usize>,
    /// Answers that wait.
    waiting: Option<usize>,
}

#[derive(Debug)]
struct Inner {
    most: Most,
    /// How many answers of a person are being written, and how many wait.
    held: HashMap<Uuid, Held>,
    writing: usize,
    /// The round of the answer that was called last.
    round: u64,
    /// In the order of their arrival.
    waiting: Vec<Waiting>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Held {
    writing: usize,
    waiting: usize,
    /// The round of the newest.
    round: u64,
}

#[derive(Debug)]
struct Waiting {
    running: Arc<Running>,
    round: u64,
    /// What its readers were told.
    position: usize,
    turn: oneshot::Sender<()>,
}

/// An answer's place. Dropping it makes way for the next.
#[derive(Debug)]
pub struct Place {
    queue: Arc<Queue>,
    running: Arc<Running>,
    turn: Option<oneshot::Receiver<()>>,
}

impl Queue {
    /// A queue with these limits: for each person, in all, and waiting.
    pub fn new(each: Option<usize>, all: Option<usize>, waiting: Option<usize>) -> Arc<Self> {
        let most = Most { each, all, waiting };
        Arc::new(Self(Mutex::new(Inner { most, held: HashMap::new(), writing: 0, round: 0, waiting: Vec::new() })))
    }

    /// Other limits from now on. More room is given to those who wait at once; with less, who has a place keeps it.
    pub fn set(&self, each: Option<usize>, all: Option<usize>, waiting: Option<usize>) {
        let mut inner = self.lock();
        inner.most = Most { each, all, waiting };
        inner.call_next();
        inner.tell_positions();
    }

    /// Takes a place, where it may have to wait for its turn.
    pub fn enter(self: &Arc<Self>, running: &Arc<Running>) -> Result<Place> {
        let mut inner = self.lock();
        let held = inner.held.get(&running.owner_id).copied().unwrap_or_default();
        if let Some(most) = inner.most.each
            && held.writing + held.waiting >= most
        {
            return Err(Error::TooManyAnswers { most });
        }
        let place = |turn| Place { queue: Arc::clone(self), running: Arc::clone(running), turn };
        if inner.has_room() {
            let round = inner.next_round(running.owner_id);
            inner.writing += 1;
            let held = inner.held.entry(running.owner_id).or_default();
            held.writing += 1;
            held.round = round;
            return Ok(place(None));
        }
        if inner.most.waiting.is_some_and(|most| inner.waiting.len() >= most) {
            return Err(Error::QueueFull);
        }
        let (turn, waits) = oneshot::channel();
        let round = inner.next_round(running.owner_id);
        let held = inner.held.entry(running.owner_id).or_default();
        held.waiting += 1;
        held.round = round;
        inner.waiting.push(Waiting { running: Arc::clone(running), round, position: 0, turn });
        inner.tell_positions();
        Ok(place(Some(waits)))
    }

    fn leave(&self, running: &Arc<Running>) {
        let mut inner = self.lock();
        // Not by the message's id: whoever asks twice to go on with one answer has entered it twice for a moment.
        let place = inner.waiting.iter().position(|waiting| Arc::ptr_eq(&waiting.running, running));
        match place {
            Some(place) => {
                inner.waiting.remove(place);
                inner.release(running.owner_id, |held| held.waiting -= 1);
            }
            None => {
                inner.writing -= 1;
                inner.release(running.owner_id, |held| held.writing -= 1);
                inner.call_next();
            }
        }
        inner.tell_positions();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// The round in which a person's next answer takes part: the present one for whoever has none, else one later for
    /// each that they have. So one person's many questions do not hold up another's only one, and a place in the queue
    /// that somebody was told gets worse only by a newcomer's earlier round.
    fn next_round(&self, owner_id: Uuid) -> u64 {
        self.held.get(&owner_id).map_or(self.round, |held| self.round.max(held.round + 1))
    }

    /// Who comes next, as places in `waiting`: by round, and in each by arrival.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.waiting.len()).collect();
        order.sort_by_key(|place| self.waiting[*place].round);
        order
    }

    fn has_room(&self) -> bool {
        self.most.all.is_none_or(|all| self.writing < all)
    }

    /// Calls as many as there is room for.
    fn call_next(&mut self) {
        while self.has_room() {
            let Some(next) = self.order().first().copied() else { return };
            let next = self.waiting.remove(next);
            self.writing += 1;
            self.round = next.round;
            let held = self.held.entry(next.running.owner_id).or_default();
            held.waiting -= 1;
            held.writing += 1;
            next.running.log.set_queued(None);
            // Should it have left in this very moment, its place comes back as soon as it is dropped.
            let _ = next.turn.send(());
        }
    }

    fn tell_positions(&mut self) {
        for (place, waiting) in self.order().into_iter().enumerate() {
            let waiting = &mut self.waiting[waiting];
            if waiting.position != place + 1 {
                waiting.position = place + 1;
                waiting.running.log.set_queued(Some(place + 1));
            }
        }
    }

    fn release(&mut self, owner_id: Uuid, change: impl FnOnce(&mut Held)) {
        let Some(held) = self.held.get_mut(&owner_id) else { return };
        change(held);
        if held.writing + held.waiting == 0 {
            self.held.remove(&owner_id);
        }
    }
}

impl Place {
    /// Waits until it is this answer's turn.
    pub async fn turn(&mut self) {
        if let Some(turn) = &mut self.turn {
            let _ = turn.await;
            self.turn = None;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.queue.leave(&self.running);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn answer(owner_id: Uuid) -> Arc<Running> {
        Arc::new(Running::new(clock::id(), clock::id(), clock::id(), owner_id))
    }

    fn has_turn(place: &mut Place) -> bool {
        place.turn.as_mut().is_none_or(|turn| turn.try_recv().is_ok())
    }

    #[test]
    fn a_person_has_so_many_and_the_rest_wait_fairly() {
        let queue = Queue::new(Some(3), Some(2), Some(3));
        let (ada, ben) = (clock::id(), clock::id());
        let first = queue.enter(&answer(ada)).unwrap();
        let second = queue.enter(&answer(ada)).unwrap();
        let mut third = queue.enter(&answer(ada)).unwrap();
        assert!(matches!(queue.enter(&answer(ada)), Err(Error::TooManyAnswers { most: 3 })));
        let mut other = queue.enter(&answer(ben)).unwrap();
        let mut last = queue.enter(&answer(ben)).unwrap();
        assert!(matches!(queue.enter(&answer(clock::id())), Err(Error::QueueFull)));
        assert!(!has_turn(&mut third) && !has_turn(&mut other));
        // Ben came later and has nothing yet, so he comes first.
        drop(first);
        assert!(has_turn(&mut other) && !has_turn(&mut third) && !has_turn(&mut last));
        // His second comes before her third.
        drop(second);
        assert!(has_turn(&mut last) && !has_turn(&mut third));
        drop((third, other, last));
        let inner = queue.lock();
        assert!(inner.writing == 0 && inner.waiting.is_empty() && inner.held.is_empty(), "{inner:?}");
    }

    #[test]
    fn one_that_leaves_the_queue_moves_the_others_up() {
        let queue = Queue::new(None, Some(1), None);
        let writing = queue.enter(&answer(clock::id())).unwrap();
        let leaving = queue.enter(&answer(clock::id())).unwrap();
        let mut waiting = queue.enter(&answer(clock::id())).unwrap();
        assert_eq!(queue.lock().waiting[1].position, 2);
        drop(leaving);
        assert_eq!(queue.lock().waiting[0].position, 1);
        assert!(!has_turn(&mut waiting));
        drop(writing);
        assert!(has_turn(&mut waiting));
    }

    #[test]
    fn a_second_try_at_the_same_answer_does_not_take_the_place_of_the_first() {
        let queue = Queue::new(None, Some(1), None);
        let writing = queue.enter(&answer(clock::id())).unwrap();
        let asked = answer(clock::id());
        let again = Arc::new(Running::new(asked.message_id, asked.question_id, asked.project_id, asked.owner_id));
        let mut waiting = queue.enter(&asked).unwrap();
        drop(queue.enter(&again).unwrap());
        assert!(!has_turn(&mut waiting) && queue.lock().waiting.len() == 1);
        drop(writing);
        assert!(has_turn(&mut waiting));
    }

    #[test]
    fn more_room_is_for_those_who_wait_and_less_throws_nobody_out() {
        let queue = Queue::new(None, Some(1), None);
        let enter = || queue.enter(&answer(clock::id())).unwrap();
        let (first, mut second, mut third, mut fourth) = (enter(), enter(), enter(), enter());
        queue.set(None, Some(3), None);
        assert!(has_turn(&mut second) && has_turn(&mut third) && !has_turn(&mut fourth));
        assert_eq!(queue.lock().waiting[0].position, 1);
        queue.set(Some(1), Some(1), Some(1));
        assert!(matches!(queue.enter(&answer(clock::id())), Err(Error::QueueFull)));
        assert!(matches!(queue.enter(&answer(fourth.running.owner_id)), Err(Error::TooManyAnswers { most: 1 })));
        // Three are written where one may be: two of them end before the next comes.
        drop((first, second));
        assert!(!has_turn(&mut fourth));
        drop(third);
        assert!(has_turn(&mut fourth));
        queue.set(None, None, None);
        let mut last = enter();
        assert!(has_turn(&mut last));
        drop((fourth, last));
        assert_eq!(queue.lock().writing, 0);
    }
}
