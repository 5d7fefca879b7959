//! How many tokens a text is, roughly. Pure.
//!
//! Every model cuts text in its own way, and carrying all their vocabularies would make the executable several times as
//! large. The estimate only decides what of a long conversation is left out, and is shown, marked as such, where a
//! provider does not count.

/// What a message costs beyond its text: the marks of a chat template around it.
const PER_MESSAGE: u32 = 4;

/// The tokens of a text: four letters of plain English are one, other alphabets take two letters for one, a Chinese or
/// Japanese character is one, and an emoji two.
pub fn estimate(text: &str) -> u32 {
    let quarters: u64 = text
        .chars()
        .map(|character| match character.len_utf8() {
            1 => 1,
            2 => 2,
            3 => 4,
            _ => 8,
        })
        .sum();
    u32::try_from(quarters.div_ceil(4)).unwrap_or(u32::MAX)
}

/// The tokens of a message in a conversation.
pub fn of_message(text: &str) -> u32 {
    estimate(text).saturating_add(PER_MESSAGE)
}

/// The tokens of an image. The vendors count it by its area, scaled down to a size of their own: about 1,600 at most.
pub fn of_image(width: i32, height: i32) -> u32 {
    let area = u64::from(width.unsigned_abs()) * u64::from(height.unsigned_abs());
    u32::try_from(area / 750).unwrap_or(u32::MAX).clamp(85, 1600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_near_what_tokenisers_count() {
        // Beside each what OpenAI's o200k_base counts.
        for (text, counted) in [
            ("The quick brown fox jumps over the lazy dog.", 10),
            ("Der schnelle braune Fuchs springt über den faulen Hund.", 12),
            ("敏捷的棕色狐狸跳过了懒狗", 13),
            ("", 0),
        ] {
            let estimated = f64::from(estimate(text));
            let counted = f64::from(counted);
            assert!((estimated - counted).abs() <= counted * 0.5, "{text}: {estimated} for {counted}");
        }
    }
}
