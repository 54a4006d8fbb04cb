//! How far a person stays: who leaves before which occasion, why, and who only stops the treatment.
//!
//! Source: outcomes-sim.md §4. A person who leaves is missing at every later occasion.

use crate::{
    random::{Purpose, Stream},
    scenario::{Mechanism, Scenario},
    severity::Course,
};
use conduct::command::StopScope;
use protocol::model::Content;

/// Why somebody leaves, in words that a study's own reason codes are matched with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    Withdrew,
    Burden,
    AdverseEvent,
    LackOfEfficacy,
    Lost,
}

impl Why {
    /// Words by which a study's reason code is recognised, best first.
    pub(crate) const fn words(self) -> &'static [&'static str] {
        match self {
            Self::Withdrew => &["withdr", "participant", "consent", "personal"],
            Self::Burden => &["burden", "time", "moved", "withdr", "other"],
            Self::AdverseEvent => &["adverse", "safety", "ae", "medical"],
            Self::LackOfEfficacy => &["efficacy", "effect", "benefit", "withdr", "other"],
            Self::Lost => &["lost", "contact", "silence", "follow"],
        }
    }

    /// In words, for the record.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Withdrew => "no longer wishes to take part",
            Self::Burden => "the visits take too much time",
            Self::AdverseEvent => "because of an adverse event",
            Self::LackOfEfficacy => "does not feel that it helps",
            Self::Lost => "cannot be reached any more",
        }
    }
}

/// What becomes of somebody who has an arm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fate {
    /// Leaves the study before this occasion (from 1), and why.
    pub leaves: Option<(usize, Why)>,
    /// Stops the treatment before this occasion and is still assessed, and why.
    pub stops_treatment: Option<(usize, Why)>,
    /// Where in the interval it happens, 0 to 1.
    pub when: f64,
    /// Takes a prohibited medicine after assignment.
    pub prohibited_medicine: bool,
    /// Comes to each long-term visit.
    pub returns: [bool; 4],
}

impl Fate {
    /// Draws what becomes of a person on a content.
    pub(crate) fn draw(scenario: &Scenario, seed: u64, whose: u64, content: Content, course: &Course) -> Self {
        let dropout = &scenario.dropout;
        let arm = scenario.leaving(content);
        let mut stream = Stream::new(seed, whose, Purpose::Dropout);
        let why_left = why(scenario, &mut stream);
        let why_stopped = if stream.chance(0.5) { Why::AdverseEvent } else { Why::Withdrew };
        let (when, prohibited) = (stream.between(0.15, 0.9), stream.chance(arm.prohibited_medicine));
        let occasions = course.totals.len().saturating_sub(1).max(1);
        let mut leaves = None;
        let mut stops_treatment = None;
        for occasion in 1..=occasions {
            // The three hazards are spread over as many intervals as the study has.
            let place = ((occasion - 1) * 3 / occasions).min(2);
            let share = 3.0 / occasions as f64;
            let base = arm.hazard.get(place).copied().unwrap_or(0.0) * share;
            let hazard = (base * tilt(scenario, content, course, occasion)).min(0.95);
            let stops = base * dropout.treatment_only / (1.0 - dropout.treatment_only).max(0.05);
            let (leaves_now, stops_now) = (stream.chance(hazard), stream.chance(stops));
            if leaves.is_none() && leaves_now {
                leaves = Some((occasion, why_left));
            }
            if leaves.is_none() && stops_treatment.is_none() && stops_now {
                stops_treatment = Some((occasion, why_stopped));
            }
        }
        let responder = course.totals.last().zip(course.totals.first()).is_some_and(|(last, first)| first - last >= 10);
        let returns = std::array::from_fn(|_| stream.chance(returning(scenario, responder)));
        Self { leaves, stops_treatment, when, prohibited_medicine: prohibited, returns }
    }

    /// Whether the person is seen at an occasion (0 is the baseline).
    #[cfg(test)]
    pub(crate) fn seen_at(&self, occasion: usize) -> bool {
        self.leaves.is_none_or(|(before, _)| occasion < before)
    }
}

/// How far a stop goes for a reason.
pub(crate) const fn scope_of(why: Why) -> StopScope {
    match why {
        Why::Lost => StopScope::LostToFollowUp,
        Why::Withdrew => StopScope::Consent,
        Why::Burden | Why::AdverseEvent | Why::LackOfEfficacy => StopScope::Study,
    }
}

fn why(scenario: &Scenario, stream: &mut Stream) -> Why {
    let reasons = &scenario.dropout.reasons;
    let drawn = stream.weighted(&[
        reasons.withdrew,
        reasons.burden,
        reasons.adverse_event,
        reasons.lack_of_efficacy,
        reasons.lost,
    ]);
    match drawn {
        0 => Why::Withdrew,
        1 => Why::Burden,
        2 => Why::AdverseEvent,
        3 => Why::LackOfEfficacy,
        _ => Why::Lost,
    }
}

fn tilt(scenario: &Scenario, content: Content, course: &Course, occasion: usize) -> f64 {
    let dropout = &scenario.dropout;
    let total = |occasion: usize| course.totals.get(occasion).map_or(0.0, |total| *total as f64);
    match dropout.mechanism {
        _ if !dropout.arms.contains(&content) => 1.0,
        Mechanism::Independent => 1.0,
        Mechanism::Seen => (dropout.slope_seen * (total(occasion - 1) - 35.0)).exp(),
        Mechanism::Unseen => (dropout.slope_unseen * (total(occasion) - 30.0)).exp(),
    }
}

/// Chance of coming to a long-term visit: `long_term_return` over all when about half respond.
fn returning(scenario: &Scenario, responder: bool) -> f64 {
    let share = scenario.dropout.long_term_return.clamp(0.001, 0.999);
    let root = scenario.dropout.long_term_odds_responder.max(0.01).sqrt();
    let odds = share / (1.0 - share) * if responder { root } else { 1.0 / root };
    odds / (1.0 + odds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen_at_last(scenario: &Scenario, content: Content, totals: [i64; 4], people: u64) -> f64 {
        let course = Course { totals: totals.to_vec(), long_term: vec![] };
        let seen = (0..people).filter(|whose| Fate::draw(scenario, 1, *whose, content, &course).seen_at(3)).count();
        seen as f64 / people as f64
    }

    /// Method: share still seen at the last occasion, against outcomes-sim.md §4; 20,000 people.
    #[test]
    fn as_many_stay_as_published() {
        for (id, content, expected) in [
            ("S-M1", Content::Active, 0.917),
            ("S-M1", Content::Placebo, 0.839),
            ("S-M2", Content::Active, 0.981),
            ("S-M2", Content::Placebo, 0.822),
        ] {
            let scenario = Scenario::named(id).unwrap();
            let found = seen_at_last(&scenario, content, [44, 34, 27, 20], 20_000);
            assert!((found - expected).abs() < 0.01, "{id} {content:?}: {found}, expected {expected}");
        }
    }

    #[test]
    fn what_nobody_saw_drives_who_leaves_only_where_the_scenario_says() {
        let scenario = Scenario::named("S-MNAR").unwrap();
        let ill = seen_at_last(&scenario, Content::Active, [44, 40, 42, 45], 4000);
        let well = seen_at_last(&scenario, Content::Active, [44, 25, 15, 5], 4000);
        assert!(ill + 0.1 < well, "{ill} against {well}");
        let ill = seen_at_last(&scenario, Content::Placebo, [44, 40, 42, 45], 4000);
        let well = seen_at_last(&scenario, Content::Placebo, [44, 25, 15, 5], 4000);
        assert!((ill - well).abs() < 1e-9);
    }

    #[test]
    fn responders_come_back_with_twice_the_odds() {
        let scenario = Scenario::named("S-LTFU").unwrap();
        let (yes, no) = (returning(&scenario, true), returning(&scenario, false));
        assert!(((yes / (1.0 - yes)) / (no / (1.0 - no)) - 2.0).abs() < 1e-9);
        assert!(((yes + no) / 2.0 - 0.75).abs() < 0.02);
    }
}
