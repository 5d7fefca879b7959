//! A person with a browser, which keeps the cookie and nothing else, or a program with a key.

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use super::events::Events;
use super::server::Server;

/// Somebody who uses the server.
#[derive(Clone)]
pub struct Person {
    base: String,
    pub email: String,
    pub cookie: Option<String>,
    pub key: Option<String>,
    http: reqwest::Client,
}

/// The password that everybody in the tests has.
pub const PASSWORD: &str = "four words that do not belong";

impl Person {
    /// Somebody who is not signed in.
    pub fn nobody(server: &Server) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { base: server.url(""), email: String::new(), cookie: None, key: None, http }
    }

    /// The same without a server in this process.
    pub fn at(base: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { base: base.to_owned(), email: String::new(), cookie: None, key: None, http }
    }

    /// The same with a client of the test's own.
    pub fn with(base: &str, http: reqwest::Client) -> Self {
        Self { base: base.to_owned(), email: String::new(), cookie: None, key: None, http }
    }

    /// Registers and signs in.
    pub async fn register(server: &Server, name: &str) -> Self {
        Self::nobody(server).join(name).await
    }

    /// Registers and signs in at this person's server.
    pub async fn join(mut self, name: &str) -> Self {
        self.email = format!("{name}@example.org");
        let body = json!({"email": self.email, "password": PASSWORD, "name": name});
        let made = self.post("/api/users/", body).await;
        assert_eq!(made.status(), StatusCode::CREATED, "{}", made.text().await.unwrap());
        self.sign_in().await;
        self
    }

    /// Signs in, as with another browser, and keeps the cookie.
    pub async fn sign_in(&mut self) {
        self.cookie = None;
        let response = self.post("/api/login/", json!({"email": self.email, "password": PASSWORD})).await;
        assert_eq!(response.status(), StatusCode::OK);
        let cookie = response.headers()["set-cookie"].to_str().unwrap();
        self.cookie = Some(cookie.split(';').next().unwrap().to_owned());
    }

    /// The same person, cookie and all, at a server that took over from another.
    pub fn moved_to(self, server: &Server) -> Self {
        self.at_address(&server.url(""))
    }

    /// The same person, cookie and all, at another address.
    pub fn at_address(mut self, base: &str) -> Self {
        self.base = base.to_owned();
        self
    }

    /// A request with this person's cookie, and the key where there is one.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        let request = self.cookie.iter().fold(request, |request, cookie| request.header("cookie", cookie));
        self.key.iter().fold(request, |request, key| request.bearer_auth(key))
    }

    pub async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub async fn post(&self, path: &str, body: Value) -> Response {
        self.request(Method::POST, path).json(&body).send().await.unwrap()
    }

    pub async fn patch(&self, path: &str, body: Value) -> Response {
        self.request(Method::PATCH, path).json(&body).send().await.unwrap()
    }

    pub async fn delete(&self, path: &str) -> Response {
        self.request(Method::DELETE, path).send().await.unwrap()
    }

    /// Deletes the account.
    pub async fn delete_account(&self) -> Response {
        self.request(Method::DELETE, "/api/users/me").json(&json!({"password": PASSWORD})).send().await.unwrap()
    }

    /// The JSON of a GET that must succeed.
    pub async fn read(&self, path: &str) -> Value {
        json_of(self.get(path).await, 200).await
    }

    /// The same person in another browser, which nobody is signed in with.
    pub fn elsewhere(&self) -> Self {
        Self { cookie: None, ..self.clone() }
    }

    /// The same person with another cookie.
    pub fn with_cookie(&self, cookie: &str) -> Self {
        Self { cookie: Some(cookie.to_owned()), ..self.clone() }
    }

    /// A new API key: its id and the key.
    pub async fn new_key(&self, scope: &str) -> (String, String) {
        let made = json_of(self.post("/api/keys/", json!({"name": "a script", "scope": scope})).await, 201).await;
        (made["key"]["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
    }

    /// The same person, whose browser sends a key too.
    pub fn beside(&self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self.clone() }
    }

    /// A program that has this key and nothing else.
    pub fn program(&self, key: &str) -> Self {
        Self { cookie: None, ..self.beside(key) }
    }

    /// Who this is.
    pub async fn id(&self) -> uuid::Uuid {
        self.read("/api/users/me").await["id"].as_str().unwrap().parse().unwrap()
    }

    /// A new conversation's id.
    pub async fn project(&self) -> String {
        let made = json_of(self.post("/api/projects/", json!({})).await, 201).await;
        made["id"].as_str().unwrap().to_owned()
    }

    /// Asks, and returns the turn.
    pub async fn ask(&self, project: &str, content: &str) -> Value {
        json_of(self.post(&format!("/api/projects/{project}/messages"), json!({"content": content})).await, 202).await
    }

    /// Follows an answer.
    pub async fn follow(&self, project: &str, message: &str, position: Option<u64>) -> Response {
        let request = self.request(Method::GET, &format!("/api/projects/{project}/messages/{message}/stream"));
        match position {
            Some(position) => request.header("last-event-id", position.to_string()).send().await.unwrap(),
            None => request.send().await.unwrap(),
        }
    }

    /// Follows an answer's events.
    pub async fn events(&self, project: &str, message: &str, position: Option<u64>) -> Events {
        Events::new(self.follow(project, message, position).await)
    }

    /// Asks and follows in one request, as the source document has it.
    pub fn stream(&self, project: &str, content: &str) -> RequestBuilder {
        self.request(Method::GET, &format!("/api/projects/{project}/messages/stream")).query(&[("content", content)])
    }

    /// The messages of a conversation.
    pub async fn messages(&self, project: &str) -> Vec<Value> {
        self.read(&format!("/api/projects/{project}/messages")).await["items"].as_array().unwrap().clone()
    }
}

/// The id of the answer in a turn.
pub fn answer_of(turn: &Value) -> String {
    turn["assistant_message"]["id"].as_str().unwrap().to_owned()
}

/// A response's JSON, of a status that it must have.
pub async fn json_of(response: Response, status: u16) -> Value {
    let got = response.status().as_u16();
    let text = response.text().await.unwrap();
    assert_eq!(got, status, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// A response's problem, of a status and a code that it must have.
pub async fn problem_of(response: Response, status: u16, code: &str) -> Value {
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let request_id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let problem = json_of(response, status).await;
    assert_eq!(problem["code"], code, "{problem}");
    assert_eq!(problem["status"], status);
    assert_eq!(problem["request_id"], request_id.as_str());
    assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
    problem
}
