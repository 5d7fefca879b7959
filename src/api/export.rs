//! `/api/users/me/export`: everything that somebody has here, as one file.

use poem::http::{HeaderValue, header};
use poem::web::Data;
use poem::{Body, IntoResponse, Response};
use poem_openapi::registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::{Base64, Type};
use poem_openapi::{ApiResponse, Object, OpenApi};
use uuid::Uuid;

use super::Group;
use super::aside;
use super::attachments::Attachment;
use super::event::{Timing, Usage};
use super::failure::Failure;
use super::fair::Place;
use super::parameters::Parameters;
use super::projects::Source;
use super::session::Access;
use super::shown::{self, MessageFailure, Role, Status};
use super::time::Time;
use super::users::User;
use crate::app::App;
use crate::clock;
use crate::entity::{message, project};

mod file;

pub(super) struct Api;

/// Everything that you have here.
#[derive(Object)]
struct Export {
    /// When this was written.
    exported_at: Time,
    /// Your account.
    user: User,
    /// Your conversations, oldest first.
    projects: Vec<ExportedProject>,
}

/// A conversation with all its messages.
#[derive(Object)]
struct ExportedProject {
    /// Its id.
    id: Uuid,
    /// What it is called.
    name: String,
    /// Where the name comes from.
    name_source: Source,
    /// The model of the newest turn.
    model: Option<String>,
    /// What the model is told before everything else.
    system_prompt: Option<String>,
    /// How the model is to answer.
    parameters: Parameters,
    /// Whether you keep it at the top.
    pinned: bool,
    /// The newest message of the branch that is shown.
    active_message_id: Option<Uuid>,
    /// When it was made.
    created_at: Time,
    /// When it was last used or renamed.
    updated_at: Time,
    /// Its messages of all branches, oldest first, so that what a message replies to comes before it.
    messages: Vec<ExportedMessage>,
}

/// A question or an answer.
#[derive(Object)]
struct ExportedMessage {
    /// Its id.
    id: Uuid,
    /// What it replies to; null for a first question.
    parent_id: Option<Uuid>,
    /// Who wrote it.
    role: Role,
    /// The text; of a running answer, what there was of it.
    content: String,
    /// What the model thought before it answered.
    reasoning: Option<String>,
    /// How far it is.
    status: Status,
    /// The model that answered.
    model: Option<String>,
    /// Why the model stopped: `stop`, `length`, `content_filter` or its provider's own word.
    finish_reason: Option<String>,
    /// What it cost.
    usage: Option<Usage>,
    /// How long it took.
    timing: Option<Timing>,
    /// Why it failed, where it did.
    failure: Option<MessageFailure>,
    /// When it was begun.
    created_at: Time,
    /// When it was last changed.
    updated_at: Time,
    /// The images that came with it.
    attachments: Vec<ExportedAttachment>,
}

/// An image.
#[derive(Object)]
struct ExportedAttachment {
    /// What is known of it.
    #[oai(flatten)]
    about: Attachment,
    /// The file, in Base64 (RFC 4648, section 4).
    data: Base64<Vec<u8>>,
}

impl From<project::Model> for ExportedProject {
    fn from(project: project::Model) -> Self {
        Self {
            parameters: project.parameters().into(),
            id: project.id,
            name: project.name,
            name_source: project.name_source.into(),
            model: project.model,
            system_prompt: project.system_prompt,
            pinned: project.pinned,
            active_message_id: project.leaf_id,
            created_at: Time(project.created_at),
            updated_at: Time(project.updated_at),
            messages: Vec::new(),
        }
    }
}

impl ExportedMessage {
    fn of(app: &App, message: message::Model) -> Self {
        let (content, reasoning) = shown::said(app, &message);
        Self {
            content,
            reasoning,
            usage: shown::usage_of(&message),
            timing: shown::timing_of(&message),
            failure: MessageFailure::of(&message),
            id: message.id,
            parent_id: message.parent_id,
            role: message.role.into(),
            status: message.status.into(),
            model: message.model,
            finish_reason: message.finish_reason,
            created_at: Time(message.created_at),
            updated_at: Time(message.updated_at),
            attachments: Vec::new(),
        }
    }
}

#[OpenApi(tag = "Group::Accounts")]
impl Api {
    /// Downloads everything that you have here
    ///
    /// For signed-in people. One JSON file with your account and all your conversations, with the messages of all branches,
    /// their images and what is known of them. It is written while you take it; what you change meanwhile may be in it or not. A download
    /// that broke off, also because you signed out, is no valid JSON. One person can take two at once, beyond which the answer is
    /// 429 `too_many_exports`.
    #[oai(path = "/api/users/me/export", method = "get", operation_id = "export_me")]
    async fn export(&self, app: Data<&App>, access: Access) -> Result<Download, Failure> {
        let place = aside::with_place(Place::export).transpose()?;
        Ok(Download(file::write(App::clone(&app), access.0, place)))
    }
}

/// The file, as a download.
struct Download(Body);

impl IntoResponse for Download {
    fn into_response(self) -> Response {
        let mut response = Response::builder().content_type("application/json").body(self.0);
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let name = format!("attachment; filename=\"loquat-export-{}.json\"", clock::now().format("%Y-%m-%d"));
        if let Ok(name) = HeaderValue::from_str(&name) {
            headers.insert(header::CONTENT_DISPOSITION, name);
        }
        response
    }
}

impl ApiResponse for Download {
    fn meta() -> MetaResponses {
        let name = MetaHeader {
            name: "CONTENT-DISPOSITION".to_owned(),
            description: Some("Says that this is a download, and what to call it.".to_owned()),
            required: true,
            deprecated: false,
            schema: String::schema_ref(),
        };
        let file = MetaResponse {
            description: "The file.",
            status: Some(200),
            status_range: None,
            content: vec![MetaMediaType { content_type: "application/json", schema: Export::schema_ref() }],
            headers: vec![name],
        };
        MetaResponses { responses: vec![file] }
    }

    fn register(registry: &mut Registry) {
        Export::register(registry);
    }
}
