//! What the server says over a socket.

use poem_openapi::types::ToJSON;
use poem_openapi::{Object, Union};
use uuid::Uuid;

use super::super::event::AnswerEvent;
use super::super::failure::Problem;
use super::super::projects::Project;
use super::super::shown::Message;

/// What a socket tells.
#[derive(Union)]
#[expect(clippy::large_enum_variant, reason = "it is written as soon as it is made, and never kept")]
#[oai(discriminator_name = "type")]
pub enum SocketEvent {
    /// The first message: what this socket takes.
    #[oai(mapping = "hello")]
    Hello(SocketHello),
    /// A turn is accepted, and its answer is followed.
    #[oai(mapping = "accepted")]
    Accepted(SocketAccepted),
    /// An answer is stopped.
    #[oai(mapping = "stopped")]
    Stopped(SocketStopped),
    /// An event of an answer that is followed.
    #[oai(mapping = "event")]
    Event(SocketAnswerEvent),
    /// Nothing more comes of an answer.
    #[oai(mapping = "unfollowed")]
    Unfollowed(SocketUnfollowed),
    /// A request was refused.
    #[oai(mapping = "problem")]
    Problem(SocketProblem),
    /// A conversation was made, changed or used.
    #[oai(mapping = "project")]
    Project(SocketProject),
    /// A conversation is gone.
    #[oai(mapping = "project_deleted")]
    ProjectDeleted(SocketProjectDeleted),
    /// Too much happened at once: load the list of conversations again.
    #[oai(mapping = "resync")]
    Resync(SocketResync),
}

impl SocketEvent {
    /// The event as it is sent.
    pub(super) fn text(&self) -> String {
        self.to_json_string()
    }
}

/// The first message: what this socket takes.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct SocketHello {
    /// The longest message that is read, in bytes; a longer one closes the socket. Without it there is no limit.
    pub(super) max_message_bytes: Option<u64>,
    /// How many answers can be followed at once.
    pub(super) max_follows: u64,
    /// How often the socket is pinged, in seconds. Whoever hears nothing for much longer has lost the connection.
    pub(super) ping_seconds: u64,
}

/// A turn is accepted: both messages are stored, and the model is being asked. The answer's events follow.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct SocketAccepted {
    /// The `ref` of the request.
    #[oai(rename = "ref")]
    pub(super) reference: Option<String>,
    /// What was asked.
    pub(super) user_message: Message,
    /// What is being answered.
    pub(super) assistant_message: Message,
}

/// An answer is stopped, or had ended before.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct SocketStopped {
    /// The `ref` of the request.
    #[oai(rename = "ref")]
    pub(super) reference: Option<String>,
    /// The answer, as stored.
    pub(super) message: Message,
}

/// An event of an answer that is followed. After `end` or `failed` it is followed no longer.
#[derive(Object)]
pub struct SocketAnswerEvent {
    /// The conversation.
    pub(super) project_id: Uuid,
    /// The answer.
    pub(super) message_id: Uuid,
    /// The event, the same as in the answer's stream.
    pub(super) event: AnswerEvent,
}

/// Nothing more comes of an answer: you asked for that, or you have everything.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct SocketUnfollowed {
    /// The `ref` of the request.
    #[oai(rename = "ref")]
    pub(super) reference: Option<String>,
    /// The answer.
    pub(super) message_id: Uuid,
}

/// A request was refused, and changed nothing.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct SocketProblem {
    /// The `ref` of the request.
    #[oai(rename = "ref")]
    pub(super) reference: Option<String>,
    /// What is wrong with it.
    pub(super) problem: Problem,
}

/// A conversation was made, changed or used, here or anywhere else.
#[derive(Object)]
pub struct SocketProject {
    /// The conversation, as in the list.
    pub(super) project: Project,
}

/// A conversation is gone, with all its messages.
#[derive(Object)]
pub struct SocketProjectDeleted {
    /// The conversation.
    pub(super) project_id: Uuid,
}

/// More happened than could be told: load the list of conversations again.
#[derive(Object)]
pub struct SocketResync {}
