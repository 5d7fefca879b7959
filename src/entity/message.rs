//! Messages: a tree of questions and answers in each conversation.

use std::collections::{HashMap, HashSet};

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait as _, Func, SelectStatement};
use sea_orm::{Condition, ConnectionTrait, Iterable as _, QueryOrder, QuerySelect, QueryTrait, Statement, TryGetable};

use super::{attachment, continuation, project};
use crate::clock;
use crate::db::needle::Needle;

mod deletion;

/// A question or an answer.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "messages")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The conversation it belongs to.
    pub project_id: Uuid,
    /// Whose it is: the conversation's owner.
    pub owner_id: Uuid,
    /// What it replies to; none for the first question.
    pub parent_id: Option<Uuid>,
    /// Who wrote it.
    pub role: Role,
    /// The text. Empty while the answer is being written.
    #[sea_orm(column_type = "Text")]
    pub content: String,
    /// What the model thought before it answered.
    #[sea_orm(column_type = "Text", nullable)]
    pub reasoning: Option<String>,
    /// How text and reasoning alternated in the answer's log and where crashes have cut it; none where all reasoning came
    /// first and it never crashed.
    #[sea_orm(column_type = "Text", nullable)]
    pub layout: Option<String>,
    /// What is told of the images that come with it, as JSON; none where there are none.
    #[sea_orm(column_type = "Text", nullable)]
    pub attachments: Option<String>,
    /// How far it is.
    pub status: Status,
    /// The model that answers.
    #[sea_orm(column_type = "Text", nullable)]
    pub model: Option<String>,
    /// The client's own id of the request, on questions; one per person.
    #[sea_orm(column_type = "Text", nullable)]
    pub client_request_id: Option<String>,
    /// Why the model stopped, in its provider's word.
    #[sea_orm(column_type = "Text", nullable)]
    pub finish_reason: Option<String>,
    /// What went wrong, as a stable word.
    #[sea_orm(column_type = "Text", nullable)]
    pub failure_code: Option<String>,
    /// What went wrong, as a sentence.
    #[sea_orm(column_type = "Text", nullable)]
    pub failure_detail: Option<String>,
    /// When it makes sense to ask again, where the failure told.
    pub retry_at: Option<DateTimeUtc>,
    /// Tokens of the question and what went before it.
    pub prompt_tokens: Option<i32>,
    /// Tokens of the answer.
    pub completion_tokens: Option<i32>,
    /// Those of them that were reasoning.
    pub reasoning_tokens: Option<i32>,
    /// Who counted them; none where nothing was counted.
    pub usage_source: Option<UsageSource>,
    /// Milliseconds to the first word or thought.
    pub first_token_ms: Option<i32>,
    /// Milliseconds of thinking before the first word.
    pub reasoning_ms: Option<i32>,
    /// Milliseconds that it took in all.
    pub duration_ms: Option<i32>,
    /// When it was begun.
    pub created_at: DateTimeUtc,
    /// When it was last changed.
    pub updated_at: DateTimeUtc,
}

impl Model {
    /// A message about which nothing is known yet.
    pub fn blank(id: Uuid, project_id: Uuid, owner_id: Uuid) -> Self {
        let now = clock::now();
        Self {
            id,
            project_id,
            owner_id,
            parent_id: None,
            role: Role::User,
            content: String::new(),
            reasoning: None,
            layout: None,
            attachments: None,
            status: Status::Complete,
            model: None,
            client_request_id: None,
            finish_reason: None,
            failure_code: None,
            failure_detail: None,
            retry_at: None,
            prompt_tokens: None,
            completion_tokens: None,
            reasoning_tokens: None,
            usage_source: None,
            first_token_ms: None,
            reasoning_ms: None,
            duration_ms: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// The images that come with it. What cannot be read, as after a downgrade, counts as none.
    pub fn attachments(&self) -> Vec<attachment::About> {
        self.attachments.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Role {
    /// The person.
    #[sea_orm(string_value = "user")]
    User,
    /// The model.
    #[sea_orm(string_value = "assistant")]
    Assistant,
}

/// How far a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Status {
    /// It is being written now.
    #[sea_orm(string_value = "running")]
    Running,
    /// It is whole.
    #[sea_orm(string_value = "complete")]
    Complete,
    /// The person stopped it.
    #[sea_orm(string_value = "stopped")]
    Stopped,
    /// The server stopped in the middle of it.
    #[sea_orm(string_value = "interrupted")]
    Interrupted,
    /// The model's provider failed in the middle of it, or before.
    #[sea_orm(string_value = "failed")]
    Failed,
}

/// Who counted the tokens of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum UsageSource {
    /// The model's provider.
    #[sea_orm(string_value = "provider")]
    Provider,
    /// We did, by the length of the text.
    #[sea_orm(string_value = "estimate")]
    Estimate,
    /// The provider, for the same answer at an earlier time: this one came from the prompt cache and cost nothing.
    #[sea_orm(string_value = "cache")]
    Cache,
}

/// Relations are followed by the finders below, not by the library.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// How long a branch is that is read. Its newest message always counts as fitting.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    /// The most messages.
    pub messages: u32,
    /// The most text in them, in bytes.
    pub bytes: usize,
}

/// The subtree whose top is `$1` in the conversation `$2`.
const BELOW: &str = "\
WITH RECURSIVE below (id) AS (\
 SELECT id FROM messages WHERE id = $1 AND project_id = $2 \
 UNION ALL \
 SELECT reply.id FROM messages reply JOIN below ON reply.parent_id = below.id\
)";

impl Entity {
    /// A person's messages in one conversation.
    pub fn owned_by(owner_id: Uuid, project_id: Uuid) -> Select<Self> {
        Self::find().filter(Column::OwnerId.eq(owner_id)).filter(Column::ProjectId.eq(project_id))
    }

    /// A person's messages in one conversation, oldest first, from after one of them.
    pub fn oldest(owner_id: Uuid, project_id: Uuid, after: Option<Uuid>) -> Select<Self> {
        let select = Self::owned_by(owner_id, project_id).order_by_asc(Column::Id);
        after.into_iter().fold(select, |select, id| select.filter(Column::Id.gt(id)))
    }

    /// One message of a person in one conversation.
    pub fn owned_one(owner_id: Uuid, project_id: Uuid, id: Uuid) -> Select<Self> {
        Self::owned_by(owner_id, project_id).filter(Column::Id.eq(id))
    }

    /// The question that a person asked under this id of their own, or the answer that they wanted made again or continued.
    pub fn requested(owner_id: Uuid, client_request_id: &str) -> Select<Self> {
        let begun = Column::OwnerId.eq(owner_id).and(Column::ClientRequestId.eq(client_request_id));
        // Compared as a value: PostgreSQL would read every message to look whether it is in a list.
        let continued = continuation::Entity::requested(owner_id, client_request_id).into_query();
        let continued = Expr::SubQuery(None, Box::new(continued.into()));
        Self::find().filter(begun.or(Column::Id.into_expr().eq(continued)))
    }

    /// The answers to a question, newest first.
    pub fn answers_to(question_id: Uuid) -> Select<Self> {
        Self::replies_to(question_id).filter(Column::Role.eq(Role::Assistant)).order_by_desc(Column::Id)
    }

    /// The answer that a question got first.
    pub fn first_answer_to(question_id: Uuid) -> Select<Self> {
        Self::replies_to(question_id).filter(Column::Role.eq(Role::Assistant)).order_by_asc(Column::Id)
    }

    /// What stands right below a message. Where a question's answers were deleted, that can be the next question.
    pub fn replies_to(id: Uuid) -> Select<Self> {
        Self::find().filter(Column::ParentId.eq(id))
    }

    /// What stands beside messages: for each parent, the ids of all its children, oldest first. `None` is the parent of
    /// a conversation's first questions.
    pub async fn children(
        db: &impl ConnectionTrait,
        project_id: Uuid,
        parents: impl IntoIterator<Item = Option<Uuid>>,
    ) -> Result<HashMap<Option<Uuid>, Vec<Uuid>>, DbErr> {
        let parents: HashSet<Option<Uuid>> = parents.into_iter().collect();
        let mut any = Condition::any().add(Column::ParentId.is_in(parents.iter().flatten().copied()));
        if parents.contains(&None) {
            any = any.add(Column::ParentId.is_null());
        }
        let rows: Vec<(Option<Uuid>, Uuid)> = Self::find()
            .filter(Column::ProjectId.eq(project_id))
            .filter(any)
            .order_by_asc(Column::Id)
            .select_only()
            .columns([Column::ParentId, Column::Id])
            .into_tuple()
            .all(db)
            .await?;
        let mut children: HashMap<Option<Uuid>, Vec<Uuid>> = HashMap::new();
        for (parent, id) in rows {
            children.entry(parent).or_default().push(id);
        }
        Ok(children)
    }

    /// The newest message below another, or that one itself; without one, the newest of the conversation.
    ///
    /// A reply is always newer than what it replies to, so the newest one is the end of a branch.
    pub async fn newest_below(
        db: &impl ConnectionTrait,
        project_id: Uuid,
        top: Option<Uuid>,
    ) -> Result<Option<Uuid>, DbErr> {
        let Some(top) = top else {
            let newest = Self::find().filter(Column::ProjectId.eq(project_id)).order_by_desc(Column::Id);
            return newest.select_only().column(Column::Id).into_tuple().one(db).await;
        };
        let values = [top.into(), project_id.into()];
        let newest = format!("{BELOW} SELECT id FROM below ORDER BY id DESC LIMIT 1");
        let statement = Statement::from_sql_and_values(db.get_database_backend(), newest, values);
        let row = db.query_one_raw(statement).await?;
        row.map(|row| row.try_get("", "id")).transpose()
    }

    /// The answer that is being written in a conversation.
    pub fn running_in(project_id: Uuid) -> Select<Self> {
        Self::find().filter(Column::ProjectId.eq(project_id)).filter(Column::Status.eq(Status::Running))
    }

    /// Every answer that is being written.
    pub fn running() -> Select<Self> {
        Self::find().filter(Column::Status.eq(Status::Running)).order_by_asc(Column::Id)
    }

    /// The newest question in a conversation that has exactly this text, among the last few.
    pub async fn newest_question(
        db: &impl ConnectionTrait,
        owner_id: Uuid,
        project_id: Uuid,
        content: &str,
    ) -> Result<Option<Model>, DbErr> {
        let recent = Self::owned_by(owner_id, project_id)
            .filter(Column::Role.eq(Role::User))
            .order_by_desc(Column::Id)
            .limit(20)
            .all(db)
            .await?;
        Ok(recent.into_iter().find(|message| message.content == content))
    }

    /// The newest message with some text in each of a person's conversations that has one.
    pub async fn newest_with(
        db: &impl ConnectionTrait,
        owner_id: Uuid,
        project_ids: Vec<Uuid>,
        needle: &Needle,
    ) -> Result<HashMap<Uuid, Uuid>, DbErr> {
        let content = Expr::col((Self, Column::Content));
        let newest = Self::find()
            .select_only()
            .column(Column::Id)
            .filter(Expr::col((Self, Column::ProjectId)).equals((project::Entity, project::Column::Id)))
            .filter(Column::OwnerId.eq(owner_id))
            .filter(needle.is_in(content, db.get_database_backend()))
            .order_by_desc(Column::Id)
            .limit(1)
            .into_query();
        of_each(db, owner_id, project_ids, newest).await
    }

    /// How much was said in each of a person's conversations, in bytes; none where nothing was.
    pub async fn bytes_in(
        db: &impl ConnectionTrait,
        owner_id: Uuid,
        project_ids: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, i64>, DbErr> {
        // By the project alone: with the owner too, SQLite would read all of that person's messages by another index.
        let bytes = Self::find()
            .select_only()
            .column_as(bytes_of_content().sum(), "bytes")
            .filter(Expr::col((Self, Column::ProjectId)).equals((project::Entity, project::Column::Id)))
            .into_query();
        of_each(db, owner_id, project_ids, bytes).await
    }

    /// The ids of messages in a conversation and how long they are, in bytes: the newest, or those before one.
    pub async fn lengths(
        db: &impl ConnectionTrait,
        owner_id: Uuid,
        project_id: Uuid,
        before: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<(Uuid, i32)>, DbErr> {
        let messages = before_or_all(Self::owned_by(owner_id, project_id), before);
        let messages = messages.order_by_desc(Column::Id).limit(limit).select_only().column(Column::Id);
        messages.column_as(bytes_of_content(), "bytes").into_tuple().all(db).await
    }

    /// The newest message with some text in a part of a conversation: from one message on, and before another.
    pub async fn newest_between(
        db: &impl ConnectionTrait,
        owner_id: Uuid,
        project_id: Uuid,
        (from, before): (Uuid, Option<Uuid>),
        needle: &Needle,
    ) -> Result<Option<Uuid>, DbErr> {
        let content = Expr::col((Self, Column::Content));
        let messages = before_or_all(Self::owned_by(owner_id, project_id).filter(Column::Id.gte(from)), before);
        let with = messages.filter(needle.is_in(content, db.get_database_backend())).order_by_desc(Column::Id);
        with.select_only().column(Column::Id).into_tuple().one(db).await
    }

    /// The text of a message.
    pub async fn content_of(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<String>, DbErr> {
        Self::find_by_id(id).select_only().column(Column::Content).into_tuple().one(db).await
    }

    /// The branch that ends in a message, newest first, as far as it is within reach.
    pub async fn branch(
        db: &impl ConnectionTrait,
        project_id: Uuid,
        leaf_id: Uuid,
        reach: Reach,
    ) -> Result<Vec<Model>, DbErr> {
        read_branch(db, project_id, leaf_id, reach, true).await
    }

    /// The same without what was thought, which is not read and does not count.
    pub async fn branch_without_reasoning(
        db: &impl ConnectionTrait,
        project_id: Uuid,
        leaf_id: Uuid,
        reach: Reach,
    ) -> Result<Vec<Model>, DbErr> {
        read_branch(db, project_id, leaf_id, reach, false).await
    }
}

/// What a query about one conversation gives for each of a person's; those for which it gives nothing are left out.
async fn of_each<T: TryGetable>(
    db: &impl ConnectionTrait,
    owner_id: Uuid,
    project_ids: Vec<Uuid>,
    of_one: SelectStatement,
) -> Result<HashMap<Uuid, T>, DbErr> {
    let rows: Vec<(Uuid, Option<T>)> = project::Entity::owned_by(owner_id)
        .filter(project::Column::Id.is_in(project_ids))
        .select_only()
        .column(project::Column::Id)
        .column_as(Expr::SubQuery(None, Box::new(of_one.into())), "of_one")
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().filter_map(|(project, found)| Some((project, found?))).collect())
}

fn before_or_all(select: Select<Entity>, before: Option<Uuid>) -> Select<Entity> {
    before.into_iter().fold(select, |select, id| select.filter(Column::Id.lt(id)))
}

fn bytes_of_content() -> Expr {
    Func::cust("octet_length").arg(Expr::col((Entity, Column::Content))).into()
}

/// Walks up a branch by ids and lengths, which both databases know without reading the texts, and reads what is within reach.
async fn read_branch(
    db: &impl ConnectionTrait,
    project_id: Uuid,
    leaf_id: Uuid,
    reach: Reach,
    with_reasoning: bool,
) -> Result<Vec<Model>, DbErr> {
    let bytes = i64::try_from(reach.bytes).unwrap_or(i64::MAX);
    let values = [leaf_id.into(), project_id.into(), i64::from(reach.messages).into(), bytes.into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), branch_sql(with_reasoning), values);
    Entity::find().from_raw_sql(statement).all(db).await
}

/// The branch that ends in `$1`, newest first: at most `$3` messages of the conversation `$2`, with `$4` bytes of text.
fn branch_sql(with_reasoning: bool) -> String {
    let bytes = |table: &str| {
        let reasoning =
            if with_reasoning { format!(" + COALESCE(octet_length({table}.reasoning), 0)") } else { String::new() };
        format!("CAST(octet_length({table}.content){reasoning} AS BIGINT)")
    };
    let column = |column: Column| match column {
        Column::Reasoning | Column::Layout if !with_reasoning => format!("CAST(NULL AS TEXT) AS {}", column.as_str()),
        _ => format!("messages.{}", column.as_str()),
    };
    let columns = Column::iter().map(column).collect::<Vec<_>>().join(", ");
    let (of_leaf, of_above) = (bytes("messages"), bytes("above"));
    format!(
        "WITH RECURSIVE branch (id, parent_id, depth, bytes) AS (\
         SELECT id, parent_id, 1, {of_leaf} FROM messages WHERE id = $1 AND project_id = $2 \
         UNION ALL \
         SELECT above.id, above.parent_id, branch.depth + 1, branch.bytes + {of_above} FROM messages above \
         JOIN branch ON above.id = branch.parent_id \
         WHERE branch.depth < $3 AND branch.bytes + {of_above} <= $4\
         ) SELECT {columns} FROM branch JOIN messages ON messages.id = branch.id ORDER BY branch.depth"
    )
}
