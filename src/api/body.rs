//! Request bodies: JSON whose every mistake is told with the name of its field.

use poem::error::ReadBodyError;
use poem::{FromRequest, Request, RequestBody, Result};
use poem_openapi::payload::{ParsePayload, Payload};
use poem_openapi::registry::{MetaSchemaRef, Registry};
use poem_openapi::types::{ParseFromJSON, Type};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::arriving::Arriving;
use super::failure::Failure;
use crate::error::Error;

mod unique;

use unique::Unique;

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
        // Whoever has to be known is, by now: this is for everybody, and what was refused is how much there was.
        if let Some(Arriving::Refused(_)) = request.data() {
            return Err(Failure::from(Error::TooManyRequests).into());
        }
        let data = Vec::<u8>::from_request(request, body).await?;
        Ok(Self(parse(&data).map_err(Failure::from)?))
    }
}

poem_openapi::impl_apirequest_for_payload!(Body<T>, T: ParseFromJSON + DeserializeOwned + Send);

fn parse<T: ParseFromJSON + DeserializeOwned>(data: &[u8]) -> Result<T, Error> {
    let parsed = read(data)?;
    within_limits::<T>(unique(data)?)?;
    Ok(parsed)
}

/// Reads JSON in which no object has a key twice.
fn unique(data: &[u8]) -> Result<Value, Error> {
    let mut reader = serde_json::Deserializer::from_slice(data);
    let Unique(value) = serde_path_to_error::deserialize(&mut reader).map_err(|error| explain(&error))?;
    Ok(value)
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
pub(super) fn within_limits<T: ParseFromJSON>(value: Value) -> Result<(), Error> {
    let Err(error) = T::parse_from_json(Some(value.clone())) else { return Ok(()) };
    Err(beyond_limit(error.message(), &value))
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
        None if path == "." => return Error::Malformed(format!("send a JSON object: {detail}")),
        None => path,
        Some(name) if path == "." => name.to_owned(),
        // A field that is missing is not on the way to it, and one that is too many is.
        Some(name) if path.ends_with(&format!(".{name}")) => path,
        Some(name) if path == name => path,
        Some(name) => format!("{path}.{name}"),
    };
    Error::invalid(field, detail)
}

pub(super) fn malformed(error: &serde_json::Error) -> Error {
    Error::Malformed(format!("this is not valid JSON: {error}"))
}

/// The framework writes: failed to parse "Sample": field `name` verification failed. maxLength(5) (occurred while parsing
/// "optional_Sample") (occurred while parsing "Outer")
fn beyond_limit(message: &str, value: &Value) -> Error {
    let (wrong, around) = message.split_once(" (occurred while parsing").unwrap_or((message, ""));
    let field = wrong.split('`').nth(1).unwrap_or_default();
    let is_inside = |name: &&str| !name.contains("optional_");
    let depth = around.split("(occurred while parsing").filter(is_inside).count();
    let path = path_to(field, depth, value).unwrap_or_else(|| field.to_owned());
    Error::invalid(path, limit_in_words(field, wrong))
}

/// Where a field is that has so many objects around the one it is in.
fn path_to(field: &str, depth: usize, value: &Value) -> Option<String> {
    let fields = value.as_object()?;
    if depth == 0 {
        return fields.contains_key(field).then(|| field.to_owned());
    }
    fields.iter().find_map(|(name, inner)| Some(format!("{name}.{}", path_to(field, depth - 1, inner)?)))
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
    fn a_mistake_further_in_is_told_with_the_way_to_it() {
        #[derive(Debug, Object, Deserialize)]
        #[oai(deny_unknown_fields)]
        #[serde(deny_unknown_fields)]
        struct Outer {
            name: Option<String>,
            inner: Option<Sample>,
            list: Option<Vec<Sample>>,
            free: Option<std::collections::BTreeMap<String, Value>>,
        }
        for (body, field) in [
            (r#"{"name": "abcdefgh", "inner": {"name": "abcdefgh"}}"#, "inner.name"),
            (r#"{"inner": {"name": "a", "count": "1"}}"#, "inner.count"),
            (r#"{"inner": {"name": "a", "nam": "a"}}"#, "inner.nam"),
            (r#"{"inner": {}}"#, "inner.name"),
            (r#"{"inner": {"name": "a", "name": "b"}}"#, "inner.name"),
            (r#"{"list": [{"name": "a"}, {}]}"#, "list[1].name"),
            (r#"{"free": {"a": {"b": 1, "c": [{"d": 1, "d": 2}]}}}"#, "free.a.c[0].d"),
            (r#"{"free": {"a": 1, "\u0061": 2}}"#, "free.a"),
        ] {
            let error = parse::<Outer>(body.as_bytes()).unwrap_err();
            assert_eq!(error.field(), Some(field), "{body}: {error}");
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
