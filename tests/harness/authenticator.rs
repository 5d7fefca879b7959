//! A device with a passkey, in software: it does what a browser and a security key do together, rightly or wrongly.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The device, and where and how it acts.
pub struct Authenticator {
    key: KeyPair,
    pub id: Vec<u8>,
    pub user_handle: String,
    /// The origin that the browser is at.
    pub origin: String,
    /// The site that it says it is for.
    pub site: String,
    /// Whether it has seen who holds it.
    pub verified: bool,
    /// How often it has signed.
    pub counter: u32,
}

impl Authenticator {
    pub fn new() -> Self {
        Self {
            key: KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(),
            id: rand::random::<[u8; 16]>().to_vec(),
            user_handle: String::new(),
            origin: "https://chat.example.org".to_owned(),
            site: "chat.example.org".to_owned(),
            verified: true,
            counter: 0,
        }
    }

    /// Makes the passkey that was asked for (WebAuthn, section 6.3.2), without attestation.
    pub fn create(&mut self, options: &Value) -> Value {
        self.user_handle = options["user"]["id"].as_str().unwrap().to_owned();
        let point = self.key.der_bytes();
        assert_eq!((point.len(), point[0]), (65, 4), "an uncompressed point");
        let mut data = self.data(0x40);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        // A COSE key (RFC 9053): EC2, ES256, P-256, x and y.
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[33..]);
        // In CBOR: {"fmt": "none", "attStmt": {}, "authData": …}
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
        object.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        object.extend(data);
        self.credential(json!({
            "attestationObject": text(&object),
            "clientDataJSON": text(&self.client_data("webauthn.create", options)),
            "transports": ["internal"],
        }))
    }

    /// Signs what was asked (WebAuthn, section 6.3.3).
    pub fn get(&mut self, options: &Value) -> Value {
        self.counter += 1;
        let data = self.data(0);
        let client = self.client_data("webauthn.get", options);
        let signed = [&data[..], &Sha256::digest(&client)[..]].concat();
        self.credential(json!({
            "authenticatorData": text(&data),
            "clientDataJSON": text(&client),
            "signature": text(&self.key.sign(&signed).unwrap()),
            "userHandle": self.user_handle,
        }))
    }

    fn data(&self, more: u8) -> Vec<u8> {
        let flags = 0x01 | if self.verified { 0x04 } else { 0 } | more;
        [&Sha256::digest(&self.site)[..], &[flags], &self.counter.to_be_bytes()].concat()
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let data =
            json!({"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false});
        data.to_string().into_bytes()
    }

    fn credential(&self, response: Value) -> Value {
        let id = text(&self.id);
        json!({"id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": {}, "authenticatorAttachment": "platform"})
    }
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
