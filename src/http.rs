//! Outgoing connections: one way to build a client, wherever it runs.

use reqwest::{Certificate, Client, ClientBuilder};

/// A client that trusts the system's certificates, or Mozilla's where the system has none, as in an empty container.
pub fn client(builder: impl Fn() -> ClientBuilder) -> reqwest::Result<Client> {
    builder().build().or_else(|_| builder().tls_certs_only(mozilla()).build())
}

fn mozilla() -> impl Iterator<Item = Certificate> {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().filter_map(|der| Certificate::from_der(der).ok())
}
