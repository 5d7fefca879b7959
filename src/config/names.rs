//! `LOQUAT_ALLOWED_HOSTS`: the names that people may open this server by.

use url::Host;

use super::parse::{Problems, parts};

/// The names that the operator lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedNames {
    /// Every one: whatever stands in front looks at names itself.
    Any,
    /// These, in lower case and without a dot at the end.
    These(Vec<String>),
}

impl AllowedNames {
    /// Whether this name is one of them.
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::These(names) => names.iter().any(|own| own == name),
        }
    }
}

/// A name as it is compared.
pub fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

pub(super) fn read(value: &Option<String>, problems: &mut Problems) -> Option<AllowedNames> {
    let mut names = Vec::new();
    for part in parts(value) {
        if part == "*" {
            return Some(AllowedNames::Any);
        }
        match Host::parse(part) {
            Ok(Host::Domain(name)) if !part.contains('*') => names.push(plain(&name)),
            // Addresses are always answered; whoever lists one means no harm.
            Ok(Host::Ipv4(_) | Host::Ipv6(_)) => names.push(part.to_owned()),
            _ => problems.add(format!(
                "LOQUAT_ALLOWED_HOSTS holds {part:?}: give names such as chat.example.org, separated by commas (no scheme, no port, no path), or * for every name"
            )),
        }
    }
    (!names.is_empty()).then_some(AllowedNames::These(names))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Option<AllowedNames>, String> {
        let mut problems = Problems::default();
        let names = read(&Some(text.to_owned()), &mut problems);
        problems.or(Some(names)).map_err(|mistakes| mistakes.to_string())
    }

    #[test]
    fn names_are_compared_as_browsers_write_them() {
        let names = of("Chat.Example.org., münchen.example 192.168.1.5").unwrap().unwrap();
        assert!(names.has("chat.example.org") && names.has("xn--mnchen-3ya.example"));
        assert!(!names.has("example.org") && !names.has("evil.chat.example.org"));
        assert_eq!(of("chat.example.org,*"), Ok(Some(AllowedNames::Any)));
        assert_eq!(of(" , "), Ok(None));
    }

    #[test]
    fn what_is_no_name_is_told() {
        for wrong in ["https://chat.example.org", "chat.example.org:8080", "*.example.org", "a/b", "user@host"] {
            assert!(of(wrong).is_err_and(|told| told.contains("LOQUAT_ALLOWED_HOSTS")), "{wrong}");
        }
    }
}
