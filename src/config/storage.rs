//! The limits on what is stored as they are given, and their check.

use clap::Args;

use super::parse::Problems;
use super::settings::Defaults;
use super::{AttachmentLimits, StorageLimits};

/// Limits on what is stored; 0 lifts one.
#[derive(Args, Clone)]
#[command(next_help_heading = "Limits (0 means none)")]
pub struct StorageSettings {
    /// Bytes that one person may store: instructions, questions with their images, and answers
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
    /// Bytes of one image that comes with a question
    #[arg(
        long,
        env = "LOQUAT_MAX_ATTACHMENT_BYTES",
        value_name = "BYTES",
        default_value = "5242880",
        hide_env_values = true
    )]
    pub max_attachment_bytes: String,
    /// Images of one question
    #[arg(
        long,
        env = "LOQUAT_MAX_ATTACHMENTS_PER_MESSAGE",
        value_name = "NUMBER",
        default_value = "8",
        hide_env_values = true
    )]
    pub max_attachments_per_message: String,
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

    pub(super) fn read_attachments(&self, defaults: &Defaults, problems: &mut Problems) -> Option<AttachmentLimits> {
        let bytes = problems.limit(
            "LOQUAT_MAX_ATTACHMENT_BYTES",
            defaults.unless_given("max_attachment_bytes", &self.max_attachment_bytes),
        );
        let per_message = problems.limit(
            "LOQUAT_MAX_ATTACHMENTS_PER_MESSAGE",
            defaults.unless_given("max_attachments_per_message", &self.max_attachments_per_message),
        );
        Some(AttachmentLimits { bytes: bytes?, per_message: per_message? })
    }
}
