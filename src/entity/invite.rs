//! Invitations: links that each make one account. Using one deletes its row.

use sea_orm::entity::prelude::*;
use sea_orm::{DeleteMany, QueryOrder};

use super::user;

/// An invitation. Its link is not kept, only what it can be recognised by.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invites")]
pub struct Model {
    /// What it is deleted by.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The SHA-256 of the whole token, in hexadecimal. A token is 256 random bits, so nothing slower is needed.
    #[sea_orm(unique, column_type = "Text")]
    pub token_hash: String,
    /// What the person it makes may do.
    pub role: user::Role,
    /// The administrator who made it; none for the link that a server without administrators prints.
    pub created_by: Option<Uuid>,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it ends.
    pub expires_at: DateTimeUtc,
}

/// Relations are followed by the finders below, not by the library.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The invitation with this hash, if it has not ended.
    pub fn with_hash(token_hash: &str, now: DateTimeUtc) -> Select<Self> {
        Self::find().filter(Column::TokenHash.eq(token_hash)).filter(Column::ExpiresAt.gt(now))
    }

    /// All that administrators made and that have not ended, newest first, from below one of them.
    pub fn of_administrators(now: DateTimeUtc, below: Option<Uuid>) -> Select<Self> {
        let select = Self::find().filter(Column::CreatedBy.is_not_null()).filter(Column::ExpiresAt.gt(now));
        let select = below.into_iter().fold(select, |select, id| select.filter(Column::Id.lt(id)));
        select.order_by_desc(Column::Id)
    }

    /// One that an administrator made.
    pub fn of_administrator(id: Uuid) -> Select<Self> {
        Self::find_by_id(id).filter(Column::CreatedBy.is_not_null())
    }

    /// Those that an administrator made.
    pub fn delete_made_by(user_id: Uuid) -> DeleteMany<Self> {
        Self::delete_many().filter(Column::CreatedBy.eq(user_id))
    }

    /// Those that have ended.
    pub fn delete_ended(now: DateTimeUtc) -> DeleteMany<Self> {
        Self::delete_many().filter(Column::ExpiresAt.lte(now))
    }

    /// The links that servers without administrators printed.
    pub fn delete_setup() -> DeleteMany<Self> {
        Self::delete_many().filter(Column::CreatedBy.is_null())
    }
}
