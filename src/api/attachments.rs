//! `/api/attachments`: images for questions.

use poem::http::{HeaderValue, StatusCode, header};
use poem::web::Data;
use poem::{Body, IntoResponse, Request, Response};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::{Binary, Json};
use poem_openapi::registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::{Binary as Bytes, Type};
use poem_openapi::{ApiRequest, ApiResponse, Enum, Object, OpenApi};
use sea_orm::Iterable;
use uuid::Uuid;

use super::Group;
use super::failure::Failure;
use super::session::Access;
use super::tag::is_known;
use super::time::Time;
use crate::app::App;
use crate::chat::attachments;
use crate::entity::attachment;
use crate::error::Error;

/// Where images are uploaded.
pub(super) const PATH: &str = "/api/attachments";

pub(super) struct Api;

/// An image that comes with a question, or is to.
#[derive(Debug, Object)]
pub(super) struct Attachment {
    /// Its id.
    id: Uuid,
    /// What its file was called.
    name: String,
    /// What it is, by its own bytes.
    media_type: MediaType,
    /// Pixels from left to right.
    width: u32,
    /// Pixels from top to bottom.
    height: u32,
    /// How much it is, in bytes.
    size_bytes: u32,
    /// When it was uploaded, or copied to a question that was edited.
    created_at: Time,
}

/// The kinds of images that can be attached.
#[derive(Debug, Enum)]
#[oai(rename = "AttachmentMediaType")]
enum MediaType {
    /// PNG.
    #[oai(rename = "image/png")]
    Png,
    /// JPEG.
    #[oai(rename = "image/jpeg")]
    Jpeg,
    /// GIF.
    #[oai(rename = "image/gif")]
    Gif,
    /// WebP.
    #[oai(rename = "image/webp")]
    Webp,
}

impl From<attachment::About> for Attachment {
    fn from(about: attachment::About) -> Self {
        let attachment::About { id, name, media_type, width, height, size_bytes, created_at } = about;
        let media_type = match media_type {
            attachment::MediaType::Png => MediaType::Png,
            attachment::MediaType::Jpeg => MediaType::Jpeg,
            attachment::MediaType::Gif => MediaType::Gif,
            attachment::MediaType::Webp => MediaType::Webp,
        };
        let (width, height) = (width.unsigned_abs(), height.unsigned_abs());
        Self {
            id,
            name,
            media_type,
            width,
            height,
            size_bytes: size_bytes.unsigned_abs(),
            created_at: Time(created_at),
        }
    }
}

/// The file, as it is. What it is, is seen by its bytes, whatever it is sent as.
#[derive(ApiRequest)]
enum File {
    /// A PNG.
    #[oai(content_type = "image/png")]
    Png(Binary<Vec<u8>>),
    /// A JPEG.
    #[oai(content_type = "image/jpeg")]
    Jpeg(Binary<Vec<u8>>),
    /// A GIF.
    #[oai(content_type = "image/gif")]
    Gif(Binary<Vec<u8>>),
    /// A WebP.
    #[oai(content_type = "image/webp")]
    Webp(Binary<Vec<u8>>),
    /// Any of them.
    #[oai(content_type = "application/octet-stream")]
    Any(Binary<Vec<u8>>),
}

#[derive(ApiResponse)]
enum Uploaded {
    /// It waits for its question.
    #[oai(status = 201)]
    Uploaded(Json<Attachment>),
}

#[derive(ApiResponse)]
enum Deleted {
    /// It is gone.
    #[oai(status = 204)]
    Gone,
}

#[OpenApi(tag = "Group::Messages")]
impl Api {
    /// Uploads an image for a question
    ///
    /// For signed-in people. PNG, JPEG, GIF or WebP, by default of at most 5 MiB, and at most 16,384 pixels long and high;
    /// the body is the file. Then send its id with a question to a model that takes images. What is not sent within a day is
    /// deleted. It counts as stored.
    #[oai(path = "/api/attachments", method = "post", operation_id = "create_attachment")]
    async fn create(
        &self,
        app: Data<&App>,
        access: Access,
        /// What the file is called, for people: the first 200 characters of what stands after the last slash.
        #[oai(validator(max_length = 1000))]
        name: Query<Option<String>>,
        file: File,
    ) -> Result<Uploaded, Failure> {
        let (File::Png(data) | File::Jpeg(data) | File::Gif(data) | File::Webp(data) | File::Any(data)) = file;
        let image = attachments::upload(&app.chat, access.0.id(), name.0.as_deref(), data.0).await?;
        Ok(Uploaded::Uploaded(Json(image.into())))
    }

    /// Gets an image
    ///
    /// For its owner, whether or not it has been sent. It never changes: with its `ETag` in `If-None-Match`, the answer is 304.
    #[oai(path = "/api/attachments/:attachment_id", method = "get", operation_id = "get_attachment")]
    async fn get(
        &self,
        app: Data<&App>,
        access: Access,
        request: &Request,
        /// The image.
        attachment_id: Path<Uuid>,
    ) -> Result<Shown, Failure> {
        if is_known(request.headers(), &tag(attachment_id.0))
            && attachment::Entity::is_owned(app.db.reader(), access.0.id(), attachment_id.0).await?
        {
            return Ok(Shown::Known(attachment_id.0));
        }
        let image = attachment::Entity::owned_one(access.0.id(), attachment_id.0).one(app.db.reader()).await?;
        Ok(Shown::File(image.ok_or(Error::NotFound("attachment"))?))
    }

    /// Deletes an image that was not sent
    ///
    /// For its owner. One that came with a question goes when the question goes.
    #[oai(path = "/api/attachments/:attachment_id", method = "delete", operation_id = "delete_attachment")]
    async fn delete(
        &self,
        app: Data<&App>,
        access: Access,
        /// The image.
        attachment_id: Path<Uuid>,
    ) -> Result<Deleted, Failure> {
        attachments::delete(&app.chat, access.0.id(), attachment_id.0).await?;
        Ok(Deleted::Gone)
    }
}

/// An image, to be looked at.
enum Shown {
    /// The file.
    File(attachment::Model),
    /// Nothing, as whoever asks has the file.
    Known(Uuid),
}

/// What stands for a file that never changes.
fn tag(id: Uuid) -> String {
    format!("\"{id}\"")
}

impl IntoResponse for Shown {
    fn into_response(self) -> Response {
        let (mut response, id) = match self {
            Self::File(image) => {
                let id = image.id;
                (file(image), id)
            }
            Self::Known(id) => (Response::builder().status(StatusCode::NOT_MODIFIED).finish(), id),
        };
        let headers = response.headers_mut();
        // Kept by the browser, and asked for each time whether it is still theirs to see.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        if let Ok(tag) = HeaderValue::from_str(&tag(id)) {
            headers.insert(header::ETAG, tag);
        }
        // Nobody else's page shows it; those of allowed origins ask by CORS.
        headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
        response
    }
}

fn file(image: attachment::Model) -> Response {
    let attachment::Model { name, media_type, data, .. } = image;
    let mut response = Response::builder().content_type(media_type.as_str()).body(Body::from(data));
    // In the words of RFC 8187: whatever a file is called, nothing of it is read as anything else.
    let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let disposition = format!("inline; filename*=UTF-8''{}", name.replace('+', "%20"));
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}

impl ApiResponse for Shown {
    fn meta() -> MetaResponses {
        let content = |media_type: attachment::MediaType| MetaMediaType {
            content_type: media_type.as_str(),
            schema: Bytes::<Vec<u8>>::schema_ref(),
        };
        let header = |name: &str, description: &str| MetaHeader {
            name: name.to_owned(),
            description: Some(description.to_owned()),
            required: true,
            deprecated: false,
            schema: String::schema_ref(),
        };
        let tag = || header("ETAG", "What stands for this file.");
        let name = header("CONTENT-DISPOSITION", "What the file is called.");
        let image = MetaResponse {
            description: "The file.",
            status: Some(200),
            status_range: None,
            content: attachment::MediaType::iter().map(content).collect(),
            headers: vec![name, tag()],
        };
        let known = MetaResponse {
            description: "You have it already.",
            status: Some(304),
            status_range: None,
            content: Vec::new(),
            headers: vec![tag()],
        };
        MetaResponses { responses: vec![image, known] }
    }

    fn register(_: &mut Registry) {}
}
