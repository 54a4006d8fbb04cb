//! Small words: tags, links, the facts strip, definition lists, empty states.

use askama::Template;

use super::markup;

/// A line drawing from the sprite of the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    Now,
    Check,
    Stop,
    Warn,
    Person,
    Plan,
    Wait,
    Arrow,
    In,
    Out,
    Same,
    Lock,
}

impl Icon {
    pub const fn id(self) -> &'static str {
        match self {
            Self::Now => "i-now",
            Self::Check => "i-check",
            Self::Stop => "i-stop",
            Self::Warn => "i-warn",
            Self::Person => "i-person",
            Self::Plan => "i-plan",
            Self::Wait => "i-wait",
            Self::Arrow => "i-arrow",
            Self::In => "i-in",
            Self::Out => "i-out",
            Self::Same => "i-same",
            Self::Lock => "i-lock",
        }
    }
}

impl std::fmt::Display for Icon {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, r##"<svg class="icon" aria-hidden="true"><use href="#{}"/></svg>"##, self.id())
    }
}

/// What a state asks of the reader. Colour follows it: only `Now` and `Stop` are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    Stop,
    Now,
    Plan,
    Done,
}

impl Tone {
    pub const fn class(self) -> &'static str {
        match self {
            Self::Now => "tag-now",
            Self::Stop => "tag-stop",
            Self::Plan => "tag-plan",
            Self::Done => "tag-done",
        }
    }
}

/// A state as a word with its icon.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(
    source = r#"<span class="tag {{ tone.class() }}{% if solid %} tag-solid{% endif %}">{{ icon }}{{ word }}</span>"#,
    ext = "html"
)]
pub struct Tag {
    pub tone: Tone,
    pub icon: Icon,
    pub word: String,
    pub solid: bool,
}

impl Tag {
    pub fn new(tone: Tone, icon: Icon, word: impl Into<String>) -> Self {
        Self { tone, icon, word: word.into(), solid: false }
    }
    pub fn now(word: impl Into<String>) -> Self {
        Self::new(Tone::Now, Icon::Now, word)
    }
    pub fn in_the_way(word: impl Into<String>) -> Self {
        Self::new(Tone::Now, Icon::Warn, word)
    }
    pub fn stop(word: impl Into<String>) -> Self {
        Self::new(Tone::Stop, Icon::Stop, word)
    }
    pub fn plan(word: impl Into<String>) -> Self {
        Self::new(Tone::Plan, Icon::Plan, word)
    }
    pub fn wait(word: impl Into<String>) -> Self {
        Self::new(Tone::Plan, Icon::Wait, word)
    }
    pub fn done(word: impl Into<String>) -> Self {
        Self::new(Tone::Done, Icon::Check, word)
    }
}

/// A link, or a button that looks like one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub href: String,
    pub words: String,
}

impl Link {
    pub fn new(href: impl Into<String>, words: impl Into<String>) -> Self {
        Self { href: href.into(), words: words.into() }
    }
}

/// One fact of the thing in hand: label, bold value, plain remark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    pub label: String,
    pub value: String,
    pub remark: String,
    /// Where the value leads; nothing for one that leads nowhere.
    pub href: String,
}

impl Fact {
    pub fn new(label: impl Into<String>, value: impl Into<String>, remark: impl Into<String>) -> Self {
        Self { label: label.into(), value: value.into(), remark: remark.into(), href: String::new() }
    }

    #[must_use]
    pub fn leads_to(mut self, href: impl Into<String>) -> Self {
        self.href = href.into();
        self
    }
}

/// Up to five facts in a row; the first is the next step.
#[derive(Debug, Clone, Template, Default)]
#[template(
    source = r#"{% if !facts.is_empty() %}<dl class="strip">{% for fact in facts %}<div><dt>{{ fact.label }}</dt><dd>{% if fact.href.is_empty() %}{{ fact.value }}{% else %}<a href="{{ fact.href }}">{{ fact.value }}</a>{% endif %}{% if !fact.remark.is_empty() %} <span>{{ fact.remark }}</span>{% endif %}</dd></div>{% endfor %}</dl>{% endif %}"#,
    ext = "html"
)]
pub struct Strip {
    pub facts: Vec<Fact>,
}

/// Labels and values under each other.
#[derive(Debug, Clone, Template, Default)]
#[template(
    source = r#"{% if !facts.is_empty() %}<dl class="facts">{% for fact in facts %}<dt>{{ fact.label }}</dt><dd>{% if fact.value.is_empty() %}<span class="quiet">{{ fact.remark }}</span>{% else %}{{ fact.value }}{% if !fact.remark.is_empty() %} <span class="quiet">{{ fact.remark }}</span>{% endif %}{% endif %}</dd>{% endfor %}</dl>{% endif %}"#,
    ext = "html"
)]
pub struct Facts {
    pub facts: Vec<Fact>,
}

/// What is not there, in bold; then when it will be, or what to do.
#[derive(Debug, Clone, Template)]
#[template(source = r#"<p class="empty"><b>{{ what }}</b>{{ then }}</p>"#, ext = "html")]
pub struct Empty {
    pub what: String,
    pub then: String,
}

impl Empty {
    pub fn new(what: impl Into<String>, then: impl Into<String>) -> Self {
        Self { what: what.into(), then: then.into() }
    }
}

/// What the last act wrote, shown once on the page that it led to.
#[derive(Debug, Clone, Template)]
#[template(
    source = r#"<p class="written" role="status">{{ crate::parts::words::Icon::Check }}<span>{{ words }}</span></p>"#,
    ext = "html"
)]
pub struct Written {
    pub words: String,
}

markup!(Icon, Tag, Strip, Facts, Empty, Written);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_escaped_and_pieces_are_not() {
        #[derive(Template)]
        #[template(source = "{{ tag }}", ext = "html")]
        struct Holder {
            tag: Tag,
        }
        let shown = Holder { tag: Tag::now("<b>due</b>") }.render().unwrap();
        assert!(shown.starts_with("<span class=\"tag tag-now\"><svg"), "{shown}");
        assert!(shown.contains("&#60;b&#62;due"), "{shown}");
    }
}
