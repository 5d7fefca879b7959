//! The commands for sessions: shown, and ended.

use chrono::{DateTime, Utc};
use clap::{ArgGroup, Args, Subcommand};

use super::accounts::counted;
use super::print;
use crate::auth::{accounts, sessions};
use crate::config::DataSettings;
use crate::db::schema;
use crate::entity::session;
use crate::error::Error;

#[derive(Subcommand)]
pub(super) enum Sessions {
    /// Show where somebody is signed in
    List {
        /// The address of the account
        email: String,
        #[command(flatten)]
        data: DataSettings,
    },
    /// Sign somebody out everywhere, or everybody; their API keys stay
    Revoke(Revoke),
}

#[derive(Args)]
#[command(group(ArgGroup::new("whose").required(true).args(["email", "all"])))]
pub(super) struct Revoke {
    /// The address of the account
    email: Option<String>,
    /// Everybody's sessions
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    data: DataSettings,
}

impl Sessions {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List { email, data } => list(&email, &data).await,
            Self::Revoke(revoke) => revoke.run().await,
        }
    }
}

async fn list(email: &str, data: &DataSettings) -> anyhow::Result<()> {
    let db = schema::open(&data.check()?).await?;
    let user = accounts::find(&db, email).await.map_err(Error::for_operator)?;
    let all = sessions::all_of(&db, user.id).await.map_err(Error::for_operator)?;
    print(&table(&user.email, &all));
    db.close().await;
    Ok(())
}

impl Revoke {
    async fn run(self) -> anyhow::Result<()> {
        let db = schema::open(&self.data.check()?).await?;
        let ended = match &self.email {
            None => sessions::end_all(&db, None).await.map(|ended| (ended, "everybody".to_owned())),
            Some(email) => match accounts::find(&db, email).await {
                Ok(user) => sessions::end_all(&db, Some(&user)).await.map(|ended| (ended, user.email)),
                Err(error) => Err(error),
            },
        };
        let (ended, whose) = ended.map_err(Error::for_operator)?;
        print(&format!("{} of {whose} ended; a running server notices within 5 seconds\n", counted(ended, "session")));
        db.close().await;
        Ok(())
    }
}

fn table(email: &str, all: &[session::Model]) -> String {
    if all.is_empty() {
        return format!("{email} is not signed in anywhere\n");
    }
    let time = |time: DateTime<Utc>| time.format("%Y-%m-%d %H:%M").to_string();
    let mut text =
        format!("{:16}  {:16}  {:16}  {:39}  browser or program\n", "signed in (UTC)", "last used", "ends", "address");
    for session in all {
        // What a browser calls itself is its own choice, and a terminal obeys control characters.
        let plain = |text: &Option<String>| {
            text.as_deref()
                .unwrap_or("-")
                .chars()
                .map(|c| if c.is_control() { '\u{fffd}' } else { c })
                .collect::<String>()
        };
        text += &format!(
            "{}  {}  {}  {:39}  {}\n",
            time(session.created_at),
            time(session.last_seen_at.unwrap_or(session.created_at)),
            time(session.expires_at),
            plain(&session.address),
            plain(&session.user_agent),
        );
    }
    text
}
