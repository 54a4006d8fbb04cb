//! Consignments, counts, losses: what the people of the safe do beside sessions.

use super::{
    SiteStep, Slip, Trial,
    safe::{label, order_number},
};
use crate::clinic::{Ask, days_after, minutes_after};
use allocation::{Consignment, ConsignmentPlan, Seed, SupplyRule, consignment_make, resupply};
use conduct::{
    Authorisation, Fact,
    command::{ContainerFact, HoldOn},
    state::{ContainerStanding, StockState},
};
use jiff::{Timestamp, civil::Date};
use protocol::model::{Duty, StockUse};
use std::collections::BTreeMap;
use terms::{ContainerId, Decimal, LevelId, SiteId, StaffId};

impl Trial<'_> {
    fn here(&self, place: usize, now: Timestamp) -> Option<(SiteId, Date)> {
        self.sites.get(place).map(|site| (site.id.clone(), now.to_zoned(site.zone.clone()).date()))
    }

    fn rule(&self) -> SupplyRule {
        let supply = &self.clinic.scenario.supply;
        SupplyRule { of_each: supply.of_each, low: supply.low, in_date_days: supply.in_date_days }
    }

    fn stock(&self, site: &SiteId) -> StockState {
        self.clinic.folded.stocks.get(site).cloned().unwrap_or_default()
    }

    /// The two people of the safe.
    pub(super) fn safe_pair(&self, site: &SiteId) -> Option<(StaffId, Option<StaffId>)> {
        let hands_out = self.at_site(site, Duty::DispenseDrug)?;
        let witness = self.other_at(site, Duty::WitnessDrug, &hands_out);
        Some((hands_out, witness))
    }

    pub(super) fn first_stock(&mut self, now: Timestamp, place: usize) {
        self.send(now, place, &StockState::default(), 0.0);
    }

    /// Sends a consignment with whatever is low, if anything is.
    fn send(&mut self, now: Timestamp, place: usize, stock: &StockState, days: f64) {
        let Some((site, today)) = self.here(place, now) else { return };
        let lacking = self.sites.get_mut(place).map(|run| std::mem::take(&mut run.lacking)).unwrap_or_default();
        let lines = resupply(&self.clinic.study.dose.levels, &self.rule(), stock, &lacking, today);
        if lines.is_empty() {
            return;
        }
        let Some(run) = self.sites.get_mut(place) else { return };
        run.consignments += 1;
        run.expected = true;
        let number = format!("{site}-C{:02}", run.consignments);
        let months = jiff::Span::new().months(self.clinic.scenario.supply.shelf_months);
        let expires = today.saturating_add(months).last_of_month();
        let lot = format!("L{}{:02}", today.year() % 100, today.month());
        let plan = ConsignmentPlan { number: number.clone(), lines, lot, expires, taken: &self.taken };
        let seed = Seed::of_simulation(self.clinic.seed, &number);
        let Ok(mut consignment) = consignment_make(&plan, &self.clinic.study.arms, &self.clinic.key, &seed) else {
            return;
        };
        label(&mut consignment, &site, self.taken.len());
        self.order_form(now, &site, &consignment);
        self.taken.extend(consignment.containers.iter().map(|container| container.container.clone()));
        self.later_at_site(days_after(now, days), place, SiteStep::Arrive(Box::new(consignment)));
    }

    pub(super) fn look_at_stock(&mut self, now: Timestamp, place: usize) {
        let Some((site, _)) = self.here(place, now) else { return };
        if self.everybody_has_finished() {
            self.second_part(now);
        }
        if self.everybody_has_finished() {
            self.later_at_site(days_after(now, 3.0), place, SiteStep::Wrap);
            return;
        }
        let largest = self.sites.iter().map(|site| site.rate).fold(0.0, f64::max);
        let Some(run) = self.sites.get(place) else { return };
        // The busiest site is sent nothing until its shelf has run empty for one session.
        let starving = self.clinic.scenario.supply.stock_out && run.rate >= largest && !run.starved;
        if !run.expected && !starving {
            let [from, to] = self.clinic.scenario.supply.delivery_days;
            let days = self.sites.get_mut(place).map_or(5, |run| run.keeping.whole(from, to)) as f64;
            let stock = self.stock(&site);
            self.send(now, place, &stock, days);
        }
        self.later_at_site(days_after(now, 7.0), place, SiteStep::Look);
    }

    /// After a session found nothing on the shelf: sent at once.
    pub(super) fn shelf_ran_empty(&mut self, now: Timestamp, place: usize, level: LevelId) {
        let Some((site, _)) = self.here(place, now) else { return };
        let Some(run) = self.sites.get_mut(place) else { return };
        run.starved = true;
        run.lacking.insert(level);
        if !run.expected {
            let stock = self.stock(&site);
            self.send(now, place, &stock, 2.0);
        }
    }

    pub(super) fn consignment_arrives(&mut self, now: Timestamp, place: usize, consignment: &Consignment) {
        let Some((site, _)) = self.here(place, now) else { return };
        let Some((pharmacist, witness)) = self.safe_pair(&site) else { return };
        self.clinic.hand_over(|sink| sink.sealed_contents(&site, &consignment.sealed));
        if let Some(service) = &mut self.clinic.service {
            service.add_containers(consignment.sealed.iter().cloned());
        }
        let late_order = self.slips.taken(Slip::ArriveUnordered);
        let late_papers = !late_order && self.slips.taken(Slip::ArriveUncertified);
        let lots: BTreeMap<String, String> = consignment
            .containers
            .first()
            .map(|report| (report.lot.clone(), format!("CoA {}", report.lot)))
            .into_iter()
            .collect();
        let number = u32::try_from(consignment.containers.len()).unwrap_or(u32::MAX);
        // The note of one delivery names one more than there are.
        let noted = number + u32::from(!late_order && !late_papers && self.slips.once(Slip::NoteDiffers));
        let receive = Fact::ReceiveContainers {
            site: site.clone(),
            consignment: consignment.number.clone(),
            containers: consignment.containers.clone(),
            order: (!late_order).then(|| order_number(&consignment.number)),
            noted: Some(noted),
            certificates: if late_papers { BTreeMap::new() } else { lots.clone() },
        };
        if late_order || late_papers {
            let fact = Fact::CompleteReceipt {
                site: site.clone(),
                consignment: consignment.number.clone(),
                order: late_order.then(|| order_number(&consignment.number)),
                certificates: if late_papers { lots } else { BTreeMap::new() },
            };
            let early: Vec<ContainerId> = consignment.containers.iter().map(|c| c.container.clone()).take(1).collect();
            let act = Authorisation::AcceptContainers { site: site.clone(), containers: early };
            self.soon(Ask::act(minutes_after(now, 20), &pharmacist, act).signed().with(witness.as_ref()).may_fail());
            self.soon(Ask::fact(minutes_after(now, 80), &pharmacist, fact).signed());
        }
        let ask = Ask::fact(now, &pharmacist, receive.clone()).with(witness.as_ref());
        self.soon(ask);
        if let Some(run) = self.sites.get_mut(place) {
            run.expected = false;
        }
        if self.slips.taken(Slip::ReceiveTwice) {
            self.soon(Ask::fact(now, &pharmacist, receive).may_fail());
        }
        if self.slips.once(Slip::ReceiveNonsense) {
            let mut wrong = consignment.containers.clone();
            wrong.truncate(1);
            wrong.iter_mut().for_each(|report| {
                report.level = terms::LevelId::from("999");
                report.container = ContainerId::from("0000000");
            });
            let fact = Fact::ReceiveContainers {
                site: site.clone(),
                consignment: "?".to_owned(),
                containers: wrong,
                order: None,
                noted: None,
                certificates: BTreeMap::new(),
            };
            self.soon(Ask::fact(now, &pharmacist, fact).may_fail());
        }
        if noted != number {
            // Nothing of it is let into use before somebody else has looked into it.
            let early = consignment.containers.iter().map(|c| c.container.clone()).take(1).collect();
            let act = Authorisation::AcceptContainers { site, containers: early };
            self.soon(Ask::act(minutes_after(now, 30), &pharmacist, act).signed().with(witness.as_ref()).may_fail());
            self.later_at_site(minutes_after(now, 70), place, SiteStep::Difference);
        }
        let ids = consignment.containers.iter().map(|container| container.container.clone()).collect();
        self.later_at_site(minutes_after(now, 95), place, SiteStep::Accept(ids));
    }

    pub(super) fn accept(&mut self, now: Timestamp, place: usize, containers: Vec<ContainerId>) {
        let Some((site, _)) = self.here(place, now) else { return };
        let Some((pharmacist, witness)) = self.safe_pair(&site) else { return };
        let accept = |containers: Vec<ContainerId>| Authorisation::AcceptContainers { site: site.clone(), containers };
        if self.slips.taken(Slip::AcceptAlone) {
            let ask = Ask::act(now, &pharmacist, accept(containers.clone())).signed().may_fail();
            self.soon(ask);
        }
        if self.slips.taken(Slip::AcceptUnknown) {
            let ask = Ask::act(now, &pharmacist, accept(vec![ContainerId::from("1234567")])).signed();
            self.soon(ask.with(witness.as_ref()).may_fail());
        }
        // Some arrive broken, some got warm on the way: set aside, and looked at.
        let supply = (self.clinic.scenario.supply.damaged, self.clinic.scenario.supply.warm);
        let mut fine = Vec::new();
        let mut warm = Vec::new();
        for id in containers {
            let drawn = self.sites.get_mut(place).map_or(1.0, |run| run.keeping.uniform());
            let gets_warm = self.slips.once(Slip::WarmOnTheWay);
            let what = if gets_warm {
                Some(ContainerFact::TemperatureExcursion { celsius: Decimal::thousandths(31_500) })
            } else if drawn < supply.0 {
                Some(ContainerFact::Damaged { reason: "label torn, cap loose".to_owned() })
            } else if drawn < supply.0 + supply.1 {
                Some(ContainerFact::TemperatureExcursion { celsius: Decimal::thousandths(31_500) })
            } else {
                None
            };
            match what {
                None => fine.push(id),
                Some(what) => {
                    let is_warm = matches!(what, ContainerFact::TemperatureExcursion { .. });
                    let fact = Fact::RecordContainer { site: site.clone(), container: id.clone(), what };
                    self.soon(Ask::fact(now, &pharmacist, fact));
                    if is_warm {
                        warm.push(id);
                    }
                }
            }
        }
        let ask = Ask::act(now, &pharmacist, accept(fine.clone())).signed().with(witness.as_ref());
        self.soon(ask);
        if self.slips.taken(Slip::AcceptTwice) {
            let again = accept(fine.into_iter().take(1).collect());
            self.soon(Ask::act(now, &pharmacist, again).signed().with(witness.as_ref()).may_fail());
        }
        if warm.is_empty() {
            return;
        }
        if self.slips.taken(Slip::AcceptSetAside) {
            let ask = Ask::act(now, &pharmacist, accept(warm.clone())).signed().with(witness.as_ref());
            self.soon(ask.may_fail());
        }
        let judged = "within the maker's stability data for such a time; sponsor's quality agreed";
        let ask = Ask::act(minutes_after(now, 5), &pharmacist, accept(warm)).signed().with(witness.as_ref());
        self.soon(ask.because(judged));
    }

    pub(super) fn count(&mut self, now: Timestamp, place: usize) {
        let Some((site, today)) = self.here(place, now) else { return };
        let Some((pharmacist, witness)) = self.safe_pair(&site) else { return };
        let stock = self.stock(&site);
        let mut found: Vec<ContainerId> = stock.in_safe().cloned().collect();
        if found.len() > 1 && self.slips.taken(Slip::CountTwice) {
            let mut twice = found.clone();
            twice.extend(found.first().cloned());
            let fact = Fact::CountStock { site: site.clone(), found: twice, pieces: BTreeMap::new() };
            self.soon(Ask::fact(now, &pharmacist, fact).with(witness.as_ref()).may_fail());
        }
        let usable =
            stock.containers.iter().find(|(_, c)| c.standing == ContainerStanding::Available && c.expires > today);
        if let Some((usable, _)) = usable
            && self.slips.taken(Slip::DestroyUsable)
        {
            let containers = vec![usable.clone()];
            let (method, record) = ("incinerated".to_owned(), None);
            let act = Authorisation::DestroyContainers { site: site.clone(), containers, method, record };
            self.soon(Ask::act(now, &pharmacist, act).signed().with(witness.as_ref()).may_fail());
        }
        let short = found.len() > 4 && self.sites.get_mut(place).is_some_and(|run| run.keeping.chance(0.02));
        self.at_the_safe(now, place, &site, &pharmacist, witness.as_ref());
        if short {
            // One lies behind another, and neither sees it: both count again, and a third looks into it.
            found.pop();
        }
        let mut others = found.clone();
        if found.len() > 4 && self.slips.once(Slip::CountersDiffer) {
            others.pop();
            self.later_at_site(minutes_after(now, 18), place, SiteStep::Recount);
        }
        self.count_by(now, place, &site, &pharmacist, witness.as_ref(), (found, others));
        if stock.containers.values().any(|container| container.opened) && self.slips.once(Slip::SentOn) {
            self.later_at_site(minutes_after(now, 90), place, SiteStep::Send);
        }
        if !self.everybody_has_finished() {
            let days = f64::from(self.clinic.scenario.supply.count_every_days);
            self.later_at_site(days_after(now, days), place, SiteStep::Count);
        }
    }

    /// What a hold was placed for has been looked into: it is lifted, with what was found.
    pub(super) fn lift_one(&mut self, now: Timestamp, on: HoldOn, hold: &terms::InstanceId) {
        let Some(monitor) = self.medical_monitor() else { return };
        // What a difference put there ends with the difference.
        let stands = match &on {
            HoldOn::Site { site } => {
                self.clinic.folded.sites.get(site).is_some_and(|state| state.holds.contains_key(hold))
            }
            HoldOn::Trial | HoldOn::Participant { .. } => true,
        };
        if !stands {
            return;
        }
        let act = Authorisation::LiftHold { on, hold: hold.clone() };
        if self.slips.taken(Slip::LiftSilently) {
            self.soon(Ask::act(now, &monitor, act.clone()).signed().may_fail());
        }
        let found = "looked into with the site: explained, and noted";
        self.soon(Ask::act(now, &monitor, act).signed().because(found));
    }

    /// The end: used containers are destroyed, the rest set aside and destroyed too, the site closed.
    pub(super) fn wrap_up(&mut self, now: Timestamp, place: usize) {
        let Some((site, _)) = self.here(place, now) else { return };
        let Some((pharmacist, witness)) = self.safe_pair(&site) else { return };
        let stock = self.stock(&site);
        let standing = |wanted: &dyn Fn(&ContainerStanding) -> bool| -> Vec<ContainerId> {
            stock.containers.iter().filter(|(_, c)| wanted(&c.standing)).map(|(id, _)| id.clone()).collect()
        };
        let used = standing(&|s| matches!(s, ContainerStanding::Used { back: true, .. } | ContainerStanding::Damaged));
        let mut left = standing(&|s| matches!(s, ContainerStanding::Available | ContainerStanding::Quarantined));
        let destroy = |containers: Vec<ContainerId>, method: &str| {
            let record = Some(format!("{site}-D01"));
            let act =
                Authorisation::DestroyContainers { site: site.clone(), containers, method: method.to_owned(), record };
            Ask::act(now, &pharmacist, act).signed()
        };
        let method = "incinerated by the licensed contractor";
        if left.len() > 1 && self.slips.once(Slip::GoneMissing) {
            // One is not where it should be.
            if let Some(gone) = left.pop() {
                let fact = Fact::RecordContainer { site: site.clone(), container: gone, what: ContainerFact::Missing };
                self.soon(Ask::fact(now, &pharmacist, fact).signed().with(witness.as_ref()));
            }
        }
        self.call_back_lot(now, &site);
        for id in &left {
            let what = ContainerFact::ReturnedOut { consignment: format!("{site}-R01") };
            let fact = Fact::RecordContainer { site: site.clone(), container: id.clone(), what };
            self.soon(Ask::fact(now, &pharmacist, fact).with(witness.as_ref()));
        }
        if !used.is_empty() {
            // Only a country with a form for it asks for the record's number.
            let country =
                self.clinic.folded.trial.sites.get(&site).map(|site| site.country.clone()).unwrap_or_default();
            let plan = self.clinic.study.stock.clone();
            let asked = plan.is_some_and(|plan| plan.forms_in(&country, StockUse::Destruction).next().is_some());
            if asked && self.slips.taken(Slip::DestroyUnrecorded) {
                let (containers, method, record) = (used.clone(), method.to_owned(), None);
                let act = Authorisation::DestroyContainers { site: site.clone(), containers, method, record };
                self.soon(Ask::act(now, &pharmacist, act).signed().with(witness.as_ref()).may_fail());
            }
            if self.slips.taken(Slip::DestroyAlone) {
                self.soon(destroy(used.clone(), method).may_fail());
            }
            if self.slips.taken(Slip::DestroySilently) {
                self.soon(destroy(used.clone(), " ").with(witness.as_ref()).may_fail());
            }
            self.soon(destroy(used.clone(), method).with(witness.as_ref()));
            if self.slips.taken(Slip::DestroyGone) {
                self.soon(destroy(used, method).with(witness.as_ref()).may_fail());
            }
        }
    }

    /// Whether nobody is left for whom a site would have to be ready.
    pub(super) fn everybody_has_finished(&self) -> bool {
        self.recruited() && self.lives.iter().all(|life| life.over)
    }
}
