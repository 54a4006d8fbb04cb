//! The safe and its book: order forms, counts by two, temperatures, shipments, differences and how they are closed.

use super::{SiteStep, Slip, Trial};
use crate::clinic::{Ask, days_after, minutes_after};
use allocation::Consignment;
use conduct::{
    Authorisation, Fact,
    command::{ContainerFact, OrderLine, SafeGoing, TemperatureReading},
    state::ContainerStanding,
};
use jiff::Timestamp;
use protocol::model::{Duty, LossCause, StockUse};
use std::collections::BTreeMap;
use terms::{ContainerId, Decimal, InstanceId, SiteId, StaffId};

/// Containers in one carton.
const IN_A_CARTON: usize = 10;

/// The number of the order form of a consignment.
pub(super) fn order_number(consignment: &str) -> String {
    format!("222-{consignment}")
}

/// Seals and cartons, in the order of the numbers: they tell no more of a content than the numbers do.
pub(super) fn label(consignment: &mut Consignment, site: &SiteId, before: usize) {
    for (place, report) in consignment.containers.iter_mut().enumerate() {
        report.seal = Some(format!("{:05}", before + place + 1));
        report.kit = Some(format!("{site}-{}-{}", consignment.number, place / IN_A_CARTON + 1));
    }
}

impl Trial<'_> {
    /// The form for a consignment, where the site's country has one, signed by who leads the site.
    pub(super) fn order_form(&mut self, now: Timestamp, site: &SiteId, consignment: &Consignment) {
        let country = self.clinic.folded.trial.sites.get(site).map(|site| site.country.clone()).unwrap_or_default();
        let plan = self.clinic.study.stock.clone();
        let Some(form) = plan.as_ref().and_then(|plan| plan.forms_in(&country, StockUse::Order).next()) else { return };
        let Some(lead) = self.at_site(site, Duty::LeadSite) else { return };
        let fields: BTreeMap<String, String> =
            form.fields.iter().map(|field| (field.id.clone(), format!("{}: on file", field.label))).collect();
        let mut lines: Vec<OrderLine> = Vec::new();
        for report in &consignment.containers {
            match lines.iter_mut().find(|line| line.part == report.part && line.level == report.level) {
                Some(line) => line.containers += 1,
                None => lines.push(OrderLine { part: report.part, level: report.level.clone(), containers: 1 }),
            }
        }
        let sign = |form: &str, number: String, fields: BTreeMap<String, String>| Authorisation::SignOrderForm {
            site: site.clone(),
            form: form.to_owned(),
            number,
            fields,
            lines: lines.clone(),
        };
        let number = order_number(&consignment.number);
        let wrong = self.slips.taken(Slip::StockOrders);
        if wrong {
            let unsigned = sign(&form.id, number.clone(), fields.clone());
            self.soon(Ask::act(now, &lead, unsigned).may_fail());
            let unknown = sign("some_form", number.clone(), fields.clone());
            self.soon(Ask::act(now, &lead, unknown).signed().may_fail());
            let empty = sign(&form.id, number.clone(), BTreeMap::new());
            self.soon(Ask::act(now, &lead, empty).signed().may_fail());
        }
        self.soon(Ask::act(now, &lead, sign(&form.id, number.clone(), fields.clone())).signed());
        if wrong {
            self.soon(Ask::act(now, &lead, sign(&form.id, number, fields)).signed().may_fail());
        }
    }

    /// What the two do while the safe is open for a count: they read the logger, and shut it again.
    pub(super) fn at_the_safe(
        &mut self,
        now: Timestamp,
        place: usize,
        site: &SiteId,
        pharmacist: &StaffId,
        witness: Option<&StaffId>,
    ) {
        let access = |going, seal: Option<String>| Fact::RecordSafeAccess {
            site: site.clone(),
            going,
            purpose: "count, and logger read".to_owned(),
            seal,
        };
        let alone = self.slips.once(Slip::SafeAlone);
        let opened = Ask::fact(now, pharmacist, access(SafeGoing::Opened, None)).signed();
        self.soon(if alone { opened } else { opened.with(witness) });
        if alone {
            self.later_at_site(minutes_after(now, 40), place, SiteStep::Recount);
            self.later_at_site(minutes_after(now, 70), place, SiteStep::Difference);
        }
        let drawn = self.sites.get_mut(place).map_or(0, |run| run.keeping.whole(0, 30));
        let celsius = |tenths: i64| Decimal::thousandths((190 + tenths) * 100);
        let readings = vec![
            TemperatureReading { at: minutes_after(now, -60 * 24 * 3), celsius: celsius(drawn / 2) },
            TemperatureReading { at: now, celsius: celsius(drawn) },
        ];
        let logger = format!("{site}-T1");
        self.soon(
            Ask::fact(now, pharmacist, Fact::RecordTemperature { site: site.clone(), logger, readings }).signed(),
        );
        let seal = Some(format!("{site}-{}", now.as_second() / 86_400));
        self.soon(Ask::fact(minutes_after(now, 12), pharmacist, access(SafeGoing::Shut, seal)).signed().with(witness));
    }

    fn sheet(&self, site: &SiteId, found: Vec<ContainerId>) -> Fact {
        let stock = self.clinic.folded.stocks.get(site);
        let open = stock.map(conduct::StockState::pieces_in_safe).unwrap_or_default();
        let pieces = open.into_iter().filter(|(id, pieces)| *pieces > 0 && found.contains(id));
        let pieces = pieces.map(|(id, pieces)| (id.clone(), pieces)).collect();
        Fact::CountStock { site: site.clone(), found, pieces }
    }

    /// Two count, each by themselves: one now, the other a few minutes later.
    pub(super) fn count_by(
        &mut self,
        now: Timestamp,
        place: usize,
        site: &SiteId,
        pharmacist: &StaffId,
        witness: Option<&StaffId>,
        (found, others): (Vec<ContainerId>, Vec<ContainerId>),
    ) {
        let fact = self.sheet(site, found);
        self.soon(Ask::fact(now, pharmacist, fact).signed());
        if let Some(witness) = witness {
            self.later_at_site(minutes_after(now, 7), place, SiteStep::OtherCounts(witness.clone(), others));
        }
    }

    pub(super) fn other_counts(&mut self, now: Timestamp, place: usize, who: &StaffId, found: &[ContainerId]) {
        let Some(site) = self.sites.get(place).map(|run| run.id.clone()) else { return };
        let fact = self.sheet(&site, found.to_vec());
        self.soon(Ask::fact(now, who, fact).signed());
    }

    /// Both count again, and look behind everything.
    pub(super) fn recount(&mut self, now: Timestamp, place: usize) {
        let Some(site) = self.sites.get(place).map(|run| run.id.clone()) else { return };
        let Some((pharmacist, witness)) = self.safe_pair(&site) else { return };
        let stock = self.clinic.folded.stocks.get(&site);
        let found: Vec<ContainerId> = stock.map(|stock| stock.in_safe().cloned().collect()).unwrap_or_default();
        self.count_by(now, place, &site, &pharmacist, witness.as_ref(), (found.clone(), found));
    }

    /// Whatever difference is open at a site is closed by somebody who did not count, once its notices are sent.
    pub(super) fn difference(&mut self, now: Timestamp, place: usize) {
        let Some(site) = self.sites.get(place).map(|run| run.id.clone()) else { return };
        let Some(lead) = self.at_site(&site, Duty::LeadSite) else { return };
        let Some((pharmacist, _)) = self.safe_pair(&site) else { return };
        let stock = self.clinic.folded.stocks.get(&site);
        let open: Vec<InstanceId> = stock.into_iter().flat_map(|stock| stock.discrepancies.keys().cloned()).collect();
        for discrepancy in open {
            let Some(state) =
                self.clinic.folded.stocks.get(&site).and_then(|s| s.discrepancies.get(&discrepancy).cloned())
            else {
                continue;
            };
            let gone = state.containers.iter().any(|id| {
                let container = self.clinic.folded.stocks.get(&site).and_then(|stock| stock.containers.get(id));
                container.is_some_and(|container| container.standing == ContainerStanding::Missing)
            });
            let short = state.recount.as_ref().is_some_and(|recount| !recount.pieces.is_empty());
            let cause = if gone {
                LossCause::Missing
            } else if short {
                LossCause::Breakage
            } else {
                LossCause::Clerical
            };
            let resolve = |discrepancy: &InstanceId, cause, text: &str| Authorisation::ResolveDiscrepancy {
                site: site.clone(),
                discrepancy: discrepancy.clone(),
                cause,
                text: text.to_owned(),
            };
            let said = "looked into with both counters; the shelf is marked anew, and counts start at the back";
            if self.slips.taken(Slip::ResolveWrongly) {
                let counter = Ask::act(now, &lead, resolve(&discrepancy, cause, said)).may_fail();
                self.soon(counter);
                let silent = Ask::act(now, &lead, resolve(&discrepancy, LossCause::Overage, " ")).signed().may_fail();
                self.soon(silent);
                let nothing = Ask::act(now, &lead, resolve(&InstanceId::from("none"), cause, said)).signed().may_fail();
                self.soon(nothing);
            }
            if gone {
                self.soon(Ask::act(now, &lead, resolve(&discrepancy, cause, said)).signed().may_fail());
                self.send_notices(now, &site, &discrepancy, &state.notices);
            }
            let _ = &pharmacist;
            self.soon(Ask::act(minutes_after(now, 6), &lead, resolve(&discrepancy, cause, said)).signed());
        }
    }

    fn send_notices(
        &mut self,
        now: Timestamp,
        site: &SiteId,
        discrepancy: &InstanceId,
        notices: &[conduct::entry::NoticeDue],
    ) {
        let Some(lead) = self.at_site(site, Duty::LeadSite) else { return };
        let plan = self.clinic.study.stock.clone();
        for notice in notices.iter().filter(|notice| notice.causes.contains(&LossCause::Missing)) {
            let form = plan.as_ref().and_then(|plan| plan.form(&notice.form));
            let fields =
                form.into_iter().flat_map(|form| &form.fields).map(|f| (f.id.clone(), "as recorded".to_owned()));
            let fact = Fact::RecordNotice {
                site: site.clone(),
                discrepancy: discrepancy.clone(),
                form: notice.form.clone(),
                number: format!("{site}-N-{}", notice.form),
                fields: fields.collect(),
            };
            self.soon(Ask::fact(minutes_after(now, 3), &lead, fact).signed());
        }
    }

    /// Once, a site that has enough sends a few containers to its neighbour; they are unpacked there two days later.
    pub(super) fn send_on(&mut self, now: Timestamp, place: usize) {
        let Some(site) = self.sites.get(place).map(|run| run.id.clone()) else { return };
        let next = self.sites.iter().position(|run| run.active && run.id != site);
        let Some((next, to)) = next.and_then(|next| Some((next, self.sites.get(next)?.id.clone()))) else { return };
        let Some((pharmacist, witness)) = self.safe_pair(&site) else { return };
        let stock = self.clinic.folded.stocks.get(&site);
        let spare: Vec<ContainerId> = stock
            .into_iter()
            .flat_map(|stock| &stock.containers)
            .filter(|(_, container)| container.standing == ContainerStanding::Available)
            .map(|(id, _)| id.clone())
            .take(3)
            .collect();
        let used = stock.into_iter().flat_map(|stock| &stock.containers).find(|(_, container)| container.opened);
        let used: Vec<ContainerId> = used.map(|(id, _)| id.clone()).into_iter().collect();
        let ship = |to: &SiteId, containers: Vec<ContainerId>, seal: &str| Authorisation::ShipContainers {
            site: site.clone(),
            to: to.clone(),
            shipment: format!("{site}-T01"),
            containers,
            seal: seal.to_owned(),
            number: Some(format!("222-{site}-T01")),
        };
        if self.slips.taken(Slip::ShipWrongly) {
            for (to, containers, seal) in [(&site, &spare, "T-1"), (&to, &used, "T-1"), (&to, &spare, " ")] {
                let act = ship(to, containers.clone(), seal);
                self.soon(Ask::act(now, &pharmacist, act).signed().with(witness.as_ref()).may_fail());
            }
        }
        let act = ship(&to, spare, "T-1");
        self.soon(Ask::act(now, &pharmacist, act).signed().with(witness.as_ref()));
        self.later_at_site(days_after(now, 2.0), next, SiteStep::Unpack(site));
    }

    pub(super) fn unpack(&mut self, now: Timestamp, place: usize, from: &SiteId) {
        let Some(site) = self.sites.get(place).map(|run| run.id.clone()) else { return };
        let Some((pharmacist, witness)) = self.safe_pair(&site) else { return };
        let shipment = format!("{from}-T01");
        let coming = self.clinic.folded.stocks.get(&site).and_then(|stock| stock.shipments.get(&shipment));
        let Some(found) =
            coming.map(|shipment| shipment.containers.iter().map(|c| c.container.clone()).collect::<Vec<_>>())
        else {
            return;
        };
        let fact = Fact::ReceiveShipment { site: site.clone(), shipment, found: found.clone(), seal_whole: true };
        self.soon(Ask::fact(now, &pharmacist, fact).signed().with(witness.as_ref()));
        let act = Authorisation::AcceptContainers { site, containers: found };
        self.soon(Ask::act(minutes_after(now, 30), &pharmacist, act).signed().with(witness.as_ref()));
    }

    /// At the end, once: a container is not where it should be, and a lot is called back.
    pub(super) fn call_back_lot(&mut self, now: Timestamp, place: usize, site: &SiteId) {
        let Some((pharmacist, witness)) = self.safe_pair(site) else { return };
        let stock = self.clinic.folded.stocks.get(site);
        let lot = stock.and_then(|stock| stock.containers.values().map(|container| container.lot.clone()).max());
        let gone = stock.and_then(|stock| {
            stock.containers.iter().find(|(_, c)| c.standing == ContainerStanding::Damaged).map(|(id, _)| id.clone())
        });
        if let Some(gone) = gone
            && self.slips.once(Slip::GoneMissing)
        {
            let fact = Fact::RecordContainer { site: site.clone(), container: gone, what: ContainerFact::Missing };
            self.soon(Ask::fact(minutes_after(now, 5), &pharmacist, fact).signed().with(witness.as_ref()));
            self.later_at_site(minutes_after(now, 25), place, SiteStep::Recount);
            self.later_at_site(minutes_after(now, 55), place, SiteStep::Difference);
        }
        if let Some(lot) = lot
            && self.slips.once(Slip::CalledBackLot)
        {
            let reason = "the maker found a foreign body in a retained sample".to_owned();
            let fact = Fact::RecallLot { site: Some(site.clone()), lot, reason };
            self.soon(Ask::fact(minutes_after(now, 90), &pharmacist, fact).signed());
        }
    }
}
