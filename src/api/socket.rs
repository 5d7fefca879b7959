//! `/api/ws`: one connection for everything: asking, stopping, following, and the news of other tabs.

use std::any::Any;
use std::sync::Arc;

use poem::http::{HeaderMap, HeaderValue, StatusCode, header};
use poem::web::Data;
use poem::{IntoResponse, OnUpgrade, Request, Response};
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiResponse, OpenApi};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::Group;
use super::failure::Failure;
use super::session::Access;
use crate::app::App;
use crate::error::Error;

pub use event::SocketEvent;
pub use request::SocketRequest;

mod command;
mod event;
mod follows;
mod line;
mod request;

use line::Line;

/// Where sockets are opened.
pub(super) const PATH: &str = "/api/ws";

/// How many answers one socket follows at once.
const MOST_FOLLOWS: usize = 32;
/// What a socket reads at once, in bytes. It is allocated for as long as the socket is open.
const READ_BUFFER: usize = 4 * 1024;

/// A connection's place among those that may be open, which a socket keeps when the connection becomes one.
#[derive(Clone, Debug)]
pub struct Place(pub Arc<dyn Any + Send + Sync>);

pub(super) struct Api;

#[OpenApi(tag = "Group::Messages")]
impl Api {
    /// Opens a WebSocket for everything
    ///
    /// For signed-in people, and for pages of this server or of allowed origins only. Every message is one JSON object in
    /// one text frame, and its `type` says what it is: you send `SocketRequest`, and you get `SocketEvent`. An answer
    /// asked for here is followed by itself, and any other one can be followed, from any event on, with the same events
    /// as its stream. What changes in your conversations, wherever you do it, is told to each of your sockets.
    ///
    /// Requests are done one after another, in the order in which they were sent. A socket is closed with 1001 when the
    /// server stops, 1009 after a message that is too large, and 4401 when its session or key has ended; after 1001 or a lost
    /// connection, open another one and follow on from the last event. With an API key of the scope `read` you can
    /// follow, and hear what changes.
    #[oai(path = "/api/ws", method = "get", operation_id = "connect_socket")]
    async fn connect(&self, app: Data<&App>, access: Access, request: &Request) -> Result<Upgrade, Failure> {
        let accept = accept_key(request.headers()).ok_or(Error::UpgradeRequired)?;
        let upgrade = request.take_upgrade().map_err(|_| Error::UpgradeRequired)?;
        if app.stopping.is_cancelled() {
            return Err(Error::ShuttingDown.into());
        }
        let most = app.limits.now().sockets.per_person;
        let listener = app.chat.changes.listen(access.0.id(), most);
        let listener = listener.ok_or(Error::TooManySockets { limit: most.unwrap_or_default() })?;
        let place = request.extensions().get::<Place>().cloned();
        let app = App::clone(&app);
        app.sockets.clone().spawn(async move {
            let _place = place;
            match open(upgrade, app.config.limits.body_bytes).await {
                Ok(socket) => Line::new(app, access.0, socket, listener).run().await,
                Err(error) => tracing::debug!(%error, "a socket was not opened after all"),
            }
        });
        Ok(Upgrade { accept })
    }
}

async fn open(
    upgrade: OnUpgrade,
    largest: Option<usize>,
) -> Result<WebSocketStream<poem::Upgraded>, poem::error::UpgradeError> {
    let config =
        WebSocketConfig::default().read_buffer_size(READ_BUFFER).max_message_size(largest).max_frame_size(largest);
    Ok(WebSocketStream::from_raw_socket(upgrade.await?, Role::Server, Some(config)).await)
}

/// The answer to a client's opening handshake (RFC 6455, section 4.2); `None` when it is none.
fn accept_key(headers: &HeaderMap) -> Option<HeaderValue> {
    let has = |name, wanted: &str| {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(wanted))
    };
    let is_handshake = has(header::CONNECTION, "upgrade")
        && has(header::UPGRADE, "websocket")
        && has(header::SEC_WEBSOCKET_VERSION, "13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| is_handshake)?;
    HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()
}

/// The response that turns the connection into a socket.
struct Upgrade {
    accept: HeaderValue,
}

impl IntoResponse for Upgrade {
    fn into_response(self) -> Response {
        Response::builder()
            .status(StatusCode::SWITCHING_PROTOCOLS)
            .header(header::CONNECTION, "upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_ACCEPT, self.accept)
            .finish()
    }
}

impl ApiResponse for Upgrade {
    fn meta() -> MetaResponses {
        // OpenAPI 3 has no words for what follows an upgrade; this is where its readers look for the messages.
        let messages = MetaSchema {
            description: Some("One object for each text frame: requests from you, events from the server."),
            one_of: vec![SocketRequest::schema_ref(), SocketEvent::schema_ref()],
            ..MetaSchema::ANY
        };
        let upgraded = MetaResponse {
            description: "The connection is a WebSocket from here on.",
            status: Some(101),
            status_range: None,
            content: vec![MetaMediaType {
                content_type: "application/json",
                schema: MetaSchemaRef::Inline(Box::new(messages)),
            }],
            headers: Vec::new(),
        };
        MetaResponses { responses: vec![upgraded] }
    }

    fn register(registry: &mut Registry) {
        SocketRequest::register(registry);
        SocketEvent::register(registry);
    }
}
