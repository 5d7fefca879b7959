//! What a model is told of a conversation. Pure.

use crate::entity::message::{Model, Role};
use crate::llm;

/// Turns a branch, newest message first, into what is sent to the model, oldest first.
///
/// Answers that came to nothing are left out. Two questions that then stand beside each other become one, because
/// the chat templates of some models refuse two in a row.
pub fn messages(system_prompt: Option<&str>, branch: &[Model]) -> Vec<llm::Message> {
    let mut messages: Vec<llm::Message> = Vec::with_capacity(branch.len() + 1);
    if let Some(prompt) = system_prompt {
        messages.push(llm::Message { role: llm::Role::System, content: prompt.to_owned() });
    }
    for message in branch.iter().rev() {
        if message.content.is_empty() {
            continue;
        }
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
    messages
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

    #[test]
    fn a_model_is_told_the_branch_oldest_first_without_reasoning() {
        let branch = [message(Role::User, "and now?"), message(Role::Assistant, "hello"), message(Role::User, "hi")];
        let told: Vec<_> =
            messages(Some("be brief"), &branch).into_iter().map(|message| (message.role, message.content)).collect();
        let expected = [
            (llm::Role::System, "be brief".to_owned()),
            (llm::Role::User, "hi".to_owned()),
            (llm::Role::Assistant, "hello".to_owned()),
            (llm::Role::User, "and now?".to_owned()),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn answers_that_came_to_nothing_are_left_out_and_questions_join() {
        let branch = [message(Role::User, "again"), message(Role::Assistant, ""), message(Role::User, "hi")];
        let told = messages(None, &branch);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].content, "hi\n\nagain");
    }
}
