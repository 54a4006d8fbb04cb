//! The dose plan: levels and caps, sessions and their visits, intervals, the supplement.

use super::Checker;
use crate::model::{Anchor, DoseLevel, DosePlan, DoseSession, VisitKind};
use terms::{Decimal, Milligrams};

pub fn check(checker: &Checker<'_>) {
    let Some(plan) = &checker.parts.dose else { return };
    for level in &plan.levels {
        cap(checker, plan, level);
    }
    sessions(checker, plan);
    intervals(checker, plan);
    supplement(checker, plan);
}

fn cap(checker: &Checker<'_>, plan: &DosePlan, level: &DoseLevel) {
    let path = format!("dose/level/{}", level.id);
    let total = level.initial_mg.plus(level.supplement_mg);
    if total > plan.session_max_mg {
        checker.note(
            checker
                .mistake(
                    "study.dose-cap",
                    &format!("{path}/initial_mg"),
                    format!("level `{}` gives more than a session may", level.id),
                    format!("{} and {} make {total}", level.initial_mg, level.supplement_mg),
                )
                .note(&checker.place("dose/session_max_mg"), format!("at most {}", plan.session_max_mg))
                .mend("lower the dose; raise the cap only with the protocol behind it"),
        );
    }
    if level.supplement_mg > level.initial_mg {
        checker.note(
            checker
                .mistake(
                    "study.supplement-size",
                    &format!("{path}/supplement_mg"),
                    format!("the supplement of level `{}` is larger than its first dose", level.id),
                    format!("more than {}", level.initial_mg),
                )
                .mend("were the two exchanged?"),
        );
    } else if level.supplement_mg != Milligrams::ZERO && !is_half(level) {
        checker.note(
            checker
                .mistake(
                    "study.supplement-half",
                    &format!("{path}/supplement_mg"),
                    format!("the supplement of level `{}` is not half of its first dose", level.id),
                    format!("half of {} would be usual", level.initial_mg),
                )
                .warning()
                .mend("leave it if the protocol says so: some studies give 120 and 40 mg"),
        );
    }
    if level.initial_mg <= Milligrams::ZERO || level.supplement_mg < Milligrams::ZERO {
        let message = format!("level `{}` gives nothing", level.id);
        let place = format!("{path}/initial_mg");
        checker.note(checker.mistake("study.dose-zero", &place, message, "not a dose").mend("write the milligrams"));
    }
    let pieces = [
        (level.initial_mg, level.initial_pieces, "initial_pieces"),
        (level.supplement_mg, level.supplement_pieces, "supplement_pieces"),
    ];
    for (mg, count, key) in pieces {
        if (mg > Milligrams::ZERO) != (count > 0) {
            let message = format!("{mg} in {count} pieces can't be counted");
            checker.note(
                checker
                    .mistake("study.pieces", &format!("{path}/{key}"), message, "doesn't go with the dose")
                    .mend("write how many capsules the container holds; 0 only where there is no dose"),
            );
        }
    }
}

fn is_half(level: &DoseLevel) -> bool {
    let twice = level.supplement_mg.amount().plus(level.supplement_mg.amount());
    twice == level.initial_mg.amount()
}

fn sessions(checker: &Checker<'_>, plan: &DosePlan) {
    let parts = checker.parts;
    let dosing: Vec<_> = parts.visits.iter().filter(|visit| visit.kind == VisitKind::Dosing).collect();
    for (position, session) in plan.sessions.iter().enumerate() {
        let path = format!("dose/session/{}", session.number);
        if usize::from(session.number) != position + 1 {
            let message = format!("session {} stands where session {} should", session.number, position + 1);
            let place = format!("{path}/number");
            checker.note(
                checker.mistake("study.session-number", &place, message, "out of order").mend("number them 1, 2, 3 …"),
            );
        }
        visit_of(checker, session, &path);
        for level in &session.levels {
            let place = format!("{path}/levels/{level}");
            checker.known("study.unknown-level", "dose/level", "dose level", level.as_str(), &place);
        }
        if !session.levels.contains(&session.level_default) {
            let message =
                format!("the usual level of session {} is not among those that may be ordered", session.number);
            let mend = match session.levels.first() {
                Some(first) => format!("did you mean `{first}`?"),
                None => "name the levels of the session".to_owned(),
            };
            let place = format!("{path}/level_default");
            checker.note(checker.mistake("study.level-default", &place, message, "not in `levels`").mend(mend));
        }
    }
    if plan.sessions.len() > dosing.len() && !parts.visits.is_empty() {
        let message =
            format!("{} sessions are planned, but there are {} dosing visits", plan.sessions.len(), dosing.len());
        checker.note(
            checker
                .mistake("study.session-count", "dose/session", message, "more than visits")
                .mend("add a visit, or take a session out"),
        );
    }
    for visit in dosing {
        if !plan.sessions.iter().any(|session| session.visit == visit.id) {
            let message = format!("nothing says what may be given at `{}`", visit.id);
            let path = format!("visit/{}", visit.id);
            checker.note(
                checker
                    .mistake("study.session-count", &path, message, "a dosing visit without a session in the dose plan")
                    .mend("add a `[[dose.session]]` for it, or take the visit out"),
            );
        }
    }
    for level in &plan.levels {
        if !plan.sessions.iter().any(|session| session.levels.contains(&level.id)) && !plan.sessions.is_empty() {
            let message = format!("level `{}` can be ordered at no session", level.id);
            let path = format!("dose/level/{}", level.id);
            checker.note(
                checker
                    .mistake("study.level-unused", &path, message, "in no session's `levels`")
                    .warning()
                    .mend("add it to a session, or take it out"),
            );
        }
    }
}

/// A session's visit: known, a dosing visit, and of the same number.
fn visit_of(checker: &Checker<'_>, session: &DoseSession, path: &str) {
    if checker.known("study.unknown-visit", "visit", "visit", session.visit.as_str(), &format!("{path}/visit"))
        && let Some(visit) = checker.parts.visits.iter().find(|visit| visit.id == session.visit)
    {
        if visit.kind != VisitKind::Dosing {
            let message = format!("session {} is held at `{}`, which is no dosing visit", session.number, visit.id);
            let place = format!("{path}/visit");
            checker.note(
                checker
                    .mistake("study.session-visit", &place, message, "not a dosing visit")
                    .mend("name a visit of kind `dosing`"),
            );
        } else if visit.session.is_some_and(|number| number != session.number) {
            let message = format!("`{}` says that it is another session than {}", visit.id, session.number);
            checker.note(
                checker
                    .mistake("study.session-visit", &format!("{path}/visit"), message, "they differ")
                    .note(&checker.place(&format!("visit/{}/session", visit.id)), "the visit's session")
                    .mend("give both the same number"),
            );
        }
    }
}

fn intervals(checker: &Checker<'_>, plan: &DosePlan) {
    let (least, most, again) = (plan.interval_days_min, plan.interval_days_max, plan.reconfirm_after_days);
    if least > most || most > again {
        let (path, label) = if least > most {
            ("dose/interval_days_max", format!("below the least, {least}"))
        } else {
            ("dose/reconfirm_after_days", format!("below the most, {most}"))
        };
        let message = "the days between sessions contradict each other";
        checker.note(
            checker
                .mistake("study.interval-order", path, message, label)
                .mend("least ≤ most ≤ days after which eligibility is confirmed again"),
        );
    }
    for visit in checker.parts.visits.iter().filter(|visit| visit.kind == VisitKind::Dosing) {
        let Some(Anchor::Visit(anchor)) = &visit.anchor else { continue };
        let from_dosing =
            checker.parts.visits.iter().any(|known| known.id == *anchor && known.kind == VisitKind::Dosing);
        if !from_dosing {
            continue;
        }
        let path = format!("visit/{}/window", visit.id);
        if i64::from(visit.window.opens) < i64::from(least) {
            checker.note(
                checker
                    .mistake(
                        "study.interval",
                        &format!("{path}/opens"),
                        format!("the window of `{}` opens before the next dose may be given", visit.id),
                        format!("day {} is before day {least}", visit.window.opens),
                    )
                    .note(&checker.place("dose/interval_days_min"), "least days between two sessions")
                    .mend(format!("open the window on day {least} or later")),
            );
        }
        if i64::from(visit.window.closes) > i64::from(most) {
            checker.note(
                checker
                    .mistake(
                        "study.interval",
                        &format!("{path}/closes"),
                        format!("a visit within the window of `{}` may still be a deviation", visit.id),
                        format!("day {} is after day {most}", visit.window.closes),
                    )
                    .note(&checker.place("dose/interval_days_max"), "most days between two sessions")
                    .warning()
                    .mend(format!("close the window on day {most}")),
            );
        }
    }
}

fn supplement(checker: &Checker<'_>, plan: &DosePlan) {
    let given = plan.levels.iter().any(|level| level.supplement_mg > Milligrams::new(Decimal::ZERO));
    let Some(supplement) = &plan.supplement else {
        if given && checker.notebook.place("dose/supplement").is_none() {
            checker.note(
                checker
                    .mistake(
                        "study.supplement-plan",
                        "dose/level",
                        "a level has a supplement, but nothing says when it may be given",
                        "no `[dose.supplement]`",
                    )
                    .mend("add `[dose.supplement]` with its window, or write `supplement_mg = 0`"),
            );
        }
        return;
    };
    let path = "dose/supplement";
    if !given && !plan.levels.is_empty() {
        checker.note(
            checker
                .mistake(
                    "study.supplement-plan",
                    path,
                    "there is a window for a supplement that no level has",
                    "nothing to give",
                )
                .warning()
                .mend("take `[dose.supplement]` out, or give a level its `supplement_mg`"),
        );
    }
    if supplement.closes_minutes < supplement.opens_minutes {
        checker.note(
            checker
                .mistake(
                    "study.supplement-window",
                    &format!("{path}/closes_minutes"),
                    "the supplement's window closes before it opens",
                    format!("minute {} is before minute {}", supplement.closes_minutes, supplement.opens_minutes),
                )
                .mend("exchange the two"),
        );
        return;
    }
    if let Some(reason) = supplement.reason_after_minutes
        && !(supplement.opens_minutes..=supplement.closes_minutes).contains(&reason)
    {
        checker.note(
            checker
                .mistake(
                    "study.supplement-window",
                    &format!("{path}/reason_after_minutes"),
                    "a reason would be asked for outside the window",
                    "not within it",
                )
                .mend("name a minute within the window, or leave it out"),
        );
    }
    vitals_before(checker, supplement.opens_minutes, supplement.vitals_fresh_minutes);
}

/// The reading that the supplement looks at must exist, come before the window closes and still be fresh as it opens.
fn vitals_before(checker: &Checker<'_>, opens: u32, fresh: u32) {
    let path = "dose/supplement/vitals_fresh_minutes";
    if fresh == 0 {
        let message = "no reading is ever fresh enough for the supplement";
        checker.note(
            checker.mistake("study.fresh-zero", path, message, "0 minutes").mend("write how old it may be, such as 10"),
        );
        return;
    }
    let Some(session) = &checker.parts.session else { return };
    let mut slots = session.vitals.iter().filter(|slot| slot.before_supplement).peekable();
    if slots.peek().is_none() {
        let message = "the supplement waits for a reading that no vitals slot takes";
        checker.note(
            checker
                .mistake("study.supplement-vitals", path, message, "no slot has `before_supplement`")
                .mend("mark the slot before the window with `before_supplement = true`"),
        );
    }
    for slot in slots {
        let oldest = i64::from(opens) - i64::from(slot.offset_minutes);
        if oldest > i64::from(fresh) {
            checker.note(
                checker
                    .mistake(
                        "study.supplement-vitals",
                        &format!("session/vitals/{}/offset_minutes", slot.id),
                        format!("the reading `{}` is too old when the supplement's window opens", slot.id),
                        format!("{oldest} minutes before it; good for {fresh}"),
                    )
                    .note(&checker.place(path), "how old it may be")
                    .mend("take the reading later, or let it be older"),
            );
        }
    }
}
