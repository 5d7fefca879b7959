//! The built-in model `demo`: a scripted answer that says what it is, so that the whole product works without a real model.

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

use super::{Finish, FinishReason, Image, Message, Part, Role};

/// The time between two words.
pub(super) const PACE: Duration = Duration::from_millis(25);
/// The most that is repeated of what was said, in characters.
const QUOTE: usize = 160;

/// The demo's answer on its way, word by word. The same conversation always gets the same answer.
#[derive(Debug)]
pub struct Stream {
    text: String,
    /// How much of the text was given, in bytes.
    given: usize,
    ticks: Option<Interval>,
    pace: Duration,
}

impl Stream {
    /// The answer to a conversation, a word every `pace`. It goes on with an answer that the conversation ends with.
    pub(super) fn new(messages: &[Message], pace: Duration) -> Self {
        let question = messages.iter().rev().find(|message| message.role == Role::User);
        let text =
            script(question.map_or("", |message| &message.content), question.map_or(&[], |message| &message.images));
        let begun = messages.last().filter(|last| last.role == Role::Assistant).map_or("", |last| &last.content);
        let given = if text.starts_with(begun) { begun.len() } else { 0 };
        Self { text, given, ticks: None, pace }
    }

    /// See [`super::Answer::next`].
    pub(super) async fn next(&mut self, parts: &mut Vec<Part>) -> Option<Finish> {
        if self.given == self.text.len() {
            return Some(Finish { reason: FinishReason::Stop, usage: None });
        }
        let pace = self.pace;
        let ticks = self.ticks.get_or_insert_with(|| {
            let mut ticks = interval(pace);
            // A reader that was away gets the next word at once, not all that it missed in a burst.
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks
        });
        ticks.tick().await;
        let rest = &self.text[self.given..];
        let word = &rest[..word_length(rest)];
        self.given += word.len();
        parts.push(Part::Text(word.to_owned()));
        None
    }
}

/// A word with the white space before it.
fn word_length(text: &str) -> usize {
    let space = text.len() - text.trim_start().len();
    text[space..].find(char::is_whitespace).map_or(text.len(), |length| space + length)
}

fn script(question: &str, images: &[Image]) -> String {
    let said = if question.is_empty() && !images.is_empty() { String::new() } else { echo(question) };
    let mut text = format!("{OPENING}{said}{}\n{BODY}", looked_at(images));
    if question.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|word| LONG.contains(&word)) {
        for chapter in 1..=6 {
            text.push_str(&format!("\n### More, as you asked for length: {chapter} of 6\n\n{MORE}"));
        }
    }
    text.push_str(CLOSING);
    text
}

/// What was said, on one line, shortened, and quoted so that its markup stays text.
fn echo(question: &str) -> String {
    let line = question.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "'");
    if line.is_empty() {
        return "You sent an empty message.\n".to_owned();
    }
    let shown: String = line.chars().take(QUOTE).collect();
    let cut = if shown.len() < line.len() { "…" } else { "" };
    format!("You wrote: `{shown}{cut}`\n")
}

/// What can be told of images without seeing them.
fn looked_at(images: &[Image]) -> String {
    let each = images.iter().map(|image| {
        let kind = image.media_type.trim_start_matches("image/").to_uppercase();
        let (name, kib) = (image.name.replace('`', "'"), image.data.len().div_ceil(1024));
        format!("- `{name}`: {kind}, {} × {} pixels, {kib} KiB\n", image.width, image.height)
    });
    let list: String = each.collect();
    if list.is_empty() {
        list
    } else {
        format!("\nWith your question came what a real model could look at, and I cannot:\n\n{list}")
    }
}

const LONG: [&str; 6] = ["long", "longer", "lengthy", "essay", "detailed", "lang"];

const OPENING: &str = "\
# This is Loquat's demo

I am **not a real model**. I am a script built into Loquat: I answer everything in the same way, so that you can see how \
answers arrive before a model is connected. I do not understand what you write.

";

const BODY: &str = "
## How to connect a real model

Whoever runs this server can do one of these and start it again:

1. Start [Ollama](https://ollama.com), llama.cpp, LM Studio or vLLM on this machine. Loquat looks for them by itself, even \
while it runs.
2. Set `OPENAI_API_KEY` to use OpenAI.
3. Set `OPENAI_BASE_URL` (and the key, if one is needed) to use any other server that speaks the same format.

## What an answer can contain

Code, with its language:

```rust
/// The greatest common divisor of two numbers.
fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn main() {
    println!(\"{}\", gcd(1071, 462)); // 21
}
```

A table:

| Server | Usual address | Key |
| --- | --- | --- |
| Ollama | `http://127.0.0.1:11434/v1` | none |
| llama.cpp | `http://127.0.0.1:8080/v1` | optional |
| LM Studio | `http://127.0.0.1:1234/v1` | none |
| vLLM | `http://127.0.0.1:8000/v1` | optional |

Mathematics, inline as $e^{i\\pi} + 1 = 0$ and on a line of its own:

$$
\\sum_{k=1}^{n} k = \\frac{n(n+1)}{2}
$$

> Quotations, *emphasis*, ~~corrections~~ and other scripts work as well: naïve café, 你好, こんにちは, Καλημέρα, שלום, 🍊.

While this text arrives you can close the page, open it on another device, or press stop: an answer is written by the \
server and goes on without you, and what you stopped is kept.
";

const MORE: &str = "\
This part is only here to be long, so that scrolling, stopping and coming back can be tried out. A long answer is sent in \
the same small pieces as a short one. The page stays where you are reading when you scroll up, and follows the end again \
when you return to it. The server stores what has arrived several times a second, so that even a power cut costs no more \
than the last few words.

- The first point of a list that nobody needed.
- A second one, with `inline code` and a [link](https://example.org).
- A third one, for balance.
";

const CLOSING: &str = "
---

*End of the scripted demo. Connect a model, ask again, and the answer will be a real one.*
";
