//! A turn: a question is stored, a model is asked once, and the answer is written, whoever watches.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::{EntityTrait, SqlErr};
use uuid::Uuid;

use super::accept::{self, Accepted};
use super::answer::Asking;
use super::changes::Change;
use super::running::{Cause, Running};
use super::storage::Room;
use super::{Chat, Outcome, answer, attachments};
use crate::clock;
use crate::entity::message::{self, Role};
use crate::entity::{project, user};
use crate::error::{Error, Full, Result, Trouble};
use crate::failpoint;
use crate::llm::{Asker, Model};
use crate::pace::Standing;

/// How long a stored turn waits to be brought to the disk: others go along then, and it takes no processor from the first word.
const SYNCED_AFTER: Duration = Duration::from_millis(10);
/// How often a turn is begun that others were in the way of, but are not any more.
const TRIES: usize = 3;
/// The longest `client_request_id`, in characters.
pub const LONGEST_REQUEST_ID: usize = 64;

/// What a person wants answered.
#[derive(Clone, Debug)]
pub struct Request {
    /// The question, new or old.
    pub asked: Asked,
    /// The client's own id of this request: the same one again gives the same turn.
    pub client_request_id: Option<String>,
    /// The model to ask.
    pub model: Option<String>,
}

/// The question of a turn.
#[derive(Clone, Debug)]
pub enum Asked {
    /// A new one.
    New {
        /// The text.
        content: String,
        /// The answer it follows; the newest of the shown branch when absent.
        parent_id: Option<Uuid>,
        /// Uploaded images, or those of other questions.
        attachments: Vec<Uuid>,
    },
    /// An earlier one in other words, beside it.
    Edited {
        /// The earlier question.
        message_id: Uuid,
        /// The text.
        content: String,
        /// Uploaded images, or those of other questions; those of the earlier one when absent.
        attachments: Option<Vec<Uuid>>,
    },
    /// An earlier one once more, for another answer beside the first.
    Again {
        /// The earlier answer.
        message_id: Uuid,
    },
    /// None: an answer that was cut short goes on from its end.
    Continue {
        /// The answer.
        message_id: Uuid,
    },
}

impl Asked {
    /// The images that were named to come with it.
    pub(super) fn attachments(&self) -> &[Uuid] {
        match self {
            Self::New { attachments, .. } => attachments,
            Self::Edited { attachments, .. } => attachments.as_deref().unwrap_or_default(),
            Self::Again { .. } | Self::Continue { .. } => &[],
        }
    }

    /// Whether there are neither words nor images. An edited question may still keep the images that it had.
    fn is_nothing(&self) -> bool {
        match self {
            Self::New { content, attachments, .. } => content.is_empty() && attachments.is_empty(),
            Self::Edited { content, attachments, .. } => {
                content.is_empty() && attachments.as_ref().is_some_and(Vec::is_empty)
            }
            Self::Again { .. } | Self::Continue { .. } => false,
        }
    }
}

/// The refusal of a question of neither words nor images.
pub(super) fn nothing_to_ask() -> Error {
    Error::invalid("content", "there is nothing to ask; write something, or send an image")
}

/// A question and its answer.
#[derive(Clone, Debug)]
pub struct Turn {
    /// What was asked.
    pub question: message::Model,
    /// What is being answered, or was.
    pub answer: message::Model,
    /// How far its person is from their limit; none where this question did not count.
    pub standing: Option<Standing>,
}

/// Starts a turn, or finds the one that this request started earlier.
///
/// When it returns, both messages are committed and the model is being asked.
pub async fn start(chat: &Chat, owner: &user::Model, project_id: Uuid, mut request: Request) -> Result<Turn> {
    check(chat, &mut request)?;
    let _alone = match &request.client_request_id {
        Some(id) => Some(chat.requests.alone(owner.id, id).await),
        None => None,
    };
    for _ in 1..TRIES {
        match try_to_start(chat, owner, project_id, &mut request).await {
            Err(Error::Overtaken) => {}
            outcome => return outcome,
        }
    }
    try_to_start(chat, owner, project_id, &mut request).await
}

async fn try_to_start(chat: &Chat, owner: &user::Model, project_id: Uuid, request: &mut Request) -> Result<Turn> {
    if let Some(turn) = start_on_sight(chat, owner, project_id, request).await? {
        return Ok(turn);
    }
    let owner_id = owner.id;
    let earlier = async {
        match &request.client_request_id {
            Some(id) => requested(chat, owner_id, project_id, id).await,
            None => Ok(None),
        }
    };
    // Of an account that was deactivated in this moment nothing more is asked: what runs by then is found and stopped.
    let usable = async { Ok(project::Entity::usable_counted(owner_id, project_id).one(chat.db.reader()).await?) };
    let (earlier, project) = tokio::try_join!(earlier, usable)?;
    if let Some(turn) = earlier {
        return Ok(turn);
    }
    if chat.stopping.is_cancelled() {
        return Err(Error::ShuttingDown);
    }
    let conversation = project.ok_or(Error::NotFound("conversation"))?;
    let room = room(chat, &request.asked, &conversation).await?;
    let running = Arc::new(prepare(chat, owner, project_id, request).await?);
    let model = model(chat, owner, request, &conversation.project).await?;
    match accept::accept(chat, &running, request, model, conversation.project).await {
        Ok(accepted) => Ok(begin(chat, running, request, accepted, room, conversation.messages)),
        Err(error) => refused(chat, &running, request, error).await,
    }
}

/// Starts a turn in a conversation that this process has seen, without reading it again. None where something is in the
/// way, or has changed: then all of it has to be read, and says what.
async fn start_on_sight(
    chat: &Chat,
    owner: &user::Model,
    project_id: Uuid,
    request: &mut Request,
) -> Result<Option<Turn>> {
    // Images are looked at in a transaction.
    if chat.stopping.is_cancelled()
        || !matches!(&request.asked, Asked::New { attachments, .. } if attachments.is_empty())
    {
        return Ok(None);
    }
    let Some(conversation) = chat.seen.get(owner.id, project_id) else { return Ok(None) };
    let Ok(room) = room(chat, &request.asked, &conversation).await else { return Ok(None) };
    let running = Arc::new(prepare(chat, owner, project_id, request).await?);
    let Ok(model) = model(chat, owner, request, &conversation.project).await else { return Ok(None) };
    match accept::accept_if_unchanged(chat, &running, request, model, conversation.project).await {
        Ok(Some(accepted)) => Ok(Some(begin(chat, running, request, accepted, room, conversation.messages))),
        Ok(None) => {
            chat.answers.leave(&running);
            chat.seen.forget(project_id);
            Ok(None)
        }
        // An earlier request of this id is found there too.
        Err(error) => refused(chat, &running, request, error).await.map(Some),
    }
}

/// Room for a turn in its conversation and with its person.
async fn room(chat: &Chat, asked: &Asked, conversation: &project::Counted) -> Result<Room> {
    if let Some(most) = chat.storage.most().messages
        && conversation.messages.unsigned_abs() + more_messages(asked) > most as u64
    {
        return Err(Full::Messages { most }.into());
    }
    chat.storage.room_for_turn(conversation.project.owner_id, length(asked)).await
}

/// Which model is asked.
async fn model(chat: &Chat, owner: &user::Model, request: &Request, project: &project::Model) -> Result<Model> {
    let asker = Asker::from(owner.role);
    let model = match request.model.as_deref() {
        Some(asked) => resolve(chat, Some(asked), asker).await,
        None => choose_model(chat, project.model.as_deref(), asker).await,
    }?;
    if !model.images && !request.asked.attachments().is_empty() {
        let detail = format!("{} takes no images; choose a model that does, or ask without them", model.name);
        return Err(Error::invalid("attachments", detail));
    }
    Ok(model)
}

/// Has a turn that is committed answered.
fn begin(
    chat: &Chat,
    running: Arc<Running>,
    request: &Request,
    accepted: Accepted,
    room: Room,
    messages_before: i64,
) -> Turn {
    let Accepted { turn, name, project, branch, model, place, copies } = accepted;
    room.keep();
    if let Some(copies) = copies {
        copies.keep();
    }
    let messages = messages_before.saturating_add_unsigned(more_messages(&request.asked));
    chat.seen.note(project::Counted { project: project.clone(), messages });
    chat.answers.begin(&running);
    chat.changes.publish(running.owner_id, Change::Changed(running.project_id));
    if let Some(name) = name {
        running.log.set_name(&name);
    }
    chat.writer.nudge();
    // The commit survives a killed process, and the first word need not wait until it survives a power cut as well.
    let db = chat.db.clone();
    chat.tasks.spawn(async move {
        tokio::time::sleep(SYNCED_AFTER).await;
        if let Err(error) = db.sync().await {
            tracing::error!(%error, "a turn is not on the disk yet");
        }
    });
    // From here on the turn is accepted: it runs on whether or not the one who asked is still there.
    let leaf_id = match request.asked {
        Asked::Continue { message_id } => message_id,
        _ => turn.question.id,
    };
    let asking = Asking {
        project,
        leaf_id,
        branch,
        model,
        may_repeat: matches!(request.asked, Asked::New { .. } | Asked::Edited { .. }),
    };
    // On a thread of its own, where it begins while this one still tells whoever asked.
    chat.tasks.spawn_on(answer::run(chat.clone(), running, place, Box::new(asking)), chat.threads.next());
    turn
}

/// Cuts an answer short, keeping its text, and returns it as stored. Stopping a finished answer changes nothing.
pub async fn stop(chat: &Chat, owner_id: Uuid, project_id: Uuid, message_id: Uuid) -> Result<message::Model> {
    let find = || message::Entity::owned_one(owner_id, project_id, message_id).one(chat.db.reader());
    let message = find().await?.ok_or(Error::NotFound("message"))?;
    if message.role != Role::Assistant {
        return Err(Error::invalid("message_id", "only answers can be stopped, and this is a question"));
    }
    if let Some(running) = chat.live(&message) {
        failpoint::hit("stop.before");
        running.cancel(Cause::Stop);
        let _ = tokio::time::timeout(Duration::from_secs(10), running.finished()).await;
        failpoint::hit("stop.after");
    }
    find().await?.ok_or(Error::NotFound("message"))
}

fn check(chat: &Chat, request: &mut Request) -> Result<()> {
    if let Asked::New { content, .. } | Asked::Edited { content, .. } = &mut request.asked {
        *content = as_stored(content);
        if content.trim().is_empty() {
            content.clear();
        }
        if let Some(limit) = chat.allowance.longest_question()
            && content.len() > limit
        {
            let detail = format!("a message has at most {limit} bytes, this one has {}", content.len());
            return Err(Error::invalid("content", detail));
        }
    }
    attachments::check(chat.attachment_limits, request.asked.attachments())?;
    if request.asked.is_nothing() {
        return Err(nothing_to_ask());
    }
    request.client_request_id.as_deref().map_or(Ok(()), check_request_id)
}

/// A question as it is stored: PostgreSQL cannot store U+0000, and nothing can show it.
pub fn as_stored(content: &str) -> String {
    content.replace('\0', "\u{fffd}")
}

/// Refuses an id of a request that no turn can have.
pub fn check_request_id(id: &str) -> Result<()> {
    if id.is_empty() || id.chars().count() > LONGEST_REQUEST_ID || id.contains(char::is_control) {
        let detail = format!("give 1 to {LONGEST_REQUEST_ID} printable characters, such as a UUID");
        return Err(Error::invalid("client_request_id", detail));
    }
    Ok(())
}

/// How many messages a turn adds.
fn more_messages(asked: &Asked) -> u64 {
    match asked {
        Asked::New { .. } | Asked::Edited { .. } => 2,
        Asked::Again { .. } => 1,
        Asked::Continue { .. } => 0,
    }
}

/// How much of the question is to be stored, in bytes.
fn length(asked: &Asked) -> usize {
    match asked {
        Asked::New { content, .. } | Asked::Edited { content, .. } => content.len(),
        Asked::Again { .. } | Asked::Continue { .. } => 0,
    }
}

/// The answer that is about to be written: a new one, or an earlier one that goes on.
async fn prepare(chat: &Chat, owner: &user::Model, project_id: Uuid, request: &mut Request) -> Result<Running> {
    let owner_id = owner.id;
    let (answer_id, goes_on) = match request.asked {
        Asked::New { .. } | Asked::Edited { .. } => {
            // The question first: a reply is always newer than what it replies to.
            let question_id = clock::id();
            return Ok(Running::new(clock::id(), question_id, project_id, owner_id));
        }
        Asked::Again { message_id } => (message_id, false),
        Asked::Continue { message_id } => (message_id, true),
    };
    let answer = message::Entity::owned_one(owner_id, project_id, answer_id).one(chat.db.reader()).await?;
    let answer = answer.ok_or(Error::NotFound("message"))?;
    let (Role::Assistant, Some(question_id)) = (answer.role, answer.parent_id) else {
        let what = if goes_on { "be continued" } else { "be made again" };
        let detail = format!("only answers can {what}, and this is a question; edit it instead");
        return Err(Error::invalid("message_id", detail));
    };
    if !goes_on {
        return Ok(Running::new(clock::id(), question_id, project_id, owner_id));
    }
    // Whoever began it goes on, unless somebody else is asked for or it is not offered any more.
    if request.model.is_none()
        && let Some(model) = &answer.model
        && chat.catalog.resolve(Some(model), owner.role.into()).await.is_ok()
    {
        request.model = Some(model.clone());
    }
    Ok(Running::again(&answer, question_id))
}

/// The turn that a request of this id started.
async fn requested(chat: &Chat, owner_id: Uuid, project_id: Uuid, id: &str) -> Result<Option<Turn>> {
    let db = chat.db.reader();
    let Some(message) = message::Entity::requested(owner_id, id).one(db).await? else { return Ok(None) };
    if message.project_id != project_id {
        return Err(Error::ClientRequestReused);
    }
    // A question carries the id of the request that asked it, an answer that of the one that wanted it made again.
    let turn = match message.role {
        Role::User => {
            // Both were stored together.
            let answer = message::Entity::first_answer_to(message.id).one(db).await?;
            let answer = answer.ok_or(Error::ClientRequestSpent)?;
            Some(Turn { question: message, answer, standing: None })
        }
        Role::Assistant => {
            let question = message::Entity::find_by_id(message.parent_id.unwrap_or_default()).one(db).await?;
            question.map(|question| Turn { question, answer: message, standing: None })
        }
    };
    Ok(turn)
}

/// The conversation's last model, if it is still offered; else the default.
async fn choose_model(chat: &Chat, last: Option<&str>, asker: Asker) -> Result<Model> {
    match resolve(chat, last, asker).await {
        Err(_) if last.is_some() => resolve(chat, None, asker).await,
        chosen => chosen,
    }
}

async fn resolve(chat: &Chat, model: Option<&str>, asker: Asker) -> Result<Model> {
    chat.catalog.resolve(model, asker).await.map_err(|error| Error::ModelUnknown(error.to_string()))
}

/// A turn was refused, perhaps because another was faster: the same request, or a second answer at once.
async fn refused(chat: &Chat, running: &Arc<Running>, request: &Request, error: Error) -> Result<Turn> {
    chat.answers.leave(running);
    if matches!(error, Error::DatabaseTrouble { trouble: Trouble::Away, .. }) {
        // An answer that could not be continued because it is running has its own end before it.
        if chat.answers.get(running.message_id).is_some() {
            return Err(error);
        }
        // It may have been committed although nobody heard so, and then nobody would ever finish it.
        let (writer, running) = (chat.writer.clone(), Arc::clone(running));
        chat.tasks.spawn(async move { writer.finish(&running, Outcome::Interrupted).await });
        return Err(error);
    }
    let is_second = matches!(
        &error,
        Error::Database(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
    );
    if let Some(id) = &request.client_request_id
        && let Some(turn) = requested(chat, running.owner_id, running.project_id, id).await?
    {
        return Ok(turn);
    }
    if !is_second {
        return Err(error);
    }
    match message::Entity::running_in(running.project_id).one(chat.db.reader()).await? {
        Some(running) => Err(Error::AnswerRunning { message_id: running.id }),
        // It ended in this very moment; the next try will find the way free.
        None => Err(Error::Overtaken),
    }
}
