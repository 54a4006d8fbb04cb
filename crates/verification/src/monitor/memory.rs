//! What the onlooker remembers of people, containers, staff and the trial.

use conduct::{
    command::{Destination, DosePart, Going},
    entry::MeasureChange,
};
use jiff::{Timestamp, civil::Date};
use protocol::model::{Duty, Limit, Study};
use std::collections::{BTreeMap, BTreeSet};
use terms::{
    CheckId, ContainerId, Decimal, FieldId, FormId, InstanceId, LevelId, Milligrams, ParticipantId, RoleId, SiteId,
    StaffId, StudyHash, Value, VisitId,
};

/// How far somebody has come, as the onlooker tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) enum Way {
    #[default]
    Asked,
    Screening,
    Failed(u8),
    Enrolled,
    Confirmed,
    Assigned,
    Stopped,
    Gone,
    Completed,
}

/// A participant.
#[derive(Debug, Clone, Default, Hash)]
pub struct Person {
    pub(super) site: Option<SiteId>,
    pub(super) study: Option<StudyHash>,
    pub(super) way: Way,
    pub(super) assigned: bool,
    pub(super) attempts: u32,
    /// Version, whether it can carry study acts, day.
    pub(super) consents: Vec<(String, bool, Date)>,
    pub(super) items: BTreeMap<String, bool>,
    pub(super) quiz: u32,
    pub(super) withdrawn: bool,
    pub(super) stopped: bool,
    /// Passed gates: day, last day on which it carries a dose.
    pub(super) gates: BTreeMap<u8, (Date, Option<Date>)>,
    /// Criteria that were found met when a gate was passed.
    pub(super) met: BTreeMap<u8, BTreeSet<terms::CriterionId>>,
    pub(super) approvals: Vec<(String, Date, Date)>,
    pub(super) holds: BTreeSet<InstanceId>,
    pub(super) medicines: BTreeMap<InstanceId, Medicine>,
    pub(super) forms: BTreeMap<InstanceId, Filled>,
    /// Alarms about suicide risk that nobody has answered.
    pub(super) alarms: BTreeSet<InstanceId>,
    pub(super) tasks: BTreeSet<InstanceId>,
    /// Open questions whether something was an adverse event: question, and what it is about.
    pub(super) questions: BTreeMap<InstanceId, InstanceId>,
    /// Open tasks about a serious adverse event.
    pub(super) grave_tasks: BTreeSet<InstanceId>,
    pub(super) erased: bool,
    /// Severe or serious adverse events that go on.
    pub(super) grave: BTreeSet<InstanceId>,
    pub(super) serious: BTreeSet<InstanceId>,
    pub(super) visits: BTreeMap<VisitId, Kept>,
    pub(super) ratings: BTreeMap<InstanceId, Rated>,
    pub(super) tries: Vec<(Date, bool)>,
    /// Routes by which they were tried.
    pub routes: BTreeSet<conduct::command::ContactRoute>,
    pub(super) days: BTreeMap<u8, Day>,
    /// The latest moment at which anything was written down for them.
    pub(super) latest: Option<Timestamp>,
}

/// A medicine.
#[derive(Debug, Clone, Hash)]
pub(super) struct Medicine {
    pub name: String,
    pub started: Option<Date>,
    pub last: Option<Date>,
    pub changed: Option<Date>,
    pub rescue: bool,
    pub struck: bool,
}

/// A form as it stands.
#[derive(Debug, Clone, Hash)]
pub(super) struct Filled {
    pub form: FormId,
    pub visit: Option<VisitId>,
    pub day: Date,
    pub at: Timestamp,
    /// Order of arrival.
    pub place: usize,
    pub values: BTreeMap<FieldId, Value>,
    pub scores: BTreeMap<String, Option<Value>>,
    pub struck: bool,
}

/// A visit.
#[derive(Debug, Clone, Default, Hash)]
pub(super) struct Kept {
    pub booked: Option<(Timestamp, Date)>,
    pub held: Option<Date>,
    pub complete: bool,
    pub missed: Option<Option<Date>>,
}

/// A rating.
#[derive(Debug, Clone, Hash)]
pub(super) struct Rated {
    pub visit: VisitId,
    pub rater: Option<StaffId>,
    pub done: bool,
}

/// Comings and goings, by person.
pub(super) type Goings = BTreeMap<StaffId, Vec<(Timestamp, Going)>>;

/// A dosing session.
#[derive(Debug, Clone, Default, Hash)]
pub(super) struct Day {
    pub order: Option<Ordered>,
    pub out: Option<(ContainerId, Option<ContainerId>, Timestamp)>,
    pub checks: BTreeMap<CheckId, Checked>,
    pub allowed: Option<Allowed>,
    pub opened: Option<Allowed>,
    pub taken: Vec<Taken>,
    /// Readings in order of time.
    pub readings: Vec<Measured>,
    pub vomited: Option<Timestamp>,
    pub declined: bool,
    pub agreed: Option<Timestamp>,
    pub stopped: bool,
    pub discharged: bool,
    pub left: Option<(Timestamp, Destination)>,
    pub closed: bool,
    pub ground_lost: bool,
    pub begun: bool,
    /// Comings and goings of each, in the order in which they happened.
    pub goings: Goings,
    /// Everybody who was in the room at any time.
    pub there: BTreeSet<StaffId>,
    /// Who has signed the session's record.
    pub signed: BTreeSet<StaffId>,
    /// Readings, lines and cards of the session, by id.
    pub lines: BTreeSet<InstanceId>,
}

/// A reading as it stands.
#[derive(Debug, Clone, Hash)]
pub(super) struct Measured {
    pub id: InstanceId,
    pub at: Timestamp,
    pub measures: BTreeMap<String, Decimal>,
    pub slot: Option<String>,
}

/// An order.
#[derive(Debug, Clone, Hash)]
pub(super) struct Ordered {
    pub by: Option<StaffId>,
    pub level: LevelId,
    pub initial: Milligrams,
    pub supplement: Milligrams,
    pub initial_pieces: u32,
    pub supplement_pieces: u32,
}

/// A check as it was last done.
#[derive(Debug, Clone, Hash)]
pub(super) struct Checked {
    pub values: BTreeMap<FieldId, Value>,
    pub at: Timestamp,
    pub day: Date,
    /// Done by somebody with a duty that it asks for, and signed where it asks for a signature.
    pub properly: bool,
    pub agreed: bool,
}

/// A permission.
#[derive(Debug, Clone, Hash)]
pub(super) struct Allowed {
    pub container: ContainerId,
    pub at: Timestamp,
    pub until: Timestamp,
}

/// A swallow.
#[derive(Debug, Clone, Hash)]
pub(super) struct Taken {
    pub part: DosePart,
    pub container: ContainerId,
    pub at: Timestamp,
    pub day: Date,
    pub amount: Milligrams,
    pub pieces: u32,
    pub lawful: bool,
}

impl Day {
    /// A reading was written down wrongly.
    pub(super) fn correct(&mut self, id: &InstanceId, changes: &BTreeMap<String, MeasureChange>) {
        for read in self.readings.iter_mut().filter(|read| read.id == *id) {
            read.measures.extend(changes.iter().map(|(measure, change)| (measure.clone(), change.new)));
        }
    }

    /// Who is in the room by the last that each of them told.
    pub(super) fn in_room(&self) -> impl Iterator<Item = &StaffId> {
        self.goings.iter().filter(|(_, mine)| mine.last().is_some_and(|(_, going)| *going == Going::In)).map(|(s, _)| s)
    }

    pub(super) fn first(&self) -> Option<&Taken> {
        self.taken.iter().find(|taken| taken.part == DosePart::Initial)
    }

    pub(super) fn supplement(&self) -> Option<&Taken> {
        self.taken.iter().find(|taken| taken.part == DosePart::Supplement)
    }

    /// Whether a value is red at a moment: at once, or, where the study asks for it, when it has lasted by one reading after the other.
    pub(super) fn is_red(&self, limit: &Limit, at: Timestamp, value: Decimal) -> bool {
        let over = |line: Option<Decimal>, value: Decimal| line.is_some_and(|line| value >= line);
        let red = |value: Decimal| over(limit.red_at, value) || limit.red_low.is_some_and(|line| value <= line);
        let Some(least) = limit.red_minutes.filter(|_| !over(limit.red_once_at, value)) else { return red(value) };
        let earlier = self.readings.iter().rev().filter(|read| read.at <= at);
        let row = earlier.filter_map(|read| Some((read.at, *read.measures.get(&limit.measure)?)));
        let since = row.take_while(|(_, value)| red(*value)).last().map_or(at, |(taken, _)| taken);
        red(value) && at.duration_since(since).as_mins() >= i64::from(least)
    }

    pub(super) fn pieces(&self, part: DosePart) -> u32 {
        self.taken.iter().filter(|taken| taken.part == part).map(|taken| taken.pieces).sum()
    }
}

impl Person {
    /// The days of first doses in other sessions.
    pub(super) fn doses_but(&self, session: u8) -> impl Iterator<Item = Date> {
        let others = self.days.iter().filter(move |(number, _)| **number != session);
        others.filter_map(|(_, day)| day.first()).map(|taken| taken.day)
    }
}

/// Where a container is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Place {
    Quarantine,
    Safe,
    Out(ParticipantId, u8),
    Opened(ParticipantId),
    Back,
    Damaged,
    Missing,
    SentOut,
    Destroyed,
}

/// A container.
#[derive(Debug, Clone, Hash)]
pub(super) struct Held {
    pub site: SiteId,
    pub part: DosePart,
    pub level: LevelId,
    pub expires: Date,
    pub place: Place,
    pub used: u32,
    pub recalled: bool,
    pub set_aside: bool,
    pub lot: String,
    pub consignment: String,
}

/// A delivery.
#[derive(Debug, Clone, Default, Hash)]
pub(super) struct Delivery {
    pub order: Option<String>,
    pub certified: BTreeSet<String>,
    pub arrived: Option<Date>,
    pub from_another: bool,
}

/// A difference that nobody has closed.
#[derive(Debug, Clone, Default, Hash)]
pub(super) struct Difference {
    pub site: Option<SiteId>,
    pub people: BTreeSet<StaffId>,
    pub containers: BTreeSet<ContainerId>,
    pub consignment: Option<String>,
    /// The hold that it put on its site.
    pub hold: Option<InstanceId>,
    /// Found with a delivery: it was counted as it arrived.
    pub by_delivery: bool,
    /// Notices by form, and the causes that ask for each.
    pub notices: Vec<(String, Vec<String>)>,
    pub sent: BTreeSet<String>,
    /// What two found since: whether something is gone, and whether something is there that should not be.
    pub recount: Option<(bool, bool)>,
}

/// What an order form asks for, and until when it holds.
pub(super) type OrderForm = (Vec<(DosePart, LevelId, u32)>, Option<Date>);

/// A site.
#[derive(Debug, Clone, Default, Hash)]
pub(super) struct Clinic {
    pub standing: u8,
    pub cap: Option<u32>,
    pub places: BTreeSet<ParticipantId>,
    pub approvals: Vec<(String, Date, Date)>,
    pub holds: BTreeSet<InstanceId>,
    /// Staff, role, first and last day.
    pub delegations: Vec<(StaffId, RoleId, Date, Option<Date>)>,
    pub country: String,
    /// Order forms that were signed: number, what was ordered, last day.
    pub orders: BTreeMap<String, OrderForm>,
    pub deliveries: BTreeMap<String, Delivery>,
}

/// What is nobody's alone.
#[derive(Debug, Clone, Default, Hash)]
pub(super) struct Shared {
    pub containers: BTreeMap<ContainerId, Held>,
    pub sites: BTreeMap<SiteId, Clinic>,
    pub roles: BTreeMap<StaffId, BTreeSet<RoleId>>,
    pub holds: BTreeSet<InstanceId>,
    pub studies: Vec<(StudyHash, String)>,
    pub rows: Option<u32>,
    pub drawn: Vec<String>,
    pub plan: Option<String>,
    pub opened: bool,
    pub locked: bool,
    /// Differences that are open.
    pub differences: BTreeMap<InstanceId, Difference>,
    /// Certificates by where they count and whose they are.
    pub certificates: BTreeMap<(Option<SiteId>, StaffId), Vec<super::credentials::Certified>>,
    /// Pairs who are related, and since when.
    pub related: BTreeMap<(StaffId, StaffId), Date>,
}

impl Shared {
    /// Duties that somebody holds on a day, at a site or in the whole trial.
    pub(super) fn duties(&self, study: &Study, staff: &StaffId, site: Option<&SiteId>, day: Date) -> BTreeSet<Duty> {
        let here = site.and_then(|site| self.sites.get(site)).into_iter().flat_map(|site| &site.delegations);
        let delegated = here
            .filter(|(who, _, from, until)| who == staff && *from <= day && until.is_none_or(|until| day <= until))
            .map(|(_, role, _, _)| role);
        let roles = delegated.chain(self.roles.get(staff).into_iter().flatten());
        roles.filter_map(|role| study.role(role.as_str())).flat_map(|role| role.duties.iter().copied()).collect()
    }
}
