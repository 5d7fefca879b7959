//! Passwords that are refused because they are guessed first: the common ones, and what is made of words that everybody knows
//! of somebody here.

use crate::error::{Error, Result};

/// The shortest password, in characters.
const SHORTEST: usize = 8;
/// The longest password, in characters; hashing a megabyte would be a gift to an attacker.
const LONGEST: usize = 256;
/// The shortest word that counts as one. Two letters are in everything.
const WORD: usize = 3;
/// How many characters a password has to have besides such words.
const BESIDES: usize = 6;

/// What guessing programs try first: more than eleven thousand, in lower case. `common-passwords.license` says where from.
static COMMON: &str = include_str!("common-passwords.txt");

/// Words that everybody knows of this server.
#[derive(Debug)]
pub(super) struct Words(Vec<String>);

impl Words {
    /// Those of a server with this public name.
    pub(super) fn new(host: Option<&str>) -> Self {
        let mut words = vec!["loquat".to_owned()];
        words.extend(words_of(host.unwrap_or_default()));
        Self(words)
    }
}

/// Refuses a password that is too short, too long, or among the first that anyone would guess for somebody with this address
/// and this name.
pub(super) fn check(words: &Words, password: &str, email: &str, name: Option<&str>) -> Result<()> {
    let refuse = |detail: String| Err(Error::invalid("password", detail));
    let length = password.chars().count();
    if length < SHORTEST {
        return refuse(format!("a password needs at least {SHORTEST} characters"));
    }
    if length > LONGEST {
        return refuse(format!("a password has at most {LONGEST} characters"));
    }
    let password = password.to_lowercase();
    if is_common(&password) {
        return refuse(format!("this password is among the first that anyone would guess; {ADVICE}"));
    }
    let known = words.0.iter().cloned().chain(words_of(email)).chain(words_of(name.unwrap_or_default()));
    if besides(&password, known.collect()).is_some_and(|rest| rest < BESIDES) {
        return refuse(format!(
            "this password is little more than your name, your address or this server's name; {ADVICE}"
        ));
    }
    Ok(())
}

const ADVICE: &str = "choose another, such as four words that do not belong together";

/// Whether it is one of the list, or one with something before or behind that everybody puts there.
fn is_common(password: &str) -> bool {
    let first = password.chars().next();
    let bare = password.trim_matches(|c: char| !c.is_alphabetic());
    let is_one = |text: &str| COMMON.lines().any(|common| common == text);
    password.chars().all(|c| Some(c) == first) || is_one(password) || is_one(bare)
}

/// How many characters there are besides these words, where there are any of them.
fn besides(password: &str, mut words: Vec<String>) -> Option<usize> {
    // The longest first: a part of one must not leave the other part.
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let rest = words.iter().fold(password.to_owned(), |rest, word| rest.replace(word.as_str(), " "));
    (rest != password).then(|| rest.chars().filter(|c| !c.is_whitespace()).count())
}

/// The words of a name or an address, in lower case, and an address as a whole. What hosts end with is none.
fn words_of(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    let host = text.rsplit('@').next().unwrap_or_default();
    let end = host.rsplit('.').next().filter(|_| host.contains('.')).unwrap_or_default();
    let parts = text.split(|c: char| !c.is_alphanumeric()).filter(|part| *part != end);
    let words = parts.chain([text.as_str(), host]).filter(|word| word.chars().count() >= WORD);
    words.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(password: &str) -> Option<String> {
        let words = Words::new(Some("chat.orchard.example"));
        check(&words, password, "ada.byron@mail.example.org", Some("Ada Lovelace")).err().map(|error| error.to_string())
    }

    #[test]
    fn what_anyone_would_guess_is_refused_in_any_case() {
        for bad in [
            "password",
            "PassWord",
            "Password1",
            "12345678",
            "aaaaaaaaaaaa",
            "qwertyuiop",
            "iloveyou",
            "trustno1",
            "starwars",
            "Corvette",
            "wonderwoman",
            "Password!!!!!!!!!",
            "2026password2026",
        ] {
            assert!(refused(bad).is_some_and(|told| told.contains("among the first")), "{bad}");
        }
        for bad in ["", "short", &"x7".repeat(200)] {
            assert!(refused(bad).is_some_and(|told| told.contains("characters")), "{bad}");
        }
        for fine in ["correct horse battery", "пароль-на-славу", "x7Kq2-_pz", "four words that do not belong"]
        {
            assert_eq!(refused(fine), None, "{fine}");
        }
    }

    #[test]
    fn what_is_made_of_known_words_is_refused() {
        for bad in [
            "ADA.Byron@mail.example.org",
            "adalovelace",
            "Lovelace1815",
            "byron-byron",
            "Loquat2026!",
            "loquat loquat",
            "orchard-chat",
            "Orchard.Example",
            "ada+loquat=1",
            "mail.example.org",
        ] {
            assert!(refused(bad).is_some_and(|told| told.contains("little more than")), "{bad}");
        }
        for fine in ["lovelace keeps quiet", "armada at anchor", "loquats are ripe in May", "organised", "@#$%^&*()"] {
            assert_eq!(refused(fine), None, "{fine}");
        }
    }

    #[test]
    fn the_list_is_long_and_in_the_form_that_is_compared() {
        let all: Vec<&str> = COMMON.lines().collect();
        assert!(all.len() > 11_000, "{}", all.len());
        assert!(
            all.iter().all(|one| one.chars().count() >= SHORTEST && one.to_lowercase() == *one && one.trim() == *one)
        );
    }
}
