//! Reads a request's body, within its bounds of size and time.

use std::pin::pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::HeaderMap;
use hyper::body::{Body, Frame};
use hyper::header::EXPECT;
use tokio::time::timeout;

use crate::api::Expected;
use crate::error::Error;

/// How much of a body that is too large is read all the same, in bytes.
const THROWN_AWAY: usize = 4 * 1024 * 1024;
/// The slowest that an upload may come as a whole, in bytes a second: a twentieth of what a poor mobile connection sends.
const SLOWEST: u64 = 16 * 1024;

/// How much may come, and how slowly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    /// The most, in bytes.
    bytes: usize,
    /// Whether it says itself that it has more.
    is_beyond: bool,
    /// Between two parts of it.
    silence: Option<Duration>,
    /// From its begin to its end.
    whole: Option<Duration>,
}

impl Bounds {
    /// The bounds of a body, which may say its length itself. An upload, of somebody who is known, may be slow as long as it
    /// goes on.
    pub(super) fn of(expected: Expected, length: Option<u64>, time: Option<Duration>) -> Self {
        let (bytes, is_upload) = match expected {
            Expected::Ordinary(most) => (most, false),
            Expected::Upload(most) => (most, true),
            Expected::Refused => (Some(0), false),
            Expected::Small(most) => (Some(most), false),
        };
        let bytes = bytes.unwrap_or(usize::MAX);
        let is_beyond = length.is_some_and(|length| length > bytes as u64);
        if !is_upload {
            return Self { bytes, is_beyond, silence: None, whole: time };
        }
        // Whatever length it says, no more than it may have is waited for.
        let length = length.unwrap_or(u64::MAX).min(bytes as u64);
        let whole = time.map(|time| time.saturating_add(Duration::from_secs(length / SLOWEST)));
        Self { bytes, is_beyond, silence: time, whole }
    }

    fn exceeded(&self) -> Error {
        Error::TooLarge { limit: self.bytes }
    }
}

/// Reads a body. A client that asks beforehand whether to send one that is too large is told so at once; it would be told
/// to go ahead as soon as the body is looked at.
pub(super) async fn read<B>(body: B, bounds: Bounds, headers: &HeaderMap) -> Result<Bytes, Error>
where
    B: Body<Data = Bytes>,
{
    if bounds.is_beyond && asks_beforehand(headers) {
        return Err(bounds.exceeded());
    }
    let read = within(bounds.whole, read_parts(body, bounds)).await.flatten();
    // However its throwing away ends: sent again it would be as large.
    if bounds.is_beyond { Err(bounds.exceeded()) } else { read }
}

fn asks_beforehand(headers: &HeaderMap) -> bool {
    headers.get(EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

/// Some of what is beyond is read and thrown away: a client that is still sending when the connection closes sees a
/// broken pipe instead of the answer that tells what was wrong.
async fn read_parts<B>(body: B, bounds: Bounds) -> Result<Bytes, Error>
where
    B: Body<Data = Bytes>,
{
    let Bounds { bytes: limit, silence, .. } = bounds;
    let mut body = pin!(body);
    let mut data = BytesMut::new();
    let mut beyond = 0;
    while let Some(frame) = within(silence, body.frame()).await? {
        let frame: Frame<Bytes> =
            frame.map_err(|_| Error::Malformed("the body broke off; send the request again".to_owned()))?;
        let Ok(part) = frame.into_data() else { continue };
        if beyond == 0 && data.len() + part.len() <= limit {
            data.extend_from_slice(&part);
            continue;
        }
        data.clear();
        beyond += part.len();
        if beyond > THROWN_AWAY {
            break;
        }
    }
    if beyond > 0 { Err(bounds.exceeded()) } else { Ok(data.freeze()) }
}

async fn within<T>(time: Option<Duration>, reading: impl Future<Output = T>) -> Result<T, Error> {
    match time {
        Some(time) => timeout(time, reading).await.map_err(|_| Error::RequestTimeout),
        None => Ok(reading.await),
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;
    use http_body_util::StreamBody;

    use super::*;

    const TIME: Duration = Duration::from_secs(1);
    const LENGTH: usize = 5 * 1024 * 1024;

    /// A body that comes in so many equal parts, each after a pause.
    fn slow(parts: usize, pause: Duration) -> impl Body<Data = Bytes, Error = Infallible> {
        StreamBody::new(stream::unfold(parts, move |left| async move {
            tokio::time::sleep(pause).await;
            let part = Frame::data(Bytes::from(vec![7; LENGTH / parts]));
            (left > 0).then_some((Ok(part), left.saturating_sub(1)))
        }))
    }

    async fn outcome(expected: Expected, parts: usize, pause: Duration) -> Result<usize, &'static str> {
        let bounds = Bounds::of(expected, Some(LENGTH as u64), Some(TIME));
        let data = read(slow(parts, pause), bounds, &HeaderMap::new()).await;
        data.map(|data| data.len()).map_err(|error| error.code())
    }

    #[tokio::test]
    async fn an_upload_may_be_slow_while_it_goes_on_and_no_other_body() {
        let (upload, ordinary) = (Expected::Upload(Some(LENGTH)), Expected::Ordinary(Some(LENGTH)));
        let outcomes = tokio::join!(
            outcome(upload, 4, TIME / 4),
            outcome(ordinary, 4, TIME / 4),
            outcome(ordinary, 4, Duration::ZERO),
            outcome(upload, 1, TIME * 4),
            outcome(Expected::Refused, 4, Duration::ZERO),
        );
        let late = Err("request_timeout");
        assert_eq!(outcomes, (Ok(LENGTH), late, Ok(LENGTH), late, Err("too_large")));
    }

    #[tokio::test]
    async fn what_says_itself_that_it_is_too_large_is_told_that_however_slow_it_is() {
        let bounds = |length| Bounds::of(Expected::Ordinary(Some(LENGTH - 1)), length, Some(TIME / 10));
        let read = async |length, headers| {
            let read = tokio::time::timeout(TIME * 5, read(slow(1, TIME * 10), bounds(length), &headers));
            read.await.unwrap().unwrap_err().code()
        };
        let asking = HeaderMap::from_iter([(EXPECT, "100-Continue".parse().unwrap())]);
        let length = Some(LENGTH as u64);
        assert_eq!(read(length, HeaderMap::new()).await, "too_large");
        assert_eq!(read(length, asking.clone()).await, "too_large");
        assert_eq!(
            (read(None, asking).await, read(Some(1), HeaderMap::new()).await),
            ("request_timeout", "request_timeout")
        );
    }

    #[test]
    fn whatever_length_is_said_the_time_is_bounded() {
        let bounds = |length| Bounds::of(Expected::Upload(Some(LENGTH)), length, Some(TIME)).whole;
        assert_eq!(bounds(Some(u64::MAX)), Some(TIME + Duration::from_secs(320)));
        assert_eq!((bounds(None), bounds(Some(1000))), (bounds(Some(u64::MAX)), Some(TIME)));
        assert_eq!(Bounds::of(Expected::Upload(None), None, None).whole, None);
    }
}
