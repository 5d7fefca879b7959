//! Images that come with questions.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait as _, Query};
use sea_orm::{
    ConnectionTrait, DeleteMany, FromQueryResult, Iterable, PaginatorTrait, QueryOrder, QuerySelect, QueryTrait,
    UpdateMany,
};
use serde::{Deserialize, Serialize};

use crate::clock;

/// An image.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attachments")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub owner_id: Uuid,
    /// The question that it came with; none while it has not been sent.
    pub message_id: Option<Uuid>,
    /// What its file was called.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// What it is, by its first bytes.
    pub media_type: MediaType,
    /// Pixels from left to right.
    pub width: i32,
    /// Pixels from top to bottom.
    pub height: i32,
    /// How much it is, in bytes.
    pub size_bytes: i32,
    /// When it was uploaded, or copied to another question.
    pub created_at: DateTimeUtc,
    /// The file.
    #[sea_orm(column_type = "Blob")]
    pub data: Vec<u8>,
}

/// What is told of an image without the image itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromQueryResult)]
pub struct About {
    /// Its id.
    pub id: Uuid,
    /// What its file was called.
    pub name: String,
    /// What it is.
    pub media_type: MediaType,
    /// Pixels from left to right.
    pub width: i32,
    /// Pixels from top to bottom.
    pub height: i32,
    /// How much it is, in bytes.
    pub size_bytes: i32,
    /// When it was uploaded, or copied to another question.
    pub created_at: DateTimeUtc,
}

/// An image that is to come with a question.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Found {
    /// What is told of it.
    #[sea_orm(nested)]
    pub about: About,
    /// The question that it came with already, if it did.
    pub message_id: Option<Uuid>,
}

/// An image that is to go, and whose room it gives back.
#[derive(Clone, Copy, Debug, FromQueryResult)]
pub struct Forgotten {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub owner_id: Uuid,
    /// How much it is, in bytes.
    pub size_bytes: i32,
}

/// The kinds of images that models and browsers know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum MediaType {
    /// PNG.
    #[sea_orm(string_value = "image/png")]
    #[serde(rename = "image/png")]
    Png,
    /// JPEG.
    #[sea_orm(string_value = "image/jpeg")]
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// GIF.
    #[sea_orm(string_value = "image/gif")]
    #[serde(rename = "image/gif")]
    Gif,
    /// WebP.
    #[sea_orm(string_value = "image/webp")]
    #[serde(rename = "image/webp")]
    Webp,
}

impl MediaType {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
        }
    }
}

/// Relations are followed by the finders below, not by the library.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// What is told of it.
    pub fn about(&self) -> About {
        About {
            id: self.id,
            name: self.name.clone(),
            media_type: self.media_type,
            width: self.width,
            height: self.height,
            size_bytes: self.size_bytes,
            created_at: self.created_at,
        }
    }
}

impl Entity {
    /// A person's images.
    pub fn owned_by(owner_id: Uuid) -> Select<Self> {
        Self::find().filter(Column::OwnerId.eq(owner_id))
    }

    /// One image of a person.
    pub fn owned_one(owner_id: Uuid, id: Uuid) -> Select<Self> {
        Self::owned_by(owner_id).filter(Column::Id.eq(id))
    }

    /// Whether this is an image of a person, without its bytes.
    pub async fn is_owned(db: &impl ConnectionTrait, owner_id: Uuid, id: Uuid) -> Result<bool, DbErr> {
        Ok(Self::owned_one(owner_id, id).count(db).await? > 0)
    }

    /// The images of a person among these, without their bytes, in any order.
    pub fn owned_among(owner_id: Uuid, ids: impl IntoIterator<Item = Uuid>) -> Select<Self> {
        let told = Column::iter().filter(|column| !matches!(column, Column::OwnerId | Column::Data));
        Self::owned_by(owner_id).filter(Column::Id.is_in(ids)).select_only().columns(told)
    }

    /// The bytes of images, by their ids, in any order.
    pub async fn data_of(db: &impl ConnectionTrait, ids: &[Uuid]) -> Result<Vec<(Uuid, Vec<u8>)>, DbErr> {
        let these = Self::find().filter(Column::Id.is_in(ids.iter().copied()));
        these.select_only().columns([Column::Id, Column::Data]).into_tuple().all(db).await
    }

    /// Has an image that was not sent yet come with a question.
    pub fn send(id: Uuid, message_id: Uuid) -> UpdateMany<Self> {
        Self::update_many().col_expr(Column::MessageId, Expr::value(message_id)).filter(Column::Id.eq(id))
    }

    /// Has a copy of an image come with a question. The bytes do not leave the database.
    pub async fn copy(db: &impl ConnectionTrait, about: &About, message_id: Uuid) -> Result<About, DbErr> {
        let copy = About { id: clock::id(), created_at: clock::now(), ..about.clone() };
        let mut select = Self::find().filter(Column::Id.eq(about.id)).select_only();
        for column in Column::iter() {
            select = match column {
                Column::Id => select.column_as(Expr::value(copy.id), "id"),
                Column::MessageId => select.column_as(Expr::value(message_id), "message_id"),
                Column::CreatedAt => select.column_as(Expr::value(copy.created_at), "created_at"),
                column => select.column(column),
            };
        }
        let mut insert = Query::insert();
        insert.into_table(Self).columns(Column::iter());
        insert.select_from(select.into_query()).map_err(|error| DbErr::Custom(error.to_string()))?;
        db.execute(&insert).await?;
        Ok(copy)
    }

    /// Takes away an image that was not sent.
    pub fn delete_unsent(owner_id: Uuid, id: Uuid) -> DeleteMany<Self> {
        let own = Column::OwnerId.eq(owner_id).and(Column::Id.eq(id));
        Self::delete_many().filter(own).filter(Column::MessageId.is_null())
    }

    /// A person's images that were not sent.
    pub fn unsent(owner_id: Uuid) -> Select<Self> {
        Self::owned_by(owner_id).filter(Column::MessageId.is_null())
    }

    /// What was uploaded before a moment and never sent, the oldest first, by the index `attachments_unsent`.
    pub fn forgotten(before: DateTimeUtc) -> Select<Self> {
        let told = [Column::Id, Column::OwnerId, Column::SizeBytes];
        let unsent = Self::find().filter(Column::MessageId.is_null()).filter(Column::CreatedAt.lt(before));
        unsent.order_by_asc(Column::CreatedAt).select_only().columns(told)
    }

    /// Takes images away.
    pub fn delete_these(ids: impl IntoIterator<Item = Uuid>) -> DeleteMany<Self> {
        Self::delete_many().filter(Column::Id.is_in(ids))
    }
}
