//! `/api/projects/{project_id}/messages/{message_id}`: one message, and what can be done with it.

use bytes::Bytes;
use poem::Request;
use poem::web::Data;
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use sea_orm::EntityTrait;
use serde::Deserialize;
use uuid::Uuid;

use super::Group;
use super::body::Body;
use super::failure::Failure;
use super::session::Access;
use super::shown::{self, Accepted, Message};
use super::stream::{self, Events};
use crate::app::App;
use crate::auth::{Caller, Held};
use crate::chat::branch;
use crate::chat::reader::{self, Reader};
use crate::chat::turn::{self, Asked, Request as Wanted};
use crate::entity::message;
use crate::error::{Error, Result as Outcome};

pub(super) struct Api;

/// A question in other words.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
struct MessageChange {
    /// The text; it may be empty where images come with it.
    content: String,
    /// Your own id of this request: the same one again returns the same turn and asks no model again.
    #[oai(validator(min_length = 1, max_length = 64))]
    client_request_id: Option<String>,
    /// The model to ask; the conversation's last one, or the default, when left out.
    #[oai(validator(max_length = 300))]
    model: Option<String>,
    /// Images that you uploaded, or that came with other questions of yours; those of the question when left out.
    #[oai(validator(max_items = 100))]
    attachments: Option<Vec<Uuid>>,
}

/// How to answer once more.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
struct Regeneration {
    /// Your own id of this request: the same one again returns the same turn and asks no model again.
    #[oai(validator(min_length = 1, max_length = 64))]
    client_request_id: Option<String>,
    /// The model to ask; the conversation's last one, or the default, when left out.
    #[oai(validator(max_length = 300))]
    model: Option<String>,
}

/// How to go on with an answer.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
struct Continuation {
    /// Your own id of this request: the same one again returns the same turn and asks no model again.
    #[oai(validator(min_length = 1, max_length = 64))]
    client_request_id: Option<String>,
    /// The model to ask; the one that began the answer when left out.
    #[oai(validator(max_length = 300))]
    model: Option<String>,
}

#[derive(ApiResponse)]
enum Deleted {
    /// The message is gone, with everything below it.
    #[oai(status = 204)]
    Gone,
}

#[OpenApi(tag = "Group::Messages")]
impl Api {
    /// Shows one message
    ///
    /// For the conversation's owner.
    #[oai(path = "/api/projects/:project_id/messages/:message_id", method = "get", operation_id = "get_message")]
    async fn get(
        &self,
        app: Data<&App>,
        access: Access,
        /// The conversation.
        project_id: Path<Uuid>,
        /// The message.
        message_id: Path<Uuid>,
    ) -> Result<Json<Message>, Failure> {
        let message = find(&app, &access.0, project_id.0, message_id.0).await?;
        Ok(Json(shown::one(&app, message).await?))
    }

    /// Edits a question
    ///
    /// For the conversation's owner. Nothing is overwritten: the question in its new words stands beside the old one, and
    /// the model answers it. The shown branch follows.
    #[oai(path = "/api/projects/:project_id/messages/:message_id", method = "patch", operation_id = "edit_message")]
    async fn edit(
        &self,
        app: Data<&App>,
        access: Access,
        /// The conversation.
        project_id: Path<Uuid>,
        /// The question.
        message_id: Path<Uuid>,
        body: Body<MessageChange>,
    ) -> Result<Accepted, Failure> {
        let MessageChange { content, client_request_id, model, attachments } = body.0;
        let asked = Asked::Edited { message_id: message_id.0, content, attachments };
        shown::accept(&app, &access.0, project_id.0, Wanted { asked, client_request_id, model }).await
    }

    /// Deletes a message with everything below it
    ///
    /// For the conversation's owner. An answer that is being written there is cut off; what stands beside it is shown.
    #[oai(path = "/api/projects/:project_id/messages/:message_id", method = "delete", operation_id = "delete_message")]
    async fn delete(
        &self,
        app: Data<&App>,
        access: Access,
        /// The conversation.
        project_id: Path<Uuid>,
        /// The message.
        message_id: Path<Uuid>,
    ) -> Result<Deleted, Failure> {
        branch::delete(&app.chat, access.0.id(), project_id.0, message_id.0).await?;
        Ok(Deleted::Gone)
    }

    /// Answers once more
    ///
    /// For the conversation's owner. Nothing is overwritten: the new answer stands beside the old one, and is shown.
    #[oai(
        path = "/api/projects/:project_id/messages/:message_id/regenerate",
        method = "post",
        operation_id = "regenerate_message"
    )]
    async fn regenerate(
        &self,
        app: Data<&App>,
        access: Access,
        /// The conversation.
        project_id: Path<Uuid>,
        /// The answer.
        message_id: Path<Uuid>,
        body: Body<Regeneration>,
    ) -> Result<Accepted, Failure> {
        let Regeneration { client_request_id, model } = body.0;
        let asked = Asked::Again { message_id: message_id.0 };
        shown::accept(&app, &access.0, project_id.0, Wanted { asked, client_request_id, model }).await
    }

    /// Goes on with an answer that was cut short
    ///
    /// For the conversation's owner. An answer that was stopped, interrupted, that failed or that reached the limit on tokens
    /// goes on from its exact end: the same message is running again, and what comes is added to its text. Where the
    /// provider can continue an answer it does; else the model is asked in words to go on. 409 `not_continuable` when
    /// the answer is complete or the conversation has gone on after it.
    #[oai(
        path = "/api/projects/:project_id/messages/:message_id/continue",
        method = "post",
        operation_id = "continue_message"
    )]
    async fn go_on(
        &self,
        app: Data<&App>,
        access: Access,
        /// The conversation.
        project_id: Path<Uuid>,
        /// The answer.
        message_id: Path<Uuid>,
        body: Body<Continuation>,
    ) -> Result<Accepted, Failure> {
        let Continuation { client_request_id, model } = body.0;
        let asked = Asked::Continue { message_id: message_id.0 };
        shown::accept(&app, &access.0, project_id.0, Wanted { asked, client_request_id, model }).await
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
        access: Access,
        request: &Request,
        /// The conversation.
        project_id: Path<Uuid>,
        /// The answer.
        message_id: Path<Uuid>,
        /// The id of the last event you have; browsers send it when they reconnect.
        #[oai(name = "Last-Event-ID")]
        _last_event_id: Header<Option<String>>,
    ) -> Result<Events, Failure> {
        let last_id = stream::last_id(request.headers())?;
        let message = find(&app, &access.0, project_id.0, message_id.0).await?;
        Ok(follow(&app, message, last_id).await?.events(app.auth.hold(&access.0)))
    }

    /// Stops an answer
    ///
    /// For the conversation's owner. The text so far is kept, and the model's provider is cut off within a second.
    /// Stopping an answer that has ended changes nothing.
    #[oai(path = "/api/projects/:project_id/messages/:message_id/stop", method = "post", operation_id = "stop_message")]
    async fn stop(
        &self,
        app: Data<&App>,
        access: Access,
        /// The conversation.
        project_id: Path<Uuid>,
        /// The answer.
        message_id: Path<Uuid>,
    ) -> Result<Json<Message>, Failure> {
        let message = turn::stop(&app.chat, access.0.id(), project_id.0, message_id.0).await?;
        Ok(Json(shown::one(&app, message).await?))
    }
}

pub(super) async fn find(app: &App, caller: &Caller, project_id: Uuid, id: Uuid) -> Outcome<message::Model> {
    message::Entity::owned_one(caller.id(), project_id, id)
        .one(app.db.reader())
        .await?
        .ok_or(Error::NotFound("message"))
}

/// An answer to follow.
pub(super) enum Followed {
    /// It is being written.
    Live(Reader),
    /// It was written earlier; all its events, or nothing when the client has everything.
    Finished(Option<Bytes>),
}

impl Followed {
    /// The answer as a stream of events, for as long as the session lasts.
    pub(super) fn events(self, session: Held) -> Events {
        match self {
            Self::Live(reader) => Events::live(session, reader),
            Self::Finished(events) => Events::finished(session, events),
        }
    }
}

/// Follows an answer, live where it is being written and from the database where it is not.
pub(super) async fn follow(app: &App, message: message::Model, last_id: Option<u64>) -> Outcome<Followed> {
    if message.role != message::Role::Assistant {
        return Err(Error::invalid("message_id", "only answers can be followed, and this is a question"));
    }
    // Whatever its row says: that is final a moment before the answer is closed, and who has heard the end finds it closed.
    if let Some(running) = app.chat.answers.get(message.id) {
        return Ok(Followed::Live(Reader::new(running, last_id)));
    }
    let message = match message.status {
        // It ended between the two looks, so its row is final now.
        message::Status::Running => {
            message::Entity::find_by_id(message.id).one(app.db.reader()).await?.ok_or(Error::NotFound("message"))?
        }
        _ => message,
    };
    Ok(Followed::Finished(reader::finished(&message, last_id)))
}
