//! The proof of this part's rules: each seen refusing, and seen holding in an act that was granted. The other parts have the
//! same beside their own tables; together they are the whole rule book.

use crate::clinic::{Clinic, SITE};
use conduct::{
    Authorisation, Command, Fact, No, Person,
    command::{
        AdverseEventOutcome, AdverseEventReport, Causality, HoldOn, Seriousness, Severity, StopScope, Valence,
        VisitOutcome,
    },
    state::Phase,
};
use jiff::{Span, Timestamp};
use protocol::model::{Amendment, Reconsent, VisitMode};
use std::{collections::BTreeSet, sync::Arc};
use terms::{InstanceId, ParticipantId, StaffId, VisitId};

type Seen = BTreeSet<(&'static str, String, bool)>;

fn clinic() -> Clinic {
    Clinic::open(protocol::embedded::load("reference-mapp2").unwrap())
}

/// The rules that stood in the way; none if it was granted.
fn no(answer: Result<Vec<conduct::Written>, No>) -> Vec<&'static str> {
    match answer {
        Ok(_) => Vec::new(),
        Err(No::Refused(refusal)) => refusal.broken.iter().map(|broken| broken.rule).collect(),
        Err(other) => panic!("{other:?}"),
    }
}

fn refused(answer: Result<Vec<conduct::Written>, No>, rule: &str) {
    let broken = no(answer);
    assert!(broken.contains(&rule), "{rule} is not among {broken:?}");
}

fn granted(answer: Result<Vec<conduct::Written>, No>) {
    assert_eq!(no(answer), [""; 0]);
}

fn because(clinic: &mut Clinic, role: &str, act: Authorisation, reason: &str) -> Result<Vec<conduct::Written>, No> {
    let command = Command::Authorise(act);
    let person = clinic.person(role, &command);
    clinic.ask(person, None, command, None, Some(reason))
}

fn stop(id: &ParticipantId, scope: StopScope) -> Fact {
    Fact::RecordStop { participant: id.clone(), scope, reason: "other".to_owned(), text: String::new() }
}

/// Enquiry, the two gates, the draw.
fn gates() -> Seen {
    let mut clinic = clinic();
    let id = clinic.enquiry();
    let enrol = Authorisation::Enrol { participant: id.clone() };
    let confirm = Authorisation::ConfirmEnrolment { participant: id.clone() };
    let randomise = Authorisation::Randomise { participant: id.clone() };
    let gate = |clinic: &mut Clinic, act: &Authorisation| clinic.both("investigator", "medical_monitor", act.clone());
    for rule in ["participant.phase", "participant.consent", "eligibility.visits", "eligibility.criterion"] {
        refused(gate(&mut clinic, &enrol), rule);
    }
    clinic.later(3).consent(&id);
    clinic.fill_in(&id, "V0");
    clinic.held(&id, "V0");
    refused(clinic.may("investigator", enrol.clone()), "eligibility.signed");
    let hold =
        Fact::PlaceHold { on: HoldOn::Participant { participant: id.clone() }, text: "asked to wait".to_owned() };
    clinic.fact("investigator", hold);
    refused(gate(&mut clinic, &enrol), "safety.hold");
    let hold = clinic.participant(&id).holds.keys().next().unwrap().clone();
    let lift = Authorisation::LiftHold { on: HoldOn::Participant { participant: id.clone() }, hold };
    granted(because(&mut clinic, "medical_monitor", lift, "looked into, nothing stands against it"));
    granted(clinic.may("administrator", Authorisation::SetCap { site: SITE.into(), cap: Some(0) }));
    refused(gate(&mut clinic, &enrol), "site.cap");
    granted(clinic.may("administrator", Authorisation::SetCap { site: SITE.into(), cap: Some(9) }));
    granted(gate(&mut clinic, &enrol));
    refused(clinic.may("investigator", randomise.clone()), "eligibility.confirmation");
    for visit in ["V1", "V2", "V3"] {
        clinic.later(7).fill_in(&id, visit);
        clinic.held(&id, visit);
    }
    clinic.later(1).fill_in(&id, "V4");
    clinic.rate(&id, "V4", 2);
    clinic.held(&id, "V4");
    let medicine = clinic.medicine(&id, "sertraline", None);
    refused(gate(&mut clinic, &confirm), "medication.washout");
    let strike = Fact::StrikeRecord { participant: id.clone(), instance: medicine, belongs_to: None };
    clinic.because("coordinator", strike, "it is somebody else's");
    granted(gate(&mut clinic, &confirm));
    let planned = clinic.study.design.participants_planned;
    for n in 0..planned {
        clinic.allocation.drawn.insert(ParticipantId::from(format!("S09-{n:03}")), "h".to_owned());
    }
    refused(clinic.may("investigator", randomise.clone()), "randomisation.planned");
    clinic.allocation.drawn.clear();
    refused(clinic.exhausted("investigator", Command::Authorise(randomise.clone())), "randomisation.draw");
    refused(clinic.unsigned("investigator", Command::Authorise(randomise.clone())), "randomisation.signed");
    granted(clinic.may("investigator", randomise));
    clinic.seen
}

/// Too late after consent; screening once more, and not for ever.
fn screening_again() -> Seen {
    let mut clinic = clinic();
    let id = clinic.screened();
    clinic.later(90);
    let enrol = Authorisation::Enrol { participant: id.clone() };
    refused(clinic.both("investigator", "medical_monitor", enrol), "eligibility.in_time");
    let failed = Fact::RecordScreenFailure { participant: id.clone(), gate: 1, reason: "too late".to_owned() };
    let rescreen = Authorisation::Rescreen { participant: id };
    clinic.fact("investigator", failed.clone());
    granted(clinic.may("investigator", rescreen.clone()));
    clinic.fact("investigator", failed);
    refused(clinic.may("investigator", rescreen), "eligibility.rescreen");
    // A site that was closed enrols nobody.
    let next = clinic.screened();
    granted(clinic.may("administrator", Authorisation::CloseSite { site: SITE.into() }));
    let enrol = Authorisation::Enrol { participant: next };
    refused(clinic.both("investigator", "medical_monitor", enrol), "site.active");
    clinic.seen
}

/// Appointments: in the window, in order, ahead, far enough from the last dose.
fn appointments() -> Seen {
    let mut clinic = clinic();
    let id = clinic.assigned();
    let first = clinic.study.session(1).unwrap().visit.clone();
    let second = clinic.study.session(2).unwrap().visit.clone();
    let at = |clinic: &Clinic, visit: &VisitId, days: i32| -> Timestamp {
        let planned = clinic.study.visit(visit.as_str()).unwrap();
        let window = conduct::schedule::planned(&clinic.study, clinic.participant(&id), planned).unwrap();
        let day = window.target.saturating_add(Span::new().days(days));
        day.at(15, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp()
    };
    let book = |visit: &VisitId, starts: Timestamp| Authorisation::BookVisit {
        participant: id.clone(),
        visit: visit.clone(),
        starts,
        mode: VisitMode::OnSite,
    };
    let target = at(&clinic, &first, 0);
    refused(clinic.may("coordinator", book(&"V0".into(), target)), "visit.planned");
    refused(clinic.may("coordinator", book(&first, clinic.now)), "visit.ahead");
    let outside = at(&clinic, &first, 200);
    refused(clinic.may("coordinator", book(&first, outside)), "visit.window");
    refused(clinic.may("coordinator", book(&second, target)), "visit.order");
    granted(clinic.may("coordinator", book(&first, target)));
    // The first session was held, by the record; the second can't be booked for five days later.
    let swallowed = conduct::state::Swallow {
        part: conduct::command::DosePart::Initial,
        container: "K9".into(),
        amount: terms::Milligrams::ZERO,
        pieces: 2,
        at: target,
        day: target.to_zoned(jiff::tz::TimeZone::UTC).date(),
        authorised: true,
    };
    let held = conduct::state::SessionState { swallowed: vec![swallowed], ..Default::default() };
    clinic.participants.get_mut(&id).unwrap().sessions.insert(1, held);
    let near = target.checked_add(jiff::SignedDuration::from_hours(24 * 5)).unwrap();
    refused(clinic.may("coordinator", book(&second, near)), "dose.interval");
    let far = at(&clinic, &second, 0);
    let answer = because(&mut clinic, "coordinator", book(&second, far), "the visits between are booked by telephone");
    let broken = no(answer);
    assert!(!broken.contains(&"dose.interval"), "{broken:?}");
    clinic.seen
}

/// The pool of raters.
fn ratings() -> Seen {
    let mut clinic = clinic();
    let id = clinic.enrolled();
    let request = |visit: &str| Authorisation::RequestRating { participant: id.clone(), visit: visit.into() };
    refused(clinic.may("coordinator", request("V0")), "rating.visit");
    granted(clinic.may("coordinator", request("V4")));
    let open: InstanceId = clinic.participant(&id).ratings.keys().next().unwrap().clone();
    let take = Command::Authorise(Authorisation::TakeRating { request: open.clone() });
    // Somebody who rates in the trial and has a role at the site as well.
    clinic.certify(None, &"nurse".into(), &"independent_rater".into());
    granted(
        clinic
            .may("administrator", Authorisation::GrantRole { staff: "nurse".into(), role: "independent_rater".into() }),
    );
    refused(clinic.ask(Person::Staff("nurse".into()), None, take.clone(), None, None), "rating.independent");
    let rater = || Person::Staff(StaffId::from("independent_rater"));
    granted(clinic.ask(rater(), None, take.clone(), None, None));
    refused(clinic.ask(rater(), None, take, None, None), "rating.free");
    let missed = Fact::RecordRatingMissed { request: open, text: "nobody came".to_owned() };
    clinic.ask(rater(), None, Command::Fact(missed), None, None).unwrap();
    granted(clinic.may("coordinator", request("V4")));
    let again = clinic.participant(&id).ratings.iter().find(|(_, rating)| !rating.done).unwrap().0.clone();
    let take = Command::Authorise(Authorisation::TakeRating { request: again });
    refused(clinic.ask(rater(), None, take.clone(), None, None), "rating.not_met");
    granted(clinic.ask(rater(), None, take, None, Some("no other rater can be had this week")));
    clinic.seen
}

/// Another site, another version, an allocation opened.
fn moves() -> Seen {
    let mut clinic = clinic();
    let id = clinic.assigned();
    let transfer = |to: &str| Authorisation::TransferParticipant { participant: id.clone(), to: to.into() };
    refused(clinic.may("coordinator", transfer("S99")), "transfer.site");
    open_a_session(&mut clinic, &id);
    refused(clinic.may("coordinator", transfer("S02")), "transfer.session");
    close_the_session(&mut clinic, &id);
    let mut second = protocol::model::Study::clone(&clinic.study);
    second.version = "2.0".to_owned();
    let mut text = second.consent.versions.last().unwrap().clone();
    text.version = "2".to_owned();
    second.consent.versions = vec![text];
    second.amendment = Some(Amendment {
        amends: clinic.study.version.clone(),
        summary: "another text".to_owned(),
        reconsent: Reconsent::All,
    });
    let second = Arc::new(second);
    clinic.studies.insert(second.hash(), Arc::clone(&second));
    let to_second = Authorisation::MoveVersion { participant: id.clone(), to: second.hash() };
    refused(clinic.may("coordinator", to_second.clone()), "version.adopted");
    granted(clinic.may("administrator", Authorisation::AdoptStudy { study: second.hash() }));
    refused(clinic.may("coordinator", to_second.clone()), "version.consent");
    clinic.study = second;
    clinic.consent(&id);
    granted(clinic.may("coordinator", to_second));
    granted(clinic.may("coordinator", transfer("S02")));
    let open = Authorisation::BreakCode { participant: id };
    refused(clinic.may("prescriber", open.clone()), "unblinding.reason");
    granted(because(&mut clinic, "prescriber", open, "overdose of an unknown tablet, treatment hangs on it"));
    clinic.seen
}

/// A session stands open, told by a container that is out.
fn open_a_session(clinic: &mut Clinic, id: &ParticipantId) {
    let person = clinic.participants.get_mut(id).unwrap();
    let session = person.sessions.entry(1).or_default();
    session.containers = Some(("K1".into(), None, clinic.now));
}

fn close_the_session(clinic: &mut Clinic, id: &ParticipantId) {
    clinic.participants.get_mut(id).unwrap().sessions.clear();
}

/// Everything done; a death and a withdrawal afterwards; erased.
fn endings() -> Seen {
    let mut clinic = clinic();
    let id = clinic.assigned();
    let close = Authorisation::CompleteParticipation { participant: id.clone() };
    refused(clinic.may("investigator", close.clone()), "completion.visits");
    let visits: Vec<_> = clinic.study.visits.iter().map(|visit| visit.id.clone()).collect();
    for visit in visits {
        let outcome = VisitOutcome::Missed { reason: "moved away".to_owned() };
        let fact = Fact::RecordVisit { participant: id.clone(), visit, outcome, day: None };
        let _ = clinic.act("coordinator", Command::Fact(fact));
    }
    serious_event(&mut clinic, &id);
    refused(clinic.may("investigator", close.clone()), "completion.tasks");
    all_tasks_done(&mut clinic, &id);
    granted(clinic.may("investigator", close));
    assert_eq!(clinic.participant(&id).phase, Phase::Completed);

    let erase = Authorisation::EraseIdentity { participant: id.clone() };
    refused(because(&mut clinic, "coordinator", erase.clone(), "asked by letter"), "identity.right");
    serious_event(&mut clinic, &id);
    clinic.fact("coordinator", stop(&id, StopScope::Consent));
    refused(because(&mut clinic, "coordinator", erase.clone(), "asked by letter"), "identity.safe");
    all_tasks_done(&mut clinic, &id);
    refused(clinic.may("coordinator", erase.clone()), "identity.signed");
    granted(because(&mut clinic, "coordinator", erase.clone(), "asked by letter"));
    refused(because(&mut clinic, "coordinator", erase, "asked by letter"), "identity.once");
    clinic.seen
}

fn serious_event(clinic: &mut Clinic, id: &ParticipantId) {
    let event = AdverseEventReport {
        term: "fracture".to_owned(),
        onset: clinic.today(),
        ended: None,
        severity: Severity::Severe,
        serious: vec![Seriousness::Hospitalisation],
        related: Causality::NotRelated,
        session: None,
        valence: Valence::Negative,
        special_interest: None,
        outcome: AdverseEventOutcome::Recovering,
        answers: Vec::new(),
    };
    clinic.fact("coordinator", Fact::RecordAdverseEvent { participant: id.clone(), event });
}

fn all_tasks_done(clinic: &mut Clinic, id: &ParticipantId) {
    let open: Vec<InstanceId> =
        clinic.participant(id).tasks.iter().filter(|(_, task)| task.done.is_none()).map(|(id, _)| id.clone()).collect();
    for task in open {
        clinic.fact("investigator", Fact::CompleteTask { participant: id.clone(), task, text: "done".to_owned() });
    }
}

#[test]
fn every_rule_refuses_and_allows() {
    let mut seen = Seen::new();
    for part in [gates, screening_again, appointments, ratings, moves, endings] {
        seen.extend(part());
    }
    let found: BTreeSet<(&str, bool)> = seen.iter().map(|(rule, _, broken)| (*rule, *broken)).collect();
    let rules: Vec<_> = conduct::participant::RULES.iter().flat_map(|list| list.iter()).collect();
    let missing: Vec<String> = rules
        .iter()
        .flat_map(|rule| [(rule.id, true), (rule.id, false)])
        .filter(|pair| !found.contains(pair))
        .map(|(rule, refusing)| format!("{rule} was never seen {}", if refusing { "refusing" } else { "allowing" }))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
    // And each is asked of the acts that it says it binds, where this part grants them.
    let wrong: Vec<String> = seen
        .iter()
        .filter(|(id, act, _)| {
            conduct::rules::all()
                .iter()
                .find(|rule| rule.id == *id)
                .is_none_or(|rule| !rule.binds.contains(&act.as_str()))
        })
        .map(|(rule, act, _)| format!("{rule} is asked of {act} and does not say so"))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The four proofs (this one, and those beside the tables of sessions, of containers and of staff) leave no rule out.
#[test]
fn the_parts_are_the_whole_rule_book() {
    let mut parts: BTreeSet<&str> = conduct::participant::RULES.iter().flat_map(|l| l.iter()).map(|r| r.id).collect();
    parts.extend(conduct::session::RULES.iter().map(|rule| rule.id));
    parts.extend(conduct::accountability::RULES.iter().map(|rule| rule.id));
    parts.extend(conduct::staffing::RULES.iter().map(|rule| rule.id));
    let all: BTreeSet<&str> = conduct::rules::all().iter().map(|rule| rule.id).collect();
    assert_eq!(parts, all);
}

/// A death, and a withdrawal of consent, after everything was done: recorded, with what follows, and still complete.
#[test]
fn a_death_or_a_withdrawal_after_completion_is_recorded_with_what_follows() {
    for scope in [StopScope::Died, StopScope::Consent] {
        let mut clinic = clinic();
        let id = clinic.assigned();
        let visits: Vec<_> = clinic.study.visits.iter().map(|visit| visit.id.clone()).collect();
        for visit in visits {
            let outcome = VisitOutcome::Missed { reason: "moved away".to_owned() };
            let fact = Fact::RecordVisit { participant: id.clone(), visit, outcome, day: None };
            let _ = clinic.act("coordinator", Command::Fact(fact));
        }
        all_tasks_done(&mut clinic, &id);
        granted(clinic.may("investigator", Authorisation::CompleteParticipation { participant: id.clone() }));
        // What goes on with a treatment that is over can't be stopped.
        let late = clinic.act("coordinator", Command::Fact(stop(&id, StopScope::Treatment)));
        assert!(matches!(late, Err(No::Unreadable(_))), "{late:?}");
        let written = clinic.later(40).fact("coordinator", stop(&id, scope));
        assert!(written.len() >= 2, "{written:?}");
        let person = clinic.participant(&id);
        assert_eq!((person.phase, person.stops.last().unwrap().scope), (Phase::Completed, scope));
        let open: Vec<&str> =
            person.tasks.values().filter(|t| t.done.is_none()).map(|t| t.raised.title.as_str()).collect();
        let words = if scope == StopScope::Died { "died of" } else { "erased" };
        assert!(open.iter().any(|title| title.contains(words)), "{open:?}");
        if scope == StopScope::Consent {
            assert!(person.consent().is_none());
        }
        // Told twice, it is one thing.
        let twice = clinic.act("coordinator", Command::Fact(stop(&id, scope)));
        assert!(matches!(twice, Err(No::Conflict { .. })), "{twice:?}");
    }
}

/// Whoever died of an adverse event that is on record is not asked about again.
#[test]
fn a_death_that_an_event_tells_of_asks_nothing_more() {
    let mut clinic = clinic();
    let id = clinic.assigned();
    let event = AdverseEventReport {
        term: "road accident".to_owned(),
        onset: clinic.today(),
        ended: None,
        severity: Severity::Severe,
        serious: vec![Seriousness::Death],
        related: Causality::NotRelated,
        session: None,
        valence: Valence::Negative,
        special_interest: None,
        outcome: AdverseEventOutcome::Fatal,
        answers: Vec::new(),
    };
    clinic.fact("coordinator", Fact::RecordAdverseEvent { participant: id.clone(), event });
    clinic.fact("coordinator", stop(&id, StopScope::Died));
    let titles: Vec<&str> = clinic.participant(&id).tasks.values().map(|task| task.raised.title.as_str()).collect();
    assert!(!titles.iter().any(|title| title.contains("died of")), "{titles:?}");
}
