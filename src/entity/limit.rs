//! Limits that administrators set. One that has no row is what the server was started with.

use sea_orm::entity::prelude::*;
use sea_orm::{DeleteMany, InsertMany, IntoActiveModel, sea_query};

/// A limit.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "limits")]
pub struct Model {
    /// Which one: a word of the API.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub name: String,
    /// How much; 0 lifts it.
    pub value: i64,
    /// When it was set.
    pub changed_at: DateTimeUtc,
}

/// Relations are followed by the finders below, not by the library.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Sets limits, whether or not they were set before.
    pub fn put(limits: Vec<Model>) -> InsertMany<ActiveModel> {
        let again =
            sea_query::OnConflict::column(Column::Name).update_columns([Column::Value, Column::ChangedAt]).to_owned();
        Self::insert_many(limits.into_iter().map(|limit| limit.into_active_model().reset_all())).on_conflict(again)
    }

    /// Takes limits back.
    pub fn take_back(names: Vec<&str>) -> DeleteMany<Self> {
        Self::delete_many().filter(Column::Name.is_in(names))
    }
}
