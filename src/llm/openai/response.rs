//! A provider's response, whichever client brought it.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::Body as _;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use tokio::time::timeout;

use crate::llm::plain::{self, Next};

/// A response whose head has come.
pub(super) struct Response {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
}

/// The body of a response. Dropping it before its end closes the connection, or resets the stream in it.
#[derive(Debug)]
pub(super) enum Body {
    /// Straight from the socket.
    Plain(plain::Body),
    /// From a connection with a task of its own.
    Shared(reqwest::Body),
}

impl Body {
    /// Waits until something has arrived and gives it to `take`.
    pub(super) fn poll_next<T>(&mut self, cx: &mut Context<'_>, mut take: impl FnMut(&[u8]) -> T) -> Poll<Next<T>> {
        let body = match self {
            Self::Plain(body) => return body.poll_next(cx, take),
            Self::Shared(body) => body,
        };
        loop {
            return Poll::Ready(match Pin::new(&mut *body).poll_frame(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(piece) => Next::Piece(take(&piece)),
                    Err(_) => continue,
                },
                Poll::Ready(Some(Err(_))) => Next::End { whole: false },
                Poll::Ready(None) => Next::End { whole: true },
            });
        }
    }

    /// Whether more may have arrived than it gives at once.
    pub(super) fn gives_one_by_one(&self) -> bool {
        matches!(self, Self::Shared(_))
    }

    /// The beginning of the body, as much as comes in this time; nothing when it takes longer.
    pub(super) async fn read_up_to(mut self, limit: usize, time: Duration) -> Vec<u8> {
        let reading = async {
            let mut beginning = Vec::new();
            while beginning.len() < limit {
                let next = poll_fn(|cx| {
                    self.poll_next(cx, |piece| {
                        let room = limit - beginning.len();
                        beginning.extend_from_slice(&piece[..piece.len().min(room)]);
                    })
                });
                if let Next::End { .. } = next.await {
                    break;
                }
            }
            beginning
        };
        timeout(time, reading).await.unwrap_or_default()
    }
}

impl From<plain::Response> for Response {
    fn from(response: plain::Response) -> Self {
        Self { status: response.status, headers: response.headers, body: Body::Plain(response.body) }
    }
}

impl From<reqwest::Response> for Response {
    fn from(mut response: reqwest::Response) -> Self {
        let headers = std::mem::take(response.headers_mut());
        Self { status: response.status(), headers, body: Body::Shared(response.into()) }
    }
}
