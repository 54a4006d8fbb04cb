//! The streams that one decision reads.

use crate::{error::StoreError, folded::Folded};
use conduct::{
    AllocationState, Command, ParticipantState, SiteState, StockState, StreamId, TrialState, World, state::Delegation,
};
use std::sync::Arc;
use terms::{ParticipantId, SiteId};

/// The streams that a request reads, as they stand.
#[derive(Debug, Clone)]
pub struct Streams {
    /// The trial.
    pub trial: Arc<TrialState>,
    /// Who was drawn, if it was asked for.
    pub allocation: Option<Arc<AllocationState>>,
    /// The site concerned.
    pub site_id: Option<SiteId>,
    /// Its roster.
    pub site: Option<Arc<SiteState>>,
    /// Its stock, if it was asked for.
    pub stock: Option<Arc<StockState>>,
    /// The participant concerned.
    pub participant: Option<Arc<ParticipantState>>,
    /// Delegations at every other site, if they were asked for.
    pub elsewhere: Vec<Delegation>,
    /// What was read, with the version that it had.
    pub(crate) expected: Vec<(StreamId, u64)>,
}

/// What a request reads beside the trial, the participant and the site concerned.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Reads {
    /// The site's stock.
    pub stock: bool,
    /// Who was drawn.
    pub allocation: bool,
    /// Delegations at other sites.
    pub elsewhere: bool,
}

impl Reads {
    /// What a command's rules look at.
    pub fn of(command: &Command) -> Self {
        Self {
            stock: command.needs_stock(),
            allocation: command.needs_allocation(),
            elsewhere: command.needs_elsewhere(),
        }
    }
}

impl Streams {
    /// The same, borrowed for the rules.
    pub fn world(&self) -> World<'_> {
        World {
            trial: &self.trial,
            allocation: self.allocation.as_deref(),
            site: self.site.as_deref(),
            stock: self.stock.as_deref(),
            participant: self.participant.as_deref(),
            elsewhere: &self.elsewhere,
        }
    }

    /// Reads what belongs to a participant (their site with it) or to a site.
    pub(crate) fn read(
        participant: Option<&ParticipantId>,
        site: Option<SiteId>,
        reads: Reads,
        load: &mut dyn FnMut(&StreamId) -> Result<Folded, StoreError>,
    ) -> Result<Self, StoreError> {
        let mut expected = Vec::new();
        let mut read = |stream: StreamId| -> Result<Folded, StoreError> {
            let folded = load(&stream)?;
            expected.push((stream, folded.version()));
            Ok(folded)
        };
        let mut streams = Self {
            trial: Arc::default(),
            allocation: None,
            site_id: site,
            site: None,
            stock: None,
            participant: None,
            elsewhere: Vec::new(),
            expected: Vec::new(),
        };
        if let Folded::Trial(state) = read(StreamId::Trial)? {
            streams.trial = state;
        }
        if let Some(id) = participant
            && let Folded::Participant(Some(state)) = read(StreamId::Participant(id.clone()))?
        {
            streams.site_id = Some(state.site.clone());
            streams.participant = Some(state);
        }
        if let Some(id) = streams.site_id.clone() {
            if let Folded::Site(state) = read(StreamId::Site(id.clone()))? {
                streams.site = Some(state);
            }
            if reads.stock
                && let Folded::Stock(state) = read(StreamId::Stock(id))?
            {
                streams.stock = Some(state);
            }
        }
        if reads.elsewhere {
            let others: Vec<SiteId> = streams.trial.sites.keys().cloned().collect();
            for id in others.into_iter().filter(|id| streams.site_id.as_ref() != Some(id)) {
                if let Folded::Site(state) = read(StreamId::Site(id))? {
                    streams.elsewhere.extend(state.delegations.iter().cloned());
                }
            }
        }
        if reads.allocation
            && let Folded::Allocation(state) = read(StreamId::Allocation)?
        {
            streams.allocation = Some(state);
        }
        streams.expected = expected;
        Ok(streams)
    }
}
