//! The worklist: when, whose, what and why, state. One link a row; what is done is folded away.

use askama::Template;

use super::markup;
use super::words::Tag;

#[derive(Debug, Clone)]
pub struct Row {
    pub when: String,
    /// The participant's code, or empty where the task is the site's.
    pub code: String,
    pub href: String,
    pub act: String,
    pub why: String,
    pub tag: Tag,
    pub side: String,
}

/// A group of rows under a heading; absent from the page when it is empty.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/work.html")]
pub struct Group {
    pub id: String,
    pub title: String,
    pub remark: String,
    pub rows: Vec<Row>,
}

/// A short list at the side: each line a bold word, its code, and a sentence.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/side.html")]
pub struct Side {
    pub title: String,
    pub lines: Vec<SideLine>,
}

#[derive(Debug, Clone)]
pub struct SideLine {
    pub words: String,
    pub href: String,
    pub code: String,
    pub tag: Option<Tag>,
    pub remark: String,
}

/// What was done, folded.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/done.html")]
pub struct Done {
    pub title: String,
    pub lines: Vec<String>,
}

/// One rule of many with what was found: unmet first, orange and bold; met quiet.
#[derive(Debug, Clone)]
pub struct Check {
    pub met: bool,
    pub sentence: String,
    pub found: String,
}

#[derive(Debug, Clone, Template)]
#[template(
    source = r#"<ul class="checks">{% for check in checks %}<li class="{% if check.met %}yes{% else %}no{% endif %}">{% if check.met %}{{ crate::parts::words::Icon::Check }}{% else %}{{ crate::parts::words::Icon::Warn }}{% endif %}<span>{{ check.sentence }}</span><span class="found">{{ check.found }}</span></li>{% endfor %}</ul>"#,
    ext = "html"
)]
pub struct Checks {
    pub checks: Vec<Check>,
}

impl Checks {
    /// Unmet ones on top, each part in the order given.
    pub fn new(mut checks: Vec<Check>) -> Self {
        checks.sort_by_key(|check| check.met);
        Self { checks }
    }
}

/// What is in order, as a quiet column.
#[derive(Debug, Clone, Template)]
#[template(
    source = r#"<ul class="tick">{% for line in lines %}<li>{{ crate::parts::words::Icon::Check }}<span>{{ line }}</span></li>{% endfor %}</ul>"#,
    ext = "html"
)]
pub struct Ticks {
    pub lines: Vec<String>,
}

markup!(Group, Side, Done, Checks, Ticks);
