//! What a trial and a site still lack in their first week, and whose it is to supply it.

#![allow(clippy::unwrap_used, reason = "a helper of tests stops the test")]

use conduct::command::DosePart;
use conduct::setting_up::{Lack, Supplies, of_site, of_trial};
use conduct::state::{
    Container, ContainerStanding, Delegation, SiteInTrial, SiteStanding, SiteState, StockState, TrialState,
};
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use protocol::model::{Duty, RoleScope, Study};
use terms::SiteId;

const DAY: Date = date(2026, 3, 2);

fn small() -> Study {
    protocol::embedded::load("small").unwrap()
}

fn asked(lacks: &[Lack]) -> Vec<(Duty, Supplies)> {
    lacks.iter().map(|lack| (lack.duty, lack.supplies)).collect()
}

/// Everybody who leads the site (`leads`), or everybody else.
fn delegate(site: &mut SiteState, study: &Study, leads: bool, until: Option<Date>) {
    for role in study.roles.iter().filter(|role| role.scope == RoleScope::Site) {
        if role.duties.contains(&Duty::LeadSite) == leads {
            let staff = format!("s-{}", role.id).as_str().into();
            site.delegations.push(Delegation { staff, role: role.id.clone(), from: DAY, until, covers: None });
        }
    }
}

#[test]
fn a_trial_without_a_site_is_told_so() {
    let lacks = of_trial(&small(), &TrialState::default());
    assert_eq!(lacks[0].supplies, Supplies::OpenSite);
    assert!(lacks.iter().all(|lack| lack.duty == Duty::AdministerTrial && lack.site.is_none()));
}

#[test]
fn roles_of_the_trial_and_a_site_that_may_not_enrol() {
    let study = small();
    let mut trial = TrialState::default();
    let opened = SiteInTrial {
        name: "One".into(),
        country: "CA".into(),
        zone: "UTC".into(),
        time_zone: TimeZone::UTC,
        standing: SiteStanding::Opened,
        cap: None,
    };
    trial.sites.insert(SiteId::from("S01"), opened);
    let all = [(Duty::AdministerTrial, Supplies::GrantRole), (Duty::AdministerTrial, Supplies::ActivateSite)];
    assert_eq!(asked(&of_trial(&study, &trial)), all);
    for role in study.roles.iter().filter(|role| role.scope == RoleScope::Trial) {
        trial.roles.entry("somebody".into()).or_default().insert(role.id.clone());
    }
    assert_eq!(asked(&of_trial(&study, &trial)), all[1..]);
    trial.sites.get_mut(&SiteId::from("S01")).unwrap().standing = SiteStanding::Active;
    assert_eq!(of_trial(&study, &trial), []);
}

#[test]
fn who_leads_comes_first_and_then_the_others() {
    let (study, id) = (small(), SiteId::from("S01"));
    let mut site = SiteState::default();
    let lacks = |site: &SiteState, day| of_site(&study, &id, site, &StockState::default(), day);
    assert_eq!(asked(&lacks(&site, DAY)), [(Duty::AdministerTrial, Supplies::Delegate)]);
    delegate(&mut site, &study, true, None);
    let others = lacks(&site, DAY);
    assert_eq!(asked(&others), [(Duty::LeadSite, Supplies::Delegate)]);
    let pharmacist = study.roles.iter().find(|role| role.duties.contains(&Duty::DispenseDrug)).unwrap();
    assert!(others[0].title.contains(&pharmacist.title), "{}", others[0].title);
    delegate(&mut site, &study, false, Some(DAY));
    assert_eq!(lacks(&site, DAY), []);
    assert_eq!(
        asked(&lacks(&site, DAY.tomorrow().unwrap())),
        [(Duty::LeadSite, Supplies::Delegate)],
        "they have ended"
    );
}

fn quarantined() -> Container {
    Container {
        part: DosePart::Initial,
        level: "active".into(),
        lot: "L1".into(),
        expires: DAY.tomorrow().unwrap(),
        standing: ContainerStanding::Quarantined,
        pieces_used: 0,
        set_aside: None,
        recalled: false,
        consignment: "C1".into(),
        seal: None,
        kit: None,
        held: None,
        opened: false,
        wasted: 0,
        back: None,
        lost: 0,
    }
}

#[test]
fn a_delivery_waits_to_be_looked_over() {
    let (study, id) = (small(), SiteId::from("S01"));
    let mut clinic = SiteState::default();
    delegate(&mut clinic, &study, true, None);
    delegate(&mut clinic, &study, false, None);
    let mut stock = StockState::default();
    for number in ["K1", "K2"] {
        stock.containers.insert(number.into(), quarantined());
    }
    let lacks = of_site(&study, &id, &clinic, &stock, DAY);
    assert_eq!(asked(&lacks), [(Duty::DispenseDrug, Supplies::AcceptContainers)]);
    assert!(lacks[0].title.contains("2 containers"), "{}", lacks[0].title);
}
