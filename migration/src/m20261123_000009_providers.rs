//! Providers that administrators add in the settings, and what they say of single models.

use sea_orm_migration::prelude::*;

use crate::columns::{id, optional_integer, optional_text, text, time};

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
                    .table(Providers::Table)
                    .col(id(Providers::Id).primary_key())
                    .col(text(Providers::Name).unique_key())
                    .col(text(Providers::BaseUrl))
                    .col(optional_text(Providers::ApiKey))
                    .col(optional_text(Providers::Prefill))
                    .col(optional_integer(Providers::ContextTokens))
                    .col(text(Providers::OfferedTo))
                    .col(boolean(Providers::Enabled))
                    .col(time(Providers::CreatedAt))
                    .col(time(Providers::UpdatedAt))
                    .to_owned(),
            )
            .await?;
        schema
            .create_table(
                Table::create()
                    .table(ProviderModels::Table)
                    .col(id(ProviderModels::ProviderId))
                    .col(text(ProviderModels::Name))
                    .col(optional_text(ProviderModels::OfferedTo))
                    .col(optional_integer(ProviderModels::ContextTokens))
                    .col(boolean(ProviderModels::IsDefault))
                    .col(boolean(ProviderModels::IsNaming))
                    .primary_key(Index::create().col(ProviderModels::ProviderId).col(ProviderModels::Name))
                    .foreign_key(
                        ForeignKey::create()
                            .from(ProviderModels::Table, ProviderModels::ProviderId)
                            .to(Providers::Table, Providers::Id)
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .to_owned(),
            )
            .await?;
        // One default and one that names conversations, of all providers together.
        let only_one = |name: &str, column: ProviderModels| {
            Index::create()
                .name(name)
                .table(ProviderModels::Table)
                .col(column)
                .unique()
                .and_where(Expr::col(column).eq(true))
                .to_owned()
        };
        schema.create_index(only_one("provider_models_one_default", ProviderModels::IsDefault)).await?;
        schema.create_index(only_one("provider_models_one_naming", ProviderModels::IsNaming)).await
    }

    async fn down(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        schema.drop_table(Table::drop().table(ProviderModels::Table).to_owned()).await?;
        schema.drop_table(Table::drop().table(Providers::Table).to_owned()).await
    }
}

fn boolean(name: impl Iden + 'static) -> ColumnDef {
    ColumnDef::new(name.into_iden()).boolean().not_null().to_owned()
}

#[derive(DeriveIden)]
enum Providers {
    Table,
    Id,
    Name,
    BaseUrl,
    ApiKey,
    Prefill,
    ContextTokens,
    OfferedTo,
    Enabled,
    CreatedAt,
    UpdatedAt,
}

#[derive(Clone, Copy, DeriveIden)]
enum ProviderModels {
    Table,
    ProviderId,
    Name,
    OfferedTo,
    ContextTokens,
    IsDefault,
    IsNaming,
}
