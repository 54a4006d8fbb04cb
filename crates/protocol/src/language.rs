//! Language tags: what is one, as far as a list of two letters can say.

/// Longest language tag (RFC 5646, 4.4.1).
const TAG_MAX: usize = 35;

/// The two-letter codes of ISO 639-1.
const TWO_LETTERS: &str = "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz \
    ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv \
    ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn \
    no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te \
    tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// Whether a text is a language's tag: the two letters of ISO 639-1 or three letters of ISO 639-3 (too many to list),
/// then script, region and variants in their shapes: `en`, `en-GB`, `zh-Hant-TW`.
pub fn language_known(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default().to_ascii_lowercase();
    let letters = language.bytes().all(|byte| byte.is_ascii_lowercase());
    let known = match language.len() {
        2 => TWO_LETTERS.split_whitespace().any(|code| code == language),
        3 => letters,
        _ => false,
    };
    let fits = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    known && tag.len() <= TAG_MAX && parts.all(fits)
}

#[cfg(test)]
mod tests {
    use super::language_known;

    #[test]
    fn tags_of_languages_are_told_from_words() {
        for tag in ["en", "en-GB", "EN", "es-419", "zh-Hant-TW", "haw", "de-CH-1996"] {
            assert!(language_known(tag), "{tag}");
        }
        for word in ["", "klingon", "english", "xx", "e", "en_GB", "en-", "en-GB-", "12", "en-ninecharsx"] {
            assert!(!language_known(word), "{word}");
        }
    }
}
