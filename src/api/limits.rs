//! `/api/admin/limits`: the limits that administrators set.

use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;

use super::Group;
use super::body::Body;
use super::failure::Failure;
use super::session::Administrator;
use crate::app::App;
use crate::limits::{self, Limit};

pub(super) struct Api;

/// A limit as it stands; 0 means that there is none.
#[derive(Object)]
#[oai(rename = "Limit")]
struct Standing {
    /// What it is now.
    value: u64,
    /// What the server was started with: its setting, or the default.
    as_started: u64,
    /// Whether an administrator has set it. Then the setting does not count until that is taken back.
    is_set: bool,
}

/// Has a field of the API for each limit.
macro_rules! limits {
    ($($(#[doc = $doc:literal])* $field:ident: $limit:ident up to $most:literal,)*) => {
        /// The limits that administrators can set.
        #[derive(Object)]
        #[oai(rename = "Limits")]
        struct All {
            $($(#[doc = $doc])* $field: Standing,)*
        }

        /// What is to become of the limits. What is left out stays; 0 lifts a limit, and null takes it back to what the server
        /// was started with.
        #[derive(Object, Deserialize)]
        #[oai(deny_unknown_fields, rename = "LimitChange")]
        #[serde(deny_unknown_fields)]
        struct Change {
            $(
                $(#[doc = $doc])*
                #[oai(validator(maximum(value = $most)))]
                #[serde(default)]
                $field: MaybeUndefined<u64>,
            )*
        }

        impl From<Vec<limits::Standing>> for All {
            fn from(all: Vec<limits::Standing>) -> Self {
                let of = |wanted| {
                    let found = all.iter().find(|standing| standing.limit == wanted);
                    let (value, as_started, is_set) =
                        found.map_or((0, 0, false), |found| (found.value, found.as_started, found.is_set));
                    Standing { value, as_started, is_set }
                };
                Self { $($field: of(Limit::$limit),)* }
            }
        }

        impl Change {
            /// What is to be set, and what taken back.
            fn asked(self) -> Vec<(Limit, Option<u64>)> {
                let all = [$((Limit::$limit, self.$field),)*];
                let asked = all.into_iter().filter(|(_, value)| !value.is_undefined());
                asked.map(|(limit, value)| (limit, value.take())).collect()
            }
        }
    };
}

limits! {
    /// Questions of one person within a minute.
    turns_per_minute: TurnsPerMinute up to "100000",
    /// Answers of one person that are written at once or wait.
    live_answers_per_person: LiveAnswersPerPerson up to "10000",
    /// Answers that are written at once in all; further ones wait for their turn.
    live_answers: LiveAnswers up to "1000000",
    /// Answers that wait for their turn.
    waiting_answers: WaitingAnswers up to "1000000",
    /// Bytes of one message from a person; at least 1024, and no more than LOQUAT_MAX_BODY_BYTES lets a request's body have.
    message_bytes: MessageBytes up to "1073741824",
    /// Open WebSockets of one person.
    sockets_per_person: SocketsPerPerson up to "10000",
    /// Bytes of text and images that one person may store: instructions, questions and answers; at least 1048576.
    storage_per_person: StoragePerPerson up to "1125899906842624",
    /// Conversations of one person.
    conversations_per_person: ConversationsPerPerson up to "1000000",
    /// Messages of one conversation, those of all its branches together; at least 2.
    messages_per_conversation: MessagesPerConversation up to "1000000",
}

#[OpenApi(tag = "Group::Administration")]
impl Api {
    /// Shows the limits
    ///
    /// For administrators. What each is now, and what the server was started with.
    #[oai(path = "/api/admin/limits", method = "get", operation_id = "get_limits")]
    async fn get(&self, app: Data<&App>, _administrator: Administrator) -> Result<Json<All>, Failure> {
        Ok(Json(app.limits.list().into()))
    }

    /// Changes limits
    ///
    /// For administrators. In force at once, without a restart and after every one. Nobody is cut off: who has more than a
    /// new limit allows keeps it, and begins nothing more; where there is more room, those who wait go on. With a new number
    /// of questions within a minute everybody begins to count anew. Other instances follow within some seconds.
    #[oai(path = "/api/admin/limits", method = "patch", operation_id = "change_limits")]
    async fn change(
        &self,
        app: Data<&App>,
        administrator: Administrator,
        body: Body<Change>,
    ) -> Result<Json<All>, Failure> {
        Ok(Json(app.limits.change(&administrator.0, &body.0.asked()).await?.into()))
    }
}
