//! How much is stored, in bytes. Both databases know the length of a long text without reading it.

use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DbErr, Statement};

/// An amount, or by how much one changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Bytes of text and images.
    pub bytes: i64,
    /// Conversations.
    pub conversations: i64,
}

impl std::ops::AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.conversations += other.conversations;
    }
}

impl std::ops::Neg for Amount {
    type Output = Self;

    fn neg(self) -> Self {
        Self { bytes: -self.bytes, conversations: -self.conversations }
    }
}

/// What a person has stored.
pub async fn by(db: &impl ConnectionTrait, owner_id: Uuid) -> Result<Amount, DbErr> {
    read(db, "owner_id", "owner_id", "owner_id = $1", owner_id).await
}

/// What a conversation holds; nothing where there is none.
pub async fn in_project(db: &impl ConnectionTrait, project_id: Uuid) -> Result<Amount, DbErr> {
    let of_image = "message_id IN (SELECT id FROM messages WHERE project_id = $1)";
    read(db, "id", "project_id", of_image, project_id).await
}

/// Names, instructions and parameters of the conversations that have this id in one column, and questions, answers and their
/// reasoning of the messages that have it in another, and images of which something else is true.
async fn read(
    db: &impl ConnectionTrait,
    of_project: &str,
    of_message: &str,
    of_image: &str,
    id: Uuid,
) -> Result<Amount, DbErr> {
    let sql = format!(
        "SELECT (SELECT COUNT(*) FROM projects WHERE {of_project} = $1) AS conversations, \
         (SELECT COALESCE(SUM(octet_length(name) + COALESCE(octet_length(system_prompt), 0) \
         + COALESCE(octet_length(parameters), 0)), 0) FROM projects WHERE {of_project} = $1) \
         + (SELECT COALESCE(SUM(octet_length(content) + COALESCE(octet_length(reasoning), 0)), 0) \
         FROM messages WHERE {of_message} = $1) \
         + (SELECT COALESCE(SUM(size_bytes), 0) FROM attachments WHERE {of_image}) AS bytes"
    );
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [id.into()]);
    let Some(row) = db.query_one_raw(statement).await? else { return Ok(Amount::default()) };
    Ok(Amount { bytes: row.try_get("", "bytes")?, conversations: row.try_get("", "conversations")? })
}
