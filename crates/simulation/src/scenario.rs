//! A scenario: what a simulated trial is drawn from. Data only; the files are in `scenarios/` and embedded.
//!
//! A scenario says what differs from `base.toml`; tables are merged key by key, lists are replaced.
//! Source of the numbers: each file, and outcomes-sim.md for those tagged public.

use protocol::model::Content;
use serde::Deserialize;
use std::collections::BTreeMap;

const BASE: &str = include_str!("../scenarios/base.toml");

/// The scenarios that ship, in the order of the list.
const SHIPPED: [(&str, &str); 13] = [
    ("DEMO", include_str!("../scenarios/demo.toml")),
    ("S-M1", include_str!("../scenarios/s-m1.toml")),
    ("S-M2", include_str!("../scenarios/s-m2.toml")),
    ("S-NULL", include_str!("../scenarios/s-null.toml")),
    ("S-HALF", include_str!("../scenarios/s-half.toml")),
    ("S-MNAR", include_str!("../scenarios/s-mnar.toml")),
    ("S-UNBLIND", include_str!("../scenarios/s-unblind.toml")),
    ("S-SITE", include_str!("../scenarios/s-site.toml")),
    ("S-SMALL", include_str!("../scenarios/s-small.toml")),
    ("S-SAFETY", include_str!("../scenarios/s-safety.toml")),
    ("S-DIRTY", include_str!("../scenarios/s-dirty.toml")),
    ("S-LTFU", include_str!("../scenarios/s-ltfu.toml")),
    ("S-UKNHS", include_str!("../scenarios/s-uknhs.toml")),
];

/// Why a scenario can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// No scenario has this id.
    #[error("there is no scenario \"{found}\"; the scenarios are {known}")]
    Unknown {
        /// What was asked for.
        found: String,
        /// What there is.
        known: String,
    },
    /// The text is no TOML, or a value has another form.
    #[error("the scenario can't be read: {0}")]
    Unreadable(String),
    /// A value that can't be.
    #[error("{what} is {found}, needed: {needed}")]
    Impossible {
        /// Which.
        what: String,
        /// Its value.
        found: String,
        /// What would do.
        needed: &'static str,
    },
}

/// Everything that a simulated trial is drawn from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Id: `S-M1`.
    pub id: String,
    /// In a few words.
    pub title: String,
    /// What it is for.
    pub about: String,
    /// People to be assigned, unless another number is asked for.
    pub participants: u32,
    /// People who come when all of those have finished; the trial is then left while they are under way.
    #[serde(default)]
    pub(crate) second: Option<Second>,
    pub(crate) trial: Trial,
    pub(crate) pipeline: Pipeline,
    pub(crate) baseline: Baseline,
    pub(crate) outcome: Outcome,
    pub(crate) dropout: Dropout,
    pub(crate) scores: BTreeMap<String, ScoreDraw>,
    pub(crate) vitals: Vitals,
    pub(crate) guess: Guess,
    pub(crate) session: Session,
    pub(crate) habits: Habits,
    pub(crate) medicines: Medicines,
    /// People in each role; one where it isn't said.
    #[serde(default)]
    pub(crate) staff: BTreeMap<String, u32>,
    pub(crate) supply: Supply,
    pub(crate) slips: Slips,
    pub(crate) events: Events,
    pub(crate) dirt: Dirt,
    pub(crate) adverse_events: Vec<AdverseEventDraw>,
    pub(crate) severity_of_events: EventSeverity,
    /// How fields of forms are answered: by `form.field`, or by field for all forms.
    #[serde(default)]
    pub(crate) fields: BTreeMap<String, FieldDraw>,
}

/// A second part of a trial, so that there is something to do today.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Second {
    /// People to be assigned.
    pub participants: u32,
    /// The first sites of the study go on.
    pub sites: usize,
    /// Enquiries a month at each of them.
    pub enquiries_a_month: f64,
    /// The day on which the trial is left.
    pub days: i32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trial {
    pub starts: jiff::civil::Date,
    pub site_concentration: f64,
    pub sites_max: usize,
    pub first_activation_days: i32,
    pub activation_days: f64,
    pub enquiries_a_month: f64,
    pub working_hours: [i8; 2],
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pipeline {
    pub declined: f64,
    pub no_answer: f64,
    pub quiz_failed_first: f64,
    pub screen_failed: f64,
    pub rescreened: f64,
    pub baseline_failed: f64,
    /// Weights of criteria among those who fail the first gate; 1 where it isn't said.
    #[serde(default)]
    pub fail_weights: BTreeMap<String, f64>,
    pub withdrew_before_assignment: f64,
    pub screening_days: [i64; 2],
}

/// A truncated normal.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Normal {
    pub mean: f64,
    pub sd: f64,
    pub min: f64,
    pub max: f64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogNormal {
    pub median: f64,
    pub log_sd: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Baseline {
    pub severity: Normal,
    pub age: Normal,
    pub female: f64,
    pub dissociative: f64,
    pub duration_years: LogNormal,
    pub ideation_lifetime: f64,
    pub attempt_lifetime: f64,
    pub weight_kg: Normal,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Outcome {
    pub sd: [f64; 3],
    pub correlation: [f64; 3],
    pub baseline_correlation: f64,
    pub site_sd: f64,
    pub site_fixed: BTreeMap<String, f64>,
    pub pull_from: i64,
    pub long_term_sd: f64,
    pub diagnosis_midpoint: f64,
    pub diagnosis_scale: f64,
    pub expectancy: Expectancy,
    pub active: ArmOutcome,
    pub placebo: ArmOutcome,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expectancy {
    pub guess_active: f64,
    pub guess_placebo: f64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ArmOutcome {
    pub change: [f64; 3],
    pub pull: f64,
    pub long_term_change: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mechanism {
    Independent,
    Seen,
    Unseen,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dropout {
    pub mechanism: Mechanism,
    pub slope_seen: f64,
    pub slope_unseen: f64,
    pub arms: Vec<Content>,
    pub treatment_only: f64,
    pub reasons: DropoutReasons,
    pub long_term_return: f64,
    pub long_term_odds_responder: f64,
    pub active: ArmDropout,
    pub placebo: ArmDropout,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DropoutReasons {
    pub withdrew: f64,
    pub burden: f64,
    pub adverse_event: f64,
    pub lack_of_efficacy: f64,
    pub lost: f64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ArmDropout {
    pub hazard: [f64; 3],
    pub prohibited_medicine: f64,
}

/// How a score of an instrument moves: by its own change, or after the primary score.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum ScoreDraw {
    Own(OwnScore),
    Following(FollowingScore),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnScore {
    pub baseline: [f64; 2],
    pub active: f64,
    pub placebo: f64,
    pub sd: f64,
    pub correlation: f64,
    /// The score is the mean of its items, not their sum.
    #[serde(default)]
    pub mean: bool,
    /// The items that carry it; those of the instrument's longest scale where it isn't said.
    #[serde(default)]
    pub items: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FollowingScore {
    #[allow(dead_code, reason = "tells the two forms apart in the file")]
    pub follows: Primary,
    pub offset: f64,
    pub sd: f64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Primary {
    Primary,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vitals {
    pub absorption: f64,
    pub elimination: f64,
    pub lag_hours: f64,
    pub supplement_share: f64,
    pub reference_supplement_hours: f64,
    pub missing: f64,
    pub correlation_pressures: f64,
    pub correlation_pulse: f64,
    pub measures: BTreeMap<String, MeasureDraw>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeasureDraw {
    pub baseline: [f64; 2],
    /// Rise at the peak on placebo.
    pub low: f64,
    /// Rise at the first level, with its supplement.
    pub initial: f64,
    /// Rise at a higher level, with its supplement.
    pub high: f64,
    pub person: f64,
    pub noise: f64,
    pub decimals: u32,
    /// People whose own baseline lies above don't get as far as a session.
    pub ceiling: f64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Guess {
    pub last: PerArm<[f64; 3]>,
    pub first_session: PerArm<[f64; 3]>,
    pub therapist: PerArm<[f64; 3]>,
    pub rater: PerArm<[f64; 3]>,
}

/// One value for each content.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PerArm<T> {
    pub active: T,
    pub placebo: T,
}

impl<T: Copy> PerArm<T> {
    pub(crate) const fn of(&self, content: Content) -> T {
        match content {
            Content::Active => self.active,
            Content::Placebo => self.placebo,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Session {
    pub supplement_accepted: PerArm<f64>,
    pub higher_level: PerArm<f64>,
    pub distress: PerArm<[f64; 3]>,
    pub hours: MeanSd,
    pub stays_the_night_awake: f64,
    pub rater_learns: f64,
    pub codes_an_hour: f64,
    pub euphoria: PerArm<f64>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeanSd {
    pub mean: f64,
    pub sd: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Habits {
    pub no_show: f64,
    pub moved: f64,
    pub cancelled: f64,
    pub visit_missed: f64,
    pub visit_sd_days: f64,
    pub outside_window: f64,
    pub covid_delay: f64,
    pub item_missing: f64,
    pub rating_item_missing: f64,
    pub form_missed: f64,
    pub correction: f64,
    pub wrong_participant: f64,
    pub edit_question: f64,
    pub call_no_answer: f64,
    pub late_entry: f64,
    pub document: f64,
    pub note: f64,
    pub extra_visit: f64,
    pub transfer: f64,
    pub withdrawn_order: f64,
    pub unplanned_stay_out: f64,
    pub missed_reading: f64,
    pub vomits: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Medicines {
    pub chance: f64,
    pub allowed_chance: f64,
    pub taper_days: [i64; 2],
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Supply {
    pub of_each: u32,
    pub low: u32,
    pub in_date_days: i32,
    pub shelf_months: i32,
    pub delivery_days: [i64; 2],
    pub stock_out: bool,
    pub count_every_days: i32,
    pub damaged: f64,
    pub warm: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Slips {
    pub rate: f64,
    pub each_once: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Events {
    pub hold: u32,
    pub code_break: u32,
    pub cover: u32,
    pub transfer: u32,
    pub suicidality_serious: u32,
    pub systolic_over: u32,
    pub temperature_over: u32,
    pub qtc_over: u32,
    pub pregnancy_positive: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dirt {
    pub fahrenheit: f64,
    pub swapped_pressures: f64,
    pub visit_twice: f64,
    pub item_out_of_range: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdverseEventDraw {
    pub term: String,
    pub active: f64,
    pub placebo: f64,
    pub days: i32,
    #[serde(default)]
    pub special_interest: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventSeverity {
    pub severe_person: PerArm<f64>,
    pub moderate: f64,
    pub serious_person: PerArm<f64>,
}

/// How one field is answered.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FieldDraw {
    /// Mean and SD of a number.
    pub normal: Option<[f64; 2]>,
    /// Bounds of a number.
    pub range: Option<[f64; 2]>,
    /// Chance of yes.
    pub chance: Option<f64>,
    /// Chance of yes among women; never among men.
    pub chance_female: Option<f64>,
    /// Codes for women and men.
    pub by_sex: Option<[String; 2]>,
    /// A vital sign of the person at rest, by its measure.
    pub sign: Option<String>,
    /// Something drawn once for the person: `weight_kg`, `ptsd_months`, `age`.
    pub person: Option<String>,
    /// Chance that an answer which may be left out is given.
    pub answered: Option<f64>,
    /// Codes with their weights.
    pub choice: BTreeMap<String, f64>,
    /// Days before today, from and to.
    pub days_ago: Option<[i64; 2]>,
    /// Texts, one of which is taken.
    pub text: Vec<String>,
}

impl Scenario {
    /// The trial's first day.
    pub const fn starts(&self) -> jiff::civil::Date {
        self.trial.starts
    }

    /// The scenario that ships under an id; letter case doesn't matter.
    ///
    /// # Errors
    /// When there is none.
    pub fn named(id: &str) -> Result<Self, ScenarioError> {
        let shipped = SHIPPED.iter().find(|(known, _)| known.eq_ignore_ascii_case(id));
        let Some((_, text)) = shipped else {
            let known: Vec<&str> = SHIPPED.iter().map(|(id, _)| *id).collect();
            return Err(ScenarioError::Unknown { found: id.to_owned(), known: known.join(", ") });
        };
        Self::parse(text)
    }

    /// Ids of the scenarios that ship.
    pub fn shipped() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(id, _)| *id)
    }

    /// Reads a scenario: what it doesn't say stands in the base.
    ///
    /// # Errors
    /// When it can't be read, or a probability or SD can't be one.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let unreadable = |error: toml::de::Error| ScenarioError::Unreadable(error.to_string());
        let mut table: toml::Table = BASE.parse().map_err(unreadable)?;
        let own: toml::Table = text.parse().map_err(unreadable)?;
        merge(&mut table, own);
        let scenario: Self = table.try_into().map_err(unreadable)?;
        scenario.check()?;
        Ok(scenario)
    }

    /// Change, pull and long-term change on a content.
    pub(crate) const fn arm(&self, content: Content) -> &ArmOutcome {
        match content {
            Content::Active => &self.outcome.active,
            Content::Placebo => &self.outcome.placebo,
        }
    }

    /// Dropout on a content.
    pub(crate) const fn leaving(&self, content: Content) -> &ArmDropout {
        match content {
            Content::Active => &self.dropout.active,
            Content::Placebo => &self.dropout.placebo,
        }
    }

    fn check(&self) -> Result<(), ScenarioError> {
        let (p, h) = (&self.pipeline, &self.habits);
        let mut shares = vec![
            ("pipeline.declined", p.declined),
            ("pipeline.no_answer", p.no_answer),
            ("pipeline.quiz_failed_first", p.quiz_failed_first),
            ("pipeline.screen_failed", p.screen_failed),
            ("pipeline.rescreened", p.rescreened),
            ("pipeline.baseline_failed", p.baseline_failed),
            ("pipeline.withdrew_before_assignment", p.withdrew_before_assignment),
            ("habits.no_show", h.no_show),
            ("habits.visit_missed", h.visit_missed),
            ("habits.item_missing", h.item_missing),
            ("slips.rate", self.slips.rate),
        ];
        let hazards = [&self.dropout.active, &self.dropout.placebo];
        shares.extend(hazards.iter().flat_map(|arm| arm.hazard).map(|hazard| ("dropout.hazard", hazard)));
        for event in &self.adverse_events {
            shares.extend([("adverse_events.active", event.active), ("adverse_events.placebo", event.placebo)]);
        }
        let impossible = |what: &str, found: f64, needed| ScenarioError::Impossible {
            what: what.to_owned(),
            found: found.to_string(),
            needed,
        };
        if let Some((what, found)) = shares.into_iter().find(|(_, share)| !(0.0..=1.0).contains(share)) {
            return Err(impossible(what, found, "a probability from 0 to 1"));
        }
        if let Some(sd) = self.outcome.sd.iter().find(|sd| **sd <= 0.0 || !sd.is_finite()) {
            return Err(impossible("outcome.sd", *sd, "a number above 0"));
        }
        let rate = self.trial.enquiries_a_month;
        if rate <= 0.0 || !rate.is_finite() {
            return Err(impossible("trial.enquiries_a_month", rate, "a number above 0"));
        }
        if p.screen_failed + p.baseline_failed + p.withdrew_before_assignment > 0.95 {
            return Err(impossible("pipeline.screen_failed", p.screen_failed, "some people who get as far as an arm"));
        }
        Ok(())
    }
}

fn merge(into: &mut toml::Table, own: toml::Table) {
    for (key, value) in own {
        match (into.get_mut(&key), value) {
            // An inline table is a value of its own and replaces what stood there only key by key as well.
            (Some(toml::Value::Table(under)), toml::Value::Table(own)) => merge(under, own),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_that_ships_can_be_read() {
        for id in Scenario::shipped() {
            let scenario = Scenario::named(&id.to_lowercase()).unwrap();
            assert_eq!(scenario.id, id);
        }
        let m2 = Scenario::named("S-M2").unwrap();
        assert_eq!((m2.baseline.severity.min, m2.outcome.active.pull), (28.0, 0.30));
        assert_eq!(m2.outcome.sd, [8.5, 10.5, 11.8], "what a scenario doesn't say stands in the base");
    }

    #[test]
    fn what_cannot_be_a_scenario() {
        for (text, expected) in [
            ("id = ", "the scenario can't be read"),
            ("nonsense = 1", "unknown field `nonsense`"),
            ("participants = \"many\"", "invalid type"),
            ("[pipeline]\nscreen_failed = 1.4", "pipeline.screen_failed is 1.4, needed: a probability from 0 to 1"),
            ("[pipeline]\nscreen_failed = 0.9", "needed: some people who get as far as an arm"),
            ("[outcome]\nsd = [1.0, -1.0, 1.0]", "outcome.sd is -1"),
            ("[trial]\nenquiries_a_month = 0.0", "trial.enquiries_a_month is 0"),
            ("[dropout.active]\nhazard = [0.1, 0.2, 1.2]", "dropout.hazard is 1.2"),
        ] {
            let said = Scenario::parse(text).unwrap_err().to_string();
            assert!(said.contains(expected), "{text}: {said}");
        }
        let said = Scenario::named("S-M9").unwrap_err().to_string();
        assert!(said.contains("S-M9") && said.contains("S-NULL"), "{said}");
    }
}
