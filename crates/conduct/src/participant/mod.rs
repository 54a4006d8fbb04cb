//! The participant's whole life: from the first call to the last visit, and every way out.

mod completion;
mod consent;
mod enquiry;
mod enrolment;
mod erasure;
mod medication;
mod moves;
mod randomisation;
mod ratings;
mod records;
mod safety;
mod stops;
mod visits;

pub use enrolment::phase_words;
pub use medication::standing_of;
pub(crate) use medication::write as medicine_write;
pub(crate) use randomisation::confirmation_in_force;
pub use ratings::rating_forms_of;
pub use records::DOCUMENT_KINDS;
pub use safety::interests;
pub(crate) use visits::{attended, interval};

use crate::{
    case::{Case, Draft},
    command::{Authorisation, Fact},
    decide::FactNo,
    finding::{Finding, Rule},
};

/// This part's rules.
pub const RULES: &[&[&Rule]] = &[
    consent::RULES,
    enrolment::RULES,
    randomisation::RULES,
    visits::RULES,
    ratings::RULES,
    moves::RULES,
    completion::RULES,
    erasure::RULES,
];

pub(crate) use enrolment::{consent_in_force, criterion_finding, no_hold, washout};
pub(crate) use erasure::has_right as may_be_erased;

/// What the rules say of an authorisation, if it is one of this part.
pub fn ask(case: &Case<'_>, act: &Authorisation) -> Option<Vec<Finding>> {
    let participant = case.world.participant;
    let findings = match act {
        Authorisation::Enrol { .. } => enrolment::ask_enrol(case, participant?),
        Authorisation::ConfirmEnrolment { .. } => enrolment::ask_confirm(case, participant?),
        Authorisation::Rescreen { .. } => enrolment::ask_rescreen(case, participant?),
        Authorisation::Randomise { .. } => randomisation::ask(case, participant?),
        Authorisation::BookVisit { visit, starts, .. } => visits::ask_book(case, participant?, visit, *starts),
        Authorisation::RequestRating { visit, .. } => ratings::ask_request(case, participant?, visit),
        Authorisation::TakeRating { request } => ratings::ask_take(case, participant?, request),
        Authorisation::TransferParticipant { to, .. } => moves::ask_transfer(case, participant?, to),
        Authorisation::MoveVersion { to, .. } => moves::ask_version(case, participant?, to),
        Authorisation::BreakCode { .. } => moves::ask_break_code(case, participant?),
        Authorisation::CompleteParticipation { .. } => completion::ask(case, participant?),
        Authorisation::EraseIdentity { .. } => erasure::ask(case, participant?),
        _ => return None,
    };
    Some(findings)
}

/// Writes what an authorisation that was granted leads to.
pub fn grant(case: &Case<'_>, act: &Authorisation, draft: &mut Draft) {
    let Some(participant) = case.world.participant else { return };
    match act {
        Authorisation::Enrol { .. } => enrolment::grant_enrol(case, participant, draft),
        Authorisation::ConfirmEnrolment { .. } => enrolment::grant_confirm(case, participant, draft),
        Authorisation::Rescreen { .. } => enrolment::grant_rescreen(participant, draft),
        Authorisation::Randomise { .. } => randomisation::grant(case, participant, draft),
        Authorisation::BookVisit { visit, starts, mode, .. } => {
            visits::grant_book(case, participant, visit, *starts, *mode, draft);
        }
        Authorisation::RequestRating { visit, .. } => ratings::grant_request(case, visit, draft),
        Authorisation::TakeRating { request } => ratings::grant_take(case, request, draft),
        Authorisation::TransferParticipant { to, .. } => moves::grant_transfer(participant, to, draft),
        Authorisation::MoveVersion { to, .. } => moves::grant_version(participant, to, draft),
        Authorisation::BreakCode { .. } => moves::grant_break_code(case, draft),
        Authorisation::CompleteParticipation { .. } => completion::grant(draft),
        Authorisation::EraseIdentity { .. } => erasure::grant(draft),
        _ => {}
    }
}

/// Records a fact, if it is one of this part.
pub fn record(case: &Case<'_>, fact: &Fact, draft: &mut Draft) -> Result<bool, FactNo> {
    match fact {
        Fact::RecordEnquiry { site, source, language } => enquiry::record(case, site, source, language, draft)?,
        Fact::RecordDeclined { reason, .. } => enquiry::declined(case, reason, draft)?,
        Fact::RecordConsent { version, items, answers, copy_given, .. } => {
            consent::record(case, version, items, answers, *copy_given, draft)?;
        }
        Fact::RecordForm { form, visit, values, seen, .. } => {
            records::form(case, form, visit.as_ref(), values, *seen, draft)?;
        }
        Fact::CorrectForm { instance, changes, seen, .. } => records::correct(case, instance, changes, *seen, draft)?,
        Fact::StrikeRecord { instance, belongs_to, .. } => records::strike(case, instance, belongs_to.as_ref(), draft)?,
        Fact::RecordVisit { visit, outcome, day, .. } => visits::record(case, visit, outcome, *day, draft)?,
        Fact::RecordContact { visit, outcome, route, .. } => {
            visits::contact(case, visit.as_ref(), *outcome, *route, draft)?;
        }
        Fact::RecordMedication { medicine, .. } => medication::record(case, None, medicine, draft)?,
        Fact::UpdateMedication { instance, medicine, .. } => {
            medication::record(case, Some(instance), medicine, draft)?;
        }
        Fact::RecordAdverseEvent { event, .. } => safety::record(case, None, event, draft)?,
        Fact::UpdateAdverseEvent { instance, event, .. } => safety::record(case, Some(instance), event, draft)?,
        Fact::RecordDeviation { text, class, .. } => records::deviation(case, text, *class, draft)?,
        Fact::RecordNote { text, .. } => records::note(case, text, draft)?,
        Fact::AttachDocument { kind, name, sha256, bytes, visit, .. } => {
            records::document(case, kind, name, sha256, *bytes, visit.as_ref(), draft)?;
        }
        Fact::RecordScreenFailure { gate, reason, .. } => enrolment::record_failure(case, *gate, reason, draft)?,
        Fact::RecordStop { scope, reason, text, .. } => stops::record(case, *scope, reason, text, draft)?,
        Fact::CompleteTask { task, text, .. } => records::complete_task(case, task, text, draft)?,
        Fact::RecordRating { request, form, values, disclosure } => {
            ratings::record(case, request, form, values, *disclosure, draft)?;
        }
        Fact::RecordRatingMissed { request, text } => ratings::missed(case, request, text, draft)?,
        _ => return Ok(false),
    }
    Ok(true)
}
