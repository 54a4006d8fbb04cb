//! What may be done in an explored world: somebody asks something, or time goes by.

use crate::{
    monitor::Harm,
    state::{Outcome, Setting, State},
};
use conduct::{
    Authorisation, Census, Command, Context, Draw, Fact, Person, Picked, Proof, Request, command::DosePart,
    context::RoomFound, entry::OpenItem, state::ContainerStanding,
};
use jiff::{SignedDuration, Timestamp};
use std::{fmt, sync::Arc};
use terms::{ContainerId, ParticipantId, SiteId, StaffId};

/// Makes the command for a state; `None` where there is nothing to ask.
pub type Make = Arc<dyn Fn(&State) -> Option<Command> + Send + Sync>;

/// What a move does.
#[derive(Clone)]
pub enum Kind {
    /// So many minutes go by.
    Wait(i64),
    /// The server's clock is put back by so many minutes.
    Back(i64),
    /// Somebody asks.
    Ask(Make),
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wait(minutes) => write!(f, "Wait({minutes})"),
            Self::Back(minutes) => write!(f, "Back({minutes})"),
            Self::Ask(_) => f.write_str("Ask"),
        }
    }
}

/// What the sealed service says when it is asked along with the act.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Service {
    /// The first containers in the safe that have the ordered level; the next row of the list.
    #[default]
    Honest,
    /// These containers, whatever stands now: a command that was prepared earlier and comes late.
    These(ContainerId, Option<ContainerId>),
    /// Nothing is ready, or the list is used up.
    Nothing,
}

/// Somebody beside the actor.
#[derive(Debug, Clone)]
pub struct Second {
    /// Who.
    pub staff: StaffId,
    /// How long ago they proved who they are, minutes.
    pub ago: i64,
}

/// A move.
#[derive(Debug, Clone)]
pub struct Move {
    /// In words, without the answer.
    pub words: String,
    /// Who acts; the program where nobody does.
    pub by: Option<StaffId>,
    /// The actor signs.
    pub signed: bool,
    /// With whom.
    pub second: Option<Second>,
    /// The fact happened so many minutes ago.
    pub ago: i64,
    /// Why.
    pub reason: Option<String>,
    /// What the sealed service says.
    pub service: Service,
    /// What is done.
    pub kind: Kind,
}

impl Move {
    /// Time goes by.
    pub fn wait(minutes: i64) -> Self {
        Self::quiet(span(minutes), Kind::Wait(minutes))
    }

    /// The clock is put back.
    pub fn clock_back(minutes: i64) -> Self {
        Self::quiet(format!("the server's clock is put back by {minutes} minutes"), Kind::Back(minutes))
    }

    fn quiet(words: String, kind: Kind) -> Self {
        let service = Service::Honest;
        Self { words, by: None, signed: false, second: None, ago: 0, reason: None, service, kind }
    }

    /// Somebody asks what a state makes of it.
    pub fn made(by: &StaffId, what: &str, make: impl Fn(&State) -> Option<Command> + Send + Sync + 'static) -> Self {
        let words = format!("{} {what}", said(by));
        Self { by: Some(by.clone()), ..Self::quiet(words, Kind::Ask(Arc::new(make))) }
    }

    /// Somebody asks one thing.
    pub fn ask(by: &StaffId, what: &str, command: Command) -> Self {
        Self::made(by, what, move |_| Some(command.clone()))
    }

    /// With somebody beside them.
    #[must_use]
    pub fn with(mut self, other: &StaffId) -> Self {
        self.words = self.words.replacen(' ', &format!(" with {} ", said(other)), 1);
        self.second = Some(Second { staff: other.clone(), ago: 0 });
        self
    }

    /// With somebody whose proof is old.
    #[must_use]
    pub fn with_old(mut self, other: &StaffId, minutes: i64) -> Self {
        self.words = self.words.replacen(' ', &format!(" with {} (proved {minutes} min ago) ", said(other)), 1);
        self.second = Some(Second { staff: other.clone(), ago: minutes });
        self
    }

    /// Signed.
    #[must_use]
    pub fn signed(mut self) -> Self {
        self.words.push_str(", signed");
        self.signed = true;
        self
    }

    /// About something some minutes ago.
    #[must_use]
    pub fn earlier(mut self, minutes: i64) -> Self {
        self.words.push_str(&format!(" ({minutes} min ago, told now)"));
        self.ago = minutes;
        self
    }

    /// With a reason.
    #[must_use]
    pub fn because(mut self, reason: &str) -> Self {
        self.words.push_str(&format!(", because \"{reason}\""));
        self.reason = Some(reason.to_owned());
        self
    }

    /// With the sealed service's answer.
    #[must_use]
    pub fn service(mut self, service: Service) -> Self {
        match &service {
            Service::These(initial, _) => self.words.push_str(&format!(" (prepared earlier, for {initial})")),
            Service::Nothing => self.words.push_str(" (the sealed service has nothing)"),
            Service::Honest => {}
        }
        self.service = service;
        self
    }
}

/// A staff id as it is said: `lead_therapist` is "lead-therapist".
fn said(staff: &StaffId) -> String {
    staff.as_str().replace('_', "-")
}

/// Minutes in words.
fn span(minutes: i64) -> String {
    let day = 24 * 60;
    if minutes >= day && minutes % day == 0 {
        let days = minutes / day;
        return format!("{days} day{} go by", if days == 1 { "" } else { "s" });
    }
    format!("{minutes} minute{} go by", if minutes == 1 { "" } else { "s" })
}

/// What a move led to.
#[derive(Debug, Clone)]
pub struct Step {
    /// The state after it; `None` where nothing was granted or recorded.
    pub state: Option<State>,
    /// What was asked; `None` where time went by.
    pub asked: Option<Command>,
    /// What was answered; `None` where time went by.
    pub outcome: Option<Outcome>,
    /// What should never have happened.
    pub harms: Vec<Harm>,
}

/// Makes a move. `None` where it has nothing to ask here, or was made twice in this minute already: a third time is not explored.
pub fn make(setting: &Setting, state: &State, number: u16, one: &Move) -> Option<Step> {
    let Kind::Ask(make) = &one.kind else {
        let mut next = state.clone();
        pass(&mut next, &one.kind);
        return Some(Step { state: Some(next), asked: None, outcome: None, harms: Vec::new() });
    };
    let (request, context) = ask(state, number, one, make(state)?)?;
    // Most that is asked is refused: only what is granted or recorded costs another state.
    let (next, outcome, harms) = match state.decide(setting, &request, &context) {
        Err(no) => (None, Outcome::No(no), Vec::new()),
        Ok(mut written) => {
            let mut next = state.clone();
            next.made(number);
            let harms = next.take_in(setting, &request, &context, &mut written);
            (Some(next), Outcome::Written(written), harms)
        }
    };
    Some(Step { state: next, asked: Some(request.command), outcome: Some(outcome), harms })
}

/// The same in place; what was asked and refused counts as made.
pub fn send(setting: &Setting, state: &mut State, number: u16, one: &Move) -> Option<(Option<Outcome>, Vec<Harm>)> {
    let Kind::Ask(make) = &one.kind else {
        pass(state, &one.kind);
        return Some((None, Vec::new()));
    };
    let (request, context) = ask(state, number, one, make(state)?)?;
    state.made(number);
    let (outcome, harms) = match state.decide(setting, &request, &context) {
        Err(no) => (Outcome::No(no), Vec::new()),
        Ok(mut written) => {
            let harms = state.take_in(setting, &request, &context, &mut written);
            (Outcome::Written(written), harms)
        }
    };
    Some((Some(outcome), harms))
}

/// Time goes by, or the clock is put back.
fn pass(state: &mut State, kind: &Kind) {
    match kind {
        Kind::Wait(minutes) => {
            state.now = later(state.now, *minutes);
            state.pass(*minutes);
        }
        Kind::Back(minutes) => state.now = later(state.now, -*minutes),
        Kind::Ask(_) => {}
    }
}

fn ask(state: &State, number: u16, one: &Move, command: Command) -> Option<(Request, Context)> {
    let act = state.act(number)?;
    let at = (one.ago != 0).then(|| later(state.now, -one.ago));
    let context = context(state, one, &command, act.clone().into());
    Some((Request { id: act, at, reason: one.reason.clone(), sent: None, command }, context))
}

fn context(state: &State, one: &Move, command: &Command, act: terms::ActId) -> Context {
    let person = |staff: &StaffId| Person::Staff(staff.clone());
    let picked = match command {
        Command::Authorise(Authorisation::ReleaseContainers { participant, session }) => {
            Some(pick(state, participant, *session, &one.service))
        }
        _ => None,
    };
    let draw = match command {
        Command::Authorise(Authorisation::Randomise { .. }) if state.trial.allocation.is_some() => {
            Some(match one.service {
                Service::Nothing => Draw::Exhausted,
                Service::Honest | Service::These(..) => {
                    Draw::Row { handle: format!("row{}", state.allocation.drawn.len() + 1) }
                }
            })
        }
        _ => None,
    };
    let census = match command {
        Command::Authorise(Authorisation::LockRecord {}) => Some(census(state)),
        Command::Fact(Fact::WithdrawCertificate { site: Some(site), .. } | Fact::DeclareRelation { site, .. }) => {
            Some(rooms(state, site))
        }
        _ => None,
    };
    Context {
        now: state.now,
        actor: Proof { person: one.by.as_ref().map_or(Person::Program, person), at: state.now, signed: one.signed },
        second: one.second.as_ref().map(|second| Proof {
            person: person(&second.staff),
            at: later(state.now, -second.ago),
            signed: one.signed,
        }),
        act,
        program: "proof".to_owned(),
        draw,
        picked,
        pseudonym: None,
        census,
    }
}

/// What the sealed service would name. Every container holds the same here: contents are none of the rules' business.
fn pick(state: &State, participant: &ParticipantId, session: u8, service: &Service) -> Picked {
    if let Service::These(initial, supplement) = service {
        return Picked::Containers { initial: initial.clone(), supplement: supplement.clone() };
    }
    let person = state.people.get(participant);
    let order = person.and_then(|person| person.sessions.get(&session)).and_then(|session| session.order.as_ref());
    let stock = person.and_then(|person| state.stocks.get(&person.site));
    let (Some(order), Some(stock), Service::Honest) = (order, stock, service) else { return Picked::None };
    let first = |part: DosePart| {
        let all = stock.containers.iter();
        let mut fit = all.filter(|(_, container)| {
            container.part == part
                && container.level == order.level
                && container.standing == ContainerStanding::Available
        });
        fit.next().map(|(id, _)| id.clone())
    };
    let supplement = if order.supplement_pieces > 0 { first(DosePart::Supplement) } else { None };
    match (first(DosePart::Initial), supplement) {
        (Some(_), None) if order.supplement_pieces > 0 => Picked::None,
        (Some(initial), supplement) => Picked::Containers { initial, supplement },
        (None, _) => Picked::None,
    }
}

/// Who was there at each dose of a site, as the door would find it.
fn rooms(state: &State, site: &SiteId) -> Census {
    let mut rooms = Vec::new();
    for (id, person) in state.people.iter().filter(|(_, person)| person.site == *site) {
        for (number, session) in &person.sessions {
            let Some(at) = session.dosed_at() else { continue };
            let there = session.presence.iter().filter(|s| s.from <= at && s.until.is_none_or(|until| at < until));
            let staff = there.map(|span| span.staff.clone()).collect();
            rooms.push(RoomFound { site: site.clone(), participant: id.clone(), session: *number, at, staff });
        }
    }
    Census { rooms, ..Census::default() }
}

fn census(state: &State) -> Census {
    let mut open = Vec::new();
    for (id, person) in &state.people {
        for (instance, task) in person.tasks.iter().filter(|(_, task)| task.done.is_none()) {
            open.push(OpenItem {
                participant: Some(id.clone()),
                kind: "task".to_owned(),
                item: instance.to_string(),
                text: task.raised.title.clone(),
            });
        }
    }
    Census { open, ..Census::default() }
}

/// A moment some minutes later.
pub fn later(at: Timestamp, minutes: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_mins(minutes)).unwrap_or(at)
}
