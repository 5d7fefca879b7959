//! Links with which people set a new password. Using one deletes its row.

use sea_orm::DeleteMany;
use sea_orm::entity::prelude::*;

use super::user;

/// A link. It is not kept itself, only what it can be recognised by.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "password_resets")]
pub struct Model {
    /// Whose password it sets. Everybody has one link at most.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    /// The SHA-256 of the whole token, in hexadecimal. A token is 256 random bits, so nothing slower is needed.
    #[sea_orm(unique, column_type = "Text")]
    pub token_hash: String,
    /// The administrator who made it.
    pub created_by: Uuid,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it ends.
    pub expires_at: DateTimeUtc,
}

/// What a link belongs to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The person whose password it sets.
    #[sea_orm(belongs_to = "super::user::Entity", from = "Column::UserId", to = "super::user::Column::Id")]
    User,
}

impl Related<user::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The link with this hash, if it has not ended.
    pub fn with_hash(token_hash: &str, now: DateTimeUtc) -> Select<Self> {
        Self::find().filter(Column::TokenHash.eq(token_hash)).filter(Column::ExpiresAt.gt(now))
    }

    /// The link with this hash.
    pub fn delete_with_hash(token_hash: &str) -> DeleteMany<Self> {
        Self::delete_many().filter(Column::TokenHash.eq(token_hash))
    }

    /// Those that an administrator made.
    pub fn delete_made_by(user_id: Uuid) -> DeleteMany<Self> {
        Self::delete_many().filter(Column::CreatedBy.eq(user_id))
    }

    /// Those that have ended.
    pub fn delete_ended(now: DateTimeUtc) -> DeleteMany<Self> {
        Self::delete_many().filter(Column::ExpiresAt.lte(now))
    }
}
