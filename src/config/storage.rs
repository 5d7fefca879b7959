//! The limits on what is stored as they are given, and their check.

use clap::Args;

use super::StorageLimits;
use super::parse::Problems;
use super::settings::Defaults;

/// Limits on what is stored; 0 lifts one.
#[derive(Args, Clone)]
#[command(next_help_heading = "Limits (0 means none)")]
pub struct StorageSettings {
    /// Bytes of text that one person may store: instructions, questions and answers
    #[arg(
        long,
        env = "LOQUAT_STORAGE_PER_PERSON",
        value_name = "BYTES",
        default_value = "1073741824",
        hide_env_values = true
    )]
    pub storage_per_person: String,
    /// Conversations of one person
    #[arg(
        long,
        env = "LOQUAT_MAX_CONVERSATIONS_PER_PERSON",
        value_name = "NUMBER",
        default_value = "1000000",
        hide_env_values = true
    )]
    pub max_conversations_per_person: String,
    /// Messages of one conversation, those of all its branches together
    #[arg(
        long,
        env = "LOQUAT_MAX_MESSAGES_PER_CONVERSATION",
        value_name = "NUMBER",
        default_value = "100000",
        hide_env_values = true
    )]
    pub max_messages_per_conversation: String,
}

impl StorageSettings {
    pub(super) fn read(&self, defaults: &Defaults, problems: &mut Problems) -> Option<StorageLimits> {
        let per_person = problems
            .limit("LOQUAT_STORAGE_PER_PERSON", defaults.unless_given("storage_per_person", &self.storage_per_person));
        let conversations = problems.limit(
            "LOQUAT_MAX_CONVERSATIONS_PER_PERSON",
            defaults.unless_given("max_conversations_per_person", &self.max_conversations_per_person),
        );
        let messages = problems.limit(
            "LOQUAT_MAX_MESSAGES_PER_CONVERSATION",
            defaults.unless_given("max_messages_per_conversation", &self.max_messages_per_conversation),
        );
        Some(StorageLimits { per_person: per_person?, conversations: conversations?, messages: messages? })
    }
}
