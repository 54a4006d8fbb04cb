//! EQ-5D-5L: the profile, the index by value set (as data), and the visual analogue scale.

use crate::{
    instrument::{
        Answers, Instrument, Item, Licence, Meaningful, Output, Rater, Recall, item, score_output, text_output, whole,
    },
    scored::Scored,
    sheet::Sheet,
    unscorable::{Fault, Unscorable},
};
use terms::{Decimal, Value};

/// A country's value set: the index is `1 − Σ decrement(dimension, level)` (these sets have no constant term).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueSet {
    /// The score's name, `index_england`.
    pub name: &'static str,
    /// Country, year, authors.
    pub title: &'static str,
    /// Thousandths taken off, by dimension (mobility, self-care, usual activities, pain, anxiety) and level 1 to 5.
    pub decrements: [[i64; 5]; 5],
    /// What a reader has to know.
    pub note: &'static str,
}

impl ValueSet {
    /// The index of a profile of levels 1 to 5; none outside.
    pub fn index(&self, levels: [i64; 5]) -> Option<Decimal> {
        let mut index = 1000;
        for (decrements, level) in self.decrements.iter().zip(levels) {
            let place = usize::try_from(level.checked_sub(1)?).ok()?;
            index -= decrements.get(place)?;
        }
        Some(Decimal::thousandths(index))
    }
}

/// The value sets that ship. Their sums reproduce the published minima; cells are to be confirmed before production.
pub static VALUE_SETS: [ValueSet; 2] = [
    ValueSet {
        name: "index_england",
        title: "England 2018 (Devlin)",
        decrements: [
            [0, 58, 76, 207, 274],
            [0, 50, 80, 164, 203],
            [0, 50, 63, 162, 184],
            [0, 63, 84, 276, 335],
            [0, 78, 104, 285, 289],
        ],
        note: "not the set that NICE prefers: for its appraisals map to the three-level version",
    },
    ValueSet {
        name: "index_us",
        title: "United States 2019 (Pickard)",
        decrements: [
            [0, 96, 122, 237, 322],
            [0, 89, 107, 220, 261],
            [0, 68, 101, 255, 255],
            [0, 60, 98, 318, 414],
            [0, 57, 123, 299, 321],
        ],
        note: "",
    },
];

static ITEMS: [Item; 7] = [
    item("MO", "mobility", whole(1, 5)).also(&["1", "mobility"]),
    item("SC", "self-care", whole(1, 5)).also(&["2", "self_care", "self-care"]),
    item("UA", "usual activities", whole(1, 5)).also(&["3", "usual_activities"]),
    item("PD", "pain or discomfort", whole(1, 5)).also(&["4", "pain_discomfort", "pain"]),
    item("AD", "anxiety or depression", whole(1, 5)).also(&["5", "anxiety_depression", "anxiety"]),
    item("VAS", "health today, 0–100", whole(0, 100)).also(&["6", "eq_vas"]),
    item("profile", "the five levels in one, such as 22233", Answers::Text).optional(),
];

static OUTPUTS: [Output; 4] = [
    score_output("index_england", "index by the England 2018 value set; 1 full health, 0 dead"),
    score_output("index_us", "index by the United States 2019 value set"),
    score_output("vas", "health today, 0–100"),
    text_output("profile", "the five levels in one, 11111 to 55555"),
];

/// Health-related quality of life.
pub static EQ5D5L: Instrument = Instrument {
    id: "eq5d5l",
    name: "EQ-5D-5L",
    also: &["eq5d", "eq-5d", "euroqol"],
    version: "1",
    purpose: "health-related quality of life",
    rater: Rater::Participant,
    recall: Recall::Today,
    visits: "baseline, T4",
    licence: Licence::Registration,
    variants: &[],
    items: &ITEMS,
    scales: &[],
    pack_scales: &[],
    own_outputs: &OUTPUTS,
    higher_is_worse: false,
    meaningful: &[
        Meaningful { score: "index_england", by: Decimal::thousandths(50), source: ".05–.07 [recall, weak]" },
        Meaningful { score: "index_us", by: Decimal::thousandths(50), source: ".05–.07 [recall, weak]" },
        Meaningful { score: "vas", by: Decimal::whole(7), source: "7–8 [recall, weak]" },
    ],
    missing: "no index with any dimension missing; the visual analogue scale stands alone",
    source: "structure from a public repository; coefficients [recall], sums reproduce the published minima",
    check: Some(check),
    own: Some(score),
};

/// The profile as one text or number, where it was given so.
fn profile_levels(sheet: &Sheet<'_>) -> Option<Result<[i64; 5], String>> {
    let text = match sheet.text("profile")? {
        Value::Text(text) => text.trim().to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Missing(_) => return None,
        other @ (Value::Bool(_) | Value::Decimal(_) | Value::Date(_) | Value::Time(_)) => other.to_string(),
    };
    let levels: Option<Vec<i64>> =
        text.bytes().map(|byte| (b'1'..=b'5').contains(&byte).then(|| i64::from(byte - b'0'))).collect();
    Some(levels.and_then(|levels| levels.try_into().ok()).ok_or(text))
}

fn check(sheet: &Sheet<'_>, wrong: &mut Vec<Unscorable>) {
    match profile_levels(sheet) {
        Some(Err(text)) => wrong.push(Unscorable::new(
            "item profile",
            Fault::OutOfRange,
            format!("\"{text}\""),
            "five digits from 1 to 5, such as 22233",
            "check the form; give single dimensions where one is missing",
        )),
        Some(Ok(levels)) => {
            for (position, level) in levels.iter().enumerate() {
                if let (Some(given), Some(item)) = (sheet.points(position), sheet.items.get(position))
                    && given != *level
                {
                    let found = format!("{given} beside {level} in the profile");
                    wrong.push(Unscorable::contradiction(
                        &format!("item {}", item.id),
                        found,
                        "the two to agree",
                        "give one of them",
                    ));
                }
            }
        }
        None => {}
    }
}

fn score(sheet: &Sheet<'_>, scored: &mut Scored) {
    let profile = profile_levels(sheet).and_then(Result::ok);
    let levels: [Option<i64>; 5] = std::array::from_fn(|position| {
        sheet.points(position).or(profile.and_then(|levels| levels.get(position).copied()))
    });
    let answered = levels.iter().flatten().count();
    let complete = (answered == 5).then(|| levels.map(|level| level.unwrap_or(0)));
    for set in &VALUE_SETS {
        scored.push(set.name, complete.and_then(|levels| set.index(levels)), answered, 5).higher_is_better();
    }
    let vas = sheet.points(5);
    scored.push("vas", vas.map(Decimal::whole), usize::from(vas.is_some()), 1).higher_is_better();
    scored.say("profile", complete.map(|levels| levels.map(|level| level.to_string()).concat()));
}
