//! Writes one answer: asks the model once, appends what it says to the log, and stores the end.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;

use super::running::Running;
use super::writer::{AT_ONCE, Stored};
use super::{Chat, Ending, Failure, Outcome, event, history};
use crate::clock;
use crate::entity::answer_chunk::Kind;
use crate::entity::message::{self, Status};
use crate::entity::project;
use crate::llm::{self, Model, Part};

/// How many messages of a branch are read for the model.
const BRANCH: u32 = 2000;

/// Writes one answer from the first word to the stored end.
pub(super) async fn run(
    chat: Chat,
    running: Arc<Running>,
    project: project::Model,
    question: message::Model,
    model: Model,
) {
    let written = AssertUnwindSafe(write(&chat, &running, &project, &question, model)).catch_unwind();
    let outcome = tokio::select! {
        biased;
        outcome = running.cancelled() => outcome,
        outcome = written => outcome.unwrap_or_else(|_| {
            tracing::error!(message_id = %running.message_id, "a panic ended an answer");
            internal_failure()
        }),
    };
    let ending = match store(&chat, &running, outcome).await {
        Stored::Yes(ending) => ending,
        Stored::Gone => lost(&running, "deleted", "the conversation was deleted while the answer was being written"),
        Stored::Failed => {
            lost(&running, "internal", "the answer could not be stored; reload the page to see what was kept")
        }
    };
    chat.answers.leave(&running);
    running.log.close(event::closing(&ending));
    running.set_finished();
}

async fn write(
    chat: &Chat,
    running: &Running,
    project: &project::Model,
    question: &message::Model,
    model: Model,
) -> Outcome {
    let branch = match message::Entity::branch(chat.db.reader(), question.project_id, question.id, BRANCH).await {
        Ok(branch) => branch,
        Err(error) => {
            tracing::error!(%error, "a conversation could not be read");
            return internal_failure();
        }
    };
    let messages = history::messages(project.system_prompt.as_deref(), &branch);
    drop(branch);
    let request = llm::Request { model, messages, parameters: project.parameters() };
    let mut answer = match chat.catalog.answer(request).await {
        Ok(answer) => answer,
        Err(error) => return failed(&error),
    };
    let mut parts = Vec::new();
    loop {
        let step = answer.next(&mut parts).await;
        running.log.append(parts.iter().map(|part| match part {
            Part::Text(text) => (Kind::Text, text.as_str()),
            Part::Reasoning(text) => (Kind::Reasoning, text.as_str()),
        }));
        parts.clear();
        if running.log.unstored_len() >= AT_ONCE {
            chat.writer.nudge();
        }
        match step {
            Ok(None) => {}
            Ok(Some(finish)) => return Outcome::Complete { reason: finish.reason, usage: finish.usage },
            Err(error) => return failed(&error),
        }
    }
}

async fn store(chat: &Chat, running: &Arc<Running>, outcome: Outcome) -> Stored {
    if outcome == Outcome::Gone {
        return Stored::Gone;
    }
    chat.writer.finish(running, outcome).await
}

fn failed(error: &llm::Error) -> Outcome {
    // Without the message: a provider may quote the question in it. The person gets it, and their message keeps it.
    tracing::warn!(code = error.code(), "a model did not finish its answer");
    Outcome::Failed(Failure {
        code: error.code().to_owned(),
        detail: error.to_string(),
        retry_at: error.retry_after().and_then(|time| Some(clock::now() + chrono::Duration::from_std(time).ok()?)),
    })
}

fn internal_failure() -> Outcome {
    let detail = "something went wrong on the server while the answer was being written; it has been logged".to_owned();
    Outcome::Failed(Failure { code: "internal".to_owned(), detail, retry_at: None })
}

fn lost(running: &Running, code: &str, detail: &str) -> Ending {
    Ending {
        message_id: running.message_id,
        content: String::new(),
        status: Status::Failed,
        finish_reason: None,
        usage: None,
        failure: Some(Failure { code: code.to_owned(), detail: detail.to_owned(), retry_at: None }),
    }
}
