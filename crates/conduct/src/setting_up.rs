//! What a trial and a site still lack before people can be treated there: an opened site, somebody in every role, stock that
//! was looked over. The questions of a first week, when nothing of a participant is due yet.

use crate::state::{ContainerStanding, SiteStanding, SiteState, StockState, TrialState};
use jiff::civil::Date;
use protocol::model::{Duty, Role, RoleScope, Study};
use terms::SiteId;

/// Which act supplies what is lacking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Supplies {
    /// Open a site.
    OpenSite,
    /// Give a role in the whole trial.
    GrantRole,
    /// Delegate a role at the site.
    Delegate,
    /// Let the site enrol.
    ActivateSite,
    /// Accept containers into the safe.
    AcceptContainers,
}

/// Something lacking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// Where; none for the whole trial.
    pub site: Option<SiteId>,
    /// What to do, imperative.
    pub title: String,
    /// Why it matters.
    pub why: String,
    /// Whose it is.
    pub duty: Duty,
    /// How it is done.
    pub supplies: Supplies,
}

/// What the trial as a whole lacks: a site, and somebody in each role that acts in the whole trial.
pub fn of_trial(study: &Study, trial: &TrialState) -> Vec<Lack> {
    let mut all = Vec::new();
    if trial.sites.is_empty() {
        all.push(Lack {
            site: None,
            title: "Open the first site".to_owned(),
            why: "Staff and stock belong to a site.".to_owned(),
            duty: Duty::AdministerTrial,
            supplies: Supplies::OpenSite,
        });
    }
    let held = |role: &Role| trial.roles.values().any(|roles| roles.contains(&role.id));
    let titles = titles(study, RoleScope::Trial, held);
    if !titles.is_empty() {
        all.push(Lack {
            site: None,
            title: format!("Give roles: {titles}"),
            why: "Nobody holds them yet.".to_owned(),
            duty: Duty::AdministerTrial,
            supplies: Supplies::GrantRole,
        });
    }
    for (site, opened) in &trial.sites {
        if opened.standing == SiteStanding::Opened {
            all.push(Lack {
                site: Some(site.clone()),
                title: format!("Let {site} enrol"),
                why: "It is open for staff and stock, and enrols nobody yet.".to_owned(),
                duty: Duty::AdministerTrial,
                supplies: Supplies::ActivateSite,
            });
        }
    }
    all
}

/// What one site lacks on a day: who leads it, somebody in each of its roles, a look at what was delivered.
pub fn of_site(study: &Study, id: &SiteId, site: &SiteState, stock: &StockState, day: Date) -> Vec<Lack> {
    let mut all = Vec::new();
    let held = |role: &Role| {
        site.delegations
            .iter()
            .any(|one| one.role == role.id && one.from <= day && one.until.is_none_or(|until| day <= until))
    };
    let leads = |role: &Role| role.duties.contains(&Duty::LeadSite);
    let mut lack = |title: String, why: &str, duty: Duty, supplies: Supplies| {
        all.push(Lack { site: Some(id.clone()), title, why: why.to_owned(), duty, supplies });
    };
    let lead = titles(study, RoleScope::Site, |role| !leads(role) || held(role));
    let led = !study.roles.iter().any(|role| role.scope == RoleScope::Site && leads(role))
        || study.roles.iter().any(|role| leads(role) && held(role));
    if led {
        let others = titles(study, RoleScope::Site, |role| leads(role) || held(role));
        if !others.is_empty() {
            let why = "Nobody holds them here today; their acts wait for somebody.";
            lack(format!("Delegate at {id}: {others}"), why, Duty::LeadSite, Supplies::Delegate);
        }
    } else {
        let why = "Nobody leads the site; it is for the sponsor to name them.";
        lack(format!("Delegate at {id}: {lead}"), why, Duty::AdministerTrial, Supplies::Delegate);
    }
    let waiting = stock.containers.values().filter(|one| one.standing == ContainerStanding::Quarantined).count();
    if waiting > 0 {
        let title = match waiting {
            1 => format!("Look over 1 container in quarantine at {id}"),
            many => format!("Look over {many} containers in quarantine at {id}"),
        };
        lack(
            title,
            "Two people accept them into the safe, or they stay set aside.",
            Duty::DispenseDrug,
            Supplies::AcceptContainers,
        );
    }
    all
}

/// The titles of the roles of this kind that are not spoken for, as a list in words.
fn titles(study: &Study, scope: RoleScope, spoken_for: impl Fn(&Role) -> bool) -> String {
    let all: Vec<&str> = study
        .roles
        .iter()
        .filter(|role| role.scope == scope && !spoken_for(role))
        .map(|role| role.title.as_str())
        .collect();
    all.join(", ")
}
