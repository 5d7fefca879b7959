//! Certificates that change while the server runs.

use std::fs;

use rustls::pki_types::CertificateDer;

use super::*;
use crate::harness::authority::Authority;
use crate::harness::process::Running;

async fn served(shop: &Shop, server: &Server) -> CertificateDer<'static> {
    let stream = shop.connect(server, &["h2"]).await;
    stream.get_ref().1.peer_certificates().unwrap()[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn new_connections_get_the_new_certificate_and_old_ones_stay() {
    let shop = Shop::open();
    let first = shop.renew();
    let server = shop.serve(&Provider::always(Script::stream().end()).await).await;
    assert_eq!(served(&shop, &server).await, first);
    let mut old = shop.connect(&server, &["http/1.1"]).await;
    let second = shop.renew();
    eventually("the new one is served", async || served(&shop, &server).await == second).await;
    old.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut response = String::new();
    old.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_pair_is_told_and_the_old_one_stays() {
    let shop = Shop::open();
    let (certificate, key) = (shop.certificate(), shop.key());
    let environment = [("LOQUAT_TLS_CERT", certificate.to_str().unwrap()), ("LOQUAT_TLS_KEY", key.to_str().unwrap())];
    let mut server = Running::start(&environment);
    assert!(server.greeting[0].contains("listens on https://127.0.0.1:"), "{:?}", server.greeting);
    let is_served = async || {
        // A client of its own each time, which has no session to resume.
        let nobody = Person::with(&server.url, shop.browser().build().unwrap());
        assert_eq!(nobody.read("/healthz").await["status"], "ok");
    };
    is_served().await;
    let whole = fs::read_to_string(&key).unwrap();
    let another = Authority::new("Another").certify(&["127.0.0.1"]).1;
    for (broken, remedy) in [
        (&whole[..whole.len() / 2], "half written: write it again"),
        ("", "holds no private key"),
        (&another, "give the two that were made together"),
    ] {
        fs::write(&key, broken).unwrap();
        server.signal("-HUP");
        eventually("it is told", async || server.log().contains(remedy)).await;
        is_served().await;
    }
    fs::remove_file(&key).unwrap();
    // Without a signal, at the second look.
    eventually("it is told", async || server.log().contains("check the path and its permissions")).await;
    is_served().await;
    assert!(server.log().contains("the old certificate stays") && !server.log().contains("new connections get"));

    shop.renew();
    server.signal("-HUP");
    eventually("the new one is taken", async || server.log().contains("new connections get the new certificate")).await;
    is_served().await;
    let told = server.log().matches("half written").count();
    assert_eq!(told, 1, "each mistake is told once: {}", server.log());
    server.signal("-TERM");
    assert_eq!(server.wait(Duration::from_secs(10)), Some(0));
}
