//! The limits as they are given, and their check.

use std::time::Duration;

use clap::Args;

use super::accounts::AccountSettings;
use super::parse::Problems;
use super::settings::Defaults;
use super::storage::StorageSettings;
use super::{Limits, PromptCache, ProviderLimits, SocketLimits};

/// Limits; 0 lifts one.
#[derive(Args, Clone)]
#[command(next_help_heading = "Limits (0 means none)")]
pub struct LimitSettings {
    /// Open connections
    #[arg(
        long,
        env = "LOQUAT_MAX_CONNECTIONS",
        value_name = "NUMBER",
        default_value = "16384",
        hide_env_values = true
    )]
    pub max_connections: String,
    /// Open connections of one address (of IPv6: one /64). Trusted proxies have as many as they like, and so has this machine while no proxy is named
    #[arg(
        long,
        env = "LOQUAT_MAX_CONNECTIONS_PER_ADDRESS",
        value_name = "NUMBER",
        default_value = "2048",
        hide_env_values = true
    )]
    pub max_connections_per_address: String,
    /// Requests of one person that are answered at once; further ones wait for their turn
    #[arg(
        long,
        env = "LOQUAT_MAX_REQUESTS_PER_PERSON",
        value_name = "NUMBER",
        default_value = "8",
        hide_env_values = true
    )]
    pub max_requests_per_person: String,
    /// Bytes of a request's body
    #[arg(
        long,
        env = "LOQUAT_MAX_BODY_BYTES",
        value_name = "BYTES",
        default_value = "1048576",
        hide_env_values = true
    )]
    pub max_body_bytes: String,
    /// Bytes of one message from a person; no more than LOQUAT_MAX_BODY_BYTES, which the default follows where that is less
    #[arg(
        long,
        env = "LOQUAT_MAX_MESSAGE_BYTES",
        value_name = "BYTES",
        default_value = "262144",
        hide_env_values = true
    )]
    pub max_message_bytes: String,
    /// Answers of one person that are written at once
    #[arg(
        long,
        env = "LOQUAT_MAX_LIVE_ANSWERS_PER_USER",
        value_name = "NUMBER",
        default_value = "2",
        hide_env_values = true
    )]
    pub max_live_answers_per_user: String,
    /// Answers that are written at once in all; further ones wait for their turn
    #[arg(
        long,
        env = "LOQUAT_MAX_LIVE_ANSWERS",
        value_name = "NUMBER",
        default_value = "1000",
        hide_env_values = true
    )]
    pub max_live_answers: String,
    /// Answers that wait for their turn
    #[arg(
        long,
        env = "LOQUAT_MAX_WAITING_ANSWERS",
        value_name = "NUMBER",
        default_value = "1000",
        hide_env_values = true
    )]
    pub max_waiting_answers: String,
    /// Questions of one person within a minute
    #[arg(
        long,
        env = "LOQUAT_MAX_TURNS_PER_MINUTE",
        value_name = "NUMBER",
        default_value = "60",
        hide_env_values = true
    )]
    pub max_turns_per_minute: String,
    /// Tokens of a conversation that are sent to a model of which it is not known how much it can read
    #[arg(
        long,
        env = "LOQUAT_MAX_CONTEXT_TOKENS",
        value_name = "TOKENS",
        default_value = "128000",
        hide_env_values = true
    )]
    pub max_context_tokens: String,
    /// Bytes of the prompt cache
    #[arg(
        long,
        env = "LOQUAT_MAX_PROMPT_CACHE_BYTES",
        value_name = "BYTES",
        default_value = "67108864",
        hide_env_values = true
    )]
    pub max_prompt_cache_bytes: String,
    /// Seconds that the prompt cache keeps an answer
    #[arg(
        long,
        env = "LOQUAT_PROMPT_CACHE_SECONDS",
        value_name = "SECONDS",
        default_value = "86400",
        hide_env_values = true
    )]
    pub prompt_cache_seconds: String,
    /// Bytes of one answer, its reasoning included
    #[arg(
        long,
        env = "LOQUAT_MAX_ANSWER_BYTES",
        value_name = "BYTES",
        default_value = "1048576",
        hide_env_values = true
    )]
    pub max_answer_bytes: String,
    /// Sign-ins and registrations that wait for their password to be hashed
    #[arg(
        long,
        env = "LOQUAT_MAX_WAITING_SIGN_INS",
        value_name = "NUMBER",
        default_value = "64",
        hide_env_values = true
    )]
    pub max_waiting_sign_ins: String,
    /// Open WebSockets of one person
    #[arg(
        long,
        env = "LOQUAT_MAX_SOCKETS_PER_PERSON",
        value_name = "NUMBER",
        default_value = "20",
        hide_env_values = true
    )]
    pub max_sockets_per_person: String,
    /// Seconds for a request's head, and again for its body, to arrive; for an uploaded image, between two parts of it
    #[arg(long, env = "LOQUAT_REQUEST_TIMEOUT", value_name = "SECONDS", default_value = "30", hide_env_values = true)]
    pub request_timeout: String,
    /// Seconds until a model server must send its first byte
    #[arg(
        long,
        env = "LOQUAT_FIRST_BYTE_TIMEOUT",
        value_name = "SECONDS",
        default_value = "120",
        hide_env_values = true
    )]
    pub first_byte_timeout: String,
    /// Seconds a model server may be silent in the middle of an answer
    #[arg(long, env = "LOQUAT_SILENCE_TIMEOUT", value_name = "SECONDS", default_value = "60", hide_env_values = true)]
    pub silence_timeout: String,
    /// Seconds one answer may take in all
    #[arg(long, env = "LOQUAT_ANSWER_TIMEOUT", value_name = "SECONDS", default_value = "900", hide_env_values = true)]
    pub answer_timeout: String,
    /// Seconds that running answers get to finish when the server is told to stop (at most 25; 0: none, they are interrupted at once)
    #[arg(long, env = "LOQUAT_SHUTDOWN_GRACE", value_name = "SECONDS", default_value = "10", hide_env_values = true)]
    pub shutdown_grace: String,
    /// Days that the audit log keeps an entry (0: for ever)
    #[arg(long, env = "LOQUAT_AUDIT_DAYS", value_name = "DAYS", default_value = "365", hide_env_values = true)]
    pub audit_days: String,
    /// What may be stored.
    #[command(flatten)]
    pub storage: StorageSettings,
    /// How often anybody may guess, and how long sessions last.
    #[command(flatten)]
    pub accounts: AccountSettings,
}

impl LimitSettings {
    pub(super) fn read_cache(&self, defaults: &Defaults, problems: &mut Problems) -> Option<PromptCache> {
        let bytes = problems.limit(
            "LOQUAT_MAX_PROMPT_CACHE_BYTES",
            defaults.unless_given("max_prompt_cache_bytes", &self.max_prompt_cache_bytes),
        );
        let time = problems.seconds(
            "LOQUAT_PROMPT_CACHE_SECONDS",
            defaults.unless_given("prompt_cache_seconds", &self.prompt_cache_seconds),
        );
        Some(PromptCache { bytes: bytes?, time: time? })
    }

    /// A question is part of a body. Where it is left at its default it follows a smaller bound of bodies, and a number that
    /// somebody has chosen is refused where it could never count.
    fn read_message_bytes(
        &self,
        body_bytes: Option<usize>,
        defaults: &Defaults,
        problems: &mut Problems,
    ) -> Option<Option<usize>> {
        let default = defaults.unless_given("max_message_bytes", "");
        let value = defaults.unless_given("max_message_bytes", &self.max_message_bytes);
        let message_bytes = problems.limit("LOQUAT_MAX_MESSAGE_BYTES", value)?;
        match (message_bytes, body_bytes) {
            (Some(message), Some(body)) if message > body && value == default => Some(Some(body)),
            (Some(message), Some(body)) if message > body => {
                problems.add(format!(
                    "LOQUAT_MAX_MESSAGE_BYTES is {message}, and LOQUAT_MAX_BODY_BYTES lets no more than {body} arrive: raise that above it, or lower this"
                ));
                None
            }
            _ => Some(message_bytes),
        }
    }

    pub(super) fn read(&self, defaults: &Defaults, problems: &mut Problems) -> Option<Limits> {
        let live_answers_each = problems.limit(
            "LOQUAT_MAX_LIVE_ANSWERS_PER_USER",
            defaults.unless_given("max_live_answers_per_user", &self.max_live_answers_per_user),
        );
        let live_answers = problems
            .limit("LOQUAT_MAX_LIVE_ANSWERS", defaults.unless_given("max_live_answers", &self.max_live_answers));
        let waiting_answers = problems.limit(
            "LOQUAT_MAX_WAITING_ANSWERS",
            defaults.unless_given("max_waiting_answers", &self.max_waiting_answers),
        );
        let turns_per_minute = problems.limit(
            "LOQUAT_MAX_TURNS_PER_MINUTE",
            defaults.unless_given("max_turns_per_minute", &self.max_turns_per_minute),
        );
        let context_tokens = problems
            .limit("LOQUAT_MAX_CONTEXT_TOKENS", defaults.unless_given("max_context_tokens", &self.max_context_tokens));
        let connections =
            problems.limit("LOQUAT_MAX_CONNECTIONS", defaults.unless_given("max_connections", &self.max_connections));
        let connections_per_address = problems.limit(
            "LOQUAT_MAX_CONNECTIONS_PER_ADDRESS",
            defaults.unless_given("max_connections_per_address", &self.max_connections_per_address),
        );
        let requests_per_person = problems.limit(
            "LOQUAT_MAX_REQUESTS_PER_PERSON",
            defaults.unless_given("max_requests_per_person", &self.max_requests_per_person),
        );
        let body_bytes =
            problems.limit("LOQUAT_MAX_BODY_BYTES", defaults.unless_given("max_body_bytes", &self.max_body_bytes));
        let message_bytes = self.read_message_bytes(body_bytes.flatten(), defaults, problems);
        let answer_bytes = problems
            .limit("LOQUAT_MAX_ANSWER_BYTES", defaults.unless_given("max_answer_bytes", &self.max_answer_bytes));
        let storage = self.storage.read(defaults, problems);
        let attachments = self.storage.read_attachments(defaults, problems);
        let accounts = self.accounts.read(defaults, problems);
        let waiting_sign_ins = problems.limit(
            "LOQUAT_MAX_WAITING_SIGN_INS",
            defaults.unless_given("max_waiting_sign_ins", &self.max_waiting_sign_ins),
        );
        let sockets_per_person = problems.limit(
            "LOQUAT_MAX_SOCKETS_PER_PERSON",
            defaults.unless_given("max_sockets_per_person", &self.max_sockets_per_person),
        );
        let request_timeout =
            problems.seconds("LOQUAT_REQUEST_TIMEOUT", defaults.unless_given("request_timeout", &self.request_timeout));
        let first_byte = problems.seconds(
            "LOQUAT_FIRST_BYTE_TIMEOUT",
            defaults.unless_given("first_byte_timeout", &self.first_byte_timeout),
        );
        let silence =
            problems.seconds("LOQUAT_SILENCE_TIMEOUT", defaults.unless_given("silence_timeout", &self.silence_timeout));
        let total =
            problems.seconds("LOQUAT_ANSWER_TIMEOUT", defaults.unless_given("answer_timeout", &self.answer_timeout));
        let shutdown_grace =
            problems.seconds("LOQUAT_SHUTDOWN_GRACE", defaults.unless_given("shutdown_grace", &self.shutdown_grace));
        if shutdown_grace.flatten().is_some_and(|grace| grace > Duration::from_secs(25)) {
            problems.add(
                "LOQUAT_SHUTDOWN_GRACE is too long: give at most 25 seconds, so that the server is gone within 30",
            );
        }
        let audit_days = problems.limit("LOQUAT_AUDIT_DAYS", defaults.unless_given("audit_days", &self.audit_days));
        Some(Limits {
            connections: connections?,
            connections_per_address: connections_per_address?,
            requests_per_person: requests_per_person?,
            body_bytes: body_bytes?,
            message_bytes: message_bytes?,
            waiting_sign_ins: waiting_sign_ins?,
            live_answers_each: live_answers_each?,
            live_answers: live_answers?,
            waiting_answers: waiting_answers?,
            turns_per_minute: turns_per_minute?,
            request_timeout: request_timeout?,
            shutdown_grace: shutdown_grace?.unwrap_or_default(),
            session_check: Duration::from_secs(5),
            accounts: accounts?,
            audit_days: audit_days?,
            storage: storage?,
            attachments: attachments?,
            sockets: SocketLimits {
                per_person: sockets_per_person?,
                ping: Duration::from_secs(20),
                patience: Duration::from_secs(60),
            },
            provider: ProviderLimits {
                connect: Duration::from_secs(10),
                first_byte: first_byte?,
                silence: silence?,
                total: total?,
                answer_bytes: answer_bytes?,
                line_bytes: 256 * 1024,
                context_tokens: context_tokens?.map(|tokens| u32::try_from(tokens).unwrap_or(u32::MAX)),
            },
        })
    }
}
