//! What the API's document promises, and the order of the layers.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use loquat::api::event;
use poem_openapi::types::ParseFromJSON;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::client::answer_of;
use crate::harness::{Person, Provider, Script, Server};

fn document() -> Value {
    serde_json::from_str(&loquat::api::document()).unwrap()
}

/// Every operation: method, path, and what the document says of it.
pub fn operations() -> Vec<(Method, String, Value)> {
    let document = document();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            all.push((method, path.clone(), operation.clone()));
        }
    }
    all
}

/// A path of the document, with ids that nobody has.
pub fn address_of(path: &str) -> String {
    let fill = |part| if str::starts_with(part, '{') { "01a2062a-e80f-7480-8fc1-84bb6936022a" } else { part };
    path.split('/').map(fill).collect::<Vec<_>>().join("/")
}

/// Compares with a file of the repository; `UPDATE=1` writes it instead.
pub fn matches_file(path: &str, content: &str, remedy: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, content).unwrap();
    }
    let known = fs::read_to_string(&file).unwrap_or_default();
    assert!(known == content, "{path} is out of date; {remedy}");
}

#[test]
fn the_document_is_the_one_in_the_repository() {
    let remedy = "run `UPDATE=1 cargo test --test main contract` and `npm run schema` in ui/, and look at what changed";
    matches_file("docs/openapi.json", &loquat::api::document(), remedy);
}

#[test]
fn every_operation_says_what_it_does_and_who_may_call_it() {
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations() {
        let place = format!("{method} {path}");
        assert!(operation["summary"].as_str().is_some_and(|text| text.len() > 4), "{place} has no summary");
        let description = operation["description"].as_str().unwrap_or_default();
        assert!(
            ["For ", "Anybody "].iter().any(|start| description.starts_with(start)),
            "{place} does not say who may call it"
        );
        assert!(
            ids.insert(operation["operationId"].as_str().unwrap().to_owned()),
            "{place}: its operation id stands twice"
        );
        let open = description.starts_with("Anybody ") && !path.contains("check_session");
        assert_eq!(operation["security"].is_null(), open, "{place}: security and description differ");
        for parameter in operation["parameters"].as_array().unwrap_or(&Vec::new()) {
            assert!(parameter["description"].is_string(), "{place}: {} is not described", parameter["name"]);
        }
    }
}

#[test]
fn every_schema_and_every_field_is_described() {
    for (name, schema) in document()["components"]["schemas"].as_object().unwrap() {
        let parts = schema["anyOf"].as_array().or(schema["oneOf"].as_array());
        assert!(
            schema["description"].is_string() || schema["allOf"].is_array() || parts.is_some(),
            "{name} is not described"
        );
        for (field, property) in schema["properties"].as_object().unwrap_or(&serde_json::Map::new()) {
            let described =
                property["description"].is_string() || property["$ref"].is_string() || property["allOf"].is_array();
            assert!(described || property["enum"].is_array(), "{name}.{field} is not described");
        }
    }
}

#[test]
fn collections_end_in_a_slash_and_every_error_is_a_problem() {
    let document = document();
    for path in [
        "/api/users/",
        "/api/audit/",
        "/api/admin/users/",
        "/api/password_resets/",
        "/api/login/",
        "/api/logout/",
        "/api/check_session/",
        "/api/projects/",
        "/api/models/",
        "/api/sessions/",
        "/api/keys/",
    ] {
        assert!(document["paths"][path].is_object(), "{path}");
    }
    for (method, path, operation) in operations() {
        if path == "/healthz" || path == "/readyz" || path == "/api/settings" {
            continue;
        }
        for range in ["4XX", "5XX"] {
            let content = &operation["responses"][range]["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(content, "#/components/schemas/Problem", "{method} {path} {range}");
        }
    }
}

on_both_databases! {
    async fn every_route_answers_with_and_without_its_slash_and_nobody_gets_in(kind) {
        let server = Server::start(kind).await;
        let nobody = Person::nobody(&server);
        for (method, path, operation) in operations() {
            let path = address_of(&path);
            let bare = path.trim_end_matches('/').to_owned();
            for path in [bare.clone(), format!("{bare}/")] {
                let request = nobody.request(method.clone(), &path);
                let request = if operation["requestBody"].is_object() { request.json(&json!({})) } else { request };
                let status = request.send().await.unwrap().status().as_u16();
                // Passkeys do not work at an address without a name.
                let without_passkeys = path.starts_with("/api/login/passkey/options");
                let expected: &[u16] = match operation["security"].is_null() {
                    true if without_passkeys => &[409],
                    true => &[200, 204, 422],
                    false => &[401],
                };
                assert!(expected.contains(&status), "{method} {path}: {status}");
            }
        }
    }
}

/// Reads an event of the stream with the document's own types.
fn documented(event: &crate::harness::Event) -> Result<event::AnswerEvent, String> {
    let mut whole = json!({"event": event.name, "data": event.data});
    if let Some(id) = event.id {
        whole["id"] = id.into();
    }
    event::AnswerEvent::parse_from_json(Some(whole)).map_err(|error| error.into_message())
}

on_both_databases! {
    async fn every_event_that_is_sent_is_one_that_is_documented(kind) {
        let provider = Provider::start(|n, _| match n {
            0 => Script::stream().reasoning("hm").gate().delta("a\n\"b\"").end(),
            1 => Script::answer("waited"),
            _ => Script::response(429, "retry-after: 3600\r\n", "{}"),
        })
        .await;
        let configured = provider.configured();
        let server = Server::with(kind, move |config| {
            config.providers = vec![configured];
            config.limits.live_answers = Some(1);
        })
        .await;
        let ada = server.person("ada").await;
        let (project, other) = (ada.project().await, ada.project().await);
        let first = answer_of(&ada.ask(&project, "hi").await);
        let mut live = ada.events(&project, &first, None).await;
        let mut all = live.until("reasoning").await;
        let waiting = answer_of(&ada.ask(&other, "hi").await);
        let mut queued = ada.events(&other, &waiting, None).await;
        all.extend(queued.until("queued").await);
        provider.open();
        all.extend(live.rest().await);
        all.extend(queued.rest().await);
        all.extend(ada.events(&project, &first, Some(999)).await.rest().await);
        let second = answer_of(&ada.ask(&project, "again").await);
        all.extend(ada.events(&project, &second, None).await.rest().await);
        let mut names = BTreeSet::new();
        for event in &all {
            documented(event).unwrap_or_else(|error| panic!("{event:?}: {error}"));
            names.insert(event.name.as_str());
        }
        assert_eq!(names, BTreeSet::from(["start", "name", "queued", "reasoning", "message", "snapshot", "end", "failed"]));
        let failed = all.last().unwrap();
        assert_eq!(
            (failed.data["code"].as_str(), failed.data["retry_after"].as_u64()),
            (Some("provider_rate_limited"), Some(3600))
        );
    }
}

on_both_databases! {
    async fn the_swagger_page_works_from_the_executable_alone(kind) {
        let server = Server::start(kind).await;
        let nobody = Person::nobody(&server);
        let page = nobody.get("/api/docs").await;
        assert_eq!(page.status(), 200);
        let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self';") && !policy.contains("unsafe-eval"),
            "{policy}"
        );
        let html = page.text().await.unwrap();
        assert!(!html.contains("http://") && !html.contains("https://"), "{html}");
        for (path, kind, marker) in [
            ("/api/docs/swagger-ui.js", "text/javascript", "SwaggerUIBundle"),
            ("/api/docs/swagger-ui.css", "text/css", ".swagger-ui"),
            ("/api/docs/start.js", "text/javascript", "/api/openapi.json"),
            ("/api/openapi.json", "application/json", "\"openapi\""),
        ] {
            let part = nobody.get(path).await;
            assert!(part.headers()["content-type"].to_str().unwrap().starts_with(kind), "{path}");
            assert!(part.text().await.unwrap().contains(marker), "{path}");
        }
    }
}

/// The modules from the lowest to the highest; each imports only from below.
const LAYERS: [&[&str]; 9] = [
    &["clock", "files", "http", "error", "config", "failpoint", "pace", "vault"],
    &["telemetry", "db", "entity", "llm"],
    &["audit"],
    &["auth", "chat", "limits", "providers"],
    &["app"],
    &["api"],
    &["ui"],
    &["server"],
    &["cli"],
];

#[test]
fn imports_point_down() {
    let rank = |module: &str| LAYERS.iter().position(|layer| layer.contains(&module));
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    for (path, text) in files {
        let inside = path.split("src/").last().unwrap();
        let module = inside.split(['/', '.']).next().unwrap();
        if matches!(module, "lib" | "main") {
            continue;
        }
        let own = rank(module).unwrap_or_else(|| panic!("{module} has no layer"));
        for used in uses(&text) {
            let Some(other) = rank(&used) else { panic!("{path} uses crate::{used}, which has no layer") };
            assert!(used == module || other <= own, "{path} imports crate::{used}, which stands above it");
        }
    }
}

#[test]
fn http_stays_in_api_ui_and_server_and_vendors_json_in_llm() {
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    for (path, text) in files {
        let module = path.split("src/").last().unwrap().split(['/', '.']).next().unwrap().to_owned();
        let speaks_http = text.contains("poem::") || text.contains("StatusCode");
        assert!(!speaks_http || ["api", "ui", "server", "llm"].contains(&module.as_str()), "{path} speaks HTTP");
        assert!(!text.contains("poem::") || module != "llm", "{path} knows our own HTTP");
        let speaks_sql = text.contains("Statement::") || text.contains("execute_unprepared");
        assert!(!speaks_sql || ["db", "entity"].contains(&module.as_str()), "{path} speaks SQL");
    }
}

/// The modules that a file names after `crate::`, outside of tests.
fn uses(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut found = Vec::new();
    for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
        for part in line.split("crate::").skip(1) {
            let names: String = part.chars().take_while(|c| c.is_alphanumeric() || "_{, ".contains(*c)).collect();
            let listed =
                names.strip_prefix('{').unwrap_or(names.split([',', ' ', '{']).next().unwrap_or_default()).to_owned();
            found.extend(listed.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()));
        }
    }
    found.retain(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
    found
}

fn collect(dir: &Path, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        let name = path.display().to_string();
        if path.is_dir() {
            if !name.ends_with("/tests") {
                collect(&path, files);
            }
        } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
            files.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}
