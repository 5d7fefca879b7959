//! What there is as much of already as there may be.

/// How much of something there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// One person's text.
    #[error(
        "you have stored as much as one person may here, which is {}; delete conversations that you no longer need, or ask an administrator for more room",
        size(*most)
    )]
    Storage {
        /// The limit in bytes.
        most: usize,
    },
    /// One person's conversations.
    #[error(
        "you have {most} conversations, which is as many as one person may have here; delete some that you no longer need, or ask an administrator for more"
    )]
    Conversations {
        /// The limit.
        most: usize,
    },
    /// One person's images that came with no question yet.
    #[error(
        "{most} images of yours wait for their questions, which is as many as may; send them, or delete some. what is not sent within a day goes by itself"
    )]
    Unsent {
        /// The limit.
        most: usize,
    },
    /// One conversation's messages.
    #[error(
        "this conversation has {most} messages, which is as many as one may have here; go on in a new one, or delete a part of this"
    )]
    Messages {
        /// The limit.
        most: usize,
    },
}

impl Full {
    /// A stable word for programs; part of the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::Storage { .. } => "storage_full",
            Self::Conversations { .. } => "too_many_conversations",
            Self::Unsent { .. } => "too_many_unsent_attachments",
            Self::Messages { .. } => "conversation_full",
        }
    }
}

/// A number of bytes as people read it, rounded down so that it promises nothing.
fn size(bytes: usize) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) if bytes.is_multiple_of(unit) => format!("{} {name}", bytes / unit),
        Some((unit, name)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_by_people() {
        let said = [0, 1023, 1024, 1_500_000, 1 << 30, 3 << 29].map(size);
        assert_eq!(said, ["0 bytes", "1023 bytes", "1 KiB", "1.4 MiB", "1 GiB", "1.5 GiB"]);
    }
}
