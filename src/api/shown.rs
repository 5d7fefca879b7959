//! Messages as the API shows them, and the news that a turn was accepted.

use std::collections::HashMap;

use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Enum, Object};
use uuid::Uuid;

use super::aside;
use super::attachments::Attachment;
use super::event::{Timing, Usage};
use super::failure::Failure;
use super::time::Time;
use crate::app::App;
use crate::auth::Caller;
use crate::chat::turn::{self, Request};
use crate::chat::{failure_of, timing, usage};
use crate::entity::answer_chunk::Kind;
use crate::entity::message;
use crate::error::Result as Outcome;

/// A question or an answer.
#[derive(Object)]
pub(super) struct Message {
    /// Its id.
    id: Uuid,
    /// The conversation it belongs to.
    project_id: Uuid,
    /// What it replies to; null for the first question.
    parent_id: Option<Uuid>,
    /// What stands in this place: the ids of all replies to the same message, oldest first, this one included. More
    /// than one means that there are branches.
    siblings: Vec<Uuid>,
    /// Who wrote it.
    role: Role,
    /// The text; of a running answer, what there is of it so far.
    content: String,
    /// What the model thought before it answered.
    reasoning: Option<String>,
    /// How far it is.
    status: Status,
    /// The images that came with it, in their order. Get each by its id.
    attachments: Vec<Attachment>,
    /// The model that answers.
    model: Option<String>,
    /// Why the model stopped: `stop`, `length`, `content_filter` or its provider's own word.
    finish_reason: Option<String>,
    /// What it cost; null while it is being written, and where no model was asked.
    usage: Option<Usage>,
    /// How long it took; null while it is being written, and where the server died in the middle of it.
    timing: Option<Timing>,
    /// Why it failed, where it did.
    failure: Option<MessageFailure>,
    /// When it was begun.
    created_at: Time,
    /// When it was last changed.
    updated_at: Time,
}

/// Who wrote a message.
#[derive(Enum)]
#[oai(rename = "MessageRole", rename_all = "snake_case")]
pub(super) enum Role {
    /// You.
    User,
    /// The model.
    Assistant,
}

/// How far a message is.
#[derive(Enum)]
#[oai(rename = "MessageStatus", rename_all = "snake_case")]
pub(super) enum Status {
    /// It is being written now.
    Running,
    /// It is whole.
    Complete,
    /// You stopped it.
    Stopped,
    /// The server stopped in the middle of it.
    Interrupted,
    /// The model's provider failed in the middle of it, or before.
    Failed,
}

/// Why an answer failed.
#[derive(Object)]
pub(super) struct MessageFailure {
    /// A stable word, as in the event `failed`.
    code: String,
    /// What happened and what to do about it.
    detail: String,
    /// When it makes sense to ask again, where the provider told.
    retry_at: Option<Time>,
}

/// A question and its answer.
#[derive(Object)]
pub(super) struct Turn {
    /// What was asked.
    pub(super) user_message: Message,
    /// What is being answered.
    pub(super) assistant_message: Message,
}

#[derive(ApiResponse)]
pub(super) enum Accepted {
    /// Both messages are stored and the model is being asked. Follow the answer by its stream.
    #[oai(status = 202)]
    Accepted(Json<Turn>),
}

/// Starts a turn and tells what was accepted.
pub(super) async fn accept(
    app: &App,
    caller: &Caller,
    project_id: Uuid,
    request: Request,
) -> Result<Accepted, Failure> {
    let started = turn::start(&app.chat, &caller.user, project_id, request).await?;
    aside::tell(started.standing);
    Ok(Accepted::Accepted(Json(turn(app, started).await?)))
}

/// A turn.
pub(super) async fn turn(app: &App, turn: turn::Turn) -> Outcome<Turn> {
    let project_id = turn.question.project_id;
    let mut both = all(app, project_id, vec![turn.question, turn.answer]).await?.into_iter();
    let (Some(user_message), Some(assistant_message)) = (both.next(), both.next()) else {
        return Err(crate::error::Error::NotFound("message"));
    };
    Ok(Turn { user_message, assistant_message })
}

/// One message.
pub(super) async fn one(app: &App, message: message::Model) -> Outcome<Message> {
    let children = message::Entity::children(app.db.reader(), message.project_id, [message.parent_id]).await?;
    Ok(show(app, message, &children))
}

/// Several messages of one conversation, in the order given.
pub(super) async fn all(app: &App, project_id: Uuid, messages: Vec<message::Model>) -> Outcome<Vec<Message>> {
    let parents = messages.iter().map(|message| message.parent_id);
    let children = message::Entity::children(app.db.reader(), project_id, parents).await?;
    Ok(messages.into_iter().map(|message| show(app, message, &children)).collect())
}

/// Text and reasoning of a message: as stored, or as far as it has come.
pub(super) fn said(app: &App, message: &message::Model) -> (String, Option<String>) {
    match app.chat.live(message).map(|running| running.log.said()) {
        Some(said) => (said.all(Kind::Text), said.reasoning()),
        None => (message.content.clone(), message.reasoning.clone()),
    }
}

/// What a message cost.
pub(super) fn usage_of(message: &message::Model) -> Option<Usage> {
    usage::Usage::of(message).map(Usage::from)
}

/// How long a message took.
pub(super) fn timing_of(message: &message::Model) -> Option<Timing> {
    timing::Timing::of(message).map(Timing::from)
}

impl MessageFailure {
    /// Why a message failed, where it did.
    pub(super) fn of(message: &message::Model) -> Option<Self> {
        let failure = failure_of(message)?;
        Some(Self { code: failure.code, detail: failure.detail, retry_at: failure.retry_at.map(Time) })
    }
}

impl From<message::Role> for Role {
    fn from(role: message::Role) -> Self {
        match role {
            message::Role::User => Self::User,
            message::Role::Assistant => Self::Assistant,
        }
    }
}

impl From<message::Status> for Status {
    fn from(status: message::Status) -> Self {
        match status {
            message::Status::Running => Self::Running,
            message::Status::Complete => Self::Complete,
            message::Status::Stopped => Self::Stopped,
            message::Status::Interrupted => Self::Interrupted,
            message::Status::Failed => Self::Failed,
        }
    }
}

fn show(app: &App, message: message::Model, children: &HashMap<Option<Uuid>, Vec<Uuid>>) -> Message {
    let (content, reasoning) = said(app, &message);
    Message {
        content,
        reasoning,
        usage: usage_of(&message),
        timing: timing_of(&message),
        failure: MessageFailure::of(&message),
        siblings: children.get(&message.parent_id).cloned().unwrap_or_else(|| vec![message.id]),
        attachments: message.attachments().into_iter().map(Attachment::from).collect(),
        id: message.id,
        project_id: message.project_id,
        parent_id: message.parent_id,
        role: message.role.into(),
        status: message.status.into(),
        model: message.model,
        finish_reason: message.finish_reason,
        created_at: Time(message.created_at),
        updated_at: Time(message.updated_at),
    }
}
