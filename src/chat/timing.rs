//! How long an answer took, as the one who asked felt it.

use std::time::Duration;

use sea_orm::Set;
use serde::Serialize;
use tokio::time::Instant;

use super::log::Firsts;
use crate::entity::message;

/// Times of one answer, in milliseconds; the pauses before it was continued are not in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Timing {
    /// From the accepted question to the first word or thought, waiting in the queue included; none where none came.
    pub first_token_ms: Option<u32>,
    /// From the first thought to the first word, or to the end where none came; none where it did not think first.
    pub reasoning_ms: Option<u32>,
    /// From the accepted question to the end.
    pub duration_ms: u32,
}

impl Timing {
    /// Of one part of an answer.
    pub fn of_part(begun: Instant, first: Firsts, end: Instant) -> Self {
        let token = [first.thought, first.word].into_iter().flatten().min();
        let thinking = first.thought.map(|thought| (thought, first.word.unwrap_or(end)));
        let thinking = thinking.filter(|(thought, word)| thought < word);
        Self {
            first_token_ms: token.map(|token| milliseconds(token.duration_since(begun))),
            reasoning_ms: thinking.map(|(thought, word)| milliseconds(word.duration_since(thought))),
            duration_ms: milliseconds(end.duration_since(begun)),
        }
    }

    /// As it is stored; none where the answer was cut off by the end of the process.
    pub fn of(message: &message::Model) -> Option<Self> {
        let time = |time: Option<i32>| time.and_then(|time| u32::try_from(time).ok());
        Some(Self {
            first_token_ms: time(message.first_token_ms),
            reasoning_ms: time(message.reasoning_ms),
            duration_ms: time(message.duration_ms)?,
        })
    }

    /// Puts it into a row.
    pub fn set(self, message: &mut message::ActiveModel) {
        let time = |time: u32| i32::try_from(time).unwrap_or(i32::MAX);
        message.first_token_ms = Set(self.first_token_ms.map(time));
        message.reasoning_ms = Set(self.reasoning_ms.map(time));
        message.duration_ms = Set(Some(time(self.duration_ms)));
    }

    /// Both together: the first word of all, and the time of both.
    pub fn after(self, earlier: Option<Self>) -> Self {
        let Some(earlier) = earlier else { return self };
        let late = |first: u32| earlier.duration_ms.saturating_add(first);
        let thinking = earlier.reasoning_ms.unwrap_or(0).saturating_add(self.reasoning_ms.unwrap_or(0));
        Self {
            first_token_ms: earlier.first_token_ms.or_else(|| self.first_token_ms.map(late)),
            reasoning_ms: Some(thinking).filter(|time| *time > 0),
            duration_ms: earlier.duration_ms.saturating_add(self.duration_ms),
        }
    }
}

fn milliseconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(thought: Option<u64>, word: Option<u64>, end: u64) -> Timing {
        let begun = Instant::now();
        let after = |time: u64| begun + Duration::from_millis(time);
        Timing::of_part(begun, Firsts { thought: thought.map(after), word: word.map(after) }, after(end))
    }

    fn timing(first_token_ms: Option<u32>, reasoning_ms: Option<u32>, duration_ms: u32) -> Timing {
        Timing { first_token_ms, reasoning_ms, duration_ms }
    }

    #[test]
    fn the_first_token_is_a_word_or_a_thought() {
        assert_eq!(part(None, Some(20), 50), timing(Some(20), None, 50));
        assert_eq!(part(Some(20), Some(30), 50), timing(Some(20), Some(10), 50));
        assert_eq!(part(Some(20), None, 50), timing(Some(20), Some(30), 50));
        assert_eq!(part(Some(30), Some(20), 50), timing(Some(20), None, 50));
        assert_eq!(part(None, None, 50), timing(None, None, 50));
    }

    #[test]
    fn a_continued_answer_keeps_its_first_word_and_adds_its_times() {
        let next = part(Some(20), Some(30), 50);
        assert_eq!(next.after(None), next);
        assert_eq!(next.after(Some(timing(Some(300), Some(5), 1000))), timing(Some(300), Some(15), 1050));
        assert_eq!(next.after(Some(timing(None, None, 1000))), timing(Some(1020), Some(10), 1050));
        assert_eq!(part(None, None, 50).after(Some(timing(None, None, 1000))), timing(None, None, 1050));
    }
}
