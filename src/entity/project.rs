//! Projects, which are conversations.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, Query};
use sea_orm::{FromQueryResult, QueryOrder, QuerySelect, QueryTrait, SelectModel, Selector, UpdateMany};

use super::{message, user};
use crate::llm::Parameters;

/// A conversation.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "projects")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub owner_id: Uuid,
    /// What it is called.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// Where the name comes from: a name that the person gave is never replaced.
    pub name_source: NameSource,
    /// The model of the newest turn.
    #[sea_orm(column_type = "Text", nullable)]
    pub model: Option<String>,
    /// What the model is told before everything else.
    #[sea_orm(column_type = "Text", nullable)]
    pub system_prompt: Option<String>,
    /// How the model is to answer, as JSON.
    #[sea_orm(column_type = "Text", nullable)]
    pub parameters: Option<String>,
    /// The newest message of the branch that is shown.
    pub leaf_id: Option<Uuid>,
    /// Whether the person keeps it at the top.
    pub pinned: bool,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it was last used or renamed.
    pub updated_at: DateTimeUtc,
}

/// Where a conversation's name comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum NameSource {
    /// It has none of its own yet.
    #[sea_orm(string_value = "default")]
    Default,
    /// From the first words of the first question.
    #[sea_orm(string_value = "first_words")]
    FirstWords,
    /// From a model that read the first turn.
    #[sea_orm(string_value = "model")]
    Model,
    /// From the person.
    #[sea_orm(string_value = "user")]
    User,
}

/// A conversation, and how many messages it has on all its branches.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Counted {
    /// The conversation.
    #[sea_orm(nested)]
    pub project: Model,
    /// Its messages.
    pub messages: i64,
}

/// Relations are followed by the finders below, not by the library.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// How the model is to answer. What cannot be read, as after a downgrade, counts as not set.
    pub fn parameters(&self) -> Parameters {
        self.parameters.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }
}

impl Entity {
    /// One conversation of a person whose account can be used.
    pub fn usable_one(owner_id: Uuid, id: Uuid) -> Select<Self> {
        Self::owned_one(owner_id, id).filter(is_usable(owner_id))
    }

    /// The same, with its messages counted in the same breath, so that a turn takes no trip to the database more for it.
    pub fn usable_counted(owner_id: Uuid, id: Uuid) -> Selector<SelectModel<Counted>> {
        let messages = message::Entity::find()
            .select_only()
            .column_as(message::Column::Id.count(), "count")
            .filter(message::Column::ProjectId.eq(id))
            .into_query();
        let messages = Expr::SubQuery(None, Box::new(messages.into()));
        Self::usable_one(owner_id, id).column_as(messages, "messages").into_model()
    }

    /// Changes a conversation of a person whose account can be used, unless since it was read it has gone on, got its first
    /// name, or been set to be answered in another way.
    pub fn change_unless_changed(read: &Model, change: ActiveModel) -> UpdateMany<Self> {
        let unchanged = [
            Column::Id,
            Column::OwnerId,
            Column::NameSource,
            Column::Model,
            Column::SystemPrompt,
            Column::Parameters,
            Column::LeafId,
        ];
        let update = Self::update_many().set(change).filter(is_usable(read.owner_id));
        unchanged.into_iter().fold(update, |update, column| {
            let value = read.get(column);
            let is_null = value == value.as_null();
            update.filter(if is_null { column.is_null() } else { column.eq(value) })
        })
    }

    /// A person's conversations.
    pub fn owned_by(owner_id: Uuid) -> Select<Self> {
        Self::find().filter(Column::OwnerId.eq(owner_id))
    }

    /// One conversation of a person.
    pub fn owned_one(owner_id: Uuid, id: Uuid) -> Select<Self> {
        Self::owned_by(owner_id).filter(Column::Id.eq(id))
    }

    /// How many conversations these people have.
    pub fn count_of(owner_ids: impl Iterator<Item = Uuid>) -> Select<Self> {
        Self::find()
            .select_only()
            .column(Column::OwnerId)
            .column_as(Column::Id.count(), "count")
            .filter(Column::OwnerId.is_in(owner_ids))
            .group_by(Column::OwnerId)
    }

    /// Locks all conversations of a person, in one order for everybody.
    pub fn lock_of(owner_id: Uuid) -> Select<Self> {
        Self::owned_by(owner_id).select_only().column(Column::Id).order_by_asc(Column::Id).lock_exclusive()
    }

    /// A person's conversations, most recently used first, from below a place in that order.
    pub fn recent(owner_id: Uuid, below: Option<(DateTimeUtc, Uuid)>) -> Select<Self> {
        let mut select = Self::owned_by(owner_id).order_by_desc(Column::UpdatedAt).order_by_desc(Column::Id);
        if let Some((time, id)) = below {
            let place = Expr::tuple([Expr::col(Column::UpdatedAt), Expr::col(Column::Id)]);
            select = select.filter(ExprTrait::lt(place, Expr::tuple([Expr::value(time), Expr::value(id)])));
        }
        select
    }

    /// A person's conversations, oldest first, from after one of them.
    pub fn oldest(owner_id: Uuid, after: Option<Uuid>) -> Select<Self> {
        let select = Self::owned_by(owner_id).order_by_asc(Column::Id);
        after.into_iter().fold(select, |select, id| select.filter(Column::Id.gt(id)))
    }

    /// Of these conversations only those that are pinned, or only the others.
    pub fn only_pinned(select: Select<Self>, pinned: bool) -> Select<Self> {
        // Without a comparison, because that is how SQLite recognizes the index of the pinned ones.
        let is_pinned = Expr::col((Self, Column::Pinned));
        select.filter(if pinned { is_pinned } else { is_pinned.not() })
    }
}

/// Whether a conversation is this person's, and their account can be used.
fn is_usable(owner_id: Uuid) -> Expr {
    let mut active = Query::select();
    active.column(user::Column::Id).from(user::Entity).and_where(user::Column::Id.eq(owner_id));
    active.and_where(user::Column::DeactivatedAt.is_null());
    Column::OwnerId.in_subquery(active)
}
