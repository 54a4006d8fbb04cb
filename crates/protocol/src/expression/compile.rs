//! From text to a typed tree: names are resolved, and the kinds must go together.

use super::{
    ExpressionError, ExpressionErrorKind, Kind, Names,
    number::Number,
    syntax::{self, Binary, Expr, Spanned, Unary},
};
use crate::spelling::nearest;
use std::ops::Range;

/// A typed expression. Names are positions in the expression's list of names.
#[derive(Debug)]
pub enum Tree {
    Bool(bool),
    Number(Number, Range<usize>),
    Text(String, Range<usize>),
    Name(usize),
    Not(Box<Tree>),
    Negated(Box<Tree>),
    And(Box<Tree>, Box<Tree>),
    Or(Box<Tree>, Box<Tree>),
    Arithmetic(Arithmetic, Box<Tree>, Box<Tree>),
    Compare(Compare, Box<Tree>, Box<Tree>),
    Within(Box<Tree>, Vec<Tree>),
    If(Box<Tree>, Box<Tree>, Box<Tree>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    Plus,
    Minus,
    Times,
    Over,
    Remainder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Compare {
    /// The same question with its sides exchanged.
    const fn mirrored(self) -> Self {
        match self {
            Self::Equal => Self::Equal,
            Self::Unequal => Self::Unequal,
            Self::Less => Self::More,
            Self::AtMost => Self::AtLeast,
            Self::More => Self::Less,
            Self::AtLeast => Self::AtMost,
        }
    }

    /// What it says of every number of a range: yes, no, or not the same of all.
    pub fn of_range(self, (min, max): (Number, Number), limit: Number) -> Option<bool> {
        let (always, never) = match self {
            Self::Less => (max < limit, min >= limit),
            Self::AtMost => (max <= limit, min > limit),
            Self::More => (min > limit, max <= limit),
            Self::AtLeast => (min >= limit, max < limit),
            Self::Equal => (min == max && min == limit, limit < min || limit > max),
            Self::Unequal => (limit < min || limit > max, min == max && min == limit),
        };
        if always {
            Some(true)
        } else if never {
            Some(false)
        } else {
            None
        }
    }
}

/// A name that is compared with a written number or text.
pub struct Compared<'a> {
    pub name: usize,
    pub sign: Compare,
    pub with: Constant<'a>,
    pub range: Range<usize>,
}

/// A number or text as written.
#[derive(Debug, Clone, Copy)]
pub enum Constant<'a> {
    Number(Number),
    Text(&'a str),
}

impl Tree {
    /// The parts right below this one.
    fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Bool(_) | Self::Number(..) | Self::Text(..) | Self::Name(_) => Vec::new(),
            Self::Not(inner) | Self::Negated(inner) => vec![inner],
            Self::And(left, right)
            | Self::Or(left, right)
            | Self::Arithmetic(_, left, right)
            | Self::Compare(_, left, right) => vec![left, right],
            Self::Within(item, list) => std::iter::once(item.as_ref()).chain(list).collect(),
            Self::If(condition, yes, no) => vec![condition, yes, no],
        }
    }

    /// Names that are compared with what is written out, anywhere in the tree.
    pub fn compared(&self) -> Vec<Compared<'_>> {
        let mut found = Vec::new();
        match self {
            Self::Compare(sign, left, right) => {
                found.extend(pair(left, *sign, right));
                found.extend(pair(right, sign.mirrored(), left));
            }
            Self::Within(item, list) => {
                found.extend(list.iter().filter_map(|element| pair(item, Compare::Equal, element)));
            }
            _ => {}
        }
        for part in self.parts() {
            found.extend(part.compared());
        }
        found
    }

    /// Hands every name in the tree to `add`, in order.
    pub fn names(&self, add: &mut impl FnMut(usize)) {
        if let Self::Name(position) = self {
            add(*position);
        }
        for part in self.parts() {
            part.names(add);
        }
    }
}

fn pair<'a>(one: &Tree, sign: Compare, other: &'a Tree) -> Option<Compared<'a>> {
    let Tree::Name(name) = one else { return None };
    let (with, range) = match other {
        Tree::Text(text, range) => (Constant::Text(text), range),
        Tree::Number(number, range) => (Constant::Number(*number), range),
        _ => return None,
    };
    Some(Compared { name: *name, sign, with, range: range.clone() })
}

/// What a part of an expression is, while its kinds are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Bool,
    Number,
    Text,
    Day,
}

impl Sort {
    const fn words(self) -> &'static str {
        match self {
            Self::Bool => "yes or no",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Day => "a day",
        }
    }
}

impl From<Kind> for Sort {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Bool => Self::Bool,
            Kind::Integer | Kind::Decimal => Self::Number,
            Kind::Text => Self::Text,
            Kind::Day => Self::Day,
        }
    }
}

/// Longest expression, in bytes, and deepest nesting of brackets: more is a slip, and the parser is recursive.
const LENGTH_MAX: usize = 4000;
const DEPTH_MAX: usize = 40;

/// Reads and checks an expression; the names it uses come with it.
pub fn compile(text: &str, scope: &Names<'_>) -> Result<(Tree, Vec<String>), Vec<ExpressionError>> {
    if let Some(error) = oversized(text) {
        return Err(vec![error]);
    }
    let ast = syntax::read(text).map_err(|error| vec![mended(text, error)])?;
    let mut compiler = Compiler { text, scope, names: Vec::new(), errors: Vec::new() };
    let tree = compiler.lower(&ast);
    if let Some((_, sort)) = &tree
        && *sort != Sort::Bool
    {
        compiler.error(
            &ast.span,
            ExpressionErrorKind::Type,
            format!("this is {}, but the answer must be yes or no", sort.words()),
            Some("compare it with something: `… >= 35`".to_owned()),
        );
    }
    match tree {
        Some((tree, _)) if compiler.errors.is_empty() => Ok((tree, compiler.names)),
        _ => Err(compiler.errors),
    }
}

/// A mistake of the syntax with what usually mends it.
fn mended(text: &str, error: ExpressionError) -> ExpressionError {
    let Range { start, end } = error.range.clone();
    let single_equals = text.get(start..end).is_some_and(|found| found.starts_with('='))
        || text.get(start.saturating_sub(2)..end).is_some_and(|found| found.contains(" ="));
    let word = |word: &str| text.split(|c: char| !c.is_alphanumeric()).any(|found| found.eq_ignore_ascii_case(word));
    let mend = if single_equals && !text.contains("==") {
        "write `==` to compare"
    } else if word("and") || word("or") || word("not") {
        "write `&&` for and, `||` for or, `!` for not"
    } else {
        "an expression reads like `history.age >= 18 && !history.asthma`"
    };
    ExpressionError { mend: Some(mend.to_owned()), ..error }
}

fn oversized(text: &str) -> Option<ExpressionError> {
    let mut depth = 0_usize;
    let mut deepest = 0;
    let mut signs = 0_usize;
    for character in text.chars() {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '!' | '-' | '?' => signs += 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    (text.len() > LENGTH_MAX || deepest > DEPTH_MAX || signs > 200).then(|| ExpressionError {
        range: 0..text.len(),
        message: format!(
            "the expression is too long or too deeply nested (at most {LENGTH_MAX} characters and {DEPTH_MAX} brackets)"
        ),
        mend: Some("split it into several criteria or checks".to_owned()),
        kind: ExpressionErrorKind::Syntax,
    })
}

struct Compiler<'a> {
    text: &'a str,
    scope: &'a Names<'a>,
    names: Vec<String>,
    errors: Vec<ExpressionError>,
}

type Typed = (Tree, Sort);

impl Compiler<'_> {
    fn error(&mut self, range: &Range<usize>, kind: ExpressionErrorKind, message: String, mend: Option<String>) {
        self.errors.push(ExpressionError { range: range.clone(), message, mend, kind });
    }

    fn type_error(&mut self, range: &Range<usize>, message: String, mend: Option<String>) {
        let mend = mend.or_else(|| Some("compare like with like; `==`, `<` and their kin answer yes or no".to_owned()));
        self.error(range, ExpressionErrorKind::Type, message, mend);
    }

    fn unsupported(&mut self, range: &Range<usize>, what: &str, mend: Option<&str>) -> Option<Typed> {
        self.error(range, ExpressionErrorKind::Unsupported, what.to_owned(), mend.map(str::to_owned));
        None
    }

    fn source(&self, expression: &Spanned) -> &str {
        self.text.get(expression.span.clone()).unwrap_or_default()
    }

    fn lower(&mut self, expression: &Spanned) -> Option<Typed> {
        let span = &expression.span;
        match &expression.node {
            Expr::Bool(value) => Some((Tree::Bool(*value), Sort::Bool)),
            Expr::Int(value) => Some((Tree::Number(Number::whole(*value), span.clone()), Sort::Number)),
            Expr::Float(value) => match Number::literal(*value) {
                Some(number) => Some((Tree::Number(number, span.clone()), Sort::Number)),
                None => self.unsupported(span, "this number is too large", Some("write a smaller one")),
            },
            Expr::Text(text) => Some((Tree::Text(text.clone(), span.clone()), Sort::Text)),
            Expr::Name(_) | Expr::Member(..) => self.name(expression),
            Expr::Unary(op, inner) => self.unary(*op, inner),
            Expr::Binary(op, left, right) => self.binary(*op, left, right),
            Expr::Ternary(condition, yes, no) => self.ternary(condition, yes, no),
            Expr::Call(called) => {
                let function = self.source(called).to_owned();
                let mend =
                    "there are names, numbers, texts, `+ - * / %`, comparisons, `in`, `&&`, `||`, `!` and `a ? b : c`";
                self.unsupported(span, &format!("`{function}` is called, but there are no functions here"), Some(mend))
            }
            Expr::List(_) => self.unsupported(
                span,
                "a list stands only to the right of `in`",
                Some("write `name in [\"…\", \"…\"]`"),
            ),
            Expr::Null => {
                let mend = "a missing answer makes the result unknown by itself; leave this out";
                self.unsupported(span, "nothing is ever compared with null", Some(mend))
            }
            Expr::Foreign => {
                let mend =
                    "there are names, numbers, texts, `+ - * / %`, comparisons, `in`, `&&`, `||`, `!` and `a ? b : c`";
                self.unsupported(span, "study files don't use this part of CEL", Some(mend))
            }
        }
    }

    fn name(&mut self, expression: &Spanned) -> Option<Typed> {
        let Some(name) = dotted(expression) else {
            return self.unsupported(&expression.span, "this is not a name", Some("names are words with dots between"));
        };
        let Some(kind) = self.scope.kind(&name) else {
            let mend = self.suggestion(&name);
            self.error(
                &expression.span,
                ExpressionErrorKind::UnknownName,
                format!("`{name}` stands for nothing here"),
                mend,
            );
            return None;
        };
        let position = self.names.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        });
        Some((Tree::Name(position), Sort::from(kind)))
    }

    fn suggestion(&self, name: &str) -> Option<String> {
        if let Some(near) = nearest(name, self.scope.all()) {
            return Some(format!("did you mean `{near}`?"));
        }
        // The same last part elsewhere, or the other names that begin alike.
        let last = name.rsplit('.').next().unwrap_or(name);
        if let Some(found) = self.scope.all().find(|key| key.rsplit('.').next() == Some(last)) {
            return Some(format!("did you mean `{found}`?"));
        }
        let (first, _) = name.split_once('.').unwrap_or((name, ""));
        let prefix = format!("{first}.");
        let known: Vec<&str> = self.scope.all().filter_map(|key| key.strip_prefix(&prefix)).take(8).collect();
        let words = if known.is_empty() {
            "names are `form.field`, `visit.form.field`, `consent.item`, `done.visit` and a few facts: see docs/study-files.md".to_owned()
        } else {
            format!("`{first}` has: {}", known.join(", "))
        };
        Some(words)
    }

    fn unary(&mut self, op: Unary, inner: &Spanned) -> Option<Typed> {
        let (tree, sort) = self.lower(inner)?;
        match (op, sort) {
            (Unary::Not, Sort::Bool) => Some((Tree::Not(Box::new(tree)), Sort::Bool)),
            (Unary::Negated, Sort::Number) => Some((Tree::Negated(Box::new(tree)), Sort::Number)),
            (Unary::Not, _) => {
                self.type_error(&inner.span, format!("`!` needs yes or no, and this is {}", sort.words()), None);
                None
            }
            (Unary::Negated, _) => {
                self.type_error(&inner.span, format!("`-` needs a number, and this is {}", sort.words()), None);
                None
            }
        }
    }

    fn binary(&mut self, op: Binary, left: &Spanned, right: &Spanned) -> Option<Typed> {
        if op == Binary::In {
            return self.within(left, right);
        }
        // Both sides are lowered first, so that mistakes in both are reported.
        let (left_typed, right_typed) = (self.lower(left), self.lower(right));
        let ((left_tree, left_sort), (right_tree, right_sort)) = (left_typed?, right_typed?);
        let (one, other) = (Box::new(left_tree), Box::new(right_tree));
        let (arithmetic, compare) = match op {
            Binary::And | Binary::Or => {
                let bad = |sort: Sort, side: &Spanned| (sort != Sort::Bool).then(|| (side.span.clone(), sort));
                let wrong: Vec<_> = [bad(left_sort, left), bad(right_sort, right)].into_iter().flatten().collect();
                let sign = if op == Binary::And { "&&" } else { "||" };
                for (span, sort) in &wrong {
                    let message = format!("`{sign}` needs yes or no on both sides, and this is {}", sort.words());
                    self.type_error(span, message, None);
                }
                let tree = if op == Binary::And { Tree::And(one, other) } else { Tree::Or(one, other) };
                return wrong.is_empty().then_some((tree, Sort::Bool));
            }
            Binary::Plus => (Some(Arithmetic::Plus), None),
            Binary::Minus => (Some(Arithmetic::Minus), None),
            Binary::Times => (Some(Arithmetic::Times), None),
            Binary::Over => (Some(Arithmetic::Over), None),
            Binary::Remainder => (Some(Arithmetic::Remainder), None),
            Binary::Equal => (None, Some(Compare::Equal)),
            Binary::Unequal => (None, Some(Compare::Unequal)),
            Binary::Less => (None, Some(Compare::Less)),
            Binary::AtMost => (None, Some(Compare::AtMost)),
            Binary::More => (None, Some(Compare::More)),
            Binary::AtLeast => (None, Some(Compare::AtLeast)),
            Binary::In => return None,
        };
        let span = left.span.start..right.span.end;
        if let Some(sign) = arithmetic {
            let sort = self.arithmetic_sort(sign, left_sort, right_sort, &span)?;
            return Some((Tree::Arithmetic(sign, one, other), sort));
        }
        let sign = compare?;
        self.compare_sorts(sign, left_sort, right_sort, &span)?;
        Some((Tree::Compare(sign, one, other), Sort::Bool))
    }

    fn arithmetic_sort(&mut self, sign: Arithmetic, left: Sort, right: Sort, span: &Range<usize>) -> Option<Sort> {
        match (sign, left, right) {
            (_, Sort::Number, Sort::Number) | (Arithmetic::Minus, Sort::Day, Sort::Day) => Some(Sort::Number),
            (Arithmetic::Plus | Arithmetic::Minus, Sort::Day, Sort::Number)
            | (Arithmetic::Plus, Sort::Number, Sort::Day) => Some(Sort::Day),
            _ => {
                self.type_error(
                    span,
                    format!("{} and {} can't be put together with this sign", left.words(), right.words()),
                    Some("numbers go with numbers; a day less a day is a number of days".to_owned()),
                );
                None
            }
        }
    }

    fn compare_sorts(&mut self, sign: Compare, left: Sort, right: Sort, span: &Range<usize>) -> Option<()> {
        let ordered = !matches!(sign, Compare::Equal | Compare::Unequal);
        if left != right {
            let mend = match (left, right) {
                (Sort::Day, Sort::Number) | (Sort::Number, Sort::Day) => {
                    Some("take the difference of two days: `today - … >= 84`")
                }
                (Sort::Bool, Sort::Text) | (Sort::Text, Sort::Bool) => {
                    Some("yes and no are written `true` and `false`, without quotes")
                }
                (Sort::Text, Sort::Number) | (Sort::Number, Sort::Text) => Some("numbers are written without quotes"),
                _ => None,
            };
            self.type_error(
                span,
                format!("{} is compared with {}", left.words(), right.words()),
                mend.map(str::to_owned),
            );
            return None;
        }
        if ordered && matches!(left, Sort::Bool | Sort::Text) {
            self.type_error(
                span,
                format!("{} has no order: it can only be equal or unequal", left.words()),
                Some("write `==` or `!=`, or `in [\"…\", \"…\"]`".to_owned()),
            );
            return None;
        }
        Some(())
    }

    fn within(&mut self, left: &Spanned, right: &Spanned) -> Option<Typed> {
        let item = self.lower(left);
        let Expr::List(elements) = &right.node else {
            let mend = "write the list out: `… in [\"mild\", \"moderate\"]`";
            return self.unsupported(&right.span, "to the right of `in` stands a list", Some(mend));
        };
        if elements.is_empty() {
            return self.unsupported(&right.span, "an empty list holds nothing", Some("name what it may be"));
        }
        let lowered: Vec<_> = elements.iter().map(|element| (self.lower(element), &element.span)).collect();
        let (item, sort) = item?;
        let mut list = Vec::new();
        for (element, span) in lowered {
            let (tree, element_sort) = element?;
            if element_sort != sort {
                let message = format!("{} is looked for, and this is {}", sort.words(), element_sort.words());
                self.type_error(span, message, None);
                return None;
            }
            list.push(tree);
        }
        Some((Tree::Within(Box::new(item), list), Sort::Bool))
    }

    fn ternary(&mut self, condition: &Spanned, yes: &Spanned, no: &Spanned) -> Option<Typed> {
        let lowered = (self.lower(condition), self.lower(yes), self.lower(no));
        let ((condition_tree, condition_sort), (yes_tree, yes_sort), (no_tree, no_sort)) =
            (lowered.0?, lowered.1?, lowered.2?);
        if condition_sort != Sort::Bool {
            let message = format!("before `?` stands yes or no, and this is {}", condition_sort.words());
            self.type_error(&condition.span, message, None);
            return None;
        }
        if yes_sort != no_sort {
            let message = format!("one branch is {}, the other {}", yes_sort.words(), no_sort.words());
            self.type_error(&(yes.span.start..no.span.end), message, None);
            return None;
        }
        Some((Tree::If(Box::new(condition_tree), Box::new(yes_tree), Box::new(no_tree)), yes_sort))
    }
}

/// The dotted name that an expression is, if it is one.
fn dotted(expression: &Spanned) -> Option<String> {
    match &expression.node {
        Expr::Name(name) => Some(name.clone()),
        Expr::Member(whole, field) => Some(format!("{}.{field}", dotted(whole)?)),
        _ => None,
    }
}
