//! Reads CEL's syntax into a tree with places: precedence, literals and escapes as the language sets them.
//!
//! What study files don't use is read as far as it has a shape of its own (calls, indices, maps), so that it can be
//! answered for what it is. Expressions and their answers are compared with those of `cel-core`, by test.

use super::{ExpressionError, ExpressionErrorKind};
use std::{iter::Peekable, ops::Range, str::CharIndices};

/// A part of an expression and its place in the text. Brackets around it are no part of it.
#[derive(Debug)]
pub struct Spanned {
    pub node: Expr,
    pub span: Range<usize>,
}

#[derive(Debug)]
pub enum Expr {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Name(String),
    Member(Box<Spanned>, String),
    List(Vec<Spanned>),
    Unary(Unary, Box<Spanned>),
    Binary(Binary, Box<Spanned>, Box<Spanned>),
    Ternary(Box<Spanned>, Box<Spanned>, Box<Spanned>),
    /// A function or method with what it is called with.
    Call(Box<Spanned>),
    /// A part of CEL that study files don't use.
    Foreign,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unary {
    Not,
    Negated,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binary {
    Or,
    And,
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
    Unequal,
    In,
    Plus,
    Minus,
    Times,
    Over,
    Remainder,
}

/// Binary operators by how tightly they bind, loosest first.
const LEVELS: [&[(&str, Binary)]; 5] = [
    &[("||", Binary::Or)],
    &[("&&", Binary::And)],
    &[
        ("<=", Binary::AtMost),
        (">=", Binary::AtLeast),
        ("==", Binary::Equal),
        ("!=", Binary::Unequal),
        ("<", Binary::Less),
        (">", Binary::More),
        ("in", Binary::In),
    ],
    &[("+", Binary::Plus), ("-", Binary::Minus)],
    &[("*", Binary::Times), ("/", Binary::Over), ("%", Binary::Remainder)],
];

/// Signs of the language, longest first.
const SIGNS: [&str; 24] = [
    "||", "&&", "<=", ">=", "==", "!=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",", "(", ")", "[", "]",
    "{", "}",
];

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Sign(&'static str),
    Word(String),
    Int(i64),
    Float(f64),
    Text(String),
}

type Placed = (Token, Range<usize>);
type Read<T> = Result<T, ExpressionError>;

fn error(message: impl Into<String>, range: Range<usize>) -> ExpressionError {
    ExpressionError { range, message: message.into(), mend: None, kind: ExpressionErrorKind::Syntax }
}

/// Reads an expression, or says what first stands in the way.
pub fn read(text: &str) -> Read<Spanned> {
    let tokens = Lexer { text, rest: text.char_indices().peekable() }.tokens()?;
    let mut reader = Reader { tokens, next: 0, end: text.len() };
    let whole = reader.expression()?;
    match reader.peek() {
        None => Ok(whole),
        Some((_, range)) => Err(error("unexpected tokens after expression", range.clone())),
    }
}

struct Lexer<'t> {
    text: &'t str,
    rest: Peekable<CharIndices<'t>>,
}

impl Lexer<'_> {
    fn tokens(mut self) -> Read<Vec<Placed>> {
        let mut tokens = Vec::new();
        while let Some(&(start, character)) = self.rest.peek() {
            let left = self.text.get(start..).unwrap_or_default();
            if character.is_whitespace() {
                self.rest.next();
            } else if left.starts_with("//") {
                while self.rest.next_if(|(_, character)| *character != '\n').is_some() {}
            } else if character.is_ascii_digit() || (character == '.' && follows(left, |c| c.is_ascii_digit())) {
                let number = self.number(start)?;
                tokens.push((number, start..self.place()));
            } else if character.is_ascii_alphabetic() || character == '_' {
                let word = self.run(|c| c.is_ascii_alphanumeric() || c == '_');
                tokens.push((Token::Word(word), start..self.place()));
            } else if character == '"' || character == '\'' {
                let quoted = self.quoted(start, character)?;
                tokens.push((Token::Text(quoted), start..self.place()));
            } else if let Some(sign) = SIGNS.into_iter().find(|sign| left.starts_with(sign)) {
                for _ in sign.chars() {
                    self.rest.next();
                }
                tokens.push((Token::Sign(sign), start..self.place()));
            } else {
                let message = format!("unexpected character '{character}'");
                return Err(error(message, start..start + character.len_utf8()));
            }
        }
        Ok(tokens)
    }

    /// Where the next character stands.
    fn place(&mut self) -> usize {
        self.rest.peek().map_or(self.text.len(), |(place, _)| *place)
    }

    fn run(&mut self, of: impl Fn(char) -> bool) -> String {
        let mut run = String::new();
        while let Some((_, character)) = self.rest.next_if(|(_, character)| of(*character)) {
            run.push(character);
        }
        run
    }

    fn number(&mut self, start: usize) -> Read<Token> {
        let mut digits = self.run(|c| c.is_ascii_digit());
        if digits == "0" && self.rest.next_if(|(_, c)| matches!(c, 'x' | 'X')).is_some() {
            let hexadecimal = self.run(|c| c.is_ascii_hexdigit());
            let range = start..self.place();
            return i64::from_str_radix(&hexadecimal, 16).map(Token::Int).map_err(|_| error(TOO_LARGE, range));
        }
        let left = self.text.get(self.place()..).unwrap_or_default();
        let mut whole = true;
        if left.starts_with('.') && follows(left, |c| c.is_ascii_digit()) {
            whole = false;
            self.rest.next();
            digits = format!("{digits}.{}", self.run(|c| c.is_ascii_digit()));
        }
        let left = self.text.get(self.place()..).unwrap_or_default();
        if left.starts_with(['e', 'E']) && follows(left, |c| c.is_ascii_digit() || c == '-' || c == '+') {
            whole = false;
            self.rest.next();
            let sign = self.rest.next_if(|(_, c)| matches!(c, '+' | '-')).map_or('+', |(_, sign)| sign);
            digits = format!("{digits}e{sign}{}", self.run(|c| c.is_ascii_digit()));
        }
        if whole {
            // Whole numbers without a sign are numbers like any other here.
            self.rest.next_if(|(_, c)| matches!(c, 'u' | 'U'));
        }
        let range = start..self.place();
        let number = if whole { digits.parse().ok().map(Token::Int) } else { digits.parse().ok().map(Token::Float) };
        number.ok_or_else(|| error(TOO_LARGE, range))
    }

    fn quoted(&mut self, start: usize, quote: char) -> Read<String> {
        self.rest.next();
        let mut text = String::new();
        loop {
            match self.rest.next() {
                Some((_, character)) if character == quote => return Ok(text),
                Some((place, '\\')) => match self.escaped() {
                    Some(character) => text.push(character),
                    None => return Err(error("this escape is not one", place..self.place())),
                },
                Some((_, '\n')) | None => return Err(error("expected a closing quote", start..start + 1)),
                Some((_, character)) => text.push(character),
            }
        }
    }

    /// The character that stands for what follows a backslash.
    fn escaped(&mut self) -> Option<char> {
        let (_, letter) = self.rest.next()?;
        match letter {
            '\\' | '"' | '\'' | '`' | '?' => Some(letter),
            'n' => Some('\n'),
            't' => Some('\t'),
            'r' => Some('\r'),
            'a' => Some('\u{7}'),
            'b' => Some('\u{8}'),
            'f' => Some('\u{c}'),
            'v' => Some('\u{b}'),
            'x' | 'X' => self.coded(16, 2, 0),
            'u' => self.coded(16, 4, 0),
            'U' => self.coded(16, 8, 0),
            '0'..='3' => self.coded(8, 2, letter.to_digit(8)?),
            _ => None,
        }
    }

    fn coded(&mut self, radix: u32, digits: usize, first: u32) -> Option<char> {
        let mut code = first;
        for _ in 0..digits {
            let (_, digit) = self.rest.next_if(|(_, character)| character.is_digit(radix))?;
            code = code.checked_mul(radix)?.checked_add(digit.to_digit(radix)?)?;
        }
        char::from_u32(code)
    }
}

const TOO_LARGE: &str = "this number is too large";

/// Whether the second character of a text is one of these.
fn follows(text: &str, of: impl Fn(char) -> bool) -> bool {
    text.chars().nth(1).is_some_and(of)
}

struct Reader {
    tokens: Vec<Placed>,
    next: usize,
    end: usize,
}

impl Reader {
    fn peek(&self) -> Option<&Placed> {
        self.tokens.get(self.next)
    }

    fn at(&self, sign: &str) -> bool {
        match self.peek() {
            Some((Token::Sign(found), _)) => *found == sign,
            Some((Token::Word(word), _)) => sign == "in" && word == "in",
            _ => false,
        }
    }

    fn take(&mut self, sign: &str) -> bool {
        let there = self.at(sign);
        self.next += usize::from(there);
        there
    }

    /// Takes a sign that must stand here; the end of its place.
    fn expect(&mut self, sign: &str) -> Read<usize> {
        let range = self.peek().map_or(self.end..self.end, |(_, range)| range.clone());
        if self.take(sign) {
            return Ok(range.end);
        }
        Err(self.expected(&format!("expected '{sign}'")))
    }

    fn expected(&self, message: &str) -> ExpressionError {
        match self.peek() {
            Some((_, range)) => error(message, range.clone()),
            None => error(format!("{message}, but it ends here"), self.end..self.end),
        }
    }

    fn expression(&mut self) -> Read<Spanned> {
        let condition = self.binary(0)?;
        if !self.take("?") {
            return Ok(condition);
        }
        let yes = self.binary(0)?;
        self.expect(":")?;
        let no = self.expression()?;
        let span = condition.span.start..no.span.end;
        Ok(Spanned { node: Expr::Ternary(Box::new(condition), Box::new(yes), Box::new(no)), span })
    }

    fn binary(&mut self, level: usize) -> Read<Spanned> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        while let Some((_, operator)) = operators.iter().find(|(sign, _)| self.at(sign)) {
            self.next += 1;
            let right = self.binary(level + 1)?;
            let span = left.span.start..right.span.end;
            left = Spanned { node: Expr::Binary(*operator, Box::new(left), Box::new(right)), span };
        }
        Ok(left)
    }

    fn unary(&mut self) -> Read<Spanned> {
        for (sign, operator) in [("!", Unary::Not), ("-", Unary::Negated)] {
            let start = self.peek().map_or(self.end, |(_, range)| range.start);
            if self.take(sign) {
                let inner = self.unary()?;
                let span = start..inner.span.end;
                return Ok(Spanned { node: Expr::Unary(operator, Box::new(inner)), span });
            }
        }
        self.member()
    }

    fn member(&mut self) -> Read<Spanned> {
        let mut part = self.primary()?;
        loop {
            let start = part.span.start;
            if self.take("(") {
                let (_, end) = self.items(")")?;
                part = Spanned { node: Expr::Call(Box::new(part)), span: start..end };
            } else if self.take("[") {
                self.expression()?;
                let end = self.expect("]")?;
                part = Spanned { node: Expr::Foreign, span: start..end };
            } else if self.take(".") {
                match self.peek() {
                    Some((Token::Word(field), range)) => {
                        let (field, end) = (field.clone(), range.end);
                        self.next += 1;
                        part = Spanned { node: Expr::Member(Box::new(part), field), span: start..end };
                    }
                    _ => return Err(self.expected("expected a word after '.'")),
                }
            } else {
                return Ok(part);
            }
        }
    }

    /// What stands in brackets with commas between, and the end of the closing bracket. A last comma may be left over.
    fn items(&mut self, close: &str) -> Read<(Vec<Spanned>, usize)> {
        let mut items = Vec::new();
        while !self.at(close) {
            items.push(self.expression()?);
            if !self.take(",") {
                break;
            }
        }
        Ok((items, self.expect(close)?))
    }

    fn primary(&mut self) -> Read<Spanned> {
        let Some((token, span)) = self.peek().cloned() else {
            return Err(self.expected("expected an expression"));
        };
        self.next += 1;
        let node = match token {
            Token::Int(number) => Expr::Int(number),
            Token::Float(number) => Expr::Float(number),
            Token::Text(text) => Expr::Text(text),
            Token::Word(word) => match word.as_str() {
                "true" => Expr::Bool(true),
                "false" => Expr::Bool(false),
                "null" => Expr::Null,
                _ => Expr::Name(word),
            },
            Token::Sign("(") => {
                let inner = self.expression()?;
                self.expect(")")?;
                return Ok(inner);
            }
            Token::Sign("[") => {
                let (items, end) = self.items("]")?;
                return Ok(Spanned { node: Expr::List(items), span: span.start..end });
            }
            Token::Sign("{") => return self.map(span.start),
            Token::Sign(sign) => return Err(error(format!("unexpected '{sign}'"), span)),
        };
        Ok(Spanned { node, span })
    }

    fn map(&mut self, start: usize) -> Read<Spanned> {
        while !self.at("}") {
            self.expression()?;
            self.expect(":")?;
            self.expression()?;
            if !self.take(",") {
                break;
            }
        }
        let end = self.expect("}")?;
        Ok(Spanned { node: Expr::Foreign, span: start..end })
    }
}
