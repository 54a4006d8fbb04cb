//! The trial's frame and its people: study versions, sites, roles, delegations, holds, approvals; its lock at the end.
//!
//! Who may do what is computed at the moment of the act from what stands here; nothing is stored as a right.
//! Source: mission rows M2 and M3; ICH E6(R3) 2.3; DESIGN, settled point 6.

pub(crate) mod certificates;
pub mod credentials;
mod delegation;
mod holds;
pub(crate) mod lock;
mod opening;

use crate::{
    case::{Case, Draft},
    command::{Authorisation, Fact},
    decide::FactNo,
    finding::{Finding, Rule},
};

/// This part's rules.
pub const RULES: &[&Rule] = &[
    &opening::VERSION_KNOWN,
    &opening::VERSION_FOLLOWS,
    &opening::SITE_PLANNED,
    &opening::SITE_STANDING,
    &opening::SITE_STAFFED,
    &opening::CAP,
    &opening::LIST,
    &delegation::ROLE,
    &delegation::TERM,
    &delegation::OVERLAP,
    &delegation::COVER,
    &delegation::LEAD,
    &delegation::RATER,
    &certificates::DELEGATION,
    &certificates::ACTING,
    &holds::KNOWN,
    &holds::REASON,
    &holds::DIFFERENCE,
    &lock::PLAN_KNOWN,
    &lock::PLAN_BLIND,
    &lock::PLAN_SIGNED,
    &lock::LOCK_PLAN,
    &lock::LOCK_STANDING,
    &lock::LOCK_OPEN,
    &lock::LOCK_TWO,
    &lock::UNLOCK_REASON,
    &lock::CLOSED,
];

/// What the rules say of an authorisation, if it is one of this part.
pub fn ask(case: &Case<'_>, act: &Authorisation) -> Option<Vec<Finding>> {
    match act {
        Authorisation::AdoptStudy { study } => Some(opening::ask_adopt(case, study)),
        Authorisation::OpenSite { site } => Some(opening::ask_open(case, site)),
        Authorisation::ActivateSite { site } => Some(opening::ask_activate(case, site)),
        Authorisation::CloseSite { site } => Some(opening::ask_close(case, site)),
        Authorisation::SetCap { cap, .. } => Some(opening::ask_cap(case, *cap)),
        Authorisation::LoadAllocation { commitment, rows } => Some(opening::ask_list(case, commitment, *rows)),
        Authorisation::GrantRole { staff, role } => Some(delegation::ask_role(case, staff, role)),
        Authorisation::Delegate { staff, role, from, until, covers, .. } => {
            let asked = delegation::Asked { staff, role, from: *from, until: *until, covers: covers.as_ref() };
            Some(delegation::ask(case, &asked))
        }
        Authorisation::LiftHold { on, hold } => Some(holds::ask(case, on, hold)),
        Authorisation::FreezePlan { plan } => Some(lock::ask_freeze(case, plan)),
        Authorisation::LockRecord {} => Some(lock::ask_lock(case)),
        Authorisation::UnlockRecord {} => Some(lock::ask_unlock(case)),
        _ => None,
    }
}

/// Writes what an authorisation that was granted leads to. Called only when [`ask`] found nothing broken.
pub fn grant(case: &Case<'_>, act: &Authorisation, draft: &mut Draft) {
    match act {
        Authorisation::AdoptStudy { study } => opening::grant_adopt(case, study, draft),
        Authorisation::OpenSite { site } => opening::grant_open(case, site, draft),
        Authorisation::ActivateSite { site } => opening::grant_activate(site, draft),
        Authorisation::CloseSite { site } => opening::grant_close(site, draft),
        Authorisation::SetCap { site, cap } => opening::grant_cap(site, *cap, draft),
        Authorisation::LoadAllocation { commitment, rows } => opening::grant_list(commitment, *rows, draft),
        Authorisation::GrantRole { staff, role } => delegation::grant_role(staff, role, draft),
        Authorisation::Delegate { site, staff, role, from, until, covers } => {
            let asked = delegation::Asked { staff, role, from: *from, until: *until, covers: covers.as_ref() };
            delegation::grant(site, &asked, draft);
        }
        Authorisation::LiftHold { on, hold } => holds::grant(on, hold, draft),
        Authorisation::FreezePlan { plan } => lock::grant_freeze(case, plan, draft),
        Authorisation::LockRecord {} => lock::grant_lock(case, draft),
        Authorisation::UnlockRecord {} => lock::grant_unlock(draft),
        _ => {}
    }
}

/// Records a fact, if it is one of this part.
pub fn record(case: &Case<'_>, fact: &Fact, draft: &mut Draft) -> Result<bool, FactNo> {
    match fact {
        Fact::EndDelegation { site, staff, role } => delegation::end(case, site.as_ref(), staff, role, draft)?,
        Fact::RecordCertificate { site, staff, certificate, number, hours, issued, until } => {
            let number = number.as_deref();
            let told = certificates::Told { staff, certificate, number, hours: *hours, issued: *issued, until: *until };
            certificates::record(case, site.as_ref(), &told, draft)?;
        }
        Fact::WithdrawCertificate { site, staff, certificate, from } => {
            certificates::withdraw(case, site.as_ref(), (staff, certificate), *from, draft)?;
        }
        Fact::DeclareRelation { site, staff, other, relation, from } => {
            certificates::relate(case, site, &certificates::Related { staff, other, relation }, *from, draft)?;
        }
        Fact::EndRelation { site, staff, other, relation } => {
            certificates::unrelate(case, site, &certificates::Related { staff, other, relation }, draft)?;
        }
        Fact::PlaceHold { on, text } => holds::place(case, on, text, draft)?,
        Fact::RecordApproval { approval, scope, site, participant, number, from, until } => {
            let given = holds::Given { approval, scope: *scope, number, from: *from, until: *until };
            holds::approve(case, site, participant.as_ref(), &given, draft)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}
