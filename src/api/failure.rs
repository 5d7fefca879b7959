//! The one way from an error to a response: `application/problem+json` (RFC 9457), and the one place that logs it.

use poem::error::{MethodNotAllowedError, NotFoundError, ReadBodyError};
use poem::http::{HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::error::{
    AuthorizationError, ContentTypeError, ParseParamError, ParsePathError, ParseRequestPayloadError,
};
use poem_openapi::payload::Payload;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry};
use poem_openapi::types::{ToJSON, Type};
use poem_openapi::{ApiResponse, Object};
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::{aside, body};
use crate::error::{Error, Factor, with_causes};
use crate::telemetry;

/// What went wrong, for programs (`code`) and for people (`detail`).
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Problem {
    /// The kind of problem in a few words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// A stable word for programs, such as `not_found`.
    pub code: String,
    /// What happened and what to do about it.
    pub detail: String,
    /// The field that is wrong.
    pub field: Option<String>,
    /// The message it is about: the live one when a second answer was asked for.
    pub message_id: Option<Uuid>,
    /// In how many seconds it makes sense to try again.
    pub retry_after: Option<u64>,
    /// What the second step of a sign-in is answered with, for `POST /api/login/second_factor`.
    pub challenge: Option<String>,
    /// What can be shown there: `code`, `recovery_code` or `passkey`.
    pub methods: Option<Vec<String>>,
    /// Under which id the server's log has it.
    pub request_id: Uuid,
}

impl Payload for Problem {
    const CONTENT_TYPE: &'static str = "application/problem+json";

    fn schema_ref() -> MetaSchemaRef {
        <Self as Type>::schema_ref()
    }

    fn register(registry: &mut Registry) {
        <Self as Type>::register(registry);
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = Response::builder()
            .status(status)
            .content_type(<Self as Payload>::CONTENT_TYPE)
            .body(self.to_json_string());
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        // What a client that has no session could come with (RFC 6750, section 3).
        let challenge = match self.code.as_str() {
            "not_signed_in" => Some("Bearer"),
            "key_invalid" => Some("Bearer error=\"invalid_token\""),
            "scope_insufficient" => Some("Bearer error=\"insufficient_scope\""),
            _ => None,
        };
        if let Some(challenge) = challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if status == StatusCode::UPGRADE_REQUIRED {
            response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        response
    }
}

/// A failed request.
#[derive(Debug)]
pub struct Failure(Problem);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let request_id = telemetry::request_id();
        let status = error.status();
        if status == 500 {
            let chain = anyhow::Error::new(error);
            tracing::error!(%request_id, "a request failed: {}", with_causes(&chain));
            return Self(problem(500, "internal", chain.to_string(), request_id));
        }
        if let Error::DatabaseTrouble { trouble, source } = &error {
            tracing::error!(%request_id, code = trouble.code(), "the database failed a request: {source}");
        }
        tracing::debug!(%request_id, status, code = error.code(), "refused: {error}");
        if let Error::TooOften(standing) = &error {
            aside::tell([*standing]);
        }
        let message_id = match &error {
            Error::AnswerRunning { message_id } => Some(*message_id),
            _ => None,
        };
        let (challenge, methods) = match &error {
            Error::Factor(Factor::Required { challenge, methods }) => (
                Some(challenge.expose_secret().to_owned()),
                Some(methods.iter().map(|&word| word.to_owned()).collect()),
            ),
            _ => (None, None),
        };
        Self(Problem {
            challenge,
            methods,
            field: error.field().map(str::to_owned),
            message_id,
            retry_after: error.retry_after().map(|time| time.as_millis().div_ceil(1000).max(1) as u64),
            ..problem(status, error.code(), error.to_string(), request_id)
        })
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        failure.0
    }
}

impl From<sea_orm::DbErr> for Failure {
    fn from(error: sea_orm::DbErr) -> Self {
        Error::from(error).into()
    }
}

fn problem(status: u16, code: &str, detail: String, request_id: Uuid) -> Problem {
    let title = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error");
    Problem {
        title: title.to_owned(),
        status,
        code: code.to_owned(),
        detail,
        field: None,
        message_id: None,
        retry_after: None,
        challenge: None,
        methods: None,
        request_id,
    }
}

impl From<Failure> for poem::Error {
    fn from(failure: Failure) -> Self {
        poem::Error::from_response(failure.0.into_response())
    }
}

impl ApiResponse for Failure {
    fn meta() -> MetaResponses {
        let response = |description, range: &str| MetaResponse {
            description,
            status: None,
            status_range: Some(range.to_owned()),
            content: vec![MetaMediaType {
                content_type: <Problem as Payload>::CONTENT_TYPE,
                schema: <Problem as Type>::schema_ref(),
            }],
            headers: Vec::new(),
        };
        MetaResponses {
            responses: vec![
                response("The request cannot be answered as it is; `detail` says what would be right.", "4XX"),
                response("The server could not answer; with 503 try again after `retry_after` seconds.", "5XX"),
            ],
        }
    }

    fn register(registry: &mut Registry) {
        <Problem as Type>::register(registry);
    }
}

/// An error as a response.
pub fn response(error: Error) -> Response {
    let allow = match &error {
        Error::MethodNotAllowed(allow) => HeaderValue::from_str(allow).ok(),
        _ => None,
    };
    let mut response = Failure::from(error).0.into_response();
    if let Some(allow) = allow {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

/// The framework's own errors in the same form. `allow` tells the methods that a path does answer to.
pub(super) fn from_framework(error: poem::Error, allow: impl FnOnce() -> String) -> Response {
    if error.is_from_response() {
        return error.into_response();
    }
    let known = if error.is::<NotFoundError>() || error.is::<ParsePathError>() {
        // An id that is no id names nothing, like one that nobody has.
        Error::NotFound("address; check the path and the ids in it")
    } else if error.is::<MethodNotAllowedError>() {
        Error::MethodNotAllowed(allow())
    } else if error.is::<ContentTypeError>() {
        Error::UnsupportedMediaType
    } else if error.is::<AuthorizationError>() {
        Error::NotSignedIn
    } else if let Some(error) = error.downcast_ref::<ParseParamError>() {
        Error::invalid(error.name, body::limit_in_words(error.name, &error.reason))
    } else if let Some(error) = error.downcast_ref::<ParseRequestPayloadError>() {
        Error::Malformed(error.reason.clone())
    } else if let Some(error) = error.downcast_ref::<ReadBodyError>() {
        body::unreadable(error)
    } else if error.status().is_client_error() {
        Error::Malformed("the request could not be understood".to_owned())
    } else {
        Error::Internal(anyhow::anyhow!("framework: {error}"))
    };
    response(known)
}
