//! What has to go after a while, and is looked for every hour.

use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::error::Result;

/// How often it is looked for.
const EVERY: Duration = Duration::from_secs(3600);

/// Deletes what is old, now and every hour, until the server stops. `delete` tells how many there were, and `what` they are.
pub(super) async fn delete_old<D>(what: &'static str, delete: impl Fn() -> D, closing: CancellationToken)
where
    D: Future<Output = Result<u64>>,
{
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = closing.cancelled() => return,
            _ = ticks.tick() => {}
        }
        match delete().await {
            Ok(0) => {}
            Ok(deleted) => tracing::info!(deleted, "deleted {what}"),
            Err(error) => tracing::warn!(%error, "could not delete {what}; trying again in an hour"),
        }
    }
}
