//! One analysis under way: arms as far as they may be known, sets by rule, values by name.

use crate::{
    input::{Allocation, Input},
    random::Draws,
    record::{Answer, Form, Person, ReadError, Record},
    table::{Ground, Place, ground},
};
use jiff::civil::Date;
use protocol::{
    expression::Answer as Said,
    model::{AnalysisPlan, Endpoint, FieldKind, IntercurrentEvent, Study},
    scope::{self, Name},
};
use std::collections::BTreeMap;
use terms::Value;

/// An arm as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arm {
    /// Id, also of columns.
    pub id: String,
    /// Title.
    pub title: String,
    /// The others are compared with this one.
    pub reference: bool,
}

/// One value of a score at a visit.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen<'a> {
    /// The value.
    pub value: f64,
    /// The form.
    pub form: &'a Form,
    /// Its band, where the score has one.
    pub band: Option<&'a str>,
}

/// One analysis.
#[derive(Debug)]
pub struct Run<'a> {
    /// What it is made from.
    pub input: &'a Input<'a>,
    /// The study version.
    pub study: &'a Study,
    /// Its plan.
    pub plan: &'a AnalysisPlan,
    /// The record.
    pub record: Record,
    /// Arms, the reference last.
    pub arms: Vec<Arm>,
    arm_of: Vec<Option<usize>>,
    sets: BTreeMap<String, Vec<bool>>,
}

impl<'a> Run<'a> {
    /// Reads the record and sees who is in which arm and set.
    ///
    /// # Errors
    /// When the rows can't be read.
    pub fn new(input: &'a Input<'a>) -> Result<Self, ReadError> {
        let record = Record::read(&input.rows)?;
        let study = input.study;
        let arms = arms(study, &input.allocation);
        let mut run =
            Self { input, study, plan: &study.analysis, record, arms, arm_of: Vec::new(), sets: BTreeMap::new() };
        run.arm_of = run.allocate();
        run.sets = run
            .plan
            .sets
            .iter()
            .map(|set| {
                let people = run.record.people.iter();
                let inside = |person| set.rule.evaluate(&|name| run.set_value(person, name)) == Said::Yes;
                (set.id.clone(), people.map(inside).collect())
            })
            .collect();
        Ok(run)
    }

    /// The arm of each participant, as far as it is shown.
    fn allocate(&self) -> Vec<Option<usize>> {
        let position = |id: &str| self.arms.iter().position(|arm| arm.id == id);
        match &self.input.allocation {
            Allocation::Opened(opened) => {
                let people = self.record.people.iter();
                people.map(|person| opened.get(&person.id).and_then(|arm| position(arm.as_str()))).collect()
            }
            Allocation::Pooled | Allocation::OneArm => {
                self.record.people.iter().map(|person| person.assigned.map(|_| 0)).collect()
            }
            Allocation::Dummy(seed) => self.dummy(*seed),
        }
    }

    /// Permuted blocks at each site, in the order in which people were assigned: like the real list, and independent of it.
    fn dummy(&self, seed: u64) -> Vec<Option<usize>> {
        let mut arm_of = vec![None; self.record.people.len()];
        let mut sites: BTreeMap<&str, Vec<(Date, usize)>> = BTreeMap::new();
        for (index, person) in self.record.people.iter().enumerate() {
            if let Some(day) = person.assigned {
                sites.entry(&person.site).or_default().push((day, index));
            }
        }
        let block: Vec<usize> = self
            .arms
            .iter()
            .enumerate()
            .flat_map(|(at, arm)| {
                let ratio =
                    self.study.arms.iter().find(|known| known.id == *arm.id.as_str()).map_or(1, |arm| arm.ratio);
                std::iter::repeat_n(at, 2 * ratio as usize)
            })
            .collect();
        for (site, mut people) in sites {
            people.sort_unstable();
            let mut draws = Draws::new(seed, site);
            for chunk in people.chunks(block.len().max(1)) {
                let mut mixed = block.clone();
                draws.shuffle(&mut mixed);
                for ((_, index), arm) in chunk.iter().zip(mixed) {
                    if let Some(place) = arm_of.get_mut(*index) {
                        *place = Some(arm);
                    }
                }
            }
        }
        arm_of
    }

    /// Whether arms are compared.
    pub fn compares(&self) -> bool {
        self.arms.len() > 1
    }

    /// The arm of a participant (by their place in the record), if one was assigned.
    pub fn arm(&self, person: usize) -> Option<usize> {
        self.arm_of.get(person).copied().flatten()
    }

    /// The arm that the others are compared with.
    pub fn reference(&self) -> Option<usize> {
        self.arms.iter().position(|arm| arm.reference)
    }

    /// Whether a participant is in a set.
    pub fn is_in(&self, set: &str, person: usize) -> bool {
        self.sets.get(set).and_then(|members| members.get(person)).copied().unwrap_or(false)
    }

    /// Members of a set with their arm, which they must have.
    pub fn members(&self, set: &str) -> Vec<(usize, usize)> {
        let all = 0..self.record.people.len();
        all.filter(|person| self.is_in(set, *person)).filter_map(|person| Some((person, self.arm(person)?))).collect()
    }

    /// Members of a set in one arm.
    pub fn members_of(&self, set: &str, arm: usize) -> Vec<usize> {
        self.members(set).into_iter().filter(|(_, own)| *own == arm).map(|(person, _)| person).collect()
    }

    /// The participant at a place of the record.
    pub fn person(&self, at: usize) -> Option<&Person> {
        self.record.people.get(at)
    }

    /// The set of the safety tables: that of the study by its name, else everybody with a dose.
    pub fn safety_set(&self) -> Option<&str> {
        let named = self.plan.sets.iter().find(|set| set.id == "safety");
        let treated = || {
            let only_doses = |names: &[String]| names.iter().all(|name| name == "doses");
            self.plan.sets.iter().find(|set| only_doses(set.rule.names()))
        };
        named.or_else(treated).map(|set| set.id.as_str())
    }

    /// The latest value of a score at a visit.
    pub fn seen<'p>(&self, person: &'p Person, form: &str, score: &str, visit: &str) -> Option<Seen<'p>> {
        let at = |one: &&Form| one.form == form && one.visit.as_deref() == Some(visit);
        let form = person.forms.iter().rev().find(|one| at(one) && value(one, score).is_some())?;
        let answer = form.scores.get(score);
        Some(Seen { value: value(form, score)?, form, band: answer.and_then(|answer| answer.band.as_deref()) })
    }

    /// The first day of an intercurrent event, with the place in the record that says so.
    pub fn event(&self, person: &Person, event: IntercurrentEvent) -> Option<(Date, Place)> {
        let entry = |version| Place::Entry { stream: format!("participant/{}", person.id), version };
        let sessions: std::collections::BTreeSet<u64> =
            person.doses.iter().filter(|dose| !dose.supplement).map(|dose| dose.session).collect();
        match event {
            IntercurrentEvent::TreatmentStopped => {
                let unfinished = person.assigned.is_some() && sessions.len() < self.study.dose.sessions.len();
                let stop = person.stops.iter().find(|stop| unfinished && Some(stop.day) >= person.assigned)?;
                Some((stop.day, entry(stop.version)))
            }
            IntercurrentEvent::ProhibitedMedicine => {
                let taken = |cause: Option<&str>| cause == Some("prohibited_medicine");
                let first = person
                    .deviations
                    .iter()
                    .filter(|one| taken(one.cause.as_deref()) && person.assigned.is_some_and(|day| one.day >= day))
                    .min_by_key(|one| (one.day, &one.instance))?;
                let place = Place::Record { participant: person.id.clone(), instance: first.instance.clone() };
                Some((first.day, place))
            }
            IntercurrentEvent::CodeBroken => {
                let place = Place::Kind { participant: person.id.clone(), kind: "code_broken" };
                person.code_broken.map(|day| (day, place))
            }
            IntercurrentEvent::Death => {
                let stop = person.stops.iter().find(|stop| stop.scope == "died")?;
                Some((stop.day, entry(stop.version)))
            }
        }
    }

    /// What a name of a set's rule stands for.
    fn set_value(&self, person: &Person, name: &str) -> Option<Value> {
        let first_doses: std::collections::BTreeSet<u64> =
            person.doses.iter().filter(|dose| !dose.supplement).map(|dose| dose.session).collect();
        let count = |number: usize| Some(Value::Integer(i64::try_from(number).unwrap_or(i64::MAX)));
        let primary = self.plan.primary.as_ref();
        let rated = |endpoint: &Endpoint, visit: &str| {
            self.seen(person, endpoint.form.as_str(), &endpoint.score, visit).is_some()
        };
        match name {
            "consented" => Some(Value::Bool(person.consented.is_some())),
            "enrolled" => Some(Value::Bool(person.enrolled.is_some())),
            "assigned" => Some(Value::Bool(person.assigned.is_some())),
            "doses" => count(first_doses.len()),
            "ratings" => {
                let visits = primary.map_or(0, |one| one.visits.iter().filter(|v| rated(one, v.as_str())).count());
                count(visits)
            }
            "primary_rated" => Some(Value::Bool(primary.is_some_and(|one| rated(one, one.visit.as_str())))),
            "primary_in_window" => Some(Value::Bool(
                primary.is_some_and(|one| rated(one, one.visit.as_str()) && self.in_window(person, one.visit.as_str())),
            )),
            "important_deviations" => count(person.deviations.iter().filter(|one| one.important).count()),
            "stopped" => Some(Value::Bool(self.event(person, IntercurrentEvent::TreatmentStopped).is_some())),
            "code_broken" => Some(Value::Bool(person.code_broken.is_some())),
            "days_followed" => {
                let last = person.attendances.iter().map(|attendance| attendance.day).max()?;
                Some(Value::Integer(i64::from(days(person.consented?, last))))
            }
            other => self.value(person, other),
        }
    }

    /// Whether a visit was held within its window, as the window was then.
    pub fn in_window(&self, person: &Person, visit: &str) -> bool {
        let held = person.attendances.iter().rev().find(|one| one.visit == visit);
        held.and_then(|one| one.window.map(|(from, until)| from <= one.day && one.day <= until)).unwrap_or(false)
    }

    /// What a name of a criterion stands for.
    fn value(&self, person: &Person, name: &str) -> Option<Value> {
        let (answer, _) = self.answer(person, name)?;
        if let Some(number) = answer.number {
            return number.to_string().parse().ok().map(Value::Decimal);
        }
        let text = answer.text?;
        Some(match (self.is_yes_no(name), text.as_str()) {
            (true, "yes") => Value::Bool(true),
            (true, "no") => Value::Bool(false),
            _ => Value::Text(text),
        })
    }

    /// What a name of a criterion stands for, as it was answered, with the place where it stands. Of a form that several visits
    /// ask for, without a visit in the name, the last answer before the arm was assigned counts.
    pub fn answer(&self, person: &Person, name: &str) -> Option<(Answer, Place)> {
        let place = |form: &Form| Place::Record { participant: person.id.clone(), instance: form.instance.clone() };
        if name == "site" {
            let kind = Place::Kind { participant: person.id.clone(), kind: "enquiry_recorded" };
            return Some((Answer { text: Some(person.site.clone()), ..Answer::default() }, kind));
        }
        match scope::name(self.study, name)? {
            Name::AgeAtConsent => {
                let form = person.forms.iter().rev().find(|form| form.answers.contains_key("date_of_birth"))?;
                let born: Date = form.answers.get("date_of_birth")?.text.as_ref()?.parse().ok()?;
                let age = f64::from(years(born, person.consented?));
                Some((Answer { text: Some(age.to_string()), number: Some(age), band: None }, place(form)))
            }
            Name::Form { visit, form, field } => {
                let wanted = |one: &&Form| {
                    let here = visit.as_ref().map_or(true, |visit| one.visit.as_deref() == Some(visit.as_str()));
                    let early = visit.is_some() || person.assigned.is_none_or(|day| one.day <= day);
                    one.form == form.as_str() && here && early
                };
                let found = person.forms.iter().rev().find(wanted)?;
                let answer = found.scores.get(field.as_str()).or_else(|| found.answers.get(field.as_str()))?;
                answer.text.as_ref().map(|_| (answer.clone(), place(found)))
            }
            _ => None,
        }
    }

    /// Whether a name stands for a yes or no.
    pub fn is_yes_no(&self, name: &str) -> bool {
        let Some(Name::Form { form, field, .. }) = scope::name(self.study, name) else { return false };
        let Some(form) = self.study.form(form.as_str()) else { return false };
        if let Some(own) = form.fields.iter().find(|own| own.id == field) {
            return own.kind == FieldKind::YesNo;
        }
        let instrument = form.instrument.as_deref().and_then(instruments::find);
        instrument.is_some_and(|instrument| {
            let decided = instruments::outputs(instrument)
                .iter()
                .any(|output| output.name == field.as_str() && output.kind == instruments::OutputKind::Decision);
            let asked = instrument
                .items
                .iter()
                .any(|item| item.id == field.as_str() && matches!(item.answers, instruments::Answers::YesNo));
            decided || asked
        })
    }

    /// A code in words: a choice's label, yes or no.
    pub fn label(&self, name: &str, code: &str) -> String {
        if let Some(Name::Form { form, field, .. }) = scope::name(self.study, name)
            && let Some(form) = self.study.form(form.as_str())
            && let Some(own) = form.fields.iter().find(|own| own.id == field)
            && let FieldKind::Choice { options } = &own.kind
            && let Some(option) = options.iter().find(|option| option.code == code)
        {
            return option.label.clone();
        }
        crate::shown::capital(&crate::shown::words(code))
    }

    /// Codes of a choice in the order of the study; none for what is no choice.
    pub fn codes(&self, name: &str) -> Vec<String> {
        if let Some(Name::Form { form, field, .. }) = scope::name(self.study, name)
            && let Some(form) = self.study.form(form.as_str())
            && let Some(own) = form.fields.iter().find(|own| own.id == field)
            && let FieldKind::Choice { options } = &own.kind
        {
            return options.iter().map(|option| option.code.clone()).collect();
        }
        if self.is_yes_no(name) { vec!["yes".to_owned(), "no".to_owned()] } else { Vec::new() }
    }

    /// What a visit is called in tables: its time point, else its id.
    pub fn visit_label(&self, visit: &str) -> String {
        let known = self.study.visit(visit);
        known.and_then(|known| known.time_point.clone()).unwrap_or_else(|| visit.to_owned())
    }

    /// The places that say that somebody was assigned.
    pub fn kinds<'p>(&self, people: impl IntoIterator<Item = &'p Person>, kind: &'static str) -> Ground {
        ground(people.into_iter().map(|person| Place::Kind { participant: person.id.clone(), kind }))
    }
}

/// A number of a form: a score, else an answer.
fn value(form: &Form, name: &str) -> Option<f64> {
    form.scores.get(name).or_else(|| form.answers.get(name)).and_then(|answer| answer.number)
}

/// Whole days from one day to another.
pub fn days(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

fn years(born: Date, on: Date) -> i16 {
    let full = on.year() - born.year();
    if (on.month(), on.day()) < (born.month(), born.day()) { full - 1 } else { full }
}

fn arms(study: &Study, allocation: &Allocation) -> Vec<Arm> {
    let one = |title: &str| vec![Arm { id: "all".to_owned(), title: title.to_owned(), reference: false }];
    match allocation {
        Allocation::Pooled => one("All arms together"),
        Allocation::OneArm => one("All"),
        Allocation::Opened(_) | Allocation::Dummy(_) => {
            let reference = study.analysis.model.as_ref().map(|model| &model.reference);
            let dummy = if matches!(allocation, Allocation::Dummy(_)) { " (dummy)" } else { "" };
            let mut arms: Vec<Arm> = study
                .arms
                .iter()
                .map(|arm| Arm {
                    id: arm.id.to_string(),
                    title: format!("{}{dummy}", arm.title),
                    reference: Some(&arm.id) == reference,
                })
                .collect();
            arms.sort_by_key(|arm| arm.reference);
            arms
        }
    }
}
