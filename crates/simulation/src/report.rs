//! What a simulation counted: acts, entries, refusals and unreadable facts by what they were.

use conduct::{Command, Entry, No, Written};
use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
    mem::{Discriminant, discriminant},
};

/// Counts of one simulated trial.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Acts that were accepted.
    pub accepted: u64,
    /// Commands that were answered with "no".
    pub refused: u64,
    /// Entries written.
    pub entries: u64,
    /// Enquiries.
    pub enquiries: u32,
    /// People who have an arm.
    pub assigned: u32,
    /// Commands accepted, by name.
    pub commands: BTreeMap<String, u64>,
    /// Entries, by kind.
    pub kinds: BTreeMap<String, u64>,
    /// Broken rules in refusals, by rule.
    pub rules: BTreeMap<String, u64>,
    /// Broken conditions in refusals, by `rule/condition`.
    pub conditions: BTreeMap<String, u64>,
    /// Facts that could not be read, by command.
    pub unreadable: BTreeMap<String, u64>,
    /// Commands by people who may not, by command.
    pub not_theirs: BTreeMap<String, u64>,
    /// Conflicts, by command.
    pub conflicts: BTreeMap<String, u64>,
    /// Deviations, by code.
    pub deviations: BTreeMap<String, u64>,
    /// Commands that the driver had expected to be accepted, with the first answer: a sign that scenario and study don't fit.
    pub surprises: BTreeMap<String, (u64, String)>,
}

/// Counts by a variant without naming it each time.
#[derive(Debug)]
pub(crate) struct ByVariant<T>(HashMap<Discriminant<T>, (String, u64)>);

impl<T> Default for ByVariant<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T> ByVariant<T> {
    fn count(&mut self, value: &T, name: impl FnOnce(&T) -> String)
    where
        Discriminant<T>: Hash + Eq,
    {
        self.0.entry(discriminant(value)).or_insert_with(|| (name(value), 0)).1 += 1;
    }

    fn into_names(self) -> impl Iterator<Item = (String, u64)> {
        self.0.into_values()
    }
}

/// The report while it is being counted.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub report: Report,
    facts: ByVariant<conduct::Fact>,
    acts: ByVariant<conduct::Authorisation>,
    entries: ByVariant<Entry>,
}

impl Tally {
    pub(crate) fn accepted(&mut self, command: &Command, written: &[Written]) {
        self.report.accepted += 1;
        self.report.entries += written.len() as u64;
        match command {
            Command::Fact(fact) => self.facts.count(fact, |_| command.name()),
            Command::Authorise(act) => self.acts.count(act, |_| command.name()),
        }
        for entry in written.iter().map(|written| &written.entry) {
            self.entries.count(entry, kind_of);
            match entry {
                Entry::DeviationRecorded { code, .. } => {
                    *self.report.deviations.entry(code.clone()).or_default() += 1;
                }
                Entry::EnquiryRecorded { .. } => self.report.enquiries += 1,
                Entry::AllocationDrawn { .. } => self.report.assigned += 1,
                _ => {}
            }
        }
    }

    pub(crate) fn refused(&mut self, command: &Command, no: &No) {
        self.report.refused += 1;
        let report = &mut self.report;
        match no {
            No::Refused(refusal) => {
                for broken in &refusal.broken {
                    *report.rules.entry(broken.rule.to_owned()).or_default() += 1;
                    if let Some(condition) = &broken.condition {
                        *report.conditions.entry(format!("{}/{condition}", broken.rule)).or_default() += 1;
                    }
                }
            }
            No::Unreadable(_) => *report.unreadable.entry(command.name()).or_default() += 1,
            No::NotYours { .. } => *report.not_theirs.entry(command.name()).or_default() += 1,
            No::Conflict { .. } => *report.conflicts.entry(command.name()).or_default() += 1,
        }
    }

    /// Notes a "no" that the driver did not mean to provoke.
    pub(crate) fn surprised(&mut self, command: &Command, no: &No) {
        let what = match no {
            No::Refused(refusal) => {
                let rules: Vec<String> = refusal
                    .broken
                    .iter()
                    .map(|b| b.condition.as_ref().map_or(b.rule.to_owned(), |c| format!("{}/{c}", b.rule)))
                    .collect();
                rules.join(" ")
            }
            No::Unreadable(_) => "unreadable".to_owned(),
            No::NotYours { .. } => "not theirs".to_owned(),
            No::Conflict { .. } => "conflict".to_owned(),
        };
        let first = match no {
            No::Refused(refusal) => {
                let found: Vec<String> =
                    refusal.broken.iter().map(|b| format!("{}: {} (needed {})", b.rule, b.found, b.needed)).collect();
                found.join("; ")
            }
            No::Unreadable(_) | No::NotYours { .. } | No::Conflict { .. } => no.to_string(),
        };
        let entry = self.report.surprises.entry(format!("{}: {what}", command.name()));
        entry.or_insert((0, first)).0 += 1;
    }

    pub(crate) fn finish(self) -> Report {
        let mut report = self.report;
        report.commands = self.facts.into_names().chain(self.acts.into_names()).collect();
        report.kinds = self.entries.into_names().collect();
        report
    }
}

/// An entry's kind as it stands in JSON: `form_recorded`.
fn kind_of(entry: &Entry) -> String {
    match serde_json::to_value(entry) {
        Ok(serde_json::Value::Object(object)) => object.keys().next().cloned().unwrap_or_default(),
        Ok(serde_json::Value::String(name)) => name,
        Ok(_) | Err(_) => String::new(),
    }
}
