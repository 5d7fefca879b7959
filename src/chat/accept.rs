//! Accepts a turn: stores the question and the empty answer in one transaction, before any model is asked.

use sea_orm::{ActiveModelTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, QuerySelect, Set};
use uuid::Uuid;

use super::running::Running;
use super::turn::{Asked, Request, Turn};
use super::{Chat, naming};
use crate::entity::message::{self, Role, Status};
use crate::entity::project::{self, NameSource};
use crate::error::{Error, Result};
use crate::llm::Model;

/// A turn that is committed, the name that the conversation got by it, and the conversation as it was then.
pub(super) struct Accepted {
    pub(super) turn: Turn,
    pub(super) name: Option<String>,
    pub(super) project: project::Model,
}

/// Commits a turn. Two indexes keep it single: one running answer per conversation, one turn per client request.
pub(super) async fn accept(chat: &Chat, running: &Running, request: &Request, model: &Model) -> Result<Accepted> {
    let transaction = chat.db.write().await?;
    // Read again under the lock: it may have been deleted, renamed or answered since.
    let project = project::Entity::owned_one(running.owner_id, running.project_id)
        .lock_exclusive()
        .one(&transaction)
        .await?
        .ok_or(Error::NotFound("conversation"))?;
    let question = question(&transaction, running, request, &project).await?;
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
    let answer = insert(&transaction, answer).await?;
    let name = match (&request.asked, project.name_source) {
        (Asked::New { content, .. }, NameSource::Default) => naming::from_words(content),
        _ => None,
    };
    let mut project = project.into_active_model();
    project.leaf_id = Set(Some(running.message_id));
    project.model = Set(Some(model.id.clone()));
    project.updated_at = Set(answer.created_at);
    if let Some(name) = &name {
        project.name = Set(name.clone());
        project.name_source = Set(NameSource::FirstWords);
    }
    let project = project.update(&transaction).await?;
    transaction.commit().await?;
    Ok(Accepted { turn: Turn { question, answer }, name, project })
}

/// The question of the turn: found where it is an old one, stored where it is new.
async fn question(
    transaction: &DatabaseTransaction,
    running: &Running,
    request: &Request,
    project: &project::Model,
) -> Result<message::Model> {
    let find = |id: Uuid| message::Entity::owned_one(running.owner_id, running.project_id, id).one(transaction);
    let (parent_id, content) = match &request.asked {
        Asked::Again { .. } => return find(running.question_id).await?.ok_or(Error::NotFound("message")),
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
    Ok(insert(transaction, question).await?)
}

async fn insert(transaction: &DatabaseTransaction, message: message::Model) -> Result<message::Model, DbErr> {
    message::Entity::insert(message.clone().into_active_model().reset_all())
        .exec_without_returning(transaction)
        .await?;
    Ok(message)
}
