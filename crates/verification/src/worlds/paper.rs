//! Versions, moves, the opening of an allocation; the plan and the lock.

use crate::{
    moves::Move,
    search::World,
    stage::{Builder, FIRST, Stage, Why},
};
use conduct::{Authorisation, Command, Entry, Fact, StreamId, command::DosePart};

pub(super) fn versions(stage: &Stage) -> Result<World, Why> {
    let mut builder = Builder::open(stage)?;
    let person = builder.participant(FIRST)?;
    builder.stocked(&stage.site, "K", 1);
    builder.booked(&person, 1)?;
    builder.ordered(&person, 1)?;
    let staff = &stage.staff;
    let (old, new) = (stage.setting.hash.clone(), stage.amended.clone());
    let adopt = |hash: &terms::StudyHash, words: &str| {
        Move::ask(&staff.admin, words, Command::Authorise(Authorisation::AdoptStudy { study: hash.clone() }))
    };
    let to = |hash: &terms::StudyHash, words: &str| {
        let act = Authorisation::MoveVersion { participant: person.clone(), to: hash.clone() };
        Move::ask(&staff.coordinator, words, Command::Authorise(act))
    };
    let break_code = || {
        Move::ask(
            &staff.investigator,
            "opens the allocation",
            Command::Authorise(Authorisation::BreakCode { participant: person.clone() }),
        )
    };
    let mut moves = vec![
        adopt(&old, "adopts the version in force again"),
        to(&old, "moves the participant to the version that they are on"),
        break_code(),
        break_code().signed(),
        break_code().signed().because("needed"),
        break_code().signed().because("serotonin toxicity is suspected"),
        stage.put_back(&person, 1, DosePart::Initial),
        stage.put_back(&person, 1, DosePart::Supplement),
        stage.allow(&person, 1, &staff.lead).with(&staff.co),
        Move::ask(
            &staff.lead,
            "closes the session's record",
            Command::Authorise(Authorisation::CloseSession { participant: person.clone(), session: 1 }),
        )
        .signed(),
    ];
    if let Some(site) = &stage.elsewhere {
        for (to, words) in [
            (site.clone(), "moves the participant to the other site"),
            (stage.site.clone(), "moves the participant to where they are"),
        ] {
            let act = Authorisation::TransferParticipant { participant: person.clone(), to };
            moves.push(Move::ask(&staff.coordinator, words, Command::Authorise(act)));
        }
        moves.push(Move::ask(
            &staff.admin,
            "closes the other site",
            Command::Authorise(Authorisation::CloseSite { site: site.clone() }),
        ));
    }
    moves.push(adopt(&stage.unrelated, "adopts a version that amends nothing"));
    moves.push(to(&stage.unrelated, "moves the participant to a version that nobody adopted"));
    moves.push(stage.release(&person, 1));
    if let Some(new) = new {
        moves.push(adopt(&new, "adopts the amendment"));
        moves.push(to(&new, "moves the participant to the amendment"));
        let version = stage.setting.studies.get(&new).and_then(|study| study.consent.versions.last().cloned());
        if let Some(version) = version {
            let fact = Fact::RecordConsent {
                participant: person.clone(),
                version: version.version.clone(),
                items: version.items.iter().map(|item| (item.id.clone(), true)).collect(),
                answers: version.questions.iter().map(|question| (question.id.clone(), question.answer)).collect(),
                copy_given: true,
            };
            moves.push(Move::ask(&staff.coordinator, "takes consent on the amendment's text", Command::Fact(fact)));
        }
    }
    Ok(World {
        name: "versions",
        about: "ordered for today; versions are adopted, people moved, allocations opened",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 4,
    })
}

pub(super) fn lock(stage: &Stage) -> Result<World, Why> {
    let mut builder = Builder::open(stage)?;
    let person = builder.participant(FIRST)?;
    builder.stocked(&stage.site, "K", 1);
    builder.booked(&person, 1)?;
    builder.seed(
        &StreamId::Participant(person.clone()),
        Entry::NoteRecorded { instance: "n1".into(), text: "a note".to_owned() },
    );
    let staff = &stage.staff;
    let plan = stage.study.analysis.hash();
    let freeze = |plan: &str| {
        Move::ask(
            &staff.manager,
            "freezes the analysis plan",
            Command::Authorise(Authorisation::FreezePlan { plan: plan.to_owned() }),
        )
    };
    let lock = || Move::ask(&staff.manager, "locks the record", Command::Authorise(Authorisation::LockRecord {}));
    let unlock =
        || Move::ask(&staff.manager, "opens the locked record", Command::Authorise(Authorisation::UnlockRecord {}));
    let mut moves = vec![
        freeze(&plan).with(&staff.monitor),
        freeze(&plan).signed(),
        freeze(&plan).with(&staff.monitor).signed(),
        freeze("another").with(&staff.monitor).signed(),
        lock().with(&staff.monitor).signed(),
        lock().with(&staff.monitor),
        lock().signed(),
        lock().with(&staff.monitor).signed().because("lost for good"),
        unlock().with(&staff.monitor).signed(),
        unlock().with(&staff.monitor).signed().because("a form was found"),
        unlock().signed().because("a form was found"),
        stage.order(&person, 1, None)?,
        stage.tasks_done(&person),
        stage.swallow_from(&person, 1, DosePart::Initial, &"K00A".into()),
        Move::wait(60),
    ];
    moves.extend(stage.alarm(&person));
    let note = Fact::RecordNote { participant: person.clone(), text: "after".to_owned() };
    moves.push(Move::ask(&staff.coordinator, "writes a note", Command::Fact(note)));
    let enquiry = Authorisation::Randomise { participant: person.clone() };
    moves.push(Move::ask(&staff.investigator, "assigns an arm", Command::Authorise(enquiry)).signed());
    Ok(World {
        name: "lock",
        about: "a participant before the first session; the plan is frozen, the record locked and opened again",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 4,
    })
}
