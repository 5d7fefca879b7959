//! What a person's sessions are told apart by, and the conversations that are kept at the top.

use sea_orm_migration::prelude::*;

use crate::columns::{optional_text, optional_time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        // One column at a time: SQLite adds no two in one statement.
        for column in
            [optional_text(Sessions::UserAgent), optional_text(Sessions::Address), optional_time(Sessions::LastSeenAt)]
        {
            schema.alter_table(Table::alter().table(Sessions::Table).add_column(column).to_owned()).await?;
        }
        let pinned = ColumnDef::new(Projects::Pinned).boolean().not_null().default(false).to_owned();
        schema.alter_table(Table::alter().table(Projects::Table).add_column(pinned).to_owned()).await?;
        // The few that are pinned are found without a look at the others, and the others cost nothing here.
        schema
            .create_index(
                Index::create()
                    .name("projects_pinned")
                    .table(Projects::Table)
                    .col(Projects::OwnerId)
                    .col(Projects::UpdatedAt)
                    .col(Projects::Id)
                    .and_where(Expr::col(Projects::Pinned))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        schema.drop_index(Index::drop().name("projects_pinned").table(Projects::Table).to_owned()).await?;
        schema.alter_table(Table::alter().table(Projects::Table).drop_column(Projects::Pinned).to_owned()).await?;
        for column in [Sessions::LastSeenAt, Sessions::Address, Sessions::UserAgent] {
            schema.alter_table(Table::alter().table(Sessions::Table).drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}

#[derive(DeriveIden)]
enum Projects {
    Table,
    Id,
    OwnerId,
    UpdatedAt,
    Pinned,
}

#[derive(DeriveIden)]
enum Sessions {
    Table,
    UserAgent,
    Address,
    LastSeenAt,
}
