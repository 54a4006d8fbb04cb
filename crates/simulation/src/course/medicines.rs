//! Medicines: what people take, tapers and their calls, last doses, what is taken against the plan.

use super::{Slip, Step, Trial, life::Taken};
use crate::clinic::{Ask, days_after, minutes_after};
use conduct::{
    Entry, Fact,
    command::{MedicineReport, VisitOutcome},
    schedule::days_from,
};
use jiff::{Timestamp, civil::Date};
use protocol::model::{Duty, MedicineRule, Study, VisitKind};
use terms::VisitId;

fn report(name: &str, indication: &str, started: Date) -> MedicineReport {
    MedicineReport {
        name: name.to_owned(),
        dose: "usual dose, once a day".to_owned(),
        indication: indication.to_owned(),
        started: Some(started),
        taper_started: None,
        last_dose: None,
        last_change: Some(started),
        rescue: false,
    }
}

impl Trial<'_> {
    /// Asks about medicines and events at a visit: the first time, what is taken is written down.
    pub(super) fn review(&mut self, now: Timestamp, whose: usize, visit: &VisitId) {
        let plan = self.plan_of(whose);
        let screening = plan.study.visit(visit.as_str()).is_some_and(|visit| visit.kind == VisitKind::Screening);
        if screening && self.lives.get(whose).is_some_and(|life| life.medicines.is_empty()) {
            self.draw_medicines(whose, &plan.study, now);
            self.write_medicines(now, whose);
        }
    }

    fn draw_medicines(&mut self, whose: usize, study: &Study, now: Timestamp) {
        let today = self.today(whose, now);
        let chances = &self.clinic.scenario.medicines;
        let (chance, allowed) = (chances.chance, chances.allowed_chance);
        let Some(life) = self.lives.get_mut(whose) else { return };
        let of = |wanted: &dyn Fn(&MedicineRule) -> bool| -> Vec<(String, bool, bool)> {
            let classes = study.medication.classes.iter().filter(|class| wanted(&class.rule));
            classes
                .flat_map(|class| {
                    let washout = matches!(class.rule, MedicineRule::Washout { .. });
                    class.medicines.iter().map(move |medicine| (medicine.name.clone(), washout, class.taper))
                })
                .collect()
        };
        let washed = of(&|rule| matches!(rule, MedicineRule::Washout { .. }));
        let kept = of(&|rule| matches!(rule, MedicineRule::Allowed | MedicineRule::Stable { .. }));
        let mut taken = Vec::new();
        for (list, chance, indication) in
            [(&washed, chance, "post-traumatic stress disorder"), (&kept, allowed, "chronic condition")]
        {
            let (drawn, which, days) =
                (life.pills.chance(chance), life.pills.place(list.len()), life.pills.whole(200, 2500));
            if let Some((name, washout, taper)) = list.get(which).filter(|_| drawn) {
                let started = days_from(today, -(days as i32));
                taken.push(Taken {
                    report: report(name, indication, started),
                    instance: None,
                    washout: *washout,
                    taper: *taper,
                });
            }
        }
        life.medicines = taken;
    }

    fn write_medicines(&mut self, now: Timestamp, whose: usize) {
        let Some(by) = self.by(whose, Duty::RecordData) else { return };
        let Some(life) = self.lives.get(whose) else { return };
        let Some(participant) = life.id.clone() else { return };
        let reports: Vec<MedicineReport> = life.medicines.iter().map(|taken| taken.report.clone()).collect();
        for (place, medicine) in reports.into_iter().enumerate() {
            if self.slips.taken(Slip::MedicineAhead) {
                let mut ahead = medicine.clone();
                ahead.last_dose = Some(days_from(self.today(whose, now), 30));
                let fact = Fact::RecordMedication { participant: participant.clone(), medicine: ahead };
                self.soon(Ask::fact(now, &by, fact).may_fail());
            }
            let fact = Fact::RecordMedication { participant: participant.clone(), medicine };
            let Ok(written) = self.clinic.ask(Ask::fact(now, &by, fact)) else { continue };
            let instance = written.iter().find_map(|one| match &one.entry {
                Entry::MedicationRecorded { instance, .. } => Some(instance.clone()),
                _ => None,
            });
            if let Some(taken) = self.lives.get_mut(whose).and_then(|life| life.medicines.get_mut(place)) {
                taken.instance = instance;
            }
        }
    }

    /// After enrolment every medicine that must be washed out is tapered, or stopped.
    pub(super) fn start_tapers(&mut self, now: Timestamp, whose: usize) {
        let Some(life) = self.lives.get_mut(whose) else { return };
        let waits: Vec<(usize, bool, f64)> = life
            .medicines
            .iter()
            .enumerate()
            .filter(|(_, taken)| taken.washout)
            .map(|(place, taken)| (place, taken.taper))
            .collect::<Vec<_>>()
            .into_iter()
            .map(|(place, taper)| (place, taper, life.pills.between(1.0, 4.0)))
            .collect();
        for (medicine, taper, days) in waits {
            let step = if taper { Step::Taper { medicine } } else { Step::LastDose { medicine } };
            self.later(days_after(now, days), whose, step);
        }
    }

    fn update(&mut self, now: Timestamp, whose: usize, place: usize, change: impl FnOnce(&mut MedicineReport)) {
        let Some(prescriber) = self.by(whose, Duty::Prescribe) else { return };
        let Some(life) = self.lives.get_mut(whose) else { return };
        let (Some(participant), Some(taken)) = (life.id.clone(), life.medicines.get_mut(place)) else { return };
        let Some(instance) = taken.instance.clone() else { return };
        change(&mut taken.report);
        let fact = Fact::UpdateMedication { participant, instance, medicine: taken.report.clone() };
        self.soon(Ask::fact(now, &prescriber, fact));
    }

    pub(super) fn taper(&mut self, now: Timestamp, whose: usize, place: usize) {
        let today = self.today(whose, now);
        self.update(now, whose, place, |report| {
            report.taper_started = Some(today);
            report.last_change = Some(today);
        });
        let [from, to] = self.clinic.scenario.medicines.taper_days;
        let Some(life) = self.lives.get_mut(whose) else { return };
        let days = life.pills.whole(from, to) as f64;
        self.later(days_after(now, days), whose, Step::LastDose { medicine: place });
        let plan = self.plan_of(whose);
        let call = plan.study.visits.iter().find(|visit| visit.repeats_every_days.is_some());
        if let Some(call) = call {
            let every = f64::from(call.repeats_every_days.unwrap_or(7));
            let visit = call.id.clone();
            self.later(days_after(now, every), whose, Step::TaperCall { visit });
        }
    }

    pub(super) fn last_dose(&mut self, now: Timestamp, whose: usize, place: usize) {
        let yesterday = days_from(self.today(whose, now), -1);
        self.update(now, whose, place, |report| {
            report.last_dose = Some(yesterday.max(report.taper_started.unwrap_or(yesterday)));
        });
        self.later(minutes_after(now, 30), whose, Step::Plan);
    }

    /// A call during the taper, and the next one a week later while it goes on.
    pub(super) fn taper_call(&mut self, now: Timestamp, whose: usize, visit: &VisitId) {
        let goes_on = self.lives.get(whose).is_some_and(|life| {
            life.medicines
                .iter()
                .any(|taken| taken.washout && taken.report.taper_started.is_some() && taken.report.last_dose.is_none())
        });
        if !goes_on || self.state(whose).is_none_or(|state| state.phase != conduct::Phase::Enrolled) {
            return;
        }
        let plan = self.plan_of(whose);
        let mode = plan.study.visit(visit.as_str()).map_or(protocol::model::VisitMode::Phone, |visit| visit.mode);
        self.record_visit(now, whose, visit, VisitOutcome::Attended { mode });
        for (form, need) in plan.site_forms(visit) {
            if need == protocol::model::Requirement::Required {
                self.later(minutes_after(now, 4), whose, Step::Fill { visit: Some(visit.clone()), form });
            }
        }
        self.later(minutes_after(now, 14), whose, Step::Complete { visit: visit.clone(), minutes: 13 });
        let every = plan.study.visit(visit.as_str()).and_then(|visit| visit.repeats_every_days).unwrap_or(7);
        self.later(days_after(now, f64::from(every)), whose, Step::TaperCall { visit: visit.clone() });
    }

    /// A rescue medicine, the evening before a session.
    pub(super) fn takes_rescue(&mut self, at: Timestamp, whose: usize) {
        let plan = self.plan_of(whose);
        let class =
            plan.study.medication.classes.iter().find(|class| matches!(class.rule, MedicineRule::Rescue { .. }));
        let Some(name) = class.and_then(|class| class.medicines.first()).map(|medicine| medicine.name.clone()) else {
            return;
        };
        let Some(by) = self.by(whose, Duty::RecordData) else { return };
        let day = self.today(whose, at);
        let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone()) else { return };
        let mut medicine = report(&name, "could not sleep", day);
        medicine.last_dose = Some(day);
        medicine.rescue = true;
        self.soon(Ask::fact(at, &by, Fact::RecordMedication { participant, medicine }));
    }

    /// A medicine that the plan forbids, taken during treatment: written down as it is told.
    pub(super) fn takes_prohibited(&mut self, now: Timestamp, whose: usize) {
        let plan = self.plan_of(whose);
        let Some(by) = self.by(whose, Duty::RecordData) else { return };
        let names: Vec<String> = plan
            .study
            .medication
            .classes
            .iter()
            .filter(|class| matches!(class.rule, MedicineRule::Washout { .. }))
            .flat_map(|class| class.medicines.iter().map(|medicine| medicine.name.clone()))
            .collect();
        let today = self.today(whose, now);
        let Some(life) = self.lives.get_mut(whose) else { return };
        let (Some(participant), Some(name)) = (life.id.clone(), life.pills.one(&names).cloned()) else { return };
        let mut medicine = report(&name, "low mood", days_from(today, -4));
        medicine.last_dose = Some(days_from(today, -1));
        self.soon(Ask::fact(now, &by, Fact::RecordMedication { participant, medicine }));
    }
}
