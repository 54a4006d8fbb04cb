//! Splits a formula into words and signs, each with the character it starts at.

use super::FormulaError;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A bare name or one between backticks.
    Name(String),
    Number(f64),
    /// An operator or a bracket; `%in%` is one of them.
    Sign(&'static str),
}

pub(super) struct Placed {
    pub(super) token: Token,
    /// Character in the formula, counted from 1.
    pub(super) at: usize,
}

const SIGNS: [&str; 12] = ["~", "+", "-", "*", "/", ":", "^", "(", ")", ",", "|", "%in%"];

pub(super) fn tokens(formula: &str) -> Result<Vec<Placed>, FormulaError> {
    let characters: Vec<char> = formula.chars().collect();
    let mut found = Vec::new();
    let mut position = 0;
    while let Some(&character) = characters.get(position) {
        let at = position + 1;
        if character.is_whitespace() {
            position += 1;
            continue;
        }
        let rest: String = characters.iter().skip(position).take(4).collect();
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            found.push(Placed { token: Token::Sign(sign), at });
            position += sign.len();
        } else if character == '`' {
            let name: String = characters.iter().skip(at).take_while(|&&next| next != '`').collect();
            position = at + name.chars().count() + 1;
            if position > characters.len() {
                return Err(syntax(formula, at, "this backtick is never closed"));
            }
            found.push(Placed { token: Token::Name(name), at });
        } else if character.is_ascii_digit()
            || (character == '.' && characters.get(at).is_some_and(char::is_ascii_digit))
        {
            let digits: String =
                characters.iter().skip(position).take_while(|next| next.is_ascii_digit() || **next == '.').collect();
            position += digits.len();
            match digits.parse() {
                Ok(number) => found.push(Placed { token: Token::Number(number), at }),
                Err(_) => return Err(syntax(formula, at, &format!("`{digits}` is no number"))),
            }
        } else if character.is_alphabetic() || character == '_' || character == '.' {
            let name: String = characters
                .iter()
                .skip(position)
                .take_while(|next| next.is_alphanumeric() || matches!(next, '_' | '.'))
                .collect();
            position += name.chars().count();
            found.push(Placed { token: Token::Name(name), at });
        } else {
            return Err(syntax(
                formula,
                at,
                &format!("`{character}` means nothing in a formula; names with odd characters go between backticks"),
            ));
        }
    }
    Ok(found)
}

pub(super) fn syntax(formula: &str, at: usize, problem: &str) -> FormulaError {
    FormulaError::Syntax { formula: formula.to_owned(), at, problem: problem.to_owned() }
}
