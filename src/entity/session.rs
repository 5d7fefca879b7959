//! Sessions: what a person is signed in with. Deleting the row signs out.

use sea_orm::entity::prelude::*;

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    /// Named by the token's `sid`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// When the person signed in.
    pub created_at: DateTimeUtc,
    /// When it ends by itself.
    pub expires_at: DateTimeUtc,
}

/// What a session belongs to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The person.
    #[sea_orm(belongs_to = "super::user::Entity", from = "Column::UserId", to = "super::user::Column::Id")]
    User,
}

impl Related<super::user::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The session with this id, if it is this person's and has not ended.
    pub fn valid(id: Uuid, user_id: Uuid, now: DateTimeUtc) -> Select<Self> {
        Self::find_by_id(id).filter(Column::UserId.eq(user_id)).filter(Column::ExpiresAt.gt(now))
    }

    /// Every session of a person but one.
    pub fn delete_others(user_id: Uuid, keep: Uuid) -> sea_orm::DeleteMany<Self> {
        Self::delete_many().filter(Column::UserId.eq(user_id)).filter(Column::Id.ne(keep))
    }

    /// Sessions that have ended by themselves.
    pub fn delete_ended(now: DateTimeUtc) -> sea_orm::DeleteMany<Self> {
        Self::delete_many().filter(Column::ExpiresAt.lte(now))
    }
}
