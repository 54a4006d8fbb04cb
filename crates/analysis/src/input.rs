//! What a report is made from: rows of the record's tables as they stood, the allocation if it was opened, and where in the
//! record that was. Rows come in as text; the queries that give them are said here, and stand beside every number.

use jiff::{Timestamp, civil::Date};
use protocol::model::{ActivityKind, Endpoint, Study};
use std::collections::{BTreeMap, BTreeSet};
use terms::{ArmId, FormId, ParticipantId};

/// One question to the record's tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// What it is called beside a number.
    pub name: &'static str,
    /// In SQL, over the tables as they stood at the checkpoint.
    pub sql: String,
}

/// Rows as text; nothing is nothing.
pub type Row = Vec<Option<String>>;

/// Answers to the queries, by name.
pub type Rows = BTreeMap<&'static str, Vec<Row>>;

/// Where in the record the numbers are from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The store holds no real person's data.
    pub synthetic: bool,
    /// When the last entry that is looked at was written down.
    pub recorded_at: Timestamp,
    /// Entries up to there.
    pub entries: u64,
    /// The ends of the chains: entries and hash.
    pub heads: BTreeMap<String, (u64, String)>,
    /// SHA-256 over the heads, as text: one name for all of it.
    pub digest: String,
    /// The program.
    pub program: String,
    /// Entries that were written after the lock and are no part of this.
    pub late: u64,
}

/// The lock that a report is made under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// The day.
    pub day: Date,
    /// Who signed, in words.
    pub signed_by: String,
    /// Why, if something was still open.
    pub reason: Option<String>,
    /// Things that were still open, by kind.
    pub open: BTreeMap<String, u64>,
    /// Times that the record was locked before and opened again, each with day and reason.
    pub earlier: Vec<(Date, String)>,
}

/// The freezing of the plan that a report follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    /// The day.
    pub day: Date,
    /// Who signed, in words.
    pub signed_by: String,
}

/// What is known of who is on what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allocation {
    /// Opened after the lock.
    Opened(BTreeMap<ParticipantId, ArmId>),
    /// Made up from a seed, for rehearsal.
    Dummy(u64),
    /// Nobody is told: all arms together.
    Pooled,
    /// Everybody has the one arm and everybody knows.
    OneArm,
}

/// Everything that a report is made from.
#[derive(Debug, Clone)]
pub struct Input<'a> {
    /// The study version whose plan is carried out.
    pub study: &'a Study,
    /// Rows of [`queries`].
    pub rows: Rows,
    /// Who is on what.
    pub allocation: Allocation,
    /// Where in the record.
    pub checkpoint: Checkpoint,
    /// The freezing of this plan, if it was frozen.
    pub frozen: Option<Frozen>,
    /// The lock, if there is one.
    pub lock: Option<Lock>,
}

/// Every query that a report of this study asks.
pub fn queries(study: &Study) -> Vec<Query> {
    let forms = quoted(forms(study));
    let query = |name, sql: &str| Query { name, sql: sql.replace("FORMS", &forms) };
    vec![
        query(
            "participant",
            "SELECT participant, site, phase, enquired_on, consented_on, enrolled_on, confirmed_on, assigned_on, stop_scope, \
             stop_reason, stopped_on, code_broken_at FROM participant ORDER BY participant",
        ),
        query("site", "SELECT site, name, country FROM site ORDER BY site"),
        query(
            "form",
            "SELECT participant, instance, form, visit, day FROM form WHERE struck = 0 AND form IN (FORMS) \
             ORDER BY participant, happened_at, instance",
        ),
        query(
            "score",
            "SELECT s.participant, s.instance, s.score, s.value, s.number, s.band FROM score s JOIN form f ON \
             f.participant = s.participant AND f.instance = s.instance WHERE f.struck = 0 AND f.form IN (FORMS) \
             ORDER BY s.participant, s.instance, s.score",
        ),
        query(
            "answer",
            "SELECT a.participant, a.instance, a.field, a.value, a.number FROM answer a JOIN form f ON \
             f.participant = a.participant AND f.instance = a.instance WHERE f.struck = 0 AND f.form IN (FORMS) \
             ORDER BY a.participant, a.instance, a.field",
        ),
        query(
            "attendance",
            "SELECT participant, version, visit, day, window_from, window_until FROM attendance \
             ORDER BY participant, version",
        ),
        query(
            "gate_decision",
            "SELECT participant, version, gate, passed, reason FROM gate_decision ORDER BY participant, version",
        ),
        query("stop", "SELECT participant, version, scope, reason, day FROM stop ORDER BY participant, version"),
        query(
            "dose",
            "SELECT participant, version, session, part, amount_mg, happened_at FROM dose ORDER BY participant, version",
        ),
        query(
            "dosing_session",
            "SELECT participant, session, level, dosed_at, supplement_at, supplement_not_given, stopped_at, discharged_at, \
             departed_at FROM dosing_session ORDER BY participant, session",
        ),
        query(
            "vital",
            "SELECT participant, instance, measure, session, number, slot FROM vital WHERE struck = 0 ORDER BY participant, instance, measure",
        ),
        query(
            "breach",
            "SELECT participant, instance, limit_id, session, measure, number, red FROM breach WHERE corrected = 0 \
             ORDER BY participant, instance, limit_id",
        ),
        query(
            "adverse_event",
            "SELECT participant, instance, term, onset_on, ended_on, severity, serious, related, session, valence, \
             special_interest, outcome, emergent FROM adverse_event WHERE struck = 0 ORDER BY participant, instance",
        ),
        query(
            "deviation",
            "SELECT participant, instance, code, title, class, cause, day FROM deviation ORDER BY participant, instance",
        ),
        query(
            "medication",
            "SELECT participant, instance, class, started_on, last_dose_on, washout_complete_on, rescue FROM medication \
             WHERE struck = 0 ORDER BY participant, instance",
        ),
        query("container", "SELECT site, container, part, level, standing FROM container ORDER BY site, container"),
        query(
            "stock_movement",
            "SELECT site, version, container, movement FROM stock_movement ORDER BY site, version, container",
        ),
        query("stock_count", "SELECT site, version, expected, found FROM stock_count ORDER BY site, version"),
    ]
}

/// Forms that the plan looks at.
fn forms(study: &Study) -> BTreeSet<FormId> {
    let plan = &study.analysis;
    let variables = plan.covariates.iter().chain(&plan.subgroups).chain(&plan.characteristics).chain(&plan.shifts);
    let named = variables.map(|variable| variable.value.as_str());
    let rules = plan.sets.iter().flat_map(|set| set.rule.names().iter().map(String::as_str));
    let mut forms: BTreeSet<FormId> = named
        .chain(rules)
        .filter_map(|name| match protocol::scope::name(study, name) {
            Some(protocol::scope::Name::Form { form, .. }) => Some(form),
            _ => None,
        })
        .collect();
    forms.extend(plan.endpoints().map(|endpoint: &Endpoint| endpoint.form.clone()));
    forms.extend(plan.guesses.iter().map(|guess| guess.form.clone()));
    forms.extend(plan.suicidality.iter().cloned());
    // The age is counted from whichever form asks for the date of birth.
    let born = study.forms.iter().filter(|form| form.fields.iter().any(|field| field.id == "date_of_birth"));
    forms.extend(born.map(|form| form.id.clone()));
    let asked = |form: &FormId| study.activities.iter().any(|a| a.what == ActivityKind::Form(form.clone()));
    forms.retain(|form| asked(form) || study.form(form.as_str()).is_some());
    forms
}

fn quoted(forms: BTreeSet<FormId>) -> String {
    // Ids are letters, digits and `_`, so a quote can't stand in one.
    let all: Vec<String> = forms.iter().map(|form| format!("'{form}'")).collect();
    if all.is_empty() { "''".to_owned() } else { all.join(", ") }
}
