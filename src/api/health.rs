//! `/healthz` and `/readyz`: what operators and orchestrators watch.

use std::time::Duration;

use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

use super::Group;
use crate::app::App;

pub(super) struct Api;

/// Whether the process is alive.
#[derive(Object)]
struct Health {
    /// `ok`.
    status: String,
}

/// After how many seconds it makes sense to ask again whether the server can serve.
const RETRY_AFTER: u32 = 5;

/// Whether the server can do its work, part by part.
#[derive(Object)]
struct Readiness {
    /// `ready`, `degraded` or `stopping`.
    status: String,
    /// The database: `ok` or `unreachable`.
    database: String,
}

#[derive(ApiResponse)]
enum Ready {
    /// The server can answer.
    #[oai(status = 200)]
    Yes(Json<Readiness>),
    /// The server is about to stop, or cannot reach something that it needs.
    #[oai(status = 503)]
    No(Json<Readiness>, #[oai(header = "Retry-After")] u32),
}

#[OpenApi(tag = "Group::Server")]
impl Api {
    /// Tells that the process is alive
    ///
    /// Anybody may ask. It touches nothing else, so that a slow database does not get the process killed.
    #[oai(path = "/healthz", method = "get", operation_id = "healthz")]
    async fn healthz(&self) -> Json<Health> {
        Json(Health { status: "ok".to_owned() })
    }

    /// Tells whether the server can serve
    ///
    /// Anybody may ask. It reaches the database; while the server is stopping the answer is 503.
    #[oai(path = "/readyz", method = "get", operation_id = "readyz")]
    async fn readyz(&self, app: Data<&App>) -> Ready {
        let reached = tokio::time::timeout(Duration::from_secs(2), app.db.ping()).await;
        let reached = matches!(reached, Ok(Ok(())));
        let status = match (app.stopping.is_cancelled(), reached) {
            (true, _) => "stopping",
            (false, true) => "ready",
            (false, false) => "degraded",
        };
        let database = if reached { "ok" } else { "unreachable" };
        let readiness = Json(Readiness { status: status.to_owned(), database: database.to_owned() });
        if status == "ready" { Ready::Yes(readiness) } else { Ready::No(readiness, RETRY_AFTER) }
    }
}
