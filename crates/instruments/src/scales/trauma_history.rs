//! What happened to the person: LEC-5 (life events and criterion A) and ACE (before age 18).

use crate::{
    instrument::{
        Answers, Code, Instrument, Item, Licence, Output, Rater, Recall, code, code_also, decision_output, item,
        numbered, score_output, whole,
    },
    scored::{Method, Scored},
    sheet::Sheet,
    truth::Truth,
    unscorable::Unscorable,
};
use terms::Decimal;

const EXPOSURE: Answers = Answers::Codes(&EXPOSURES);
static EXPOSURES: [Code; 6] = [
    code_also("happened", "happened to me", &["happened_to_me", "direct"]),
    code_also("witnessed", "witnessed it", &["witnessed_it"]),
    code_also("learned", "learned about it", &["learned_about", "learned_about_it"]),
    code_also("job", "part of my job", &["part_of_my_job", "part_of_job"]),
    code_also("not_sure", "not sure", &["unsure"]),
    code_also("does_not_apply", "does not apply", &["doesnt_apply", "none"]),
];
const HAPPENED: u64 = 1;
const WITNESSED: u64 = 1 << 1;
const LEARNED: u64 = 1 << 2;
const JOB: u64 = 1 << 3;
const NOT_SURE: u64 = 1 << 4;
const DOES_NOT_APPLY: u64 = 1 << 5;

static ROUTES: [Code; 4] = [
    code_also("direct", "happened to the person", &["happened", "happened_to_me"]),
    code("witnessed", "witnessed in person"),
    code_also("learned", "learned that it happened to someone close", &["learned_about"]),
    code_also("job", "exposure to details by the job", &["part_of_my_job", "part_of_job"]),
];

static LEC5_ITEMS: [Item; 27] = [
    item("1", "natural disaster", EXPOSURE),
    item("2", "fire or explosion", EXPOSURE),
    item("3", "transport accident", EXPOSURE),
    item("4", "serious accident", EXPOSURE),
    item("5", "toxic exposure", EXPOSURE),
    item("6", "physical assault", EXPOSURE),
    item("7", "assault with a weapon", EXPOSURE),
    item("8", "sexual assault", EXPOSURE),
    item("9", "other unwanted sexual experience", EXPOSURE),
    item("10", "combat", EXPOSURE),
    item("11", "captivity", EXPOSURE),
    item("12", "life-threatening illness", EXPOSURE),
    item("13", "severe suffering", EXPOSURE),
    item("14", "sudden violent death", EXPOSURE),
    item("15", "sudden accidental death", EXPOSURE),
    item("16", "caused harm to another", EXPOSURE),
    item("17", "other very stressful event", EXPOSURE),
    item("worst_event", "worst event, in the person's words", Answers::Text).optional(),
    item("worst_item", "number of the worst event's class", whole(1, 17)).optional(),
    item("route", "worst event: route of exposure", Answers::Code(&ROUTES)).optional(),
    item("death", "worst event: actual or threatened death", Answers::YesNo).optional(),
    item("injury", "worst event: serious injury", Answers::YesNo).optional(),
    item("sexual_violence", "worst event: sexual violence", Answers::YesNo).optional(),
    item("close_relation", "learned: it happened to close family or a close friend", Answers::YesNo).optional(),
    item("violent_or_accidental", "learned: it was violent or accidental", Answers::YesNo).optional(),
    item("via_media", "job: only through media", Answers::YesNo).optional(),
    item("date", "worst event: when", Answers::Moment).optional(),
];
const EVENTS: usize = 17;

static LEC5_OUTPUTS: [Output; 2] = [
    score_output("direct_exposure_count", "event classes that happened to the person, 0–17; no total by convention"),
    decision_output(
        "criterion_a",
        "at least one event: direct, witnessed, learned (close relation, violent or accidental), or by the job (not via media)",
    ),
];

/// The life events checklist.
pub static LEC5: Instrument = Instrument {
    id: "lec5",
    name: "LEC-5",
    also: &["life events checklist", "lec"],
    version: "1",
    purpose: "exposure to traumatic events; criterion A",
    rater: Rater::Participant,
    recall: Recall::Lifetime,
    visits: "screening or baseline",
    licence: Licence::PublicDomain,
    variants: &[],
    items: &LEC5_ITEMS,
    scales: &[],
    pack_scales: &[],
    own_outputs: &LEC5_OUTPUTS,
    higher_is_worse: true,
    meaningful: &[],
    missing: "counted over the answered items, with how many they are; criterion A by three-valued logic",
    source: "public domain form [recall]",
    check: Some(check_lec5),
    own: Some(score_lec5),
};

fn check_lec5(sheet: &Sheet<'_>, wrong: &mut Vec<Unscorable>) {
    for position in 0..EVENTS {
        let (Some((bits, codes)), Some(item)) = (sheet.codes(position), sheet.items.get(position)) else { continue };
        if bits & DOES_NOT_APPLY != 0 && bits != DOES_NOT_APPLY {
            wrong.push(Unscorable::contradiction(
                &format!("item {}", item.id),
                crate::reading::written(bits, codes),
                "\"does_not_apply\" alone, or the exposures",
                "drop the one that is wrong",
            ));
        }
    }
}

fn score_lec5(sheet: &Sheet<'_>, scored: &mut Scored) {
    let answers: Vec<Option<u64>> = (0..EVENTS).map(|position| sheet.codes(position).map(|(bits, _)| bits)).collect();
    let answered = answers.iter().filter(|answer| answer.is_some()).count();
    let direct = answers.iter().flatten().filter(|bits| **bits & HAPPENED != 0).count();
    let count = (answered > 0).then_some(Decimal::whole(direct as i64));
    let method = if answered == EVENTS { Method::Complete } else { Method::Partial };
    scored.push("direct_exposure_count", count, answered, EVENTS).method(method);
    if answered < EVENTS && answered > 0 {
        scored.warn(format!("{} of 17 event classes are unanswered; the count is a floor", EVENTS - answered));
    }
    let worst = worst_event(sheet);
    let worst_item = sheet.whole("worst_item");
    let classes = answers.iter().enumerate().map(|(position, answer)| {
        // What the interview found of the worst event replaces what the checklist says of its class.
        match (worst, worst_item) {
            (Some(found), Some(number)) if number == position as i64 + 1 => found,
            _ => qualifies(*answer),
        }
    });
    let criterion = Truth::at_least(1, classes).or(worst.unwrap_or(Truth::No));
    scored.decide(
        "criterion_a",
        criterion,
        match criterion {
            Truth::Yes => "an event qualifies by its route of exposure",
            Truth::No => "no event qualifies by its route of exposure",
            Truth::Indeterminate => "an unanswered, unsure or only learned-of event could qualify",
        },
    );
}

/// Whether a class qualifies by the checklist alone.
fn qualifies(bits: Option<u64>) -> Truth {
    match bits {
        Some(bits) if bits & (HAPPENED | WITNESSED | JOB) != 0 => Truth::Yes,
        // Learned of: only with a close relation and a violent or accidental event, which the checklist does not ask.
        Some(bits) if bits & (LEARNED | NOT_SURE) != 0 => Truth::Indeterminate,
        Some(_) => Truth::No,
        None => Truth::Indeterminate,
    }
}

/// What part 2 found of the worst event: its kind and its route; none where part 2 was not asked.
fn worst_event(sheet: &Sheet<'_>) -> Option<Truth> {
    let route = sheet.code("route")?;
    let probes = ["death", "injury", "sexual_violence"].map(|id| sheet.yes_no(id));
    // The kind is judged where it was asked at all.
    let kind =
        if probes.iter().all(Option::is_none) { Truth::Yes } else { Truth::at_least(1, probes.map(Truth::from)) };
    let by_route = match route {
        "learned" => {
            Truth::from(sheet.yes_no("close_relation")).and(Truth::from(sheet.yes_no("violent_or_accidental")))
        }
        "job" => Truth::from(sheet.yes_no("via_media").unwrap_or(false)).negated(),
        _ => Truth::Yes,
    };
    Some(kind.and(by_route))
}

static ACE_ITEMS: [Item; 10] = numbered(
    [
        "emotional abuse",
        "physical abuse",
        "sexual abuse",
        "emotional neglect",
        "physical neglect",
        "parents separated",
        "violence to mother",
        "substance use in the household",
        "mental illness in the household",
        "household member imprisoned",
    ],
    Answers::YesNo,
);

static ACE_OUTPUTS: [Output; 6] = [
    score_output("total", "number of yes, 0–10; all items required"),
    score_output("count_yes", "number of yes among the answered items"),
    score_output("abuse", "yes among items 1–3"),
    score_output("neglect", "yes among items 4–5"),
    score_output("household", "yes among items 6–10"),
    decision_output("high", "at least 4"),
];

/// Adverse childhood experiences.
pub static ACE: Instrument = Instrument {
    id: "ace",
    name: "ACE",
    also: &["adverse childhood experiences"],
    version: "1",
    purpose: "adversity before age 18",
    rater: Rater::Participant,
    recall: Recall::BeforeAge18,
    visits: "screening or baseline",
    licence: Licence::Free,
    variants: &[],
    items: &ACE_ITEMS,
    scales: &[],
    pack_scales: &[],
    own_outputs: &ACE_OUTPUTS,
    higher_is_worse: true,
    meaningful: &[],
    missing: "all items for the total; otherwise the count and how many were answered, never prorated",
    source: "public domain form [recall]",
    check: None,
    own: Some(score_ace),
};

fn score_ace(sheet: &Sheet<'_>, scored: &mut Scored) {
    let counted = |first: usize, length: usize| {
        let answers = (first..first + length).filter_map(|position| sheet.yes_no_at(position));
        answers.fold((0_i64, 0_usize), |(yes, answered), answer| (yes + i64::from(answer), answered + 1))
    };
    let (yes, answered) = counted(0, 10);
    scored.push("total", (answered == 10).then_some(Decimal::whole(yes)), answered, 10);
    let method = if answered == 10 { Method::Complete } else { Method::Partial };
    scored.push("count_yes", (answered > 0).then_some(Decimal::whole(yes)), answered, 10).method(method);
    for (name, first, length) in [("abuse", 0, 3), ("neglect", 3, 2), ("household", 5, 5)] {
        let (yes, answered) = counted(first, length);
        scored.push(name, (answered == length).then_some(Decimal::whole(yes)), answered, length);
    }
    let high = Truth::at_least(4, (0..10).map(|position| Truth::from(sheet.yes_no_at(position))));
    scored.decide("high", high, format!("{yes} yes of {answered} answered; high is 4 or more"));
    if answered < 10 {
        scored.warn(format!("{answered} of 10 answered: count_yes is a floor, there is no total"));
    }
}
