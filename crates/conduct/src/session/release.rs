//! Out of the safe: two people take the session's containers, which the sealed service names.
//!
//! A stock-out is answered in the same words whatever lies in the safe, so that it tells nobody the arm.
//! Source: dosing-day.md §4 D2–D4; DESIGN, settled points 5 and 8.

use super::{ground, order, room::Room};
use crate::{
    case::Draft,
    command::DosePart,
    context::Picked,
    entry::Entry,
    finding::{Broken, Finding, Rule},
    participant::{confirmation_in_force, consent_in_force, no_hold},
    state::{Container, ContainerStanding, VisitStanding},
};
use protocol::model::Duty;
use terms::ContainerId;

/// Two people at the safe.
pub const TWO_PEOPLE: Rule = Rule {
    id: "release.two_people",
    sentence: "Two people open the safe: one who hands out and one who witnesses, each proving who they are",
    source: "dosing-day.md §4 D3 and §13.1",
    binds: &["release_containers"],
    broken: "The act is refused",
};
/// The day of the session.
pub const DAY: Rule = Rule {
    id: "release.day",
    sentence: "Today is the day of the session",
    source: "dosing-day.md §4: released on the day, returned the same day",
    binds: &["release_containers"],
    broken: "The act is refused",
};
/// A container is ready.
pub const STOCK: Rule = Rule {
    id: "release.stock",
    sentence: "The site's stock has the containers for this session",
    source: "DESIGN, settled point 5: the sealed service answers with numbers alone",
    binds: &["release_containers"],
    broken: "The act is refused, in the same words whatever lies in the safe",
};
/// Each container is fit for use.
pub const CONTAINER: Rule = Rule {
    id: "release.container",
    sentence: "Each container lies in this site's safe, may be used, is in date, and has the ordered level on its label",
    source: "dosing-day.md §4 D2",
    binds: &["release_containers"],
    broken: "Deviation dose_wrong_container when it is swallowed all the same",
};
/// Not twice.
pub const ONCE: Rule = Rule {
    id: "release.once",
    sentence: "No container is out for this session already",
    source: "DESIGN, never authorised: a container released twice",
    binds: &["release_containers"],
    broken: "The act is refused",
};

pub(super) fn ask(room: &Room<'_>) -> Vec<Finding> {
    let (case, participant) = (room.case, room.participant);
    let mut findings = vec![
        order::in_force(room),
        ground::treatment(room),
        consent_in_force(case, participant),
        confirmation_in_force(case, participant),
    ];
    ground::approvals(room, &mut findings);
    findings.extend([
        ground::site(room),
        no_hold(case, participant),
        ground::not_over(room),
        ground::clock(room),
        day(room),
        once(room),
    ]);
    match &case.context.picked {
        Some(Picked::Containers { initial, supplement }) => {
            findings.push(Finding::holds(&STOCK, "ready"));
            picked(room, initial, supplement.as_ref(), &mut findings);
        }
        Some(Picked::None) => findings.push(out_of_stock("no containers are ready for this session")),
        None => findings.push(out_of_stock("the safe has not been asked yet")),
    }
    findings.push(two_people(room));
    findings
}

fn out_of_stock(found: &str) -> Finding {
    Broken::new(
        &STOCK,
        found,
        "the session's containers, ready at this site",
        "tell the sponsor's supply; they know what to send",
    )
    .by(Duty::DispenseDrug)
    .into()
}

fn day(room: &Room<'_>) -> Finding {
    let record = room.participant.visits.get(&room.plan.visit);
    let held = record
        .filter(|record| matches!(record.standing, VisitStanding::Attended | VisitStanding::Completed))
        .and_then(|record| record.day);
    let planned = held.or_else(|| record.and_then(|record| record.booking).map(|booking| booking.day));
    match planned {
        Some(day) if day == room.case.day => Finding::holds(&DAY, format!("{} is today", room.plan.visit)),
        planned => Broken::new(
            &DAY,
            planned.map_or_else(
                || format!("{} is not booked", room.plan.visit),
                |day| format!("{} is on {day}", room.plan.visit),
            ),
            format!("{} today, {}", room.plan.visit, room.case.day),
            "book the session for today, or record that the participant has come",
        )
        .by(Duty::Coordinate)
        .into(),
    }
}

fn once(room: &Room<'_>) -> Finding {
    let out = out_for(room).map(|(id, _)| id.as_str()).collect::<Vec<_>>();
    if out.is_empty() && room.session.swallowed.is_empty() {
        return Finding::holds(&ONCE, "none out");
    }
    let found = if out.is_empty() { "something was swallowed".to_owned() } else { format!("{} out", out.join(", ")) };
    Broken::new(&ONCE, found, "nothing out for this session", "use what is out, or put it back unopened first")
        .by(Duty::DispenseDrug)
        .into()
}

/// Containers that are out of the safe for this session, opened or not.
pub(super) fn out_for<'c>(room: &Room<'c>) -> impl Iterator<Item = (&'c ContainerId, &'c Container)> {
    let room = *room;
    room.case.world.stock.into_iter().flat_map(|stock| &stock.containers).filter(
        move |(id, container)| match &container.standing {
            ContainerStanding::Out { participant, session, .. } => {
                *participant == room.participant.id && *session == room.number
            }
            ContainerStanding::Used { participant, back: false } => {
                *participant == room.participant.id
                    && room.session.swallowed.iter().any(|swallow| swallow.container == **id)
            }
            ContainerStanding::Used { back: true, .. }
            | ContainerStanding::Quarantined
            | ContainerStanding::Available
            | ContainerStanding::Damaged
            | ContainerStanding::Missing
            | ContainerStanding::ReturnedOut
            | ContainerStanding::Sent { .. }
            | ContainerStanding::Destroyed => false,
        },
    )
}

fn picked(room: &Room<'_>, initial: &ContainerId, supplement: Option<&ContainerId>, findings: &mut Vec<Finding>) {
    let wants_supplement = room.session.order.as_ref().is_some_and(|order| order.supplement_pieces > 0);
    findings.push(fit(room, initial, DosePart::Initial));
    match supplement {
        Some(supplement) => findings.push(fit(room, supplement, DosePart::Supplement)),
        None if wants_supplement => findings.push(out_of_stock("no containers are ready for this session")),
        None => {}
    }
}

/// Whether a container may leave the safe as this part of the ordered level.
fn fit(room: &Room<'_>, id: &ContainerId, part: DosePart) -> Finding {
    let container = room.case.world.stock.and_then(|stock| stock.containers.get(id));
    let level = room.session.order.as_ref().map(|order| &order.level);
    let wrong = match container {
        None => "not in this site's stock".to_owned(),
        Some(container) if container.standing != ContainerStanding::Available => {
            standing_words(&container.standing).to_owned()
        }
        Some(container) if container.opened => "opened before".to_owned(),
        Some(container) if container.recalled => "called back by its maker".to_owned(),
        Some(container) if container.expires < room.case.day => format!("expired on {}", container.expires),
        Some(container) if container.part != part => "labelled as the other part of the dose".to_owned(),
        Some(container) if Some(&container.level) != level => format!("labelled {}", container.level),
        Some(_) => {
            return Finding::holds(&CONTAINER, format!("{id} is ready"))
                .about(id.as_str(), format!("Container {id} may be used"));
        }
    };
    Broken::new(
        &CONTAINER,
        wrong,
        format!("available, in date, labelled {}", level.map_or("as ordered", terms::LevelId::as_str)),
        "tell the sponsor's supply: the number that was named can't be used",
    )
    .about(id.as_str(), format!("Container {id} may be used"))
    .by(Duty::DispenseDrug)
    .into()
}

/// Where a container stands, in words that name no participant.
pub(crate) const fn standing_words(standing: &ContainerStanding) -> &'static str {
    match standing {
        ContainerStanding::Quarantined => "quarantined",
        ContainerStanding::Available => "in the safe",
        ContainerStanding::Out { .. } => "out for a session",
        ContainerStanding::Used { back: false, .. } => "opened",
        ContainerStanding::Used { back: true, .. } => "used, back in the safe",
        ContainerStanding::Damaged => "damaged",
        ContainerStanding::Missing => "missing",
        ContainerStanding::ReturnedOut => "sent back",
        ContainerStanding::Sent { arrived: false, .. } => "on its way to another site",
        ContainerStanding::Sent { arrived: true, .. } => "at another site",
        ContainerStanding::Destroyed => "destroyed",
    }
}

fn two_people(room: &Room<'_>) -> Finding {
    match room.case.two_people(&[Duty::DispenseDrug], &[Duty::WitnessDrug]) {
        Ok(()) => Finding::holds(&TWO_PEOPLE, "both proved who they are"),
        Err(found) => Broken::new(
            &TWO_PEOPLE,
            found,
            "one who may hand out and another who may witness, both proved now",
            "the second person proves who they are with their own PIN",
        )
        .by(Duty::WitnessDrug)
        .into(),
    }
}

pub(super) fn grant(room: &Room<'_>, draft: &mut Draft) {
    let Some(Picked::Containers { initial, supplement }) = &room.case.context.picked else { return };
    draft.participant(Entry::ContainersReleased {
        session: room.number,
        initial: initial.clone(),
        supplement: supplement.clone(),
    });
    for container in std::iter::once(initial).chain(supplement) {
        draft.stock(
            &room.participant.site,
            Entry::ContainerOut {
                container: container.clone(),
                participant: room.participant.id.clone(),
                session: room.number,
                seal: room.case.world.stock.and_then(|stock| stock.containers.get(container)?.seal.clone()),
            },
        );
    }
}
