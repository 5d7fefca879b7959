//! Everything that can go wrong in a request, with its HTTP status and its stable code.

use std::time::Duration;

use sea_orm::{DbErr, SqlErr};
use uuid::Uuid;

use crate::pace::Standing;

mod factor;
mod full;
mod trouble;

pub use factor::Factor;
pub use full::Full;
pub use trouble::Trouble;

/// A result of the application's own work.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong. The message is lower case and tells the reader what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value that does not fit; names the field where there is one.
    #[error("{detail}")]
    Invalid {
        /// The field of the body, the query or the path.
        field: Option<String>,
        /// What is wrong with it and what would be right.
        detail: String,
    },
    /// The request could not be read at all.
    #[error("{0}")]
    Malformed(String),
    /// No session, or one that has ended.
    #[error("sign in first: there is no valid session or key with this request")]
    NotSignedIn,
    /// No API key of anybody.
    #[error("this API key is not valid: it was mistyped, revoked, or has ended; make a new one in the settings")]
    KeyInvalid,
    /// The key is for less than this.
    #[error("this API key is not for that; use one with the scope {needed}")]
    ScopeInsufficient {
        /// What it would have to be for.
        needed: &'static str,
    },
    /// Not with a key.
    #[error("this cannot be done with an API key; sign in, and do it with the session's cookie")]
    SessionRequired,
    /// For those who run the application.
    #[error("this is for administrators; ask one to do it")]
    AdminOnly,
    /// No invitation of anybody.
    #[error("this invitation is not valid: it was used, taken back, or has ended; ask for a new one")]
    InviteInvalid,
    /// One more invitation than anybody can keep an eye on.
    #[error("{most} invitations wait to be used already; take some of them back")]
    TooManyInvites {
        /// The limit.
        most: u64,
    },
    /// One more model server, or one more of its models, than anybody can keep an eye on.
    #[error("there are {most} already, which is as many as there may be; delete one first")]
    TooManyProviders {
        /// The limit.
        most: u64,
    },
    /// Another model server has the name.
    #[error("there is a model server of this name already; give this one another")]
    NameTaken,
    /// One person, one more key.
    #[error("you have {most} API keys, which is as many as one person may have; delete one of them")]
    TooManyKeys {
        /// The limit.
        most: u64,
    },
    /// As much text, as many conversations or messages as there may be.
    #[error(transparent)]
    Full(#[from] Full),
    /// A wrong address or a wrong password; never says which.
    #[error("the email address or the password is wrong")]
    WrongCredentials,
    /// Something about second factors.
    #[error(transparent)]
    Factor(#[from] Factor),
    /// The browser sent this from somebody else's page.
    #[error(
        "this request came from another site, which is not allowed to act for you; an administrator can allow its origin with LOQUAT_ALLOWED_ORIGINS"
    )]
    CrossSite,
    /// It came for a name that is not known to be ours.
    #[error(
        "this server does not answer to the name in the request's address; open it by another, or have an administrator set LOQUAT_PUBLIC_URL or LOQUAT_ALLOWED_HOSTS"
    )]
    Misdirected,
    /// The right password for an account that nobody can use.
    #[error("this account is deactivated; ask an administrator to activate it again")]
    AccountDeactivated,
    /// No link for a new password of anybody.
    #[error(
        "this link is not valid: it was used, replaced by a newer one, or has ended; ask an administrator for a new one"
    )]
    ResetInvalid,
    /// Nobody would be left to run the application.
    #[error("this is the last administrator; make somebody else one first")]
    LastAdministrator,
    /// Registration is not open to everybody.
    #[error("{0}")]
    SignupClosed(&'static str),
    /// It does not exist, or it is somebody else's.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The account, the conversation or the message that it was to belong to was deleted meanwhile.
    #[error("what this belongs to was deleted in this very moment")]
    Vanished,
    /// The route exists, the method does not.
    #[error("this address does not answer to that method; it allows {0}")]
    MethodNotAllowed(String),
    /// The address is longer than anybody here reads.
    #[error("the address of this request is too long; send long texts in a body")]
    AddressTooLong,
    /// The headers are larger than anybody here reads.
    #[error("the headers of this request are too many or too large; clear this site's cookies, or send less")]
    HeadersTooLarge,
    /// The body is of a type nobody here reads.
    #[error("send the body as application/json, or an image as what it is, such as image/png")]
    UnsupportedMediaType,
    /// The account exists already.
    #[error("there is already an account with this email address; sign in, or use another address")]
    EmailTaken,
    /// Another request changed the same a moment before.
    #[error("another request was faster in this very moment; look at what is there now, and try again")]
    Overtaken,
    /// One answer at a time per conversation.
    #[error("an answer is still being written in this conversation; wait for it, or stop it first")]
    AnswerRunning {
        /// The message that is being written.
        message_id: Uuid,
    },
    /// An image that belongs to a question stays with it.
    #[error("this image came with a question and stays with it; delete or edit the question instead")]
    AttachmentSent,
    /// There is nothing to go on with.
    #[error("{0}")]
    NotContinuable(&'static str),
    /// The password of somebody who is signed in already.
    #[error("this is not your current password")]
    WrongPassword {
        /// The field that has it.
        field: &'static str,
    },
    /// The same too often within a while.
    #[error("{}", .0.counted.refusal())]
    TooOften(Standing),
    /// Too many answers of one person at once.
    #[error("{most} of your answers are being written already; wait for one of them, or stop it")]
    TooManyAnswers {
        /// How many may be written at once.
        most: usize,
    },
    /// Too many answers wait already.
    #[error("too many questions wait for a model already; ask again in a moment")]
    QueueFull,
    /// The same client request id, but for another conversation.
    #[error("this client_request_id was already used in another conversation; make a new one for every question")]
    ClientRequestReused,
    /// The same client request id, but what it asked for is gone.
    #[error("the answer to the question of this client_request_id was deleted; make a new one to ask again")]
    ClientRequestSpent,
    /// A conversation is named after its first question, and there is none.
    #[error("there is nothing to name the conversation after; ask something first")]
    NothingAsked,
    /// Nobody here offers that model.
    #[error("{0}")]
    ModelUnknown(String),
    /// The body is larger than allowed.
    #[error("the request is too large: at most {limit} bytes are read here")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The body did not arrive in time.
    #[error("the request did not arrive in time; send it again")]
    RequestTimeout,
    /// Only a WebSocket can be had here.
    #[error("this address answers to WebSockets only; open one of version 13")]
    UpgradeRequired,
    /// One person, one more socket.
    #[error("you have {limit} sockets open, which is as many as one person may have; close one of them")]
    TooManySockets {
        /// The limit.
        limit: usize,
    },
    /// One socket, one more answer.
    #[error("this socket follows {limit} answers, which is as many as one may; unfollow one, or open another socket")]
    TooManyFollows {
        /// The limit.
        limit: usize,
    },
    /// Too much to do at this moment.
    #[error("the server is busy; try again in a moment")]
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// One person, one more request, while those before are not answered, or their answers not taken.
    #[error(
        "too many of your requests are being answered, or you have not taken the answers to them; do that, and try again in a moment"
    )]
    TooManyRequests,
    /// One person, one more export.
    #[error("{most} of your exports are being written already; take one of them first")]
    TooManyExports {
        /// The limit.
        most: usize,
    },
    /// One address, one more connection.
    #[error("your address has as many connections open as one may have; close some, or try again in a moment")]
    TooManyConnections,
    /// The server is about to stop.
    #[error("the server is restarting; try again in a moment")]
    ShuttingDown,
    /// The database cannot do its work at the moment.
    #[error("{trouble}")]
    DatabaseTrouble {
        /// What keeps it from that.
        trouble: Trouble,
        /// What it said itself.
        source: DbErr,
    },
    /// The database said no.
    #[error("something went wrong on the server; it has been logged under this request's id")]
    Database(#[source] DbErr),
    /// Anything else that is our fault.
    #[error("something went wrong on the server; it has been logged under this request's id")]
    Internal(#[source] anyhow::Error),
}

/// An error with its causes, each told once: many libraries tell theirs in their own words already.
pub fn with_causes(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, cause| match told.as_str() {
        "" => cause,
        _ if told.contains(&cause) => told,
        _ => format!("{told}: {cause}"),
    })
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if let Some(SqlErr::ForeignKeyConstraintViolation(_)) = error.sql_err() {
            return Self::Vanished;
        }
        match Trouble::of(&error) {
            Some(trouble) => Self::DatabaseTrouble { trouble, source: error },
            None => Self::Database(error),
        }
    }
}

impl Error {
    /// A value that does not fit, with the field it is about.
    pub fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid { field: Some(field.into()), detail: detail.into() }
    }

    /// The error as the command line tells it: with its cause, and without a request that there is not.
    pub fn for_operator(self) -> anyhow::Error {
        match self {
            Self::Database(error) => error.into(),
            Self::DatabaseTrouble { trouble, source } => anyhow::Error::new(source).context(trouble.for_operator()),
            Self::Internal(error) => error,
            error => error.into(),
        }
    }

    /// The HTTP status that this is answered with.
    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) => 400,
            Self::NotSignedIn | Self::KeyInvalid | Self::WrongCredentials => 401,
            Self::Factor(factor) => factor.status(),
            Self::CrossSite | Self::SignupClosed(_) | Self::ScopeInsufficient { .. } | Self::SessionRequired => 403,
            Self::AdminOnly | Self::InviteInvalid | Self::ResetInvalid | Self::AccountDeactivated => 403,
            Self::NotFound(_) | Self::Vanished => 404,
            Self::MethodNotAllowed(_) => 405,
            Self::RequestTimeout => 408,
            Self::EmailTaken
            | Self::AnswerRunning { .. }
            | Self::Overtaken
            | Self::AttachmentSent
            | Self::NotContinuable(_)
            | Self::ClientRequestReused
            | Self::ClientRequestSpent
            | Self::NothingAsked
            | Self::Full(_)
            | Self::TooManyKeys { .. }
            | Self::TooManyInvites { .. }
            | Self::TooManyProviders { .. }
            | Self::LastAdministrator
            | Self::NameTaken => 409,
            Self::TooLarge { .. } => 413,
            Self::AddressTooLong => 414,
            Self::UnsupportedMediaType => 415,
            Self::Misdirected => 421,
            Self::Invalid { .. } | Self::ModelUnknown(_) | Self::WrongPassword { .. } => 422,
            Self::UpgradeRequired => 426,
            Self::TooOften(_) | Self::TooManyAnswers { .. } | Self::QueueFull => 429,
            Self::TooManySockets { .. } | Self::TooManyFollows { .. } | Self::TooManyConnections => 429,
            Self::TooManyRequests | Self::TooManyExports { .. } => 429,
            Self::HeadersTooLarge => 431,
            Self::Database(_) | Self::Internal(_) => 500,
            Self::Busy { .. } | Self::ShuttingDown | Self::DatabaseTrouble { .. } => 503,
        }
    }

    /// A stable word for programs; part of the API.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => "invalid",
            Self::WrongPassword { .. } => "wrong_password",
            Self::Malformed(_) => "malformed",
            Self::NotSignedIn => "not_signed_in",
            Self::KeyInvalid => "key_invalid",
            Self::ScopeInsufficient { .. } => "scope_insufficient",
            Self::SessionRequired => "session_required",
            Self::AdminOnly => "admin_only",
            Self::InviteInvalid => "invite_invalid",
            Self::TooManyInvites { .. } => "too_many_invites",
            Self::TooManyProviders { .. } => "too_many_providers",
            Self::NameTaken => "name_taken",
            Self::Full(full) => full.code(),
            Self::TooManyKeys { .. } => "too_many_keys",
            Self::WrongCredentials => "wrong_credentials",
            Self::Factor(factor) => factor.code(),
            Self::CrossSite => "cross_site",
            Self::Misdirected => "misdirected",
            Self::AccountDeactivated => "account_deactivated",
            Self::ResetInvalid => "reset_invalid",
            Self::LastAdministrator => "last_administrator",
            Self::SignupClosed(_) => "signup_closed",
            Self::NotFound(_) | Self::Vanished => "not_found",
            Self::MethodNotAllowed(_) => "method_not_allowed",
            Self::AddressTooLong => "address_too_long",
            Self::HeadersTooLarge => "headers_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::EmailTaken => "email_taken",
            Self::AnswerRunning { .. } => "answer_running",
            Self::Overtaken => "overtaken",
            Self::AttachmentSent => "attachment_sent",
            Self::NotContinuable(_) => "not_continuable",
            Self::TooOften(standing) => standing.counted.code(),
            Self::TooManyAnswers { .. } => "too_many_answers",
            Self::QueueFull => "queue_full",
            Self::ClientRequestReused | Self::ClientRequestSpent => "client_request_id_reused",
            Self::NothingAsked => "nothing_asked",
            Self::ModelUnknown(_) => "model_unknown",
            Self::TooLarge { .. } => "too_large",
            Self::RequestTimeout => "request_timeout",
            Self::UpgradeRequired => "upgrade_required",
            Self::TooManySockets { .. } => "too_many_sockets",
            Self::TooManyFollows { .. } => "too_many_follows",
            Self::TooManyConnections => "too_many_connections",
            Self::TooManyRequests => "too_many_requests",
            Self::TooManyExports { .. } => "too_many_exports",
            Self::Busy { .. } => "busy",
            Self::ShuttingDown => "shutting_down",
            Self::DatabaseTrouble { trouble, .. } => trouble.code(),
            Self::Database(_) | Self::Internal(_) => "internal",
        }
    }

    /// The field that the error is about, where there is one.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Invalid { field, .. } => field.as_deref(),
            Self::WrongPassword { field } => Some(field),
            Self::EmailTaken => Some("email"),
            Self::NameTaken => Some("name"),
            Self::ClientRequestReused | Self::ClientRequestSpent => Some("client_request_id"),
            Self::ModelUnknown(_) => Some("model"),
            Self::Factor(factor) => factor.field(),
            _ => None,
        }
    }

    /// When it makes sense to try again, where that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { retry_after } => Some(*retry_after),
            Self::TooOften(standing) => Some(standing.next),
            Self::Factor(factor) => factor.retry_after(),
            Self::TooManyAnswers { .. } | Self::QueueFull | Self::ShuttingDown => Some(Duration::from_secs(5)),
            // Not before something of the person's own is closed; a program that cannot tell tries again in a while.
            Self::TooManyRequests => Some(Duration::from_secs(5)),
            Self::TooManySockets { .. }
            | Self::TooManyFollows { .. }
            | Self::TooManyConnections
            | Self::TooManyExports { .. } => Some(Duration::from_secs(10)),
            Self::DatabaseTrouble { trouble, .. } => Some(trouble.retry_after()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
