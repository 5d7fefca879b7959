//! Text that is looked for, in the words of each database and in our own, which all find the same.
//!
//! Upper and lower case are alike in every script, letter by letter as Unicode maps them: `É` finds `é`, but `ß` not `SS`,
//! and `E` not `É`. The databases' own ways differ and know less: SQLite's LIKE folds ASCII only, and PostgreSQL's ILIKE
//! what the locale of the database folds. So the letters' cases are spelled out. Nothing of the text is a wildcard.

use std::ops::Range;

use sea_orm::DbBackend;
use sea_orm::sea_query::extension::postgres::PgBinOper;
use sea_orm::sea_query::extension::sqlite::SqliteBinOper;
use sea_orm::sea_query::{Expr, ExprTrait as _, LikeExpr};

/// Text that is looked for.
#[derive(Clone, Debug)]
pub struct Needle {
    /// For each letter all that it may be instead, itself first.
    letters: Vec<Vec<char>>,
}

impl Needle {
    /// Looks for this text.
    pub fn new(text: &str) -> Self {
        Self { letters: text.chars().map(cases).collect() }
    }

    /// Whether a column has it, in the database's words.
    pub fn is_in(&self, column: Expr, backend: DbBackend) -> Expr {
        match backend {
            DbBackend::Postgres => column.binary(PgBinOper::Regex, Expr::value(self.regex())),
            // Ten times as fast as the other, and just as exact where it can be had.
            _ if self.folds_in_ascii() => column.like(LikeExpr::new(self.like()).escape('\\')),
            _ => column.binary(SqliteBinOper::Glob, Expr::value(self.glob())),
        }
    }

    /// Where a text has it first, in bytes.
    pub fn find(&self, text: &str) -> Option<Range<usize>> {
        text.char_indices().find_map(|(begin, _)| {
            let mut end = begin;
            let mut chars = text[begin..].chars();
            for cases in &self.letters {
                let char = chars.next().filter(|char| cases.contains(char))?;
                end += char.len_utf8();
            }
            Some(begin..end)
        })
    }

    fn folds_in_ascii(&self) -> bool {
        self.letters.iter().all(|cases| cases.len() == 1 || cases.iter().all(char::is_ascii))
    }

    /// A pattern for SQLite's LIKE, with `\` before what is meant literally.
    fn like(&self) -> String {
        let mut pattern = String::from("%");
        for cases in &self.letters {
            if matches!(cases[0], '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(cases[0]);
        }
        pattern + "%"
    }

    /// A pattern for SQLite's GLOB.
    fn glob(&self) -> String {
        let mut pattern = String::from("*");
        for cases in &self.letters {
            let is_plain = cases.len() == 1 && !matches!(cases[0], '*' | '?' | '[');
            one_of(&mut pattern, cases, is_plain);
        }
        pattern + "*"
    }

    /// A regular expression for PostgreSQL (its section 9.7.3): letters and classes only, so that it takes linear time.
    fn regex(&self) -> String {
        let mut pattern = String::new();
        for cases in &self.letters {
            if cases[0].is_ascii_punctuation() {
                pattern.push('\\');
            }
            one_of(&mut pattern, cases, cases.len() == 1);
        }
        pattern
    }
}

fn one_of(pattern: &mut String, cases: &[char], is_plain: bool) {
    if is_plain {
        pattern.extend(cases);
    } else {
        pattern.push('[');
        pattern.extend(cases);
        pattern.push(']');
    }
}

/// A letter, and what it is in the other cases where that is one letter too.
fn cases(letter: char) -> Vec<char> {
    let mut all = vec![letter];
    let mut add = |letter: Option<char>| match letter {
        Some(letter) if !all.contains(&letter) => all.push(letter),
        _ => {}
    };
    let (upper, lower) = (single(letter.to_uppercase()), single(letter.to_lowercase()));
    add(upper);
    add(lower);
    add(upper.and_then(|upper| single(upper.to_lowercase())));
    // Sigma's other small form, at the end of words, which no mapping leads to.
    add(Some('ς').filter(|_| upper == Some('Σ')));
    all
}

fn single(mut letters: impl Iterator<Item = char>) -> Option<char> {
    letters.next().filter(|_| letters.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_count_in_any_script_and_accents_do() {
        for (needle, text) in [
            ("loquat", "A LoQuat."),
            ("ПРИВЕТ", "привет"),
            ("größe", "GRÖßE"),
            ("Σίσυφος", "σίσυφοσ"),
            ("ΣΊΣΥΦΟΣ", "Σίσυφος"),
            ("日本", "今日本"),
            ("100%", "at 100% of it"),
        ] {
            let found = Needle::new(needle).find(text).unwrap();
            assert_eq!(text[found].chars().count(), needle.chars().count(), "{needle}");
        }
        for (needle, text) in [("e", "é"), ("ss", "ß"), ("a_c", "abc"), ("a%c", "abbc"), ("a.c", "abc"), ("ab", "b a")]
        {
            assert_eq!(Needle::new(needle).find(text), None, "{needle}");
        }
        assert_eq!(Needle::new("aab").find("aaab"), Some(1..4));
    }

    #[test]
    fn nothing_of_it_is_a_wildcard() {
        let odd = Needle::new(r"%_\*?[^a-Z]$.");
        assert_eq!(odd.like(), r"%\%\_\\*?[^a-Z]$.%");
        assert_eq!(odd.glob(), r"*%_\[*][?][[]^[aA]-[Zz]]$.*");
        assert_eq!(odd.regex(), r"\%\_\\\*\?\[\^[aA]\-[Zz]\]\$\.");
        assert!(odd.folds_in_ascii() && Needle::new("日").folds_in_ascii() && !Needle::new("é").folds_in_ascii());
    }
}
