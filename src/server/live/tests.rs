//! Streams of events through hyper over real sockets: every byte once and in order, whoever writes it.

use std::convert::Infallible;
use std::time::Duration;

use futures_util::stream::{Stream, poll_fn, unfold};
use http_body_util::{BodyExt, StreamBody};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::super::line::Connection;
use super::*;

/// A connection on which each request is answered with the next stream, live.
async fn serve(mut streams: Vec<BoxBody<Bytes, io::Error>>) -> (TcpStream, Arc<Line>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let connection = Connection::new(stream);
    let line = Arc::clone(connection.line());
    let answered = Arc::clone(&line);
    streams.reverse();
    let streams = Arc::new(Mutex::new(streams));
    let service = service_fn(move |_| {
        let body = Live::new(streams.lock().unwrap().pop().unwrap(), Arc::clone(&answered));
        async move { Ok::<_, Infallible>(hyper::Response::new(body)) }
    });
    tokio::spawn(async move {
        let _ = http1::Builder::new().serve_connection(TokioIo::new(connection), service).await;
    });
    (client, line)
}

fn body(events: impl Stream<Item = Bytes> + Send + Sync + 'static) -> BoxBody<Bytes, io::Error> {
    use futures_util::StreamExt;
    BodyExt::boxed(StreamBody::new(events.map(|event| Ok(Frame::data(event)))))
}

fn channel() -> (mpsc::UnboundedSender<Bytes>, BoxBody<Bytes, io::Error>) {
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
                // Some large, so that the socket is full at times and hyper has to go on.
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
