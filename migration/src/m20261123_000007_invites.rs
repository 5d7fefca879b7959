//! Invitations: links that each make one account.

use sea_orm_migration::prelude::*;

use crate::columns::{id, optional_id, text, time};

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
                    .table(Invites::Table)
                    .col(id(Invites::Id).primary_key())
                    .col(text(Invites::TokenHash).unique_key())
                    .col(text(Invites::Role))
                    .col(optional_id(Invites::CreatedBy))
                    .col(time(Invites::CreatedAt))
                    .col(time(Invites::ExpiresAt))
                    .foreign_key(
                        ForeignKey::create()
                            .from(Invites::Table, Invites::CreatedBy)
                            .to(Alias::new("users"), Alias::new("id"))
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .to_owned(),
            )
            .await?;
        // For the cascade.
        schema
            .create_index(
                Index::create().name("invites_of_user").table(Invites::Table).col(Invites::CreatedBy).to_owned(),
            )
            .await
    }

    async fn down(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        schema.drop_table(Table::drop().table(Invites::Table).to_owned()).await
    }
}

#[derive(DeriveIden)]
enum Invites {
    Table,
    Id,
    TokenHash,
    Role,
    CreatedBy,
    CreatedAt,
    ExpiresAt,
}
