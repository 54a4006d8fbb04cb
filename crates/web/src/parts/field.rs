//! Fields of forms: label, hint with range, error, then the input with its unit inside; history opens below.

use askama::Template;

use super::markup;
use super::table::Table;

/// One choice of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub code: String,
    pub label: String,
}

impl Choice {
    pub fn new(code: impl Into<String>, label: impl Into<String>) -> Self {
        Self { code: code.into(), label: label.into() }
    }
}

/// How a field is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// Digits; `unit` may be empty.
    Number {
        unit: String,
        decimal: bool,
    },
    /// One line of text.
    Line {
        kind: LineKind,
    },
    /// Several lines.
    Text {
        rows: u8,
    },
    /// One of few, all shown.
    Choice {
        options: Vec<Choice>,
    },
    /// One of many, in a list.
    Select {
        options: Vec<Choice>,
    },
    /// Any number of few.
    Ticks {
        options: Vec<Choice>,
    },
    /// A box to tick; the label says what ticking means.
    Tick,
    Date,
    Time,
    /// Date and time of day, at the site.
    Moment,
    Secret {
        pin: bool,
    },
    /// Shown but not asked.
    Fixed {
        words: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    Text,
    /// A person's login; password managers fill it.
    Login,
    Email,
    Phone,
}

/// One older or newer value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    pub value: String,
    pub who: String,
    pub reason: String,
}

/// A field with everything said about it.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/field.html")]
pub struct Field {
    /// The name in the form, which is the name of the command's field.
    pub name: String,
    pub id: String,
    pub label: String,
    pub hint: String,
    pub error: String,
    pub value: String,
    pub control: Control,
    pub optional: bool,
    /// Where a missing answer needs its reason: the code that was chosen, or nothing yet.
    pub missing: Option<String>,
    /// Newest first; empty where nothing was written yet.
    pub history: Vec<Past>,
}

impl Field {
    pub fn new(name: &str, label: &str, control: Control) -> Self {
        Self {
            name: name.to_owned(),
            id: id_of(name),
            label: label.to_owned(),
            hint: String::new(),
            error: String::new(),
            value: String::new(),
            control,
            optional: false,
            missing: None,
            history: Vec::new(),
        }
    }
    #[must_use]
    pub fn hint(mut self, words: impl Into<String>) -> Self {
        self.hint = words.into();
        self
    }
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }
    #[must_use]
    pub fn error(mut self, words: impl Into<String>) -> Self {
        self.error = words.into();
        self
    }
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    fn is_group(&self) -> bool {
        matches!(self.control, Control::Choice { .. } | Control::Ticks { .. })
    }

    /// Few short answers stand beside each other.
    fn in_a_row(&self, options: &[Choice]) -> bool {
        options.len() <= 4 && options.iter().map(|o| o.label.chars().count()).sum::<usize>() <= 28
    }

    fn is_tick(&self) -> bool {
        matches!(self.control, Control::Tick)
    }

    fn is_fixed(&self) -> bool {
        matches!(self.control, Control::Fixed { .. })
    }

    fn ticked(&self, code: &str) -> bool {
        self.value.split(',').any(|part| part.trim() == code)
    }

    /// Choices of the reason why there is no answer, with the chosen one.
    fn no_answer(&self) -> Field {
        let control = Control::Select { options: crate::answers::missing_reasons() };
        let chosen = self.missing.clone().unwrap_or_default();
        Field::new(&format!("{}.missing", self.name), &format!("Why there is no answer to: {}", self.label), control)
            .value(chosen)
    }

    fn described_by(&self) -> String {
        let mut ids = Vec::new();
        if !self.hint.is_empty() {
            ids.push(format!("{}-h", self.id));
        }
        if !self.error.is_empty() {
            ids.push(format!("{}-e", self.id));
        }
        ids.join(" ")
    }

    fn class(&self) -> &'static str {
        if self.error.is_empty() { "field" } else { "field wrong" }
    }
}

/// An id that is valid in markup whatever the field's name holds.
pub fn id_of(name: &str) -> String {
    let safe: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("f-{safe}")
}

/// A part of an instrument whose items share their answers: lines down, answers across.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/grid.html")]
pub struct Grid {
    pub legend: String,
    pub hint: String,
    pub answers: Vec<Choice>,
    pub lines: Vec<GridLine>,
}

#[derive(Debug, Clone)]
pub struct GridLine {
    pub name: String,
    pub number: String,
    pub label: String,
    pub value: String,
    pub error: String,
    pub history: Vec<Past>,
}

impl GridLine {
    fn id(&self) -> String {
        id_of(&self.name)
    }
}

/// What is wrong with a form, on top of it, each line a link to its field. Focus moves to it.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/errors.html")]
pub struct Errors {
    pub title: String,
    /// Address (with `#`, or empty) and words.
    pub lines: Vec<(String, String)>,
}

/// The person signs with their PIN; a second person with login and PIN where the act needs two.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/sign.html")]
pub struct Sign {
    /// What the signature means, in one sentence.
    pub attest: String,
    pub who: String,
    pub error: String,
    /// A persona of a synthetic store has no PIN: sending the form is its signature.
    pub one_click: bool,
    pub second: Option<Second>,
}

#[derive(Debug, Clone)]
pub struct Second {
    pub attest: String,
    pub login: String,
    pub error: String,
    /// Needed only where the study asks for it.
    pub optional: bool,
    /// Somebody among those who may sign has a PIN.
    pub pins: bool,
    /// Personas of a synthetic store to choose from; empty in a real one, where the login is typed.
    pub choices: Vec<Choice>,
}

impl Sign {
    fn pin(&self) -> Field {
        Field::new("pin", "Your PIN", Control::Secret { pin: true }).error(self.error.clone())
    }
}

impl Second {
    fn login_field(&self) -> Field {
        let (label, control) = if self.choices.is_empty() {
            ("Login of the second person", Control::Line { kind: LineKind::Login })
        } else {
            ("Second person", Control::Select { options: self.choices.clone() })
        };
        let mut field = Field::new("second_login", label, control).value(self.login.clone());
        field.optional = self.optional;
        field.error.clone_from(&self.error);
        field
    }
    fn pin(&self) -> Field {
        let field = Field::new("second_pin", "PIN of the second person", Control::Secret { pin: true });
        if self.choices.is_empty() { field } else { field.hint("A persona signs without one.").optional() }
    }
}

/// Values of one field over time.
pub fn past_table(label: &str, past: &[Past]) -> Table {
    use super::table::Cell;
    let rows = past.iter().map(|p| vec![Cell::head(&p.value), Cell::text(&p.who), Cell::text(&p.reason)]).collect();
    Table::new(&format!("History of {label}"), &["Value", "Who, when", "Reason"], rows)
}

markup!(Field, Grid, Errors, Sign);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_tied_to_its_input() {
        let shown = Field::new("pulse", "Resting pulse", Control::Number { unit: "per minute".into(), decimal: false })
            .hint("30 to 220 per minute.")
            .value("720")
            .error("720 is outside 30 to 220.")
            .render()
            .unwrap();
        for part in [
            "aria-invalid=\"true\"",
            "aria-describedby=\"f-pulse-h f-pulse-e\"",
            "class=\"field wrong\"",
            "value=\"720\"",
            "inputmode=\"numeric\"",
            "per minute</span>",
        ] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
    }

    #[test]
    fn what_was_typed_cannot_leave_its_input() {
        let shown = Field::new("note", "Note", Control::Text { rows: 3 })
            .value("</textarea><script>x</script>")
            .render()
            .unwrap();
        assert!(!shown.contains("<script>"), "{shown}");
        let shown = Field::new("a\"b", "L", Control::Line { kind: LineKind::Text }).value("\"><i>").render().unwrap();
        assert!(!shown.contains("\"><i>") && shown.contains("id=\"f-a-b\""), "{shown}");
    }

    #[test]
    fn a_choice_is_a_group_with_the_chosen_one_checked() {
        let options = vec![Choice::new("y", "Yes"), Choice::new("n", "No")];
        let shown = Field::new("ok", "Is it so?", Control::Choice { options }).value("n").render().unwrap();
        assert!(shown.contains("<fieldset") && shown.contains("<legend"), "{shown}");
        assert_eq!(shown.matches(" checked").count(), 1);
    }
}
