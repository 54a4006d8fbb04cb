//! The order and the release: the first session, the second after it, and one after a long pause.

use super::supplement::dosed;
use crate::{
    moves::{Move, Service},
    search::World,
    stage::{Builder, FIRST, Stage, Why},
};
use conduct::{
    Authorisation, Command, Entry, StreamId,
    command::{ContainerFact, Destination, DosePart, HoldOn, StopScope, VisitOutcome},
};
use protocol::model::VisitMode;
use terms::{LevelId, ParticipantId};

fn orders(stage: &Stage, person: &ParticipantId, session: u8) -> Vec<Move> {
    let mut moves: Vec<Move> = stage.order(person, session, None).into_iter().collect();
    if let Some(order) = moves.first().cloned() {
        let mut unsigned = order.clone();
        (unsigned.signed, unsigned.words) = (false, unsigned.words.replace(", signed", ", not signed"));
        let mut by_another = order;
        by_another.by = Some(stage.staff.lead.clone());
        by_another.words = by_another.words.replacen("prescriber", "lead", 1);
        moves.extend([unsigned, by_another]);
    }
    for level in stage.study.dose.levels.iter().map(|level| level.id.clone()).chain([LevelId::from("unheard-of")]) {
        moves.extend(stage.order(person, session, Some(&level)));
        let act = Authorisation::OrderDose {
            participant: person.clone(),
            session,
            level: level.clone(),
            level_reason: Some("better borne".to_owned()),
        };
        let words = format!("orders {level} for session {session} and says why");
        moves.push(Move::ask(&stage.staff.prescriber, &words, Command::Authorise(act)).signed());
    }
    moves
}

fn book(stage: &Stage, person: &ParticipantId, session: u8, days: i64) -> Result<Move, Why> {
    let (who, visit) = (person.clone(), stage.visit_of(session)?);
    let words = format!("books {visit} for {}", if days == 0 { "today".to_owned() } else { format!("in {days} days") });
    let reasoned = Move::made(&stage.staff.coordinator, &words, move |state| {
        Some(Command::Authorise(Authorisation::BookVisit {
            participant: who.clone(),
            visit: visit.clone(),
            starts: crate::moves::later(state.now, days * 24 * 60 + 30),
            mode: VisitMode::OnSite,
        }))
    });
    Ok(reasoned.because("as agreed"))
}

pub(super) fn first(stage: &Stage) -> Result<World, Why> {
    let mut builder = Builder::open(stage)?;
    let person = builder.participant(FIRST)?;
    builder.stocked(&stage.site, "K", 1);
    builder.booked(&person, 1)?;
    let mut moves = orders(stage, &person, 1);
    moves.extend(stage.order(&person, 2, None));
    let act = Authorisation::OrderDose {
        participant: person.clone(),
        session: 9,
        level: stage.level_of(1)?,
        level_reason: None,
    };
    moves.push(Move::ask(&stage.staff.prescriber, "orders for a session 9", Command::Authorise(act)).signed());
    let visit = stage.visit_of(1)?;
    moves.extend([
        stage.withdraw_order(&person, 1),
        stage.release(&person, 1),
        stage.stop_session(&person, 1),
        stage.hold(HoldOn::Participant { participant: person.clone() }),
        stage.lift(&person).because("judged"),
        stage.visit(&person, &visit, VisitOutcome::Missed { reason: "ill".to_owned() }, "records as missed"),
        Move::wait(24 * 60),
        stage.swallow_from(&person, 1, DosePart::Initial, &"K00A".into()),
    ]);
    moves.extend(stage.stop(&person, StopScope::Treatment));
    moves.extend(stage.stop(&person, StopScope::Consent));
    Ok(World {
        name: "order",
        about: "confirmed, assigned and booked for the first session today; nothing is ordered",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 2,
    })
}

/// The first session is over and closed.
fn after_one<'s>(stage: &'s Stage) -> Result<(Builder<'s>, ParticipantId), Why> {
    stage.visit_of(2)?;
    let (mut builder, person) = dosed(stage, 60)?;
    let stream = StreamId::Participant(person.clone());
    for part in [DosePart::Initial, DosePart::Supplement] {
        let one = if part == DosePart::Initial {
            stage.released_container(
                &person,
                1,
                part,
                ContainerFact::CameBack { pieces: 0, seal: None },
                "came back empty",
            )
        } else if stage.study.dose.supplement.is_some() {
            stage.put_back(&person, 1, part)
        } else {
            continue;
        };
        builder.must(&one)?;
    }
    builder.seed(&stream, Entry::SupplementNotGiven { session: 1, code: "DECLINED_P".to_owned() });
    builder.seed(&stream, Entry::Discharged { session: 1 });
    builder.seed(
        &stream,
        Entry::Departed { session: 1, to: Destination::Home, escort: "named".to_owned(), allowed: true },
    );
    builder.seed(&stream, Entry::SessionClosed { session: 1, unsigned: Vec::new() });
    Ok((builder, person))
}

pub(super) fn second(stage: &Stage) -> Result<World, Why> {
    let (mut builder, person) = after_one(stage)?;
    let least = i64::from(stage.study.dose.interval_days_min);
    builder.wait((least - 2).max(1) * 24 * 60);
    let mut moves = orders(stage, &person, 2);
    moves.push(book(stage, &person, 2, 0)?);
    moves.push(book(stage, &person, 2, 1)?);
    moves.push(book(stage, &person, 2, 5)?);
    moves.extend([Move::wait(24 * 60), Move::wait(5 * 24 * 60)]);
    for before in stage.study.visit(stage.visit_of(2)?.as_str()).map(|visit| visit.after.clone()).unwrap_or_default() {
        moves.push(stage.visit(&person, &before, VisitOutcome::Completed { minutes: Some(120) }, "completes"));
        moves.push(stage.visit(
            &person,
            &before,
            VisitOutcome::Missed { reason: "ill".to_owned() },
            "records as missed",
        ));
    }
    moves.extend(stage.order(&person, 1, None));
    Ok(World {
        name: "second session",
        about: "the first session is closed, and the interval to the second is not over yet",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 3,
    })
}

/// A release and a dose that was ordered in time and comes after a long pause.
pub(super) fn pause(stage: &Stage) -> Result<World, Why> {
    let (mut builder, person) = after_one(stage)?;
    let most = i64::from(stage.study.dose.reconfirm_after_days);
    builder.wait(most * 24 * 60);
    builder.booked(&person, 2)?;
    builder.fill_in(&person)?;
    builder.ordered(&person, 2)?;
    builder.checked(&person, 2)?;
    builder.attended(&person, 2)?;
    builder.must(&stage.reading(&person, 2, &[]))?;
    // The same a day later, with everything done again: the order of yesterday stands, the confirmation does not.
    builder.wait(24 * 60);
    let stream = StreamId::Participant(person.clone());
    let today = builder.state.now.to_zoned(stage.zone.clone()).date();
    let starts = crate::moves::later(builder.state.now, 30);
    let visit = stage.visit_of(2)?;
    builder.seed(&stream, Entry::VisitBooked { visit, starts, day: today, mode: VisitMode::OnSite, moved_from: None });
    builder.fill_in(&person)?;
    builder.checked(&person, 2)?;
    builder.must(&stage.reading(&person, 2, &[]))?;
    builder.must(&stage.release(&person, 2))?;
    let mut moves = vec![
        stage.release(&person, 2),
        stage.allow(&person, 2, &stage.staff.lead).with(&stage.staff.co),
        stage.swallow(&person, 2, DosePart::Initial, stage.pieces(2, DosePart::Initial)).with(&stage.staff.co),
        Move::wait(24 * 60),
        Move::wait(2 * 24 * 60),
        stage.withdraw_order(&person, 2),
        stage.reading(&person, 2, &[]),
        book(stage, &person, 2, 0)?,
    ];
    moves.extend(stage.order(&person, 2, None));
    moves.extend(stage.checks(&person, 2, false));
    let confirm = Authorisation::ConfirmEnrolment { participant: person.clone() };
    let confirm = Move::ask(&stage.staff.investigator, "confirms enrolment again", Command::Authorise(confirm));
    moves.push(confirm.with(&stage.staff.monitor).signed());
    for (visit, form) in stage.answers.forms.keys() {
        if visit.is_none() {
            moves.push(stage.form(&person, form.as_str(), stage.who_fills(form.as_str())));
        }
    }
    Ok(World {
        name: "long pause",
        about: "everything is ready for the second session, a day after enrolment had to be confirmed again",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 2,
    })
}

pub(super) fn release(stage: &Stage) -> Result<World, Why> {
    let mut builder = Builder::open(stage)?;
    let person = builder.participant(FIRST)?;
    builder.stocked(&stage.site, "K", 2);
    if let Some(elsewhere) = &stage.elsewhere {
        builder.stocked(elsewhere, "E", 1);
    }
    builder.booked(&person, 1)?;
    builder.ordered(&person, 1)?;
    let staff = &stage.staff;
    let supplement =
        |id: &str| Some(terms::ContainerId::from(id)).filter(|_| stage.pieces(1, DosePart::Supplement) > 0);
    let other = |who: (&terms::StaffId, &terms::StaffId)| {
        let act = Authorisation::ReleaseContainers { participant: person.clone(), session: 1 };
        Move::ask(who.0, "takes the session's containers out of the safe", Command::Authorise(act)).with(who.1)
    };
    let alone = Move::ask(
        &staff.pharmacist,
        "takes the session's containers out of the safe",
        Command::Authorise(Authorisation::ReleaseContainers { participant: person.clone(), session: 1 }),
    );
    let mut moves = vec![
        stage.release(&person, 1),
        stage.release(&person, 1).service(Service::Nothing),
        stage.release(&person, 1).service(Service::These("K00A".into(), supplement("K00B"))),
        stage.release(&person, 1).service(Service::These("E00A".into(), supplement("E00B"))),
        stage.release(&person, 1).service(Service::These("K10A".into(), supplement("K10B"))),
        stage.release(&person, 1).service(Service::These("K00B".into(), supplement("K00A"))),
        alone.clone(),
        alone.clone().with(&staff.pharmacist),
        alone.clone().with_old(&staff.witness, 12),
        alone.with_old(&staff.witness, 40),
        other((&staff.pharmacist, &staff.monitor)),
        other((&staff.witness, &staff.pharmacist)),
        stage.put_back(&person, 1, DosePart::Initial),
        stage.put_back(&person, 1, DosePart::Supplement),
        stage.withdraw_order(&person, 1),
        stage.order(&person, 1, None)?,
        stage.stop_session(&person, 1),
        stage.container(&"K00A".into(), ContainerFact::Quarantined { reason: "a crack".to_owned() }, "is set aside"),
        stage.container(&"K00A".into(), ContainerFact::Recalled { reason: "lot".to_owned() }, "was called back"),
        stage.container(&"K00A".into(), ContainerFact::Missing, "is missing"),
        stage.lift(&person).because("found"),
        stage.swallow_from(&person, 1, DosePart::Initial, &"K00A".into()),
        Move::wait(10),
        Move::wait(24 * 60),
        Move::wait(240 * 24 * 60),
    ];
    moves.extend(stage.stop(&person, StopScope::Treatment));
    moves.extend(stage.stop(&person, StopScope::Consent));
    moves.push(stage.hold(HoldOn::Trial));
    moves.push(book(stage, &person, 1, 1)?);
    moves.push(book(stage, &person, 1, 0)?);
    Ok(World {
        name: "release",
        about: "ordered for today; the containers lie in the safe",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 2,
    })
}
