//! Blinded ratings: asked for by the site, taken by a rater of the pool, done on the day, sometimes late.

use super::{Slip, Step, Trial};
use crate::clinic::{Ask, days_after, minutes_after};
use conduct::{Authorisation, Entry, Fact, command::Disclosure, participant::rating_forms_of};
use jiff::Timestamp;
use protocol::model::Duty;
use terms::{InstanceId, StaffId, VisitId};

impl Trial<'_> {
    fn raters(&self) -> Vec<StaffId> {
        let study = &self.clinic.study;
        let rates = |role: &terms::RoleId| {
            study.role(role.as_str()).is_some_and(|role| role.duties.contains(&Duty::RateOutcomes))
        };
        let apart = self.moonlighter();
        let pool = self.clinic.roster.all().iter().filter(|member| rates(&member.role)).map(|member| member.id.clone());
        pool.filter(|rater| Some(rater) != apart.as_ref()).collect()
    }

    /// Asks for a visit's rating once, when the visit is booked.
    pub(super) fn ask_for_rating(&mut self, now: Timestamp, whose: usize, visit: &VisitId, starts: Timestamp) {
        let plan = self.plan_of(whose);
        if rating_forms_of(&plan.study, visit.as_str()).is_empty() {
            return;
        }
        let Some(coordinator) = self.by(whose, Duty::Coordinate) else { return };
        let Some(life) = self.lives.get_mut(whose) else { return };
        if !life.asked.insert(visit.clone()) {
            return;
        }
        let Some(participant) = life.id.clone() else { return };
        let pseudonym = format!("P-{:06}", life.times.whole(100_000, 999_999));
        let act = Authorisation::RequestRating { participant, visit: visit.clone() };
        let Ok(written) = self.clinic.ask(Ask::act(now, &coordinator, act.clone()).pseudonym(pseudonym)) else {
            if let Some(life) = self.lives.get_mut(whose) {
                life.asked.remove(visit);
            }
            return;
        };
        let request = written.iter().find_map(|one| match &one.entry {
            Entry::RatingRequested { request, .. } => Some(request.clone()),
            _ => None,
        });
        let Some(request) = request else { return };
        if self.slips.taken(Slip::RequestTwice) {
            self.soon(Ask::act(now, &coordinator, act).may_fail());
        }
        let Some(life) = self.lives.get_mut(whose) else { return };
        let share = life.times.between(0.1, 0.7);
        let ahead = starts.duration_since(now).as_secs_f64() / 86_400.0;
        self.later(days_after(now, ahead.max(0.0) * share), whose, Step::TakeRating { request: request.clone() });
        self.later(minutes_after(starts, 12), whose, Step::Rate { request, visit: visit.clone() });
    }

    /// A rater who has not met this person; with a reason, one who has.
    fn rater_for(&mut self, whose: usize, shift: usize) -> Option<(StaffId, bool)> {
        let raters = self.raters();
        let life = self.lives.get(whose)?;
        let start = (life.person.whose as usize).wrapping_mul(7).wrapping_add(life.raters.len()).wrapping_add(shift);
        let count = raters.len().max(1);
        let turned = (0..raters.len()).filter_map(|step| raters.get((start + step) % count));
        let fresh = turned.clone().find(|rater| !life.raters.contains(*rater));
        fresh.map(|rater| (rater.clone(), false)).or_else(|| turned.clone().next().map(|rater| (rater.clone(), true)))
    }

    pub(super) fn take_rating(&mut self, now: Timestamp, whose: usize, request: &InstanceId) {
        let taken =
            self.state(whose).and_then(|state| state.ratings.get(request)).is_none_or(|r| r.rater.is_some() || r.done);
        if taken {
            return;
        }
        let take = Authorisation::TakeRating { request: request.clone() };
        let met = self.lives.get(whose).and_then(|life| life.raters.first().cloned());
        if let Some(met) = met
            && self.slips.taken(Slip::TakeAgain)
        {
            self.soon(Ask::act(now, &met, take.clone()).may_fail());
        }
        if self.slips.taken(Slip::TakeBySiteStaff)
            && let Some(therapist) = self.by(whose, Duty::LeadSession)
        {
            self.soon(Ask::act(now, &therapist, take.clone()).may_fail());
        }
        if let Some(rater) = self.moonlighter()
            && self.lives.get(whose).is_some_and(|life| life.site == 0)
            && self.slips.once(Slip::TakeByMoonlighter)
        {
            self.soon(Ask::act(now, &rater, take.clone()).may_fail());
        }
        let Some((rater, again)) = self.rater_for(whose, 0) else { return };
        let ask = Ask::act(now, &rater, take.clone());
        let ask = if again { ask.because("nobody else of the pool is free that week") } else { ask };
        if self.clinic.ask(ask).is_err() {
            return;
        }
        if let Some(life) = self.lives.get_mut(whose) {
            life.raters.insert(rater);
        }
        if self.slips.taken(Slip::TakeTaken)
            && let Some((other, _)) = self.rater_for(whose, 3)
        {
            self.soon(Ask::act(now, &other, take).may_fail());
        }
    }

    pub(super) fn rate(&mut self, now: Timestamp, whose: usize, request: &InstanceId, visit: &VisitId) {
        let Some(state) = self.state(whose) else { return };
        let Some(rating) = state.ratings.get(request).filter(|rating| !rating.done).cloned() else { return };
        let held = state.visits.get(visit).is_some_and(|record| {
            matches!(
                record.standing,
                conduct::state::VisitStanding::Attended | conduct::state::VisitStanding::Completed
            )
        });
        let booking = state.visits.get(visit).and_then(|record| record.booking);
        let Some(rater) = rating.rater.clone() else {
            self.take_rating(now, whose, request);
            self.later(minutes_after(now, 20), whose, Step::Rate { request: request.clone(), visit: visit.clone() });
            return;
        };
        if !held {
            // Moved, or not come: the rater waits for the other day, or the rating is given up.
            match booking {
                Some(booking) => {
                    let at = minutes_after(booking.starts.max(now), 15);
                    self.later(at, whose, Step::Rate { request: request.clone(), visit: visit.clone() });
                }
                None => self.give_up_or_wait(now, whose, request, visit, &rater),
            }
            return;
        }
        self.fill_ratings(now, whose, request, visit, &rater, &rating.forms);
    }

    fn give_up_or_wait(
        &mut self,
        now: Timestamp,
        whose: usize,
        request: &InstanceId,
        visit: &VisitId,
        rater: &StaffId,
    ) {
        let gone = self.state(whose).is_none_or(|state| {
            state.has_left()
                || state.visits.get(visit).is_some_and(|r| r.standing == conduct::state::VisitStanding::Missed)
        });
        if !gone {
            self.later(days_after(now, 1.0), whose, Step::Rate { request: request.clone(), visit: visit.clone() });
            return;
        }
        let fact = Fact::RecordRatingMissed { request: request.clone(), text: "nobody came to the call".to_owned() };
        self.soon(Ask::fact(now, rater, fact));
    }

    fn fill_ratings(
        &mut self,
        now: Timestamp,
        whose: usize,
        request: &InstanceId,
        visit: &VisitId,
        rater: &StaffId,
        forms: &[terms::FormId],
    ) {
        let plan = self.plan_of(whose);
        let today = self.today(whose, now);
        let learns = self.clinic.scenario.session.rater_learns;
        let Some(life) = self.lives.get_mut(whose) else { return };
        let slipped = life.habits.chance(learns) && life.stage != crate::person::Stage::Occasion(0);
        let which = life.habits.place(3);
        let disclosure = match (slipped, which) {
            (false, _) => Disclosure::Nothing,
            (true, 0) => Disclosure::ArmHint,
            (true, 1) => Disclosure::SessionContent,
            (true, _) => Disclosure::VisitNumber,
        };
        let count = forms.len();
        for (place, id) in forms.iter().enumerate() {
            let Some(form) = plan.study.form(id.as_str()) else { continue };
            let values = self.answers(whose, form, Some(visit), today);
            let last = place + 1 == count;
            let record = |form: terms::FormId| Fact::RecordRating {
                request: request.clone(),
                form,
                values: values.clone(),
                disclosure: if last { disclosure } else { Disclosure::Nothing },
            };
            if place == 0 && self.slips.taken(Slip::RateUnasked) {
                let other = plan.study.forms.iter().find(|form| !forms.contains(&form.id)).map(|form| form.id.clone());
                if let Some(other) = other {
                    self.soon(Ask::fact(now, rater, record(other)).may_fail());
                }
            }
            self.soon(Ask::fact(minutes_after(now, 20 + 12 * place as i64), rater, record(id.clone())));
        }
    }
}
