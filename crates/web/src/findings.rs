//! The rules' findings as people read them: what stands in the way in its five lines, and what is in order.

use conduct::finding::{Broken, Finding};
use conduct::rules;
use protocol::model::{Duty, Study};

use crate::parts::refusal::{Refusal, Refusals};
use crate::parts::table::{Cell, Table};
use crate::parts::words::{Icon, Tag, Tone};
use crate::parts::work::Ticks;
use crate::show;

pub use crate::mend::{Place, mend};

/// The first letter large; the rest as it is.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// The names of a study's expressions in a sentence, as people know them: `weight.weight_kg` is the question as the form
/// asks it. A word that names nothing stays as it is.
pub fn readable(text: &str, study: &Study) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    while !rest.is_empty() {
        let start = rest.find(named).unwrap_or(rest.len());
        let (before, from) = rest.split_at(start);
        let end = from.find(|c| !named(c)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        out.push_str(before);
        // A full stop at the end belongs to the sentence.
        let name = word.trim_end_matches('.');
        match question(name, study) {
            Some(label) => {
                out.push_str(&label);
                out.push_str(word.get(name.len()..).unwrap_or_default());
            }
            None => out.push_str(word),
        }
        rest = after;
    }
    out
}

/// What a dotted name asks: `form.field`, with a visit before it or without.
fn question(name: &str, study: &Study) -> Option<String> {
    let mut parts = name.rsplitn(3, '.');
    let (field, form) = (parts.next()?, study.form(parts.next()?)?);
    let visit = match parts.next() {
        Some(visit) => format!(", {}", study.visit(visit)?.name),
        None => String::new(),
    };
    let own = form.fields.iter().find(|known| known.id == *field).map(|known| known.label.clone());
    let item = || Some(sentence(crate::sheet::instrument_of(form)?.item(field)?.label));
    let asked = own.or_else(item).unwrap_or_else(|| field.replace('_', " "));
    Some(format!("“{asked}” ({}{visit})", form.title))
}

/// Who holds a duty, as the study calls them.
pub fn holder(study: &Study, duty: Duty) -> String {
    let titles: Vec<&str> = study.roles.iter().filter(|r| r.duties.contains(&duty)).map(|r| r.title.as_str()).collect();
    match titles.as_slice() {
        [] => duty.name().replace('_', " "),
        [one] => (*one).to_owned(),
        [first, ..] => (*first).to_owned(),
    }
}

fn tag(broken: &Broken, place: &Place<'_>) -> Tag {
    match (broken.clears, broken.who) {
        (Some(day), _) => Tag::wait(format!("Clears {}", show::day_month(day))),
        (None, Some(duty)) => Tag::new(Tone::Now, Icon::Person, format!("Needs: {}", holder(place.study, duty))),
        (None, None) => Tag::new(Tone::Now, Icon::Person, "Needs a person"),
    }
}

fn one(broken: &Broken, place: &Place<'_>) -> Refusal {
    let rule = match &broken.condition {
        Some(condition) => format!("{}/{condition}. {}", broken.rule, sentence(&broken.sentence)),
        None => format!("{}. {}", broken.rule, sentence(&broken.sentence)),
    };
    let said = readable(&broken.found, place.study);
    let evidence: Vec<String> =
        broken.evidence.iter().map(|e| format!("{} {}", readable(&e.name, place.study), e.value)).collect();
    let found = if evidence.is_empty() { said.clone() } else { format!("{said} ({})", evidence.join("; ")) };
    Refusal {
        open: false,
        title: sentence(&broken.sentence),
        remark: said,
        tag: tag(broken, place),
        rule,
        source: broken.source.to_string(),
        found: sentence(&found),
        needed: sentence(&broken.needed),
        next: sentence(&broken.remedy),
        action: mend(broken, place),
        many: None,
    }
}

/// More conditions of one rule than anybody reads one by one: a table of them under the rule.
fn together(all: &[&Broken], place: &Place<'_>) -> Option<Refusal> {
    let first = all.first()?;
    let rule = rules::all().into_iter().find(|rule| rule.id == first.rule);
    let rows = all
        .iter()
        .map(|broken| {
            vec![
                match mend(broken, place) {
                    Some(link) => Cell::link(link.href, &sentence(&broken.sentence)).as_head(),
                    None => Cell::head(&sentence(&broken.sentence)),
                },
                Cell::text(&readable(&broken.found, place.study)),
                Cell::text(&broken.remedy),
                Cell::text(broken.condition.as_deref().unwrap_or("")),
            ]
        })
        .collect();
    let sentence_of_rule = rule.map_or(first.sentence.as_str(), |rule| rule.sentence);
    Some(Refusal {
        remark: format!("{} conditions are open", all.len()),
        title: sentence(sentence_of_rule),
        rule: format!("{}. {}", first.rule, sentence(sentence_of_rule)),
        source: rule.map_or_else(|| first.source.to_string(), |rule| rule.source.to_owned()),
        found: format!("{} conditions that do not hold, each below", all.len()),
        needed: sentence(&first.needed),
        next: "See each condition".to_owned(),
        many: Some(Table::new("Conditions", &["Condition", "Found", "Next", "Id"], rows).unseen_caption()),
        ..one(first, place)
    })
}

/// What stands in the way: those that need a person first, the first of them open; many of one rule together.
pub fn refusals(broken: &[&Broken], place: &Place<'_>) -> Vec<Refusal> {
    let mut out: Vec<Refusal> = Vec::new();
    let mut done: Vec<&str> = Vec::new();
    for item in broken {
        let same: Vec<&Broken> = broken.iter().copied().filter(|b| b.rule == item.rule).collect();
        if same.len() <= 3 {
            out.push(one(item, place));
        } else if !done.contains(&item.rule) {
            done.push(item.rule);
            out.extend(together(&same, place));
        }
    }
    out.sort_by_key(|refusal| refusal.tag.tone != Tone::Now);
    if let Some(first) = out.first_mut() {
        first.open = first.many.is_none();
    }
    out
}

/// All of a refusal under a heading, as the answer to what was just asked.
pub fn answer(title: &str, broken: &[&Broken], place: &Place<'_>) -> Refusals {
    let remark =
        format!("{} Nothing was recorded. What has happened can always be recorded as a fact.", number(broken.len()));
    Refusals {
        id: "refused".to_owned(),
        title: title.to_owned(),
        remark,
        alert: true,
        refusals: refusals(broken, place),
    }
}

fn number(count: usize) -> String {
    match count {
        1 => "One thing stands in the way.".to_owned(),
        many => format!("{many} things stand in the way."),
    }
}

/// What stands in the way of an act, in words: how many need a person, how many clear by themselves.
pub fn summary(broken: &[&Broken]) -> String {
    let clearing = broken.iter().filter(|b| b.clears.is_some()).count();
    let people = broken.len() - clearing;
    let mut said = vec![number(broken.len())];
    if clearing > 0 {
        said.push(format!(
            "{} by the {} shown.",
            if clearing == 1 { "One clears".to_owned() } else { format!("{clearing} clear") },
            if clearing == 1 { "date" } else { "dates" }
        ));
    }
    if clearing > 0 && people > 0 {
        said.push(if people == 1 { "One needs a person.".to_owned() } else { format!("{people} need a person.") });
    }
    said.join(" ")
}

/// What holds, one line each: the sentence and what was found; many of one rule as one line with their count.
pub fn in_order(findings: &[Finding]) -> InOrder {
    let held: Vec<&conduct::finding::Held> = findings
        .iter()
        .filter_map(|finding| match finding {
            Finding::Holds(held) => Some(held),
            Finding::Broken(_) => None,
        })
        .collect();
    let mut out = InOrder { count: held.len(), ..InOrder::default() };
    for item in &held {
        let same = held.iter().filter(|other| other.rule == item.rule).count();
        if same > 3 {
            out.folded.push(line(item));
        } else {
            out.lines.push(line(item));
        }
    }
    out
}

/// What is in order, short enough to be seen at a glance.
#[derive(Debug, Clone, Default)]
pub struct InOrder {
    pub count: usize,
    pub lines: Vec<String>,
    pub folded: Vec<String>,
}

impl InOrder {
    /// As a column at the side; nothing where nothing holds yet.
    pub fn drawn(self) -> String {
        if self.count == 0 {
            return String::new();
        }
        let folded = if self.folded.is_empty() {
            String::new()
        } else {
            format!(
                "<details class=\"cleared\"><summary>Conditions met: {}</summary>{}</details>",
                self.folded.len(),
                Ticks { lines: self.folded }
            )
        };
        format!(
            "<section class=\"side-block\"><h2>In order: {}</h2>{}{folded}</section>",
            show::count(self.count, "check", "checks"),
            Ticks { lines: self.lines }
        )
    }
}

fn line(held: &conduct::finding::Held) -> String {
    match held.found.as_ref() {
        "" | "met" => sentence(&held.sentence),
        found => format!("{}: {found}", sentence(&held.sentence)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_expressions_are_read_as_the_form_asks_them() {
        let study = protocol::embedded::load("demonstration").unwrap();
        let label = |form: &str, field: &str| {
            let form = study.form(form).unwrap();
            (form.fields.iter().find(|f| f.id == *field).unwrap().label.clone(), form.title.clone())
        };
        let (weight, form) = label("weight", "weight_kg");
        let said = readable("unknown: weight.weight_kg not answered or too old", &study);
        assert_eq!(said, format!("unknown: “{weight}” ({form}) not answered or too old"));
        let at_visit = readable("V0.weight.weight_kg.", &study);
        assert!(at_visit.starts_with(&format!("“{weight}” ({form}, ")) && at_visit.ends_with(")."), "{at_visit}");
        for plain in ["72.5 kg on 2025-03-04", "dose.interval", "weight.", "…", "S01-001, K-10.2", ""] {
            assert_eq!(readable(plain, &study), plain);
        }
    }
}
