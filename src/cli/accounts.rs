//! The commands for accounts: made, and given a new password.

use std::io::{BufRead, IsTerminal};

use anyhow::Context;
use clap::Args;
use sea_orm::PaginatorTrait;
use secrecy::SecretString;

use super::print;
use crate::auth::{self, NewAccount, password::Hasher};
use crate::config::{DataSettings, Database};
use crate::db::{self, Db, schema};
use crate::entity::api_key;
use crate::entity::user::Role;
use crate::error::Error;

/// What `create-user` is told.
#[derive(Args)]
pub(super) struct CreateUser {
    /// The address to sign in with
    email: String,
    /// Make an administrator
    #[arg(long)]
    admin: bool,
    /// What the person wants to be called
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Read the password from standard input instead of asking for it
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    data: DataSettings,
}

impl CreateUser {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let data = self.data.check()?;
        let password = password(self.password_stdin, "create-user")?;
        let db = Db::open(&data).await?;
        if schema::steps(&db).await?.iter().any(|step| !step.applied) {
            match data.database {
                // The first command on a new machine may well be this one.
                Database::Sqlite(_) => {
                    let _ownership = db::own(&data).await?;
                    schema::up(&db).await?;
                }
                Database::Postgres(_) => anyhow::bail!(schema::NOT_UP_TO_DATE),
            }
        }
        let role = if self.admin { Role::Admin } else { Role::Member };
        let account = NewAccount { email: self.email, password, name: self.name };
        let user = auth::create_account(&db, &Hasher::new(None), account, role).await.map_err(Error::for_operator)?;
        let kind = if role == Role::Admin { "administrator" } else { "user" };
        print(&format!("made the {kind} {}\n", user.email));
        db.close().await;
        Ok(())
    }
}

/// What `reset-password` is told.
#[derive(Args)]
pub(super) struct ResetPassword {
    /// The address of the account
    email: String,
    /// Read the new password from standard input instead of asking for it
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    data: DataSettings,
}

impl ResetPassword {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let db = schema::open(&self.data.check()?).await?;
        // Before anybody has to think of a password for nobody.
        let user = auth::accounts::find(&db, &self.email).await.map_err(Error::for_operator)?;
        let password = password(self.password_stdin, "reset-password")?;
        let ended = auth::accounts::reset_password(&db, &Hasher::new(None), &user, password).await;
        let ended = ended.map_err(Error::for_operator)?;
        let keys = api_key::Entity::owned_by(user.id, None).count(db.reader()).await?;
        print(&format!("{} has a new password; {} ended\n", user.email, counted(ended, "session")));
        if keys > 0 {
            let works = if keys == 1 { "works" } else { "work" };
            let keys = counted(keys, "API key");
            print(&format!("{keys} of theirs still {works}; they delete keys in the settings of the page\n"));
        }
        db.close().await;
        Ok(())
    }
}

/// A number of things, in words.
pub(super) fn counted(number: u64, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

fn password(from_stdin: bool, command: &str) -> anyhow::Result<SecretString> {
    if from_stdin { password_from_stdin(command) } else { password_from_terminal() }
}

fn password_from_stdin(command: &str) -> anyhow::Result<SecretString> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("the password cannot be read from standard input")?;
    let password = line.trim_end_matches(['\r', '\n']).to_owned();
    anyhow::ensure!(
        !password.is_empty(),
        "standard input is empty: pipe the password in, as in `printf %s \"$PASSWORD\" | loquat {command} …`"
    );
    Ok(SecretString::from(password))
}

fn password_from_terminal() -> anyhow::Result<SecretString> {
    anyhow::ensure!(
        std::io::stdin().is_terminal(),
        "there is no terminal to ask for the password: pipe it in and add --password-stdin"
    );
    let ask =
        |prompt: &str| rpassword::prompt_password(prompt).context("the password cannot be read from the terminal");
    let password = ask("Password: ")?;
    anyhow::ensure!(password == ask("The same again: ")?, "the two passwords differ; nothing was done");
    Ok(SecretString::from(password))
}
