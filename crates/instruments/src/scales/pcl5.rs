//! PCL-5: self-reported symptoms of PTSD, with the provisional diagnosis. Shares the range of CAPS-5, not its meaning.

use crate::{
    instrument::{
        Form, Instrument, Item, Licence, Meaningful, Output, Rater, Recall, decision_output, numbered, score_output,
        whole,
    },
    scale::{sum_answered, value_of},
    scored::Scored,
    sheet::Sheet,
    truth::Truth,
};
use terms::Decimal;

static ITEMS: [Item; 20] = numbered(
    [
        "B1 intrusive memories",
        "B2 distressing dreams",
        "B3 flashback",
        "B4 cued distress",
        "B5 cued physical reaction",
        "C1 avoids internal reminders",
        "C2 avoids external reminders",
        "D1 amnesia for part of the event",
        "D2 negative beliefs",
        "D3 blame",
        "D4 negative emotion",
        "D5 loss of interest",
        "D6 distance from others",
        "D7 restricted positive emotion",
        "E1 irritable or aggressive",
        "E2 risk taking",
        "E3 hypervigilance",
        "E4 startle",
        "E5 concentration",
        "E6 sleep",
    ],
    whole(0, 4),
);

/// The clusters: name of the sum, letter, first position, length, symptoms needed.
const CLUSTERS: [(&str, char, usize, usize, usize); 4] = [
    ("b_severity", 'B', 0, 5, 1),
    ("c_severity", 'C', 5, 2, 1),
    ("d_severity", 'D', 7, 7, 2),
    ("e_severity", 'E', 14, 6, 2),
];

static OUTPUTS: [Output; 8] = [
    score_output("total", "Σ items 1–20, 0–80"),
    score_output("b_severity", "Σ items 1–5"),
    score_output("c_severity", "Σ items 6–7"),
    score_output("d_severity", "Σ items 8–14"),
    score_output("e_severity", "Σ items 15–20"),
    score_output("symptom_count", "items at least 2"),
    decision_output("provisional_diagnosis", "items at least 2: B ≥ 1, C ≥ 1, D ≥ 2, E ≥ 2"),
    decision_output("above_cutoff", "total at least 33 (setting pcl5_cutoff)"),
];

/// The PTSD checklist.
pub static PCL5: Instrument = Instrument {
    id: "pcl5",
    name: "PCL-5",
    also: &["ptsd checklist", "pcl"],
    version: "1",
    purpose: "symptoms of PTSD, self-report",
    rater: Rater::Participant,
    recall: Recall::PastMonth,
    visits: "baseline, T4 (some at T2, T3, long-term follow-up)",
    licence: Licence::PublicDomain,
    variants: &[],
    items: &ITEMS,
    scales: &[],
    pack_scales: &[],
    own_outputs: &OUTPUTS,
    higher_is_worse: true,
    meaningful: &[Meaningful {
        score: "total",
        by: Decimal::whole(10),
        source: "National Center guidance [recall]; later work suggests 15–18",
    }],
    missing: "prorated with at most one item missing in each cluster; otherwise not scorable",
    source: "public domain form; cut-off 31–33, reliable change 5 [recall]",
    check: None,
    own: Some(score),
};

fn score(sheet: &Sheet<'_>, scored: &mut Scored) {
    let mut parts = Vec::with_capacity(4);
    for (name, _, first, length, _) in CLUSTERS {
        let numbers: [u16; 20] = crate::instrument::run(first as u16 + 1);
        let (sum, answered) = sum_answered(sheet, numbers.get(..length).unwrap_or_default(), &[]);
        parts.push((name, sum, answered, length));
    }
    let sum: i64 = parts.iter().map(|(_, sum, _, _)| sum).sum();
    let answered: usize = parts.iter().map(|(_, _, answered, _)| answered).sum();
    let one_a_cluster = parts.iter().all(|(_, _, answered, length)| length - answered <= 1);
    let (value, method) = value_of(Form::Sum, sum, answered, 20, if one_a_cluster { 4 } else { 0 });
    scored.push("total", value, answered, 20).method(method);
    for (name, sum, answered, length) in parts {
        let (value, method) = value_of(Form::Sum, sum, answered, length, 1);
        scored.push(name, value, answered, length).method(method);
    }
    let counts = |position: usize| Truth::from(sheet.points(position).map(|points| points >= 2));
    let counting = (0..20).filter(|position| counts(*position).is_yes()).count();
    scored.push("symptom_count", (answered == 20).then_some(Decimal::whole(counting as i64)), answered, 20);
    let mut diagnosis = Truth::Yes;
    let (mut failed, mut open) = (String::new(), String::new());
    for (_, letter, first, length, needed) in CLUSTERS {
        let answer = Truth::at_least(needed, (first..first + length).map(counts));
        match answer {
            Truth::Yes => {}
            Truth::No => failed.push(letter),
            Truth::Indeterminate => open.push(letter),
        }
        diagnosis = diagnosis.and(answer);
    }
    let why = match diagnosis {
        Truth::Yes => "clusters B, C, D and E are met".to_owned(),
        Truth::No => format!("not met: cluster {}", spaced(&failed)),
        Truth::Indeterminate => format!("missing answers could decide cluster {}", spaced(&open)),
    };
    scored.decide("provisional_diagnosis", diagnosis, why);
    scored.cut_off("above_cutoff", "total", sheet.settings.pcl5_cutoff);
}

fn spaced(letters: &str) -> String {
    letters.chars().map(String::from).collect::<Vec<_>>().join(", ")
}
