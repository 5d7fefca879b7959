//! `/api/projects/{project_id}/messages`: asking, and following the answers.

use poem::Request;
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use sea_orm::EntityTrait;
use serde::Deserialize;
use uuid::Uuid;

use super::body::Body;
use super::event::Usage;
use super::failure::Failure;
use super::session::Session;
use super::stream::{self, Events};
use super::time::Time;
use super::{Group, OnlyLooking};
use super::{page, projects};
use crate::app::App;
use crate::auth::Caller;
use crate::chat::reader::{self, Reader};
use crate::chat::turn::{self, Question};
use crate::chat::{failure_of, usage_of};
use crate::entity::answer_chunk::Kind;
use crate::entity::message;
use crate::error::{Error, Result as Outcome};

pub(super) struct Api;

/// A question or an answer.
#[derive(Object)]
struct Message {
    /// Its id.
    id: Uuid,
    /// The conversation it belongs to.
    project_id: Uuid,
    /// What it replies to; null for the first question.
    parent_id: Option<Uuid>,
    /// Who wrote it.
    role: Role,
    /// The text; of a running answer, what there is of it so far.
    content: String,
    /// What the model thought before it answered.
    reasoning: Option<String>,
    /// How far it is.
    status: Status,
    /// The model that answers.
    model: Option<String>,
    /// Why the model stopped: `stop`, `length`, `content_filter` or its provider's own word.
    finish_reason: Option<String>,
    /// What it cost, where the provider says so.
    usage: Option<Usage>,
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
enum Role {
    /// You.
    User,
    /// The model.
    Assistant,
}

/// How far a message is.
#[derive(Enum)]
#[oai(rename = "MessageStatus", rename_all = "snake_case")]
enum Status {
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
struct MessageFailure {
    /// A stable word, as in the event `failed`.
    code: String,
    /// What happened and what to do about it.
    detail: String,
    /// When it makes sense to ask again, where the provider told.
    retry_at: Option<Time>,
}

/// A page of the shown branch. The newest page comes first; inside a page the messages are in reading order.
#[derive(Object)]
struct MessagePage {
    /// The messages, oldest first.
    items: Vec<Message>,
    /// Where the page before these begins; null when there is nothing older.
    next_cursor: Option<String>,
}

/// A question.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
struct NewMessage {
    /// The text.
    #[oai(validator(min_length = 1))]
    content: String,
    /// Your own id of this request, such as a UUID: the same one again returns the same turn and asks no model again.
    #[oai(validator(min_length = 1, max_length = 64))]
    client_request_id: Option<String>,
    /// The message it replies to; the newest one when left out.
    parent_id: Option<Uuid>,
    /// The model to ask; the conversation's last one, or the default, when left out.
    #[oai(validator(max_length = 300))]
    model: Option<String>,
}

/// A question and its answer.
#[derive(Object)]
struct Turn {
    /// What was asked.
    user_message: Message,
    /// What is being answered.
    assistant_message: Message,
}

#[derive(ApiResponse)]
enum Accepted {
    /// Both messages are stored and the model is being asked. Follow the answer by its stream.
    #[oai(status = 202)]
    Accepted(Json<Turn>),
}

#[OpenApi(tag = "Group::Messages")]
impl Api {
    /// Lists the messages of a conversation
    ///
    /// For its owner. Lists the branch that is shown, its newest page first.
    #[oai(path = "/api/projects/:project_id/messages", method = "get", operation_id = "list_messages")]
    async fn list(
        &self,
        app: Data<&App>,
        session: Session,
        /// The conversation.
        project_id: Path<Uuid>,
        /// `next_cursor` of the page before.
        cursor: Query<Option<String>>,
        /// How many to list, 1 to 200; 50 when left out.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u32>>,
    ) -> Result<Json<MessagePage>, Failure> {
        let size = limit.0.unwrap_or(page::USUAL);
        let project = projects::find(&app, &session.0, project_id.0).await?;
        let leaf = match &cursor.0 {
            Some(cursor) => Some(Uuid::try_parse(cursor).map_err(|_| page::bad_cursor())?),
            None => project.leaf_id,
        };
        let Some(leaf) = leaf else { return Ok(Json(MessagePage { items: Vec::new(), next_cursor: None })) };
        let mut branch = message::Entity::branch(app.db.reader(), project.id, leaf, size).await?;
        if branch.is_empty() && cursor.0.is_some() {
            return Err(page::bad_cursor().into());
        }
        branch.reverse();
        let next_cursor = branch.first().and_then(|oldest| oldest.parent_id).map(|parent| parent.to_string());
        let items = branch.into_iter().map(|message| show(&app, message)).collect();
        Ok(Json(MessagePage { items, next_cursor }))
    }

    /// Asks a question
    ///
    /// For the conversation's owner. Stores the question and an empty answer, asks the model, and returns at once;
    /// the answer is written whether or not anybody follows it. One answer at a time: while one is running, the answer
    /// to a second question is 409 with its `message_id`.
    #[oai(path = "/api/projects/:project_id/messages", method = "post", operation_id = "create_message")]
    async fn create(
        &self,
        app: Data<&App>,
        session: Session,
        /// The conversation.
        project_id: Path<Uuid>,
        body: Body<NewMessage>,
    ) -> Result<Accepted, Failure> {
        let NewMessage { content, client_request_id, parent_id, model } = body.0;
        let question = Question { content, client_request_id, parent_id, model };
        let turn = turn::start(&app.chat, session.0.id(), project_id.0, question).await?;
        Ok(Accepted::Accepted(Json(Turn {
            user_message: show(&app, turn.question),
            assistant_message: show(&app, turn.answer),
        })))
    }

    /// Asks and follows the answer, in one request
    ///
    /// For the conversation's owner. With `content` it asks and streams the answer; with `Last-Event-ID` it goes on
    /// following that answer and never asks; with neither it follows the answer that is being written, or says 204 when
    /// there is none. Only pages of this server or of allowed origins can start a turn this way.
    #[oai(path = "/api/projects/:project_id/messages/stream", method = "get", operation_id = "stream_message")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the request")]
    async fn ask_and_follow(
        &self,
        app: Data<&App>,
        session: Session,
        request: &Request,
        /// The conversation.
        project_id: Path<Uuid>,
        /// The question.
        content: Query<Option<String>>,
        /// Your own id of this request: the same one again follows the same answer.
        client_request_id: Query<Option<String>>,
        /// The model to ask.
        model: Query<Option<String>>,
        /// The position to go on from; browsers send it when they reconnect.
        #[oai(name = "Last-Event-ID")]
        last_event_id: Header<Option<String>>,
    ) -> Result<Events, Failure> {
        let position = stream::position(last_event_id.0.as_deref())?;
        let caller = &session.0;
        let Some(content) = content.0 else {
            let project = projects::find(&app, caller, project_id.0).await?;
            let running = app.chat.answers.in_project(project.id);
            return Ok(running.map_or(Events::Nothing, |running| Events::live(Reader::new(running, position))));
        };
        if request.extensions().get::<OnlyLooking>().is_some() {
            // Whoever only looks must not spend money.
            projects::find(&app, caller, project_id.0).await?;
            return Ok(Events::Nothing);
        }
        if position.is_some() {
            let answer = earlier(&app, caller, project_id.0, &content, client_request_id.0.as_deref()).await?;
            return match answer {
                Some(answer) => follow(&app, answer, position).await,
                None => Ok(Events::Nothing),
            };
        }
        let question = Question { content, client_request_id: client_request_id.0, parent_id: None, model: model.0 };
        let turn = turn::start(&app.chat, caller.id(), project_id.0, question).await?;
        follow(&app, turn.answer, None).await
    }

    /// Follows one answer
    ///
    /// For the conversation's owner. Live or finished, from the beginning or from `Last-Event-ID`, on any device and as
    /// often as you like: it only reads.
    #[oai(
        path = "/api/projects/:project_id/messages/:message_id/stream",
        method = "get",
        operation_id = "follow_message"
    )]
    async fn follow(
        &self,
        app: Data<&App>,
        session: Session,
        /// The conversation.
        project_id: Path<Uuid>,
        /// The answer.
        message_id: Path<Uuid>,
        /// The position to go on from; browsers send it when they reconnect.
        #[oai(name = "Last-Event-ID")]
        last_event_id: Header<Option<String>>,
    ) -> Result<Events, Failure> {
        let position = stream::position(last_event_id.0.as_deref())?;
        let message = find(&app, &session.0, project_id.0, message_id.0).await?;
        follow(&app, message, position).await
    }

    /// Stops an answer
    ///
    /// For the conversation's owner. The text so far is kept, and the model's provider is cut off within a second.
    /// Stopping an answer that has ended changes nothing.
    #[oai(path = "/api/projects/:project_id/messages/:message_id/stop", method = "post", operation_id = "stop_message")]
    async fn stop(
        &self,
        app: Data<&App>,
        session: Session,
        /// The conversation.
        project_id: Path<Uuid>,
        /// The answer.
        message_id: Path<Uuid>,
    ) -> Result<Json<Message>, Failure> {
        let message = turn::stop(&app.chat, session.0.id(), project_id.0, message_id.0).await?;
        Ok(Json(show(&app, message)))
    }
}

async fn find(app: &App, caller: &Caller, project_id: Uuid, id: Uuid) -> Outcome<message::Model> {
    message::Entity::owned_one(caller.id(), project_id, id)
        .one(app.db.reader())
        .await?
        .ok_or(Error::NotFound("message"))
}

/// The answer that a reconnecting `…/stream?content=…` was following: the one its request id names, else the newest
/// one to a question of exactly this text.
async fn earlier(
    app: &App,
    caller: &Caller,
    project_id: Uuid,
    content: &str,
    request_id: Option<&str>,
) -> Outcome<Option<message::Model>> {
    let project = projects::find(app, caller, project_id).await?;
    let question = match request_id {
        Some(id) => {
            let question = message::Entity::requested(caller.id(), id).one(app.db.reader()).await?;
            question.filter(|question| question.project_id == project.id)
        }
        None => message::Entity::newest_question(app.db.reader(), caller.id(), project.id, content).await?,
    };
    let Some(question) = question else { return Ok(None) };
    Ok(message::Entity::answers_to(question.id).one(app.db.reader()).await?)
}

/// Follows an answer, live where it is being written and from the database where it is not.
async fn follow(app: &App, message: message::Model, position: Option<u64>) -> Result<Events, Failure> {
    if message.role != message::Role::Assistant {
        return Err(Error::invalid("message_id", "only answers can be followed, and this is a question").into());
    }
    if let Some(running) = app.chat.live(&message) {
        return Ok(Events::live(Reader::new(running, position)));
    }
    let message = match message.status {
        // It ended between the two looks, so its row is final now.
        message::Status::Running => {
            message::Entity::find_by_id(message.id).one(app.db.reader()).await?.ok_or(Error::NotFound("message"))?
        }
        _ => message,
    };
    Ok(Events::finished(reader::finished(&message, position)))
}

fn show(app: &App, message: message::Model) -> Message {
    let said = app.chat.live(&message).map(|running| running.log.said());
    let (content, reasoning) = match said {
        Some(said) => (said.all(Kind::Text), said.reasoning()),
        None => (message.content.clone(), message.reasoning.clone()),
    };
    Message {
        content,
        reasoning,
        usage: usage_of(&message).map(|usage| Usage {
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            reasoning_tokens: usage.reasoning_tokens,
        }),
        failure: failure_of(&message).map(|failure| MessageFailure {
            code: failure.code,
            detail: failure.detail,
            retry_at: failure.retry_at.map(Time),
        }),
        id: message.id,
        project_id: message.project_id,
        parent_id: message.parent_id,
        role: match message.role {
            message::Role::User => Role::User,
            message::Role::Assistant => Role::Assistant,
        },
        status: match message.status {
            message::Status::Running => Status::Running,
            message::Status::Complete => Status::Complete,
            message::Status::Stopped => Status::Stopped,
            message::Status::Interrupted => Status::Interrupted,
            message::Status::Failed => Status::Failed,
        },
        model: message.model,
        finish_reason: message.finish_reason,
        created_at: Time(message.created_at),
        updated_at: Time(message.updated_at),
    }
}
