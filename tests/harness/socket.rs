//! A WebSocket client that says what a test wants and hears everything.

use futures_util::{SinkExt, StreamExt};
use loquat::api::socket::SocketEvent;
use poem_openapi::types::ParseFromJSON;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::{Event, Person, Server, within};

/// An open socket.
pub struct Socket {
    pub raw: WebSocketStream<TcpStream>,
}

/// Opens a socket with these headers; the refusal's status and body where there is one.
pub async fn connect(server: &Server, headers: &[(&str, &str)]) -> Result<Socket, (u16, Value)> {
    let mut request = format!("ws://{}/api/ws", server.address).into_client_request().unwrap();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().append(name, HeaderValue::from_str(value).unwrap());
    }
    let stream = TcpStream::connect(server.address).await.unwrap();
    match within(20, "the upgrade", client_async(request, stream)).await {
        Ok((raw, _)) => Ok(Socket { raw }),
        Err(Error::Http(response)) => {
            let body = response.body().as_deref().unwrap_or_default();
            Err((response.status().as_u16(), serde_json::from_slice(body).unwrap_or_default()))
        }
        Err(error) => panic!("{error}"),
    }
}

impl Socket {
    /// A socket of this person that has said hello.
    pub async fn of(server: &Server, person: &Person) -> Self {
        let key = person.key.as_ref().map(|key| format!("Bearer {key}"));
        let shown = match &key {
            Some(key) => ("authorization", key.as_str()),
            None => ("cookie", person.cookie.as_deref().unwrap()),
        };
        let mut socket = connect(server, &[shown]).await.unwrap();
        assert_eq!(socket.next().await["type"], "hello");
        socket
    }

    pub async fn say(&mut self, message: Value) {
        self.raw.send(Message::text(message.to_string())).await.unwrap();
    }

    /// The next message, which has to be one that the document knows.
    pub async fn next(&mut self) -> Value {
        loop {
            match within(60, "a message", self.raw.next()).await {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    if let Err(error) = SocketEvent::parse_from_json(Some(message.clone())) {
                        panic!("{message}: {}", error.into_message());
                    }
                    return message;
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next message of a type, whatever comes before it.
    pub async fn until(&mut self, kind: &str) -> Value {
        loop {
            let message = self.next().await;
            if message["type"] == kind {
                return message;
            }
        }
    }

    /// Says something and returns what answers it, by its `ref`.
    pub async fn ask(&mut self, mut message: Value) -> Value {
        let reference = loquat::clock::id().to_string();
        message["ref"] = json!(reference);
        self.say(message).await;
        loop {
            let answer = self.next().await;
            if answer["ref"] == reference.as_str() {
                return answer;
            }
        }
    }

    /// The events of an answer up to its end.
    pub async fn answer(&mut self, message_id: &str) -> Vec<Event> {
        let mut all = Vec::new();
        loop {
            let message = self.until("event").await;
            if message["message_id"] != message_id {
                continue;
            }
            let event = &message["event"];
            let name = event["event"].as_str().unwrap().to_owned();
            let last = matches!(name.as_str(), "end" | "failed");
            all.push(Event { name, id: event["id"].as_u64(), data: event["data"].clone() });
            if last {
                return all;
            }
        }
    }

    /// Reads on until the server closes the socket, and returns its code.
    pub async fn closed(&mut self) -> u16 {
        loop {
            match within(30, "the socket is closed", self.raw.next()).await {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}
