//! The rule book: every rule with its id, sentence, source and whom it binds; and the study's own conditions in it.

use crate::{accountability, finding::Rule, participant, session, staffing};
use protocol::model::Study;
use serde::Serialize;
use terms::Source;

/// Every rule, in the order of the study's course.
pub fn all() -> Vec<&'static Rule> {
    let participant = participant::RULES.iter().flat_map(|list| list.iter());
    let others = session::RULES.iter().chain(accountability::RULES).chain(staffing::RULES);
    let mut rules: Vec<&'static Rule> = Vec::new();
    for rule in participant.chain(others) {
        if !rules.iter().any(|known| known.id == rule.id) {
            rules.push(rule);
        }
    }
    rules
}

/// Whether a rule asks for a proof at the moment of the act (a signature, a second person): it can't be cleared before.
pub fn at_the_moment(rule: &str) -> bool {
    // The safe is asked when it is opened; a late supplement's reason is given when it is allowed.
    let asked_then = ["unblinding.reason", "release.stock", "supplement.reason", "lock.open", "lock.reason"];
    rule.ends_with(".signed") || rule.ends_with(".two_people") || asked_then.contains(&rule)
}

/// A line of the rule book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Rule id, with the condition's id behind a stroke where the study sets it: `session.check/pressure`.
    pub id: String,
    /// The sentence.
    pub sentence: String,
    /// Where it comes from.
    pub source: String,
    /// What it stands in the way of.
    pub binds: Vec<&'static str>,
    /// What follows when the world breaks it all the same.
    pub broken: &'static str,
}

/// The rule book as a study sets it: each rule, and below it the study's own conditions.
pub fn book(study: &Study) -> Vec<Line> {
    let mut lines = Vec::new();
    for rule in all() {
        lines.push(Line {
            id: rule.id.to_owned(),
            sentence: rule.sentence.to_owned(),
            source: rule.source.to_owned(),
            binds: rule.binds.to_vec(),
            broken: rule.broken,
        });
        let mut under = |id: &str, sentence: &str, source: &Source| {
            lines.push(Line {
                id: format!("{}/{id}", rule.id),
                sentence: sentence.to_owned(),
                source: source.to_string(),
                binds: rule.binds.to_vec(),
                broken: rule.broken,
            });
        };
        match rule.id {
            "eligibility.criterion" => {
                for criterion in &study.criteria {
                    under(criterion.id.as_str(), &criterion.text, &criterion.source);
                }
            }
            "session.check" => {
                for check in &study.session.checks {
                    under(check.id.as_str(), &check.sentence, &check.source);
                }
            }
            "session.discharge" => {
                for check in &study.session.discharge.criteria {
                    under(check.id.as_str(), &check.sentence, &check.source);
                }
            }
            _ => {}
        }
    }
    lines
}
