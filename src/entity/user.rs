//! People who can sign in.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait as _, Query};
use sea_orm::{Condition, DbBackend, QueryOrder};

use super::{api_key, session};
use crate::db::needle::Needle;

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    /// Who this is, for ever: the address may change, this does not.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The address, in lower case.
    #[sea_orm(unique, column_type = "Text")]
    pub email: String,
    /// What the person wants to be called.
    #[sea_orm(column_type = "Text", nullable)]
    pub name: Option<String>,
    /// The password's argon2id hash, in PHC form.
    #[sea_orm(column_type = "Text")]
    pub hashed_password: String,
    /// What the person may do.
    pub role: Role,
    /// When the account was made.
    pub created_at: DateTimeUtc,
    /// When it was last changed.
    pub updated_at: DateTimeUtc,
    /// Since when nobody can use it; none while it is active.
    pub deactivated_at: Option<DateTimeUtc>,
    /// When the person was last here, to within some minutes; none for who never was.
    pub last_seen_at: Option<DateTimeUtc>,
}

/// What a person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Role {
    /// Uses the application.
    #[sea_orm(string_value = "member")]
    Member,
    /// Runs it.
    #[sea_orm(string_value = "admin")]
    Admin,
}

impl Model {
    /// Whether the account can be used.
    pub fn is_active(&self) -> bool {
        self.deactivated_at.is_none()
    }

    /// Whether the person runs the application.
    pub fn is_administrator(&self) -> bool {
        self.role == Role::Admin && self.is_active()
    }
}

impl Role {
    /// What it is called.
    pub fn word(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
        }
    }
}

/// Relations are followed by the finders below, not by the library.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The account with this address, which must already be in lower case.
    pub fn with_email(email: &str) -> Select<Self> {
        Self::find().filter(Column::Email.eq(email))
    }

    /// Those who run the application.
    pub fn administrators() -> Select<Self> {
        Self::find().filter(Column::Role.eq(Role::Admin)).filter(Column::DeactivatedAt.is_null())
    }

    /// People, newest first, from below one of them.
    pub fn newest(below: Option<Uuid>) -> Select<Self> {
        let select = Self::find().order_by_desc(Column::Id);
        below.into_iter().fold(select, |select, id| select.filter(Column::Id.lt(id)))
    }

    /// Of these people only those whose address or name has a text.
    pub fn only_with(select: Select<Self>, needle: &Needle, backend: DbBackend) -> Select<Self> {
        let has = |column: Column| needle.is_in(Expr::col((Self, column)), backend);
        select.filter(Condition::any().add(has(Column::Email)).add(has(Column::Name)))
    }

    /// Notes that somebody was here.
    pub fn seen(id: Uuid, now: DateTimeUtc) -> sea_orm::UpdateMany<Self> {
        Self::update_many().col_expr(Column::LastSeenAt, Expr::value(now)).filter(Column::Id.eq(id))
    }

    /// Notes that the people behind these sessions and keys were here, unless that was noted after `earlier`.
    pub fn note_seen(
        sessions: Vec<Uuid>,
        keys: Vec<Uuid>,
        now: DateTimeUtc,
        earlier: DateTimeUtc,
    ) -> sea_orm::UpdateMany<Self> {
        let mut in_sessions = Query::select();
        in_sessions
            .column(session::Column::UserId)
            .from(session::Entity)
            .and_where(session::Column::Id.is_in(sessions));
        let mut with_keys = Query::select();
        with_keys.column(api_key::Column::UserId).from(api_key::Entity).and_where(api_key::Column::Id.is_in(keys));
        Self::update_many()
            .col_expr(Column::LastSeenAt, Expr::value(now))
            .filter(Column::Id.in_subquery(in_sessions).or(Column::Id.in_subquery(with_keys)))
            .filter(Column::LastSeenAt.is_null().or(Column::LastSeenAt.lte(earlier)))
    }
}
