//! The parts of answers that are still being written, in order. Finishing an answer removes them.

use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;

/// One part of an answer's log.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "answer_chunks")]
pub struct Model {
    /// The answer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub message_id: Uuid,
    /// Where in the log this part begins, in bytes.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    /// What it is a part of.
    pub kind: Kind,
    /// The part.
    #[sea_orm(column_type = "Text")]
    pub content: String,
}

/// What a part of the log belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Kind {
    /// The answer itself.
    #[sea_orm(string_value = "text")]
    Text,
    /// What the model thought.
    #[sea_orm(string_value = "reasoning")]
    Reasoning,
}

/// Relations are followed by the finders below, not by the library.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The parts of one answer, in order.
    pub fn of(message_id: Uuid) -> Select<Self> {
        Self::find().filter(Column::MessageId.eq(message_id)).order_by_asc(Column::Position)
    }

    /// Removes the parts of some answers.
    pub fn delete_of(message_ids: impl IntoIterator<Item = Uuid>) -> sea_orm::DeleteMany<Self> {
        Self::delete_many().filter(Column::MessageId.is_in(message_ids))
    }
}
