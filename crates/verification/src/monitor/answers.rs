//! List B: what the world did anyway is answered in the same append.

use super::{
    Harm, Look,
    day::Bed,
    memory::{Day, Kept, Person, Place},
    minutes, must,
};
use crate::floors;
use conduct::{
    Command, Entry, Fact, StreamId,
    command::{ContainerFact, Destination, Disclosure, DosePart, StopScope},
};
use jiff::Timestamp;
use protocol::model::{ActivityKind, Duty, Overnight, Requirement, Trigger};
use std::{collections::BTreeSet, sync::LazyLock};
use terms::{ContainerId, ParticipantId};

static NOTHING: LazyLock<Day> = LazyLock::new(Day::default);

impl<'a> Look<'a> {
    pub(super) fn never_unanswered(
        &self,
        who: Option<(&'a ParticipantId, &'a Person)>,
        stream: &StreamId,
        entry: &Entry,
        harms: &mut Vec<Harm>,
    ) {
        if let (StreamId::Participant(_), Some((id, person))) = (stream, who) {
            self.of_the_person(id, person, entry, harms);
            self.of_the_session(id, person, entry, harms);
        }
        match entry {
            Entry::StockCounted { missing, unexpected, .. } => {
                let expected: BTreeSet<&ContainerId> = self.in_safe(stream).collect();
                let found = match &self.performed.request.command {
                    Command::Fact(Fact::CountStock { found, .. }) => found.iter().collect(),
                    _ => BTreeSet::new(),
                };
                let differs = expected != found;
                // What is open already is not opened a second time: this is its recount.
                let known = |id: &ContainerId| {
                    let mut open = self.shared.differences.values();
                    open.any(|open| open.containers.contains(id))
                };
                let all_known = expected.symmetric_difference(&found).all(|id| known(id));
                let answered = !differs || self.held_now() || all_known;
                must(harms, answered, "answer.count", "a count that differs, and nothing is held");
                let told = !differs || !missing.is_empty() || !unexpected.is_empty();
                must(harms, told, "answer.count", "a count that differs and is called right");
            }
            Entry::ContainerChanged { container, what: ContainerFact::Missing } => {
                // What is known to be missing is not lost a second time: its difference and its hold stand from the first.
                let known = self.shared.containers.get(container).is_some_and(|held| held.place == Place::Missing);
                let what = format!("{container} is missing, and nothing is held");
                must(harms, known || self.held_now(), "answer.missing", what);
            }
            Entry::ContainerChanged { container, what: ContainerFact::Damaged { .. } } => {
                let out =
                    self.shared.containers.get(container).is_some_and(|held| matches!(held.place, Place::Out(..)));
                must(
                    harms,
                    !out || self.held_now(),
                    "answer.damaged",
                    format!("{container} was damaged outside the safe, and nothing is held"),
                );
            }
            Entry::ContainerChanged { container, what: ContainerFact::CameBack { pieces, .. } } => {
                if let Some(held) = self.shared.containers.get(container) {
                    let all = self.pieces_held(held.level.as_str(), held.part);
                    let right = held.used + pieces == all;
                    must(
                        harms,
                        right || self.held_now(),
                        "answer.pieces",
                        format!("{container}: pieces that do not add up, and nothing is held"),
                    );
                }
            }
            _ => {}
        }
    }

    fn in_safe(&self, stream: &StreamId) -> impl Iterator<Item = &'a ContainerId> {
        let site = match stream {
            StreamId::Stock(site) => Some(site.clone()),
            _ => None,
        };
        let there = |place: &Place| matches!(place, Place::Quarantine | Place::Safe | Place::Damaged | Place::Back);
        let all = self.shared.containers.iter();
        all.filter(move |(_, held)| Some(&held.site) == site.as_ref() && there(&held.place)).map(|(id, _)| id)
    }

    fn must_answer(&self, harms: &mut Vec<Harm>, when: bool, trigger: Trigger, what: impl Into<String>) {
        if when && !self.answered(trigger) {
            let property = format!("answer.{}", word(trigger));
            harms.push(Harm { property, what: format!("{}, and nothing answers it", what.into()) });
        }
    }

    fn of_the_person(&self, id: &ParticipantId, person: &Person, entry: &Entry, harms: &mut Vec<Harm>) {
        let study = self.study_of(person);
        let answer = |harms: &mut Vec<Harm>, when: bool, trigger: Trigger, what: &str| {
            self.must_answer(harms, when, trigger, format!("{id}: {what}"));
        };
        match entry {
            Entry::FormRecorded { form, scores, .. } => {
                let yes =
                    |name: &str| scores.get(name).is_some_and(|found| found.value == Some(terms::Value::Bool(true)));
                let risk = yes("serious_ideation") || (yes("behaviour") && yes("dosing_blocked"));
                answer(harms, risk, Trigger::SuicideRisk, "a suicide-risk answer over the line");
                let may = study.form(form.as_str()).is_none_or(|plan| self.fills_in(person, plan));
                answer(harms, !may, Trigger::WrongPerson, "a form filled in by somebody who may not");
            }
            Entry::AdverseEventRecorded { instance, event, .. } => {
                let new = !event.serious.is_empty() && !person.serious.contains(instance);
                answer(harms, new, Trigger::SeriousAdverseEvent, "a serious adverse event");
            }
            Entry::VisitMissed { visit, .. } => {
                let asked = study.visit(visit.as_str()).is_some_and(|visit| !visit.optional);
                answer(harms, asked, Trigger::VisitMissed, "a visit missed");
            }
            Entry::VisitNoShow { .. } => answer(harms, true, Trigger::Silence, "nobody came"),
            Entry::VisitAttended { visit, day, .. } => {
                let nothing = Kept::default();
                let first = person.visits.get(visit).unwrap_or(&nothing).held.is_none();
                let open = !self.before_of(person, study, visit).is_empty();
                answer(
                    harms,
                    open && first,
                    Trigger::VisitOutOfOrder,
                    "a visit held before another that must precede it",
                );
                let late = person.consent().is_none()
                    && study.visit(visit.as_str()).is_some_and(|v| v.kind != protocol::model::VisitKind::Screening);
                answer(harms, late, Trigger::ConsentLate, "a visit held without consent");
                let plan = study.visit(visit.as_str());
                let anchor = plan.and_then(|plan| plan.anchor.as_ref());
                let real = anchor.and_then(|anchor| super::ways::anchor_day(study, person, anchor));
                if let (Some(plan), Some(anchor)) = (plan, real) {
                    let offset = super::days(anchor, *day);
                    let (early, late) = (offset < i64::from(plan.window.opens), offset > i64::from(plan.window.closes));
                    answer(harms, early, Trigger::VisitEarly, "a visit before its window");
                    answer(harms, late, Trigger::VisitLate, "a visit after its window");
                }
            }
            Entry::VisitCompleted { visit, minutes, .. } => {
                let asked = study.activities_at(visit.as_str());
                let missing = asked.filter(|(_, need)| *need == Requirement::Required).any(|(activity, _)| {
                    let ActivityKind::Form(form) = &activity.what else { return false };
                    !person.forms.values().any(|f| !f.struck && f.form == *form && f.visit.as_ref() == Some(visit))
                });
                let short = study.visit(visit.as_str()).and_then(|visit| visit.minutes_min).zip(*minutes);
                let short = short.is_some_and(|(least, took)| took < least);
                answer(
                    harms,
                    missing || short,
                    Trigger::ActivityMissed,
                    "a visit completed without all that it asks for",
                );
            }
            Entry::Stopped { scope: StopScope::LostToFollowUp, .. } => {
                let tries = person.tries.len() as u32;
                let span = person.tries.first().map_or(0, |(first, _)| super::days(*first, self.stamp.day));
                let plan = &study.follow_up;
                let spread = span >= i64::from(plan.tries_days_min);
                let routes = person.routes.len() >= plan.routes_min.unwrap_or_default() as usize;
                let enough = tries >= plan.tries_min && spread && routes;
                answer(harms, !enough, Trigger::Silence, "called lost without the tries");
            }
            Entry::ContactTried { .. } => {
                let silent = person.tries.iter().rev().take_while(|(_, reached)| !reached).count() + 1;
                let reached = matches!(entry, Entry::ContactTried { outcome, .. } if {
                    use conduct::command::ContactOutcome::{Reached, Refused, ViaContact};
                    matches!(outcome, Reached | Refused | ViaContact)
                });
                let due = !reached && silent == study.follow_up.tries_min as usize;
                answer(harms, due, Trigger::Silence, "silence after the last try");
            }
            Entry::RecordStruck { belongs_to: Some(_), .. } => {
                answer(harms, true, Trigger::WrongParticipant, "a record of somebody else");
                self.ground(id, person, harms);
            }
            Entry::CodeBroken { .. } => answer(harms, true, Trigger::CodeBroken, "an allocation opened"),
            Entry::FormCorrected { .. } | Entry::RecordStruck { .. } | Entry::MedicationRecorded { .. } => {
                if let Entry::MedicationRecorded { medicine, update: false, instance: _, .. } = entry {
                    let name = medicine.name.trim().to_lowercase();
                    let known = super::names::class_of(study, &name);
                    answer(
                        harms,
                        known.is_none(),
                        Trigger::ProhibitedMedicine,
                        "a medicine that the study does not know",
                    );
                }
                self.ground(id, person, harms);
            }
            _ => {}
        }
        if let Command::Fact(Fact::RecordRating { disclosure, .. }) = &self.performed.request.command
            && matches!(entry, Entry::FormRecorded { .. })
        {
            answer(harms, *disclosure != Disclosure::Nothing, Trigger::RaterUnblinded, "a rater who learnt something");
        }
        let locked = self.shared.locked && matches!(entry, Entry::FormRecorded { .. } | Entry::DoseTaken { .. });
        answer(harms, locked, Trigger::AfterLock, "something recorded after the lock");
    }

    fn fills_in(&self, person: &Person, form: &protocol::model::Form) -> bool {
        let conduct::Person::Staff(staff) = &self.actor().person else { return true };
        let today = self.stamp.day;
        let site = person.site.as_ref().and_then(|site| self.shared.sites.get(site));
        let here = site.into_iter().flat_map(|site| &site.delegations);
        let held =
            here.filter(|(who, _, from, until)| who == staff && *from <= today && until.is_none_or(|u| today <= u));
        let trial = self.shared.roles.get(staff).into_iter().flatten();
        held.map(|(_, role, ..)| role).chain(trial).any(|role| form.completed_by.contains(role))
    }

    /// A correction that takes away the ground of a dose: a permission that waits, or a dose that was swallowed as allowed.
    fn ground(&self, id: &ParticipantId, person: &Person, harms: &mut Vec<Harm>) {
        let study = self.study_of(person);
        let mut after = person.clone();
        for one in self.performed.written {
            if matches!(&one.stream, StreamId::Participant(p) if p == id) {
                super::fold::of_record(&mut after, &one.stamp, &one.entry);
            }
        }
        // A form that was read wrong shows that a gate should not have been passed; a medicine of today does not.
        let corrected = self.performed.written.iter().any(|one| match &one.entry {
            Entry::FormCorrected { .. } => true,
            Entry::RecordStruck { instance, .. } => person.forms.contains_key(instance),
            _ => false,
        });
        for (gate, met) in person.met.iter().filter(|_| corrected) {
            let asked =
                study.criteria.iter().filter(|criterion| criterion.gates.contains(gate) && met.contains(&criterion.id));
            let lost = asked.into_iter().find(|criterion| {
                person.meets(study, criterion, self.stamp.day) && after.misses(study, criterion, self.stamp.day)
            });
            let what = lost.map_or_else(String::new, |criterion| criterion.id.to_string());
            self.must_answer(
                harms,
                lost.is_some(),
                Trigger::Ineligible,
                format!("{id}: gate {gate} would not have been passed for {what}"),
            );
        }
        for (number, day) in &person.days {
            let waits = |given: &Option<super::memory::Allowed>, part: DosePart| {
                given.as_ref().is_some_and(|given| given.until >= self.now())
                    && !day.taken.iter().any(|taken| taken.part == part)
            };
            let pending = waits(&day.allowed, DosePart::Initial);
            let taken = day.first().filter(|taken| taken.lawful && !day.ground_lost);
            let on = match (pending, taken) {
                (true, _) => self.stamp.day,
                (false, Some(taken)) => taken.day,
                (false, None) => continue,
            };
            let stands = |person: &Person| -> BTreeSet<String> {
                let washout = person.not_washed_out(study, on).map(|name| format!("{name} not washed out"));
                let daily = study.criteria.iter().filter(|criterion| criterion.gates.contains(&0));
                let unmet =
                    daily.filter(|criterion| !person.meets(study, criterion, on)).map(|c| format!("{} not met", c.id));
                washout.chain(unmet).collect()
            };
            let (before, now) = (stands(person), stands(&after));
            let lost: Vec<&String> = now.difference(&before).collect();
            let what = lost.first().map_or_else(String::new, |lost| (*lost).clone());
            self.must_answer(
                harms,
                !lost.is_empty(),
                Trigger::GroundWithdrawn,
                format!("{id}: a correction took away the ground of session {number}: {what}"),
            );
        }
    }

    fn of_the_session(&self, id: &'a ParticipantId, person: &'a Person, entry: &Entry, harms: &mut Vec<Harm>) {
        let Some(number) = entry.session() else { return };
        let day = person.days.get(&number).unwrap_or(&NOTHING);
        let bed = Bed { look: *self, id, person, study: self.study_of(person), number, day };
        match entry {
            Entry::DoseTaken { part, container, pieces, .. } => bed.swallowed(*part, container, *pieces, harms),
            Entry::PresenceRecorded { .. } => bed.came_or_went(harms),
            Entry::ReadingRecorded { measures, slot, .. } => {
                bed.read(measures, harms);
                if let Some(slot) = slot {
                    bed.late(slot, harms);
                }
            }
            Entry::ReadingCorrected { instance, changes, .. } => bed.corrected(instance, changes, harms),
            Entry::CheckRecorded { check, .. } => {
                let mut all = bed.study.session.checks.iter().chain(&bed.study.session.discharge.criteria);
                if let Some(plan) = all.find(|known| known.id == *check) {
                    let duties = self.duties(self.actor(), person.site.as_ref());
                    let may = plan.by.is_empty() || plan.by.iter().any(|duty| duties.contains(duty));
                    bed.answer(harms, !may, Trigger::WrongPerson, "a check by somebody who may not do it");
                }
            }
            Entry::SessionNoted { code, .. } => {
                let harm = bed.study.session.codes.iter().any(|known| known.code == *code && known.may_be_harm);
                bed.answer(harms, harm, Trigger::MayBeHarm, "something that may have been harm");
                if !code.eq_ignore_ascii_case("VOMIT") {
                    return;
                }
                let after = day.first().map(|taken| minutes(taken.at, self.stamp.at));
                let soon = after.is_some_and(|after| (0..=i64::from(bed.study.dose.vomit_minutes)).contains(&after));
                bed.answer(harms, soon, Trigger::DoseVomited, "a dose vomited");
            }
            Entry::Departed { to, escort, .. } => bed.departed(*to, escort, harms),
            Entry::SessionClosed { .. } => bed.closed_with(harms),
            _ => {}
        }
    }
}

impl Bed<'_> {
    pub(super) fn answer(&self, harms: &mut Vec<Harm>, when: bool, trigger: Trigger, what: &str) {
        self.look.must_answer(harms, when, trigger, format!("{}, session {}: {what}", self.id, self.number));
    }

    fn swallowed(&self, part: DosePart, container: &ContainerId, pieces: u32, harms: &mut Vec<Harm>) {
        let look = &self.look;
        let at = look.stamp.at;
        let carers = self.carers_at(at);
        let enough = carers >= self.study.session.presence.carers_min as usize;
        let allowed = enough && self.swallow_allowed(part, container, pieces, at);
        self.answer(harms, !allowed, Trigger::DoseUnauthorised, "a swallow that was not allowed");
        must(
            harms,
            allowed || look.held_now(),
            "answer.hold",
            format!("{}: a swallow that was not allowed, and nothing is held", self.id),
        );
        let released = self.day.out.as_ref().and_then(|(initial, supplement, _)| match part {
            DosePart::Initial => Some(initial),
            DosePart::Supplement => supplement.as_ref(),
        });
        self.answer(
            harms,
            released != Some(container),
            Trigger::DoseWrongContainer,
            "a swallow from another container",
        );
        let held =
            self.look.shared.containers.get(container).filter(|held| Some(&held.site) == self.person.site.as_ref());
        let strange = held.is_none_or(|held| held.used + pieces > look.pieces_held(held.level.as_str(), held.part));
        self.answer(harms, strange, Trigger::StockVariance, "a swallow that the stock can't account for");
        let again = self.day.taken.iter().find(|taken| taken.part == part).is_some_and(|first| {
            let ordered = self.day.order.as_ref().map_or(0, |order| match part {
                DosePart::Initial => order.initial_pieces,
                DosePart::Supplement => order.supplement_pieces,
            });
            first.container != *container || self.day.pieces(part) + pieces > ordered
        });
        self.answer(harms, again, Trigger::DoseTwice, "a part swallowed twice");
        let bedside = [Duty::Facilitate, Duty::Nurse, Duty::Prescribe];
        let seen = look.two(self.person.site.as_ref(), &bedside, &bedside).is_ok();
        self.answer(harms, !seen, Trigger::DoseUnwitnessed, "a swallow that two did not see");
        let few = carers < self.study.session.presence.carers_min as usize;
        let told = look.answered(Trigger::CarersBelowMinimum) || look.answered(Trigger::ParticipantAlone);
        must(
            harms,
            !few || told,
            "answer.carers_below_minimum",
            format!("{}: a swallow with {carers} carers in the room, and nothing answers it", self.id),
        );
        let second_floor = carers < floors::CARERS && !told;
        must(
            harms,
            !second_floor,
            "floor.carers",
            format!("{}: a swallow with {carers} carers in the room, and nothing answers it", self.id),
        );
        match part {
            DosePart::Initial => {
                if self.day.first().is_none() {
                    self.since_the_swallow(at, harms);
                }
                let last = self.person.doses_but(self.number).max();
                let since = last.map_or(i64::MAX, |last| super::days(last, look.stamp.day));
                let near = since < i64::from(self.study.dose.interval_days_min);
                self.answer(harms, near, Trigger::IntervalShort, "a dose too soon after the last");
                let far = last.is_some() && since > i64::from(self.study.dose.interval_days_max);
                self.answer(harms, far, Trigger::IntervalLong, "a dose long after the last");
            }
            DosePart::Supplement => {
                let after = self.day.first().map(|taken| look.stamp.at.duration_since(taken.at).as_secs());
                let inside = self.study.dose.supplement.as_ref().zip(after).is_some_and(|(plan, after)| {
                    (i64::from(plan.opens_minutes) * 60..=i64::from(plan.closes_minutes) * 60).contains(&after)
                });
                self.answer(harms, !inside, Trigger::SupplementOutsideWindow, "a supplement outside its window");
            }
        }
    }

    /// A reading that fills a slot whose minutes are over.
    fn late(&self, slot: &str, harms: &mut Vec<Harm>) {
        let plan = self.study.session.vitals.iter().find(|known| known.id == slot && known.offset_minutes >= 0);
        let Some((plan, dosed)) = plan.zip(self.day.first()) else { return };
        let over = minutes(dosed.at, self.look.stamp.at) - i64::from(plan.offset_minutes);
        self.answer(harms, over > i64::from(plan.within_minutes), Trigger::VitalsLate, "a measurement taken late");
    }

    fn read(&self, measures: &std::collections::BTreeMap<String, terms::Decimal>, harms: &mut Vec<Harm>) {
        let over = |line: Option<terms::Decimal>, value: &terms::Decimal| line.is_some_and(|line| *value >= line);
        let under = |line: Option<terms::Decimal>, value: &terms::Decimal| line.is_some_and(|line| *value <= line);
        for limit in &self.study.session.limits {
            let Some(value) = measures.get(&limit.measure) else { continue };
            let beyond = over(limit.red_at, value) || under(limit.red_low, value);
            let red = self.day.is_red(limit, self.look.stamp.at, *value);
            let amber = beyond || over(limit.amber_at, value) || under(limit.amber_low, value);
            self.answer(harms, red, Trigger::LimitRed, "a red limit breached");
            let before =
                self.day.readings.iter().filter_map(|read| Some((read.at, *read.measures.get(&limit.measure)?)));
            let first = red && !before.into_iter().any(|(at, value)| self.day.is_red(limit, at, value));
            self.answer(harms, first, Trigger::MayBeHarm, "the first red reading, which may have been harm");
            self.answer(harms, amber && !red, Trigger::LimitAmber, "an amber limit breached");
        }
    }

    fn departed(&self, to: Destination, escort: &str, harms: &mut Vec<Harm>) {
        if self.day.first().is_none() {
            return;
        }
        let hospital = to == Destination::Hospital;
        self.answer(harms, hospital, Trigger::SeriousAdverseEvent, "a transfer to hospital");
        let night = matches!(self.day.left, Some((_, Destination::Overnight)));
        let home = to == Destination::Home;
        let early = !self.day.discharged
            || (home && self.study.session.overnight == Overnight::Required && !night)
            || (home && (escort.trim().is_empty() || escort == "nobody"));
        self.answer(harms, early && !hospital, Trigger::LeftEarly, "somebody left before it was safe");
    }

    /// Measurements that were never taken are said to be missed when the record is closed.
    fn closed_with(&self, harms: &mut Vec<Harm>) {
        let Some(dosed) = self.day.first() else { return };
        let end: Timestamp = self.day.left.map_or(self.look.stamp.at, |(at, _)| at);
        let over = minutes(dosed.at, end);
        let missed = self.study.session.vitals.iter().any(|slot| {
            let closes = i64::from(slot.offset_minutes) + i64::from(slot.within_minutes);
            let mine = || self.day.readings.iter().filter(|read| read.slot.as_deref() == Some(slot.id.as_str()));
            let filled = mine().next().is_some()
                && slot.measures.iter().all(|measure| mine().any(|read| read.measures.contains_key(measure)));
            closes <= over && !filled
        });
        self.answer(harms, missed, Trigger::VitalsMissed, "a measurement missed");
    }
}

/// A trigger as study files write it.
pub(crate) fn word(trigger: Trigger) -> String {
    serde_json::to_value(trigger).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
