//! Days: windows, anchors, order, and the primary endpoint's window.

use super::Checker;
use crate::model::{Anchor, Visit, VisitKind};

pub fn check(checker: &Checker<'_>) {
    let circular = anchors(checker);
    order_circles(checker);
    for visit in &checker.parts.visits {
        window(checker, visit);
    }
    // Sums along anchors make no sense while they run in a circle.
    if !circular {
        orders(checker);
        primary(checker);
    }
}

fn find<'a>(checker: &Checker<'a>, id: &str) -> Option<&'a Visit> {
    checker.parts.visits.iter().find(|visit| visit.id == *id)
}

fn window(checker: &Checker<'_>, visit: &Visit) {
    let path = format!("visit/{}", visit.id);
    let window = visit.window;
    if window.closes < window.opens {
        let mend = if window.opens > 0 && -window.opens <= window.closes {
            format!("did you mean `opens = -{}`? days count from the anchor's own date", window.opens)
        } else {
            "exchange them, or correct one; days count from the anchor's own date".to_owned()
        };
        checker.note(
            checker
                .mistake(
                    "study.window",
                    &format!("{path}/window/closes"),
                    "the window closes before it opens",
                    format!("day {} is before day {}", window.closes, window.opens),
                )
                .mend(mend),
        );
    } else if visit.target_days < window.opens || visit.target_days > window.closes {
        checker.note(
            checker
                .mistake(
                    "study.target",
                    &format!("{path}/target_days"),
                    format!("the target of `{}` lies outside its window", visit.id),
                    format!("not within {} to {}", window.opens, window.closes),
                )
                .note(&checker.place(&format!("{path}/window")), "the window")
                .mend("move the target, or widen the window"),
        );
    }
    if let Some(Anchor::Visit(anchor)) = &visit.anchor
        && window.closes < 0
        && window.closes >= window.opens
    {
        checker.note(
            checker
                .mistake(
                    "study.window-past",
                    &format!("{path}/window"),
                    format!("`{}` would be over before `{anchor}`, from which it is counted", visit.id),
                    "all days are before the anchor",
                )
                .mend("count from an earlier visit, or from days after it"),
        );
    }
}

/// Anchors that exist, are held once, and don't run in a circle. Answers whether one does.
fn anchors(checker: &Checker<'_>) -> bool {
    let mut circular = false;
    let mut reported: Vec<&str> = Vec::new();
    for visit in &checker.parts.visits {
        let Some(Anchor::Visit(anchor)) = &visit.anchor else { continue };
        let path = format!("visit/{}/anchor", visit.id);
        if !checker.named("visit").contains(anchor.as_str()) {
            unknown_anchor(checker, anchor.as_str(), &path);
            continue;
        }
        let Some(at) = find(checker, anchor.as_str()) else { continue };
        if at.kind == VisitKind::Unscheduled || at.repeats_every_days.is_some() {
            let message = format!("`{}` is counted from `{anchor}`, which may be held several times", visit.id);
            checker.note(
                checker
                    .mistake("study.anchor", &path, message, "from which of them?")
                    .mend("count from a visit that is held once"),
            );
        }
        if let Some(chain) = circle(checker, visit)
            && !reported.contains(&visit.id.as_str())
        {
            circular = true;
            let message = format!("the anchors run in a circle: {}", chain.join(" → "));
            checker.note(
                checker
                    .mistake("study.anchor-cycle", &path, message, "no day can be computed")
                    .mend("count one of them from another day"),
            );
            reported.extend(chain);
        }
    }
    circular
}

fn unknown_anchor(checker: &Checker<'_>, anchor: &str, path: &str) {
    let acts = ["consent", "enrolment", "taper", "confirmation", "stop"];
    let visits = checker.named("visit");
    let all = acts.into_iter().chain(visits.iter().map(String::as_str));
    let mend = match crate::spelling::nearest(anchor, all) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("name a visit, or one of {}", acts.join(", ")),
    };
    let message = format!("there is no visit `{anchor}` to count from");
    checker.note(checker.mistake("study.anchor", path, message, "no such visit").mend(mend));
}

/// The circle that a visit's anchors run in, if they do and it is part of it.
fn circle<'a>(checker: &Checker<'a>, start: &'a Visit) -> Option<Vec<&'a str>> {
    let mut chain = vec![start.id.as_str()];
    let mut at = start;
    while let Some(Anchor::Visit(anchor)) = &at.anchor {
        if *anchor == start.id {
            chain.push(start.id.as_str());
            return Some(chain);
        }
        if chain.contains(&anchor.as_str()) {
            return None;
        }
        chain.push(anchor.as_str());
        at = find(checker, anchor.as_str())?;
    }
    None
}

/// Visits that must come before others: known, and not in a circle.
fn order_circles(checker: &Checker<'_>) {
    let mut reported: Vec<&str> = Vec::new();
    for visit in &checker.parts.visits {
        for before in &visit.after {
            let place = format!("visit/{}/after/{before}", visit.id);
            if !checker.known("study.unknown-visit", "visit", "visit", before.as_str(), &place) {
                continue;
            }
            let mut stack = vec![before.as_str()];
            let mut seen: Vec<&str> = Vec::new();
            let mut circular = false;
            while let Some(id) = stack.pop() {
                circular |= visit.id == *id;
                if seen.contains(&id) {
                    continue;
                }
                seen.push(id);
                let earlier = find(checker, id).map(|visit| visit.after.as_slice()).unwrap_or_default();
                stack.extend(earlier.iter().map(terms::VisitId::as_str));
            }
            if circular && !reported.contains(&visit.id.as_str()) {
                // The others of the circle wait for this one too: once is enough.
                reported.extend(seen);
                let message = format!("`{}` must come after itself", visit.id);
                checker.note(
                    checker
                        .mistake("study.order-cycle", &place, message, format!("`{before}` waits for it as well"))
                        .mend("take one of the two out of `after`"),
                );
            }
        }
    }
}

/// A visit's first and last possible day, counted from itself and from each of the visits that it is anchored on, the
/// nearest first.
fn reach<'a>(checker: &Checker<'a>, visit: &'a Visit) -> Vec<(&'a str, Days)> {
    let mut reach = vec![(visit.id.as_str(), (0, 0))];
    let (mut opens, mut closes, mut at) = (0_i32, 0_i32, visit);
    for _ in 0..checker.parts.visits.len() {
        opens = opens.saturating_add(at.window.opens);
        closes = closes.saturating_add(at.window.closes);
        let Some(Anchor::Visit(anchor)) = &at.anchor else { break };
        reach.push((anchor.as_str(), (opens, closes)));
        let Some(next) = find(checker, anchor.as_str()) else { break };
        at = next;
    }
    reach
}

/// First and last day.
type Days = (i32, i32);

/// The nearest visit that both are counted from, and the days of each from it.
fn common<'a>(own: &[(&'a str, Days)], theirs: &[(&'a str, Days)]) -> Option<(&'a str, Days, Days)> {
    own.iter().find_map(|(anchor, days)| {
        let (_, other) = theirs.iter().find(|(name, _)| name == anchor)?;
        Some((*anchor, *days, *other))
    })
}

/// Whether a visit's window leaves room after each that must come before it.
fn orders(checker: &Checker<'_>) {
    for visit in &checker.parts.visits {
        let own = reach(checker, visit);
        for before in &visit.after {
            let Some(earlier) = find(checker, before.as_str()) else { continue };
            let theirs = reach(checker, earlier);
            let Some((anchor, (_, closes), (opens, _))) = common(&own, &theirs) else { continue };
            if closes < opens {
                checker.note(
                    checker
                        .mistake(
                            "study.order",
                            &format!("visit/{}/window", visit.id),
                            format!("`{}` must come after `{before}`, but its window closes first", visit.id),
                            format!("closes on day {closes} from `{anchor}`; `{before}` opens on day {opens}"),
                        )
                        .note(&checker.place(&format!("visit/{before}/window")), format!("the window of `{before}`"))
                        .mend("move one of the windows, or take the visit out of `after`"),
                );
            }
        }
    }
}

/// No therapy may fall into the window of the primary endpoint.
fn primary(checker: &Checker<'_>) {
    let Some(primary) = checker.parts.analysis.as_ref().and_then(|analysis| analysis.primary.as_ref()) else { return };
    let Some(visit) = find(checker, primary.visit.as_str()) else { return };
    let own = reach(checker, visit);
    for therapy in checker.parts.visits.iter().filter(|other| other.therapy && other.id != visit.id) {
        let theirs = reach(checker, therapy);
        let Some((_, (opens, closes), (first, last))) = common(&own, &theirs) else { continue };
        if first <= closes && opens <= last {
            checker.note(
                checker
                    .mistake(
                        "study.primary-overlap",
                        &format!("visit/{}/window", visit.id),
                        format!("therapy at `{}` may fall into the window of the primary endpoint", therapy.id),
                        format!("days {opens} to {closes}"),
                    )
                    .note(&checker.place(&format!("visit/{}/window", therapy.id)), format!("days {first} to {last}"))
                    .mend("open the primary window later, or close the therapy's earlier"),
            );
        }
    }
}
