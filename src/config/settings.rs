//! The settings as they are given, and their check.
//!
//! The doc comments are the `--help` and the README's table.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use secrecy::SecretString;

use super::parse::{self, Problems};
use super::{Config, Data, Database, Limits, Mistakes, PromptCache, ProviderLimits, SocketLimits, providers};

/// Where the data is.
#[derive(Args, Clone)]
pub struct DataSettings {
    /// Directory of the database and of what the server keeps for itself. Default: $XDG_DATA_HOME/loquat
    #[arg(long, env = "LOQUAT_DATA_DIR", value_name = "DIR", hide_env_values = true, global = true)]
    pub data_dir: Option<String>,
    /// Database: sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME?sslmode=verify-full. Default: SQLite in the data directory
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true, global = true)]
    pub database_url: Option<String>,
    /// File that holds the database's address, instead of DATABASE_URL
    #[arg(long, env = "DATABASE_URL_FILE", value_name = "FILE", hide_env_values = true, global = true)]
    pub database_url_file: Option<String>,
}

/// How the server runs.
#[derive(Args, Clone)]
pub struct ServeSettings {
    /// Where the data is.
    #[command(flatten)]
    pub data: DataSettings,
    /// Address and port to listen on; port 0 takes a free one and prints it
    #[arg(
        long,
        env = "LOQUAT_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8080",
        hide_env_values = true
    )]
    pub listen: String,
    /// Run pending migrations first on PostgreSQL too (on SQLite they always run by themselves)
    #[arg(long)]
    pub migrate: bool,
    /// The address people open, such as https://chat.example.org, when a proxy stands in front
    #[arg(long, env = "LOQUAT_PUBLIC_URL", value_name = "URL", hide_env_values = true)]
    pub public_url: Option<String>,
    /// Other origins whose pages may use the API with a person's cookie, separated by commas
    #[arg(long, env = "LOQUAT_ALLOWED_ORIGINS", value_name = "ORIGINS", hide_env_values = true)]
    pub allowed_origins: Option<String>,
    /// Addresses or networks of proxies whose X-Forwarded-For and -Proto are believed, separated by commas
    #[arg(long, env = "LOQUAT_TRUSTED_PROXIES", value_name = "NETWORKS", hide_env_values = true)]
    pub trusted_proxies: Option<String>,
    /// Who may register: open (everybody), invite (by invitation) or closed
    #[arg(long, env = "LOQUAT_SIGNUP", value_name = "MODE", default_value = "open", hide_env_values = true)]
    pub signup: String,
    /// File that holds the key that signs sessions, instead of SECRET_KEY; at least 32 random characters. SQLite installs make their own
    #[arg(long, env = "SECRET_KEY_FILE", value_name = "FILE", hide_env_values = true)]
    pub secret_key_file: Option<String>,
    /// Address of an OpenAI-compatible model server, such as http://127.0.0.1:11434/v1. Default with a key: https://api.openai.com/v1
    #[arg(long, env = "OPENAI_BASE_URL", value_name = "URL", hide_env_values = true)]
    pub openai_base_url: Option<String>,
    /// File that holds the key for the model server, instead of OPENAI_API_KEY
    #[arg(long, env = "OPENAI_API_KEY_FILE", value_name = "FILE", hide_env_values = true)]
    pub openai_api_key_file: Option<String>,
    /// TOML file that lists several model providers
    #[arg(long, env = "LOQUAT_PROVIDERS", value_name = "FILE", hide_env_values = true)]
    pub providers: Option<String>,
    /// Model that answers when none is chosen. Default: the first model of the first provider
    #[arg(long, env = "LOQUAT_DEFAULT_MODEL", value_name = "MODEL", hide_env_values = true)]
    pub default_model: Option<String>,
    /// Whether the same question after the same conversation gets the same answer again, without asking a model: on or off
    #[arg(long, env = "LOQUAT_PROMPT_CACHE", value_name = "ON_OR_OFF", default_value = "off", hide_env_values = true)]
    pub prompt_cache: String,
    /// File that holds the Sentry address for error reports, instead of SENTRY_DSN
    #[arg(long, env = "SENTRY_DSN_FILE", value_name = "FILE", hide_env_values = true)]
    pub sentry_dsn_file: Option<String>,
    /// What is logged, such as info or loquat=debug,warn
    #[arg(
        long,
        env = "RUST_LOG",
        value_name = "FILTER",
        default_value = "info,sea_orm_migration=warn,sqlx=warn",
        hide_env_values = true
    )]
    pub log: String,
    /// How it is logged: human or json
    #[arg(long, env = "LOQUAT_LOG_FORMAT", value_name = "FORMAT", default_value = "human", hide_env_values = true)]
    pub log_format: String,
    /// The limits.
    #[command(flatten)]
    pub limits: LimitSettings,
}

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
    /// Bytes of a request's body
    #[arg(
        long,
        env = "LOQUAT_MAX_BODY_BYTES",
        value_name = "BYTES",
        default_value = "1048576",
        hide_env_values = true
    )]
    pub max_body_bytes: String,
    /// Bytes of one message from a person
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
    /// Seconds for a request's head, and again for its body, to arrive
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
}

impl DataSettings {
    /// Checks where the data is, and makes the data directory.
    pub fn check(&self) -> Result<Data, Mistakes> {
        let mut problems = Problems::default();
        let data = self.read(&mut problems);
        problems.or(data)
    }

    fn read(&self, problems: &mut Problems) -> Option<Data> {
        let dir = match parse::given(&self.data_dir) {
            Some(dir) => Some(PathBuf::from(dir)),
            None => parse::default_data_dir(problems),
        };
        if let Some(dir) = &dir {
            parse::make_private_dir(dir, problems);
        }
        let url = match parse::given(&self.database_url) {
            Some(url) => Some(SecretString::from(url.to_owned())),
            None => problems.secret_file("DATABASE_URL", &self.database_url_file),
        };
        let database = match url {
            None => Some(Database::Sqlite(dir.as_deref().unwrap_or(Path::new(".")).join("loquat.db"))),
            Some(url) => parse::database(&url, problems),
        };
        Some(Data { dir: dir?, database: database? })
    }
}

impl ServeSettings {
    /// Checks every setting and reports every mistake.
    pub fn check(&self) -> Result<Config, Mistakes> {
        let mut problems = Problems::default();
        let config = self.read(&mut problems);
        problems.or(config)
    }

    fn read(&self, problems: &mut Problems) -> Option<Config> {
        let defaults = Defaults::default();
        let data = self.data.read(problems);
        let listen = parse::listen(defaults.unless_given("listen", &self.listen), problems);
        let public_url = parse::public_url(&self.public_url, problems);
        let allowed_origins = parse::origins(&self.allowed_origins, problems);
        let trusted_proxies = parse::networks(&self.trusted_proxies, problems);
        let signup = parse::signup(defaults.unless_given("signup", &self.signup), problems);
        let secret_key = problems.secret("SECRET_KEY", &self.secret_key_file);
        parse::secret_key_is_strong(secret_key.as_ref(), problems);
        if let Some(Data { database: Database::Postgres(_), .. }) = &data
            && secret_key.is_none()
            && !problems.mentions("SECRET_KEY")
        {
            problems.add("SECRET_KEY is missing: with PostgreSQL every instance must be given the same one; make it with `openssl rand -hex 32`");
        }
        let providers = providers::read(self, problems);
        let sentry_dsn = problems.secret("SENTRY_DSN", &self.sentry_dsn_file);
        parse::sentry_dsn(sentry_dsn.as_ref(), problems);
        let log = defaults.unless_given("log", &self.log);
        parse::log_filter(log, problems);
        let log_format = parse::log_format(defaults.unless_given("log_format", &self.log_format), problems);
        let prompt_cache = parse::on_or_off(
            "LOQUAT_PROMPT_CACHE",
            defaults.unless_given("prompt_cache", &self.prompt_cache),
            problems,
        );
        let cache = self.limits.read_cache(&defaults, problems);
        let limits = self.limits.read(&defaults, problems);
        Some(Config {
            listen: listen?,
            data: data?,
            migrate: self.migrate,
            public_url,
            allowed_origins,
            trusted_proxies,
            signup: signup?,
            secret_key,
            providers: providers?,
            default_model: parse::given(&self.default_model).map(str::to_owned),
            sentry_dsn,
            log: log.to_owned(),
            log_format: log_format?,
            prompt_cache: cache.filter(|_| prompt_cache == Some(true)),
            limits: limits?,
        })
    }
}

impl LimitSettings {
    fn read_cache(&self, defaults: &Defaults, problems: &mut Problems) -> Option<PromptCache> {
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

    fn read(&self, defaults: &Defaults, problems: &mut Problems) -> Option<Limits> {
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
        let body_bytes =
            problems.limit("LOQUAT_MAX_BODY_BYTES", defaults.unless_given("max_body_bytes", &self.max_body_bytes));
        let message_bytes = problems
            .limit("LOQUAT_MAX_MESSAGE_BYTES", defaults.unless_given("max_message_bytes", &self.max_message_bytes));
        let answer_bytes = problems
            .limit("LOQUAT_MAX_ANSWER_BYTES", defaults.unless_given("max_answer_bytes", &self.max_answer_bytes));
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
        Some(Limits {
            connections: connections?,
            body_bytes: body_bytes?,
            message_bytes: message_bytes?,
            waiting_sign_ins: waiting_sign_ins?,
            live_answers_each: live_answers_each?,
            live_answers: live_answers?,
            waiting_answers: waiting_answers?,
            turns_per_minute: turns_per_minute?,
            request_timeout: request_timeout?,
            shutdown_grace: shutdown_grace?.unwrap_or_default(),
            sockets: SocketLimits {
                per_person: sockets_per_person?,
                ping: Duration::from_secs(20),
                patience: Duration::from_secs(60),
                session_check: Duration::from_secs(5),
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

/// The defaults of the settings, for those that are given but empty, as `LOQUAT_SIGNUP=` in a compose file is.
struct Defaults(clap::Command);

impl Default for Defaults {
    fn default() -> Self {
        Self(ServeSettings::augment_args(clap::Command::new("serve")))
    }
}

impl Defaults {
    fn unless_given<'a>(&'a self, id: &str, value: &'a str) -> &'a str {
        if !value.trim().is_empty() {
            return value;
        }
        let argument = self.0.get_arguments().find(|argument| argument.get_id() == id);
        argument.and_then(|argument| argument.get_default_values().first()?.to_str()).unwrap_or_default()
    }
}
