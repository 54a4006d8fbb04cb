//! The dose: everything is ready, the containers are in the room, nothing has been allowed yet.

use crate::{
    moves::Move,
    search::World,
    stage::{Builder, FIRST, Stage, Why},
};
use conduct::{
    Authorisation, Command,
    command::{ContainerFact, DosePart, HoldOn, StopScope},
};
use terms::{Decimal, ParticipantId};

/// Everything ready for the first dose.
pub(super) fn ready<'s>(stage: &'s Stage, session: u8) -> Result<(Builder<'s>, ParticipantId), Why> {
    let mut builder = Builder::open(stage)?;
    let person = builder.participant(FIRST)?;
    builder.stocked(&stage.site, "K", 2);
    builder.booked(&person, session)?;
    builder.ordered(&person, session)?;
    builder.wait(30);
    builder.checked(&person, session)?;
    builder.attended(&person, session)?;
    builder.must(&stage.reading(&person, session, &[]))?;
    builder.must(&stage.release(&person, session))?;
    builder.wait(5);
    Ok((builder, person))
}

/// The dose asked for by those who may.
fn asked(stage: &Stage, person: &ParticipantId) -> Vec<Move> {
    vec![
        stage.allow(person, 1, &stage.staff.lead).with(&stage.staff.co),
        stage.swallow(person, 1, DosePart::Initial, stage.pieces(1, DosePart::Initial)).with(&stage.staff.co),
    ]
}

pub(super) fn dose(stage: &Stage) -> Result<World, Why> {
    let (builder, person) = ready(stage, 1)?;
    let mut moves = asked(stage, &person);
    moves.extend([Move::wait(10), Move::wait(31), Move::wait(61), Move::clock_back(30)]);
    moves.extend(stage.checks(&person, 1, true));
    moves.extend(stage.alarm(&person));
    moves.extend([
        stage.tasks_done(&person),
        stage.reading(&person, 1, &[]),
        stage.reading(&person, 1, &[("systolic", Decimal::whole(195)), ("diastolic", Decimal::whole(112))]),
    ]);
    moves.extend(stage.readings(&person, 1).into_iter().skip(1));
    moves.extend([
        stage.withdraw_order(&person, 1),
        stage.order(&person, 1, None)?,
        stage.release(&person, 1),
        stage.put_back(&person, 1, DosePart::Initial),
        stage.stop_session(&person, 1),
        stage.released_container(
            &person,
            1,
            DosePart::Initial,
            ContainerFact::Recalled { reason: "lot".to_owned() },
            "was called back",
        ),
        stage.released_container(
            &person,
            1,
            DosePart::Initial,
            ContainerFact::Damaged { reason: "dropped".to_owned() },
            "was damaged",
        ),
        stage.released_container(&person, 1, DosePart::Initial, ContainerFact::Missing, "is missing"),
        stage.released_container(
            &person,
            1,
            DosePart::Initial,
            ContainerFact::TemperatureExcursion { celsius: Decimal::whole(41) },
            "was too warm",
        ),
    ]);
    for check in stage.study.session.checks.iter().filter(|check| check.signed) {
        if let Some(values) = stage.answers.checks.get(check.id.as_str()) {
            let mut unsigned = stage.check_with(&person, 1, check, values.clone(), true);
            unsigned.signed = false;
            unsigned.words = unsigned.words.replace(", signed", ", not signed");
            moves.push(unsigned);
        }
    }
    Ok(World {
        name: "dose",
        about: "everything is ready for the first dose, and nothing has been allowed yet",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 2,
    })
}

pub(super) fn ground(stage: &Stage) -> Result<World, Why> {
    let (builder, person) = ready(stage, 1)?;
    let mut moves = asked(stage, &person);
    moves.extend([Move::wait(5), Move::wait(24 * 60)]);
    moves.extend(stage.medicines(&person));
    moves.push(stage.maoi(&person));
    moves.push(stage.strike_medicine(&person));
    moves.extend(stage.strike_form(&person));
    moves.extend(stage.corrections(&person));
    moves.extend(
        [HoldOn::Trial, HoldOn::Site { site: stage.site.clone() }, HoldOn::Participant { participant: person.clone() }]
            .map(|on| stage.hold(on)),
    );
    moves.push(stage.lift(&person).because("it went away"));
    moves.push(stage.lift(&person));
    moves.extend(stage.stop(&person, StopScope::Treatment));
    moves.extend(stage.stop(&person, StopScope::Consent));
    moves.push(stage.open(&person, 1, &stage.staff.lead, true).with(&stage.staff.co));
    Ok(World {
        name: "ground of the dose",
        about: "everything is ready for the first dose, and what it stands on is corrected, withdrawn or held",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 2,
    })
}

pub(super) fn people(stage: &Stage) -> Result<World, Why> {
    let (mut builder, person) = ready(stage, 1)?;
    builder.wait(1);
    let staff = &stage.staff;
    let mut moves = vec![
        stage.allow(&person, 1, &staff.lead).with(&staff.co),
        stage.allow(&person, 1, &staff.co).with(&staff.lead),
        stage.allow(&person, 1, &staff.prescriber).with(&staff.lead),
        stage.allow(&person, 1, &staff.lead),
        stage.allow(&person, 1, &staff.lead).with(&staff.lead),
        stage.allow(&person, 1, &staff.lead).with(&staff.stranger),
        stage.allow(&person, 1, &staff.lead).with(&staff.coordinator),
        stage.allow(&person, 1, &staff.lead).with_old(&staff.co, 12),
        stage.allow(&person, 1, &staff.lead).with_old(&staff.co, 25),
        stage.swallow(&person, 1, DosePart::Initial, stage.pieces(1, DosePart::Initial)).with(&staff.co),
        stage.swallow(&person, 1, DosePart::Initial, stage.pieces(1, DosePart::Initial)),
        Move::wait(3),
        Move::wait(20),
    ];
    moves.extend(stage.comings(&person, 1, &[&staff.lead, &staff.co, &staff.nurse, &staff.prescriber]));
    moves.extend([&staff.co, &staff.lead, &staff.prescriber].into_iter().filter_map(|who| stage.end_delegation(who)));
    if let Some(role) = stage.role_of(&staff.co).cloned() {
        let tomorrow = crate::stage::day();
        let act = Authorisation::Delegate {
            site: stage.site.clone(),
            staff: staff.co.clone(),
            role,
            from: tomorrow,
            until: Some(tomorrow),
            covers: None,
        };
        moves.push(Move::ask(&staff.investigator, "delegates the co for today alone", Command::Authorise(act)));
    }
    Ok(World {
        name: "people of the dose",
        about: "everything is ready for the first dose; people come, go, act alone, twice or with somebody who may not",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 3,
    })
}

/// Licences, certificates and relations of those who are there.
pub(super) fn certificates(stage: &Stage) -> Result<World, Why> {
    let (mut builder, person) = ready(stage, 1)?;
    builder.wait(1);
    let staff = &stage.staff;
    let mut moves = vec![
        stage.allow(&person, 1, &staff.lead).with(&staff.co),
        stage.allow(&person, 1, &staff.prescriber).with(&staff.lead),
        stage.swallow(&person, 1, DosePart::Initial, stage.pieces(1, DosePart::Initial)).with(&staff.co),
        stage.put_back(&person, 1, DosePart::Initial),
        stage.release(&person, 1),
        stage.withdraw_order(&person, 1),
        stage.order(&person, 1, None)?,
        Move::wait(3),
    ];
    moves.extend(stage.comings(&person, 1, &[&staff.lead, &staff.nurse]));
    moves.extend(stage.uncertify(&staff.lead, true));
    moves.extend(
        [&staff.lead, &staff.co, &staff.prescriber, &staff.pharmacist]
            .map(|who| stage.uncertify(who, false))
            .into_iter()
            .flatten(),
    );
    moves.extend(stage.relate(&staff.lead, &staff.co));
    Ok(World {
        name: "certificates of the dose",
        about: "everything is ready for the first dose; licences and certificates turn out not to hold, people to be related",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 3,
    })
}

pub(super) fn swallow(stage: &Stage) -> Result<World, Why> {
    let (mut builder, person) = ready(stage, 1)?;
    builder.must(&stage.allow(&person, 1, &stage.staff.lead).with(&stage.staff.co))?;
    builder.wait(1);
    let staff = &stage.staff;
    let all = stage.pieces(1, DosePart::Initial);
    let mut moves = vec![
        stage.swallow(&person, 1, DosePart::Initial, all).with(&staff.co),
        stage.swallow(&person, 1, DosePart::Initial, all),
        stage.swallow(&person, 1, DosePart::Initial, all + 1).with(&staff.co),
        stage.swallow(&person, 1, DosePart::Initial, 1).with(&staff.co),
        stage.swallow(&person, 1, DosePart::Initial, all).with(&staff.co).earlier(10),
        stage.swallow(&person, 1, DosePart::Supplement, 1).with(&staff.co),
        stage.swallow_from(&person, 1, DosePart::Initial, &"K10A".into()),
        stage.swallow_from(&person, 1, DosePart::Initial, &"K999".into()),
        stage.allow(&person, 1, &staff.lead).with(&staff.co),
        stage.withdraw_order(&person, 1),
        stage.stop_session(&person, 1),
        stage.hold(HoldOn::Participant { participant: person.clone() }),
        stage.lift(&person).because("judged"),
        stage.maoi(&person),
        stage.release(&person, 1),
        stage.put_back(&person, 1, DosePart::Initial),
        Move::wait(2),
        Move::wait(45),
    ];
    moves.extend(stage.stop(&person, StopScope::Consent));
    moves.extend(stage.note(&person, 1, "VOMIT"));
    moves.extend(stage.comings(&person, 1, &[&staff.lead, &staff.co]));
    for pieces in [0, 1, all] {
        let what = ContainerFact::CameBack { pieces, seal: None };
        moves.push(stage.released_container(
            &person,
            1,
            DosePart::Initial,
            what,
            &format!("came back with {pieces} pieces"),
        ));
    }
    Ok(World {
        name: "swallow",
        about: "the first dose has been allowed and waits to be swallowed",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 2,
    })
}
