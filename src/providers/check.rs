//! What an administrator may enter. Pure.

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::error::{Error, Result};

/// The longest name, in characters.
const LONGEST_NAME: usize = 64;
/// The longest address and the longest key, in bytes.
const LONGEST_ADDRESS: usize = 1000;
const LONGEST_KEY: usize = 4096;
/// The longest name of a model, in characters.
const LONGEST_MODEL: usize = 256;

/// A name without a slash, which divides it from those of its models.
pub(super) fn name(name: &str) -> Result<String> {
    let name = name.trim();
    let fits = !name.is_empty() && name.chars().count() <= LONGEST_NAME;
    if !fits || name.contains('/') || name.contains(char::is_control) {
        let detail = format!("give a name of 1 to {LONGEST_NAME} characters, without a slash");
        return Err(Error::invalid("name", detail));
    }
    Ok(name.to_owned())
}

/// An address of http or https with nothing but a host, a port and a path.
pub(super) fn base_url(text: &str) -> Result<Url> {
    let text = text.trim();
    let wrong = |detail: &str| Err(Error::invalid("base_url", detail));
    if text.len() > LONGEST_ADDRESS {
        return wrong("this address is too long");
    }
    let Ok(mut url) = Url::parse(text) else {
        return wrong("this is no address; give one such as https://api.example.org/v1");
    };
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return wrong("the address begins with http:// or https:// and a host, such as https://api.example.org/v1");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("the address holds a name or a password; give the key as api_key instead");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return wrong("the address ends with its path, usually /v1; leave out what begins with ? or #");
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

/// A key that can stand in a header; `None` for an empty one. The complaint does not repeat it.
pub(super) fn api_key(key: SecretString) -> Result<Option<SecretString>> {
    let text = key.expose_secret().trim();
    if text.len() > LONGEST_KEY || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::invalid("api_key", "this is no key: it is too long, or holds spaces or unusual characters"));
    }
    Ok((!text.is_empty()).then(|| SecretString::from(text.to_owned())))
}

/// A number of tokens as it is stored; `None` for 0.
pub(super) fn context_tokens(tokens: u32) -> Result<Option<i32>> {
    match i32::try_from(tokens) {
        Ok(tokens) => Ok(Some(tokens).filter(|tokens| *tokens > 0)),
        Err(_) => Err(Error::invalid("context_tokens", "no model reads so many tokens")),
    }
}

/// A provider's name for a model.
pub(super) fn model(name: &str) -> Result<&str> {
    let fits = !name.trim().is_empty() && name.chars().count() <= LONGEST_MODEL && !name.contains(char::is_control);
    if fits {
        Ok(name)
    } else {
        let detail = format!("give the name that the model server knows it by, 1 to {LONGEST_MODEL} characters");
        Err(Error::invalid("model", detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Option<String> {
        base_url(text).ok().map(|url| url.to_string())
    }

    #[test]
    fn an_address_is_scheme_host_and_path() {
        assert_eq!(url(" https://api.example.org/v1/ ").as_deref(), Some("https://api.example.org/v1"));
        assert_eq!(url("http://ollama:11434").as_deref(), Some("http://ollama:11434/"));
        assert_eq!(url("HTTPS://API.Example.org/v1").as_deref(), Some("https://api.example.org/v1"));
        for wrong in [
            "",
            "api.example.org/v1",
            "ftp://example.org",
            "file:///etc/passwd",
            "gopher://example.org",
            "http://",
            "https://me@example.org/v1",
            "https://me:pw@example.org/v1",
            "https://example.org/v1?key=1",
            "https://example.org/#a",
            "data:text/plain,hi",
            "http://exa mple.org/",
            "javascript:alert(1)",
            "http://[::1",
            "https://example.org:99999/",
        ] {
            assert_eq!(url(wrong), None, "{wrong}");
        }
        assert_eq!(url(&format!("https://example.org/{}", "a".repeat(LONGEST_ADDRESS))), None);
    }

    #[test]
    fn a_key_is_what_can_stand_in_a_header() {
        let key = |text: &str| api_key(SecretString::from(text.to_owned()));
        assert_eq!(key(" sk-1 \n").unwrap().unwrap().expose_secret(), "sk-1");
        assert!(key("").unwrap().is_none() && key("  ").unwrap().is_none());
        for wrong in ["sk 1", "sk\r\nx-evil: 1", "sk-ü", "sk\u{0}"] {
            let error = key(wrong).unwrap_err();
            assert_eq!(error.field(), Some("api_key"));
            assert!(!error.to_string().contains(wrong));
        }
        assert!(key(&"k".repeat(LONGEST_KEY + 1)).is_err());
    }

    #[test]
    fn a_name_has_no_slash() {
        assert_eq!(name("  My server ").unwrap(), "My server");
        for wrong in ["", " ", "a/b", "a\nb", &"n".repeat(LONGEST_NAME + 1)] {
            assert_eq!(name(wrong).unwrap_err().field(), Some("name"), "{wrong}");
        }
        assert_eq!(context_tokens(0).unwrap(), None);
        assert_eq!(context_tokens(u32::MAX).unwrap_err().field(), Some("context_tokens"));
        assert!(model("meta/llama 3:8b").is_ok() && model(" ").is_err() && model("a\tb").is_err());
    }
}
