//! `/api/projects`: conversations.

use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use sea_orm::{ActiveModelTrait, DbErr, EntityTrait, QuerySelect, Set, Unchanged};
use serde::Deserialize;
use uuid::Uuid;

use super::Group;
use super::aside;
use super::body::Body;
use super::failure::Failure;
use super::page;
use super::parameters::Parameters;
use super::session::Access;
use crate::app::App;
use crate::auth::Caller;
use crate::chat::changes::Change;
use crate::chat::search::{self, Place, Wanted};
use crate::chat::{branch, naming};
use crate::clock;
use crate::entity::message;
use crate::entity::project::{self, NameSource};
use crate::entity::stored::{self, Amount};
use crate::error::{Error, Result as Outcome};

mod manner;
mod shown;

use manner::{Manner, growth};
pub(super) use shown::{Project, Source, show};

pub(super) struct Api;

/// A page of conversations, the most recently used first.
#[derive(Object)]
struct ProjectPage {
    /// The conversations. With `query` there may be fewer than the limit, or none, on a page that is not the last one.
    items: Vec<Project>,
    /// Where the next page begins; null on the last one.
    next_cursor: Option<String>,
}

/// What a conversation is made from.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
struct NewProject {
    /// A name of your own; without one the conversation is named after its first question.
    #[oai(validator(max_length = 200))]
    name: Option<String>,
    /// The model that answers; the default when left out.
    #[oai(validator(min_length = 1, max_length = 300))]
    model: Option<String>,
    /// What the model is told before everything else.
    #[oai(validator(max_length = 32768))]
    system_prompt: Option<String>,
    /// How the model is to answer.
    parameters: Option<Parameters>,
}

/// What to change about a conversation.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
struct ProjectChange {
    /// What to call it from now on.
    #[oai(validator(min_length = 1, max_length = 200))]
    name: Option<String>,
    /// The model that answers from now on.
    #[oai(validator(min_length = 1, max_length = 300))]
    model: Option<String>,
    /// What the model is told before everything else; empty removes it.
    #[oai(validator(max_length = 32768))]
    system_prompt: Option<String>,
    /// How the model is to answer; replaces what was set before, so an empty object removes it.
    parameters: Option<Parameters>,
    /// Whether to keep it at the top. This alone does not count as a use of it.
    pinned: Option<bool>,
    /// A message of the branch to show from now on, down to the newest message below it.
    active_message_id: Option<Uuid>,
}

#[derive(ApiResponse)]
enum Created {
    /// The conversation is made.
    #[oai(status = 201)]
    Created(Json<Project>),
}

#[derive(ApiResponse)]
enum Deleted {
    /// The conversation is gone, with all its messages.
    #[oai(status = 204)]
    Gone,
}

#[OpenApi(tag = "Group::Conversations")]
impl Api {
    /// Lists your conversations
    ///
    /// For signed-in people. The most recently used comes first. With `query` it lists those whose name or whose messages
    /// have that text, and `match` tells where. Upper and lower case are alike in every script, accents count, and no
    /// character stands for another. An answer is found once it is whole. Looking takes a second at most: then the page
    /// ends where it is, even without an item, and `next_cursor` goes on from there.
    #[oai(path = "/api/projects", method = "get", operation_id = "list_projects")]
    async fn list(
        &self,
        app: Data<&App>,
        access: Access,
        /// `next_cursor` of the page before.
        cursor: Query<Option<String>>,
        /// How many to list, 1 to 200; 50 when left out.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u32>>,
        /// True for the pinned ones only, false for the others only.
        pinned: Query<Option<bool>>,
        /// The text to look for, 1 to 200 characters. Spaces around it do not count.
        #[oai(validator(min_length = 1, max_length = 200))]
        query: Query<Option<String>>,
    ) -> Result<Json<ProjectPage>, Failure> {
        let (owner_id, pinned) = (access.0.id(), pinned.0);
        let size = limit.0.unwrap_or(page::USUAL);
        let below = cursor.0.as_deref().map(read_cursor).transpose()?;
        if let Some(query) = query.0 {
            let wanted = Wanted { owner_id, needle: page::needle(&query)?, pinned, below, limit: size as usize };
            let (found, next) = app.chat.search.page(&app.db, &wanted, search::PATIENCE).await?;
            let items = found.into_iter().map(|found| shown::show_found(&app, found)).collect();
            return Ok(Json(ProjectPage { items, next_cursor: next.map(cursor_at) }));
        }
        let below = below.map(|place| (place.updated_at, place.project_id));
        let recent = project::Entity::recent(owner_id, below);
        let recent = pinned.into_iter().fold(recent, project::Entity::only_pinned);
        let mut found = recent.limit(u64::from(size) + 1).all(app.db.reader()).await?;
        let next_cursor = page::cut(&mut found, size, cursor_after);
        let items = found.into_iter().map(|project| show(&app, project)).collect();
        Ok(Json(ProjectPage { items, next_cursor }))
    }

    /// Makes a conversation
    ///
    /// For signed-in people. There may be only so many, and only so much text in them: 409 `too_many_conversations` and
    /// `storage_full`.
    #[oai(path = "/api/projects", method = "post", operation_id = "create_project")]
    async fn create(&self, app: Data<&App>, access: Access, body: Body<NewProject>) -> Result<Created, Failure> {
        let NewProject { name, model, system_prompt, parameters } = body.0;
        let name = name.map(normal_name).transpose()?.filter(|name| !name.is_empty());
        let now = clock::now();
        let mut project = project::ActiveModel {
            id: Set(clock::id()),
            owner_id: Set(access.0.id()),
            name_source: Set(if name.is_some() { NameSource::User } else { NameSource::Default }),
            name: Set(name.unwrap_or_else(|| naming::DEFAULT.to_owned())),
            model: Set(None),
            system_prompt: Set(None),
            parameters: Set(None),
            leaf_id: Set(None),
            pinned: Set(false),
            created_at: Set(now),
            updated_at: Set(now),
        };
        Manner { model, system_prompt, parameters }.put(&app, access.0.user.role.into(), &mut project).await?;
        let room =
            app.chat.storage.room(access.0.id(), Amount { bytes: growth(None, &project), conversations: 1 }).await?;
        let transaction = app.db.write().await?;
        let project = project.insert(&transaction).await?;
        app.db.commit(transaction).await?;
        room.keep();
        app.chat.seen.note(project::Counted { project: project.clone(), messages: 0 });
        app.chat.changes.publish(project.owner_id, Change::Changed(project.id));
        Ok(Created::Created(Json(show(&app, project))))
    }

    /// Shows a conversation
    ///
    /// For its owner.
    #[oai(path = "/api/projects/:project_id", method = "get", operation_id = "get_project")]
    async fn get(
        &self,
        app: Data<&App>,
        access: Access,
        /// The conversation.
        project_id: Path<Uuid>,
    ) -> Result<Json<Project>, Failure> {
        let project = find(&app, &access.0, project_id.0).await?;
        Ok(Json(show(&app, project)))
    }

    /// Changes a conversation: its name, its model and how that answers, its pin, the branch that is shown
    ///
    /// For its owner. What is left out stays. A name that you gave is never replaced by one that was made for it.
    #[oai(path = "/api/projects/:project_id", method = "patch", operation_id = "change_project")]
    async fn change(
        &self,
        app: Data<&App>,
        access: Access,
        /// The conversation.
        project_id: Path<Uuid>,
        body: Body<ProjectChange>,
    ) -> Result<Json<Project>, Failure> {
        let ProjectChange { name, model, system_prompt, parameters, pinned, active_message_id } = body.0;
        let project = find(&app, &access.0, project_id.0).await?;
        let mut change = project::ActiveModel { id: Unchanged(project.id), ..Default::default() };
        if let Some(name) = name {
            change.name = Set(checked_name(name)?);
            change.name_source = Set(NameSource::User);
        }
        Manner { model, system_prompt, parameters }.put(&app, access.0.user.role.into(), &mut change).await?;
        if change.is_changed() {
            change.updated_at = Set(clock::now());
        }
        if let Some(pinned) = pinned {
            change.pinned = Set(pinned);
        }
        let project = store(&app, project, change, active_message_id).await?;
        Ok(Json(show(&app, project)))
    }

    /// Deletes a conversation
    ///
    /// For its owner. All its messages go with it, and an answer that is being written is cut off.
    #[oai(path = "/api/projects/:project_id", method = "delete", operation_id = "delete_project")]
    async fn delete(
        &self,
        app: Data<&App>,
        access: Access,
        /// The conversation.
        project_id: Path<Uuid>,
    ) -> Result<Deleted, Failure> {
        let transaction = app.db.write().await?;
        // Locked before its messages are, as everywhere.
        let project =
            project::Entity::owned_one(access.0.id(), project_id.0).lock_exclusive().one(&transaction).await?;
        let project = project.ok_or(Error::NotFound("conversation"))?;
        let gone = stored::in_project(&transaction, project.id).await?;
        message::Entity::delete_of_project(&transaction, project.id).await?;
        project::Entity::delete_by_id(project.id).exec(&transaction).await?;
        app.db.commit(transaction).await?;
        app.chat.storage.note(project.owner_id, -gone);
        app.chat.forget_project(project.id);
        app.chat.changes.publish(project.owner_id, Change::Deleted(project.id));
        Ok(Deleted::Gone)
    }

    /// Names a conversation after its first turn
    ///
    /// For its owner. Asks the conversation's model once, for at most some seconds; when it cannot help, the name from
    /// the first words of the question stays. A name that you gave is kept, and no model is asked; neither is one while
    /// another request has it think already. As often in a minute as questions may be asked, and counted apart from them.
    /// Whoever follows an answer in this conversation gets the new name as the event `name`.
    #[oai(path = "/api/projects/:project_id/generate_name", method = "post", operation_id = "generate_name")]
    async fn generate_name(
        &self,
        app: Data<&App>,
        access: Access,
        /// The conversation.
        project_id: Path<Uuid>,
    ) -> Result<Json<Project>, Failure> {
        let project = find(&app, &access.0, project_id.0).await?;
        let named = naming::generate(&app.chat, project, access.0.user.role.into()).await?;
        aside::tell(named.standing);
        Ok(Json(show(&app, named.project)))
    }
}

/// A conversation of the caller; somebody else's is not found.
pub(super) async fn find(app: &App, caller: &Caller, id: Uuid) -> Outcome<project::Model> {
    project::Entity::owned_one(caller.id(), id).one(app.db.reader()).await?.ok_or(Error::NotFound("conversation"))
}

/// Stores what has changed of a conversation, all of it or nothing, and tells its followers a new name.
async fn store(
    app: &App,
    project: project::Model,
    mut change: project::ActiveModel,
    active_message_id: Option<Uuid>,
) -> Outcome<project::Model> {
    if !change.is_changed() && active_message_id.is_none() {
        return Ok(project);
    }
    let renamed = change.name.is_set();
    // Whoever has no room left can still make instructions shorter.
    let more = growth(Some(&project), &change);
    let room = match more {
        1.. => Some(app.chat.storage.room(project.owner_id, Amount { bytes: more, conversations: 0 }).await?),
        _ => None,
    };
    let transaction = app.db.write().await?;
    if let Some(message_id) = active_message_id {
        let end = branch::end_below(&transaction, project.owner_id, project.id, message_id).await?;
        change.leaf_id = Set(end);
    }
    // Only what has changed is written; the conversation may have been deleted meanwhile.
    let project = change.update(&transaction).await.map_err(|error| match error {
        DbErr::RecordNotUpdated => Error::NotFound("conversation"),
        error => error.into(),
    })?;
    app.db.commit(transaction).await?;
    match room {
        Some(room) => room.keep(),
        None => app.chat.storage.note(project.owner_id, Amount { bytes: more, conversations: 0 }),
    }
    if renamed && let Some(running) = app.chat.answers.in_project(project.id) {
        running.log.set_name(&project.name);
    }
    app.chat.changes.publish(project.owner_id, Change::Changed(project.id));
    Ok(project)
}

fn checked_name(name: String) -> Outcome<String> {
    let name = normal_name(name)?;
    if name.is_empty() {
        return Err(Error::invalid("name", "a conversation needs a name; write at least one character"));
    }
    Ok(name)
}

fn normal_name(name: String) -> Outcome<String> {
    let name = name.replace('\0', "\u{fffd}").split_whitespace().collect::<Vec<_>>().join(" ");
    if name.chars().count() > naming::LONGEST {
        return Err(Error::invalid("name", format!("a name has at most {} characters", naming::LONGEST)));
    }
    Ok(name)
}

/// The end of the year 9999, in milliseconds.
const LATEST_CURSOR: i64 = 253_402_300_799_999;

/// A place in the list: the time in milliseconds and the id.
fn cursor_after(project: &project::Model) -> String {
    cursor_at(Place::after(project))
}

fn cursor_at(place: Place) -> String {
    let within = place.message_id.map(|id| format!(".{}", id.simple())).unwrap_or_default();
    format!("{}.{}{within}", place.updated_at.timestamp_millis(), place.project_id.simple())
}

fn read_cursor(cursor: &str) -> Outcome<Place> {
    let mut parts = cursor.splitn(3, '.');
    // Others were never ours, and PostgreSQL knows no times before 4713 BC.
    let time = parts.next().and_then(|time| time.parse().ok()).filter(|time| (0..=LATEST_CURSOR).contains(time));
    let updated_at = time.and_then(chrono::DateTime::from_timestamp_millis).ok_or_else(page::bad_cursor)?;
    let mut ids = parts.map(|id| Uuid::try_parse(id).map_err(|_| page::bad_cursor()));
    let project_id = ids.next().ok_or_else(page::bad_cursor)??;
    Ok(Place { updated_at, project_id, message_id: ids.next().transpose()? })
}
