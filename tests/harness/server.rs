//! A server in this process, listening on a port of its own.

use std::net::SocketAddr;
use std::time::Duration;

use loquat::app::App;
use loquat::auth::{self, NewAccount};
use loquat::config::{
    AccountLimits, AttachmentLimits, Config, Data, Limits, LogFormat, Provider as Configured, ProviderLimits,
    RequiredFactor, SessionTimes, Signup, SocketLimits, StorageLimits,
};
use loquat::entity::user::Role;
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::client::{PASSWORD, Person};
use super::database::{self, Kind};
use super::provider::Provider;
use super::within;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A running server. It stops when it is dropped, or gracefully by `stop`.
pub struct Server {
    pub address: SocketAddr,
    pub app: App,
    stop: CancellationToken,
    serving: Option<JoinHandle<()>>,
    dir: tempfile::TempDir,
}

impl Server {
    /// What the server answers to these bytes, until it closes the connection.
    pub async fn raw(&self, request: &str) -> String {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut response = Vec::new();
        within(15, "an answer", socket.read_to_end(&mut response)).await.unwrap();
        String::from_utf8_lossy(&response).into_owned()
    }

    /// A server with nothing but the built-in model.
    pub async fn start(kind: Kind) -> Self {
        Self::with(kind, |_| {}).await
    }

    /// A server that asks one model server.
    pub async fn with_provider(kind: Kind, provider: &Provider) -> Self {
        Self::with_provider_and(kind, provider, |_| {}).await
    }

    /// The same with settings of the test's own.
    pub async fn with_provider_and(kind: Kind, provider: &Provider, change: impl FnOnce(&mut Config)) -> Self {
        let provider = provider.configured();
        Self::with(kind, move |config| {
            config.providers = vec![provider];
            change(config);
        })
        .await
    }

    /// A server with settings of the test's own.
    pub async fn with(kind: Kind, change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = database::fresh(kind, dir.path()).await;
        Self::on(dir, data, change).await
    }

    /// A server on a database that exists.
    pub async fn on(dir: tempfile::TempDir, data: Data, change: impl FnOnce(&mut Config)) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut config = config(data);
        change(&mut config);
        if config.providers.iter().any(|provider| provider.name == "nobody") {
            config.default_model = Some("demo".to_owned());
        }
        let bound = loquat::server::bind(config.listen).unwrap();
        let address = bound.address().unwrap();
        let app = App::start(config, address.port()).await.unwrap();
        let listener = bound.listen().unwrap();
        let stop = CancellationToken::new();
        let serving = tokio::spawn({
            let (app, stop) = (app.clone(), stop.clone());
            async move { loquat::server::serve(app, listener, None, async move { stop.cancelled().await }).await }
        });
        Self { address, app, stop, serving: Some(serving), dir }
    }

    /// Tells it to stop, as SIGTERM does, without waiting.
    pub fn tell_to_stop(&self) {
        self.stop.cancel();
    }

    /// Stops it gracefully and returns its directory and data for the next one.
    pub async fn stop(mut self) -> (tempfile::TempDir, Data) {
        self.stop.cancel();
        let serving = self.serving.take().unwrap();
        super::within(40, "a graceful stop", serving).await.unwrap();
        let data = self.app.config.data.clone();
        self.app.close().await;
        let dir = std::mem::replace(&mut self.dir, tempfile::tempdir().unwrap());
        (dir, data)
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.app.config.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.address)
    }

    /// A new person, registered and signed in.
    pub async fn person(&self, name: &str) -> Person {
        Person::register(self, name).await
    }

    /// A new administrator, made as on the command line, and signed in.
    pub async fn administrator(&self, name: &str) -> Person {
        let account = NewAccount {
            email: format!("{name}@example.org"),
            password: SecretString::from(PASSWORD.to_owned()),
            name: None,
        };
        auth::create_account(&self.app.db, &self.app.auth.hasher, account, Role::Admin).await.unwrap();
        let mut person = Person::nobody(self);
        person.email = format!("{name}@example.org");
        person.sign_in().await;
        person
    }
}

fn config(data: Data) -> Config {
    Config {
        listen: ([127, 0, 0, 1], 0).into(),
        tls: None,
        data,
        migrate: false,
        public_url: None,
        allowed_hosts: None,
        allowed_origins: Vec::new(),
        trusted_proxies: Vec::new(),
        signup: Signup::Open,
        sessions: SessionTimes { idle: Some(14 * DAY), whole: Some(90 * DAY) },
        required_factor: RequiredFactor::Nobody,
        secret_key: Some(SecretString::from("a key for tests only: 0123456789abcdef".to_owned())),
        providers: vec![nobody()],
        allowed_provider_hosts: Vec::new(),
        default_model: None,
        sentry_dsn: None,
        log: "warn".to_owned(),
        log_format: LogFormat::Human,
        prompt_cache: None,
        limits: Limits {
            connections: None,
            connections_per_address: None,
            requests_per_person: Some(8),
            body_bytes: Some(1024 * 1024),
            message_bytes: Some(256 * 1024),
            waiting_sign_ins: Some(64),
            live_answers_each: None,
            live_answers: None,
            waiting_answers: None,
            turns_per_minute: None,
            request_timeout: Some(Duration::from_secs(10)),
            shutdown_grace: Duration::from_millis(300),
            session_check: Duration::from_millis(100),
            accounts: AccountLimits::default(),
            audit_days: Some(365),
            storage: StorageLimits::default(),
            attachments: AttachmentLimits { bytes: Some(2 * 1024 * 1024), per_message: Some(3) },
            sockets: SocketLimits {
                per_person: Some(20),
                ping: Duration::from_millis(200),
                patience: Duration::from_secs(20),
            },
            provider: ProviderLimits {
                connect: Duration::from_secs(2),
                first_byte: Some(Duration::from_secs(20)),
                silence: Some(Duration::from_secs(20)),
                total: Some(Duration::from_secs(60)),
                answer_bytes: Some(1024 * 1024),
                line_bytes: 256 * 1024,
                context_tokens: None,
            },
        },
    }
}

/// A provider that is not there: so that no test finds a model server that happens to run on this machine.
fn nobody() -> Configured {
    Configured {
        models: vec!["nobody".to_owned()],
        named: true,
        ..Configured::new("nobody", "http://127.0.0.1:9/v1".parse().unwrap())
    }
}
