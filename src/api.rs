//! The HTTP API: HTTP in, HTTP out. One file per path segment, and a few for what they share.

use std::sync::Arc;

use http_body::Body as _;
use http_body_util::combinators::BoxBody;
use poem::endpoint::BoxEndpoint;
use poem::http::{self, Method};
use poem::{Body, Endpoint, EndpointExt, IntoEndpoint, Request, Response, Result};
use poem_openapi::types::ToJSON;
use poem_openapi::{LicenseObject, OpenApi, OpenApiService, Tags};

use crate::app::App;
pub use arriving::Expected;
use arriving::{Arriving, SMALL};
pub use cookie::Client;
pub use cors::share;
pub use failure::{Failure, Problem, response as problem_response};
use fair::{Fair, Place};
pub use tag::is_known;

mod account;
mod arriving;
mod aside;
mod attachments;
mod audit;
mod body;
mod cookie;
mod cors;
mod docs;
pub mod event;
mod export;
mod failure;
mod fair;
mod guard;
mod health;
mod invites;
mod keys;
mod limits;
mod login;
mod message;
mod messages;
mod models;
mod page;
mod parameters;
mod passkeys;
mod password_resets;
mod people;
mod projects;
mod proof;
mod providers;
mod query;
mod second_factor;
mod session;
mod sessions;
mod settings;
mod shown;
pub mod socket;
mod storage;
mod stream;
mod tag;
mod time;
mod users;

/// The groups of the document.
#[derive(Tags)]
enum Group {
    /// Register, sign in, sign out, your own account, and the keys of your programs.
    Accounts,
    /// Projects are conversations: what you asked, and what was answered.
    Conversations,
    /// Running the application: for administrators.
    Administration,
    /// Ask, follow the answer while it is written, stop it.
    Messages,
    /// What can be asked.
    Models,
    /// What a page needs before anyone has signed in, and what operators watch.
    Server,
}

fn service() -> OpenApiService<impl OpenApi, ()> {
    // One tuple holds at most sixteen.
    let accounts = (
        account::Api,
        login::Api,
        users::Api,
        storage::Api,
        export::Api,
        sessions::Api,
        keys::Api,
        password_resets::Api,
    );
    let factors = (second_factor::Api, passkeys::Api);
    let administration = (people::Api, invites::Api, providers::Api, limits::Api, audit::Api);
    let conversations = (projects::Api, messages::Api, message::Api, attachments::Api, socket::Api);
    let apis = (accounts, factors, administration, conversations, models::Api, settings::Api, health::Api);
    OpenApiService::new(apis, "Loquat", env!("CARGO_PKG_VERSION"))
        .description(include_str!("api/about.md").trim())
        .license(LicenseObject::new("MIT"))
}

/// The API's OpenAPI 3.0 document, as pretty JSON.
pub fn document() -> String {
    docs::finish(&service().spec())
}

/// Every route of the API, and what holds for all of them.
pub struct Routes {
    app: App,
    api: BoxEndpoint<'static, Response>,
    docs: docs::Docs,
    fair: Arc<Fair>,
}

impl Routes {
    /// The routes of an application.
    pub fn new(app: App) -> Self {
        let fair = Fair::new(app.config.limits.requests_per_person);
        let api = service().into_endpoint().data(app.clone()).data(Arc::clone(&fair)).boxed();
        Self { app, api, docs: docs::Docs::default(), fair }
    }

    /// Whether a path belongs to the API and not to the page. What asks for `/metrics` is to see that there are none, instead of
    /// a page.
    pub fn has(path: &str) -> bool {
        path == "/api"
            || path.starts_with("/api/")
            || matches!(path.trim_end_matches('/'), "/healthz" | "/readyz" | "/metrics")
    }

    /// What body a request may have, before it is read, by the length that it says it has. What is learnt by that goes along
    /// with the request.
    pub async fn expect(&self, request: &mut http::request::Parts, length: Option<u64>, client: Client) -> Expected {
        let is_upload = arriving::is_upload(&request.method, request.uri.path());
        if !is_upload && length.is_some_and(|length| length <= SMALL as u64) {
            return Expected::Ordinary(self.app.config.limits.body_bytes);
        }
        let arriving = Arriving::expect(&self.fair, &self.app, &request.headers, client, is_upload).await;
        let expected = arriving.expected(&self.app, is_upload, length);
        request.extensions.insert(arriving);
        expected
    }

    /// Welcomes a body after all, of which it was not known that it is small.
    pub fn welcome(request: &mut http::request::Parts) {
        request.extensions.remove::<Arriving>();
    }

    async fn answer(&self, mut request: Request) -> Response {
        if let Some(preflight) = cors::preflight(&self.app.config, &request) {
            return preflight;
        }
        drop_trailing_slash(&mut request);
        if *request.method() == Method::HEAD {
            // The router runs the GET for it, which must be able to tell.
            request.extensions_mut().insert(OnlyLooking);
        }
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let client = request.extensions().get::<Client>().copied();
        let (mut response, notes) = aside::keep(async {
            match guard::check(&self.app.config, &request).and_then(|()| query::check(&request)) {
                Err(error) => failure::response(error),
                Ok(()) => match self.docs.answer(&method, &path) {
                    Some(response) => response,
                    None => match self.api.call(request).await {
                        Ok(response) => response,
                        Err(error) => failure::from_framework(error, || self.docs.allowed_methods(&path)),
                    },
                },
            }
        })
        .await;
        if let Some(place) = notes.place() {
            count(&mut response, place).await;
        }
        notes.write(&self.app, client, &mut response).await;
        if method == Method::HEAD {
            response.set_body(());
        }
        response
    }
}

impl Endpoint for Routes {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        Ok(self.answer(request).await)
    }
}

/// Has a body that is whole already count as its person's until it is taken. A stream has never more than a piece of it.
async fn count(response: &mut Response, place: &Place) {
    let body: BoxBody<_, _> = response.take_body().into();
    let is_whole = body.size_hint().exact().is_some();
    response.set_body(match Body::from(body) {
        body if is_whole => body.into_bytes().await.map_or_else(|_| Body::empty(), |bytes| place.count(bytes).into()),
        body => body,
    });
}

/// Marks a HEAD request: it must not do what its GET would do.
#[derive(Clone, Copy)]
struct OnlyLooking;

/// Who is signed in, as `check_session` shows them, for the page to begin with.
pub async fn signed_in(app: &App, request: &Request) -> Option<serde_json::Value> {
    let caller = session::of_cookie(app, request.headers()).await?;
    users::User::from(caller).to_json()
}

/// Whether passkeys work at the address that a request came to, as the settings tell it.
pub fn passkeys_work(app: &App, request: &Request) -> bool {
    proof::site(app, request).is_ok()
}

/// The router knows every path without its slash; people may write both.
fn drop_trailing_slash(request: &mut Request) {
    let uri = request.uri();
    let path = uri.path();
    if path.len() < 2 || !path.ends_with('/') {
        return;
    }
    let path = path.trim_end_matches('/');
    let with_query = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    if let Ok(uri) = with_query.parse() {
        *request.uri_mut() = uri;
    }
}
