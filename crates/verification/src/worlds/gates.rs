//! The gates: screening, enrolment, confirmation, assignment, and screening again.

use crate::{
    answers::{self, Answers},
    moves::{Move, Service},
    search::World,
    stage::{Builder, FIRST, SECOND, Stage, Why, day},
};
use conduct::{
    Authorisation, Command, Entry, Fact, StreamId,
    command::{HoldOn, StopScope, VisitOutcome},
};
use std::collections::BTreeMap;
use terms::{ParticipantId, StaffId, VisitId};

fn consent(stage: &Stage, person: &ParticipantId, agreed: bool) -> Option<Move> {
    let version = stage.study.consent.versions.last()?;
    let fact = Fact::RecordConsent {
        participant: person.clone(),
        version: version.version.clone(),
        items: version.items.iter().map(|item| (item.id.clone(), agreed || !item.required)).collect(),
        answers: version.questions.iter().map(|question| (question.id.clone(), question.answer)).collect(),
        copy_given: true,
    };
    let words = if agreed { "takes consent" } else { "takes consent, and something needed is not agreed to" };
    Some(Move::ask(&stage.does(&[protocol::model::Duty::TakeConsent]), words, Command::Fact(fact)))
}

/// Everything that a gate's criteria read, filled in.
fn filled(builder: &mut Builder<'_>, person: &ParticipantId, answers: &Answers) -> Result<Vec<Move>, Why> {
    let mut moves = Vec::new();
    for ((visit, form), values) in &answers.forms {
        let by = builder.fills_in(form.as_str());
        let fact = Fact::RecordForm {
            participant: person.clone(),
            form: form.clone(),
            visit: visit.as_deref().map(VisitId::from),
            values: values.clone(),
            seen: None,
        };
        moves.push(Move::ask(&by, &format!("fills in {form}"), Command::Fact(fact)));
    }
    Ok(moves)
}

fn decides(stage: &Stage, words: &str, act: Authorisation) -> Vec<Move> {
    let one = |by: &StaffId| Move::ask(by, words, Command::Authorise(act.clone()));
    let staff = &stage.staff;
    vec![
        one(&staff.investigator).with(&staff.monitor).signed(),
        one(&staff.investigator).with(&staff.monitor),
        one(&staff.investigator).signed(),
        one(&staff.investigator).with(&staff.investigator).signed(),
    ]
}

fn settle(builder: &mut Builder<'_>, person: &ParticipantId, gate: u8) {
    let study = std::sync::Arc::clone(&builder.stage.study);
    let visits = study.gates.iter().find(|known| known.number == gate).map(|gate| gate.needs_visits.clone());
    let today = builder.state.now.to_zoned(builder.stage.zone.clone()).date();
    for visit in visits.unwrap_or_default() {
        let stream = StreamId::Participant(person.clone());
        builder.seed(&stream, Entry::VisitCompleted { visit, day: today, minutes: None });
    }
}

/// Forms of a gate corrected by one answer, and its other moves.
fn around(stage: &Stage, person: &ParticipantId, answers: &Answers) -> Vec<Move> {
    let mut with = stage.clone();
    with.answers = answers.clone();
    let mut moves = with.corrections(person);
    moves.extend(stage.medicines(person));
    moves.push(stage.strike_medicine(person));
    moves.extend([HoldOn::Trial, HoldOn::Site { site: stage.site.clone() }].map(|on| stage.hold(on)));
    moves.push(stage.lift(person).because("judged"));
    moves.extend(stage.stop(person, StopScope::Consent));
    moves.extend(stage.stop(person, StopScope::Treatment));
    moves.extend([Move::wait(24 * 60), Move::wait(40 * 24 * 60)]);
    let close = Authorisation::CloseSite { site: stage.site.clone() };
    moves.push(Move::ask(&stage.staff.admin, "closes the site to enrolment", Command::Authorise(close)));
    for cap in [0, 9] {
        let act = Authorisation::SetCap { site: stage.site.clone(), cap: Some(cap) };
        moves.push(Move::ask(&stage.staff.admin, &format!("caps the site at {cap}"), Command::Authorise(act)));
    }
    for gate in [1, 2] {
        let fact = Fact::RecordScreenFailure { participant: person.clone(), gate, reason: "as found".to_owned() };
        moves.push(Move::ask(
            &stage.staff.investigator,
            &format!("records a failure at gate {gate}"),
            Command::Fact(fact),
        ));
    }
    moves
}

pub(super) fn gate_one(stage: &Stage) -> Result<World, Why> {
    let answers = answers::find(&stage.study, &[1], day())?;
    let mut builder = Builder::open(stage)?;
    let person = ParticipantId::from(FIRST);
    builder.enquiry(&person);
    let forms = filled(&mut builder, &person, &answers)?;
    for form in &forms {
        builder.must(form)?;
    }
    settle(&mut builder, &person, 1);
    let mut moves =
        decides(stage, "decides the first gate: enrols", Authorisation::Enrol { participant: person.clone() });
    moves.extend(consent(stage, &person, true));
    moves.extend(consent(stage, &person, false));
    moves.extend(around(stage, &person, &answers));
    moves.extend(
        decides(
            stage,
            "decides the second gate: confirms",
            Authorisation::ConfirmEnrolment { participant: person.clone() },
        )
        .into_iter()
        .take(1),
    );
    let rescreen = Authorisation::Rescreen { participant: person.clone() };
    moves.push(Move::ask(&stage.staff.investigator, "starts screening again", Command::Authorise(rescreen)));
    let gate = stage.study.gates.iter().find(|gate| gate.number == 1);
    for visit in gate.map(|gate| gate.needs_visits.clone()).unwrap_or_default() {
        moves.push(stage.visit(
            &person,
            &visit,
            VisitOutcome::Missed { reason: "ill".to_owned() },
            "records as missed",
        ));
    }
    Ok(World {
        name: "gates",
        about: "screened, with every criterion met; consent is not on record yet",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 3,
    })
}

/// Consented as long ago as the first gate allows.
pub(super) fn late(stage: &Stage) -> Result<World, Why> {
    let gate = stage.study.gates.iter().find(|gate| gate.number == 1);
    let most = gate.and_then(|gate| gate.within_days_of_consent).ok_or("the first gate has no time")?;
    let answers = answers::find(&stage.study, &[1], day())?;
    let mut builder = Builder::open(stage)?;
    let person = ParticipantId::from(FIRST);
    let today = builder.state.now;
    builder.state.now = crate::moves::later(today, -i64::from(most) * 24 * 60);
    builder.enquiry(&person);
    let agreed = consent(stage, &person, true).ok_or("the study has no consent text")?;
    builder.state.now = crate::moves::later(today, -i64::from(most) * 24 * 60);
    // The staff of today took it: they are delegated from yesterday on, so it stands as an entry.
    if let Some(version) = stage.study.consent.versions.last() {
        let items = version.items.iter().map(|item| (item.id.clone(), true)).collect();
        let given = Entry::ConsentRecorded {
            instance: "consent".into(),
            version: version.version.clone(),
            text_sha256: version.text_sha256.clone(),
            items,
            quiz_score: u32::try_from(version.questions.len()).unwrap_or(u32::MAX),
            quiz_pass: version.pass_mark,
            copy_given: true,
            valid: true,
            why_not: None,
        };
        builder.seed(&StreamId::Participant(person.clone()), given);
    }
    builder.state.now = today;
    for form in filled(&mut builder, &person, &answers)? {
        builder.must(&form)?;
    }
    settle(&mut builder, &person, 1);
    let mut moves =
        decides(stage, "decides the first gate: enrols", Authorisation::Enrol { participant: person.clone() });
    moves.extend([agreed, Move::wait(60), Move::wait(24 * 60)]);
    Ok(World {
        name: "late gate",
        about: "screened, with every criterion met, on the last day of the first gate",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 2,
    })
}

/// Enrolled, with what the second gate reads.
fn enrolled<'s>(stage: &'s Stage) -> Result<(Builder<'s>, ParticipantId, Answers), Why> {
    let answers = answers::find(&stage.study, &[0, 1, 2], day())?;
    let mut builder = Builder::open(stage)?;
    let person = ParticipantId::from(FIRST);
    builder.enquiry(&person);
    let consent = consent(stage, &person, true).ok_or("the study has no consent text")?;
    builder.must(&consent)?;
    for form in filled(&mut builder, &person, &answers)? {
        builder.must(&form)?;
    }
    settle(&mut builder, &person, 1);
    let enrol = decides(stage, "enrols", Authorisation::Enrol { participant: person.clone() });
    builder.must(enrol.first().ok_or("nobody decides")?)?;
    Ok((builder, person, answers))
}

pub(super) fn gate_two(stage: &Stage) -> Result<World, Why> {
    let (mut builder, person, answers) = enrolled(stage)?;
    let mut moves = decides(
        stage,
        "decides the second gate: confirms",
        Authorisation::ConfirmEnrolment { participant: person.clone() },
    );
    moves.extend(around(stage, &person, &answers));
    let randomise = Authorisation::Randomise { participant: person.clone() };
    moves.push(Move::ask(&stage.staff.investigator, "assigns an arm", Command::Authorise(randomise)).signed());
    let rescreen = Authorisation::Rescreen { participant: person.clone() };
    moves.push(Move::ask(&stage.staff.investigator, "starts screening again", Command::Authorise(rescreen)));
    let gate = stage.study.gates.iter().find(|gate| gate.number == 2);
    for visit in gate.map(|gate| gate.needs_visits.clone()).unwrap_or_default() {
        moves.push(stage.visit(&person, &visit, VisitOutcome::Completed { minutes: Some(120) }, "completes"));
        moves.push(stage.visit(
            &person,
            &visit,
            VisitOutcome::Missed { reason: "ill".to_owned() },
            "records as missed",
        ));
    }
    builder.wait(1);
    Ok(World {
        name: "second gate",
        about: "enrolled, with every criterion met, before the visits of the second gate",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 3,
    })
}

pub(super) fn assignment(stage: &Stage) -> Result<World, Why> {
    let (mut builder, person, answers) = enrolled(stage)?;
    settle(&mut builder, &person, 2);
    let confirm = decides(stage, "confirms", Authorisation::ConfirmEnrolment { participant: person.clone() });
    builder.must(confirm.first().ok_or("nobody decides")?)?;
    // The study is full but for one place.
    let most = stage.study.design.participants_planned;
    for place in 1..most {
        let drawn = Entry::AllocationDrawn {
            handle: format!("earlier{place}"),
            stratum: stage.site.to_string(),
            participant: ParticipantId::from(format!("S-1{place:03}")),
        };
        builder.seed(&StreamId::Allocation, drawn);
    }
    let other = ParticipantId::from(SECOND);
    builder.enquiry(&other);
    let randomise = || {
        let act = Authorisation::Randomise { participant: person.clone() };
        Move::ask(&stage.staff.investigator, "assigns an arm", Command::Authorise(act))
    };
    let mut moves = vec![randomise().signed(), randomise(), randomise().signed().service(Service::Nothing)];
    moves.extend(around(stage, &person, &answers));
    moves.push(Move::wait(200 * 24 * 60));
    // Somebody else took the last place.
    let theirs = StreamId::Participant(other.clone());
    let study = &stage.study;
    if let Some(version) = study.consent.versions.last() {
        builder.seed(
            &theirs,
            Entry::ConsentRecorded {
                instance: "other".into(),
                version: version.version.clone(),
                text_sha256: version.text_sha256.clone(),
                items: BTreeMap::new(),
                quiz_score: 0,
                quiz_pass: 0,
                copy_given: true,
                valid: true,
                why_not: None,
            },
        );
    }
    builder.seed(&theirs, Entry::Enrolled { criteria: Vec::new() });
    builder.seed(&theirs, Entry::EnrolmentConfirmed { criteria: Vec::new(), expires: None });
    let act = Authorisation::Randomise { participant: other };
    moves.push(
        Move::ask(&stage.staff.investigator, "assigns an arm to somebody else", Command::Authorise(act)).signed(),
    );
    moves.extend(
        decides(stage, "confirms again", Authorisation::ConfirmEnrolment { participant: person.clone() })
            .into_iter()
            .take(1),
    );
    let complete = Authorisation::CompleteParticipation { participant: person.clone() };
    moves.push(Move::ask(&stage.staff.investigator, "closes the participant's record", Command::Authorise(complete)));
    Ok(World {
        name: "assignment",
        about: "two people are confirmed, and one place of the study is left",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 2,
    })
}

pub(super) fn again(stage: &Stage) -> Result<World, Why> {
    let mut builder = Builder::open(stage)?;
    let person = ParticipantId::from(FIRST);
    builder.enquiry(&person);
    let consent = consent(stage, &person, true).ok_or("the study has no consent text")?;
    builder.must(&consent)?;
    let rescreen = Authorisation::Rescreen { participant: person.clone() };
    let mut moves = vec![
        Move::ask(&stage.staff.investigator, "starts screening again", Command::Authorise(rescreen)),
        Move::wait(60),
    ];
    for gate in [1, 2] {
        let fact = Fact::RecordScreenFailure { participant: person.clone(), gate, reason: "as found".to_owned() };
        moves.push(Move::ask(
            &stage.staff.investigator,
            &format!("records a failure at gate {gate}"),
            Command::Fact(fact),
        ));
    }
    if let Some(elsewhere) = &stage.elsewhere {
        let act = Authorisation::TransferParticipant { participant: person.clone(), to: elsewhere.clone() };
        moves.push(Move::ask(
            &stage.staff.coordinator,
            "moves the participant to the other site",
            Command::Authorise(act),
        ));
    }
    moves.extend(stage.stop(&person, StopScope::Consent));
    Ok(World {
        name: "screened again",
        about: "in screening; failures, and as many new beginnings as the study allows",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 7,
    })
}
