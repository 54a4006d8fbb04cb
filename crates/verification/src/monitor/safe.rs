//! List A at the safe.

use super::{
    Harm, Look,
    memory::{Held, Place},
    must,
};
use crate::floors;
use conduct::Entry;
use protocol::model::{Duty, StockUse};
use terms::{ContainerId, SiteId};

impl Look<'_> {
    pub(super) fn safe_entry(&self, site: &SiteId, entry: &Entry, harms: &mut Vec<Harm>) {
        let today = self.stamp.day;
        match entry {
            Entry::ContainersAccepted { containers } => {
                self.each_known(site, containers, "let into use", harms);
                for (id, held) in self.here(site, containers) {
                    let fit =
                        held.place == Place::Quarantine && held.used == 0 && !held.recalled && held.expires >= today;
                    must(harms, fit, "accountability.fit", format!("{id} let into use and not fit for it"));
                    let said = !held.set_aside || self.reason();
                    must(
                        harms,
                        said,
                        "accountability.reason",
                        format!("{id} let into use after it was set aside, without a reason"),
                    );
                }
                self.papers_of_arrival(site, containers, harms);
                self.two_at_the_safe(site, "containers let into use", harms);
            }
            Entry::ContainerBack { container, .. } => {
                let all = std::slice::from_ref(container);
                self.each_known(site, all, "put back", harms);
                for (id, held) in self.here(site, all) {
                    let unopened = matches!(held.place, Place::Out(..)) && held.used == 0;
                    must(
                        harms,
                        unopened,
                        "accountability.unopened",
                        format!("{id} put back among what may be given, though opened"),
                    );
                }
                self.two_at_the_safe(site, "a container put back", harms);
            }
            Entry::ContainersDestroyed { containers, method, record } => {
                self.each_known(site, containers, "destroyed", harms);
                for (id, held) in self.here(site, containers) {
                    let useful = held.place == Place::Safe && held.expires >= today && !held.recalled;
                    must(
                        harms,
                        !useful,
                        "accountability.not_in_use",
                        format!("{id} destroyed, though it may be given"),
                    );
                    let there = matches!(held.place, Place::Quarantine | Place::Safe | Place::Damaged | Place::Back);
                    must(
                        harms,
                        there,
                        "accountability.in_safe",
                        format!("{id} destroyed, though it is not in the safe"),
                    );
                }
                let said = !method.trim().is_empty();
                must(harms, said, "accountability.method", "containers destroyed without saying how");
                let asked = self.form_here(site, StockUse::Destruction);
                let given = record.as_deref().is_some_and(|record| !record.trim().is_empty());
                must(
                    harms,
                    given || !asked,
                    "accountability.destruction_record",
                    "containers destroyed without the record that the study asks for",
                );
                self.two_at_the_safe(site, "containers destroyed", harms);
            }
            Entry::ContainersShipped { shipment, to, containers, seal, number } => {
                self.each_known(site, containers, "sent", harms);
                for (id, held) in self.here(site, containers) {
                    let fit = matches!(held.place, Place::Quarantine | Place::Safe) && held.used == 0;
                    must(harms, fit, "shipment.fit", format!("{id} sent, which does not lie unopened in the safe"));
                }
                self.sent(site, to, (shipment, seal, number.as_deref()), harms);
                self.two_at_the_safe(site, "containers sent", harms);
            }
            Entry::StockOrdered { form, number, fields, lines, .. } => {
                self.ordered_stock(site, (form, number), fields, lines, harms);
            }
            Entry::DiscrepancyResolved { instance, cause, text, .. } => {
                self.resolved(instance, *cause, text, harms);
            }
            _ => {}
        }
    }

    fn here<'c>(&'c self, site: &SiteId, containers: &'c [ContainerId]) -> Vec<(&'c ContainerId, &'c Held)> {
        let found = containers.iter().filter_map(|id| Some((id, self.shared.containers.get(id)?)));
        found.filter(|(_, held)| held.site == *site).collect()
    }

    fn each_known(&self, site: &SiteId, containers: &[ContainerId], what: &str, harms: &mut Vec<Harm>) {
        let once = containers.iter().enumerate().all(|(place, id)| !containers[..place].contains(id));
        let known = !containers.is_empty() && self.here(site, containers).len() == containers.len();
        must(
            harms,
            known && once,
            "accountability.known",
            format!("containers {what} that are not in this site's stock"),
        );
    }

    fn two_at_the_safe(&self, site: &SiteId, what: &str, harms: &mut Vec<Harm>) {
        if let Err(found) = self.two(Some(site), &[Duty::DispenseDrug], &[Duty::WitnessDrug]) {
            must(harms, false, "accountability.two_people", format!("{what} {found}"));
        }
        let old = self.second().map_or(0, |second| super::minutes(second.at.min(self.actor().at), self.now()));
        must(
            harms,
            old <= floors::TOGETHER_MINUTES,
            "floor.together",
            format!("{what} by two, one of whom proved it {old} min ago"),
        );
    }
}
