//! A server on which one person has one of everything, each with a word in it that nobody else may read, and those who come
//! for it.

use chrono::Duration;
use loquat::clock;
use loquat::entity::{answer_chunk, api_key};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait, Set};
use serde_json::{Value, json};

use super::examples::Ids;
use crate::attachments::{png, uploaded};
use crate::harness::authenticator::Authenticator;
use crate::harness::client::{PASSWORD, answer_of, json_of};
use crate::harness::factors::set_up;
use crate::harness::{Kind, Person, Provider, Script, Server, eventually};
use crate::providers::with_loopback;

/// It stands in everything that the owner has.
pub const CANARY: &str = "canary";

pub struct World {
    pub server: Server,
    pub provider: Provider,
    /// An administrator, whose everything is.
    pub owner: Person,
    pub theirs: Ids,
    /// A member, who has a conversation and a key of their own.
    pub eve: Person,
    pub eves: Ids,
    pub strangers: Vec<Stranger>,
}

/// Somebody who may not do what they try, by what they come with.
pub struct Stranger {
    pub name: &'static str,
    pub person: Person,
    pub stands: Standing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Comes with nothing, or with what is worth nothing any more, and hears this code.
    Outside(&'static str),
    /// A person who is signed in, and no administrator.
    Member,
    /// A key of a member.
    MembersKey(&'static str),
    /// Another administrator, or a key of theirs that may do everything.
    Administrator { by_key: bool },
    /// A key of the owner that may less than they.
    OwnersKey(&'static str),
}

impl World {
    pub async fn new(kind: Kind) -> Self {
        let provider = Provider::start(|_, body| {
            let asked = body["messages"].to_string();
            match (asked.contains("Go on?"), asked.contains(CANARY)) {
                // The answer that is still being written.
                (true, _) => Script::stream().delta("canary words so far ").gate().end(),
                (false, true) => Script::stream().reasoning("canary thoughts").delta("canary answer").end(),
                (false, false) => Script::answer("a plain answer"),
            }
        })
        .await;
        let configured = provider.configured();
        let server = Server::with(kind, |config| {
            with_loopback(config);
            config.providers = vec![configured];
            config.default_model = Some("scripted/scripted".to_owned());
            // The answer that is being written is written for as long as a test takes.
            (config.limits.provider.silence, config.limits.provider.total) = (None, None);
            config.public_url = Some("https://chat.example.org".parse().unwrap());
        })
        .await;
        let owner = server.administrator("canary-owner").await;
        let root = server.administrator("another").await;
        let theirs = everything(&server, &owner, &provider).await;
        let (eve, dan) = (server.person("eve").await, server.person("dan").await);
        let eves = little(&eve).await;
        let mut strangers = vec![
            Stranger { name: "nobody", person: Person::nobody(&server), stands: Standing::Outside("not_signed_in") },
            Stranger { name: "a member", person: eve.clone(), stands: Standing::Member },
            Stranger {
                name: "another administrator",
                person: root.clone(),
                stands: Standing::Administrator { by_key: false },
            },
        ];
        for scope in ["read", "chat"] {
            let person = eve.program(&eve.new_key(scope).await.1);
            strangers.push(Stranger { name: "a member's key", person, stands: Standing::MembersKey(scope) });
            let person = owner.program(&owner.new_key(scope).await.1);
            strangers.push(Stranger { name: "the owner's own key", person, stands: Standing::OwnersKey(scope) });
        }
        let person = root.program(&root.new_key("admin").await.1);
        strangers.push(Stranger {
            name: "another administrator's key",
            person,
            stands: Standing::Administrator { by_key: true },
        });
        strangers.extend(ended(&server, &owner, &dan).await);
        Self { server, provider, owner, theirs, eve, eves, strangers }
    }
}

/// Everything that a person can have.
async fn everything(server: &Server, owner: &Person, provider: &Provider) -> Ids {
    let id_of = |value: &Value| value["id"].as_str().unwrap().to_owned();
    json_of(owner.patch("/api/users/me", json!({"name": "canary of a name"})).await, 200).await;
    let project = json!({"name": "canary of a conversation", "system_prompt": "canary of an instruction", "parameters": {"extra": {"user": "canary of a parameter"}}});
    let project = id_of(&json_of(owner.post("/api/projects/", project).await, 201).await);
    let messages = format!("/api/projects/{project}/messages");
    let image = uploaded(owner, "canary of a sent image.png", canary_image()).await;
    let unsent = uploaded(owner, "canary of an image.png", canary_image()).await;
    let asked =
        json!({"content": "canary of a question", "client_request_id": "canary-request", "attachments": [image]});
    let answer = answer_of(&json_of(owner.post(&messages, asked).await, 202).await);
    owner.events(&project, &answer, None).await.rest().await;
    let running = answer_of(&owner.ask(&project, "canary: Go on?").await);
    owner.events(&project, &running, None).await.until("message").await;
    let key = json_of(owner.post("/api/keys/", json!({"name": "canary of a key", "scope": "admin"})).await, 201).await;
    let invite = json_of(owner.post("/api/invites/", json!({"role": "admin"})).await, 201).await;
    let added = json!({"name": "canary-server", "base_url": format!("http://{}/v1", provider.address), "api_key": "sk-canary-of-a-model-server"});
    let added = json_of(owner.post("/api/providers/", added).await, 201).await;
    let models = format!("/api/providers/{}/models", id_of(&added));
    json_of(owner.patch(&models, json!({"model": "canary-model", "offered_to": "administrators"})).await, 200).await;
    json_of(
        owner.patch(&format!("/api/providers/{}", id_of(&added)), json!({"offered_to": "administrators"})).await,
        200,
    )
    .await;
    // Without the cookie: whoever signs in with one ends the session it was for.
    let device = Person::nobody(server).request(reqwest::Method::POST, "/api/login/");
    let device = device.header("user-agent", "canary of a browser");
    json_of(device.json(&json!({"email": owner.email, "password": PASSWORD})).send().await.unwrap(), 200).await;
    let sessions = owner.read("/api/sessions/").await;
    let session = sessions["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["is_current"] == false)
        .unwrap_or_else(|| panic!("{sessions}"));
    let (_, _, codes) = set_up(owner.clone()).await;
    let proof = json!({"password": PASSWORD, "recovery_code": codes[0]});
    let asked = json_of(owner.post("/api/passkeys/options", proof).await, 200).await;
    let credential = Authenticator::new().create(&asked["options"]);
    let passkey = json!({"name": "canary of a passkey", "answer": {"ceremony_id": asked["ceremony_id"], "credential": credential}});
    let passkey = json_of(owner.post("/api/passkeys/", passkey).await, 201).await;
    let person = json_of(
        owner
            .post("/api/admin/users/", json!({"email": "canary-made@example.org", "name": "canary of somebody"}))
            .await,
        201,
    )
    .await;
    let written = async || answer_chunk::Entity::find().count(server.app.db.reader()).await.unwrap();
    eventually("what is said so far is written", async || written().await > 0).await;
    Ids::from([
        ("project_id", project),
        ("message_id", running),
        ("key_id", id_of(&key["key"])),
        ("invite_id", id_of(&invite["invite"])),
        ("provider_id", id_of(&added)),
        ("session_id", id_of(session)),
        ("passkey_id", id_of(&passkey["passkey"])),
        ("user_id", id_of(&person["person"])),
        ("answered_id", answer),
        ("attachment_id", unsent),
        ("sent_attachment_id", image),
    ])
}

fn canary_image() -> Vec<u8> {
    let mut file = png(5, 4, 60);
    file.extend(b"canary of a pixel");
    file
}

/// What somebody has who wants more.
async fn little(eve: &Person) -> Ids {
    // A name of one's own, so that no model is asked for one meanwhile.
    let made = json_of(eve.post("/api/projects/", json!({"name": "mine"})).await, 201).await;
    let project = made["id"].as_str().unwrap().to_owned();
    let answer = answer_of(&eve.ask(&project, "What is mine?").await);
    eve.events(&project, &answer, None).await.rest().await;
    let sessions = eve.read("/api/sessions/").await;
    let session = sessions["items"][0]["id"].as_str().unwrap().to_owned();
    Ids::from([
        ("project_id", project),
        ("message_id", answer),
        ("key_id", eve.new_key("read").await.0),
        ("session_id", session),
        ("attachment_id", uploaded(eve, "mine.png", png(5, 4, 60)).await),
    ])
}

/// Credentials that were good once.
async fn ended(server: &Server, owner: &Person, dan: &Person) -> Vec<Stranger> {
    // The owner has a second factor by now: what ended was somebody else's who could do everything.
    let other = server.administrator("former").await;
    let (expired, expired_key) = other.new_key("admin").await;
    let row = api_key::Entity::find_by_id(expired.parse::<uuid::Uuid>().unwrap()).one(server.app.db.reader()).await;
    let mut row = row.unwrap().unwrap().into_active_model();
    row.expires_at = Set(Some(clock::now() - Duration::seconds(1)));
    let transaction = server.app.db.write().await.unwrap();
    row.update(&transaction).await.unwrap();
    server.app.db.commit(transaction).await.unwrap();
    let (revoked, revoked_key) = owner.new_key("admin").await;
    assert_eq!(owner.delete(&format!("/api/keys/{revoked}")).await.status(), 204);
    let signed_out = other.clone();
    assert_eq!(other.post("/api/logout/", json!({})).await.status(), 204);
    let dans_key = dan.program(&dan.new_key("chat").await.1);
    let dans_path = format!("/api/admin/users/{}", dan.id().await);
    json_of(owner.patch(&dans_path, json!({"active": false})).await, 200).await;
    let outside = |name, person, code| Stranger { name, person, stands: Standing::Outside(code) };
    vec![
        outside("an expired key", other.program(&expired_key), "key_invalid"),
        outside("a revoked key", owner.program(&revoked_key), "key_invalid"),
        outside("a session that was ended", signed_out, "not_signed_in"),
        outside("a deactivated person", dan.clone(), "not_signed_in"),
        outside("a deactivated person's key", dans_key, "key_invalid"),
        outside("a made-up key", other.program(&format!("lq_{}", "0".repeat(64))), "key_invalid"),
    ]
}
