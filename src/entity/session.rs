//! Sessions: what a person is signed in with. Deleting the row signs out.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::{QueryOrder, QuerySelect};

use super::user;

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
    /// What the browser or program called itself at the sign-in.
    #[sea_orm(column_type = "Text", nullable)]
    pub user_agent: Option<String>,
    /// The address that the sign-in came from.
    #[sea_orm(column_type = "Text", nullable)]
    pub address: Option<String>,
    /// When it was last used, to within some minutes; none in sessions from before this was kept, until they are used.
    pub last_seen_at: Option<DateTimeUtc>,
}

/// What a session belongs to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The person.
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
    /// The session with this id, if it is this person's and has not ended.
    pub fn valid(id: Uuid, user_id: Uuid, now: DateTimeUtc) -> Select<Self> {
        Self::find_by_id(id).filter(Column::UserId.eq(user_id)).filter(Column::ExpiresAt.gt(now))
    }

    /// A person's sessions that have not ended, newest first, from below one of them.
    pub fn living(user_id: Uuid, now: DateTimeUtc, below: Option<Uuid>) -> Select<Self> {
        let select = Self::find().filter(Column::UserId.eq(user_id)).filter(Column::ExpiresAt.gt(now));
        let select = below.into_iter().fold(select, |select, id| select.filter(Column::Id.lt(id)));
        select.order_by_desc(Column::Id)
    }

    /// Which of these sessions can still be used; the ids alone.
    pub fn living_among(ids: &[Uuid], now: DateTimeUtc) -> Select<Self> {
        let living = Self::find().filter(Column::Id.is_in(ids.iter().copied())).filter(Column::ExpiresAt.gt(now));
        let living = living.inner_join(user::Entity).filter(user::Column::DeactivatedAt.is_null());
        living.select_only().column(Column::Id)
    }

    /// Notes that these sessions were used, unless that was noted after `earlier`.
    pub fn note_use(ids: Vec<Uuid>, now: DateTimeUtc, earlier: DateTimeUtc) -> sea_orm::UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::LastSeenAt, Expr::value(now))
            .filter(Column::Id.is_in(ids))
            .filter(Column::LastSeenAt.is_null().or(Column::LastSeenAt.lte(earlier)))
    }

    /// Has a session end later, if it has not ended and would end earlier.
    pub fn extend(id: Uuid, now: DateTimeUtc, end: DateTimeUtc) -> sea_orm::UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::ExpiresAt, Expr::value(end))
            .filter(Column::Id.eq(id))
            .filter(Column::ExpiresAt.gt(now))
            .filter(Column::ExpiresAt.lt(end))
    }

    /// One session of a person.
    pub fn delete_owned(user_id: Uuid, id: Uuid) -> sea_orm::DeleteMany<Self> {
        Self::delete_many().filter(Column::UserId.eq(user_id)).filter(Column::Id.eq(id))
    }

    /// How many sessions these people have that have not ended.
    pub fn count_of(user_ids: impl Iterator<Item = Uuid>, now: DateTimeUtc) -> Select<Self> {
        Self::find()
            .select_only()
            .column(Column::UserId)
            .column_as(Column::Id.count(), "count")
            .filter(Column::UserId.is_in(user_ids))
            .filter(Column::ExpiresAt.gt(now))
            .group_by(Column::UserId)
    }

    /// Every session of a person but one.
    pub fn delete_others(user_id: Uuid, keep: Uuid) -> sea_orm::DeleteMany<Self> {
        Self::delete_many().filter(Column::UserId.eq(user_id)).filter(Column::Id.ne(keep))
    }

    /// Every session of a person.
    pub fn delete_of(user_id: Uuid) -> sea_orm::DeleteMany<Self> {
        Self::delete_many().filter(Column::UserId.eq(user_id))
    }

    /// Sessions that have ended by themselves.
    pub fn delete_ended(now: DateTimeUtc) -> sea_orm::DeleteMany<Self> {
        Self::delete_many().filter(Column::ExpiresAt.lte(now))
    }
}
