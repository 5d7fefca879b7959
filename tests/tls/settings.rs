//! Mistakes in the two settings.

use std::fs;

use super::*;
use crate::harness::process::command;

fn told(environment: &[(&str, &str)]) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let mut command = command(dir.path());
    let output = command.arg("serve").env("LOQUAT_SIGNUP", "maybe").envs(environment.iter().copied()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let mut lines: Vec<String> = String::from_utf8_lossy(&output.stderr).lines().map(str::to_owned).collect();
    // The other mistake is told beside them.
    let other = lines.iter().position(|line| line.contains("LOQUAT_SIGNUP")).unwrap();
    lines.remove(other);
    lines
}

#[test]
fn every_mistake_is_told_with_its_remedy() {
    let shop = Shop::open();
    let file = |name: &str, content: &str| {
        let path = shop.dir.path().join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (certificate, key) = (shop.certificate(), shop.key());
    let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    let text = fs::read_to_string(key).unwrap();
    let half = file("half.pem", &text[..text.len() / 2]);
    let other = file("other.pem", &shop.authority.certify(&["localhost"]).1);
    let encrypted = file("encrypted.pem", &text.replace("PRIVATE", "ENCRYPTED PRIVATE"));
    let rubbish = file("rubbish.pem", "-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n");
    let strange = file("strange.pem", "-----BEGIN PRIVATE KEY-----\nYWJj\n-----END PRIVATE KEY-----\n");
    for (given, remedies) in [
        ((certificate, ""), &["LOQUAT_TLS_KEY is not: set both"][..]),
        (("", key), &["LOQUAT_TLS_CERT is not: set both"]),
        (
            ("/nonexistent.pem", "/nonexistent.key"),
            &[
                "LOQUAT_TLS_CERT names /nonexistent.pem, which cannot be read",
                "LOQUAT_TLS_KEY names /nonexistent.key, which cannot be read",
            ],
        ),
        ((key, certificate), &["holds no certificate: give the whole chain", "holds no private key: give"]),
        ((certificate, &half), &["half written"]),
        ((&half, key), &["half written"]),
        ((certificate, &encrypted), &["openssl pkey"]),
        ((certificate, &other), &["does not fit the certificate"]),
        ((&rubbish, key), &["get a new one"]),
        ((certificate, &strange), &["ECDSA P-256"]),
    ] {
        let lines = told(&[("LOQUAT_TLS_CERT", given.0), ("LOQUAT_TLS_KEY", given.1)]);
        assert_eq!(lines.len(), remedies.len(), "{given:?}: {lines:?}");
        for (line, remedy) in lines.iter().zip(remedies) {
            assert!(line.starts_with("error: ") && line.contains(remedy), "{line}");
            assert!(!line.contains(text.lines().nth(1).unwrap()), "the key is never shown");
        }
    }
}
