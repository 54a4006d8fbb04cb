//! What is raised is answered: tasks by those whose duty they are, questions by a correction or in words.

use super::{SiteStep, Slip, Step, Trial, TrialStep, day::DayStep};
use crate::clinic::{Ask, Raised, minutes_after};
use conduct::{
    Fact,
    command::HoldOn,
    staffing::credentials::{Staff, issued, running_out},
};
use jiff::Timestamp;
use protocol::model::{Duty, FieldKind, Trigger};
use terms::{InstanceId, SiteId, Value};

impl Trial<'_> {
    /// Plans an answer to whatever the last acts have raised.
    pub(super) fn answer_raised(&mut self, now: Timestamp) {
        for (on, hold) in std::mem::take(&mut self.clinic.held) {
            if let HoldOn::Site { site } = &on
                && self.differs(site, &hold)
                && let Some(place) = self.sites.iter().position(|run| run.id == *site)
            {
                // The safe and its book differ: counted again, then looked into by somebody who did not count.
                self.later_at_site(minutes_after(now, 40), place, SiteStep::Recount);
                self.later_at_site(minutes_after(now, 75), place, SiteStep::Difference);
                continue;
            }
            let hours = if matches!(on, HoldOn::Site { .. }) { 7 } else { 31 };
            self.later_in_trial(minutes_after(now, 60 * hours), TrialStep::LiftOne(on, hold));
        }
        for (participant, session, alarm) in std::mem::take(&mut self.clinic.alarmed) {
            let whose = self.lives.iter().position(|life| life.id.as_ref() == Some(&participant));
            if let Some(whose) = whose {
                let late = self.slips.taken(Slip::AlarmUnheard);
                let minutes = if late { 34 } else { 2 };
                self.day_later(minutes_after(now, minutes), whose, session, DayStep::Take(alarm));
            }
        }
        for raised in std::mem::take(&mut self.clinic.raised) {
            let whose = self.lives.iter().position(|life| life.id.as_ref() == Some(&raised.participant));
            let Some(whose) = whose else { continue };
            let at = self.when_answered(now, whose, &raised);
            let step = match raised.about {
                Some(about) => Step::Question { instance: raised.instance, about },
                None => Step::Task { instance: raised.instance },
            };
            self.later(at, whose, step);
        }
    }

    fn differs(&self, site: &SiteId, hold: &InstanceId) -> bool {
        let stock = self.clinic.folded.stocks.get(site);
        stock.is_some_and(|stock| stock.discrepancies.values().any(|open| open.hold.as_ref() == Some(hold)))
    }

    fn when_answered(&mut self, now: Timestamp, whose: usize, raised: &Raised) -> Timestamp {
        let left = raised.due.duration_since(now).as_mins().max(4);
        let Some(life) = self.lives.get_mut(whose) else { return now };
        let late = life.habits.chance(0.03) && left > 600;
        let share = life.habits.between(0.15, 0.85);
        let at = minutes_after(now, if late { left + 1500 } else { (left as f64 * share) as i64 });
        if raised.trigger == Some(Trigger::SuicideRisk) {
            // Somebody acts within minutes, whatever the clock allows.
            return minutes_after(now, 5 + (share * 8.0) as i64);
        }
        let urgent = left <= 300 || raised.duty.is_none();
        if urgent {
            return at;
        }
        // Nobody does paperwork in the night.
        let day = self.today(whose, at);
        let morning = self.clock(whose, day, 8, 20);
        at.max(morning).min(raised.due.max(morning))
    }

    /// Certificates that end soon are renewed: a site's by whoever leads it, those for the whole trial by its administrator.
    pub(super) fn renew_certificates(&mut self, now: Timestamp, place: usize) {
        let Some(site) = self.sites.get(place).map(|run| run.id.clone()) else { return };
        let Some(administrator) = self.administrator() else { return };
        let study = std::sync::Arc::clone(&self.clinic.study);
        for here in [Some(&site), None] {
            let state = here.and_then(|site| self.clinic.folded.sites.get(site));
            let staff = Staff { study: &study, trial: &self.clinic.folded.trial, site: state };
            let zone = self.sites.get(place).map(|run| run.zone.clone()).unwrap_or(jiff::tz::TimeZone::UTC);
            let day = now.to_zoned(if here.is_some() { zone } else { jiff::tz::TimeZone::UTC }).date();
            let facts: Vec<Fact> =
                running_out(staff, day).iter().map(|line| issued(line.kind, here, line.staff, day)).collect();
            for fact in facts {
                self.soon(Ask::fact(now, &administrator, fact));
            }
        }
    }

    pub(super) fn do_task(&mut self, now: Timestamp, whose: usize, instance: &InstanceId) {
        let Some(task) = self.state(whose).and_then(|state| state.tasks.get(instance)) else { return };
        if task.done.is_some() {
            return;
        }
        let duty = task.raised.duty;
        let signs = task.raised.trigger == Trigger::MayBeHarm;
        let by = self.by(whose, duty).or_else(|| self.by(whose, Duty::RecordData));
        let Some(by) = by else { return };
        let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone()) else { return };
        let text = match duty {
            Duty::MonitorMedically => "Looked at; no further measure needed.",
            Duty::Prescribe => "Saw the participant; stable, plan agreed and noted.",
            Duty::Coordinate => "Called and spoken to.",
            _ => "Done, and noted in the source.",
        };
        let fact = Fact::CompleteTask { participant, task: instance.clone(), text: text.to_owned() };
        let ask = Ask::fact(now, &by, fact.clone());
        self.soon(if signs { ask.signed() } else { ask });
        if self.slips.taken(Slip::TaskTwice) {
            self.soon(Ask::fact(now, &by, fact).may_fail());
        }
    }

    pub(super) fn answer_question(&mut self, now: Timestamp, whose: usize, instance: &InstanceId, about: &InstanceId) {
        let Some(question) = self.state(whose).and_then(|state| state.questions.get(instance)) else { return };
        if question.answered {
            return;
        }
        let field = question.check.strip_prefix("required.").map(terms::FieldId::from);
        let Some(by) = self.by(whose, Duty::RecordData) else { return };
        let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone()) else { return };
        let corrects = self.lives.get_mut(whose).is_some_and(|life| life.habits.chance(0.5));
        if let Some(field) = field.filter(|_| corrects)
            && self.answer_later(now, whose, about, &field)
        {
            return;
        }
        let fact = Fact::CompleteTask {
            participant,
            task: instance.clone(),
            text: "Checked against the source: it stands as it is.".to_owned(),
        };
        self.soon(Ask::fact(now, &by, fact));
    }

    /// Gives an answer that had been left out, as a correction.
    fn answer_later(&mut self, now: Timestamp, whose: usize, about: &InstanceId, field: &terms::FieldId) -> bool {
        let plan = self.plan_of(whose);
        let Some(record) = self.state(whose).and_then(|state| state.forms.get(about)).cloned() else { return false };
        let Some(form) = plan.study.form(record.form.as_str()) else { return false };
        let values = self.answers(whose, form, record.visit.as_ref(), record.day);
        let Some(value) = values.get(field).filter(|value| !value.is_missing()).cloned() else { return false };
        self.change(now, whose, about, [(field.clone(), value)].into(), record.corrections)
    }

    fn change(
        &mut self,
        now: Timestamp,
        whose: usize,
        instance: &InstanceId,
        changes: crate::filler::Values,
        seen: u32,
    ) -> bool {
        let Some(by) = self.by(whose, Duty::RecordData) else { return false };
        let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone()) else { return false };
        let correct = |changes, seen| Fact::CorrectForm {
            participant: participant.clone(),
            instance: instance.clone(),
            changes,
            seen,
        };
        if self.slips.taken(Slip::CorrectStale) {
            let stale = Ask::fact(now, &by, correct(changes.clone(), seen + 7)).because("typing mistake");
            self.soon(stale.may_fail());
        }
        if self.slips.taken(Slip::CorrectNothing) {
            let nothing = Ask::fact(now, &by, correct(crate::filler::Values::new(), seen)).because("typing mistake");
            self.soon(nothing.may_fail());
        }
        let ask = Ask::fact(now, &by, correct(changes, seen)).because("does not agree with the source");
        self.clinic.ask(ask.may_fail()).is_ok()
    }

    /// A slip of the pen is found against the source and corrected.
    pub(super) fn correct(&mut self, now: Timestamp, whose: usize, instance: &InstanceId) {
        let plan = self.plan_of(whose);
        let Some(record) = self.state(whose).and_then(|state| state.forms.get(instance)).cloned() else { return };
        let Some(form) = plan.study.form(record.form.as_str()) else { return };
        let changed = form.fields.iter().find_map(|field| {
            let value = record.values.get(&field.id)?;
            let new = match (&field.kind, value) {
                (FieldKind::Integer { min, max, .. }, Value::Integer(number)) if max - min > 30 => {
                    Value::Integer((number + 1).clamp(*min, *max))
                }
                (FieldKind::Text { .. }, Value::Text(text)) if text.len() < 300 => {
                    Value::Text(format!("{text} (checked)"))
                }
                _ => return None,
            };
            (new != *value).then(|| (field.id.clone(), new))
        });
        if let Some(change) = changed {
            self.change(now, whose, instance, [change].into(), record.corrections);
        }
    }
}
