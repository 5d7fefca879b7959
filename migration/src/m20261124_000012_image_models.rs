//! What administrators say of single models and images.

use sea_orm_migration::prelude::*;

use crate::columns::optional_boolean;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let column = optional_boolean(ProviderModels::Images);
        schema.alter_table(Table::alter().table(ProviderModels::Table).add_column(column).to_owned()).await
    }

    async fn down(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let column = ProviderModels::Images;
        schema.alter_table(Table::alter().table(ProviderModels::Table).drop_column(column).to_owned()).await
    }
}

#[derive(DeriveIden)]
enum ProviderModels {
    Table,
    Images,
}
