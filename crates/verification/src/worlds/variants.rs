//! Places that the study as it stands never comes to, and that a change of one number or the hour of the day does: worlds of a variant.

use super::{dose::ready, supplement::dosed};
use crate::{
    moves::Move,
    search::World,
    stage::{Builder, FIRST, Stage, Why, day},
    state::Off,
};
use conduct::{Authorisation, Command, Entry, StreamId, command::DosePart};
use protocol::model::Study;
use std::sync::Arc;
use terms::Milligrams;

/// The stage of a study that differs in something.
fn varied(stage: &Stage, change: impl FnOnce(&mut Study)) -> Result<Stage, Why> {
    let mut study = (*stage.study).clone();
    change(&mut study);
    Stage::new(Arc::new(study), None, Off::nothing())
}

/// The most in one session lies below the level that is planned: its files would not be read, but an amendment might bring it about.
pub(super) fn too_much(stage: &Stage) -> Result<World, Why> {
    let level = stage.level_of(1)?;
    let stage = &varied(stage, |study| {
        let most = study.level(level.as_str()).map(|level| level.initial_mg);
        study.dose.session_max_mg = most.unwrap_or(Milligrams::ZERO);
    })?;
    let mut builder = Builder::open(stage)?;
    let person = builder.participant(FIRST)?;
    builder.stocked(&stage.site, "K", 1);
    builder.booked(&person, 1)?;
    let moves = vec![stage.order(&person, 1, None)?, stage.withdraw_order(&person, 1), Move::wait(5)];
    Ok(World {
        name: "too much ordered",
        about: "the planned level is more than the session's most",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 2,
    })
}

/// The supplement would bring the session over its most.
pub(super) fn over(stage: &Stage) -> Result<World, Why> {
    let opens = stage.study.dose.supplement.as_ref().map(|plan| i64::from(plan.opens_minutes));
    let opens = opens.ok_or("the study has no supplement")?;
    let (mut builder, person) = dosed(stage, opens + 5)?;
    builder.must(&stage.reading(&person, 1, &[]))?;
    let staff = &stage.staff;
    let moves =
        vec![stage.open(&person, 1, &staff.lead, true).with(&staff.co), stage.reading(&person, 1, &[]), Move::wait(5)];
    let mut setting = builder.stage.setting.clone();
    let level = stage.level_of(1)?;
    let mut study = (*stage.study).clone();
    study.dose.session_max_mg = study.level(level.as_str()).map_or(Milligrams::ZERO, |level| level.initial_mg);
    // The version's name stays: it is its content that is another, as after an amendment in the middle of a session.
    setting.study = Arc::new(study);
    setting.studies.insert(setting.hash.clone(), Arc::clone(&setting.study));
    Ok(World {
        name: "supplement over the most",
        about: "the supplement's window is open, and it would bring the session over its most",
        setting,
        start: builder.state,
        moves,
        quick: 2,
    })
}

/// Half of the first dose was swallowed.
pub(super) fn half(stage: &Stage) -> Result<World, Why> {
    if stage.pieces(1, DosePart::Initial) < 2 {
        return Err("a first dose is one piece".to_owned());
    }
    let opens = stage.study.dose.supplement.as_ref().map(|plan| i64::from(plan.opens_minutes));
    let opens = opens.ok_or("the study has no supplement")?;
    let (mut builder, person) = ready(stage, 1)?;
    let staff = &stage.staff;
    builder.must(&stage.allow(&person, 1, &staff.lead).with(&staff.co))?;
    builder.must(&stage.swallow(&person, 1, DosePart::Initial, 1).with(&staff.co))?;
    builder.wait(opens + 5);
    builder.must(&stage.reading(&person, 1, &[]))?;
    let moves = vec![
        stage.open(&person, 1, &staff.lead, true).with(&staff.co),
        stage.swallow(&person, 1, DosePart::Initial, 1).with(&staff.co),
        stage.swallow(&person, 1, DosePart::Supplement, 1).with(&staff.co),
        Move::wait(5),
    ];
    Ok(World {
        name: "half a dose",
        about: "a part of the first dose was swallowed, and the supplement's window is open",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 3,
    })
}

/// The timeline has a code for vomiting.
pub(super) fn vomiting(stage: &Stage) -> Result<World, Why> {
    let stage = &varied(stage, |study| {
        if !study.session.codes.iter().any(|code| code.code == "VOMIT") {
            let mut known = study.session.codes.iter().find(|code| code.unit.is_none()).cloned();
            if let Some(mut code) = known.take() {
                (code.code, code.label) = ("VOMIT".to_owned(), "Vomits".to_owned());
                code.means = Some(protocol::model::CodeMeaning::Vomited);
                study.session.codes.push(code);
            }
        }
    })?;
    let opens = stage.study.dose.supplement.as_ref().map(|plan| i64::from(plan.opens_minutes));
    let opens = opens.ok_or("the study has no supplement")?;
    let (mut builder, person) = dosed(stage, opens + 5)?;
    builder.must(&stage.reading(&person, 1, &[]))?;
    let staff = &stage.staff;
    let mut moves = vec![
        stage.open(&person, 1, &staff.lead, true).with(&staff.co),
        stage.swallow(&person, 1, DosePart::Supplement, 1).with(&staff.co),
        Move::wait(5),
    ];
    moves.extend(stage.note(&person, 1, "VOMIT"));
    moves.extend(stage.note(&person, 1, "VOMIT").map(|note| note.earlier(opens - 10)));
    Ok(World {
        name: "vomiting",
        about: "the supplement's window is open; the participant vomits, or it is told that they did",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 3,
    })
}

/// The plan has fewer sessions than were held: an amendment took one out.
pub(super) fn count(stage: &Stage) -> Result<World, Why> {
    let stage = &varied(stage, |study| {
        let (first, second) = (study.session(1).cloned(), study.session(2).cloned());
        if let (Some(first), Some(second)) = (first, second) {
            // The one session that is left has the visit of the first and the number of the second.
            study.dose.sessions = vec![protocol::model::DoseSession { number: 2, visit: first.visit, ..second }];
        }
    })?;
    stage.visit_of(2)?;
    let mut builder = Builder::open(stage)?;
    let person = builder.participant(FIRST)?;
    builder.stocked(&stage.site, "K", 2);
    let least = i64::from(stage.study.dose.interval_days_min) + 1;
    let today = builder.state.now;
    builder.state.now = crate::moves::later(today, -least * 24 * 60);
    let stream = StreamId::Participant(person.clone());
    builder.seed(
        &stream,
        Entry::DoseTaken {
            session: 1,
            part: DosePart::Initial,
            container: "K999".into(),
            amount: Milligrams::ZERO,
            pieces: 1,
            mouth_checked: true,
            authorised: true,
            supplement: None,
        },
    );
    builder.seed(&stream, Entry::SessionClosed { session: 1, unsigned: Vec::new() });
    builder.state.now = today;
    builder.booked(&person, 2)?;
    builder.ordered(&person, 2)?;
    builder.checked(&person, 2)?;
    builder.attended(&person, 2)?;
    builder.must(&stage.reading(&person, 2, &[]))?;
    builder.must(&stage.release(&person, 2))?;
    let staff = &stage.staff;
    let moves = vec![
        stage.allow(&person, 2, &staff.lead).with(&staff.co),
        stage.swallow(&person, 2, DosePart::Initial, 1).with(&staff.co),
        Move::wait(5),
    ];
    Ok(World {
        name: "one session too many",
        about: "as many sessions with a dose were held as the plan has, and all is ready for another",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 2,
    })
}

/// A session in the evening: it lasts into the next day, and a delegation does not.
pub(super) fn evening(stage: &Stage) -> Result<World, Why> {
    let mut builder = Builder::open(stage)?;
    builder.wait(12 * 60 + 30);
    let person = builder.participant(FIRST)?;
    builder.stocked(&stage.site, "K", 1);
    builder.booked(&person, 1)?;
    builder.ordered(&person, 1)?;
    builder.wait(30);
    builder.checked(&person, 1)?;
    builder.attended(&person, 1)?;
    builder.must(&stage.reading(&person, 1, &[]))?;
    builder.must(&stage.release(&person, 1))?;
    let staff = &stage.staff;
    let mut moves = vec![
        stage.allow(&person, 1, &staff.lead).with(&staff.co),
        stage.swallow(&person, 1, DosePart::Initial, 1).with(&staff.co),
        Move::wait(5),
    ];
    moves.extend(stage.end_delegation(&staff.co));
    let role = stage.role_of(&staff.co).cloned().ok_or("the co has no role")?;
    for until in [Some(day()), None] {
        let act = Authorisation::Delegate {
            site: stage.site.clone(),
            staff: staff.co.clone(),
            role: role.clone(),
            from: day(),
            until,
            covers: None,
        };
        let words = if until.is_some() { "delegates the co for today alone" } else { "delegates the co for good" };
        moves.push(Move::ask(&staff.investigator, words, Command::Authorise(act)));
    }
    Ok(World {
        name: "evening",
        about: "everything is ready for the first dose in the evening; the session will end tomorrow",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 3,
    })
}
