//! Enquiry to assignment: consent, screening, both gates, washout, randomisation.

use crate::clinic::{Clinic, SITE, caps5, passing};
use conduct::{
    Authorisation, Command, Entry, Fact, No, Phase,
    command::{HoldOn, StopScope},
    entry::CriterionAnswer,
};
use terms::{FieldId, ParticipantId, Value};

fn clinic() -> Clinic {
    Clinic::open(protocol::embedded::load("reference-mapp2").unwrap())
}

fn enrol(id: &ParticipantId) -> Authorisation {
    Authorisation::Enrol { participant: id.clone() }
}

fn confirm(id: &ParticipantId) -> Authorisation {
    Authorisation::ConfirmEnrolment { participant: id.clone() }
}

/// Rules that a "no" names, with their conditions.
fn rules(answer: Result<Vec<conduct::Written>, No>) -> Vec<String> {
    match answer {
        Ok(_) => vec!["allowed".to_owned()],
        Err(No::Refused(refusal)) => refusal
            .broken
            .iter()
            .map(|b| match &b.condition {
                Some(condition) => format!("{}/{condition}", b.rule),
                None => b.rule.to_owned(),
            })
            .collect(),
        Err(other) => panic!("not a refusal: {other:?}"),
    }
}

#[test]
fn enquiry_to_assignment() {
    let mut clinic = clinic();
    let id = clinic.assigned();
    assert_eq!(id.as_str(), "S01-001");
    let participant = clinic.participant(&id);
    assert_eq!(participant.phase, Phase::Assigned);
    assert!(participant.assigned.as_ref().unwrap().0.is_some());
    assert_eq!(clinic.allocation.drawn.len(), 1);
    assert!(clinic.sites[SITE].places.contains(&id));
    let met = &participant.decisions[&1].criteria;
    assert!(met.len() > 30 && met.iter().all(|found| found.answer == CriterionAnswer::Met));
}

#[test]
fn steps_come_in_their_order() {
    let mut clinic = clinic();
    let id = clinic.enquiry();
    assert!(
        rules(clinic.both("investigator", "medical_monitor", enrol(&id))).contains(&"participant.phase".to_owned())
    );
    let randomise = Authorisation::Randomise { participant: id };
    assert!(rules(clinic.may("investigator", randomise)).contains(&"participant.phase".to_owned()));
}

#[test]
fn consent_must_be_complete_and_of_the_version() {
    let mut clinic = clinic();
    let id = clinic.enquiry();
    let version = clinic.study.consent.versions.last().unwrap().clone();
    let consent = |answers: bool, copy_given: bool| Fact::RecordConsent {
        participant: id.clone(),
        version: version.version.clone(),
        items: version.items.iter().map(|item| (item.id.clone(), true)).collect(),
        answers: version.questions.iter().map(|q| (q.id.clone(), q.answer == answers)).collect(),
        copy_given,
    };
    // Recorded all the same: somebody signed. But it carries nothing.
    clinic.fact("coordinator", consent(false, true));
    clinic.fact("coordinator", consent(true, false));
    assert_eq!(clinic.participant(&id).phase, Phase::Enquiry);
    assert_eq!(clinic.participant(&id).consents.len(), 2);
    assert!(
        rules(clinic.both("investigator", "medical_monitor", enrol(&id))).contains(&"participant.consent".to_owned())
    );
    clinic.fact("coordinator", consent(true, true));
    assert_eq!(clinic.participant(&id).phase, Phase::Screening);
    assert!(
        !rules(clinic.both("investigator", "medical_monitor", enrol(&id))).contains(&"participant.consent".to_owned())
    );
}

#[test]
fn f_85_a_missing_answer_is_unknown_and_never_met() {
    let mut clinic = clinic();
    let id = clinic.enquiry();
    clinic.later(1).consent(&id);
    for criterion in clinic.study.criteria.clone().iter().filter(|c| !c.check.names().is_empty()) {
        let from_forms = criterion.check.names().iter().all(|name| {
            let form = name.split('.').next().unwrap_or_default();
            clinic.study.form(form).is_some()
        });
        if from_forms {
            assert_eq!(clinic.criterion(&id, criterion.id.as_str()), CriterionAnswer::Unknown, "{}", criterion.id);
        }
    }
    let broken = rules(clinic.both("investigator", "medical_monitor", enrol(&id)));
    assert!(broken.contains(&"eligibility.criterion/E24".to_owned()));
    assert!(broken.contains(&"eligibility.visits/V0".to_owned()));
}

#[test]
fn gate_one_wants_signatures_place_time_and_no_hold() {
    let mut clinic = clinic();
    let id = clinic.screened();
    // Countersignature: some criteria are judged.
    assert_eq!(rules(clinic.may("investigator", enrol(&id))), ["eligibility.signed"]);
    assert_eq!(rules(clinic.both("investigator", "nurse", enrol(&id))), ["eligibility.signed"]);
    // Not by somebody who may not decide it at all.
    assert!(matches!(clinic.may("nurse", enrol(&id)), Err(No::NotYours { .. })));

    let hold = Fact::PlaceHold { on: HoldOn::Site { site: SITE.into() }, text: "count differs".to_owned() };
    clinic.fact("investigator", hold);
    assert_eq!(rules(clinic.both("investigator", "medical_monitor", enrol(&id))), ["safety.hold"]);
    let instance = clinic.sites[SITE].holds.keys().next().unwrap().clone();
    let lift = Command::Authorise(Authorisation::LiftHold { on: HoldOn::Site { site: SITE.into() }, hold: instance });
    assert_eq!(rules(clinic.act("medical_monitor", lift.clone())), ["hold.reason"]);
    let person = clinic.person("medical_monitor", &lift);
    clinic.ask(person, None, lift, None, Some("counted again, it agrees")).unwrap();

    clinic.may("administrator", Authorisation::SetCap { site: SITE.into(), cap: Some(0) }).unwrap();
    assert_eq!(rules(clinic.both("investigator", "medical_monitor", enrol(&id))), ["site.cap"]);
    clinic.may("administrator", Authorisation::SetCap { site: SITE.into(), cap: Some(1) }).unwrap();

    clinic.later(70);
    assert!(
        rules(clinic.both("investigator", "medical_monitor", enrol(&id))).contains(&"eligibility.in_time".to_owned())
    );
    clinic.may("administrator", Authorisation::CloseSite { site: SITE.into() }).unwrap();
    assert!(rules(clinic.both("investigator", "medical_monitor", enrol(&id))).contains(&"site.active".to_owned()));
}

#[test]
fn gate_one_passes() {
    let mut clinic = clinic();
    let id = clinic.screened();
    assert_eq!(rules(clinic.both("investigator", "medical_monitor", enrol(&id))), ["allowed"]);
    assert_eq!(clinic.participant(&id).phase, Phase::Enrolled);
}

/// protocol.md §14, the truth table of eligibility, on the study's own expressions.
#[test]
fn eligibility_truth_table() {
    let table = "
        form            field                     value       criterion | answer
        weight          weight_kg                 48          E23       | met
        weight          weight_kg                 47.9        E23       | not_met
        ecg             qtcb_ms                   450         E18       | met
        ecg             qtcb_ms                   451         E18       | not_met
        substance_use   ecstasy_uses              11          E12       | not_met
        labs            sodium_mmol_l             133         E22       | met
        labs            sodium_mmol_l             132         E22       | not_met
        labs            alt_u_l                   100         E21       | met
        labs            alt_u_l                   101         E21       | not_met
        attestations    swallows_pills            no          I03       | not_met
        mini7           ptsd_months               5           I09       | not_met
        mini7           ptsd_months               6           I09       | met
    ";
    let mut clinic = clinic();
    let id = clinic.screened();
    for line in table.lines().map(str::trim).filter(|line| line.contains('|')).skip(1) {
        let (case, expected) = line.split_once('|').unwrap();
        let [form, field, value, criterion] = case.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{line}") };
        let mut values = passing(&clinic.study, form);
        values.insert(FieldId::from(field), Value::Text(value.to_owned()));
        let role = clinic.study.form(form).unwrap().completed_by.iter().find(|r| **r != "participant").unwrap().clone();
        let fact = Fact::RecordForm {
            seen: None,
            participant: id.clone(),
            form: form.into(),
            visit: Some("V0".into()),
            values,
        };
        clinic.fact(role.as_str(), fact);
        let answer = serde_json::to_value(clinic.criterion(&id, criterion)).unwrap();
        assert_eq!(answer, expected.trim(), "{line}");
    }
}

#[test]
fn age_turns_on_the_birthday() {
    for (born, on, age) in [
        ("2007-01-10", "2025-01-09", 17),
        ("2007-01-10", "2025-01-10", 18),
        ("2008-02-29", "2026-02-28", 17),
        ("2008-02-29", "2026-03-01", 18),
    ] {
        assert_eq!(conduct::names::age_on(born.parse().unwrap(), on.parse().unwrap()), Some(age), "{born} on {on}");
    }
}

#[test]
fn gate_two_sees_the_rating_and_tells_the_site_only_pass_or_fail() {
    let mut clinic = clinic();
    let id = clinic.prepared();
    // A rating of 20 in total: below the entry.
    clinic.rate_again(&id, "V4", 1);
    let refusal = match clinic.both("investigator", "medical_monitor", confirm(&id)) {
        Err(No::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    };
    let broken = refusal.broken.iter().find(|b| b.condition.as_deref() == Some("I11")).unwrap();
    assert!(broken.evidence.iter().any(|e| e.name == "V4.caps5.total" && e.value == "20"));
    assert!(!broken.found.contains("20"));
    let seen = refusal.for_reader(&clinic.study, &["coordinator".into()]);
    let broken = seen.broken.iter().find(|b| b.condition.as_deref() == Some("I11")).unwrap();
    assert!(broken.evidence.is_empty(), "a coordinator never sees a T1 total");
}

#[test]
fn washout_is_computed_for_each_medicine() {
    // protocol.md §14: last dose 2025-01-15; days as the study's half-lives and floors give them.
    let table = "
        sertraline      29
        paroxetine      12
        citalopram      15
        escitalopram    14
        fluoxetine      84
        bupropion       15
        mirtazapine     14
        aripiprazole    27
        clonidine       10
        quetiapine      14
        diazepam        28
        lorazepam       10
    ";
    let study = protocol::embedded::load("reference-mapp2").unwrap();
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let [name, days] = line.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{line}") };
        let report = conduct::command::MedicineReport {
            name: name.to_owned(),
            dose: String::new(),
            indication: String::new(),
            started: None,
            taper_started: None,
            last_dose: Some("2025-01-15".parse().unwrap()),
            last_change: None,
            rescue: false,
        };
        let (_, standing) = conduct::participant::standing_of(&study.medication, &report);
        let conduct::entry::MedicineStanding::Washout { days: found, .. } = standing else {
            panic!("{name}: {standing:?}")
        };
        assert_eq!(found.to_string(), days, "{name}");
    }
}

#[test]
fn a_washout_that_runs_stands_in_the_way_and_clears_on_its_day() {
    let mut clinic = clinic();
    let id = clinic.prepared();
    let last = clinic.today().saturating_sub(jiff::Span::new().days(10));
    clinic.medicine(&id, "sertraline", Some(&last.to_string()));
    let Err(No::Refused(refusal)) = clinic.both("investigator", "medical_monitor", confirm(&id)) else { panic!() };
    let washout = refusal.broken.iter().find(|b| b.rule == "medication.washout").unwrap();
    assert_eq!(washout.clears.unwrap(), last.saturating_add(jiff::Span::new().days(29)));
    assert_eq!(washout.condition.as_deref(), Some("sertraline"));
    clinic.later(19);
    let broken = rules(clinic.both("investigator", "medical_monitor", confirm(&id)));
    assert!(!broken.iter().any(|rule| rule.starts_with("medication.washout")), "{broken:?}");
    // A medicine that the study doesn't know is nobody's to wave through.
    clinic.medicine(&id, "unheard-of", None);
    let broken = rules(clinic.both("investigator", "medical_monitor", confirm(&id)));
    assert!(broken.contains(&"medication.washout/unheard-of".to_owned()), "{broken:?}");
    assert!(clinic.participant(&id).tasks.values().any(|task| task.raised.title.contains("unheard-of")));
}

#[test]
fn screen_failure_and_one_more_try() {
    let mut clinic = clinic();
    let id = clinic.screened();
    let failure =
        Fact::RecordScreenFailure { participant: id.clone(), gate: 1, reason: "lives too far away".to_owned() };
    clinic.fact("investigator", failure);
    assert_eq!(clinic.participant(&id).phase, Phase::ScreenFailed);
    let rescreen = Authorisation::Rescreen { participant: id.clone() };
    assert_eq!(rules(clinic.may("investigator", rescreen.clone())), ["allowed"]);
    assert_eq!(clinic.participant(&id).phase, Phase::Screening);
    let failure = Fact::RecordScreenFailure { participant: id.clone(), gate: 1, reason: "again".to_owned() };
    clinic.fact("investigator", failure);
    assert_eq!(rules(clinic.may("investigator", rescreen)), ["eligibility.rescreen"]);
}

#[test]
fn randomisation_wants_a_row_a_confirmation_and_a_place_in_the_plan() {
    let mut clinic = clinic();
    let id = clinic.confirmed();
    let randomise = Authorisation::Randomise { participant: id.clone() };
    for (n, other) in (0..clinic.study.design.participants_planned).enumerate() {
        let _ = other;
        clinic.allocation.drawn.insert(ParticipantId::from(format!("S09-{n:03}")), "h".to_owned());
    }
    assert_eq!(rules(clinic.may("investigator", randomise.clone())), ["randomisation.planned"]);
    clinic.allocation.drawn.clear();
    let answer = clinic.exhausted("investigator", Command::Authorise(randomise.clone()));
    assert_eq!(rules(answer), ["randomisation.draw"]);
    let answer = clinic.unsigned("investigator", Command::Authorise(randomise.clone()));
    assert_eq!(rules(answer), ["randomisation.signed"]);
    let expires = clinic.participant(&id).decisions[&2].expires;
    if expires.is_some() {
        clinic.later(200);
        assert!(rules(clinic.may("investigator", randomise)).contains(&"eligibility.confirmation".to_owned()));
    } else {
        assert_eq!(rules(clinic.may("investigator", randomise)), ["allowed"]);
    }
}

#[test]
fn a_correction_that_takes_eligibility_away_is_a_deviation() {
    let mut clinic = clinic();
    let id = clinic.enrolled();
    let instance = clinic.participant(&id).latest_form("ecg").unwrap().0.clone();
    let fact = Fact::CorrectForm {
        participant: id.clone(),
        instance,
        changes: [(FieldId::from("qtcb_ms"), Value::Integer(480))].into(),
        seen: 0,
    };
    let written = clinic.because("nurse", fact, "the tracing was read again");
    assert!(written.iter().any(|w| matches!(&w.entry, Entry::DeviationRecorded { code, .. } if code.contains("ELIG"))));
}

#[test]
fn f_98_withdrawal_is_one_act_and_ends_what_could_be_asked() {
    let mut clinic = clinic();
    let id = clinic.assigned();
    let visit = clinic.study.session(1).unwrap().visit.clone();
    let planned = clinic.study.visit(visit.as_str()).unwrap();
    let window = conduct::schedule::planned(&clinic.study, clinic.participant(&id), planned).unwrap();
    let starts = window.closes.at(15, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    let mode = protocol::model::VisitMode::OnSite;
    clinic.may("coordinator", Authorisation::BookVisit { participant: id.clone(), visit, starts, mode }).unwrap();
    let reason = clinic.study.follow_up.reasons[0].code.clone();
    let stop = Fact::RecordStop { participant: id.clone(), scope: StopScope::Consent, reason, text: String::new() };
    clinic.fact("coordinator", stop);
    assert_eq!(clinic.participant(&id).phase, Phase::Left);
    assert!(clinic.participant(&id).visits.values().all(|visit| visit.booking.is_none()), "waited for nowhere");
    let broken = rules(clinic.both("investigator", "medical_monitor", confirm(&id)));
    assert!(broken.contains(&"participant.consent".to_owned()) && broken.contains(&"participant.phase".to_owned()));
    let _ = caps5;
}

/// A rating that was asked for is given up when the person withdraws: no rater rings somebody who has left.
#[test]
fn nobody_who_has_left_is_rated() {
    let mut clinic = clinic();
    let id = clinic.enrolled();
    let ask = Authorisation::RequestRating { participant: id.clone(), visit: "V4".into() };
    clinic.may("coordinator", ask).unwrap();
    let request = clinic.participant(&id).ratings.keys().next().unwrap().clone();
    let reason = clinic.study.follow_up.reasons[0].code.clone();
    clinic.fact(
        "coordinator",
        Fact::RecordStop { participant: id.clone(), scope: StopScope::Consent, reason, text: String::new() },
    );
    assert!(clinic.participant(&id).ratings[&request].done);
    let take = clinic.may("independent_rater", Authorisation::TakeRating { request });
    assert_eq!(rules(take), ["rating.free"]);
}
