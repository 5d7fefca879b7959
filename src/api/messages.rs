//! `/api/projects/{project_id}/messages`: asking, and following the answers.

use poem::Request;
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;
use uuid::Uuid;

use super::body::Body;
use super::failure::Failure;
use super::message::follow;
use super::session::Access;
use super::shown::{self, Accepted, Message};
use super::stream::{self, Events};
use super::{Group, OnlyLooking, aside, page, projects};
use crate::app::App;
use crate::auth::Caller;
use crate::chat::reader::Reader;
use crate::chat::turn::{self, Asked, Request as Wanted};
use crate::entity::message::{self, Reach, Role};
use crate::error::Result as Outcome;

pub(super) struct Api;

/// The most text in a page, in bytes: a page is held whole until its reader has taken it.
const PAGE: usize = 4 * 1024 * 1024;

/// A page of the shown branch. The newest page comes first; inside a page the messages are in reading order.
#[derive(Object)]
struct MessagePage {
    /// The messages, oldest first. There may be fewer than the limit on a page that is not the last one.
    items: Vec<Message>,
    /// Where the page before these begins; null when there is nothing older.
    next_cursor: Option<String>,
}

/// A question.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
struct NewMessage {
    /// The text; it may be empty where images come with it.
    content: String,
    /// Your own id of this request, such as a UUID: the same one again returns the same turn and asks no model again.
    #[oai(validator(min_length = 1, max_length = 64))]
    client_request_id: Option<String>,
    /// The message it replies to; the newest one when left out.
    parent_id: Option<Uuid>,
    /// The model to ask; the conversation's last one, or the default, when left out.
    #[oai(validator(max_length = 300))]
    model: Option<String>,
    /// Images that you uploaded, or that came with other questions of yours, which are copied then.
    #[oai(validator(max_items = 100))]
    attachments: Option<Vec<Uuid>>,
}

#[OpenApi(tag = "Group::Messages")]
impl Api {
    /// Lists the messages of a conversation
    ///
    /// For its owner. Lists the branch that is shown, its newest page first. A page has about 4 MiB of text at most, or one
    /// message: it may have fewer messages than `limit`, and `next_cursor` goes on from there.
    #[oai(path = "/api/projects/:project_id/messages", method = "get", operation_id = "list_messages")]
    async fn list(
        &self,
        app: Data<&App>,
        access: Access,
        /// The conversation.
        project_id: Path<Uuid>,
        /// `next_cursor` of the page before.
        cursor: Query<Option<String>>,
        /// How many to list, 1 to 200; 50 when left out.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u32>>,
    ) -> Result<Json<MessagePage>, Failure> {
        let size = limit.0.unwrap_or(page::USUAL);
        let project = projects::find(&app, &access.0, project_id.0).await?;
        let leaf = match &cursor.0 {
            Some(cursor) => Some(Uuid::try_parse(cursor).map_err(|_| page::bad_cursor())?),
            None => project.leaf_id,
        };
        let Some(leaf) = leaf else { return Ok(Json(MessagePage { items: Vec::new(), next_cursor: None })) };
        let reach = Reach { messages: size, bytes: PAGE };
        let mut branch = message::Entity::branch(app.db.reader(), project.id, leaf, reach).await?;
        if branch.is_empty() && cursor.0.is_some() {
            return Err(page::bad_cursor().into());
        }
        branch.reverse();
        let next_cursor = branch.first().and_then(|oldest| oldest.parent_id).map(|parent| parent.to_string());
        let items = shown::all(&app, project.id, branch).await?;
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
        access: Access,
        /// The conversation.
        project_id: Path<Uuid>,
        body: Body<NewMessage>,
    ) -> Result<Accepted, Failure> {
        let NewMessage { content, client_request_id, parent_id, model, attachments } = body.0;
        let asked = Asked::New { content, parent_id, attachments: attachments.unwrap_or_default() };
        let wanted = Wanted { asked, client_request_id, model };
        shown::accept(&app, &access.0, project_id.0, wanted).await
    }

    /// Asks and follows the answer, in one request
    ///
    /// For the conversation's owner. With `content` it asks and streams the answer; with `Last-Event-ID` it goes on
    /// following that answer and never asks; with neither it follows the answer that is being written, or says 204 when
    /// there is none. Only pages of this server or of allowed origins can start a turn this way, and an API key needs the
    /// scope `chat` for it.
    #[oai(path = "/api/projects/:project_id/messages/stream", method = "get", operation_id = "stream_message")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the request")]
    async fn ask_and_follow(
        &self,
        app: Data<&App>,
        access: Access,
        request: &Request,
        /// The conversation.
        project_id: Path<Uuid>,
        /// The question.
        content: Query<Option<String>>,
        /// Your own id of this request: the same one again follows the same answer.
        client_request_id: Query<Option<String>>,
        /// The model to ask.
        model: Query<Option<String>>,
        /// The id of the last event you have; browsers send it when they reconnect.
        #[oai(name = "Last-Event-ID")]
        _last_event_id: Header<Option<String>>,
    ) -> Result<Events, Failure> {
        let last_id = stream::last_id(request.headers())?;
        let caller = &access.0;
        let Some(content) = content.0 else {
            let project = projects::find(&app, caller, project_id.0).await?;
            let running = app.chat.answers.in_project(project.id);
            let follow = |running| Events::live(app.auth.hold(caller), Reader::new(running, last_id));
            return Ok(running.map_or(Events::Nothing, follow));
        };
        if request.extensions().get::<OnlyLooking>().is_some() {
            // Whoever only looks must not spend money.
            projects::find(&app, caller, project_id.0).await?;
            return Ok(Events::Nothing);
        }
        if last_id.is_some() {
            let answer = earlier(&app, caller, project_id.0, &content, client_request_id.0.as_deref()).await?;
            return match answer {
                Some(answer) => Ok(follow(&app, answer, last_id).await?.events(app.auth.hold(caller))),
                None => Ok(Events::Nothing),
            };
        }
        let asked = Asked::New { content, parent_id: None, attachments: Vec::new() };
        let wanted = Wanted { asked, client_request_id: client_request_id.0, model: model.0 };
        let turn = turn::start(&app.chat, &caller.user, project_id.0, wanted).await?;
        aside::tell(turn.standing);
        Ok(follow(&app, turn.answer, None).await?.events(app.auth.hold(caller)))
    }
}

/// The answer that a reconnecting `…/stream?content=…` was following: the first one to the question that its request id
/// names, else to the newest question of exactly this text. Later ones were asked for by other requests.
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
            turn::check_request_id(id)?;
            let question = message::Entity::requested(caller.id(), id).one(app.db.reader()).await?;
            question.filter(|question| question.project_id == project.id && question.role == Role::User)
        }
        None => {
            message::Entity::newest_question(app.db.reader(), caller.id(), project.id, &turn::as_stored(content))
                .await?
        }
    };
    let Some(question) = question else { return Ok(None) };
    Ok(message::Entity::first_answer_to(question.id).one(app.db.reader()).await?)
}
