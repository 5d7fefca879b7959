//! Where the counts of an answer's tokens come from, and the requests that continued an answer.

use sea_orm_migration::prelude::*;

use crate::columns::{id, optional_text, text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        schema
            .alter_table(
                Table::alter().table(Messages::Table).add_column(optional_text(Messages::UsageSource)).to_owned(),
            )
            .await?;
        // Counts that were stored before this column were all a provider's own.
        schema
            .get_connection()
            .execute_unprepared(
                "UPDATE messages SET usage_source = 'provider' \
                 WHERE prompt_tokens IS NOT NULL OR completion_tokens IS NOT NULL OR reasoning_tokens IS NOT NULL",
            )
            .await?;
        schema
            .create_table(
                Table::create()
                    .table(Continuations::Table)
                    .col(id(Continuations::OwnerId))
                    .col(text(Continuations::ClientRequestId))
                    .col(id(Continuations::MessageId))
                    .col(time(Continuations::CreatedAt))
                    .primary_key(Index::create().col(Continuations::OwnerId).col(Continuations::ClientRequestId))
                    .foreign_key(
                        ForeignKey::create()
                            .from(Continuations::Table, Continuations::OwnerId)
                            .to(Alias::new("users"), Alias::new("id"))
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .foreign_key(
                        ForeignKey::create()
                            .from(Continuations::Table, Continuations::MessageId)
                            .to(Messages::Table, Messages::Id)
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .to_owned(),
            )
            .await?;
        // Deleting a message looks for what refers to it.
        schema
            .create_index(
                Index::create()
                    .name("continuations_of_message")
                    .table(Continuations::Table)
                    .col(Continuations::MessageId)
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        schema.drop_table(Table::drop().table(Continuations::Table).to_owned()).await?;
        schema.alter_table(Table::alter().table(Messages::Table).drop_column(Messages::UsageSource).to_owned()).await
    }
}

#[derive(DeriveIden)]
enum Messages {
    Table,
    Id,
    UsageSource,
}

#[derive(DeriveIden)]
enum Continuations {
    Table,
    OwnerId,
    ClientRequestId,
    MessageId,
    CreatedAt,
}
