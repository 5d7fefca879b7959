//! The certificate that the server shows and its key: read from two files, checked, and read again when they change.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};

use super::parse::{Problems, given};

/// The names that mistakes are told by.
const CERTIFICATE: &str = "LOQUAT_TLS_CERT";
const KEY: &str = "LOQUAT_TLS_KEY";

/// HTTPS without a proxy: where the certificate and its key are, and what they were when the server started.
#[derive(Clone, Debug)]
pub struct Tls {
    /// Where they are.
    pub files: Files,
    /// What was in them.
    pub first: Pair,
}

/// The two files.
#[derive(Clone, Debug)]
pub struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// A chain of certificates with the key of its first one.
#[derive(Clone)]
pub struct Pair {
    /// As rustls takes it.
    pub certified: Arc<CertifiedKey>,
    /// What it was read from.
    pub content: Content,
}

/// What the files hold, as far as it can be compared: a SHA-256 of both.
pub type Content = [u8; 32];

/// What was found in the files.
#[derive(Debug)]
pub struct Reading {
    /// Which content it was.
    pub content: Content,
    /// The pair, or every mistake with its remedy.
    pub pair: Result<Pair, Vec<String>>,
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair").finish_non_exhaustive()
    }
}

/// Reads the two settings. Without either of them there is no TLS.
pub(super) fn read(certificate: &Option<String>, key: &Option<String>, problems: &mut Problems) -> Option<Tls> {
    let (certificate, key) = match (given(certificate), given(key)) {
        (Some(certificate), Some(key)) => (certificate, key),
        (None, None) => return None,
        (certificate, _) => {
            let (there, missing) = if certificate.is_some() { (CERTIFICATE, KEY) } else { (KEY, CERTIFICATE) };
            problems.add(format!("{there} is set and {missing} is not: set both, or neither to serve plain HTTP"));
            return None;
        }
    };
    let files = Files::new(certificate, key);
    match files.read().pair {
        Ok(first) => Some(Tls { files, first }),
        Err(mistakes) => {
            mistakes.into_iter().for_each(|mistake| problems.add(mistake));
            None
        }
    }
}

impl Files {
    /// A file with a chain of certificates and one with its key, both as PEM.
    pub fn new(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self { certificate: certificate.into(), key: key.into() }
    }

    /// Reads both files and checks what they hold. It blocks for as long as the disk does.
    pub fn read(&self) -> Reading {
        let certificate = text(CERTIFICATE, &self.certificate);
        let key = text(KEY, &self.key);
        let content = [&certificate, &key]
            .into_iter()
            .fold(Sha256::new(), |hash, part| {
                let part = part.as_deref().unwrap_or_else(|mistake| mistake.as_bytes());
                hash.chain_update(part.len().to_be_bytes()).chain_update(part)
            })
            .finalize()
            .into();
        let chain = certificate.and_then(|text| self.chain(&text));
        let key = key.and_then(|text| self.private_key(&text));
        let pair = match (chain, key) {
            (Ok(chain), Ok(key)) => self.certify(chain, key).map_err(|mistake| vec![mistake]),
            (chain, key) => Err([chain.err(), key.err()].into_iter().flatten().collect()),
        };
        Reading { content, pair: pair.map(|certified| Pair { certified: Arc::new(certified), content }) }
    }

    fn chain(&self, text: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
        let named = names(CERTIFICATE, &self.certificate);
        let chain: Vec<_> = CertificateDer::pem_slice_iter(text)
            .collect::<Result<_, _>>()
            .map_err(|_| format!("{named} is damaged or half written: write it again, as PEM"))?;
        if chain.is_empty() {
            return Err(format!(
                "{named} holds no certificate: give the whole chain as PEM, the server's own certificate first (certbot calls it fullchain.pem)"
            ));
        }
        Ok(chain)
    }

    fn private_key(&self, text: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
        let named = names(KEY, &self.key);
        // Nothing of what was read is told: it is a key.
        PrivateKeyDer::from_pem_slice(text).map_err(|error| {
            let is_encrypted = memchr::memmem::find(text, b"ENCRYPTED").is_some();
            match error {
                _ if is_encrypted => {
                    format!("{named} is encrypted: take the passphrase off with `openssl pkey -in OLD -out NEW`, and let only Loquat read the new file")
                }
                pem::Error::NoItemsFound => {
                    format!("{named} holds no private key: give the certificate's key as PEM (certbot calls it privkey.pem)")
                }
                _ => format!("{named} is damaged or half written: write it again, as PEM"),
            }
        })
    }

    fn certify(
        &self,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<CertifiedKey, String> {
        let key = ring::default_provider().key_provider.load_private_key(key).map_err(|_| {
            let named = names(KEY, &self.key);
            format!("{named} holds a key that cannot be used: make one for ECDSA P-256 or P-384, Ed25519, or RSA of at least 2048 bits, and a certificate for it")
        })?;
        let certified = CertifiedKey::new(chain, key);
        match certified.keys_match() {
            Ok(()) => Ok(certified),
            Err(rustls::Error::InconsistentKeys(_)) => Err(format!(
                "the key in {KEY} ({}) does not fit the certificate in {CERTIFICATE} ({}): give the two that were made together; the server's own certificate is the first in its file",
                self.key.display(),
                self.certificate.display()
            )),
            Err(error) => {
                let named = names(CERTIFICATE, &self.certificate);
                Err(format!("{named} begins with a certificate that cannot be used ({error}): get a new one"))
            }
        }
    }
}

fn text(setting: &str, path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| {
        format!("{} cannot be read ({error}): check the path and its permissions", names(setting, path))
    })
}

fn names(setting: &str, path: &Path) -> String {
    format!("{setting} names {}, which", path.display())
}
