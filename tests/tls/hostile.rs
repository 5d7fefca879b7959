//! Those who do not keep to the rules, and those who only forgot an s.

use super::*;

/// A server that waits 300 ms for what has to come.
async fn impatient(shop: &Shop) -> Server {
    let provider = Provider::always(Script::stream().delta("hi").end()).await;
    let change = |config: &mut loquat::config::Config| config.limits.request_timeout = Some(Duration::from_millis(300));
    shop.serve_with(Kind::Sqlite, &provider, change).await
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_is_told_that_https_is_spoken_here() {
    let shop = Shop::open();
    let server = impatient(&shop).await;
    let nobody =
        Person::with(&format!("http://{}", server.address), reqwest::Client::builder().no_proxy().build().unwrap());
    let response = nobody.post("/api/login/", json!({"email": "x".repeat(100_000)})).await;
    assert!(!response.headers().contains_key("strict-transport-security"));
    let problem = problem_of(response, 400, "malformed").await;
    assert!(problem["detail"].as_str().unwrap().contains("https://"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_go_on_is_given_up_and_holds_nobody_up() {
    let shop = Shop::open();
    let server = impatient(&shop).await;
    let mut stalled = Vec::new();
    // Nothing at all; half of a hello; what is neither TLS nor HTTP; and after the handshake nothing, in both protocols.
    for begin in [&b""[..], b"\x16\x03\x01\x02\x00\x01", b"\x00\x01\x02\x03", b"GET"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(begin).await.unwrap();
        stalled.push(stream);
    }
    let mut silent = [shop.connect(&server, &["h2"]).await, shop.connect(&server, &["http/1.1"]).await];
    assert_eq!(shop.nobody(&server).read("/healthz").await["status"], "ok");
    let mut rest = Vec::new();
    for mut stream in stalled {
        let _ = within(5, "a stalled handshake is given up", stream.read_to_end(&mut rest)).await;
    }
    for stream in &mut silent {
        let _ = within(5, "a silent connection is given up", stream.read_to_end(&mut rest)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_http_2_connection_stays_while_it_has_a_stream() {
    let shop = Shop::open();
    let provider = Provider::always(Script::stream().delta("hi").gate().end()).await;
    let change = |config: &mut loquat::config::Config| config.limits.request_timeout = Some(Duration::from_millis(100));
    let server = shop.serve_with(Kind::Sqlite, &provider, change).await;
    let ada = shop.person(&server, "ada").await;
    let project = ada.project().await;
    let answer = answer_of(&ada.ask(&project, "hi").await);
    let mut events = ada.events(&project, &answer, None).await;
    events.until("message").await;
    // Several times as long as a silent connection would stay.
    tokio::time::sleep(Duration::from_millis(500)).await;
    provider.open();
    assert_eq!(events.rest().await.pop().unwrap().data["status"], "complete");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_resets_ends_its_connection_and_no_other() {
    const HEADERS: u8 = 1;
    const RST_STREAM: u8 = 3;
    const SETTINGS: u8 = 4;
    const GOAWAY: u8 = 7;
    const ENHANCE_YOUR_CALM: u8 = 11;
    let frame = |kind: u8, flags: u8, stream: u32, payload: &[u8]| {
        let mut out = (payload.len() as u32).to_be_bytes()[1..].to_vec();
        out.extend([kind, flags]);
        out.extend(stream.to_be_bytes());
        out.extend(payload);
        out
    };
    let shop = Shop::open();
    let server = impatient(&shop).await;
    let nobody = shop.nobody(&server);
    nobody.get("/healthz").await;
    let mut stream = shop.connect(&server, &["h2"]).await;
    let mut flood = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    flood.extend(frame(SETTINGS, 0, 0, &[]));
    for n in 0..500 {
        // GET / of https://x, from HPACK's static table (RFC 7541, appendix A), which is whole and ends its stream.
        flood.extend(frame(HEADERS, 0x5, 2 * n + 1, &[0x82, 0x84, 0x87, 0x41, 1, b'x']));
        flood.extend(frame(RST_STREAM, 0, 2 * n + 1, &[0, 0, 0, 8]));
    }
    let _ = stream.write_all(&flood).await;
    let mut answer = Vec::new();
    let _ = within(5, "the end of the connection", stream.read_to_end(&mut answer)).await;
    let mut frames = &answer[..];
    let mut farewell = None;
    while let [a, b, c, kind, _, _, _, _, _, rest @ ..] = frames {
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        if *kind == GOAWAY {
            farewell = Some(rest[7]);
        }
        frames = &rest[length..];
    }
    assert_eq!(farewell, Some(ENHANCE_YOUR_CALM));
    assert_eq!(nobody.read("/healthz").await["status"], "ok");
}
