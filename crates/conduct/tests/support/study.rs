//! A small study with every kind of rule in it, as a value: three sessions, two people, a supplement, one site abroad.
//!
//! Numbers are those of the dossier's reference where its worked trace needs them; nothing reads a file.

use protocol::{
    expression::{Expression, Kind, Scope},
    model::*,
};
use std::collections::BTreeMap;
use terms::{Decimal, Milligrams, Source, SourceTag};

pub fn source(text: &str) -> Source {
    Source::new(SourceTag::Design, text)
}

pub fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn mg(text: &str) -> Milligrams {
    Milligrams::new(decimal(text))
}

/// Names that expressions of this study may use.
fn scope(own: &[(&str, Kind)]) -> Scope {
    let shared = [
        ("screening.weight_kg", Kind::Integer),
        ("screening.childbearing", Kind::Bool),
        ("washout.complete", Kind::Bool),
        ("dosing.count", Kind::Integer),
    ];
    own.iter().chain(&shared).map(|(name, kind)| ((*name).to_owned(), *kind)).collect()
}

pub fn expression(text: &str, own: &[(&str, Kind)]) -> Expression {
    Expression::compile(text, &scope(own)).unwrap_or_else(|errors| panic!("{text}: {errors:?}"))
}

fn role(id: &str, scope: RoleScope, duties: &[Duty]) -> Role {
    Role {
        id: id.into(),
        title: id.replace('_', " "),
        blinded: true,
        duties: duties.to_vec(),
        scope,
        source: source("roles"),
    }
}

fn roles() -> Vec<Role> {
    use Duty::*;
    vec![
        role("investigator", RoleScope::Site, &[LeadSite, DecideEligibility, RecordData, TakeConsent, Randomise]),
        role("prescriber", RoleScope::Site, &[Prescribe, RecordData, BreakCode]),
        role("lead_therapist", RoleScope::Site, &[Facilitate, LeadSession, RecordData]),
        role("co_therapist", RoleScope::Site, &[Facilitate, RecordData]),
        role("nurse", RoleScope::Site, &[Nurse, RecordData]),
        role("pharmacist", RoleScope::Site, &[DispenseDrug]),
        role("witness", RoleScope::Site, &[WitnessDrug]),
        role("coordinator", RoleScope::Site, &[Coordinate, RecordData]),
        role("attendant", RoleScope::Site, &[AttendNight]),
        role("rater", RoleScope::Trial, &[RateOutcomes]),
        role("medical_monitor", RoleScope::Trial, &[MonitorMedically]),
        role("administrator", RoleScope::Trial, &[AdministerTrial]),
        role("participant", RoleScope::Own, &[Participate]),
    ]
}

pub fn site(id: &str, country: &str, zone: &str) -> Site {
    Site {
        id: id.into(),
        name: format!("Clinic {id}"),
        country: country.to_owned(),
        time_zone: zone.to_owned(),
        languages: vec!["en".to_owned()],
        cap: Some(10),
        contacts: Vec::new(),
        source: source("sites"),
    }
}

fn visit(id: &str, kind: VisitKind, anchor: &str, target: i32, window: (i32, i32), after: &[&str]) -> Visit {
    Visit {
        id: id.into(),
        name: format!("{kind:?}"),
        time_point: None,
        kind,
        epoch: "treatment".into(),
        anchor: Some(if anchor == "consent" { Anchor::Consent } else { Anchor::Visit(anchor.into()) }),
        target_days: target,
        window: Window { opens: window.0, closes: window.1 },
        after: after.iter().map(|id| (*id).into()).collect(),
        mode: VisitMode::OnSite,
        minutes_min: None,
        roles: Vec::new(),
        session: id.strip_prefix("ES").and_then(|number| number.parse().ok()),
        after_stop: false,
        optional: false,
        therapy: true,
        repeats_every_days: None,
        source: source("schedule"),
    }
}

fn visits() -> Vec<Visit> {
    vec![
        visit("ES1", VisitKind::Dosing, "consent", 30, (1, 90), &[]),
        visit("I1", VisitKind::Integration, "ES1", 1, (1, 3), &["ES1"]),
        visit("T2", VisitKind::Rating, "ES1", 21, (18, 35), &["ES1"]),
        visit("ES2", VisitKind::Dosing, "ES1", 28, (21, 35), &["I1", "T2"]),
        visit("I2", VisitKind::Integration, "ES2", 1, (1, 3), &["ES2"]),
        visit("ES3", VisitKind::Dosing, "ES2", 28, (21, 35), &["I2"]),
    ]
}

pub fn field(id: &str, kind: FieldKind) -> Field {
    Field { id: id.into(), label: id.to_owned(), hint: None, kind, required: true }
}

pub fn whole(id: &str, min: i64, max: i64) -> Field {
    field(id, FieldKind::Integer { min, max, unit: String::new() })
}

pub fn yes_no(id: &str) -> Field {
    field(id, FieldKind::YesNo)
}

fn form(id: &str, fields: Vec<Field>) -> Form {
    Form {
        id: id.into(),
        title: id.to_owned(),
        instrument: None,
        recall: None,
        repeats: true,
        fields,
        checks: Vec::new(),
        completed_by: ["lead_therapist", "co_therapist", "nurse", "investigator"].map(Into::into).into(),
        hidden_from: Vec::new(),
        valid_days: None,
        source: source("forms"),
    }
}

/// A check of the day: fields by name (`?` for yes/no, otherwise a whole number), and what clears it.
pub fn check(id: &str, fields: &[&str], pass: &str, by: &[Duty], fresh: Option<u32>, failing: Failing) -> Check {
    let kinds: Vec<(&str, Kind)> = fields
        .iter()
        .map(|name| match name.strip_suffix('?') {
            Some(name) => (name, Kind::Bool),
            None => (*name, Kind::Integer),
        })
        .collect();
    let fields = kinds.iter().map(|(name, kind)| if *kind == Kind::Bool { yes_no(name) } else { whole(name, 0, 400) });
    Check {
        id: id.into(),
        alias: None,
        sentence: format!("{} is in order", id.replace('_', " ")),
        fields: fields.collect(),
        pass: expression(pass, &kinds),
        applies: None,
        by: by.to_vec(),
        fresh_minutes: fresh,
        failing,
        remedy_missing: "do it".to_owned(),
        remedy_failed: "do it again, or set another day".to_owned(),
        signed: false,
        repeat_minutes: None,
        failures_max: None,
        form: None,
        source: source(id),
    }
}

fn checks() -> Vec<Check> {
    use Duty::*;
    let carers = &[Facilitate, Nurse];
    let mut risk = check(
        "suicide_risk",
        &["ideation", "behaviour?"],
        "ideation < 4 && !behaviour",
        carers,
        Some(240),
        Failing::Refuse,
    );
    risk.form = Some("suicide_risk".into());
    let mut pregnancy = check("pregnancy", &["positive?"], "!positive", carers, Some(1440), Failing::Refuse);
    pregnancy.applies = Some(expression("screening.childbearing", &[]));
    let mut go = check("physician_go", &["go?"], "go", &[Prescribe], Some(60), Failing::Refuse);
    go.signed = true;
    vec![
        check(
            "identity",
            &["identifiers?"],
            "identifiers",
            &[Facilitate, Nurse, Coordinate],
            Some(720),
            Failing::Refuse,
        ),
        check("reaffirmed", &["free?"], "free", &[Facilitate], None, Failing::Refuse),
        check("contraindications", &["new_illness?"], "!new_illness", carers, Some(240), Failing::Prescriber),
        pregnancy,
        check(
            "pressure",
            &["systolic", "diastolic"],
            "systolic <= 140 && diastolic <= 90",
            carers,
            Some(60),
            Failing::Refuse,
        ),
        risk,
        check("emergency_contact", &["reached?"], "reached", &[Coordinate, Facilitate], None, Failing::Warn),
        go,
    ]
}

fn measure(id: &str, unit: &str, min: &str, max: &str) -> Measure {
    Measure { id: id.to_owned(), label: id.to_owned(), unit: unit.to_owned(), min: decimal(min), max: decimal(max) }
}

fn limit(id: &str, measure: &str, unit: &str, amber: &str, red: &str) -> Limit {
    Limit {
        id: id.to_owned(),
        measure: measure.to_owned(),
        amber_at: Some(decimal(amber)),
        red_at: Some(decimal(red)),
        amber_low: None,
        red_low: None,
        unit: unit.to_owned(),
        amber_action: "quiet rest".to_owned(),
        red_action: "physician now".to_owned(),
        repeat_minutes: 5,
        red_minutes: None,
        red_once_at: None,
        tell_minutes: None,
        red_level: AlarmLevel::Red,
        card: None,
        source: source(id),
    }
}

fn slot(id: &str, offset: i32, within: u32, measures: &[&str]) -> VitalsSlot {
    VitalsSlot {
        id: id.to_owned(),
        offset_minutes: offset,
        within_minutes: within,
        measures: measures.iter().map(|m| (*m).to_owned()).collect(),
        before_supplement: id == "V-d",
        source: source(id),
    }
}

fn vitals() -> Vec<VitalsSlot> {
    let (bp, all) = (["systolic", "diastolic", "pulse"], ["systolic", "diastolic", "pulse", "temperature"]);
    vec![
        slot("V-a", -15, 10, &all),
        slot("V-b", 30, 10, &bp),
        slot("V-c", 60, 10, &all),
        slot("V-d", 85, 5, &all),
        slot("V-e", 150, 15, &all),
        slot("V-f", 210, 15, &bp),
        slot("V-g", 270, 15, &all),
        slot("V-h", 360, 20, &bp),
        slot("V-i", 480, 20, &all),
    ]
}

fn discharge() -> DischargePlan {
    use Duty::*;
    let carers = &[Facilitate, Nurse];
    DischargePlan {
        earliest_minutes: 480,
        after_supplement_minutes: 360,
        criteria: vec![
            check("vitals_settled", &["twice?"], "twice", carers, Some(60), Failing::Refuse),
            check("oriented", &["yes?"], "yes", carers, Some(120), Failing::Refuse),
            check(
                "distress",
                &["suds", "baseline"],
                "suds <= baseline || suds <= 5",
                carers,
                Some(120),
                Failing::Prescriber,
            ),
            check("risk_after", &["ideation"], "ideation < 4", carers, Some(120), Failing::Refuse),
        ],
        source: source("discharge"),
    }
}

fn session() -> SessionPlan {
    let code = |code: &str, unit: Option<&str>| TimelineCode {
        code: code.to_owned(),
        label: code.to_owned(),
        unit: unit.map(str::to_owned),
        keys: None,
        group: None,
        options: Vec::new(),
        words: false,
        means: None,
        alarm: None,
        alarm_on: Vec::new(),
        card: None,
        may_be_harm: false,
    };
    let option = |code: &str| ChoiceOption { code: code.to_owned(), label: code.to_owned() };
    SessionPlan {
        checks: checks(),
        presence: PresencePlan {
            carers_min: 2,
            in_room_min: 1,
            gap_minutes_max: 15,
            nurses_min: 0,
            leads_min: 1,
            delegation_minutes: 480,
            together_minutes: 5,
            licensed_min: None,
            related_alone: false,
            source: source("presence"),
        },
        vitals: vitals(),
        measures: vec![
            measure("systolic", "mmHg", "50", "280"),
            measure("diastolic", "mmHg", "30", "180"),
            measure("pulse", "bpm", "25", "230"),
            measure("temperature", "°C", "33", "43"),
        ],
        limits: vec![
            limit("L1", "systolic", "mmHg", "161", "180"),
            limit("L2", "diastolic", "mmHg", "101", "110"),
            limit("L4", "pulse", "bpm", "111", "130"),
            limit("L5", "temperature", "°C", "38", "39"),
        ],
        discharge: discharge(),
        overnight: Overnight::Required,
        codes: vec![
            code("SUDS", Some("0-10")),
            code("DRINK", Some("ml")),
            code("TOUCH_OFFERED", None),
            code("TOUCH_END", None),
            code("VOMIT", None),
        ],
        supplement_refusals: ["DECLINED_P", "VITALS", "LATE", "VOMIT", "CLINICIAN"].map(option).into(),
        room: RoomPlan::default(),
        source: source("session"),
    }
}

fn dose() -> DosePlan {
    let level = |id: &str, initial: &str, supplement: &str, pieces: u32| DoseLevel {
        id: id.into(),
        initial_mg: mg(initial),
        supplement_mg: mg(supplement),
        initial_pieces: pieces,
        supplement_pieces: 1,
        source: source(id),
    };
    let session = |number: u8, levels: &[&str], default: &str| DoseSession {
        number,
        visit: format!("ES{number}").into(),
        levels: levels.iter().map(|level| (*level).into()).collect(),
        level_default: default.into(),
        source: source("sessions"),
    };
    DosePlan {
        medicine: "MDMA hydrochloride".to_owned(),
        sessions: vec![
            session(1, &["80+40"], "80+40"),
            session(2, &["80+40", "120+60", "200+60"], "120+60"),
            session(3, &["80+40", "120+60"], "120+60"),
        ],
        levels: vec![level("80+40", "80", "40", 2), level("120+60", "120", "60", 3), level("200+60", "200", "60", 5)],
        session_max_mg: mg("180"),
        interval_days_min: 21,
        interval_days_max: 35,
        reconfirm_after_days: 90,
        open_to_swallow_minutes: 30,
        vomit_minutes: 30,
        supplement: Some(SupplementPlan {
            opens_minutes: 90,
            closes_minutes: 120,
            reason_after_minutes: None,
            vitals_fresh_minutes: 10,
            block_on: BlockOn::Amber,
            lift_after_minutes: 10,
            source: source("supplement"),
        }),
        source: source("dose"),
    }
}

fn medication() -> MedicationPlan {
    let class = |id: &str, rule: MedicineRule, name: &str, half_life: &str| MedicineClass {
        id: id.to_owned(),
        title: id.to_owned(),
        rule,
        taper: false,
        medicines: vec![Medicine { name: name.to_owned(), half_life_hours: Some(decimal(half_life)), days: None }],
        reason: String::new(),
        source: source(id),
    };
    MedicationPlan {
        half_lives: 5,
        plus_days: 7,
        source: source("medication"),
        classes: vec![
            class("ssri", MedicineRule::Washout { days_min: 14 }, "sertraline", "26"),
            class("benzodiazepine", MedicineRule::Rescue { hours_before_dose: 24 }, "lorazepam", "14"),
            class("thyroid", MedicineRule::Stable { days: 30 }, "levothyroxine", "168"),
        ],
    }
}

fn deviations() -> Vec<DeviationRule> {
    use Trigger::*;
    let important = [
        DoseUnauthorised,
        DoseWrongContainer,
        DoseTwice,
        DoseUnwitnessed,
        DoseVomited,
        SupplementOutsideWindow,
        CarersBelowMinimum,
        ParticipantAlone,
        IntervalShort,
        LeftEarly,
        GroundWithdrawn,
        WrongPerson,
        StockVariance,
    ];
    let minor = [VitalsLate, VitalsMissed, IntervalLong, VisitEarly, VisitLate, VisitOutOfOrder];
    let rule = |trigger: Trigger, class: DeviationClass| DeviationRule {
        code: format!("{trigger:?}"),
        title: format!("{trigger:?}"),
        trigger,
        class,
        source: source("deviations"),
    };
    let important = important.into_iter().map(|trigger| rule(trigger, DeviationClass::Important));
    important.chain(minor.into_iter().map(|trigger| rule(trigger, DeviationClass::Minor))).collect()
}

fn gate(number: u8, valid_days: Option<u32>) -> Gate {
    Gate {
        number,
        title: format!("Gate {number}"),
        decided_by: vec!["investigator".into()],
        countersigned_by: None,
        needs_visits: Vec::new(),
        needs_washout: false,
        within_days_of_consent: None,
        retries: 1,
        valid_days,
        source: source("gates"),
    }
}

/// The study itself, version `label`.
pub fn study(label: &str) -> Study {
    Study {
        id: "small".to_owned(),
        title: "A small study".to_owned(),
        version: label.to_owned(),
        summary: String::new(),
        source: source("study"),
        design: Design {
            masking: Masking::DoubleBlind,
            assignment: Assignment::Randomised { strata: vec!["site".to_owned()], block_sizes: vec![2, 4] },
            participants_planned: 8,
            source: source("design"),
        },
        amendment: None,
        roles: roles(),
        arms: vec![arm("active", Content::Active), arm("placebo", Content::Placebo)],
        sites: vec![site("S01", "DE", "Europe/Berlin"), site("S02", "US", "America/New_York")],
        epochs: vec![Epoch { id: "treatment".into(), title: "Treatment".to_owned(), source: source("epochs") }],
        visits: visits(),
        activities: Vec::new(),
        forms: vec![
            form("screening", vec![whole("weight_kg", 20, 250), yes_no("childbearing")]),
            form("suicide_risk", vec![whole("ideation", 0, 5), yes_no("behaviour")]),
        ],
        criteria: vec![Criterion {
            id: "E30".into(),
            kind: CriterionKind::Inclusion,
            text: "Weighs at least 48 kg".to_owned(),
            check: expression("screening.weight_kg >= 48", &[]),
            judged: Judged::Auto,
            gates: vec![0, 1, 2],
            source: source("E30"),
        }],
        gates: vec![gate(1, None), gate(2, Some(60))],
        medication: medication(),
        consent: ConsentPlan {
            versions: vec![ConsentVersion {
                version: "1".to_owned(),
                file: "consent/v1.md".to_owned(),
                text_sha256: "0".repeat(64),
                text: String::new(),
                items: Vec::new(),
                questions: Vec::new(),
                pass_mark: 0,
            }],
            source: source("consent"),
        },
        dose: dose(),
        session: session(),
        deviations: deviations(),
        clocks: vec![Clock {
            id: "sae_initial".to_owned(),
            title: "Report to the sponsor".to_owned(),
            trigger: Trigger::SeriousAdverseEvent,
            due_hours: 24,
            duty: Duty::Prescribe,
            source: source("clocks"),
        }],
        stock: None,
        certificates: Vec::new(),
        relations: Vec::new(),
        approvals: vec![
            ApprovalRule {
                id: "ethics".to_owned(),
                title: "Ethics approval".to_owned(),
                per: ApprovalScope::Site,
                source: source("approvals"),
            },
            ApprovalRule {
                id: "licence".to_owned(),
                title: "Licence for one person".to_owned(),
                per: ApprovalScope::Participant,
                source: source("approvals"),
            },
        ],
        follow_up: FollowUpPlan {
            tries_min: 3,
            tries_days_min: 14,
            routes_min: None,
            reasons: Vec::new(),
            source: source("follow-up"),
        },
        due: DuePlan {
            answer_hours: Some(24),
            report_hours: Some(24),
            source: Some(source("due")),
            ..DuePlan::default()
        },
        analysis: AnalysisPlan::empty(source("analysis")),
        planning: None,
        places: Default::default(),
    }
}

fn arm(id: &str, content: Content) -> Arm {
    Arm { id: id.into(), title: id.to_owned(), content, ratio: 1, source: source("arms") }
}

/// Fields by name, for a check's or form's values: `systolic 135 behaviour no`.
pub fn values(text: &str) -> BTreeMap<terms::FieldId, terms::Value> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let value = |word: &str| match word {
        "yes" => terms::Value::Bool(true),
        "no" => terms::Value::Bool(false),
        "?" => terms::Value::Missing(terms::MissingReason::Unknown),
        number => terms::Value::Integer(number.parse().unwrap()),
    };
    words.chunks(2).map(|pair| (pair[0].into(), value(pair[1]))).collect()
}

/// How the drug is kept: an order form and a transfer form, a record of destruction, two notices, one holiday.
pub fn stock_plan() -> StockPlan {
    let field = |id: &str| StockField { id: id.to_owned(), label: id.to_owned(), from: None, optional: false };
    let form = |id: &str, used_for, due, fields: &[&str]| StockForm {
        id: id.to_owned(),
        title: id.replace('_', " "),
        used_for,
        countries: Vec::new(),
        signed_by: vec![Duty::LeadSite],
        valid_days: (used_for == StockUse::Order).then_some(60),
        due,
        causes: if used_for == StockUse::Notice { vec![LossCause::Missing, LossCause::Theft] } else { Vec::new() },
        fields: fields.iter().map(|id| field(id)).collect(),
        source: source("forms"),
    };
    StockPlan {
        temperature_c_min: decimal("15"),
        temperature_c_max: decimal("25"),
        temperature_every_days: 7,
        count_every_days: 7,
        count_together_minutes: 30,
        recount_minutes: 60,
        certificate: true,
        forecast_weeks: 8,
        forecast_spare: 1,
        forms: vec![
            form("order_form", StockUse::Order, None, &["supplier"]),
            form("transfer_form", StockUse::Transfer, None, &["registration"]),
            form("destruction_record", StockUse::Destruction, None, &["containers"]),
            form("loss_notice", StockUse::Notice, Some(Term::BusinessDays(1)), &["office"]),
            form("loss_report", StockUse::Notice, Some(Term::Days(45)), &["measures"]),
        ],
        calendars: vec![Calendar {
            country: "DE".to_owned(),
            holidays: vec!["2025-04-18".parse().unwrap()],
            source: source("calendar"),
        }],
        source: source("stock"),
    }
}

/// Certificates of every kind: one that a role needs to be given, a licence that one of the carers needs, hours that the
/// dosing day needs; and two ways of being related.
pub fn with_certificates(study: &mut Study) {
    let kind = |id: &str, roles: &[&str], from, licensed| CertificateKind {
        id: id.to_owned(),
        title: id.to_owned(),
        roles: roles.iter().map(|role| (*role).into()).collect(),
        from,
        valid_days: None,
        notice_days: Some(60),
        hours_min: None,
        licensed,
        source: source("certificates"),
    };
    let treat = ["investigator", "prescriber", "lead_therapist", "co_therapist", "nurse", "pharmacist"];
    study.certificates = vec![
        CertificateKind { valid_days: Some(1_095), ..kind("gcp", &treat, NeededFrom::Delegation, false) },
        kind("raters_training", &["rater"], NeededFrom::Delegation, false),
        kind("licence", &[], NeededFrom::Dosing, true),
        CertificateKind {
            hours_min: Some(20),
            ..kind("supervised", &["lead_therapist", "co_therapist"], NeededFrom::Dosing, false)
        },
    ];
    study.relations = ["married", "family"]
        .map(|id| RelationKind { id: id.to_owned(), title: id.to_owned(), source: source("relations") })
        .to_vec();
}
