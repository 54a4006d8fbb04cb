//! The drug's papers: orders, deliveries, shipments, and differences that somebody else must close.

use super::{
    Harm, Look,
    memory::{Delivery, Difference, Held, Place, Shared},
    must,
};
use conduct::{
    Entry, Person, Written,
    command::{DosePart, OrderLine},
    entry::DiscrepancyKind,
};
use protocol::model::{LossCause, StockForm, StockUse};
use std::collections::BTreeMap;
use terms::{ContainerId, InstanceId, SiteId};

/// How the onlooker's memory follows the drug's papers.
pub(super) fn of_papers(shared: &mut Shared, site: &SiteId, one: &Written) {
    let clinic = shared.sites.entry(site.clone()).or_default();
    match &one.entry {
        Entry::ContainersReceived { consignment, containers, order, certificates, .. } => {
            let delivery = Delivery {
                order: order.clone(),
                certified: certificates.keys().cloned().collect(),
                arrived: Some(one.stamp.day),
                from_another: false,
            };
            clinic.deliveries.insert(consignment.clone(), delivery);
            for report in containers {
                let held = Held {
                    site: site.clone(),
                    part: report.part,
                    level: report.level.clone(),
                    expires: report.expires,
                    place: Place::Quarantine,
                    used: 0,
                    recalled: false,
                    set_aside: false,
                    lot: report.lot.clone(),
                    consignment: consignment.clone(),
                };
                shared.containers.entry(report.container.clone()).or_insert(held);
            }
        }
        Entry::ReceiptCompleted { consignment, order, certificates } => {
            let delivery = clinic.deliveries.entry(consignment.clone()).or_default();
            if order.is_some() {
                delivery.order.clone_from(order);
            }
            delivery.certified.extend(certificates.keys().cloned());
        }
        Entry::StockOrdered { number, lines, until, .. } => {
            let lines = lines.iter().map(|line| (line.part, line.level.clone(), line.containers)).collect();
            clinic.orders.insert(number.clone(), (lines, *until));
        }
        Entry::ShipmentReceived { shipment, found, .. } => {
            clinic.deliveries.entry(shipment.clone()).or_default().from_another = true;
            for id in found {
                if let Some(held) = shared.containers.get_mut(id) {
                    held.site = site.clone();
                    held.place = Place::Quarantine;
                    held.consignment.clone_from(shipment);
                }
            }
        }
        Entry::TemperatureLogged { set_aside, .. } => {
            for id in set_aside {
                if let Some(held) = shared.containers.get_mut(id) {
                    (held.place, held.set_aside) = (Place::Quarantine, true);
                }
            }
        }
        Entry::LotRecalled { lot, .. } => {
            for held in shared.containers.values_mut().filter(|held| held.site == *site && held.lot == *lot) {
                if held.used == 0 && matches!(held.place, Place::Safe | Place::Quarantine) {
                    held.place = Place::Quarantine;
                }
                (held.recalled, held.set_aside) = (true, true);
            }
        }
        _ => of_differences(shared, site, one),
    }
}

fn of_differences(shared: &mut Shared, site: &SiteId, one: &Written) {
    match &one.entry {
        Entry::DiscrepancyOpened { instance, what, containers, consignment, people, notices, hold, .. } => {
            let open = Difference {
                site: Some(site.clone()),
                people: people.iter().cloned().collect(),
                containers: containers.iter().cloned().collect(),
                consignment: consignment.clone(),
                hold: hold.clone(),
                by_delivery: matches!(what, DiscrepancyKind::Receipt | DiscrepancyKind::Shipment),
                notices: notices
                    .iter()
                    .map(|due| (due.form.clone(), due.causes.iter().map(|cause| format!("{cause:?}")).collect()))
                    .collect(),
                ..Difference::default()
            };
            shared.differences.insert(instance.clone(), open);
        }
        Entry::StockCounted { missing, unexpected, pieces, counters, .. } => {
            let short = !missing.is_empty() || pieces.values().any(|[found, book]| found < book);
            let strange = !unexpected.is_empty();
            for open in shared.differences.values_mut().filter(|open| open.site.as_ref() == Some(site)) {
                open.recount = Some((short, strange));
                open.people.extend(counters.iter().cloned());
            }
        }
        Entry::NoticeRecorded { discrepancy, form, .. } => {
            if let Some(open) = shared.differences.get_mut(discrepancy) {
                open.sent.insert(form.clone());
            }
        }
        Entry::DiscrepancyResolved { instance, lost, .. } => {
            shared.differences.remove(instance);
            for id in lost {
                if let Some(held) = shared.containers.get_mut(id) {
                    held.place = Place::Missing;
                }
            }
        }
        _ => {}
    }
}

impl<'a> Look<'a> {
    fn forms(&self, site: &SiteId, used: StockUse) -> Vec<&'a StockForm> {
        let country = self.shared.sites.get(site).map_or("", |clinic| clinic.country.as_str());
        let plan = self.setting.study.stock.as_ref();
        let all = plan.into_iter().flat_map(|plan| &plan.forms);
        let here = |form: &&StockForm| form.countries.is_empty() || form.countries.iter().any(|known| known == country);
        all.filter(|form| form.used_for == used).filter(here).collect()
    }

    /// Whether the study has a form of this use at the site.
    pub(super) fn form_here(&self, site: &SiteId, used: StockUse) -> bool {
        !self.forms(site, used).is_empty()
    }

    pub(super) fn papers_of_arrival(&self, site: &SiteId, containers: &[ContainerId], harms: &mut Vec<Harm>) {
        let nothing = Delivery::default();
        let Some(clinic) = self.shared.sites.get(site) else { return };
        for (id, held) in containers.iter().filter_map(|id| Some((id, self.shared.containers.get(id)?))) {
            let delivery = clinic.deliveries.get(&held.consignment).unwrap_or(&nothing);
            let open =
                self.shared.differences.values().any(|open| {
                    open.site.as_ref() == Some(site) && open.consignment.as_ref() == Some(&held.consignment)
                });
            let what = format!("{id} let into use while its delivery does not agree with its note");
            must(harms, !open, "accountability.agrees", what);
            let certain = self.setting.study.stock.as_ref().is_none_or(|plan| !plan.certificate);
            let certified = certain || delivery.certified.contains(&held.lot);
            must(harms, certified, "accountability.certificate", format!("{id} let into use without a certificate"));
            if delivery.from_another || !self.form_here(site, StockUse::Order) {
                continue;
            }
            let number = delivery.order.as_ref();
            let covered = number.and_then(|number| clinic.orders.get(number)).is_some_and(|(lines, until)| {
                let same = |part: DosePart, level: &terms::LevelId| part == held.part && *level == held.level;
                let ordered: u32 = lines.iter().filter(|(part, level, _)| same(*part, level)).map(|line| line.2).sum();
                let arrived = self.shared.containers.values().filter(|other| {
                    other.site == *site
                        && same(other.part, &other.level)
                        && clinic.deliveries.get(&other.consignment).and_then(|known| known.order.as_ref()) == number
                });
                let day = delivery.arrived.unwrap_or(self.stamp.day);
                arrived.count() <= ordered as usize && until.is_none_or(|until| day <= until)
            });
            must(harms, covered, "accountability.order", format!("{id} let into use, which no order covers"));
        }
    }

    pub(super) fn sent(
        &self,
        site: &SiteId,
        to: &SiteId,
        (shipment, seal, number): (&str, &str, Option<&str>),
        harms: &mut Vec<Harm>,
    ) {
        let active = self.shared.sites.get(to).is_some_and(|clinic| clinic.standing >= 2);
        must(
            harms,
            active && to != site,
            "shipment.destination",
            format!("containers sent to {to}, which may not hold them"),
        );
        let known = self.shared.sites.get(site).is_some_and(|clinic| clinic.deliveries.contains_key(shipment));
        let formed =
            !self.form_here(site, StockUse::Transfer) || number.is_some_and(|number| !number.trim().is_empty());
        let sound = !shipment.trim().is_empty() && !known && !seal.trim().is_empty() && formed;
        must(harms, sound, "shipment.papers", "containers sent without number, seal or form");
    }

    pub(super) fn ordered_stock(
        &self,
        site: &SiteId,
        (form, number): (&str, &str),
        fields: &BTreeMap<String, String>,
        lines: &[OrderLine],
        harms: &mut Vec<Harm>,
    ) {
        let forms = self.forms(site, StockUse::Order);
        let plan = forms.iter().find(|plan| plan.id == form);
        must(harms, plan.is_some(), "stock_order.form", "an order on a form that the study does not have here");
        let known = self.shared.sites.get(site).is_some_and(|clinic| clinic.orders.contains_key(number));
        let new = !number.trim().is_empty() && !known;
        must(harms, new, "stock_order.number", "an order without a number of its own");
        let Some(plan) = plan else { return };
        let empty = plan
            .fields
            .iter()
            .any(|field| !field.optional && fields.get(&field.id).is_none_or(|value| value.trim().is_empty()));
        let said = !lines.is_empty() && lines.iter().all(|line| line.containers > 0);
        must(harms, !empty && said, "stock_order.fields", "an order that is not filled in");
        let duties = self.duties(self.actor(), Some(site));
        let may = self.actor().signed && plan.signed_by.iter().any(|duty| duties.contains(duty));
        must(harms, may, "stock_order.signed", "an order that nobody signed who may");
    }

    pub(super) fn resolved(&self, instance: &InstanceId, cause: LossCause, text: &str, harms: &mut Vec<Harm>) {
        let Some(open) = self.shared.differences.get(instance) else {
            must(harms, false, "discrepancy.known", "a difference closed that is not open");
            return;
        };
        let third = match &self.actor().person {
            Person::Staff(staff) => self.actor().signed && !open.people.contains(staff),
            Person::Participant(_) | Person::Program => false,
        };
        must(harms, third, "discrepancy.third_person", "a difference closed by one who counted, or unsigned");
        let counted = open.by_delivery || open.recount.is_some();
        must(harms, counted, "discrepancy.recounted", "a difference closed without a count by two since");
        let gone = |id: &ContainerId| self.shared.containers.get(id).is_some_and(|held| held.place == Place::Missing);
        let (short, strange) = open.recount.unwrap_or_default();
        let short = short || open.containers.iter().any(gone);
        let called_nothing = matches!(cause, LossCause::Clerical | LossCause::Overage);
        must(
            harms,
            !(strange || short && called_nothing),
            "discrepancy.cause",
            "a difference closed as a slip of the pen while something is gone",
        );
        let word = format!("{cause:?}");
        let lacking = open.notices.iter().find(|(form, causes)| causes.contains(&word) && !open.sent.contains(form));
        must(harms, lacking.is_none(), "discrepancy.notices", "a difference closed with a notice not sent");
        must(harms, !text.trim().is_empty(), "discrepancy.said", "a difference closed without saying how it came");
    }
}
