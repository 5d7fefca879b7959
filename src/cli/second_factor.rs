//! `loquat reset-second-factor`: lets somebody in again who has lost their authenticator app, passkeys and recovery codes.

use std::process::ExitCode;

use crate::auth::{accounts, factors};
use crate::config::DataSettings;
use crate::db::schema;
use crate::error::Error;

/// Removes every second factor of an account. A running server asks for none from the next sign-in on.
pub(super) async fn reset(data: &DataSettings, email: &str) -> anyhow::Result<ExitCode> {
    let db = schema::open(&data.check()?).await?;
    let user = accounts::find(&db, email).await.map_err(Error::for_operator)?;
    let was_on = factors::reset(&db, &user).await.map_err(Error::for_operator)?;
    super::print(&if was_on {
        format!("{} signs in with the password alone now; advise a new password if it may be known\n", user.email)
    } else {
        format!("{} had no second factor; nothing has changed\n", user.email)
    });
    db.close().await;
    Ok(ExitCode::SUCCESS)
}
