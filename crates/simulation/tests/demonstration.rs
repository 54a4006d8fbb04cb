//! The demonstration trial, whole: what happens in it, and that it happens again from the same seed.
//!
//! Method: one trial of 104 people is simulated once, on the demonstration study and an amendment of it that changes the consent
//! text; every test looks at that one.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers may fail loudly")]

use conduct::{Context, Entry, No, Request, StreamId, Studies, Written};
use protocol::model::{Amendment, Reconsent, Study};
use simulation::{
    Accepted, Folded, Progress, Scenario, Simulated, Simulation, SimulationError, Sink, SinkError, VirtualIdentity,
    VirtualStaff, simulate,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
};
use terms::{ParticipantId, StudyHash};

/// The trial ends before anybody locks it: that is left to whoever reads it.
const AT_THE_END: &str = "nobody locks a simulated trial";

/// Who withdraws in it asks for nothing more.
const NOBODY_ASKS: &str = "no virtual person asks to be erased";

/// Why nobody lacks what their role asks for.
const IN_TIME: &str = "everybody brings their certificates along, and renews them in time";

/// Rules that this study can't be seen to break, and why. Each has a test of its own beside the rule.
const OUT_OF_REACH: [(&str, &str); 25] = [
    ("delegation.certificate", IN_TIME),
    ("staff.certificate", IN_TIME),
    ("session.licensed", IN_TIME),
    ("session.related", "nobody of the staff is related to anybody"),
    ("session.clock", "virtual time does not go back"),
    ("identity.right", NOBODY_ASKS),
    ("identity.once", NOBODY_ASKS),
    ("identity.safe", NOBODY_ASKS),
    ("identity.signed", NOBODY_ASKS),
    ("randomisation.planned", "104 people of the 128 that the study plans: places are left"),
    ("plan.known", AT_THE_END),
    ("plan.blind", AT_THE_END),
    ("plan.signed", AT_THE_END),
    ("lock.plan", AT_THE_END),
    ("lock.standing", AT_THE_END),
    ("lock.open", AT_THE_END),
    ("lock.two_people", AT_THE_END),
    ("lock.reason", AT_THE_END),
    ("lock.closed", AT_THE_END),
    ("session.approval", "the study asks for no approvals"),
    ("session.nurse", "the study asks for no nurse in the room"),
    ("session.site", "nobody is assigned, or moved, to a site that is not active"),
    ("supplement.reason", "the study has no minute after which a reason is asked for"),
    ("supplement.maximum", "no level of the study exceeds its maximum"),
    ("dose.count", "a session beyond the plan is not one of the study's, which another rule says first"),
];

/// Kinds of entries that this study can't write, and why.
const NOT_HERE: [(&str, &str); 10] = [
    ("certificate_withdrawn", IN_TIME),
    ("relation_declared", "nobody of the staff is related to anybody"),
    ("relation_ended", "nobody of the staff is related to anybody"),
    ("identity_erased", NOBODY_ASKS),
    ("analysis_plan_frozen", AT_THE_END),
    ("record_locked", AT_THE_END),
    ("record_unlocked", AT_THE_END),
    ("allocated_open_label", "the study is randomised"),
    ("approval_recorded", "the study asks for no approvals"),
    ("role_ended", "nobody of the trial's own staff leaves"),
];

fn studies() -> (Studies, StudyHash, StudyHash) {
    let study = protocol::embedded::load("demonstration").unwrap();
    let mut amended = study.clone();
    amended.version.push_str(".1");
    amended.amendment = Some(Amendment {
        amends: study.version.clone(),
        summary: "A second consent text".to_owned(),
        reconsent: Reconsent::InTreatment,
    });
    let mut text = amended.consent.versions.last().unwrap().clone();
    text.version.push_str(".1");
    amended.consent.versions.push(text);
    // A third that amends nothing: nobody can put it in force.
    let mut stray = study.clone();
    stray.version.push_str("-other");
    let hashes = (study.hash(), amended.hash());
    let mut studies = Studies::new();
    for version in [study, amended, stray] {
        let version: Study = version;
        studies.insert(version.hash(), Arc::new(version));
    }
    (studies, hashes.0, hashes.1)
}

/// Everything that a sink was given.
#[derive(Default)]
struct Kept {
    acts: Vec<(Request, Context, Vec<Written>)>,
    asked: u64,
    staff: Vec<VirtualStaff>,
    people: Vec<(ParticipantId, VirtualIdentity)>,
    documents: BTreeSet<String>,
    sealed: BTreeSet<String>,
    rows: usize,
    last: Progress,
}

impl Sink for Kept {
    fn accepted(&mut self, act: Accepted<'_>) -> Result<(), SinkError> {
        self.asked += 1;
        self.acts.push((act.request.clone(), act.context.clone(), act.written.to_vec()));
        Ok(())
    }
    fn refused(&mut self, _: &Request, _: &Context, _: &No) -> Result<(), SinkError> {
        self.asked += 1;
        Ok(())
    }
    fn sealed_list(&mut self, list: &allocation::SealedList) -> Result<(), SinkError> {
        self.rows = list.rows.len();
        Ok(())
    }
    fn sealed_contents(
        &mut self,
        _: &terms::SiteId,
        containers: &[allocation::SealedContainer],
    ) -> Result<(), SinkError> {
        self.sealed.extend(containers.iter().map(|sealed| sealed.container.to_string()));
        Ok(())
    }
    fn staff(&mut self, staff: &VirtualStaff) -> Result<(), SinkError> {
        self.staff.push(staff.clone());
        Ok(())
    }
    fn identity(&mut self, participant: &ParticipantId, identity: &VirtualIdentity) -> Result<(), SinkError> {
        self.people.push((participant.clone(), identity.clone()));
        Ok(())
    }
    fn document(&mut self, _: &ParticipantId, sha256: &str, bytes: &[u8]) -> Result<(), SinkError> {
        assert!(bytes.starts_with(b"SYNTHETIC"));
        self.documents.insert(sha256.to_owned());
        Ok(())
    }
    fn progress(&mut self, progress: Progress) {
        self.last = progress;
    }
}

fn run(scenario: &Scenario, participants: u32, seed: u64) -> (Simulated, Kept) {
    let (studies, study, amended) = studies();
    let mut kept = Kept::default();
    let simulation = Simulation {
        studies: &studies,
        study,
        amended: Some(amended),
        scenario,
        participants: Some(participants),
        seed,
        starts: None,
        until: None,
    };
    (simulate(&simulation, &mut kept).unwrap(), kept)
}

static TRIAL: LazyLock<(Simulated, Kept)> = LazyLock::new(|| run(&Scenario::named("DEMO").unwrap(), 104, 104));

#[test]
fn everybody_gets_somewhere() {
    let (simulated, kept) = &*TRIAL;
    let report = &simulated.report;
    assert_eq!(report.assigned, 104);
    assert_eq!(
        kept.last,
        Progress { assigned: 104, participants: 104, finished: report.enquiries, acts: report.accepted }
    );
    let mut phases: BTreeMap<String, u32> = BTreeMap::new();
    for participant in simulated.folded.participants.values() {
        *phases.entry(format!("{:?}", participant.phase)).or_default() += 1;
    }
    assert!(phases["Completed"] > 75, "{phases:?}");
    for under_way in ["Screening", "Enrolled", "Confirmed", "Assigned", "InTreatment", "FollowUp"] {
        assert_eq!(phases.get(under_way), None, "{phases:?}");
    }
    let consented: u32 = phases.iter().filter(|(phase, _)| *phase != "Declined").map(|(_, count)| count).sum();
    let failed = f64::from(phases["ScreenFailed"]) / f64::from(consented);
    assert!((0.25..0.5).contains(&failed), "{failed} of those who consented failed screening: {phases:?}");
}

#[test]
fn nothing_that_was_meant_to_work_was_refused() {
    assert_eq!(TRIAL.0.report.surprises, BTreeMap::new());
}

#[test]
fn every_rule_is_seen_to_refuse() {
    let report = &TRIAL.0.report;
    let beyond: BTreeSet<&str> = OUT_OF_REACH.iter().map(|(rule, _)| *rule).collect();
    let rules: BTreeSet<&str> = conduct::rules::all().iter().map(|rule| rule.id).collect();
    assert!(beyond.is_subset(&rules), "the list names rules that there are not: {:?}", beyond.difference(&rules));
    let silent: Vec<&&str> =
        rules.iter().filter(|rule| !report.rules.contains_key(**rule) && !beyond.contains(**rule)).collect();
    assert!(silent.is_empty(), "never broken: {silent:?}");
}

#[test]
fn every_kind_of_entry_is_written() {
    // The names come from the reader's own complaint, so that a new kind can't be forgotten here.
    let complaint = serde_json::from_str::<Entry>("\"nonsense\"").unwrap_err().to_string();
    let kinds: BTreeSet<&str> = complaint.split('`').skip(1).step_by(2).filter(|kind| *kind != "nonsense").collect();
    assert!(kinds.len() > 60, "{complaint}");
    let beyond: BTreeSet<&str> = NOT_HERE.iter().map(|(kind, _)| *kind).collect();
    let report = &TRIAL.0.report;
    let missing: Vec<&&str> =
        kinds.iter().filter(|kind| !report.kinds.contains_key(**kind) && !beyond.contains(**kind)).collect();
    assert!(missing.is_empty(), "never written: {missing:?}");
}

#[test]
fn time_never_runs_backwards_and_nothing_comes_twice() {
    let kept = &TRIAL.1;
    let mut now = kept.acts[0].1.now;
    let (mut acts, mut requests) = (BTreeSet::new(), BTreeSet::new());
    for (request, context, written) in &kept.acts {
        assert!(context.now >= now, "{} lies before {now}", context.now);
        now = context.now;
        assert!(acts.insert(context.act.clone()) && requests.insert(request.id.clone()));
        assert!(!written.is_empty(), "{request:?} wrote nothing");
        for one in written {
            assert_eq!(one.stamp.recorded_at, now);
            assert!(one.stamp.at <= now, "{:?}", one.entry);
        }
    }
}

/// Method: the acts alone, folded again from nothing, must give the same streams.
#[test]
fn what_the_sink_was_given_is_the_whole_trial() {
    let (simulated, kept) = &*TRIAL;
    let mut again = Folded::default();
    for (_, _, written) in &kept.acts {
        again.apply(written);
    }
    assert_eq!(again.participants, simulated.folded.participants);
    assert_eq!(again.trial, simulated.folded.trial);
    assert_eq!(again.sites, simulated.folded.sites);
    assert_eq!(again.stocks, simulated.folded.stocks);
    assert_eq!(again.allocation, simulated.folded.allocation);
}

#[test]
fn people_documents_and_sealed_rows_are_handed_over() {
    let (simulated, kept) = &*TRIAL;
    let known: BTreeSet<&ParticipantId> = kept.people.iter().map(|(id, _)| id).collect();
    assert_eq!(known, simulated.folded.participants.keys().collect());
    assert!(kept.people.iter().all(|(_, person)| person.email.ends_with("synthetic.example")));
    let logins: BTreeSet<_> = kept.staff.iter().map(|staff| &staff.id).collect();
    assert_eq!(logins.len(), kept.staff.len());
    assert!(kept.rows >= 104);
    for (_, _, written) in &kept.acts {
        for one in written {
            match &one.entry {
                Entry::DocumentAttached { sha256, .. } => assert!(kept.documents.contains(sha256)),
                Entry::ContainersReceived { containers, .. } => {
                    assert!(containers.iter().all(|container| kept.sealed.contains(container.container.as_str())));
                }
                _ => {}
            }
        }
    }
}

#[test]
fn two_versions_run_side_by_side() {
    let (simulated, _) = &*TRIAL;
    let mut versions: BTreeMap<&StudyHash, u32> = BTreeMap::new();
    for participant in simulated.folded.participants.values() {
        *versions.entry(&participant.study).or_default() += 1;
    }
    assert_eq!(versions.len(), 2, "{versions:?}");
    assert!(versions.values().all(|count| *count > 10), "{versions:?}");
    assert!(simulated.report.kinds["version_moved"] > 3);
}

#[test]
fn stock_adds_up() {
    let folded = &TRIAL.0.folded;
    for (site, stock) in &folded.stocks {
        for (id, container) in &stock.containers {
            assert!(
                !matches!(
                    container.standing,
                    conduct::state::ContainerStanding::Out { .. }
                        | conduct::state::ContainerStanding::Used { back: false, .. }
                ),
                "{id} at {site} is still out: {container:?}"
            );
        }
    }
}

fn digest(kept: &Kept) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for (request, context, written) in &kept.acts {
        let entries: Vec<(&StreamId, &Entry)> = written.iter().map(|one| (&one.stream, &one.entry)).collect();
        let line = (serde_json::to_string(request).unwrap(), &context.act, serde_json::to_string(&entries).unwrap());
        writeln!(text, "{line:?}").unwrap();
    }
    chain::Hash::of(text.as_bytes()).to_string()
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let scenario = Scenario::named("S-SMALL").unwrap();
    let (_, one) = run(&scenario, 6, 7);
    let (_, again) = run(&scenario, 6, 7);
    let (_, other) = run(&scenario, 6, 8);
    assert_eq!(digest(&one), digest(&again));
    assert_ne!(digest(&one), digest(&other));
}

#[test]
fn a_trial_can_end_while_it_is_under_way() {
    let (studies, study, _) = studies();
    let scenario = Scenario::named("S-SMALL").unwrap();
    let until = "2023-06-01T00:00:00Z".parse().unwrap();
    let simulation = Simulation {
        studies: &studies,
        study,
        amended: None,
        scenario: &scenario,
        participants: None,
        seed: 1,
        starts: None,
        until: Some(until),
    };
    let mut kept = Kept::default();
    let simulated = simulate(&simulation, &mut kept).unwrap();
    assert!(kept.acts.iter().all(|(_, context, _)| context.now <= until));
    let open = simulated.folded.participants.values().filter(|participant| !participant.has_left()).count();
    assert!(open > 0, "somebody is still in the study");
}

/// A sink that is full after some acts.
struct Full(u32);

impl Sink for Full {
    fn accepted(&mut self, _: Accepted<'_>) -> Result<(), SinkError> {
        self.0 = self.0.checked_sub(1).ok_or("the disk is full")?;
        Ok(())
    }
}

#[test]
fn a_full_sink_stops_it_and_bad_beginnings_are_said() {
    let (studies, study, _) = studies();
    let scenario = Scenario::named("S-SMALL").unwrap();
    let simulation = Simulation {
        studies: &studies,
        study: study.clone(),
        amended: None,
        scenario: &scenario,
        participants: Some(2),
        seed: 1,
        starts: None,
        until: None,
    };
    let stopped = simulate(&simulation, &mut Full(40)).unwrap_err();
    assert_eq!(stopped.to_string(), "the simulated trial could not be kept: the disk is full");
    let unknown = Simulation { study: StudyHash::from("0"), ..simulation.clone() };
    assert!(matches!(simulate(&unknown, &mut ()), Err(SimulationError::UnknownStudy(_))));
    let mut nowhere = studies.get(&study).unwrap().as_ref().clone();
    nowhere.sites.clear();
    let hash = nowhere.hash();
    let mut others = Studies::new();
    others.insert(hash.clone(), Arc::new(nowhere));
    let nowhere = Simulation { studies: &others, study: hash, ..simulation };
    assert!(matches!(simulate(&nowhere, &mut ()), Err(SimulationError::NoSites)));
}
