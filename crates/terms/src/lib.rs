//! The field's nouns as types: ids, units, values, citations.
//!
//! Everything of ours may look in here; this crate looks nowhere. It holds types with parsing and printing, and
//! no rule: a function that needs two of these nouns to answer a question of the protocol belongs in `conduct`.

mod decimal;
mod hidden;
mod id;
mod source;
mod value;

pub use decimal::{Decimal, DecimalError, Milligrams};
pub use hidden::{hidden, hidden_shown, may_hide};
pub use id::{
    ActId, ArmId, CheckId, ContainerId, CriterionId, EpochId, FieldId, FormId, InstanceId, LevelId, ParticipantId,
    RoleId, RuleId, SiteId, StaffId, StudyHash, VisitId,
};
pub use source::{Source, SourceTag};
pub use value::{MissingReason, Value};
