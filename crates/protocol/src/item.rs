//! Taking a table apart: each key asked for once, every mistake noted, every place remembered for the checks that
//! come later.

use crate::expression::{Expression, ExpressionError, ExpressionErrorKind, Names};
use crate::{
    bounds::bound_of,
    diagnostic::Mistake,
    files::{Place, Sources},
    spelling::nearest,
    tree::{Content, Entry, Node, Table},
};
use std::{cell::RefCell, collections::BTreeMap, ops::Range};
use terms::{Decimal, Milligrams, Source, SourceTag};

/// What is collected while reading: mistakes, and places by path (`visit/V9/window`).
#[derive(Default)]
pub struct Notebook {
    pub sources: Sources,
    pub mistakes: RefCell<Vec<Mistake>>,
    pub places: RefCell<BTreeMap<String, Place>>,
}

impl Notebook {
    pub fn note(&self, mistake: Mistake) {
        self.mistakes.borrow_mut().push(mistake);
    }

    /// The place by path, where that was read.
    pub fn place(&self, path: &str) -> Option<Place> {
        self.places.borrow().get(path).cloned()
    }

    /// A part of a text value, by its byte range in the text as read: its place in the file, escapes reckoned with.
    pub fn inside(&self, place: &Place, range: &Range<usize>) -> Place {
        let raw = self.sources.text(place).get(place.range.clone()).unwrap_or_default();
        let (start, end) = (raw_offset(raw, range.start), raw_offset(raw, range.end));
        Place { file: place.file, range: place.range.start + start..place.range.start + end.max(start) }
    }
}

/// Where a byte of a TOML string's text stands in its written form, quotes and escapes included.
fn raw_offset(raw: &str, byte: usize) -> usize {
    let multiline = raw.starts_with("\"\"\"") || raw.starts_with("'''");
    let quote = if multiline { 3 } else { 1 };
    let literal = raw.starts_with('\'');
    let mut at = quote.min(raw.len());
    if multiline {
        let rest = raw.get(at..).unwrap_or_default();
        at += if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
    }
    let mut read = 0;
    while read < byte {
        let rest = raw.get(at..).unwrap_or_default();
        let mut characters = rest.chars();
        let Some(first) = characters.next() else { break };
        if first != '\\' || literal {
            read += first.len_utf8();
            at += first.len_utf8();
            continue;
        }
        let escape = characters.next().unwrap_or('\\');
        let digits = match escape {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        if escape.is_whitespace() {
            // The end of the line and the space that begins the next are left out of the text.
            at += 1 + rest
                .get(1..)
                .unwrap_or_default()
                .chars()
                .take_while(|c| c.is_whitespace())
                .map(char::len_utf8)
                .sum::<usize>();
            continue;
        }
        let hex = rest.get(2..2 + digits).unwrap_or_default();
        let held = u32::from_str_radix(hex, 16).ok().and_then(char::from_u32);
        read += held.map_or(1, char::len_utf8);
        at += 1 + escape.len_utf8() + digits;
    }
    at.min(raw.len())
}

/// A closed list of words that a key may have.
pub trait Words: Sized + Copy + 'static {
    const ALL: &'static [(&'static str, Self)];
}

/// One table while it is taken apart.
pub struct Item<'a> {
    notebook: &'a Notebook,
    table: &'a Table,
    /// Where it stands: its name's place where it has one, else the table.
    pub place: Place,
    /// `visit/V9`.
    pub path: String,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Item<'a> {
    pub fn new(notebook: &'a Notebook, table: &'a Table, place: Place, path: String) -> Self {
        notebook.places.borrow_mut().insert(path.clone(), place.clone());
        Self { notebook, table, place, path, asked: RefCell::default() }
    }

    pub fn note(&self, mistake: Mistake) {
        self.notebook.note(mistake);
    }

    fn entry(&self, key: &'static str) -> Option<&'a Entry> {
        self.asked.borrow_mut().push(key);
        let entry = self.table.get(key)?;
        self.notebook.places.borrow_mut().insert(self.path_of(key), entry.node.place.clone());
        Some(entry)
    }

    /// The key as the head of a table: `session.check`, without the names of items on the way.
    fn dotted(&self, key: &str) -> String {
        match self.path.split('/').next() {
            Some("") | None => key.to_owned(),
            Some(first) => format!("{first}.{key}"),
        }
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}/{key}", self.path) }
    }

    /// Whether a key is there, without asking for it.
    pub fn has(&self, key: &str) -> bool {
        self.table.get(key).is_some()
    }

    /// The place of a key's value, or of the item.
    pub fn place_of(&self, key: &str) -> Place {
        self.table.get(key).map_or_else(|| self.place.clone(), |entry| entry.node.place.clone())
    }

    fn described(&self) -> String {
        let path = self.path.trim_matches('/');
        if path.is_empty() { "the study".to_owned() } else { format!("`{}`", path.replace('/', " ")) }
    }

    fn required(&self, key: &'static str) -> Option<&'a Entry> {
        self.required_as(key, &format!("{key} = …"))
    }

    fn required_as(&self, key: &'static str, written: &str) -> Option<&'a Entry> {
        let entry = self.entry(key);
        if entry.is_none() {
            let code = if key == "source" { "study.source" } else { "study.missing" };
            let mend = if key == "source" {
                "add `source = \"where it comes from [public]\"`; tags: public, recall, recall-low, design, computed, regulation".to_owned()
            } else {
                format!("add `{written}`")
            };
            let message = if key == "source" {
                format!("{} doesn't say where it comes from", self.described())
            } else {
                format!("{} has no `{key}`", self.described())
            };
            self.note(Mistake::new(code, &self.place, message, format!("`{key}` is missing")).mend(mend));
        }
        entry
    }

    fn wrong_type(&self, entry: &Entry, needed: &str) {
        self.note(
            Mistake::new(
                "study.type",
                &entry.node.place,
                format!("`{}` must be {needed}, and this is {}", entry.key, entry.node.content.words()),
                format!("not {needed}"),
            )
            .mend_opt(type_mend(&entry.node.content, needed)),
        );
    }

    /// A text that must be there and not be empty.
    pub fn text(&self, key: &'static str) -> Option<String> {
        self.required(key).and_then(|entry| self.as_text(entry))
    }

    pub fn optional_text(&self, key: &'static str) -> Option<String> {
        self.entry(key).and_then(|entry| self.as_text(entry))
    }

    fn as_text(&self, entry: &Entry) -> Option<String> {
        let Content::Text(text) = &entry.node.content else {
            self.wrong_type(entry, "a text");
            return None;
        };
        if text.trim().is_empty() {
            self.note(
                Mistake::new("study.empty", &entry.node.place, format!("`{}` is empty", entry.key), "nothing in it")
                    .mend("write something, or leave the key out where it may be missing"),
            );
            return None;
        }
        if let Some(hidden) = text.chars().find(|character| hidden(*character, &entry.key)) {
            let message = format!("`{}` holds a character that can't be seen: U+{:04X}", entry.key, u32::from(hidden));
            self.note(
                Mistake::new("study.control", &entry.node.place, message, "a control character")
                    .mend("take it out; it came with a copy from elsewhere, most likely"),
            );
        }
        Some(text.clone())
    }

    /// A name that expressions may use: letters, digits and underscores, not starting with a digit.
    pub fn identifier(&self, key: &'static str) -> Option<String> {
        let text = self.text(key)?;
        let plain = text.chars().enumerate().all(|(position, character)| {
            character == '_' || character.is_ascii_alphabetic() || (position > 0 && character.is_ascii_digit())
        });
        if !plain || RESERVED.contains(&text.as_str()) {
            let why = if plain { "is a word of the expression language" } else { "can't be used in expressions" };
            let mend =
                "names are letters, digits and `_`, start with a letter, and are none of the language's own words";
            self.note(
                Mistake::new("study.name", &self.place_of(key), format!("`{text}` {why}"), "not a name").mend(mend),
            );
        }
        Some(text)
    }

    pub fn whole<T: TryFrom<i64>>(&self, key: &'static str) -> Option<T> {
        self.required(key).and_then(|entry| self.as_whole(entry))
    }

    pub fn optional_whole<T: TryFrom<i64>>(&self, key: &'static str) -> Option<T> {
        self.entry(key).and_then(|entry| self.as_whole(entry))
    }

    fn as_whole<T: TryFrom<i64>>(&self, entry: &Entry) -> Option<T> {
        let Content::Integer(number) = entry.node.content else {
            self.wrong_type(entry, "a whole number");
            return None;
        };
        let fits = T::try_from(number).ok();
        if fits.is_some() && !self.within_bounds(&entry.key, &entry.node.place, number.saturating_mul(1000), number) {
            return None;
        }
        if fits.is_none() {
            let mend = if number < 0 { "write a number from 0" } else { "write a smaller number" };
            self.note(
                Mistake::new(
                    "study.number",
                    &entry.node.place,
                    format!("`{}` can't be {number}", entry.key),
                    "outside what is possible",
                )
                .mend(mend),
            );
        }
        fits
    }

    pub fn decimal(&self, key: &'static str) -> Option<Decimal> {
        self.required(key).and_then(|entry| self.as_decimal(entry))
    }

    pub fn optional_decimal(&self, key: &'static str) -> Option<Decimal> {
        self.entry(key).and_then(|entry| self.as_decimal(entry))
    }

    /// Reports a number beyond what its key may have; the bounds are in thousandths.
    fn within_bounds(&self, key: &str, place: &Place, thousandths: i64, found: impl std::fmt::Display) -> bool {
        let Some(bound) = bound_of(key).filter(|bound| !bound.holds(thousandths)) else { return true };
        let (label, limit) = if thousandths > bound.most {
            (format!("more than {}", Decimal::thousandths(bound.most)), "most")
        } else {
            (format!("less than {}", Decimal::thousandths(bound.least)), "least")
        };
        let end = if limit == "most" { bound.most } else { bound.least };
        let mend = format!("write {} at {limit}: {}", Decimal::thousandths(end), bound.why);
        self.note(Mistake::new("study.bound", place, format!("`{key}` can't be {found}"), label).mend(mend));
        false
    }

    fn as_decimal(&self, entry: &Entry) -> Option<Decimal> {
        let number = self.as_unbounded(entry)?;
        self.within_bounds(&entry.key, &entry.node.place, number.as_thousandths(), number).then_some(number)
    }

    fn as_unbounded(&self, entry: &Entry) -> Option<Decimal> {
        match &entry.node.content {
            Content::Integer(number) => Some(Decimal::whole(*number)),
            Content::Float(text) => match text.replace('_', "").parse() {
                Ok(number) => Some(number),
                Err(error) => {
                    let message = format!("`{}`: {error}", entry.key);
                    self.note(
                        Mistake::new("study.number", &entry.node.place, message, "not held exactly")
                            .mend("write at most three decimals"),
                    );
                    None
                }
            },
            _ => {
                self.wrong_type(entry, "a number");
                None
            }
        }
    }

    pub fn milligrams(&self, key: &'static str) -> Option<Milligrams> {
        self.decimal(key).map(Milligrams::new)
    }

    pub fn flag(&self, key: &'static str) -> Option<bool> {
        self.required(key).and_then(|entry| self.as_flag(entry))
    }

    pub fn flag_or(&self, key: &'static str, default: bool) -> bool {
        self.entry(key).and_then(|entry| self.as_flag(entry)).unwrap_or(default)
    }

    fn as_flag(&self, entry: &Entry) -> Option<bool> {
        let Content::Bool(value) = entry.node.content else {
            self.wrong_type(entry, "true or false");
            return None;
        };
        Some(value)
    }

    /// A list of texts; empty when it isn't there.
    pub fn texts(&self, key: &'static str) -> Vec<String> {
        self.entry(key).map(|entry| self.as_texts(entry)).unwrap_or_default()
    }

    /// A list of texts that must be there.
    pub fn required_texts(&self, key: &'static str) -> Vec<String> {
        self.required(key).map(|entry| self.as_texts(entry)).unwrap_or_default()
    }

    fn as_texts(&self, entry: &Entry) -> Vec<String> {
        let mut texts: Vec<String> = Vec::new();
        for (node, path) in self.elements(entry) {
            let Content::Text(text) = &node.content else {
                self.element_type(entry, node, "a text");
                continue;
            };
            if texts.contains(text) {
                self.note(
                    Mistake::new(
                        "study.duplicate",
                        &node.place,
                        format!("`{text}` stands twice in this list"),
                        "again",
                    )
                    .mend("take one of them out"),
                );
            }
            self.notebook.places.borrow_mut().insert(format!("{path}/{text}"), node.place.clone());
            texts.push(text.clone());
        }
        texts
    }

    /// A list of numbers; empty when it isn't there.
    pub fn decimals(&self, key: &'static str) -> Vec<Decimal> {
        let Some(entry) = self.entry(key) else { return Vec::new() };
        let mut numbers = Vec::new();
        for (node, _) in self.elements(entry) {
            match &node.content {
                Content::Integer(number) => numbers.push(Decimal::whole(*number)),
                Content::Float(text) => match text.replace('_', "").parse() {
                    Ok(number) => numbers.push(number),
                    Err(error) => {
                        let message = format!("`{}`: {error}", entry.key);
                        let mistake = Mistake::new("study.number", &node.place, message, "not held exactly");
                        self.note(mistake.mend("write at most three decimals"));
                    }
                },
                _ => self.element_type(entry, node, "a number"),
            }
            let last = numbers.last().copied().unwrap_or(Decimal::ZERO);
            if !self.within_bounds(&entry.key, &node.place, last.as_thousandths(), last) {
                numbers.pop();
            }
        }
        numbers
    }

    /// A list of whole numbers; empty when it isn't there.
    pub fn wholes<T: TryFrom<i64>>(&self, key: &'static str) -> Vec<T> {
        let Some(entry) = self.entry(key) else { return Vec::new() };
        let mut numbers = Vec::new();
        for (node, path) in self.elements(entry) {
            let Content::Integer(number) = node.content else {
                self.element_type(entry, node, "a whole number");
                continue;
            };
            self.notebook.places.borrow_mut().insert(format!("{path}/{number}"), node.place.clone());
            match T::try_from(number) {
                Ok(fits) => {
                    if self.within_bounds(&entry.key, &node.place, number.saturating_mul(1000), number) {
                        numbers.push(fits);
                    }
                }
                Err(_) => self.note(
                    Mistake::new(
                        "study.number",
                        &node.place,
                        format!("{number} is not possible here"),
                        "too small or too large",
                    )
                    .mend("write a number from 0"),
                ),
            }
        }
        numbers
    }

    fn element_type(&self, entry: &Entry, node: &Node, needed: &str) {
        let message = format!("`{}` lists {} where each must be {needed}", entry.key, node.content.words());
        let mend = type_mend(&node.content, needed);
        self.note(Mistake::new("study.type", &node.place, message, format!("not {needed}")).mend_opt(mend));
    }

    fn elements(&self, entry: &'a Entry) -> Vec<(&'a Node, String)> {
        let Content::Array(nodes) = &entry.node.content else {
            self.wrong_type(entry, "a list");
            return Vec::new();
        };
        let path = self.path_of(&entry.key);
        nodes.iter().map(|node| (node, path.clone())).collect()
    }

    /// One of a closed list of words.
    pub fn word<T: Words>(&self, key: &'static str) -> Option<T> {
        let entry = self.required(key)?;
        self.as_word(&entry.key, &entry.node)
    }

    /// A list of words of a closed list.
    pub fn words<T: Words>(&self, key: &'static str) -> Vec<T> {
        let Some(entry) = self.required(key) else { return Vec::new() };
        let path = self.path_of(key);
        let elements = self.elements(entry);
        let found = elements.into_iter().filter_map(|(node, _)| {
            if let Content::Text(text) = &node.content {
                self.notebook.places.borrow_mut().insert(format!("{path}/{text}"), node.place.clone());
            }
            self.as_word(key, node)
        });
        found.collect()
    }

    fn as_word<T: Words>(&self, key: &str, node: &Node) -> Option<T> {
        let Content::Text(text) = &node.content else {
            let message = format!("`{key}` must be one of a list of words, and this is {}", node.content.words());
            self.note(Mistake::new("study.type", &node.place, message, "not a word").mend("write it in double quotes"));
            return None;
        };
        let found = T::ALL.iter().find(|(word, _)| word == text).map(|(_, value)| *value);
        if found.is_none() {
            let all: Vec<&str> = T::ALL.iter().map(|(word, _)| *word).collect();
            let mend = match nearest(text, all.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it is one of: {}", all.join(", ")),
            };
            let message = format!("`{key}` can't be `{text}`");
            self.note(Mistake::new("study.word", &node.place, message, "not one of the words").mend(mend));
        }
        found
    }

    /// Where it comes from: `"in words [tag]"`, or `{ tag = "…", text = "…" }`.
    pub fn source(&self) -> Option<Source> {
        let entry = self.required("source")?;
        let (tag, text) = match &entry.node.content {
            Content::Text(whole) => {
                let parts = whole.trim_end().strip_suffix(']').and_then(|rest| rest.rsplit_once('['));
                let Some((text, tag)) = parts else {
                    self.note(
                        Mistake::new("study.source", &entry.node.place, "the source has no tag", "ends without `[…]`")
                            .mend(format!("end it with one of {}", tags())),
                    );
                    return None;
                };
                (tag.to_owned(), text.trim().to_owned())
            }
            Content::Table(table) => {
                let item = Item::new(self.notebook, table, entry.node.place.clone(), self.path_of("source"));
                let parts = (item.text("tag"), item.text("text"));
                item.finish();
                (parts.0?, parts.1?)
            }
            _ => {
                self.wrong_type(entry, "a text");
                return None;
            }
        };
        let known = SOURCE_TAGS.iter().find(|(word, _)| *word == tag).map(|(_, tag)| *tag);
        if known.is_none() {
            let message = format!("`{tag}` is no tag of a source");
            self.note(
                Mistake::new("study.source", &entry.node.place, message, "unknown tag")
                    .mend(format!("it is one of {}", tags())),
            );
        }
        if text.is_empty() {
            self.note(
                Mistake::new("study.source", &entry.node.place, "the source says nothing", "only a tag")
                    .mend("name the document and the place in it"),
            );
        }
        known.map(|tag| Source::new(tag, text))
    }

    /// An expression over the names of a scope.
    pub fn expression(&self, key: &'static str, scope: &Names<'_>) -> Option<Expression> {
        let entry = self.required(key)?;
        self.as_expression(entry, scope)
    }

    pub fn optional_expression(&self, key: &'static str, scope: &Names<'_>) -> Option<Expression> {
        let entry = self.entry(key)?;
        self.as_expression(entry, scope)
    }

    fn as_expression(&self, entry: &Entry, scope: &Names<'_>) -> Option<Expression> {
        let text = self.as_text(entry)?;
        let place = &entry.node.place;
        match Expression::compile_in(&text, scope) {
            Ok(expression) => {
                if expression.names().is_empty() {
                    let message = "this expression asks nothing of anybody: its answer is always the same";
                    self.note(
                        Mistake::new("study.expression-constant", place, message, "no name in it")
                            .warning()
                            .mend("name a field, a score or another fact"),
                    );
                }
                Some(expression)
            }
            Err(errors) => {
                for error in errors {
                    self.note(self.expression_mistake(&text, place, error, scope));
                }
                None
            }
        }
    }

    fn expression_mistake(&self, text: &str, place: &Place, error: ExpressionError, scope: &Names<'_>) -> Mistake {
        let spot = self.notebook.inside(place, &error.range);
        let named = text.get(error.range.clone()).unwrap_or_default();
        let first = named.split('.').next().unwrap_or_default();
        let prefix = format!("{first}.");
        let form_known = first != named && scope.all().any(|name| name.starts_with(&prefix));
        let (code, label) = match error.kind {
            ExpressionErrorKind::Syntax => ("study.expression", "not readable here"),
            ExpressionErrorKind::Type => ("study.expression-type", "these don't go together"),
            ExpressionErrorKind::Unsupported => ("study.expression-part", "not used in study files"),
            ExpressionErrorKind::UnknownName if form_known => ("study.expression-field", "no such field or score"),
            ExpressionErrorKind::UnknownName => ("study.expression-name", "unknown name"),
        };
        Mistake::new(code, &spot, error.message, label).mend_opt(error.mend)
    }

    /// A table inside, which must be there.
    pub fn table(&self, key: &'static str) -> Option<Item<'a>> {
        self.required_as(key, &format!("[{}]", self.dotted(key))).and_then(|entry| self.as_item(entry))
    }

    pub fn optional_table(&self, key: &'static str) -> Option<Item<'a>> {
        self.entry(key).and_then(|entry| self.as_item(entry))
    }

    fn as_item(&self, entry: &'a Entry) -> Option<Item<'a>> {
        let Content::Table(table) = &entry.node.content else {
            self.wrong_type(entry, "a table");
            return None;
        };
        Some(Item::new(self.notebook, table, entry.node.place.clone(), self.path_of(&entry.key)))
    }

    /// The keys of a table with their values' nodes, in the order of the file.
    pub fn pairs(&self, key: &'static str) -> Vec<(&'a Entry, String)> {
        let Some(entry) = self.required(key) else { return Vec::new() };
        let Content::Table(table) = &entry.node.content else {
            self.wrong_type(entry, "a table");
            return Vec::new();
        };
        let path = self.path_of(key);
        let mut pairs = Vec::new();
        for inner in &table.entries {
            self.notebook.places.borrow_mut().insert(format!("{path}/{}", inner.key), inner.key_place.clone());
            match &inner.node.content {
                Content::Text(text) => pairs.push((inner, text.clone())),
                _ => self.wrong_type(inner, "a text"),
            }
        }
        pairs
    }

    /// The tables of a list, each with its path; empty when the list isn't there.
    pub fn items(&self, key: &'static str) -> Vec<Item<'a>> {
        let Some(entry) = self.entry(key) else { return Vec::new() };
        let Content::Array(nodes) = &entry.node.content else {
            self.wrong_type(entry, "a list of tables (`[[…]]`)");
            return Vec::new();
        };
        let mut items = Vec::new();
        for (position, node) in nodes.iter().enumerate() {
            let Content::Table(table) = &node.content else {
                self.element_type(entry, node, "a table");
                continue;
            };
            let (name, place) = match table.identity() {
                Some((name, place)) => (name, place.clone()),
                None => ((position + 1).to_string(), node.place.clone()),
            };
            let path = format!("{}/{name}", self.path_of(key));
            items.push(Item::new(self.notebook, table, place, path));
        }
        items
    }

    /// Tables of a list that must not be empty.
    pub fn some_items(&self, key: &'static str) -> Vec<Item<'a>> {
        let written = format!("[[{}]]", self.dotted(key));
        if self.required_as(key, &written).is_none() { Vec::new() } else { self.items(key) }
    }

    /// Reports the keys that nobody asked for.
    pub fn finish(&self) {
        let asked = self.asked.borrow();
        for entry in &self.table.entries {
            if asked.contains(&entry.key.as_str()) {
                continue;
            }
            let near = nearest(&entry.key, asked.iter().copied());
            let stem = |key: &str| key.rsplit_once('_').map(|(stem, _)| stem.to_owned());
            let same_stem =
                || asked.iter().copied().find(|known| stem(known).is_some() && stem(known) == stem(&entry.key));
            let mend = match near.or_else(same_stem) {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    let mut all: Vec<&str> = asked.clone();
                    all.sort_unstable();
                    all.dedup();
                    format!("{} has: {}", self.described(), all.join(", "))
                }
            };
            let message = format!("{} has no key `{}`", self.described(), entry.key);
            self.note(Mistake::new("study.key", &entry.key_place, message, "unknown key").mend(mend));
        }
    }
}

/// Characters that steer a screen instead of standing on it; a line's end only in keys that hold one line.
fn hidden(character: char, key: &str) -> bool {
    const ONE_LINE: [&str; 5] = ["id", "title", "name", "label", "version"];
    match character {
        '\n' | '\r' | '\t' => ONE_LINE.contains(&key),
        // Letters are turned about by these.
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' => true,
        other => other.is_control(),
    }
}

/// Words of the expression language, which can't be names.
pub const RESERVED: [&str; 21] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "null",
    "package",
    "return",
    "true",
    "var",
    "void",
    "while",
];

pub const SOURCE_TAGS: [(&str, SourceTag); 7] = [
    ("public", SourceTag::Public),
    ("recall", SourceTag::Recall),
    ("recall-low", SourceTag::RecallLow),
    ("recall, unsure", SourceTag::RecallLow),
    ("design", SourceTag::Design),
    ("computed", SourceTag::Computed),
    ("regulation", SourceTag::Regulation),
];

fn tags() -> String {
    let tags = ["public", "recall", "recall-low", "design", "computed", "regulation"];
    tags.map(|tag| format!("[{tag}]")).join(", ")
}

fn type_mend(content: &Content, needed: &str) -> Option<String> {
    match (content, needed) {
        (Content::Text(text), "a whole number" | "a number") if text.trim().parse::<f64>().is_ok() => {
            Some(format!("leave out the quotes: `{}`", text.trim()))
        }
        (Content::Text(text), "true or false") if matches!(text.as_str(), "yes" | "true") => {
            Some("write `true`, without quotes".to_owned())
        }
        (Content::Text(text), "true or false") if matches!(text.as_str(), "no" | "false") => {
            Some("write `false`, without quotes".to_owned())
        }
        (Content::Text(text), "a list") => Some(format!("write `[\"{text}\"]`")),
        (Content::Integer(number), "a text") => Some(format!("write `\"{number}\"`, with quotes")),
        (Content::Float(number), "a whole number") => Some(format!("there are no parts here: round {number}")),
        (_, "a whole number" | "a number") => Some("write digits, without quotes".to_owned()),
        (_, "a text") => Some("write it in double quotes".to_owned()),
        (_, "true or false") => Some("write `true` or `false`".to_owned()),
        (_, "a list") => Some("write it in square brackets, with commas between".to_owned()),
        (_, "a table") => Some("write it in braces, `{ key = value, … }`, or under a `[head]`".to_owned()),
        _ => Some(format!("this must be {needed}")),
    }
}
