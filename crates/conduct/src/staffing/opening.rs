//! Setting the trial up: its study version, its sites, their caps, its sealed list.

use crate::{
    case::{Case, Draft, authority},
    context::Proof,
    entry::{Entry, Person},
    finding::{Broken, Finding, Rule},
    session::approval,
    state::SiteStanding,
};
use jiff::tz::TimeZone;
use protocol::model::{ApprovalScope, Assignment, Duty};
use std::collections::BTreeSet;
use terms::{SiteId, StaffId, StudyHash};

/// A version that the store has.
pub const VERSION_KNOWN: Rule = Rule {
    id: "study.known",
    sentence: "The study version is known to this store, and not in force already",
    source: "DESIGN, settled point 3",
    binds: &["adopt_study"],
    broken: "The act is refused",
};
/// An amendment says what it amends.
pub const VERSION_FOLLOWS: Rule = Rule {
    id: "study.follows",
    sentence: "A further version says which adopted version it amends",
    source: "DESIGN: an amendment is a new version of the files",
    binds: &["adopt_study"],
    broken: "The act is refused",
};
/// A site of the plan.
pub const SITE_PLANNED: Rule = Rule {
    id: "site.planned",
    sentence: "The site is one of the study's, with a time zone that is known",
    source: "The study's sites",
    binds: &["open_site"],
    broken: "The act is refused",
};
/// The steps of a site come in order.
pub const SITE_STANDING: Rule = Rule {
    id: "site.standing",
    sentence: "A site is opened, activated and closed in this order, each once",
    source: "Site activation by the sponsor",
    binds: &["open_site", "activate_site", "close_site"],
    broken: "The act is refused",
};
/// Enough people.
pub const SITE_STAFFED: Rule = Rule {
    id: "site.staffed",
    sentence: "The people without whom no session can be held are delegated",
    source: "ICH E6(R3) 2.3; the study's presence plan",
    binds: &["activate_site"],
    broken: "The act is refused",
};
/// The cap.
pub const CAP: Rule = Rule {
    id: "site.cap_taken",
    sentence: "A cap is not lower than the places taken",
    source: "The sponsor's caps",
    binds: &["set_cap"],
    broken: "The act is refused",
};
/// The sealed list.
pub const LIST: Rule = Rule {
    id: "randomisation.list",
    sentence: "A randomised study is bound once to a sealed list that is long enough",
    source: "ICH E9 2.3.2; DESIGN, settled point 5",
    binds: &["load_allocation"],
    broken: "The act is refused",
};

pub(super) fn ask_adopt(case: &Case<'_>, hash: &StudyHash) -> Vec<Finding> {
    let adopted = &case.world.trial.studies;
    let Some(version) = case.studies.get(hash) else {
        let remedy = "load the version into the store first: lifejacket study add";
        return vec![Broken::new(&VERSION_KNOWN, "not known", "a version in this store", remedy).into()];
    };
    let known = if adopted.iter().any(|(earlier, _, _)| earlier == hash) {
        Broken::new(&VERSION_KNOWN, "adopted before", "a version that is new here", "nothing needs to be done").into()
    } else {
        Finding::holds(&VERSION_KNOWN, format!("{} {}", version.id, version.version))
    };
    let earlier: Vec<&str> = adopted.iter().map(|(_, label, _)| label.as_str()).collect();
    let amends = version.amendment.as_ref().map(|amendment| amendment.amends.as_str());
    let follows = if adopted.is_empty() || amends.is_some_and(|label| earlier.contains(&label)) {
        Finding::holds(
            &VERSION_FOLLOWS,
            amends.map_or_else(|| "the first".to_owned(), |label| format!("amends {label}")),
        )
    } else {
        Broken::new(
            &VERSION_FOLLOWS,
            amends.map_or_else(|| "amends nothing".to_owned(), |label| format!("amends {label}")),
            format!("an amendment of {}", earlier.join(" or ")),
            "say in the study's files which version it amends",
        )
        .into()
    };
    vec![known, follows]
}

pub(super) fn grant_adopt(case: &Case<'_>, hash: &StudyHash, draft: &mut Draft) {
    let Some(version) = case.studies.get(hash) else { return };
    draft.trial(Entry::StudyAdopted {
        study: hash.clone(),
        label: version.version.clone(),
        title: version.title.clone(),
    });
}

fn standing_words(standing: Option<SiteStanding>) -> &'static str {
    match standing {
        None => "not opened",
        Some(SiteStanding::Opened) => "opened",
        Some(SiteStanding::Active) => "active",
        Some(SiteStanding::Closed) => "closed to enrolment",
    }
}

fn step(case: &Case<'_>, site: &SiteId, needed: &[Option<SiteStanding>], words: &str) -> Finding {
    let standing = case.world.trial.sites.get(site).map(|site| site.standing);
    if needed.contains(&standing) {
        return Finding::holds(&SITE_STANDING, standing_words(standing));
    }
    Broken::new(&SITE_STANDING, standing_words(standing), words, "see how far the site has come")
        .by(Duty::AdministerTrial)
        .into()
}

pub(super) fn ask_open(case: &Case<'_>, site: &SiteId) -> Vec<Finding> {
    let planned = match case.study.site(site.as_str()) {
        Some(plan) if TimeZone::get(&plan.time_zone).is_ok() => Finding::holds(&SITE_PLANNED, plan.name.clone()),
        Some(plan) => Broken::new(
            &SITE_PLANNED,
            format!("time zone {}", plan.time_zone),
            "a time zone of the IANA list",
            "mend the study's sites: Europe/Berlin, say",
        )
        .into(),
        None => {
            let known: Vec<&str> = case.study.sites.iter().map(|site| site.id.as_str()).collect();
            Broken::new(
                &SITE_PLANNED,
                format!("no site {site} in the study"),
                format!("one of {}", known.join(", ")),
                "add the site to the study's files, as an amendment",
            )
            .into()
        }
    };
    vec![planned, step(case, site, &[None], "a site that is not open yet")]
}

pub(super) fn grant_open(case: &Case<'_>, site: &SiteId, draft: &mut Draft) {
    let Some(plan) = case.study.site(site.as_str()) else { return };
    draft.trial(Entry::SiteOpened {
        site: site.clone(),
        name: plan.name.clone(),
        country: plan.country.clone(),
        zone: plan.time_zone.clone(),
        cap: plan.cap,
    });
}

pub(super) fn ask_activate(case: &Case<'_>, site: &SiteId) -> Vec<Finding> {
    let mut findings =
        vec![step(case, site, &[Some(SiteStanding::Opened)], "a site that is opened and not active yet")];
    let presence = &case.study.session.presence;
    let needed = [
        (Duty::LeadSite, 1),
        (Duty::DecideEligibility, 1),
        (Duty::Prescribe, 1),
        (Duty::DispenseDrug, 1),
        (Duty::WitnessDrug, 1),
        (Duty::Facilitate, presence.carers_min.saturating_sub(presence.nurses_min)),
        (Duty::LeadSession, presence.leads_min),
        (Duty::Nurse, presence.nurses_min),
    ];
    for (duty, least) in needed {
        let held = with_duty(case, duty).len();
        findings.push(staffed(duty, held, least as usize));
    }
    let (hand_out, witness) = (with_duty(case, Duty::DispenseDrug), with_duty(case, Duty::WitnessDrug));
    let alone = hand_out.len() == 1 && hand_out == witness;
    if alone {
        findings.push(
            Broken::new(
                &SITE_STAFFED,
                "one person alone for the safe",
                "two people for the safe",
                "delegate a second person",
            )
            .about("safe", "Two people can open the safe together")
            .by(Duty::LeadSite)
            .into(),
        );
    }
    let held = case.world.site.map_or(&[][..], |site| &site.approvals);
    let asked = case.study.approvals.iter().filter(|rule| rule.per == ApprovalScope::Site);
    findings.extend(asked.map(|rule| approval(case.day, rule, held)));
    findings
}

fn staffed(duty: Duty, held: usize, least: usize) -> Finding {
    let words = duty.name().replace('_', " ");
    let sentence = format!("{least} or more may {words}");
    if held >= least {
        return Finding::holds(&SITE_STAFFED, format!("{held}")).about(duty.name(), sentence);
    }
    Broken::new(
        &SITE_STAFFED,
        format!("{held} delegated"),
        format!("at least {least}"),
        format!("delegate somebody to {words}"),
    )
    .about(duty.name(), sentence)
    .by(Duty::LeadSite)
    .into()
}

/// Staff delegated at the site who hold a duty today.
fn with_duty<'a>(case: &Case<'a>, duty: Duty) -> BTreeSet<&'a StaffId> {
    let delegations = case.world.site.into_iter().flat_map(|site| &site.delegations);
    let in_force = delegations.filter(|d| d.from <= case.day && d.until.is_none_or(|until| case.day <= until));
    let holding = in_force.filter(|d| case.study.role(d.role.as_str()).is_some_and(|role| role.duties.contains(&duty)));
    holding.map(|delegation| &delegation.staff).collect()
}

pub(super) fn grant_activate(site: &SiteId, draft: &mut Draft) {
    draft.trial(Entry::SiteActivated { site: site.clone() });
}

pub(super) fn ask_close(case: &Case<'_>, site: &SiteId) -> Vec<Finding> {
    let open = [Some(SiteStanding::Opened), Some(SiteStanding::Active)];
    vec![step(case, site, &open, "a site that is not closed yet")]
}

pub(super) fn grant_close(site: &SiteId, draft: &mut Draft) {
    draft.trial(Entry::SiteClosed { site: site.clone() });
}

pub(super) fn ask_cap(case: &Case<'_>, cap: Option<u32>) -> Vec<Finding> {
    let taken = case.world.site.map_or(0, |site| site.places.len());
    let finding = match cap {
        Some(cap) if taken > cap as usize => Broken::new(
            &CAP,
            format!("{taken} places taken"),
            format!("at most {cap}"),
            "set the cap to the places taken, or close the site to enrolment",
        )
        .into(),
        Some(_) | None => Finding::holds(&CAP, format!("{taken} places taken")),
    };
    vec![finding]
}

pub(super) fn grant_cap(site: &SiteId, cap: Option<u32>, draft: &mut Draft) {
    draft.trial(Entry::CapSet { site: site.clone(), cap });
}

pub(super) fn ask_list(case: &Case<'_>, commitment: &str, rows: u32) -> Vec<Finding> {
    let planned = case.study.design.participants_planned;
    let hexadecimal = commitment.len() == 64 && commitment.bytes().all(|byte| byte.is_ascii_hexdigit());
    let (found, needed) = if !matches!(case.study.design.assignment, Assignment::Randomised { .. }) {
        ("the study assigns no arms".to_owned(), "a randomised study".to_owned())
    } else if let Some((_, rows)) = &case.world.trial.allocation {
        (format!("bound to a list of {rows} rows"), "no list so far".to_owned())
    } else if !hexadecimal {
        ("the commitment is not a hash".to_owned(), "64 hexadecimal digits".to_owned())
    } else if rows < planned {
        (format!("{rows} rows"), format!("at least {planned}"))
    } else {
        return vec![Finding::holds(&LIST, format!("{rows} rows"))];
    };
    vec![
        Broken::new(&LIST, found, needed, "make the list again with the program's own command")
            .by(Duty::AdministerTrial)
            .into(),
    ]
}

pub(super) fn grant_list(commitment: &str, rows: u32, draft: &mut Draft) {
    draft.trial(Entry::AllocationLoaded { commitment: commitment.to_ascii_lowercase(), rows });
}

/// Roles and duties of a member of staff here today, as if they had just proved who they are.
pub(super) fn duties_of(case: &Case<'_>, staff: &StaffId) -> crate::case::Duties {
    let proof = Proof { person: Person::Staff(staff.clone()), at: case.context.now, signed: false };
    authority(case.study, case.world.trial, case.world.site, case.day, &proof).duties
}
