//! After a crash: answers that nobody writes any more get the text that was stored, and are marked so.

use sea_orm::{ActiveModelTrait, IntoActiveModel, QuerySelect, Set};

use super::said::Said;
use super::usage::Usage;
use crate::clock;
use crate::db::Db;
use crate::entity::answer_chunk::{self, Kind};
use crate::entity::message::{self, Status};
use crate::error::Result;
use crate::failpoint;

/// Answers in one transaction.
const AT_ONCE: u64 = 50;

/// Marks every unfinished answer as interrupted, with its text, and returns how many there were.
///
/// Runs before the port opens. It never asks a model again: that would spend a person's money unasked.
pub async fn interrupt_unfinished(db: &Db) -> Result<usize> {
    let mut count = 0;
    loop {
        let transaction = db.write().await?;
        let unfinished = message::Entity::running().limit(AT_ONCE).all(&transaction).await?;
        if unfinished.is_empty() {
            return Ok(count);
        }
        count += unfinished.len();
        for message in unfinished {
            let id = message.id;
            // A continued answer has text from before.
            let mut said = Said::of(&message.content, message.reasoning.as_deref(), message.layout.as_deref());
            let begun = said.len();
            for chunk in answer_chunk::Entity::of(id).all(&transaction).await? {
                said.push(chunk.kind, &chunk.content);
            }
            said.crashed();
            let spent = Usage::of(&message);
            let usage = if said.len() > begun { Some(Usage::estimated(None, &said, begun).and(spent)) } else { spent };
            let mut message = message.into_active_model();
            Usage::set(usage, &mut message);
            message.content = Set(said.all(Kind::Text));
            message.reasoning = Set(said.reasoning());
            message.layout = Set(said.layout());
            message.status = Set(Status::Interrupted);
            message.updated_at = Set(clock::now());
            message.update(&transaction).await?;
            answer_chunk::Entity::delete_of([id]).exec(&transaction).await?;
        }
        failpoint::hit("recovery.before_commit");
        db.commit(transaction).await?;
        failpoint::hit("recovery.after_commit");
    }
}
