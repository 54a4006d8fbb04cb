//! How numbers are printed: a real minus, so many digits and no more, p values as journals want them.

/// A number with so many decimals, with a real minus sign; a dash where there is none.
pub fn number(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let text = format!("{value:.decimals$}");
    let zero = text.chars().all(|character| matches!(character, '-' | '0' | '.'));
    match text.strip_prefix('-') {
        Some(rest) if zero => rest.to_owned(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

/// An interval: `−13.7 to −4.1`.
pub fn interval(lower: f64, upper: f64, decimals: usize) -> String {
    format!("{} to {}", number(lower, decimals), number(upper, decimals))
}

/// A p value: below 0.0001 as such, below 0.01 with four decimals, else with three.
pub fn p(value: f64) -> String {
    if !value.is_finite() {
        "–".to_owned()
    } else if value < 0.0001 {
        "< 0.0001".to_owned()
    } else if value < 0.01 {
        format!("{value:.4}")
    } else {
        format!("{value:.3}")
    }
}

/// A count with its share of a whole: `37 of 52 (71.2)`.
pub fn share(count: usize, of: usize) -> String {
    if of == 0 {
        return format!("{count} of 0");
    }
    format!("{count} of {of} ({:.1})", percent(count, of))
}

/// A count with its share, where the whole stands in the head: `37 (71.2)`.
pub fn part(count: usize, of: usize) -> String {
    if of == 0 {
        return count.to_string();
    }
    format!("{count} ({:.1})", percent(count, of))
}

/// So many of a hundred.
pub fn percent(count: usize, of: usize) -> f64 {
    if of == 0 { f64::NAN } else { 100.0 * count as f64 / of as f64 }
}

/// A name for a file, an address or a command: lower case, letters, digits and `-`.
pub fn slug(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars().flat_map(char::to_lowercase) {
        if character.is_alphanumeric() || matches!(character, '_' | '+') {
            out.push(character);
        } else if !out.ends_with('-') && !out.is_empty() {
            out.push('-');
        }
    }
    out.trim_end_matches('-').to_owned()
}

/// A first letter in upper case.
pub fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// Words of a code: `adverse_event` → `adverse event`.
pub fn words(code: &str) -> String {
    code.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (value, decimals, text) in
            [(-8.94, 1, "−8.9"), (-0.04, 1, "0.0"), (0.0, 2, "0.00"), (f64::NAN, 1, "–"), (12.345, 2, "12.35")]
        {
            assert_eq!(number(value, decimals), text);
        }
        for (value, text) in [(0.00009, "< 0.0001"), (0.00271, "0.0027"), (0.0271, "0.027"), (1.0, "1.000")] {
            assert_eq!(p(value), text);
        }
        assert_eq!(share(37, 52), "37 of 52 (71.2)");
        assert_eq!(share(0, 0), "0 of 0");
        assert_eq!(slug("CAPS-5 total, baseline"), "caps-5-total-baseline");
    }
}
