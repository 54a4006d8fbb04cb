//! A clinic in memory: one study, one trial, a few people; acts in the clinic's words, time that moves when told.

use conduct::{
    AllocationState, Authorisation, Command, Context, Draw, Fact, No, ParticipantState, Person, Picked, Proof, Request,
    SiteState, StockState, StreamId, Studies, Subject, TrialState, World, Written,
    command::{MedicineReport, VisitOutcome},
    decide,
    names::Names,
};
use jiff::{SignedDuration, Timestamp, civil::Date};
use protocol::model::{Field, FieldKind, Study, VisitMode};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use terms::{ActId, FieldId, FormId, InstanceId, ParticipantId, RoleId, SiteId, StaffId, Value, VisitId};

pub struct Clinic {
    pub study: Arc<Study>,
    pub studies: Studies,
    pub trial: TrialState,
    pub allocation: AllocationState,
    pub sites: BTreeMap<SiteId, SiteState>,
    pub stocks: BTreeMap<SiteId, StockState>,
    pub participants: BTreeMap<ParticipantId, ParticipantState>,
    pub now: Timestamp,
    pub log: Vec<Written>,
    /// Rules as they were found: id, act, and whether it refused, or held in an act that was granted.
    pub seen: BTreeSet<(&'static str, String, bool)>,
    acts: u32,
    draws_left: bool,
    signing: bool,
}

pub const SITE: &str = "S01";

impl Clinic {
    /// The trial is adopted, two sites are active, everybody is delegated under their role's name: `nurse` is the nurse.
    pub fn open(study: Study) -> Self {
        let study = Arc::new(study);
        let hash = study.hash();
        let mut studies = Studies::new();
        studies.insert(hash.clone(), Arc::clone(&study));
        let mut clinic = Self {
            study: Arc::clone(&study),
            studies,
            trial: TrialState::default(),
            allocation: AllocationState::default(),
            sites: BTreeMap::new(),
            stocks: BTreeMap::new(),
            participants: BTreeMap::new(),
            now: "2025-01-06T15:00:00Z".parse().unwrap(),
            log: Vec::new(),
            seen: BTreeSet::new(),
            acts: 0,
            draws_left: true,
            signing: true,
        };
        clinic.set_up("adopt", Authorisation::AdoptStudy { study: hash });
        for site in [SITE, "S02"] {
            let site = SiteId::from(site);
            clinic.sites.insert(site.clone(), SiteState::default());
            clinic.stocks.insert(site.clone(), StockState::default());
            clinic.set_up("open", Authorisation::OpenSite { site: site.clone() });
            for role in study.roles.iter().filter(|role| role.scope == protocol::model::RoleScope::Site) {
                clinic.certify(Some(&site), &staff(role.id.as_str(), site.as_str()), &role.id);
                clinic.set_up(
                    "delegate",
                    Authorisation::Delegate {
                        site: site.clone(),
                        staff: staff(role.id.as_str(), site.as_str()),
                        role: role.id.clone(),
                        from: "2025-01-01".parse().unwrap(),
                        until: None,
                        covers: None,
                    },
                );
            }
            clinic.set_up("activate", Authorisation::ActivateSite { site });
        }
        for role in study.roles.iter().filter(|role| role.scope == protocol::model::RoleScope::Trial) {
            clinic.certify(None, &StaffId::from(role.id.as_str()), &role.id);
            let grant = Authorisation::GrantRole { staff: StaffId::from(role.id.as_str()), role: role.id.clone() };
            clinic.set_up("grant", grant);
        }
        clinic.set_up("load", Authorisation::LoadAllocation { commitment: "c".repeat(64), rows: 2000 });
        clinic
    }

    fn set_up(&mut self, what: &str, act: Authorisation) {
        self.ask(Person::Program, None, Command::Authorise(act), None, None)
            .unwrap_or_else(|no| panic!("{what}: {no:?}"));
    }

    /// What the study asks of somebody in a role.
    pub fn certify(&mut self, site: Option<&SiteId>, staff: &StaffId, role: &terms::RoleId) {
        let (study, day) = (Arc::clone(&self.study), "2025-01-01".parse().unwrap());
        for kind in conduct::staffing::credentials::usual(&study, role) {
            let fact = conduct::staffing::credentials::issued(kind, site, staff, day);
            self.ask(Person::Program, None, Command::Fact(fact), None, None).unwrap();
        }
    }

    pub fn later(&mut self, days: i64) -> &mut Self {
        self.now = self.now.checked_add(SignedDuration::from_hours(24 * days)).unwrap();
        self
    }

    pub fn today(&self) -> Date {
        self.now.to_zoned(self.trial.sites[SITE].time_zone.clone()).date()
    }

    pub fn participant(&self, id: &ParticipantId) -> &ParticipantState {
        &self.participants[id]
    }

    pub fn ask(
        &mut self,
        person: Person,
        second: Option<Person>,
        command: Command,
        at: Option<Timestamp>,
        reason: Option<&str>,
    ) -> Result<Vec<Written>, No> {
        self.acts += 1;
        let act = ActId::from(format!("a{:05}", self.acts));
        let request = Request { id: act.to_string(), at, sent: None, reason: reason.map(str::to_owned), command };
        let proof = |person: Person| Proof { person, at: self.now, signed: self.signing };
        let context = Context {
            now: self.now,
            actor: proof(person),
            second: second.map(proof),
            act,
            program: "test".to_owned(),
            draw: Some(if self.draws_left { Draw::Row { handle: format!("h{}", self.acts) } } else { Draw::Exhausted }),
            picked: Some(Picked::None),
            pseudonym: Some(format!("P{}", self.acts)),
            census: None,
        };
        let (participant, site) = match request.command.subject() {
            Subject::Participant(id) => (self.participants.get(&id), None),
            Subject::Rating(rating) => (self.participants.values().find(|p| p.ratings.contains_key(&rating)), None),
            Subject::Site(site) => (None, Some(site)),
            Subject::Trial => (None, None),
        };
        let site = participant.map(|p| p.site.clone()).or(site);
        let world = World {
            trial: &self.trial,
            allocation: Some(&self.allocation),
            site: site.as_ref().and_then(|site| self.sites.get(site)),
            stock: site.as_ref().and_then(|site| self.stocks.get(site)),
            participant,
        };
        let findings = match &request.command {
            Command::Authorise(act) => conduct::case_of(&self.studies, world, site.as_ref(), &request, &context)
                .map(|case| conduct::ask(&case, act))
                .unwrap_or_default(),
            Command::Fact(_) => Vec::new(),
        };
        let answer = decide(&self.studies, world, site.as_ref(), &request, &context);
        let granted = answer.is_ok();
        let told = findings.iter().filter(|finding| finding.broken().is_some() || granted);
        self.seen.extend(told.map(|f| (f.rule(), request.command.name(), f.broken().is_some())));
        let written = answer?;
        for one in &written {
            self.fold(one);
        }
        self.log.extend(written.iter().cloned());
        Ok(written)
    }

    fn fold(&mut self, one: &Written) {
        let (stamp, entry) = (&one.stamp, &one.entry);
        match &one.stream {
            StreamId::Trial => self.trial.apply(stamp, entry),
            StreamId::Allocation => self.allocation.apply(stamp, entry),
            StreamId::Site(id) => self.sites.entry(id.clone()).or_default().apply(stamp, entry),
            StreamId::Stock(id) => self.stocks.entry(id.clone()).or_default().apply(stamp, entry),
            StreamId::Participant(id) => match self.participants.get_mut(id) {
                Some(participant) => participant.apply(stamp, entry),
                None => {
                    let begun = ParticipantState::begin(stamp, entry).expect("a participant begins with an enquiry");
                    self.participants.insert(id.clone(), begun);
                }
            },
        }
    }

    /// The staff member in this role at the participant's site does it.
    pub fn act(&mut self, role: &str, command: Command) -> Result<Vec<Written>, No> {
        let person = self.person(role, &command);
        self.ask(person, None, command, None, None)
    }

    pub fn fact(&mut self, role: &str, fact: Fact) -> Vec<Written> {
        let shown = format!("{fact:?}");
        self.act(role, Command::Fact(fact)).unwrap_or_else(|no| panic!("{shown}: {no:?}"))
    }

    pub fn may(&mut self, role: &str, act: Authorisation) -> Result<Vec<Written>, No> {
        self.act(role, Command::Authorise(act))
    }

    /// Two people do it: the second proves themselves too.
    pub fn both(&mut self, first: &str, second: &str, act: Authorisation) -> Result<Vec<Written>, No> {
        let command = Command::Authorise(act);
        let (one, two) = (self.person(first, &command), self.person(second, &command));
        self.ask(one, Some(two), command, None, None)
    }

    pub fn person(&self, role: &str, command: &Command) -> Person {
        let in_trial = self.study.role(role).is_some_and(|role| role.scope == protocol::model::RoleScope::Trial);
        let site = match command.subject() {
            Subject::Participant(id) => self.participants.get(&id).map(|p| p.site.clone()),
            Subject::Site(site) => Some(site),
            Subject::Rating(_) | Subject::Trial => None,
        };
        match site {
            Some(site) if !in_trial => Person::Staff(staff(role, site.as_str())),
            _ => Person::Staff(StaffId::from(role)),
        }
    }

    pub fn enquiry(&mut self) -> ParticipantId {
        let before: Vec<ParticipantId> = self.participants.keys().cloned().collect();
        let fact = Fact::RecordEnquiry { site: SITE.into(), source: "leaflet".to_owned(), language: "en".to_owned() };
        self.fact("coordinator", fact);
        self.participants.keys().find(|id| !before.contains(id)).unwrap().clone()
    }

    /// Consent on the current version with every item and answer as it should be.
    pub fn consent(&mut self, id: &ParticipantId) {
        let version = self.study.consent.versions.last().unwrap().clone();
        let fact = Fact::RecordConsent {
            participant: id.clone(),
            version: version.version.clone(),
            items: version.items.iter().map(|item| (item.id.clone(), true)).collect(),
            answers: version.questions.iter().map(|question| (question.id.clone(), question.answer)).collect(),
            copy_given: true,
        };
        self.fact("coordinator", fact);
    }

    pub fn held(&mut self, id: &ParticipantId, visit: &str) {
        for outcome in
            [VisitOutcome::Attended { mode: VisitMode::OnSite }, VisitOutcome::Completed { minutes: Some(95) }]
        {
            self.fact(
                "coordinator",
                Fact::RecordVisit { participant: id.clone(), visit: visit.into(), outcome, day: None },
            );
        }
    }

    /// Fills in every form that a visit requires, with answers that pass, and whatever the criteria of the gate need.
    pub fn fill_in(&mut self, id: &ParticipantId, visit: &str) {
        let study = Arc::clone(&self.study);
        let visit_id = VisitId::from(visit);
        let forms: Vec<FormId> = study
            .activities_at(visit)
            .filter_map(|(activity, _)| match &activity.what {
                protocol::model::ActivityKind::Form(form) => Some(form.clone()),
                _ => None,
            })
            .collect();
        for form in forms {
            let form = study.form(form.as_str()).unwrap();
            let rated = form.completed_by.iter().any(|role| *role == "independent_rater");
            if rated && form.completed_by.len() == 1 {
                continue;
            }
            let values = passing(&study, form.id.as_str());
            let role = form.completed_by.iter().map(RoleId::as_str).find(|role| *role != "participant");
            let fact = Fact::RecordForm {
                seen: None,
                participant: id.clone(),
                form: form.id.clone(),
                visit: Some(visit_id.clone()),
                values,
            };
            self.fact(role.unwrap_or("coordinator"), fact);
        }
    }

    /// A rating of a visit with this CAPS-5 total in equal items.
    pub fn rate(&mut self, id: &ParticipantId, visit: &str, severity: i64) {
        let request = Authorisation::RequestRating { participant: id.clone(), visit: visit.into() };
        self.may("coordinator", request).unwrap();
        let (request, forms) = {
            let (request, rating) = self.participants[id].ratings.iter().find(|(_, r)| !r.done).unwrap();
            (request.clone(), rating.forms.clone())
        };
        self.may("independent_rater", Authorisation::TakeRating { request: request.clone() })
            .or_else(|_| {
                let command = Command::Authorise(Authorisation::TakeRating { request: request.clone() });
                let person = Person::Staff(StaffId::from("independent_rater"));
                self.ask(person, None, command, None, Some("no other rater can be had this week"))
            })
            .unwrap();
        for form in forms {
            let values = match form.as_str() {
                "caps5" => caps5(severity),
                other => passing(&self.study, other),
            };
            let fact = Fact::RecordRating {
                request: request.clone(),
                form,
                values,
                disclosure: conduct::command::Disclosure::Nothing,
            };
            self.fact("independent_rater", fact);
        }
    }

    /// Consented, screened, and the gate's criteria all met.
    pub fn screened(&mut self) -> ParticipantId {
        let id = self.enquiry();
        self.later(3).consent(&id);
        self.fill_in(&id, "V0");
        self.held(&id, "V0");
        id
    }

    pub fn enrolled(&mut self) -> ParticipantId {
        let id = self.screened();
        self.later(5);
        self.both("investigator", "medical_monitor", Authorisation::Enrol { participant: id.clone() }).unwrap();
        id
    }

    pub fn prepared(&mut self) -> ParticipantId {
        let id = self.enrolled();
        for visit in ["V1", "V2", "V3"] {
            self.later(7).fill_in(&id, visit);
            self.held(&id, visit);
        }
        self.later(1).fill_in(&id, "V4");
        self.rate(&id, "V4", 2);
        self.held(&id, "V4");
        id
    }

    pub fn confirmed(&mut self) -> ParticipantId {
        let id = self.prepared();
        self.both("investigator", "medical_monitor", Authorisation::ConfirmEnrolment { participant: id.clone() })
            .unwrap();
        id
    }

    pub fn assigned(&mut self) -> ParticipantId {
        let id = self.confirmed();
        self.may("investigator", Authorisation::Randomise { participant: id.clone() }).unwrap();
        id
    }

    pub fn try_because(&mut self, role: &str, fact: Fact, reason: &str) -> Result<Vec<Written>, No> {
        let command = Command::Fact(fact);
        let person = self.person(role, &command);
        self.ask(person, None, command, None, Some(reason))
    }

    pub fn because(&mut self, role: &str, fact: Fact, reason: &str) -> Vec<Written> {
        self.try_because(role, fact, reason).unwrap_or_else(|no| panic!("{no:?}"))
    }

    /// The same with a list that has run out, or without a signature.
    pub fn exhausted(&mut self, role: &str, command: Command) -> Result<Vec<Written>, No> {
        self.draws_left = false;
        let answer = self.act(role, command);
        self.draws_left = true;
        answer
    }

    pub fn unsigned(&mut self, role: &str, command: Command) -> Result<Vec<Written>, No> {
        self.signing = false;
        let answer = self.act(role, command);
        self.signing = true;
        answer
    }

    /// The visit is rated once more with another severity: the later record counts.
    pub fn rate_again(&mut self, id: &ParticipantId, visit: &str, severity: i64) {
        let fact = Fact::RecordForm {
            seen: None,
            participant: id.clone(),
            form: "caps5".into(),
            visit: Some(visit.into()),
            values: caps5(severity),
        };
        self.fact("independent_rater", fact);
    }

    pub fn medicine(&mut self, id: &ParticipantId, name: &str, last_dose: Option<&str>) -> InstanceId {
        let medicine = MedicineReport {
            name: name.to_owned(),
            dose: "as prescribed".to_owned(),
            indication: "before the study".to_owned(),
            started: Some("2020-01-01".parse().unwrap()),
            taper_started: None,
            last_dose: last_dose.map(|day| day.parse().unwrap()),
            last_change: None,
            rescue: false,
        };
        self.fact("coordinator", Fact::RecordMedication { participant: id.clone(), medicine });
        self.participants[id].medications.keys().next_back().unwrap().clone()
    }

    pub fn criterion(&self, id: &ParticipantId, criterion: &str) -> conduct::entry::CriterionAnswer {
        let names = Names { study: &self.study, participant: &self.participants[id], today: self.today() };
        let criterion = self.study.criteria.iter().find(|c| c.id == *criterion).unwrap();
        names.criterion(criterion).answer
    }
}

/// `nurse` at S02 is `nurse-S02`; at the first site the role's name alone.
pub fn staff(role: &str, site: &str) -> StaffId {
    if site == SITE { StaffId::from(role) } else { StaffId::from(format!("{role}-{site}")) }
}

/// Every CAPS-5 symptom item at this severity, with distress and duration that carry a diagnosis.
pub fn caps5(severity: i64) -> BTreeMap<FieldId, Value> {
    let mut values: BTreeMap<FieldId, Value> =
        (1..=20).map(|n| (FieldId::from(n.to_string()), Value::Integer(severity))).collect();
    for (item, value) in
        [("21", 1), ("22", 60), ("23", 3), ("24", 3), ("25", 3), ("26", 0), ("27", 3), ("29", 0), ("30", 0)]
    {
        values.insert(item.into(), Value::Integer(value));
    }
    values
}

/// Answers to a form that meet the criteria which read it.
pub fn passing(study: &Study, form: &str) -> BTreeMap<FieldId, Value> {
    let form = study.form(form).unwrap();
    let mut values: BTreeMap<FieldId, Value> =
        form.fields.iter().map(|field| (field.id.clone(), plain(field))).collect();
    if let Some(instrument) = form.instrument.as_deref().and_then(instruments::find) {
        for item in instrument.items {
            if !item.optional
                && let Some(value) = at_rest(instrument.id, item)
            {
                values.insert(item.id.into(), value);
            }
        }
    }
    values.extend(wanted(form.id.as_str()));
    // Some answers exclude others (with no thoughts there is no intensity to ask for): what can't be read is left out.
    for _ in 0..6 {
        let Err(wrong) = conduct::forms::read_form(form, &values) else { break };
        values.retain(|field, _| !wrong.iter().any(|w| w.field == field.as_str()));
    }
    values
}

/// The lowest answer of an item; the checklist of symptoms must show some severity at screening.
fn at_rest(instrument: &str, item: &instruments::Item) -> Option<Value> {
    use instruments::Answers;
    let (low, high) = item.points_range();
    Some(match item.answers {
        Answers::Whole { .. } | Answers::OneOf(_) | Answers::Count { .. } => {
            Value::Integer(if instrument == "pcl5" { high.min(3) } else { low.max(0) })
        }
        Answers::Number { min, .. } => Value::Decimal(min),
        Answers::YesNo => Value::Bool(false),
        Answers::Graded(options) => Value::Text(options[0].0.to_owned()),
        Answers::Code(codes) | Answers::Codes(codes) => {
            let quiet = codes.iter().find(|code| ["absent", "no", "none"].contains(&code.code));
            Value::Text(quiet.unwrap_or(&codes[codes.len() - 1]).code.to_owned())
        }
        Answers::Time => Value::Text("23:00".to_owned()),
        Answers::Moment => Value::Text("2024-01-01".to_owned()),
        Answers::Text => Value::Text("as asked".to_owned()),
        Answers::Rows(_) => return None,
    })
}

fn plain(field: &Field) -> Value {
    match &field.kind {
        FieldKind::Integer { min, max, .. } => Value::Integer((min + max) / 2),
        FieldKind::Decimal { min, max, .. } => {
            Value::Decimal(terms::Decimal::thousandths((min.as_thousandths() + max.as_thousandths()) / 2))
        }
        FieldKind::YesNo => Value::Bool(false),
        FieldKind::Choice { options } => Value::Text(options[0].code.clone()),
        FieldKind::Date => Value::Date("2020-05-01".parse().unwrap()),
        FieldKind::Time => Value::Time("09:00".parse().unwrap()),
        FieldKind::Text { .. } => Value::Text("as asked".to_owned()),
    }
}

/// What the criteria of the reference study want to hear, where the plain answer isn't it.
fn wanted(form: &str) -> Vec<(FieldId, Value)> {
    let yes = |names: &[&str]| names.iter().map(|n| (FieldId::from(*n), Value::Bool(true))).collect::<Vec<_>>();
    let number = |name: &str, text: &str| (FieldId::from(name), Value::Decimal(text.parse().unwrap()));
    match form {
        "demographics" => {
            let mut all = yes(&["language_fluent"]);
            all.push(("date_of_birth".into(), Value::Date("1985-03-01".parse().unwrap())));
            all
        }
        "weight" => vec![number("weight_kg", "71.5")],
        "attestations" => yes(&[
            "swallows_pills",
            "contact_named",
            "tells_of_changes",
            "fasting_rules",
            "medicine_rules",
            "no_other_trial",
            "overnight_stay",
            "driven_home",
            "commits_to_therapy",
        ]),
        "mini7" => {
            let mut all = yes(&["ptsd_current"]);
            all.push(("ptsd_months".into(), Value::Integer(60)));
            all
        }
        "ecg" => vec![("qtcb_ms".into(), Value::Integer(410))],
        "labs" => vec![
            number("sodium_mmol_l", "140"),
            number("alt_u_l", "20"),
            number("ast_u_l", "20"),
            number("alt_upper_u_l", "50"),
            number("ast_upper_u_l", "50"),
        ],
        "pressure_screen" => ["1", "2", "3"]
            .iter()
            .flat_map(|n| {
                [
                    (FieldId::from(format!("systolic_{n}")), Value::Integer(122)),
                    (FieldId::from(format!("diastolic_{n}")), Value::Integer(78)),
                ]
            })
            .collect(),
        "substance_use" => vec![("ecstasy_uses".into(), Value::Integer(0))],
        _ => Vec::new(),
    }
}
