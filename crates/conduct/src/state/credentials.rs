//! What staff hold and how they are related: certificates and relations, folded from a site's roster or the trial's stream.

use crate::entry::{Entry, Person, Stamp};
use jiff::civil::Date;
use protocol::model::CertificateKind;
use std::collections::BTreeMap;
use terms::StaffId;

/// A certificate that somebody holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The study's id of its kind.
    pub kind: String,
    /// Number on it.
    pub number: Option<String>,
    /// Supervised hours that stand on it.
    pub hours: Option<u32>,
    /// Day of issue: the first day on which it holds.
    pub issued: Date,
    /// Last day; none where it does not end.
    pub until: Option<Date>,
    /// The first day on which it was withdrawn, if it was.
    pub withdrawn: Option<Date>,
    /// Who wrote it down.
    pub by: Person,
}

impl Certificate {
    /// Whether it holds on a day.
    pub fn holds(&self, kind: &CertificateKind, day: Date) -> bool {
        self.kind == kind.id
            && self.issued <= day
            && self.until.is_none_or(|until| day <= until)
            && self.withdrawn.is_none_or(|from| day < from)
            && kind.hours_min.is_none_or(|least| self.hours.is_some_and(|hours| hours >= least))
    }

    /// Its last day, whatever ended it.
    pub fn last_day(&self) -> Option<Date> {
        let withdrawn = self.withdrawn.map(|from| from.yesterday().unwrap_or(from));
        [self.until, withdrawn].into_iter().flatten().min()
    }
}

/// Two members of staff who are related.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// The one.
    pub staff: StaffId,
    /// The other.
    pub other: StaffId,
    /// The study's id of its kind.
    pub kind: String,
    /// First day.
    pub from: Date,
    /// Last day; none while it lasts.
    pub until: Option<Date>,
}

impl Relation {
    /// Whether it is between these two, whoever is named first.
    pub fn between(&self, one: &StaffId, other: &StaffId) -> bool {
        (self.staff == *one && self.other == *other) || (self.staff == *other && self.other == *one)
    }
}

/// Certificates and relations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// Certificates by who holds them, in the order in which they were recorded.
    pub certificates: BTreeMap<StaffId, Vec<Certificate>>,
    /// Relations, in the order in which they were declared.
    pub relations: Vec<Relation>,
}

impl Credentials {
    /// Certificates of one person.
    pub fn of(&self, staff: &StaffId) -> &[Certificate] {
        self.certificates.get(staff).map_or(&[], Vec::as_slice)
    }

    /// Takes in one entry.
    pub fn apply(&mut self, stamp: &Stamp, entry: &Entry) {
        match entry {
            Entry::CertificateRecorded { staff, certificate, number, hours, issued, until } => {
                self.certificates.entry(staff.clone()).or_default().push(Certificate {
                    kind: certificate.clone(),
                    number: number.clone(),
                    hours: *hours,
                    issued: *issued,
                    until: *until,
                    withdrawn: None,
                    by: stamp.by.person.clone(),
                });
            }
            Entry::CertificateWithdrawn { staff, certificate, from } => {
                // One that was issued anew after the day is another certificate.
                for held in self.certificates.get_mut(staff).into_iter().flatten() {
                    if held.kind == *certificate && held.issued <= *from {
                        held.withdrawn = Some(held.withdrawn.map_or(*from, |earlier| earlier.min(*from)));
                    }
                }
            }
            Entry::RelationDeclared { staff, other, relation, from } => self.relations.push(Relation {
                staff: staff.clone(),
                other: other.clone(),
                kind: relation.clone(),
                from: *from,
                until: None,
            }),
            Entry::RelationEnded { staff, other, relation } => {
                let last = stamp.day.yesterday().unwrap_or(stamp.day);
                for known in &mut self.relations {
                    if known.kind == *relation && known.between(staff, other) && known.until.is_none() {
                        known.until = Some(last);
                    }
                }
            }
            _ => {}
        }
    }
}
