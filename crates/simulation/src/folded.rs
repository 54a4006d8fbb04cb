//! A whole trial in memory: every stream folded, and the one question that is asked of it.
//!
//! The same `decide` and `apply` as everywhere; only the loading differs from the record's.

use conduct::{
    AllocationState, Context, Entry, No, ParticipantState, Request, SiteState, StockState, StreamId, Studies, Subject,
    TrialState, World, Written, decide,
};
use std::collections::BTreeMap;
use terms::{InstanceId, ParticipantId, SiteId};

/// Every stream of one trial.
#[derive(Debug, Default)]
pub struct Folded {
    /// The trial.
    pub trial: TrialState,
    /// Who was drawn.
    pub allocation: AllocationState,
    /// Rosters.
    pub sites: BTreeMap<SiteId, SiteState>,
    /// Stocks.
    pub stocks: BTreeMap<SiteId, StockState>,
    /// Participants.
    pub participants: BTreeMap<ParticipantId, ParticipantState>,
    ratings: BTreeMap<InstanceId, ParticipantId>,
}

impl Folded {
    /// Decides a request against the streams as they stand; nothing is changed.
    ///
    /// # Errors
    /// Whatever the rules answer.
    pub fn decide(&self, studies: &Studies, request: &Request, context: &Context) -> Result<Vec<Written>, No> {
        let subject = request.command.subject();
        let participant = match &subject {
            Subject::Participant(id) => self.participants.get(id),
            Subject::Rating(instance) => self.ratings.get(instance).and_then(|id| self.participants.get(id)),
            Subject::Site(_) | Subject::Trial => None,
        };
        let asked = match &subject {
            Subject::Site(id) => Some(id),
            Subject::Participant(_) | Subject::Rating(_) | Subject::Trial => None,
        };
        let site = participant.map(|p| &p.site).or(asked);
        let elsewhere: Vec<conduct::state::Delegation> = if request.command.needs_elsewhere() {
            let others = self.sites.iter().filter(|(id, _)| site != Some(*id));
            others.flat_map(|(_, state)| state.delegations.iter().cloned()).collect()
        } else {
            Vec::new()
        };
        let world = World {
            trial: &self.trial,
            allocation: Some(&self.allocation),
            site: site.and_then(|site| self.sites.get(site)),
            stock: site.and_then(|site| self.stocks.get(site)),
            participant,
            elsewhere: &elsewhere,
        };
        decide(studies, world, site, request, context)
    }

    /// Takes in what was written.
    pub fn apply(&mut self, written: &[Written]) {
        for one in written {
            let (stamp, entry) = (&one.stamp, &one.entry);
            match &one.stream {
                StreamId::Trial => {
                    self.trial.apply(stamp, entry);
                    if let Entry::SiteOpened { site, .. } = entry {
                        // An opened site has an empty roster and an empty shelf.
                        self.sites.entry(site.clone()).or_default();
                        self.stocks.entry(site.clone()).or_default();
                    }
                }
                StreamId::Allocation => self.allocation.apply(stamp, entry),
                StreamId::Site(id) => self.sites.entry(id.clone()).or_default().apply(stamp, entry),
                StreamId::Stock(id) => self.stocks.entry(id.clone()).or_default().apply(stamp, entry),
                StreamId::Participant(id) => {
                    if let Entry::RatingRequested { request, .. } = entry {
                        self.ratings.insert(request.clone(), id.clone());
                    }
                    match self.participants.get_mut(id) {
                        Some(participant) => participant.apply(stamp, entry),
                        None => {
                            if let Some(participant) = ParticipantState::begin(stamp, entry) {
                                self.participants.insert(id.clone(), participant);
                            }
                        }
                    }
                }
            }
        }
    }

    /// Decides, and takes in what was written.
    ///
    /// # Errors
    /// Whatever the rules answer; then nothing is changed.
    pub fn ask(&mut self, studies: &Studies, request: &Request, context: &Context) -> Result<Vec<Written>, No> {
        let written = self.decide(studies, request, context)?;
        self.apply(&written);
        Ok(written)
    }
}
