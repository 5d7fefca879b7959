//! Text that is looked for, in the words of each database and in our own, which all find the same.
//!
//! Upper and lower case are alike in every script, letter by letter as Unicode maps them: `É` finds `é`, but `ß` not `SS`,
//! and `E` not `É`. The databases' own ways differ and know less: SQLite's LIKE folds ASCII only, and PostgreSQL's ILIKE
//! what the locale of the database folds. So the letters' cases are spelled out. Nothing of the text is a wildcard.

use std::collections::HashMap;
use std::ops::Range;

use sea_orm::DbBackend;
use sea_orm::sea_query::extension::postgres::PgBinOper;
use sea_orm::sea_query::{BinOper, Expr, ExprTrait as _, LikeExpr};

/// Up to so many letters SQLite's LIKE looks for.
const LIKE_TAKES: usize = 20;

/// Text that is looked for.
#[derive(Clone, Debug)]
pub struct Needle {
    /// For each letter all that it may be instead, itself first.
    letters: Vec<Vec<char>>,
    /// For each character that may be in it the places where, a bit each.
    places: HashMap<char, Vec<u64>>,
}

impl Needle {
    /// Looks for this text.
    pub fn new(text: &str) -> Self {
        let letters: Vec<Vec<char>> = text.chars().map(cases).collect();
        let mut places = HashMap::new();
        for (place, cases) in letters.iter().enumerate() {
            for case in cases {
                let bits = places.entry(*case).or_insert_with(|| vec![0; letters.len().div_ceil(64)]);
                bits[place / 64] |= 1 << (place % 64);
            }
        }
        Self { letters, places }
    }

    /// Whether a column has it, in the database's words. SQLite's LIKE takes as long as the text times what is looked for; for
    /// the rest our own function looks there (`db`), which takes seven times as long as LIKE for a word.
    pub fn is_in(&self, column: Expr, backend: DbBackend) -> Expr {
        match backend {
            DbBackend::Postgres => column.binary(PgBinOper::Regex, Expr::value(self.regex())),
            _ if self.letters.len() <= LIKE_TAKES && self.folds_in_ascii() => {
                column.like(LikeExpr::new(self.like()).escape('\\'))
            }
            _ => column.binary(BinOper::Custom("REGEXP"), Expr::value(self.regex())),
        }
    }

    /// Where a text has it first, in bytes. Reads each character once, whatever is looked for: a bit of `begun` stands for as
    /// many letters of it as there are up to here.
    pub fn find(&self, text: &str) -> Option<Range<usize>> {
        let last = self.letters.len().checked_sub(1)?;
        let mut begun = vec![0u64; self.letters.len().div_ceil(64)];
        for (at, char) in text.char_indices() {
            let Some(places) = self.places.get(&char) else {
                begun.fill(0);
                continue;
            };
            let mut carry = 1;
            for (begun, places) in begun.iter_mut().zip(places) {
                let longer = (*begun << 1) | carry;
                carry = *begun >> 63;
                *begun = longer & places;
            }
            if (begun[last / 64] >> (last % 64)) & 1 == 1 {
                let end = at + char.len_utf8();
                let (begin, _) = text[..end].char_indices().rev().nth(last)?;
                return Some(begin..end);
            }
        }
        None
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

    /// A regular expression for PostgreSQL (its section 9.7.3) and the crate `regex`: letters and classes only, so that it
    /// takes linear time.
    fn regex(&self) -> String {
        let mut pattern = String::new();
        for cases in &self.letters {
            match cases.as_slice() {
                // With `\` before them these are the ends of words.
                [letter] if letter.is_ascii_punctuation() && !matches!(letter, '<' | '>') => {
                    pattern.extend(['\\', *letter]);
                }
                [letter] => pattern.push(*letter),
                cases => {
                    pattern.push('[');
                    pattern.extend(cases);
                    pattern.push(']');
                }
            }
        }
        pattern
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
        let long = "a".repeat(199) + "É";
        let text = "a".repeat(1000) + "é";
        assert_eq!(Needle::new(&long).find(&text), Some(801..1002));
        assert_eq!(Needle::new(&long).find(&text[..1000]), None);
    }

    #[test]
    fn nothing_of_it_is_a_wildcard() {
        let odd = Needle::new(r"%_\*?[^a-Z]$.<");
        assert_eq!(odd.like(), r"%\%\_\\*?[^a-Z]$.<%");
        assert!(odd.folds_in_ascii() && Needle::new("日").folds_in_ascii() && !Needle::new("é").folds_in_ascii());
        assert_eq!(odd.regex(), r"\%\_\\\*\?\[\^[aA]\-[Zz]\]\$\.<");
    }
}
