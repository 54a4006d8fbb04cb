//! What is due, as rows: only what changed is written.

use super::{
    Beside, DUE,
    cells::{count, date, id, maybe_id, maybe_instant, text, word},
};
use crate::table::{Cell, Row, Write};
use conduct::{ParticipantState, due::Due};
use jiff::{civil::Date, tz::TimeZone};
use std::sync::Arc;

/// Stands where nothing closes, so that lists by last day can be paged by key.
const NEVER: &str = "9999-12-31";

/// What is due for a participant; nothing where the study version is not known to this program.
pub(super) fn of(participant: Option<&ParticipantState>, beside: Beside<'_>) -> Arc<Vec<Due>> {
    let Some(participant) = participant else { return Arc::default() };
    let Some(study) = beside.studies.get(&participant.study) else { return Arc::default() };
    let zone = beside.trial.sites.get(&participant.site).map_or(TimeZone::UTC, |site| site.time_zone.clone());
    Arc::new(conduct::due::due(study, participant, &zone))
}

/// Changes from one list to the other. `moved`: the participant belongs to another site, so every row changes.
pub(super) fn rows(
    participant: &ParticipantState,
    (before, after): (&[Due], &[Due]),
    moved: bool,
    writes: &mut Vec<Write>,
) {
    for gone in before.iter().filter(|due| !after.iter().any(|other| other.key == due.key)) {
        writes.push(Write::Remove(&DUE, vec![id(&participant.id), text(&gone.key)]));
    }
    for (place, due) in after.iter().enumerate() {
        if moved || before.get(place) != Some(due) {
            writes.push(Write::Put(&DUE, row(participant, due, place)));
        }
    }
}

fn row(participant: &ParticipantState, due: &Due, place: usize) -> Row {
    vec![
        id(&participant.id),
        text(&due.key),
        id(&participant.site),
        text(due.kind.name()),
        text(&due.title),
        word(&due.duty),
        date(due.opens),
        due.target.map_or(Cell::Null, date),
        due.closes.map_or_else(|| text(NEVER), |day: Date| date(day)),
        maybe_instant(due.starts),
        maybe_id(due.visit.as_ref()),
        maybe_id(due.instance.as_ref()),
        count(place),
    ]
}
