//! A clinic to walk through: a real store in a temporary folder behind the one door, a real sealed list, staff with delegations,
//! a clock that is set by hand. Steps are said in the clinic's words.

pub mod answers;
pub mod day;

use allocation::{ConsignmentPlan, Key, ListPlan, Seed, Service, SupplyLine, consignment_make, list_make};
use conduct::{
    Authorisation, Command, Entry, Fact, No, ParticipantState, Person, Proof, Request, StockState, Studies, Subject,
    Written,
    command::{ContainerReport, Disclosure, DosePart, OrderLine, VisitOutcome},
    staffing::credentials::{issued, usual},
};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use protocol::model::{ActivityKind, Assignment, Duty, Requirement, RoleScope, StockUse, Study, VisitMode};
use record::{Answer, Asked, Door, New, SqliteStore, projection};
use std::{collections::BTreeSet, path::PathBuf, sync::Arc};
use terms::{ContainerId, FormId, InstanceId, ParticipantId, RoleId, SiteId, StaffId};

const KEY: [u8; 32] = [7; 32];

pub struct Clinic {
    // Kept so that the store's folder lives as long as the clinic.
    _folder: tempfile::TempDir,
    pub path: PathBuf,
    pub door: Door,
    /// The version that new people come in under.
    pub study: Arc<Study>,
    pub now: Timestamp,
    /// Rules that refused something so far: `rule` or `rule/condition`.
    pub refused: BTreeSet<String>,
    /// The sites that are open; the first is the one that most happens at.
    pub sites: Vec<String>,
    acts: u32,
}

pub fn study(id: &str) -> Study {
    protocol::embedded::load(id).unwrap_or_else(|diagnostics| panic!("{id}: {diagnostics:#?}"))
}

pub fn studies_of(studies: &[&Arc<Study>]) -> Studies {
    let mut all = Studies::new();
    for study in studies {
        all.insert(study.hash(), Arc::clone(study));
    }
    all
}

impl Clinic {
    /// A trial that has been set up as one is: version, roles, sites, sealed list, delegations, stock, activation.
    pub fn open(study: Study) -> Self {
        Self::open_with(study, 6)
    }

    /// The same with so many containers of each content for every level and part; 0 for an empty safe.
    pub fn open_with(study: Study, of_each: u32) -> Self {
        let mut clinic = Self::bare(study);
        clinic.set_up(of_each);
        clinic
    }

    /// A store and nothing in it.
    pub fn bare(study: Study) -> Self {
        let study = Arc::new(study);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.sqlite");
        let now = "2025-01-06T14:00:00Z".parse().unwrap();
        let new = New { synthetic: true, created_by: "journeys".to_owned(), created_at: now };
        let store = SqliteStore::create(&path, &new, projection::TABLES).unwrap();
        let door = Door::new(Arc::new(store), studies_of(&[&study]), None, "journeys");
        let sites = study.sites.iter().take(2).map(|site| site.id.to_string()).collect();
        Self { _folder: folder, path, door, study, now, refused: BTreeSet::new(), sites, acts: 0 }
    }

    fn set_up(&mut self, of_each: u32) {
        let study = Arc::clone(&self.study);
        self.by_program(Authorisation::AdoptStudy { study: study.hash() });
        let mut trial_wide: Vec<_> = study.roles.iter().filter(|role| role.scope == RoleScope::Trial).collect();
        trial_wide.sort_by_key(|role| !role.duties.contains(&Duty::AdministerTrial));
        for role in trial_wide {
            self.certify(None, role.id.as_str(), role.id.as_str());
            let grant = Authorisation::GrantRole { staff: role.id.as_str().into(), role: role.id.clone() };
            if role.duties.contains(&Duty::AdministerTrial) {
                self.by_program(grant);
            } else {
                self.may("administrator", grant).unwrap();
            }
        }
        for site in self.sites.clone() {
            self.may("administrator", Authorisation::OpenSite { site: site.as_str().into() }).unwrap();
        }
        self.bind_list();
        for site in self.sites.clone() {
            self.staff_site(&site);
            if of_each > 0 {
                self.stock_up(&site, "C01", of_each);
            }
            self.may("administrator", Authorisation::ActivateSite { site: site.as_str().into() }).unwrap();
        }
    }

    /// What the study asks of somebody in a role, issued today.
    pub fn certify(&mut self, site: Option<&str>, staff: &str, role: &str) {
        let study = Arc::clone(&self.study);
        let site = site.map(Into::into);
        for kind in usual(&study, &role.into()) {
            let fact = issued(kind, site.as_ref(), &staff.into(), self.today());
            self.fact("program", fact);
        }
    }

    fn bind_list(&mut self) {
        let key = Key::from_array(KEY);
        let mut rows = Vec::new();
        let mut commitment = None;
        if let (Assignment::Randomised { .. }, Some(plan)) = (&self.study.design.assignment, ListPlan::of(&self.study))
        {
            let list = list_make(&plan, &key, &Seed::of_simulation(1, "journeys")).unwrap();
            self.door.sealed_add("list", self.now, &list.rows, &[]).unwrap();
            commitment = Some((list.commitment(), u32::try_from(list.rows.len()).unwrap()));
            rows = list.rows;
        }
        self.door.sealed_open(Service::open(key, rows, []).unwrap());
        if let Some((commitment, rows)) = commitment {
            self.may("administrator", Authorisation::LoadAllocation { commitment, rows }).unwrap();
        }
    }

    fn staff_site(&mut self, site: &str) {
        let study = Arc::clone(&self.study);
        let mut roles: Vec<_> = study.roles.iter().filter(|role| role.scope == RoleScope::Site).collect();
        roles.sort_by_key(|role| !role.duties.contains(&Duty::LeadSite));
        let lead = roles[0].id.clone();
        for role in roles {
            let staff = self.staff(role.id.as_str(), site);
            self.certify(Some(site), staff.as_str(), role.id.as_str());
            let delegate = Authorisation::Delegate {
                site: site.into(),
                staff: self.staff(role.id.as_str(), site),
                role: role.id.clone(),
                from: self.today(),
                until: None,
                covers: None,
            };
            let by = if role.duties.contains(&Duty::LeadSite) { "administrator" } else { lead.as_str() };
            self.may(by, delegate).unwrap();
        }
        for rule in study.approvals.iter().filter(|rule| rule.per == protocol::model::ApprovalScope::Site) {
            let fact = Fact::RecordApproval {
                approval: rule.id.clone(),
                scope: rule.per,
                site: site.into(),
                participant: None,
                number: format!("{}-1", rule.id),
                from: self.today(),
                until: "2035-01-01".parse().unwrap(),
            };
            self.fact(lead.as_str(), fact);
        }
    }

    /// A consignment with so many containers of each content for every level and part comes in and is accepted by two people.
    pub fn stock_up(&mut self, site: &str, number: &str, of_each: u32) {
        let number = format!("{site}-{number}");
        let taken = BTreeSet::new();
        let mut lines = Vec::new();
        for level in &self.study.dose.levels {
            lines.push(SupplyLine { level: level.id.clone(), part: DosePart::Initial, of_each });
            if level.supplement_pieces > 0 {
                lines.push(SupplyLine { level: level.id.clone(), part: DosePart::Supplement, of_each });
            }
        }
        let plan = ConsignmentPlan {
            number: number.clone(),
            lines,
            lot: "L2501".to_owned(),
            expires: "2027-12-31".parse().unwrap(),
            taken: &taken,
        };
        let seed = Seed::of_simulation(1, &number);
        let consignment = consignment_make(&plan, &self.study.arms, &Key::from_array(KEY), &seed).unwrap();
        self.door.sealed_add(&format!("contents of {number}"), self.now, &[], &consignment.sealed).unwrap();
        self.receive(site, &number, consignment.containers.clone());
        let containers = consignment.containers.into_iter().map(|report| report.container).collect();
        self.accept(site, containers);
    }

    /// A first stock that was packed elsewhere, all of one content: something that must not happen, and must not tell.
    pub fn stock_of_one_content(&mut self, content: &str) {
        let site = self.here().to_owned();
        let level = self.study.dose.levels[0].id.clone();
        let mut table = "site,container,content,part,level,lot,expires\n".to_owned();
        for (part, first) in [("initial", 10), ("supplement", 20)] {
            for number in first..first + 4 {
                table += &format!("{site},9000{number},{content},{part},{level},L1,2027-12-31\n");
            }
        }
        let seed = Seed::of_simulation(1, "one content");
        let stock = allocation::stock_load(table.as_bytes(), &self.study, &Key::from_array(KEY), &seed).unwrap();
        self.door.sealed_add("contents of one kind", self.now, &[], &stock.sealed).unwrap();
        for (site, containers) in stock.labels {
            let ids = containers.iter().map(|report| report.container.clone()).collect();
            self.receive(site.as_str(), "one kind", containers);
            self.accept(site.as_str(), ids);
        }
    }

    pub fn receive(&mut self, site: &str, consignment: &str, containers: Vec<ContainerReport>) {
        let order = self.order_form(site, consignment, &containers);
        let lots = containers.iter().map(|report| (report.lot.clone(), format!("CoA {}", report.lot)));
        let fact = Fact::ReceiveContainers {
            site: site.into(),
            consignment: consignment.to_owned(),
            order,
            noted: Some(u32::try_from(containers.len()).unwrap()),
            certificates: lots.collect(),
            containers,
        };
        let (hands_out, witness) = self.safe_pair();
        self.both(&hands_out, &witness, Command::Fact(fact)).unwrap();
    }

    /// The order form that covers these containers, signed by who may, where the study has one for the site's country.
    pub fn order_form(&mut self, site: &str, consignment: &str, containers: &[ContainerReport]) -> Option<String> {
        let country = self.door.trial().unwrap().sites[site].country.clone();
        let study = Arc::clone(&self.study);
        let form = study.stock.as_ref()?.forms_in(&country, StockUse::Order).next()?;
        let mut lines: Vec<OrderLine> = Vec::new();
        for report in containers {
            match lines.iter_mut().find(|line| line.part == report.part && line.level == report.level) {
                Some(line) => line.containers += 1,
                None => lines.push(OrderLine { part: report.part, level: report.level.clone(), containers: 1 }),
            }
        }
        let number = format!("F-{consignment}");
        let sign = Authorisation::SignOrderForm {
            site: site.into(),
            form: form.id.clone(),
            number: number.clone(),
            fields: form.fields.iter().map(|field| (field.id.clone(), "on file".to_owned())).collect(),
            lines,
        };
        let by = self.role_with(&form.signed_by, None);
        self.may(&by, sign).unwrap();
        Some(number)
    }

    fn accept(&mut self, site: &str, containers: Vec<ContainerId>) {
        let (hands_out, witness) = self.safe_pair();
        let accept = Authorisation::AcceptContainers { site: site.into(), containers };
        self.both(&hands_out, &witness, Command::Authorise(accept)).unwrap();
    }

    /// The first site.
    pub fn here(&self) -> &str {
        &self.sites[0]
    }

    /// `nurse` at the first site is `nurse`; at S02 `nurse-S02`.
    pub fn staff(&self, role: &str, site: &str) -> StaffId {
        if site == self.here() { role.into() } else { format!("{role}-{site}").into() }
    }

    /// The roles of the two who open the safe.
    pub fn safe_pair(&self) -> (String, String) {
        let hands_out = self.role_with(&[Duty::DispenseDrug], None);
        let witness = self.role_with(&[Duty::WitnessDrug], Some(&hands_out));
        (hands_out, witness)
    }

    /// The first role of a site with one of these duties.
    pub fn role_with(&self, duties: &[Duty], other_than: Option<&str>) -> String {
        self.study
            .roles
            .iter()
            .filter(|role| role.scope == RoleScope::Site && Some(role.id.as_str()) != other_than)
            .find(|role| role.duties.iter().any(|duty| duties.contains(duty)))
            .unwrap_or_else(|| panic!("no role at a site has one of {duties:?}"))
            .id
            .to_string()
    }

    // --- asking

    pub fn asked(&mut self, who: &str, second: Option<&str>, command: Command) -> Asked {
        self.acts += 1;
        self.now = self.now.checked_add(SignedDuration::from_secs(1)).unwrap();
        let site = self.site_of(&command);
        let proof = |who: &str| Proof { person: self.person(who, &site), at: self.now, signed: !who.ends_with('~') };
        Asked {
            actor: proof(who),
            second: second.map(proof),
            request: Request { id: format!("request-{}", self.acts), at: None, sent: None, reason: None, command },
            now: self.now,
            act: format!("act{:05}", self.acts).into(),
            pseudonym: format!("R-{:05}", self.acts),
        }
    }

    pub fn give(&mut self, asked: &Asked) -> Result<Vec<Written>, No> {
        match self.door.ask(asked).unwrap_or_else(|error| panic!("{error}")) {
            Answer::Done(receipt) => Ok(receipt.entries),
            Answer::No(no) => {
                if let No::Refused(refusal) = &no {
                    self.refused.extend(refusal.broken.iter().map(|broken| broken.rule.to_owned()));
                }
                Err(no)
            }
        }
    }

    fn site_of(&self, command: &Command) -> SiteId {
        let of_person = |id: &ParticipantId| self.door.participant(id).unwrap().map(|person| person.site.clone());
        match command.subject() {
            Subject::Participant(id) => of_person(&id).unwrap_or_else(|| self.here().into()),
            Subject::Site(site) => site,
            Subject::Rating(_) | Subject::Trial => self.here().into(),
        }
    }

    /// `nurse`, `program`, `participant S01-001`; with `~` behind it the proof is of an earlier moment: nothing is signed.
    fn person(&self, who: &str, site: &SiteId) -> Person {
        let who = who.trim_end_matches('~');
        if who == "program" {
            return Person::Program;
        }
        if let Some(id) = who.strip_prefix("participant ") {
            return Person::Participant(id.into());
        }
        match self.study.role(who) {
            Some(role) if role.scope == RoleScope::Site => Person::Staff(self.staff(who, site.as_str())),
            Some(_) | None => Person::Staff(who.into()),
        }
    }

    pub fn act(&mut self, who: &str, command: Command) -> Result<Vec<Written>, No> {
        let asked = self.asked(who, None, command);
        self.give(&asked)
    }

    pub fn both(&mut self, who: &str, second: &str, command: Command) -> Result<Vec<Written>, No> {
        let asked = self.asked(who, Some(second), command);
        self.give(&asked)
    }

    pub fn because(&mut self, who: &str, command: Command, reason: &str) -> Result<Vec<Written>, No> {
        let mut asked = self.asked(who, None, command);
        asked.request.reason = Some(reason.to_owned());
        self.give(&asked)
    }

    pub fn fact(&mut self, who: &str, fact: Fact) -> Vec<Written> {
        let shown = format!("{fact:?}");
        self.act(who, Command::Fact(fact)).unwrap_or_else(|no| panic!("{who}: {shown}: {no:?}"))
    }

    pub fn may(&mut self, who: &str, act: Authorisation) -> Result<Vec<Written>, No> {
        self.act(who, Command::Authorise(act))
    }

    fn by_program(&mut self, act: Authorisation) {
        self.act("program", Command::Authorise(act)).unwrap();
    }

    /// What refuses an act: `rule` or `rule/condition`; empty if it was done.
    pub fn refusals(answer: Result<Vec<Written>, No>) -> Vec<String> {
        match answer {
            Ok(_) => Vec::new(),
            Err(No::Refused(refusal)) => refusal
                .broken
                .iter()
                .map(|broken| match &broken.condition {
                    Some(condition) => format!("{}/{condition}", broken.rule),
                    None => broken.rule.to_owned(),
                })
                .collect(),
            Err(other) => panic!("neither done nor refused: {other}"),
        }
    }

    // --- time

    pub fn zone(&self, site: &str) -> TimeZone {
        TimeZone::get(&self.study.site(site).unwrap().time_zone).unwrap()
    }

    pub fn today(&self) -> Date {
        self.now.to_zoned(self.zone(self.here())).date()
    }

    pub fn later(&mut self, days: i64) -> &mut Self {
        self.now = self.now.checked_add(SignedDuration::from_hours(24 * days)).unwrap();
        self
    }

    /// Goes on to a day and a time of the first site's clock.
    pub fn clock(&mut self, day: Date, time: &str) -> &mut Self {
        let civil: jiff::civil::DateTime = format!("{day}T{time}").parse().unwrap();
        let then = civil.to_zoned(self.zone(self.here())).unwrap().timestamp();
        assert!(then >= self.now, "{day} {time} is before {}", self.now);
        self.now = then;
        self
    }

    /// Goes on to the target day of a visit, counted from what its anchor says.
    pub fn on_to_visit(&mut self, id: &ParticipantId, visit: &str) -> &mut Self {
        let state = self.participant(id);
        let planned = self.study.visit(visit).unwrap();
        let plan = conduct::schedule::planned(&self.study, &state, planned)
            .unwrap_or_else(|| panic!("{visit} has no day yet"));
        let day = plan.target.max(self.today());
        if day > self.today() {
            self.clock(day, "08:00");
        }
        self
    }

    // --- people

    pub fn participant(&self, id: &ParticipantId) -> Arc<ParticipantState> {
        self.door.participant(id).unwrap().unwrap()
    }

    pub fn stock(&self, site: &str) -> Arc<StockState> {
        self.door.stock(&site.into()).unwrap()
    }

    pub fn enquiry(&mut self) -> ParticipantId {
        let site = self.here().to_owned();
        self.enquiry_at(&site)
    }

    pub fn enquiry_at(&mut self, site: &str) -> ParticipantId {
        let fact = Fact::RecordEnquiry { site: site.into(), source: "leaflet".to_owned(), language: "en".to_owned() };
        let written = self.fact("coordinator", fact);
        let given = written.iter().find_map(|one| match &one.entry {
            Entry::EnquiryRecorded { participant, .. } => Some(participant.clone()),
            _ => None,
        });
        given.unwrap()
    }

    /// Consent on the latest text, every item agreed, every answer right.
    pub fn consent(&mut self, id: &ParticipantId) {
        let text = self.study.consent.versions.last().unwrap().clone();
        let fact = Fact::RecordConsent {
            participant: id.clone(),
            version: text.version.clone(),
            items: text.items.iter().map(|item| (item.id.clone(), true)).collect(),
            answers: text.questions.iter().map(|question| (question.id.clone(), question.answer)).collect(),
            copy_given: true,
        };
        let who = self.role_with(&[Duty::TakeConsent], None);
        self.fact(&who, fact);
    }

    pub fn visit(&mut self, id: &ParticipantId, visit: &str, outcome: VisitOutcome) -> Vec<Written> {
        let fact = Fact::RecordVisit { participant: id.clone(), visit: visit.into(), outcome, day: None };
        let who = self.role_with(&[Duty::Coordinate], None);
        self.fact(&who, fact)
    }

    pub fn book(&mut self, id: &ParticipantId, visit: &str, starts: Timestamp) -> Result<Vec<Written>, No> {
        let mode = self.mode(visit);
        let who = self.role_with(&[Duty::Coordinate], None);
        self.may(&who, Authorisation::BookVisit { participant: id.clone(), visit: visit.into(), starts, mode })
    }

    fn mode(&self, visit: &str) -> VisitMode {
        match self.study.visit(visit).unwrap().mode {
            VisitMode::Either => VisitMode::OnSite,
            mode => mode,
        }
    }

    pub fn form(&mut self, id: &ParticipantId, form: &str, visit: Option<&str>) -> Vec<Written> {
        let values = answers::passing(&self.study, form);
        self.form_with(id, form, visit, values)
    }

    pub fn form_with(
        &mut self,
        id: &ParticipantId,
        form: &str,
        visit: Option<&str>,
        values: answers::Values,
    ) -> Vec<Written> {
        let who = self.study.form(form).unwrap().completed_by.first().map(RoleId::to_string);
        let who = match who.as_deref() {
            Some("participant") => format!("participant {id}"),
            Some(role) => role.to_owned(),
            None => "coordinator".to_owned(),
        };
        let fact = Fact::RecordForm {
            seen: None,
            participant: id.clone(),
            form: form.into(),
            visit: visit.map(Into::into),
            values,
        };
        self.fact(&who, fact)
    }

    /// Forms that a visit requires and that are not for the rater.
    pub fn forms_of(&self, visit: &str) -> Vec<FormId> {
        self.study
            .activities_at(visit)
            .filter(|(_, need)| *need == Requirement::Required)
            .filter_map(|(activity, _)| match &activity.what {
                ActivityKind::Form(form) => Some(form.clone()),
                _ => None,
            })
            .filter(|form| {
                let form = self.study.form(form.as_str()).unwrap();
                form.completed_by.is_empty() || form.completed_by.iter().any(|role| !self.rates(role))
            })
            .collect()
    }

    fn rates(&self, role: &RoleId) -> bool {
        self.study.role(role.as_str()).is_some_and(|role| role.duties.contains(&Duty::RateOutcomes))
    }

    /// The person comes, everything that the visit asks for is done, the visit is completed.
    pub fn hold(&mut self, id: &ParticipantId, visit: &str) {
        let mode = self.mode(visit);
        self.visit(id, visit, VisitOutcome::Attended { mode });
        for form in self.forms_of(visit) {
            self.form(id, form.as_str(), Some(visit));
        }
        let minutes = self.study.visit(visit).unwrap().minutes_min;
        self.visit(id, visit, VisitOutcome::Completed { minutes });
    }

    /// An independent rater takes the visit's rating and fills it in, with this severity in each item of the CAPS-5.
    pub fn rate(&mut self, id: &ParticipantId, visit: &str, severity: i64) -> InstanceId {
        let who = self.role_with(&[Duty::Coordinate], None);
        let ask = Authorisation::RequestRating { participant: id.clone(), visit: visit.into() };
        let written = self.may(&who, ask).unwrap();
        let asked = written.iter().find_map(|one| match &one.entry {
            Entry::RatingRequested { request, forms, .. } => Some((request.clone(), forms.clone())),
            _ => None,
        });
        let (request, forms) = asked.unwrap();
        let rater = self.study.roles.iter().find(|role| role.duties.contains(&Duty::RateOutcomes)).unwrap().id.clone();
        let take = Command::Authorise(Authorisation::TakeRating { request: request.clone() });
        self.because(rater.as_str(), take, "no other rater can be had this week").unwrap();
        for form in forms {
            let values = match form.as_str() {
                "caps5" => answers::caps5(severity),
                other => answers::passing(&self.study, other),
            };
            let fact = Fact::RecordRating { request: request.clone(), form, values, disclosure: Disclosure::Nothing };
            self.fact(rater.as_str(), fact);
        }
        request
    }

    /// The two who decide a gate.
    pub fn gate_pair(&self) -> (String, String) {
        (self.role_with(&[Duty::DecideEligibility], None), "medical_monitor".to_owned())
    }

    pub fn enrol(&mut self, id: &ParticipantId) -> Result<Vec<Written>, No> {
        let (one, two) = self.gate_pair();
        self.both(&one, &two, Command::Authorise(Authorisation::Enrol { participant: id.clone() }))
    }

    pub fn confirm(&mut self, id: &ParticipantId) -> Result<Vec<Written>, No> {
        let (one, two) = self.gate_pair();
        self.both(&one, &two, Command::Authorise(Authorisation::ConfirmEnrolment { participant: id.clone() }))
    }

    pub fn randomise(&mut self, id: &ParticipantId) -> Result<Vec<Written>, No> {
        let who = self.role_with(&[Duty::Randomise, Duty::DecideEligibility], None);
        self.may(&who, Authorisation::Randomise { participant: id.clone() })
    }

    // --- the record

    /// Chains and projections hold.
    pub fn prove(&self) -> projection::Proved {
        projection::verify(self.door.store().as_ref(), &self.door.studies()).unwrap_or_else(|error| panic!("{error}"))
    }

    pub fn count(&self, table: &str) -> i64 {
        let rows = self.door.store().select(&format!("SELECT count(*) FROM {table}"), &[]).unwrap();
        rows[0][0].as_integer().unwrap()
    }

    /// Every entry of the record, in order.
    pub fn log(&self) -> Vec<Written> {
        let mut all = Vec::new();
        self.door
            .store()
            .read(record::Range::Log { after: 0 }, &mut |stored| {
                if stored.chain != record::SEALED {
                    all.extend(record::written_read(&stored)?);
                }
                Ok(true)
            })
            .unwrap();
        all
    }
}
