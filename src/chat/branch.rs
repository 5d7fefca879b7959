//! The branches of a conversation: which one is shown, and taking one away.

use sea_orm::{ActiveModelTrait, DatabaseTransaction, IntoActiveModel, QuerySelect, Set};
use uuid::Uuid;

use super::Chat;
use super::changes::Change;
use super::running::Cause;
use crate::clock;
use crate::entity::message;
use crate::entity::project;
use crate::entity::stored;
use crate::error::{Error, Result};

/// The newest message below one of a conversation: the end of the branch to show. The conversation is locked until the
/// transaction ends.
pub async fn end_below(
    transaction: &DatabaseTransaction,
    owner_id: Uuid,
    project_id: Uuid,
    message_id: Uuid,
) -> Result<Option<Uuid>> {
    locked(transaction, owner_id, project_id).await?;
    message::Entity::owned_one(owner_id, project_id, message_id)
        .one(transaction)
        .await?
        .ok_or_else(|| Error::invalid("active_message_id", "there is no such message in this conversation"))?;
    Ok(message::Entity::newest_below(transaction, project_id, Some(message_id)).await?)
}

/// Deletes a message with everything below it, and shows what is left.
pub async fn delete(chat: &Chat, owner_id: Uuid, project_id: Uuid, message_id: Uuid) -> Result<()> {
    let transaction = chat.db.write().await?;
    let project = locked(&transaction, owner_id, project_id).await?;
    let doomed = message::Entity::owned_one(owner_id, project_id, message_id)
        .one(&transaction)
        .await?
        .ok_or(Error::NotFound("message"))?;
    let before = stored::in_project(&transaction, project_id).await?;
    let writing = message::Entity::running_in(project_id).one(&transaction).await?;
    message::Entity::delete_branch(&transaction, project_id, doomed.id).await?;
    let mut gone = stored::in_project(&transaction, project_id).await?;
    gone += -before;
    let left_writing = message::Entity::running_in(project_id).one(&transaction).await?;
    let shown = match project.leaf_id {
        Some(leaf) => {
            message::Entity::owned_one(owner_id, project_id, leaf).one(&transaction).await?.map(|leaf| leaf.id)
        }
        None => None,
    };
    if shown.is_none() {
        // The shown branch went with it: what stands beside it comes to the front, else what it replied to.
        let left = message::Entity::newest_below(&transaction, project_id, doomed.parent_id).await?;
        let mut project = project.into_active_model();
        project.leaf_id = Set(left);
        project.updated_at = Set(clock::now());
        project.update(&transaction).await?;
    }
    chat.db.commit(transaction).await?;
    chat.storage.note(owner_id, gone);
    chat.seen.forget(project_id);
    chat.changes.publish(owner_id, Change::Changed(project_id));
    // Its own or one below it was being written: a row that is gone takes no more text. The rows say which, because an
    // answer is known before they are stored, and one that is stored after this deletion is none of its business.
    if left_writing.is_none()
        && let Some(running) = writing.and_then(|answer| chat.answers.get(answer.id))
    {
        running.cancel(Cause::Gone);
    }
    Ok(())
}

async fn locked(transaction: &DatabaseTransaction, owner_id: Uuid, project_id: Uuid) -> Result<project::Model> {
    project::Entity::owned_one(owner_id, project_id)
        .lock_exclusive()
        .one(transaction)
        .await?
        .ok_or(Error::NotFound("conversation"))
}
