//! A site's roster: numbers given out, places taken, delegations, credentials, holds and approvals.

use super::{Approval, Credentials, Hold};
use crate::entry::{Entry, Stamp};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use terms::{InstanceId, ParticipantId, RoleId, StaffId};

/// A role that somebody holds at a site, from a day to a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// Who.
    pub staff: StaffId,
    /// Which role.
    pub role: RoleId,
    /// First day.
    pub from: Date,
    /// Last day; none while open.
    pub until: Option<Date>,
    /// Whom they cover for.
    pub covers: Option<StaffId>,
}

/// A site's roster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteState {
    /// Entries folded.
    pub version: u64,
    /// Last number given out.
    pub last_number: u32,
    /// Participants who took a place under the cap.
    pub places: BTreeSet<ParticipantId>,
    /// Delegations, in the order in which they were made.
    pub delegations: Vec<Delegation>,
    /// Holds on the site.
    pub holds: BTreeMap<InstanceId, Hold>,
    /// Approvals of the site.
    pub approvals: Vec<Approval>,
    /// Certificates of its staff, and relations between them.
    pub credentials: Credentials,
}

impl SiteState {
    /// Whether this person holds this role on this day.
    pub fn holds_role(&self, staff: &StaffId, role: &RoleId, day: Date) -> bool {
        self.delegations.iter().any(|delegation| {
            delegation.staff == *staff
                && delegation.role == *role
                && delegation.from <= day
                && delegation.until.is_none_or(|until| day <= until)
        })
    }

    /// The roles that this person holds on this day.
    pub fn roles_of<'a>(&'a self, staff: &'a StaffId, day: Date) -> impl Iterator<Item = &'a Delegation> {
        self.delegations.iter().filter(move |delegation| {
            delegation.staff == *staff && delegation.from <= day && delegation.until.is_none_or(|until| day <= until)
        })
    }

    /// Takes in one entry.
    pub fn apply(&mut self, stamp: &Stamp, entry: &Entry) {
        self.version += 1;
        match entry {
            Entry::NumberGiven { number, .. } => self.last_number = self.last_number.max(*number),
            Entry::PlaceTaken { participant } | Entry::ParticipantArrived { participant, .. } => {
                self.places.insert(participant.clone());
            }
            Entry::ParticipantLeft { participant, .. } => {
                self.places.remove(participant);
            }
            Entry::Delegated { staff, role, from, until, covers } => self.delegations.push(Delegation {
                staff: staff.clone(),
                role: role.clone(),
                from: *from,
                until: *until,
                covers: covers.clone(),
            }),
            Entry::DelegationEnded { staff, role } => {
                let last = stamp.day.yesterday().unwrap_or(stamp.day);
                for delegation in &mut self.delegations {
                    if delegation.staff == *staff
                        && delegation.role == *role
                        && delegation.until.is_none_or(|u| u > last)
                    {
                        delegation.until = Some(last);
                    }
                }
            }
            Entry::HoldPlaced { instance, text } => {
                self.holds.insert(instance.clone(), Hold { text: text.clone(), since: stamp.at });
            }
            Entry::HoldLifted { instance } => {
                self.holds.remove(instance);
            }
            Entry::ApprovalRecorded { approval, number, from, until } => self.approvals.push(Approval {
                approval: approval.clone(),
                number: number.clone(),
                from: *from,
                until: *until,
            }),
            _ => self.credentials.apply(stamp, entry),
        }
    }
}
