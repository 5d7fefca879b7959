//! Headers that responses get wherever they are made, for the document: how far somebody is from a limit, and when to try
//! again.

use serde_json::{Map, Value, json};

use super::super::aside;
use crate::pace::Counted;

/// The limits that an operation's responses tell of.
fn limits(operation_id: &str) -> &'static [Counted] {
    match operation_id {
        "login" => &[Counted::SignIns, Counted::WrongPasswords],
        "login_second_factor" | "login_passkey" | "login_passkey_options" => &[Counted::SignIns],
        "register" => &[Counted::Registrations],
        "create_message" | "edit_message" | "regenerate_message" | "continue_message" | "stream_message"
        | "generate_name" => &[Counted::Turns],
        _ => &[],
    }
}

/// Tells the headers of an operation's responses.
pub(super) fn tell(operation: &mut Value) {
    let limits = limits(operation["operationId"].as_str().unwrap_or_default());
    for (status, response) in operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flatten() {
        let is_refusal = status.starts_with(['4', '5']);
        let Some(response) = response.as_object_mut() else { continue };
        let mut headers = Map::new();
        if is_refusal {
            let told = "With 429 and 503: in how many seconds it makes sense to try again.";
            headers.insert("Retry-After".to_owned(), header(told, "integer"));
        }
        if !limits.is_empty() && !status.starts_with('5') {
            let names: Vec<String> = limits.iter().map(|limit| format!("`{}`", limit.name())).collect();
            let names = names.join(" and ");
            let policy = format!("What is limited ({names}): how often (`q`) within how many seconds (`w`).");
            headers.insert(aside::POLICY.to_string(), header(&policy, "string"));
            let standing = format!("How often more ({names}, `r`), and within how many seconds it is once more (`t`).");
            headers.insert(aside::STANDING.to_string(), header(&standing, "string"));
        }
        if headers.is_empty() {
            continue;
        }
        if let Some(known) = response.entry("headers").or_insert_with(|| json!({})).as_object_mut() {
            known.extend(headers);
        }
    }
}

fn header(description: &str, kind: &str) -> Value {
    json!({"description": description, "schema": {"type": kind}})
}
