//! Streams of events over real sockets: every byte once and in order, whoever writes it.

use futures_util::stream::{Stream, poll_fn, unfold};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::*;

/// A connection on which each request is answered with the next stream, live.
async fn serve(streams: Vec<Body>) -> (TcpStream, Arc<Line>) {
    let (client, line, _) = serve_until(streams, CancellationToken::new()).await;
    (client, line)
}

async fn serve_until(mut streams: Vec<Body>, closing: CancellationToken) -> (TcpStream, Arc<Line>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let mut connection = Connection::new(stream);
    let line = Arc::clone(connection.line());
    streams.reverse();
    let streams = Arc::new(Mutex::new(streams));
    let serving = tokio::spawn(async move {
        loop {
            let streams = Arc::clone(&streams);
            let respond = move |request: Request<Incoming>| {
                let events = [(CONTENT_TYPE, "text/event-stream".parse().unwrap())];
                let next = if request.uri() == "/plain" { None } else { streams.lock().unwrap().pop() };
                let mut response = Response::new(next.unwrap_or_else(|| plain(PLAIN)));
                if request.uri() != "/plain" {
                    response.headers_mut().extend(events);
                }
                std::future::ready(response)
            };
            let Some(mut handed) = super::serve(connection, respond, None, &closing).await else { return };
            if !handed.write().await || closing.is_cancelled() {
                return handed.close().await;
            }
            connection = handed.back();
        }
    });
    (client, line, serving)
}

/// The content of a response that is no stream of events: more than a socket takes.
const PLAIN: usize = 20_000_000;

fn plain(size: usize) -> Body {
    let content = Full::new(Bytes::from(vec![b'p'; size]));
    BodyExt::boxed(content.map_err(|never| match never {}))
}

fn body(events: impl Stream<Item = Bytes> + Send + Sync + 'static) -> Body {
    use futures_util::StreamExt;
    BodyExt::boxed(StreamBody::new(events.map(|event| Ok(Frame::data(event)))))
}

fn channel() -> (mpsc::UnboundedSender<Bytes>, Body) {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    (sender, body(poll_fn(move |cx| receiver.poll_recv(cx))))
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";

/// Reads a response up to its end and gives what was in its chunks.
async fn content(client: &mut TcpStream, received: &mut Vec<u8>) -> Vec<u8> {
    let mut content = Vec::new();
    line_of(client, received).await;
    while !line_of(client, received).await.is_empty() {}
    loop {
        let size = usize::from_str_radix(&line_of(client, received).await, 16).unwrap();
        while received.len() < size + 2 {
            assert!(client.read_buf(received).await.unwrap() > 0);
        }
        content.extend(received.drain(..size));
        assert_eq!(line_of(client, received).await, "");
        if size == 0 {
            return content;
        }
    }
}

async fn line_of(client: &mut TcpStream, received: &mut Vec<u8>) -> String {
    loop {
        if let Some(end) = received.windows(2).position(|pair| pair == b"\r\n") {
            let line: Vec<u8> = received.drain(..end + 2).collect();
            return String::from_utf8(line[..end].to_vec()).unwrap();
        }
        assert!(client.read_buf(received).await.unwrap() > 0, "the connection ended");
    }
}

async fn until_clear(line: &Line) {
    while !line.is_clear() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn whoever_brings_an_event_writes_it() {
    let (events, stream) = channel();
    let (mut client, line) = serve(vec![stream]).await;
    client.write_all(GET).await.unwrap();
    until_clear(&line).await;
    let mut head = vec![0; 1024];
    let length = client.read(&mut head).await.unwrap();
    assert!(head[..length].ends_with(b"\r\n\r\n"));
    let bringing = tokio::spawn(async move {
        events.send(Bytes::from_static(b"data: one\n\n")).unwrap();
        // No other task has run on this thread since, and the bytes are there.
        let mut chunk = [0; 64];
        let length = std::io::Read::read(&mut client.into_std().unwrap(), &mut chunk).unwrap();
        assert_eq!(&chunk[..length], b"b\r\ndata: one\n\n\r\n");
    });
    bringing.await.unwrap();
}

#[tokio::test]
async fn a_connection_serves_the_next_request_after_a_live_one() {
    let (mut streams, mut senders) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let (sender, stream) = channel();
        streams.push(stream);
        senders.push(sender);
    }
    let (mut client, line) = serve(streams).await;
    let mut received = Vec::new();
    for (number, sender) in senders.into_iter().enumerate() {
        client.write_all(GET).await.unwrap();
        sender.send(Bytes::from(format!("first {number}"))).unwrap();
        until_clear(&line).await;
        sender.send(Bytes::new()).unwrap();
        sender.send(Bytes::from(format!(" second {number}"))).unwrap();
        drop(sender);
        let expected = format!("first {number} second {number}");
        assert_eq!(String::from_utf8(content(&mut client, &mut received).await).unwrap(), expected);
        assert!(received.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_byte_comes_once_and_in_order_though_many_threads_write() {
    for round in 0..30 {
        let (events, stream) = channel();
        let (mut client, _) = serve(vec![stream]).await;
        client.write_all(GET).await.unwrap();
        let count = 3000;
        let writing = tokio::spawn(async move {
            for number in 0..count {
                // Some large, so that the socket is full at times and the connection's task has to go on.
                let size = if number % 50 == 0 { 40_000 } else { 1 + number % 70 };
                events.send(Bytes::from(vec![b'a' + (number % 26) as u8; size])).unwrap();
                if (number + round) % 7 == 0 {
                    tokio::task::yield_now().await;
                }
            }
        });
        let mut received = Vec::new();
        let content = content(&mut client, &mut received).await;
        let mut rest = &content[..];
        for number in 0..count {
            let size = if number % 50 == 0 { 40_000 } else { 1 + number % 70 };
            let (event, later) = rest.split_at(size);
            assert!(event.iter().all(|byte| *byte == b'a' + (number % 26) as u8), "event {number}");
            rest = later;
        }
        assert!(rest.is_empty());
        writing.await.unwrap();
    }
}

#[tokio::test]
async fn a_reader_that_does_not_read_holds_nobody_up_and_gets_everything_later() {
    let (events, stream) = channel();
    let (mut client, _) = serve(vec![stream]).await;
    client.write_all(GET).await.unwrap();
    for _ in 0..400 {
        events.send(Bytes::from(vec![b'x'; 50_000])).unwrap();
        tokio::task::yield_now().await;
    }
    drop(events);
    let content = content(&mut client, &mut Vec::new()).await;
    assert_eq!(content.len(), 400 * 50_000);
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_stream() {
    let (events, stream) = channel();
    let (mut client, line) = serve(vec![stream]).await;
    client.write_all(GET).await.unwrap();
    until_clear(&line).await;
    events.send(Bytes::from_static(b"one")).unwrap();
    drop(client);
    tokio::time::timeout(Duration::from_secs(5), events.closed()).await.unwrap();
}

#[tokio::test]
async fn a_stream_that_wakes_itself_while_it_is_asked_is_asked_again() {
    let stream = unfold(0, |number| async move {
        tokio::task::yield_now().await;
        (number < 500).then(|| (Bytes::from(format!("{number} ")), number + 1))
    });
    let (mut client, _) = serve(vec![body(Box::pin(stream))]).await;
    client.write_all(GET).await.unwrap();
    let expected: String = (0..500).map(|number| format!("{number} ")).collect();
    assert_eq!(String::from_utf8(content(&mut client, &mut Vec::new()).await).unwrap(), expected);
}

#[tokio::test]
async fn requests_may_come_while_a_response_or_a_stream_is_being_written() {
    let (events, stream) = channel();
    let (mut client, line) = serve(vec![stream]).await;
    // The first response fills the socket, so that hyper has something left when the second is a stream of events.
    client.write_all(b"GET /plain HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\nGET /pl").await.unwrap();
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    events.send(Bytes::from_static(b"one")).unwrap();
    let mut received = Vec::new();
    assert_eq!(sized(&mut client, &mut received).await, PLAIN);
    until_clear(&line).await;
    client.write_all(b"ain HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    tokio::task::yield_now().await;
    events.send(Bytes::from_static(b" two")).unwrap();
    drop(events);
    assert_eq!(content(&mut client, &mut received).await, b"one two");
    client.write_all(b"\r\n").await.unwrap();
    assert_eq!(sized(&mut client, &mut received).await, PLAIN);
    assert!(received.is_empty());
}

/// Reads a response with a length and gives that.
async fn sized(client: &mut TcpStream, received: &mut Vec<u8>) -> usize {
    let mut size = 0;
    loop {
        let line = line_of(client, received).await;
        if let Some(value) = line.strip_prefix("content-length: ") {
            size = value.parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    while received.len() < size {
        assert!(client.read_buf(received).await.unwrap() > 0);
    }
    assert!(received.drain(..size).all(|byte| byte == b'p'));
    size
}

#[tokio::test]
async fn a_connection_closes_after_a_stream_when_the_client_or_the_server_wants_it() {
    for asks in [true, false] {
        let (events, stream) = channel();
        let closing = CancellationToken::new();
        let (mut client, line, serving) = serve_until(vec![stream], closing.clone()).await;
        let option = if asks { "connection: te, Close\r\n" } else { "" };
        client.write_all(format!("GET / HTTP/1.1\r\nhost: x\r\n{option}\r\n").as_bytes()).await.unwrap();
        until_clear(&line).await;
        if !asks {
            closing.cancel();
        }
        events.send(Bytes::from_static(b"one")).unwrap();
        drop(events);
        let mut all = String::new();
        client.read_to_string(&mut all).await.unwrap();
        assert!(all.ends_with("\r\n\r\n3\r\none\r\n0\r\n\r\n"), "{all}");
        assert_eq!(all.contains("\r\nconnection: close\r\n"), asks, "{all}");
        serving.await.unwrap();
    }
}

#[tokio::test]
async fn a_stream_that_fails_has_no_end() {
    let stream = unfold(0, |number| async move {
        let frame =
            if number == 0 { Ok(Frame::data(Bytes::from_static(b"one"))) } else { Err(io::Error::other("broken")) };
        (number < 2).then_some((frame, number + 1))
    });
    let (mut client, _) = serve(vec![BodyExt::boxed(StreamBody::new(Box::pin(stream)))]).await;
    client.write_all(GET).await.unwrap();
    let mut all = Vec::new();
    let _ = client.read_to_end(&mut all).await;
    assert!(!all.ends_with(b"0\r\n\r\n"));
}

#[test]
fn a_head_says_what_hyper_would_say() {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, "text/event-stream".parse().unwrap())]);
    let head = String::from_utf8(head_of(StatusCode::OK, &headers, true, Framing::Chunked)).unwrap();
    let (rest, date) = head.split_once("date: ").unwrap();
    assert_eq!(rest, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n");
    assert!(date.ends_with(" GMT\r\n\r\n") && date.len() == "Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n".len(), "{date}");
    assert!(
        String::from_utf8(head_of(StatusCode::OK, &headers, false, Framing::Length(0)))
            .unwrap()
            .contains("\r\nconnection: close\r\n")
    );
}
