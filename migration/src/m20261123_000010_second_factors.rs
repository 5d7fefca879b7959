//! Second factors: authenticator apps, the codes for when one is lost, and passkeys.

use sea_orm_migration::prelude::*;

use crate::columns::{id, optional_time, text, time};

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
                    .table(Totp::Table)
                    .col(id(Totp::UserId).primary_key())
                    .col(text(Totp::SealedSecret))
                    .col(time(Totp::CreatedAt))
                    .col(optional_time(Totp::ConfirmedAt))
                    .col(ColumnDef::new(Totp::LastStep).big_integer().null())
                    .foreign_key(&mut of_user(Totp::Table, Totp::UserId))
                    .to_owned(),
            )
            .await?;
        schema
            .create_table(
                Table::create()
                    .table(RecoveryCodes::Table)
                    .col(id(RecoveryCodes::Id).primary_key())
                    .col(id(RecoveryCodes::UserId))
                    .col(text(RecoveryCodes::CodeHash))
                    .foreign_key(&mut of_user(RecoveryCodes::Table, RecoveryCodes::UserId))
                    .to_owned(),
            )
            .await?;
        schema
            .create_table(
                Table::create()
                    .table(Passkeys::Table)
                    .col(id(Passkeys::Id).primary_key())
                    .col(id(Passkeys::UserId))
                    .col(text(Passkeys::Name))
                    .col(text(Passkeys::CredentialId).unique_key())
                    .col(text(Passkeys::Credential))
                    .col(time(Passkeys::CreatedAt))
                    .col(optional_time(Passkeys::LastUsedAt))
                    .foreign_key(&mut of_user(Passkeys::Table, Passkeys::UserId))
                    .to_owned(),
            )
            .await?;
        let codes = Index::create()
            .name("recovery_codes_of_user")
            .table(RecoveryCodes::Table)
            .col(RecoveryCodes::UserId)
            .col(RecoveryCodes::CodeHash)
            .unique()
            .to_owned();
        schema.create_index(codes).await?;
        // The passkeys of a person, newest first: the ids are in the order of time.
        let passkeys = Index::create()
            .name("passkeys_of_user")
            .table(Passkeys::Table)
            .col(Passkeys::UserId)
            .col(Passkeys::Id)
            .to_owned();
        schema.create_index(passkeys).await
    }

    async fn down(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        schema.drop_table(Table::drop().table(Passkeys::Table).to_owned()).await?;
        schema.drop_table(Table::drop().table(RecoveryCodes::Table).to_owned()).await?;
        schema.drop_table(Table::drop().table(Totp::Table).to_owned()).await
    }
}

/// The person whose row it is; with the person it goes.
fn of_user(table: impl IntoIden + 'static, column: impl IntoIden + 'static) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table.into_iden(), column.into_iden())
        .to(Alias::new("users"), Alias::new("id"))
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}

#[derive(DeriveIden)]
enum Totp {
    Table,
    UserId,
    SealedSecret,
    CreatedAt,
    ConfirmedAt,
    LastStep,
}

#[derive(DeriveIden)]
enum RecoveryCodes {
    Table,
    Id,
    UserId,
    CodeHash,
}

#[derive(DeriveIden)]
enum Passkeys {
    Table,
    Id,
    UserId,
    Name,
    CredentialId,
    Credential,
    CreatedAt,
    LastUsedAt,
}
