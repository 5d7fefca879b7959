//! The settings as they are given, and their check.
//!
//! The doc comments are the `--help` and the README's table.

use std::path::{Path, PathBuf};

use clap::Args;
use secrecy::SecretString;

use super::limits::LimitSettings;
use super::parse::{self, Problems};
use super::{Config, Data, Database, Mistakes, hosts, names, providers, strangers, tls};

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
    /// File with the certificate for HTTPS: the whole chain as PEM, the server's own first. Without it: plain HTTP
    #[arg(long, env = "LOQUAT_TLS_CERT", value_name = "FILE", hide_env_values = true)]
    pub tls_cert: Option<String>,
    /// File with the certificate's private key, as PEM
    #[arg(long, env = "LOQUAT_TLS_KEY", value_name = "FILE", hide_env_values = true)]
    pub tls_key: Option<String>,
    /// Run pending migrations first on PostgreSQL too (on SQLite they always run by themselves)
    #[arg(long)]
    pub migrate: bool,
    /// The address people open, such as https://chat.example.org, when a proxy stands in front
    #[arg(long, env = "LOQUAT_PUBLIC_URL", value_name = "URL", hide_env_values = true)]
    pub public_url: Option<String>,
    /// Names that people open this server by, besides that of LOQUAT_PUBLIC_URL, separated by commas; * for every name. Addresses and names of private networks always work
    #[arg(long, env = "LOQUAT_ALLOWED_HOSTS", value_name = "NAMES", hide_env_values = true)]
    pub allowed_hosts: Option<String>,
    /// Other origins whose pages may use the API with a person's cookie, separated by commas
    #[arg(long, env = "LOQUAT_ALLOWED_ORIGINS", value_name = "ORIGINS", hide_env_values = true)]
    pub allowed_origins: Option<String>,
    /// Addresses or networks of proxies whose X-Forwarded-For and -Proto are believed, separated by commas
    #[arg(long, env = "LOQUAT_TRUSTED_PROXIES", value_name = "NETWORKS", hide_env_values = true)]
    pub trusted_proxies: Option<String>,
    /// Who may register: open (everybody), invite (by invitation) or closed
    #[arg(long, env = "LOQUAT_SIGNUP", value_name = "MODE", default_value = "open", hide_env_values = true)]
    pub signup: String,
    /// Who must have a second factor, such as an authenticator app or a passkey: nobody, administrators or everyone
    #[arg(
        long,
        env = "LOQUAT_REQUIRE_SECOND_FACTOR",
        value_name = "WHO",
        default_value = "nobody",
        hide_env_values = true
    )]
    pub require_second_factor: String,
    /// File that holds the key that signs sessions and seals stored keys, instead of SECRET_KEY; at least 32 random characters. SQLite installs make their own
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
    /// Hosts, such as ollama or ollama:11434, and networks, such as 10.0.0.0/8, where model servers added in the settings may be besides the public internet; separated by commas
    #[arg(long, env = "LOQUAT_ALLOWED_PROVIDER_HOSTS", value_name = "HOSTS", hide_env_values = true)]
    pub allowed_provider_hosts: Option<String>,
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

impl DataSettings {
    /// Checks where the data is, and makes the data directory.
    pub fn check(&self) -> Result<Data, Mistakes> {
        let mut problems = Problems::default();
        let data = self.read(&mut problems);
        problems.or(data)
    }

    pub(super) fn read(&self, problems: &mut Problems) -> Option<Data> {
        let dir = match parse::given(&self.data_dir) {
            Some(dir) => Some(PathBuf::from(dir)),
            None => parse::default_data_dir(problems),
        };
        if let Some(dir) = &dir {
            parse::make_private_dir(dir, problems);
        }
        let url = match parse::given(&self.database_url) {
            Some(url) => {
                problems.only_one("DATABASE_URL", &self.database_url_file);
                Some(SecretString::from(url.to_owned()))
            }
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
        strangers::refuse(problems);
        let data = self.data.read(problems);
        let listen = parse::listen(defaults.unless_given("listen", &self.listen), problems);
        let tls = tls::read(&self.tls_cert, &self.tls_key, problems);
        let public_url = parse::public_url(&self.public_url, problems);
        let allowed_hosts = names::read(&self.allowed_hosts, problems);
        let allowed_origins = parse::origins(&self.allowed_origins, problems);
        let trusted_proxies = parse::networks(&self.trusted_proxies, problems);
        let signup = parse::signup(defaults.unless_given("signup", &self.signup), problems);
        let required_factor = parse::required_factor(
            defaults.unless_given("require_second_factor", &self.require_second_factor),
            problems,
        );
        let secret_key = problems.secret("SECRET_KEY", &self.secret_key_file);
        parse::secret_key_is_strong(secret_key.as_ref(), problems);
        if let Some(Data { database: Database::Postgres(_), .. }) = &data
            && secret_key.is_none()
            && !problems.mentions("SECRET_KEY")
        {
            problems.add("SECRET_KEY is missing: with PostgreSQL every instance must be given the same one; make it with `openssl rand -hex 32`");
        }
        let providers = providers::read(self, problems);
        let allowed_provider_hosts = hosts::read(&self.allowed_provider_hosts, problems);
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
        let sessions = self.limits.accounts.read_sessions(&defaults, problems);
        Some(Config {
            listen: listen?,
            tls,
            data: data?,
            migrate: self.migrate,
            public_url,
            allowed_hosts,
            allowed_origins,
            trusted_proxies,
            signup: signup?,
            required_factor: required_factor?,
            sessions: sessions?,
            secret_key,
            providers: providers?,
            allowed_provider_hosts,
            default_model: parse::given(&self.default_model).map(str::to_owned),
            sentry_dsn,
            log: log.to_owned(),
            log_format: log_format?,
            prompt_cache: cache.filter(|_| prompt_cache == Some(true)),
            limits: limits?,
        })
    }
}

/// The names by which the environment can have the settings of `serve`.
pub(super) fn in_environment() -> Vec<String> {
    let all = ServeSettings::augment_args(clap::Command::new("serve"));
    all.get_arguments().filter_map(|argument| Some(argument.get_env()?.to_str()?.to_owned())).collect()
}

/// The defaults of the settings, for those that are given but empty, as `LOQUAT_SIGNUP=` in a compose file is.
pub(super) struct Defaults(clap::Command);

impl Default for Defaults {
    fn default() -> Self {
        Self(ServeSettings::augment_args(clap::Command::new("serve")))
    }
}

impl Defaults {
    pub(super) fn unless_given<'a>(&'a self, id: &str, value: &'a str) -> &'a str {
        if !value.trim().is_empty() {
            return value;
        }
        let argument = self.0.get_arguments().find(|argument| argument.get_id() == id);
        argument.and_then(|argument| argument.get_default_values().first()?.to_str()).unwrap_or_default()
    }
}
