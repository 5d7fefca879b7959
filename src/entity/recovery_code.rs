//! Recovery codes: for whoever has lost their authenticator app or passkey. Using one deletes its row.

use sea_orm::DeleteMany;
use sea_orm::entity::prelude::*;

/// A recovery code. Only what it can be recognised by is kept.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recovery_codes")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// The SHA-256 of the code, in hexadecimal. A code is 140 random bits, so nothing slower is needed.
    #[sea_orm(column_type = "Text")]
    pub code_hash: String,
}

/// Relations are followed by the finders below, not by the library.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// A person's codes.
    pub fn owned_by(user_id: Uuid) -> Select<Self> {
        Self::find().filter(Column::UserId.eq(user_id))
    }

    /// One of a person's codes.
    pub fn delete_owned(user_id: Uuid, code_hash: &str) -> DeleteMany<Self> {
        Self::delete_all_owned(user_id).filter(Column::CodeHash.eq(code_hash))
    }

    /// Every code of a person.
    pub fn delete_all_owned(user_id: Uuid) -> DeleteMany<Self> {
        Self::delete_many().filter(Column::UserId.eq(user_id))
    }
}
