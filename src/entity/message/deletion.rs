//! Deleting messages, however long their conversation is.
//!
//! A message takes along what replies to it: that is a rule of the database. SQLite follows it from reply to reply, each step
//! inside the one before, in a time that grows with the square of the depth, and gives up at a thousand. So there replies are
//! deleted before what they reply to, and the rule finds nothing left. PostgreSQL follows it step by step, however deep.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, QuerySelect, Statement};

use super::{BELOW, Column, Entity};

/// How many are deleted in one statement, which takes them in an order of its own.
const AT_ONCE: usize = 16;
/// How many messages a conversation may have that is left to the rule.
const FEW: i32 = 64;

impl Entity {
    /// Deletes a message of a conversation and everything below it.
    pub async fn delete_branch(transaction: &DatabaseTransaction, project_id: Uuid, top: Uuid) -> Result<(), DbErr> {
        if !is_step_in_step(transaction) {
            return Self::delete_by_id(top).exec(transaction).await.map(drop);
        }
        let sql = format!("{BELOW} SELECT id FROM below");
        let values = [top.into(), project_id.into()];
        let statement = Statement::from_sql_and_values(transaction.get_database_backend(), sql, values);
        let rows = transaction.query_all_raw(statement).await?;
        let below: Vec<Uuid> = rows.iter().map(|row| row.try_get("", "id")).collect::<Result<_, _>>()?;
        delete(transaction, below).await
    }

    /// Deletes the messages of a conversation that is deleted next, where that would not do.
    pub async fn delete_of_project(transaction: &DatabaseTransaction, project_id: Uuid) -> Result<(), DbErr> {
        if !is_step_in_step(transaction) {
            return Ok(());
        }
        let all = Self::find().filter(Column::ProjectId.eq(project_id)).select_only().column(Column::Id);
        delete(transaction, all.into_tuple().all(transaction).await?).await
    }

    /// Deletes the messages of a person who is deleted next, where that would not do.
    pub async fn delete_of_person(transaction: &DatabaseTransaction, owner_id: Uuid) -> Result<(), DbErr> {
        if !is_step_in_step(transaction) {
            return Ok(());
        }
        let long = Self::find()
            .filter(Column::OwnerId.eq(owner_id))
            .select_only()
            .column(Column::ProjectId)
            .group_by(Column::ProjectId)
            .having(Column::Id.count().gt(FEW));
        let long: Vec<Uuid> = long.into_tuple().all(transaction).await?;
        for project_id in long {
            Self::delete_of_project(transaction, project_id).await?;
        }
        Ok(())
    }
}

/// Deletes messages, the newest first: a reply is always newer than what it replies to.
async fn delete(transaction: &DatabaseTransaction, mut ids: Vec<Uuid>) -> Result<(), DbErr> {
    ids.sort_unstable_by(|one, other| other.cmp(one));
    for ids in ids.chunks(AT_ONCE) {
        Entity::delete_many().filter(Column::Id.is_in(ids.iter().copied())).exec(transaction).await?;
    }
    Ok(())
}

/// Whether the database follows its rule from reply to reply, each step inside the one before.
fn is_step_in_step(transaction: &DatabaseTransaction) -> bool {
    transaction.get_database_backend() == DbBackend::Sqlite
}
