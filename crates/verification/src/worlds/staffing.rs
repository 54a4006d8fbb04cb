//! Delegations and roles, and the opening of a site.

use crate::{
    moves::Move,
    search::World,
    stage::{Builder, FIRST, Stage, Why, day},
};
use conduct::{Authorisation, Command, Entry, StreamId, command::HoldOn};
use jiff::civil::Date;
use protocol::model::RoleScope;
use terms::{RoleId, SiteId, StaffId};

fn delegate(
    stage: &Stage,
    by: &StaffId,
    who: &StaffId,
    role: &RoleId,
    term: (Date, Option<Date>),
    covers: Option<&StaffId>,
) -> Move {
    let words = format!(
        "delegates {role} to {who} from {}{}{}",
        term.0,
        term.1.map_or_else(String::new, |until| format!(" to {until}")),
        covers.map_or_else(String::new, |covered| format!(", covering for {covered}"))
    );
    let act = Authorisation::Delegate {
        site: stage.site.clone(),
        staff: who.clone(),
        role: role.clone(),
        from: term.0,
        until: term.1,
        covers: covers.cloned(),
    };
    Move::ask(by, &words, Command::Authorise(act))
}

pub(super) fn staffing(stage: &Stage) -> Result<World, Why> {
    let mut builder = Builder::open(stage)?;
    let person = builder.participant(FIRST)?;
    let staff = &stage.staff;
    let role = |who: &StaffId| stage.role_of(who).cloned().ok_or_else(|| format!("{who} has no role"));
    let (co, leads, prescribes) = (role(&staff.co)?, role(&staff.investigator)?, role(&staff.prescriber)?);
    let (today, tomorrow) = (day(), day().tomorrow().unwrap_or_else(|_| day()));
    let earlier = Date::constant(2026, 5, 1);
    let by = &staff.investigator;
    let mut moves = vec![
        delegate(stage, by, &staff.stranger, &co, (today, None), None),
        delegate(stage, by, &staff.stranger, &co, (earlier, None), None),
        delegate(stage, by, &staff.stranger, &co, (tomorrow, Some(today)), None),
        delegate(stage, by, &staff.co, &co, (tomorrow, None), None),
        delegate(stage, by, &staff.stranger, &leads, (today, None), None),
        delegate(stage, by, &staff.stranger, &RoleId::from("unheard-of"), (today, None), None),
        delegate(stage, by, &staff.stranger, &prescribes, (today, Some(tomorrow)), Some(&staff.prescriber)),
        delegate(stage, by, &staff.stranger, &prescribes, (today, None), Some(&staff.prescriber)),
        delegate(stage, by, &staff.stranger, &prescribes, (today, Some(tomorrow)), Some(&staff.lead)),
        delegate(stage, by, &staff.stranger, &prescribes, (today, Some(tomorrow)), Some(&staff.stranger)),
        delegate(stage, by, &staff.rater, &co, (today, None), None),
        stage.hold(HoldOn::Trial),
        stage.hold(HoldOn::Site { site: stage.site.clone() }),
        stage.lift(&person),
        stage.lift(&person).because("its ground is gone"),
        Move::wait(24 * 60),
    ];
    moves.extend(
        [&staff.co, &staff.prescriber, &staff.investigator].into_iter().filter_map(|who| stage.end_delegation(who)),
    );
    moves.extend([&staff.stranger, &staff.investigator].into_iter().filter_map(|who| stage.uncertify(who, false)));
    let gone = Authorisation::LiftHold { on: HoldOn::Trial, hold: "no-such-hold".into() };
    moves.push(
        Move::ask(&staff.monitor, "lifts a hold that does not stand", Command::Authorise(gone))
            .because("its ground is gone"),
    );
    for role in stage.study.roles.iter().filter(|role| role.scope != RoleScope::Own) {
        for who in [&staff.stranger, &staff.co, &staff.monitor, &staff.rater] {
            let act = Authorisation::GrantRole { staff: who.clone(), role: role.id.clone() };
            moves.push(Move::ask(
                &staff.admin,
                &format!("gives {} the role {} in the trial", who, role.id),
                Command::Authorise(act),
            ));
        }
    }
    Ok(World {
        name: "staffing",
        about: "a site with its staff; roles are given, ended and given again",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 2,
    })
}

/// The other site of the study before it was opened, with nobody delegated.
pub(super) fn opening(stage: &Stage) -> Result<World, Why> {
    let mut study = (*stage.study).clone();
    if let Some(first) = study.sites.first().cloned() {
        study.sites.push(protocol::model::Site { id: "S97".into(), ..first });
    }
    let stage = &Stage::new(std::sync::Arc::new(study), None, crate::state::Off::nothing())?;
    let mut builder = Builder::opened(stage, false)?;
    let site = stage.elsewhere.clone().unwrap_or_else(|| SiteId::from("S99"));
    let staff = &stage.staff;
    let admin = |words: &str, act: Authorisation| Move::ask(&staff.admin, words, Command::Authorise(act));
    let mut moves = vec![
        admin("opens the site again", Authorisation::OpenSite { site: site.clone() }),
        admin("opens a third site", Authorisation::OpenSite { site: "S97".into() }),
        admin("opens a site that the study does not have", Authorisation::OpenSite { site: "S98".into() }),
        admin("activates the site", Authorisation::ActivateSite { site: site.clone() }),
        admin("closes the site", Authorisation::CloseSite { site: site.clone() }),
        admin("caps the site at none", Authorisation::SetCap { site: stage.site.clone(), cap: Some(0) }),
        admin("caps the site at nine", Authorisation::SetCap { site: stage.site.clone(), cap: Some(9) }),
        admin("binds another sealed list", Authorisation::LoadAllocation { commitment: "a".repeat(64), rows: 1_000 }),
        admin(
            "binds a sealed list that is too short",
            Authorisation::LoadAllocation { commitment: "a".repeat(64), rows: 1 },
        ),
        admin("adopts the study again", Authorisation::AdoptStudy { study: stage.setting.hash.clone() }),
        admin("adopts a study that nobody has", Authorisation::AdoptStudy { study: "unheard-of".into() }),
    ];
    // Opened and not active: its people come one by one; all but the one who witnesses are there.
    if let Some(plan) = stage.study.site(site.as_str()) {
        builder.seed(
            &StreamId::Trial,
            Entry::SiteOpened {
                site: site.clone(),
                name: plan.name.clone(),
                country: plan.country.clone(),
                zone: plan.time_zone.clone(),
                cap: plan.cap,
            },
        );
    }
    let people = [&staff.investigator, &staff.prescriber, &staff.lead, &staff.co, &staff.nurse, &staff.pharmacist];
    for who in people {
        let Some(role) = stage.role_of(who) else { continue };
        let from = day();
        let entry = Entry::Delegated { staff: who.clone(), role: role.clone(), from, until: None, covers: None };
        builder.seed(&StreamId::Site(site.clone()), entry);
    }
    for who in people {
        let Some(role) = stage.role_of(who) else { continue };
        let fact = conduct::Fact::EndDelegation { site: Some(site.clone()), staff: who.clone(), role: role.clone() };
        moves.push(Move::ask(
            &staff.admin,
            &format!("ends the delegation of the {who} at the new site"),
            Command::Fact(fact),
        ));
    }
    builder.participant(FIRST)?;
    Ok(World {
        name: "a new site",
        about: "a second site is opened and staffed, and not active yet",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 2,
    })
}
