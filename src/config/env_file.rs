//! The file `.env` of the current directory: settings that the environment does not have.

use std::fs;
use std::io::ErrorKind;
use std::path::{self, Path};

use super::Mistakes;

const NAME: &str = ".env";

/// Puts what the file has into the environment, where that has nothing of the name. To be called before any setting is read.
pub fn load() -> Result<(), Mistakes> {
    let text = match fs::read_to_string(NAME) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        // Whoever may not even enter this directory, as in a shell of root's, has no file here.
        Err(error) if error.kind() == ErrorKind::PermissionDenied && fs::symlink_metadata(NAME).is_err() => {
            return Ok(());
        }
        Err(error) => {
            let place = path::absolute(NAME).unwrap_or_else(|_| Path::new(NAME).to_owned());
            return Err(mistake(format!(
                "the file {} cannot be read ({error}): make it a text that the user of this command may read, or change to another directory",
                place.display()
            )));
        }
    };
    let text = literal(text.strip_prefix('\u{feff}').unwrap_or(&text));
    if let Some(line) = mistaken_line(&text) {
        // Not the line itself: it can hold a secret.
        return Err(mistake(format!(
            "line {line} of the file .env cannot be understood: write NAME=value, with quotes around a value that holds spaces, quotes, # or \\"
        )));
    }
    dotenvy::from_read(text.as_bytes()).map_err(|error| mistake(format!("the file .env cannot be used: {error}")))
}

fn mistake(text: String) -> Mistakes {
    Mistakes(vec![text])
}

/// The text so that dotenvy, which knows no other way, puts nothing in the place of `$NAME`: a password may well hold a `$`.
/// Single quotes become double ones with everything escaped, as dotenvy is of two minds about a backslash between them.
fn literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len());
    let (mut quote, mut is_escaped, mut is_comment, mut before) = (None, false, false, '\n');
    for c in text.chars() {
        let mut kept = c;
        match (quote, c) {
            _ if is_comment => is_comment = c != '\n',
            _ if is_escaped => is_escaped = false,
            (None, '#') if before.is_whitespace() => is_comment = true,
            (None, '\'' | '"') => (quote, kept) = (Some(c), '"'),
            (Some(open), _) if open == c => (quote, kept) = (None, '"'),
            (Some('\''), '\\' | '"') | (_, '$') => literal.push('\\'),
            (_, '\\') => is_escaped = true,
            _ => {}
        }
        literal.push(kept);
        before = c;
    }
    literal
}

/// The number of the first line that is none, if there is any. A value between quotes can have several lines, and then it is
/// the line where it begins.
fn mistaken_line(text: &str) -> Option<usize> {
    let is_right = |text: &str| {
        dotenvy::from_read_iter(text.as_bytes()).all(|setting| setting.is_ok_and(|(_, value)| !value.contains('\0')))
    };
    if is_right(text) {
        return None;
    }
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    (0..lines.len()).rev().find(|most| is_right(&lines[..*most].concat())).map(|right| right + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What dotenvy makes of a text: the values, or the line of the mistake.
    fn values(text: &str) -> Result<Vec<String>, usize> {
        let text = literal(text);
        match mistaken_line(&text) {
            Some(line) => Err(line),
            None => Ok(dotenvy::from_read_iter(text.as_bytes()).map(|setting| setting.unwrap().1).collect()),
        }
    }

    #[test]
    fn values_are_taken_as_they_stand() {
        for (given, value) in [
            ("p$ss@1", "p$ss@1"),
            ("$HOME-${HOME}$", "$HOME-${HOME}$"),
            ("\"p$ss ${HOME} \\$ \\\"x\\\" \\\\ \\n#\" # with a $ and it's said", "p$ss ${HOME} $ \"x\" \\ \n#"),
            ("'p$ss \"x\" \\ #' # a comment", "p$ss \"x\" \\ #"),
            ("'ends in \\'", "ends in \\"),
            ("a#b  # a comment", "a#b"),
            ("a\\ b\\$c", "a b$c"),
            ("'it'\\''s'", "it's"),
            ("\"two\nlines\"", "two\nlines"),
            ("", ""),
            ("  spaced  ", "spaced"),
        ] {
            let text = format!("# it's a $ comment\nexport A = {given}\nB=$A");
            assert_eq!(values(&text), Ok(vec![value.to_owned(), "$A".to_owned()]), "{given}");
        }
    }

    #[test]
    fn a_mistake_is_told_by_the_line_where_it_begins() {
        for (text, line) in [
            ("A=1\nB=two words\nC=3\n", 2),
            ("B=words\n\n# x\nA=two words\n", 4),
            ("A=1\nB=1\nC='never closed\nD=1\n\n", 3),
            ("A=\"two\nlines\"\nB\nC=1", 3),
            ("A=\"two\nlines\" more", 1),
            ("A=1\r\nB=\\q\r\n", 2),
            ("A=1\nB=a\0b", 2),
            ("1A=x", 1),
        ] {
            assert_eq!(values(text), Err(line), "{text:?}");
        }
    }
}
