//! The supplement: the first dose was swallowed as allowed, and the window is near.

use super::dose::ready;
use crate::{
    moves::Move,
    search::World,
    stage::{Builder, Stage, Why},
};
use conduct::{
    Command, Fact,
    command::{ContainerFact, DosePart, Going, HoldOn, StopScope},
};
use terms::{Decimal, ParticipantId};

/// The first dose was swallowed some minutes ago.
pub(super) fn dosed<'s>(stage: &'s Stage, minutes: i64) -> Result<(Builder<'s>, ParticipantId), Why> {
    let (mut builder, person) = ready(stage, 1)?;
    let staff = &stage.staff;
    builder.must(&stage.allow(&person, 1, &staff.lead).with(&staff.co))?;
    builder.must(&stage.swallow(&person, 1, DosePart::Initial, stage.pieces(1, DosePart::Initial)).with(&staff.co))?;
    builder.wait(minutes);
    Ok((builder, person))
}

fn opens(stage: &Stage) -> Result<i64, Why> {
    let plan = stage.study.dose.supplement.as_ref().ok_or("the study has no supplement")?;
    Ok(i64::from(plan.opens_minutes))
}

pub(super) fn supplement(stage: &Stage) -> Result<World, Why> {
    let opens = opens(stage)?;
    let (mut builder, person) = dosed(stage, opens + 5)?;
    builder.must(&stage.reading(&person, 1, &[]))?;
    let staff = &stage.staff;
    let one = stage.pieces(1, DosePart::Supplement);
    let mut moves = vec![
        stage.open(&person, 1, &staff.lead, true).with(&staff.co),
        stage.open(&person, 1, &staff.lead, false).with(&staff.co),
        stage.open(&person, 1, &staff.lead, true),
        stage.open(&person, 1, &staff.lead, true).with(&staff.lead),
        stage.open_with_reason(&person, 1),
        stage.swallow(&person, 1, DosePart::Supplement, one).with(&staff.co),
        stage.swallow(&person, 1, DosePart::Supplement, one),
        stage.reading(&person, 1, &[]),
        Move::wait(6),
        Move::wait(12),
        Move::wait(40),
        Move::clock_back(30),
        stage.severe_event(&person, 1, false),
        stage.severe_event(&person, 1, true),
        stage.stop_session(&person, 1),
        stage.withdraw_order(&person, 1),
        stage.hold(HoldOn::Participant { participant: person.clone() }),
        stage.lift(&person).because("judged"),
        stage.maoi(&person),
        stage.tasks_done(&person),
        stage.released_container(
            &person,
            1,
            DosePart::Supplement,
            ContainerFact::Recalled { reason: "lot".to_owned() },
            "was called back",
        ),
        stage.put_back(&person, 1, DosePart::Supplement),
    ];
    let codes = &stage.study.session.supplement_refusals;
    moves.extend(codes.first().map(|code| {
        let fact = Fact::RecordSupplementNotGiven { participant: person.clone(), session: 1, code: code.code.clone() };
        Move::ask(&staff.lead, "records that the participant declined the supplement", Command::Fact(fact))
    }));
    moves.extend(stage.alarm(&person));
    moves.extend(stage.stop(&person, StopScope::Consent));
    moves.extend(stage.stop(&person, StopScope::Treatment));
    moves.extend(stage.note(&person, 1, "VOMIT"));
    moves.extend(stage.note(&person, 1, "VOMIT").map(|note| note.earlier(opens - 10)));
    moves.extend(stage.comings(&person, 1, &[&staff.lead, &staff.co, &staff.nurse]));
    moves.extend(stage.corrections(&person).into_iter().take(6));
    Ok(World {
        name: "supplement",
        about: "the first dose was swallowed as allowed, the supplement's window is open and the vital signs are fresh",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 2,
    })
}

/// The dose was allowed; readings turn out to have been written down wrongly, before and after it is swallowed.
pub(super) fn misread(stage: &Stage) -> Result<World, Why> {
    let (mut builder, person) = ready(stage, 1)?;
    let staff = &stage.staff;
    builder.must(&stage.allow(&person, 1, &staff.lead).with(&staff.co))?;
    let (high, calm) = ([("systolic", 195), ("diastolic", 112)], [("systolic", 126), ("diastolic", 76)]);
    let whole = |values: [(&'static str, i64); 2]| values.map(|(id, value)| (id, Decimal::whole(value)));
    let mut moves = vec![
        stage.swallow(&person, 1, DosePart::Initial, stage.pieces(1, DosePart::Initial)).with(&staff.co),
        stage.allow(&person, 1, &staff.lead).with(&staff.co),
        stage.reading(&person, 1, &[]),
        stage.correct_reading(&person, 0, &whole(high)),
        stage.correct_reading(&person, 1, &whole(high)),
        stage.correct_reading(&person, 0, &whole(calm)),
        stage.agrees(&person, 1, None),
        Move::wait(10),
    ];
    if let Some(plan) = &stage.study.dose.supplement {
        moves.extend([
            Move::wait(i64::from(plan.opens_minutes) - 9),
            stage.open(&person, 1, &staff.lead, true).with(&staff.co),
            stage.swallow(&person, 1, DosePart::Supplement, stage.pieces(1, DosePart::Supplement)).with(&staff.co),
        ]);
    }
    Ok(World {
        name: "misread",
        about: "the first dose has been allowed; readings turn out to have been written down wrongly",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 5,
    })
}

/// Under the drug, people come and go, and tell it now or later.
pub(super) fn company(stage: &Stage) -> Result<World, Why> {
    let (mut builder, person) = dosed(stage, 30)?;
    builder.must(&stage.reading(&person, 1, &[]))?;
    let staff = &stage.staff;
    let mut moves = stage.comings(&person, 1, &[&staff.lead, &staff.co, &staff.nurse]);
    for (who, going) in [(&staff.lead, Going::Out), (&staff.co, Going::Out), (&staff.co, Going::In)] {
        moves.push(stage.presence(&person, 1, who, going).earlier(5));
    }
    moves.push(stage.presence(&person, 1, &staff.co, Going::Out).earlier(31));
    let handover = Fact::RecordHandover { participant: person.clone(), session: 1 };
    moves.push(Move::ask(&staff.co, "hands over", Command::Fact(handover)).with(&staff.nurse));
    moves.extend([Move::wait(3), Move::wait(20)]);
    Ok(World {
        name: "company",
        about: "half an hour after the first dose; people come and go, and tell it now or later",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 4,
    })
}

pub(super) fn limits(stage: &Stage) -> Result<World, Why> {
    let opens = opens(stage)?;
    let (builder, person) = dosed(stage, opens - 25)?;
    let staff = &stage.staff;
    let mut moves = vec![
        stage.open(&person, 1, &staff.lead, true).with(&staff.co),
        stage.open_with_reason(&person, 1),
        stage.swallow(&person, 1, DosePart::Supplement, stage.pieces(1, DosePart::Supplement)).with(&staff.co),
        stage.agrees(&person, 1, None),
        Move::wait(5),
        Move::wait(11),
        Move::wait(30),
        Move::wait(70),
        Move::wait(200),
    ];
    moves.extend(stage.readings(&person, 1));
    Ok(World {
        name: "limits of the supplement",
        about: "the first dose was swallowed as allowed, and the supplement's window opens in some minutes",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 3,
    })
}
