//! A turn: a question is stored, a model is asked once, and the answer is written, whoever watches.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use sea_orm::{ActiveModelTrait, DbErr, EntityTrait, IntoActiveModel, QuerySelect, Set, SqlErr};
use uuid::Uuid;

use super::running::{Cause, Running};
use super::writer::{AT_ONCE, Stored};
use super::{Chat, Ending, Failure, Outcome, event, history, naming};
use crate::clock;
use crate::entity::answer_chunk::Kind;
use crate::entity::message::{self, Role, Status};
use crate::entity::project::{self, NameSource};
use crate::error::{Error, Result};
use crate::llm::{self, Model, Part};

/// How many messages of a branch are read for the model.
const BRANCH: u32 = 2000;
/// The longest `client_request_id`, in characters.
pub const LONGEST_REQUEST_ID: usize = 64;

/// What a person asks.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// The text.
    pub content: String,
    /// The client's own id of this request: the same one again gives the same turn.
    pub client_request_id: Option<String>,
    /// The message it replies to; the newest of the shown branch when absent.
    pub parent_id: Option<Uuid>,
    /// The model to ask.
    pub model: Option<String>,
}

/// A question and its answer.
#[derive(Clone, Debug)]
pub struct Turn {
    /// What was asked.
    pub question: message::Model,
    /// What is being answered, or was.
    pub answer: message::Model,
}

/// Starts a turn, or finds the one that this request started earlier.
///
/// When it returns, both messages are committed and the model is being asked.
pub async fn start(chat: &Chat, owner_id: Uuid, project_id: Uuid, mut question: Question) -> Result<Turn> {
    check(chat, &mut question)?;
    let project = find_project(chat, owner_id, project_id).await?;
    if let Some(id) = &question.client_request_id
        && let Some(turn) = requested(chat, owner_id, project_id, id).await?
    {
        return Ok(turn);
    }
    if chat.stopping.is_cancelled() {
        return Err(Error::ShuttingDown);
    }
    let model = choose_model(chat, &project, question.model.as_deref()).await?;
    let (question_id, answer_id) = (clock::id(), clock::id());
    let running = Arc::new(Running::new(answer_id, question_id, project_id, owner_id));
    // Entered before the commit, so that whoever sees the rows also finds the answer.
    chat.answers.enter(&running);
    let committed = commit(chat, owner_id, project_id, &running, &question, &model).await;
    let (turn, name) = match committed {
        Ok(committed) => committed,
        Err(error) => {
            chat.answers.leave(&running);
            return collided(chat, owner_id, project_id, &question, error).await;
        }
    };
    chat.answers.begin(&running);
    if let Some(name) = name {
        running.log.set_name(&name);
    }
    chat.writer.nudge();
    // From here on the turn is accepted: it runs on whether or not the one who asked is still there.
    chat.tasks.spawn(run(chat.clone(), running, turn.question.clone(), model));
    Ok(turn)
}

/// Cuts an answer short, keeping its text, and returns it as stored. Stopping a finished answer changes nothing.
pub async fn stop(chat: &Chat, owner_id: Uuid, project_id: Uuid, message_id: Uuid) -> Result<message::Model> {
    let find = || message::Entity::owned_one(owner_id, project_id, message_id).one(chat.db.reader());
    let message = find().await?.ok_or(Error::NotFound("message"))?;
    if message.role != Role::Assistant {
        return Err(Error::invalid("message_id", "only answers can be stopped, and this is a question"));
    }
    let Some(running) = chat.live(&message) else { return find().await?.ok_or(Error::NotFound("message")) };
    running.cancel(Cause::Stop);
    let _ = tokio::time::timeout(Duration::from_secs(10), running.finished()).await;
    find().await?.ok_or(Error::NotFound("message"))
}

fn check(chat: &Chat, question: &mut Question) -> Result<()> {
    // PostgreSQL cannot store U+0000, and nothing can show it.
    question.content = question.content.replace('\0', "\u{fffd}");
    if question.content.trim().is_empty() {
        return Err(Error::invalid("content", "there is nothing to ask; write something"));
    }
    if let Some(limit) = chat.longest_question
        && question.content.len() > limit
    {
        return Err(Error::invalid(
            "content",
            format!("a message has at most {limit} bytes, this one has {}", question.content.len()),
        ));
    }
    if let Some(id) = &question.client_request_id
        && (id.is_empty() || id.chars().count() > LONGEST_REQUEST_ID || id.contains(char::is_control))
    {
        return Err(Error::invalid(
            "client_request_id",
            format!("give 1 to {LONGEST_REQUEST_ID} printable characters, such as a UUID"),
        ));
    }
    Ok(())
}

async fn find_project(chat: &Chat, owner_id: Uuid, project_id: Uuid) -> Result<project::Model> {
    project::Entity::owned_one(owner_id, project_id).one(chat.db.reader()).await?.ok_or(Error::NotFound("conversation"))
}

/// The turn that a request of this id started.
async fn requested(chat: &Chat, owner_id: Uuid, project_id: Uuid, id: &str) -> Result<Option<Turn>> {
    let Some(question) = message::Entity::requested(owner_id, id).one(chat.db.reader()).await? else { return Ok(None) };
    if question.project_id != project_id {
        return Err(Error::ClientRequestReused);
    }
    let answer = message::Entity::answers_to(question.id).one(chat.db.reader()).await?;
    Ok(answer.map(|answer| Turn { question, answer }))
}

/// The model asked for; else the conversation's last one, if it is still offered; else the default.
async fn choose_model(chat: &Chat, project: &project::Model, asked: Option<&str>) -> Result<Model> {
    let unknown = |error: llm::Error| Error::ModelUnknown(error.to_string());
    if asked.is_some() {
        return chat.catalog.resolve(asked).await.map_err(unknown);
    }
    if let Some(last) = &project.model
        && let Ok(model) = chat.catalog.resolve(Some(last)).await
    {
        return Ok(model);
    }
    chat.catalog.resolve(None).await.map_err(unknown)
}

/// Stores the question and the empty answer in one transaction, before any model is asked.
async fn commit(
    chat: &Chat,
    owner_id: Uuid,
    project_id: Uuid,
    running: &Running,
    asked: &Question,
    model: &Model,
) -> Result<(Turn, Option<String>)> {
    let transaction = chat.db.write().await?;
    // Read again under the lock: it may have been deleted, renamed or answered since.
    let project = project::Entity::owned_one(owner_id, project_id)
        .lock_exclusive()
        .one(&transaction)
        .await?
        .ok_or(Error::NotFound("conversation"))?;
    let parent_id = match asked.parent_id {
        None => project.leaf_id,
        Some(id) => {
            let parent = message::Entity::owned_one(owner_id, project_id, id).one(&transaction).await?;
            let parent =
                parent.ok_or_else(|| Error::invalid("parent_id", "there is no such message in this conversation"))?;
            if parent.role == Role::User {
                return Err(Error::invalid("parent_id", "a question follows an answer; this is a question"));
            }
            Some(parent.id)
        }
    };
    let now = clock::now();
    let base = message::Model {
        id: running.question_id,
        project_id,
        owner_id,
        parent_id,
        role: Role::User,
        content: asked.content.clone(),
        reasoning: None,
        layout: None,
        status: Status::Complete,
        model: None,
        client_request_id: asked.client_request_id.clone(),
        finish_reason: None,
        failure_code: None,
        failure_detail: None,
        retry_at: None,
        prompt_tokens: None,
        completion_tokens: None,
        reasoning_tokens: None,
        created_at: now,
        updated_at: now,
    };
    let answer = message::Model {
        id: running.message_id,
        parent_id: Some(running.question_id),
        role: Role::Assistant,
        content: String::new(),
        status: Status::Running,
        model: Some(model.id.clone()),
        client_request_id: None,
        ..base.clone()
    };
    let question = insert(&transaction, base).await?;
    let answer = insert(&transaction, answer).await?;
    let name = match project.name_source {
        NameSource::Default => naming::from_words(&asked.content),
        _ => None,
    };
    let mut project = project.into_active_model();
    project.leaf_id = Set(Some(running.message_id));
    project.model = Set(Some(model.id.clone()));
    project.updated_at = Set(now);
    if let Some(name) = &name {
        project.name = Set(name.clone());
        project.name_source = Set(NameSource::FirstWords);
    }
    project.update(&transaction).await?;
    transaction.commit().await?;
    Ok((Turn { question, answer }, name))
}

async fn insert(transaction: &sea_orm::DatabaseTransaction, message: message::Model) -> Result<message::Model, DbErr> {
    message::Entity::insert(message.clone().into_active_model().reset_all())
        .exec_without_returning(transaction)
        .await?;
    Ok(message)
}

/// A unique index refused the turn: it is either the same request again or a second answer at once.
async fn collided(chat: &Chat, owner_id: Uuid, project_id: Uuid, asked: &Question, error: Error) -> Result<Turn> {
    let Error::Database(database) = &error else { return Err(error) };
    if !matches!(database.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) {
        return Err(error);
    }
    if let Some(id) = &asked.client_request_id
        && let Some(turn) = requested(chat, owner_id, project_id, id).await?
    {
        return Ok(turn);
    }
    match message::Entity::running_in(project_id).one(chat.db.reader()).await? {
        Some(running) => Err(Error::AnswerRunning { message_id: running.id }),
        // It ended in this very moment; the next try will find the way free.
        None => Err(Error::Busy { retry_after: Duration::from_secs(1) }),
    }
}

/// Writes one answer from the first word to the stored end.
async fn run(chat: Chat, running: Arc<Running>, question: message::Model, model: Model) {
    let written = AssertUnwindSafe(write(&chat, &running, &question, model)).catch_unwind();
    let outcome = tokio::select! {
        biased;
        outcome = running.cancelled() => outcome,
        outcome = written => outcome.unwrap_or_else(|_| {
            tracing::error!(message_id = %running.message_id, "a panic ended an answer");
            internal_failure()
        }),
    };
    let ending = match store(&chat, &running, outcome).await {
        Stored::Yes(ending) => ending,
        Stored::Gone => lost(&running, "deleted", "the conversation was deleted while the answer was being written"),
        Stored::Failed => {
            lost(&running, "internal", "the answer could not be stored; reload the page to see what was kept")
        }
    };
    chat.answers.leave(&running);
    running.log.close(event::closing(&ending));
    running.set_finished();
}

async fn write(chat: &Chat, running: &Running, question: &message::Model, model: Model) -> Outcome {
    let branch = match message::Entity::branch(chat.db.reader(), question.project_id, question.id, BRANCH).await {
        Ok(branch) => branch,
        Err(error) => {
            tracing::error!(%error, "a conversation could not be read");
            return internal_failure();
        }
    };
    let messages = history::messages(&branch);
    drop(branch);
    let request = llm::Request { model, messages, max_tokens: None, temperature: None };
    let mut answer = match chat.catalog.answer(request).await {
        Ok(answer) => answer,
        Err(error) => return failed(&error),
    };
    let mut parts = Vec::new();
    loop {
        let step = answer.next(&mut parts).await;
        running.log.append(parts.iter().map(|part| match part {
            Part::Text(text) => (Kind::Text, text.as_str()),
            Part::Reasoning(text) => (Kind::Reasoning, text.as_str()),
        }));
        parts.clear();
        if running.log.unstored_len() >= AT_ONCE {
            chat.writer.nudge();
        }
        match step {
            Ok(None) => {}
            Ok(Some(finish)) => return Outcome::Complete { reason: finish.reason, usage: finish.usage },
            Err(error) => return failed(&error),
        }
    }
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
        failure: Some(Failure { code: code.to_owned(), detail: detail.to_owned(), retry_at: None }),
    }
}
