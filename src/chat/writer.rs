//! Stores answers: one writer commits what is new from all of them together.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QuerySelect, Set};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::log::Unstored;
use super::running::{Answers, Cause, Running};
use super::said::Said;
use super::timing::Timing;
use super::usage::Usage;
use super::{Ending, Outcome};
use crate::clock;
use crate::db::Db;
use crate::entity::answer_chunk::{self, Kind};
use crate::entity::message;
use crate::error::Trouble;
use crate::failpoint;

/// How far the database may be behind: in time …
const EVERY: Duration = Duration::from_millis(250);
/// … and in bytes of one answer.
pub const AT_ONCE: usize = 4 * 1024;
/// Endings that wait for the writer. Each running answer sends one, once.
const QUEUE: usize = 1024;
/// Rows in one statement, well below SQLite's limit on bound values.
const ROWS: usize = 500;
/// How long to wait after a failure.
const PAUSE: Duration = Duration::from_millis(200);
/// How long an ending that the database refuses is tried again before the answer is given up in memory; its row is
/// recovered at the next start. A database that is only in trouble is waited for without end.
const GIVE_UP: Duration = Duration::from_secs(600);

/// Hands answers to the writer.
#[derive(Clone, Debug)]
pub struct Writer {
    endings: mpsc::Sender<Finish>,
    nudge: Arc<Notify>,
}

#[derive(Debug)]
struct Finish {
    running: Arc<Running>,
    outcome: Outcome,
    stored: oneshot::Sender<Stored>,
    since: Instant,
}

/// What became of an ending.
#[derive(Debug)]
pub enum Stored {
    /// It is committed.
    Yes(Ending),
    /// The row is gone or was closed by somebody else.
    Gone,
    /// The database did not take it.
    Failed,
}

impl Writer {
    /// The writer's two halves: one to hand answers to, one to run as a task.
    pub fn new(db: Db, answers: Arc<Answers>) -> (Self, impl Future<Output = ()> + Send) {
        let (endings, queue) = mpsc::channel(QUEUE);
        let nudge = Arc::new(Notify::new());
        let work = Work { db, answers, queue, nudge: Arc::clone(&nudge), flushed: Instant::now(), failing: false };
        (Self { endings, nudge }, work.run())
    }

    /// Says that there is an answer to watch, or that one has much that is not stored.
    pub fn nudge(&self) {
        self.nudge.notify_one();
    }

    /// Stores the whole answer and its ending in one transaction, and returns after the commit.
    pub async fn finish(&self, running: &Arc<Running>, outcome: Outcome) -> Stored {
        let (stored, reply) = oneshot::channel();
        let finish = Finish { running: Arc::clone(running), outcome, stored, since: Instant::now() };
        if self.endings.send(finish).await.is_err() {
            return Stored::Failed;
        }
        reply.await.unwrap_or(Stored::Failed)
    }
}

struct Work {
    db: Db,
    answers: Arc<Answers>,
    queue: mpsc::Receiver<Finish>,
    nudge: Arc<Notify>,
    flushed: Instant,
    failing: bool,
}

impl Work {
    async fn run(mut self) {
        let mut endings = Vec::new();
        while self.wait(&mut endings).await {
            let flushing = if self.flushed.elapsed() >= EVERY || self.any_is_far_behind() {
                self.answers.all()
            } else {
                Vec::new()
            };
            if !flushing.is_empty() {
                self.flushed = Instant::now();
            }
            if let Err(error) = self.commit(&flushing, &mut endings).await {
                self.report(&error);
                // While nothing can be stored at all, every further try would only wait as long as this one has.
                if !matches!(Trouble::of(&error), Some(Trouble::Busy | Trouble::Away)) {
                    self.one_by_one(&mut endings).await;
                }
                // New endings may come in meanwhile; nothing else is worth waking for.
                sleep(PAUSE).await;
            } else {
                self.failing = false;
            }
        }
    }

    /// Waits for something to do; `false` when nobody can hand over anything more.
    async fn wait(&mut self, endings: &mut Vec<Finish>) -> bool {
        if endings.is_empty() {
            let due = self.flushed + EVERY;
            tokio::select! {
                ending = self.queue.recv() => match ending {
                    Some(ending) => endings.push(ending),
                    None => return false,
                },
                () = self.nudge.notified() => {}
                () = tokio::time::sleep_until(due), if !self.answers.is_empty() => {}
            }
        }
        while endings.len() < ROWS
            && let Ok(ending) = self.queue.try_recv()
        {
            endings.push(ending);
        }
        true
    }

    fn any_is_far_behind(&self) -> bool {
        self.answers.all().iter().any(|running| running.log.unstored_len() >= AT_ONCE)
    }

    /// Commits parts and endings together. On success the endings are answered and gone from the list.
    async fn commit(&self, flushing: &[Arc<Running>], endings: &mut Vec<Finish>) -> Result<(), DbErr> {
        let ends = |running: &Arc<Running>| endings.iter().any(|finish| Arc::ptr_eq(&finish.running, running));
        let parts: Vec<_> = flushing
            .iter()
            .filter(|running| !ends(running))
            .filter_map(|running| running.log.unstored().map(|(parts, end)| (running, parts, end)))
            .collect();
        if parts.is_empty() && endings.is_empty() {
            return Ok(());
        }
        let transaction = self.db.write().await?;
        let parts_of = parts.iter().map(|(running, ..)| running.message_id);
        let asked: HashSet<Uuid> = parts_of.chain(endings.iter().map(|finish| finish.running.message_id)).collect();
        let ours = still_running(&transaction, asked.into_iter().collect()).await?;
        let rows = parts
            .iter()
            .filter(|(running, ..)| ours.contains(&running.message_id))
            .flat_map(|(running, parts, _)| parts.iter().map(|part| chunk(running.message_id, part)))
            .collect();
        insert(&transaction, rows).await?;
        let results = self.store_all(&transaction, endings, &ours).await?;
        let reached = |place: &str| (!parts.is_empty()).then(|| failpoint::hit(place));
        reached("flush.before_commit");
        self.db.commit(transaction).await?;
        reached("flush.after_commit");

        for (running, _, end) in parts {
            if ours.contains(&running.message_id) {
                running.log.set_stored(end);
            } else {
                // Deleted, or closed by another process: whatever this one would add must not be seen by anyone.
                running.cancel(Cause::Gone);
            }
        }
        for (finish, result) in endings.drain(..).zip(results) {
            let _ = finish.stored.send(result.map_or(Stored::Gone, Stored::Yes));
        }
        Ok(())
    }

    /// Stores the endings of those that are still running, and removes their parts.
    async fn store_all(
        &self,
        transaction: &DatabaseTransaction,
        endings: &[Finish],
        ours: &HashSet<Uuid>,
    ) -> Result<Vec<Option<Ending>>, DbErr> {
        let mut results = Vec::with_capacity(endings.len());
        let mut ended = Vec::with_capacity(endings.len());
        for finish in endings {
            let id = finish.running.message_id;
            results.push(if self.goes_on(finish) {
                Some(ending(finish, &finish.running.log.said()))
            } else {
                ended.push(id);
                if ours.contains(&id) {
                    Some(store(transaction, finish).await?)
                } else {
                    stored_before(transaction, finish).await?
                }
            });
        }
        if !ended.is_empty() {
            answer_chunk::Entity::delete_of(ended).exec(transaction).await?;
        }
        Ok(results)
    }

    /// Whether the answer is being written by somebody else by now: continued after an earlier try has stored this ending
    /// unheard, or never begun by the one who ends it. Its row and its parts belong to that one. Asked while the rows are
    /// locked: whoever sets one to running is known here before.
    fn goes_on(&self, finish: &Finish) -> bool {
        let known = self.answers.get(finish.running.message_id);
        known.is_some_and(|known| !Arc::ptr_eq(&known, &finish.running))
    }

    /// After a failure, so that one bad row does not hold up the others.
    async fn one_by_one(&self, endings: &mut Vec<Finish>) {
        let mut left = Vec::new();
        for finish in endings.drain(..) {
            let mut one = vec![finish];
            let Err(error) = self.commit(&[], &mut one).await else { continue };
            let passes = Trouble::of(&error).is_some();
            for finish in one {
                if passes || finish.since.elapsed() < GIVE_UP {
                    left.push(finish);
                } else {
                    let _ = finish.stored.send(Stored::Failed);
                }
            }
        }
        *endings = left;
    }

    fn report(&mut self, error: &DbErr) {
        if self.failing {
            tracing::warn!(%error, "answers still cannot be stored; trying again");
        } else {
            tracing::error!(%error, "answers cannot be stored at the moment; they are kept in memory and tried again");
        }
        self.failing = true;
    }
}

/// Which of these answers still are what this process believes them to be.
async fn still_running(transaction: &DatabaseTransaction, ids: Vec<Uuid>) -> Result<HashSet<Uuid>, DbErr> {
    let mut found = HashSet::with_capacity(ids.len());
    for ids in ids.chunks(ROWS) {
        let rows: Vec<Uuid> = message::Entity::running()
            .filter(message::Column::Id.is_in(ids.iter().copied()))
            .select_only()
            .column(message::Column::Id)
            .lock(sea_orm::sea_query::LockType::Update)
            .into_tuple()
            .all(transaction)
            .await?;
        found.extend(rows);
    }
    Ok(found)
}

fn chunk(message_id: Uuid, part: &Unstored) -> answer_chunk::ActiveModel {
    answer_chunk::ActiveModel {
        message_id: Set(message_id),
        position: Set(i32::try_from(part.position).unwrap_or(i32::MAX)),
        kind: Set(part.kind),
        content: Set(part.content.clone()),
    }
}

async fn insert(transaction: &DatabaseTransaction, rows: Vec<answer_chunk::ActiveModel>) -> Result<(), DbErr> {
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let some: Vec<_> = rows.by_ref().take(ROWS).collect();
        // A try whose commit went unanswered may have stored them, and its last part may have grown since.
        let again = OnConflict::columns([answer_chunk::Column::MessageId, answer_chunk::Column::Position])
            .update_columns([answer_chunk::Column::Kind, answer_chunk::Column::Content])
            .to_owned();
        answer_chunk::Entity::insert_many(some).on_conflict(again).exec_without_returning(transaction).await?;
        failpoint::hit("flush.in_the_middle");
    }
    Ok(())
}

/// The ending, if an earlier try has stored it although its commit went unanswered.
async fn stored_before(transaction: &DatabaseTransaction, finish: &Finish) -> Result<Option<Ending>, DbErr> {
    let row = message::Entity::find_by_id(finish.running.message_id).one(transaction).await?;
    let ending = ending(finish, &finish.running.log.said());
    Ok(row.is_some_and(|row| row.status == ending.status && row.content == ending.content).then_some(ending))
}

fn ending(finish: &Finish, said: &Said) -> Ending {
    let running = &finish.running;
    let (finish_reason, usage) = match &finish.outcome {
        Outcome::Complete { reason, usage } => (Some(reason.as_str().to_owned()), *usage),
        _ => (None, None),
    };
    let begun = running.log.begun();
    let was_asked = finish_reason.is_some() || said.len() > begun;
    let estimate = || Usage::estimated(running.prompt_estimate.get().copied(), said, begun);
    let usage = match usage.or_else(|| was_asked.then(estimate)) {
        Some(usage) => Some(usage.and(running.spent)),
        None => running.spent,
    };
    let timing = Timing::of_part(running.begun_at, running.log.firsts(), finish.since).after(running.took);
    let failure = match &finish.outcome {
        Outcome::Failed(failure) => Some(failure.clone()),
        _ => None,
    };
    Ending {
        message_id: running.message_id,
        content: said.all(Kind::Text),
        status: finish.outcome.status(),
        finish_reason,
        usage,
        timing: Some(timing),
        failure,
    }
}

async fn store(transaction: &DatabaseTransaction, finish: &Finish) -> Result<Ending, DbErr> {
    let said = finish.running.log.said();
    let ending = ending(finish, &said);
    let mut row = message::ActiveModel {
        content: Set(ending.content.clone()),
        reasoning: Set(said.reasoning()),
        layout: Set(said.layout()),
        status: Set(ending.status),
        finish_reason: Set(ending.finish_reason.clone()),
        failure_code: Set(ending.failure.as_ref().map(|failure| failure.code.clone())),
        failure_detail: Set(ending.failure.as_ref().map(|failure| failure.detail.clone())),
        retry_at: Set(ending.failure.as_ref().and_then(|failure| failure.retry_at)),
        updated_at: Set(clock::now()),
        ..Default::default()
    };
    Usage::set(ending.usage, &mut row);
    if let Some(timing) = ending.timing {
        timing.set(&mut row);
    }
    message::Entity::update_many().set(row).filter(message::Column::Id.eq(ending.message_id)).exec(transaction).await?;
    failpoint::hit("finish.before_commit");
    Ok(ending)
}
