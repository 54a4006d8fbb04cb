//! About the trial's own conduct: guesses of the allocation, adherence to the therapy, the rater's session record.

use crate::{
    instrument::{
        Answers, Code, Instrument, Item, Licence, Output, Rater, Recall, code, code_also, decision_output, item,
        score_output, text_output, whole,
    },
    scored::{Scored, ratio},
    sheet::Sheet,
    truth::Truth,
    unscorable::{Fault, Unscorable},
};
use terms::{Decimal, MissingReason};

/// What was guessed. "Don't know" is always among the answers.
static GUESSES: [Code; 3] = [
    code("active", "active drug"),
    code("placebo", "placebo"),
    code_also("dont_know", "does not know", &["don't know", "do not know", "can't tell", "unknown"]),
];
static LEVELS: [Code; 5] = [
    code_also("strongly_active", "strongly believes: active", &["certain_active"]),
    code_also("somewhat_active", "somewhat believes: active", &["think_active"]),
    code_also("dont_know", "does not know", &["don't know", "do not know", "can't tell"]),
    code_also("somewhat_placebo", "somewhat believes: placebo", &["think_placebo"]),
    code_also("strongly_placebo", "strongly believes: placebo", &["certain_placebo"]),
];
static REASONS: [Code; 6] = [
    code("effects_felt", "effects felt"),
    code("lack_of_effects", "lack of effects"),
    code("vital_signs", "vital signs"),
    code("side_effects", "side effects"),
    code_also("outcome", "outcome", &["improvement"]),
    code("other", "other"),
];
static GUESS_ITEMS: [Item; 7] = [
    item("guess", "what was given", Answers::Code(&GUESSES)),
    item("level", "the same in five levels", Answers::Code(&LEVELS)).optional(),
    item("confidence", "confidence, 1–5", whole(1, 5)).optional(),
    item("certainty", "certainty, percent", whole(0, 100)).optional(),
    item("reason", "reason for the guess", Answers::Codes(&REASONS)).optional(),
    item("time", "when it was asked", Answers::Moment).optional(),
    item("hint", "a hint was given, or the allocation became known by accident", Answers::YesNo).optional(),
];
static GUESS_OUTPUTS: [Output; 4] = [
    text_output("guess", "active, placebo or dont_know; five levels collapsed by their sign"),
    score_output("level", "2 strongly active, 1, 0 don't know, −1, −2 strongly placebo"),
    score_output("confidence", "1–5"),
    decision_output("hint", "a hint, or known by accident"),
];

/// The guess of the allocation, asked before any unblinding.
pub static GUESS: Instrument = Instrument {
    id: "guess",
    name: "blinding guess",
    also: &["blinding", "blinding guess questionnaire"],
    version: "1",
    purpose: "what participants, therapists and raters believe was given; sealed with the role, arms not shown",
    rater: Rater::Participant,
    recall: Recall::Session,
    visits: "after the first dosing session and at V20, before any unblinding; the independent rater after each rating",
    licence: Licence::Own,
    variants: &[],
    items: &GUESS_ITEMS,
    scales: &[],
    pack_scales: &[],
    own_outputs: &GUESS_OUTPUTS,
    higher_is_worse: false,
    meaningful: &[],
    missing: "a guess not given is missing; \"don't know\" is an answer",
    source: "usual trial forms [design, recall]",
    check: Some(|sheet, wrong| {
        if let (Some(guess), Some((collapsed, _))) = (sheet.code("guess"), level(sheet))
            && guess != collapsed
        {
            let found = format!("{guess} beside a level that says {collapsed}");
            wrong.push(Unscorable::contradiction("item level", found, "the two to agree", "ask again"));
        }
    }),
    own: Some(|sheet, scored| {
        let level = level(sheet);
        scored.say("guess", sheet.code("guess").or(level.map(|(guess, _)| guess)));
        scored
            .push("level", level.map(|(_, level)| Decimal::whole(level)), usize::from(level.is_some()), 1)
            .higher_is_better();
        let confidence = sheet.whole("confidence");
        scored
            .push("confidence", confidence.map(Decimal::whole), usize::from(confidence.is_some()), 1)
            .higher_is_better();
        scored.decide("hint", sheet.yes_no("hint"), "as answered");
    }),
};

/// The guess that a level collapses to, and the level from 2 to −2.
fn level(sheet: &Sheet<'_>) -> Option<(&'static str, i64)> {
    let given = sheet.code("level")?;
    let place = LEVELS.iter().position(|level| level.code == given)? as i64;
    let guess = match place {
        0 | 1 => "active",
        2 => "dont_know",
        _ => "placebo",
    };
    Some((guess, 2 - place))
}

static ADHERENCE_ITEMS: [Item; 10] = [
    item("setting", "setting and grounding", whole(0, 7)).also(&["1"]),
    item("inner_directed", "inner-directed support", whole(0, 7)).also(&["2"]),
    item("non_directive", "non-directive invitation", whole(0, 7)).also(&["3"]),
    item("trauma_processing", "trauma processing", whole(0, 7)).also(&["4"]),
    item("coordination", "team coordination", whole(0, 7)).also(&["5"]),
    item("integration", "integration", whole(0, 7)).also(&["6"]),
    item("rater", "who rated", Answers::Text).optional(),
    item("session", "which session", Answers::Text).optional(),
    item("clip", "which clip of the video", Answers::Text).optional(),
    item("double_rated", "rated a second time by another rater", Answers::YesNo).optional(),
];
const ELEMENTS: usize = 6;
static ADHERENCE_OUTPUTS: [Output; 2] = [
    score_output("percent", "100 × Σ over the maximum of the applicable elements"),
    decision_output("adherent", "percent at least 80 (setting adherence_percent)"),
];

/// Adherence of a session to the programme, rated from video.
pub static ADHERENCE: Instrument = Instrument {
    id: "adherence",
    name: "adherence scale",
    also: &["adherence rating", "fidelity"],
    version: "1",
    purpose: "fidelity to the therapy, rated from session video",
    rater: Rater::SiteClinician,
    recall: Recall::Session,
    visits: "a sample of sessions, at least 10 % rated twice",
    licence: Licence::Own,
    variants: &["0-2", "1-7"],
    items: &ADHERENCE_ITEMS,
    scales: &[],
    pack_scales: &[],
    own_outputs: &ADHERENCE_OUTPUTS,
    higher_is_worse: false,
    meaningful: &[],
    missing: "elements marked not_applicable are left out; an element unanswered otherwise leaves no score",
    source: "threshold of 80 [assumption]; agreement by ICC(2,1), target 0.70",
    check: Some(|sheet, wrong| {
        let (min, max) = adherence_range(sheet);
        for position in 0..ELEMENTS {
            if let (Some(points), Some(item)) = (sheet.points(position), sheet.items.get(position))
                && !(min..=max).contains(&points)
            {
                let needed = format!("a whole number from {min} to {max}, the version \"{}\"", sheet.variant("0-2"));
                wrong.push(Unscorable::new(
                    &format!("item {}", item.id),
                    Fault::OutOfRange,
                    points,
                    needed,
                    "name the version that was used",
                ));
            }
        }
    }),
    own: Some(score_adherence),
};

fn adherence_range(sheet: &Sheet<'_>) -> (i64, i64) {
    if sheet.variant("0-2") == "1-7" { (1, 7) } else { (0, 2) }
}

fn score_adherence(sheet: &Sheet<'_>, scored: &mut Scored) {
    let (_, max) = adherence_range(sheet);
    let (mut sum, mut answered, mut open) = (0, 0, 0);
    for position in 0..ELEMENTS {
        let reason = sheet.items.get(position).and_then(|item| sheet.reason(item.id));
        match sheet.points(position) {
            Some(points) => {
                sum += points;
                answered += 1;
            }
            None if reason == Some(MissingReason::NotApplicable) => {}
            None => open += 1,
        }
    }
    let percent = if open == 0 { ratio(100 * sum, answered as i64 * max, 2) } else { None };
    scored.push("percent", percent, answered, answered + open).higher_is_better();
    let least = sheet.settings.adherence_percent;
    let adherent = Truth::from(percent.map(|_| 100 * sum >= least.saturating_mul(answered as i64 * max)));
    scored.decide("adherent", adherent, format!("threshold {least} %"));
}

static DISCLOSURES: [Code; 4] = [
    code("none", "nothing disclosed"),
    code("arm_hint", "hint at the arm"),
    code("session_content", "session content"),
    code("visit_number", "visit number"),
];
static RATER_SESSION_ITEMS: [Item; 14] = [
    item("rater", "rater's id", Answers::Text),
    item("pseudonym", "participant's pseudonym, new at each visit", Answers::Text),
    item("scheduled_start", "scheduled start", Answers::Moment),
    item("scheduled_end", "scheduled end", Answers::Moment).optional(),
    item("actual_start", "actual start", Answers::Moment),
    item("actual_end", "actual end", Answers::Moment),
    item("video", "video reachable", Answers::YesNo),
    item("told_not_to_disclose", "participant was told not to disclose", Answers::YesNo),
    item("disclosure", "what was disclosed", Answers::Codes(&DISCLOSURES)),
    item("guess", "rater's guess", Answers::Code(&GUESSES)),
    item("confidence", "rater's confidence, 1–5", whole(1, 5)).optional(),
    item("reassign", "another rater at the next visit", Answers::YesNo),
    item("double_scored", "scored a second time by another rater", Answers::YesNo).optional(),
    item("note", "note", Answers::Text).optional(),
];
static RATER_SESSION_OUTPUTS: [Output; 2] = [
    decision_output("disclosure", "anything was disclosed"),
    decision_output("reassign", "another rater is needed at the next visit"),
];

/// The independent rater's record of one interview.
pub static RATER_SESSION: Instrument = Instrument {
    id: "rater_session",
    name: "independent rater's session record",
    also: &["rater session"],
    version: "1",
    purpose: "what could have unblinded the rating",
    rater: Rater::IndependentRater,
    recall: Recall::Session,
    visits: "each independent rating",
    licence: Licence::Own,
    variants: &[],
    items: &RATER_SESSION_ITEMS,
    scales: &[],
    pack_scales: &[],
    own_outputs: &RATER_SESSION_OUTPUTS,
    higher_is_worse: true,
    meaningful: &[],
    missing: "each decision needs its own answers",
    source: "[design]",
    check: None,
    own: Some(|sheet, scored| {
        let disclosed = Truth::from(sheet.codes(sheet.at("disclosure")).map(|(bits, _)| bits & !1 != 0));
        scored.decide("disclosure", disclosed, "as recorded by the rater");
        let reassign = Truth::from(sheet.yes_no("reassign")).or(disclosed);
        scored.decide("reassign", reassign, "asked for by the rater, or something was disclosed");
    }),
};
