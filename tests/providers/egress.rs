//! Where model servers of the settings may be: what is refused is not even connected to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use loquat::config::{AllowedHost, Config};
use serde_json::json;
use tokio::net::TcpListener;

use super::{KEY, add, ask, path_of, with_loopback};
use crate::harness::client::{json_of, problem_of};
use crate::harness::{Provider, Script, Server};

/// The same settings, with nothing allowed but these.
fn allowing(config: &mut Config, hosts: &[&str]) {
    with_loopback(config);
    config.allowed_provider_hosts = hosts.iter().map(|host| AllowedHost::parse(host).unwrap()).collect();
}

/// A port of this machine, and how many connections were made to it.
async fn trap() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    tokio::spawn({
        let count = Arc::clone(&count);
        async move {
            while listener.accept().await.is_ok() {
                count.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    (port, count)
}

on_both_databases! {
    async fn an_address_of_this_machine_is_refused_in_every_notation(kind) {
        let (port, connections) = trap().await;
        let server = Server::with(kind, |config| allowing(config, &[])).await;
        let root = server.administrator("root").await;
        for host in ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "017700000001", "0", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "169.254.169.254", "[fd00:ec2::254]", "10.0.0.1", "192.168.0.1", "100.64.0.1"] {
            for scheme in ["http", "https"] {
                let new = json!({"name": "trap", "base_url": format!("{scheme}://{host}:{port}/v1")});
                let problem = problem_of(root.post("/api/providers/", new).await, 422, "invalid").await;
                assert_eq!(problem["field"], "base_url");
                let detail = problem["detail"].as_str().unwrap();
                assert!(detail.contains("LOQUAT_ALLOWED_PROVIDER_HOSTS"), "{detail}");
            }
        }
        // A name is judged by where it leads, when it is connected to, with TLS and without.
        for (name, scheme) in [("open", "http"), ("closed", "https")] {
            let new = json!({"name": name, "base_url": format!("{scheme}://localhost:{port}/v1")});
            let added = json_of(root.post("/api/providers/", new).await, 201).await;
            assert_eq!(added["state"], "address_refused");
            let checked = json_of(root.post(&format!("{}/check", path_of(&added)), json!({})).await, 200).await;
            assert_eq!(checked["state"], "address_refused", "{checked}");
            assert!(checked["detail"].as_str().unwrap().contains("LOQUAT_ALLOWED_PROVIDER_HOSTS"));
            let (_, failed) = ask(&root, &format!("{name}/anything")).await;
            assert_eq!(failed.data["code"], "provider_address_refused");
        }
        assert_eq!(connections.load(Ordering::SeqCst), 0);
    }

    async fn what_the_operator_allows_is_connected_to(kind) {
        let provider = Provider::always(Script::answer("hi")).await;
        let port = provider.address.port();
        for (host, allowed) in [("localhost", format!("localhost:{port}")), ("localhost", "127.0.0.0/8,::1".to_owned()), ("127.0.0.1", format!("127.0.0.1:{port}"))] {
            let allowed: Vec<&str> = allowed.split(',').collect();
            let server = Server::with(kind, |config| allowing(config, &allowed)).await;
            let root = server.administrator("root").await;
            let new = json!({"name": "mine", "base_url": format!("http://{host}:{port}/v1")});
            assert_eq!(json_of(root.post("/api/providers/", new).await, 201).await["state"], "works", "{host} by {allowed:?}");
            assert_eq!(ask(&root, "mine/scripted").await.1.data["content"], "hi");
            let other_port = json!({"name": "other", "base_url": format!("http://127.0.0.1:{}/v1", port ^ 1)});
            if allowed[0].ends_with(&port.to_string()) {
                problem_of(root.post("/api/providers/", other_port).await, 422, "invalid").await;
            }
        }
    }

    async fn a_redirect_is_not_followed(kind) {
        let (port, connections) = trap().await;
        let location = format!("location: http://127.0.0.1:{port}/v1/chat/completions\r\n");
        let provider = Provider::always(Script::response(307, &location, "")).await;
        let server = Server::with(kind, |config| allowing(config, &["127.0.0.1"])).await;
        let root = server.administrator("root").await;
        add(&root, "shop", &provider).await;
        let (_, failed) = ask(&root, "shop/scripted").await;
        assert_eq!(failed.data["code"], "provider_bad_response", "{}", failed.data);
        assert_eq!(connections.load(Ordering::SeqCst), 0);
    }

    async fn a_key_does_not_cross_the_network_in_the_open(kind) {
        let server = Server::with(kind, |config| allowing(config, &["vouched.example.org"])).await;
        let root = server.administrator("root").await;
        let new = |name: &str, base_url: &str| json!({"name": name, "base_url": base_url, "api_key": KEY, "enabled": false});
        let problem = problem_of(root.post("/api/providers/", new("a", "http://api.example.org/v1")).await, 422, "invalid").await;
        assert_eq!(problem["field"], "base_url");
        assert!(problem["detail"].as_str().unwrap().contains("https"), "{problem}");
        json_of(root.post("/api/providers/", new("b", "https://api.example.org/v1")).await, 201).await;
        json_of(root.post("/api/providers/", new("c", "http://vouched.example.org/v1")).await, 201).await;
        // Nor does it by a detour.
        let open = json!({"name": "d", "base_url": "http://api.example.org/v1", "enabled": false});
        let path = path_of(&json_of(root.post("/api/providers/", open).await, 201).await);
        problem_of(root.patch(&path, json!({"api_key": KEY})).await, 422, "invalid").await;
    }
}
