//! The pieces that every page is made of: each a struct of what it shows and a template beside it.
//!
//! A piece holds no logic beyond presence and repetition; what to show was decided before it was filled.

pub mod field;
pub mod page;
pub mod refusal;
pub mod table;
pub mod words;
pub mod work;

/// Declares that a template's output is markup, so that it can stand inside another template unescaped.
macro_rules! markup {
    ($($name:ty),+ $(,)?) => {$(
        impl askama::filters::HtmlSafe for $name {}
    )+};
}
pub(crate) use markup;

/// Markup that has been made already: a drawing, or a filled template.
#[derive(Debug, Clone, Default)]
pub struct Markup(pub String);

impl std::fmt::Display for Markup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

markup!(Markup);
