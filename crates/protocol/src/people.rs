//! Certificates that staff hold, and how two of them may be related: what a study asks of its people.

use serde::Serialize;
use terms::{RoleId, Source};

/// From which act on a certificate is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NeededFrom {
    /// The delegation itself: without it the role is not given, and what is asked for in the role is refused.
    Delegation,
    /// The dosing day: the role may be given before, and what is asked for on that day is refused without it.
    Dosing,
}

/// One kind of certificate: a licence, a training.
#[derive(Debug, Clone, Serialize)]
pub struct CertificateKind {
    /// Id: `gcp`.
    pub id: String,
    /// Title: "Good clinical practice".
    pub title: String,
    /// Roles that need it; none where it is kept on record and asked of nobody.
    pub roles: Vec<RoleId>,
    /// From which act on.
    pub from: NeededFrom,
    /// Days that it holds from its day of issue at most; `None` as long as it says itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_days: Option<u32>,
    /// Days before its end on which people are told; `None` for no word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice_days: Option<u32>,
    /// Supervised hours that must stand on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours_min: Option<u32>,
    /// It is a licence to practise: those who hold it count as licensed.
    pub licensed: bool,
    /// Where it comes from.
    pub source: Source,
}

/// One way in which two members of staff may be related, so that each is no independent witness of the other.
#[derive(Debug, Clone, Serialize)]
pub struct RelationKind {
    /// Id: `married`.
    pub id: String,
    /// Title: "Married or living together".
    pub title: String,
    /// Where it comes from.
    pub source: Source,
}
