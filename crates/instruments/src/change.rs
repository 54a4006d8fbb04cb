//! Change since an earlier administration: `change = now − baseline`, meaningful change, responders, emergence.
//!
//! Bands, remission cut, response cut and a study's entry floor are four separate things and are kept apart.

use crate::{
    alerts,
    instrument::{Instrument, OutputKind, outputs},
    scales::{cssrs, measurement, sds},
    scored::{AlertLevel, Method, Score, Scored, ratio},
    settings::Settings,
    truth::Truth,
};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::BTreeMap};
use terms::Decimal;

/// The results of an earlier administration of the same instrument.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Baseline {
    /// Scores by name.
    pub scores: BTreeMap<String, Decimal>,
    /// Decisions by name.
    pub decisions: BTreeMap<String, Truth>,
}

impl Baseline {
    /// The score with this name.
    pub fn number(&self, name: &str) -> Option<Decimal> {
        self.scores.get(name).copied()
    }

    /// The decision with this name; indeterminate when it is not known.
    pub fn decision(&self, name: &str) -> Truth {
        self.decisions.get(name).copied().unwrap_or(Truth::Indeterminate)
    }
}

impl From<&Scored> for Baseline {
    fn from(scored: &Scored) -> Self {
        let scores = scored.scores.iter().filter_map(|score| Some((score.name.to_string(), score.value?)));
        let decisions = scored.decisions.iter().map(|decision| (decision.name.to_string(), decision.answer));
        Self { scores: scores.collect(), decisions: decisions.collect() }
    }
}

/// The published groups, each participant in exactly one. They are ordered from the least to the most improved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseGroup {
    /// No response, diagnosis kept.
    NonResponder,
    /// A response, diagnosis kept.
    Responder,
    /// The diagnosis lost, not in remission.
    LostDiagnosis,
    /// The diagnosis lost and the total at most the remission cut.
    Remission,
}

impl ResponseGroup {
    /// The written form.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NonResponder => "non_responder",
            Self::Responder => "responder",
            Self::LostDiagnosis => "lost_diagnosis",
            Self::Remission => "remission",
        }
    }
}

/// Total and diagnosis of one CAPS-5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps5Point {
    /// Total severity; none when it is missing.
    pub total: Option<Decimal>,
    /// The diagnosis.
    pub diagnosis: Truth,
}

/// What became of a participant between two CAPS-5 interviews.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps5Outcome {
    /// Now − baseline.
    pub change: Option<Decimal>,
    /// Change at most −10. Independent of the diagnosis.
    pub response: Truth,
    /// Diagnosis at the baseline, none now (by the algorithm, not by the band).
    pub loss_of_diagnosis: Truth,
    /// Loss of diagnosis and a total of at most 11.
    pub remission: Truth,
    /// The one published group; none when a missing answer could decide.
    pub group: Option<ResponseGroup>,
}

/// Compares two CAPS-5 interviews by the study's cut values.
pub fn caps5_outcome(baseline: Caps5Point, now: Caps5Point, settings: &Settings) -> Caps5Outcome {
    let change = now.total.zip(baseline.total).map(|(now, before)| now.minus(before));
    let response = Truth::from(change.map(|change| change <= Decimal::whole(settings.caps5_response_change)));
    let loss = baseline.diagnosis.and(now.diagnosis.negated());
    let low = Truth::from(now.total.map(|total| total <= Decimal::whole(settings.caps5_remission_max)));
    let remission = loss.and(low);
    let group = match (remission, loss, response) {
        (Truth::Yes, _, _) => Some(ResponseGroup::Remission),
        (Truth::No, Truth::Yes, _) => Some(ResponseGroup::LostDiagnosis),
        (Truth::No, Truth::No, Truth::Yes) => Some(ResponseGroup::Responder),
        (Truth::No, Truth::No, Truth::No) => Some(ResponseGroup::NonResponder),
        (Truth::No, Truth::No, Truth::Indeterminate)
        | (Truth::No, Truth::Indeterminate, _)
        | (Truth::Indeterminate, _, _) => None,
    };
    Caps5Outcome { change, response, loss_of_diagnosis: loss, remission, group }
}

/// Standard error of measurement and the 95 % reliable change index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReliableChange {
    /// `SD·√(1 − r)`, two decimals.
    pub standard_error: Decimal,
    /// `1.96·√2·SEM`, two decimals.
    pub index_95: Decimal,
}

/// Reliable change from the scale's standard deviation and its reliability (0 to 1); none outside those ranges.
pub fn reliable_change(sd: Decimal, reliability: Decimal) -> Option<ReliableChange> {
    if sd < Decimal::ZERO || reliability < Decimal::ZERO || reliability > Decimal::whole(1) {
        return None;
    }
    let standard_error = sd.as_f64() * (1.0 - reliability.as_f64()).sqrt();
    let cents = |number: f64| Decimal::nearest((number * 100.0).round() / 100.0);
    Some(ReliableChange {
        standard_error: cents(standard_error)?,
        index_95: cents(1.96 * std::f64::consts::SQRT_2 * standard_error)?,
    })
}

/// One thing that scoring against a baseline adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeOutput {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: OutputKind,
}

/// What scoring adds for each baseline score, and the decisions that follow when the baseline has what they need.
pub fn change_outputs(instrument: &Instrument) -> Vec<ChangeOutput> {
    let add = |name: String, kind: OutputKind| ChangeOutput { name, kind };
    let scores = outputs(instrument).into_iter().filter(|output| output.kind == OutputKind::Number);
    let mut all: Vec<ChangeOutput> =
        scores.map(|output| add(format!("{}_change", output.name), OutputKind::Number)).collect();
    for meaningful in instrument.meaningful {
        all.push(add(format!("{}_meaningful_change", meaningful.score), OutputKind::Decision));
    }
    let (decisions, texts, numbers): (&[&str], &[&str], &[&str]) = match instrument.id {
        "caps5" => (&["response", "loss_of_diagnosis", "remission"], &["response_group"], &[]),
        "pcl5" => (&["total_reliable_change"], &[], &[]),
        "bdi2" => (&[], &[], &["total_change_percent"]),
        "sds" => (&["item_set_changed"], &[], &[]),
        "cssrs" => (&["treatment_emergent_ideation", "emergent_serious_ideation", "emergent_behaviour"], &[], &[]),
        "ecg" => (&[], &["qtcf_change_band", "qtcb_change_band"], &[]),
        _ => (&[], &[], &[]),
    };
    all.extend(decisions.iter().map(|name| add((*name).to_owned(), OutputKind::Decision)));
    all.extend(texts.iter().map(|name| add((*name).to_owned(), OutputKind::Text)));
    all.extend(numbers.iter().map(|name| add((*name).to_owned(), OutputKind::Number)));
    all
}

/// Adds changes against the baseline to what was scored.
pub(crate) fn add_changes(instrument: &Instrument, settings: &Settings, baseline: &Baseline, scored: &mut Scored) {
    for (name, before) in &baseline.scores {
        let Some(score) = scored.score(name) else { continue };
        let change = Score {
            name: Cow::Owned(format!("{name}_change")),
            value: score.value.map(|now| now.minus(*before)),
            band: None,
            ..score.clone()
        };
        scored.scores.push(change);
    }
    for meaningful in instrument.meaningful {
        let Some(change) = change_of(scored, meaningful.score) else { continue };
        let worse = scored.score(meaningful.score).is_some_and(|score| score.higher_is_worse);
        let gained = change.map(|change| if worse { Decimal::ZERO.minus(change) } else { change });
        let answer = Truth::from(gained.map(|gained| gained >= meaningful.by));
        let why = format!("{} or more towards the better; {}", meaningful.by, meaningful.source);
        scored.decide(format!("{}_meaningful_change", meaningful.score), answer, why);
    }
    match instrument.id {
        "caps5" => add_caps5(settings, baseline, scored),
        "pcl5" => {
            if let Some(change) = change_of(scored, "total") {
                let answer = Truth::from(change.map(|change| change <= Decimal::whole(-5)));
                scored.decide("total_reliable_change", answer, "5 or more towards the better");
            }
        }
        "bdi2" => add_percent(baseline, scored),
        "sds" if baseline.decisions.contains_key("work_applies") => {
            let now = scored.decision("work_applies").unwrap_or(Truth::Indeterminate);
            let changed = sds::item_set_changed(baseline.decision("work_applies"), now);
            scored.decide("item_set_changed", changed, "whether work applied at one visit only");
            if changed.is_yes() {
                scored.warn("sds_item_set_changed: for sensitivity compare mean_social_family at both visits");
            }
        }
        "cssrs" => add_cssrs(baseline, scored),
        "ecg" => {
            for (score, name) in [("qtcf", "qtcf_change_band"), ("qtcb", "qtcb_change_band")] {
                if let Some(change) = change_of(scored, score) {
                    scored.say(name, change.map(measurement::qtc_change_band));
                }
            }
        }
        _ => {}
    }
}

/// The change of a score: none at all without a baseline, none inside when the score is missing now.
fn change_of(scored: &Scored, score: &str) -> Option<Option<Decimal>> {
    scored.score(&format!("{score}_change")).map(|change| change.value)
}

fn add_caps5(settings: &Settings, baseline: &Baseline, scored: &mut Scored) {
    let point = |total: Option<Decimal>, diagnosis: Truth| Caps5Point { total, diagnosis };
    let before = point(baseline.number("total"), baseline.decision("diagnosis"));
    let now = point(scored.value("total"), scored.decision("diagnosis").unwrap_or(Truth::Indeterminate));
    let outcome = caps5_outcome(before, now, settings);
    let cut = settings.caps5_response_change;
    scored.decide(
        "response",
        outcome.response,
        match outcome.change {
            Some(change) => format!("change {change}, response at {cut} or less"),
            None => "a total is missing".to_owned(),
        },
    );
    scored.decide(
        "loss_of_diagnosis",
        outcome.loss_of_diagnosis,
        match (before.diagnosis, now.diagnosis) {
            (Truth::No, _) => "there was no diagnosis at the baseline",
            (_, Truth::Yes) => "the diagnosis is still met",
            (Truth::Yes, Truth::No) => "diagnosis at the baseline, none now",
            (Truth::Indeterminate, _) => "the diagnosis at the baseline is not known",
            (_, Truth::Indeterminate) => "the diagnosis now is indeterminate",
        },
    );
    let most = settings.caps5_remission_max;
    scored.decide("remission", outcome.remission, format!("loss of diagnosis and a total of at most {most}"));
    scored.say("response_group", outcome.group.map(ResponseGroup::word));
    if let Some(change) = outcome.change.filter(|change| *change >= Decimal::whole(10)) {
        let trigger = format!("CAPS-5 rose by {change} since the baseline");
        scored.alert(AlertLevel::Review, trigger, alerts::CLINICIAN, "review worsening; possible adverse event");
    }
}

fn add_percent(baseline: &Baseline, scored: &mut Scored) {
    let Some((before, score)) = baseline.number("total").zip(scored.score("total").cloned()) else { return };
    let percent =
        score.value.and_then(|now| ratio(now.minus(before).as_thousandths() * 100, before.as_thousandths(), 2));
    let method = if percent.is_some() { score.method } else { Method::NotScorable };
    scored.scores.push(Score { name: "total_change_percent".into(), value: percent, band: None, method, ..score });
}

fn add_cssrs(baseline: &Baseline, scored: &mut Scored) {
    let (before, now) = (baseline.number("ideation_max"), scored.value("ideation_max"));
    if before.is_some() {
        let emergent = cssrs::treatment_emergent_ideation(before, now);
        scored.decide(
            "treatment_emergent_ideation",
            emergent,
            "highest since the baseline above the recent highest before treatment",
        );
        let serious = cssrs::emergent_serious_ideation(before, now);
        scored.decide("emergent_serious_ideation", serious, "4 or 5 after a baseline of 0 to 3");
    }
    if baseline.decisions.contains_key("behaviour") {
        let now = scored.decision("behaviour").unwrap_or(Truth::Indeterminate);
        let emergent = cssrs::emergent_behaviour(baseline.decision("behaviour"), now);
        scored.decide("emergent_behaviour", emergent, "some since the baseline, none at the baseline");
    }
}
