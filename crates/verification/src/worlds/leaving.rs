//! Leaving: hours after the dose, the criteria met or not, containers out or back.

use super::supplement::dosed;
use crate::{
    answers,
    moves::Move,
    search::World,
    stage::{Stage, Why, day},
};
use conduct::{
    Authorisation, Command, Fact,
    command::{ContainerFact, Destination, DosePart, Escort},
};
use terms::ParticipantId;

fn leaves(stage: &Stage, person: &ParticipantId, to: Destination, escort: Escort) -> Move {
    let words = match to {
        Destination::Home => {
            let with = match escort {
                Escort::Named => "the adult who was named",
                Escort::Other => "another adult",
                Escort::Staff => "somebody of the staff",
                Escort::Ambulance => "an ambulance",
                Escort::Nobody => "nobody",
            };
            format!("records that {person} goes home with {with}")
        }
        Destination::Overnight => format!("records that {person} stays the night"),
        Destination::Hospital => format!("records that {person} is brought to hospital"),
    };
    let fact = Fact::RecordDeparture { participant: person.clone(), session: 1, to, escort };
    Move::ask(&stage.staff.lead, &words, Command::Fact(fact))
}

fn discharge(stage: &Stage, person: &ParticipantId) -> Move {
    let act = Authorisation::Discharge { participant: person.clone(), session: 1 };
    Move::ask(&stage.staff.lead, "asks that the participant may leave", Command::Authorise(act))
}

fn close(stage: &Stage, person: &ParticipantId) -> Move {
    let act = Authorisation::CloseSession { participant: person.clone(), session: 1 };
    Move::ask(&stage.staff.lead, "closes the session's record", Command::Authorise(act))
}

fn emptied(stage: &Stage, person: &ParticipantId) -> Move {
    stage.released_container(
        person,
        1,
        DosePart::Initial,
        ContainerFact::CameBack { pieces: 0, seal: None },
        "came back empty",
    )
}

fn declined(stage: &Stage, person: &ParticipantId) -> Option<Move> {
    let code = stage.study.session.supplement_refusals.first()?;
    let fact = Fact::RecordSupplementNotGiven { participant: person.clone(), session: 1, code: code.code.clone() };
    Some(Move::ask(&stage.staff.lead, "records that the participant declined the supplement", Command::Fact(fact)))
}

/// The criteria of leaving, done by those who may.
fn criteria(stage: &Stage, person: &ParticipantId) -> Result<Vec<Move>, Why> {
    let mut moves = Vec::new();
    for check in &stage.study.session.discharge.criteria {
        if let Some(form) = &check.form {
            moves.push(stage.form(person, form.as_str(), stage.who_fills(form.as_str())));
        }
        moves.push(stage.check(person, 1, check)?);
    }
    Ok(moves)
}

pub(super) fn leaving(stage: &Stage) -> Result<World, Why> {
    let plan = &stage.study.session.discharge;
    let (mut builder, person) = dosed(stage, i64::from(plan.earliest_minutes) - 40)?;
    if let Some(declined) = declined(stage, &person).filter(|_| stage.study.dose.supplement.is_some()) {
        builder.must(&declined)?;
        builder.must(&stage.put_back(&person, 1, DosePart::Supplement))?;
    }
    builder.wait(39);
    let done = criteria(stage, &person)?;
    for one in &done {
        builder.must(one)?;
    }
    let staff = &stage.staff;
    let mut moves = vec![
        discharge(stage, &person).with(&staff.co),
        discharge(stage, &person),
        discharge(stage, &person).with(&staff.lead),
        Move::wait(1),
        Move::wait(70),
        Move::clock_back(30),
        stage.tasks_done(&person),
        stage.swallow(&person, 1, DosePart::Supplement, 1).with(&staff.co),
        emptied(stage, &person),
        leaves(stage, &person, Destination::Overnight, Escort::Nobody),
        leaves(stage, &person, Destination::Home, Escort::Named),
        leaves(stage, &person, Destination::Home, Escort::Nobody),
        leaves(stage, &person, Destination::Hospital, Escort::Named),
        close(stage, &person).signed().because("the co has gone home"),
    ];
    moves.extend(done);
    for check in &plan.criteria {
        if let Some(values) = answers::failing(check, &stage.answers, day()) {
            moves.push(stage.check_with(&person, 1, check, values, true));
        }
    }
    moves.extend(stage.alarm(&person));
    moves.extend(stage.comings(&person, 1, &[&staff.lead, &staff.co]));
    Ok(World {
        name: "leaving",
        about: "hours after the dose, a minute before leaving is allowed; the supplement was declined and lies in the safe",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 3,
    })
}

pub(super) fn closing(stage: &Stage) -> Result<World, Why> {
    let plan = &stage.study.session.discharge;
    let (mut builder, person) = dosed(stage, i64::from(plan.earliest_minutes) + 5)?;
    let with_supplement = stage.study.dose.supplement.is_some();
    let mut mends = vec![emptied(stage, &person)];
    mends.extend(declined(stage, &person).filter(|_| with_supplement));
    if with_supplement {
        mends.push(stage.put_back(&person, 1, DosePart::Supplement));
    }
    for one in criteria(stage, &person)? {
        builder.must(&one)?;
    }
    let staff = &stage.staff;
    let mut moves = vec![
        discharge(stage, &person).with(&staff.co),
        close(stage, &person).signed().because("the co has gone home"),
        close(stage, &person).because("the co has gone home"),
        leaves(stage, &person, Destination::Overnight, Escort::Nobody),
        leaves(stage, &person, Destination::Home, Escort::Named),
        stage.released_container(&person, 1, DosePart::Supplement, ContainerFact::Missing, "is missing"),
        Move::wait(600),
    ];
    moves.extend(mends);
    moves.push(stage.stop_session(&person, 1));
    Ok(World {
        name: "close",
        about: "hours after the dose, the criteria of leaving met, the containers still out and the supplement undecided",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 5,
    })
}

/// All but the signatures, and what may have been harm.
pub(super) fn signatures(stage: &Stage) -> Result<World, Why> {
    let plan = &stage.study.session.discharge;
    let (mut builder, person) = dosed(stage, i64::from(plan.earliest_minutes) + 5)?;
    let staff = &stage.staff;
    builder.must(&emptied(stage, &person))?;
    if let Some(declined) = declined(stage, &person).filter(|_| stage.study.dose.supplement.is_some()) {
        builder.must(&declined)?;
        builder.must(&stage.put_back(&person, 1, DosePart::Supplement))?;
    }
    for one in criteria(stage, &person)? {
        builder.must(&one)?;
    }
    builder.must(&discharge(stage, &person).with(&staff.co))?;
    builder.must(&leaves(stage, &person, Destination::Overnight, Escort::Nobody))?;
    builder.wait(600);
    builder.must(&leaves(stage, &person, Destination::Home, Escort::Named))?;
    let here = stage.study.session.presence.nurses_min >= 1 || stage.study.session.presence.carers_min >= 3;
    if here {
        builder.must(&stage.signs(&person, 1, &staff.nurse).signed())?;
    }
    let mut moves = vec![
        close(stage, &person).signed(),
        close(stage, &person),
        close(stage, &person).signed().because("the co has gone home"),
        stage.signs(&person, 1, &staff.co).signed(),
        stage.signs(&person, 1, &staff.co),
        stage.signs(&person, 1, &staff.lead).signed(),
        stage.judges_harm(&person),
        stage.judges_harm(&person).signed(),
        Move::wait(60),
    ];
    let harm = stage.study.session.codes.iter().find(|code| code.may_be_harm && code.unit.is_none());
    let note = harm.and_then(|code| stage.note(&person, 1, &code.code));
    moves.extend(note.map(|note| note.earlier(650)));
    Ok(World {
        name: "signatures",
        about: "the participant has gone home after the night, and all is settled but the signatures",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 3,
    })
}
