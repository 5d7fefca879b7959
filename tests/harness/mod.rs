//! What every test stands on: a running server on a fresh database, people who use it, and a model server that says
//! what the test wants.

pub mod audit;
pub mod authenticator;
pub mod authority;
pub mod client;
pub mod database;
pub mod events;
pub mod factors;
pub mod postgres;
pub mod process;
pub mod provider;
pub mod proxy;
pub mod server;
pub mod snapshot;
pub mod socket;

pub use client::Person;
pub use database::Kind;
pub use events::Event;
pub use provider::{Provider, Script};
pub use server::Server;
pub use socket::Socket;

/// Writes each test once and runs it on both databases.
///
/// ```ignore
/// on_both_databases! {
///     async fn a_stranger_cannot_read_a_project(kind) { … }
/// }
/// ```
macro_rules! on_both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($kind:ident) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            $(#[$meta])*
            async fn test($kind: $crate::harness::Kind) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                test($crate::harness::Kind::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                test($crate::harness::Kind::Postgres).await;
            }
        }
    )*};
}

/// Fails a test that hangs, and says where.
pub async fn within<T>(seconds: u64, what: &str, work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(std::time::Duration::from_secs(seconds), work).await {
        Ok(value) => value,
        Err(_) => panic!("not within {seconds} s: {what}"),
    }
}

/// Waits until something holds, looking often; for what no event announces.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    within(20, what, async {
        while !holds().await {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await;
}

/// Nobody waits for the answer's words any more, within a second.
pub async fn readers_are_forgotten(running: &loquat::chat::running::Running) {
    within(1, "the readers are forgotten", async {
        while running.log.readers_waiting() > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    })
    .await;
}
