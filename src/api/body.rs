//! Request bodies: JSON whose every mistake is told with the name of its field.

use poem::error::ReadBodyError;
use poem::{FromRequest, Request, RequestBody, Result};
use poem_openapi::payload::{ParsePayload, Payload};
use poem_openapi::registry::{MetaSchemaRef, Registry};
use poem_openapi::types::{ParseFromJSON, Type};
use serde::de::DeserializeOwned;

use super::failure::Failure;
use crate::error::Error;

/// A JSON body.
///
/// It is read twice, because either reader alone knows too little: serde knows the path of a wrong field and sees
/// duplicate and unknown ones, the framework's reader knows the limits that the document promises.
pub(super) struct Body<T>(pub(super) T);

impl<T: Type> Payload for Body<T> {
    const CONTENT_TYPE: &'static str = "application/json";

    fn check_content_type(content_type: &str) -> bool {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/json")
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: ParseFromJSON + DeserializeOwned + Send> ParsePayload for Body<T> {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> Result<Self> {
        let data = Vec::<u8>::from_request(request, body).await?;
        Ok(Self(parse(&data).map_err(Failure::from)?))
    }
}

poem_openapi::impl_apirequest_for_payload!(Body<T>, T: ParseFromJSON + DeserializeOwned + Send);

fn parse<T: ParseFromJSON + DeserializeOwned>(data: &[u8]) -> Result<T, Error> {
    let parsed = read(data)?;
    let value = serde_json::from_slice(data).map_err(|error| malformed(&error))?;
    within_limits::<T>(value)?;
    Ok(parsed)
}

/// Reads JSON whose every mistake is told with the name of its field.
pub(super) fn read<T: DeserializeOwned>(data: &[u8]) -> Result<T, Error> {
    // serde would take an array as the fields in their order.
    if data.trim_ascii_start().first() == Some(&b'[') {
        return Err(Error::Malformed("send a JSON object; this is an array".to_owned()));
    }
    let mut reader = serde_json::Deserializer::from_slice(data);
    let parsed: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| explain(&error))?;
    reader.end().map_err(|error| malformed(&error))?;
    Ok(parsed)
}

/// Holds a value to the limits that the document promises.
pub(super) fn within_limits<T: ParseFromJSON>(value: serde_json::Value) -> Result<(), Error> {
    T::parse_from_json(Some(value)).map(drop).map_err(|error| beyond_limit(error.message()))
}

fn explain(error: &serde_path_to_error::Error<serde_json::Error>) -> Error {
    let inner = error.inner();
    if inner.is_syntax() || inner.is_eof() {
        return malformed(inner);
    }
    let message = inner.to_string();
    // serde ends with " at line 1 column 12", which helps nobody who sent one line.
    let detail = message.rsplit_once(" at line ").map_or(message.as_str(), |(detail, _)| detail).replace('`', "");
    let path = error.path().to_string();
    let named = ["unknown field ", "missing field ", "duplicate field "]
        .iter()
        .find_map(|start| detail.strip_prefix(start))
        .and_then(|rest| rest.split([',', ' ']).next());
    let field = match named {
        Some(name) => name.to_owned(),
        None if path == "." => return Error::Malformed(format!("send a JSON object: {detail}")),
        None => path,
    };
    Error::invalid(field, detail)
}

pub(super) fn malformed(error: &serde_json::Error) -> Error {
    Error::Malformed(format!("this is not valid JSON: {error}"))
}

/// The framework writes: failed to parse "NewUser": field `email` verification failed. maxLength(254)
fn beyond_limit(message: &str) -> Error {
    let field = message.split('`').nth(1).unwrap_or_default();
    Error::invalid(field, limit_in_words(field, message))
}

/// The framework's name of a limit, such as `maxLength(254)` or `minimum(1, exclusive: false)`, in words.
pub(super) fn limit_in_words(field: &str, message: &str) -> String {
    let limit = message.rsplit(". ").next().unwrap_or_default();
    let number: String = limit.chars().filter(char::is_ascii_digit).collect();
    match limit.split('(').next() {
        Some("maxLength") => format!("{field} has at most {number} characters"),
        Some("minLength") if number == "1" => format!("{field} is empty; write something"),
        Some("minLength") => format!("{field} has at least {number} characters"),
        Some("minimum") => format!("{field} is at least {number}"),
        _ if message.contains("valid enumeration value") => {
            format!("{field} is none of the words that fit here; the description of the API lists them")
        }
        Some("maximum") => format!("{field} is at most {number}"),
        _ if message.contains("integer(") => format!("{field} is not a whole number"),
        _ if message.contains("\"boolean\"") => format!("{field} is neither true nor false"),
        _ => format!("this value does not fit: {}", message.rsplit(": ").next().unwrap_or_default().replace('`', "")),
    }
}

/// What went wrong while a body was read.
pub(super) fn unreadable(error: &ReadBodyError) -> Error {
    Error::Malformed(format!("the body could not be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use poem_openapi::Object;
    use serde::Deserialize;

    #[derive(Debug, Object, Deserialize)]
    #[oai(deny_unknown_fields)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[oai(validator(max_length = 5))]
        name: String,
        count: Option<u32>,
    }

    #[test]
    fn every_mistake_is_told_with_its_field() {
        for (body, field) in [
            (r#"{"name": 5}"#, "name"),
            (r#"{"name": "abcdef"}"#, "name"),
            (r#"{}"#, "name"),
            (r#"{"name": "a", "count": -1}"#, "count"),
            (r#"{"name": "a", "count": "1"}"#, "count"),
            (r#"{"name": "a", "name": "b"}"#, "name"),
            (r#"{"name": "a", "nam": "b"}"#, "nam"),
        ] {
            let error = parse::<Sample>(body.as_bytes()).unwrap_err();
            assert_eq!(error.field(), Some(field), "{body}: {error}");
            assert_eq!(error.status(), 422, "{body}");
        }
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for body in ["", "{", "[]", "null", "{\"name\": \"a\"} x", "\u{feff}{}", &"[".repeat(100_000)] {
            assert_eq!(parse::<Sample>(body.as_bytes()).unwrap_err().status(), 400, "{body:.20}");
        }
        assert_eq!(parse::<Sample>(b"{\"name\": \"\xff\"}").unwrap_err().status(), 400);
    }
}
