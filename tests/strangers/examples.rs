//! A good request for every operation of the document. An operation without one fails every test that walks them, so that a
//! new one is covered on the day it is added.

use std::collections::BTreeMap;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::attachments::png;
use crate::harness::Person;
use crate::harness::client::PASSWORD;

/// An operation of the document, and what a good request for it has.
pub struct Operation {
    pub id: String,
    pub method: Method,
    pub path: String,
    pub is_open: bool,
    pub is_for_keys: bool,
    pub is_for_administrators: bool,
    /// The names of the ids in its path.
    pub ids: Vec<String>,
    pub query: &'static str,
    pub body: Option<Value>,
    /// What is sent where the body is no JSON.
    pub file: Option<(&'static str, Vec<u8>)>,
    pub said: Value,
}

/// The id for each name that stands in a path.
pub type Ids = BTreeMap<&'static str, String>;

pub fn all() -> Vec<Operation> {
    let found = crate::contract::operations();
    assert!(found.len() > 60, "{}", found.len());
    found.into_iter().map(|(method, path, said)| of(method, path, said)).collect()
}

fn of(method: Method, path: String, said: Value) -> Operation {
    let id = said["operationId"].as_str().unwrap().to_owned();
    let has =
        |scheme: &str| said["security"].as_array().is_some_and(|all| all.iter().any(|one| one.get(scheme).is_some()));
    let ids = path.split('/').filter_map(|part| Some(part.strip_prefix('{')?.strip_suffix('}')?.to_owned()));
    let query = query(&id);
    for parameter in said["parameters"].as_array().unwrap_or(&Vec::new()) {
        let is_missing = parameter["in"] == "query" && parameter["required"] == true && query.is_empty();
        assert!(!is_missing, "{id} lacks an example of {}: add it to tests/strangers/examples.rs", parameter["name"]);
    }
    let is_json = said["requestBody"]["content"]["application/json"].is_object();
    let body = is_json.then(|| body(&id));
    let file = (said["requestBody"].is_object() && !is_json).then(|| file(&id));
    let is_for_administrators = said["tags"][0] == "Administration";
    let (is_open, is_for_keys) = (said["security"].is_null(), has("key"));
    Operation {
        ids: ids.collect(),
        query,
        body,
        file,
        is_open,
        is_for_keys,
        is_for_administrators,
        id,
        method,
        path,
        said,
    }
}

impl Operation {
    /// The path with ids, some of which may be missing from it.
    pub fn address(&self, ids: &Ids) -> String {
        let fill = |part: &str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            None => part.to_owned(),
            Some(name) => {
                let id = ids.get(name);
                id.unwrap_or_else(|| panic!("no {name} is known: add it to tests/strangers/world.rs")).clone()
            }
        };
        let path = self.path.split('/').map(fill).collect::<Vec<_>>().join("/");
        format!("{path}{}{}", if self.query.is_empty() { "" } else { "?" }, self.query)
    }

    /// A good request by somebody.
    pub fn request(&self, person: &Person, ids: &Ids) -> RequestBuilder {
        let request = person.request(self.method.clone(), &self.address(ids));
        let request = self.body.iter().fold(request, |request, body| request.json(body));
        let with_file = |request: RequestBuilder, (media_type, file): &(&str, Vec<u8>)| {
            request.header(CONTENT_TYPE, *media_type).body(file.clone())
        };
        self.file.iter().fold(request, with_file)
    }
}

/// What stands behind the question mark.
fn query(id: &str) -> &'static str {
    match id {
        "stream_message" => "content=Spend%20it%3F",
        "forget_provider_model" => "model=canary-model",
        "list_people" => "query=o",
        _ => "",
    }
}

fn body(id: &str) -> Value {
    let proof = json!({"password": PASSWORD});
    match id {
        "register" => json!({"email": "newcomer@example.org", "password": PASSWORD, "name": "New"}),
        "login" => json!({"email": "nobody@example.org", "password": "not the one that it is"}),
        "login_passkey" => passkey_answer(),
        "login_second_factor" => json!({"challenge": "x".repeat(40), "code": "123456"}),
        "reset_password" => json!({"token": "x".repeat(64), "password": "a password by a stranger"}),
        "change_me" => json!({"name": "Changed"}),
        "delete_me"
        | "delete_totp"
        | "create_totp"
        | "create_recovery_codes"
        | "create_passkey_options"
        | "delete_passkey" => proof,
        "confirm_totp" => json!({"code": "123456"}),
        "create_passkey" => json!({"name": "phone", "answer": passkey_answer()}),
        "create_key" => json!({"name": "more", "scope": "chat", "expires_in_days": 7}),
        "create_project" => {
            json!({"name": "Made", "system_prompt": "Be kind.", "model": "demo", "parameters": {"temperature": 0.5}})
        }
        "change_project" => json!({"name": "Changed", "pinned": true, "system_prompt": "Be rude."}),
        "create_message" => json!({"content": "Spend it?", "model": "scripted/scripted"}),
        "edit_message" => json!({"content": "Changed?", "model": "scripted/scripted"}),
        "regenerate_message" | "continue_message" => json!({"model": "scripted/scripted"}),
        "create_person" => json!({"email": "made@example.org", "name": "Made", "role": "admin"}),
        "change_person" => json!({"name": "Changed"}),
        "change_limits" => json!({"turns_per_minute": 50}),
        "create_invite" => json!({"role": "admin", "expires_in_days": 1}),
        "create_provider" => {
            json!({"name": "made", "base_url": "https://models.example.org/v1", "api_key": "sk-made", "enabled": false})
        }
        "change_provider" => json!({"enabled": false, "offered_to": "administrators"}),
        "change_provider_model" => json!({"model": "canary-model", "offered_to": "administrators"}),
        _ => panic!("{id} lacks an example of its body: add it to tests/strangers/examples.rs"),
    }
}

fn file(id: &str) -> (&'static str, Vec<u8>) {
    match id {
        "create_attachment" => ("image/png", png(3, 2, 60)),
        _ => panic!("{id} lacks an example of its file: add it to tests/strangers/examples.rs"),
    }
}

fn passkey_answer() -> Value {
    let credential = json!({
        "id": "AAAA", "rawId": "AAAA", "type": "public-key", "clientExtensionResults": {},
        "response": {"authenticatorData": "AAAA", "clientDataJSON": "AAAA", "signature": "AAAA", "userHandle": "AAAA"},
    });
    json!({"ceremony_id": "01a2062a-e80f-7480-8fc1-84bb6936022a", "credential": credential})
}
