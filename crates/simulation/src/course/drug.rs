//! The dose in its steps: order, safe, permission, swallow, supplement, and what comes back.

use super::{Slip, Step, Trial, day::DayStep};
use crate::clinic::{Ask, minutes_after};
use allocation::Wanted;
use conduct::{
    Authorisation, Fact, No, Picked,
    command::{ContainerFact, DosePart},
    schedule::days_from,
    state::{ContainerStanding, SessionState},
};
use jiff::Timestamp;
use protocol::model::Duty;
use terms::{CheckId, ContainerId, LevelId, ParticipantId, StaffId};

/// Whose sessions are put off more often has no more of them, and is followed up.
const PUT_OFF_MAX: u32 = 8;

impl Trial<'_> {
    fn session_state(&self, whose: usize, session: u8) -> Option<&SessionState> {
        self.state(whose)?.sessions.get(&session)
    }

    fn participant(&self, whose: usize) -> Option<ParticipantId> {
        self.lives.get(whose)?.id.clone()
    }

    /// The prescriber orders the dose, by the study's default or with a reason for another level.
    pub(super) fn order(&mut self, now: Timestamp, whose: usize, session: u8, tries: u8) {
        let plan = self.plan_of(whose);
        let Some(planned) = plan.study.session(session) else { return };
        let visit = planned.visit.clone();
        let booking = self.state(whose).and_then(|state| state.visits.get(&visit)?.booking);
        let ordered = self.session_state(whose, session).is_some_and(|s| s.order.is_some() || s.dosed_at().is_some());
        let Some(booking) = booking.filter(|_| !ordered) else { return };
        let Some(participant) = self.participant(whose) else { return };
        let Some(prescriber) = self.prescriber_today(now, whose) else { return };
        let share = &self.clinic.scenario.session.higher_level;
        let (share, withdrawn) = (
            self.lives
                .get(whose)
                .and_then(|life| life.treated.as_ref())
                .map_or(0.9, |treated| share.of(treated.content)),
            self.clinic.scenario.habits.withdrawn_order,
        );
        let other = planned.levels.iter().find(|level| **level != planned.level_default).cloned();
        let Some(life) = self.lives.get_mut(whose) else { return };
        let (steps_back, withdraws) = (!life.room.chance(share), life.room.chance(withdrawn));
        let (level, reason) = match other.filter(|_| steps_back && session > 1) {
            Some(level) => {
                (level, Some("the first session was hard; the participant prefers the lower dose".to_owned()))
            }
            None => (planned.level_default.clone(), None),
        };
        let act = |session, level: &LevelId, reason: Option<String>| Authorisation::OrderDose {
            participant: participant.clone(),
            session,
            level: level.clone(),
            level_reason: reason,
        };
        let sessions = u8::try_from(plan.study.dose.sessions.len()).unwrap_or(u8::MAX);
        let mut wrong = vec![
            (Slip::OrderUnsigned, act(session, &level, reason.clone()), false),
            (Slip::OrderUnknownLevel, act(session, &LevelId::from("999+9"), None), true),
            (Slip::SessionUnknown, act(sessions + 7, &level, None), true),
        ];
        if session < sessions {
            wrong.push((Slip::OrderAhead, act(session + 1, &level, None), true));
        }
        if let Some(other) = planned.levels.iter().find(|level| **level != planned.level_default) {
            wrong.push((Slip::OrderWithoutReason, act(session, other, None), true));
        }
        for (slip, act, signed) in wrong {
            if self.slips.taken(slip) {
                let ask = Ask::act(now, &prescriber, act).may_fail();
                self.soon(if signed { ask.signed() } else { ask });
            }
        }
        self.slips_before_order(now, whose, session);
        let answer =
            self.clinic.ask(Ask::act(now, &prescriber, act(session, &level, reason.clone())).signed().may_fail());
        if let Err(No::Refused(refusal)) = &answer
            && refusal.broken.iter().any(|b| matches!(b.rule, "session.reconfirmed" | "eligibility.confirmation"))
        {
            // A long pause: the investigator looks at everything again.
            self.later(minutes_after(now, 15), whose, Step::Decide { gate: 2, tries: 0 });
        }
        if answer.is_err() {
            // Something before it is not settled yet: asked again the evening before, and on the morning.
            let left = booking.starts.duration_since(now).as_mins();
            if left > 30 && tries < 6 {
                self.later(minutes_after(now, (left / 2).max(20)), whose, Step::Order { session, tries: tries + 1 });
            }
            return;
        }
        if session > 1 && self.slips.once(Slip::DoseAfterRescue) {
            self.takes_rescue(minutes_after(booking.starts, -15 * 60), whose);
        }
        if self.slips.taken(Slip::OrderTwice) {
            self.soon(Ask::act(now, &prescriber, act(session, &level, reason)).signed().may_fail());
        }
        if withdraws && booking.starts.duration_since(now).as_mins() > 600 {
            let fact = Fact::WithdrawOrder { participant, session };
            self.soon(
                Ask::fact(minutes_after(now, 45), &prescriber, fact)
                    .because("to be ordered anew after a call with the participant"),
            );
            self.later(minutes_after(now, 180), whose, Step::Order { session, tries: tries + 1 });
        }
    }

    fn slips_before_order(&mut self, now: Timestamp, whose: usize, session: u8) {
        let (Some(site), Some(participant)) = (self.site_id(whose), self.participant(whose)) else { return };
        let (Some((pharmacist, witness)), Some((lead, other))) = (self.safe_pair(&site), self.pair(whose)) else {
            return;
        };
        if self.slips.taken(Slip::ReleaseUnordered) {
            let act = Authorisation::ReleaseContainers { participant: participant.clone(), session };
            let ask = Ask::act(now, &pharmacist, act).signed().with(witness.as_ref()).picked(Some(Picked::None));
            self.soon(ask.may_fail());
        }
        if self.slips.taken(Slip::SupplementUnordered) {
            let act = Authorisation::AuthoriseSupplement {
                participant,
                session,
                container: ContainerId::from("0000000"),
                wished: true,
                physician_reason: None,
            };
            self.soon(Ask::act(now, &lead, act).signed().with(Some(&other)).may_fail());
        }
    }

    /// The prescriber, or their cover while they are away.
    fn prescriber_today(&mut self, now: Timestamp, whose: usize) -> Option<StaffId> {
        let prescriber = self.by(whose, Duty::Prescribe)?;
        if self.rare.cover == 0 || self.clinic.tally.report.assigned < 3 {
            return Some(prescriber);
        }
        let site = self.site_id(whose)?;
        let role = self.clinic.study.roles.iter().find(|role| role.duties.contains(&Duty::Prescribe))?.id.clone();
        let cover = self.clinic.roster.in_role(Some(&site), &role, 1).filter(|cover| **cover != prescriber)?.clone();
        let lead = self.by(whose, Duty::LeadSite)?;
        let today = self.today(whose, now);
        let act = Authorisation::Delegate {
            site,
            staff: cover.clone(),
            role,
            from: today,
            until: Some(days_from(today, 9)),
            covers: Some(prescriber.clone()),
        };
        self.rare.cover -= 1;
        let granted = self.clinic.ask(Ask::act(now, &lead, act).signed().because("the prescriber is ill"));
        Some(if granted.is_ok() { cover } else { prescriber })
    }

    /// Two people take the session's containers out of the safe.
    pub(super) fn release(&mut self, now: Timestamp, whose: usize, session: u8, tries: u8) {
        let Some(site) = self.site_id(whose) else { return };
        let Some((pharmacist, witness)) = self.safe_pair(&site) else { return };
        let Some(participant) = self.participant(whose) else { return };
        let today = self.today(whose, now);
        let Some(order) = self.session_state(whose, session).and_then(|state| state.order.clone()) else {
            self.without_order(now, whose, session, tries);
            return;
        };
        let stock = self.clinic.folded.stocks.get(&site).cloned().unwrap_or_default();
        let handle = self.state(whose).and_then(|state| state.assigned.clone()).and_then(|(handle, _)| handle);
        let wanted = Wanted {
            handle: handle.as_deref(),
            level: &order.level,
            arms: &self.clinic.study.arms,
            supplement: order.supplement_pieces > 0,
            stock: &stock,
            today,
        };
        let picked = self.clinic.service.as_ref().and_then(|service| service.pick(&wanted).ok());
        let act = Authorisation::ReleaseContainers { participant, session };
        let ask = |picked: Option<Picked>| Ask::act(now, &pharmacist, act.clone()).signed().picked(picked);
        if self.slips.taken(Slip::ReleaseAlone) {
            self.soon(ask(picked.clone()).may_fail());
        }
        if self.slips.taken(Slip::ReleasePickedUnfit) {
            let used = stock
                .containers
                .iter()
                .find(|(_, c)| c.standing != ContainerStanding::Available || c.part == DosePart::Supplement);
            if let Some((unfit, _)) = used {
                let wrong = Some(Picked::Containers { initial: unfit.clone(), supplement: Some(unfit.clone()) });
                self.soon(ask(wrong).with(witness.as_ref()).may_fail());
            }
        }
        match self.clinic.ask(ask(picked.clone()).with(witness.as_ref()).may_fail()) {
            Ok(_) => {
                if self.slips.taken(Slip::ReleaseTwice) {
                    self.soon(ask(picked).with(witness.as_ref()).may_fail());
                }
                self.on_the_way(now, whose, session);
            }
            Err(No::Refused(refusal)) => {
                if refusal.broken.iter().any(|broken| broken.rule == "release.stock") {
                    let place = self.lives.get(whose).map_or(0, |life| life.site);
                    self.shelf_ran_empty(now, place, order.level.clone());
                    self.postpone(now, whose, session, "the site has no containers for this session");
                } else if tries < 3 {
                    self.day_later(minutes_after(now, 12), whose, session, DayStep::Release { tries: tries + 1 });
                } else {
                    self.postpone(now, whose, session, "the containers could not be released");
                }
            }
            Err(_) => {}
        }
    }

    fn without_order(&mut self, now: Timestamp, whose: usize, session: u8, tries: u8) {
        if tries > 1 {
            self.postpone(now, whose, session, "no order could be signed");
            return;
        }
        // The participant is here and nothing is ordered: the prescriber is called.
        self.order_now(now, whose, session);
        self.day_later(minutes_after(now, 10), whose, session, DayStep::Release { tries: tries + 1 });
    }

    fn order_now(&mut self, now: Timestamp, whose: usize, session: u8) {
        let plan = self.plan_of(whose);
        let Some(planned) = plan.study.session(session) else { return };
        let Some(prescriber) = self.by(whose, Duty::Prescribe) else { return };
        let Some(participant) = self.participant(whose) else { return };
        let act =
            Authorisation::OrderDose { participant, session, level: planned.level_default.clone(), level_reason: None };
        self.soon(Ask::act(now, &prescriber, act).signed().may_fail());
    }

    /// No session today: the pair goes, and another day is booked.
    pub(super) fn postpone(&mut self, now: Timestamp, whose: usize, session: u8, why: &str) {
        self.note(now, whose, why);
        if let Some((lead, other)) = self.pair(whose) {
            for staff in [lead, other] {
                self.goes(minutes_after(now, 5), whose, session, &staff, conduct::command::Going::Out);
            }
        }
        let Some(life) = self.lives.get_mut(whose) else { return };
        life.day.leaves = true;
        life.put_off += 1;
        if life.put_off > PUT_OFF_MAX {
            self.later(crate::clinic::days_after(now, 1.0), whose, Step::StopTreatment(crate::fate::Why::Burden));
            return;
        }
        let day = super::booking::weekday(days_from(self.today(whose, now), 8));
        let starts = self.clock(whose, day, 8, 30);
        let goes_on = self.state(whose).is_some_and(|state| !state.treatment_stopped());
        if let Some(visit) = self.session_visit(whose, session).filter(|_| goes_on)
            && !self.book(now, whose, &visit, starts, Some(why))
        {
            self.later(crate::clinic::days_after(now, 3.0), whose, Step::Plan);
        }
    }

    /// Permission to swallow: asked by the pair; what is missing is done, and it is asked again.
    pub(super) fn authorise(&mut self, now: Timestamp, whose: usize, session: u8, tries: u8) {
        if self.lives.get(whose).is_none_or(|life| life.day.leaves) {
            return;
        }
        let Some((lead, other)) = self.pair(whose) else { return };
        let Some(participant) = self.participant(whose) else { return };
        if tries >= 250 {
            let container = ContainerId::from("0000000");
            let act = Authorisation::AuthoriseDose { participant, session, container };
            self.soon(Ask::act(now, &lead, act).signed().with(Some(&other)).may_fail());
            return;
        }
        let Some((container, _, _)) = self.session_state(whose, session).and_then(|state| state.containers.clone())
        else {
            if tries < 4 {
                self.day_later(minutes_after(now, 9), whose, session, DayStep::Authorise { tries: tries + 1 });
            }
            return;
        };
        let act = |container: &ContainerId| Authorisation::AuthoriseDose {
            participant: participant.clone(),
            session,
            container: container.clone(),
        };
        if tries == 0 && self.swallows_too_soon(now, whose, session) {
            self.dose_is_in(now, whose, session, true);
            return;
        }
        if tries == 0 && self.slips.taken(Slip::DoseLate) {
            // Everybody is called away for half an hour.
            self.day_later(minutes_after(now, 29), whose, session, DayStep::Authorise { tries: 1 });
            return;
        }
        if self.slips.taken(Slip::DoseAlone) {
            self.soon(Ask::act(now, &lead, act(&container)).signed().may_fail());
        }
        if self.slips.taken(Slip::DoseWrongContainer) {
            let wrong = ContainerId::from("7654321");
            self.soon(Ask::act(now, &lead, act(&wrong)).signed().with(Some(&other)).may_fail());
        }
        match self.clinic.ask(Ask::act(now, &lead, act(&container)).signed().with(Some(&other)).may_fail()) {
            Ok(_) => self.day_later(minutes_after(now, 2), whose, session, DayStep::Swallow),
            Err(No::Refused(refusal)) if tries < 6 => {
                let wait = self.mend(now, whose, session, &refusal);
                match wait {
                    Some(minutes) => {
                        self.day_later(
                            minutes_after(now, minutes),
                            whose,
                            session,
                            DayStep::Authorise { tries: tries + 1 },
                        );
                    }
                    None => self.put_back_and_postpone(now, whose, session),
                }
            }
            Err(_) => self.put_back_and_postpone(now, whose, session),
        }
    }

    /// Does what a refusal asks for; minutes until it can be asked again, or none when it can't be mended today.
    fn mend(&mut self, now: Timestamp, whose: usize, session: u8, refusal: &conduct::Refusal) -> Option<i64> {
        let mut minute = 1;
        for broken in &refusal.broken {
            match broken.rule {
                "session.check" | "session.check_form" => {
                    let check = CheckId::from(broken.condition.as_deref()?);
                    let plan = self.plan_of(whose);
                    let form = plan.study.session.checks.iter().find(|c| c.id == check).and_then(|c| c.form.clone());
                    if let Some(form) = form {
                        self.day_later(minutes_after(now, minute), whose, session, DayStep::Fill(form));
                        minute += 1;
                    }
                    self.day_later(minutes_after(now, minute), whose, session, DayStep::Check { check, again: true });
                    minute += 1;
                }
                "eligibility.criterion" => {
                    let missing = broken.found.starts_with("unknown");
                    if !missing {
                        return None;
                    }
                    for form in
                        broken.evidence.iter().filter(|e| e.value.starts_with('(')).filter_map(|e| e.form.clone())
                    {
                        self.day_later(minutes_after(now, minute), whose, session, DayStep::Fill(form));
                        minute += 1;
                    }
                }
                "dose.limits" => {
                    self.day_later(
                        minutes_after(now, minute + 5),
                        whose,
                        session,
                        DayStep::Reading { slot: None, repeats: 6 },
                    );
                    minute += 6;
                }
                "session.carers" | "session.lead" | "session.nurse" => {
                    self.day_later(minutes_after(now, minute), whose, session, DayStep::Returns);
                    minute += 1;
                }
                "session.rescue_medicine" => return None,
                "session.suicide_risk" => minute = minute.max(25),
                "dose.open_to_swallow" | "dose.container" | "dose.in_date" => {
                    self.day_later(minutes_after(now, minute), whose, session, DayStep::PutBack);
                    self.day_later(minutes_after(now, minute + 2), whose, session, DayStep::Release { tries: 0 });
                    minute += 4;
                }
                "eligibility.confirmation" | "session.reconfirmed" => {
                    self.later(minutes_after(now, minute), whose, Step::Decide { gate: 2, tries: 0 });
                    minute += 60;
                }
                _ => return None,
            }
        }
        Some(minute + 2)
    }

    fn put_back_and_postpone(&mut self, now: Timestamp, whose: usize, session: u8) {
        self.day_later(minutes_after(now, 4), whose, session, DayStep::PutBack);
        self.postpone(now, whose, session, "the dose could not be allowed today");
    }

    pub(super) fn swallow(&mut self, now: Timestamp, whose: usize, session: u8) {
        let Some((lead, other)) = self.pair(whose) else { return };
        let Some(participant) = self.participant(whose) else { return };
        let Some(state) = self.session_state(whose, session) else { return };
        let (Some((container, supplement, _)), Some(order)) = (state.containers.clone(), state.order.clone()) else {
            return;
        };
        let fact = Fact::RecordSwallow {
            participant: participant.clone(),
            session,
            part: DosePart::Initial,
            container: container.clone(),
            pieces: order.initial_pieces,
            mouth_checked: true,
            seen: None,
        };
        if self.clinic.ask(Ask::fact(now, &lead, fact).signed().with(Some(&other))).is_err() {
            return;
        }
        self.slips_after_dose(now, whose, session, &lead, &other, &container);
        self.dose_is_in(now, whose, session, supplement.is_none());
    }

    /// The dose has been swallowed: the afternoon begins.
    fn dose_is_in(&mut self, now: Timestamp, whose: usize, session: u8, no_supplement: bool) {
        let Some(order) = self.session_state(whose, session).and_then(|state| state.order.clone()) else { return };
        let plan = self.plan_of(whose);
        let higher = plan.study.dose.levels.first().is_some_and(|first| first.id != order.level);
        if let Some(life) = self.lives.get_mut(whose) {
            life.day.dosed = Some(now);
            life.day.offset = i64::from(higher);
        }
        self.day_later(minutes_after(now, 24), whose, session, DayStep::Empty);
        let window = plan.study.dose.supplement.as_ref();
        if no_supplement {
            if window.is_some() && order.supplement_pieces > 0 {
                self.day_later(minutes_after(now, 100), whose, session, DayStep::NoSupplement);
            }
        } else if let Some(window) = window {
            let stale = self.slips.taken(Slip::SupplementStale);
            let at = minutes_after(now, i64::from(window.opens_minutes) + if stale { 13 } else { 3 });
            self.day_later(at, whose, session, DayStep::Supplement { tries: 0 });
        }
        self.afternoon(now, whose, session);
        self.events_of_session(now, whose, session);
        self.after_the_dose(now, whose, session);
        self.later(minutes_after(now, 40), whose, Step::Plan);
    }

    /// The supplement: asked for within its window, after a fresh reading, while nothing stands in its way.
    pub(super) fn supplement(&mut self, now: Timestamp, whose: usize, session: u8, tries: u8) {
        let Some((lead, other)) = self.pair(whose) else { return };
        let Some(participant) = self.participant(whose) else { return };
        let Some(state) = self.session_state(whose, session) else { return };
        let Some((_, Some(container), _)) = state.containers.clone() else { return };
        let closes = state.supplement_times.as_ref().map_or(now, |times| times.closes);
        let accepted = &self.clinic.scenario.session.supplement_accepted;
        let accepted = self
            .lives
            .get(whose)
            .and_then(|life| life.treated.as_ref())
            .map_or(0.9, |treated| accepted.of(treated.content));
        let Some(life) = self.lives.get_mut(whose) else { return };
        if tries == 0 {
            life.day.wished = life.room.chance(accepted);
        }
        let wished = life.day.wished;
        let act = |wished| Authorisation::AuthoriseSupplement {
            participant: participant.clone(),
            session,
            container: container.clone(),
            wished,
            physician_reason: None,
        };
        let answer = self.clinic.ask(Ask::act(now, &lead, act(wished)).signed().with(Some(&other)).may_fail());
        let refusal = match answer {
            Ok(_) => {
                self.day_later(minutes_after(now, 1), whose, session, DayStep::SwallowSupplement);
                return;
            }
            Err(No::Refused(refusal)) => refusal,
            Err(_) => return,
        };
        let left = closes.duration_since(now).as_mins();
        let broken = |rule: &str| refusal.broken.iter().any(|broken| broken.rule == rule);
        let only = |rules: &[&str]| refusal.broken.iter().all(|broken| rules.contains(&broken.rule));
        if !wished {
            self.not_given(now, whose, session, "DECLIN");
        } else if left > 3 && tries < 5 && only(&["supplement.vitals", "session.carers", "session.lead"]) {
            self.day_later(now, whose, session, DayStep::Reading { slot: None, repeats: 6 });
            self.day_later(now, whose, session, DayStep::Returns);
            self.day_later(minutes_after(now, 2), whose, session, DayStep::Supplement { tries: tries + 1 });
        } else if left > 14 && tries < 4 && only(&["supplement.vitals", "supplement.limits"]) {
            self.lift_pause(now, whose, session);
            self.day_later(minutes_after(now, 13), whose, session, DayStep::Supplement { tries: tries + 1 });
        } else if broken("supplement.limits") || broken("supplement.vitals") {
            self.not_given(now, whose, session, "VITAL");
        } else if broken("supplement.vomited") {
            self.not_given(now, whose, session, "VOMIT");
        } else if broken("supplement.adverse_event") {
            self.not_given(now, whose, session, "AE");
        } else {
            self.not_given(now, whose, session, "CLINIC");
        }
    }

    /// Two readings below the line ten minutes apart, then the prescriber's word.
    fn lift_pause(&mut self, now: Timestamp, whose: usize, session: u8) {
        self.day_later(now, whose, session, DayStep::Reading { slot: None, repeats: 7 });
        self.day_later(minutes_after(now, 10), whose, session, DayStep::Reading { slot: None, repeats: 7 });
        self.agree_to_go_on(minutes_after(now, 12), whose, session);
    }

    /// The supplement is not given, by the study's code that fits; it goes back the same day.
    pub(super) fn not_given(&mut self, now: Timestamp, whose: usize, session: u8, wanted: &str) {
        let plan = self.plan_of(whose);
        let codes = &plan.study.session.supplement_refusals;
        let found = codes.iter().find(|code| code.code.contains(wanted)).or_else(|| codes.first());
        let Some(code) = found.map(|code| code.code.clone()) else { return };
        let Some((lead, _)) = self.pair(whose) else { return };
        let Some(participant) = self.participant(whose) else { return };
        self.soon(Ask::fact(now, &lead, Fact::RecordSupplementNotGiven { participant, session, code }));
        let closes =
            self.session_state(whose, session).and_then(|state| state.supplement_times.as_ref().map(|t| t.closes));
        if let Some(closes) = closes
            && self.slips.taken(Slip::SupplementLate)
        {
            self.day_later(minutes_after(closes, 4), whose, session, DayStep::AfterWindow);
            self.day_later(minutes_after(closes, 20), whose, session, DayStep::PutBack);
            return;
        }
        self.day_later(minutes_after(now, 18), whose, session, DayStep::PutBack);
    }

    pub(super) fn swallow_supplement(&mut self, now: Timestamp, whose: usize, session: u8) {
        let Some((lead, other)) = self.pair(whose) else { return };
        let Some(participant) = self.participant(whose) else { return };
        let Some(state) = self.session_state(whose, session) else { return };
        let (Some((_, Some(container), _)), Some(order)) = (state.containers.clone(), state.order.clone()) else {
            return;
        };
        let fact = Fact::RecordSwallow {
            participant: participant.clone(),
            session,
            part: DosePart::Supplement,
            container: container.clone(),
            pieces: order.supplement_pieces,
            mouth_checked: true,
            seen: None,
        };
        self.soon(Ask::fact(now, &lead, fact).signed().with(Some(&other)));
        if let Some(life) = self.lives.get_mut(whose) {
            life.day.supplement = Some(now);
        }
        if self.slips.taken(Slip::SupplementTwice) {
            let act = Authorisation::AuthoriseSupplement {
                participant,
                session,
                container,
                wished: true,
                physician_reason: None,
            };
            self.soon(Ask::act(now, &lead, act).signed().with(Some(&other)).may_fail());
        }
        self.day_later(minutes_after(now, 14), whose, session, DayStep::Empty);
    }

    /// Emptied containers go back to the safe.
    pub(super) fn empties(&mut self, now: Timestamp, whose: usize, session: u8) {
        let Some(site) = self.site_id(whose) else { return };
        let Some(pharmacist) = self.at_site(&site, Duty::DispenseDrug) else { return };
        let Some(state) = self.session_state(whose, session) else { return };
        let opened: Vec<ContainerId> = state.swallowed.iter().map(|swallow| swallow.container.clone()).collect();
        for container in opened {
            let out = self.clinic.folded.stocks.get(&site).and_then(|stock| stock.containers.get(&container));
            let is_out = out.is_some_and(|c| matches!(c.standing, ContainerStanding::Used { back: false, .. }));
            if is_out {
                let what = ContainerFact::CameBack { pieces: 0, seal: None };
                let fact = Fact::RecordContainer { site: site.clone(), container, what };
                self.soon(Ask::fact(now, &pharmacist, fact));
            }
        }
    }

    /// What was not opened is put back into the safe by two people.
    pub(super) fn put_back(&mut self, now: Timestamp, whose: usize, session: u8) {
        let Some(site) = self.site_id(whose) else { return };
        let Some((pharmacist, witness)) = self.safe_pair(&site) else { return };
        let Some(participant) = self.participant(whose) else { return };
        let stock = self.clinic.folded.stocks.get(&site).cloned().unwrap_or_default();
        let mine = |standing: &ContainerStanding| matches!(standing, ContainerStanding::Out { participant: whom, session: number, .. } if *whom == participant && *number == session);
        let out: Vec<ContainerId> =
            stock.containers.iter().filter(|(_, c)| mine(&c.standing)).map(|(id, _)| id.clone()).collect();
        let back = |container: ContainerId| Authorisation::ReturnToSafe { site: site.clone(), container };
        let used = stock.containers.iter().find(|(_, c)| c.pieces_used > 0).map(|(id, _)| id.clone());
        if let Some(used) = used
            && self.slips.taken(Slip::ReturnOpened)
        {
            self.soon(Ask::act(now, &pharmacist, back(used)).signed().with(witness.as_ref()).may_fail());
        }
        for container in out {
            self.soon(Ask::act(now, &pharmacist, back(container)).signed().with(witness.as_ref()));
        }
    }

    fn slips_after_dose(
        &mut self,
        now: Timestamp,
        whose: usize,
        session: u8,
        lead: &StaffId,
        other: &StaffId,
        container: &ContainerId,
    ) {
        let Some(participant) = self.participant(whose) else { return };
        let mut wrong = vec![
            (
                Slip::DoseTwice,
                Authorisation::AuthoriseDose {
                    participant: participant.clone(),
                    session,
                    container: container.clone(),
                },
            ),
            (
                Slip::SupplementEarly,
                Authorisation::AuthoriseSupplement {
                    participant: participant.clone(),
                    session,
                    container: container.clone(),
                    wished: true,
                    physician_reason: None,
                },
            ),
            (Slip::DischargeWithContainer, Authorisation::Discharge { participant: participant.clone(), session }),
            (Slip::CloseEarly, Authorisation::CloseSession { participant: participant.clone(), session }),
        ];
        let next = self.sites.iter().find(|site| site.active && Some(&site.id) != self.site_id(whose).as_ref());
        if let Some(next) = next {
            wrong.push((
                Slip::TransferInSession,
                Authorisation::TransferParticipant { participant, to: next.id.clone() },
            ));
        }
        for (slip, act) in wrong {
            if self.slips.taken(slip) {
                let by = match &act {
                    Authorisation::TransferParticipant { .. } => self.by(whose, Duty::Coordinate),
                    _ => Some(lead.clone()),
                };
                if let Some(by) = by {
                    self.soon(Ask::act(now, &by, act).signed().with(Some(other)).may_fail());
                }
            }
        }
    }
}
