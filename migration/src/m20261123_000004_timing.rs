//! How long an answer took.

use sea_orm_migration::prelude::*;

use crate::columns::optional_integer;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column at a time.
        for column in [Messages::FirstTokenMs, Messages::ReasoningMs, Messages::DurationMs] {
            let add = Table::alter().table(Messages::Table).add_column(optional_integer(column)).to_owned();
            schema.alter_table(add).await?;
        }
        Ok(())
    }

    async fn down(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        for column in [Messages::FirstTokenMs, Messages::ReasoningMs, Messages::DurationMs] {
            schema.alter_table(Table::alter().table(Messages::Table).drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}

#[derive(DeriveIden)]
enum Messages {
    Table,
    FirstTokenMs,
    ReasoningMs,
    DurationMs,
}
