//! Where a number or a rule comes from, and how sure that is.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How far a stated fact was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceTag {
    /// Read in public material.
    Public,
    /// Professional knowledge, to be confirmed against the protocol.
    Recall,
    /// Recalled with little confidence in the exact figure.
    RecallLow,
    /// Our own default where public texts are silent.
    Design,
    /// Computed from other values of the study.
    Computed,
    /// A law or regulation.
    Regulation,
}

/// The source of a default, a limit or a rule: shown beside it wherever it is used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Source {
    /// How far it was checked.
    pub tag: SourceTag,
    /// The document and place in it, in words.
    pub text: String,
}

impl Source {
    /// A source from its parts.
    pub fn new(tag: SourceTag, text: impl Into<String>) -> Self {
        Self { tag, text: text.into() }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tag = match self.tag {
            SourceTag::Public => "public",
            SourceTag::Recall => "recall",
            SourceTag::RecallLow => "recall, unsure",
            SourceTag::Design => "design",
            SourceTag::Computed => "computed",
            SourceTag::Regulation => "regulation",
        };
        write!(f, "{} [{tag}]", self.text)
    }
}
