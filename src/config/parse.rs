//! Reads single settings; every mistake is collected, with what would be right.

use std::env;
use std::fs;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{Database, LogFormat, Mistakes, RequiredFactor, Signup};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The mistakes found so far.
#[derive(Default)]
pub(super) struct Problems(Vec<String>);

impl Problems {
    pub(super) fn add(&mut self, problem: impl Into<String>) {
        self.0.push(problem.into());
    }

    pub(super) fn mentions(&self, name: &str) -> bool {
        self.0.iter().any(|problem| problem.contains(name))
    }

    /// The checked value, unless there was any mistake.
    pub(super) fn or<T>(self, value: Option<T>) -> Result<T, Mistakes> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Mistakes(self.0)),
        }
    }

    /// A secret from the environment, or from the file that its `*_FILE` twin names.
    pub(super) fn secret(&mut self, name: &str, file: &Option<String>) -> Option<SecretString> {
        match env::var(name) {
            Ok(value) if !value.trim().is_empty() => {
                self.only_one(name, file);
                Some(SecretString::from(value.trim().to_owned()))
            }
            Err(env::VarError::NotUnicode(_)) => {
                self.add(format!("{name} is not valid UTF-8: set it again"));
                None
            }
            _ => self.secret_file(name, file),
        }
    }

    /// Refuses the file of a secret that is given already: nobody could tell which of the two counts.
    pub(super) fn only_one(&mut self, name: &str, file: &Option<String>) {
        if given(file).is_some() {
            self.add(format!("{name} and {name}_FILE are both set: keep one of them"));
        }
    }

    /// A secret from the file that a `*_FILE` setting names.
    pub(super) fn secret_file(&mut self, name: &str, file: &Option<String>) -> Option<SecretString> {
        let path = given(file)?;
        match fs::read_to_string(path) {
            Ok(text) if !text.trim().is_empty() => Some(SecretString::from(text.trim().to_owned())),
            Ok(_) => {
                self.add(format!("{name}_FILE names {path}, which is empty: write the value into it"));
                None
            }
            Err(error) => {
                self.add(format!(
                    "{name}_FILE names {path}, which cannot be read ({error}): check the path and its permissions"
                ));
                None
            }
        }
    }

    /// A limit: a whole number, where 0 means none. The outer `None` is a mistake.
    pub(super) fn limit(&mut self, name: &str, value: &str) -> Option<Option<usize>> {
        match value.trim().replace('_', "").parse::<usize>() {
            Ok(0) => Some(None),
            Ok(limit) => Some(Some(limit)),
            Err(_) => {
                self.add(format!("{name} is {value:?}: give a whole number, or 0 for no limit"));
                None
            }
        }
    }

    /// A time limit in seconds, where 0 means none. The outer `None` is a mistake.
    pub(super) fn seconds(&mut self, name: &str, value: &str) -> Option<Option<Duration>> {
        match value.trim().parse::<f64>().map(Duration::try_from_secs_f64) {
            Ok(Ok(Duration::ZERO)) => Some(None),
            Ok(Ok(time)) if time < Duration::from_secs(366 * 24 * 3600) => Some(Some(time)),
            _ => {
                self.add(format!("{name} is {value:?}: give seconds, such as 30 or 0.5, or 0 for no limit"));
                None
            }
        }
    }

    /// A time limit in days, where 0 means none. The outer `None` is a mistake.
    pub(super) fn days(&mut self, name: &str, value: &str) -> Option<Option<Duration>> {
        let seconds = value.trim().parse::<f64>().map(|days| Duration::try_from_secs_f64(days * DAY.as_secs_f64()));
        match seconds {
            Ok(Ok(Duration::ZERO)) => Some(None),
            // A session of less than a minute would end before it is of use.
            Ok(Ok(time)) if time >= Duration::from_secs(60) && time <= 3650 * DAY => Some(Some(time)),
            _ => {
                self.add(format!("{name} is {value:?}: give days, such as 14 or 0.5, at most 3650, or 0 for no limit"));
                None
            }
        }
    }
}

/// A setting that was given; an empty one counts as not given, as in `OPENAI_API_KEY=`.
pub(super) fn given(value: &Option<String>) -> Option<&str> {
    value.as_deref().map(str::trim).filter(|value| !value.is_empty())
}

/// The parts of a list separated by commas or spaces.
pub(super) fn parts(value: &Option<String>) -> impl Iterator<Item = &str> {
    given(value).unwrap_or_default().split([',', ' ']).map(str::trim).filter(|part| !part.is_empty())
}

/// `$XDG_DATA_HOME/loquat`, or `~/.local/share/loquat`.
pub(super) fn default_data_dir(problems: &mut Problems) -> Option<PathBuf> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let dir = absolute("XDG_DATA_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
        .map(|base| base.join("loquat"));
    if dir.is_none() {
        problems.add("there is no HOME to keep data in: set LOQUAT_DATA_DIR to a directory");
    }
    dir
}

/// Makes the data directory, for its owner alone when it is new.
pub(super) fn make_private_dir(dir: &Path, problems: &mut Problems) {
    use std::os::unix::fs::DirBuilderExt;
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
    if let Err(error) = made {
        problems.add(format!(
            "the data directory {} cannot be made ({error}): set LOQUAT_DATA_DIR to one that can",
            dir.display()
        ));
    }
}

pub(super) fn database(url: &SecretString, problems: &mut Problems) -> Option<Database> {
    let text = url.expose_secret();
    if let Some(rest) = text.strip_prefix("sqlite:") {
        let path = rest.strip_prefix("//").unwrap_or(rest).split('?').next().unwrap_or_default();
        if path.is_empty() || path == ":memory:" {
            problems.add("DATABASE_URL names no file: write sqlite://PATH, such as sqlite:///var/lib/loquat/loquat.db");
            return None;
        }
        return Some(Database::Sqlite(PathBuf::from(path)));
    }
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        if let Err(error) = Url::parse(text) {
            problems.add(format!("DATABASE_URL is not a valid address ({error}): write postgres://USER:PASSWORD@HOST/NAME and percent-encode special characters in the password"));
            return None;
        }
        return Some(Database::Postgres(url.clone()));
    }
    problems.add("DATABASE_URL is of no known kind: it begins with sqlite:// or postgres://");
    None
}

pub(super) fn listen(value: &str, problems: &mut Problems) -> Option<SocketAddr> {
    let value = value.trim();
    let address = value
        .parse()
        .ok()
        .or_else(|| value.parse::<u16>().ok().map(|port| SocketAddr::from(([127, 0, 0, 1], port))))
        .or_else(|| {
            value
                .strip_prefix(':')
                .and_then(|port| port.parse::<u16>().ok())
                .map(|port| SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)))
        })
        .or_else(|| value.to_socket_addrs().ok()?.next());
    if address.is_none() {
        problems.add(format!(
            "LOQUAT_LISTEN is {value:?}: give an address and a port, such as 127.0.0.1:8080, or :8080 for every address"
        ));
    }
    address
}

pub(super) fn public_url(value: &Option<String>, problems: &mut Problems) -> Option<Url> {
    let value = given(value)?;
    match Url::parse(value) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.path() == "/" && url.query().is_none() => Some(url),
        Ok(url) if matches!(url.scheme(), "http" | "https") => {
            problems.add(format!("LOQUAT_PUBLIC_URL is {value:?}: the page lives at the root of its host, so give only scheme and host, such as https://chat.example.org"));
            None
        }
        _ => {
            problems.add(format!(
                "LOQUAT_PUBLIC_URL is {value:?}: give the address people open, such as https://chat.example.org"
            ));
            None
        }
    }
}

pub(super) fn origins(value: &Option<String>, problems: &mut Problems) -> Vec<String> {
    let mut origins = Vec::new();
    for part in parts(value) {
        match Url::parse(part) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.path() == "/" => {
                origins.push(url.origin().ascii_serialization());
            }
            _ => problems.add(format!("LOQUAT_ALLOWED_ORIGINS holds {part:?}: give origins such as https://app.example.org, separated by commas (no path, no *)")),
        }
    }
    origins
}

pub(super) fn networks(value: &Option<String>, problems: &mut Problems) -> Vec<IpNet> {
    let mut networks = Vec::new();
    for part in parts(value) {
        match part.parse::<IpNet>().or_else(|_| part.parse::<IpAddr>().map(IpNet::from)) {
            Ok(network) => networks.push(network),
            Err(_) => problems.add(format!("LOQUAT_TRUSTED_PROXIES holds {part:?}: give addresses or networks such as 127.0.0.1 or 10.0.0.0/8, separated by commas")),
        }
    }
    networks
}

pub(super) fn signup(value: &str, problems: &mut Problems) -> Option<Signup> {
    match value.trim() {
        "open" => Some(Signup::Open),
        "invite" => Some(Signup::Invite),
        "closed" => Some(Signup::Closed),
        _ => {
            problems.add(format!("LOQUAT_SIGNUP is {value:?}: give open, invite or closed"));
            None
        }
    }
}

pub(super) fn required_factor(value: &str, problems: &mut Problems) -> Option<RequiredFactor> {
    match value.trim() {
        "nobody" => Some(RequiredFactor::Nobody),
        "administrators" => Some(RequiredFactor::Administrators),
        "everyone" => Some(RequiredFactor::Everyone),
        _ => {
            problems.add(format!("LOQUAT_REQUIRE_SECOND_FACTOR is {value:?}: give nobody, administrators or everyone"));
            None
        }
    }
}

pub(super) fn on_or_off(name: &str, value: &str, problems: &mut Problems) -> Option<bool> {
    match value.trim() {
        "on" => Some(true),
        "off" => Some(false),
        _ => {
            problems.add(format!("{name} is {value:?}: give on or off"));
            None
        }
    }
}

pub(super) fn log_format(value: &str, problems: &mut Problems) -> Option<LogFormat> {
    match value.trim() {
        "human" => Some(LogFormat::Human),
        "json" => Some(LogFormat::Json),
        _ => {
            problems.add(format!("LOQUAT_LOG_FORMAT is {value:?}: give human or json"));
            None
        }
    }
}

pub(super) fn log_filter(value: &str, problems: &mut Problems) {
    if let Err(error) = tracing_subscriber::EnvFilter::try_new(value) {
        problems.add(format!(
            "RUST_LOG is {value:?} ({error}): give a level such as info, or a list such as loquat=debug,warn"
        ));
    }
}

pub(super) fn sentry_dsn(dsn: Option<&SecretString>, problems: &mut Problems) {
    if let Some(dsn) = dsn
        && dsn.expose_secret().parse::<sentry::types::Dsn>().is_err()
    {
        problems
            .add("SENTRY_DSN is not a Sentry address: copy it from the project's settings, https://KEY@HOST/PROJECT");
    }
}

/// Refuses a key that somebody could guess: HS256 is only as strong as its key.
pub(super) fn secret_key_is_strong(key: Option<&SecretString>, problems: &mut Problems) {
    let Some(key) = key else { return };
    let key = key.expose_secret();
    let distinct = key.chars().collect::<std::collections::HashSet<_>>().len();
    if key.len() < 32 || distinct < 10 {
        problems
            .add("SECRET_KEY is weak: it needs at least 32 random characters; make one with `openssl rand -hex 32`");
    }
}
