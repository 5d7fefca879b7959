//! The begin of a request's body: the messages up to the last that comes with images, made into JSON once.
//!
//! An answer waits for its model with what it has sent, for another attempt. So there is one copy of the images by then: each
//! is let go of as soon as it stands in the JSON.

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};
use tokio::task::JoinError;

use crate::llm::{Image, Message};

/// What every body begins with.
pub(super) const BEGIN: &[u8] = br#"{"messages":["#;
/// How much of images is made into JSON on the thread of the answer, which has others to write meanwhile, in bytes.
const AT_ONCE: usize = 256 * 1024;

/// Takes the messages up to the last with images out of a conversation, and gives a body that begins with them.
pub(super) async fn take(messages: &mut Vec<Message>) -> Result<Vec<u8>, JoinError> {
    let Some(last) = messages.iter().rposition(|message| !message.images.is_empty()) else { return Ok(BEGIN.to_vec()) };
    let shown: Vec<Message> = messages.drain(..=last).collect();
    let bytes: usize = shown.iter().flat_map(|message| &message.images).map(|image| image.data.len()).sum();
    if bytes <= AT_ONCE {
        return Ok(write(shown));
    }
    tokio::task::spawn_blocking(move || write(shown)).await
}

fn write(messages: Vec<Message>) -> Vec<u8> {
    let mut json = Vec::with_capacity(BEGIN.len() + messages.iter().map(length).sum::<usize>());
    json.extend_from_slice(BEGIN);
    for (at, message) in messages.into_iter().enumerate() {
        separate(&mut json, at);
        put_message(&mut json, message);
    }
    json
}

/// How long a message is as JSON, about; with its images exactly.
fn length(message: &Message) -> usize {
    let image = |image: &Image| 96 + base64::encoded_len(image.data.len(), true).unwrap_or_default();
    96 + message.content.len() + message.content.len() / 8 + message.images.iter().map(image).sum::<usize>()
}

fn put_message(json: &mut Vec<u8>, message: Message) {
    let Message { role, content, images } = message;
    let role = role.as_str();
    if images.is_empty() {
        return put(json, &Words { role, content: &content });
    }
    json.extend_from_slice(format!(r#"{{"role":"{role}","content":["#).as_bytes());
    // A question can consist of images alone, and some servers refuse an empty text.
    let words = (!content.is_empty()).then_some(Part::Text { text: &content });
    let before = words.iter().len();
    if let Some(words) = words {
        put(json, &words);
    }
    for (at, image) in images.into_iter().enumerate() {
        separate(json, before + at);
        put(json, &Part::ImageUrl { image_url: ImageUrl { url: &image } });
    }
    json.extend_from_slice(b"]}");
}

fn separate(json: &mut Vec<u8>, at: usize) {
    if at > 0 {
        json.push(b',');
    }
}

/// What we made ourselves can be written as JSON.
pub(super) fn put(json: &mut Vec<u8>, value: &impl Serialize) {
    let _ = serde_json::to_writer(json, value);
}

#[derive(Serialize)]
struct Words<'a> {
    role: &'static str,
    content: &'a str,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part<'a> {
    Text { text: &'a str },
    ImageUrl { image_url: ImageUrl<'a> },
}

#[derive(Serialize)]
struct ImageUrl<'a> {
    #[serde(serialize_with = "as_url")]
    url: &'a Image,
}

/// Straight into the JSON, without a text of its own.
fn as_url<S: Serializer>(image: &Image, serializer: S) -> Result<S::Ok, S::Error> {
    let data = Base64Display::new(&image.data, &STANDARD);
    serializer.collect_str(&format_args!("data:{};base64,{data}", image.media_type))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use serde_json::{Value, json};

    use super::*;
    use crate::llm::Role;

    fn image(length: usize) -> Image {
        let data = (0..length).map(|at| at as u8).collect();
        Image { name: "a.png".to_owned(), media_type: "image/png", width: 1, height: 1, data }
    }

    #[tokio::test]
    async fn all_up_to_the_last_image_is_written_once_into_a_buffer_that_fits() {
        // On the thread of the answer, and beside it.
        for size in [1000, 3_000_000] {
            let mut messages = vec![Message::new(Role::System, "be \"brief\"\n")];
            let asked =
                |content: &str| Message { images: vec![image(size), image(7)], ..Message::new(Role::User, content) };
            messages.extend([
                asked("see?"),
                Message::new(Role::Assistant, "yes"),
                asked(""),
                Message::new(Role::User, "so?"),
            ]);
            let begun = take(&mut messages).await.unwrap();
            assert_eq!(messages, [Message::new(Role::User, "so?")]);
            assert!(begun.capacity() - begun.len() < 1000, "{} of {}", begun.len(), begun.capacity());
            let begun: Value = serde_json::from_slice(&[&begun[..], b"]}"].concat()).unwrap();
            let url = |image: Image| {
                let url = format!("data:image/png;base64,{}", STANDARD.encode(image.data));
                json!({"type": "image_url", "image_url": {"url": url}})
            };
            let expected = json!({"messages": [
                {"role": "system", "content": "be \"brief\"\n"},
                {"role": "user", "content": [{"type": "text", "text": "see?"}, url(image(size)), url(image(7))]},
                {"role": "assistant", "content": "yes"},
                {"role": "user", "content": [url(image(size)), url(image(7))]},
            ]});
            assert!(begun == expected, "{begun:.2000}");
        }
    }

    #[tokio::test]
    async fn without_images_nothing_is_taken() {
        let mut messages = vec![Message::new(Role::User, "hi")];
        assert_eq!((take(&mut messages).await.unwrap(), messages.len()), (BEGIN.to_vec(), 1));
    }
}
