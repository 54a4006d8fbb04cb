use crate::{
    case::{Case, Draft},
    command::{Authorisation, Fact},
    decide::FactNo,
    finding::{Finding, Rule},
};

/// This part's rules.
pub const RULES: &[&Rule] = &[];

/// What the rules say of an authorisation, if it is one of this part.
pub fn ask(_case: &Case<'_>, _act: &Authorisation) -> Option<Vec<Finding>> {
    None
}

/// Writes what an authorisation that was granted leads to. Called only when [`ask`] found nothing broken.
pub fn grant(_case: &Case<'_>, _act: &Authorisation, _draft: &mut Draft) {}

/// Records a fact, if it is one of this part.
pub fn record(_case: &Case<'_>, _fact: &Fact, _draft: &mut Draft) -> Result<bool, FactNo> {
    Ok(false)
}
