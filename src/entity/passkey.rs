//! Passkeys: what a person signs in with instead of a password (WebAuthn).

use sea_orm::entity::prelude::*;
use sea_orm::{DeleteMany, QueryOrder};

/// A passkey. The key itself never leaves the person's device; this is its public half.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "passkeys")]
pub struct Model {
    /// What it is deleted by.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// What its owner calls it.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// What the device calls it, in base64url.
    #[sea_orm(unique, column_type = "Text")]
    pub credential_id: String,
    /// The public key, the counter of its uses and what else checks them, as JSON.
    #[sea_orm(column_type = "Text")]
    pub credential: String,
    /// When it was added.
    pub created_at: DateTimeUtc,
    /// When it was last signed in with.
    pub last_used_at: Option<DateTimeUtc>,
}

/// Relations are followed by the finders below, not by the library.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// A person's passkeys, newest first.
    pub fn owned_by(user_id: Uuid) -> Select<Self> {
        Self::find().filter(Column::UserId.eq(user_id)).order_by_desc(Column::Id)
    }

    /// One of a person's passkeys, by what the device calls it.
    pub fn of_device(user_id: Uuid, credential_id: &str) -> Select<Self> {
        Self::find().filter(Column::UserId.eq(user_id)).filter(Column::CredentialId.eq(credential_id))
    }

    /// One passkey of a person.
    pub fn delete_owned(user_id: Uuid, id: Uuid) -> DeleteMany<Self> {
        Self::delete_many().filter(Column::UserId.eq(user_id)).filter(Column::Id.eq(id))
    }

    /// Every passkey of a person.
    pub fn delete_all_owned(user_id: Uuid) -> DeleteMany<Self> {
        Self::delete_many().filter(Column::UserId.eq(user_id))
    }
}
