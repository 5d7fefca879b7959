//! Providers that administrators added in the settings.

use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;

/// A model server.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "providers")]
pub struct Model {
    /// Which one this is, for ever.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// What people see, and the first half of `provider/model`: without a slash.
    #[sea_orm(unique, column_type = "Text")]
    pub name: String,
    /// The address up to and including `/v1`.
    #[sea_orm(column_type = "Text")]
    pub base_url: String,
    /// The key, sealed for this row and the origin of its address.
    #[sea_orm(column_type = "Text", nullable)]
    pub api_key: Option<String>,
    /// How it wants to be asked to go on with an answer, where that is not to be found out.
    pub prefill: Option<Prefill>,
    /// How many tokens of a conversation its models can read.
    pub context_tokens: Option<i32>,
    /// Whom its models are offered to of which nothing else is said.
    pub offered_to: Audience,
    /// Whether it is asked at all.
    pub enabled: bool,
    /// When it was added.
    pub created_at: DateTimeUtc,
    /// When it was last changed.
    pub updated_at: DateTimeUtc,
}

/// Whom a model is offered to. Whoever it is not offered to is told the same as of one that does not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Audience {
    /// Nobody; it may still name conversations.
    #[sea_orm(string_value = "nobody")]
    Nobody,
    /// Administrators alone.
    #[sea_orm(string_value = "administrators")]
    Administrators,
    /// Everybody who is signed in.
    #[default]
    #[sea_orm(string_value = "everyone")]
    Everyone,
}

/// How a provider is asked to go on with an answer that was cut short, as the settings have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Prefill {
    /// In words.
    #[sea_orm(string_value = "none")]
    None,
    /// By a conversation that ends with the answer.
    #[sea_orm(string_value = "last_message")]
    LastMessage,
    /// By one whose last message is marked with `prefix`.
    #[sea_orm(string_value = "prefix")]
    Prefix,
    /// By one with `continue_final_message` beside it.
    #[sea_orm(string_value = "continue_final_message")]
    ContinueFinalMessage,
}

/// Relations are followed by the finders below, not by the library.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// All of them, the oldest first.
    pub fn in_order() -> Select<Self> {
        Self::find().order_by_asc(Column::Id)
    }

    /// Those with a key.
    pub fn with_keys() -> Select<Self> {
        Self::in_order().filter(Column::ApiKey.is_not_null())
    }
}
