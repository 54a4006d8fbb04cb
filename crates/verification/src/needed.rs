//! Every interlock is needed: each rule switched off once, and the harm that then happens.
//!
//! A rule whose absence nothing notices would be a defect of the checks. Where two rules guard one harm on purpose, the rule is switched off
//! together with its declared partner; where no world can reach a rule, a property test does, and is named here.

use crate::{
    prove::{Found, found, prove_worlds},
    search::{self, Bounds, World},
    stage::{Stage, Why},
    state::Off,
    worlds,
};
use protocol::model::{Assignment, Study, Trigger};
use serde::Serialize;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Two rules that guard one harm on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Partners {
    /// The rule.
    pub rule: &'static str,
    /// What stands beside it.
    pub with: &'static [&'static str],
    /// Why there are two.
    pub why: &'static str,
}

/// Rules with a partner.
pub const PARTNERS: &[Partners] = &[
    Partners {
        rule: "medication.washout",
        with: &["eligibility.criterion"],
        why: "a study may ask for the washout as a criterion as well; the rule asks medicine by medicine and says which",
    },
    Partners {
        rule: "session.check_form",
        with: &["session.check", "eligibility.criterion"],
        why: "a check that is read from a form is unknown without it; the rule says that the form itself is missing or old",
    },
    Partners {
        rule: "dose.once",
        with: &["dose.container"],
        why: "a container that was emptied is no longer the one in hand",
    },
    Partners {
        rule: "dose.in_date",
        with: &["dose.container"],
        why: "a container that was set aside is no longer the one in hand; the rule says why, and looks at the date too",
    },
    Partners {
        rule: "supplement.once",
        with: &["dose.container"],
        why: "a container that was emptied is no longer the one in hand",
    },
    Partners {
        rule: "session.carers",
        with: &["session.delegation"],
        why: "a carer who is not in the room does not outlast the session either",
    },
    Partners {
        rule: "session.licensed",
        with: &["session.carers", "session.lead", "session.delegation", "staff.certificate"],
        why: "a study may ask for the licence of a role as well; the rule counts licences, whoever holds them",
    },
    Partners {
        rule: "discharge.earliest",
        with: &["session.discharge"],
        why: "a study may ask for the time as a criterion of leaving as well",
    },
];

/// A rule that no world reaches, with the test that does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Declared {
    /// The rule.
    pub rule: &'static str,
    /// The test, as `file::name`.
    pub test: &'static str,
    /// Why no world reaches it.
    pub why: &'static str,
}

/// Rules with a property test of their own.
pub const DECLARED: &[Declared] = &[Declared {
    rule: "supplement.planned",
    test: "crates/conduct/tests/session_rules.rs::supplement_after_other_doses",
    why: "what was not ordered was not released either: window and container say no before it",
}];

/// The property test that is declared for a rule.
pub fn declared(rule: &str) -> Option<&'static Declared> {
    DECLARED.iter().find(|declared| declared.rule == rule)
}

/// Whether a study has nothing that a rule asks about: no approvals, no supplement, no second session, no list.
pub fn not_in(study: &Study, rule: &str) -> bool {
    let randomised = matches!(study.design.assignment, Assignment::Randomised { .. });
    let supplement = study.dose.supplement.as_ref();
    match rule {
        "session.approval" => study.approvals.is_empty(),
        "session.nurse" => study.session.presence.nurses_min == 0,
        "delegation.certificate" | "staff.certificate" => study.certificates.is_empty(),
        "session.licensed" => study.licensed_min() == 0,
        "session.related" => study.relations.is_empty() || study.session.presence.related_alone,
        "supplement.reason" => supplement.is_none_or(|plan| plan.reason_after_minutes.is_none()),
        "randomisation.draw" | "randomisation.list" | "unblinding.reason" => !randomised,
        "dose.interval" | "order.sequence" | "session.reconfirmed" => study.dose.sessions.len() < 2,
        "session.rescue_medicine" | "medication.washout" => study.medication.classes.is_empty(),
        "eligibility.rescreen" => study.gates.is_empty(),
        _ if rule.starts_with("supplement.") || rule == "close.supplement" => supplement.is_none(),
        _ if rule.starts_with("rating.") => !study
            .visits
            .iter()
            .any(|visit| !conduct::participant::rating_forms_of(study, visit.id.as_str()).is_empty()),
        _ => false,
    }
}

/// Whether a study has no such act.
pub fn act_not_in(study: &Study, act: &str) -> bool {
    match act {
        "authorise_supplement" => study.dose.supplement.is_none(),
        "break_code" | "load_allocation" => !matches!(study.design.assignment, Assignment::Randomised { .. }),
        "request_rating" | "take_rating" => not_in(study, "rating.visit"),
        "move_version" => study.amendment.is_some(),
        _ => false,
    }
}

/// What is switched off for a rule: itself, and its partners.
pub fn off_for(rule: &str) -> Off {
    let base = rule.split('/').next().unwrap_or(rule);
    let partners = PARTNERS.iter().find(|partners| partners.rule == base).map_or(&[][..], |partners| partners.with);
    let mut off = Off::rules(&[rule]);
    off.rules.extend(partners.iter().map(|partner| (*partner).to_owned()));
    off.ignored = partners.iter().map(|partner| (*partner).to_owned()).collect();
    off
}

/// Answers to facts that can be switched off: `answer.dose_twice`, or `answer.hold` for holds.
pub fn off_for_answer(id: &str) -> Option<Off> {
    let word = id.strip_prefix("answer.")?;
    if word == "hold" {
        return Some(Off { holds: true, ..Off::default() });
    }
    let trigger: Trigger = serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()?;
    Some(Off { answers: vec![trigger], ..Off::default() })
}

/// What came of one rule's absence.
#[derive(Debug, Clone, Serialize)]
pub struct Knocked {
    /// The rule or answer.
    pub rule: String,
    /// Switched off with it.
    pub with: Vec<String>,
    /// The harm, if one was found.
    pub harm: Option<Found>,
    /// The property test that notices it instead.
    pub test: Option<&'static str>,
    /// The study has nothing that the rule asks about.
    pub not_in_study: bool,
}

impl Knocked {
    /// Whether its absence is noticed.
    pub const fn noticed(&self) -> bool {
        self.harm.is_some() || self.test.is_some() || self.not_in_study
    }
}

/// Ids of everything that can be switched off: every rule, and every answer that the worlds come across.
pub fn all(coverage: &search::Coverage) -> Vec<String> {
    let rules = conduct::rules::all().into_iter().map(|rule| rule.id.to_owned());
    let answers = coverage.answers.keys().map(|word| format!("answer.{word}"));
    rules.chain(answers).collect()
}

/// Switches one rule (with its partners) or one answer off, and looks for the harm.
///
/// # Errors
/// When the stage can't be set up, or there is no such rule.
pub fn without(study: &Arc<Study>, amended: Option<Arc<Study>>, id: &str, bounds: Bounds) -> Result<Knocked, Why> {
    let base = id.split('/').next().unwrap_or(id);
    let known = conduct::rules::all().iter().any(|rule| rule.id == base);
    let off = if known { Some(off_for(id)) } else { off_for_answer(id) };
    let Some(off) = off else {
        return Err(format!(
            "there is no rule \"{id}\"; `lifejacket rules` prints them, `answer.…` names an answer to a fact"
        ));
    };
    let names: Vec<&str> = worlds::ALL.iter().map(|(name, _)| *name).collect();
    let proof = prove_worlds(study, amended, &names, bounds, &off, &|_, _| ())?;
    let with = off.rules.iter().filter(|rule| *rule != id).cloned().collect();
    let test = declared(base).map(|declared| declared.test);
    Ok(Knocked { rule: id.to_owned(), with, harm: proof.harm, test, not_in_study: known && not_in(study, base) })
}

/// The same for every one of these, each only in the worlds where it was seen to matter. One exploration runs on one thread; so many
/// run at once.
///
/// # Errors
/// When the stage can't be set up.
pub fn each(
    study: &Arc<Study>,
    amended: Option<&Arc<Study>>,
    bounds: Bounds,
    heard: &(dyn Fn(&Knocked) + Sync),
) -> Result<Vec<Knocked>, Why> {
    let alone = Bounds { threads: 1, ..bounds };
    let stage = Stage::new(Arc::clone(study), amended.cloned(), Off::nothing())?;
    let worlds: Vec<World> = worlds::ALL.iter().filter_map(|(_, make)| make(&stage).ok()).collect();
    let seen = spread(&worlds, bounds.threads, |world| search::explore(world, alone, &|_| ()).coverage);
    let mut coverage = search::Coverage::default();
    seen.iter().for_each(|seen| coverage.add(seen));
    let places: Vec<(&World, &search::Coverage)> = worlds.iter().zip(&seen).collect();
    Ok(spread(&all(&coverage), bounds.threads, |id| {
        let knocked = knocked(&stage, &places, id, alone);
        heard(&knocked);
        knocked
    }))
}

/// One rule or answer switched off, in the worlds where it was seen to matter, those first where it stood alone in the way most often.
fn knocked(stage: &Stage, places: &[(&World, &search::Coverage)], id: &str, bounds: Bounds) -> Knocked {
    let word = id.strip_prefix("answer.");
    let off = word.map_or_else(|| Some(off_for(id)), |_| off_for_answer(id)).unwrap_or_default();
    let weight = |seen: &search::Coverage| match word {
        Some(word) => seen.answers.get(word).copied().unwrap_or_default(),
        None => {
            let reached = off.rules.iter().filter_map(|rule| seen.rules.get(rule));
            reached.map(|reached| reached.broken + 1_000_000 * reached.alone).sum()
        }
    };
    let mut order: Vec<(&World, u64)> = places.iter().map(|(world, seen)| (*world, weight(seen))).collect();
    order.retain(|(_, weight)| *weight > 0);
    order.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    let harm = order.into_iter().find_map(|(world, _)| {
        let mut without = world.clone();
        without.setting.off = off.clone();
        search::explore(&without, bounds, &|_| ()).harm.map(|way| found(stage, &without, &way))
    });
    let with = off.rules.iter().filter(|rule| *rule != id).cloned().collect();
    let test = declared(id).map(|declared| declared.test);
    let not_in_study = word.is_none() && not_in(&stage.study, id);
    Knocked { rule: id.to_owned(), with, harm, test, not_in_study }
}

/// Does a piece of work for each of these, so many at once; the answers come in the order of what was asked.
fn spread<T: Sync, R: Send>(all: &[T], threads: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let (next, work) = (&next, &work);
        let one = move || {
            let mut mine = Vec::new();
            loop {
                let place = next.fetch_add(1, Ordering::Relaxed);
                let Some(asked) = all.get(place) else { return mine };
                mine.push((place, work(asked)));
            }
        };
        let others: Vec<_> = (1..threads.max(1)).map(|_| scope.spawn(one)).collect();
        let mine = one();
        others.into_iter().filter_map(|thread| thread.join().ok()).fold(mine, |mut all, theirs| {
            all.extend(theirs);
            all
        })
    });
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, answer)| answer).collect()
}
