//! What a model is told of a conversation. Pure.

use std::borrow::{Borrow, Cow};

use super::tokens;
use crate::entity::attachment::About;
use crate::entity::message::{Model, Role};
use crate::llm::{self, Parameters};

/// What is sent to a model.
#[derive(Debug, PartialEq)]
pub struct History {
    /// The conversation, oldest message first.
    pub messages: Vec<llm::Message>,
    /// How many tokens it is, estimated.
    pub tokens: u32,
    /// How many of its oldest messages were left out, because the model could not read them all.
    pub left_out: usize,
    /// The images that come with them, each with the place of its message.
    pub images: Vec<(usize, About)>,
}

/// A message as a model is told it.
struct Told<'a> {
    message: &'a Model,
    content: Cow<'a, str>,
    images: Vec<About>,
    tokens: u32,
}

/// The most that is kept free for the answer where nobody has said how long it may be, in tokens.
const ANSWER: u32 = 4096;

/// How many tokens the conversation may have, so that the answer fits into what a model can read as well.
pub fn room(context_tokens: Option<u32>, parameters: &Parameters) -> Option<u32> {
    let context = context_tokens?;
    let answer = match parameters.max_tokens {
        Some(most) => most.min(context / 2),
        None => ANSWER.min(context / 4),
    };
    Some(context - answer)
}

/// Turns a branch, newest message first, into what is sent to the model, oldest first.
///
/// What does not fit into `room` tokens is left out, the oldest first; the system prompt and the newest question always
/// stay. Answers that came to nothing are left out too. Two questions that then stand beside each other become one,
/// because the chat templates of some models refuse two in a row, and the first is always a question. Of the images the
/// newest are sent, at most `image_bytes` of them; for the others their names stand in.
pub fn of_branch(
    system_prompt: Option<&str>,
    branch: &[impl Borrow<Model>],
    room: Option<u32>,
    image_bytes: usize,
) -> History {
    let mut bytes_left = image_bytes;
    let can_be_told = |message: &&Model| !message.content.is_empty() || message.attachments.is_some();
    let said = branch.iter().map(Borrow::borrow).filter(can_be_told);
    let said: Vec<Told<'_>> = said.map(|message| Told::of(message, &mut bytes_left)).collect();
    let system = system_prompt.map(|prompt| llm::Message::new(llm::Role::System, prompt));
    let mut tokens = system.as_ref().map_or(0, |system| tokens::of_message(&system.content));
    let newest_question = said.iter().position(|told| told.message.role == Role::User).unwrap_or_default();
    let mut kept = 0;
    for (place, told) in said.iter().enumerate() {
        let with = tokens.saturating_add(told.tokens);
        if place > newest_question && room.is_some_and(|room| with > room) {
            break;
        }
        tokens = with;
        kept = place + 1;
    }
    // An answer whose question was left out would stand at the beginning.
    while kept > newest_question + 1 && said[kept - 1].message.role == Role::Assistant {
        kept -= 1;
        tokens -= said[kept].tokens;
    }
    let left_out = said.len() - kept;
    let mut messages: Vec<llm::Message> = system.into_iter().collect();
    let mut images = Vec::new();
    for Told { message, content, images: with, .. } in said.into_iter().take(kept).rev() {
        let role = match message.role {
            Role::User => llm::Role::User,
            Role::Assistant => llm::Role::Assistant,
        };
        match messages.last_mut() {
            Some(last) if last.role == role => {
                add_paragraph(&mut last.content, &content);
            }
            _ => messages.push(llm::Message::new(role, content)),
        }
        images.extend(with.into_iter().map(|image| (messages.len() - 1, image)));
    }
    History { messages, tokens, left_out, images }
}

impl<'a> Told<'a> {
    /// A message with those of its images for which there is room.
    fn of(message: &'a Model, bytes_left: &mut usize) -> Self {
        let mut content = Cow::Borrowed(message.content.as_str());
        let mut images = Vec::new();
        for image in message.attachments() {
            match bytes_left.checked_sub(image.size_bytes.unsigned_abs() as usize) {
                Some(left) => {
                    *bytes_left = left;
                    images.push(image);
                }
                None => add_paragraph(content.to_mut(), &format!("[Image that is not shown here: {}]", image.name)),
            }
        }
        let of_images: u32 = images.iter().map(|image| tokens::of_image(image.width, image.height)).sum();
        let tokens = tokens::of_message(&content).saturating_add(of_images);
        Self { message, content, images, tokens }
    }
}

/// A question can be without words, where images came with it.
fn add_paragraph(text: &mut String, more: &str) {
    if !text.is_empty() && !more.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(more);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::entity::attachment::MediaType;

    fn message(role: Role, content: &str) -> Model {
        Model {
            role,
            content: content.to_owned(),
            reasoning: Some("never sent back".to_owned()),
            ..Model::blank(clock::id(), clock::id(), clock::id())
        }
    }

    fn told(history: &History) -> Vec<(llm::Role, &str)> {
        history.messages.iter().map(|message| (message.role, message.content.as_str())).collect()
    }

    #[test]
    fn a_model_is_told_the_branch_oldest_first_without_reasoning() {
        let branch = [message(Role::User, "and now?"), message(Role::Assistant, "hello"), message(Role::User, "hi")];
        let history = of_branch(Some("be brief"), &branch, None, 0);
        let expected = [
            (llm::Role::System, "be brief"),
            (llm::Role::User, "hi"),
            (llm::Role::Assistant, "hello"),
            (llm::Role::User, "and now?"),
        ];
        assert_eq!((told(&history), history.left_out), (expected.to_vec(), 0));
    }

    #[test]
    fn answers_that_came_to_nothing_are_left_out_and_questions_join() {
        let branch = [message(Role::User, "again"), message(Role::Assistant, ""), message(Role::User, "hi")];
        assert_eq!(told(&of_branch(None, &branch, None, 0)), [(llm::Role::User, "hi\n\nagain")]);
    }

    #[test]
    fn the_oldest_are_left_out_and_the_prompt_and_the_question_stay() {
        let long = "x".repeat(400);
        let branch: Vec<Model> = (0..9)
            .rev()
            .map(|at| message(if at % 2 == 0 { Role::User } else { Role::Assistant }, &format!("{at}{long}")))
            .collect();
        let each = tokens::of_message(&branch[0].content);
        let prompt = tokens::of_message("be brief");
        for fit in 0..12 {
            let history = of_branch(Some("be brief"), &branch, Some(prompt + fit * each), 0);
            // Whole turns: the question itself, and each earlier question with its answer.
            let kept = (fit.saturating_sub(1) / 2 * 2 + 1).min(9);
            assert_eq!(history.messages.len(), 1 + kept as usize, "{fit}");
            assert_eq!(history.messages[1].role, llm::Role::User);
            assert!(history.messages[1].content.starts_with(&(9 - kept).to_string()), "{fit}");
            assert!(history.messages.last().unwrap().content.starts_with('8'));
            assert_eq!((history.tokens, history.left_out), (prompt + kept * each, 9 - kept as usize));
        }
    }

    /// A question that came with images of these sizes, in bytes.
    fn with_images(content: &str, sizes: &[i32]) -> Model {
        let image = |(at, size_bytes): (usize, &i32)| About {
            id: clock::id(),
            name: format!("{content}{at}.png"),
            media_type: MediaType::Png,
            width: 750,
            height: 1000,
            size_bytes: *size_bytes,
            created_at: clock::now(),
        };
        let images: Vec<About> = sizes.iter().enumerate().map(image).collect();
        let attachments = Some(serde_json::to_string(&images).unwrap());
        Model { attachments, ..message(Role::User, content) }
    }

    fn shown(history: &History) -> Vec<(usize, &str)> {
        history.images.iter().map(|(message, image)| (*message, image.name.as_str())).collect()
    }

    #[test]
    fn the_newest_images_are_shown_and_the_others_named() {
        let branch = [
            with_images("c", &[5, 2]),
            message(Role::Assistant, "yes"),
            with_images("b", &[3]),
            with_images("a", &[4]),
        ];
        let all = of_branch(Some("see"), &branch, None, 14);
        // The two oldest questions are one.
        assert_eq!(shown(&all), [(1, "a0.png"), (1, "b0.png"), (3, "c0.png"), (3, "c1.png")]);
        assert_eq!(told(&all)[1], (llm::Role::User, "a\n\nb"));
        let some = of_branch(None, &branch, None, 10);
        assert_eq!(shown(&some), [(0, "b0.png"), (2, "c0.png"), (2, "c1.png")]);
        assert_eq!(told(&some)[0].1, "a\n\n[Image that is not shown here: a0.png]\n\nb");
        let none = of_branch(None, &branch, None, 0);
        assert!(none.images.is_empty());
        assert_eq!(
            told(&none)[2].1,
            "c\n\n[Image that is not shown here: c0.png]\n\n[Image that is not shown here: c1.png]"
        );
    }

    #[test]
    fn a_question_may_consist_of_images_alone() {
        let mut asked = with_images("a", &[4, 5]);
        asked.content.clear();
        let branch = [message(Role::User, "and?"), message(Role::Assistant, ""), asked];
        let shown = of_branch(None, &branch[2..], None, 9);
        assert_eq!((told(&shown), shown.images.len()), (vec![(llm::Role::User, "")], 2));
        assert_eq!(shown.tokens, tokens::of_message("") + 2000);
        let some = of_branch(None, &branch, None, 4);
        assert_eq!(told(&some), [(llm::Role::User, "[Image that is not shown here: a1.png]\n\nand?")]);
        let whole = of_branch(None, &branch, None, 9);
        assert_eq!((told(&whole), whole.images.len()), (vec![(llm::Role::User, "and?")], 2));
    }

    #[test]
    fn images_take_their_part_of_what_a_model_can_read() {
        let branch = [message(Role::User, "and?"), message(Role::Assistant, "yes"), with_images("see", &[9])];
        let whole = of_branch(None, &branch, None, 100);
        assert_eq!(
            whole.tokens,
            1000 + of_branch(None, &[branch[0].clone(), branch[1].clone(), message(Role::User, "see")], None, 0).tokens
        );
        let short = of_branch(None, &branch, Some(900), 100);
        assert_eq!((told(&short), short.images.len(), short.left_out), (vec![(llm::Role::User, "and?")], 0, 2));
    }

    #[test]
    fn an_answer_that_goes_on_stays_with_its_question() {
        let branch = [message(Role::Assistant, "half"), message(Role::User, "why?"), message(Role::Assistant, "old")];
        let history = of_branch(None, &branch, Some(1), 0);
        assert_eq!(told(&history), [(llm::Role::User, "why?"), (llm::Role::Assistant, "half")]);
    }

    #[test]
    fn room_is_kept_for_the_answer() {
        let room = |context, max_tokens| room(context, &Parameters { max_tokens, ..Parameters::default() });
        assert_eq!(room(None, Some(5)), None);
        assert_eq!(room(Some(128_000), None), Some(123_904));
        assert_eq!(room(Some(2048), None), Some(1536));
        assert_eq!(room(Some(2048), Some(100)), Some(1948));
        assert_eq!(room(Some(2048), Some(100_000)), Some(1024));
    }
}
