//! Nothing gets in beside what the document names: fields of rows and of responses, keys twice, other types, and what breaks
//! readers of JSON.

use std::collections::BTreeSet;

use futures_util::StreamExt;
use reqwest::{Response, header};
use serde_json::{Value, json};

use super::examples::{self, Operation};
use super::whole;
use super::world::World;
use crate::harness::snapshot::{Whole, difference};
use crate::harness::{Kind, Person};

/// What programs elsewhere have been had with.
const WELL_KNOWN: [&str; 24] = [
    "_id",
    "admin",
    "attributes",
    "constructor",
    "created_by",
    "epoch",
    "hashed_password",
    "isAdmin",
    "is_admin",
    "is_owner",
    "lease",
    "owner",
    "password_hash",
    "permissions",
    "prototype",
    "role",
    "roles",
    "scope",
    "status",
    "tenant_id",
    "user",
    "userId",
    "__proto__",
    "$where",
];

/// Every name that something has: the properties of the document's schemas, the columns, and what is well known.
async fn names(database: &Whole) -> BTreeSet<String> {
    let document: Value = serde_json::from_str(&loquat::api::document()).unwrap();
    let schemas = document["components"]["schemas"].as_object().unwrap().values();
    let mut all: BTreeSet<String> = schemas
        .flat_map(|schema| schema["properties"].as_object().into_iter().flatten())
        .map(|(name, _)| name.clone())
        .collect();
    all.extend(database.columns().await);
    all.extend(WELL_KNOWN.map(str::to_owned));
    assert!(all.len() > 150, "{}", all.len());
    all
}

/// The operations that take a body, each with its example.
fn with_body() -> Vec<(Operation, Value)> {
    let all = examples::all().into_iter().filter_map(|operation| {
        let body = operation.body.clone()?;
        Some((operation, body))
    });
    all.collect()
}

/// Whoever may do it: the owner of everything, or anybody where it is for anybody.
fn sender(world: &World, operation: &Operation) -> Person {
    if operation.is_open { Person::nobody(&world.server) } else { world.owner.clone() }
}

async fn send(world: &World, operation: &Operation, body: impl Into<reqwest::Body>) -> Response {
    let request = sender(world, operation).request(operation.method.clone(), &operation.address(&world.theirs));
    request.header(header::CONTENT_TYPE, "application/json").body(body).send().await.unwrap()
}

async fn is_refused(response: Response, place: &str, statuses: &[u16]) -> Value {
    let (status, headers, told) = whole(response).await;
    assert!(statuses.contains(&status), "{place}: {status} {told:.300}");
    assert!(headers.contains("application/problem+json"), "{place}: {headers}");
    serde_json::from_str(&told).unwrap()
}

/// The text of an object with one more key at its end, whatever it has already.
fn with_key(body: &Value, key: &str, value: &str) -> String {
    let text = body.to_string();
    let begin = text.strip_suffix('}').unwrap();
    let comma = if begin.len() > 1 { "," } else { "" };
    format!("{begin}{comma}{}:{value}}}", json!(key))
}

/// Where an object stands inside of an example, and may have keys of the sender's own.
const FREE: [&str; 2] = ["/credential", "/parameters/extra"];

/// The paths of the objects inside of a body, itself first.
fn objects(body: &Value, path: &str, found: &mut Vec<String>) {
    if let Some(fields) = body.as_object() {
        if FREE.iter().any(|free| path.ends_with(free)) {
            return;
        }
        found.push(path.to_owned());
        for (name, value) in fields {
            objects(value, &format!("{path}/{name}"), found);
        }
    }
}

/// The reader of JSON does not know the database, so that some of the names are enough for the second one.
async fn every_name_is_refused(kind: Kind) {
    let step = if kind == Kind::Sqlite { 1 } else { 12 };
    let world = World::new(kind).await;
    let database = Whole::of(&world.server.app.config.data).await;
    let (before, calls, names) = (database.rows().await, world.provider.calls().len(), names(&database).await);
    let mut tried = 0;
    for (operation, body) in with_body() {
        let mut places = Vec::new();
        objects(&body, "", &mut places);
        let allowed = allowed(&operation);
        let mut bodies = Vec::new();
        for name in names.iter().filter(|name| !allowed.contains(*name)).step_by(step) {
            for place in &places {
                let mut body = body.clone();
                body.pointer_mut(place).unwrap()[name] = json!("admin");
                bodies.push((name, place, body.to_string()));
            }
        }
        tried += bodies.len();
        let requests = bodies.into_iter().map(async |(name, place, body)| {
            let place = format!("{} {} with {name} in {place:?}", operation.method, operation.path);
            let problem = is_refused(send(&world, &operation, body).await, &place, &[422]).await;
            assert!(problem["field"].as_str().unwrap_or_default().ends_with(name.as_str()), "{place}: {problem}");
        });
        futures_util::stream::iter(requests).buffer_unordered(8).collect::<()>().await;
        let changes = difference(&before, &database.rows().await);
        assert!(changes.is_empty(), "{} {} changed {changes:#?}", operation.method, operation.path);
    }
    assert!(tried > 3000 / step, "{tried}");
    assert_eq!(world.provider.calls().len(), calls);
}

/// The names that a body of an operation may have, those of the objects in it among them.
fn allowed(operation: &Operation) -> BTreeSet<String> {
    let document: Value = serde_json::from_str(&loquat::api::document()).unwrap();
    let mut names = BTreeSet::new();
    let mut waiting = vec![operation.said["requestBody"].clone()];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(name) = fields.get("$ref").and_then(Value::as_str) {
                    waiting.push(document["components"]["schemas"][name.rsplit('/').next().unwrap()].clone());
                }
                names.extend(
                    fields
                        .get("properties")
                        .and_then(Value::as_object)
                        .into_iter()
                        .flatten()
                        .map(|(name, _)| name.clone()),
                );
                waiting.extend(fields.into_values());
            }
            Value::Array(all) => waiting.extend(all),
            _ => {}
        }
    }
    names
}

async fn every_oddity_is_refused(kind: Kind) {
    let world = World::new(kind).await;
    let database = Whole::of(&world.server.app.config.data).await;
    let (before, calls) = (database.rows().await, world.provider.calls().len());
    let mut tried = 0;
    for (operation, body) in with_body() {
        let place = |what: &str| format!("{} {}: {what}", operation.method, operation.path);
        let fields = body.as_object().unwrap();
        // Each key twice, whichever counts elsewhere.
        for (name, value) in fields {
            let twice = with_key(&body, name, &value.to_string());
            is_refused(send(&world, &operation, twice).await, &place(&format!("{name} twice")), &[422]).await;
            for wrong in [
                "[]",
                "{}",
                "18446744073709551616",
                "-9223372036854775809",
                "1e400",
                "1e-400",
                "[\"admin\"]",
                "{\"$ne\":null}",
                "{\"__proto__\":{\"role\":\"admin\"}}",
                "\"\\ud800\"",
                "\"\\udc00\\ud800\"",
            ] {
                let mut altered = body.clone();
                altered[name] = json!("a place for it");
                // There is no such value in `Value`: it is written by hand.
                let text = altered.to_string().replace("\"a place for it\"", wrong);
                // What a device says is passed on as it is, and other objects may be empty.
                let is_free = FREE.iter().any(|free| format!("/{name}").ends_with(free));
                if wrong.starts_with('{') && (is_free || (wrong == "{}" && value.is_object())) {
                    continue;
                }
                is_refused(send(&world, &operation, text).await, &place(&format!("{name} is {wrong}")), &[400, 422])
                    .await;
                tried += 1;
            }
        }
        let deep = |open: &str, close: &str| {
            with_key(&body, "x", &format!("{}1{}", open.repeat(10_000), close.repeat(10_000)))
        };
        let mebibyte = with_key(&body, "x", &json!("x".repeat(1024 * 1024)).to_string());
        let broken = [
            ("an array 10,000 deep", deep("[", "]")),
            ("an object 10,000 deep", deep("{\"x\":", "}")),
            ("a MiB more", mebibyte),
            ("an array", format!("[{body}]")),
            ("text", json!(body.to_string()).to_string()),
            ("null", "null".to_owned()),
            ("two bodies", format!("{body}{body}")),
            ("a comma too many", body.to_string().replacen('}', ",}", 1)),
            ("a comment", format!("/**/{body}")),
            ("NaN", with_key(&body, "x", "NaN")),
            ("a prototype", with_key(&body, "__proto__", "{\"role\":\"admin\",\"is_admin\":true}")),
            ("a constructor", with_key(&body, "constructor", "{\"prototype\":{\"role\":\"admin\"}}")),
            ("a key with U+0000", with_key(&body, "\0", "1")),
            ("a key without a name", with_key(&body, "", "1")),
        ];
        for (what, text) in broken {
            is_refused(send(&world, &operation, text).await, &place(what), &[400, 413, 422]).await;
            tried += 1;
        }
        for (what, bytes) in [
            ("UTF-16", body.to_string().encode_utf16().flat_map(u16::to_le_bytes).collect()),
            ("no UTF-8", b"{\"\xff\":1}".to_vec()),
            ("a BOM", [b"\xef\xbb\xbf", body.to_string().as_bytes()].concat()),
        ] {
            is_refused(send(&world, &operation, bytes).await, &place(what), &[400, 422]).await;
            tried += 1;
        }
        let changes = difference(&before, &database.rows().await);
        assert!(changes.is_empty(), "{} {} changed {changes:#?}", operation.method, operation.path);
    }
    assert!(tried > 600, "{tried}");
    assert_eq!(world.provider.calls().len(), calls);
}

on_both_databases! {
    async fn no_field_of_a_row_or_a_response_is_taken_that_the_document_does_not_name(kind) {
        every_name_is_refused(kind).await;
    }

    async fn keys_twice_other_types_and_broken_json_are_refused_and_change_nothing(kind) {
        every_oddity_is_refused(kind).await;
    }

    async fn a_body_of_another_kind_is_refused(kind) {
        let world = World::new(kind).await;
        let database = Whole::of(&world.server.app.config.data).await;
        let before = database.rows().await;
        for (operation, body) in with_body() {
            for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/merge-patch+json", "application/xml", ""] {
                let request = sender(&world, &operation).request(operation.method.clone(), &operation.address(&world.theirs));
                let request = request.header(header::CONTENT_TYPE, content_type).body(body.to_string());
                let place = format!("{} {} as {content_type:?}", operation.method, operation.path);
                is_refused(request.send().await.unwrap(), &place, &[415]).await;
            }
        }
        assert_eq!(difference(&before, &database.rows().await), Vec::<String>::new());
    }

    async fn a_parameter_twice_is_refused_and_an_unknown_one_means_nothing(kind) {
        let world = World::new(kind).await;
        let database = Whole::of(&world.server.app.config.data).await;
        let (before, calls) = (database.rows().await, world.provider.calls().len());
        let mut tried = 0;
        for operation in examples::all() {
            let address = operation.address(&world.theirs);
            let address = address.split('?').next().unwrap();
            for parameter in operation.said["parameters"].as_array().unwrap_or(&Vec::new()) {
                let name = parameter["name"].as_str().unwrap();
                let first = format!("%{:02x}{}", name.as_bytes()[0], &name[1..]);
                for query in [format!("{name}=1&{name}=1"), format!("{name}&x=1&{first}=2"), format!("{name}=1&{name}")] {
                    if parameter["in"] == "query" {
                        let place = format!("{} {address}?{query}", operation.method);
                        let sender = sender(&world, &operation);
                        let response = sender.request(operation.method.clone(), &format!("{address}?{query}")).send().await.unwrap();
                        assert_eq!(is_refused(response, &place, &[422]).await["field"], name, "{place}");
                        tried += 1;
                    }
                }
            }
        }
        assert!(tried > 60, "{tried}");
        // Stand-ins for EventSource, proxies and caches add some of their own.
        for path in ["/api/projects/?lastEventId=1&_=5&limit=1", "/api/users/me?role=admin&user_id=1", "/api/models/?__proto__=x"] {
            assert_eq!(world.owner.get(path).await.status(), 200, "{path}");
        }
        assert_eq!(difference(&before, &database.rows().await), Vec::<String>::new());
        assert_eq!(world.provider.calls().len(), calls);
    }
}
