//! The worked vectors of the reference programme, through the real criteria and the real medicine classes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use protocol::{
    embedded::load,
    expression::Answer,
    model::{CriterionKind, Study},
};
use std::collections::BTreeMap;
use terms::Value;

fn value(text: &str) -> Value {
    match text {
        "yes" => Value::Bool(true),
        "no" => Value::Bool(false),
        _ => text
            .parse()
            .map(Value::Date)
            .or_else(|_| text.parse().map(Value::Integer))
            .or_else(|_| text.parse().map(Value::Decimal))
            .unwrap_or_else(|_| Value::Text(text.to_owned())),
    }
}

/// Whether a criterion is met: an exclusion when its check is false.
fn met(study: &Study, criterion: &str, given: &str) -> String {
    let criterion = study.criteria.iter().find(|known| known.id == *criterion).unwrap();
    let values: BTreeMap<&str, Value> = given
        .split_whitespace()
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, text)| (name, value(text)))
        .collect();
    match (criterion.check.evaluate(&|name| values.get(name).cloned()), criterion.kind) {
        (Answer::Yes, CriterionKind::Inclusion) | (Answer::No, CriterionKind::Exclusion) => "met".to_owned(),
        (Answer::No, CriterionKind::Inclusion) | (Answer::Yes, CriterionKind::Exclusion) => "not_met".to_owned(),
        (Answer::Unknown(missing), _) => format!("unknown {}", missing.join(" ")),
    }
}

#[test]
fn truth_table() {
    let studies: BTreeMap<&str, Study> = ["reference-mapp1", "reference-mapp2", "demonstration", "licensed-practice"]
        .map(|id| (id, load(id).unwrap()))
        .into();
    let mut lines = 0;
    for line in TABLE.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut cells = line.split('|').map(str::trim);
        let (study, criterion, given, expected) =
            (cells.next().unwrap(), cells.next().unwrap(), cells.next().unwrap(), cells.next().unwrap());
        assert_eq!(met(&studies[study], criterion, given), expected, "{line}");
        lines += 1;
    }
    assert!(lines > 60);
}

/// Study | criterion | answers | found.
const TABLE: &str = "
    reference-mapp2 | I11 | V4.caps5.total=27 V4.caps5.diagnosis=yes                      | not_met
    reference-mapp2 | I11 | V4.caps5.total=28 V4.caps5.diagnosis=yes                      | met
    reference-mapp2 | I11 | V4.caps5.total=28 V4.caps5.diagnosis=no                       | not_met
    reference-mapp2 | I11 | V4.caps5.total=28                                             | unknown V4.caps5.diagnosis
    reference-mapp2 | I11 | V4.caps5.total=27                                             | not_met
    reference-mapp1 | I11 | V4.caps5.total=34 V4.caps5.diagnosis=yes                      | not_met
    reference-mapp1 | I11 | V4.caps5.total=35 V4.caps5.diagnosis=yes                      | met
    demonstration   | I11 | V4.caps5.total=31 V4.caps5.diagnosis=yes                      | not_met
    demonstration   | I11 | V4.caps5.total=32 V4.caps5.diagnosis=yes                      | met
    reference-mapp1 | I10 | V0.pcl5.total=45                                              | not_met
    reference-mapp1 | I10 | V0.pcl5.total=46                                              | met
    licensed-practice | I10 | A0.pcl5.total=34.5                                          | not_met
    licensed-practice | I10 | A0.pcl5.total=35                                            | met

    reference-mapp2 | E18 | ecg.qtcb_ms=450 demographics.qt_table=male                    | met
    reference-mapp2 | E18 | ecg.qtcb_ms=451 demographics.qt_table=male                    | not_met
    reference-mapp2 | E18 | ecg.qtcb_ms=460 demographics.qt_table=female                  | met
    reference-mapp2 | E18 | ecg.qtcb_ms=461 demographics.qt_table=female                  | not_met
    reference-mapp2 | E18 | ecg.qtcb_ms=455                                               | unknown demographics.qt_table

    reference-mapp2 | E17 | pressure_screen.systolic_1=140 pressure_screen.diastolic_1=85 pressure_screen.systolic_2=130 pressure_screen.diastolic_2=90 pressure_screen.systolic_3=139 pressure_screen.diastolic_3=89 | met
    reference-mapp2 | E17 | pressure_screen.systolic_1=140 pressure_screen.diastolic_1=85 pressure_screen.systolic_2=130 pressure_screen.diastolic_2=90 pressure_screen.systolic_3=145 pressure_screen.diastolic_3=70 | not_met
    reference-mapp2 | E17 | pressure_screen.systolic_1=120 pressure_screen.diastolic_1=80 pressure_screen.systolic_2=150 pressure_screen.diastolic_2=95 | met
    reference-mapp2 | E17 | pressure_screen.systolic_1=140 pressure_screen.diastolic_1=85 pressure_screen.systolic_2=150 pressure_screen.diastolic_2=95 | unknown pressure_screen.systolic_3 pressure_screen.diastolic_3

    reference-mapp2 | E12 | today=2025-03-03 substance_use.ecstasy_uses=10 substance_use.ecstasy_last=2024-08-01 | met
    reference-mapp2 | E12 | today=2025-03-03 substance_use.ecstasy_uses=11 substance_use.ecstasy_last=2014-08-01 | not_met
    reference-mapp2 | E12 | today=2025-03-03 substance_use.ecstasy_uses=1 substance_use.ecstasy_last=2024-10-03 | not_met
    reference-mapp2 | E12 | today=2025-03-03 substance_use.ecstasy_uses=0                                       | met
    reference-mapp2 | E12 | today=2025-03-03 substance_use.ecstasy_uses=3                                       | unknown substance_use.ecstasy_last

    reference-mapp2 | E23 | weight.weight_kg=48.0                                         | met
    reference-mapp2 | E23 | weight.weight_kg=47.9                                         | not_met
    reference-mapp2 | E23 |                                                               | unknown weight.weight_kg

    reference-mapp2 | E15 | today=2025-06-16 medical_history.electroconvulsive_ever=yes medical_history.electroconvulsive_last=2025-03-31 | not_met
    reference-mapp2 | E15 | today=2025-06-23 medical_history.electroconvulsive_ever=yes medical_history.electroconvulsive_last=2025-03-31 | met
    reference-mapp2 | E15 | today=2025-06-23 medical_history.electroconvulsive_ever=no    | met
    reference-mapp2 | E15 | today=2025-06-23 medical_history.electroconvulsive_ever=yes   | unknown medical_history.electroconvulsive_last
    reference-mapp2 | E16 | today=2025-06-22 medical_history.ketamine_ever=yes medical_history.ketamine_last=2025-03-31 | not_met
    reference-mapp2 | E16 | today=2025-06-23 medical_history.ketamine_ever=yes medical_history.ketamine_last=2025-03-31 | met

    reference-mapp2 | E11 | substance_use.alcohol_severity_12m=moderate substance_use.alcohol_remission_months=2 substance_use.cannabis_severity_12m=none substance_use.cannabis_remission_months=0 | not_met
    reference-mapp2 | E11 | substance_use.alcohol_severity_12m=moderate substance_use.alcohol_remission_months=3 substance_use.cannabis_severity_12m=none substance_use.cannabis_remission_months=0 | met
    reference-mapp2 | E11 | substance_use.alcohol_severity_12m=severe                     | not_met
    reference-mapp2 | E11 | substance_use.alcohol_severity_12m=mild substance_use.alcohol_remission_months=0 substance_use.cannabis_severity_12m=mild substance_use.cannabis_remission_months=0 | met
    reference-mapp2 | E10 | substance_use.illicit_severity_12m=mild                       | not_met
    reference-mapp2 | E10 | substance_use.illicit_severity_12m=none                       | met

    reference-mapp2 | I07 | demographics.childbearing_potential=yes medical_history.contraception=highly_effective | unknown pregnancy_test.result
    reference-mapp2 | I07 | demographics.childbearing_potential=yes pregnancy_test.result=positive | not_met
    reference-mapp2 | I07 | demographics.childbearing_potential=yes pregnancy_test.result=invalid medical_history.contraception=two_methods | not_met
    reference-mapp2 | I07 | demographics.childbearing_potential=yes pregnancy_test.result=negative medical_history.contraception=one_barrier_or_oral | not_met
    reference-mapp2 | I07 | demographics.childbearing_potential=yes pregnancy_test.result=negative medical_history.contraception=two_methods | met
    reference-mapp2 | I07 | demographics.childbearing_potential=no                        | met
    reference-mapp2 | I07 |                                                               | unknown demographics.childbearing_potential pregnancy_test.result medical_history.contraception
    reference-mapp2 | E24 | medical_history.nursing=no demographics.childbearing_potential=yes medical_history.contraception=highly_effective | unknown pregnancy_test.result
    reference-mapp2 | E24 | medical_history.nursing=yes                                   | not_met

    reference-mapp2 | I01 | participant.age_at_consent=17                                 | not_met
    reference-mapp2 | I01 | participant.age_at_consent=18                                 | met
    reference-mapp2 | I04 | consent.recording=no                                          | not_met
    reference-mapp2 | I09 | mini7.ptsd_current=yes mini7.ptsd_months=5                    | not_met
    reference-mapp2 | I09 | mini7.ptsd_current=yes mini7.ptsd_months=6                    | met
    reference-mapp2 | I12 | washout.complete=no                                           | not_met
    reference-mapp2 | I13 | done.V1=yes done.V2=yes done.V3=no                            | not_met
    reference-mapp2 | I14 | medical_history.hypertension=no                               | met
    reference-mapp2 | I14 | medical_history.hypertension=yes medical_history.hypertension_medicines_ok=yes cv_screen.stress_test_passed=yes | unknown cv_screen.carotid_passed
    reference-mapp2 | E01 | judgement.cannot_consent=no consent.quiz_score=7              | not_met
    reference-mapp2 | E01 | judgement.cannot_consent=no consent.quiz_score=8              | met
    licensed-practice | E01 | judgement.cannot_consent=no consent.quiz_score=5            | met
    reference-mapp2 | E13R | cssrs.serious_ideation=no cssrs.behaviour=yes                | not_met
    reference-mapp2 | E13R | cssrs.serious_ideation=no                                    | unknown cssrs.behaviour
    reference-mapp2 | E21 | medical_history.liver_disease=no labs.alt_u_l=110 labs.alt_upper_u_l=55 labs.ast_u_l=40 labs.ast_upper_u_l=48 | met
    reference-mapp2 | E21 | medical_history.liver_disease=no labs.alt_u_l=111 labs.alt_upper_u_l=55 labs.ast_u_l=40 labs.ast_upper_u_l=48 | not_met
    reference-mapp2 | E22 | medical_history.hyponatraemia=no medical_history.hyperthermia=no labs.sodium_mmol_l=133 | met
    reference-mapp2 | E22 | medical_history.hyponatraemia=no medical_history.hyperthermia=no labs.sodium_mmol_l=132 | not_met
";

/// Nothing answered: no criterion of any study is met.
#[test]
fn nothing_answered_meets_nothing() {
    for id in protocol::embedded::ids() {
        let study = load(id).unwrap();
        for criterion in &study.criteria {
            let found = met(&study, criterion.id.as_str(), "");
            assert!(found.starts_with("unknown "), "{id} {}: {found}", criterion.id);
        }
    }
}

#[test]
fn checks_of_the_day() {
    let study = load("reference-mapp2").unwrap();
    let passes = |id: &str, given: &str| {
        let checks = study.session.checks.iter().chain(&study.session.discharge.criteria);
        let check = checks.clone().find(|check| check.id == *id).unwrap();
        let values: BTreeMap<&str, Value> = given
            .split_whitespace()
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(name, text)| (name, value(text)))
            .collect();
        check.pass.evaluate(&|name| values.get(name).cloned())
    };
    // The worked session: the mean of the last two of three readings.
    let pressures = |text: &str| {
        let names = ["systolic_1", "diastolic_1", "systolic_2", "diastolic_2", "systolic_3", "diastolic_3"];
        let values = text.split([' ', '/']).zip(names).map(|(value, name)| format!("{name}={value}"));
        values.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(passes("pressure", &pressures("138/88 142/90 139/87")), Answer::No);
    assert_eq!(passes("pressure", &pressures("138/87 134/86 136/84")), Answer::Yes);
    assert_eq!(passes("temperature", "celsius=37.5"), Answer::Yes);
    assert_eq!(passes("temperature", "celsius=37.6"), Answer::No);
    assert_eq!(passes("heart_rate", "rate_bpm=45 trained=no"), Answer::No);
    assert_eq!(passes("heart_rate", "rate_bpm=45 trained=yes"), Answer::Yes);
    assert_eq!(passes("interval", "dosing.count=0"), Answer::Yes);
    assert_eq!(passes("interval", "dosing.count=1 dosing.days_since_last=20"), Answer::No);
    assert_eq!(passes("interval", "dosing.count=1 dosing.days_since_last=21"), Answer::Yes);
    assert_eq!(passes("sodium", "needed=no"), Answer::Yes);
    assert_eq!(passes("sodium", "needed=yes"), Answer::Unknown(vec!["mmol_l".to_owned()]));
    assert_eq!(passes("time_passed", "session.minutes_since_dose=479"), Answer::No);
    assert_eq!(passes("time_passed", "session.minutes_since_dose=480"), Answer::Yes);
    let screen = "urine_drug_screen.mdma=no urine_drug_screen.amphetamines=no urine_drug_screen.cocaine=no \
                  urine_drug_screen.opiates=yes urine_drug_screen.methadone=no urine_drug_screen.benzodiazepines=no \
                  urine_drug_screen.pcp=no";
    assert_eq!(passes("drug_screen", &format!("{screen} urine_drug_screen.explained=yes")), Answer::Yes);
    assert_eq!(passes("drug_screen", &format!("{screen} urine_drug_screen.explained=no")), Answer::No);
}

#[test]
fn washouts() {
    let study = load("reference-mapp2").unwrap();
    for (name, days) in [
        ("sertraline", 29),
        ("paroxetine", 12),
        ("citalopram", 15),
        ("escitalopram", 14),
        ("fluoxetine", 84),
        ("desvenlafaxine", 10),
        ("duloxetine", 10),
        ("bupropion", 15),
        ("mirtazapine", 14),
        ("aripiprazole", 27),
        ("vortioxetine", 21),
        ("clonidine", 10),
        ("prazosin", 8),
        ("guanfacine", 11),
        ("diazepam", 28),
        ("clonazepam", 15),
        ("trazodone", 9),
        ("quetiapine", 14),
        ("moclobemide", 14),
        ("phenelzine", 14),
        ("st john's wort", 16),
        ("5-htp", 7),
    ] {
        let plan = &study.medication;
        let found = plan.classes.iter().find_map(|class| {
            let medicine = class.medicines.iter().find(|medicine| medicine.name == name)?;
            plan.washout_days(class, medicine)
        });
        assert_eq!(found, Some(days), "{name}");
    }
    let plan = &study.medication;
    let class = plan.classes.iter().find(|class| class.id == "rescue_sedative").unwrap();
    assert_eq!(plan.washout_days(class, class.medicines.first().unwrap()), None);
    let fluoxetine =
        plan.classes.iter().flat_map(|class| &class.medicines).find(|medicine| medicine.name == "fluoxetine");
    assert_eq!(plan.days_by_half_life(fluoxetine.unwrap()), Some(82));
}

#[test]
fn every_name_of_every_study_is_told_apart() {
    for id in protocol::embedded::ids() {
        let study = load(id).unwrap();
        let checks = study.session.checks.iter().chain(&study.session.discharge.criteria);
        for criterion in &study.criteria {
            for name in criterion.check.names() {
                assert!(protocol::scope::name(&study, name).is_some(), "{id}: {name}");
            }
        }
        for check in checks {
            for name in check.pass.names() {
                let own = check.fields.iter().any(|field| field.id == *name.as_str());
                assert!(own || protocol::scope::name(&study, name).is_some(), "{id}: {name}");
            }
        }
    }
}
