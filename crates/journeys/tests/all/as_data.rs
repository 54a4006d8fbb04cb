//! The study is data: a check before the dose, a form, a visit and a criterion are added as text, and each takes effect through
//! the same door, with no Rust.

use crate::clinic::{Clinic, day::Day};
use conduct::Authorisation;
use protocol::{StudyFiles, model::Study};
use terms::ParticipantId;

const CHECK: &str = r#"
[[session.check]]
id = "oxygen"
alias = "C16"
sentence = "Oxygen saturation 95 % or more"
field = [{ id = "percent", label = "Oxygen saturation", kind = "integer", min = 50, max = 100, unit = "%" }]
pass = "percent >= 95"
by = ["nurse", "facilitate"]
fresh_minutes = 60
failing = "refuse"
remedy_missing = "measure with the pulse oximeter"
remedy_failed = "warm the finger and repeat"
source = "added for this test [design]"
"#;

const FORM: &str = r#"
[[form]]
id = "lung_function"
title = "Lung function"
completed_by = ["nurse"]
source = "added for this test [design]"
field = [{ id = "fev1_percent", label = "FEV1, of the predicted", kind = "integer", min = 10, max = 150, unit = "%" }]
"#;

const VISIT: &str = r#"
[[visit]]
id = "LUNG"
name = "Lung function test"
kind = "screening"
epoch = "screening"
anchor = "consent"
target_days = 2
window = { opens = 0, closes = 14 }
mode = "on_site"
roles = ["nurse"]
source = "added for this test [design]"

"#;

const ACTIVITY: &str = r#"
[[activity]]
id = "lung_function"
title = "Lung function"
form = "lung_function"
required = ["LUNG"]
source = "added for this test [design]"
"#;

const CRITERION: &str = r#"
[[criterion]]
id = "E08"
kind = "exclusion"
text = "FEV1 below 60 % of the predicted"
check = "lung_function.fev1_percent < 60"
judged = "auto"
gates = [1]
source = "added for this test [design]"
"#;

fn small_with(changes: &[(&str, &dyn Fn(String) -> String)]) -> Study {
    let mut files = protocol::embedded::files("small").unwrap();
    for (name, change) in changes {
        let text = files.files.remove(*name).unwrap_or_else(|| panic!("no file {name}"));
        files.files.insert((*name).to_owned(), change(text));
    }
    read(&files)
}

pub fn read(files: &StudyFiles) -> Study {
    let (study, diagnostics) = protocol::read(files);
    let errors: Vec<_> = diagnostics.iter().filter(|d| d.severity == protocol::Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    study.unwrap()
}

fn amended() -> Study {
    small_with(&[
        ("session.toml", &|text| text + CHECK),
        ("forms.toml", &|text| text + FORM),
        ("schedule.toml", &|text| {
            // In the order of the course: before the visit at which the gate is decided.
            let (before, rest) = text.split_once("[[visit]]").unwrap();
            let text = format!("{before}{VISIT}[[visit]]{rest}{ACTIVITY}");
            text.replace(r#"needs_visits = ["SCREEN"]"#, r#"needs_visits = ["SCREEN", "LUNG"]"#)
        }),
        ("eligibility.toml", &|text| text + CRITERION),
    ])
}

fn screened(clinic: &mut Clinic) -> ParticipantId {
    let id = clinic.enquiry();
    clinic.later(1).consent(&id);
    clinic.hold(&id, "SCREEN");
    id
}

/// On to the evening before the first dose.
pub fn ready_for_the_dose(clinic: &mut Clinic, id: &ParticipantId) {
    clinic.enrol(id).unwrap();
    clinic.on_to_visit(id, "PREP").hold(id, "PREP");
    clinic.on_to_visit(id, "BASE");
    clinic.rate(id, "BASE", 2);
    clinic.hold(id, "BASE");
    clinic.confirm(id).unwrap();
    clinic.randomise(id).unwrap();
}

pub const SMALL_MORNING: &str = "
    08:00 coordinator: check identity identifiers yes
    08:10 lead_therapist: in
    08:12 co_therapist: in
    08:15 lead_therapist: check consent_reaffirmed reaffirmed yes
    08:32 lead_therapist: check suicide_risk
    09:05 nurse: check pressure systolic 132 diastolic 84
    09:08 nurse: check room celsius 21
    09:12 nurse: check fasting hours 10
    09:20 prescriber: check physician_go go yes
    09:40 pharmacist+coordinator: release
    09:45 nurse: reading systolic 132 diastolic 84 temperature 36.8
";

/// The morning of a first session of the small study, up to the reading before the dose.
pub fn small_morning(clinic: &mut Clinic, id: &ParticipantId) -> (Day, jiff::civil::Date) {
    let mut day = Day::new(clinic, id, 1);
    clinic.on_to_visit(id, "DOSE1");
    let date = clinic.today().tomorrow().unwrap();
    let starts = date.at(8, 0, 0, 0).to_zoned(clinic.zone(clinic.here())).unwrap().timestamp();
    clinic.book(id, "DOSE1", starts).unwrap();
    let level = clinic.study.dose.sessions[0].level_default.clone();
    let today = clinic.today();
    day.run(clinic, today, &format!("15:00 prescriber: order {level}"));
    day.run(clinic, date, "07:30 coordinator: came");
    for form in clinic.forms_of("DOSE1") {
        clinic.form(id, form.as_str(), Some("DOSE1"));
    }
    day.run(clinic, date, SMALL_MORNING);
    (day, date)
}

#[test]
fn without_the_additions_the_gate_opens_and_the_dose_is_allowed() {
    let mut clinic = Clinic::open(small_with(&[]));
    let id = screened(&mut clinic);
    ready_for_the_dose(&mut clinic, &id);
    let (mut day, date) = small_morning(&mut clinic, &id);
    day.run(&mut clinic, date, "09:59 lead_therapist+co_therapist: allow K1");
    clinic.prove();
}

#[test]
fn what_was_added_as_text_takes_effect_through_the_door() {
    let mut clinic = Clinic::open(amended());
    let id = screened(&mut clinic);
    // The visit: the gate waits for it, it is due on its day, and it can be booked.
    let refused = Clinic::refusals(clinic.enrol(&id));
    assert_eq!(
        refused,
        ["eligibility.visits/LUNG", "eligibility.criterion/E08"],
        "the visit is missing, the answer unknown"
    );
    clinic.on_to_visit(&id, "LUNG");
    let starts = clinic.now.checked_add(jiff::SignedDuration::from_hours(1)).unwrap();
    clinic.book(&id, "LUNG", starts).unwrap();
    // The form: read with its unit's range, refused where it can't be.
    let blow = |percent| [("fev1_percent".into(), terms::Value::Integer(percent))].into();
    let absurd = conduct::Fact::RecordForm {
        seen: None,
        participant: id.clone(),
        form: "lung_function".into(),
        visit: Some("LUNG".into()),
        values: blow(900),
    };
    match clinic.act("nurse", conduct::Command::Fact(absurd)) {
        Err(conduct::No::Unreadable(all)) => assert!(all[0].what.contains("10 to 150 %"), "{all:?}"),
        other => panic!("{other:?}"),
    }
    clinic.form_with(&id, "lung_function", Some("LUNG"), blow(48));
    for outcome in [
        conduct::command::VisitOutcome::Attended { mode: protocol::model::VisitMode::OnSite },
        conduct::command::VisitOutcome::Completed { minutes: None },
    ] {
        clinic.visit(&id, "LUNG", outcome);
    }
    // The criterion: not met with 48 %, met with what was measured again.
    assert_eq!(Clinic::refusals(clinic.enrol(&id)), ["eligibility.criterion/E08"]);
    clinic.form_with(&id, "lung_function", Some("LUNG"), blow(84));
    ready_for_the_dose(&mut clinic, &id);
    // The check: no dose without it, nor with a value under its limit.
    let (mut day, date) = small_morning(&mut clinic, &id);
    day.run(
        &mut clinic,
        date,
        "
        09:50 lead_therapist+co_therapist: allow K1 | refused session.check/oxygen
        09:52 nurse: check oxygen percent 93
        09:53 lead_therapist+co_therapist: allow K1 | refused session.check/oxygen
        09:56 nurse: check oxygen percent 97
        09:57 lead_therapist+co_therapist: allow K1
        ",
    );
    clinic.prove();
}

#[test]
fn each_addition_is_in_the_rule_book_and_changes_the_studys_name() {
    let (plain, amended) = (small_with(&[]), amended());
    assert_ne!(plain.hash(), amended.hash());
    let ids = |study: &Study| -> Vec<String> { conduct::rules::book(study).into_iter().map(|line| line.id).collect() };
    for id in ["eligibility.criterion/E08", "session.check/oxygen"] {
        assert!(!ids(&plain).contains(&id.to_owned()) && ids(&amended).contains(&id.to_owned()), "{id}");
    }
    // A comment or another order of files is not another meaning.
    let commented = small_with(&[("forms.toml", &|text| format!("# looked through\n{text}"))]);
    assert_eq!(plain.hash(), commented.hash());
}

#[test]
fn an_added_check_that_names_an_unknown_field_is_answered_as_a_compiler_would() {
    let mut files = protocol::embedded::files("small").unwrap();
    let text = files.files.remove("session.toml").unwrap();
    files.files.insert("session.toml".to_owned(), text + &CHECK.replace("percent >= 95", "per_cent >= 95"));
    let (_, diagnostics) = protocol::read(&files);
    let errors: Vec<_> = diagnostics.iter().filter(|d| d.severity == protocol::Severity::Error).collect();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    let text_of = |shown: &str| {
        let (_, name) = shown.rsplit_once('/').unwrap();
        files.files.get(name).map(String::as_str)
    };
    let shown = protocol::plain(&diagnostics, text_of);
    assert!(shown.contains("session.toml") && shown.contains("per_cent"), "{shown}");
}

/// The gate that waits for the new visit says so in the words of the study, and its remedy names what to do.
#[test]
fn the_refusal_speaks_of_the_added_criterion_in_its_own_words() {
    let mut clinic = Clinic::open(amended());
    let id = screened(&mut clinic);
    let (one, two) = clinic.gate_pair();
    let enrol = conduct::Command::Authorise(Authorisation::Enrol { participant: id });
    match clinic.both(&one, &two, enrol) {
        Err(conduct::No::Refused(refusal)) => {
            let broken = refusal.broken.iter().find(|b| b.condition.as_deref() == Some("E08")).unwrap();
            assert!(broken.sentence.contains("FEV1 below 60 %"), "{broken:?}");
            assert!(!broken.remedy.is_empty() && !broken.found.is_empty() && !broken.needed.is_empty(), "{broken:?}");
        }
        other => panic!("{other:?}"),
    }
}
