//! The same requests by whoever may make them. Without this the others could pass because the requests are no good.

use reqwest::Method;

use super::examples::{self, Ids, Operation};
use super::is_let_in;
use super::world::World;
use crate::harness::eventually;

/// What ends something comes last, the account last of all.
const LAST: [&str; 5] = ["delete_message", "delete_project", "delete_provider", "end_other_sessions", "delete_me"];

/// These want a factor, a code, a device or a model server beside what the example has, and say so.
const WANT_MORE: [&str; 8] = [
    "confirm_totp",
    "create_totp",
    "create_passkey",
    "create_passkey_options",
    "create_recovery_codes",
    "delete_totp",
    "delete_passkey",
    "check_provider",
];

on_both_databases! {
    async fn in_the_hands_of_its_owner_every_example_is_good(kind) {
        let world = World::new(kind).await;
        let mut all = examples::all();
        all.retain(|operation| !operation.is_open);
        all.sort_by_key(|operation| {
            let end = LAST.iter().position(|id| *id == operation.id);
            let first = ["stop_message", "continue_message"].iter().position(|id| *id == operation.id);
            (end, operation.method == Method::DELETE, first.unwrap_or(9), operation.method != Method::GET)
        });
        for operation in &all {
            let writes = operation.path.contains("/messages") && operation.method != Method::GET;
            if writes && operation.id != "stop_message" {
                settled(&world).await;
            }
            let response = operation.request(&world.owner, &ids_for(&world, operation).await).send().await.unwrap();
            let status = response.status().as_u16();
            let is_good = match operation.id.as_str() {
                "connect_socket" => status == 426,
                // The answer that was being written has ended before.
                "stream_message" => (200..300).contains(&status) || status == 409,
                _ => (200..300).contains(&status),
            };
            if is_good {
                continue;
            }
            let told = response.text().await.unwrap();
            let wants_more = WANT_MORE.contains(&operation.id.as_str()) && status != 404 && is_let_in(status, &told);
            assert!(wants_more, "{} {}: {status} {told}", operation.method, operation.path);
        }
    }
}

/// The ids of what an operation is for: questions are edited, answers everything else.
async fn ids_for(world: &World, operation: &Operation) -> Ids {
    let mut ids = world.theirs.clone();
    if operation.id == "edit_message" {
        let path = format!("/api/projects/{}/messages/{}", ids["project_id"], ids["answered_id"]);
        let answer = world.owner.read(&path).await;
        ids.insert("message_id", answer["parent_id"].as_str().unwrap().to_owned());
    }
    ids
}

/// Nothing is being written any more.
async fn settled(world: &World) {
    eventually("the answer ends", async || {
        world.provider.open();
        world.server.app.chat.answers.is_empty()
    })
    .await;
}
