//! One rule's answer, and the "no" that is made of those that are broken.
//!
//! A refusal shows all reasons at once, each with its rule, source, what was found, what is needed and what to do
//! next. It never names an arm, a container's content or another participant.

use jiff::{Timestamp, civil::Date};
use protocol::model::{Duty, Study};
use serde::Serialize;
use std::borrow::Cow;
use terms::{FormId, Source};

/// A rule: its id, its sentence, where it comes from and whom it binds. The list is in [`crate::rules::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// `area.subject`.
    pub id: &'static str,
    /// The rule as one sentence.
    pub sentence: &'static str,
    /// Where it comes from, where the study doesn't say it.
    pub source: &'static str,
    /// What it stands in the way of: names of authorisations.
    pub binds: &'static [&'static str],
    /// What happens when the world breaks it all the same.
    pub broken: &'static str,
}

/// Something that a finding was read from, with the form that it stands on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Name: `ecg.qtcb`.
    pub name: String,
    /// Value as shown, with its unit; "missing" if it is.
    pub value: String,
    /// The form that it stands on: readers who may not see the form don't see the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<FormId>,
}

/// One rule's answer to one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum Finding {
    /// It holds.
    Holds(Held),
    /// It does not.
    Broken(Broken),
}

/// A rule that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// Rule id.
    pub rule: &'static str,
    /// The condition within the rule: a check's or criterion's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<Cow<'static, str>>,
    /// The condition as a sentence.
    pub sentence: Cow<'static, str>,
    /// What was found.
    pub found: Cow<'static, str>,
    /// Until when it holds, if it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// A rule that is broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// Rule id.
    pub rule: &'static str,
    /// The condition within the rule: a check's or criterion's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// The condition as a sentence.
    pub sentence: String,
    /// Where it comes from.
    pub source: Source,
    /// What was found.
    pub found: String,
    /// Values that it was read from, with the forms that they stand on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// What is needed.
    pub needed: String,
    /// What to do.
    pub remedy: String,
    /// Who can do it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub who: Option<Duty>,
    /// The day on which it clears by itself, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clears: Option<Date>,
}

impl Broken {
    /// A broken rule, with the rule's own sentence and source.
    pub fn new(rule: &Rule, found: impl Into<String>, needed: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            rule: rule.id,
            condition: None,
            sentence: rule.sentence.to_owned(),
            source: Source::new(terms::SourceTag::Design, rule.source),
            found: found.into(),
            evidence: Vec::new(),
            needed: needed.into(),
            remedy: remedy.into(),
            who: None,
            clears: None,
        }
    }

    /// The same, from the study's own source.
    #[must_use]
    pub fn from_source(mut self, source: &Source) -> Self {
        self.source = source.clone();
        self
    }

    /// The same, about one condition within the rule.
    #[must_use]
    pub fn about(mut self, condition: impl Into<String>, sentence: impl Into<String>) -> Self {
        self.condition = Some(condition.into());
        self.sentence = sentence.into();
        self
    }

    /// The same, to be mended by somebody with this duty.
    #[must_use]
    pub fn by(mut self, who: Duty) -> Self {
        self.who = Some(who);
        self
    }

    /// The same, clearing by itself on a day.
    #[must_use]
    pub fn clearing(mut self, day: Date) -> Self {
        self.clears = Some(day);
        self
    }
}

impl From<Broken> for Finding {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl Finding {
    /// A rule that holds, with its own sentence.
    pub fn holds(rule: &Rule, found: impl Into<Cow<'static, str>>) -> Self {
        Self::Holds(Held {
            rule: rule.id,
            condition: None,
            sentence: Cow::Borrowed(rule.sentence),
            found: found.into(),
            until: None,
        })
    }

    /// The same, about one condition within the rule. A broken one keeps what it says.
    #[must_use]
    pub fn about(mut self, condition: impl Into<String>, sentence: impl Into<String>) -> Self {
        if let Self::Holds(held) = &mut self {
            held.condition = Some(Cow::Owned(condition.into()));
            held.sentence = Cow::Owned(sentence.into());
        }
        self
    }

    /// The same, holding until a moment.
    #[must_use]
    pub const fn until(mut self, end: Option<Timestamp>) -> Self {
        if let Self::Holds(held) = &mut self {
            held.until = end;
        }
        self
    }

    /// The broken rule, if it is one.
    pub const fn broken(&self) -> Option<&Broken> {
        match self {
            Self::Broken(broken) => Some(broken),
            Self::Holds(_) => None,
        }
    }

    /// The rule's id.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Holds(held) => held.rule,
            Self::Broken(broken) => broken.rule,
        }
    }
}

/// No, with every reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{} refused: {}", act, broken.iter().map(|b| b.sentence.as_str()).collect::<Vec<_>>().join("; "))]
pub struct Refusal {
    /// What was asked: `authorise_dose`.
    pub act: String,
    /// What stands in the way, in the rules' order. Never empty.
    pub broken: Vec<Broken>,
}

impl Refusal {
    /// The refusal as a reader in these roles may see it: values on forms hidden from them are left out.
    #[must_use]
    pub fn for_reader(mut self, study: &Study, roles: &[terms::RoleId]) -> Self {
        for broken in &mut self.broken {
            broken.redact(study, roles);
        }
        self
    }
}

impl Broken {
    /// Leaves out values on forms that are hidden from a reader in these roles.
    pub fn redact(&mut self, study: &Study, roles: &[terms::RoleId]) {
        self.evidence.retain(|evidence| {
            evidence.form.as_ref().and_then(|form| study.form(form.as_str())).is_none_or(|form| {
                roles.iter().any(|role| !form.hidden_from.contains(role)) || form.hidden_from.is_empty()
            })
        });
    }
}

/// A fact that can't be read: nothing is written, and what was typed goes back to the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{what}")]
pub struct Unreadable {
    /// Which part of the command: a field's name.
    pub field: String,
    /// What is wrong with it, with the value.
    pub what: String,
    /// How to mend it.
    pub mend: String,
}

/// Why a command led to no entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum No {
    /// A rule says no.
    #[error(transparent)]
    Refused(Refusal),
    /// It can't be read.
    #[error("{}", .0.iter().map(|u| u.what.as_str()).collect::<Vec<_>>().join("; "))]
    Unreadable(Vec<Unreadable>),
    /// Somebody else wrote first: look again, then ask again.
    #[error("{what}")]
    Conflict {
        /// What changed.
        what: String,
    },
    /// The person may not do this at all.
    #[error("{what}")]
    NotYours {
        /// What is missing.
        what: String,
    },
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Unreadable> for No {
    fn from(unreadable: Unreadable) -> Self {
        Self::Unreadable(vec![unreadable])
    }
}
