//! The body of an event stream, and where a client wants it to begin.

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use poem::http::{HeaderMap, HeaderName, HeaderValue, header};
use poem::{Body, IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::payload::Payload;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::Type;

use super::aside;
use super::event::AnswerEvent;
use crate::auth::Held;
use crate::error::{Error, Result};

/// An answer as a stream of events, or the news that there is nothing more.
pub(super) enum Events {
    Stream(Body),
    Nothing,
}

impl Events {
    /// Events as they come, for as long as the session lasts that they are for.
    pub(super) fn live(session: Held, events: impl Stream<Item = Bytes> + Send + 'static) -> Self {
        Self::Stream(Body::from_bytes_stream(events.take_until(session.ended()).map(Ok::<_, std::io::Error>)))
    }

    /// Every event of a finished answer; `None` when the client has everything.
    pub(super) fn finished(session: Held, events: Option<Bytes>) -> Self {
        events.map_or(Self::Nothing, |events| {
            let events = aside::with_place(|place| place.count(events.clone())).unwrap_or(events);
            // In pieces, so that one write does not hold a megabyte in the kernel's hands at once.
            let pieces = (0..events.len()).step_by(PIECE).map(move |at| events.slice(at..events.len().min(at + PIECE)));
            Self::live(session, futures_util::stream::iter(pieces))
        })
    }
}

/// Where browsers say what they have.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

const PIECE: usize = 64 * 1024;

impl Payload for Events {
    const CONTENT_TYPE: &'static str = "text/event-stream";

    fn schema_ref() -> MetaSchemaRef {
        let inline = |schema| MetaSchemaRef::Inline(Box::new(schema));
        let events = MetaSchema {
            description: Some("One object for each event of the stream, in order."),
            items: Some(Box::new(AnswerEvent::schema_ref())),
            ..MetaSchema::new_with_format("array", "event-stream")
        };
        let field = |name, kind, description| {
            (name, inline(MetaSchema { description: Some(description), ..MetaSchema::new(kind) }))
        };
        let on_the_wire = MetaSchema {
            description: Some("One event by its lines, as readers of event streams have it."),
            required: vec!["data"],
            properties: vec![
                field("event", "string", "Which event it is; `message`, or nothing, for a delta."),
                field("id", "string", "The position after it, to go on from with `Last-Event-ID`."),
                field("retry", "integer", "After how many milliseconds to reconnect."),
                field("data", "string", "The `data` of that `AnswerEvent`, as JSON."),
            ],
            ..MetaSchema::new("object")
        };
        inline(MetaSchema { any_of: vec![inline(events), inline(on_the_wire)], ..MetaSchema::ANY })
    }

    fn register(registry: &mut Registry) {
        AnswerEvent::register(registry);
    }
}

impl IntoResponse for Events {
    fn into_response(self) -> Response {
        let Self::Stream(body) = self else { return poem::http::StatusCode::NO_CONTENT.into() };
        let mut response = Response::builder().content_type(<Self as Payload>::CONTENT_TYPE).body(body);
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
        // nginx would otherwise collect the words of an answer until its buffer is full.
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
        response
    }
}

impl ApiResponse for Events {
    fn meta() -> MetaResponses {
        let response = |description, status, content| MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content,
            headers: Vec::new(),
        };
        let events = MetaMediaType { content_type: <Self as Payload>::CONTENT_TYPE, schema: Self::schema_ref() };
        MetaResponses {
            responses: vec![
                response("The events of the answer, as they come.", 200, vec![events]),
                response(
                    "There is nothing more: you have the whole answer, or none is being written.",
                    204,
                    Vec::new(),
                ),
            ],
        }
    }

    fn register(registry: &mut Registry) {
        <Self as Payload>::register(registry);
    }
}

/// Where a client wants to go on, from the header that browsers send when they reconnect.
///
/// Whatever stands in it: a header that cannot be read is not the same as none, which may start a turn.
pub(super) fn last_id(headers: &HeaderMap) -> Result<Option<u64>> {
    let Some(id) = headers.get(LAST_EVENT_ID).map(|id| id.as_bytes().trim_ascii()) else { return Ok(None) };
    if id.is_empty() {
        return Ok(None);
    }
    let id = std::str::from_utf8(id).ok().and_then(|id| id.parse().ok());
    id.map(Some).ok_or_else(|| {
        Error::invalid(
            "Last-Event-ID",
            "this is not the id of an event of ours; leave the header out to begin at the start",
        )
    })
}
