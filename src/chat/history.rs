//! What a model is told of a conversation. Pure.

use super::tokens;
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
/// because the chat templates of some models refuse two in a row, and the first is always a question.
pub fn of_branch(system_prompt: Option<&str>, branch: &[Model], room: Option<u32>) -> History {
    let said: Vec<&Model> = branch.iter().filter(|message| !message.content.is_empty()).collect();
    let system = system_prompt.map(|prompt| llm::Message { role: llm::Role::System, content: prompt.to_owned() });
    let mut tokens = system.as_ref().map_or(0, |system| tokens::of_message(&system.content));
    let newest_question = said.iter().position(|message| message.role == Role::User).unwrap_or_default();
    let mut kept = 0;
    for (place, message) in said.iter().enumerate() {
        let with = tokens.saturating_add(tokens::of_message(&message.content));
        if place > newest_question && room.is_some_and(|room| with > room) {
            break;
        }
        tokens = with;
        kept = place + 1;
    }
    // An answer whose question was left out would stand at the beginning.
    while kept > newest_question + 1 && said[kept - 1].role == Role::Assistant {
        kept -= 1;
        tokens -= tokens::of_message(&said[kept].content);
    }
    let mut messages: Vec<llm::Message> = system.into_iter().collect();
    for message in said[..kept].iter().rev() {
        let role = match message.role {
            Role::User => llm::Role::User,
            Role::Assistant => llm::Role::Assistant,
        };
        match messages.last_mut() {
            Some(last) if last.role == role => {
                last.content.push_str("\n\n");
                last.content.push_str(&message.content);
            }
            _ => messages.push(llm::Message { role, content: message.content.clone() }),
        }
    }
    History { messages, tokens, left_out: said.len() - kept }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

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
        let history = of_branch(Some("be brief"), &branch, None);
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
        assert_eq!(told(&of_branch(None, &branch, None)), [(llm::Role::User, "hi\n\nagain")]);
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
            let history = of_branch(Some("be brief"), &branch, Some(prompt + fit * each));
            // Whole turns: the question itself, and each earlier question with its answer.
            let kept = (fit.saturating_sub(1) / 2 * 2 + 1).min(9);
            assert_eq!(history.messages.len(), 1 + kept as usize, "{fit}");
            assert_eq!(history.messages[1].role, llm::Role::User);
            assert!(history.messages[1].content.starts_with(&(9 - kept).to_string()), "{fit}");
            assert!(history.messages.last().unwrap().content.starts_with('8'));
            assert_eq!((history.tokens, history.left_out), (prompt + kept * each, 9 - kept as usize));
        }
    }

    #[test]
    fn an_answer_that_goes_on_stays_with_its_question() {
        let branch = [message(Role::Assistant, "half"), message(Role::User, "why?"), message(Role::Assistant, "old")];
        let history = of_branch(None, &branch, Some(1));
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
