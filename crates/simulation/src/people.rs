//! Virtual people: staff with their roles, and who the participants are. Every name is made up and marked as such.

use crate::random::{Purpose, Stream};
use protocol::model::{Duty, Role, RoleScope, Study};
use std::collections::BTreeMap;
use terms::{RoleId, SiteId, StaffId};

const GIVEN: [&str; 40] = [
    "Ada", "Amir", "Anouk", "Bela", "Bram", "Carys", "Chidi", "Dalia", "Davi", "Edda", "Elio", "Esme", "Farid",
    "Freya", "Gita", "Hal", "Ines", "Ivo", "Jana", "Jules", "Kaia", "Kofi", "Lena", "Luca", "Mara", "Milo", "Nadia",
    "Noam", "Oona", "Orla", "Pablo", "Quinn", "Rhea", "Sami", "Tova", "Uri", "Vera", "Wim", "Yara", "Zeno",
];
const FAMILY: [&str; 40] = [
    "Ashby",
    "Barlow",
    "Calder",
    "Dunmore",
    "Eastlake",
    "Fenwick",
    "Garland",
    "Hollis",
    "Ingram",
    "Jessop",
    "Kestrel",
    "Lindell",
    "Marlowe",
    "Northam",
    "Oakes",
    "Penhale",
    "Quayle",
    "Redfern",
    "Selby",
    "Thorne",
    "Underhill",
    "Verney",
    "Wexford",
    "Yarrow",
    "Zeller",
    "Amblin",
    "Brandt",
    "Corley",
    "Drummond",
    "Elsworth",
    "Farrow",
    "Grayle",
    "Harrow",
    "Ilkley",
    "Jarrow",
    "Kinross",
    "Lowell",
    "Merrow",
    "Netley",
    "Orwin",
];

/// A member of virtual staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualStaff {
    /// Id, which is their login too.
    pub id: StaffId,
    /// A made-up name.
    pub name: String,
    /// Their site; none for the trial's own staff.
    pub site: Option<SiteId>,
    /// Their role.
    pub role: RoleId,
}

/// Who a virtual participant is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualIdentity {
    /// A made-up name.
    pub name: String,
    /// A number that is kept free for stories.
    pub phone: String,
    /// An address under a domain that is kept free for examples.
    pub email: String,
    /// How they may safely be reached.
    pub safe_way: String,
    /// A made-up person who may be called.
    pub contact_person: String,
}

fn name(stream: &mut Stream) -> String {
    let (given, family) = (stream.place(GIVEN.len()), stream.place(FAMILY.len()));
    format!("{} {}", GIVEN.get(given).unwrap_or(&"Ada"), FAMILY.get(family).unwrap_or(&"Ashby"))
}

impl VirtualIdentity {
    /// Draws who somebody is.
    pub(crate) fn draw(seed: u64, whose: u64) -> Self {
        let mut stream = Stream::new(seed, whose, Purpose::Names);
        let name = name(&mut stream);
        let email = format!("{}.{whose}@synthetic.example", name.to_lowercase().replace(' ', "."));
        let safe_way = if stream.chance(0.2) { "text message only; don't leave a voice message" } else { "phone" };
        Self {
            phone: format!("+1 555 01{:02}", stream.whole(0, 99)),
            email,
            safe_way: safe_way.to_owned(),
            contact_person: self::name(&mut stream),
            name,
        }
    }
}

/// Everybody who works in the trial.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    all: Vec<VirtualStaff>,
    by_role: BTreeMap<(Option<SiteId>, RoleId), Vec<usize>>,
}

impl Roster {
    /// Hires staff for every role of the study: so many a site (or in the trial) as `count` says.
    pub(crate) fn hire(study: &Study, sites: &[SiteId], count: &dyn Fn(&str) -> u32, seed: u64) -> Self {
        let mut roster = Self::default();
        let mut stream = Stream::new(seed, 0, Purpose::Names);
        for role in study.roles.iter().filter(|role| role.scope == RoleScope::Trial) {
            roster.hire_role(role, None, count(role.id.as_str()), &mut stream);
        }
        for site in sites {
            for role in study.roles.iter().filter(|role| role.scope == RoleScope::Site) {
                roster.hire_role(role, Some(site), count(role.id.as_str()), &mut stream);
            }
        }
        roster
    }

    fn hire_role(&mut self, role: &Role, site: Option<&SiteId>, count: u32, stream: &mut Stream) {
        for number in 1..=count {
            let place = site.map_or_else(String::new, |site| format!("{}-", site.as_str().to_lowercase()));
            let suffix = if count > 1 { format!("-{number}") } else { String::new() };
            let id = StaffId::from(format!("{place}{}{suffix}", role.id.as_str().replace('_', "-")));
            let key = (site.cloned(), role.id.clone());
            self.by_role.entry(key).or_default().push(self.all.len());
            self.all.push(VirtualStaff { id, name: name(stream), site: site.cloned(), role: role.id.clone() });
        }
    }

    /// Everybody, trial staff first.
    pub(crate) fn all(&self) -> &[VirtualStaff] {
        &self.all
    }

    /// The nth person in a role; counts round.
    pub(crate) fn in_role(&self, site: Option<&SiteId>, role: &RoleId, nth: usize) -> Option<&StaffId> {
        let people = self.by_role.get(&(site.cloned(), role.clone()))?;
        let place = people.get(nth % people.len().max(1))?;
        self.all.get(*place).map(|staff| &staff.id)
    }

    /// The nth person in a role, at the site or in the trial.
    pub(crate) fn anywhere(&self, site: &SiteId, role: &RoleId, nth: usize) -> Option<&StaffId> {
        self.in_role(Some(site), role, nth).or_else(|| self.in_role(None, role, nth))
    }

    /// Somebody with this duty, at the site first, in the trial otherwise; the study's order of roles decides.
    pub(crate) fn with_duty(&self, study: &Study, site: &SiteId, duty: Duty, nth: usize) -> Option<&StaffId> {
        let able = || study.roles.iter().filter(|role| role.duties.contains(&duty));
        able()
            .find_map(|role| self.in_role(Some(site), &role.id, nth))
            .or_else(|| able().find_map(|role| self.in_role(None, &role.id, nth)))
    }
}
