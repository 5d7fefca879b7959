//! The commands.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use clap::{CommandFactory, Parser, Subcommand};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::app::App;
use crate::config::{Config, Data, DataSettings, RotationSettings, ServeSettings, env_file};
use crate::db::{self, Db, schema};
use crate::server::Bound;
use crate::{api, error, server, telemetry, ui};

mod accounts;
mod greeting;
mod rotate;
mod second_factor;
mod sessions;
mod table;

use accounts::{CreateUser, ResetPassword};
use sessions::Sessions;

/// A self-hosted, multi-user chat application for large language models.
///
/// Every setting can be given as a flag, in the environment, or in a file called .env in the current directory; a flag
/// wins over the environment, and the environment over the file. Secrets (SECRET_KEY, OPENAI_API_KEY, SENTRY_DSN) are
/// taken from the environment or from a file, never from a flag, which others could see.
#[derive(Parser)]
#[command(name = "loquat", version = VERSION, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const VERSION: &str = env!("LOQUAT_VERSION");

#[derive(Subcommand)]
enum Command {
    /// Run the server: the page, the API and everything behind them
    Serve(Box<ServeSettings>),
    /// Bring the database up to date, take steps back, or show where it is
    Migrate {
        #[command(flatten)]
        data: DataSettings,
        #[command(subcommand)]
        action: Option<Migrate>,
    },
    /// Make an account; asks for the password
    CreateUser(CreateUser),
    /// Give an account a new password and sign it out everywhere; asks for the password
    ///
    /// Works while the server runs, which notices within 5 seconds. API keys of the account stay.
    ResetPassword(ResetPassword),
    /// Show where somebody is signed in, or sign them out
    ///
    /// Works while the server runs, which notices within 5 seconds.
    #[command(subcommand)]
    Sessions(Sessions),
    /// Take every second factor from an account, for somebody who has lost theirs; the password stays
    ResetSecondFactor {
        /// The address of the account
        email: String,
        #[command(flatten)]
        data: DataSettings,
    },
    /// Replace SECRET_KEY: seal what is stored under it anew, and sign everybody out. With PostgreSQL, or wherever SECRET_KEY is given, give the new key as SECRET_KEY and the old one as SECRET_KEY_PREVIOUS; a key in the data directory is made anew
    RotateSecret(RotationSettings),
    /// Print the API's OpenAPI document
    Openapi,
    /// Print what is in this executable of others, with their licences
    Licenses,
    /// Print the table of settings, as the README has it
    #[command(hide = true)]
    Settings,
}

#[derive(Subcommand)]
enum Migrate {
    /// Apply what is pending (the same as no word at all)
    Up,
    /// Take back the newest migrations; what their tables hold is lost
    Down {
        /// How many
        #[arg(long, default_value_t = 1, value_name = "NUMBER")]
        steps: u32,
    },
    /// Show every migration
    Status {
        /// Exit with 1 when some are pending
        #[arg(long)]
        check: bool,
    },
}

/// Runs the command of this process.
pub fn run() -> ExitCode {
    // Both must stand before the first TLS connection and the first flag that falls back to the environment.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let env_file = env_file::load();
    let cli = Cli::parse();
    // Only now: a file that is not right keeps nobody from reading the help.
    if let Err(mistakes) = env_file {
        return fail(&mistakes.into());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = match runtime.context("the asynchronous runtime cannot start") {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let outcome = runtime.block_on(execute(cli.command));
    // A password being hashed must not hold up the exit.
    runtime.shutdown_background();
    outcome.unwrap_or_else(|error| fail(&error))
}

async fn execute(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(settings) => serve(*settings).await,
        Command::Migrate { data, action } => migrate(&data, action.unwrap_or(Migrate::Up)).await,
        Command::CreateUser(create) => create.run().await.map(|()| ExitCode::SUCCESS),
        Command::ResetPassword(reset) => reset.run().await.map(|()| ExitCode::SUCCESS),
        Command::Sessions(sessions) => sessions.run().await.map(|()| ExitCode::SUCCESS),
        Command::RotateSecret(settings) => rotate::rotate(&settings).await,
        Command::ResetSecondFactor { email, data } => second_factor::reset(&data, &email).await,
        Command::Openapi => {
            print(&api::document());
            Ok(ExitCode::SUCCESS)
        }
        Command::Licenses => {
            print(&ui::notices());
            Ok(ExitCode::SUCCESS)
        }
        Command::Settings => {
            print(&settings_table());
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// How a process ends that was told to stop before it could do so in order: as a shell has it for one that was interrupted.
const INTERRUPTED: u8 = 130;

async fn serve(settings: ServeSettings) -> anyhow::Result<ExitCode> {
    let config = settings.check()?;
    let _telemetry = telemetry::start(&config);
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    // Ten thousand streams need more files than the usual thousand.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let mut signals = Signals::listen()?;
    // Before anything is printed: a signal that nobody waits for would end the process.
    let hangup = config.tls.is_some().then(|| signal(SignalKind::hangup())).transpose()?;
    let bound = server::bind(config.listen)?;
    let (app, listener) = tokio::select! {
        started = Box::pin(start(config, bound)) => started?,
        // Another process may be migrating, or the database not answer. What was begun is a transaction without its commit.
        () = signals.stop() => {
            tracing::info!("stopped before the start was over");
            return Ok(ExitCode::from(INTERRUPTED));
        }
    };
    let stop = async {
        signals.stop().await;
        tracing::info!("stopping: running answers may finish, new ones are refused");
        tokio::spawn(async move {
            // Whoever asks a second time does not want to wait.
            signals.stop().await;
            std::process::exit(INTERRUPTED.into());
        });
    };
    server::serve(app.clone(), listener, hangup, stop).await;
    app.close().await;
    Ok(ExitCode::SUCCESS)
}

/// Everything up to the first request.
async fn start(config: Config, bound: Bound) -> anyhow::Result<(App, TcpListener)> {
    let address = bound.address()?;
    let app = App::start(config, address.port()).await?;
    // Only now: what a crash left unfinished is closed before anybody can ask for it.
    let listener = bound.listen()?;
    greeting::greet(&app, address);
    greeting::offer_setup(&app, address).await?;
    Ok((app, listener))
}

/// The signals that tell a server to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the next of them.
    async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

async fn migrate(data: &DataSettings, action: Migrate) -> anyhow::Result<ExitCode> {
    let data = data.check()?;
    match action {
        Migrate::Status { check } => return show_migrations(&data, check).await,
        Migrate::Up => {
            let _ownership = db::own(&data).await?;
            let db = Db::open(&data).await?;
            tell_migrations("applied", &schema::up(&db).await?, "the database is up to date");
            db.close().await;
        }
        Migrate::Down { steps } => {
            let db = Db::open_existing(&data).await?;
            let _ownership = db::own(&data).await?;
            tell_migrations("reverted", &schema::down(&db, steps).await?, "no migration is left to take back");
            db.close().await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn show_migrations(data: &Data, check: bool) -> anyhow::Result<ExitCode> {
    let db = Db::open_existing(data).await?;
    let steps = schema::steps(&db).await?;
    for step in &steps {
        print(&format!("{}  {}\n", if step.applied { "applied" } else { "pending" }, step.name));
    }
    let pending = steps.iter().any(|step| !step.applied);
    db.close().await;
    Ok(if check && pending { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn tell_migrations(done: &str, names: &[String], nothing: &str) {
    for name in names {
        print(&format!("{done}  {name}\n"));
    }
    if names.is_empty() {
        print(&format!("nothing to do: {nothing}\n"));
    }
}

/// The README's table of settings, made from the same place as `--help`.
pub fn settings_table() -> String {
    table::markdown(&Cli::command())
}

fn print(text: &str) {
    // A reader that has gone away, as in `loquat openapi | head`, is no failure.
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn fail(error: &anyhow::Error) -> ExitCode {
    let mut err = std::io::stderr().lock();
    for line in error::with_causes(error).lines() {
        let _ = writeln!(err, "error: {line}");
    }
    ExitCode::FAILURE
}
