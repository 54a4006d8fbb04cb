//! The trial's own streams: versions, sites, trial-wide roles, holds; and who was drawn.

use super::{Credentials, Hold};
use crate::entry::{Entry, Stamp};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::collections::{BTreeMap, BTreeSet};
use terms::{InstanceId, ParticipantId, RoleId, SiteId, StaffId, StudyHash};

/// How far a site has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SiteStanding {
    /// Opened, not yet allowed to enrol.
    Opened,
    /// May enrol.
    Active,
    /// Enrols nobody any more; those enrolled go on.
    Closed,
}

/// A site as the trial knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteInTrial {
    /// Name.
    pub name: String,
    /// Country code.
    pub country: String,
    /// Time zone's name.
    pub zone: String,
    /// The zone itself, looked up once.
    pub time_zone: TimeZone,
    /// How far it has come.
    pub standing: SiteStanding,
    /// Enrolment cap.
    pub cap: Option<u32>,
}

/// An approval in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The study's id of it.
    pub approval: String,
    /// Number on it.
    pub number: String,
    /// First day.
    pub from: Date,
    /// Last day.
    pub until: Date,
}

/// An analysis plan that is final.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrozenPlan {
    /// Its hash.
    pub plan: String,
    /// The study version that it is of.
    pub study: StudyHash,
    /// When.
    pub day: Date,
}

/// A lock in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locked {
    /// The plan that it was locked for.
    pub plan: String,
    /// The study version of the plan.
    pub study: StudyHash,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// The day.
    pub day: Date,
    /// Things that were open.
    pub open: usize,
}

/// The trial as a whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TrialState {
    /// Entries folded.
    pub version: u64,
    /// Adopted versions, oldest first: hash, label, day.
    pub studies: Vec<(StudyHash, String, Date)>,
    /// Sites that were opened.
    pub sites: BTreeMap<SiteId, SiteInTrial>,
    /// Trial-wide roles.
    pub roles: BTreeMap<StaffId, BTreeSet<RoleId>>,
    /// Certificates of those who hold a role in the whole trial.
    pub credentials: Credentials,
    /// Holds on the whole trial.
    pub holds: BTreeMap<InstanceId, Hold>,
    /// The sealed list that the trial is bound to: commitment and rows.
    pub allocation: Option<(String, u32)>,
    /// The analysis plan that was frozen last.
    pub plan: Option<FrozenPlan>,
    /// The lock in force.
    pub lock: Option<Locked>,
    /// The day of the first lock: from then on somebody may know the allocation.
    pub opened: Option<Date>,
}

impl TrialState {
    /// The study version for new participants.
    pub fn current_study(&self) -> Option<&StudyHash> {
        self.studies.last().map(|(hash, _, _)| hash)
    }

    /// Takes in one entry.
    pub fn apply(&mut self, stamp: &Stamp, entry: &Entry) {
        self.version += 1;
        match entry {
            Entry::StudyAdopted { study, label, .. } => {
                self.studies.push((study.clone(), label.clone(), stamp.day));
            }
            Entry::SiteOpened { site, name, country, zone, cap } => {
                let time_zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
                let opened = SiteInTrial {
                    name: name.clone(),
                    country: country.clone(),
                    zone: zone.clone(),
                    time_zone,
                    standing: SiteStanding::Opened,
                    cap: *cap,
                };
                self.sites.insert(site.clone(), opened);
            }
            Entry::SiteActivated { site } => self.set_standing(site, SiteStanding::Active),
            Entry::SiteClosed { site } => self.set_standing(site, SiteStanding::Closed),
            Entry::CapSet { site, cap } => {
                if let Some(found) = self.sites.get_mut(site) {
                    found.cap = *cap;
                }
            }
            Entry::RoleGranted { staff, role } => {
                self.roles.entry(staff.clone()).or_default().insert(role.clone());
            }
            Entry::RoleEnded { staff, role } => {
                if let Some(roles) = self.roles.get_mut(staff) {
                    roles.remove(role);
                }
            }
            Entry::AllocationLoaded { commitment, rows } => self.allocation = Some((commitment.clone(), *rows)),
            Entry::AnalysisPlanFrozen { plan, study } => {
                self.plan = Some(FrozenPlan { plan: plan.clone(), study: study.clone(), day: stamp.day });
            }
            Entry::RecordLocked { plan, study, open, .. } => {
                self.lock = Some(Locked {
                    plan: plan.clone(),
                    study: study.clone(),
                    recorded_at: stamp.recorded_at,
                    day: stamp.day,
                    open: open.len(),
                });
                self.opened.get_or_insert(stamp.day);
            }
            Entry::RecordUnlocked {} => self.lock = None,
            Entry::HoldPlaced { instance, text } => {
                self.holds.insert(instance.clone(), Hold { text: text.clone(), since: stamp.at });
            }
            Entry::HoldLifted { instance } => {
                self.holds.remove(instance);
            }
            _ => self.credentials.apply(stamp, entry),
        }
    }

    fn set_standing(&mut self, site: &SiteId, standing: SiteStanding) {
        if let Some(found) = self.sites.get_mut(site) {
            found.standing = standing;
        }
    }
}

/// Who was drawn, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllocationState {
    /// Entries folded.
    pub version: u64,
    /// Handle by participant.
    pub drawn: BTreeMap<ParticipantId, String>,
}

impl AllocationState {
    /// Takes in one entry.
    pub fn apply(&mut self, _stamp: &Stamp, entry: &Entry) {
        self.version += 1;
        if let Entry::AllocationDrawn { handle, participant, .. } = entry {
            self.drawn.insert(participant.clone(), handle.clone());
        }
    }
}
