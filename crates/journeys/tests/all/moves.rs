//! What a coordinator meets: two versions side by side, a move to another site, an empty safe, an emergency, a record in the wrong
//! place, a prescriber who is away.

use crate::{
    as_data::{read, ready_for_the_dose},
    clinic::{Clinic, answers, study},
};
use conduct::{Authorisation, Command, Entry, Fact, No, Phase};
use protocol::model::Content;
use std::{collections::BTreeSet, sync::Arc};
use terms::{ParticipantId, Value};

fn screened(clinic: &mut Clinic) -> ParticipantId {
    let id = clinic.enquiry();
    clinic.later(1).consent(&id);
    clinic.hold(&id, "SCREEN");
    id
}

/// The second version: nobody under 80 kg, a new consent text that everybody must sign.
fn second_version() -> protocol::model::Study {
    let mut files = protocol::embedded::files("small").unwrap();
    let mut change = |name: &str, from: &str, to: &str| {
        let text = files.files.remove(name).unwrap();
        assert!(text.contains(from), "{name} has no {from}");
        files.files.insert(name.to_owned(), text.replace(from, to));
    };
    let amendment =
        "version = \"2.0\"\n\n[amendment]\namends = \"1.0\"\nsummary = \"nobody under 80 kg\"\nreconsent = \"all\"\n";
    change("study.toml", "version = \"1.0\"\n", "version = \"2.0\"\n");
    let text = files.files.remove("study.toml").unwrap();
    let amendment = amendment.trim_start_matches("version = \"2.0\"\n\n");
    files.files.insert("study.toml".to_owned(), format!("{text}\n{amendment}"));
    let mut change = |name: &str, from: &str, to: &str| {
        let text = files.files.remove(name).unwrap();
        assert!(text.contains(from), "{name} has no {from}");
        files.files.insert(name.to_owned(), text.replace(from, to));
    };
    change("eligibility.toml", "weight.weight_kg < 48", "weight.weight_kg < 80");
    change("consent.toml", "version = \"1\"", "version = \"2\"");
    read(&files)
}

#[test]
fn two_versions_run_side_by_side_and_a_move_asks_for_consent_again() {
    let mut clinic = Clinic::open(study("small"));
    let first = Arc::clone(&clinic.study);
    let on_first = screened(&mut clinic);
    let second = Arc::new(second_version());
    clinic.door.study_add(Arc::clone(&second));
    let moving = Authorisation::MoveVersion { participant: on_first.clone(), to: second.hash() };
    assert_eq!(Clinic::refusals(clinic.may("coordinator", moving.clone())), ["version.adopted"]);
    clinic.may("administrator", Authorisation::AdoptStudy { study: second.hash() }).unwrap();
    // Whoever comes now comes under the second version; the first person stays on theirs.
    clinic.study = Arc::clone(&second);
    let on_second = screened(&mut clinic);
    assert_eq!(clinic.participant(&on_second).study, second.hash());
    assert_eq!(clinic.participant(&on_first).study, first.hash());
    // 71.5 kg: enough for the one version, not for the other.
    assert_eq!(Clinic::refusals(clinic.enrol(&on_second)), ["eligibility.criterion/E03"]);
    clinic.study = Arc::clone(&first);
    clinic.enrol(&on_first).unwrap();
    // Moving asks for the new text; the old consent stays on record.
    assert_eq!(Clinic::refusals(clinic.may("coordinator", moving.clone())), ["version.consent"]);
    clinic.study = Arc::clone(&second);
    clinic.consent(&on_first);
    let written = clinic.may("coordinator", moving).unwrap();
    assert_eq!(written[0].stamp.study, first.hash(), "decided under the version that is left");
    assert_eq!(clinic.participant(&on_first).study, second.hash());
    let under: BTreeSet<_> = clinic.log().iter().map(|one| one.stamp.study.clone()).collect();
    assert_eq!(under, BTreeSet::from([first.hash(), second.hash()]));
    clinic.prove();
}

#[test]
fn a_participant_moves_to_another_site_and_the_old_one_lets_go() {
    let mut clinic = Clinic::open(study("small"));
    let id = screened(&mut clinic);
    clinic.enrol(&id).unwrap();
    let to = |site: &str| Authorisation::TransferParticipant { participant: id.clone(), to: site.into() };
    assert_eq!(Clinic::refusals(clinic.may("coordinator", to("S99"))), ["transfer.site"]);
    clinic.may("coordinator", to("S02")).unwrap();
    assert_eq!(clinic.participant(&id).site.as_str(), "S02");
    assert_eq!(id.as_str(), "S01-001", "the code stays");
    // Said by role, the new site's people act; the old site's coordinator has no say any more.
    clinic.fact("coordinator", Fact::RecordNote { participant: id.clone(), text: "arrived".to_owned() });
    let note = Command::Fact(Fact::RecordNote { participant: id.clone(), text: "still here?".to_owned() });
    let mut asked = clinic.asked("coordinator", None, note);
    asked.actor.person = conduct::Person::Staff("coordinator".into());
    assert!(matches!(clinic.give(&asked), Err(No::NotYours { .. })));
    let site = |name: &str| clinic.door.site(&name.into()).unwrap();
    assert!(site("S02").places.contains(&id) && !site("S01").places.contains(&id));
    let chains: BTreeSet<String> = clinic.log().iter().map(|one| one.chain.to_string()).collect();
    assert!(chains.len() >= 3, "trial and both sites: {chains:?}");
    clinic.prove();
}

/// Four people, two on each arm (a block is balanced), ask for their containers where the safe is empty, and where it
/// holds what one arm needs and not what the other needs: all are refused in the same words.
#[test]
fn a_stock_out_says_the_same_whatever_the_arm() {
    let mut clinic = Clinic::open_with(study("small"), 0);
    let ids: Vec<_> = (0..4)
        .map(|_| {
            let id = screened(&mut clinic);
            ready_for_the_dose(&mut clinic, &id);
            id
        })
        .collect();
    clinic.on_to_visit(&ids[3], "DOSE1");
    let level = clinic.study.dose.sessions[0].level_default.clone();
    for id in &ids {
        let starts = clinic.now.checked_add(jiff::SignedDuration::from_hours(2)).unwrap();
        let book = Command::Authorise(Authorisation::BookVisit {
            participant: id.clone(),
            visit: "DOSE1".into(),
            starts,
            mode: protocol::model::VisitMode::OnSite,
        });
        clinic
            .because("coordinator", book, "all four on one day, so that one answer can be held against another")
            .unwrap();
        let order =
            Authorisation::OrderDose { participant: id.clone(), session: 1, level: level.clone(), level_reason: None };
        clinic.may("prescriber", order).unwrap();
    }
    let release = |clinic: &mut Clinic, id: &ParticipantId| {
        let act = Authorisation::ReleaseContainers { participant: id.clone(), session: 1 };
        match clinic.both("pharmacist", "coordinator", Command::Authorise(act)) {
            Ok(_) => None,
            Err(No::Refused(refusal)) => Some(serde_json::to_string(&refusal).unwrap()),
            Err(other) => panic!("{other:?}"),
        }
    };
    let empty: BTreeSet<_> = ids.iter().map(|id| release(&mut clinic, id)).collect();
    assert_eq!(empty.len(), 1, "{empty:#?}");
    assert!(empty.first().unwrap().as_ref().unwrap().contains("release.stock"));
    // Only what one arm needs comes in: everybody is refused in the words of an empty safe, for who was served would be known
    // to be on that arm.
    clinic.stock_of_one_content("active");
    let one_sided: BTreeSet<_> = ids.iter().map(|id| release(&mut clinic, id)).collect();
    assert_eq!(one_sided, empty, "half a stock speaks as none does, to all");
    // That the four are two and two is known to nobody until the code is broken, with a reason.
    let mut arms: Vec<bool> = Vec::new();
    for id in &ids {
        let act = Command::Authorise(Authorisation::BreakCode { participant: id.clone() });
        clinic.because("prescriber", act, "overdose of an unknown tablet, treatment hangs on it").unwrap();
        let opened = clinic.door.opened(&clinic.participant(id)).unwrap().unwrap();
        arms.push(opened.content() == Content::Active);
    }
    arms.sort_unstable();
    assert_eq!(arms, [false, false, true, true]);
    clinic.prove();
}

#[test]
fn a_code_is_broken_for_one_person_with_a_reason_and_nothing_of_it_is_in_the_log() {
    let mut clinic = Clinic::open(study("small"));
    let ids: Vec<_> = (0..2)
        .map(|_| {
            let id = screened(&mut clinic);
            ready_for_the_dose(&mut clinic, &id);
            id
        })
        .collect();
    let act = || Command::Authorise(Authorisation::BreakCode { participant: ids[0].clone() });
    assert!(clinic.door.opened(&clinic.participant(&ids[0])).unwrap().is_none(), "closed until then");
    assert_eq!(Clinic::refusals(clinic.act("prescriber", act())), ["unblinding.reason"]);
    let reason = "overdose of an unknown tablet, treatment hangs on it";
    assert_eq!(Clinic::refusals(clinic.because("prescriber~", act(), reason)), ["unblinding.reason"], "unsigned");
    assert!(matches!(clinic.because("nurse", act(), reason), Err(No::NotYours { .. })));
    let written = clinic.because("prescriber", act(), reason).unwrap();
    assert!(written.iter().any(|one| matches!(&one.entry, Entry::CodeBroken { told } if told.len() == 1)));
    assert!(clinic.door.opened(&clinic.participant(&ids[0])).unwrap().is_some());
    assert!(clinic.door.opened(&clinic.participant(&ids[1])).unwrap().is_none(), "the other stays closed");
    for one in clinic.log() {
        let text = serde_json::to_string(&one.entry).unwrap();
        assert!(!text.contains("placebo") && !text.contains("\"mdma\"") && !text.contains("active\""), "{text}");
    }
    clinic.prove();
}

#[test]
fn an_entry_made_for_the_wrong_participant_is_struck_and_stays_visible() {
    let mut clinic = Clinic::open(study("small"));
    let (wrong, right) = (screened(&mut clinic), screened(&mut clinic));
    let mut sick = answers::passing(&clinic.study, "history");
    sick.insert("heart_disease".into(), Value::Bool(true));
    let written = clinic.form_with(&wrong, "history", Some("SCREEN"), sick.clone());
    let instance = written
        .iter()
        .find_map(|one| match &one.entry {
            Entry::FormRecorded { instance, .. } => Some(instance.clone()),
            _ => None,
        })
        .unwrap();
    assert_eq!(Clinic::refusals(clinic.enrol(&wrong)), ["eligibility.criterion/E01"]);
    let strike = Command::Fact(Fact::StrikeRecord {
        participant: wrong.clone(),
        instance: instance.clone(),
        belongs_to: Some(right.clone()),
    });
    assert!(matches!(clinic.act("investigator", strike.clone()), Err(No::Unreadable(_))), "no reason");
    let written = clinic.because("investigator", strike, "two folders lay on the desk").unwrap();
    let deviation = written.iter().any(|one| {
        matches!(&one.entry, Entry::DeviationRecorded { trigger: Some(protocol::model::Trigger::WrongParticipant), .. })
    });
    assert!(deviation, "{written:?}");
    clinic.form_with(&right, "history", Some("SCREEN"), sick);
    clinic.enrol(&wrong).unwrap();
    assert_eq!(Clinic::refusals(clinic.enrol(&right)), ["eligibility.criterion/E01"]);
    let kept = clinic.log().into_iter().any(|one| {
        matches!(&one.entry, Entry::FormRecorded { instance: i, values, .. }
            if *i == instance && values["heart_disease"] == Value::Bool(true))
    });
    assert!(kept, "what was written stays in the log");
    clinic.prove();
}

#[test]
fn somebody_covers_for_the_prescriber_until_a_day_and_an_order_is_taken_back() {
    let mut clinic = Clinic::open(study("small"));
    let id = screened(&mut clinic);
    ready_for_the_dose(&mut clinic, &id);
    let until = clinic.today().checked_add(jiff::ToSpan::days(7)).unwrap();
    let cover = |until, covers: &str| Authorisation::Delegate {
        site: "S01".into(),
        staff: "dr_cover".into(),
        role: "prescriber".into(),
        from: clinic_day(until),
        until: Some(until),
        covers: Some(covers.into()),
    };
    let level = clinic.study.dose.sessions[0].level_default.clone();
    let order =
        || Authorisation::OrderDose { participant: id.clone(), session: 1, level: level.clone(), level_reason: None };
    assert!(matches!(clinic.may("dr_cover", order()), Err(No::NotYours { .. })), "not yet");
    let uncertified = Clinic::refusals(clinic.may("investigator", cover(until, "nurse")));
    assert_eq!(uncertified, ["delegation.cover", "delegation.certificate/gcp"]);
    clinic.certify(Some("S01"), "dr_cover", "prescriber");
    assert_eq!(Clinic::refusals(clinic.may("investigator", cover(until, "nurse"))), ["delegation.cover"]);
    clinic.may("investigator", cover(until, "prescriber")).unwrap();
    let written = clinic.may("dr_cover", order()).unwrap();
    assert_eq!(written[0].stamp.by.person, conduct::Person::Staff("dr_cover".into()));
    assert_eq!(Clinic::refusals(clinic.may("prescriber", order())), ["order.once"]);
    let withdraw = Command::Fact(Fact::WithdrawOrder { participant: id.clone(), session: 1 });
    clinic.because("prescriber", withdraw, "a fever since this morning").unwrap();
    clinic.may("dr_cover", order()).unwrap();
    clinic.later(8);
    let withdraw = Command::Fact(Fact::WithdrawOrder { participant: id.clone(), session: 1 });
    assert!(matches!(clinic.because("dr_cover", withdraw, "the cover is over"), Err(No::NotYours { .. })));
    assert_eq!(clinic.participant(&id).phase, Phase::Assigned);
    clinic.prove();
}

/// A cover of a week ends on its last day.
fn clinic_day(until: jiff::civil::Date) -> jiff::civil::Date {
    until.checked_sub(jiff::ToSpan::days(7)).unwrap()
}

/// A role in the whole trial ends: from then on it gives no right, and what was done under it stays.
#[test]
fn a_medical_monitor_leaves_and_another_takes_over() {
    let mut clinic = Clinic::open(study("small"));
    let id = screened(&mut clinic);
    let end = Fact::EndDelegation { site: None, staff: "medical_monitor".into(), role: "medical_monitor".into() };
    let written = clinic.fact("administrator", end);
    assert!(written.iter().any(|one| matches!(one.entry, Entry::RoleEnded { .. })), "{written:?}");
    let enrol = |id: &ParticipantId| Command::Authorise(Authorisation::Enrol { participant: id.clone() });
    let refused = Clinic::refusals(clinic.both("investigator", "medical_monitor", enrol(&id)));
    assert_eq!(refused, ["eligibility.signed"]);
    let grant = Authorisation::GrantRole { staff: "dr_next".into(), role: "medical_monitor".into() };
    clinic.may("administrator", grant).unwrap();
    clinic.both("investigator", "dr_next", enrol(&id)).unwrap();
    clinic.prove();
}

/// Through the door of a real store: nobody is delegated without what the role asks for, a pair without a licence gets no dose,
/// and licences that turn out not to have held flag the dose that was given, in the participant's own record.
#[test]
fn f_52_a_licence_that_did_not_hold_flags_the_dose_that_was_given() {
    let mut clinic = Clinic::open(study("small"));
    let delegate = |clinic: &mut Clinic, staff: &str| {
        let today = clinic.today();
        let act = Authorisation::Delegate {
            site: "S01".into(),
            staff: staff.into(),
            role: "co_therapist".into(),
            from: today,
            until: None,
            covers: None,
        };
        clinic.may("investigator", act)
    };
    let refused = Clinic::refusals(delegate(&mut clinic, "dr_new"));
    assert_eq!(refused, ["delegation.certificate/gcp"]);
    clinic.certify(Some("S01"), "dr_new", "co_therapist");
    delegate(&mut clinic, "dr_new").unwrap();
    let id = screened(&mut clinic);
    ready_for_the_dose(&mut clinic, &id);
    let (mut day, date) = crate::as_data::small_morning(&mut clinic, &id);
    let withdraw = |staff: &str, from: Option<jiff::civil::Date>| Fact::WithdrawCertificate {
        site: Some("S01".into()),
        staff: staff.into(),
        certificate: "licence".into(),
        from,
    };
    // One of the pair holds one: enough. The dose is given.
    clinic.fact("investigator", withdraw("co_therapist", None));
    day.run(
        &mut clinic,
        date,
        "09:59 lead_therapist+co_therapist: allow K1
         10:00 lead_therapist+co_therapist: swallow K1 2",
    );
    assert!(!clinic.participant(&id).sessions[&1].ground_withdrawn);
    // In the afternoon it turns out that the other's had ended long ago.
    clinic.clock(date, "11:00");
    let written = clinic.fact("investigator", withdraw("lead_therapist", Some(date)));
    let flagged = written.iter().any(|one| {
        matches!(&one.entry, Entry::GroundWithdrawn { rule, .. } if rule.as_str() == "session.licensed")
            && one.stream == conduct::StreamId::Participant(id.clone())
    });
    assert!(flagged, "{written:?}");
    assert!(clinic.participant(&id).sessions[&1].ground_withdrawn, "in the participant's own record");
    let sql = "SELECT staff FROM certificate WHERE withdrawn_from IS NOT NULL ORDER BY staff";
    let held = clinic.door.store().select(sql, &[]).unwrap();
    let held: Vec<&str> = held.iter().filter_map(|row| row[0].as_text()).collect();
    assert_eq!(held, ["co_therapist", "lead_therapist"]);
    clinic.prove();
}
