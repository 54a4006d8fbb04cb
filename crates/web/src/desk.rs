//! What a page needs of the record: streams, the reader's roles, rows of the current tables. Reading only.

use std::collections::BTreeMap;
use std::sync::Arc;

use conduct::view::Reader;
use conduct::{ParticipantState, Person, SiteState, StockState, TrialState, Written, authority};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use protocol::model::Study;
use record::StoreError;
use record::table::{Cell, Row};
use terms::{ParticipantId, RoleId, SiteId, StaffId, StudyHash};

use crate::Services;
use crate::http::call::Call;
use crate::http::reply::Trouble;
use crate::people::Who;
use crate::then::{self, Then};

/// A desk: one person, now, with the trial as it stands.
pub struct Desk<'a> {
    pub services: &'a Services,
    pub who: &'a Who,
    pub now: Timestamp,
    pub trial: Arc<TrialState>,
    /// The study version for new participants.
    pub study: Arc<Study>,
    /// Sites at which the person has a role today, or all of them for a role in the whole trial.
    pub sites: Vec<SiteId>,
    /// All roles and duties, at any of these sites or in the trial.
    pub reader: Reader,
    /// The time as of which the record is shown; none for the record as it stands.
    pub then: Option<Then>,
    /// When the page is looked at: what somebody may see follows from their roles now, whatever time is shown.
    looked_at: Timestamp,
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict { .. } | StoreError::Answered { .. } => {
                Self::Conflict(crate::findings::sentence(&error.to_string()))
            }
            StoreError::Internal { what } => Self::Fault(what),
            other => Self::Unavailable(format!("{} ({})", crate::findings::sentence(&other.to_string()), other.code())),
        }
    }
}

impl<'a> Desk<'a> {
    /// Gathers who the person is in the trial today.
    pub fn of(services: &'a Services, who: &'a Who, now: Timestamp) -> Result<Self, Trouble> {
        let trial = services.door.trial()?;
        let study = study_for_new(services, &trial)?;
        let (sites, reader) = (Vec::new(), Reader::default());
        let mut desk = Self { services, who, now, trial, study, sites, reader, then: None, looked_at: now };
        desk.find_roles()?;
        Ok(desk)
    }

    /// The desk of a page that can show the record as it was known at the time in its address.
    pub fn reading(call: &'a Call<'_>) -> Result<Self, Trouble> {
        let mut desk = Self::of(call.services, call.who()?, call.now)?;
        let asked = call.query.text(then::NAME);
        if !asked.is_empty() {
            let at = then::moment(asked, &desk.own_zone(), desk.now)?;
            desk.then = Some(Then { at, asked: asked.to_owned(), tables: None });
            desk.now = at;
        }
        Ok(desk)
    }

    /// The same for a page that reads the current tables: they are made anew as they were then.
    pub fn reading_tables(call: &'a Call<'_>) -> Result<Self, Trouble> {
        let mut desk = Self::reading(call)?;
        if let Some(then) = &mut desk.then {
            then.tables = Some(call.services.kept.tables(call.services, then.at)?);
        }
        Ok(desk)
    }

    fn find_roles(&mut self) -> Result<(), Trouble> {
        let Person::Staff(staff) = &self.who.person else { return Ok(()) };
        let mut roles: Vec<RoleId> = self.trial.roles.get(staff).into_iter().flatten().cloned().collect();
        let everywhere = !roles.is_empty();
        let rows =
            self.select("SELECT DISTINCT site FROM delegation WHERE staff = ?1 ORDER BY site", &[staff.as_str()])?;
        let mut sites = Vec::new();
        for site in rows.iter().map(|row| SiteId::from(text(row, 0))) {
            let state = self.services.door.site(&site)?;
            let held: Vec<RoleId> = state.roles_of(staff, self.today_at(&site)).map(|d| d.role.clone()).collect();
            if !held.is_empty() {
                sites.push(site);
                roles.extend(held);
            }
        }
        if everywhere {
            sites = self.trial.sites.keys().cloned().collect();
        }
        roles.sort();
        roles.dedup();
        self.sites = sites;
        self.reader = Reader::of(&self.study, roles);
        Ok(())
    }

    /// The time zone of a site.
    pub fn zone(&self, site: &SiteId) -> TimeZone {
        self.trial.sites.get(site).map_or(TimeZone::UTC, |site| site.time_zone.clone())
    }

    /// Today at a site.
    pub fn today_at(&self, site: &SiteId) -> Date {
        self.now.to_zoned(self.zone(site)).date()
    }

    /// The zone in which the person's own pages count days: their site's, or the first one's.
    pub fn own_zone(&self) -> TimeZone {
        self.sites.first().map_or(TimeZone::UTC, |site| self.zone(site))
    }

    /// The latest day as of which the record can be shown: today, whatever time is shown.
    pub fn latest_day(&self) -> Date {
        self.looked_at.to_zoned(self.own_zone()).date()
    }

    /// The person's roles at one site.
    pub fn reader_at(&self, study: &Study, site: &SiteId, state: &SiteState) -> Reader {
        let proof = self.who.proof(self.looked_at);
        let today = self.looked_at.to_zoned(self.zone(site)).date();
        let found = authority(study, &self.trial, Some(state), today, &proof);
        Reader { roles: found.roles, duties: found.duties, sees_by: None }
    }

    /// A study version by its hash.
    pub fn study_of(&self, hash: &StudyHash) -> Result<Arc<Study>, Trouble> {
        let known = self.services.door.studies();
        known.get(hash).cloned().ok_or_else(|| Trouble::Fault(format!("study version {hash} is not loaded")))
    }

    /// The label under which the trial adopted a version.
    pub fn version_label(&self, hash: &StudyHash) -> String {
        self.trial
            .studies
            .iter()
            .find(|(known, ..)| known == hash)
            .map_or_else(String::new, |(_, label, _)| label.clone())
    }

    /// A participant with everything about them that the person may read; nothing there for anybody else.
    pub fn case(&self, code: &str) -> Result<CaseFile, Trouble> {
        let id = ParticipantId::from(code);
        let participant = self.services.door.participant(&id)?.ok_or(Trouble::NotFound)?;
        let site = self.services.door.site(&participant.site)?;
        let study = self.study_of(&participant.study)?;
        let reader = self.reader_at(&study, &participant.site, &site);
        if !reader.sees_participants() {
            return Err(Trouble::NotFound);
        }
        let zone = self.zone(&participant.site);
        let today = self.now.to_zoned(zone.clone()).date();
        let file = CaseFile { participant, site, study, reader, zone, today };
        if self.then.is_some() { self.case_then(file) } else { Ok(file) }
    }

    /// What the record said of a participant at the time that is shown, to somebody who may see it now.
    fn case_then(&self, now: CaseFile) -> Result<CaseFile, Trouble> {
        let streams = self.services.door.streams_as_of(&now.participant.id, self.now)?;
        let (Some(participant), Some(site)) = (streams.participant, streams.site) else {
            return Err(Trouble::NotThen(format!("{} was not on record then.", now.participant.id)));
        };
        let study = self.study_of(&participant.study)?;
        Ok(CaseFile { participant, site, study, reader: now.reader.reading_only(), ..now })
    }

    /// A site with its roster, where the person has a role.
    pub fn site(&self, code: &str) -> Result<SiteFile, Trouble> {
        let id = SiteId::from(code);
        if !self.sites.contains(&id) {
            return Err(Trouble::NotFound);
        }
        let state = self.services.door.site(&id)?;
        let stock = self.services.door.stock(&id)?;
        let reader = self.reader_at(&self.study, &id, &state);
        Ok(SiteFile { zone: self.zone(&id), today: self.today_at(&id), id, state, stock, reader })
    }

    /// Rows of the current tables; parameters are texts.
    pub fn select(&self, sql: &str, parameters: &[&str]) -> Result<Vec<Row>, Trouble> {
        let cells: Vec<Cell> = parameters.iter().map(|p| Cell::Text((*p).to_owned())).collect();
        if let Some(rows) = self.then.as_ref().and_then(|then| then.select(sql, &cells)) {
            return rows;
        }
        Ok(self.services.door.store().select(sql, &cells)?)
    }

    /// `?1, ?2, …` for the person's sites, with the sites as parameters.
    pub fn sites_in(&self, from: usize) -> (String, Vec<&str>) {
        let marks: Vec<String> = (0..self.sites.len()).map(|n| format!("?{}", n + from)).collect();
        let marks = if marks.is_empty() { "NULL".to_owned() } else { marks.join(", ") };
        (marks, self.sites.iter().map(SiteId::as_str).collect())
    }

    /// The name of somebody, as others see it.
    pub fn name_of(&self, person: &Person) -> String {
        let known = match person {
            Person::Program => return "the program".to_owned(),
            Person::Staff(id) => identity::Who::Staff(id.clone()),
            Person::Participant(id) => return format!("participant {id}"),
        };
        let found = self.services.identity.accounts_of(&known).ok().and_then(|all| all.into_iter().next());
        found.map_or_else(|| staff_id(person), |account| account.display_name)
    }

    /// Everybody who has a staff account, for choosing one.
    pub fn staff(&self) -> Result<BTreeMap<StaffId, String>, Trouble> {
        let mut out = BTreeMap::new();
        let mut after = String::new();
        loop {
            let page = self.services.identity.accounts(&after, 500).map_err(|e| Trouble::Unavailable(e.to_string()))?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.login);
            for account in page {
                if let identity::Who::Staff(id) = account.who {
                    out.entry(id).or_insert(account.display_name);
                }
            }
        }
        Ok(out)
    }

    /// The titles of the person's roles, for the header.
    pub fn role_line(&self) -> String {
        let titles: Vec<String> =
            self.reader.roles.iter().map(|r| crate::pages::study::role_title(&self.study, r.as_str())).collect();
        let place = match (self.sites.as_slice(), self.trial.sites.len()) {
            ([], _) => String::new(),
            _ if !self.reader.sees_participants() => String::new(),
            ([one], _) => format!(", site {one}"),
            (many, all) if many.len() == all => ", all sites".to_owned(),
            (many, _) => format!(", {} sites", many.len()),
        };
        match titles.as_slice() {
            [] => "No role today".to_owned(),
            titles => format!("{}{place}", titles.join(", ")),
        }
    }

    /// What a request of this person wrote, for the page that it led to. Nothing for a request of somebody else.
    pub fn written(&self, request: &str) -> Result<Vec<Written>, Trouble> {
        if request.is_empty() || request.len() > 100 {
            return Ok(Vec::new());
        }
        let Some(answered) = self.services.door.store().answered(request)? else { return Ok(Vec::new()) };
        let Some(first) = answered.appended.first else { return Ok(Vec::new()) };
        let mut left = answered.appended.entries;
        let mut all = Vec::new();
        self.services.door.store().read(record::Range::Log { after: first - 1 }, &mut |stored| {
            all.extend(record::written_read(&stored)?);
            left -= 1;
            Ok(left > 0)
        })?;
        all.retain(|written: &Written| written.stamp.by.person == self.who.person);
        Ok(all)
    }
}

fn staff_id(person: &Person) -> String {
    match person {
        Person::Staff(id) => id.to_string(),
        Person::Participant(id) => id.to_string(),
        Person::Program => "the program".to_owned(),
    }
}

/// The version that new participants are screened under; before one is adopted, any that is loaded.
fn study_for_new(services: &Services, trial: &TrialState) -> Result<Arc<Study>, Trouble> {
    let known = services.door.studies();
    let current = trial.current_study().and_then(|hash| known.get(hash)).cloned();
    current
        .or_else(|| known.iter().next().map(|(_, study)| Arc::clone(study)))
        .ok_or_else(|| Trouble::Unavailable("No study version is loaded in this store.".to_owned()))
}

/// A participant with what belongs to reading them.
pub struct CaseFile {
    pub participant: Arc<ParticipantState>,
    pub site: Arc<SiteState>,
    /// The version that they are on.
    pub study: Arc<Study>,
    pub reader: Reader,
    pub zone: TimeZone,
    pub today: Date,
}

/// A site with its roster and stock.
pub struct SiteFile {
    pub id: SiteId,
    pub state: Arc<SiteState>,
    pub stock: Arc<StockState>,
    pub reader: Reader,
    pub zone: TimeZone,
    pub today: Date,
}

/// A cell's text; nothing for an empty one.
pub fn text(row: &Row, index: usize) -> String {
    match row.get(index) {
        Some(Cell::Text(text)) => text.clone(),
        Some(Cell::Integer(number)) => number.to_string(),
        Some(Cell::Decimal(number)) => number.to_string(),
        Some(Cell::Null) | None => String::new(),
    }
}

/// A cell's whole number; 0 for anything else.
pub fn number(row: &Row, index: usize) -> i64 {
    match row.get(index) {
        Some(Cell::Integer(number)) => *number,
        Some(Cell::Decimal(number)) => number.trunc(),
        Some(Cell::Text(text)) => text.parse().unwrap_or(0),
        Some(Cell::Null) | None => 0,
    }
}

/// A cell's day.
pub fn day(row: &Row, index: usize) -> Option<Date> {
    text(row, index).parse().ok()
}

/// A cell's instant.
pub fn instant(row: &Row, index: usize) -> Option<Timestamp> {
    text(row, index).parse().ok()
}
