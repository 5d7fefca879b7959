//! The settings: flags, environment and `.env`, checked all at once.
//!
//! `settings` has them as they are given, this file as they are used once they are checked.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;

mod accounts;
pub mod env_file;
mod hosts;
mod limits;
mod names;
mod parse;
mod providers;
mod rotation;
mod settings;
mod storage;
mod strangers;
mod tls;

pub use accounts::AccountSettings;
pub use hosts::AllowedHost;
pub use limits::LimitSettings;
pub use names::{AllowedNames, plain as plain_name};
pub use providers::{Prefill, Provider};
pub use rotation::{Rotation, RotationSettings};
pub use settings::{DataSettings, ServeSettings};
pub use storage::StorageSettings;
pub use tls::{Content, Files, Pair, Reading, Tls};

/// Which database, and where.
#[derive(Clone, Debug)]
pub enum Database {
    /// A file of our own.
    Sqlite(PathBuf),
    /// A server; the address may hold a password.
    Postgres(SecretString),
}

/// Where the data is, checked.
#[derive(Clone, Debug)]
pub struct Data {
    /// The data directory; it exists.
    pub dir: PathBuf,
    /// The database.
    pub database: Database,
}

/// Who may register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signup {
    /// Everybody.
    Open,
    /// People who were invited.
    Invite,
    /// Nobody; accounts are made on the command line.
    Closed,
}

impl Signup {
    /// The word that the setting and the API use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Invite => "invite",
            Self::Closed => "closed",
        }
    }
}

/// Who must have a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequiredFactor {
    /// Nobody; everybody may.
    Nobody,
    /// Those who run the application.
    Administrators,
    /// Everybody.
    Everyone,
}

/// How lines are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Human,
    /// For programs: one JSON object a line.
    Json,
}

/// Every limit; `None` means there is none.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Open connections.
    pub connections: Option<usize>,
    /// Open connections of one address.
    pub connections_per_address: Option<usize>,
    /// Requests of one person that are answered at once.
    pub requests_per_person: Option<usize>,
    /// Bytes of a request's body.
    pub body_bytes: Option<usize>,
    /// Bytes of a person's message.
    pub message_bytes: Option<usize>,
    /// Requests that wait for a password to be hashed.
    pub waiting_sign_ins: Option<usize>,
    /// Time for a request's head or body to arrive.
    pub request_timeout: Option<Duration>,
    /// Answers of one person that are written at once or wait.
    pub live_answers_each: Option<usize>,
    /// Answers that are written at once.
    pub live_answers: Option<usize>,
    /// Answers that wait for others to end.
    pub waiting_answers: Option<usize>,
    /// Turns of one person within a minute.
    pub turns_per_minute: Option<usize>,
    /// Time that running answers get when the server stops.
    pub shutdown_grace: Duration,
    /// Time between two looks whether the sessions behind open streams and sockets still live, for what others end.
    pub session_check: Duration,
    /// How often anybody may guess at passwords, keys and invitations.
    pub accounts: AccountLimits,
    /// Days that the audit log keeps an entry.
    pub audit_days: Option<usize>,
    /// What may be stored.
    pub storage: StorageLimits,
    /// What may come with a question.
    pub attachments: AttachmentLimits,
    /// What sockets may do.
    pub sockets: SocketLimits,
    /// What a model server may do.
    pub provider: ProviderLimits,
}

/// How much may be stored; `None` means no limit.
#[derive(Clone, Copy, Debug, Default)]
pub struct StorageLimits {
    /// Bytes of one person's text.
    pub per_person: Option<usize>,
    /// Conversations of one person.
    pub conversations: Option<usize>,
    /// Messages of one conversation.
    pub messages: Option<usize>,
}

/// What may come with a question; `None` means no limit.
#[derive(Clone, Copy, Debug, Default)]
pub struct AttachmentLimits {
    /// Bytes of one image.
    pub bytes: Option<usize>,
    /// Images of one question.
    pub per_message: Option<usize>,
}

/// How often anybody may guess; `None` means no limit.
#[derive(Clone, Debug, Default)]
pub struct AccountLimits {
    /// Sign-ins from one address within a minute, right or wrong.
    pub sign_ins_per_minute: Option<usize>,
    /// Wrong passwords for one account within ten minutes.
    pub wrong_passwords: Option<usize>,
    /// Registrations from one address within an hour.
    pub registrations_per_hour: Option<usize>,
    /// Wrong API keys from one address within a minute.
    pub wrong_keys_per_minute: Option<usize>,
}

/// How long a session lasts; `None` means that it does not end by that.
#[derive(Clone, Copy, Debug)]
pub struct SessionTimes {
    /// Time without being used.
    pub idle: Option<Duration>,
    /// Time from the sign-in, used or not.
    pub whole: Option<Duration>,
}

/// How many sockets, and how their peers are watched.
#[derive(Clone, Debug)]
pub struct SocketLimits {
    /// Open sockets of one person.
    pub per_person: Option<usize>,
    /// Time between two pings.
    pub ping: Duration,
    /// Time without a sign of life, after which the peer counts as gone.
    pub patience: Duration,
}

/// How long and how much a model server may send; `None` means no limit.
#[derive(Clone, Debug)]
pub struct ProviderLimits {
    /// Time to connect.
    pub connect: Duration,
    /// Time until the first byte of the response.
    pub first_byte: Option<Duration>,
    /// Time without a byte.
    pub silence: Option<Duration>,
    /// Time for the whole answer.
    pub total: Option<Duration>,
    /// Bytes of text and reasoning together.
    pub answer_bytes: Option<usize>,
    /// Bytes of one line of the stream.
    pub line_bytes: usize,
    /// Tokens of a conversation, for models of which it is not known how many they can read.
    pub context_tokens: Option<u32>,
}

/// Everything `serve` needs, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The certificate for HTTPS; `None` where a proxy has it, or nobody.
    pub tls: Option<Tls>,
    /// Where the data is.
    pub data: Data,
    /// Whether to migrate PostgreSQL first.
    pub migrate: bool,
    /// The address that people open.
    pub public_url: Option<Url>,
    /// The names that people may open it by, besides the public address's; `None` where nobody listed any.
    pub allowed_hosts: Option<AllowedNames>,
    /// Other origins whose pages may act for a signed-in person, as browsers write them.
    pub allowed_origins: Vec<String>,
    /// Proxies that are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Who may register.
    pub signup: Signup,
    /// Who must have a second factor.
    pub required_factor: RequiredFactor,
    /// How long sessions last.
    pub sessions: SessionTimes,
    /// The key that signs sessions; `None` where SQLite's own is made or read.
    pub secret_key: Option<SecretString>,
    /// The configured model providers, in the order they were given.
    pub providers: Vec<Provider>,
    /// Where providers that are added in the settings may be, besides the public internet.
    pub allowed_provider_hosts: Vec<AllowedHost>,
    /// The model that answers when none is chosen.
    pub default_model: Option<String>,
    /// Where errors are reported.
    pub sentry_dsn: Option<SecretString>,
    /// What is logged.
    pub log: String,
    /// How it is logged.
    pub log_format: LogFormat,
    /// The prompt cache, where there is to be one.
    pub prompt_cache: Option<PromptCache>,
    /// The limits.
    pub limits: Limits,
}

impl Config {
    /// What is no mistake and hardly what was meant, each with its remedy.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = strangers::warnings();
        let has_https = self.tls.is_some()
            || !self.trusted_proxies.is_empty()
            || self.public_url.as_ref().is_some_and(|url| url.scheme() == "https");
        if !self.allowed_origins.is_empty() && !has_https {
            warnings.push(
                "with LOQUAT_ALLOWED_ORIGINS browsers take the session's cookie over HTTPS only, so that nobody can sign in by plain HTTP: set LOQUAT_TLS_CERT, or tell of your proxy with LOQUAT_TRUSTED_PROXIES or LOQUAT_PUBLIC_URL=https://…"
                    .to_owned(),
            );
        }
        warnings
    }
}

/// How much of earlier answers is kept to be given again, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct PromptCache {
    /// Bytes; `None` means without a limit.
    pub bytes: Option<usize>,
    /// Time; `None` means until the server stops.
    pub time: Option<Duration>,
}

/// Every mistake in the settings, each with its remedy, one a line.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Mistakes(pub Vec<String>);
