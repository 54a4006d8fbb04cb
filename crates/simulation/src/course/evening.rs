//! The end of a dosing day: criteria for leaving, the night, the way home, the close of the session's record.

use super::{Slip, Step, Trial, day::DayStep};
use crate::clinic::{Ask, minutes_after};
use conduct::{
    Authorisation, Fact, No,
    command::{Destination, Going},
    schedule::days_from,
};
use jiff::Timestamp;
use protocol::model::{Duty, Overnight, Requirement};
use terms::{CheckId, FormId};

impl Trial<'_> {
    /// The end of the day: forms, criteria for leaving, the question whether the participant may go.
    pub(super) fn evening(&mut self, dosed: Timestamp, whose: usize, session: u8, earliest: i64) {
        let plan = self.plan_of(whose);
        let Some(visit) = self.session_visit(whose, session) else { return };
        let mut minute = earliest - 14;
        let criteria = &plan.study.session.discharge.criteria;
        let wanted: Vec<FormId> = criteria.iter().filter_map(|check| check.form.clone()).collect();
        for (form, need) in plan.site_forms(&visit) {
            let again = wanted.contains(&form);
            if again || (need == Requirement::Required && !self.before_the_dose(whose, &form)) {
                self.day_later(minutes_after(dosed, minute), whose, session, DayStep::Fill(form));
                minute += 3;
            }
        }
        minute = minute.max(earliest + 3);
        for check in criteria {
            self.day_later(
                minutes_after(dosed, minute),
                whose,
                session,
                DayStep::Check { check: check.id.clone(), again: false },
            );
            minute += 2;
        }
        self.day_later(minutes_after(dosed, minute + 4), whose, session, DayStep::Discharge { tries: 0 });
        if self.slips.taken(Slip::DischargeEarly) {
            self.day_later(minutes_after(dosed, 300), whose, session, DayStep::Discharge { tries: 250 });
        }
    }

    pub(super) fn discharge(&mut self, now: Timestamp, whose: usize, session: u8, tries: u8) {
        let Some((lead, other)) = self.pair(whose) else { return };
        let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone()) else { return };
        let left = self.state(whose).and_then(|state| state.sessions.get(&session)?.departed);
        if left.is_some() {
            self.day_later(minutes_after(now, 16 * 60), whose, session, DayStep::CloseSession { tries: 0 });
            return;
        }
        let act = Authorisation::Discharge { participant, session };
        if tries >= 250 {
            self.soon(Ask::act(now, &lead, act).signed().with(Some(&other)).may_fail());
            return;
        }
        if self.slips.taken(Slip::DischargeAlone) {
            self.soon(Ask::act(now, &lead, act.clone()).signed().may_fail());
        }
        match self.clinic.ask(Ask::act(now, &lead, act).signed().with(Some(&other)).may_fail()) {
            Ok(_) => self.day_later(minutes_after(now, 8), whose, session, DayStep::Depart),
            Err(No::Refused(refusal)) if tries < 8 => {
                let mut minute = 3;
                for broken in &refusal.broken {
                    let redo = broken.rule == "session.discharge" || broken.rule == "session.check_form";
                    if let Some(condition) = broken.condition.as_deref().filter(|_| redo) {
                        let what = DayStep::Check { check: CheckId::from(condition), again: true };
                        self.day_later(minutes_after(now, minute), whose, session, what);
                        minute += 2;
                    }
                    if broken.rule == "discharge.nothing_out" {
                        self.day_later(minutes_after(now, 2), whose, session, DayStep::PutBack);
                        self.day_later(minutes_after(now, 3), whose, session, DayStep::Empty);
                    }
                }
                self.day_later(
                    minutes_after(now, minute.max(12)),
                    whose,
                    session,
                    DayStep::Discharge { tries: tries + 1 },
                );
            }
            // Nobody holds anybody: they go, and it is written down what was open.
            Err(_) => self.day_later(minutes_after(now, 8), whose, session, DayStep::Depart),
        }
    }

    /// Leaves the pair's care: for the night at the site, or home.
    pub(super) fn depart(&mut self, now: Timestamp, whose: usize, session: u8) {
        let plan = self.plan_of(whose);
        let Some((lead, other)) = self.pair(whose) else { return };
        let Some(life) = self.lives.get_mut(whose) else { return };
        let Some(participant) = life.id.clone() else { return };
        let stays = match plan.study.session.overnight {
            Overnight::Required => true,
            Overnight::Optional => life.room.chance(0.5),
            Overnight::None => false,
        };
        let escort = format!("{}, named beforehand", life.identity.contact_person);
        let departure = |to, escort: &str| Fact::RecordDeparture {
            participant: participant.clone(),
            session,
            to,
            escort: escort.to_owned(),
        };
        if self.slips.taken(Slip::DepartureTooLong) {
            self.soon(Ask::fact(now, &lead, departure(Destination::Home, &"x".repeat(400))).may_fail());
        }
        if stays {
            self.day_later(now, whose, session, DayStep::NightBegins);
            self.soon(Ask::fact(minutes_after(now, 4), &lead, departure(Destination::Overnight, "")));
            self.day_later(minutes_after(now, 6), whose, session, DayStep::Handover);
        } else {
            self.soon(Ask::fact(now, &lead, departure(Destination::Home, &escort)));
            self.day_later(minutes_after(now, 40), whose, session, DayStep::CloseSession { tries: 0 });
        }
        for (place, staff) in (7i64..).zip([&other, &lead]) {
            self.goes(minutes_after(now, place), whose, session, staff, Going::Out);
        }
    }

    pub(super) fn night_begins(&mut self, now: Timestamp, whose: usize, session: u8) {
        let today = self.today(whose, now);
        let late = self.clock(whose, today, 22, 30);
        self.day_later(late, whose, session, DayStep::Night(1));
        let morning = self.clock(whose, days_from(today, 1), 11, 20);
        self.day_later(morning, whose, session, DayStep::Home);
    }

    pub(super) fn night(&mut self, now: Timestamp, whose: usize, session: u8, n: u8) {
        let Some(attendant) = self.by(whose, Duty::AttendNight) else { return };
        let awake_share = self.clinic.scenario.session.stays_the_night_awake;
        let Some(life) = self.lives.get_mut(whose) else { return };
        let Some(participant) = life.id.clone() else { return };
        let awake = n == 1 && life.room.chance(0.7) || life.room.chance(awake_share);
        let distress = awake.then(|| life.room.whole(0, 5) as u8);
        let look = |awake, distress| Fact::RecordNightCheck {
            participant: participant.clone(),
            session,
            awake,
            distress,
            signs: Vec::new(),
            text: None,
        };
        if self.slips.taken(Slip::NightNonsense) {
            self.soon(Ask::fact(now, &attendant, look(false, Some(12))).may_fail());
        }
        self.watch(now, whose, session);
        if n == 3 && self.slips.taken(Slip::NightSkipped) {
            self.day_later(minutes_after(now, 40), whose, session, DayStep::Watch);
        } else {
            let sign = n == 2 && awake && self.slips.taken(Slip::NightSign);
            let night = self.plan_of(whose).study.session.room.night.clone();
            let sign = night.filter(|_| sign).and_then(|night| night.must_call.first().cloned());
            let mut fact = look(awake, distress);
            if let (Fact::RecordNightCheck { signs, text, .. }, Some(sign)) = (&mut fact, sign) {
                signs.push(sign.code);
                *text = Some("wants to talk to the therapist".to_owned());
            }
            self.soon(Ask::fact(now, &attendant, fact));
        }
        if n < 5 {
            self.day_later(minutes_after(now, 120), whose, session, DayStep::Night(n + 1));
        } else {
            self.goes(minutes_after(now, 60), whose, session, &attendant, Going::Out);
        }
    }

    /// Driven home after the morning, by somebody named.
    pub(super) fn home(&mut self, now: Timestamp, whose: usize, session: u8) {
        let Some((_, other)) = self.pair(whose) else { return };
        let Some(life) = self.lives.get(whose) else { return };
        let Some(participant) = life.id.clone() else { return };
        let escort = format!("{}, named beforehand", life.identity.contact_person);
        let fact = Fact::RecordDeparture { participant, session, to: Destination::Home, escort };
        self.soon(Ask::fact(now, &other, fact));
        self.day_later(minutes_after(now, 45), whose, session, DayStep::CloseSession { tries: 0 });
    }

    pub(super) fn close_session(&mut self, now: Timestamp, whose: usize, session: u8, tries: u8) {
        let Some((lead, _)) = self.pair(whose) else { return };
        let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone()) else { return };
        let act = Authorisation::CloseSession { participant, session };
        if self.slips.taken(Slip::CloseUnsigned) {
            self.soon(Ask::act(now, &lead, act.clone()).may_fail());
        }
        if self.asks_for_harm(whose) && self.slips.taken(Slip::CloseBeforeSigned) {
            self.soon(Ask::act(now, &lead, act.clone()).signed().may_fail());
        }
        let unsigned = self.signed_by_all(now, whose, session, &lead);
        let mut ask = Ask::act(now, &lead, act.clone()).signed().may_fail();
        if unsigned {
            ask = ask.because("no longer delegated at this site");
        }
        let closed = self.clinic.ask(ask);
        if closed.is_err() && tries < 6 {
            self.day_later(minutes_after(now, 2), whose, session, DayStep::PutBack);
            self.day_later(minutes_after(now, 4), whose, session, DayStep::Empty);
            self.day_later(minutes_after(now, 90), whose, session, DayStep::CloseSession { tries: tries + 1 });
            return;
        }
        if self.slips.taken(Slip::CloseTwice) {
            self.soon(Ask::act(now, &lead, act).signed().may_fail());
        }
        let Some(visit) = self.session_visit(whose, session) else { return };
        let minutes = self.clinic.scenario.session.hours.mean;
        let sd = self.clinic.scenario.session.hours.sd;
        let Some(life) = self.lives.get_mut(whose) else { return };
        let took = ((life.room.normal(minutes, sd) * 60.0) as u32).max(482);
        self.later(minutes_after(now, 10), whose, Step::Complete { visit, minutes: took });
    }
}
