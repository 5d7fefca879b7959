//! Accepts a turn: stores the question and the empty answer in one transaction, before any model is asked.

use std::sync::Arc;

use sea_orm::{ActiveModelTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, PaginatorTrait, QuerySelect, Set};
use uuid::Uuid;

use super::queue::Place;
use super::running::Running;
use super::turn::{Asked, Request, Turn};
use super::{Chat, naming};
use crate::clock;
use crate::entity::message::{self, Role, Status};
use crate::entity::project::{self, NameSource};
use crate::entity::{answer_chunk, continuation};
use crate::error::{Error, Result};
use crate::failpoint;
use crate::llm::{Asker, FinishReason, Model};

/// A turn that is committed, the name that the conversation got by it, and the conversation as it was then.
pub(super) struct Accepted {
    pub(super) turn: Turn,
    pub(super) name: Option<String>,
    pub(super) project: project::Model,
    pub(super) model: Model,
    pub(super) place: Place,
}

/// Why a turn is not accepted.
pub(super) enum Refused {
    /// The conversation's last model, or the default where it has none, is not known without asking its provider, and
    /// nobody waits for that with the database locked.
    ModelNotKnown(Option<String>),
    /// Anything else.
    For(Error),
}

impl<E: Into<Error>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::For(error.into())
    }
}

/// Commits a turn, with the conversation's last model where none is given. Two indexes keep it single: one running answer
/// per conversation, one turn per client request.
pub(super) async fn accept(
    chat: &Chat,
    running: &Arc<Running>,
    request: &Request,
    asker: Asker,
    model: Option<Model>,
) -> Result<Accepted, Refused> {
    let transaction = chat.db.write().await?;
    // Of an account that was deactivated in this moment nothing more is asked: what runs by then is found and stopped.
    let project = project::Entity::usable_one(running.owner_id, running.project_id)
        .lock_exclusive()
        .one(&transaction)
        .await?
        .ok_or(Error::NotFound("conversation"))?;
    let known = || chat.catalog.known(project.model.as_deref(), asker);
    let Some(model) = model.or_else(known) else { return Err(Refused::ModelNotKnown(project.model)) };
    let counted = chat.pace.take(&running.owner_id).map_err(Error::TooOften);
    let (place, standing) = match counted.and_then(|standing| Ok((chat.queue.enter(running)?, standing))) {
        Ok(taken) => taken,
        // An index keeps answers apart, and whoever is merely second is to be told that.
        Err(refused) => {
            let other = message::Entity::running_in(project.id).one(&transaction).await?;
            return Err(other.map_or(refused, |other| Error::AnswerRunning { message_id: other.id }).into());
        }
    };
    let turn = match &request.asked {
        Asked::Continue { .. } => go_on(&transaction, running, request, &model).await?,
        _ => begin(&transaction, running, request, &model, &project).await?,
    };
    let turn = Turn { standing, ..turn };
    let name = match (&request.asked, project.name_source) {
        (Asked::New { content, .. }, NameSource::Default) => naming::from_words(content),
        _ => None,
    };
    let mut project = project.into_active_model();
    project.leaf_id = Set(Some(running.message_id));
    project.model = Set(Some(model.id.clone()));
    project.updated_at = Set(turn.answer.updated_at);
    if let Some(name) = &name {
        project.name = Set(name.clone());
        project.name_source = Set(NameSource::FirstWords);
    }
    let project = project.update(&transaction).await?;
    // Before the commit, so that whoever sees the rows also finds the answer.
    chat.answers.enter(running);
    failpoint::hit("turn.before_commit");
    chat.db.commit_unsynced(transaction).await?;
    failpoint::hit("turn.after_commit");
    Ok(Accepted { turn, name, project, model, place })
}

/// A question, new or old, and an empty answer to it.
async fn begin(
    transaction: &DatabaseTransaction,
    running: &Running,
    request: &Request,
    model: &Model,
    project: &project::Model,
) -> Result<Turn> {
    let (question, is_new) = question(transaction, running, request, project).await?;
    let again = matches!(request.asked, Asked::Again { .. });
    let answer = message::Model {
        id: running.message_id,
        parent_id: Some(question.id),
        role: Role::Assistant,
        status: Status::Running,
        model: Some(model.id.clone()),
        client_request_id: request.client_request_id.clone().filter(|_| again),
        ..message::Model::blank(running.message_id, running.project_id, running.owner_id)
    };
    // Both in one statement: the model is asked when they are stored.
    let new = [is_new.then(|| question.clone()), Some(answer.clone())].into_iter().flatten();
    message::Entity::insert_many(new.map(|message| message.into_active_model().reset_all()))
        .exec_without_returning(transaction)
        .await?;
    Ok(Turn { question, answer, standing: None })
}

/// An answer that was cut short, running again with the text it has.
async fn go_on(transaction: &DatabaseTransaction, running: &Running, request: &Request, model: &Model) -> Result<Turn> {
    let find = |id: Uuid| message::Entity::owned_one(running.owner_id, running.project_id, id).one(transaction);
    let answer = find(running.message_id).await?.ok_or(Error::NotFound("message"))?;
    let question = find(running.question_id).await?.ok_or(Error::NotFound("message"))?;
    may_go_on(&answer)?;
    if message::Entity::answers_to(answer.id).count(transaction).await? > 0 {
        return Err(Error::NotContinuable(
            "the conversation has gone on after this answer; answer the question once more instead, or edit it",
        ));
    }
    if answer.content.len() + answer.reasoning.as_ref().map_or(0, String::len) != running.log.begun() {
        // Continued by another request since it was read: that one has written, and ended.
        return Err(Error::Busy { retry_after: std::time::Duration::from_secs(1) });
    }
    if let Some(id) = &request.client_request_id {
        let continuation = continuation::Model {
            owner_id: running.owner_id,
            client_request_id: id.clone(),
            message_id: answer.id,
            created_at: clock::now(),
        };
        continuation::Entity::insert(continuation.into_active_model().reset_all())
            .exec_without_returning(transaction)
            .await?;
    }
    // None are left of an answer that ended; should there be, they would stand in the way of the new ones.
    answer_chunk::Entity::delete_of([answer.id]).exec(transaction).await?;
    let mut answer = answer.into_active_model();
    answer.status = Set(Status::Running);
    answer.model = Set(Some(model.id.clone()));
    answer.finish_reason = Set(None);
    answer.failure_code = Set(None);
    answer.failure_detail = Set(None);
    answer.retry_at = Set(None);
    answer.updated_at = Set(clock::now());
    Ok(Turn { question, answer: answer.update(transaction).await?, standing: None })
}

fn may_go_on(answer: &message::Model) -> Result<()> {
    match answer.status {
        Status::Stopped | Status::Interrupted | Status::Failed => Ok(()),
        Status::Complete if answer.finish_reason.as_deref() == Some(FinishReason::Length.as_str()) => Ok(()),
        Status::Complete => Err(Error::NotContinuable("this answer is complete; there is nothing to go on with")),
        Status::Running => Err(Error::AnswerRunning { message_id: answer.id }),
    }
}

/// The question of the turn, and whether it is new, and so still to be stored.
async fn question(
    transaction: &DatabaseTransaction,
    running: &Running,
    request: &Request,
    project: &project::Model,
) -> Result<(message::Model, bool)> {
    let find = |id: Uuid| message::Entity::owned_one(running.owner_id, running.project_id, id).one(transaction);
    let (parent_id, content) = match &request.asked {
        Asked::Again { .. } | Asked::Continue { .. } => {
            let question = find(running.question_id).await?.ok_or(Error::NotFound("message"))?;
            return Ok((question, false));
        }
        Asked::Edited { message_id, content } => {
            let original = find(*message_id).await?.ok_or(Error::NotFound("message"))?;
            if original.role != Role::User {
                return Err(Error::invalid("message_id", "only questions can be edited, and this is an answer"));
            }
            (original.parent_id, content)
        }
        Asked::New { parent_id: None, content } => (project.leaf_id, content),
        Asked::New { parent_id: Some(id), content } => {
            let parent = find(*id).await?;
            let parent =
                parent.ok_or_else(|| Error::invalid("parent_id", "there is no such message in this conversation"))?;
            if parent.role == Role::User {
                return Err(Error::invalid("parent_id", "a question follows an answer; this is a question"));
            }
            (Some(parent.id), content)
        }
    };
    let question = message::Model {
        id: running.question_id,
        parent_id,
        content: content.clone(),
        client_request_id: request.client_request_id.clone(),
        ..message::Model::blank(running.message_id, running.project_id, running.owner_id)
    };
    Ok((question, true))
}
