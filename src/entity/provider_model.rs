//! What administrators said of single models. A model of which nothing was said has no row.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, UpdateMany};

use super::provider::Audience;

/// A model of a provider.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "provider_models")]
pub struct Model {
    /// The provider.
    #[sea_orm(primary_key, auto_increment = false)]
    pub provider_id: Uuid,
    /// The name that the provider knows it by.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub name: String,
    /// Whom it is offered to; as the provider says where there is nothing.
    pub offered_to: Option<Audience>,
    /// How many tokens of a conversation it can read.
    pub context_tokens: Option<i32>,
    /// Whether it can be given images; as the provider says where there is nothing.
    pub images: Option<bool>,
    /// Whether it answers when none is chosen; one of all does.
    pub is_default: bool,
    /// Whether it names conversations; one of all does.
    pub is_naming: bool,
}

/// Relations are followed by the finders below, not by the library.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// One of which nothing is said yet.
    pub fn blank(provider_id: Uuid, name: String) -> Self {
        Self {
            provider_id,
            name,
            offered_to: None,
            context_tokens: None,
            images: None,
            is_default: false,
            is_naming: false,
        }
    }

    /// Whether nothing is said of it.
    pub fn is_blank(&self) -> bool {
        *self == Self::blank(self.provider_id, self.name.clone())
    }
}

impl Entity {
    /// All of them, in the order of their names.
    pub fn in_order() -> Select<Self> {
        Self::find().order_by_asc(Column::ProviderId).order_by_asc(Column::Name)
    }

    /// Those of one provider.
    pub fn of(provider_id: Uuid) -> Select<Self> {
        Self::in_order().filter(Column::ProviderId.eq(provider_id))
    }

    /// Takes a mark, of which there is one, from whichever has it.
    pub fn unmark(mark: Column) -> UpdateMany<Self> {
        Self::update_many().col_expr(mark, Expr::value(false)).filter(mark.eq(true))
    }
}
