//! The answers that this process is writing now.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Outcome;
use super::log::Log;
use super::said::Said;
use super::timing::Timing;
use super::usage::Usage;
use crate::entity::message;

/// An answer that is being written.
#[derive(Debug)]
pub struct Running {
    /// The answer.
    pub message_id: Uuid,
    /// The question it answers.
    pub question_id: Uuid,
    /// The conversation.
    pub project_id: Uuid,
    /// Whose it is.
    pub owner_id: Uuid,
    /// What has been said.
    pub log: Log,
    /// What it had cost before it was continued.
    pub spent: Option<Usage>,
    /// How long it had taken before it was continued.
    pub took: Option<Timing>,
    /// When it was begun, or continued.
    pub begun_at: Instant,
    /// Tokens that the model was sent, estimated; known once it is asked.
    pub prompt_estimate: OnceLock<u32>,
    cause: OnceLock<Cause>,
    cancelled: CancellationToken,
    finished: CancellationToken,
}

/// Why an answer is cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The person stopped it.
    Stop,
    /// The server is stopping.
    Shutdown,
    /// Its conversation is gone.
    Gone,
}

impl Running {
    /// An answer about which nothing has been said yet.
    pub fn new(message_id: Uuid, question_id: Uuid, project_id: Uuid, owner_id: Uuid) -> Self {
        Self {
            message_id,
            question_id,
            project_id,
            owner_id,
            log: Log::default(),
            spent: None,
            took: None,
            begun_at: Instant::now(),
            prompt_estimate: OnceLock::new(),
            cause: OnceLock::new(),
            cancelled: CancellationToken::new(),
            finished: CancellationToken::new(),
        }
    }

    /// An earlier answer that goes on.
    pub fn again(message: &message::Model, question_id: Uuid) -> Self {
        let said = Said::of(&message.content, message.reasoning.as_deref(), message.layout.as_deref());
        Self {
            log: Log::after(said),
            spent: Usage::of(message),
            took: Timing::of(message),
            ..Self::new(message.id, question_id, message.project_id, message.owner_id)
        }
    }

    /// Cuts it short; the first cause counts.
    pub fn cancel(&self, cause: Cause) {
        let _ = self.cause.set(cause);
        self.cancelled.cancel();
    }

    /// Waits until it is cut short and says how that leaves it.
    pub async fn cancelled(&self) -> Outcome {
        self.cancelled.cancelled().await;
        match self.cause.get() {
            Some(Cause::Stop) => Outcome::Stopped,
            Some(Cause::Shutdown) | None => Outcome::Interrupted,
            Some(Cause::Gone) => Outcome::Gone,
        }
    }

    /// Marks it as stored and closed.
    pub fn set_finished(&self) {
        self.finished.cancel();
    }

    /// Waits until it is stored and closed.
    pub async fn finished(&self) {
        self.finished.cancelled().await;
    }
}

/// Every answer that this process is writing.
#[derive(Debug, Default)]
pub struct Answers(Mutex<Maps>);

#[derive(Debug, Default)]
struct Maps {
    by_message: HashMap<Uuid, Arc<Running>>,
    by_project: HashMap<Uuid, Uuid>,
}

impl Answers {
    /// Enters an answer whose rows are about to be committed, so that nobody sees the rows without it. It takes the place
    /// of its own earlier part, should that not have left yet.
    pub fn enter(&self, running: &Arc<Running>) {
        self.lock().by_message.insert(running.message_id, Arc::clone(running));
    }

    /// Marks an answer as its conversation's live one, once its rows are committed.
    pub fn begin(&self, running: &Running) {
        self.lock().by_project.insert(running.project_id, running.message_id);
    }

    /// Forgets an answer, unless a continuation has taken its place.
    pub fn leave(&self, running: &Running) {
        let mut maps = self.lock();
        if maps.by_message.get(&running.message_id).is_none_or(|known| !std::ptr::eq(known.as_ref(), running)) {
            return;
        }
        maps.by_message.remove(&running.message_id);
        if maps.by_project.get(&running.project_id) == Some(&running.message_id) {
            maps.by_project.remove(&running.project_id);
        }
    }

    /// An answer by its message.
    pub fn get(&self, message_id: Uuid) -> Option<Arc<Running>> {
        self.lock().by_message.get(&message_id).cloned()
    }

    /// The live answer of a conversation.
    pub fn in_project(&self, project_id: Uuid) -> Option<Arc<Running>> {
        let maps = self.lock();
        maps.by_message.get(maps.by_project.get(&project_id)?).cloned()
    }

    /// A conversation's answers: also one whose rows are about to be committed, or have been a moment ago.
    pub fn of_project(&self, project_id: Uuid) -> Vec<Arc<Running>> {
        self.lock().by_message.values().filter(|running| running.project_id == project_id).cloned().collect()
    }

    /// A person's answers.
    pub fn of_owner(&self, owner_id: Uuid) -> Vec<Arc<Running>> {
        self.lock().by_message.values().filter(|running| running.owner_id == owner_id).cloned().collect()
    }

    /// Every answer.
    pub fn all(&self) -> Vec<Arc<Running>> {
        self.lock().by_message.values().cloned().collect()
    }

    /// Whether none is being written.
    pub fn is_empty(&self) -> bool {
        self.lock().by_message.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Maps> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
