//! Accepts a turn: stores the question and the empty answer in one transaction, before any model is asked.

use std::sync::Arc;

use sea_orm::prelude::DateTimeUtc;
use sea_orm::{
    ActiveModelTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect,
    QueryTrait, Set, TryIntoModel,
};
use uuid::Uuid;

use super::allowance::Share;
use super::answer::BRANCH;
use super::attachments;
use super::queue::Place;
use super::running::Running;
use super::seen::{self, Branch};
use super::storage::Room;
use super::turn::{self, Asked, Request, Turn};
use super::{Chat, naming};
use crate::clock;
use crate::entity::message::{self, Role, Status};
use crate::entity::project::{self, NameSource};
use crate::entity::{answer_chunk, continuation};
use crate::error::{Error, Result};
use crate::failpoint;
use crate::llm::{FinishReason, Model};

/// A turn that is committed.
pub(super) struct Accepted {
    pub(super) turn: Turn,
    /// The name that the conversation got by it.
    pub(super) name: Option<String>,
    /// The conversation as it was then.
    pub(super) project: project::Model,
    /// The branch that ends in the question, newest message first, where it was read meanwhile.
    pub(super) branch: Option<Branch>,
    pub(super) model: Model,
    pub(super) place: Place,
    /// What the copies of images take that came with another question.
    pub(super) copies: Option<Room>,
}

/// Commits a turn in a conversation that has just been read. Two indexes keep it single: one running answer per
/// conversation, one turn per client request.
pub(super) async fn accept(
    chat: &Chat,
    running: &Arc<Running>,
    request: &Request,
    model: Model,
    project: project::Model,
) -> Result<Accepted> {
    let entered = enter(chat, running).await?;
    let stored = match follow(chat, running, request, &model, project).await? {
        Some(stored) => stored,
        None => store(chat, running, request, &model).await?,
    };
    Ok(entered.accepted(model, stored))
}

/// The same in a conversation as it was seen earlier; None if it has changed since.
pub(super) async fn accept_if_unchanged(
    chat: &Chat,
    running: &Arc<Running>,
    request: &Request,
    model: Model,
    seen: project::Model,
) -> Result<Option<Accepted>> {
    let entered = enter(chat, running).await?;
    let stored = follow(chat, running, request, &model, seen).await?;
    Ok(stored.map(|stored| entered.accepted(model, stored)))
}

/// A place among the answers, for which a question was counted.
struct Entered {
    place: Place,
    share: Share,
}

async fn enter(chat: &Chat, running: &Arc<Running>) -> Result<Entered> {
    let counted = chat.allowance.take(running.owner_id).map_err(Error::TooOften);
    match counted.and_then(|share| Ok(Entered { place: chat.queue.enter(running)?, share })) {
        Ok(entered) => Ok(entered),
        // An index keeps answers apart, and whoever is merely second is to be told that.
        Err(refused) => {
            let other = message::Entity::running_in(running.project_id).one(chat.db.reader()).await?;
            Err(other.map_or(refused, |other| Error::AnswerRunning { message_id: other.id }))
        }
    }
}

impl Entered {
    fn accepted(self, model: Model, stored: Stored) -> Accepted {
        failpoint::hit("turn.after_commit");
        let Stored { turn, name, project, branch, copies } = stored;
        let turn = Turn { standing: self.share.keep(), ..turn };
        Accepted { turn, name, project, branch, model, place: self.place, copies }
    }
}

/// What a turn has put into the database.
struct Stored {
    turn: Turn,
    name: Option<String>,
    project: project::Model,
    branch: Option<Branch>,
    copies: Option<Room>,
}

/// Stores a new question that goes on from where the conversation ends, as nearly all do, without a transaction and its
/// trips to the database. None if it is another one, if the conversation has changed since it was read, or if an answer was
/// continued by a request of this id.
async fn follow(
    chat: &Chat,
    running: &Arc<Running>,
    request: &Request,
    model: &Model,
    project: project::Model,
) -> Result<Option<Stored>> {
    let Asked::New { content, parent_id, attachments } = &request.asked else { return Ok(None) };
    if !attachments.is_empty() || parent_id.is_some_and(|parent| project.leaf_id != Some(parent)) {
        return Ok(None);
    }
    let question = new_question(running, request, project.leaf_id, content);
    let answer = new_answer(running, request, model, &question);
    let gone_on = GoneOn::by(request, &project, model, &question, &answer);
    let change = gone_on.change(&project);
    let mut update = project::Entity::change_unless_changed(&project, change.clone());
    if let Some(id) = &request.client_request_id {
        update = update.filter(continuation::Entity::is_unused(running.owner_id, id));
    }
    let update = update.into_query();
    let rows = [question, answer];
    announce(chat, running);
    // What the model is told is read while that is being stored.
    let (stored, earlier) = tokio::join!(chat.db.update_and_insert(update, &rows), so_far(chat, &project));
    if !stored? {
        return Ok(None);
    }
    let [question, answer] = rows;
    let branch = earlier.map(|mut branch| {
        branch.insert(0, seen::told(question.clone()));
        branch
    });
    let turn = Turn { question, answer, standing: None };
    Ok(Some(Stored { turn, project: change.try_into_model()?, name: gone_on.name, branch, copies: None }))
}

/// The branch on which a conversation goes on, newest message first; None where it has to be read once more, because its
/// newest answer has not got all of its text.
async fn so_far(chat: &Chat, project: &project::Model) -> Option<Branch> {
    let Some(leaf_id) = project.leaf_id else { return Some(Vec::new()) };
    let leaf = message::Entity::owned_one(project.owner_id, project.id, leaf_id).one(chat.db.reader()).await.ok()??;
    if leaf.status == Status::Running {
        return None;
    }
    // What it replies to is as it was: only the newest message can have changed since.
    if let Some(seen) = leaf.parent_id.and_then(|question_id| chat.seen.branch_to(project.id, question_id)) {
        let newest = std::iter::once(seen::told(leaf));
        return Some(newest.chain(seen.iter().map(Arc::clone)).collect());
    }
    let branch = message::Entity::branch_without_reasoning(chat.db.reader(), project.id, leaf_id, BRANCH).await.ok()?;
    let is_whole = branch.iter().all(|message| message.status != Status::Running);
    is_whole.then(|| branch.into_iter().map(seen::told).collect())
}

/// Stores any turn.
async fn store(chat: &Chat, running: &Arc<Running>, request: &Request, model: &Model) -> Result<Stored> {
    let transaction = chat.db.write().await?;
    let project = project::Entity::usable_one(running.owner_id, running.project_id)
        .lock_exclusive()
        .one(&transaction)
        .await?
        .ok_or(Error::NotFound("conversation"))?;
    let (turn, copies) = match &request.asked {
        Asked::Continue { .. } => (go_on(&transaction, running, request, model).await?, None),
        _ => begin(&transaction, chat, running, request, model, &project).await?,
    };
    let gone_on = GoneOn::by(request, &project, model, &turn.question, &turn.answer);
    let project = gone_on.change(&project).update(&transaction).await?;
    announce(chat, running);
    chat.db.commit_unsynced(transaction).await?;
    let is_whole = turn.question.parent_id.is_none() && !matches!(request.asked, Asked::Continue { .. });
    let branch = is_whole.then(|| vec![seen::told(turn.question.clone())]);
    Ok(Stored { turn, project, name: gone_on.name, branch, copies })
}

/// Makes an answer known before its rows are committed, so that whoever sees the rows also finds it.
fn announce(chat: &Chat, running: &Arc<Running>) {
    chat.answers.enter(running);
    failpoint::hit("turn.before_commit");
}

/// What a turn changes of its conversation.
struct GoneOn {
    leaf_id: Uuid,
    model: String,
    updated_at: DateTimeUtc,
    /// What it is called after its first question, if it has no name yet.
    name: Option<String>,
}

impl GoneOn {
    fn by(
        request: &Request,
        project: &project::Model,
        model: &Model,
        question: &message::Model,
        answer: &message::Model,
    ) -> Self {
        let name = match (&request.asked, project.name_source) {
            (Asked::New { .. }, NameSource::Default) => naming::from_question(question),
            _ => None,
        };
        Self { leaf_id: answer.id, model: model.id.clone(), updated_at: answer.updated_at, name }
    }

    /// As a change to the database.
    fn change(&self, project: &project::Model) -> project::ActiveModel {
        let mut change = project.clone().into_active_model();
        change.leaf_id = Set(Some(self.leaf_id));
        change.model = Set(Some(self.model.clone()));
        change.updated_at = Set(self.updated_at);
        if let Some(name) = &self.name {
            change.name = Set(name.clone());
            change.name_source = Set(NameSource::FirstWords);
        }
        change
    }
}

/// A question, new or old, and an empty answer to it.
async fn begin(
    transaction: &DatabaseTransaction,
    chat: &Chat,
    running: &Running,
    request: &Request,
    model: &Model,
    project: &project::Model,
) -> Result<(Turn, Option<Room>)> {
    let Asking { mut question, is_new, attachments } = question(transaction, running, request, project).await?;
    let answer = new_answer(running, request, model, &question);
    // Both in one statement: the model is asked when they are stored.
    let new = [is_new.then(|| question.clone()), Some(answer.clone())].into_iter().flatten();
    message::Entity::insert_many(new.map(|message| message.into_active_model().reset_all()))
        .exec_without_returning(transaction)
        .await?;
    let sent = attachments::send(transaction, chat, running.owner_id, &attachments, question.id).await?;
    if !sent.images.is_empty() {
        let told = serde_json::to_string(&sent.images).map_err(|error| Error::Internal(error.into()))?;
        let mut change = question.into_active_model();
        change.attachments = Set(Some(told));
        question = change.update(transaction).await?;
    }
    Ok((Turn { question, answer, standing: None }, sent.copies))
}

/// An answer that was cut short, running again with the text it has.
async fn go_on(transaction: &DatabaseTransaction, running: &Running, request: &Request, model: &Model) -> Result<Turn> {
    let find = |id: Uuid| message::Entity::owned_one(running.owner_id, running.project_id, id).one(transaction);
    let answer = find(running.message_id).await?.ok_or(Error::NotFound("message"))?;
    let question = find(running.question_id).await?.ok_or(Error::NotFound("message"))?;
    may_go_on(&answer)?;
    if message::Entity::replies_to(answer.id).count(transaction).await? > 0 {
        return Err(Error::NotContinuable(
            "the conversation has gone on after this answer; answer the question once more instead, or edit it",
        ));
    }
    if answer.content.len() + answer.reasoning.as_ref().map_or(0, String::len) != running.log.begun() {
        // Continued by another request since it was read: that one has written, and ended.
        return Err(Error::Overtaken);
    }
    if let Some(id) = &request.client_request_id {
        let continuation = continuation::Model {
            owner_id: running.owner_id,
            client_request_id: id.clone(),
            message_id: answer.id,
            created_at: clock::now(),
        };
        continuation::Entity::insert(continuation.into_active_model().reset_all())
            .exec_without_returning(transaction)
            .await?;
    }
    // None are left of an answer that ended; should there be, they would stand in the way of the new ones.
    answer_chunk::Entity::delete_of([answer.id]).exec(transaction).await?;
    let mut answer = answer.into_active_model();
    answer.status = Set(Status::Running);
    answer.model = Set(Some(model.id.clone()));
    answer.finish_reason = Set(None);
    answer.failure_code = Set(None);
    answer.failure_detail = Set(None);
    answer.retry_at = Set(None);
    answer.updated_at = Set(clock::now());
    Ok(Turn { question, answer: answer.update(transaction).await?, standing: None })
}

fn may_go_on(answer: &message::Model) -> Result<()> {
    match answer.status {
        Status::Stopped | Status::Interrupted | Status::Failed => Ok(()),
        Status::Complete if answer.finish_reason.as_deref() == Some(FinishReason::Length.as_str()) => Ok(()),
        Status::Complete => Err(Error::NotContinuable("this answer is complete; there is nothing to go on with")),
        Status::Running => Err(Error::AnswerRunning { message_id: answer.id }),
    }
}

/// The question of a turn.
struct Asking {
    question: message::Model,
    /// Whether it is still to be stored.
    is_new: bool,
    /// The images that are to come with it.
    attachments: Vec<Uuid>,
}

async fn question(
    transaction: &DatabaseTransaction,
    running: &Running,
    request: &Request,
    project: &project::Model,
) -> Result<Asking> {
    let find = |id: Uuid| message::Entity::owned_one(running.owner_id, running.project_id, id).one(transaction);
    let (parent_id, content, attachments) = match &request.asked {
        Asked::Again { .. } | Asked::Continue { .. } => {
            let question = find(running.question_id).await?.ok_or(Error::NotFound("message"))?;
            return Ok(Asking { question, is_new: false, attachments: Vec::new() });
        }
        Asked::Edited { message_id, content, attachments } => {
            let original = find(*message_id).await?.ok_or(Error::NotFound("message"))?;
            if original.role != Role::User {
                return Err(Error::invalid("message_id", "only questions can be edited, and this is an answer"));
            }
            let same = || original.attachments().into_iter().map(|about| about.id).collect();
            let attachments: Vec<Uuid> = attachments.clone().unwrap_or_else(same);
            if content.is_empty() && attachments.is_empty() {
                return Err(turn::nothing_to_ask());
            }
            (original.parent_id, content, attachments)
        }
        Asked::New { parent_id: None, content, attachments } => (project.leaf_id, content, attachments.clone()),
        Asked::New { parent_id: Some(id), content, attachments } => {
            let parent = find(*id).await?;
            let parent =
                parent.ok_or_else(|| Error::invalid("parent_id", "there is no such message in this conversation"))?;
            if parent.role == Role::User {
                return Err(Error::invalid("parent_id", "a question follows an answer; this is a question"));
            }
            (Some(parent.id), content, attachments.clone())
        }
    };
    Ok(Asking { question: new_question(running, request, parent_id, content), is_new: true, attachments })
}

fn new_question(running: &Running, request: &Request, parent_id: Option<Uuid>, content: &str) -> message::Model {
    message::Model {
        id: running.question_id,
        parent_id,
        content: content.to_owned(),
        client_request_id: request.client_request_id.clone(),
        ..message::Model::blank(running.message_id, running.project_id, running.owner_id)
    }
}

fn new_answer(running: &Running, request: &Request, model: &Model, question: &message::Model) -> message::Model {
    let again = matches!(request.asked, Asked::Again { .. });
    message::Model {
        id: running.message_id,
        parent_id: Some(question.id),
        role: Role::Assistant,
        status: Status::Running,
        model: Some(model.id.clone()),
        client_request_id: request.client_request_id.clone().filter(|_| again),
        ..message::Model::blank(running.message_id, running.project_id, running.owner_id)
    }
}
