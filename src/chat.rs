//! What a conversation does: turns, and the answers that are being written.

mod accept;
mod allowance;
mod alone;
mod answer;
pub mod attachments;
pub mod branch;
pub mod cache;
pub mod changes;
pub mod event;
pub mod history;
pub mod log;
pub mod naming;
pub mod queue;
pub mod reader;
pub mod recovery;
pub mod running;
pub mod said;
pub mod search;
pub mod seen;
pub mod storage;
mod threads;
pub mod timing;
pub mod tokens;
pub mod turn;
pub mod usage;
pub mod writer;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::clock;
use crate::config::{AttachmentLimits, Limits, PromptCache};
use crate::db::Db;
use crate::entity::message::{self, Status};
use crate::llm::{Catalog, FinishReason};

use allowance::Allowance;
use cache::Cache;
use changes::Changes;
use queue::Queue;
use running::{Answers, Cause, Running};
use search::Search;
use seen::Seen;
use storage::Storage;
use threads::Threads;
use timing::Timing;
use usage::Usage;
use writer::Writer;

/// How long a stopping server tries to store what it has interrupted: a database that is away must not keep it from
/// ending …
const LAST_COMMITS: Duration = Duration::from_secs(5);
/// … within thirty seconds, the last of which are for connections and the database itself.
const GONE_WITHIN: Duration = Duration::from_secs(27);

/// Everything that turns need; cheap to clone.
#[derive(Clone)]
pub struct Chat {
    /// The database.
    pub db: Db,
    /// The models.
    pub catalog: Catalog,
    /// The answers that are being written.
    pub answers: Arc<Answers>,
    /// Who hears what changes in whose conversations.
    pub changes: Arc<Changes>,
    /// Looks through conversations.
    pub search: Arc<Search>,
    /// How much people have stored, and may.
    pub storage: Arc<Storage>,
    /// Conversations as they were seen last.
    pub seen: Seen,
    writer: Writer,
    threads: Threads,
    tasks: TaskTracker,
    /// Set when the server begins to stop: no new turns from then on.
    stopping: CancellationToken,
    allowance: Arc<Allowance>,
    queue: Arc<Queue>,
    cache: Option<Cache>,
    attachment_limits: AttachmentLimits,
    image_memory: attachments::Memory,
    names: naming::Underway,
    requests: alone::Requests,
}

impl Chat {
    /// Starts the writer and the threads for answers.
    pub fn start(db: Db, catalog: Catalog, limits: &Limits, prompt_cache: Option<&PromptCache>) -> Self {
        let answers = Arc::new(Answers::default());
        let (writer, work) = Writer::new(db.clone(), Arc::clone(&answers));
        tokio::spawn(work);
        Self {
            storage: Storage::new(db.clone(), limits.storage),
            db,
            catalog,
            answers,
            changes: Arc::default(),
            search: Arc::default(),
            seen: Seen::default(),
            writer,
            threads: Threads::start(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            allowance: Arc::new(Allowance::new(limits)),
            queue: Queue::new(limits.live_answers_each, limits.live_answers, limits.waiting_answers),
            cache: prompt_cache.map(Cache::new),
            attachment_limits: limits.attachments,
            image_memory: attachments::Memory::new(attachments::AT_ONCE),
            names: naming::Underway::default(),
            requests: alone::Requests::default(),
        }
    }

    /// Holds to other limits from now on. Who waits goes on where there is room now, and nobody is cut off.
    pub fn set_limits(&self, limits: &Limits) {
        self.allowance.set(limits);
        self.storage.set(limits.storage);
        self.queue.set(limits.live_answers_each, limits.live_answers, limits.waiting_answers);
    }

    /// Refuses new turns from now on.
    pub fn refuse_turns(&self) {
        self.stopping.cancel();
    }

    /// Lets running answers finish for a while, interrupts the rest, and returns when all are stored, or cannot be.
    pub async fn drain(&self, grace: Duration) {
        self.refuse_turns();
        self.tasks.close();
        if tokio::time::timeout(grace, self.tasks.wait()).await.is_err() {
            for running in self.answers.all() {
                running.cancel(Cause::Shutdown);
            }
            let left = LAST_COMMITS.min(GONE_WITHIN.saturating_sub(grace));
            if tokio::time::timeout(left, self.tasks.wait()).await.is_err() {
                tracing::error!("answers could not be stored before the end; the next start marks them as interrupted");
            }
        }
    }

    /// Cuts off the answers of a conversation that was deleted.
    pub fn forget_project(&self, project_id: Uuid) {
        self.seen.forget(project_id);
        for running in self.answers.of_project(project_id) {
            running.cancel(Cause::Gone);
        }
    }

    /// Stops the answers of a person whose account was deactivated; their text stays.
    pub fn stop_owner(&self, owner_id: Uuid) {
        for running in self.answers.of_owner(owner_id) {
            running.cancel(Cause::Stop);
        }
    }

    /// Cuts off the answers of a person who was deleted, and forgets what is cached of them.
    pub fn forget_owner(&self, owner_id: Uuid) {
        if let Some(cache) = &self.cache {
            cache.forget(owner_id);
        }
        self.seen.forget_owner(owner_id);
        self.storage.forget(owner_id);
        for running in self.answers.of_owner(owner_id) {
            running.cancel(Cause::Gone);
        }
    }

    /// The text of a message: as stored, or as far as it has come.
    pub fn content_of(&self, message: &message::Model) -> String {
        match self.live(message) {
            Some(running) => running.log.said().all(crate::entity::answer_chunk::Kind::Text),
            None => message.content.clone(),
        }
    }

    /// The running answer behind a message that says it is running.
    pub fn live(&self, message: &message::Model) -> Option<Arc<Running>> {
        (message.status == Status::Running).then(|| self.answers.get(message.id)).flatten()
    }
}

/// How an answer ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The model said all it had to say.
    Complete {
        /// Why it stopped.
        reason: FinishReason,
        /// What it cost, where that is known and not estimated.
        usage: Option<Usage>,
    },
    /// The person stopped it.
    Stopped,
    /// The server stopped in the middle of it.
    Interrupted,
    /// The provider failed.
    Failed(Failure),
    /// The conversation was deleted, or somebody else has closed the answer: there is nothing left to write to.
    Gone,
}

/// Why an answer failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// A stable word.
    pub code: String,
    /// A sentence for the person.
    pub detail: String,
    /// When it makes sense to ask again, where that is known.
    pub retry_at: Option<DateTime<Utc>>,
}

impl Failure {
    /// In how many seconds it makes sense to ask again, unless that time has come.
    pub fn retry_after(&self) -> Option<u64> {
        let left = (self.retry_at? - clock::now()).num_milliseconds();
        u64::try_from(left).ok().filter(|left| *left > 0).map(|left| left.div_ceil(1000))
    }
}

impl Outcome {
    /// How the message is marked.
    pub fn status(&self) -> Status {
        match self {
            Self::Complete { .. } => Status::Complete,
            Self::Stopped => Status::Stopped,
            Self::Interrupted | Self::Gone => Status::Interrupted,
            Self::Failed(_) => Status::Failed,
        }
    }
}

/// An answer as it stands: its text and what became of it.
#[derive(Clone, Debug)]
pub struct Ending {
    /// The answer.
    pub message_id: Uuid,
    /// The whole text.
    pub content: String,
    /// How it ended.
    pub status: Status,
    /// Why the model stopped.
    pub finish_reason: Option<String>,
    /// What it cost.
    pub usage: Option<Usage>,
    /// How long it took.
    pub timing: Option<Timing>,
    /// Why it failed.
    pub failure: Option<Failure>,
}

impl Ending {
    /// The ending of an answer that was finished earlier.
    pub fn of(message: &message::Model) -> Self {
        Self {
            message_id: message.id,
            content: message.content.clone(),
            // A row that says "running" although nobody writes it was left behind by a process that died.
            status: if message.status == Status::Running { Status::Interrupted } else { message.status },
            finish_reason: message.finish_reason.clone(),
            usage: Usage::of(message),
            timing: Timing::of(message),
            failure: failure_of(message),
        }
    }
}

/// Why an answer failed, as it is stored.
pub fn failure_of(message: &message::Model) -> Option<Failure> {
    let code = message.failure_code.clone()?;
    let detail = message.failure_detail.clone().unwrap_or_default();
    Some(Failure { code, detail, retry_at: message.retry_at })
}
