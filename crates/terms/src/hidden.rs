//! Characters that nobody sees, or that show a text otherwise than it is written.
//!
//! They come from terminals, from files that were pasted, and from whoever wants one text to be read as another. Spreadsheets, R and
//! printers stop at some of them. Whoever takes in free text asks here; what is refused goes back to the person as it was typed.

/// The first character of a text that must not stand in it: a control character other than tab and the ends of lines, or one that
/// turns the direction of what follows, or a line's end that only some programs take for one.
pub fn hidden(text: &str) -> Option<char> {
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let fits = match letter {
            '\t' | '\n' => true,
            // Pages send the ends of lines so.
            '\r' => letters.peek() == Some(&'\n'),
            '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => false,
            other => !other.is_control(),
        };
        if !fits {
            return Some(letter);
        }
    }
    None
}

/// Whether [`hidden`] may find something in a text whose UTF-8 bytes, or JSON, stand in here: false only if it can't.
pub fn may_hide(bytes: &[u8]) -> bool {
    // A backslash is how JSON writes a control character; the others begin the rest of them.
    bytes.iter().any(|byte| *byte < b' ' || matches!(byte, b'\\' | 0x7f | 0xc2 | 0xe2 | 0xef))
}

/// What to call such a character: `U+202E`.
pub fn hidden_shown(letter: char) -> String {
    format!("the character U+{:04X}", u32::from(letter))
}

#[cfg(test)]
mod tests {
    use super::{hidden, hidden_shown, may_hide};

    #[test]
    fn what_nobody_sees_is_found_and_writing_of_all_peoples_is_not() {
        for (text, found) in [
            ("a\0b", '\0'),
            ("\u{1b}[2J", '\u{1b}'),
            ("bell\u{7}", '\u{7}'),
            ("gone\u{7f}", '\u{7f}'),
            ("next\u{85}line", '\u{85}'),
            ("user\u{202e}txt.exe", '\u{202e}'),
            ("\u{2066}isolated", '\u{2066}'),
            ("line\u{2028}line", '\u{2028}'),
            ("\u{feff}first", '\u{feff}'),
            ("old end\rof line", '\r'),
            ("end\r", '\r'),
        ] {
            assert_eq!(hidden(text), Some(found), "{text:?}");
            let json = serde_json::to_vec(text).unwrap_or_default();
            assert!(may_hide(text.as_bytes()) && may_hide(&json), "{text:?}");
        }
        for text in [
            "",
            "words, \"quoted\" \\ and more — ünïcode",
            "lines\nand\r\nlines\twith tabs",
            "כאב ראש",
            "صداع\u{200f}",
            "頭痛",
            "Ελένη",
            "किशोर\u{200d}",
            "🧡\u{fe0f}",
        ] {
            assert_eq!(hidden(text), None, "{text:?}");
        }
        assert!(!may_hide(b"plain words, 12.5 mg"));
        assert_eq!(hidden_shown('\u{202e}'), "the character U+202E");
    }
}
