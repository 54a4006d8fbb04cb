//! List A on the dosing day: what may never be allowed, read from what was written before.

use super::{
    Harm, Look, days,
    memory::{Day, Held, Person, Place, Way},
    minutes, must,
};
use crate::floors;
use conduct::{Entry, command::DosePart};
use jiff::{Timestamp, tz::TimeZone};
use protocol::model::{ApprovalScope, BlockOn, Duty, Limit, Study, SupplementPlan};
use std::collections::BTreeSet;
use terms::{ContainerId, Decimal, ParticipantId};

const BEDSIDE: &[Duty] = &[Duty::Facilitate, Duty::Nurse, Duty::Prescribe];

/// A session of a participant, looked at.
#[derive(Clone, Copy)]
pub(super) struct Bed<'a> {
    pub look: Look<'a>,
    pub id: &'a ParticipantId,
    pub person: &'a Person,
    pub study: &'a Study,
    pub number: u8,
    pub day: &'a Day,
}

impl<'a> Look<'a> {
    pub(super) fn day_entry(&self, id: &'a ParticipantId, person: &'a Person, entry: &Entry, harms: &mut Vec<Harm>) {
        // A session of which nothing is known yet is looked at as an empty one.
        static NOTHING: std::sync::LazyLock<Day> = std::sync::LazyLock::new(Day::default);
        let number = match entry {
            Entry::DoseOrdered { session, .. }
            | Entry::ContainersReleased { session, .. }
            | Entry::DoseAuthorised { session, .. }
            | Entry::SupplementAuthorised { session, .. }
            | Entry::Discharged { session }
            | Entry::SessionClosed { session, .. } => *session,
            _ => return,
        };
        let day = person.days.get(&number).unwrap_or(&NOTHING);
        let bed = Bed { look: *self, id, person, study: self.study_of(person), number, day };
        must(
            harms,
            bed.study.session(number).is_some(),
            "session.planned",
            format!("session {number} is not in the plan"),
        );
        match entry {
            Entry::DoseOrdered { level, level_reason, .. } => bed.ordered(level, level_reason.as_deref(), harms),
            Entry::ContainersReleased { initial, supplement, .. } => bed.released(initial, supplement.as_ref(), harms),
            Entry::DoseAuthorised { container, expires, .. } => bed.dose(container, *expires, harms),
            Entry::SupplementAuthorised { container, expires, physician_reason, .. } => {
                bed.supplement(container, *expires, physician_reason.as_deref(), harms);
            }
            Entry::Discharged { .. } => bed.discharged(harms),
            Entry::SessionClosed { .. } => bed.closed(harms),
            _ => {}
        }
    }
}

impl Bed<'_> {
    fn must(&self, harms: &mut Vec<Harm>, so: bool, property: &str, what: impl Into<String>) {
        must(harms, so, property, format!("{}, session {}: {}", self.id, self.number, what.into()));
    }

    /// What every dose stands on.
    fn ground(&self, what: &str, harms: &mut Vec<Harm>) {
        let person = self.person;
        self.must(
            harms,
            person.assigned && !person.stopped,
            "session.treatment",
            format!("{what} without treatment that goes on"),
        );
        let consent = person.consent().is_some_and(|signed| self.study.consent_version(signed).is_some());
        self.must(harms, consent, "participant.consent", format!("{what} without consent in force"));
        let look = &self.look;
        let site = person.site.as_ref().and_then(|site| look.shared.sites.get(site));
        let held =
            !person.holds.is_empty() || !look.shared.holds.is_empty() || site.is_some_and(|s| !s.holds.is_empty());
        self.must(harms, !held, "safety.hold", format!("{what} under a hold"));
        self.must(
            harms,
            !look.shared.locked || what.contains("supplement"),
            "lock.closed",
            format!("{what} in a locked record"),
        );
    }

    fn confirmed(&self, what: &str, harms: &mut Vec<Harm>) {
        let today = self.look.stamp.day;
        let good = self.person.gates.get(&2).is_some_and(|(_, until)| until.is_none_or(|until| today <= until));
        self.must(harms, good, "eligibility.confirmation", format!("{what} without a confirmation in force"));
    }

    fn order_stands(&self, what: &str, harms: &mut Vec<Harm>) {
        let order = self.day.order.as_ref();
        self.must(harms, order.is_some(), "session.order", format!("{what} without an order"));
        let signer = order.and_then(|order| order.by.as_ref());
        let duties = signer.map(|staff| self.fit(staff, self.look.stamp.day));
        let stays = duties.is_none_or(|duties| duties.contains(&Duty::Prescribe));
        self.must(
            harms,
            stays,
            "session.order",
            format!("{what} by the order of somebody who prescribes here no more"),
        );
        self.clock_goes_on(what, harms);
    }

    /// A clock that was put back makes what is old look young.
    fn clock_goes_on(&self, what: &str, harms: &mut Vec<Harm>) {
        let forward = self.person.latest.is_none_or(|latest| latest <= self.look.now());
        self.must(harms, forward, "session.clock", format!("{what} by a clock that was put back"));
    }

    fn not_over(&self, what: &str, harms: &mut Vec<Harm>) {
        let over = self.day.stopped || self.day.left.is_some() || self.day.closed;
        self.must(harms, !over, "session.not_over", format!("{what} after the session's end"));
    }

    fn reconfirmed(&self, on: jiff::civil::Date, harms: &mut Vec<Harm>) {
        let Some(last) = self.person.doses_but(self.number).max() else { return };
        let most = i64::from(self.study.dose.reconfirm_after_days);
        let again = self.person.gates.get(&2).is_some_and(|(day, _)| days(*day, on) <= most);
        self.must(
            harms,
            days(last, on) <= most || again,
            "session.reconfirmed",
            "a dose after a long pause without a new confirmation",
        );
    }

    fn apart(&self, on: jiff::civil::Date, harms: &mut Vec<Harm>) {
        let Some(last) = self.person.doses_but(self.number).max() else { return };
        let since = days(last, on);
        let least = i64::from(self.study.dose.interval_days_min);
        self.must(
            harms,
            since >= least,
            "dose.interval",
            format!("a dose {since} days after the last, {least} at least"),
        );
        self.must(
            harms,
            since >= floors::INTERVAL_DAYS,
            "floor.interval",
            format!("a dose {since} days after the last one; {} are the least that is safe", floors::INTERVAL_DAYS),
        );
    }

    fn ordered(&self, level: &terms::LevelId, reason: Option<&str>, harms: &mut Vec<Harm>) {
        self.ground("an order", harms);
        self.confirmed("an order", harms);
        self.not_over("an order", harms);
        let Some(plan) = self.study.session(self.number) else { return };
        let look = &self.look;
        let planned = self.person.visits.get(&plan.visit).and_then(|kept| kept.booked).map(|(_, day)| day);
        let on = planned.map_or(look.stamp.day, |day| day.max(look.stamp.day));
        self.reconfirmed(on, harms);
        self.apart(on, harms);
        let next = self.study.dose.sessions.iter().find(|session| {
            let day = self.person.days.get(&session.number);
            let missed =
                self.person.visits.get(&session.visit).is_some_and(|kept| kept.missed.is_some() && !kept.complete);
            !missed && day.is_none_or(|day| day.taken.is_empty() && !day.closed)
        });
        self.must(harms, next.is_some_and(|next| next.number == self.number), "order.next", "an order out of turn");
        let open = self.person.days.range(..self.number).any(|(_, day)| !day.taken.is_empty() && !day.closed);
        let unsettled = look.before_of(self.person, self.study, &plan.visit);
        self.must(harms, !open && unsettled.is_empty(), "order.sequence", "an order before what must come before it");
        let said = reason.is_some_and(|reason| !reason.trim().is_empty());
        let known = plan.levels.contains(level) && (*level == plan.level_default || said);
        self.must(harms, known, "order.level", format!("level {level}, not of the plan or without a reason"));
        if let Some(level) = self.study.level(level.as_str()) {
            let total = level.initial_mg.plus(level.supplement_mg);
            self.must(harms, total <= self.study.dose.session_max_mg, "order.maximum", format!("{total} ordered"));
        }
        self.must(harms, self.day.order.is_none() && self.day.taken.is_empty(), "order.once", "a second order");
        let prescriber = look.duties(look.actor(), self.person.site.as_ref()).contains(&Duty::Prescribe);
        self.must(harms, prescriber && look.actor().signed, "order.signed", "an order that no prescriber signed");
    }

    fn approvals(&self, what: &str, harms: &mut Vec<Harm>) {
        let (look, today) = (&self.look, self.look.stamp.day);
        let site = self.person.site.as_ref().and_then(|site| look.shared.sites.get(site));
        for rule in &self.study.approvals {
            let held: &[_] = match rule.per {
                ApprovalScope::Site => site.map_or(&[], |site| &site.approvals),
                ApprovalScope::Participant => &self.person.approvals,
            };
            let good = held.iter().any(|(id, from, until)| *id == rule.id && *from <= today && today <= *until);
            self.must(harms, good, "session.approval", format!("{what} without {} in date", rule.title));
        }
        self.must(
            harms,
            site.is_some_and(|site| site.standing >= 2),
            "session.site",
            format!("{what} at a site that was not activated"),
        );
    }

    fn held(&self, id: &ContainerId) -> Option<&Held> {
        let held = self.look.shared.containers.get(id)?;
        (Some(&held.site) == self.person.site.as_ref()).then_some(held)
    }

    fn released(&self, initial: &ContainerId, supplement: Option<&ContainerId>, harms: &mut Vec<Harm>) {
        self.order_stands("a release", harms);
        self.ground("a release", harms);
        self.confirmed("a release", harms);
        self.approvals("a release", harms);
        self.not_over("a release", harms);
        let today = self.look.stamp.day;
        if let Some(plan) = self.study.session(self.number) {
            let kept = self.person.visits.get(&plan.visit);
            let on = kept.and_then(|kept| kept.held.or(kept.booked.map(|(_, day)| day)));
            self.must(harms, on == Some(today), "release.day", "a release on another day than the session's");
        }
        let mine =
            |held: &Held| matches!(&held.place, Place::Out(id, session) if id == self.id && *session == self.number);
        let out = self.look.shared.containers.values().any(mine);
        self.must(harms, !out && self.day.taken.is_empty(), "release.once", "a second release");
        let level = self.day.order.as_ref().map(|order| &order.level);
        for (id, part) in [(Some(initial), DosePart::Initial), (supplement, DosePart::Supplement)] {
            let Some(id) = id else { continue };
            let fit = self.held(id).is_some_and(|held| {
                held.place == Place::Safe
                    && held.used == 0
                    && !held.recalled
                    && held.expires >= today
                    && held.part == part
                    && level.is_none_or(|level| held.level == *level)
            });
            self.must(harms, fit, "release.container", format!("{id} left the safe and is not fit for it"));
        }
        if let Err(found) = self.look.two(self.person.site.as_ref(), &[Duty::DispenseDrug], &[Duty::WitnessDrug]) {
            self.must(harms, false, "release.two_people", format!("the safe was opened {found}"));
        }
        self.together(harms);
    }

    /// However long the study lets two proofs lie apart.
    fn together(&self, harms: &mut Vec<Harm>) {
        let look = &self.look;
        let old = look.second().map_or(0, |second| minutes(second.at.min(look.actor().at), look.now()));
        self.must(
            harms,
            old <= floors::TOGETHER_MINUTES,
            "floor.together",
            format!("an act of two with a proof that was {old} min old"),
        );
    }

    fn dose(&self, container: &ContainerId, expires: Timestamp, harms: &mut Vec<Harm>) {
        let what = "a dose";
        let (look, today) = (&self.look, self.look.stamp.day);
        self.order_stands(what, harms);
        self.ground(what, harms);
        self.confirmed(what, harms);
        self.reconfirmed(today, harms);
        self.approvals(what, harms);
        self.apart(today, harms);
        self.not_over(what, harms);
        if let Some(name) = self.person.not_washed_out(self.study, today).next() {
            self.must(harms, false, "medication.washout", format!("a dose before {name} was washed out"));
        }
        let zone = TimeZone::get(&look.stamp.zone).unwrap_or(TimeZone::UTC);
        if let Some(name) = self.person.rescue_too_near(self.study, &zone, look.now()) {
            self.must(harms, false, "session.rescue_medicine", format!("a dose soon after {name}"));
        }
        for criterion in self.study.criteria.iter().filter(|criterion| criterion.gates.contains(&0)) {
            let met = self.person.meets(self.study, criterion, today);
            self.must(harms, met, "eligibility.criterion", format!("a dose with {} not met", criterion.id));
        }
        let had =
            self.person.days.iter().filter(|(number, day)| **number != self.number && !day.taken.is_empty()).count();
        self.must(harms, had < self.study.dose.sessions.len(), "dose.count", "more sessions with a dose than planned");
        self.checks(expires, harms);
        self.must(
            harms,
            self.person.alarms.is_empty(),
            "session.suicide_risk",
            "a dose with an alarm about suicide risk open",
        );
        let standing = self.study.session.measures.iter().any(|measure| {
            let last = self.day.readings.iter().rev().find_map(|read| read.measures.get(&measure.id));
            last.is_some_and(|value| self.breached(&measure.id, *value).next().is_some())
        });
        self.must(harms, !standing, "dose.limits", "a dose with a limit breached");
        self.in_room(what, harms);
        self.outlast(harms);
        self.in_hand(container, DosePart::Initial, harms);
        let out = self.day.out.as_ref().map_or(i64::MAX, |(_, _, at)| minutes(*at, look.now()));
        let most = i64::from(self.study.dose.open_to_swallow_minutes);
        self.must(harms, out <= most, "dose.open_to_swallow", format!("a dose {out} min from the safe"));
        self.must(harms, out <= floors::OUT_MINUTES, "floor.out", "a dose a day after it left the safe");
        self.must(harms, self.day.taken.is_empty(), "dose.once", "a second first dose");
        self.amounts(DosePart::Initial, harms);
        if let Err(found) = look.two(self.person.site.as_ref(), BEDSIDE, BEDSIDE) {
            self.must(harms, false, "dose.two_people", format!("a dose was allowed {found}"));
        }
        self.together(harms);
        self.floors_of_the_dose(harms);
    }

    fn checks(&self, expires: Timestamp, harms: &mut Vec<Harm>) {
        let look = &self.look;
        for check in &self.study.session.checks {
            if let Some(wrong) = look.check_wrong(self.person, self.number, check, None) {
                self.must(harms, false, "session.check", format!("a dose where {wrong}"));
            }
            let done = self.day.checks.get(&check.id);
            if let (Some(fresh), Some(done)) = (check.fresh_minutes, done) {
                let until = minutes(done.at, expires);
                self.must(
                    harms,
                    until <= i64::from(fresh),
                    "permission.outlives",
                    format!("a permission that outlives {}", check.id),
                );
            }
            let Some(form) = &check.form else { continue };
            let asked = check.applies.as_ref().is_none_or(|applies| {
                applies.evaluate(&|name| self.person.value(self.study, name, look.stamp.day))
                    != protocol::expression::Answer::No
            });
            let young = self.person.form(form.as_str()).is_some_and(|filled| match check.fresh_minutes {
                Some(fresh) => minutes(filled.at, look.now()) <= i64::from(fresh),
                None => filled.day == look.stamp.day,
            });
            self.must(harms, !asked || young, "session.check_form", format!("a dose without {form} filled in"));
        }
        self.must(harms, expires >= look.now(), "permission.outlives", "a permission that had ended when it was given");
    }

    pub(super) fn breached(&self, measure: &str, value: Decimal) -> impl Iterator<Item = (&Limit, bool)> {
        let measure = measure.to_owned();
        self.study.session.limits.iter().filter(move |limit| limit.measure == measure).filter_map(move |limit| {
            let over = |line: Option<Decimal>| line.is_some_and(|line| value >= line);
            let under = |line: Option<Decimal>| line.is_some_and(|line| value <= line);
            if over(limit.red_at) || under(limit.red_low) {
                return Some((limit, true));
            }
            (over(limit.amber_at) || under(limit.amber_low)).then_some((limit, false))
        })
    }

    /// Duties for which somebody holds what the dosing day asks for.
    fn fit(&self, staff: &terms::StaffId, day: jiff::civil::Date) -> BTreeSet<Duty> {
        self.look.shared.fit(self.study, staff, self.person.site.as_ref(), day, true)
    }

    /// Carers in the room.
    fn in_room(&self, what: &str, harms: &mut Vec<Harm>) {
        let plan = &self.study.session.presence;
        let today = self.look.stamp.day;
        let people: Vec<&terms::StaffId> = self.day.in_room().collect();
        let here: Vec<BTreeSet<Duty>> = people.iter().map(|staff| self.fit(staff, today)).collect();
        let count =
            |asked: &[Duty]| here.iter().filter(|duties| asked.iter().any(|duty| duties.contains(duty))).count();
        let carers = count(&[Duty::Facilitate, Duty::Nurse]);
        self.must(
            harms,
            carers >= plan.carers_min as usize,
            "session.carers",
            format!("{what} with {carers} carers in the room"),
        );
        self.must(
            harms,
            count(&[Duty::LeadSession]) >= plan.leads_min as usize,
            "session.lead",
            format!("{what} without one who leads"),
        );
        self.must(
            harms,
            count(&[Duty::Nurse]) >= plan.nurses_min as usize,
            "session.nurse",
            format!("{what} without a nurse"),
        );
        let site = self.person.site.as_ref();
        let licensed = people.iter().zip(&here).filter(|(staff, duties)| {
            let cares = duties.contains(&Duty::Facilitate) || duties.contains(&Duty::Nurse);
            cares && self.look.shared.licensed(self.study, staff, site, today)
        });
        self.must(
            harms,
            licensed.count() >= self.study.licensed_min() as usize,
            "session.licensed",
            format!("{what} with too few licences in the room"),
        );
        let alone = !plan.related_alone && self.look.shared.only_related(&people, today);
        self.must(harms, !alone, "session.related", format!("{what} with nobody but people who are related"));
        self.must(
            harms,
            carers >= floors::CARERS,
            "floor.carers",
            format!("{what} with {carers} carers in the room; {} are the least that is safe", floors::CARERS),
        );
    }

    fn outlast(&self, harms: &mut Vec<Harm>) {
        let plan = &self.study.session.presence;
        let end = crate::moves::later(self.look.now(), i64::from(plan.delegation_minutes));
        let zone = TimeZone::get(&self.look.stamp.zone).unwrap_or(TimeZone::UTC);
        let last = end.to_zoned(zone).date();
        let lasting = |staff: &&terms::StaffId| {
            let (then, now) = (self.fit(staff, last), self.fit(staff, self.look.stamp.day));
            [Duty::Facilitate, Duty::Nurse].iter().any(|duty| then.contains(duty))
                && [Duty::Facilitate, Duty::Nurse].iter().any(|duty| now.contains(duty))
        };
        let count = self.day.in_room().filter(lasting).count();
        self.must(
            harms,
            count >= plan.carers_min as usize,
            "session.delegation",
            "a dose with delegations that end before the session",
        );
    }

    fn in_hand(&self, container: &ContainerId, part: DosePart, harms: &mut Vec<Harm>) {
        let wanted = self.day.out.as_ref().and_then(|(initial, supplement, _)| match part {
            DosePart::Initial => Some(initial),
            DosePart::Supplement => supplement.as_ref(),
        });
        let held = self.held(container);
        let right = held.is_some_and(|held| {
            held.place == Place::Out(self.id.clone(), self.number)
                && held.part == part
                && self.day.order.as_ref().is_none_or(|order| order.level == held.level)
        });
        self.must(
            harms,
            wanted == Some(container) && right,
            "dose.container",
            format!("{container} was not released for this"),
        );
        let fresh = held.is_some_and(|held| held.expires >= self.look.stamp.day && !held.recalled);
        self.must(harms, fresh, "dose.in_date", format!("{container} is out of date or called back"));
        let sound = held.is_none_or(|held| !held.set_aside || held.recalled);
        self.must(harms, sound, "dose.in_date", format!("{container} had been set aside"));
    }

    fn amounts(&self, part: DosePart, harms: &mut Vec<Harm>) {
        let Some(order) = &self.day.order else { return };
        let taken = self.look.swallowed(self.person, self.number);
        let (rule, total) = match part {
            DosePart::Initial => ("order.maximum", order.initial.plus(order.supplement)),
            DosePart::Supplement => ("supplement.maximum", taken.plus(order.supplement)),
        };
        self.must(harms, total <= self.study.dose.session_max_mg, rule, format!("{total} in one session"));
        let thousandths = |amount: terms::Milligrams| amount.amount().as_thousandths();
        let half = thousandths(order.supplement) * 2 <= thousandths(order.initial);
        let low = thousandths(order.initial) <= floors::FIRST_MG && thousandths(total) <= floors::SESSION_MG;
        self.must(
            harms,
            half && low,
            "floor.milligrams",
            format!("{} and {} in one session", order.initial, order.supplement),
        );
    }

    fn floors_of_the_dose(&self, harms: &mut Vec<Harm>) {
        let look = &self.look;
        self.pressure("a dose", harms);
        let asked = self.person.forms.values().any(|filled| {
            let risk =
                self.study.form(filled.form.as_str()).and_then(|form| form.instrument.as_deref()) == Some("cssrs");
            let recent = look.now().duration_since(filled.at).as_hours() <= floors::SUICIDE_RISK_HOURS;
            let no = |name: &str| filled.scores.get(name).cloned().flatten() == Some(terms::Value::Bool(false));
            risk && recent && !filled.struck && no("serious_ideation") && no("behaviour")
        });
        self.must(
            harms,
            asked,
            "floor.suicide_risk",
            "a dose without the question about suicide risk in the last 24 hours",
        );
        let maoi = self.person.medicines.values().find(|medicine| {
            floors::MAOI.contains(&medicine.name.as_str())
                && !medicine.struck
                && medicine.last.is_none_or(|last| days(last, look.stamp.day) < floors::MAOI_DAYS)
        });
        let name = maoi.map_or("none", |medicine| medicine.name.as_str());
        self.must(harms, maoi.is_none(), "floor.maoi", format!("a dose within {} days of {name}", floors::MAOI_DAYS));
    }

    fn pressure(&self, what: &str, harms: &mut Vec<Harm>) {
        let look = &self.look;
        let found = look.pressures(self.person, self.number);
        for (name, most) in [("systolic", floors::SYSTOLIC), ("diastolic", floors::DIASTOLIC)] {
            let last = found.iter().rev().find(|(at, measure, _)| *measure == name && *at <= look.now());
            let known = last.is_some_and(|(at, _, _)| minutes(*at, look.now()) <= floors::PRESSURE_MINUTES);
            self.must(
                harms,
                known,
                "floor.pressure_known",
                format!("{what} without a {name} pressure measured in the last four hours"),
            );
            let high = last.is_some_and(|(_, _, value)| *value >= Decimal::whole(most));
            let value = last.map(|(_, _, value)| value.to_string()).unwrap_or_default();
            self.must(harms, !high, "floor.pressure", format!("{what} at a {name} pressure of {value} mmHg"));
        }
    }

    fn supplement(&self, container: &ContainerId, expires: Timestamp, reason: Option<&str>, harms: &mut Vec<Harm>) {
        let what = "a supplement";
        let look = &self.look;
        self.order_stands(what, harms);
        self.ground(what, harms);
        self.not_over(what, harms);
        let Some(plan) = &self.study.dose.supplement else {
            self.must(harms, false, "supplement.planned", "a supplement in a study without one");
            return;
        };
        let order = self.day.order.as_ref();
        self.must(
            harms,
            order.is_none_or(|order| order.supplement_pieces > 0),
            "supplement.planned",
            "a supplement that was not ordered",
        );
        let first: Vec<_> = self.day.taken.iter().filter(|taken| taken.part == DosePart::Initial).collect();
        let whole = order.is_none_or(|order| self.day.pieces(DosePart::Initial) >= order.initial_pieces);
        let right = !first.is_empty() && whole && first.iter().all(|taken| taken.lawful);
        self.must(harms, right, "supplement.first_dose", "a supplement without the whole first dose as it was allowed");
        self.must(harms, !self.day.ground_lost, "supplement.ground", "a supplement after the dose lost its ground");
        let after = self.day.first().map_or(i64::MIN, |taken| {
            let seconds = look.now().duration_since(taken.at).as_secs();
            seconds.div_euclid(60)
                + i64::from(seconds.rem_euclid(60) > 0 && seconds >= 60 * i64::from(plan.closes_minutes))
        });
        let inside = i64::from(plan.opens_minutes) <= after && after <= i64::from(plan.closes_minutes);
        self.must(harms, inside, "supplement.window", format!("a supplement at +{after} min"));
        let safe = (floors::SUPPLEMENT_FROM..=floors::SUPPLEMENT_UNTIL).contains(&after);
        self.must(harms, safe, "floor.supplement", format!("a supplement at +{after} min"));
        if let Some(dosed) = self.day.first() {
            let end = minutes(dosed.at, expires) <= i64::from(plan.closes_minutes);
            self.must(harms, end, "permission.outlives", "a permission that outlives the supplement's window");
        }
        let late = plan.reason_after_minutes.is_some_and(|late| after > i64::from(late));
        let prescriber = [Some(look.actor()), look.second()].into_iter().flatten();
        let mut prescriber = prescriber.map(|proof| look.duties(proof, self.person.site.as_ref()));
        let said = reason.is_some_and(|reason| !reason.trim().is_empty());
        let by = prescriber.any(|duties| duties.contains(&Duty::Prescribe));
        self.must(harms, !late || (said && by), "supplement.reason", "a late supplement without a prescriber's reason");
        self.fresh(plan, harms);
        self.limits(plan, harms);
        let soon =
            self.day.first().zip(self.day.vomited).is_some_and(|(taken, at)| {
                (0..=i64::from(self.study.dose.vomit_minutes)).contains(&minutes(taken.at, at))
            });
        self.must(harms, !soon, "supplement.vomited", "a supplement after vomiting");
        self.must(
            harms,
            self.person.grave.is_empty(),
            "supplement.adverse_event",
            "a supplement while a grave event goes on",
        );
        self.must(
            harms,
            self.person.alarms.is_empty(),
            "session.suicide_risk",
            "a supplement with an alarm about suicide risk open",
        );
        self.must(
            harms,
            !self.day.declined && self.wished(),
            "supplement.wish",
            "a supplement that the participant does not wish",
        );
        self.in_room(what, harms);
        self.in_hand(container, DosePart::Supplement, harms);
        self.must(harms, self.day.supplement().is_none(), "supplement.once", "a second supplement");
        self.amounts(DosePart::Supplement, harms);
        if let Err(found) = look.two(self.person.site.as_ref(), BEDSIDE, BEDSIDE) {
            self.must(harms, false, "dose.two_people", format!("a supplement was allowed {found}"));
        }
        self.together(harms);
        self.pressure(what, harms);
        let dosed = self.day.first().map(|taken| taken.at);
        let high = look.pressures(self.person, self.number).into_iter().any(|(at, name, value)| {
            let most = if name == "systolic" { floors::SYSTOLIC } else { floors::DIASTOLIC };
            dosed.is_some_and(|dosed| at >= dosed) && value >= Decimal::whole(most)
        });
        self.must(
            harms,
            !high,
            "floor.pressure",
            "a supplement after a pressure of 180/110 mmHg or more in the session",
        );
    }

    fn wished(&self) -> bool {
        use conduct::{Authorisation, Command};
        match &self.look.performed.request.command {
            Command::Authorise(Authorisation::AuthoriseSupplement { wished, .. }) => *wished,
            _ => true,
        }
    }

    /// Measures of the slot before the supplement, or all with limits, measured since the dose and young enough.
    fn fresh(&self, plan: &SupplementPlan, harms: &mut Vec<Harm>) {
        let session = &self.study.session;
        let slots = session.vitals.iter().filter(|slot| slot.before_supplement).flat_map(|slot| &slot.measures);
        let mut asked: BTreeSet<&str> = slots.map(String::as_str).collect();
        if asked.is_empty() {
            asked.extend(session.limits.iter().map(|limit| limit.measure.as_str()));
        }
        let Some(dosed) = self.day.first() else { return };
        for measure in asked {
            let good = self.day.readings.iter().any(|read| {
                let age = minutes(read.at, self.look.now());
                read.measures.contains_key(measure)
                    && read.at >= dosed.at
                    && (0..=i64::from(plan.vitals_fresh_minutes)).contains(&age)
            });
            self.must(harms, good, "supplement.vitals", format!("a supplement without a fresh {measure}"));
        }
    }

    fn limits(&self, plan: &SupplementPlan, harms: &mut Vec<Harm>) {
        for limit in &self.study.session.limits {
            let mut red = false;
            let mut amber: Option<Timestamp> = None;
            for read in &self.day.readings {
                let Some(value) = read.measures.get(&limit.measure) else { continue };
                if self.breached(&limit.measure, *value).any(|(found, _)| found.id == limit.id) {
                    red |= self.day.is_red(limit, read.at, *value);
                    amber = Some(read.at);
                }
            }
            self.must(harms, !red, "supplement.limits", format!("a supplement after a red {}", limit.measure));
            let Some(last) = amber.filter(|_| plan.block_on == BlockOn::Amber && !red) else { continue };
            self.must(
                harms,
                self.calm_since(plan, &limit.measure, last),
                "supplement.limits",
                format!("a supplement in the pause of {}", limit.measure),
            );
        }
    }

    /// Two readings after the breach, far enough apart, and the prescriber's word after both.
    fn calm_since(&self, plan: &SupplementPlan, measure: &str, last: Timestamp) -> bool {
        let mut below = self.day.readings.iter().filter(|read| read.at > last && read.measures.contains_key(measure));
        let Some(first) = below.next() else { return false };
        let far = below.find(|read| minutes(first.at, read.at) >= i64::from(plan.lift_after_minutes));
        far.is_some_and(|second| self.day.agreed.is_some_and(|agreed| agreed >= second.at))
    }

    fn discharged(&self, harms: &mut Vec<Harm>) {
        let look = &self.look;
        self.clock_goes_on("leave", harms);
        self.must(
            harms,
            self.day.first().is_some() && self.day.left.is_none(),
            "discharge.here",
            "leave for somebody who is not here",
        );
        let plan = &self.study.session.discharge;
        for (taken, least) in
            [(self.day.first(), plan.earliest_minutes), (self.day.supplement(), plan.after_supplement_minutes)]
        {
            let passed = taken.map(|taken| minutes(taken.at, look.now()));
            let enough = passed.is_none_or(|passed| passed >= i64::from(least));
            self.must(
                harms,
                enough,
                "discharge.earliest",
                format!("leave {} min after a dose", passed.unwrap_or_default()),
            );
        }
        for check in &plan.criteria {
            if let Some(wrong) =
                look.check_wrong(self.person, self.number, check, self.day.first().map(|taken| taken.at))
            {
                self.must(harms, false, "session.discharge", format!("leave where {wrong}"));
            }
        }
        self.must(
            harms,
            self.person.alarms.is_empty(),
            "session.suicide_risk",
            "leave with an alarm about suicide risk open",
        );
        let out = look.shared.containers.iter().find(|(id, held)| match &held.place {
            Place::Out(who, session) => who == self.id && *session == self.number,
            Place::Opened(who) => {
                who == self.id
                    && self.day.taken.iter().any(|taken| taken.container == **id)
                    && held.used < look.pieces_held(held.level.as_str(), held.part)
            }
            _ => false,
        });
        self.must(harms, out.is_none(), "discharge.nothing_out", "leave with something to swallow out of the safe");
        if let Err(found) = look.two(self.person.site.as_ref(), BEDSIDE, BEDSIDE) {
            self.must(harms, false, "discharge.two_people", format!("leave given {found}"));
        }
        self.together(harms);
        let soon = self.day.first().map(|taken| minutes(taken.at, look.now())).filter(|m| *m < floors::LEAVING_MINUTES);
        self.must(
            harms,
            soon.is_none(),
            "floor.leaving",
            format!(
                "leave {} min after the first dose; six hours are the least that is safe",
                soon.unwrap_or_default()
            ),
        );
    }

    fn closed(&self, harms: &mut Vec<Harm>) {
        use conduct::command::Destination;
        self.must(harms, self.day.begun && !self.day.closed, "close.open", "the close of a session that is not open");
        let gone = matches!(self.day.left, Some((_, Destination::Home | Destination::Hospital)));
        let had = self.day.first().is_some();
        let here = had && !gone;
        let night = matches!(self.day.left, Some((_, Destination::Overnight)));
        self.must(
            harms,
            !here && (gone || !night),
            "close.departed",
            "the close of a session whose participant is still here",
        );
        let out = self.look.shared.containers.iter().any(|(id, held)| match &held.place {
            Place::Out(who, session) => who == self.id && *session == self.number,
            Place::Opened(who) => who == self.id && self.day.taken.iter().any(|taken| taken.container == *id),
            _ => false,
        });
        self.must(harms, !out, "close.containers", "the close of a session with a container out");
        let ordered = self.day.order.as_ref().is_none_or(|order| order.supplement_pieces > 0);
        let planned = self.study.dose.supplement.is_some() && had && ordered;
        let decided = self.day.supplement().is_some() || self.day.declined;
        self.must(
            harms,
            !planned || decided,
            "close.supplement",
            "the close of a session with the supplement undecided",
        );
        self.must(harms, self.look.actor().signed, "close.signed", "the close of a session that nobody signed");
        let asked = self.person.questions.values().any(|about| self.day.lines.contains(about));
        self.must(
            harms,
            !asked,
            "close.adverse_events",
            "the close of a session in which something may have been harm, and nobody said whether",
        );
        let closing = match &self.look.actor().person {
            conduct::Person::Staff(staff) if self.look.actor().signed => Some(staff),
            _ => None,
        };
        let unsigned = self.day.there.iter().find(|staff| !self.day.signed.contains(*staff) && Some(*staff) != closing);
        self.must(
            harms,
            unsigned.is_none() || self.look.reason(),
            "close.signatures",
            "the close of a session that somebody who was there has not signed, without a reason",
        );
    }

    /// Whether a swallow was the one that was allowed.
    pub(super) fn swallow_allowed(&self, part: DosePart, container: &ContainerId, pieces: u32, at: Timestamp) -> bool {
        let given = match part {
            DosePart::Initial => &self.day.allowed,
            DosePart::Supplement => &self.day.opened,
        };
        let ordered = self.day.order.as_ref().map_or(0, |order| match part {
            DosePart::Initial => order.initial_pieces,
            DosePart::Supplement => order.supplement_pieces,
        });
        // A time is typed to the minute: the swallow may lie some seconds before the permission of the same minute.
        given
            .as_ref()
            .is_some_and(|given| given.container == *container && minutes(given.at, at) >= 0 && at <= given.until)
            && self.day.pieces(part) + pieces <= ordered
            && !self.person.stopped
            && self.person.way != Way::Gone
    }
}
