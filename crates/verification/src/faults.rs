//! Fault simulation: whole sessions by the hundred thousand, from the order to the close, with slips and mischief at every step,
//! judged by the same onlooker.
//!
//! Each session is drawn from the seed and its number alone, so that threads change nothing and one that went wrong can be run again.
//! At each step somebody may do it wrong first (another's container, one pair of hands twice, alone, without a signature, too late,
//! doubled, with the server away for minutes), and then rightly, as people do who are told "no".

use crate::{
    monitor::Harm,
    moves::{self, Move, Service},
    stage::{Builder, FIRST, SECOND, Stage, Why},
    state::{Off, Outcome, State},
};
use conduct::{
    Authorisation, Command, Fact, No,
    command::{ContainerFact, Destination, DosePart, Escort, Going, HoldOn},
};
use protocol::model::Study;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use terms::{Decimal, ParticipantId};

/// What a fault simulation counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Sessions.
    pub sessions: u64,
    /// Sessions in which a first dose was swallowed as allowed.
    pub dosed: u64,
    /// Sessions in which a supplement was swallowed as allowed.
    pub supplemented: u64,
    /// Sessions that were closed.
    pub closed: u64,
    /// Commands that were sent.
    pub commands: u64,
    /// Slips by kind.
    pub slips: BTreeMap<String, u64>,
    /// How often each interlock said no.
    pub caught: BTreeMap<String, u64>,
    /// How often each answer was written to what had happened.
    pub answered: BTreeMap<String, u64>,
    /// What got through, by property: must be empty.
    pub through: BTreeMap<String, u64>,
    /// The first session in which something got through, with what it was.
    pub first: Option<(u64, String)>,
}

impl Report {
    /// Harms that got through.
    pub fn got_through(&self) -> u64 {
        self.through.values().sum()
    }

    fn add(&mut self, other: &Self) {
        self.sessions += other.sessions;
        self.dosed += other.dosed;
        self.supplemented += other.supplemented;
        self.closed += other.closed;
        self.commands += other.commands;
        let sum = |mine: &mut BTreeMap<String, u64>, theirs: &BTreeMap<String, u64>| {
            theirs.iter().for_each(|(name, count)| *mine.entry(name.clone()).or_default() += count);
        };
        sum(&mut self.slips, &other.slips);
        sum(&mut self.caught, &other.caught);
        sum(&mut self.answered, &other.answered);
        sum(&mut self.through, &other.through);
        match (&self.first, &other.first) {
            (Some((mine, _)), Some((theirs, _))) if mine <= theirs => {}
            (_, Some(_)) => self.first.clone_from(&other.first),
            (_, None) => {}
        }
    }

    /// As people read it.
    pub fn told(&self) -> String {
        use std::fmt::Write;
        let mut text = String::new();
        let slips: u64 = self.slips.values().sum();
        let _ = writeln!(
            text,
            "{} sessions, {} commands; {} first doses and {} supplements swallowed as allowed, {} sessions closed",
            self.sessions, self.commands, self.dosed, self.supplemented, self.closed
        );
        let _ = writeln!(text, "{slips} slips and mischiefs; {} got through", self.got_through());
        for (title, counts) in [("slip", &self.slips), ("caught by", &self.caught), ("answered", &self.answered)] {
            let _ = writeln!(text, "\n{title:<34} times");
            let mut rows: Vec<_> = counts.iter().collect();
            rows.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
            rows.iter().for_each(|(name, count)| {
                let _ = writeln!(text, "{name:<34} {count}");
            });
        }
        for (property, count) in &self.through {
            let _ = writeln!(text, "GOT THROUGH {property}: {count}");
        }
        if let Some((session, what)) = &self.first {
            let _ = writeln!(text, "first in session {session}: {what}");
        }
        text
    }
}

/// Draws from a seed: a counter that is mixed (SplitMix64, Steele 2014).
#[derive(Debug, Clone)]
struct Dice(u64);

impl Dice {
    fn of(seed: u64, session: u64) -> Self {
        let mut dice = Self(seed ^ session.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        dice.roll();
        dice
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(most.max(1)).unwrap_or(1)).unwrap_or_default()
    }

    /// One in so many.
    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }
}

/// A step of the day, with ways of doing it wrong.
struct Part {
    right: Vec<Move>,
    wrong: Vec<(&'static str, Move)>,
    /// Minutes that it takes.
    minutes: i64,
    /// Sessions without it, of a hundred.
    left_out: usize,
}

/// The day as it should go, and what may go wrong at each step.
struct Script {
    start: State,
    parts: Vec<Part>,
    anywhere: Vec<(&'static str, Move)>,
}

/// Slips: one step in this many is done wrong first.
const SLIP: usize = 6;

/// Simulates whole sessions.
///
/// # Errors
/// When the study can't be set up.
pub fn simulate(
    study: &Arc<Study>,
    sessions: u64,
    seed: u64,
    threads: usize,
    heard: &(dyn Fn(u64) + Sync),
) -> Result<Report, Why> {
    let stage = Stage::new(Arc::clone(study), None, Off::nothing())?;
    let script = script(&stage)?;
    let next = AtomicU64::new(0);
    let reports: Vec<Report> = std::thread::scope(|scope| {
        let (stage, script, next) = (&stage, &script, &next);
        let work = move || {
            const AT_ONCE: u64 = 64;
            let mut report = Report::default();
            loop {
                let from = next.fetch_add(AT_ONCE, Ordering::Relaxed);
                if from >= sessions {
                    return report;
                }
                let until = (from + AT_ONCE).min(sessions);
                (from..until).for_each(|number| one(stage, script, seed, number, &mut report));
                heard(until - from);
            }
        };
        let others: Vec<_> = (1..threads.max(1)).map(|_| scope.spawn(work)).collect();
        let mine = work();
        std::iter::once(mine).chain(others.into_iter().filter_map(|thread| thread.join().ok())).collect()
    });
    let mut report = Report::default();
    reports.iter().for_each(|one| report.add(one));
    Ok(report)
}

fn one(stage: &Stage, script: &Script, seed: u64, number: u64, report: &mut Report) {
    let mut dice = Dice::of(seed, number);
    let mut state = script.start.clone();
    let mut acts = 0;
    report.sessions += 1;
    for part in &script.parts {
        if dice.below(100) < part.left_out {
            *report.slips.entry("a step left out".to_owned()).or_default() += 1;
            continue;
        }
        if !part.wrong.is_empty() && dice.one_in(SLIP) {
            let (kind, slip) = &part.wrong[dice.below(part.wrong.len())];
            *report.slips.entry((*kind).to_owned()).or_default() += 1;
            send(stage, slip, number, &mut acts, &mut state, report);
        }
        if dice.one_in(SLIP * 4) {
            let (kind, slip) = &script.anywhere[dice.below(script.anywhere.len())];
            *report.slips.entry((*kind).to_owned()).or_default() += 1;
            send(stage, slip, number, &mut acts, &mut state, report);
        }
        if dice.one_in(40) {
            *report.slips.entry("the server away for minutes".to_owned()).or_default() += 1;
            let away = 5 + i64::try_from(dice.below(90)).unwrap_or_default();
            state.now = moves::later(state.now, away);
            state.pass(away);
        }
        for right in &part.right {
            send(stage, right, number, &mut acts, &mut state, report);
            if dice.one_in(SLIP * 3) {
                *report.slips.entry("a command sent twice".to_owned()).or_default() += 1;
                send(stage, right, number, &mut acts, &mut state, report);
            }
        }
        state.now = moves::later(state.now, part.minutes);
        state.pass(part.minutes);
    }
    let session = state.people.get(FIRST).and_then(|person| person.sessions.get(&1));
    let lawful = |part: DosePart| {
        session
            .is_some_and(|session| session.swallowed.iter().any(|swallow| swallow.part == part && swallow.authorised))
    };
    report.dosed += u64::from(lawful(DosePart::Initial));
    report.supplemented += u64::from(lawful(DosePart::Supplement));
    report.closed += u64::from(session.is_some_and(|session| session.closed.is_some()));
}

fn send(stage: &Stage, one: &Move, session: u64, acts: &mut u16, state: &mut State, report: &mut Report) {
    *acts = acts.wrapping_add(1);
    let Some((outcome, harms)) = moves::send(&stage.setting, state, *acts, one) else { return };
    report.commands += 1;
    for Harm { property, what } in &harms {
        *report.through.entry(property.clone()).or_default() += 1;
        if report.first.as_ref().is_none_or(|(earlier, _)| session < *earlier) {
            report.first = Some((session, format!("{}: {what}", one.words)));
        }
    }
    let mut caught = |what: &str| *report.caught.entry(what.to_owned()).or_default() += 1;
    match &outcome {
        Some(Outcome::No(No::Refused(refusal))) => {
            let mut rules: Vec<&str> = refusal.broken.iter().map(|broken| broken.rule).collect();
            rules.dedup();
            rules.into_iter().for_each(caught);
        }
        Some(Outcome::No(No::NotYours { .. })) => caught("duty"),
        Some(Outcome::No(No::Unreadable(_))) => caught("unreadable"),
        Some(Outcome::No(No::Conflict { .. })) => caught("conflict"),
        Some(Outcome::Written(written)) => {
            for entry in written.iter().map(|one| &one.entry) {
                let word = match entry {
                    conduct::Entry::DeviationRecorded { trigger: Some(trigger), .. } => crate::monitor::word(*trigger),
                    conduct::Entry::HoldPlaced { .. } => "hold".to_owned(),
                    _ => continue,
                };
                *report.answered.entry(word).or_default() += 1;
            }
        }
        None => {}
    }
}

/// The booked morning, with a second participant in the next room.
fn script(stage: &Stage) -> Result<Script, Why> {
    let mut builder = Builder::open(stage)?;
    let person = builder.participant(FIRST)?;
    builder.stocked(&stage.site, "K", 3);
    builder.booked(&person, 1)?;
    let other = builder.participant(SECOND)?;
    builder.booked(&other, 1)?;
    builder.ordered(&other, 1)?;
    builder.checked(&other, 1)?;
    builder.must(&stage.release(&other, 1))?;
    let parts = parts(stage, &person)?;
    let theirs = state_container(&builder.state, &other);
    let staff = &stage.staff;
    let anywhere = vec![
        ("a doctor takes the order back", stage_withdraw(stage, &person)),
        ("another's container", from(stage, &person, DosePart::Initial, &theirs)),
        ("another's container", allow_from(stage, &person, &theirs)),
        ("one leaves the room", stage.presence(&person, 1, &staff.co, Going::Out)),
        ("one leaves the room", stage.presence(&person, 1, &staff.lead, Going::Out)),
        (
            "a hold is placed",
            Move::ask(
                &staff.monitor,
                "holds",
                Command::Fact(Fact::PlaceHold {
                    on: HoldOn::Participant { participant: person.clone() },
                    text: "a rash".to_owned(),
                }),
            ),
        ),
        (
            "a red reading",
            stage.reading(&person, 1, &[("systolic", Decimal::whole(195)), ("diastolic", Decimal::whole(112))]),
        ),
        ("a swallow that nobody allowed", from(stage, &person, DosePart::Supplement, &theirs)),
        (
            "a stranger at the safe",
            Move::ask(
                &staff.stranger,
                "takes",
                Command::Authorise(Authorisation::ReleaseContainers { participant: person.clone(), session: 1 }),
            ),
        ),
    ];
    Ok(Script { start: builder.state, parts, anywhere })
}

fn state_container(state: &State, person: &ParticipantId) -> terms::ContainerId {
    let session = state.people.get(person).and_then(|person| person.sessions.get(&1));
    session
        .and_then(|session| session.containers.as_ref())
        .map_or_else(|| "none".into(), |(initial, _, _)| initial.clone())
}

fn stage_withdraw(stage: &Stage, person: &ParticipantId) -> Move {
    let fact = Fact::WithdrawOrder { participant: person.clone(), session: 1 };
    Move::ask(&stage.staff.prescriber, "takes the order back", Command::Fact(fact))
}

fn from(stage: &Stage, person: &ParticipantId, part: DosePart, container: &terms::ContainerId) -> Move {
    let fact = Fact::RecordSwallow {
        participant: person.clone(),
        session: 1,
        part,
        container: container.clone(),
        pieces: 1,
        mouth_checked: true,
        seen: None,
    };
    Move::ask(&stage.staff.lead, "records a swallow", Command::Fact(fact)).with(&stage.staff.co)
}

fn allow_from(stage: &Stage, person: &ParticipantId, container: &terms::ContainerId) -> Move {
    let act = Authorisation::AuthoriseDose { participant: person.clone(), session: 1, container: container.clone() };
    Move::ask(&stage.staff.lead, "asks", Command::Authorise(act)).with(&stage.staff.co)
}

/// The day in its order.
#[allow(clippy::too_many_lines, reason = "the day in its order, a line a step")]
fn parts(stage: &Stage, person: &ParticipantId) -> Result<Vec<Part>, Why> {
    let staff = &stage.staff;
    let study = &stage.study;
    let part =
        |right: Vec<Move>, wrong: Vec<(&'static str, Move)>, minutes: i64| Part { right, wrong, minutes, left_out: 1 };
    let order = stage.order(person, 1, None)?;
    let mut unsigned = order.clone();
    unsigned.signed = false;
    let mut by_lead = order.clone();
    by_lead.by = Some(staff.lead.clone());
    let mut parts = vec![part(vec![order], vec![("not signed", unsigned), ("the wrong person", by_lead)], 30)];
    for check in &study.session.checks {
        let mut right = Vec::new();
        if let Some(form) = &check.form {
            right.push(stage.form(person, form.as_str(), stage.who_fills(form.as_str())));
        }
        right.push(stage.check(person, 1, check)?);
        let wrong = stage
            .check_fails(person, 1, check)
            .into_iter()
            .map(|wrong| ("a check fails, or the wrong person does it", wrong))
            .collect();
        parts.push(part(right, wrong, 1));
    }
    let plan = &study.session.presence;
    let mut here =
        vec![stage.presence(person, 1, &staff.lead, Going::In), stage.presence(person, 1, &staff.co, Going::In)];
    if plan.nurses_min > 0 {
        here.push(stage.presence(person, 1, &staff.nurse, Going::In));
    }
    let alone = stage.presence(person, 1, &staff.nurse, Going::In);
    parts.push(part(here, vec![("a nurse alone", alone)], 1));
    parts.push(part(vec![stage.reading(person, 1, &[])], Vec::new(), 1));
    let release = Command::Authorise(Authorisation::ReleaseContainers { participant: person.clone(), session: 1 });
    let takes = Move::ask(&staff.pharmacist, "takes the containers", release);
    let wrong = vec![
        ("alone", takes.clone()),
        ("one pair of hands twice", takes.clone().with(&staff.pharmacist)),
        ("an old proof", takes.clone().with_old(&staff.witness, 90)),
        (
            "a late command",
            takes.clone().with(&staff.witness).service(Service::These("K00A".into(), Some("K00B".into()))),
        ),
    ];
    parts.push(part(vec![takes.with(&staff.witness)], wrong, 5));
    let pieces = stage.pieces(1, DosePart::Initial);
    let allow = |by| stage.allow(person, 1, by);
    let wrong = vec![
        ("alone", allow(&staff.lead)),
        ("one pair of hands twice", allow(&staff.lead).with(&staff.lead)),
        ("the wrong person", allow(&staff.lead).with(&staff.pharmacist)),
        ("an old proof", allow(&staff.lead).with_old(&staff.co, 90)),
        ("swallowed before it was allowed", stage.swallow(person, 1, DosePart::Initial, pieces).with(&staff.co)),
    ];
    parts.push(part(vec![allow(&staff.lead).with(&staff.co)], wrong, 2));
    let swallow = |part, pieces| stage.swallow(person, 1, part, pieces);
    let wrong = vec![
        ("nobody watches", swallow(DosePart::Initial, pieces)),
        ("too many pieces", swallow(DosePart::Initial, pieces + 1).with(&staff.co)),
        ("the supplement instead", swallow(DosePart::Supplement, 1).with(&staff.co)),
    ];
    let opens = study.dose.supplement.as_ref().map_or(60, |plan| i64::from(plan.opens_minutes));
    parts.push(part(vec![swallow(DosePart::Initial, pieces).with(&staff.co)], wrong, opens - 20));
    if let Some(plan) = &study.dose.supplement {
        parts.push(part(
            vec![stage.reading(person, 1, &[])],
            stage.readings(person, 1).into_iter().skip(1).map(|wrong| ("a limit breached", wrong)).collect(),
            15,
        ));
        let early = vec![("too early", stage.open(person, 1, &staff.lead, true).with(&staff.co))];
        parts.push(part(vec![stage.reading(person, 1, &[])], early, 7));
        let open = |by| stage.open(person, 1, by, true);
        let wrong = vec![
            ("alone", open(&staff.lead)),
            ("one pair of hands twice", open(&staff.co).with(&staff.co)),
            ("against the participant's wish", stage.open(person, 1, &staff.lead, false).with(&staff.co)),
            ("swallowed before it was allowed", swallow(DosePart::Supplement, 1).with(&staff.co)),
        ];
        let mut opened = part(vec![open(&staff.lead).with(&staff.co)], wrong, 2);
        opened.left_out = 20;
        parts.push(opened);
        let wrong = vec![
            ("nobody watches", swallow(DosePart::Supplement, 1)),
            ("the first dose again", swallow(DosePart::Initial, pieces).with(&staff.co)),
        ];
        let mut taken =
            part(vec![swallow(DosePart::Supplement, stage.pieces(1, DosePart::Supplement)).with(&staff.co)], wrong, 10);
        taken.left_out = 20;
        parts.push(taken);
        let too_late = vec![("too late", open(&staff.lead).with(&staff.co))];
        parts.push(part(vec![stage.reading(person, 1, &[])], too_late, i64::from(plan.closes_minutes)));
    }
    // Asked once more after an hour, where it was too early at first.
    let who = person.clone();
    let leave = Move::made(&staff.lead, "asks for leave", move |state| {
        let session = state.people.get(&who)?.sessions.get(&1)?;
        let act = Authorisation::Discharge { participant: who.clone(), session: 1 };
        session.discharged.is_none().then_some(Command::Authorise(act))
    });
    let home = |escort: Escort| {
        let fact = Fact::RecordDeparture { participant: person.clone(), session: 1, to: Destination::Home, escort };
        Move::ask(&staff.lead, "goes home", Command::Fact(fact))
    };
    parts.push(part(
        Vec::new(),
        vec![("leave asked for too early", leave.clone().with(&staff.co)), ("left too early", home(Escort::Named))],
        i64::from(study.session.discharge.earliest_minutes),
    ));
    let mut criteria = Vec::new();
    for check in &study.session.discharge.criteria {
        if let Some(form) = &check.form {
            criteria.push(stage.form(person, form.as_str(), stage.who_fills(form.as_str())));
        }
        criteria.push(stage.check(person, 1, check)?);
    }
    parts.extend(criteria.iter().map(|one| part(vec![one.clone()], Vec::new(), 1)));
    let emptied = |part| {
        stage.released_container(person, 1, part, ContainerFact::CameBack { pieces: 0, seal: None }, "came back")
    };
    let mut back = vec![emptied(DosePart::Initial)];
    if study.dose.supplement.is_some() {
        back.extend([emptied(DosePart::Supplement), stage.put_back(person, 1, DosePart::Supplement)]);
        if let Some(code) = study.session.supplement_refusals.first() {
            let fact =
                Fact::RecordSupplementNotGiven { participant: person.clone(), session: 1, code: code.code.clone() };
            back.push(Move::ask(&staff.lead, "declined", Command::Fact(fact)));
        }
    }
    let miscounted = stage.released_container(
        person,
        1,
        DosePart::Initial,
        ContainerFact::CameBack { pieces: 1, seal: None },
        "came back",
    );
    parts.push(part(back, vec![("pieces that do not add up", miscounted)], 1));
    parts.push(part(vec![leave.clone().with(&staff.co)], vec![("alone", leave.clone())], 70));
    criteria.push(leave.with(&staff.co));
    parts.push(part(criteria, Vec::new(), 5));
    let stays = Fact::RecordDeparture {
        participant: person.clone(),
        session: 1,
        to: Destination::Overnight,
        escort: Escort::Nobody,
    };
    parts.push(part(
        vec![Move::ask(&staff.lead, "stays", Command::Fact(stays))],
        vec![("goes home with nobody", home(Escort::Nobody))],
        600,
    ));
    parts.push(part(vec![home(Escort::Named)], Vec::new(), 10));
    // Who was there signs, and of what may have been harm it is said whether it was.
    let signs = |by: &terms::StaffId| stage.signs(person, 1, by);
    let mut signed: Vec<Move> = vec![signs(&staff.co).signed()];
    if plan.nurses_min > 0 {
        signed.push(signs(&staff.nurse).signed());
    }
    let judged = stage.judges_harm(person);
    parts.push(part(signed, vec![("not signed", signs(&staff.co))], 1));
    let mut judging = part(vec![judged.clone().signed(), judged.clone().signed()], vec![("not signed", judged)], 1);
    judging.right.extend(judging.right.clone());
    parts.push(judging);
    let close = Command::Authorise(Authorisation::CloseSession { participant: person.clone(), session: 1 });
    let close = Move::ask(&staff.lead, "closes", close);
    parts.push(part(vec![close.clone().signed()], vec![("not signed", close)], 1));
    Ok(parts)
}
