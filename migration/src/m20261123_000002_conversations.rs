//! Projects (conversations), their messages as a tree, and the parts of answers still being written.

use sea_orm_migration::prelude::*;

use crate::columns::{id, optional_id, optional_integer, optional_text, optional_time, text, time};

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
                    .table(Projects::Table)
                    .col(id(Projects::Id).primary_key())
                    .col(id(Projects::OwnerId))
                    .col(text(Projects::Name))
                    .col(text(Projects::NameSource))
                    .col(optional_text(Projects::Model))
                    .col(optional_text(Projects::SystemPrompt))
                    .col(optional_text(Projects::Parameters))
                    .col(optional_id(Projects::LeafId))
                    .col(time(Projects::CreatedAt))
                    .col(time(Projects::UpdatedAt))
                    .foreign_key(
                        ForeignKey::create()
                            .from(Projects::Table, Projects::OwnerId)
                            .to(Alias::new("users"), Alias::new("id"))
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .to_owned(),
            )
            .await?;
        // The list of conversations: one owner's, most recently used first, by keyset.
        schema
            .create_index(
                Index::create()
                    .name("projects_of_owner")
                    .table(Projects::Table)
                    .col(Projects::OwnerId)
                    .col(Projects::UpdatedAt)
                    .col(Projects::Id)
                    .to_owned(),
            )
            .await?;
        schema.create_table(messages()).await?;
        for index in message_indexes() {
            schema.create_index(index).await?;
        }
        schema
            .create_table(
                Table::create()
                    .table(AnswerChunks::Table)
                    .col(id(AnswerChunks::MessageId))
                    .col(ColumnDef::new(AnswerChunks::Position).integer().not_null())
                    .col(text(AnswerChunks::Kind))
                    .col(text(AnswerChunks::Content))
                    .primary_key(Index::create().col(AnswerChunks::MessageId).col(AnswerChunks::Position))
                    .foreign_key(
                        ForeignKey::create()
                            .from(AnswerChunks::Table, AnswerChunks::MessageId)
                            .to(Messages::Table, Messages::Id)
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        schema.drop_table(Table::drop().table(AnswerChunks::Table).to_owned()).await?;
        schema.drop_table(Table::drop().table(Messages::Table).to_owned()).await?;
        schema.drop_table(Table::drop().table(Projects::Table).to_owned()).await
    }
}

fn messages() -> TableCreateStatement {
    Table::create()
        .table(Messages::Table)
        .col(id(Messages::Id).primary_key())
        .col(id(Messages::ProjectId))
        .col(id(Messages::OwnerId))
        .col(optional_id(Messages::ParentId))
        .col(text(Messages::Role))
        .col(text(Messages::Content))
        .col(optional_text(Messages::Reasoning))
        .col(optional_text(Messages::Layout))
        .col(text(Messages::Status))
        .col(optional_text(Messages::Model))
        .col(optional_text(Messages::ClientRequestId))
        .col(optional_text(Messages::FinishReason))
        .col(optional_text(Messages::FailureCode))
        .col(optional_text(Messages::FailureDetail))
        .col(optional_time(Messages::RetryAt))
        .col(optional_integer(Messages::PromptTokens))
        .col(optional_integer(Messages::CompletionTokens))
        .col(optional_integer(Messages::ReasoningTokens))
        .col(time(Messages::CreatedAt))
        .col(time(Messages::UpdatedAt))
        .foreign_key(
            ForeignKey::create()
                .from(Messages::Table, Messages::ProjectId)
                .to(Projects::Table, Projects::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(
            ForeignKey::create()
                .from(Messages::Table, Messages::OwnerId)
                .to(Alias::new("users"), Alias::new("id"))
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(
            ForeignKey::create()
                .from(Messages::Table, Messages::ParentId)
                .to(Messages::Table, Messages::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}

fn message_indexes() -> Vec<IndexCreateStatement> {
    vec![
        Index::create()
            .name("messages_of_project")
            .table(Messages::Table)
            .col(Messages::ProjectId)
            .col(Messages::Id)
            .to_owned(),
        Index::create().name("messages_of_parent").table(Messages::Table).col(Messages::ParentId).to_owned(),
        // One accepted turn per client request: the second is answered with the first. The message that
        // carries the id is the user's, and NULLs do not collide on either database.
        Index::create()
            .name("messages_client_request")
            .table(Messages::Table)
            .col(Messages::OwnerId)
            .col(Messages::ClientRequestId)
            .unique()
            .to_owned(),
        // At most one live answer per project.
        Index::create()
            .name("messages_one_running")
            .table(Messages::Table)
            .col(Messages::ProjectId)
            .unique()
            .and_where(Expr::col(Messages::Status).eq("running"))
            .to_owned(),
    ]
}

#[derive(DeriveIden)]
enum Projects {
    Table,
    Id,
    OwnerId,
    Name,
    NameSource,
    Model,
    SystemPrompt,
    Parameters,
    LeafId,
    CreatedAt,
    UpdatedAt,
}

#[derive(DeriveIden)]
enum Messages {
    Table,
    Id,
    ProjectId,
    OwnerId,
    ParentId,
    Role,
    Content,
    Reasoning,
    Layout,
    Status,
    Model,
    ClientRequestId,
    FinishReason,
    FailureCode,
    FailureDetail,
    RetryAt,
    PromptTokens,
    CompletionTokens,
    ReasoningTokens,
    CreatedAt,
    UpdatedAt,
}

#[derive(DeriveIden)]
enum AnswerChunks {
    Table,
    MessageId,
    Position,
    Kind,
    Content,
}
