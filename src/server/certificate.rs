//! The certificate that new connections get, and its change without a restart.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::signal::unix::Signal;
use tokio_util::sync::CancellationToken;

use crate::config::{Content, Reading, Tls};

/// HTTP/2 as ALPN names it.
pub(super) const H2: &[u8] = b"h2";
const HTTP_1_1: &[u8] = b"http/1.1";
/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// The certificate that new connections get.
#[derive(Debug)]
pub(super) struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Current {
    fn replace(&self, certified: Arc<CertifiedKey>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = certified;
    }
}

/// The certificate of the start, and what rustls needs to show it: TLS 1.2 and 1.3, HTTP/2 before HTTP/1.1.
pub(super) fn start(tls: &Tls) -> (Arc<Current>, Arc<ServerConfig>) {
    let current = Arc::new(Current(RwLock::new(Arc::clone(&tls.first.certified))));
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .expect("ring has ciphers for both versions")
        .with_no_client_auth()
        .with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
    config.alpn_protocols = vec![H2.to_vec(), HTTP_1_1.to_vec()];
    (current, Arc::new(config))
}

/// Looks at the files every few seconds, and at once on `hangup`, until the server closes.
pub(super) async fn watch(tls: Tls, current: Arc<Current>, mut hangup: Option<Signal>, closing: CancellationToken) {
    let mut watched = Watched { served: tls.first.content, broken: None };
    loop {
        let asked = tokio::select! {
            () = closing.cancelled() => return,
            () = heard(&mut hangup) => true,
            () = tokio::time::sleep(LOOK) => false,
        };
        let files = tls.files.clone();
        let Ok(reading) = tokio::task::spawn_blocking(move || files.read()).await else { continue };
        if let Some(certified) = watched.look(reading, asked) {
            current.replace(certified);
        }
    }
}

async fn heard(hangup: &mut Option<Signal>) {
    if let Some(signal) = hangup
        && signal.recv().await.is_some()
    {
        return;
    }
    std::future::pending().await
}

struct Watched {
    served: Content,
    /// What was found instead and cannot be served, and whether that was told.
    broken: Option<(Content, bool)>,
}

impl Watched {
    /// The certificate to serve from now on, if there is another one.
    ///
    /// What is broken is told at the second look only, unless somebody asked: whoever renews a certificate writes one
    /// file after the other.
    fn look(&mut self, reading: Reading, asked: bool) -> Option<Arc<CertifiedKey>> {
        if reading.content == self.served {
            self.broken = None;
            if asked {
                tracing::info!("the certificate is the one that is served already");
            }
            return None;
        }
        match reading.pair {
            Ok(pair) => {
                *self = Self { served: pair.content, broken: None };
                tracing::info!("new connections get the new certificate");
                Some(pair.certified)
            }
            Err(mistakes) => {
                let known = self.broken.filter(|(content, _)| *content == reading.content);
                let tell = asked || matches!(known, Some((_, false)));
                if tell {
                    for mistake in mistakes {
                        tracing::warn!("the old certificate stays, because {mistake}");
                    }
                }
                self.broken = Some((reading.content, tell || known.is_some()));
                None
            }
        }
    }
}
