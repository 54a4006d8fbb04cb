//! Assigning an arm, and what nature then knows: the course, the events, who leaves and when.

use super::{Slip, Step, Trial};
use crate::{
    clinic::{Ask, days_after, minutes_after},
    fate::Fate,
    person::Treated,
    random::{Purpose, Stream},
};
use conduct::{Authorisation, Draw, No, Phase, command::StopScope, schedule};
use jiff::Timestamp;
use protocol::model::{Assignment, Content, Duty};
use terms::VisitId;

impl Trial<'_> {
    pub(super) fn assign(&mut self, now: Timestamp, whose: usize, tries: u8) {
        let Some(by) = self.by(whose, Duty::Randomise) else { return };
        let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone()) else { return };
        if self.state(whose).is_none_or(|state| state.phase != Phase::Confirmed) || tries > 6 {
            return;
        }
        if self.recruited() {
            self.full_after_all(now, whose);
            return;
        }
        let Some(site) = self.site_id(whose) else { return };
        let randomised = matches!(self.clinic.study.design.assignment, Assignment::Randomised { .. });
        let draw = self
            .clinic
            .service
            .as_ref()
            .filter(|_| randomised)
            .map(|service| service.draw(site.as_str(), &self.clinic.folded.allocation));
        let act = Authorisation::Randomise { participant };
        if self.slips.taken(Slip::RandomiseUnsigned) {
            self.soon(Ask::act(now, &by, act.clone()).drawn(draw.clone()).may_fail());
        }
        if randomised && self.slips.taken(Slip::RandomiseExhausted) {
            let empty = Ask::act(now, &by, act.clone()).signed().drawn(Some(Draw::Exhausted));
            self.soon(empty.may_fail());
        }
        let ask = Ask::act(now, &by, act).signed().drawn(draw.clone());
        match self.clinic.ask(ask.may_fail()) {
            Ok(_) => {
                let content = match &draw {
                    Some(Draw::Row { handle }) => {
                        let opened = self.clinic.service.as_ref().and_then(|service| service.break_code(handle).ok());
                        opened.map_or(Content::Active, |opened| opened.content())
                    }
                    Some(Draw::Exhausted) | None => Content::Active,
                };
                self.treated(now, whose, content);
                self.milestones(now);
            }
            Err(No::Refused(_)) => self.later(days_after(now, 1.0), whose, Step::Assign { tries: tries + 1 }),
            Err(No::Unreadable(_) | No::Conflict { .. } | No::NotYours { .. }) => {}
        }
    }

    /// Somebody who was confirmed while the last place was taken.
    fn full_after_all(&mut self, now: Timestamp, whose: usize) {
        let Some(by) = self.by(whose, Duty::DecideEligibility) else { return };
        let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone()) else { return };
        if self.slips.taken(Slip::RandomiseFull)
            && let Some(randomiser) = self.by(whose, Duty::Randomise)
        {
            let act = Authorisation::Randomise { participant: participant.clone() };
            self.soon(Ask::act(now, &randomiser, act).signed().drawn(Some(Draw::Exhausted)).may_fail());
        }
        let fact = self.stop_fact(&participant, StopScope::Study, crate::fate::Why::Burden);
        self.soon(Ask::fact(now, &by, fact));
        self.finish(whose);
    }

    /// What nature knows from here on.
    fn treated(&mut self, now: Timestamp, whose: usize, content: Content) {
        let plan = self.plan_of(whose);
        let (scenario, seed) = (self.clinic.scenario, self.clinic.seed);
        let Some(life) = self.lives.get_mut(whose) else { return };
        let number = life.person.whose;
        let mut guesses = Stream::new(seed, number, Purpose::Guesses);
        let shift = match content {
            Content::Active => 0.0,
            Content::Placebo => match guesses.weighted(&scenario.guess.last.of(content)) {
                0 => scenario.outcome.expectancy.guess_active,
                1 => scenario.outcome.expectancy.guess_placebo,
                _ => 0.0,
            },
        };
        let course = life.person.latent.course(scenario, content, plan.after_baseline(), shift);
        life.fate = Some(Fate::draw(scenario, seed, number, content, &course));
        life.treated = Some(Treated { content, course });
        self.draw_events(whose, content);
        self.later(minutes_after(now, 12), whose, Step::Plan);
        if self.slips.taken(Slip::RandomiseEarly)
            && let Some(by) = self.by(whose, Duty::Randomise)
            && let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone())
        {
            let again = Ask::act(minutes_after(now, 1), &by, Authorisation::Randomise { participant }).signed();
            self.soon(again.may_fail());
        }
        // From the baseline on: who leaves before the first rating leaves from here.
        if let Some(baseline) = plan.occasions.first() {
            self.look_ahead(now, whose, &plan, baseline);
        }
    }

    /// After an occasion: whatever is to happen before the next one is planned now that its days are known.
    pub(super) fn look_ahead(&mut self, now: Timestamp, whose: usize, plan: &super::Plan, visit: &VisitId) {
        let Some(place) = plan.occasions.iter().position(|occasion| occasion == visit) else { return };
        let Some(next) = plan.occasions.get(place + 1) else {
            self.after_last_occasion(now, whose);
            return;
        };
        let Some(life) = self.lives.get(whose) else { return };
        let Some(fate) = life.fate else { return };
        let today = self.today(whose, now);
        let planned = self.state(whose).zip(plan.study.visit(next.as_str())).and_then(|(state, visit)| {
            schedule::planned(&plan.study, state, visit).map(|planned| schedule::days_between(today, planned.target))
        });
        let days = f64::from(planned.unwrap_or(30).max(4));
        let at = days_after(now, (days * fate.when).max(1.0));
        match (fate.leaves, fate.stops_treatment) {
            (Some((before, why)), _) if before == place + 1 => self.later(at, whose, Step::Leave(why)),
            (_, Some((before, why))) if before == place + 1 => self.later(at, whose, Step::StopTreatment(why)),
            _ => {}
        }
        self.rare_turns(now, whose, days, place);
    }

    /// Transfers, code breaks and medicines against the plan: in between occasions.
    fn rare_turns(&mut self, now: Timestamp, whose: usize, days: f64, place: usize) {
        if place == 0 {
            let share = self.clinic.scenario.habits.transfer;
            let sites = self.sites.len();
            let Some(life) = self.lives.get_mut(whose) else { return };
            let (moves, to) = (life.habits.chance(share), life.habits.place(sites));
            let medicine = life.fate.is_some_and(|fate| fate.prohibited_medicine);
            let forced = self.transfers_left > 0 && self.clinic.tally.report.assigned > 8;
            let from = self.lives.get(whose).map(|life| life.site);
            let to = if Some(to) == from { (to + 1) % sites.max(1) } else { to };
            let ready = self.sites.get(to).is_some_and(|site| site.active);
            if (moves || forced) && ready && Some(to) != from {
                self.transfers_left = self.transfers_left.saturating_sub(1);
                self.later(days_after(now, days * 0.5), whose, Step::Transfer { to });
            }
            if medicine {
                self.takes_prohibited(days_after(now, days * 0.8), whose);
            }
        }
        if place == 1 && self.breaks_left > 0 && self.clinic.tally.report.assigned > 12 {
            self.breaks_left -= 1;
            self.later(days_after(now, days * 0.4), whose, Step::BreakCode);
        }
    }
}
