//! The body of a page: heading, what it can do, facts in a strip, sections, and what stands beside them.

use askama::Template;

use super::words::{Link, Strip};
use super::{Markup, markup};

/// How main part and side share the width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// One column.
    #[default]
    Plain,
    /// Wide list, narrow side.
    Split,
    /// A form's width, narrow side that stays in view.
    Form,
}

/// A part of a page under a heading.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "parts/section.html")]
pub struct Section {
    /// Unique on the page; empty for a part without a heading.
    pub id: String,
    pub title: String,
    pub lead: String,
    pub body: Markup,
    pub links: Vec<Link>,
}

impl Section {
    pub fn new(id: &str, title: impl Into<String>, body: impl std::fmt::Display) -> Self {
        Self { id: id.to_owned(), title: title.into(), body: Markup(body.to_string()), ..Self::default() }
    }

    /// A part without a heading of its own.
    pub fn bare(body: impl std::fmt::Display) -> Self {
        Self { body: Markup(body.to_string()), ..Self::default() }
    }

    #[must_use]
    pub fn lead(mut self, words: impl Into<String>) -> Self {
        self.lead = words.into();
        self
    }

    #[must_use]
    pub fn link(mut self, href: impl Into<String>, words: impl Into<String>) -> Self {
        self.links.push(Link::new(href, words));
        self
    }
}

/// Everything between header and footer.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "parts/body.html")]
pub struct Body {
    pub title: String,
    pub lead: String,
    /// The first is the page's main act where `main_act` says so; the others are quieter.
    pub actions: Vec<Link>,
    pub main_act: bool,
    /// What the last act wrote, or what is wrong.
    pub notice: Markup,
    pub strip: Strip,
    pub layout: Layout,
    pub main: Vec<Section>,
    pub side: Vec<Markup>,
    pub side_label: String,
}

impl Body {
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    #[must_use]
    pub fn lead(mut self, words: impl Into<String>) -> Self {
        self.lead = words.into();
        self
    }

    #[must_use]
    pub fn section(mut self, section: Section) -> Self {
        self.main.push(section);
        self
    }

    pub fn add(&mut self, section: Section) -> &mut Self {
        self.main.push(section);
        self
    }

    pub fn beside(&mut self, part: impl std::fmt::Display) -> &mut Self {
        let made = part.to_string();
        if !made.trim().is_empty() {
            self.side.push(Markup(made));
        }
        self
    }

    pub fn action(&mut self, href: impl Into<String>, words: impl Into<String>) -> &mut Self {
        self.actions.push(Link::new(href, words));
        self
    }

    fn class(&self) -> &'static str {
        match (self.layout, self.side.is_empty()) {
            (Layout::Plain, _) | (Layout::Split, true) => "",
            (Layout::Split, false) => "split",
            (Layout::Form, _) => "split-form",
        }
    }
}

markup!(Section, Body);
