//! About the session: distress ratings over time (SUDS) and the mystical-type experience (MEQ30).

use crate::{
    instrument::{
        Answers, Code, Form, Instrument, Item, Licence, Output, PackScale, Rater, Recall, Scale, code, decision_output,
        first, item, number, numbered, score_output, whole,
    },
    reading::Cell,
    scale::{sum_answered, value_of},
    scored::{Method, Scored, ratio, small},
    sheet::{Sheet, cell_code, cell_number},
    truth::Truth,
    unscorable::{Fault, Unscorable},
};
use terms::Decimal;

static CONTACT: [Code; 2] = [code("kept", "in contact"), code("lost", "contact lost")];
static READING: [Item; 4] = [
    item("minute", "minutes from the dose (below 0 before it)", number(-600, 2880, "minutes")),
    item("value", "distress", whole(0, 100)),
    item("contact", "contact with the person", Answers::Code(&CONTACT)),
    item("note", "note", Answers::Text),
];
static SUDS_ITEMS: [Item; 2] = [
    item("rating", "one rating", whole(0, 100)).optional().also(&["1", "value"]),
    item("readings", "ratings over the session", Answers::Rows(&READING)).optional(),
];
static SUDS_OUTPUTS: [Output; 4] = [
    score_output("last", "the latest rating"),
    score_output("peak", "the highest rating"),
    score_output("first", "the first rating"),
    score_output("n_ratings", "how many ratings"),
];

/// Subjective units of distress: for a plot, not an endpoint.
pub static SUDS: Instrument = Instrument {
    id: "suds",
    name: "SUDS",
    also: &["subjective units of distress"],
    version: "1",
    purpose: "distress during dosing; plotted, never an endpoint",
    rater: Rater::Therapist,
    recall: Recall::Session,
    visits: "dosing sessions: before the dose, every 60–90 minutes, at the end",
    licence: Licence::Free,
    variants: &[],
    items: &SUDS_ITEMS,
    scales: &[],
    pack_scales: &[],
    own_outputs: &SUDS_OUTPUTS,
    higher_is_worse: true,
    meaningful: &[],
    missing: "missing ratings are allowed; a 0 without a note while contact is lost is refused: leave it null",
    source: "scale fixed by the protocol (setting suds_max: 7 for 1–7, 10, 100) [recall]",
    check: Some(check_suds),
    own: Some(score_suds),
};

/// Minute (none for a single rating) and value of each rating.
fn readings(sheet: &Sheet<'_>) -> Vec<(Option<Decimal>, i64)> {
    let mut ratings: Vec<(Option<Decimal>, i64)> =
        sheet.whole("rating").map(|value| (None, value)).into_iter().collect();
    for row in sheet.rows("readings").unwrap_or_default() {
        if let Some(value) = row.get(1).and_then(cell_number) {
            ratings.push((row.first().and_then(cell_number), value.trunc()));
        }
    }
    // Stable: readings without a minute keep their place before those with one.
    ratings.sort_by_key(|(minute, _)| *minute);
    ratings
}

fn check_suds(sheet: &Sheet<'_>, wrong: &mut Vec<Unscorable>) {
    let max = sheet.settings.suds_max;
    let min = i64::from(max == 7);
    for (minute, value) in readings(sheet) {
        if value < min || value > max {
            let place =
                minute.map_or_else(|| "item rating".to_owned(), |minute| format!("readings at minute {minute}"));
            let needed = format!("a whole number from {min} to {max}, the scale that the protocol fixed");
            wrong.push(Unscorable::new(&place, Fault::OutOfRange, value, needed, "ask again on the protocol's scale"));
        }
    }
    for (n, row) in sheet.rows("readings").unwrap_or_default().iter().enumerate() {
        let lost = READING.get(2).zip(row.get(2)).and_then(|(field, cell)| cell_code(field, cell)) == Some("lost");
        let zero = row.get(1).and_then(cell_number) == Some(Decimal::ZERO);
        let noted = matches!(row.get(3), Some(Cell::Text));
        if lost && zero && !noted {
            wrong.push(Unscorable::contradiction(
                &format!("readings[{}]", n + 1),
                "0 while contact is lost, without a note",
                "null, or a note that says how the 0 was learnt",
                "leave the value null: silence is not calm",
            ));
        }
    }
}

fn score_suds(sheet: &Sheet<'_>, scored: &mut Scored) {
    let values: Vec<i64> = readings(sheet).into_iter().map(|(_, value)| value).collect();
    let rows = sheet.rows("readings").map_or(0, <[Vec<Cell>]>::len) + usize::from(sheet.whole("rating").is_some());
    for (name, value) in [("last", values.last()), ("peak", values.iter().max()), ("first", values.first())] {
        scored.push(name, value.copied().map(Decimal::whole), values.len(), rows);
    }
    scored.push("n_ratings", Some(Decimal::whole(values.len() as i64)), values.len(), rows);
}

static MEQ30_ITEMS: [Item; 30] = numbered(["experience of the session (text in the form pack)"; 30], whole(0, 5));
static MEQ30_SCALES: [Scale; 1] = [Scale::mean("mean", &first::<30>()).allowing_tenth().higher_is_better()];
static MEQ30_PACK: [PackScale; 4] = [
    PackScale { name: "mystical", n_items: Some(15), default: &[] },
    PackScale { name: "positive_mood", n_items: Some(6), default: &[] },
    PackScale { name: "transcendence", n_items: Some(6), default: &[] },
    PackScale { name: "ineffability", n_items: Some(3), default: &[] },
];
static MEQ30_OUTPUTS: [Output; 7] = [
    score_output("sum", "raw sum, 0–150"),
    score_output("percent", "mean of all items over 5, percent"),
    score_output("mystical", "factor mean over 5, percent; needs the pack's key"),
    score_output("positive_mood", "factor mean over 5, percent; needs the pack's key"),
    score_output("transcendence", "factor mean over 5, percent; needs the pack's key"),
    score_output("ineffability", "factor mean over 5, percent; needs the pack's key"),
    decision_output("complete", "complete mystical experience: all four factors at least 60 %"),
];

/// Mystical-type experience of a session.
pub static MEQ30: Instrument = Instrument {
    id: "meq30",
    name: "MEQ30",
    also: &["meq", "mystical experience questionnaire"],
    version: "1",
    purpose: "mystical-type experience, self-report after a session",
    rater: Rater::Participant,
    recall: Recall::Session,
    visits: "after each dosing session",
    licence: Licence::Free,
    variants: &[],
    items: &MEQ30_ITEMS,
    scales: &MEQ30_SCALES,
    pack_scales: &MEQ30_PACK,
    own_outputs: &MEQ30_OUTPUTS,
    higher_is_worse: false,
    meaningful: &[],
    missing: "each factor prorated with at most 10 % missing (1 item); the overall mean with 3",
    source: "factor sizes and rule [recall]; the item key comes with the licensed text",
    check: None,
    own: Some(score_meq30),
};

fn score_meq30(sheet: &Sheet<'_>, scored: &mut Scored) {
    let all: [u16; 30] = first();
    let (sum, answered) = sum_answered(sheet, &all, &[]);
    let (value, method) = value_of(Form::Sum, sum, answered, 30, 3);
    scored.push("sum", value, answered, 30).method(method).higher_is_better();
    let percent = value.and(ratio(sum * 20, answered as i64, 2));
    scored.push("percent", percent, answered, 30).method(method).higher_is_better();
    let least = sheet.settings.meq30_complete_percent;
    let answers: Vec<i64> = (0..30).filter_map(|position| sheet.points(position)).collect();
    // When every answer is the same, every factor is known whatever the key.
    let alike = answers.len() == 30 && answers.iter().min() == answers.iter().max();
    let mut factors = Vec::with_capacity(MEQ30_PACK.len());
    for scale in &MEQ30_PACK {
        let of = usize::from(scale.n_items.unwrap_or(0));
        let key = sheet.pack.and_then(|pack| pack.key(scale.name));
        let (value, method, n, reached) = match key {
            Some(key) => {
                let (sum, n) = sum_answered(sheet, key, &[]);
                let (value, method) = value_of(Form::Mean, sum, n, key.len(), small((key.len() / 10).max(1)));
                // Σ/n ÷ 5 × 100 ≥ least, as whole numbers.
                let reached = Truth::from(value.map(|_| sum * 20 >= least.saturating_mul(n as i64)));
                (value.and(ratio(sum * 20, n as i64, 2)), method, n, reached)
            }
            None if alike => {
                let percent = answers.first().map(|points| Decimal::whole(points * 20));
                (percent, Method::Complete, of, Truth::from(percent.map(|percent| percent >= Decimal::whole(least))))
            }
            None => (None, Method::NotScorable, 0, Truth::Indeterminate),
        };
        factors.push(reached);
        scored.push(scale.name, value, n, of).method(method).higher_is_better();
    }
    let keyed = sheet.pack.is_some_and(|pack| MEQ30_PACK.iter().all(|scale| pack.key(scale.name).is_some()));
    let complete = if keyed || alike { Truth::at_least(4, factors) } else { without_key(&answers, least) };
    scored.decide(
        "complete",
        complete,
        match complete {
            Truth::Yes => "all four factors reach the limit",
            Truth::No => "a factor does not reach the limit",
            Truth::Indeterminate => "the factors need the licensed form pack's key, or answers that are missing",
        },
    );
    if !keyed {
        scored.warn(
            "factors need the item key of the licensed form pack; without it only what holds for every key is given",
        );
    }
}

/// What holds whichever items belong to which factor. The smallest factor has three items, so it is yes when the
/// three lowest answers reach the limit on average; no when the mean of all is below it.
fn without_key(answers: &[i64], least: i64) -> Truth {
    if answers.len() < 30 {
        return Truth::Indeterminate;
    }
    let mut sorted = answers.to_vec();
    sorted.sort_unstable();
    let lowest: i64 = sorted.iter().take(3).sum();
    let sum: i64 = sorted.iter().sum();
    if lowest * 20 >= least.saturating_mul(3) {
        Truth::Yes
    } else if sum * 20 < least.saturating_mul(30) {
        Truth::No
    } else {
        Truth::Indeterminate
    }
}
