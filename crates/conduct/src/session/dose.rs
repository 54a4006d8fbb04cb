//! Allowing the first dose: DESIGN's list "never authorised" as rules, in the order of the bedside checklist.
//!
//! The permission ends with the first of the findings that it stands on. Source: dosing-day.md §3 and §4.

use super::{checks, ground, monitoring, order, presence, release, room::Room};
use crate::{
    case::{Case, Draft},
    command::DosePart,
    entry::Entry,
    finding::{Broken, Finding, Rule},
    participant::{confirmation_in_force, consent_in_force, criterion_finding, interval, no_hold, washout},
    state::{Container, ContainerStanding},
};
use jiff::Timestamp;
use protocol::model::Duty;
use terms::ContainerId;

/// The container in hand.
pub const CONTAINER: Rule = Rule {
    id: "dose.container",
    sentence: "The container in hand is the one released for this part of this session, and out of the safe for it",
    source: "dosing-day.md §4 D4",
    binds: &["authorise_dose", "authorise_supplement"],
    broken: "Deviation dose_wrong_container",
};
/// In date.
pub const IN_DATE: Rule = Rule {
    id: "dose.in_date",
    sentence: "The container is in date, was not called back and not set aside",
    source: "dosing-day.md §4 D2; failures.md F-82",
    binds: &["authorise_dose", "authorise_supplement"],
    broken: "Deviation dose_unauthorised",
};
/// Not carried about.
pub const OPEN_TO_SWALLOW: Rule = Rule {
    id: "dose.open_to_swallow",
    sentence: "No more than the study's minutes lie between the safe and the swallow",
    source: "The study's dose plan; dosing-day.md §4 D5",
    binds: &["authorise_dose"],
    broken: "Deviation dose_unauthorised",
};
/// Once.
pub const ONCE: Rule = Rule {
    id: "dose.once",
    sentence: "Nothing has been swallowed in this session yet",
    source: "DESIGN, never authorised: a dose twice",
    binds: &["authorise_dose"],
    broken: "Deviation dose_twice",
};
/// Two people.
pub const TWO_PEOPLE: Rule = Rule {
    id: "dose.two_people",
    sentence: "Two people have read the label and counted the pieces, each proving who they are",
    source: "dosing-day.md §4 D4 and D6, §13.1",
    binds: &["authorise_dose", "authorise_supplement"],
    broken: "Deviation dose_unwitnessed",
};

/// Those who may see to a swallow.
pub(crate) const AT_BEDSIDE: &[Duty] = &[Duty::Facilitate, Duty::Nurse, Duty::Prescribe];

pub(super) fn ask(room: &Room<'_>, container: &ContainerId) -> Vec<Finding> {
    let (case, participant) = (room.case, room.participant);
    let mut findings = vec![
        order::in_force(room),
        ground::treatment(room),
        consent_in_force(case, participant),
        confirmation_in_force(case, participant),
        ground::reconfirmed(room, case.day),
    ];
    ground::approvals(room, &mut findings);
    findings.extend([ground::site(room), no_hold(case, participant)]);
    washout(case, participant, &mut findings);
    ground::rescue(room, &mut findings);
    let daily = case.study.criteria.iter().filter(|criterion| criterion.gates.contains(&0));
    findings.extend(daily.map(|criterion| criterion_finding(case, participant, criterion)));
    findings.extend([ground::count(room), interval(case, participant, Some(room.number), case.day)]);
    checks::before_the_dose(room, &mut findings);
    findings.extend([ground::suicide_risk(room), monitoring::limits_before_the_dose(room)]);
    presence::in_room(room, &mut findings);
    findings.push(presence::delegations(room));
    findings.extend([in_hand(room, container, DosePart::Initial), in_date(room, container), open_to_swallow(room)]);
    findings.extend([once(room), ground::not_over(room), ground::clock(room)]);
    if let Some(order) = &room.session.order {
        findings.push(order::maximum(room, &order.level));
    }
    findings.push(two_people(room));
    findings
}

pub(super) fn in_stock<'c>(room: &Room<'c>, id: &ContainerId) -> Option<&'c Container> {
    room.case.world.stock.and_then(|stock| stock.containers.get(id))
}

/// The container released for a part of this session.
pub(super) fn released<'c>(room: &Room<'c>, part: DosePart) -> Option<&'c ContainerId> {
    let (initial, supplement, _) = room.session.containers.as_ref()?;
    match part {
        DosePart::Initial => Some(initial),
        DosePart::Supplement => supplement.as_ref(),
    }
}

/// Whether the container in hand is the released one, unopened and out for this session.
pub(super) fn in_hand(room: &Room<'_>, id: &ContainerId, part: DosePart) -> Finding {
    let wanted = released(room, part);
    let label = room.session.order.as_ref().map(|order| &order.level);
    let found = match (wanted, in_stock(room, id)) {
        (None, _) => "no container was released for this".to_owned(),
        (Some(wanted), _) if wanted != id => format!("{id} in hand"),
        (Some(_), None) => format!("{id} is not in this site's stock"),
        (Some(_), Some(container)) if !out_here(room, container) => {
            format!("{id} is {}", release::standing_words(&container.standing))
        }
        (Some(_), Some(container)) if container.set_aside.is_some() => {
            format!("{id} was set aside: {}", container.set_aside.as_deref().unwrap_or_default())
        }
        (Some(_), Some(container)) if container.part != part || Some(&container.level) != label => {
            format!("{id} is labelled {}", container.level)
        }
        (Some(_), Some(_)) => return Finding::holds(&CONTAINER, format!("{id}, as released")),
    };
    let needed =
        wanted.map_or_else(|| "a released container".to_owned(), |wanted| format!("{wanted}, out for this session"));
    Broken::new(&CONTAINER, found, needed, "put it aside, and fetch the container that was released for this session")
        .by(Duty::DispenseDrug)
        .into()
}

fn out_here(room: &Room<'_>, container: &Container) -> bool {
    matches!(&container.standing, ContainerStanding::Out { participant, session, .. }
        if *participant == room.participant.id && *session == room.number)
}

pub(super) fn in_date(room: &Room<'_>, id: &ContainerId) -> Finding {
    let found = match in_stock(room, id) {
        None => format!("{id} is not in this site's stock"),
        Some(container) if container.recalled => format!("{id} was called back by its maker"),
        Some(container) if container.expires < room.case.day => format!("{id} expired on {}", container.expires),
        // Too warm, cracked, found again: somebody judges it before anybody swallows it, wherever it lies.
        Some(Container { set_aside: Some(why), .. }) => format!("{id} was set aside: {why}"),
        Some(container) => {
            let end = room.case.end_of_day_on(container.expires);
            return Finding::holds(&IN_DATE, format!("until {}", container.expires)).until(Some(end));
        }
    };
    Broken::new(&IN_DATE, found, "a container in date", "put it back, and ask for another release")
        .by(Duty::DispenseDrug)
        .into()
}

fn open_to_swallow(room: &Room<'_>) -> Finding {
    let most = room.case.study.dose.open_to_swallow_minutes;
    let needed = format!("at most {most} min from the safe");
    let remedy = "put the containers back into the safe, and release them again";
    let broken = |found: String| Broken::new(&OPEN_TO_SWALLOW, found, needed.clone(), remedy).by(Duty::DispenseDrug);
    let Some((_, _, at)) = &room.session.containers else {
        return broken("nothing was released".to_owned()).into();
    };
    let end = Case::after_minutes(*at, super::room::minutes(most));
    if room.case.at <= end {
        return Finding::holds(&OPEN_TO_SWALLOW, format!("released at {}", room.case.clock(*at))).until(Some(end));
    }
    broken(format!("released {} min ago", Case::minutes_between(*at, room.case.at)))
        .from_source(&room.case.study.dose.source)
        .into()
}

fn once(room: &Room<'_>) -> Finding {
    room.session.swallowed.first().map_or_else(
        || Finding::holds(&ONCE, "nothing"),
        |swallow| {
            let found = format!("swallowed at {}", room.case.clock(swallow.at));
            Broken::new(&ONCE, found, "a session without a dose", "nothing: a dose is never given twice").into()
        },
    )
}

pub(super) fn two_people(room: &Room<'_>) -> Finding {
    match room.case.two_people(AT_BEDSIDE, AT_BEDSIDE) {
        Ok(()) => Finding::holds(&TWO_PEOPLE, "both proved who they are"),
        Err(found) => Broken::new(
            &TWO_PEOPLE,
            found,
            "two people at the bedside, both proved now",
            "the second person proves who they are with their own PIN",
        )
        .by(Duty::Facilitate)
        .into(),
    }
}

/// The first end among the findings that hold: nothing is allowed for longer than what it stands on.
pub(super) fn earliest_end(findings: &[Finding]) -> Option<Timestamp> {
    let ends = findings.iter().filter_map(|finding| match finding {
        Finding::Holds(held) => held.until,
        Finding::Broken(_) => None,
    });
    ends.min()
}

pub(super) fn grant(room: &Room<'_>, container: &ContainerId, draft: &mut Draft) {
    let expires = earliest_end(&ask(room, container)).unwrap_or(room.case.at);
    draft.participant(Entry::DoseAuthorised { session: room.number, container: container.clone(), expires });
}
