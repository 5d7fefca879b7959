//! What must not cost memory: readers that never read, and lines that never end. Measured on the executable itself.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::harness::audit::{self, Witness};
use crate::harness::client::answer_of;
use crate::harness::events::text;
use crate::harness::process::{self, Running, borrowed, environment};
use crate::harness::{Person, Provider, Script, eventually, within};

const MIB: usize = 1024 * 1024;

on_both_databases! {
    async fn two_hundred_readers_that_never_read_cost_little_and_hold_nobody_up(kind) {
        let delta = "word ".repeat(200);
        // Just below the cap of an answer.
        let words = delta.repeat(1000);
        let provider = Provider::start(move |n, _| match n {
            0 => (0..1000).fold(Script::stream().gate(), |script, _| script.delta(&delta)).gate().end(),
            _ => Script::answer("quickly"),
        }).await;
        let dir = tempfile::tempdir().unwrap();
        let settings = environment(kind, dir.path(), &provider).await;
        let server = Running::on(dir, &borrowed(&settings));
        let ada = Person::at(&server.url).join("ada").await;
        let (project, other) = (ada.project().await, ada.project().await);
        let answer = answer_of(&ada.ask(&project, "Tell me everything").await);
        let mut reader = ada.events(&project, &answer, None).await;
        reader.until("start").await;
        let mut stuck = Vec::new();
        for _ in 0..200 {
            stuck.push(never_read(&server.url, &ada, &project, &answer).await);
        }
        let before = server.resident();
        provider.open();
        let began = Instant::now();
        let mut seen = String::new();
        while seen.len() < words.len() {
            seen += &text(&within(20, "the next words", reader.until("message")).await);
        }
        assert!(seen == words);
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        // Others are served meanwhile, and at once.
        let began = Instant::now();
        let turn = answer_of(&ada.ask(&other, "Quickly?").await);
        ada.events(&other, &turn, None).await.until("end").await;
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        // A copy of the answer for each of them would be 200 MiB.
        let grown = server.resident().saturating_sub(before);
        assert!(grown < 80 * MIB, "{} MiB for 200 readers", grown / MIB);
        provider.open();
        reader.until("end").await;
        let data = process::data(&borrowed(&settings), server.dir.path());
        audit::assert_clean(&data, &provider, &Witness::default()).await;
        drop(stuck);
    }

    async fn lines_without_end_cost_little(kind) {
        let flood = (0..64).fold(Script::stream().send("data: "), |script, _| script.send(&"x".repeat(MIB / 4)));
        let provider = Provider::always(flood).await;
        let dir = tempfile::tempdir().unwrap();
        let settings = environment(kind, dir.path(), &provider).await;
        let server = Running::on(dir, &borrowed(&settings));
        let ada = Person::at(&server.url).join("ada").await;
        let before = server.resident();
        let failed = futures_util::future::join_all((0..24).map(|n| {
            let ada = ada.clone();
            async move {
                let project = ada.project().await;
                let answer = answer_of(&ada.ask(&project, &format!("Question {n}?")).await);
                ada.events(&project, &answer, None).await.until("failed").await.pop().unwrap()
            }
        })).await;
        for failed in failed {
            assert_eq!(failed.data["code"], "provider_bad_response");
        }
        // The 24 lines come to 384 MiB, and a quarter of a MiB of each may be kept.
        let grown = server.resident().saturating_sub(before);
        assert!(grown < 48 * MIB, "{} MiB for 24 lines", grown / MIB);
        eventually("the provider is left alone", async || provider.left() == 24).await;
    }
}

/// Asks for the stream and never reads a byte of it.
async fn never_read(url: &str, ada: &Person, project: &str, answer: &str) -> TcpStream {
    let address = url.strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(address).await.unwrap();
    let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(4096);
    let cookie = ada.cookie.as_ref().unwrap();
    let request = format!(
        "GET /api/projects/{project}/messages/{answer}/stream HTTP/1.1\r\nhost: {address}\r\ncookie: {cookie}\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    // Its head has come, so the server has taken it in.
    socket.readable().await.unwrap();
    socket
}
