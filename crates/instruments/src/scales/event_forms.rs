//! The forms of adverse events and concomitant medication: code lists, and what follows from them.

use crate::{
    instrument::{
        Answers, Code, Instrument, Item, Licence, Output, Rater, Recall, code, code_also, decision_output, item,
        number, text_output,
    },
    reading::Moment,
    scored::Scored,
    sheet::Sheet,
    truth::Truth,
    unscorable::{Fault, Unscorable},
};
use jiff::civil::{Date, DateTime};

static SEVERITY: [Code; 3] = [
    code("mild", "mild: no limit on activity"),
    code("moderate", "moderate: some limit"),
    code("severe", "severe: unable, or intervention needed"),
];
static SERIOUSNESS: [Code; 6] = [
    code("death", "death"),
    code("life_threatening", "life-threatening"),
    code_also("hospitalisation", "hospitalisation or prolonged", &["hospitalization"]),
    code("disability", "disability"),
    code_also("congenital", "congenital anomaly", &["congenital_anomaly"]),
    code_also("important_medical", "other important medical event", &["important_medical_event"]),
];
static CAUSALITY: [Code; 5] = [
    code_also("not_related", "not related", &["not", "unrelated"]),
    code("unlikely", "unlikely"),
    code("possible", "possible"),
    code("probable", "probable"),
    code("definite", "definite"),
];
static ACTION: [Code; 6] = [
    code("none", "none"),
    code("supplement_withheld", "supplement withheld"),
    code("dose_not_escalated", "dose not escalated"),
    code("next_session_delayed", "next session delayed"),
    code("withdrawn", "withdrawn"),
    code("not_applicable", "not applicable"),
];
static OUTCOME: [Code; 6] = [
    code("recovered", "recovered"),
    code("recovering", "recovering"),
    code_also("not_recovered", "not recovered", &["not"]),
    code("sequelae", "recovered with sequelae"),
    code("fatal", "fatal"),
    code("unknown", "unknown"),
];
static SPECIAL_INTEREST: [Code; 3] =
    [code("suicidality", "suicidality"), code("cardiac", "cardiac"), code("abuse_potential", "abuse potential")];

static AE_ITEMS: [Item; 19] = [
    item("verbatim", "the event in the reporter's words", Answers::Text),
    item("pt", "MedDRA preferred term", Answers::Text).optional(),
    item("soc", "MedDRA system organ class", Answers::Text).optional(),
    item("start", "start", Answers::Moment),
    item("stop", "stop", Answers::Moment).optional(),
    item("ongoing", "ongoing", Answers::YesNo).optional(),
    item("severity", "severity", Answers::Code(&SEVERITY)),
    item("serious", "serious", Answers::YesNo),
    item("criteria", "seriousness criteria", Answers::Codes(&SERIOUSNESS)).optional(),
    item("related_ip", "related to the investigational product", Answers::Code(&CAUSALITY)),
    item("related_therapy", "related to the therapy", Answers::Code(&CAUSALITY)).optional(),
    item("action", "action taken", Answers::Code(&ACTION)).optional(),
    item("outcome", "outcome", Answers::Code(&OUTCOME)),
    item("aesi", "special interest", Answers::Codes(&SPECIAL_INTEREST)).optional(),
    item("period", "treatment period", Answers::Text).optional(),
    item("first_dose", "first dose of any session", Answers::Moment).optional(),
    item("last_dose", "latest dosing session before the start", Answers::Moment).optional(),
    item("collection_end", "end of collection", Answers::Moment).optional(),
    item("narrative", "narrative", Answers::Text).optional(),
];
static AE_OUTPUTS: [Output; 6] = [
    decision_output("serious", "serious; independent of severity"),
    decision_output("related_to_ip", "possible, probable or definite"),
    decision_output("related_to_therapy", "possible, probable or definite"),
    decision_output("special_interest", "any class of special interest"),
    decision_output("treatment_emergent", "started at or after the first dose and not after the end of collection"),
    text_output("onset_window", "session (day 0), reaction (days 1–7), other"),
];

/// An adverse event.
pub static AE: Instrument = Instrument {
    id: "ae",
    name: "adverse event",
    also: &["adverse event"],
    version: "1",
    purpose: "one adverse event with its codes",
    rater: Rater::SiteClinician,
    recall: Recall::SinceLastVisit,
    visits: "every contact",
    licence: Licence::Own,
    variants: &[],
    items: &AE_ITEMS,
    scales: &[],
    pack_scales: &[],
    own_outputs: &AE_OUTPUTS,
    higher_is_worse: true,
    meaningful: &[],
    missing: "each decision needs its own answers; partial dates are imputed towards treatment-emergent",
    source: "code lists [recall]; end of collection by the study",
    check: Some(check_ae),
    own: Some(score_ae),
};

fn check_ae(sheet: &Sheet<'_>, wrong: &mut Vec<Unscorable>) {
    let criteria = sheet.codes(sheet.at("criteria")).map_or(0, |(bits, _)| bits);
    if sheet.yes_no("serious") == Some(false) && criteria != 0 {
        wrong.push(Unscorable::contradiction(
            "item serious",
            "no, beside a seriousness criterion",
            "the two to agree",
            "correct one of them",
        ));
    }
    if let (Some(start), Some(stop)) = (sheet.moment("start"), sheet.moment("stop"))
        && latest(stop).zip(earliest(start)).is_some_and(|(stop, start)| stop < start)
    {
        wrong.push(Unscorable::new(
            "item stop",
            Fault::Contradiction,
            "a stop before the start",
            "a stop at or after the start",
            "check both dates",
        ));
    }
    if sheet.yes_no("ongoing") == Some(true) && sheet.moment("stop").is_some() {
        wrong.push(Unscorable::contradiction(
            "item ongoing",
            "yes, beside a stop date",
            "the two to agree",
            "correct one of them",
        ));
    }
}

/// The first instant that a partial date can mean.
fn earliest(moment: Moment) -> Option<DateTime> {
    let date = Date::new(moment.year, moment.month.unwrap_or(1), moment.day.unwrap_or(1)).ok()?;
    let (hour, minute) = moment.time.unwrap_or((0, 0));
    Some(date.at(hour, minute, 0, 0))
}

/// The last instant that a partial date can mean, to the minute.
fn latest(moment: Moment) -> Option<DateTime> {
    let month = moment.month.unwrap_or(12);
    let day = match moment.day {
        Some(day) => day,
        None => Date::new(moment.year, month, 1).ok()?.days_in_month(),
    };
    let (hour, minute) = moment.time.unwrap_or((23, 59));
    Some(Date::new(moment.year, month, day).ok()?.at(hour, minute, 0, 0))
}

/// Whether an event is treatment-emergent: started at or after the first dose, and not after the end of collection.
///
/// A partial start is taken as the earliest instant it can mean, but not before the first dose where year (and month,
/// as far as known) are those of the first dose: the conservative choice. A stop before the first dose settles a no.
pub fn treatment_emergent(
    start: Option<Moment>,
    stop: Option<Moment>,
    first_dose: Option<Moment>,
    end: Option<Moment>,
) -> Truth {
    let Some(first) = first_dose.and_then(earliest) else { return Truth::Indeterminate };
    if stop.and_then(latest).is_some_and(|stop| stop < first) {
        return Truth::No;
    }
    let Some(start) = start else { return Truth::Indeterminate };
    let (Some(soonest), Some(last)) = (earliest(start), latest(start)) else { return Truth::Indeterminate };
    // It could be at the first dose or after it: then the first dose is the earliest conservative instant.
    let imputed = if soonest < first && last >= first { first } else { soonest };
    if imputed < first {
        return Truth::No;
    }
    match end.map(latest) {
        Some(Some(end)) => Truth::from(imputed <= end),
        Some(None) | None => Truth::Yes,
    }
}

fn score_ae(sheet: &Sheet<'_>, scored: &mut Scored) {
    let criteria = sheet.codes(sheet.at("criteria")).map_or(0, |(bits, _)| bits);
    let serious = match sheet.yes_no("serious") {
        Some(serious) => Truth::from(serious),
        None if criteria != 0 => Truth::Yes,
        None => Truth::Indeterminate,
    };
    scored.decide(
        "serious",
        serious,
        if criteria != 0 { "a seriousness criterion is recorded" } else { "as recorded" },
    );
    if serious.is_yes() && criteria == 0 {
        scored.warn("serious without a criterion: name at least one");
    }
    for (name, id) in [("related_to_ip", "related_ip"), ("related_to_therapy", "related_therapy")] {
        let related = sheet.code(id).map(|causality| matches!(causality, "possible" | "probable" | "definite"));
        scored.decide(name, related, "possible or more");
    }
    let special = sheet.codes(sheet.at("aesi")).map(|(bits, _)| bits != 0);
    scored.decide("special_interest", special.unwrap_or(false), "as recorded");
    let [start, stop, first, last, end] =
        ["start", "stop", "first_dose", "last_dose", "collection_end"].map(|id| sheet.moment(id));
    let emergent = treatment_emergent(start, stop, first, end);
    scored.decide(
        "treatment_emergent",
        emergent,
        match emergent {
            Truth::Yes => "from the first dose on, within the collection",
            Truth::No => "before the first dose, or after the end of collection",
            Truth::Indeterminate => "the start or the first dose is not known",
        },
    );
    scored.say("onset_window", onset_window(start, last));
}

/// Days from the latest dosing session to a start whose day is known.
fn onset_window(start: Option<Moment>, last_dose: Option<Moment>) -> Option<&'static str> {
    let (start, dose) = start.filter(|start| start.day.is_some()).zip(last_dose.filter(|dose| dose.day.is_some()))?;
    let days = earliest(dose)?.date().until(earliest(start)?.date()).ok()?.get_days();
    Some(match days {
        0 => "session",
        1..=7 => "reaction",
        _ => "other",
    })
}

static USES: [Code; 3] =
    [code("prior", "before the study"), code("concomitant", "concomitant"), code("rescue", "rescue")];
static INTERACTIONS: [Code; 7] = [
    code("none", "none known"),
    code("ssri", "SSRI"),
    code("snri", "SNRI"),
    code("tca", "tricyclic"),
    code("maoi", "MAO inhibitor"),
    code("cyp2d6_inhibitor", "CYP2D6 inhibitor"),
    code("stimulant", "stimulant"),
];
static CONMED_ITEMS: [Item; 12] = [
    item("verbatim", "the medicine as told", Answers::Text),
    item("atc", "ATC code", Answers::Text).optional(),
    item("dose", "dose", number(0, 1_000_000, "")).optional(),
    item("unit", "unit", Answers::Text).optional(),
    item("route", "route", Answers::Text).optional(),
    item("frequency", "frequency", Answers::Text).optional(),
    item("start", "start", Answers::Moment).optional(),
    item("stop", "stop", Answers::Moment).optional(),
    item("ongoing", "ongoing", Answers::YesNo).optional(),
    item("indication", "indication", Answers::Text).optional(),
    item("use", "prior, concomitant or rescue", Answers::Code(&USES)),
    item("interaction", "class that interacts with MDMA", Answers::Codes(&INTERACTIONS)),
];
static CONMED_OUTPUTS: [Output; 2] = [
    decision_output("interaction", "of a class that interacts with MDMA: the study's washout applies"),
    text_output("classes", "those classes"),
];

/// A concomitant medication.
pub static CONMED: Instrument = Instrument {
    id: "conmed",
    name: "concomitant medication",
    also: &["concomitant medication", "cm"],
    version: "1",
    purpose: "one medicine; whether its class interacts with MDMA",
    rater: Rater::SiteClinician,
    recall: Recall::SinceLastVisit,
    visits: "every contact",
    licence: Licence::Own,
    variants: &[],
    items: &CONMED_ITEMS,
    scales: &[],
    pack_scales: &[],
    own_outputs: &CONMED_OUTPUTS,
    higher_is_worse: true,
    meaningful: &[],
    missing: "a class not recorded leaves the interaction open, never no",
    source: "classes [recall]; washout days are the study's",
    check: Some(|sheet, wrong| {
        if let Some((bits, codes)) = sheet.codes(sheet.at("interaction"))
            && bits & 1 != 0
            && bits != 1
        {
            let found = crate::reading::written(bits, codes);
            wrong.push(Unscorable::contradiction(
                "item interaction",
                found,
                "\"none\" alone, or the classes",
                "drop the one that is wrong",
            ));
        }
    }),
    own: Some(|sheet, scored| {
        let classes = sheet.codes(sheet.at("interaction"));
        scored.decide("interaction", classes.map(|(bits, _)| bits & !1 != 0), "by its class");
        scored.say("classes", classes.map(|(bits, codes)| crate::reading::written(bits & !1, codes)));
    }),
};
