//! Streams and chains: what one decision reads and guards, and where its entries are chained.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use terms::{ParticipantId, SiteId};

/// What one decision reads and guards by version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamId {
    /// The trial as a whole: study versions, sites, trial-wide roles, holds.
    Trial,
    /// Who was assigned, in order: handles only.
    Allocation,
    /// A site's roster: numbers given out, places taken, delegations, holds.
    Site(SiteId),
    /// A site's stock.
    Stock(SiteId),
    /// A participant.
    Participant(ParticipantId),
}

impl StreamId {
    /// Reads `trial`, `allocation`, `site/S01`, `stock/S01`, `participant/S01-001`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once('/') {
            None if text == "trial" => Some(Self::Trial),
            None if text == "allocation" => Some(Self::Allocation),
            Some(("site", id)) => Some(Self::Site(SiteId::from(id))),
            Some(("stock", id)) => Some(Self::Stock(SiteId::from(id))),
            Some(("participant", id)) => Some(Self::Participant(ParticipantId::from(id))),
            None | Some(_) => None,
        }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trial => f.write_str("trial"),
            Self::Allocation => f.write_str("allocation"),
            Self::Site(id) => write!(f, "site/{id}"),
            Self::Stock(id) => write!(f, "stock/{id}"),
            Self::Participant(id) => write!(f, "participant/{id}"),
        }
    }
}

impl Serialize for StreamId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StreamId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("\"{text}\" is not a stream")))
    }
}

/// The hash chain that an entry is linked into: one for the trial, one for each site.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChainName {
    /// The trial as a whole.
    Trial,
    /// A site.
    Site(SiteId),
}

impl fmt::Display for ChainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trial => f.write_str("trial"),
            Self::Site(id) => write!(f, "site/{id}"),
        }
    }
}
