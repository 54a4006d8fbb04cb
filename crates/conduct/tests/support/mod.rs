//! A clinic to try the rules in: a small study, two sites, staff, one participant, a clock that is set by hand.
//!
//! Acts are written as people say them, one a line, and answered in one line, so that a test is a table:
//! `09:21 lead: check pressure systolic 138 diastolic 87`. Everything goes through `decide` and `apply`.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests stops the test")]

pub mod planted;
pub mod scene;
pub mod study;

use conduct::{
    Authorisation, Command, Context, Entry, Fact, Finding, No, ParticipantState, Person, Picked, Proof, Request,
    SiteState, StockState, StreamId, Studies, TrialState, World,
    command::{
        ContainerFact, ContainerReport, Destination, DosePart, Escort, Going, HoldOn, OrderLine, SafeGoing, StopScope,
        TemperatureReading,
    },
    entry::{Signatory, Stamp},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use protocol::model::{LossCause, Study, Trigger};
use std::{collections::BTreeMap, sync::Arc};
use terms::{ContainerId, Decimal, ParticipantId, SiteId, StudyHash};

/// The participant of the tables.
pub const P: &str = "S01-001";

/// A clinic, its record and its clock.
#[derive(Clone)]
pub struct Clinic {
    pub studies: Studies,
    pub hash: StudyHash,
    pub trial: TrialState,
    pub sites: BTreeMap<SiteId, SiteState>,
    pub stocks: BTreeMap<SiteId, StockState>,
    pub people: BTreeMap<ParticipantId, ParticipantState>,
    pub now: Timestamp,
    pub zone: TimeZone,
    pub session: u8,
    /// The version of the program's answers: every entry so far.
    pub log: Vec<Entry>,
    /// The same with their stamps.
    pub written: Vec<conduct::Written>,
    pub stamps: Vec<Stamp>,
    /// Findings of the last authorisation that was asked for.
    pub findings: Vec<Finding>,
    /// Its name: `authorise_dose`.
    pub asked: String,
    /// Answers tell of alarms too.
    pub alarms: bool,
    acts: u32,
}

/// Roles at S01 by the name that the tables use.
const STAFF: &[(&str, &str)] = &[
    ("investigator", "investigator"),
    ("prescriber", "prescriber"),
    ("lead", "lead_therapist"),
    ("co", "co_therapist"),
    ("nurse", "nurse"),
    ("pharmacist", "pharmacist"),
    ("witness", "witness"),
    ("coordinator", "coordinator"),
    ("attendant", "attendant"),
];

impl Clinic {
    /// A trial with S01 active and staffed, and nobody enrolled.
    pub fn new(study: Study) -> Self {
        let hash = StudyHash::from("v1");
        let mut studies = Studies::new();
        studies.insert(hash.clone(), Arc::new(study));
        let mut clinic = Self {
            studies,
            hash: hash.clone(),
            trial: TrialState::default(),
            sites: BTreeMap::from([("S01".into(), SiteState::default()), ("S02".into(), SiteState::default())]),
            stocks: BTreeMap::from([("S01".into(), StockState::default()), ("S02".into(), StockState::default())]),
            people: BTreeMap::new(),
            now: "2025-01-06T08:00:00Z".parse().unwrap(),
            zone: TimeZone::get("Europe/Berlin").unwrap(),
            session: 1,
            alarms: false,
            written: Vec::new(),
            stamps: Vec::new(),
            log: Vec::new(),
            findings: Vec::new(),
            asked: String::new(),
            acts: 0,
        };
        clinic.write(&StreamId::Trial, Entry::StudyAdopted { study: hash, label: "1".into(), title: "small".into() });
        for (site, country, zone) in [("S01", "DE", "Europe/Berlin"), ("S02", "US", "America/New_York")] {
            let opened = Entry::SiteOpened {
                site: site.into(),
                name: site.into(),
                country: country.into(),
                zone: zone.into(),
                cap: Some(10),
            };
            clinic.write(&StreamId::Trial, opened);
        }
        clinic.write(&StreamId::Trial, Entry::SiteActivated { site: "S01".into() });
        for (staff, role) in [("monitor", "medical_monitor"), ("admin", "administrator"), ("rater", "rater")] {
            clinic.write(&StreamId::Trial, Entry::RoleGranted { staff: staff.into(), role: role.into() });
        }
        for (staff, role) in STAFF {
            clinic.delegate(staff, role, None);
            clinic.certify(staff, role);
        }
        clinic.certify("rater", "rater");
        clinic
    }

    /// Everything that the study asks of the role; the lead is licensed.
    pub fn certify(&mut self, staff: &str, role: &str) {
        let version = Arc::clone(self.studies.get(&self.hash).unwrap());
        let needed = version.certificates.iter().filter(|kind| {
            kind.roles.iter().any(|needs| *needs == *role)
                || (kind.licensed && kind.roles.is_empty() && staff == "lead")
        });
        for kind in needed {
            let entry = Entry::CertificateRecorded {
                staff: staff.into(),
                certificate: kind.id.clone(),
                number: None,
                hours: kind.hours_min,
                issued: "2024-06-01".parse().unwrap(),
                until: kind.valid_days.map(|_| "2027-05-31".parse().unwrap()),
            };
            let stream = if role == "rater" { StreamId::Trial } else { StreamId::Site("S01".into()) };
            self.write(&stream, entry);
        }
    }

    /// What the clock on the wall shows.
    pub fn clock_shown(&self) -> String {
        self.now.to_zoned(self.zone.clone()).strftime("%H:%M").to_string()
    }

    pub fn delegate(&mut self, staff: &str, role: &str, until: Option<Date>) {
        let from = "2025-01-01".parse().unwrap();
        let entry = Entry::Delegated { staff: staff.into(), role: role.into(), from, until, covers: None };
        self.write(&StreamId::Site("S01".into()), entry);
    }

    /// Writes an entry without asking a rule: how things came to stand as they do.
    pub fn write(&mut self, stream: &StreamId, entry: Entry) {
        self.acts += 1;
        let stamp = Stamp {
            act: format!("seed{}", self.acts).into(),
            at: self.now,
            day: self.now.to_zoned(self.zone.clone()).date(),
            zone: "Europe/Berlin".into(),
            recorded_at: self.now,
            by: Signatory { person: Person::Program, role: None },
            second: None,
            study: self.hash.clone(),
            program: "test".into(),
            reason: None,
            device_at: None,
        };
        self.apply(stream, &stamp, &entry);
        self.log.push(entry);
    }

    fn apply(&mut self, stream: &StreamId, stamp: &Stamp, entry: &Entry) {
        match stream {
            StreamId::Trial => self.trial.apply(stamp, entry),
            StreamId::Allocation => {}
            StreamId::Site(site) => self.sites.get_mut(site).unwrap().apply(stamp, entry),
            StreamId::Stock(site) => self.stocks.get_mut(site).unwrap().apply(stamp, entry),
            StreamId::Participant(id) => match self.people.get_mut(id) {
                Some(participant) => participant.apply(stamp, entry),
                None => {
                    self.people.insert(id.clone(), ParticipantState::begin(stamp, entry).unwrap());
                }
            },
        }
    }

    /// Writes to the participant of the tables.
    pub fn person(&mut self, entry: Entry) {
        self.write(&StreamId::Participant(P.into()), entry);
    }

    pub fn stock(&mut self, entry: Entry) {
        self.write(&StreamId::Stock("S01".into()), entry);
    }

    /// Sets the clock: `2025-03-31 09:35`, or a time on the day that it stands at.
    pub fn clock(&mut self, text: &str) {
        let today = self.now.to_zoned(self.zone.clone()).date();
        let text = if text.contains('-') { text.replace(' ', "T") } else { format!("{today}T{text}") };
        let civil: jiff::civil::DateTime = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        self.now = civil.to_zoned(self.zone.clone()).unwrap().timestamp();
    }

    /// A participant with consent, both gates, an arm, a licence and a weight, ready for the first session.
    pub fn assigned(mut self) -> Self {
        let enquiry = Entry::EnquiryRecorded {
            participant: P.into(),
            site: "S01".into(),
            source: "letter".into(),
            language: "en".into(),
        };
        self.person(enquiry);
        self.person(Entry::ConsentRecorded {
            instance: "c1".into(),
            version: "1".into(),
            text_sha256: "0".repeat(64),
            items: BTreeMap::new(),
            quiz_score: 0,
            quiz_pass: 0,
            copy_given: true,
            valid: true,
            why_not: None,
        });
        self.person(form_entry("f1", "screening", "weight_kg 70 childbearing yes"));
        self.person(Entry::Enrolled { criteria: Vec::new() });
        self.clock("2025-03-25 10:00");
        self.confirm(Some("2025-05-24"));
        self.person(Entry::Randomised { handle: "h".into(), stratum: "S01".into() });
        for (stream, approval) in
            [(StreamId::Site("S01".into()), "ethics"), (StreamId::Participant(P.into()), "licence")]
        {
            let entry = Entry::ApprovalRecorded {
                approval: approval.into(),
                number: format!("{approval}/1"),
                from: "2025-01-01".parse().unwrap(),
                until: "2025-12-31".parse().unwrap(),
            };
            self.write(&stream, entry);
        }
        self.receive(&["K1 initial 80+40", "K2 supplement 80+40", "K3 initial 120+60", "K4 supplement 120+60"]);
        self.receive(&["K5 initial 80+40", "K6 supplement 80+40"]);
        self
    }

    pub fn confirm(&mut self, expires: Option<&str>) {
        let expires = expires.map(|day| day.parse().unwrap());
        self.person(Entry::EnrolmentConfirmed { criteria: Vec::new(), expires });
    }

    /// Containers that lie in the safe of S01 and may be used.
    pub fn receive(&mut self, labels: &[&str]) {
        let containers: Vec<ContainerReport> = labels.iter().map(|label| report(label)).collect();
        let ids = containers.iter().map(|report| report.container.clone()).collect();
        self.stock(Entry::ContainersReceived {
            consignment: "C".into(),
            containers,
            order: None,
            noted: None,
            certificates: BTreeMap::new(),
        });
        self.stock(Entry::ContainersAccepted { containers: ids });
    }

    pub fn book(&mut self, visit: &str, day: &str) {
        let starts = format!("{day}T09:00").parse::<jiff::civil::DateTime>().unwrap();
        let starts = starts.to_zoned(self.zone.clone()).unwrap();
        let mode = protocol::model::VisitMode::OnSite;
        let (visit, day) = (visit.into(), starts.date());
        self.person(Entry::VisitBooked { visit, starts: starts.timestamp(), day, mode, moved_from: None });
    }

    pub fn participant(&self) -> &ParticipantState {
        &self.people[P]
    }

    pub fn stock_of(&self, container: &str) -> &conduct::state::Container {
        &self.stocks["S01"].containers[container]
    }

    fn world<'a>(&'a self, command: &Command, site: &str) -> World<'a> {
        let person = match command.subject() {
            conduct::Subject::Participant(id) => self.people.get(&id),
            _ => None,
        };
        let site = person.map_or(site, |person| person.site.as_str());
        World {
            trial: &self.trial,
            allocation: None,
            site: self.sites.get(site),
            stock: if command.needs_stock() { self.stocks.get(site) } else { None },
            participant: person,
        }
    }

    /// Asks as these people: `lead`, `lead+co`, `prescriber!` (signed). What is granted or recorded is applied.
    pub fn ask(&mut self, who: &str, command: Command, extra: &Extra) -> Result<Vec<Entry>, No> {
        self.acts += 1;
        let mut people = who.split('+').map(|name| Proof {
            person: match name.trim_end_matches('!') {
                "program" => Person::Program,
                "participant" => Person::Participant(P.into()),
                name => Person::Staff(name.into()),
            },
            at: self.now,
            signed: name.ends_with('!'),
        });
        let context = Context {
            now: self.now,
            actor: people.next().unwrap(),
            second: people.next(),
            act: format!("a{}", self.acts).into(),
            program: "test".into(),
            draw: None,
            picked: extra.picked.clone(),
            pseudonym: None,
            census: extra.census.clone(),
        };
        let request = Request {
            id: self.acts.to_string(),
            at: extra.at,
            sent: extra.sent,
            reason: extra.reason.clone(),
            command,
        };
        let (written, findings) = {
            let site = match request.command.subject() {
                conduct::Subject::Site(site) => site,
                _ => SiteId::from("S01"),
            };
            let world = self.world(&request.command, site.as_str());
            let case = conduct::case_of(&self.studies, world, Some(&site), &request, &context)?;
            let findings = match &request.command {
                Command::Authorise(act) => conduct::ask(&case, act),
                Command::Fact(_) => Vec::new(),
            };
            (conduct::decide(&self.studies, world, Some(&site), &request, &context), findings)
        };
        self.findings = findings;
        self.asked = request.command.name();
        let written = written?;
        let mut entries = Vec::new();
        for one in written {
            self.apply(&one.stream, &one.stamp, &one.entry);
            entries.push(one.entry.clone());
            self.stamps.push(one.stamp.as_ref().clone());
            self.written.push(one.clone());
            self.log.push(one.entry);
        }
        Ok(entries)
    }

    /// Looks at the participant's record as it stands now, as the lead would.
    pub fn look<T>(&self, look: impl FnOnce(&conduct::Case<'_>) -> T) -> T {
        let command = Command::Fact(Fact::RecordNote { participant: P.into(), text: "look".into() });
        let request = Request { id: "look".into(), at: None, sent: None, reason: None, command };
        let context = Context {
            now: self.now,
            actor: Proof { person: Person::Staff("lead".into()), at: self.now, signed: false },
            second: None,
            act: "look".into(),
            program: "test".into(),
            draw: None,
            picked: None,
            pseudonym: None,
            census: None,
        };
        let site = SiteId::from("S01");
        let world = self.world(&request.command, "S01");
        look(&conduct::case_of(&self.studies, world, Some(&site), &request, &context).unwrap())
    }

    /// Runs one line, `09:35 prescriber!: check physician_go go yes`, and answers in one line.
    ///
    /// A time may be `09:35@09:20`: said at the first, happened at the second.
    pub fn run(&mut self, line: &str) -> String {
        let (head, act) = line.split_once(": ").unwrap_or_else(|| panic!("no act in {line:?}"));
        let (time, who) = head.trim().rsplit_once(' ').unwrap_or(("", head.trim()));
        let (said, happened) = time.split_once('@').map_or((time, None), |(said, at)| (said, Some(at)));
        let mut extra = Extra::default();
        if let Some(at) = happened {
            let mut then = self.clone();
            then.clock(at);
            extra.at = Some(then.now);
        }
        if !said.is_empty() {
            self.clock(said);
        }
        let (act, reason) = act.split_once(" because ").map_or((act, None), |(act, reason)| (act, Some(reason)));
        extra.reason = reason.map(str::to_owned);
        let act = self.named(act);
        let command = command(&act, (self.session, self.now), &mut extra);
        let authorisation = matches!(command, Command::Authorise(_));
        answer(self.ask(who, command, &extra), authorisation, self.alarms)
    }

    /// `@alarm`, `@card`, `@reading`, `@note`, `@task`: the last of them that is open.
    fn named(&self, act: &str) -> String {
        let Some(participant) = self.people.get(P) else { return act.to_owned() };
        let Some(session) = participant.sessions.get(&self.session) else { return act.to_owned() };
        let alarm = session.alarms.iter().filter(|(_, alarm)| alarm.waits()).max_by_key(|(_, alarm)| alarm.raised_at);
        let card = session.cards.iter().max_by_key(|(_, card)| card.at).map(|(id, _)| id);
        let asked = |task: &conduct::state::Task| {
            task.done.is_none() && task.raised.trigger == protocol::model::Trigger::MayBeHarm
        };
        let task = participant.tasks.iter().find(|(_, task)| asked(task)).map(|(id, _)| id);
        let names = [
            ("@alarm", alarm.map(|(id, _)| id)),
            ("@card", card),
            ("@reading", session.readings.last().map(|reading| &reading.instance)),
            ("@note", session.notes.last().map(|note| &note.instance)),
            ("@task", task),
        ];
        names.iter().fold(act.to_owned(), |act, (name, id)| match id {
            Some(id) => act.replace(name, id.as_str()),
            None => act,
        })
    }

    /// Runs lines that must all be allowed or recorded.
    pub fn all(&mut self, lines: &str) {
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let answer = self.run(line);
            assert!(!answer.starts_with("refused") && !answer.starts_with("un"), "{line}: {answer}");
        }
    }
}

/// What a command is given beside its own words.
#[derive(Debug, Clone, Default)]
pub struct Extra {
    pub at: Option<Timestamp>,
    pub sent: Option<Timestamp>,
    pub reason: Option<String>,
    pub picked: Option<Picked>,
    pub census: Option<conduct::Census>,
}

/// `K1 initial 80+40 [2026-01-31]`.
pub fn report(label: &str) -> ContainerReport {
    let words: Vec<&str> = label.split(' ').collect();
    let pieces = |part| match (part, words[2]) {
        (DosePart::Initial, "80+40") => 2,
        (DosePart::Initial, _) => 3,
        (DosePart::Supplement, _) => 1,
    };
    ContainerReport {
        container: words[0].into(),
        part: part(words[1]),
        level: words[2].into(),
        lot: "L1".into(),
        expires: words.get(3).unwrap_or(&"2026-01-31").parse().unwrap(),
        seal: None,
        kit: None,
        pieces: Some(pieces(part(words[1]))),
    }
}

fn part(word: &str) -> DosePart {
    if word == "initial" { DosePart::Initial } else { DosePart::Supplement }
}

pub fn form_entry(instance: &str, form: &str, values: &str) -> Entry {
    Entry::FormRecorded {
        instance: instance.into(),
        form: form.into(),
        visit: None,
        values: study::values(values).into(),
        scores: Default::default(),
    }
}

fn escort(code: &str) -> Escort {
    match code {
        "" | "nobody" => Escort::Nobody,
        "named" => Escort::Named,
        "other" => Escort::Other,
        "staff" => Escort::Staff,
        "ambulance" => Escort::Ambulance,
        other => panic!("no escort {other}"),
    }
}

fn measures(words: &[&str]) -> BTreeMap<String, Decimal> {
    words.chunks(2).map(|pair| (pair[0].to_owned(), study::decimal(pair[1]))).collect()
}

/// An act in words. The verbs are those of the bedside.
fn command(text: &str, (session, now): (u8, Timestamp), extra: &mut Extra) -> Command {
    let words: Vec<&str> = text.split_whitespace().collect();
    let rest = words.get(2..).unwrap_or_default().join(" ");
    let participant = ParticipantId::from(P);
    let arg = |n: usize| words.get(n).copied().unwrap_or_default();
    let behind = |key: &str| words.iter().skip_while(|word| **word != key).nth(1).copied();
    let container = || ContainerId::from(arg(1));
    let fact = match arg(0) {
        "check" => Fact::RecordCheck { participant, session, check: arg(1).into(), values: study::values(&rest) },
        "form" => {
            Fact::RecordForm { seen: None, participant, form: arg(1).into(), visit: None, values: study::values(&rest) }
        }
        "come" => Fact::RecordPresence { participant, session, going: Going::In },
        "go" => Fact::RecordPresence { participant, session, going: Going::Out },
        "reading" => {
            Fact::RecordReading { participant, session, measures: measures(&words[1..]), confirmed: false, seen: None }
        }
        verb @ ("swallow" | "supplement") => Fact::RecordSwallow {
            participant,
            session,
            part: if verb == "swallow" { DosePart::Initial } else { DosePart::Supplement },
            container: container(),
            pieces: arg(2).parse().unwrap(),
            mouth_checked: true,
            seen: None,
        },
        "not_given" => Fact::RecordSupplementNotGiven { participant, session, code: arg(1).to_owned() },
        "agree" => Fact::RecordAgreement { participant, session, check: words.get(1).map(|check| (*check).into()) },
        "note" => Fact::RecordSessionNote {
            participant,
            session,
            code: arg(1).to_owned(),
            number: words.get(2).and_then(|number| number.parse().ok()),
            detail: words
                .get(2)
                .filter(|word| word.parse::<Decimal>().is_err() && **word != "-")
                .map(|w| (*w).to_owned()),
            text: words.get(3..).filter(|words| !words.is_empty()).map(|words| words.join(" ")),
        },
        "sure" => {
            Fact::RecordReading { participant, session, measures: measures(&words[1..]), confirmed: true, seen: None }
        }
        "reading_seen" => Fact::RecordReading {
            participant,
            session,
            measures: measures(&words[2..]),
            confirmed: false,
            seen: arg(1).parse().ok(),
        },
        "swallow_seen" => Fact::RecordSwallow {
            participant,
            session,
            part: DosePart::Initial,
            container: arg(2).into(),
            pieces: arg(3).parse().unwrap(),
            mouth_checked: true,
            seen: arg(1).parse().ok(),
        },
        "fix_reading" => Fact::CorrectReading {
            participant,
            session,
            reading: arg(1).into(),
            measures: measures(&words[2..]),
            confirmed: false,
        },
        "fix_note" => Fact::CorrectSessionNote {
            participant,
            session,
            note: arg(1).into(),
            code: arg(2).to_owned(),
            number: words.get(3).and_then(|number| number.parse().ok()),
            detail: words.get(3).filter(|word| word.parse::<Decimal>().is_err()).map(|word| (*word).to_owned()),
            text: None,
        },
        "strike" => Fact::StrikeRecord { participant, instance: arg(1).into(), belongs_to: None },
        "handover" => Fact::RecordHandover { participant, session },
        "open_card" => Fact::OpenCard { participant, session, card: arg(1).to_owned() },
        "tick" => Fact::TickCard { participant, session, card: arg(1).into(), step: arg(2).parse().unwrap() },
        "close_card" => Fact::CloseCard { participant, session, card: arg(1).into(), text: rest },
        "call" => Fact::CallContact {
            participant,
            session,
            contact: arg(1).to_owned(),
            reached: arg(2) == "reached",
            alarm: words.get(3).map(|alarm| (*alarm).into()),
            text: None,
        },
        "ack" => Fact::AcknowledgeAlarm { participant, session, alarm: arg(1).into() },
        "clock" => Fact::RecordAlarms { participant, session },
        "sign" => Fact::SignSession { participant, session },
        "answer" => Fact::CompleteTask { participant, task: arg(1).into(), text: rest },
        "harm" => Fact::RecordAdverseEvent { participant, event: mild(session, arg(1)) },
        "consent" => Fact::RecordConsent {
            participant,
            version: arg(1).to_owned(),
            items: BTreeMap::new(),
            answers: BTreeMap::new(),
            copy_given: true,
        },
        "stop_session" => Fact::StopSession { participant, session },
        "leave" => Fact::RecordDeparture {
            participant,
            session,
            to: match arg(1) {
                "home" => Destination::Home,
                "hospital" => Destination::Hospital,
                _ => Destination::Overnight,
            },
            escort: escort(&rest),
        },
        "night" => Fact::RecordNightCheck {
            participant,
            session,
            awake: arg(1) == "awake",
            distress: words.get(2).map(|number| number.parse().unwrap()),
            signs: words.get(3..).unwrap_or_default().iter().map(|sign| (*sign).to_owned()).collect(),
            text: None,
        },
        "withdraw_order" => Fact::WithdrawOrder { participant, session },
        "stop_treatment" => {
            Fact::RecordStop { participant, scope: StopScope::Treatment, reason: "wish".into(), text: rest }
        }
        "withdraw_consent" => {
            Fact::RecordStop { participant, scope: StopScope::Consent, reason: "wish".into(), text: rest }
        }
        "hold" => Fact::PlaceHold { on: hold_on(arg(1)), text: rest },
        "container" => {
            Fact::RecordContainer { site: "S01".into(), container: container(), what: container_fact(&words) }
        }
        // `count K1 K2=1`: K2 is open and one piece is in it.
        "count" => {
            let named = words[1..].iter().map(|word| word.split_once('=').map_or(*word, |(id, _)| id).into());
            let pieces = words[1..].iter().filter_map(|word| word.split_once('='));
            Fact::CountStock {
                site: "S01".into(),
                found: named.collect(),
                pieces: pieces.map(|(id, pieces)| (id.into(), pieces.parse().unwrap())).collect(),
            }
        }
        // `receive C2 N1 initial 80+40, N2 … order F-1 noted 3 certified L1`.
        "receive" => {
            let (labels, papers) = rest.split_once(" papers ").unwrap_or((&rest, ""));
            let given = |key: &str| papers.split(' ').skip_while(|word| *word != key).nth(1);
            Fact::ReceiveContainers {
                site: "S01".into(),
                consignment: arg(1).to_owned(),
                containers: labels.split(", ").filter(|label| !label.is_empty()).map(report).collect(),
                order: given("order").map(str::to_owned),
                noted: given("noted").map(|number| number.parse().unwrap()),
                certificates: given("certified").map(|lot| (lot.to_owned(), "CoA".to_owned())).into_iter().collect(),
            }
        }
        "complete" => Fact::CompleteReceipt {
            site: "S01".into(),
            consignment: arg(1).to_owned(),
            order: (arg(2) == "order").then(|| arg(3).to_owned()),
            certificates: (arg(2) == "certified").then(|| (arg(3).to_owned(), "CoA".to_owned())).into_iter().collect(),
        },
        "arrived" => Fact::ReceiveShipment {
            site: arg(1).into(),
            shipment: arg(2).to_owned(),
            found: words[3..].iter().filter(|word| **word != "broken").map(|id| (*id).into()).collect(),
            seal_whole: !words.contains(&"broken"),
        },
        "temperature" => Fact::RecordTemperature {
            site: "S01".into(),
            logger: "T1".into(),
            readings: words[1..]
                .iter()
                .map(|celsius| TemperatureReading { at: extra.at.unwrap_or(now), celsius: study::decimal(celsius) })
                .collect(),
        },
        "safe" => Fact::RecordSafeAccess {
            site: "S01".into(),
            going: if arg(1) == "opened" { SafeGoing::Opened } else { SafeGoing::Shut },
            purpose: rest,
            seal: None,
        },
        "recall" => Fact::RecallLot {
            site: (arg(1) == "here").then(|| "S01".into()),
            lot: arg(2).to_owned(),
            reason: extra.reason.take().unwrap_or_default(),
        },
        "notice" => Fact::RecordNotice {
            site: "S01".into(),
            discrepancy: arg(1).into(),
            form: arg(2).to_owned(),
            number: arg(3).to_owned(),
            fields: words[3..].iter().map(|word| ((*word).to_owned(), "said".to_owned())).collect(),
        },
        // `certify nora gcp 2024-06-01 [2027-05-31]`, `hours 20` behind it.
        "certify" => Fact::RecordCertificate {
            site: (arg(2) != "raters_training").then(|| "S01".into()),
            staff: arg(1).into(),
            certificate: arg(2).to_owned(),
            number: behind("number").map(str::to_owned),
            hours: behind("hours").map(|hours| hours.parse().unwrap()),
            issued: arg(3).parse().unwrap(),
            until: arg(4).parse().ok(),
        },
        "uncertify" => Fact::WithdrawCertificate {
            site: (arg(2) != "raters_training").then(|| "S01".into()),
            staff: arg(1).into(),
            certificate: arg(2).to_owned(),
            from: arg(3).parse().ok(),
        },
        "relate" => Fact::DeclareRelation {
            site: "S01".into(),
            staff: arg(1).into(),
            other: arg(2).into(),
            relation: arg(3).to_owned(),
            from: arg(4).parse().ok(),
        },
        "unrelate" => Fact::EndRelation {
            site: "S01".into(),
            staff: arg(1).into(),
            other: arg(2).into(),
            relation: arg(3).to_owned(),
        },
        "end" => Fact::EndDelegation {
            site: (arg(3) != "trial").then(|| "S01".into()),
            staff: arg(1).into(),
            role: arg(2).into(),
        },
        _ => return Command::Authorise(authorisation(&words, session, extra)),
    };
    Command::Fact(fact)
}

/// A mild event of a session, which answers a question.
fn mild(session: u8, answers: &str) -> conduct::command::AdverseEventReport {
    use conduct::command::{AdverseEventOutcome, Causality, Severity, Valence};
    conduct::command::AdverseEventReport {
        term: "vomiting".to_owned(),
        onset: "2025-03-31".parse().unwrap(),
        ended: None,
        severity: Severity::Mild,
        serious: Vec::new(),
        related: Causality::Probable,
        session: Some(session),
        valence: Valence::Negative,
        special_interest: None,
        outcome: AdverseEventOutcome::Recovered,
        answers: vec![answers.into()],
    }
}

pub fn hold_on(word: &str) -> HoldOn {
    match word {
        "trial" => HoldOn::Trial,
        "site" => HoldOn::Site { site: "S01".into() },
        _ => HoldOn::Participant { participant: P.into() },
    }
}

fn container_fact(words: &[&str]) -> ContainerFact {
    let reason = words.get(3..).unwrap_or_default().join(" ");
    match words[2] {
        "missing" => ContainerFact::Missing,
        "damaged" => ContainerFact::Damaged { reason },
        "aside" => ContainerFact::Quarantined { reason },
        "recalled" => ContainerFact::Recalled { reason },
        "warm" => ContainerFact::TemperatureExcursion { celsius: study::decimal(&reason) },
        "sent" => ContainerFact::ReturnedOut { consignment: reason },
        "back" => ContainerFact::CameBack { pieces: reason.parse().unwrap(), seal: None },
        "refused" => ContainerFact::Refused { pieces: reason.parse().unwrap(), reason: "would not".into() },
        "wasted" => ContainerFact::Wasted { pieces: reason.parse().unwrap(), reason: "dropped".into() },
        "found" => ContainerFact::Found { place: reason },
        other => panic!("no such thing becomes of a container: {other}"),
    }
}

fn authorisation(words: &[&str], session: u8, extra: &mut Extra) -> Authorisation {
    let participant = ParticipantId::from(P);
    let arg = |n: usize| words.get(n).copied().unwrap_or_default();
    let site = SiteId::from("S01");
    let ids = || words[1..].iter().map(|id| (*id).into()).collect::<Vec<ContainerId>>();
    match arg(0) {
        "order" => {
            Authorisation::OrderDose { participant, session, level: arg(1).into(), level_reason: extra.reason.take() }
        }
        "release" => {
            extra.picked = match arg(1) {
                "" => None,
                "nothing" => Some(Picked::None),
                initial => Some(Picked::Containers {
                    initial: initial.into(),
                    supplement: words.get(2).map(|id| (*id).into()),
                }),
            };
            Authorisation::ReleaseContainers { participant, session }
        }
        "allow" => Authorisation::AuthoriseDose { participant, session, container: arg(1).into() },
        "open" => Authorisation::AuthoriseSupplement {
            participant,
            session,
            container: arg(1).into(),
            wished: arg(2) != "unwished",
            physician_reason: extra.reason.take(),
        },
        "discharge" => Authorisation::Discharge { participant, session },
        "close" => Authorisation::CloseSession { participant, session },
        "accept" => Authorisation::AcceptContainers { site, containers: ids() },
        "return" => Authorisation::ReturnToSafe { site, container: arg(1).into() },
        // `destroy N1 because incinerated, recorded 41`.
        "destroy" => {
            let said = extra.reason.take().unwrap_or_default();
            let (method, record) = said.split_once(", recorded ").map_or((said.as_str(), None), |(m, r)| (m, Some(r)));
            Authorisation::DestroyContainers {
                site,
                containers: ids(),
                method: method.to_owned(),
                record: record.map(str::to_owned),
            }
        }
        // `form order_form F-1 2 initial 80+40, supplier`: two containers, one field filled in.
        "form_for" => Authorisation::SignOrderForm {
            site,
            form: arg(1).to_owned(),
            number: arg(2).to_owned(),
            fields: words.get(6..).unwrap_or_default().iter().map(|w| ((*w).to_owned(), "said".to_owned())).collect(),
            lines: arg(3)
                .parse()
                .map(|containers| OrderLine { part: part(arg(4)), level: arg(5).into(), containers })
                .into_iter()
                .collect(),
        },
        // `ship S02 T1 seal 77 K1 K2`, with the form's number before the seal where there is one.
        "ship" => Authorisation::ShipContainers {
            site,
            to: arg(1).into(),
            shipment: arg(2).to_owned(),
            seal: arg(3).trim_matches('-').to_owned(),
            number: Some(arg(4).trim_matches('-').to_owned()).filter(|number| !number.is_empty()),
            containers: words.get(5..).unwrap_or_default().iter().map(|id| (*id).into()).collect(),
        },
        "resolve" => Authorisation::ResolveDiscrepancy {
            site,
            discrepancy: arg(1).into(),
            cause: match arg(2) {
                "clerical" => LossCause::Clerical,
                "breakage" => LossCause::Breakage,
                "overage" => LossCause::Overage,
                "missing" => LossCause::Missing,
                _ => LossCause::Theft,
            },
            text: extra.reason.take().unwrap_or_default(),
        },
        "lift" => Authorisation::LiftHold { on: hold_on(arg(1)), hold: arg(2).into() },
        "adopt" => Authorisation::AdoptStudy { study: arg(1).into() },
        "open_site" => Authorisation::OpenSite { site: arg(1).into() },
        "activate" => Authorisation::ActivateSite { site: arg(1).into() },
        "close_site" => Authorisation::CloseSite { site: arg(1).into() },
        "cap" => Authorisation::SetCap { site, cap: arg(1).parse().ok() },
        "list" => Authorisation::LoadAllocation { commitment: arg(1).repeat(64), rows: arg(2).parse().unwrap() },
        "freeze" => {
            let own = study::study("1").analysis.hash();
            Authorisation::FreezePlan { plan: if arg(1) == "own" { own } else { arg(1).to_owned() } }
        }
        "lock" => {
            let open = |n: usize| conduct::entry::OpenItem {
                participant: Some(P.into()),
                kind: "task".into(),
                item: format!("t{n}"),
                text: "Answer".into(),
            };
            let census = |count: usize| conduct::Census { open: (0..count).map(open).collect(), ..Default::default() };
            extra.census = (arg(1) != "unseen").then(|| census(arg(1).parse().unwrap_or(0)));
            Authorisation::LockRecord {}
        }
        "unlock" => Authorisation::UnlockRecord {},
        "grant" => Authorisation::GrantRole { staff: arg(1).into(), role: arg(2).into() },
        "delegate" => Authorisation::Delegate {
            site,
            staff: arg(1).into(),
            role: arg(2).into(),
            from: arg(3).parse().unwrap(),
            until: arg(4).parse().ok(),
            covers: words.get(5).map(|staff| (*staff).into()),
        },
        other => panic!("nobody says {other:?} in these tables"),
    }
}

/// `allowed`, `refused rule/condition …`, or what a fact was answered with: deviations, tasks, holds, lost ground.
fn answer(answer: Result<Vec<Entry>, No>, authorisation: bool, alarms: bool) -> String {
    let entries = match answer {
        Ok(entries) => entries,
        Err(No::Refused(refusal)) => {
            let rules = refusal.broken.iter().map(|broken| match &broken.condition {
                Some(condition) => format!("{}/{condition}", broken.rule),
                None => broken.rule.to_owned(),
            });
            return format!("refused {}", rules.collect::<Vec<_>>().join(" "));
        }
        Err(No::Unreadable(all)) => {
            let fields: Vec<&str> = all.iter().map(|unreadable| unreadable.field.as_str()).collect();
            return format!("unreadable {}", fields.join(" "));
        }
        Err(other) => return format!("unanswered: {other}"),
    };
    let mut words: Vec<String> = vec![if authorisation { "allowed" } else { "recorded" }.to_owned()];
    for entry in &entries {
        match entry {
            Entry::DeviationRecorded { trigger, .. } => {
                words.push(trigger.map_or("deviation".to_owned(), |trigger| format!("{trigger:?}")));
            }
            Entry::TaskRaised(task) if task.clock.is_some() => words.push(format!("clock:{:?}", task.trigger)),
            Entry::TaskRaised(task) => words.push(format!("task:{:?}", task.trigger)),
            Entry::TaskCompleted { .. } => words.push("done".to_owned()),
            Entry::HoldPlaced { .. } => words.push("hold".to_owned()),
            Entry::HoldLifted { .. } if !authorisation => words.push("lifted".to_owned()),
            Entry::StockCounted { .. } => words.push("counted".to_owned()),
            Entry::CountsDiffered { .. } => words.push("differ".to_owned()),
            Entry::DiscrepancyOpened { what, .. } => words.push(format!("open:{what:?}")),
            Entry::NoticeRecorded { late: true, .. } => words.push("late".to_owned()),
            Entry::TemperatureLogged { within: false, set_aside, .. } => {
                words.push(format!("aside:{}", set_aside.len()));
            }
            Entry::GroundWithdrawn { rule, .. } => words.push(format!("lost:{rule}")),
            Entry::VisitAttended { .. } => words.push("came".to_owned()),
            Entry::ReadingRecorded { slot, breaches, .. } => {
                words.extend(slot.clone());
                words.extend(breaches.iter().map(|b| format!("{}:{}", b.limit, if b.red { "red" } else { "amber" })));
            }
            Entry::AlarmRaised { alarm, level, .. } if alarms => words.push(format!("{alarm:?}/{}", level.name())),
            Entry::AlarmEscalated { tell, .. } if alarms => words.push(format!("told:{tell:?}")),
            Entry::AlarmAcknowledged { .. } if alarms => words.push("taken".to_owned()),
            Entry::AlarmEnded { .. } if alarms => words.push("over".to_owned()),
            Entry::MedicationRecorded { .. } if alarms => words.push("medicine".to_owned()),
            Entry::CheckRecorded { clears, .. } => words.push(if *clears { "clears" } else { "fails" }.to_owned()),
            Entry::DoseTaken { amount, authorised, .. } => {
                words.push(format!("{}mg", amount.amount()));
                words.push(if *authorised { "authorised" } else { "unauthorised" }.to_owned());
            }
            _ => {}
        }
    }
    words.join(" ")
}

/// Rows of a table: what is done first (lines parted by `;`), and the answer that is expected.
pub fn rows(table: &str) -> Vec<(Vec<&str>, &str)> {
    let lines = table.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (acts, expected) = line.rsplit_once('|').unwrap_or_else(|| panic!("no expected answer in {line:?}"));
            let acts = acts.split(';').map(str::trim).filter(|act| !act.is_empty() && *act != "-").collect();
            (acts, expected.trim())
        })
        .collect()
}

/// Every deviation on the participant's record, by trigger.
pub fn deviations(clinic: &Clinic) -> Vec<Trigger> {
    clinic.participant().deviations.values().filter_map(|deviation| deviation.trigger).collect()
}
