//! What a number of the study's files may be at most. Not what is wise: what no programme comes near, so that a slip of
//! the hand is found by the checker and the rules never reckon with it.

/// The least and the most that a key may have, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// Keys that it holds for, in whatever table.
    pub keys: &'static [&'static str],
    /// The least, in thousandths.
    pub least: i64,
    /// The most, in thousandths.
    pub most: i64,
    /// Why no study needs more.
    pub why: &'static str,
}

impl Bound {
    /// Whether a number, in thousandths, lies within.
    pub fn holds(&self, thousandths: i64) -> bool {
        (self.least..=self.most).contains(&thousandths)
    }
}

const fn bound(least: i64, most: i64, why: &'static str, keys: &'static [&'static str]) -> Bound {
    Bound { keys, least: least.saturating_mul(1000), most: most.saturating_mul(1000), why }
}

/// The bound of a key.
pub fn bound_of(key: &str) -> Option<&'static Bound> {
    BOUNDS.iter().find(|bound| bound.keys.contains(&key))
}

/// Every number that a study's files may hold. A test reads the decoder and finds a key that is missing here.
pub const BOUNDS: &[Bound] = &[
    bound(
        -3_660,
        3_660,
        "no visit lies further than ten years from what it hangs on",
        &["target_days", "opens", "closes", "visit_days"],
    ),
    bound(
        0,
        3_660,
        "nothing is waited for longer than ten years",
        &[
            "days",
            "days_min",
            "plus_days",
            "repeats_every_days",
            "within_days_of_consent",
            "valid_days",
            "due_days",
            "due_business_days",
            "interval_days_min",
            "interval_days_max",
            "reconfirm_after_days",
            "count_every_days",
            "temperature_every_days",
            "early_termination_days",
            "complete_visit_days",
            "question_days",
            "gate_days",
            "assign_days",
            "rating_ask_days",
            "rating_target_days",
            "rating_days",
            "order_days",
            "tries_days_min",
        ],
    ),
    bound(
        0,
        8_760,
        "hours are counted within a year; longer waits are written in days",
        &[
            "due_hours",
            "answer_hours",
            "report_hours",
            "no_show_hours",
            "medicine_hours",
            "sober_after_hours",
            "hours_before_dose",
            "half_life_hours",
        ],
    ),
    bound(0, 20, "after twenty half-lives a millionth is left", &["half_lives"]),
    bound(
        -2_880,
        2_880,
        "a dosing session with its night lies within 48 hours of the dose",
        &["offset_minutes", "from_minutes", "until_minutes"],
    ),
    bound(
        0,
        2_880,
        "a dosing session with its night lies within 48 hours",
        &[
            "ack_minutes",
            "after_minutes",
            "after_supplement_minutes",
            "closes_minutes",
            "count_together_minutes",
            "delegation_minutes",
            "earliest_minutes",
            "every_minutes",
            "gap_minutes_max",
            "grave_minutes",
            "lift_after_minutes",
            "missed_minutes",
            "open_to_swallow_minutes",
            "opens_minutes",
            "reason_after_minutes",
            "recount_minutes",
            "red_minutes",
            "repeat_minutes",
            "safety_answer_minutes",
            "tell_minutes",
            "together_minutes",
            "vitals_fresh_minutes",
            "vomit_minutes",
            "within_minutes",
        ],
    ),
    bound(1, 2_880, "a visit takes a minute or more, and no visit takes more than two days", &["minutes_min"]),
    bound(0, 527_040, "an answer of the dosing day is no older than a year", &["fresh_minutes"]),
    bound(
        1,
        20_000,
        "a trial without people is none, and no trial of this therapy has 20000",
        &["participants_planned"],
    ),
    bound(
        0,
        20_000,
        "no trial of this therapy has 20000 people",
        &["cap", "participants", "people", "site_people_min"],
    ),
    bound(1, 100, "a block of more than 100 balances nothing that a site lives to see", &["block_sizes"]),
    bound(0, 20, "arms in a ratio beyond 20 to 1 compare nothing", &["ratio"]),
    bound(
        0,
        100,
        "nobody counts more than 100 of these",
        &[
            "carers_min",
            "in_room_min",
            "nurses_min",
            "leads_min",
            "tries_min",
            "retries",
            "failures_max",
            "initial_pieces",
            "supplement_pieces",
            "pass_mark",
        ],
    ),
    bound(0, 20, "no programme has more than 20 gates or sessions", &["number", "session", "gate", "gates"]),
    bound(0, 1_000, "a gram of this drug is given to nobody", &["initial_mg", "supplement_mg", "session_max_mg"]),
    bound(0, 20_000, "nobody drinks more than 20 litres", &["day_max_ml", "hour_max_ml", "alert_at_ml"]),
    bound(0, 100, "levels of distress and of risk end at 100", &["distress_call_at", "grave_at"]),
    bound(
        -90,
        100,
        "a safe is neither colder than -90 nor hotter than 100 °C",
        &["temperature_c_min", "temperature_c_max"],
    ),
    bound(0, 520, "a forecast looks ten years ahead at most", &["forecast_weeks"]),
    bound(0, 10_000, "a store of spare containers is counted in hundreds", &["forecast_spare"]),
    bound(0, 20_000, "a longer text is a document", &["max_length"]),
    bound(
        -1_000_000_000,
        1_000_000_000,
        "an answer of more than a thousand millions is in the wrong unit",
        &["min", "max", "amber_at", "amber_low", "red_at", "red_low", "red_once_at", "cuts"],
    ),
    bound(
        -1_000_000,
        1_000_000,
        "no scale and no assumption reaches a million",
        &[
            "advantages",
            "alpha",
            "centre",
            "change",
            "correlation",
            "d",
            "d_lower",
            "d_upper",
            "delta_max",
            "delta_step",
            "difference",
            "fractions",
            "hazard",
            "lower",
            "mean",
            "missed",
            "people_per_month",
            "power",
            "sd",
            "share",
            "site_concentration",
            "site_sd",
            "slope",
            "upper",
        ],
    ),
    bound(0, 1_000_000, "a simulation of more than a million trials ends on no desk", &["trials"]),
    bound(0, 10_000, "more than 10000 imputations change no digit that is printed", &["imputations"]),
    bound(0, 4_294_967_295, "a seed is a number of 32 bits", &["seed"]),
];

#[cfg(test)]
mod tests {
    use super::{BOUNDS, bound_of};
    use std::{collections::BTreeSet, fs, path::Path};

    /// Keys that the decoder reads as numbers, from its own sources.
    fn numeric_keys() -> BTreeSet<String> {
        const READERS: [&str; 5] = ["whole(\"", "wholes(\"", "decimal(\"", "decimals(\"", "milligrams(\""];
        let mut keys = BTreeSet::new();
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/decode")).unwrap() {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap();
            for reader in READERS {
                let found = text.split(reader).skip(1).filter_map(|rest| rest.split_once('"'));
                keys.extend(found.map(|(key, _)| key.to_owned()));
            }
        }
        keys
    }

    #[test]
    fn every_number_of_the_files_has_one_bound_and_a_reason() {
        let read = numeric_keys();
        assert!(read.len() > 100, "the decoder's sources were not found: {read:?}");
        let without: Vec<&String> = read.iter().filter(|key| bound_of(key).is_none()).collect();
        assert!(without.is_empty(), "numbers without a bound: {without:?}");
        let mut seen = BTreeSet::new();
        for bound in BOUNDS {
            assert!(bound.least <= bound.most && !bound.why.is_empty(), "{bound:?}");
            for key in bound.keys {
                assert!(seen.insert(*key), "{key} has two bounds");
            }
        }
    }

    #[test]
    fn the_paper_about_study_files_has_the_same_table() {
        let paper = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/study-files.md");
        let paper = fs::read_to_string(paper).unwrap();
        for bound in BOUNDS {
            let keys: Vec<String> = bound.keys.iter().map(|key| format!("`{key}`")).collect();
            let (least, most) = (bound.least / 1000, bound.most / 1000);
            let row = format!("| {least} to {most} | {} | {} |", bound.why, keys.join(" "));
            assert!(paper.contains(&row), "docs/study-files.md lacks the row\n{row}");
        }
    }
}
