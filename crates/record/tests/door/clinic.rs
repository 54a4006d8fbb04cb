//! A trial of the small study in a store, with acts written as JSON.

use conduct::{Context, Entry, No, Person, Proof, Request, Studies, Written};
use jiff::{SignedDuration, Timestamp};
use record::{Answer, Asked, Batch, Door, New, SqliteStore, Store, projection::TABLES};
use serde_json::{Value, json};
use std::{path::PathBuf, sync::Arc};
use terms::ParticipantId;

pub struct Clinic {
    pub door: Door,
    pub path: PathBuf,
    folder: tempfile::TempDir,
    pub now: Timestamp,
    acts: u32,
}

pub fn studies() -> Studies {
    let study = protocol::embedded::load("small").unwrap();
    let mut studies = Studies::new();
    studies.insert(study.hash(), Arc::new(study));
    studies
}

pub fn new_store(path: &std::path::Path) -> Arc<dyn Store> {
    let new = New { synthetic: true, created_by: "test".into(), created_at: Timestamp::UNIX_EPOCH };
    Arc::new(SqliteStore::create(path, &new, TABLES).unwrap())
}

impl Clinic {
    /// An empty trial.
    pub fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.sqlite");
        let door = Door::new(new_store(&path), studies(), None, "test");
        Self { door, path, folder, now: "2026-01-05T08:00:00Z".parse().unwrap(), acts: 0 }
    }

    /// A trial with two active sites.
    pub fn new() -> Self {
        let mut clinic = Self::empty();
        for command in setting_up() {
            clinic.done(command);
        }
        clinic
    }

    /// Another program on the same file.
    pub fn another_door(&self) -> Door {
        Door::new(Arc::new(SqliteStore::open(&self.path, TABLES).unwrap()), studies(), None, "test")
    }

    /// A path for another file beside this one.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn asked(&mut self, command: Value) -> Asked {
        self.acts += 1;
        self.now = self.now.checked_add(SignedDuration::from_mins(7)).unwrap();
        asked(self.acts, self.now, command)
    }

    pub fn ask(&mut self, command: Value) -> Answer {
        let asked = self.asked(command);
        self.door.ask(&asked).unwrap()
    }

    /// Asks for what must be written.
    pub fn done(&mut self, command: Value) -> Vec<Written> {
        match self.ask(command.clone()) {
            Answer::Done(receipt) => receipt.entries,
            Answer::No(no) => panic!("{command}: {no}"),
        }
    }

    pub fn enquiry(&mut self, site: &str) -> ParticipantId {
        let written = self.done(enquiry(site));
        written
            .iter()
            .find_map(|written| match &written.entry {
                Entry::EnquiryRecorded { participant, .. } => Some(participant.clone()),
                _ => None,
            })
            .unwrap()
    }

    pub fn entries(&self) -> u64 {
        count(self.door.store().as_ref(), "entry")
    }
}

pub fn count(store: &dyn Store, table: &str) -> u64 {
    let rows = store.select(&format!("SELECT count(*) FROM {table}"), &[]).unwrap();
    rows[0][0].as_integer().unwrap() as u64
}

pub fn setting_up() -> Vec<Value> {
    let studies = studies();
    let (hash, _) = studies.iter().next().unwrap();
    let mut commands = vec![json!({"authorise": {"adopt_study": {"study": hash}}})];
    for site in ["S01", "S02"] {
        commands.push(json!({"authorise": {"open_site": {"site": site}}}));
        for (_, study) in studies.iter() {
            for role in study.roles.iter().filter(|role| role.scope == protocol::model::RoleScope::Site) {
                for who in ["A", "B"] {
                    let staff = format!("{site}-{}-{who}", role.id);
                    let from = "2026-01-01";
                    for kind in conduct::staffing::credentials::usual(study, &role.id) {
                        commands.push(json!({"fact": {"record_certificate": {"site": site, "staff": staff, "certificate": kind.id, "hours": kind.hours_min, "issued": from}}}));
                    }
                    commands.push(json!({"authorise": {"delegate": {"site": site, "staff": staff, "role": role.id, "from": from}}}));
                }
            }
        }
        commands.push(json!({"authorise": {"activate_site": {"site": site}}}));
    }
    commands
}

pub fn enquiry(site: &str) -> Value {
    json!({"fact": {"record_enquiry": {"site": site, "source": "friend", "language": "en"}}})
}

pub fn consent(participant: &str) -> Value {
    json!({"fact": {"record_consent": {
        "participant": participant, "version": "1", "copy_given": true,
        "items": {"participation": true, "recording": true, "long_term": false},
        "answers": {"may_stop": true, "may_drive": false, "certain": false},
    }}})
}

pub fn note(participant: &str, text: &str) -> Value {
    json!({"fact": {"record_note": {"participant": participant, "text": text}}})
}

/// The program itself acts, and signs: it holds every duty, so what is tested is the door and not the delegation.
pub fn proof(now: Timestamp) -> Proof {
    Proof { person: Person::Program, at: now, signed: true }
}

pub fn request(number: u32, command: Value) -> Request {
    serde_json::from_value(
        json!({"id": format!("request-{number}"), "reason": "a reason in words", "command": command}),
    )
    .unwrap()
}

pub fn asked(number: u32, now: Timestamp, command: Value) -> Asked {
    Asked {
        request: request(number, command),
        actor: proof(now),
        second: None,
        now,
        act: format!("act{number}").as_str().into(),
        pseudonym: format!("P-{number}"),
    }
}

/// The same as [`Clinic::ask`], through a batch.
pub fn batch_ask(
    batch: &mut Batch<'_>,
    asked: &Asked,
    participant: Option<&ParticipantId>,
) -> Result<Vec<Written>, No> {
    let context = Context {
        now: asked.now,
        actor: asked.actor.clone(),
        second: None,
        act: asked.act.clone(),
        program: "test".into(),
        draw: None,
        picked: None,
        pseudonym: Some(asked.pseudonym.clone()),
        census: None,
    };
    batch.ask(&asked.request, participant, &context).unwrap()
}
