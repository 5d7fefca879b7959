//! `/api/users/me/storage`: how much one has stored.

use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::Group;
use super::failure::Failure;
use super::session::Access;
use crate::app::App;

pub(super) struct Api;

/// How much you have stored, and may.
#[derive(Object)]
struct Storage {
    /// Bytes of text and images: names, instructions and parameters of your conversations, questions, answers and their reasoning. As
    /// counted some minutes ago at most; an answer that is being written counts when it ends.
    used_bytes: u64,
    /// How many there may be; null for any number.
    most_bytes: Option<u64>,
    /// Your conversations.
    conversations: u64,
    /// How many there may be; null for any number.
    most_conversations: Option<u64>,
    /// How many messages one conversation may have; null for any number.
    most_messages: Option<u64>,
}

#[OpenApi(tag = "Group::Accounts")]
impl Api {
    /// Shows how much you have stored
    ///
    /// For signed-in people. Beyond it new questions, conversations and instructions are refused with 409 `storage_full`,
    /// `too_many_conversations` or `conversation_full`; reading, exporting and deleting go on.
    #[oai(path = "/api/users/me/storage", method = "get", operation_id = "get_storage")]
    async fn get(&self, app: Data<&App>, access: Access) -> Result<Json<Storage>, Failure> {
        let used = app.chat.storage.used(access.0.id()).await?;
        let most = app.chat.storage.most();
        let amount = |most: Option<usize>| most.map(|most| most as u64);
        Ok(Json(Storage {
            used_bytes: used.bytes.max(0).unsigned_abs(),
            most_bytes: amount(most.per_person),
            conversations: used.conversations.max(0).unsigned_abs(),
            most_conversations: amount(most.conversations),
            most_messages: amount(most.messages),
        }))
    }
}
