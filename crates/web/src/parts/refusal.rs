//! What stands in the way, always in the same five lines: Rule, Source, Found, Needed, Next.

use askama::Template;

use super::markup;
use super::table::Table;
use super::words::{Icon, Link, Tag};

/// One reason why not.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/refusal.html")]
pub struct Refusal {
    pub open: bool,
    /// The condition, as a sentence.
    pub title: String,
    /// What is wrong with it, in a few words.
    pub remark: String,
    /// `Needs a person` or `Clears 14 April`.
    pub tag: Tag,
    /// The rule's id and its sentence.
    pub rule: String,
    pub source: String,
    pub found: String,
    pub needed: String,
    pub next: String,
    /// At most one thing to do about it here.
    pub action: Option<Link>,
    /// Where many conditions of one rule are broken: each with what was found and what to do.
    pub many: Option<Table>,
}

impl Refusal {
    pub fn icon(&self) -> Icon {
        match self.tag.icon {
            Icon::Wait => Icon::Wait,
            Icon::Stop => Icon::Stop,
            _ => Icon::Warn,
        }
    }

    pub fn class(&self) -> &'static str {
        match self.tag.icon {
            Icon::Wait => "is-wait",
            Icon::Stop => "is-stop",
            _ => "is-now",
        }
    }
}

/// All the reasons at once, under a heading.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/refusals.html")]
pub struct Refusals {
    pub id: String,
    pub title: String,
    pub remark: String,
    /// It answers what the reader just asked: said at once by screen readers, and focused.
    pub alert: bool,
    pub refusals: Vec<Refusal>,
}

markup!(Refusal, Refusals);
