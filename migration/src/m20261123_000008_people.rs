//! What administrators do with people: accounts that are deactivated, links for a new password, and the log of it all.

use sea_orm_migration::prelude::*;

use crate::columns::{id, optional_id, optional_text, optional_time, text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        // One column at a time: SQLite adds no two in one statement.
        for column in [Users::DeactivatedAt, Users::LastSeenAt] {
            let column = optional_time(column);
            schema.alter_table(Table::alter().table(Users::Table).add_column(column).to_owned()).await?;
        }
        schema
            .create_table(
                Table::create()
                    .table(PasswordResets::Table)
                    // One for each person.
                    .col(id(PasswordResets::UserId).primary_key())
                    .col(text(PasswordResets::TokenHash).unique_key())
                    .col(id(PasswordResets::CreatedBy))
                    .col(time(PasswordResets::CreatedAt))
                    .col(time(PasswordResets::ExpiresAt))
                    .foreign_key(
                        ForeignKey::create()
                            .from(PasswordResets::Table, PasswordResets::UserId)
                            .to(Users::Table, Users::Id)
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .foreign_key(
                        ForeignKey::create()
                            .from(PasswordResets::Table, PasswordResets::CreatedBy)
                            .to(Users::Table, Users::Id)
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .to_owned(),
            )
            .await?;
        // For the cascade.
        schema
            .create_index(
                Index::create()
                    .name("password_resets_of_administrator")
                    .table(PasswordResets::Table)
                    .col(PasswordResets::CreatedBy)
                    .to_owned(),
            )
            .await?;
        // Without foreign keys: what is told of somebody stays when they are gone.
        schema
            .create_table(
                Table::create()
                    .table(AuditLog::Table)
                    .col(id(AuditLog::Id).primary_key())
                    .col(time(AuditLog::At))
                    .col(optional_id(AuditLog::ActorId))
                    .col(optional_text(AuditLog::ActorEmail))
                    .col(text(AuditLog::Action))
                    .col(text(AuditLog::TargetKind))
                    .col(optional_id(AuditLog::TargetId))
                    .col(optional_text(AuditLog::TargetLabel))
                    .col(text(AuditLog::Details))
                    .to_owned(),
            )
            .await?;
        // The ids are in the order of time, so that each of these is a list with the newest at its end.
        for (name, column) in [("audit_log_by_action", AuditLog::Action), ("audit_log_by_actor", AuditLog::ActorId)] {
            let index = Index::create().name(name).table(AuditLog::Table).col(column).col(AuditLog::Id).to_owned();
            schema.create_index(index).await?;
        }
        schema
            .create_index(Index::create().name("audit_log_by_time").table(AuditLog::Table).col(AuditLog::At).to_owned())
            .await
    }

    async fn down(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        schema.drop_table(Table::drop().table(AuditLog::Table).to_owned()).await?;
        schema.drop_table(Table::drop().table(PasswordResets::Table).to_owned()).await?;
        for column in [Users::LastSeenAt, Users::DeactivatedAt] {
            schema.alter_table(Table::alter().table(Users::Table).drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}

#[derive(DeriveIden)]
enum Users {
    Table,
    Id,
    DeactivatedAt,
    LastSeenAt,
}

#[derive(DeriveIden)]
enum PasswordResets {
    Table,
    UserId,
    TokenHash,
    CreatedBy,
    CreatedAt,
    ExpiresAt,
}

#[derive(DeriveIden)]
enum AuditLog {
    Table,
    Id,
    At,
    ActorId,
    ActorEmail,
    Action,
    TargetKind,
    TargetId,
    TargetLabel,
    Details,
}
