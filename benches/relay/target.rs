//! What is measured: nothing at all in between, a byte splice, nginx, and Loquat with either database.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::answer::{self, Body};
use crate::check::Check;
use crate::http;
use crate::postgres::Postgres;
use crate::process::{self, Process, Usage};

/// The address and password of the one person who asks.
pub(crate) const EMAIL: &str = "relay@example.org";
pub(crate) const PASSWORD: &str = "a quiet orchard of loquats";

/// Why a server that was not asked for has no figures.
pub(crate) const LEFT_OUT: &str = "left out";

/// One of the servers side by side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Direct,
    Splice,
    Nginx,
    Sqlite,
    Postgres,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] = [Self::Direct, Self::Splice, Self::Nginx, Self::Sqlite, Self::Postgres];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct, nothing between",
            Self::Splice => "byte splice, no parsing",
            Self::Nginx => "nginx, `proxy_buffering off`",
            Self::Sqlite => "Loquat, SQLite",
            Self::Postgres => "Loquat, PostgreSQL",
        }
    }

    pub(crate) fn is_loquat(self) -> bool {
        matches!(self, Self::Sqlite | Self::Postgres)
    }
}

/// What stays the same for a whole run: the model server, and PostgreSQL.
pub(crate) struct Stage {
    simulator: Process,
    upstream: SocketAddr,
    postgres: Option<Postgres>,
    databases: usize,
    loquat: PathBuf,
    /// Only servers with one of these, between commas, in their name are measured.
    only: Option<String>,
}

impl Stage {
    pub(crate) fn set(only: Option<String>) -> anyhow::Result<Self> {
        let mut simulator = Process::role(&["relay-simulator"])?;
        let upstream = simulator.address()?;
        let given = std::env::var_os("LOQUAT").map(PathBuf::from);
        let loquat = given.or_else(|| option_env!("CARGO_BIN_EXE_loquat").map(PathBuf::from));
        let loquat = loquat.context("set LOQUAT to the executable to measure")?;
        let loquat = fs::canonicalize(&loquat).with_context(|| format!("there is no {}", loquat.display()))?;
        Ok(Self { simulator, upstream, postgres: Postgres::start()?, databases: 0, loquat, only })
    }

    /// What the simulator has used.
    pub(crate) fn simulator(&self) -> Usage {
        process::usage(&[self.simulator.id()])
    }

    /// Starts a server afresh; the error tells why there is none.
    pub(crate) async fn start(&mut self, kind: Kind) -> anyhow::Result<Target> {
        let is_wanted = |only: &String| only.split(',').any(|part| kind.name().contains(part));
        ensure!(self.only.as_ref().is_none_or(is_wanted), LEFT_OUT);
        let dir = tempfile::Builder::new().prefix("relay-").tempdir()?;
        let mut database = None;
        let (process, address) = match kind {
            Kind::Direct => (None, self.upstream),
            Kind::Splice => {
                let mut process = Process::role(&["relay-splice", &self.upstream.to_string()])?;
                let address = process.address()?;
                (Some(process), address)
            }
            Kind::Nginx => nginx(dir.path(), self.upstream)?,
            Kind::Sqlite => self.loquat(dir.path(), None)?,
            Kind::Postgres => {
                let postgres = self.postgres.as_ref().context("not installed")?;
                self.databases += 1;
                database = Some(postgres.id());
                let address = postgres.database(&format!("loquat{}", self.databases))?;
                self.loquat(dir.path(), Some(&address))?
            }
        };
        let cookie = if kind.is_loquat() { sign_up(address).await? } else { String::new() };
        Ok(Target { kind, address, process, database, cookie, _dir: dir })
    }

    fn loquat(&self, dir: &Path, database: Option<&str>) -> anyhow::Result<(Option<Process>, SocketAddr)> {
        let mut process = Process::kept(None, &self.loquat, |command| {
            let path = std::env::var_os("PATH").unwrap_or_default();
            command.arg("serve").current_dir(dir).env_clear().env("PATH", path);
            command.env("LOQUAT_LISTEN", "127.0.0.1:0").env("LOQUAT_DATA_DIR", dir).env("RUST_LOG", "warn");
            // The clients of a flood come from many addresses.
            command.env("LOQUAT_TRUSTED_PROXIES", "127.0.0.0/8");
            command.env("OPENAI_BASE_URL", format!("http://{}/v1", self.upstream)).env("OPENAI_API_KEY", "none");
            for limit in [
                "LOQUAT_MAX_CONNECTIONS",
                "LOQUAT_MAX_BODY_BYTES",
                "LOQUAT_MAX_MESSAGE_BYTES",
                "LOQUAT_MAX_ANSWER_BYTES",
                "LOQUAT_MAX_LIVE_ANSWERS",
                "LOQUAT_MAX_LIVE_ANSWERS_PER_USER",
                "LOQUAT_MAX_WAITING_ANSWERS",
                "LOQUAT_MAX_TURNS_PER_MINUTE",
                "LOQUAT_MAX_SIGN_INS_PER_MINUTE",
                "LOQUAT_MAX_WRONG_PASSWORDS",
                "LOQUAT_REQUEST_TIMEOUT",
                "LOQUAT_FIRST_BYTE_TIMEOUT",
                "LOQUAT_SILENCE_TIMEOUT",
                "LOQUAT_ANSWER_TIMEOUT",
                "LOQUAT_SHUTDOWN_GRACE",
            ] {
                command.env(limit, "0");
            }
            if let Some(database) = database {
                command.arg("--migrate").env("DATABASE_URL", database);
                command.env("SECRET_KEY", "a key for load alone: 0123456789abcdef");
            }
        })?;
        let address = process.address().context("Loquat")?;
        Ok((Some(process), address))
    }
}

fn nginx(dir: &Path, upstream: SocketAddr) -> anyhow::Result<(Option<Process>, SocketAddr)> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let program = places.map(|dir| dir.join("nginx")).find(|program| program.is_file()).context("not installed")?;
    // nginx does not tell which port it got, so it is given one that was free a moment ago.
    let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let place = dir.display();
    let settings = format!(
        "worker_processes auto; worker_rlimit_nofile 65536; pid {place}/pid; daemon off; error_log {place}/error.log;
        events {{ worker_connections 32768; }}
        http {{
            access_log off; client_body_temp_path {place}/body; proxy_temp_path {place}/proxy;
            fastcgi_temp_path {place}/fastcgi; uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;
            keepalive_requests 100000; keepalive_timeout 600s;
            upstream model {{ server {upstream}; keepalive 32; }}
            server {{
                listen {address} backlog=4096;
                location / {{
                    proxy_pass http://model; proxy_http_version 1.1; proxy_set_header Connection '';
                    proxy_buffering off; proxy_read_timeout 600s; proxy_send_timeout 600s;
                }}
            }}
        }}"
    );
    let file = dir.join("nginx.conf");
    fs::write(&file, settings)?;
    let process = Process::kept(None, &program, |command| {
        command.arg("-p").arg(dir).arg("-e").arg(dir.join("error.log")).arg("-c").arg(&file).stderr(Stdio::null());
    })?;
    let began = std::time::Instant::now();
    while std::net::TcpStream::connect(address).is_err() {
        let log = || fs::read_to_string(dir.join("error.log")).unwrap_or_default();
        ensure!(began.elapsed().as_secs() < 5, "nginx did not start: {}", log());
        process::pause(std::time::Duration::from_millis(10));
    }
    Ok((Some(process), address))
}

async fn sign_up(address: SocketAddr) -> anyhow::Result<String> {
    let mut socket = TcpStream::connect(address).await?;
    let person = json!({"email": EMAIL, "password": PASSWORD});
    let (status, ..) = http::ask(&mut socket, &http::request("/api/users/", None, Some(&person))).await?;
    ensure!(status == 201, "registering was answered with {status}");
    let (status, head, _) = http::ask(&mut socket, &http::request("/api/login/", None, Some(&person))).await?;
    ensure!(status == 200, "signing in was answered with {status}");
    let cookie = http::header(&head, "set-cookie").and_then(|cookie| cookie.split(';').next());
    Ok(cookie.context("signing in brought no cookie")?.to_owned())
}

/// A server that runs. It ends when it is dropped.
pub(crate) struct Target {
    pub(crate) kind: Kind,
    pub(crate) address: SocketAddr,
    process: Option<Process>,
    database: Option<u32>,
    cookie: String,
    _dir: tempfile::TempDir,
}

impl Target {
    /// What it has used, its workers and its database included, and what it holds without the database, which counts
    /// the memory that its processes share once for each.
    pub(crate) fn usage(&self) -> Usage {
        let server = process::usage(self.process.as_ref().map(Process::id).as_slice());
        let database = process::usage(self.database.as_slice());
        Usage { cpu: server.cpu + database.cpu, resident: server.resident }
    }

    /// Requests that ask the model this, one for each stream, each in a conversation of its own.
    pub(crate) async fn requests(&self, question: &str, count: usize) -> anyhow::Result<Vec<Arc<[u8]>>> {
        if !self.kind.is_loquat() {
            let question = json!({
                "model": "relay",
                "messages": [{"role": "user", "content": question}],
                "stream": true,
                "stream_options": {"include_usage": true}
            });
            let request: Arc<[u8]> = http::request("/v1/chat/completions", None, Some(&question)).into();
            return Ok(vec![request; count]);
        }
        let mut socket = TcpStream::connect(self.address).await?;
        let make = http::request("/api/projects/", Some(&self.cookie), Some(&json!({})));
        let mut requests = Vec::with_capacity(count);
        for _ in 0..count {
            let (status, _, body) = http::ask(&mut socket, &make).await?;
            ensure!(status == 201, "making a conversation was answered with {status}");
            let project: Value = serde_json::from_slice(&body)?;
            let id = project["id"].as_str().context("a conversation without an id")?;
            let path = format!("/api/projects/{id}/messages/stream?content={}", question.replace(' ', "%20"));
            requests.push(http::request(&path, Some(&self.cookie), None).into());
        }
        Ok(requests)
    }

    /// What each of its clients has to receive of so many deltas.
    pub(crate) fn checks(&self, deltas: usize) -> Box<dyn Fn() -> Check> {
        if self.kind.is_loquat() {
            let text: Arc<str> = answer::text(deltas).into();
            return Box::new(move || Check::loquat(Arc::clone(&text)));
        }
        let body = Arc::new(Body::plain(deltas));
        Box::new(move || Check::Same { body: Arc::clone(&body), at: 0 })
    }
}

/// The version of nginx, for the record.
pub(crate) fn nginx_version() -> String {
    let output = Command::new("nginx").arg("-v").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stderr).into_owned()).unwrap_or_default();
    text.trim().rsplit('/').next().filter(|version| !version.is_empty()).unwrap_or("none").to_owned()
}
