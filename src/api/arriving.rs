//! Large bodies that are arriving: not all at once, since each is memory until it is answered, and few from whoever is not known.

use std::sync::{Arc, Mutex, PoisonError};

use poem::http::{HeaderMap, Method};

use super::attachments;
use super::cookie::Client;
use super::fair::{Arrival, Fair};
use super::session;
use crate::app::App;
use crate::error::Error;

/// Up to how many bytes a body is not large: enough for everything that can be asked without an account.
pub(super) const SMALL: usize = 16 * 1024;

/// What body a request may have.
#[derive(Clone, Copy, Debug)]
pub enum Expected {
    /// At most so many bytes.
    Ordinary(Option<usize>),
    /// An upload, of somebody who is known: at most so many bytes, and more slowly than others.
    Upload(Option<usize>),
    /// One that is refused, whatever comes.
    Refused,
    /// One that is refused if it is large, which it does not say itself: at most so many bytes.
    Small(usize),
}

/// What is known of a large body before it arrives.
#[derive(Clone)]
pub(super) enum Arriving {
    /// It has this place until all of these are dropped. Who it is from is asked again when it has arrived.
    Welcome(#[expect(dead_code, reason = "it is held, to be dropped")] Arc<Arrival>),
    /// Why it is refused, until that is told.
    Refused(Arc<Mutex<Option<Error>>>),
}

impl Arriving {
    /// Lets a large body arrive. An upload is for people who are known.
    pub(super) async fn expect(
        fair: &Arc<Fair>,
        app: &App,
        headers: &HeaderMap,
        client: Client,
        is_upload: bool,
    ) -> Self {
        let place = async {
            match session::recognise(app, headers, Some(client)).await {
                Ok(from) => fair.expect(from.caller.id()).await,
                Err(Error::NotSignedIn) if !is_upload => fair.expect_of_stranger().await,
                Err(error) => Err(error),
            }
        };
        match place.await {
            Ok(place) => Self::Welcome(Arc::new(place)),
            Err(error) => Self::Refused(Arc::new(Mutex::new(Some(error)))),
        }
    }

    /// What may come of a body that says its length, or does not.
    pub(super) fn expected(&self, app: &App, is_upload: bool, length: Option<u64>) -> Expected {
        let limits = &app.config.limits;
        match self {
            Self::Refused(_) if !is_upload && length.is_none() => {
                Expected::Small(limits.body_bytes.unwrap_or(SMALL).min(SMALL))
            }
            Self::Refused(_) => Expected::Refused,
            Self::Welcome(_) if is_upload => {
                Expected::Upload(limits.body_bytes.zip(limits.attachments.bytes).map(|(other, image)| other.max(image)))
            }
            Self::Welcome(_) => Expected::Ordinary(limits.body_bytes),
        }
    }

    /// Why it is refused, once: a wrong key that was looked for already is not to count as two guesses.
    pub(super) fn refusal(&self) -> Option<Error> {
        match self {
            Self::Welcome(_) => None,
            Self::Refused(error) => error.lock().unwrap_or_else(PoisonError::into_inner).take(),
        }
    }
}

/// Whether a request brings an image, which may be larger than other bodies.
pub(super) fn is_upload(method: &Method, path: &str) -> bool {
    *method == Method::POST && path.trim_end_matches('/') == attachments::PATH
}
