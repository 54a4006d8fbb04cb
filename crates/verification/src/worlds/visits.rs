//! Appointments, ratings, and the last visit.

use super::supplement::dosed;
use crate::{
    moves::{self, Move},
    search::World,
    stage::{Builder, FIRST, Stage, Why},
};
use conduct::{
    Authorisation, Command, Entry, Fact, StreamId,
    command::{ContactOutcome, Destination, Disclosure, StopScope, VisitOutcome},
};
use protocol::model::{VisitKind, VisitMode};
use terms::{ParticipantId, VisitId};

fn book(stage: &Stage, person: &ParticipantId, visit: &VisitId, days: i64) -> Move {
    let (who, visit) = (person.clone(), visit.clone());
    Move::made(&stage.staff.coordinator, &format!("books {visit} in {days} days"), move |state| {
        Some(Command::Authorise(Authorisation::BookVisit {
            participant: who.clone(),
            visit: visit.clone(),
            starts: moves::later(state.now, days * 24 * 60 + 60),
            mode: VisitMode::OnSite,
        }))
    })
}

fn contact(stage: &Stage, person: &ParticipantId, outcome: ContactOutcome, words: &str) -> Move {
    let fact = Fact::RecordContact { participant: person.clone(), visit: None, outcome, route: None };
    Move::ask(&stage.staff.coordinator, words, Command::Fact(fact))
}

pub(super) fn appointments(stage: &Stage) -> Result<World, Why> {
    let mut builder = Builder::open(stage)?;
    let person = builder.participant(FIRST)?;
    let visit = stage.visit_of(1)?;
    let mut moves = vec![Move::wait(24 * 60), Move::wait(15 * 24 * 60)];
    let mut named: Vec<VisitId> = vec![visit.clone()];
    named.extend(stage.study.visit(visit.as_str()).map(|visit| visit.after.clone()).unwrap_or_default());
    named.extend(stage.visit_of(2).ok());
    named.extend(
        stage.study.visits.iter().find(|visit| visit.kind == VisitKind::EarlyTermination).map(|v| v.id.clone()),
    );
    for visit in &named {
        for days in [-1, 0, 8, 60] {
            moves.push(book(stage, &person, visit, days));
        }
        moves.push(book(stage, &person, visit, 8).because("it can't be otherwise"));
        moves.push(stage.visit(&person, visit, VisitOutcome::Completed { minutes: None }, "completes"));
        moves.push(stage.visit(&person, visit, VisitOutcome::Missed { reason: "ill".to_owned() }, "records as missed"));
        moves.push(stage.visit(&person, visit, VisitOutcome::NoShow, "records that nobody came to"));
    }
    moves.push(book(stage, &person, &visit, 4_000));
    moves.push(book(stage, &person, &VisitId::from("unheard-of"), 3));
    moves.push(contact(stage, &person, ContactOutcome::NoAnswer, "calls, and nobody answers"));
    moves.push(contact(stage, &person, ContactOutcome::Reached, "calls, and speaks to the person"));
    moves.extend(stage.stop(&person, StopScope::Treatment));
    moves.extend(stage.stop(&person, StopScope::LostToFollowUp));
    moves.extend(stage.stop(&person, StopScope::Consent));
    Ok(World {
        name: "appointments",
        about: "assigned, and nothing of the treatment has been held",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 2,
    })
}

pub(super) fn ratings(stage: &Stage) -> Result<World, Why> {
    let mut builder = Builder::open(stage)?;
    let person = builder.participant(FIRST)?;
    let staff = &stage.staff;
    let rated: Vec<VisitId> = stage
        .study
        .visits
        .iter()
        .filter(|visit| !conduct::participant::rating_forms_of(&stage.study, visit.id.as_str()).is_empty())
        .map(|visit| visit.id.clone())
        .collect();
    let visit = rated.first().cloned().ok_or("no visit of the study is rated by an independent rater")?;
    let ask = |visit: &VisitId| {
        let act = Authorisation::RequestRating { participant: person.clone(), visit: visit.clone() };
        Move::ask(&staff.coordinator, &format!("asks for a rating of {visit}"), Command::Authorise(act))
    };
    let take = |by: &terms::StaffId| {
        Move::made(by, "takes the rating", move |state| {
            Some(Command::Authorise(Authorisation::TakeRating { request: state.open_rating()? }))
        })
    };
    let study = std::sync::Arc::clone(&stage.study);
    let record = |disclosure: Disclosure, words: &str| {
        let study = std::sync::Arc::clone(&study);
        let forms: Vec<_> = crate::answers::find(&study, &[0, 1, 2], crate::stage::day())
            .map(|answers| answers.forms)
            .unwrap_or_default()
            .into_iter()
            .collect();
        Move::made(&staff.rater, words, move |state| {
            let request = state.open_rating()?;
            let rating = state.people.values().find_map(|person| person.ratings.get(&request))?;
            let form = rating.forms.first()?.clone();
            let values = forms.iter().find(|((_, known), _)| *known == form).map(|(_, values)| values.clone())?;
            Some(Command::Fact(Fact::RecordRating { request, form, values, disclosure }))
        })
    };
    let mut moves = vec![
        take(&staff.rater),
        take(&staff.rater).because("no other can be had"),
        record(Disclosure::Nothing, "rates"),
        record(Disclosure::ArmHint, "rates, and has learnt something of the arm"),
        stage.visit(&person, &visit, VisitOutcome::Missed { reason: "ill".to_owned() }, "records as missed"),
        Move::wait(60),
        Move::made(&staff.rater, "records that the rating did not take place", |state| {
            Some(Command::Fact(Fact::RecordRatingMissed {
                request: state.open_rating()?,
                text: "not reached".to_owned(),
            }))
        }),
    ];
    moves.extend(rated.iter().map(ask));
    moves.push(ask(&stage.visit_of(1)?));
    // A rater who was given a role at the site before anybody looked: the record may hold such.
    if let (Some(role), Some(rates)) = (stage.role_of(&staff.coordinator), stage.role_of(&staff.rater)) {
        let from = crate::stage::day();
        let mixed = terms::StaffId::from("mixed-rater");
        builder.seed(&StreamId::Trial, Entry::RoleGranted { staff: mixed.clone(), role: rates.clone() });
        builder.seed(
            &StreamId::Site(stage.site.clone()),
            Entry::Delegated { staff: mixed.clone(), role: role.clone(), from, until: None, covers: None },
        );
        moves.push(take(&mixed));
    }
    moves.extend(stage.stop(&person, StopScope::Consent));
    Ok(World {
        name: "ratings",
        about: "assigned; ratings are asked for, taken and made",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 4,
    })
}

/// One dose was given, treatment was stopped, and all that is left is settled but two visits.
pub(super) fn last(stage: &Stage) -> Result<World, Why> {
    let (mut builder, person) = dosed(stage, 60)?;
    let stream = StreamId::Participant(person.clone());
    builder.seed(
        &stream,
        Entry::Departed { session: 1, to: Destination::Home, escort: "named".to_owned(), allowed: true },
    );
    builder.seed(&stream, Entry::SessionClosed { session: 1, unsigned: Vec::new() });
    builder.wait(30 * 24 * 60);
    let today = builder.state.now.to_zoned(stage.zone.clone()).date();
    let visits: Vec<VisitId> = stage.study.visits.iter().map(|visit| visit.id.clone()).collect();
    for visit in visits.iter().take(visits.len().saturating_sub(3)) {
        builder.seed(&stream, Entry::VisitCompleted { visit: visit.clone(), day: today, minutes: None });
    }
    let complete = Authorisation::CompleteParticipation { participant: person.clone() };
    let mut moves = vec![
        Move::ask(&stage.staff.investigator, "closes the participant's record", Command::Authorise(complete)),
        stage.tasks_done(&person),
        stage.hold(conduct::command::HoldOn::Participant { participant: person.clone() }),
        Move::wait(24 * 60),
    ];
    for visit in visits.iter().skip(visits.len().saturating_sub(3)) {
        moves.push(stage.visit(&person, visit, VisitOutcome::Completed { minutes: None }, "completes"));
        moves.push(stage.visit(&person, visit, VisitOutcome::Missed { reason: "ill".to_owned() }, "records as missed"));
    }
    if let Some(elsewhere) = &stage.elsewhere {
        for to in [elsewhere.clone(), stage.site.clone()] {
            let act = Authorisation::TransferParticipant { participant: person.clone(), to: to.clone() };
            moves.push(Move::ask(
                &stage.staff.coordinator,
                &format!("moves the participant to {to}"),
                Command::Authorise(act),
            ));
        }
    }
    moves.extend(stage.alarm(&person));
    moves.extend(stage.stop(&person, StopScope::Treatment));
    moves.extend(stage.stop(&person, StopScope::Study));
    Ok(World {
        name: "the last visit",
        about: "one dose was given some weeks ago, and three visits of the plan are still open",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 5,
    })
}
