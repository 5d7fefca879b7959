//! Somebody with an authenticator app.

use loquat::clock;
use loquat::entity::totp;
use reqwest::Response;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Set};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret, Totp};

use super::client::{PASSWORD, Person, json_of, problem_of};
use super::server::Server;

/// An authenticator app.
pub struct App {
    pub secret: String,
    /// The code that it was confirmed with.
    pub confirmed: Option<String>,
    generator: Totp,
}

impl App {
    pub fn new(secret: &str) -> Self {
        let known = Secret::try_from_base32(secret).unwrap();
        let generator = Builder::new().with_secret(known).with_account_name("anybody").build().unwrap();
        Self { secret: secret.to_owned(), confirmed: None, generator }
    }

    /// The code of the present half minute, or of one so many after it.
    pub fn code(&self, steps: i64) -> String {
        let time = clock::now().timestamp() + 30 * steps;
        self.generator.generate(time.try_into().unwrap()).to_string()
    }
}

/// A new person with an app and recovery codes.
pub async fn with_app(server: &Server, name: &str) -> (Person, App, Vec<String>) {
    let person = server.person(name).await;
    set_up(person).await
}

/// Sets an app up for somebody.
pub async fn set_up(person: Person) -> (Person, App, Vec<String>) {
    let begun = json_of(person.post("/api/second_factor/totp", json!({"password": PASSWORD})).await, 201).await;
    let mut app = App::new(begun["secret"].as_str().unwrap());
    let code = app.code(0);
    let on = json_of(person.post("/api/second_factor/totp/confirm", json!({"code": code})).await, 200).await;
    app.confirmed = Some(code);
    let codes = on["recovery_codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect();
    (person, app, codes)
}

/// Has the present code be good again, as if half a minute had gone by.
pub async fn forget_used_codes(server: &Server, person: &Person) {
    let row = totp::Entity::find_by_id(person.id().await).one(server.app.db.reader()).await.unwrap().unwrap();
    let mut row = row.into_active_model();
    row.last_step = Set(None);
    let transaction = server.app.db.write().await.unwrap();
    row.update(&transaction).await.unwrap();
    server.app.db.commit(transaction).await.unwrap();
}

/// The first step of a sign-in: the challenge that it ends in.
pub async fn challenge(person: &Person) -> Value {
    let response = person.elsewhere().post("/api/login/", json!({"email": person.email, "password": PASSWORD})).await;
    let challenge = problem_of(response, 401, "second_factor_required").await["challenge"].clone();
    assert!(challenge.is_string());
    challenge
}

/// The second step, with a factor.
pub async fn second_step(person: &Person, challenge: &Value, factor: Value) -> Response {
    let mut body = factor;
    body["challenge"] = challenge.clone();
    person.elsewhere().post("/api/login/second_factor", body).await
}
