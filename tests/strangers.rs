//! Whoever has no business with something gets nothing of it, changes nothing and spends nothing: every operation of the
//! document, by everybody who might try.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::harness::Person;
use crate::harness::client::PASSWORD;
use crate::harness::snapshot::{Whole, difference};

mod examples;
mod owner;
mod smuggling;
mod world;

use examples::{Ids, Operation};
use world::{CANARY, Standing, Stranger, World};

/// What somebody is refused with: status and code. None where they may.
type Refusal = Option<(u16, &'static str)>;

/// Which ids stand in the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    Theirs,
    /// Somebody else's message in one's own conversation, or the reverse.
    MessageTheirs,
    ConversationTheirs,
    Nobodys,
    Nothing(&'static str),
}

const NAMED: [Named; 8] = [
    Named::Theirs,
    Named::MessageTheirs,
    Named::ConversationTheirs,
    Named::Nobodys,
    Named::Nothing("x"),
    Named::Nothing("%00"),
    Named::Nothing("01a2062a-e80f-7480-8fc1-84bb6936022a%27%20OR%201=1"),
    Named::Nothing("..%2f..%2fadmin"),
];

const NOBODYS: &str = "01a2062a-e80f-7480-8fc1-84bb6936022a";

fn ids(world: &World, named: Named) -> Ids {
    let mut ids = world.theirs.clone();
    match named {
        Named::Theirs => {}
        Named::MessageTheirs => {
            ids.insert("project_id", world.eves["project_id"].clone());
        }
        Named::ConversationTheirs => {
            ids.insert("message_id", world.eves["message_id"].clone());
        }
        Named::Nobodys => ids.values_mut().for_each(|id| NOBODYS.clone_into(id)),
        Named::Nothing(text) => ids.values_mut().for_each(|id| text.clone_into(id)),
    }
    ids
}

/// What the document and its rules say of somebody who tries something that is not theirs.
fn refusal(operation: &Operation, stands: Standing) -> Refusal {
    let (reads, by_key) =
        (operation.method == Method::GET && operation.query != "content=Spend%20it%3F", operation.is_for_keys);
    let absent = (!operation.ids.is_empty()).then_some((404, "not_found"));
    match stands {
        Standing::Outside(code) => Some((401, code)),
        Standing::MembersKey(_) | Standing::OwnersKey(_) | Standing::Administrator { by_key: true } if !by_key => {
            Some((403, "session_required"))
        }
        Standing::Member | Standing::MembersKey(_) if operation.is_for_administrators => Some((403, "admin_only")),
        Standing::OwnersKey(_) if operation.is_for_administrators => Some((403, "scope_insufficient")),
        Standing::MembersKey("read") | Standing::OwnersKey("read") if !reads => Some((403, "scope_insufficient")),
        Standing::OwnersKey(_) => None,
        // They look after all of it together.
        Standing::Administrator { .. } if operation.is_for_administrators => None,
        Standing::Member | Standing::MembersKey(_) | Standing::Administrator { .. } => absent,
    }
}

/// What comes back, whole: its status, its headers and its body.
async fn whole(response: Response) -> (u16, String, String) {
    let (status, headers) = (response.status().as_u16(), format!("{:?}", response.headers()));
    (status, headers, response.text().await.unwrap())
}

/// Fails when something of the owner is in it.
fn tells_nothing(world: &World, place: &str, told: &str) {
    let low = told.to_lowercase();
    assert!(!low.contains(CANARY), "{place}: {told}");
    for id in world.theirs.values() {
        assert!(!low.contains(id.as_str()), "{place}: {told}");
    }
}

/// Fails unless it is the problem that it has to be, and nothing else.
async fn is_refused(world: &World, place: &str, response: Response, expected: Option<(u16, &str)>) {
    let is_problem = response.headers().get("content-type").is_some_and(|kind| kind == "application/problem+json");
    let (status, headers, body) = whole(response).await;
    assert!(is_problem, "{place}: {status} {headers} {body}");
    let problem: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(problem["status"], status, "{place}: {body}");
    match expected {
        Some((expected, code)) => {
            assert_eq!((status, problem["code"].as_str()), (expected, Some(code)), "{place}: {body}")
        }
        None => assert!((400..500).contains(&status) && ![401, 403].contains(&status), "{place}: {status} {body}"),
    }
    tells_nothing(world, place, &format!("{headers} {body}"));
}

async fn try_all(world: &World, stranger: &Stranger, operation: &Operation) -> usize {
    let Some(expected) = refusal(operation, stranger.stands) else { return 0 };
    let mut tried = 0;
    for named in NAMED {
        let is_one_of_two = matches!(named, Named::MessageTheirs | Named::ConversationTheirs);
        // A key of the owner would find what is theirs; without ids there is one way to ask.
        if (operation.ids.is_empty() && named != Named::Theirs) || (is_one_of_two && operation.ids.len() < 2) {
            continue;
        }
        let place = format!(
            "{} {} as {} ({:?}), ids {named:?}",
            operation.method, operation.path, stranger.name, stranger.stands
        );
        let response = operation.request(&stranger.person, &ids(world, named)).send().await.unwrap();
        is_refused(world, &place, response, Some(expected)).await;
        tried += 1;
    }
    tried
}

on_both_databases! {
    async fn whoever_has_no_business_with_something_gets_changes_and_spends_nothing(kind) {
        let world = World::new(kind).await;
        let database = Whole::of(&world.server.app.config.data).await;
        let (before, calls) = (database.rows().await, world.provider.calls().len());
        assert!(before.iter().filter(|row| row.contains(CANARY)).count() > 12, "the owner has one of everything: {before:#?}");
        let mut tried = 0;
        for operation in examples::all().iter().filter(|operation| !operation.is_open) {
            for stranger in &world.strangers {
                tried += try_all(&world, stranger, operation).await;
            }
            let place = format!("{} {}", operation.method, operation.path);
            assert_eq!(difference(&before, &database.rows().await), Vec::<String>::new(), "{place} changed the database");
            assert_eq!(world.provider.calls().len(), calls, "{place} asked a model");
        }
        assert!(tried > 2500, "{tried}");
        assert_eq!(world.provider.left(), 0, "the answer that was being written goes on");
    }

    async fn the_ids_of_another_person_are_worth_nothing_in_a_body_or_a_query(kind) {
        let world = World::new(kind).await;
        let database = Whole::of(&world.server.app.config.data).await;
        let (before, calls) = (database.rows().await, world.provider.calls().len());
        let schemas = serde_json::from_str::<Value>(&loquat::api::document()).unwrap()["components"]["schemas"].clone();
        let mut tried = 0;
        for operation in examples::all().iter().filter(|operation| !operation.is_open && !operation.is_for_administrators) {
            let named = |properties: &Value| -> Vec<String> {
                let all = properties.as_object().into_iter().flatten();
                let is_id = |value: &Value| value["format"] == "uuid" || value["items"]["format"] == "uuid";
                all.filter(|(_, value)| is_id(value)).map(|(name, _)| name.clone()).collect()
            };
            let schema = operation.said["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str();
            let schema = schema.map(|name| &schemas[name.rsplit('/').next().unwrap()]["properties"]);
            for field in schema.map(named).unwrap_or_default() {
                let mut body = operation.body.clone().unwrap();
                // Every id of the owner, in case one is taken for another.
                for (name, id) in &world.theirs {
                    body[&field] = if field == "attachments" { json!([id]) } else { json!(id) };
                    let request = world.eve.request(operation.method.clone(), &operation.address(&world.eves)).json(&body);
                    let place = format!("{} {} with the {name} of another as {field}", operation.method, operation.path);
                    is_refused(&world, &place, request.send().await.unwrap(), None).await;
                    tried += 1;
                }
            }
            // A place in somebody else's list is a place in one's own, or none.
            let parameters = operation.said["parameters"].as_array().cloned().unwrap_or_default();
            if parameters.iter().any(|parameter| parameter["name"] == "cursor") {
                let path = address_of_list(operation, &world);
                for id in world.theirs.values() {
                    let (status, headers, told) = whole(world.eve.get(&format!("{path}?cursor={id}")).await).await;
                    assert!([200, 422].contains(&status), "{path}: {status} {told}");
                    tells_nothing(&world, &path, &format!("{headers} {}", told.replace(id.as_str(), "")));
                    tried += 1;
                }
            }
        }
        assert!(tried > 40, "{tried}");
        assert_eq!(difference(&before, &database.rows().await), Vec::<String>::new());
        assert_eq!(world.provider.calls().len(), calls);
    }

    async fn what_a_person_does_with_what_is_theirs_touches_nobody_elses(kind) {
        let world = World::new(kind).await;
        let database = Whole::of(&world.server.app.config.data).await;
        let mut all = examples::all();
        all.retain(|operation| !operation.is_open && !operation.is_for_administrators && operation.ids.is_empty());
        // What ends the account comes last.
        all.sort_by_key(|operation| (operation.id == "delete_me", operation.method == Method::DELETE));
        let mut did = 0;
        for operation in &all {
            let eve = world.eve.id().await;
            let before = database.rows().await;
            let place = format!("{} {}", operation.method, operation.path);
            let response = operation.request(&world.eve, &Ids::new()).send().await.unwrap();
            did += usize::from(response.status().is_success());
            let (status, headers, told) = whole(response).await;
            assert!(is_let_in(status, &told), "{place}: {status} {told}");
            tells_nothing(&world, &place, &format!("{headers} {told}"));
            let after = database.rows().await;
            let gone: Vec<&String> = before.difference(&after).filter(|row| !is_of(row, eve)).collect();
            assert!(gone.is_empty(), "{place} changed what is somebody else's: {gone:?}");
        }
        assert!(did > 12, "{did} of {}", all.len());
    }

    async fn what_anybody_may_try_tells_nothing_of_anybody(kind) {
        let world = World::new(kind).await;
        let database = Whole::of(&world.server.app.config.data).await;
        let (before, nobody) = (database.rows().await, Person::nobody(&world.server));
        let taken = json!({"email": world.owner.email, "password": PASSWORD});
        let mut walked = 0;
        for operation in examples::all().iter().filter(|operation| operation.is_open) {
            let wrong = json!({"email": world.owner.email, "password": "not the one that it is"});
            let (body, expected) = match operation.id.as_str() {
                "get_settings" | "healthz" | "readyz" | "login_passkey_options" => (None, &[200][..]),
                "logout" => (None, &[204][..]),
                // Whoever types an address is told what comes of it, and nothing of whose it is.
                "register" => (Some(taken.clone()), &[409][..]),
                "login" => (Some(wrong), &[401][..]),
                "login_passkey" | "login_second_factor" | "reset_password" => (operation.body.clone(), &[401, 403, 422][..]),
                id => panic!("{id} is for anybody: say here what a stranger gets from it"),
            };
            let request = nobody.request(operation.method.clone(), &operation.path);
            let request = body.iter().fold(request, |request, body| request.json(body));
            let (status, headers, told) = whole(request.send().await.unwrap()).await;
            assert!(expected.contains(&status), "{}: {status} {told}", operation.id);
            tells_nothing(&world, &operation.id, &format!("{headers} {told}"));
            walked += 1;
        }
        assert!(walked >= 10, "{walked}");
        assert_eq!(difference(&before, &database.rows().await), Vec::<String>::new());
    }
}

fn address_of_list(operation: &Operation, world: &World) -> String {
    let path = operation.address(&world.eves);
    path.split('?').next().unwrap().to_owned()
}

/// Whether a row is of a person: it has their id in it, as either database shows one, or their address.
fn is_of(row: &str, person: uuid::Uuid) -> bool {
    let row = row.to_lowercase();
    row.contains(&person.to_string()) || row.contains(&person.simple().to_string()) || row.contains("eve@example.org")
}

/// Whether somebody was let in, be it to be told that something is wrong.
fn is_let_in(status: u16, told: &str) -> bool {
    status < 500 && (![401, 403].contains(&status) || told.contains("challenge_ended") || told.contains("wrong_factor"))
}
