//! Authenticator apps, which show codes that change with time (RFC 6238). A person has at most one.

use sea_orm::UpdateMany;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait as _;

/// An authenticator app.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "totp")]
pub struct Model {
    /// Whose it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    /// The secret that the app shares, sealed with a key that is not in the database.
    #[sea_orm(column_type = "Text")]
    pub sealed_secret: String,
    /// When the secret was made.
    pub created_at: DateTimeUtc,
    /// When a first code showed that the app has it; until then it is asked for at no sign-in.
    pub confirmed_at: Option<DateTimeUtc>,
    /// The step of time whose code was used last, in half minutes since 1970. It and those before it are worth nothing.
    pub last_step: Option<i64>,
}

/// Relations are followed by the finders below, not by the library.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// A person's app, if a code of it is asked for at the sign-in.
    pub fn confirmed(user_id: Uuid) -> Select<Self> {
        Self::find_by_id(user_id).filter(Column::ConfirmedAt.is_not_null())
    }

    /// Uses the code of a step up, with this secret. Of two at once one changes a row.
    pub fn spend(app: &Model, step: i64) -> UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::LastStep, Expr::value(step))
            .filter(Column::UserId.eq(app.user_id))
            .filter(Column::SealedSecret.eq(app.sealed_secret.as_str()))
            .filter(Column::LastStep.is_null().or(Column::LastStep.lt(step)))
    }

    /// Notes that the app has its secret, unless that is known.
    pub fn confirm(user_id: Uuid, now: DateTimeUtc) -> UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::ConfirmedAt, Expr::value(now))
            .filter(Column::UserId.eq(user_id))
            .filter(Column::ConfirmedAt.is_null())
    }
}
