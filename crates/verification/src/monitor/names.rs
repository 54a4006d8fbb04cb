//! What the names in a study's expressions stand for, read from the onlooker's memory.

use super::{
    Look, days,
    memory::{Checked, Filled, Person},
};
use conduct::command::DosePart;
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use protocol::{
    expression::Answer,
    model::{Check, Criterion, CriterionKind, Failing, MedicineClass, MedicineRule, Study},
};
use terms::Value;

impl Person {
    /// The last record of a form that is not struck.
    pub(super) fn form(&self, form: &str) -> Option<&Filled> {
        self.forms.values().filter(|filled| filled.form == *form && !filled.struck).max_by_key(|filled| filled.place)
    }

    fn form_at(&self, form: &str, visit: &str) -> Option<&Filled> {
        let here = |filled: &&Filled| {
            filled.form == *form && !filled.struck && filled.visit.as_ref().is_some_and(|v| *v == *visit)
        };
        self.forms.values().filter(here).max_by_key(|filled| filled.place)
    }

    /// The version of a consent in force; none once it was withdrawn.
    pub(super) fn consent(&self) -> Option<&str> {
        if self.withdrawn {
            return None;
        }
        self.consents.iter().rev().find(|(_, valid, _)| *valid).map(|(version, _, _)| version.as_str())
    }

    /// The first day of a consent that counts.
    pub(super) fn consent_day(&self) -> Option<Date> {
        self.consents.iter().find(|(_, valid, _)| *valid).map(|(_, _, day)| *day)
    }

    /// A name's value on a day.
    pub(super) fn value(&self, study: &Study, name: &str, today: Date) -> Option<Value> {
        let (head, rest) = name.split_once('.').unwrap_or((name, ""));
        match (head, rest) {
            ("today", "") => Some(Value::Date(today)),
            ("participant", "age_at_consent") => {
                let born = self
                    .forms
                    .values()
                    .filter(|filled| !filled.struck)
                    .find_map(|filled| filled.values.get("date_of_birth").and_then(Value::as_date))?;
                let consent = self.consent_day()?;
                let years = i64::from(consent.year()) - i64::from(born.year());
                let before = (consent.month(), consent.day()) < (born.month(), born.day());
                Some(Value::Integer(years - i64::from(before)))
            }
            ("participant", "days_since_consent") => Some(Value::Integer(days(self.consent_day()?, today))),
            ("consent", "quiz_score") => Some(Value::Integer(self.quiz.into())),
            ("consent", item) => self.consent().and_then(|_| self.items.get(item)).copied().map(Value::Bool),
            ("washout", "complete") => Some(Value::Bool(self.not_washed_out(study, today).next().is_none())),
            ("medication", "prohibited") => Some(Value::Bool(self.takes_prohibited(study))),
            ("done", visit) => Some(Value::Bool(self.visits.get(visit).is_some_and(|kept| kept.complete))),
            ("dosing", "count") => {
                let count = self.days.values().filter(|day| day.first().is_some()).count();
                i64::try_from(count).ok().map(Value::Integer)
            }
            ("dosing", "days_since_last") => {
                let last = self.days.values().filter_map(|day| day.first()).map(|taken| taken.day).max()?;
                Some(Value::Integer(days(last, today)))
            }
            (form, field) if study.form(form).is_some() => {
                let filled = self.form(form)?;
                let fresh = study.form(form).and_then(|form| form.valid_days);
                let young = fresh.is_none_or(|fresh| days(filled.day, today) <= i64::from(fresh));
                young.then(|| filled.answer(field)).flatten()
            }
            (visit, path) => {
                let (form, field) = path.split_once('.')?;
                self.form_at(form, visit)?.answer(field)
            }
        }
    }

    /// Medicines that stand in the way of a dose on a day.
    pub(super) fn not_washed_out<'p>(&'p self, study: &'p Study, today: Date) -> impl Iterator<Item = &'p str> + 'p {
        let taken = self.medicines.values().filter(|medicine| !medicine.struck);
        taken
            .filter(move |medicine| {
                let Some((class, known)) = class_of(study, &medicine.name) else { return medicine.last.is_none() };
                let waits = |most: Option<u32>| match (medicine.last, most) {
                    (None, Some(_)) => true,
                    (Some(last), Some(most)) => days(last, today) < i64::from(most),
                    (_, None) => false,
                };
                match class.rule {
                    MedicineRule::Washout { .. } | MedicineRule::Prohibited { .. } => {
                        waits(study.medication.washout_days(class, known))
                    }
                    MedicineRule::Rescue { .. } if !medicine.rescue => waits(study.medication.days_by_half_life(known)),
                    MedicineRule::Stable { days: least } => {
                        let from = medicine.changed.or(medicine.started);
                        let long = from.is_some_and(|from| days(from, today) >= i64::from(least));
                        medicine.last.is_none() && !long
                    }
                    MedicineRule::Rescue { .. } | MedicineRule::Allowed => false,
                }
            })
            .map(|medicine| medicine.name.as_str())
    }

    fn takes_prohibited(&self, study: &Study) -> bool {
        self.medicines.values().filter(|medicine| !medicine.struck && medicine.last.is_none()).any(|medicine| {
            class_of(study, &medicine.name)
                .is_some_and(|(class, _)| matches!(class.rule, MedicineRule::Prohibited { .. }))
        })
    }

    /// A rescue medicine whose hours are not over at a moment. Only its day is known: it counts from the day's end.
    pub(super) fn rescue_too_near(&self, study: &Study, zone: &TimeZone, at: Timestamp) -> Option<&str> {
        let rescue = self.medicines.values().filter(|medicine| !medicine.struck && medicine.rescue);
        rescue.filter_map(|medicine| Some((medicine, class_of(study, &medicine.name)?))).find_map(
            |(medicine, (class, _))| {
                let MedicineRule::Rescue { hours_before_dose } = class.rule else { return None };
                let near = medicine.last.is_none_or(|last| {
                    let end = last.tomorrow().ok().and_then(|day| day.to_zoned(zone.clone()).ok());
                    end.is_none_or(|end| {
                        at.duration_since(end.timestamp()) < SignedDuration::from_hours(i64::from(hours_before_dose))
                    })
                });
                near.then_some(medicine.name.as_str())
            },
        )
    }

    /// Whether a criterion is plainly not met: what can't be said is not that.
    pub(super) fn misses(&self, study: &Study, criterion: &Criterion, today: Date) -> bool {
        let answer = criterion.check.evaluate(&|name| self.value(study, name, today));
        match criterion.kind {
            CriterionKind::Inclusion => answer == Answer::No,
            CriterionKind::Exclusion => answer == Answer::Yes,
        }
    }

    /// Whether a criterion holds; what can't be said does not.
    pub(super) fn meets(&self, study: &Study, criterion: &Criterion, today: Date) -> bool {
        let answer = criterion.check.evaluate(&|name| self.value(study, name, today));
        match criterion.kind {
            CriterionKind::Inclusion => answer == Answer::Yes,
            CriterionKind::Exclusion => answer == Answer::No,
        }
    }
}

impl Filled {
    fn answer(&self, field: &str) -> Option<Value> {
        if let Some(score) = self.scores.get(field) {
            return score.clone();
        }
        self.values.get(field).filter(|value| !value.is_missing()).cloned()
    }
}

pub(super) fn class_of<'s>(study: &'s Study, name: &str) -> Option<(&'s MedicineClass, &'s protocol::model::Medicine)> {
    study
        .medication
        .classes
        .iter()
        .find_map(|class| Some((class, class.medicines.iter().find(|medicine| medicine.name == name)?)))
}

impl Look<'_> {
    /// Whether a check stands in the way at a moment, and what is wrong with it: read from what was found, not from what was
    /// said of it. `since` for criteria of leaving: what was found before it doesn't count.
    pub(super) fn check_wrong(
        &self,
        person: &Person,
        session: u8,
        check: &Check,
        since: Option<Timestamp>,
    ) -> Option<String> {
        let study = self.study_of(person);
        let day = person.days.get(&session)?;
        let own = |name: &str| -> Option<Value> {
            if name == "session.minutes_since_dose" {
                let dosed = day.first()?.at;
                return Some(Value::Integer(super::minutes(dosed, self.now())));
            }
            person.value(study, name, self.stamp.day)
        };
        if check.applies.as_ref().is_some_and(|applies| applies.evaluate(&own) == Answer::No) {
            return None;
        }
        let name = check.id.as_str();
        let Some(done) = day.checks.get(&check.id) else { return Some(format!("{name} was not done")) };
        if since.is_some_and(|since| done.at < since) {
            return Some(format!("{name} was done before the dose"));
        }
        if !self.young(check, done) {
            return Some(format!("{name} was too old"));
        }
        let passes = done.properly
            && check.pass.evaluate(&|name| match done.values.get(name) {
                Some(value) => (!value.is_missing()).then(|| value.clone()),
                None => own(name),
            }) == Answer::Yes;
        let cleared = passes
            || match check.failing {
                Failing::Refuse => false,
                Failing::Prescriber => done.agreed,
                Failing::Warn => true,
            };
        (!cleared).then(|| format!("{name} was not in order"))
    }

    pub(super) fn young(&self, check: &Check, done: &Checked) -> bool {
        match check.fresh_minutes {
            Some(fresh) => super::minutes(done.at, self.now()) <= i64::from(fresh),
            None => done.day == self.stamp.day,
        }
    }

    /// The last values of pressure, from readings and checks, with their moment: upper, lower.
    pub(super) fn pressures(&self, person: &Person, session: u8) -> Vec<(Timestamp, &'static str, terms::Decimal)> {
        let Some(day) = person.days.get(&session) else { return Vec::new() };
        let mut found = Vec::new();
        for name in ["systolic", "diastolic"] {
            for read in &day.readings {
                found.extend(read.measures.get(name).map(|value| (read.at, name, *value)));
            }
            for done in day.checks.values() {
                found.extend(done.values.get(name).and_then(Value::as_decimal).map(|value| (done.at, name, value)));
            }
        }
        found.sort_by_key(|(at, _, _)| *at);
        found
    }

    /// Milligrams swallowed in a session.
    pub(super) fn swallowed(&self, person: &Person, session: u8) -> terms::Milligrams {
        let taken = person.days.get(&session).into_iter().flat_map(|day| &day.taken);
        taken.fold(terms::Milligrams::ZERO, |sum, taken| sum.plus(taken.amount))
    }

    /// Pieces of a container, by its label.
    pub(super) fn pieces_held(&self, level: &str, part: DosePart) -> u32 {
        self.setting.study.level(level).map_or(0, |level| match part {
            DosePart::Initial => level.initial_pieces,
            DosePart::Supplement => level.supplement_pieces,
        })
    }
}
