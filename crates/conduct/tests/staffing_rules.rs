//! The trial's frame and its people: every rule refusing and allowing.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests stops the test")]

mod support;

use conduct::{Authority, Entry, Proof, StreamId, authority};
use protocol::model::{Amendment, Duty, Reconsent};
use std::{collections::BTreeSet, sync::Arc};
use support::{Clinic, P, rows, study};
use terms::StudyHash;

fn trial() -> Clinic {
    let mut clinic = Clinic::new(study::study("1")).assigned();
    clinic.clock("2025-03-31 09:00");
    clinic
}

type Seen = BTreeSet<(&'static str, bool)>;

fn table(begin: impl Fn() -> Clinic, rows_of: &str) -> Seen {
    let mut seen = Seen::new();
    for (acts, expected) in rows(rows_of) {
        let mut clinic = begin();
        let (last, before) = acts.split_last().unwrap();
        for act in before {
            let answer = clinic.run(act);
            assert!(!answer.starts_with("refused") && !answer.starts_with("un"), "{act}: {answer}");
        }
        assert_eq!(clinic.run(last), expected, "after {before:?}: {last}");
        seen.extend(clinic.findings.iter().map(|finding| (finding.rule(), finding.broken().is_some())));
    }
    seen
}

fn delegations() -> Seen {
    table(
        trial,
        "
        investigator: delegate nora nurse 2025-03-31               | allowed
        investigator: delegate nora nurse 2025-04-07 2025-05-01    | allowed
        investigator: delegate nora nurse 2025-03-30               | refused delegation.term
        investigator: delegate nora nurse 2025-04-07 2025-04-01    | refused delegation.term
        program: delegate nora nurse 2025-01-01                    | allowed
        investigator: delegate nora juggler 2025-03-31             | refused delegation.role
        investigator: delegate nora rater 2025-03-31               | refused delegation.role
        investigator: delegate nora medical_monitor 2025-03-31     | refused delegation.role
        investigator: delegate nora participant 2025-03-31         | refused delegation.role
        investigator: delegate nurse nurse 2025-03-31              | refused delegation.overlap
        investigator: delegate nora nurse 2025-04-07; investigator: delegate nora nurse 2025-03-31 2025-04-06 | allowed
        investigator: delegate nora nurse 2025-04-07; investigator: delegate nora nurse 2025-03-31 2025-04-07 | refused delegation.overlap
        investigator: end nurse nurse; investigator: delegate nurse nurse 2025-03-31 | allowed
        # A prescriber's cover.
        investigator: delegate petra prescriber 2025-03-31 2025-04-07 prescriber | allowed
        investigator: delegate petra prescriber 2025-03-31 open prescriber       | refused delegation.cover
        investigator: delegate petra prescriber 2025-03-31 2025-04-07 lead       | refused delegation.cover
        investigator: delegate petra prescriber 2025-03-31 2025-04-07 petra      | refused delegation.cover
        # Who leads is named by the sponsor.
        investigator: delegate ines investigator 2025-03-31        | refused delegation.lead
        admin: delegate ines investigator 2025-03-31               | allowed
        # Raters stand apart.
        investigator: delegate rater nurse 2025-03-31              | refused delegation.rater_apart
        investigator: delegate rater coordinator 2025-03-31        | allowed
        coordinator: delegate nora nurse 2025-03-31 | unanswered: delegate needs one of these duties at S01 today: lead_site, administer_trial. The investigator can delegate them
        ",
    )
}

/// What a role asks for: without it nobody is given the role, and nobody acts in it once it has run out.
fn certificates() -> Seen {
    let certified = || {
        let mut study = study::study("1");
        study::with_certificates(&mut study);
        let mut clinic = Clinic::new(study).assigned();
        clinic.clock("2025-03-31 09:00");
        clinic
    };
    table(
        certified,
        "
        investigator: delegate nora nurse 2025-03-31                | refused delegation.certificate/gcp
        investigator: delegate nora attendant 2025-03-31            | allowed
        investigator: certify nora gcp 2024-06-01; investigator: delegate nora nurse 2025-03-31 | allowed
        investigator: certify nora gcp 2025-03-31; investigator: delegate nora nurse 2025-03-31 | allowed
        investigator: certify nora gcp 2022-03-01; investigator: delegate nora nurse 2025-03-31 | refused delegation.certificate/gcp
        # 1095 days from 1 April 2022, a leap year among them, end on 30 March 2025.
        investigator: certify nora gcp 2022-04-01; investigator: delegate nora nurse 2025-03-31 | refused delegation.certificate/gcp
        investigator: certify nora gcp 2022-04-02; investigator: delegate nora nurse 2025-03-31 | allowed
        investigator: certify nora gcp 2022-04-02; investigator: delegate nora nurse 2025-04-01 | refused delegation.certificate/gcp
        investigator: certify nora gcp 2024-06-01 2025-03-30; investigator: delegate nora nurse 2025-03-31 | refused delegation.certificate/gcp
        investigator: certify nora gcp 2024-06-01; investigator: uncertify nora gcp 2025-01-01; investigator: delegate nora nurse 2025-03-31 | refused delegation.certificate/gcp
        investigator: certify nora gcp 2024-06-01; investigator: uncertify nora gcp 2025-01-01; investigator: certify nora gcp 2025-02-01; investigator: delegate nora nurse 2025-03-31 | allowed
        # The dosing day's own are not asked for yet.
        investigator: certify nora gcp 2024-06-01; investigator: delegate nora co_therapist 2025-03-31 | allowed
        admin: grant rosa rater                                     | refused delegation.certificate/raters_training
        admin: certify rosa raters_training 2024-06-01; admin: grant rosa rater | allowed
        # One who delegates needs their own; the sponsor's administrator mends it.
        investigator: uncertify investigator gcp; investigator: delegate nora attendant 2025-03-31 | refused staff.certificate/gcp
        investigator: uncertify investigator gcp; admin: delegate nora attendant 2025-03-31 | allowed
        investigator: uncertify investigator gcp; investigator: certify investigator gcp 2025-03-31; investigator: delegate nora attendant 2025-03-31 | allowed
        # What can't be read.
        investigator: certify nora juggling 2024-06-01              | unreadable certificate
        investigator: certify nora gcp 2025-04-01                   | unreadable issued
        investigator: certify nora gcp 2024-06-01 2024-05-31        | unreadable until
        investigator: certify nora gcp 2024-06-01 - number Nora     | unreadable number
        investigator: certify nora gcp 2024-06-01 - number PSY-881  | recorded
        investigator: uncertify nora gcp                            | unreadable certificate
        investigator: relate lead lead married                      | unreadable other
        investigator: relate lead co pals                           | unreadable relation
        investigator: relate lead co married 2025-04-01             | unreadable from
        investigator: relate lead co married 2020-01-01             | recorded
        investigator: unrelate lead co married                      | unreadable relation
        investigator: relate lead co married; investigator: unrelate co lead married | recorded
        nurse: certify nurse gcp 2024-06-01 | unanswered: record certificate needs one of these duties at S01 today: lead_site, administer_trial. The investigator can delegate them
        ",
    )
}

fn roles() -> Seen {
    table(
        trial,
        "
        admin: grant mona medical_monitor                          | allowed
        admin: grant monitor medical_monitor                       | refused delegation.overlap
        admin: grant mona nurse                                    | refused delegation.role
        admin: grant mona juggler                                  | refused delegation.role
        admin: grant rater medical_monitor                         | allowed
        admin: end monitor medical_monitor trial                   | recorded
        admin: end monitor rater trial                             | unreadable role
        investigator: end nurse nurse                              | recorded
        investigator: end nurse nurse; investigator: end nurse nurse | unreadable role
        ",
    )
}

/// A site with nobody: the sponsor names the first people, and activates when the team is whole.
fn opened() -> Clinic {
    let mut clinic = trial();
    clinic.trial.sites.remove("S01");
    clinic.sites.get_mut("S01").unwrap().delegations.clear();
    clinic.sites.get_mut("S01").unwrap().approvals.clear();
    clinic
}

fn team(clinic: &mut Clinic, without: &str) {
    clinic.run("admin: open_site S01");
    for (staff, role) in [
        ("investigator", "investigator"),
        ("prescriber", "prescriber"),
        ("lead", "lead_therapist"),
        ("co", "co_therapist"),
        ("pharmacist", "pharmacist"),
        ("witness", "witness"),
    ] {
        if staff != without {
            assert_eq!(clinic.run(&format!("admin: delegate {staff} {role} 2025-03-31")), "allowed");
        }
    }
    if without != "ethics" {
        let entry = Entry::ApprovalRecorded {
            approval: "ethics".into(),
            number: "E/1".into(),
            from: "2025-01-01".parse().unwrap(),
            until: "2025-12-31".parse().unwrap(),
        };
        clinic.write(&StreamId::Site("S01".into()), entry);
    }
}

fn sites() -> Seen {
    let mut seen = table(
        opened,
        "
        admin: open_site S01                                       | allowed
        admin: open_site S09                                       | refused site.planned
        admin: open_site S01; admin: open_site S01                 | refused site.standing
        admin: activate S01 | unreadable site
        admin: open_site S01; admin: activate S01 | refused site.staffed/lead_site site.staffed/decide_eligibility site.staffed/prescribe site.staffed/dispense_drug site.staffed/witness_drug site.staffed/facilitate site.staffed/lead_session session.approval/ethics
        # Before anybody leads the site, the sponsor delegates.
        admin: open_site S01; admin: delegate lead lead_therapist 2025-03-31 | allowed
        investigator: open_site S02 | unanswered: open site needs one of these duties at S01 today: administer_trial. The investigator can delegate them
        ",
    );
    for (without, expected) in [
        ("nobody", "allowed"),
        ("prescriber", "refused site.staffed/prescribe"),
        ("witness", "refused site.staffed/witness_drug"),
        ("co", "refused site.staffed/facilitate"),
        ("ethics", "refused session.approval/ethics"),
        ("investigator", "refused site.staffed/lead_site site.staffed/decide_eligibility"),
    ] {
        let begin = || {
            let mut clinic = opened();
            team(&mut clinic, without);
            clinic
        };
        seen.extend(table(begin, &format!("admin: activate S01 | {expected}")));
    }
    let alone = || {
        let mut clinic = opened();
        team(&mut clinic, "witness");
        clinic.run("admin: delegate pharmacist witness 2025-03-31");
        clinic
    };
    seen.extend(table(alone, "admin: activate S01 | refused site.staffed/safe"));
    seen.extend(table(
        trial,
        "
        admin: activate S01                                        | refused site.standing
        admin: close_site S01                                      | allowed
        admin: close_site S01; admin: close_site S01               | refused site.standing
        admin: close_site S01; admin: activate S01                 | refused site.standing
        admin: cap 3                                               | allowed
        admin: cap none                                            | allowed
        ",
    ));
    let full = || {
        let mut clinic = trial();
        for n in 1..=3 {
            let entry = Entry::PlaceTaken { participant: format!("S01-00{n}").as_str().into() };
            clinic.write(&StreamId::Site("S01".into()), entry);
        }
        clinic
    };
    seen.extend(table(full, "admin: cap 2 | refused site.cap_taken\n admin: cap 3 | allowed"));
    let elsewhere = || {
        let mut study = study::study("1");
        study.sites.push(study::site("S03", "DE", "Europe/Atlantis"));
        Clinic::new(study)
    };
    seen.extend(table(elsewhere, "admin: open_site S03 | refused site.planned"));
    seen
}

fn lists() -> Seen {
    let mut seen = table(
        trial,
        "
        admin: list a 8                                            | allowed
        admin: list A 800                                          | allowed
        admin: list a 7                                            | refused randomisation.list
        admin: list z 8                                            | refused randomisation.list
        admin: list a 8; admin: list b 8                           | refused randomisation.list
        ",
    );
    let open = || {
        let mut study = study::study("1");
        study.design.assignment = protocol::model::Assignment::OpenLabel;
        Clinic::new(study)
    };
    seen.extend(table(open, "admin: list a 8 | refused randomisation.list"));
    seen
}

fn versions() -> Seen {
    let with = |amends: Option<&'static str>| {
        move || {
            let mut clinic = trial();
            let mut second = study::study("2");
            second.amendment = amends.map(|label| Amendment {
                amends: label.to_owned(),
                summary: "another window".to_owned(),
                reconsent: Reconsent::None,
            });
            clinic.studies.insert(StudyHash::from("v2"), Arc::new(second));
            clinic
        }
    };
    let mut seen =
        table(with(Some("1")), "admin: adopt v2 | allowed\n admin: adopt v2; admin: adopt v2 | refused study.known");
    seen.extend(table(with(Some("0.9")), "admin: adopt v2 | refused study.follows"));
    seen.extend(table(with(None), "admin: adopt v2 | refused study.follows\n admin: adopt v3 | refused study.known\n admin: adopt v1 | refused study.known study.follows"));
    // Another study that amends a "1" of its own is no version of this one, whatever its label.
    let other = || {
        let mut clinic = with(Some("1"))();
        let mut study = protocol::model::Study::clone(clinic.studies.get(&StudyHash::from("v2")).unwrap());
        study.id = "another".into();
        clinic.studies.insert(StudyHash::from("v2"), Arc::new(study));
        clinic
    };
    seen.extend(table(other, "admin: adopt v2 | refused study.follows"));
    let first = || {
        let mut clinic = trial();
        clinic.trial.studies.clear();
        clinic
    };
    seen.extend(table(first, "program: adopt v1 | allowed"));
    seen
}

/// The end: the plan frozen, the record locked by two, opened again.
fn locks() -> Seen {
    let mut seen = table(
        trial,
        "
        admin!+monitor!: freeze own                                | allowed
        admin+monitor: freeze own                                  | refused plan.signed
        # One person is not two, however often they sign; nor are two of whom one did not sign or has no part in it.
        admin!: freeze own                                         | refused plan.signed
        admin!+admin!: freeze own                                  | refused plan.signed
        admin!+monitor: freeze own                                 | refused plan.signed
        admin!+rater!: freeze own                                  | refused plan.signed
        admin!+monitor!: freeze other                              | refused plan.known
        admin!+monitor!: freeze own; admin!+monitor!: freeze own   | refused plan.blind
        lead: freeze own | unanswered: freeze plan needs one of these duties at S01 today: manage_data, administer_trial. The investigator can delegate them
        admin!+monitor!: freeze own; admin!+monitor!: lock 0                | allowed
        admin!+monitor!: freeze own; admin!+monitor!: lock 2 because they left | allowed
        admin!+monitor!: freeze own; admin!+monitor!: lock 2                | refused lock.open
        admin!+monitor!: freeze own; admin!+monitor!: lock unseen because   | refused lock.open
        admin!+monitor!: freeze own; admin!: lock 0                         | refused lock.two_people
        admin!+monitor!: freeze own; admin!+admin!: lock 0                  | refused lock.two_people
        admin!+monitor!: freeze own; admin!+monitor: lock 0                 | refused lock.two_people
        admin!+monitor!: freeze own; admin!+rater!: lock 0                  | refused lock.two_people
        admin!+monitor!: lock 0                                    | refused lock.plan
        admin!+monitor!: freeze own; admin!+monitor!: lock 0; admin!+monitor!: lock 0 | refused lock.standing
        admin!+monitor!: freeze own; admin!+monitor!: unlock because a rating came late | refused lock.standing
        admin!+monitor!: freeze own; admin!+monitor!: lock 0; admin!+monitor!: unlock   | refused lock.reason
        admin!+monitor!: freeze own; admin!+monitor!: lock 0; admin!: unlock because so | refused lock.two_people
        admin!+monitor!: freeze own; admin!+monitor!: lock 0; admin!+monitor!: unlock because a rating came late | allowed
        # The plan can't be made anew when somebody may have seen the arms; the record can be locked again for the old one.
        admin!+monitor!: freeze own; admin!+monitor!: lock 0; admin!+monitor!: unlock because late; admin!+monitor!: freeze own | refused plan.blind
        admin!+monitor!: freeze own; admin!+monitor!: lock 0; admin!+monitor!: unlock because late; admin!+monitor!: lock 0 | allowed
        # Nothing is authorised meanwhile; what happened is recorded, and flagged.
        admin!+monitor!: freeze own; prescriber!: order 80+40               | allowed
        admin!+monitor!: freeze own; admin!+monitor!: lock 0; prescriber!: order 80+40 | refused lock.closed
        admin!+monitor!: freeze own; admin!+monitor!: lock 0; admin!+monitor!: unlock because late; prescriber!: order 80+40 | allowed
        ",
    );
    let amended = || {
        let mut clinic = trial();
        assert_eq!(clinic.run("admin!+monitor!: freeze own"), "allowed");
        let mut second = study::study("2");
        second.amendment =
            Some(Amendment { amends: "1".to_owned(), summary: "another plan".to_owned(), reconsent: Reconsent::None });
        second.analysis.source = study::source("another");
        clinic.studies.insert(StudyHash::from("v2"), Arc::new(second));
        clinic
    };
    seen.extend(table(amended, "admin: adopt v2; admin!+monitor!: lock 0 | refused lock.plan"));
    seen
}

/// A fact is recorded whatever the lock says, with the deviation that keeps it out of the analysis.
#[test]
fn what_happens_after_the_lock_is_recorded_and_flagged() {
    let mut clinic = trial();
    clinic.all("admin!+monitor!: freeze own\n admin!+monitor!: lock 0");
    assert!(clinic.trial.lock.is_some() && clinic.trial.opened.is_some());
    let note = conduct::Fact::RecordNote { participant: P.into(), text: "called".to_owned() };
    let entries = clinic.ask("coordinator", conduct::Command::Fact(note.clone()), &support::Extra::default()).unwrap();
    assert!(entries.iter().any(|entry| matches!(
        entry,
        Entry::DeviationRecorded { trigger: Some(protocol::model::Trigger::AfterLock), .. }
    )));
    clinic.all("admin!+monitor!: unlock because it must be read");
    let entries = clinic.ask("coordinator", conduct::Command::Fact(note), &support::Extra::default()).unwrap();
    assert_eq!(entries.len(), 1, "{entries:?}");
}

fn holds() -> Seen {
    table(
        trial,
        "
        monitor: hold participant rash                             | recorded hold
        monitor: hold site flood                                   | recorded hold
        admin: hold trial signal                                   | recorded hold
        monitor: hold trial                                        | unreadable text
        lead: hold trial signal | unanswered: place hold needs one of these duties at S01 today: lead_site, monitor_medically, administer_trial, prescribe, decide_eligibility, dispense_drug. The investigator can delegate them
        monitor: lift participant nothing because done             | refused hold.known
        monitor: lift trial nothing                                | refused hold.known hold.reason
        ",
    )
}

#[test]
fn people() {
    delegations();
    roles();
}

#[test]
fn the_frame() {
    sites();
    lists();
    versions();
}

#[test]
fn holds_are_placed_and_lifted() {
    holds();
    locks();
    for on in ["participant", "site", "trial"] {
        let mut clinic = trial();
        clinic.run(&format!("admin: hold {on} signal"));
        let participant = clinic.participant().holds.keys().next();
        let site = clinic.sites["S01"].holds.keys().next();
        let hold = participant.or(site).or_else(|| clinic.trial.holds.keys().next()).unwrap().to_string();
        assert_eq!(clinic.run(&format!("monitor: lift {on} {hold} because judged")), "allowed", "{on}");
        assert!(
            clinic.participant().holds.is_empty()
                && clinic.sites["S01"].holds.is_empty()
                && clinic.trial.holds.is_empty()
        );
    }
}

#[test]
fn approvals_are_read() {
    let approve = |approval: &str, participant: Option<&str>, number: &str, until: &str| {
        let mut clinic = trial();
        let scope = if approval == "licence" { "participant" } else { "site" };
        let participant = participant.map_or(String::new(), |p| format!(",\"participant\":\"{p}\""));
        let json = format!(
            "{{\"record_approval\":{{\"approval\":\"{approval}\",\"scope\":\"{scope}\",\"site\":\"S01\"{participant},\
              \"number\":\"{number}\",\"from\":\"2025-06-01\",\"until\":\"{until}\"}}}}"
        );
        let fact = serde_json::from_str(&json).unwrap();
        match clinic.ask("investigator", conduct::Command::Fact(fact), &support::Extra::default()) {
            Ok(_) => "recorded".to_owned(),
            Err(conduct::No::Unreadable(all)) => all[0].field.clone(),
            Err(other) => panic!("{other}"),
        }
    };
    for (approval, participant, number, until, expected) in [
        ("ethics", None, "E/2", "2026-05-31", "recorded"),
        ("licence", Some(P), "L/2", "2026-05-31", "recorded"),
        ("licence", None, "L/2", "2026-05-31", "scope"),
        ("ethics", Some(P), "E/2", "2026-05-31", "scope"),
        ("charm", None, "E/2", "2026-05-31", "approval"),
        ("ethics", None, " ", "2026-05-31", "number"),
        ("ethics", None, "E/2", "2025-05-31", "until"),
    ] {
        assert_eq!(
            approve(approval, participant, number, until),
            expected,
            "{approval} {participant:?} {number} {until}"
        );
    }
}

/// A right ends with the delegation, at once; and is never stored anywhere else.
#[test]
fn rights_are_computed() {
    let mut clinic = trial();
    let held = |clinic: &Clinic| {
        let study = clinic.studies.get(&clinic.hash).unwrap();
        let proof = Proof { person: conduct::Person::Staff("nurse".into()), at: clinic.now, signed: false };
        let day = "2025-03-31".parse().unwrap();
        let Authority { duties, .. } = authority(study, &clinic.trial, clinic.sites.get("S01"), day, &proof);
        duties.has(Duty::Nurse)
    };
    assert!(held(&clinic));
    clinic.all("investigator: end nurse nurse");
    assert!(!held(&clinic));
}

#[test]
fn every_rule_refuses_and_allows() {
    let mut seen = delegations();
    for more in [certificates(), roles(), sites(), lists(), versions(), holds(), locks()] {
        seen.extend(more);
    }
    let mut clinic = trial();
    clinic.run("admin: hold trial signal");
    let hold = clinic.trial.holds.keys().next().unwrap().to_string();
    clinic.run(&format!("monitor: lift trial {hold} because judged"));
    seen.extend(clinic.findings.iter().map(|finding| (finding.rule(), finding.broken().is_some())));
    // A hold that a difference in the safe put there, and one that somebody placed.
    let mut clinic = trial();
    clinic.receive(&["K1 initial 80+40"]);
    clinic.all("pharmacist: container K1 missing\nmonitor: hold site signal");
    let holds: Vec<String> = clinic.sites["S01"].holds.keys().map(ToString::to_string).collect();
    for hold in holds {
        clinic.run(&format!("monitor: lift site {hold} because judged"));
        seen.extend(clinic.findings.iter().map(|finding| (finding.rule(), finding.broken().is_some())));
    }
    for rule in conduct::staffing::RULES {
        for broken in [true, false] {
            assert!(
                seen.contains(&(rule.id, broken)),
                "{} was never seen {}",
                rule.id,
                if broken { "refusing" } else { "allowing" }
            );
        }
    }
}
