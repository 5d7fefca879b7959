//! The OpenAPI document, and the Swagger page that shows it: all from the executable, under a policy of its own.

use std::sync::LazyLock;

use bytes::Bytes;
use poem::Response;
use poem::http::{HeaderValue, Method, StatusCode, header};
use serde_json::{Map, Value};

mod headers;

/// The page's policy. Swagger UI sets style attributes, and its icons are data URIs; it evaluates nothing.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE: &str = include_str!("docs/page.html");
const START: &str = include_str!("docs/start.js");

/// The paths that are written with a slash at the end, as collections are.
const COLLECTIONS: [&str; 15] = [
    "/api/admin/users",
    "/api/attachments",
    "/api/audit",
    "/api/check_session",
    "/api/invites",
    "/api/keys",
    "/api/login",
    "/api/logout",
    "/api/models",
    "/api/passkeys",
    "/api/password_resets",
    "/api/projects",
    "/api/providers",
    "/api/users",
    "/api/sessions",
];

/// Swagger UI's script and style sheet, taken out of the one inline page that the framework makes.
static SWAGGER: LazyLock<Swagger> = LazyLock::new(Swagger::unpack);

struct Swagger {
    script: Bytes,
    style: Bytes,
}

impl Swagger {
    fn unpack() -> Self {
        let page = super::service().swagger_ui_html();
        let between = |open: &str, close: &str| {
            let begin = page.find(open).map_or(0, |at| at + open.len());
            let end = page[begin..].find(close).map_or(begin, |at| begin + at);
            Bytes::copy_from_slice(&page.as_bytes()[begin..end])
        };
        Self {
            script: between("<script charset=\"UTF-8\">", "</script>"),
            style: between("<style charset=\"UTF-8\">", "</style>"),
        }
    }
}

/// The document, once for everybody who reads it, and which methods each path answers to.
pub(super) struct Docs {
    document: Bytes,
    methods: Vec<(Vec<String>, String)>,
}

impl Default for Docs {
    fn default() -> Self {
        let document = super::document();
        let methods = methods(&document);
        Self { document: document.into(), methods }
    }
}

impl Docs {
    /// Answers for the document and the Swagger page; `None` for every other path.
    pub(super) fn answer(&self, method: &Method, path: &str) -> Option<Response> {
        let (content_type, body) = match path {
            "/api/openapi.json" => ("application/json", self.document.clone()),
            "/api/docs" => ("text/html; charset=utf-8", Bytes::from_static(PAGE.as_bytes())),
            "/api/docs/start.js" => ("text/javascript; charset=utf-8", Bytes::from_static(START.as_bytes())),
            "/api/docs/swagger-ui.js" => ("text/javascript; charset=utf-8", SWAGGER.script.clone()),
            "/api/docs/swagger-ui.css" => ("text/css; charset=utf-8", SWAGGER.style.clone()),
            _ => return None,
        };
        if !matches!(*method, Method::GET | Method::HEAD) {
            return Some(super::failure::response(crate::error::Error::MethodNotAllowed("GET, HEAD".to_owned())));
        }
        let mut response = Response::builder().status(StatusCode::OK).content_type(content_type).body(body);
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        Some(response)
    }

    /// The methods that a path answers to, as in the `Allow` header.
    pub(super) fn allowed_methods(&self, path: &str) -> String {
        let segments: Vec<&str> = path.split('/').collect();
        let fits = |template: &[String]| {
            template.len() == segments.len()
                && template.iter().zip(&segments).all(|(part, segment)| part.starts_with('{') || part == segment)
        };
        let found = self.methods.iter().find(|(template, _)| fits(template));
        found.map(|(_, methods)| methods.clone()).unwrap_or_default()
    }
}

/// Says what the framework's document leaves out: the slashes of collections, what API keys are good for, the
/// headers that are added last, that an optional field can be null, and which one of several events it is.
pub(super) fn finish(document: &str) -> String {
    let Ok(mut document) = serde_json::from_str::<Value>(document) else { return document.to_owned() };
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        let with_slashes: Map<String, Value> = std::mem::take(paths)
            .into_iter()
            .map(
                |(path, item)| {
                    if COLLECTIONS.contains(&path.as_str()) { (format!("{path}/"), item) } else { (path, item) }
                },
            )
            .collect();
        *paths = with_slashes;
        for item in paths.values_mut() {
            for (method, operation) in item.as_object_mut().into_iter().flatten() {
                tell_scope(method, operation);
                headers::tell(operation);
            }
        }
    }
    let bodies = request_bodies(&document);
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        let descriptions: Map<String, Value> = schemas
            .iter()
            .filter_map(|(name, schema)| Some((name.clone(), schema.get("description")?.clone())))
            .collect();
        for (name, schema) in schemas.iter_mut() {
            let Some(schema) = schema.as_object_mut() else { continue };
            clarify(schema, &descriptions);
            if bodies.contains(name) {
                // Every request body refuses fields that it does not know.
                schema.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
        }
    }
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

/// Tells what an API key has to be for, as [`super::session`] has it.
fn tell_scope(method: &str, operation: &mut Value) {
    let Some(security) = operation["security"].as_array() else { return };
    let told = match security.iter().any(|scheme| scheme.get(super::session::KEY).is_some()) {
        false => "Not with an API key.",
        true if operation["tags"][0] == "Administration" => "An API key needs the scope `admin`.",
        true if method == "get" => "An API key of any scope will do.",
        true => "An API key needs the scope `chat`.",
    };
    if let Some(Value::String(description)) = operation.get_mut("description") {
        description.push_str("\n\n");
        description.push_str(told);
    }
}

/// The schemas that requests are made of.
fn request_bodies(document: &Value) -> Vec<String> {
    let operations = document["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .flat_map(|(_, item)| item.as_object().into_iter().flatten());
    operations
        .filter_map(|(_, operation)| operation.pointer("/requestBody/content/application~1json/schema/$ref")?.as_str())
        .filter_map(|name| Some(name.rsplit('/').next()?.to_owned()))
        .collect()
}

fn clarify(schema: &mut Map<String, Value>, descriptions: &Map<String, Value>) {
    let required: Vec<Value> = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    for (name, property) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        let Some(property) = property.as_object_mut() else { continue };
        // A reference and a description beside it: readers of the document take the second part for a type of its own.
        if let Some(parts) = property.get_mut("allOf").and_then(Value::as_array_mut) {
            parts.retain(|part| part.get("$ref").is_some());
        }
        if name == "email" {
            property.insert("format".to_owned(), Value::String("email".to_owned()));
        }
        if !required.iter().any(|required| required == name) {
            property.insert("nullable".to_owned(), Value::Bool(true));
        }
    }
    if schema.contains_key("discriminator")
        && let Some(variants) = schema.remove("anyOf")
    {
        schema.insert("oneOf".to_owned(), variants);
    }
    // Where nothing is said of further fields, readers take an object without any for one that may have none, and the
    // word that tells a union's variants apart is a further field.
    let is_empty = schema.get("type").is_some_and(|kind| kind == "object")
        && ["properties", "additionalProperties", "oneOf", "allOf"].iter().all(|key| !schema.contains_key(*key));
    if is_empty {
        schema.insert("additionalProperties".to_owned(), Value::Bool(true));
    }
    // A variant is what it refers to, not what the whole union is.
    let variant =
        schema.get("allOf").and_then(|parts| parts.as_array()?.iter().find_map(|part| part.get("$ref")?.as_str()));
    let described = variant.and_then(|variant| descriptions.get(variant.rsplit('/').next()?)).cloned();
    if let Some(description) = described {
        schema.insert("description".to_owned(), description);
    }
}

fn methods(document: &str) -> Vec<(Vec<String>, String)> {
    let document: Value = serde_json::from_str(document).unwrap_or_default();
    let Some(paths) = document["paths"].as_object() else { return Vec::new() };
    paths
        .iter()
        .map(|(path, item)| {
            let template = path.trim_end_matches('/').split('/').map(str::to_owned).collect();
            let mut methods: Vec<String> =
                item.as_object().into_iter().flatten().map(|(name, _)| name.to_uppercase()).collect();
            if methods.iter().any(|method| method == "GET") {
                methods.push("HEAD".to_owned());
            }
            (template, methods.join(", "))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn however_many_read_the_document_there_is_one() {
        let docs = Docs::default();
        let take = async |path: &str| {
            let response = docs.answer(&Method::GET, path).unwrap();
            response.into_body().into_bytes().await.unwrap()
        };
        for file in ["openapi.json", "docs", "docs/start.js", "docs/swagger-ui.js", "docs/swagger-ui.css"] {
            let path = format!("/api/{file}");
            let (one, other) = (take(&path).await, take(&path).await);
            assert!(!one.is_empty() && one.as_ptr() == other.as_ptr(), "{path}");
        }
    }
}
