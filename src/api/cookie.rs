//! The session cookie, and what may carry it.

use std::net::IpAddr;

use cookie::{Cookie, SameSite};

use crate::auth::Ticket;
use crate::clock;
use crate::config::Config;

/// What the cookie is called.
pub(super) const NAME: &str = "access_token";

/// The browser at the other end, seen through the proxies that are believed.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    /// Its address.
    pub address: IpAddr,
    /// Whether it came by HTTPS.
    pub https: bool,
}

/// The `Set-Cookie` that signs in.
pub(super) fn sign_in(config: &Config, client: Client, ticket: &Ticket) -> String {
    let left = ticket.expires_at - clock::now();
    build(config, client, ticket.token.clone(), cookie::time::Duration::seconds(left.num_seconds()))
}

/// The `Set-Cookie` that removes the cookie.
pub(super) fn sign_out(config: &Config, client: Client) -> String {
    build(config, client, String::new(), cookie::time::Duration::ZERO)
}

fn build(config: &Config, client: Client, value: String, max_age: cookie::time::Duration) -> String {
    // Other origins need None, which browsers take only with Secure. Without them Strict keeps other sites out,
    // and Secure follows the scheme, so that plain HTTP on a home network can stay signed in.
    let cross_site = !config.allowed_origins.is_empty();
    Cookie::build((NAME, value))
        .path("/")
        .http_only(true)
        .same_site(if cross_site { SameSite::None } else { SameSite::Strict })
        .secure(cross_site || client.https)
        .max_age(max_age)
        .build()
        .to_string()
}
