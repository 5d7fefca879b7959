//! The limits that administrators set, in place of those that the server is started with.

use sea_orm_migration::prelude::*;

use crate::columns::{text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        schema
            .create_table(
                Table::create()
                    .table(Limits::Table)
                    .col(text(Limits::Name).primary_key())
                    .col(ColumnDef::new(Limits::Value).big_integer().not_null())
                    .col(time(Limits::ChangedAt))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        schema.drop_table(Table::drop().table(Limits::Table).to_owned()).await
    }
}

#[derive(DeriveIden)]
enum Limits {
    Table,
    Name,
    Value,
    ChangedAt,
}
