//! The application: what every request shares.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::audit;
use crate::auth::Auth;
use crate::auth::lifetime::Lifetime;
use crate::auth::limits::Limits;
use crate::auth::password::Hasher;
use crate::auth::token::Keys;
use crate::chat::storage::Storage;
use crate::chat::{Chat, attachments, recovery};
use crate::config::{Config, Database};
use crate::db::{self, Db, Ownership, schema};
use crate::error::Error;
use crate::limits;
use crate::llm::Catalog;
use crate::providers::Providers;
use crate::vault::Vault;

mod hourly;
pub mod rotation;
mod secret;

/// How long open sockets get to take the ends of their answers and a farewell.
const GOODBYE: Duration = Duration::from_secs(3);

/// Everything a request may need; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The application's parts.
pub struct Parts {
    /// The settings.
    pub config: Config,
    /// The database.
    pub db: Db,
    /// Who is calling.
    pub auth: Auth,
    /// Conversations and their answers.
    pub chat: Chat,
    /// The limits, as administrators have them.
    pub limits: limits::Limits,
    /// The model servers that administrators added.
    pub providers: Providers,
    /// Set when the server begins to stop.
    pub stopping: CancellationToken,
    /// Open WebSockets, which outlast the requests that opened them.
    pub sockets: TaskTracker,
    /// Set when every answer is stored: what still holds a connection says goodbye.
    pub closing: CancellationToken,
    _ownership: Ownership,
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Opens the database, brings it up to date, closes what a crash left open, and starts the writer.
    ///
    /// `own_port` is the port this server listens on, so that it does not take itself for a model server.
    pub async fn start(config: Config, own_port: u16) -> anyhow::Result<Self> {
        let ownership = db::own(&config.data).await?;
        let secret_key = secret::key(&config)?;
        let db = Db::open(&config.data).await?;
        prepare(&db, &config).await?;
        let secret_key = rotation::finish(&config, &db, secret_key).await?;
        let interrupted = recovery::interrupt_unfinished(&db).await.map_err(Error::for_operator)?;
        if interrupted > 0 {
            tracing::warn!(interrupted, "answers that a stopped server left unfinished are marked as interrupted");
        }
        let catalog = Catalog::new(
            config.providers.clone(),
            config.allowed_provider_hosts.clone(),
            config.default_model.clone(),
            config.limits.provider.clone(),
            Some(own_port),
        );
        let providers = Providers::new(db.clone(), Vault::new(&secret_key), catalog.clone());
        providers.load().await.map_err(Error::for_operator)?;
        let chat = Chat::start(db.clone(), catalog, &config.limits, config.prompt_cache.as_ref());
        let limits = limits::Limits::new(db.clone(), chat.clone(), config.limits.clone());
        limits.load().await.map_err(Error::for_operator)?;
        let auth = Auth::new(
            Hasher::new(config.limits.waiting_sign_ins)
                .for_host(config.public_url.as_ref().and_then(|url| url.host_str())),
            Keys::new(&secret_key),
            config.signup,
            Limits::new(&config.limits.accounts),
            Lifetime::new(&config.sessions),
            config.required_factor,
            Vault::new(&secret_key),
        );
        let closing = CancellationToken::new();
        tokio::spawn(auth.watch(db.clone(), config.limits.session_check, closing.clone()));
        tokio::spawn(providers.watch(config.limits.session_check, closing.clone()));
        tokio::spawn(limits.watch(config.limits.session_check, closing.clone()));
        spawn_hourly(&db, &chat.storage, config.limits.audit_days, &closing);
        let parts = Parts {
            config,
            db,
            auth,
            chat,
            limits,
            providers,
            stopping: CancellationToken::new(),
            sockets: TaskTracker::new(),
            closing,
            _ownership: ownership,
        };
        Ok(Self(Arc::new(parts)))
    }

    /// Refuses new turns, lets short answers finish, stores the rest as interrupted and closes the streams.
    pub async fn drain(&self) {
        self.stopping.cancel();
        self.chat.drain(self.config.limits.shutdown_grace).await;
        self.closing.cancel();
        self.sockets.close();
        if tokio::time::timeout(GOODBYE, self.sockets.wait()).await.is_err() {
            tracing::info!(open = self.sockets.len(), "sockets that did not take their last words are cut off");
        }
    }

    /// Closes the database, at the very end. With the longest grace the process has one second left of its thirty.
    pub async fn close(&self) {
        let _ = tokio::time::timeout(Duration::from_secs(1), self.db.close()).await;
    }
}

/// Has everything deleted in time that is kept for a while only.
fn spawn_hourly(db: &Db, storage: &Arc<Storage>, audit_days: Option<usize>, closing: &CancellationToken) {
    let unsent = (db.clone(), Arc::clone(storage));
    let delete = move || {
        let (db, storage) = unsent.clone();
        async move { attachments::delete_forgotten(&db, &storage).await }
    };
    tokio::spawn(hourly::delete_old("images that were uploaded and not sent", delete, closing.clone()));
    // Without a number they stay for ever.
    let Some(kept) = audit_days.and_then(|days| chrono::Duration::try_days(days.try_into().ok()?)) else { return };
    let db = db.clone();
    let delete = move || {
        let db = db.clone();
        async move { audit::delete_older(&db, kept).await }
    };
    tokio::spawn(hourly::delete_old("old entries of the audit log", delete, closing.clone()));
}

/// Brings the schema up to date where that is safe, and says what to do where it is not.
async fn prepare(db: &Db, config: &Config) -> anyhow::Result<()> {
    if config.migrate || matches!(config.data.database, Database::Sqlite(_)) {
        for name in schema::up(db).await? {
            tracing::info!(name, "migrated");
        }
        return Ok(());
    }
    let pending = schema::steps(db).await?.into_iter().filter(|step| !step.applied).count();
    anyhow::ensure!(
        pending == 0,
        "the database needs {pending} migration(s) first: run `loquat migrate up`, or start with `loquat serve --migrate`"
    );
    Ok(())
}
