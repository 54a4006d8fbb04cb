//! Roles in the trial and delegations at sites: the log from which every right is computed.
//!
//! Source: ICH E6(R3) 2.3.3; failures.md F-59, F-60; mission row M3 (a prescriber's cover).

use super::{certificates, opening::duties_of};
use crate::{
    case::{Case, Draft},
    decide::FactNo,
    entry::{Entry, Person},
    finding::{Broken, Finding, Rule, Unreadable},
};
use jiff::civil::Date;
use protocol::model::{Duty, Role, RoleScope};
use terms::{RoleId, SiteId, StaffId};

/// A role of the study.
pub const ROLE: Rule = Rule {
    id: "delegation.role",
    sentence: "The role is one of the study's, and is given where it acts: in the trial, or at a site",
    source: "The study's roles",
    binds: &["grant_role", "delegate"],
    broken: "The act is refused",
};
/// The days.
pub const TERM: Rule = Rule {
    id: "delegation.term",
    sentence: "A delegation begins today or later, and ends after it begins",
    source: "ICH E6(R3) 2.3.3: before the task is done; failures.md F-60",
    binds: &["delegate"],
    broken: "The act is refused: nobody is delegated backwards",
};
/// Not twice.
pub const OVERLAP: Rule = Rule {
    id: "delegation.overlap",
    sentence: "The person does not hold the role on those days already",
    source: "One line of the delegation log for one task and time",
    binds: &["grant_role", "delegate"],
    broken: "The act is refused",
};
/// A cover.
pub const COVER: Rule = Rule {
    id: "delegation.cover",
    sentence: "A cover stands in for another person who holds the same role, for a time that ends",
    source: "Mission row M3: a prescriber's cover is named, and for a time",
    binds: &["delegate"],
    broken: "The act is refused",
};
/// The one who leads the site.
pub const LEAD: Rule = Rule {
    id: "delegation.lead",
    sentence: "Who leads a site is named by the sponsor, not by themselves",
    source: "ICH E6(R3) 3.7: the sponsor selects investigators",
    binds: &["delegate"],
    broken: "The act is refused",
};
/// Raters stand apart.
pub const RATER: Rule = Rule {
    id: "delegation.rater_apart",
    sentence: "Who rates outcomes treats nobody, and who treats rates nobody",
    source: "protocol.md §10: central pool of blinded raters",
    binds: &["grant_role", "delegate"],
    broken: "Deviation rater_unblinded",
};

/// Duties of those who treat: they know what happened in sessions.
const TREATING: &[Duty] =
    &[Duty::Facilitate, Duty::LeadSession, Duty::Nurse, Duty::Prescribe, Duty::DispenseDrug, Duty::AttendNight];

/// A delegation as it is asked for.
#[derive(Debug)]
pub(super) struct Asked<'c> {
    pub staff: &'c StaffId,
    pub role: &'c RoleId,
    pub from: Date,
    pub until: Option<Date>,
    pub covers: Option<&'c StaffId>,
}

fn role(case: &Case<'_>, id: &RoleId, scope: RoleScope) -> Finding {
    let words = |scope: RoleScope| match scope {
        RoleScope::Site => "at a site",
        RoleScope::Trial => "in the whole trial",
        RoleScope::Own => "by participants for themselves",
    };
    let found = match case.study.role(id.as_str()) {
        Some(role) if role.scope == scope => return Finding::holds(&ROLE, role.title.clone()),
        Some(role) => format!("{} is held {}", role.title, words(role.scope)),
        None => format!("there is no role \"{id}\""),
    };
    let known: Vec<&str> = case.study.roles.iter().filter(|r| r.scope == scope).map(|r| r.id.as_str()).collect();
    Broken::new(&ROLE, found, format!("a role held {}", words(scope)), format!("choose one of {}", known.join(", ")))
        .into()
}

fn has_any(role: Option<&Role>, duties: &[Duty]) -> bool {
    role.is_some_and(|role| role.duties.iter().any(|duty| duties.contains(duty)))
}

/// A rater who treats, or a carer who rates, as far as this site and the trial know.
fn rater_apart(case: &Case<'_>, staff: &StaffId, id: &RoleId) -> Finding {
    let role = case.study.role(id.as_str());
    let held = duties_of(case, staff);
    let clash = (has_any(role, &[Duty::RateOutcomes]) && held.has_any(TREATING))
        || (has_any(role, TREATING) && held.has(Duty::RateOutcomes))
        || (has_any(role, TREATING) && has_any(role, &[Duty::RateOutcomes]));
    if !clash {
        return Finding::holds(&RATER, "apart");
    }
    Broken::new(
        &RATER,
        format!("{staff} would both treat and rate"),
        "one or the other",
        "choose somebody else, or end the other role first",
    )
    .into()
}

pub(super) fn ask_role(case: &Case<'_>, staff: &StaffId, id: &RoleId) -> Vec<Finding> {
    let held = case.world.trial.roles.get(staff).is_some_and(|roles| roles.contains(id));
    let overlap = if held {
        Broken::new(&OVERLAP, format!("{staff} holds it"), "not held yet", "nothing needs to be done").into()
    } else {
        Finding::holds(&OVERLAP, "not held yet")
    };
    let mut findings = vec![role(case, id, RoleScope::Trial), overlap, rater_apart(case, staff, id)];
    findings.extend(certificates::for_role(case, staff, id, case.day));
    findings
}

pub(super) fn grant_role(staff: &StaffId, role: &RoleId, draft: &mut Draft) {
    draft.trial(Entry::RoleGranted { staff: staff.clone(), role: role.clone() });
}

pub(super) fn ask(case: &Case<'_>, asked: &Asked<'_>) -> Vec<Finding> {
    let mut findings = vec![
        role(case, asked.role, RoleScope::Site),
        lead(case, asked),
        term(case, asked),
        overlap(case, asked),
        cover(case, asked),
        rater_apart(case, asked.staff, asked.role),
    ];
    findings.extend(certificates::for_role(case, asked.staff, asked.role, asked.from));
    findings
}

fn lead(case: &Case<'_>, asked: &Asked<'_>) -> Finding {
    let leads = has_any(case.study.role(asked.role.as_str()), &[Duty::LeadSite]);
    let by_sponsor = case.actor.duties.has(Duty::AdministerTrial);
    let first = case.world.site.is_none_or(|site| {
        !site.delegations.iter().any(|d| has_any(case.study.role(d.role.as_str()), &[Duty::LeadSite]))
    });
    let found = match (leads, first, by_sponsor) {
        (_, _, true) => return Finding::holds(&LEAD, "by the sponsor"),
        (true, _, false) => "a role that leads the site",
        (false, true, false) => "nobody leads the site yet",
        (false, false, false) => return Finding::holds(&LEAD, "by the investigator"),
    };
    Broken::new(&LEAD, found, "the sponsor's delegation", "ask the sponsor's administrator")
        .by(Duty::AdministerTrial)
        .into()
}

fn term(case: &Case<'_>, asked: &Asked<'_>) -> Finding {
    let found = if asked.from < case.day && case.actor.proof.person != Person::Program {
        format!("from {}, before today", asked.from)
    } else if asked.until.is_some_and(|until| until < asked.from) {
        format!("from {} to {}", asked.from, asked.until.unwrap_or(asked.from))
    } else {
        return Finding::holds(&TERM, format!("from {}", asked.from));
    };
    Broken::new(&TERM, found, format!("from {} on, and an end after it", case.day), "choose other days")
        .by(Duty::LeadSite)
        .into()
}

fn overlap(case: &Case<'_>, asked: &Asked<'_>) -> Finding {
    let last = asked.until.unwrap_or(Date::MAX);
    let clash = case.world.site.into_iter().flat_map(|site| &site.delegations).find(|d| {
        let until = d.until.unwrap_or(Date::MAX);
        d.staff == *asked.staff && d.role == *asked.role && d.from <= until && d.from <= last && asked.from <= until
    });
    clash.map_or_else(
        || Finding::holds(&OVERLAP, "not held yet"),
        |held| {
            let until = held.until.map_or_else(|| "open".to_owned(), |until| format!("until {until}"));
            Broken::new(
                &OVERLAP,
                format!("{} holds it from {}, {until}", held.staff, held.from),
                "other days",
                "end the delegation that stands, or begin after it",
            )
            .by(Duty::LeadSite)
            .into()
        },
    )
}

fn cover(case: &Case<'_>, asked: &Asked<'_>) -> Finding {
    let Some(covered) = asked.covers else { return Finding::holds(&COVER, "no cover") };
    let holds_it = case.world.site.is_some_and(|site| site.holds_role(covered, asked.role, asked.from));
    let found = if covered == asked.staff {
        "somebody covering for themselves".to_owned()
    } else if !holds_it {
        format!("{covered} does not hold the role on {}", asked.from)
    } else if asked.until.is_none() {
        "a cover without an end".to_owned()
    } else {
        return Finding::holds(&COVER, format!("for {covered}"));
    };
    Broken::new(
        &COVER,
        found,
        "a cover for another holder of the role, until a day",
        "name whom they cover for, and until when",
    )
    .by(Duty::LeadSite)
    .into()
}

pub(super) fn grant(site: &SiteId, asked: &Asked<'_>, draft: &mut Draft) {
    draft.site(
        site,
        Entry::Delegated {
            staff: asked.staff.clone(),
            role: asked.role.clone(),
            from: asked.from,
            until: asked.until,
            covers: asked.covers.cloned(),
        },
    );
}

/// A role or delegation ended: from today on it gives no right.
pub(super) fn end(
    case: &Case<'_>,
    site: Option<&SiteId>,
    staff: &StaffId,
    role: &RoleId,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    let held = match site {
        Some(_) => case.world.site.is_some_and(|site| {
            let lasting = |until: Option<Date>| until.is_none_or(|until| until >= case.day);
            site.delegations.iter().any(|d| d.staff == *staff && d.role == *role && lasting(d.until))
        }),
        None => case.world.trial.roles.get(staff).is_some_and(|roles| roles.contains(role)),
    };
    if !held {
        return Err(Unreadable {
            field: "role".to_owned(),
            what: format!("{staff} does not hold the role \"{role}\" here"),
            mend: "look at the delegation log".to_owned(),
        }
        .into());
    }
    match site {
        Some(site) => draft.site(site, Entry::DelegationEnded { staff: staff.clone(), role: role.clone() }),
        None => draft.trial(Entry::RoleEnded { staff: staff.clone(), role: role.clone() }),
    }
    Ok(())
}
