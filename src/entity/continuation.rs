//! The requests that continued an answer, so that the same request again does not continue it twice.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{QuerySelect, QueryTrait};

/// One request of a person to continue an answer.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "continuations")]
pub struct Model {
    /// Whose it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub owner_id: Uuid,
    /// The client's own id of the request.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub client_request_id: String,
    /// The answer that was continued.
    pub message_id: Uuid,
    /// When.
    pub created_at: DateTimeUtc,
}

/// Relations are followed by the finders below, not by the library.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The answer of the continuation that a person wanted under this id of their own.
    pub fn requested(owner_id: Uuid, client_request_id: &str) -> Select<Self> {
        Self::find()
            .select_only()
            .column(Column::MessageId)
            .filter(Column::OwnerId.eq(owner_id))
            .filter(Column::ClientRequestId.eq(client_request_id))
    }
    /// Whether no continuation was wanted under this id, as a condition.
    pub fn is_unused(owner_id: Uuid, client_request_id: &str) -> Expr {
        Expr::exists(Self::requested(owner_id, client_request_id).into_query()).not()
    }
}
