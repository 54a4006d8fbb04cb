//! The files as one tree: each file's TOML with its places, files of a study put together, and a study laid over the
//! one that it extends.

use crate::{diagnostic::Mistake, files::Place};
use std::collections::BTreeMap;
use toml::de::{DeTable, DeValue};

/// A value with its place.
#[derive(Debug, Clone)]
pub struct Node {
    pub place: Place,
    pub content: Content,
}

#[derive(Debug, Clone)]
pub enum Content {
    Text(String),
    Integer(i64),
    /// As written, to be read exactly.
    Float(String),
    Bool(bool),
    Moment,
    Array(Vec<Node>),
    Table(Table),
}

impl Content {
    /// The kind, in a study author's words.
    pub const fn words(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Bool(_) => "true or false",
            Self::Moment => "a date or time",
            Self::Array(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

/// A table, in the order of the file.
#[derive(Debug, Clone, Default)]
pub struct Table {
    pub entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
pub struct Entry {
    pub key: String,
    pub key_place: Place,
    pub node: Node,
}

impl Table {
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    fn get_mut(&mut self, key: &str) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.key == key)
    }

    /// What this table is called among its like, and where that stands.
    pub fn identity(&self) -> Option<(String, &Place)> {
        IDENTITIES.iter().find_map(|key| {
            let entry = self.get(key)?;
            let name = match &entry.node.content {
                Content::Text(text) => text.clone(),
                Content::Integer(number) => number.to_string(),
                _ => return None,
            };
            Some((name, &entry.node.place))
        })
    }
}

/// Keys that tell like tables of a list apart; the first that is there counts.
const IDENTITIES: [&str; 5] = ["id", "code", "number", "version", "name"];

/// Reads one file; what can be read is returned beside the mistakes.
pub fn parse(file: usize, text: &str, mistakes: &mut Vec<Mistake>) -> Table {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let range = error.span().unwrap_or(0..0);
        let place = Place { file, range: range.start.min(text.len())..range.end.clamp(range.start, text.len()) };
        let duplicate = error.message().contains("duplicate key");
        let (code, mend) = if duplicate {
            ("study.key-twice", "say it once; lists of tables are written `[[name]]`")
        } else {
            ("study.syntax", "this is not TOML; see toml.io for how values, tables and lists are written")
        };
        let message = error.message().lines().next().unwrap_or("not readable").to_owned();
        mistakes.push(Mistake::new(code, &place, message, "here").mend(mend));
    }
    let mut placed = table_of(file, table.into_inner(), mistakes);
    // Only the root needs it: the other tables stand in the order of their keys' places already.
    placed.entries.sort_by_key(|entry| entry.key_place.range.start);
    placed
}

fn table_of(file: usize, table: DeTable<'_>, mistakes: &mut Vec<Mistake>) -> Table {
    let mut entries: Vec<Entry> = Vec::new();
    for (key, value) in table {
        let key_place = Place { file, range: key.span() };
        let node = node_of(file, value, mistakes);
        entries.push(Entry { key: key.into_inner().into_owned(), key_place, node });
    }
    entries.sort_by_key(|entry| entry.key_place.range.start);
    Table { entries }
}

fn node_of(file: usize, value: toml::Spanned<DeValue<'_>>, mistakes: &mut Vec<Mistake>) -> Node {
    let place = Place { file, range: value.span() };
    let content = match value.into_inner() {
        DeValue::String(text) => Content::Text(text.into_owned()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Content::Integer(number),
            Err(_) => {
                mistakes.push(
                    Mistake::new("study.number", &place, "the number is too large", "more than 64 bits")
                        .mend("write a smaller number"),
                );
                Content::Integer(0)
            }
        },
        DeValue::Float(number) => Content::Float(number.as_str().to_owned()),
        DeValue::Boolean(value) => Content::Bool(value),
        DeValue::Datetime(_) => Content::Moment,
        DeValue::Array(values) => {
            Content::Array(values.into_iter().map(|value| node_of(file, value, mistakes)).collect())
        }
        DeValue::Table(table) => Content::Table(table_of(file, table, mistakes)),
    };
    Node { place, content }
}

/// Puts another file of the same study beside what was read: lists of tables follow each other, tables are joined,
/// and a key that two files give is a mistake.
pub fn join(whole: &mut Table, part: Table, mistakes: &mut Vec<Mistake>) {
    for entry in part.entries {
        let Some(known) = whole.get_mut(&entry.key) else {
            whole.entries.push(entry);
            continue;
        };
        match (&mut known.node.content, entry.node.content) {
            (Content::Table(known), Content::Table(more)) => join(known, more, mistakes),
            (Content::Array(known), Content::Array(more)) if tables_only(known) && tables_only(&more) => {
                known.extend(more);
            }
            _ => mistakes.push(
                Mistake::new(
                    "study.key-twice",
                    &entry.key_place,
                    format!("`{}` is given in two files", entry.key),
                    "given again",
                )
                .note(&known.key_place, "first given here")
                .mend("say it once"),
            ),
        }
    }
}

fn tables_only(nodes: &[Node]) -> bool {
    nodes.iter().all(|node| matches!(node.content, Content::Table(_)))
}

/// Reports like tables that carry the same id.
pub fn duplicates(table: &Table, mistakes: &mut Vec<Mistake>) {
    for entry in &table.entries {
        match &entry.node.content {
            Content::Table(inner) => duplicates(inner, mistakes),
            Content::Array(nodes) => {
                let mut seen: BTreeMap<String, &Place> = BTreeMap::new();
                for node in nodes {
                    let Content::Table(item) = &node.content else { continue };
                    duplicates(item, mistakes);
                    let Some((name, place)) = item.identity() else { continue };
                    if let Some(first) = seen.get(&name) {
                        mistakes.push(
                            Mistake::new(
                                "study.duplicate",
                                place,
                                format!("there are two of `{}` called `{name}`", entry.key),
                                "called so again",
                            )
                            .note(first, "the first one")
                            .mend("give one of them another name, or take it out"),
                        );
                    } else {
                        seen.insert(name, place);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Lays a study over the one that it extends: tables are joined, lists of tables item by item by their ids, everything
/// else is replaced. An item may say `insert_after = "…"`; without it new ones come last.
pub fn overlay(base: &mut Table, top: Table, mistakes: &mut Vec<Mistake>) {
    for entry in top.entries {
        let Some(under) = base.get_mut(&entry.key) else {
            base.entries.push(entry);
            continue;
        };
        match (&mut under.node.content, entry.node.content) {
            (Content::Table(known), Content::Table(over)) => {
                under.node.place = entry.node.place;
                overlay(known, over, mistakes);
            }
            (Content::Array(known), Content::Array(over))
                if !over.is_empty() && tables_only(known) && tables_only(&over) =>
            {
                overlay_list(known, over, mistakes);
            }
            (content, over) => {
                *content = over;
                under.node.place = entry.node.place;
                under.key_place = entry.key_place;
            }
        }
    }
}

fn overlay_list(known: &mut Vec<Node>, over: Vec<Node>, mistakes: &mut Vec<Mistake>) {
    let position = |known: &[Node], name: &str| {
        known.iter().position(|node| match &node.content {
            Content::Table(table) => table.identity().is_some_and(|(identity, _)| identity == name),
            _ => false,
        })
    };
    for mut node in over {
        let Content::Table(table) = &mut node.content else { continue };
        let after = table.entries.iter().position(|entry| entry.key == "insert_after");
        let after = after.map(|found| table.entries.remove(found));
        let name = table.identity().map(|(name, _)| name);
        let same = name.and_then(|name| position(known, &name)).and_then(|found| known.get_mut(found));
        if let Some(Node { place, content: Content::Table(under) }) = same {
            *place = node.place;
            overlay(under, std::mem::take(table), mistakes);
            continue;
        }
        let Some(Entry { node: Node { place, content }, .. }) = after else {
            known.push(node);
            continue;
        };
        let found = if let Content::Text(name) = &content { position(known, name) } else { None };
        match found {
            Some(found) => known.insert(found + 1, node),
            None => {
                mistakes.push(
                    Mistake::new(
                        "study.extends-part",
                        &place,
                        "nothing of this name to come after",
                        "not in this list",
                    )
                    .mend("name an item of the study that is extended, or leave `insert_after` out"),
                );
                known.push(node);
            }
        }
    }
}

/// Takes out what `[remove]` of an extending study names: lists of ids, nested as the lists are; `"*"` stands for all.
pub fn remove(base: &mut Table, wanted: &Table, mistakes: &mut Vec<Mistake>) {
    for entry in &wanted.entries {
        let Some(under) = base.get_mut(&entry.key) else {
            mistakes.push(not_there(&entry.key_place, &entry.key));
            continue;
        };
        match (&mut under.node.content, &entry.node.content) {
            (_, Content::Text(every)) if every == "*" => base.entries.retain(|known| known.key != entry.key),
            (Content::Table(known), Content::Table(wanted)) => remove(known, wanted, mistakes),
            (Content::Table(known), Content::Array(names)) => {
                for name in names {
                    let before = known.entries.len();
                    known.entries.retain(|entry| !matches!(&name.content, Content::Text(key) if *key == entry.key));
                    if known.entries.len() == before {
                        mistakes.push(not_there(&name.place, "this key"));
                    }
                }
            }
            (Content::Array(known), Content::Array(names)) => {
                for name in names {
                    if matches!(&name.content, Content::Text(every) if every == "*") {
                        known.clear();
                        continue;
                    }
                    let sought = match &name.content {
                        Content::Text(text) => text.clone(),
                        Content::Integer(number) => number.to_string(),
                        _ => String::new(),
                    };
                    let before = known.len();
                    known.retain(|node| match &node.content {
                        Content::Table(table) => table.identity().is_none_or(|(identity, _)| identity != sought),
                        _ => true,
                    });
                    if known.len() == before {
                        mistakes.push(not_there(&name.place, &sought));
                    }
                }
            }
            // `[remove.form.demographics]`: something inside one item of the list.
            (Content::Array(known), Content::Table(items)) => {
                for item in &items.entries {
                    let named = known.iter_mut().find_map(|node| match &mut node.content {
                        Content::Table(table) if table.identity().is_some_and(|(name, _)| name == item.key) => {
                            Some(table)
                        }
                        _ => None,
                    });
                    match (named, &item.node.content) {
                        (Some(table), Content::Table(inside)) => remove(table, inside, mistakes),
                        _ => mistakes.push(not_there(&item.key_place, &item.key)),
                    }
                }
            }
            _ => mistakes.push(not_there(&entry.key_place, &entry.key)),
        }
    }
}

fn not_there(place: &Place, name: &str) -> Mistake {
    Mistake::new(
        "study.extends-part",
        place,
        format!("`{name}` can't be taken out: the extended study has no such thing"),
        "not there",
    )
    .mend("name a list of the extended study and ids in it: `[remove]` then `visit = [\"LT2\"]`")
}
