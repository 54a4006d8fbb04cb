//! Diagnostic interviews that yield findings, not totals: personality (SCID-5-PD or IPDE) and MINI 7.

use crate::{
    instrument::{
        Answers, Code, Instrument, Item, Licence, Output, Rater, Recall, band, code, code_also, decision_output, item,
        score_output, whole,
    },
    scored::Scored,
    sheet::Sheet,
    truth::Truth,
};
use terms::Decimal;

static FINDING: [Code; 3] =
    [code("absent", "absent"), code("subthreshold", "below threshold"), code("present", "present")];
static INTERVIEWS: [Code; 2] = [code_also("scid5pd", "SCID-5-PD", &["scid-5-pd", "scid"]), code("ipde", "IPDE")];

/// One disorder: its name, the position of its first criterion, how many there are, how many make the threshold.
struct Disorder {
    name: &'static str,
    first: usize,
    criteria: usize,
    threshold: usize,
}

const fn disorder(name: &'static str, first: usize, criteria: usize, threshold: usize) -> Disorder {
    Disorder { name, first, criteria, threshold }
}

/// In the order of the items; criteria begin after the ten findings.
const DISORDERS: [Disorder; 10] = [
    disorder("paranoid", 10, 7, 4),
    disorder("schizoid", 17, 7, 4),
    disorder("schizotypal", 24, 9, 5),
    disorder("antisocial", 33, 7, 3),
    disorder("borderline", 40, 9, 5),
    disorder("histrionic", 49, 8, 5),
    disorder("narcissistic", 57, 9, 5),
    disorder("avoidant", 66, 7, 4),
    disorder("dependent", 73, 8, 5),
    disorder("obsessive_compulsive", 81, 8, 4),
];
const CONDUCT: usize = 89;

macro_rules! findings {
    ($($id:literal),*) => { [$(item($id, concat!($id, " personality disorder"), Answers::Code(&FINDING))),*] };
}
macro_rules! criteria {
    ($($disorder:literal: $($n:literal)*;)*) => {
        [$($(item(concat!($disorder, "_", $n), concat!($disorder, ", criterion ", $n), whole(0, 2)).optional()),*),*]
    };
}

static PERSONALITY_ITEMS: [Item; 92] = {
    let findings = findings!(
        "paranoid",
        "schizoid",
        "schizotypal",
        "antisocial",
        "borderline",
        "histrionic",
        "narcissistic",
        "avoidant",
        "dependent",
        "obsessive_compulsive"
    );
    let criteria = criteria!(
        "paranoid": 1 2 3 4 5 6 7;
        "schizoid": 1 2 3 4 5 6 7;
        "schizotypal": 1 2 3 4 5 6 7 8 9;
        "antisocial": 1 2 3 4 5 6 7;
        "borderline": 1 2 3 4 5 6 7 8 9;
        "histrionic": 1 2 3 4 5 6 7 8;
        "narcissistic": 1 2 3 4 5 6 7 8 9;
        "avoidant": 1 2 3 4 5 6 7;
        "dependent": 1 2 3 4 5 6 7 8;
        "obsessive_compulsive": 1 2 3 4 5 6 7 8;
    );
    let mut items = [item("", "", Answers::Text).optional(); 92];
    let mut position = 0;
    while position < 10 {
        items[position] = findings[position];
        position += 1;
    }
    while position < CONDUCT {
        items[position] = criteria[position - 10];
        position += 1;
    }
    items[9] = items[9].also(&["ocpd"]);
    items[CONDUCT] = item("conduct_before_15", "conduct disorder before age 15", Answers::YesNo).optional();
    items[CONDUCT + 1] = item("interview", "which interview", Answers::Code(&INTERVIEWS)).optional();
    items[CONDUCT + 2] = item("date", "date of the interview", Answers::Moment).optional();
    items
};

static PERSONALITY_OUTPUTS: [Output; 12] = [
    decision_output("paranoid", "present"),
    decision_output("schizoid", "present"),
    decision_output("schizotypal", "present"),
    decision_output("antisocial", "present"),
    decision_output("borderline", "present"),
    decision_output("histrionic", "present"),
    decision_output("narcissistic", "present"),
    decision_output("avoidant", "present"),
    decision_output("dependent", "present"),
    decision_output("obsessive_compulsive", "present"),
    decision_output("any", "any personality disorder present"),
    score_output("n_present", "number of personality disorders present"),
];

/// Personality disorders, diagnosis only.
pub static SCID5PD: Instrument = Instrument {
    id: "scid5pd",
    name: "SCID-5-PD or IPDE",
    also: &["scid-5-pd", "ipde", "personality"],
    version: "1",
    purpose: "personality disorders, diagnosis only; eligibility uses the current findings",
    rater: Rater::SiteClinician,
    recall: Recall::Lifetime,
    visits: "screening",
    licence: Licence::Commercial,
    variants: &[],
    items: &PERSONALITY_ITEMS,
    scales: &[],
    pack_scales: &[],
    own_outputs: &PERSONALITY_OUTPUTS,
    higher_is_worse: true,
    meaningful: &[],
    missing: "a finding that was not recorded is derived from its criteria by three-valued logic",
    source: "criteria coded 0, 1, 2 with the thresholds of DSM-5 [recall]",
    check: None,
    own: Some(score_personality),
};

fn score_personality(sheet: &Sheet<'_>, scored: &mut Scored) {
    let mut found = Vec::with_capacity(DISORDERS.len());
    for disorder in &DISORDERS {
        let by_criteria = by_criteria(sheet, disorder);
        let recorded = sheet.code(disorder.name).map(|finding| finding == "present");
        let (answer, why) = match recorded {
            Some(present) => (Truth::from(present), "as recorded".to_owned()),
            None => (by_criteria, format!("{} of {} criteria needed", disorder.threshold, disorder.criteria)),
        };
        if recorded.is_some_and(|present| by_criteria == Truth::from(!present)) {
            scored.warn(format!("{}: the recorded finding and its criteria point different ways", disorder.name));
        }
        found.push(answer);
        scored.decide(disorder.name, answer, why);
    }
    let any = Truth::at_least(1, found.iter().copied());
    scored.decide(
        "any",
        any,
        match any {
            Truth::Yes => "at least one is present",
            Truth::No => "none is present",
            Truth::Indeterminate => "a finding is missing",
        },
    );
    let known = found.iter().filter(|finding| **finding != Truth::Indeterminate).count();
    let present = found.iter().filter(|finding| finding.is_yes()).count();
    scored.push("n_present", (known == found.len()).then_some(Decimal::whole(present as i64)), known, found.len());
}

fn by_criteria(sheet: &Sheet<'_>, disorder: &Disorder) -> Truth {
    let criteria = disorder.first..disorder.first + disorder.criteria;
    let met = criteria.map(|position| Truth::from(sheet.points(position).map(|code| code == 2)));
    let reached = Truth::at_least(disorder.threshold, met);
    if disorder.name == "antisocial" { reached.and(Truth::from(sheet.yes_no_at(CONDUCT))) } else { reached }
}

static SEVERITIES: [Code; 4] =
    [code("none", "none"), code("mild", "mild"), code("moderate", "moderate"), code("severe", "severe")];

macro_rules! module {
    ($letter:literal, $label:literal) => {
        [
            item($letter, concat!($label, ": final box"), Answers::YesNo),
            item(concat!($letter, "_current"), concat!($label, ", current"), Answers::YesNo).optional(),
            item(concat!($letter, "_lifetime"), concat!($label, ", lifetime"), Answers::YesNo).optional(),
            item(concat!($letter, "_recurrent"), concat!($label, ", recurrent"), Answers::YesNo).optional(),
        ]
    };
}

const MODULES: [[Item; 4]; 17] = [
    module!("A", "major depressive episode"),
    module!("B", "suicidality"),
    module!("C", "mania or hypomania"),
    module!("D", "panic"),
    module!("E", "agoraphobia"),
    module!("F", "social anxiety"),
    module!("G", "obsessive-compulsive disorder"),
    module!("H", "PTSD"),
    module!("I", "alcohol use disorder"),
    module!("J", "substance use disorder"),
    module!("K", "psychosis or mood disorder with psychosis"),
    module!("L", "anorexia"),
    module!("M", "bulimia"),
    module!("MB", "binge eating"),
    module!("N", "generalised anxiety"),
    module!("O", "medical rule-outs"),
    module!("P", "antisocial personality"),
];
const MODULE_LETTERS: [&str; 17] =
    ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "MB", "N", "O", "P"];

static MINI_ITEMS: [Item; 74] = {
    let mut items = [item("", "", Answers::Text); 74];
    let mut position = 0;
    while position < 68 {
        items[position] = MODULES[position / 4][position % 4];
        position += 1;
    }
    items[68] = item("B_score", "suicidality: weighted score", whole(0, 100));
    items[69] = item("C_bipolar_1", "bipolar I disorder, current or past", Answers::YesNo);
    items[70] = item("I_severity", "alcohol use disorder: severity", Answers::Code(&SEVERITIES));
    items[71] = item("J_severity", "substance use disorder: severity", Answers::Code(&SEVERITIES));
    items[72] = item("L_purging", "anorexia: binge-eating and purging type", Answers::YesNo).optional();
    items[73] = item("MB_purging", "binge eating: purging", Answers::YesNo).optional();
    items
};

static MINI_OUTPUTS: [Output; 7] = [
    score_output("suicidality", "weighted score of module B: 0 none, 1–8 low, 9–16 moderate, 17 and more high"),
    decision_output("exclude_bipolar_1", "bipolar I disorder"),
    decision_output("exclude_psychosis", "psychosis, or mood disorder with psychosis"),
    decision_output("exclude_eating_disorder_purging", "current eating disorder with purging"),
    decision_output("exclude_alcohol_use", "alcohol use disorder, moderate or severe"),
    decision_output("exclude_substance_use", "substance use disorder, moderate or severe"),
    decision_output("any_exclusion", "any of these"),
];

/// The MINI interview, version 7.
pub static MINI7: Instrument = Instrument {
    id: "mini7",
    name: "MINI 7",
    also: &["mini", "mini 7.0"],
    version: "1",
    purpose: "psychiatric diagnoses that exclude",
    rater: Rater::SiteClinician,
    recall: Recall::Lifetime,
    visits: "screening",
    licence: Licence::Commercial,
    variants: &[],
    items: &MINI_ITEMS,
    scales: &[],
    pack_scales: &[],
    own_outputs: &MINI_OUTPUTS,
    higher_is_worse: true,
    meaningful: &[],
    missing: "all items of a flag required; each flag by three-valued logic",
    source: "modules, weights and bands of suicidality [recall]",
    check: None,
    own: Some(score_mini),
};

fn score_mini(sheet: &Sheet<'_>, scored: &mut Scored) {
    let weighted = sheet.whole("B_score");
    scored.push("suicidality", weighted.map(Decimal::whole), usize::from(weighted.is_some()), 1).banded(&[
        band(0, "none"),
        band(1, "low"),
        band(9, "moderate"),
        band(17, "high"),
    ]);
    // A module's final box of "no" settles its parts.
    let part = |letter: &str, id: &str| match (sheet.yes_no(id), sheet.yes_no(letter)) {
        (Some(answer), _) => Truth::from(answer),
        (None, Some(false)) => Truth::No,
        (None, _) => Truth::Indeterminate,
    };
    let severe = |letter: &str, id: &str| match (sheet.code(id), sheet.yes_no(letter)) {
        (Some(severity), _) => Truth::from(matches!(severity, "moderate" | "severe")),
        (None, Some(false)) => Truth::No,
        (None, _) => Truth::Indeterminate,
    };
    // "Current" is the part where it was recorded, else the final box.
    let current = |letter: &str, id: &str| sheet.yes_no(id).or(sheet.yes_no(letter)).into();
    let psychosis = Truth::from(sheet.yes_no("K"))
        .or(Truth::from(sheet.yes_no("K_current").unwrap_or(false)))
        .or(Truth::from(sheet.yes_no("K_lifetime").unwrap_or(false)));
    let anorexia: Truth = current("L", "L_current");
    let bulimia: Truth = current("M", "M_current");
    let binge: Truth = current("MB", "MB_current");
    // Binge eating without a word on purging is the disorder without it.
    let purging = bulimia
        .or(anorexia.and(Truth::from(sheet.yes_no("L_purging"))))
        .or(binge.and(Truth::from(sheet.yes_no("MB_purging").unwrap_or(false))));
    let flags = [
        ("exclude_bipolar_1", part("C", "C_bipolar_1")),
        ("exclude_psychosis", psychosis),
        ("exclude_eating_disorder_purging", purging),
        ("exclude_alcohol_use", severe("I", "I_severity")),
        ("exclude_substance_use", severe("J", "J_severity")),
    ];
    for (name, answer) in flags {
        scored.decide(
            name,
            answer,
            match answer {
                Truth::Yes => "recorded in the interview",
                Truth::No => "ruled out in the interview",
                Truth::Indeterminate => "a module that decides it is not answered",
            },
        );
    }
    let any = Truth::at_least(1, flags.map(|(_, answer)| answer));
    scored.decide(
        "any_exclusion",
        any,
        match any {
            Truth::Yes => "at least one excludes",
            Truth::No => "none excludes",
            Truth::Indeterminate => "a module that decides is not answered",
        },
    );
    let open: Vec<&str> = MODULE_LETTERS.into_iter().filter(|letter| sheet.yes_no(letter).is_none()).collect();
    if !open.is_empty() {
        scored.warn(format!("modules without a final box: {}", open.join(", ")));
    }
}
