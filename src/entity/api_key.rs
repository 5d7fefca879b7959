//! API keys: what programs call with in a person's name. Deleting the row revokes one.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::{QueryOrder, QuerySelect};

use super::user;

/// An API key. The key itself is not kept, only what it can be recognised by.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_keys")]
pub struct Model {
    /// What it is deleted by.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// What its owner calls it.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// What may be done with it.
    pub scope: Scope,
    /// Its first characters, for people to recognise it.
    #[sea_orm(column_type = "Text")]
    pub prefix: String,
    /// The SHA-256 of the whole key, in hexadecimal. A key is 256 random bits, so nothing slower is needed.
    #[sea_orm(unique, column_type = "Text")]
    pub token_hash: String,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it ends by itself; none for one that does not.
    pub expires_at: Option<DateTimeUtc>,
    /// When it was last used, to within some minutes; none for one that never was.
    pub last_used_at: Option<DateTimeUtc>,
}

/// What may be done with a key; each allows what those before it do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Scope {
    /// To look at things.
    #[sea_orm(string_value = "read")]
    Read,
    /// Everything a member does with conversations.
    #[sea_orm(string_value = "chat")]
    Chat,
    /// Running the application.
    #[sea_orm(string_value = "admin")]
    Admin,
}

impl Scope {
    /// What it is called.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Chat => "chat",
            Self::Admin => "admin",
        }
    }

    /// The most that a person may do, and so each of their keys.
    pub fn of(role: user::Role) -> Self {
        match role {
            user::Role::Member => Self::Chat,
            user::Role::Admin => Self::Admin,
        }
    }
}

/// What a key belongs to.
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
    /// The key with this hash, if it has not ended.
    pub fn with_hash(token_hash: &str, now: DateTimeUtc) -> Select<Self> {
        Self::living(now).filter(Column::TokenHash.eq(token_hash))
    }

    /// The key with this id, if it has not ended.
    pub fn valid(id: Uuid, now: DateTimeUtc) -> Select<Self> {
        Self::living(now).filter(Column::Id.eq(id))
    }

    /// Which of these keys can still be used; the ids alone.
    pub fn living_among(ids: &[Uuid], now: DateTimeUtc) -> Select<Self> {
        let living = Self::living(now).filter(Column::Id.is_in(ids.iter().copied()));
        let living = living.inner_join(user::Entity).filter(user::Column::DeactivatedAt.is_null());
        living.select_only().column(Column::Id)
    }

    fn living(now: DateTimeUtc) -> Select<Self> {
        Self::find().filter(Column::ExpiresAt.is_null().or(Column::ExpiresAt.gt(now)))
    }

    /// A person's keys, those that have ended too, newest first, from below one of them.
    pub fn owned_by(user_id: Uuid, below: Option<Uuid>) -> Select<Self> {
        let select = Self::find().filter(Column::UserId.eq(user_id));
        let select = below.into_iter().fold(select, |select, id| select.filter(Column::Id.lt(id)));
        select.order_by_desc(Column::Id)
    }

    /// Notes that these keys were used, unless that was noted after `earlier`.
    pub fn note_use(ids: Vec<Uuid>, now: DateTimeUtc, earlier: DateTimeUtc) -> sea_orm::UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::LastUsedAt, Expr::value(now))
            .filter(Column::Id.is_in(ids))
            .filter(Column::LastUsedAt.is_null().or(Column::LastUsedAt.lte(earlier)))
    }

    /// One key of a person.
    pub fn owned_one(user_id: Uuid, id: Uuid) -> Select<Self> {
        Self::find_by_id(id).filter(Column::UserId.eq(user_id))
    }
}
