//! Who a server and its browsers get their certificates from.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use loquat::config::{Config, Files, Tls};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::harness::authority::Authority;
use crate::harness::{Kind, Person, Provider, Server, within};

/// A certificate authority, and a certificate of it in files that a server reads.
pub struct Shop {
    pub authority: Authority,
    pub dir: tempfile::TempDir,
}

impl Shop {
    pub fn open() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let shop = Self { authority: Authority::new("Ours"), dir: tempfile::tempdir().unwrap() };
        shop.renew();
        shop
    }

    pub fn certificate(&self) -> PathBuf {
        self.dir.path().join("fullchain.pem")
    }

    pub fn key(&self) -> PathBuf {
        self.dir.path().join("privkey.pem")
    }

    /// Writes a new certificate, and returns it.
    pub fn renew(&self) -> CertificateDer<'static> {
        let (certificate, key) = self.authority.certify(&["localhost", "127.0.0.1"]);
        fs::write(self.certificate(), &certificate).unwrap();
        fs::write(self.key(), key).unwrap();
        CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()
    }

    pub fn tls(&self) -> Tls {
        let files = Files::new(self.certificate(), self.key());
        Tls { first: files.read().pair.unwrap(), files }
    }

    pub async fn serve(&self, provider: &Provider) -> Server {
        self.serve_with(Kind::Sqlite, provider, |_| {}).await
    }

    pub async fn serve_with(&self, kind: Kind, provider: &Provider, change: impl FnOnce(&mut Config)) -> Server {
        let (tls, provider) = (self.tls(), provider.configured());
        Server::with(kind, move |config| {
            config.tls = Some(tls);
            config.providers = vec![provider];
            change(config);
        })
        .await
    }

    /// A browser that trusts the authority: it speaks HTTP/2 wherever the server does.
    pub fn browser(&self) -> reqwest::ClientBuilder {
        let authority = reqwest::Certificate::from_pem(self.authority.certificate.as_bytes()).unwrap();
        reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).tls_certs_only([authority])
    }

    pub fn nobody(&self, server: &Server) -> Person {
        Person::with(&server.url(""), self.browser().build().unwrap())
    }

    pub async fn person(&self, server: &Server, name: &str) -> Person {
        self.nobody(server).join(name).await
    }

    /// A connection whose protocol is one of these.
    pub async fn connect(&self, server: &Server, alpn: &[&str]) -> TlsStream<TcpStream> {
        self.connect_with(server, alpn, rustls::ALL_VERSIONS).await
    }

    pub async fn connect_with(
        &self,
        server: &Server,
        alpn: &[&str],
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.authority.certificate.as_bytes()).unwrap()).unwrap();
        let mut config =
            ClientConfig::builder_with_protocol_versions(versions).with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        let stream = TcpStream::connect(server.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        within(10, "a handshake", TlsConnector::from(Arc::new(config)).connect(name, stream)).await.unwrap()
    }
}
