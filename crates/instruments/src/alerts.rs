//! Safety triggers that several instruments share, with who is told. Words never name an arm or a dose.

use crate::scored::{AlertLevel, Scored};

pub(crate) const CLINICIAN: &str = "clinician";
pub(crate) const CLINICIAN_AND_THERAPISTS: &str = "clinician, therapist pair";
pub(crate) const PHYSICIAN: &str = "physician";
pub(crate) const PHYSICIAN_AND_INVESTIGATOR: &str =
    "site physician, principal investigator; sponsor's medical monitor as the protocol says";
pub(crate) const THERAPIST: &str = "therapist";

/// The triggers of a self-report item on suicidal thoughts, 0 to 3. Adds the decision `suicidal_thoughts`.
pub(crate) fn suicidal_thoughts_item(scored: &mut Scored, answer: Option<i64>) {
    scored.decide(
        "suicidal_thoughts",
        answer.map(|points| points >= 1),
        match answer {
            Some(0) => "item 9 is 0",
            Some(_) => "item 9 is 1 or more",
            None => "item 9 was not answered; that is not a no",
        },
    );
    match answer {
        None => unanswered(scored, "item 9 (suicidal thoughts) was not answered"),
        Some(0) => {}
        Some(1) => {
            scored.alert(AlertLevel::Review, "item 9 (suicidal thoughts) is 1", THERAPIST, "C-SSRS the same day")
        }
        Some(points) => scored.alert(
            AlertLevel::Amber,
            format!("item 9 (suicidal thoughts) is {points}"),
            CLINICIAN_AND_THERAPISTS,
            "clinician paged at once, contact within 1 hour; C-SSRS the same day",
        ),
    }
}

/// A safety question without an answer: asked again, never filled, never carried forward.
pub(crate) fn unanswered(scored: &mut Scored, trigger: impl Into<crate::scored::Words>) {
    scored.alert(AlertLevel::Task, trigger, CLINICIAN, "ask again today: an unanswered safety question is not a no");
}
