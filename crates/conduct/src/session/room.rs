//! What every question about a dosing session looks at, gathered once: the person, the plan's session, and how far it
//! has come.

use crate::{
    case::{Case, Duties},
    command::DosePart,
    finding::{Broken, Finding, Rule, Unreadable},
    staffing::credentials::Staff,
    state::{ParticipantState, PresenceSpan, SessionState},
};
use jiff::{Timestamp, civil::Date};
use protocol::model::{DoseSession, Duty, NeededFrom};
use std::sync::LazyLock;
use terms::StaffId;

/// The session is one of the plan.
pub const PLANNED: Rule = Rule {
    id: "session.planned",
    sentence: "The session is one that the study plans",
    source: "The study's dose plan",
    binds: &[
        "order_dose",
        "release_containers",
        "authorise_dose",
        "authorise_supplement",
        "discharge",
        "close_session",
    ],
    broken: "The act is refused; a fact of a session outside the plan can't be read",
};

/// A session of which nothing is known yet.
static UNTOUCHED: LazyLock<SessionState> = LazyLock::new(SessionState::default);

/// One session of one participant, as somebody looks at it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room<'c> {
    pub case: &'c Case<'c>,
    pub participant: &'c ParticipantState,
    pub number: u8,
    pub plan: &'c DoseSession,
    pub session: &'c SessionState,
}

impl<'c> Room<'c> {
    /// The session of the participant in the case.
    pub fn new(case: &'c Case<'c>, number: u8) -> Result<Self, Unreadable> {
        Self::of(case, case.participant()?, number)
    }

    /// The session of this participant, as they are or as they would be.
    pub fn of(case: &'c Case<'c>, participant: &'c ParticipantState, number: u8) -> Result<Self, Unreadable> {
        let plan = case.study.session(number).ok_or_else(|| Unreadable {
            field: "session".to_owned(),
            what: format!("there is no dosing session {number} in this study"),
            mend: format!("the study plans {} sessions, counted from 1", case.study.dose.sessions.len()),
        })?;
        let session = participant.sessions.get(&number).unwrap_or(&UNTOUCHED);
        Ok(Self { case, participant, number, plan, session })
    }

    /// The session for a question, or the finding that there is none.
    pub fn asked(case: &'c Case<'c>, number: u8) -> Result<Self, Vec<Finding>> {
        Self::new(case, number)
            .map_err(|no| vec![Broken::new(&PLANNED, no.what, "a session of the study's dose plan", no.mend).into()])
    }

    /// When the first dose was swallowed.
    pub fn dosed_at(&self) -> Option<Timestamp> {
        self.session.dosed_at()
    }

    /// Pieces of a part swallowed so far.
    pub fn pieces(&self, part: DosePart) -> u32 {
        self.session
            .swallowed
            .iter()
            .filter(|swallow| swallow.part == part)
            .fold(0, |all, swallow| all.saturating_add(swallow.pieces))
    }

    /// Whether the session's afternoon is over, and how it ended.
    pub fn over(&self) -> Option<String> {
        let session = self.session;
        let clock = |what: &str, at: Timestamp| format!("{what} at {}", self.case.clock(at));
        if let Some(at) = session.closed {
            return Some(clock("closed", at));
        }
        if let Some(at) = session.stopped {
            return Some(clock("stopped", at));
        }
        session.departed.map(|(at, _)| clock("the participant left", at))
    }

    /// Duties that a member of staff holds at the site on a day, by delegation or in the whole trial.
    pub fn duties(&self, staff: &StaffId, day: Date) -> Duties {
        let mut duties = Duties::default();
        let site = self.case.world.site.into_iter().flat_map(|site| site.roles_of(staff, day)).map(|d| &d.role);
        let trial = self.case.world.trial.roles.get(staff).into_iter().flatten();
        for role in site.chain(trial) {
            for duty in self.case.study.role(role.as_str()).into_iter().flat_map(|role| &role.duties) {
                duties.add(*duty);
            }
        }
        duties
    }

    /// The staff, with what they hold.
    pub fn staff(&self) -> Staff<'c> {
        Staff { study: self.case.study, trial: self.case.world.trial, site: self.case.world.site }
    }

    /// Everybody in the room now.
    pub fn present(&self) -> Vec<&'c StaffId> {
        let mut people: Vec<&StaffId> = self.session.in_room().map(|span| &span.staff).collect();
        people.sort_unstable();
        people.dedup();
        people
    }

    /// People in the room whose certificates are in date for a duty.
    pub fn fit_with(&self, duties: &[Duty]) -> usize {
        let (staff, day) = (self.staff(), self.case.day);
        self.present().into_iter().filter(|who| staff.fit(who, day, NeededFrom::Dosing).has_any(duties)).count()
    }

    /// Whether somebody is one of the carers on a day.
    pub fn is_carer(&self, staff: &StaffId, day: Date) -> bool {
        self.duties(staff, day).has_any(&[Duty::Facilitate, Duty::Nurse])
    }

    /// Carers in the room now, but for one.
    pub fn carers_without(&self, leaving: Option<&StaffId>) -> usize {
        let here = self.session.in_room().filter(|span| Some(&span.staff) != leaving);
        here.filter(|span| self.is_carer(&span.staff, self.case.day)).count()
    }

    /// Carers in the room at a moment, as far as is known.
    pub fn carers_at(&self, at: Timestamp) -> usize {
        self.at(at).filter(|span| self.is_carer(&span.staff, self.case.day)).count()
    }

    /// Everybody in the room at a moment.
    pub fn at(&self, at: Timestamp) -> impl Iterator<Item = &'c PresenceSpan> {
        self.session.presence.iter().filter(move |span| span.from <= at && span.until.is_none_or(|until| at < until))
    }

    /// People in the room with one of these duties.
    pub fn duty_with(&self, duties: &[Duty]) -> usize {
        let held = |span: &&PresenceSpan| self.duties(&span.staff, self.case.day).has_any(duties);
        self.session.in_room().filter(held).count()
    }
}

/// Minutes as a signed number, held at its end.
pub(super) fn minutes(count: u32) -> i64 {
    i64::from(count)
}
