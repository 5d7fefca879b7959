//! Writes one answer: asks the model once, appends what it says to the log, and stores the end.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::FutureExt;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use uuid::Uuid;

use super::attachments::Share;
use super::cache::{self, Cache};
use super::changes::Change;
use super::queue::Place;
use super::running::Running;
use super::seen::{self, Branch};
use super::usage::Usage;
use super::writer::{AT_ONCE, Stored, Writer};
use super::{Chat, Ending, Failure, Outcome, attachments, event, history};
use crate::clock;
use crate::entity::answer_chunk::Kind;
use crate::entity::message::{self, Reach, Status};
use crate::entity::project;
use crate::entity::stored::Amount;
use crate::failpoint;
use crate::llm::{self, FinishReason, Model, Part};

/// How much of a branch is read for the model: more text than any model reads.
pub(super) const BRANCH: Reach = Reach { messages: 2000, bytes: 16 * 1024 * 1024 };

/// What is asked, of whom.
pub(super) struct Asking {
    /// The conversation as it was when the turn was accepted.
    pub(super) project: project::Model,
    /// The end of the branch that the model is told.
    pub(super) leaf_id: Uuid,
    /// That branch, newest message first, where it need not be read.
    pub(super) branch: Option<Branch>,
    /// The model.
    pub(super) model: Model,
    /// Whether an answer from the prompt cache will do: not for somebody who wants another one.
    pub(super) may_repeat: bool,
}

/// Writes one answer from the first word to the stored end.
///
/// It waits for the model for nearly all of its time, and what else it does is boxed, to be gone by then.
pub(super) async fn run(chat: Chat, running: Arc<Running>, mut place: Place, asking: Box<Asking>) {
    let listening = TaskTracker::new();
    let outcome = {
        let written = AssertUnwindSafe(async {
            place.turn().await;
            write(&chat, &running, &listening, asking).await
        })
        .catch_unwind();
        tokio::select! {
            biased;
            outcome = running.cancelled() => outcome,
            outcome = written => outcome.unwrap_or_else(|_| panicked(&running)),
        }
    };
    // Nothing may be said after the end, so whoever listens has to be gone first.
    listening.close();
    listening.wait().await;
    // The model is done with it: the next one's turn.
    drop(place);
    let ending = match Box::pin(store(&chat, &running, outcome)).await {
        Stored::Yes(ending) => {
            let bytes = running.log.len().saturating_sub(running.log.begun());
            chat.storage.note(running.owner_id, Amount { bytes: bytes as i64, conversations: 0 });
            ending
        }
        Stored::Gone => lost(&running, "deleted", "the conversation was deleted while the answer was being written"),
        Stored::Failed => {
            lost(&running, "internal", "the answer could not be stored; reload the page to see what was kept")
        }
    };
    failpoint::hit("finish.after_commit");
    chat.answers.leave(&running);
    running.log.close(event::closing(&ending));
    running.set_finished();
    chat.changes.publish(running.owner_id, Change::Changed(running.project_id));
}

async fn write(chat: &Chat, running: &Arc<Running>, listening: &TaskTracker, asking: Box<Asking>) -> Outcome {
    let may_repeat = asking.may_repeat;
    let Some(told) = Box::pin(request(chat, running, asking)).await else { return internal_failure() };
    let Some(cache) = &chat.cache else { return ask(chat, running, listening, told).await };
    let Some((key, told)) = key(running.owner_id, told).await else { return internal_failure() };
    if may_repeat && let Some(answer) = cache.get(&key) {
        return Box::pin(repeat(chat, running, &answer)).await;
    }
    let continues = running.log.begun() > 0;
    let outcome = ask(chat, running, listening, told).await;
    if let Outcome::Complete { reason: FinishReason::Stop, usage } = &outcome
        && !continues
    {
        let said = running.log.said();
        let usage = usage.unwrap_or_else(|| Usage::estimated(running.prompt_estimate.get().copied(), &said, 0));
        cache.put(key, said, usage);
    }
    outcome
}

/// What a model is told, and the memory that its images take.
struct Told {
    request: Box<llm::Request>,
    share: Option<Share>,
}

/// What answers to the same are kept by. Many megabytes of images are gone through on another thread.
async fn key(owner_id: Uuid, told: Told) -> Option<(cache::Key, Told)> {
    let has_images = told.share.is_some();
    let make = move || (Cache::key(owner_id, &told.request), told);
    if has_images { tokio::task::spawn_blocking(make).await.ok() } else { Some(make()) }
}

/// What the model is told.
async fn request(chat: &Chat, running: &Running, asking: Box<Asking>) -> Option<Told> {
    let Asking { project, leaf_id, branch, model, .. } = *asking;
    let branch = match branch {
        Some(branch) => Ok(seen::within(branch, BRANCH)),
        None => message::Entity::branch_without_reasoning(chat.db.reader(), project.id, leaf_id, BRANCH)
            .await
            .map(|branch| branch.into_iter().map(seen::told).collect()),
    };
    let branch: Arc<Branch> = match branch {
        Ok(branch) => Arc::new(branch),
        Err(error) => {
            tracing::error!(%error, "a conversation could not be read");
            return None;
        }
    };
    let parameters = project.parameters();
    let room = history::room(model.context_tokens, &parameters);
    let image_bytes = if model.images { attachments::SENT } else { 0 };
    let mut told = history::of_branch(project.system_prompt.as_deref(), &branch, room, image_bytes);
    if told.left_out > 0 {
        tracing::debug!(left_out = told.left_out, model = model.id, "a conversation is longer than its model can read");
    }
    let share = chat.image_memory.share(&told.images).await;
    if let Err(error) = attachments::put(&chat.db, told.images, &mut told.messages).await {
        tracing::error!(%error, "the images of a conversation could not be read");
        return None;
    }
    let _ = running.prompt_estimate.set(told.tokens);
    chat.seen.note_branch(project.id, branch);
    let request = Box::new(llm::Request { model, messages: told.messages, parameters });
    Some(Told { request, share })
}

/// Asks the model, once, and takes down what it says, in a task that does nothing else. Dropping this ends it.
async fn ask(chat: &Chat, running: &Arc<Running>, listening: &TaskTracker, told: Told) -> Outcome {
    let catalog = chat.catalog.clone();
    // Gone when the model has accepted.
    let asking = Box::pin(async move {
        let Told { request, share } = told;
        let answer = catalog.answer(*request).await;
        drop(share);
        answer
    });
    let listen = listening.track_future(listen(chat.writer.clone(), Arc::clone(running), asking));
    AbortOnDropHandle::new(tokio::spawn(listen)).await.unwrap_or_else(|_| panicked(running))
}

async fn listen(
    writer: Writer,
    running: Arc<Running>,
    asking: Pin<Box<impl Future<Output = Result<llm::Answer, llm::Error>>>>,
) -> Outcome {
    let mut answer = match asking.await {
        Ok(answer) => answer,
        Err(error) => return failed(&error),
    };
    let ended = answer.listen(|parts| {
        let unstored = running.log.append(parts.iter().map(|part| match part {
            Part::Text(text) => (Kind::Text, text.as_str()),
            Part::Reasoning(text) => (Kind::Reasoning, text.as_str()),
        }));
        if unstored >= AT_ONCE {
            writer.nudge();
        }
    });
    match ended.await {
        Ok(finish) => Outcome::Complete { reason: finish.reason, usage: finish.usage.map(Usage::reported) },
        Err(error) => failed(&error),
    }
}

fn panicked(running: &Running) -> Outcome {
    tracing::error!(message_id = %running.message_id, "a panic ended an answer");
    internal_failure()
}

/// Gives an answer from the prompt cache, as a stream like any other.
async fn repeat(chat: &Chat, running: &Running, answer: &cache::Answer) -> Outcome {
    for piece in answer.pieces() {
        if running.log.append([piece]) >= AT_ONCE {
            chat.writer.nudge();
        }
        tokio::task::yield_now().await;
    }
    Outcome::Complete { reason: FinishReason::Stop, usage: Some(answer.usage()) }
}

async fn store(chat: &Chat, running: &Arc<Running>, outcome: Outcome) -> Stored {
    if outcome == Outcome::Gone {
        return Stored::Gone;
    }
    chat.writer.finish(running, outcome).await
}

fn failed(error: &llm::Error) -> Outcome {
    // Without the message: a provider may quote the question in it. The person gets it, and their message keeps it.
    tracing::warn!(code = error.code(), "a model did not finish its answer");
    Outcome::Failed(Failure {
        code: error.code().to_owned(),
        detail: error.to_string(),
        retry_at: error.retry_after().and_then(|time| Some(clock::now() + chrono::Duration::from_std(time).ok()?)),
    })
}

fn internal_failure() -> Outcome {
    let detail = "something went wrong on the server while the answer was being written; it has been logged".to_owned();
    Outcome::Failed(Failure { code: "internal".to_owned(), detail, retry_at: None })
}

fn lost(running: &Running, code: &str, detail: &str) -> Ending {
    Ending {
        message_id: running.message_id,
        content: String::new(),
        status: Status::Failed,
        finish_reason: None,
        usage: None,
        timing: None,
        failure: Some(Failure { code: code.to_owned(), detail: detail.to_owned(), retry_at: None }),
    }
}
