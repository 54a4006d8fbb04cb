//! What is still open when the record is to be locked, and where the chains end: read by the door, never said by the one who asks.

use crate::{error::StoreError, store::Store, table::Row};
use conduct::{
    Census, Studies,
    context::{GivenFound, RoomFound},
    entry::{HeadFound, OpenItem},
};
use protocol::model::{ActivityKind, Requirement, Study};
use std::{collections::BTreeMap, collections::BTreeSet};
use terms::{ParticipantId, SiteId, StudyHash};

/// Looks through the current tables. Items stand in order: by participant, kind and item.
///
/// # Errors
/// When the store can't be read.
pub fn census(store: &dyn Store, studies: &Studies) -> Result<Census, StoreError> {
    let mut open = BTreeSet::new();
    let mut look = |sql: &str, kind: &str, text: &dyn Fn(&Row) -> String| -> Result<(), StoreError> {
        for row in store.select(sql, &[])? {
            let item = OpenItem {
                participant: word(&row, 0).map(ParticipantId::from),
                kind: kind.to_owned(),
                item: word(&row, 1).unwrap_or_default().to_owned(),
                text: text(&row),
            };
            open.insert(item);
        }
        Ok(())
    };
    let title = |row: &Row| word(row, 2).unwrap_or_default().to_owned();
    look(
        "SELECT participant, item, title, kind FROM due WHERE kind NOT IN ('rate', 'task', 'question')",
        "visit",
        &title,
    )?;
    look("SELECT participant, item, title FROM due WHERE kind = 'task'", "task", &title)?;
    look("SELECT participant, item, title FROM due WHERE kind = 'question'", "question", &title)?;
    // The title of a rating holds a pseudonym, which the trial's own stream has no use for.
    look("SELECT participant, item FROM due WHERE kind = 'rate'", "rating", &|_| "A rating was not done".to_owned())?;
    look(
        "SELECT participant, phase FROM participant \
         WHERE phase NOT IN ('completed', 'left', 'declined', 'screen_failed', 'baseline_failed')",
        "participant",
        &|row| format!("Is {}", word(row, 1).unwrap_or_default().replace('_', " ")),
    )?;
    look(
        "SELECT participant, session FROM dosing_session WHERE dosed_at IS NOT NULL AND closed_at IS NULL",
        "session",
        &|_| "A dosing session is not closed".to_owned(),
    )?;
    look("SELECT NULL, container FROM container WHERE standing = 'out'", "container", &|_| {
        "A container is out of the safe".to_owned()
    })?;
    look(
        "SELECT NULL, d.instance, d.words FROM stock_discrepancy d WHERE NOT EXISTS \
         (SELECT 1 FROM stock_resolution r WHERE r.site = d.site AND r.instance = d.instance)",
        "discrepancy",
        &title,
    )?;
    look("SELECT NULL, instance, words FROM hold", "hold", &title)?;
    forms_missing(store, studies, &mut open)?;
    Ok(Census { open: open.into_iter().collect(), heads: heads(store)?, ..Census::default() })
}

/// From which containers of a lot somebody has swallowed.
///
/// # Errors
/// When the store can't be read.
pub fn given(store: &dyn Store, lot: &str) -> Result<Census, StoreError> {
    let sql = "SELECT DISTINCT m.site, m.container, m.participant FROM stock_movement m \
               JOIN container c ON c.site = m.site AND c.container = m.container \
               WHERE c.lot = ?1 AND m.movement = 'used' AND m.participant IS NOT NULL ORDER BY 1, 2, 3";
    let rows = store.select(sql, &[lot.into()])?;
    let given = rows.iter().filter_map(|row| {
        Some(GivenFound {
            site: word(row, 0)?.into(),
            container: word(row, 1)?.into(),
            participant: word(row, 2)?.into(),
        })
    });
    Ok(Census { given: given.collect(), ..Census::default() })
}

/// Sessions of a site in which a dose was swallowed, with who was in the room then.
///
/// # Errors
/// When the store can't be read.
pub fn rooms(store: &dyn Store, site: &SiteId) -> Result<Census, StoreError> {
    let dosed = "SELECT s.participant, s.session, s.dosed_at FROM dosing_session s \
                 JOIN participant p ON p.participant = s.participant \
                 WHERE p.site = ?1 AND s.dosed_at IS NOT NULL ORDER BY 1, 2";
    let goings = "SELECT staff, going FROM presence WHERE participant = ?1 AND session = ?2 AND happened_at <= ?3 \
                  ORDER BY happened_at, version";
    let mut rooms = Vec::new();
    for row in store.select(dosed, &[site.as_str().into()])? {
        let session = row.get(1).and_then(crate::table::Cell::as_integer);
        let (Some(participant), Some(session), Some(dosed)) = (word(&row, 0), session, word(&row, 2)) else { continue };
        let Ok(at) = dosed.parse() else { continue };
        let mut there: BTreeSet<String> = BTreeSet::new();
        for going in store.select(goings, &[participant.into(), session.into(), dosed.into()])? {
            let staff = word(&going, 0).unwrap_or_default();
            if word(&going, 1) == Some("in") {
                there.insert(staff.to_owned());
            } else {
                there.remove(staff);
            }
        }
        rooms.push(RoomFound {
            site: site.clone(),
            participant: participant.into(),
            session: u8::try_from(session).unwrap_or(u8::MAX),
            at,
            staff: there.iter().map(|staff| staff.as_str().into()).collect(),
        });
    }
    Ok(Census { rooms, ..Census::default() })
}

/// Required forms of visits that were held, without a record.
fn forms_missing(store: &dyn Store, studies: &Studies, open: &mut BTreeSet<OpenItem>) -> Result<(), StoreError> {
    let mut kept: BTreeSet<(String, String, String)> = BTreeSet::new();
    for row in store.select("SELECT participant, visit, form FROM form WHERE struck = 0 AND visit IS NOT NULL", &[])? {
        if let [participant, visit, form] = row.as_slice() {
            let text = |cell: &crate::table::Cell| cell.as_text().unwrap_or_default().to_owned();
            kept.insert((text(participant), text(visit), text(form)));
        }
    }
    let needed: BTreeMap<&StudyHash, BTreeMap<&str, Vec<&str>>> =
        studies.iter().map(|(hash, study)| (hash, required(study))).collect();
    let sql = "SELECT v.participant, v.visit, p.study FROM visit v JOIN participant p ON p.participant = v.participant \
               WHERE v.standing IN ('attended', 'completed')";
    for row in store.select(sql, &[])? {
        let (Some(participant), Some(visit), Some(study)) = (word(&row, 0), word(&row, 1), word(&row, 2)) else {
            continue;
        };
        let forms = needed.get(&StudyHash::from(study)).and_then(|visits| visits.get(visit));
        for form in forms.into_iter().flatten() {
            if !kept.contains(&(participant.to_owned(), visit.to_owned(), (*form).to_owned())) {
                open.insert(OpenItem {
                    participant: Some(participant.into()),
                    kind: "form".to_owned(),
                    item: format!("{visit}.{form}"),
                    text: format!("{form} at {visit} is required and was not filled in"),
                });
            }
        }
    }
    Ok(())
}

fn required(study: &Study) -> BTreeMap<&str, Vec<&str>> {
    let mut visits: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for activity in &study.activities {
        let ActivityKind::Form(form) = &activity.what else { continue };
        for (visit, _) in activity.at.iter().filter(|(_, need)| **need == Requirement::Required) {
            visits.entry(visit.as_str()).or_default().push(form.as_str());
        }
    }
    visits
}

fn heads(store: &dyn Store) -> Result<BTreeMap<String, HeadFound>, StoreError> {
    let heads = store.heads()?.into_iter();
    // The chain of ciphertexts is named nowhere: no hash outside it depends on an arm.
    Ok(heads
        .filter(|(chain, _)| chain.to_string() != crate::sealed::SEALED)
        .map(|(chain, head)| (chain.to_string(), HeadFound { position: head.position, hash: head.hash.to_string() }))
        .collect())
}

fn word(row: &Row, at: usize) -> Option<&str> {
    row.get(at).and_then(crate::table::Cell::as_text)
}
