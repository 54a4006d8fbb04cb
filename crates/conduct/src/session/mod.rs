//! The dosing day: order, checks, release, dose, monitoring, supplement, leaving, close.
//!
//! Authorisations are asked rule by rule, all at once, in the order of the bedside checklist; a page shows the same
//! findings. Facts are always recorded, and what was wrong about them is answered in the same append.
//!
//! | file | question |
//! |---|---|
//! | `order` | may the prescriber order this dose? |
//! | `ground` | what does every dose stand on? |
//! | `release` | may these containers leave the safe? |
//! | `checks` | were the day's checks done, in time, by the right people, and do they clear? |
//! | `presence` | who is in the room? |
//! | `dose`, `swallow` | may it be swallowed? what if it was? |
//! | `monitoring`, `watch` | which slot, which limit, what next? |
//! | `timeline` | what follows from a line that somebody writes? |
//! | `alarms`, `cards` | who is told, who has it, what is done? |
//! | `supplement` | may the supplement be opened? |
//! | `leaving`, `signing` | may the participant leave, and the record be closed? |
//! | `night` | was somebody looking in? |
//! | `day`, `report` | what stands on the room's page, and on paper afterwards? |
//! | `reach_back` | has something that was allowed lost its ground? |

mod alarms;
mod cards;
mod checks;
mod company;
pub mod day;
mod dose;
mod ground;
mod leaving;
mod monitoring;
mod night;
mod order;
mod presence;
mod reach_back;
mod release;
pub mod report;
mod room;
mod signing;
mod supplement;
mod swallow;
mod timeline;
mod watch;

use crate::{
    case::{Case, Draft},
    command::{Authorisation, Fact},
    decide::FactNo,
    entry::NoteFound,
    finding::{Finding, Rule},
};
use monitoring::Told;
use night::Look;
use room::Room;
use supplement::Asked;
use terms::Decimal;

pub(crate) use dose::AT_BEDSIDE;
pub(crate) use ground::approval;
pub(crate) use presence::room_stands;
pub use reach_back::ground_check;
pub(crate) use release::standing_words;

/// This part's rules, in the order of the day.
pub const RULES: &[&Rule] = &[
    &room::PLANNED,
    &order::NEXT,
    &order::SEQUENCE,
    &order::LEVEL,
    &order::MAXIMUM,
    &order::ONCE,
    &order::SIGNED,
    &order::IN_FORCE,
    &ground::TREATMENT,
    &ground::RECONFIRMED,
    &ground::APPROVAL,
    &ground::SITE,
    &ground::COUNT,
    &ground::RESCUE,
    &ground::SUICIDE_RISK,
    &ground::NOT_OVER,
    &ground::CLOCK,
    &release::DAY,
    &release::STOCK,
    &release::CONTAINER,
    &release::ONCE,
    &release::TWO_PEOPLE,
    &checks::CHECK,
    &checks::CHECK_FORM,
    &monitoring::LIMITS,
    &presence::CARERS,
    &presence::LEAD,
    &presence::NURSE,
    &presence::LICENSED,
    &presence::RELATED,
    &presence::DELEGATION,
    &dose::CONTAINER,
    &dose::IN_DATE,
    &dose::OPEN_TO_SWALLOW,
    &dose::ONCE,
    &dose::TWO_PEOPLE,
    &supplement::PLANNED,
    &supplement::FIRST_DOSE,
    &supplement::GROUND,
    &supplement::WINDOW,
    &supplement::REASON,
    &supplement::VITALS,
    &supplement::LIMITS,
    &supplement::VOMITED,
    &supplement::ADVERSE_EVENT,
    &supplement::WISH,
    &supplement::ONCE,
    &supplement::MAXIMUM,
    &leaving::HERE,
    &leaving::EARLIEST,
    &checks::DISCHARGE,
    &leaving::NOTHING_OUT,
    &leaving::TWO_PEOPLE,
    &leaving::OPEN,
    &leaving::DEPARTED,
    &leaving::SUPPLEMENT,
    &leaving::CONTAINERS,
    &leaving::HARM,
    &signing::SIGNATURES,
    &leaving::SIGNED,
];

/// What the rules say of an authorisation, if it is one of this part.
pub fn ask(case: &Case<'_>, act: &Authorisation) -> Option<Vec<Finding>> {
    let session = session_of(act)?;
    let room = match Room::asked(case, session) {
        Ok(room) => room,
        Err(findings) => return Some(findings),
    };
    match act {
        Authorisation::OrderDose { level, level_reason, .. } => Some(order::ask(&room, level, level_reason.as_deref())),
        Authorisation::ReleaseContainers { .. } => Some(release::ask(&room)),
        Authorisation::AuthoriseDose { container, .. } => Some(dose::ask(&room, container)),
        Authorisation::AuthoriseSupplement { container, wished, physician_reason, .. } => {
            let asked = Asked { container, wished: *wished, physician_reason: physician_reason.as_deref() };
            Some(supplement::ask(&room, asked))
        }
        Authorisation::Discharge { .. } => Some(leaving::ask_discharge(&room)),
        Authorisation::CloseSession { .. } => Some(leaving::ask_close(&room)),
        _ => None,
    }
}

/// Writes what an authorisation that was granted leads to. Called only when [`ask`] found nothing broken.
pub fn grant(case: &Case<'_>, act: &Authorisation, draft: &mut Draft) {
    let Some(Ok(room)) = session_of(act).map(|session| Room::new(case, session)) else { return };
    match act {
        Authorisation::OrderDose { level, level_reason, .. } => {
            order::grant(&room, level, level_reason.as_deref(), draft);
        }
        Authorisation::ReleaseContainers { .. } => release::grant(&room, draft),
        Authorisation::AuthoriseDose { container, .. } => dose::grant(&room, container, draft),
        Authorisation::AuthoriseSupplement { container, wished, physician_reason, .. } => {
            let asked = Asked { container, wished: *wished, physician_reason: physician_reason.as_deref() };
            supplement::grant(&room, asked, draft);
        }
        Authorisation::Discharge { .. } => leaving::grant_discharge(&room, draft),
        Authorisation::CloseSession { .. } => leaving::grant_close(&room, draft),
        _ => {}
    }
}

fn line(code: &str, number: Option<Decimal>, detail: &Option<String>, text: &Option<String>) -> NoteFound {
    NoteFound { code: code.to_owned(), number, detail: detail.clone(), text: text.clone() }
}

/// The session that an authorisation of this part is about.
const fn session_of(act: &Authorisation) -> Option<u8> {
    match act {
        Authorisation::OrderDose { session, .. }
        | Authorisation::ReleaseContainers { session, .. }
        | Authorisation::AuthoriseDose { session, .. }
        | Authorisation::AuthoriseSupplement { session, .. }
        | Authorisation::Discharge { session, .. }
        | Authorisation::CloseSession { session, .. } => Some(*session),
        _ => None,
    }
}

/// Records a fact, if it is one of this part.
pub fn record(case: &Case<'_>, fact: &Fact, draft: &mut Draft) -> Result<bool, FactNo> {
    match fact {
        Fact::RecordCheck { session, check, values, .. } => {
            checks::record(&Room::new(case, *session)?, check, values, draft)?;
        }
        Fact::RecordPresence { session, going, .. } => presence::record(&Room::new(case, *session)?, *going, draft)?,
        Fact::RecordHandover { session, .. } => presence::handover(&Room::new(case, *session)?, draft)?,
        Fact::RecordReading { session, measures, confirmed, seen, .. } => {
            let told = Told { measures, confirmed: *confirmed, seen: *seen };
            monitoring::record(&Room::new(case, *session)?, told, draft)?;
        }
        Fact::CorrectReading { session, reading, measures, confirmed, .. } => {
            monitoring::correct(&Room::new(case, *session)?, reading, measures, *confirmed, draft)?;
        }
        Fact::RecordSwallow { session, part, container, pieces, mouth_checked, seen, .. } => {
            swallow::record(&Room::new(case, *session)?, *part, container, *pieces, *mouth_checked, *seen, draft)?;
            return Ok(true);
        }
        Fact::RecordSupplementNotGiven { session, code, .. } => {
            supplement::not_given(&Room::new(case, *session)?, code, draft)?;
        }
        Fact::RecordAgreement { session, check, .. } => {
            checks::agree(&Room::new(case, *session)?, check.as_ref(), draft)?;
        }
        Fact::RecordSessionNote { session, code, number, detail, text, .. } => {
            timeline::note(&Room::new(case, *session)?, line(code, *number, detail, text), draft)?;
        }
        Fact::CorrectSessionNote { session, note, code, number, detail, text, .. } => {
            timeline::correct(&Room::new(case, *session)?, note, line(code, *number, detail, text), draft)?;
        }
        Fact::RecordDeparture { session, to, escort, .. } => {
            leaving::depart(&Room::new(case, *session)?, *to, *escort, draft);
        }
        Fact::RecordNightCheck { session, awake, distress, signs, text, .. } => {
            let look = Look { awake: *awake, distress: *distress, signs, text: text.as_deref() };
            night::record(&Room::new(case, *session)?, look, draft)?;
        }
        Fact::OpenCard { session, card, .. } => cards::open(&Room::new(case, *session)?, card, draft)?,
        Fact::TickCard { session, card, step, .. } => cards::tick(&Room::new(case, *session)?, card, *step, draft)?,
        Fact::CloseCard { session, card, text, .. } => cards::close(&Room::new(case, *session)?, card, text, draft)?,
        Fact::CallContact { session, contact, reached, alarm, text, .. } => {
            let room = Room::new(case, *session)?;
            alarms::called(&room, contact, *reached, alarm.as_ref(), text.as_deref(), draft)?;
        }
        Fact::AcknowledgeAlarm { session, alarm, .. } => {
            alarms::acknowledge(&Room::new(case, *session)?, alarm, draft)?;
        }
        Fact::RecordAlarms { session, .. } => alarms::by_time(&Room::new(case, *session)?, draft)?,
        Fact::SignSession { session, .. } => signing::record(&Room::new(case, *session)?, draft)?,
        // What these end is ended by the entry itself.
        Fact::StopSession { session, .. } => {
            timeline::stop(&Room::new(case, *session)?, draft);
            return Ok(true);
        }
        Fact::WithdrawOrder { session, .. } => {
            order::withdraw(&Room::new(case, *session)?, draft)?;
            return Ok(true);
        }
        _ => return Ok(false),
    }
    ground_check(case, draft);
    Ok(true)
}
