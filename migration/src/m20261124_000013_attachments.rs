//! Images that come with questions.

use sea_orm_migration::prelude::*;

use crate::columns::{id, optional_id, optional_text, text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        // The bytes are read for the model and for whoever looks at them; what a list of messages tells stands with each.
        schema
            .alter_table(
                Table::alter().table(Messages::Table).add_column(optional_text(Messages::Attachments)).to_owned(),
            )
            .await?;
        let to = |column: Attachments, table: DynIden, key: DynIden| {
            ForeignKey::create()
                .from(Attachments::Table, column)
                .to(table, key)
                .on_delete(ForeignKeyAction::Cascade)
                .to_owned()
        };
        schema
            .create_table(
                Table::create()
                    .table(Attachments::Table)
                    .col(id(Attachments::Id).primary_key())
                    .col(id(Attachments::OwnerId))
                    .col(optional_id(Attachments::MessageId))
                    .col(text(Attachments::Name))
                    .col(text(Attachments::MediaType))
                    .col(number(Attachments::Width))
                    .col(number(Attachments::Height))
                    .col(number(Attachments::SizeBytes))
                    .col(time(Attachments::CreatedAt))
                    .col(ColumnDef::new(Attachments::Data).blob().not_null())
                    .foreign_key(&mut to(Attachments::OwnerId, Users::Table.into_iden(), Users::Id.into_iden()))
                    .foreign_key(&mut to(Attachments::MessageId, Messages::Table.into_iden(), Messages::Id.into_iden()))
                    .to_owned(),
            )
            .await?;
        let index = |name: &str, column: Attachments| {
            Index::create().name(name).table(Attachments::Table).col(column).to_owned()
        };
        schema.create_index(index("attachments_of_owner", Attachments::OwnerId)).await?;
        schema.create_index(index("attachments_of_message", Attachments::MessageId)).await?;
        let unsent = index("attachments_unsent", Attachments::CreatedAt)
            .and_where(Expr::col(Attachments::MessageId).is_null())
            .to_owned();
        schema.create_index(unsent).await
    }

    async fn down(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        schema.drop_table(Table::drop().table(Attachments::Table).to_owned()).await?;
        schema.alter_table(Table::alter().table(Messages::Table).drop_column(Messages::Attachments).to_owned()).await
    }
}

fn number(name: impl Iden + 'static) -> ColumnDef {
    ColumnDef::new(name.into_iden()).integer().not_null().to_owned()
}

#[derive(Clone, Copy, DeriveIden)]
enum Attachments {
    Table,
    Id,
    OwnerId,
    MessageId,
    Name,
    MediaType,
    Width,
    Height,
    SizeBytes,
    CreatedAt,
    Data,
}

#[derive(DeriveIden)]
enum Messages {
    Table,
    Id,
    Attachments,
}

#[derive(DeriveIden)]
enum Users {
    Table,
    Id,
}
