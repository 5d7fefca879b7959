//! A client and a server on loopback that says what the test lets it, connection by connection.

use std::future::poll_fn;

use tokio::net::TcpListener;

use super::*;

/// Answers so many requests on each connection with the same bytes, then closes it. Gives its address, and how many
/// connections there were.
async fn server(response: &'static [u8], each: usize) -> (Url, tokio::sync::watch::Receiver<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/chat?version=1", listener.local_addr().unwrap()).parse().unwrap();
    let (count, counted) = tokio::sync::watch::channel(0);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            count.send_modify(|count| *count += 1);
            tokio::spawn(async move {
                for _ in 0..each {
                    let mut request = Vec::new();
                    while !request.ends_with(b"the end") {
                        if socket.read_buf(&mut request).await.unwrap() == 0 {
                            return;
                        }
                    }
                    assert!(request.starts_with(b"POST /v1/chat?version=1 HTTP/1.1\r\nhost: 127.0.0.1:"));
                    socket.write_all(response).await.unwrap();
                }
            });
        }
    });
    (url, counted)
}

fn client() -> Client {
    Client::new(Duration::from_secs(5), Duration::from_secs(30), Lookup::free())
}

/// The whole body, and whether it ended as it should.
async fn read(mut body: Body) -> (Vec<u8>, bool) {
    let mut content = Vec::new();
    loop {
        if let Next::End { whole } = poll_fn(|cx| body.poll_next(cx, |piece| content.extend_from_slice(piece))).await {
            return (content, whole);
        }
    }
}

const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";

#[tokio::test]
async fn each_request_has_a_connection_of_its_own() {
    for response in [
        CHUNKED,
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
        b"HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello and more",
    ] {
        let (url, connections) = server(response, 9).await;
        let client = client();
        for _ in 0..2 {
            let response = client.post(&url, &HeaderMap::new(), Bytes::from_static(b"the end")).await.unwrap();
            assert_eq!((response.status.as_u16(), read(response.body).await), (200, (b"hello".to_vec(), true)));
        }
        assert_eq!(*connections.borrow(), 2);
    }
}

#[tokio::test]
async fn an_end_that_is_none_is_told() {
    for (response, content, whole) in [
        (&b"HTTP/1.1 200 OK\r\n\r\nhello"[..], "hello", true),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nhello", "hello", true),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "", true),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "", true),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello", "hello", false),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n", "hello", false),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nhello", "", false),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nZZ\r\n", "hello", false),
    ] {
        let (url, _) = server(response, 1).await;
        let response = client().post(&url, &HeaderMap::new(), Bytes::from_static(b"the end")).await.unwrap();
        assert_eq!(read(response.body).await, (content.as_bytes().to_vec(), whole));
    }
}

#[tokio::test]
async fn what_is_no_response_is_told() {
    for response in
        [&b"HTTP/1.1 200 OK\r\n"[..], b"SSH-2.0-OpenSSH\r\n", b"", b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n"]
    {
        let (url, connections) = server(response, 1).await;
        let error = client().post(&url, &HeaderMap::new(), Bytes::from_static(b"the end")).await.unwrap_err();
        assert!(matches!(error, Failure::CutOff), "{error:?}");
        assert_eq!(*connections.borrow(), 1);
    }
}

#[tokio::test]
async fn a_refusal_before_the_request_was_read_is_still_heard() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: Url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        socket.write_all(b"HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nno!").await.unwrap();
        socket.shutdown().await.unwrap();
        // Read only now, as a server does that drains before it closes.
        let mut all = Vec::new();
        let _ = socket.read_to_end(&mut all).await;
    });
    let response = client().post(&url, &HeaderMap::new(), vec![b'x'; 1 << 20].into()).await.unwrap();
    assert_eq!((response.status.as_u16(), read(response.body).await), (413, (b"no!".to_vec(), true)));
}

#[tokio::test]
async fn a_body_of_many_megabytes_arrives_whole() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: Url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let sent: Bytes = (0..16 << 20).map(|at: u32| (at % 251) as u8).collect::<Vec<u8>>().into();
    let reading = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut all = Vec::new();
        let end = loop {
            socket.read_buf(&mut all).await.unwrap();
            if let Some(end) = all.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let mut body = all.split_off(end);
        while body.len() < 16 << 20 {
            socket.read_buf(&mut body).await.unwrap();
        }
        socket.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        body
    });
    let response = client().post(&url, &HeaderMap::new(), sent.clone()).await.unwrap();
    assert_eq!(response.status.as_u16(), 204);
    assert!(reading.await.unwrap() == sent);
}
