//! Approvals that run out, and a site that was never activated: for studies that ask for approvals, and for every study.

use crate::{
    moves::Move,
    search::World,
    stage::{Builder, FIRST, Stage, Why, day},
};
use conduct::{
    Command, Entry, Fact, StreamId,
    command::{DosePart, HoldOn},
};
use protocol::model::ApprovalScope;

pub(super) fn running_out(stage: &Stage) -> Result<World, Why> {
    let mut builder = Builder::open(stage)?;
    let person = builder.participant(FIRST)?;
    builder.stocked(&stage.site, "K", 1);
    builder.booked(&person, 1)?;
    builder.ordered(&person, 1)?;
    builder.checked(&person, 1)?;
    builder.attended(&person, 1)?;
    builder.must(&stage.reading(&person, 1, &[]))?;
    // The site is opened anew and not activated; approvals are those of the study, none on record for a second participant.
    let site = stage.study.site(stage.site.as_str()).ok_or("the study has no site")?;
    builder.seed(
        &StreamId::Trial,
        Entry::SiteOpened {
            site: stage.site.clone(),
            name: site.name.clone(),
            country: site.country.clone(),
            zone: site.time_zone.clone(),
            cap: None,
        },
    );
    let activate = conduct::Authorisation::ActivateSite { site: stage.site.clone() };
    let close = conduct::Authorisation::CloseSite { site: stage.site.clone() };
    let mut moves = vec![
        Move::ask(&stage.staff.admin, "activates the site", Command::Authorise(activate)),
        Move::ask(&stage.staff.admin, "closes the site to enrolment", Command::Authorise(close)),
        stage.release(&person, 1),
        stage.allow(&person, 1, &stage.staff.lead).with(&stage.staff.co),
        stage.swallow(&person, 1, DosePart::Initial, stage.pieces(1, DosePart::Initial)).with(&stage.staff.co),
        stage.hold(HoldOn::Site { site: stage.site.clone() }),
        stage.end_delegation(&stage.staff.pharmacist).ok_or("nobody hands out")?,
        Move::wait(5),
        Move::wait(700 * 24 * 60),
    ];
    for rule in &stage.study.approvals {
        let fact = Fact::RecordApproval {
            approval: rule.id.clone(),
            scope: rule.per,
            site: stage.site.clone(),
            participant: (rule.per == ApprovalScope::Participant).then(|| person.clone()),
            number: "2".to_owned(),
            from: day(),
            until: day(),
        };
        let by = if rule.per == ApprovalScope::Site { &stage.staff.investigator } else { &stage.staff.prescriber };
        moves.push(Move::ask(by, &format!("records {} for today", rule.title), Command::Fact(fact)));
    }
    Ok(World {
        name: "approvals",
        about: "ordered and checked at a site that was opened and not yet activated",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 3,
    })
}
