//! Moving site, moving version, breaking a code, closing a record.

use crate::clinic::{Clinic, SITE};
use conduct::{Authorisation, Command, Entry, No};
use std::sync::Arc;
use terms::SiteId;

fn clinic() -> Clinic {
    Clinic::open(protocol::embedded::load("reference-mapp2").unwrap())
}

fn broken(answer: Result<Vec<conduct::Written>, No>) -> Vec<&'static str> {
    match answer {
        Ok(_) => vec!["allowed"],
        Err(No::Refused(refusal)) => refusal.broken.iter().map(|b| b.rule).collect(),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn a_participant_moves_to_another_active_site() {
    let mut clinic = clinic();
    let id = clinic.enrolled();
    let to = |site: &str| Authorisation::TransferParticipant { participant: id.clone(), to: site.into() };
    assert_eq!(broken(clinic.may("coordinator", to("S99"))), ["transfer.site"]);
    assert_eq!(broken(clinic.may("coordinator", to(SITE))), ["transfer.site"]);
    assert_eq!(broken(clinic.may("coordinator", to("S02"))), ["allowed"]);
    assert_eq!(clinic.participant(&id).site, SiteId::from("S02"));
    assert!(clinic.sites["S02"].places.contains(&id) && !clinic.sites[SITE].places.contains(&id));
    // The old site's staff have no say any more; the code stays.
    assert_eq!(id.as_str(), "S01-001");
}

#[test]
fn two_versions_run_side_by_side() {
    let mut clinic = clinic();
    let on_first = clinic.enrolled();
    let mut second = protocol::model::Study::clone(&clinic.study);
    second.version = "2.0".to_owned();
    second.design.participants_planned += 1;
    let mut text = second.consent.versions.last().unwrap().clone();
    text.version = "2".to_owned();
    second.consent.versions = vec![text];
    second.amendment = Some(protocol::model::Amendment {
        amends: clinic.study.version.clone(),
        summary: "one more participant".to_owned(),
        reconsent: protocol::model::Reconsent::All,
    });
    let (first, second) = (Arc::clone(&clinic.study), Arc::new(second));
    assert_ne!(first.hash(), second.hash());
    clinic.studies.insert(second.hash(), Arc::clone(&second));
    let move_to = Authorisation::MoveVersion { participant: on_first.clone(), to: second.hash() };
    assert_eq!(broken(clinic.may("coordinator", move_to.clone())), ["version.adopted"]);
    clinic.may("administrator", Authorisation::AdoptStudy { study: second.hash() }).unwrap();
    // New people are on the new version, those who consented to the old one stay on it.
    clinic.study = Arc::clone(&second);
    let on_second = clinic.enquiry();
    clinic.consent(&on_second);
    assert_eq!(clinic.participant(&on_second).study, second.hash());
    assert_eq!(clinic.participant(&on_first).study, first.hash());
    // Moving asks for consent again.
    assert_eq!(broken(clinic.may("coordinator", move_to.clone())), ["version.consent"]);
    clinic.consent(&on_first);
    let written = clinic.may("coordinator", move_to).unwrap();
    assert!(matches!(&written[0].entry, Entry::VersionMoved { .. }));
    assert_eq!(written[0].stamp.study, first.hash(), "the act was decided under the version that it leaves");
    assert_eq!(clinic.participant(&on_first).study, second.hash());
}

#[test]
fn a_code_break_has_a_reason_a_signature_and_a_person() {
    let mut clinic = clinic();
    let id = clinic.assigned();
    let act = Command::Authorise(Authorisation::BreakCode { participant: id.clone() });
    assert_eq!(broken(clinic.act("prescriber", act.clone())), ["unblinding.reason"]);
    assert!(matches!(clinic.act("nurse", act.clone()), Err(No::NotYours { .. })));
    let person = clinic.person("prescriber", &act);
    let written =
        clinic.ask(person, None, act, None, Some("overdose of an unknown tablet, treatment hangs on it")).unwrap();
    assert!(written.iter().any(|w| matches!(&w.entry, Entry::CodeBroken { told } if told.len() == 1)));
    assert!(written.iter().any(|w| matches!(&w.entry, Entry::TaskRaised(_))));
}

#[test]
fn a_record_is_closed_when_everything_is_settled() {
    let mut clinic = clinic();
    let id = clinic.assigned();
    let close = Authorisation::CompleteParticipation { participant: id.clone() };
    assert!(broken(clinic.may("investigator", close.clone())).contains(&"completion.visits"));
    let visits: Vec<_> = clinic.study.visits.iter().map(|visit| visit.id.clone()).collect();
    for visit in visits {
        let outcome = conduct::command::VisitOutcome::Missed { reason: "test".to_owned() };
        let fact = conduct::Fact::RecordVisit { participant: id.clone(), visit, outcome, day: None };
        let _ = clinic.act("coordinator", Command::Fact(fact));
    }
    let open: Vec<_> =
        clinic.participant(&id).tasks.iter().filter(|(_, t)| t.done.is_none()).map(|(i, _)| i.clone()).collect();
    if !open.is_empty() {
        assert_eq!(broken(clinic.may("investigator", close.clone())), ["completion.tasks"]);
    }
    for task in open {
        let fact = conduct::Fact::CompleteTask { participant: id.clone(), task, text: "done".to_owned() };
        clinic.fact("investigator", fact);
    }
    assert_eq!(broken(clinic.may("investigator", close)), ["allowed"]);
}
