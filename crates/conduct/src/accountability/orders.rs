//! Order forms: what may be ordered, by whom, for how long; and whether what arrived came on one.
//!
//! Which forms there are is the study's to say, country by country. Source: safety.md §6.

use crate::{
    case::{Case, Draft},
    command::{DosePart, OrderLine},
    entry::Entry,
    finding::{Broken, Finding, Rule},
    schedule::days_from,
    state::{Consignment, Container},
};
use protocol::model::{Duty, StockForm, StockPlan, StockUse};
use std::collections::BTreeMap;
use terms::{ContainerId, SiteId};

/// A form of the study.
pub const FORM: Rule = Rule {
    id: "stock_order.form",
    sentence: "The form is one of the study's for orders in the site's country",
    source: "The study's plan for the drug",
    binds: &["sign_order_form"],
    broken: "The act is refused",
};
/// Filled in.
pub const FIELDS: Rule = Rule {
    id: "stock_order.fields",
    sentence: "Every field of the form that must be filled in is, and the containers are named by part and level",
    source: "The study's plan for the drug",
    binds: &["sign_order_form"],
    broken: "The act is refused",
};
/// Signed.
pub const SIGNED: Rule = Rule {
    id: "stock_order.signed",
    sentence: "Somebody who may sign the form signs it at this moment",
    source: "The study's plan for the drug; safety.md §6: power of attorney for signers",
    binds: &["sign_order_form"],
    broken: "The act is refused",
};
/// A new number.
pub const NUMBER: Rule = Rule {
    id: "stock_order.number",
    sentence: "The form bears a number that no other order of the site has",
    source: "safety.md §6: serial numbers",
    binds: &["sign_order_form"],
    broken: "The act is refused",
};
/// What arrived came on an order.
pub const ORDER: Rule = Rule {
    id: "accountability.order",
    sentence: "What is let into use came on a signed order form, in its term, and no more of it than was ordered",
    source: "safety.md §6: receipt compared to the order form",
    binds: &["accept_containers"],
    broken: "What arrived stays in quarantine",
};
/// Certified.
pub const CERTIFICATE: Rule = Rule {
    id: "accountability.certificate",
    sentence: "The lot's certificate of analysis is on record",
    source: "The study's plan for the drug; protocol.md §13: batch certificate",
    binds: &["accept_containers"],
    broken: "What arrived stays in quarantine",
};

/// What is to be signed.
#[derive(Debug)]
pub(super) struct Asked<'c> {
    pub form: &'c str,
    pub number: &'c str,
    pub fields: &'c BTreeMap<String, String>,
    pub lines: &'c [OrderLine],
}

/// The study's plan for the drug, if it has one.
pub(super) const fn plan<'c>(case: &Case<'c>) -> Option<&'c StockPlan> {
    case.study.stock.as_ref()
}

/// The country of a site, as the trial opened it.
pub(super) fn country<'c>(case: &Case<'c>, site: &SiteId) -> &'c str {
    case.world.trial.sites.get(site).map_or("", |site| site.country.as_str())
}

/// The study's forms of a use in the country of a site.
pub(super) fn forms<'c>(case: &Case<'c>, site: &SiteId, used_for: StockUse) -> Vec<&'c StockForm> {
    let country = country(case, site);
    plan(case).into_iter().flat_map(|plan| plan.forms_in(country, used_for)).collect()
}

/// Fields that must be filled in and are not, by label.
pub(super) fn lacking<'f>(form: &'f StockForm, fields: &BTreeMap<String, String>) -> Vec<&'f str> {
    let asked = form.fields.iter().filter(|field| !field.optional);
    let empty = |id: &str| fields.get(id).is_none_or(|value| value.trim().is_empty());
    asked.filter(|field| empty(&field.id)).map(|field| field.label.as_str()).collect()
}

pub(super) fn ask(case: &Case<'_>, site: &SiteId, asked: &Asked<'_>) -> Vec<Finding> {
    let here = forms(case, site, StockUse::Order);
    let Some(form) = here.iter().find(|form| form.id == asked.form) else {
        let known: Vec<&str> = here.iter().map(|form| form.id.as_str()).collect();
        let needed =
            if known.is_empty() { "none: the study asks for no order here".to_owned() } else { known.join(", ") };
        return vec![
            Broken::new(&FORM, asked.form, needed, "choose one of the study's forms").by(Duty::LeadSite).into(),
        ];
    };
    let mut lacking: Vec<String> = lacking(form, asked.fields).into_iter().map(str::to_owned).collect();
    lacking.extend(wrong_lines(case, asked.lines));
    let fields = if lacking.is_empty() {
        Finding::holds(&FIELDS, format!("{} lines", asked.lines.len()))
    } else {
        Broken::new(&FIELDS, lacking.join("; "), "each filled in", "fill it in as the form asks")
            .from_source(&form.source)
            .by(Duty::LeadSite)
            .into()
    };
    let signed = match (case.actor.duties.has_any(&form.signed_by), case.actor.proof.signed) {
        (true, true) => Finding::holds(&SIGNED, "signed"),
        (may, _) => {
            let found = if may { "not signed" } else { "nobody who may sign it" };
            let who = form.signed_by.first().copied().unwrap_or(Duty::LeadSite);
            Broken::new(&SIGNED, found, "a signature of somebody who may", "they sign with their PIN")
                .from_source(&form.source)
                .by(who)
                .into()
        }
    };
    let taken = case.world.stock.is_some_and(|stock| stock.orders.contains_key(asked.number));
    let number = if asked.number.trim().is_empty() || taken {
        let found = if taken { format!("{} is on record", asked.number) } else { "no number".to_owned() };
        Broken::new(&NUMBER, found, "the number printed on this form", "read it from the form")
            .by(Duty::LeadSite)
            .into()
    } else {
        Finding::holds(&NUMBER, asked.number.to_owned())
    };
    vec![Finding::holds(&FORM, form.title.clone()), fields, signed, number]
}

fn wrong_lines(case: &Case<'_>, lines: &[OrderLine]) -> Vec<String> {
    let mut wrong = Vec::new();
    if lines.is_empty() {
        wrong.push("no line".to_owned());
    }
    for line in lines {
        let pieces = case.study.level(line.level.as_str()).map(|level| match line.part {
            DosePart::Initial => level.initial_pieces,
            DosePart::Supplement => level.supplement_pieces,
        });
        if line.containers == 0 || pieces.is_none_or(|pieces| pieces == 0) {
            wrong.push(format!("{} containers of level {}", line.containers, line.level));
        }
    }
    wrong
}

pub(super) fn grant(case: &Case<'_>, site: &SiteId, asked: &Asked<'_>, draft: &mut Draft) {
    let form = plan(case).and_then(|plan| plan.form(asked.form));
    let days = form.and_then(|form| form.valid_days).map(|days| i32::try_from(days).unwrap_or(i32::MAX));
    draft.stock(
        site,
        Entry::StockOrdered {
            form: asked.form.to_owned(),
            number: asked.number.to_owned(),
            fields: asked.fields.clone(),
            lines: asked.lines.to_vec(),
            until: days.map(|days| days_from(case.day, days)),
        },
    );
}

/// Whether a container came on an order that covers it, and its lot is certified.
pub(super) fn covered(case: &Case<'_>, id: &ContainerId, container: &Container) -> Option<Finding> {
    let site = case.site?;
    let stock = case.world.stock?;
    let arrival = stock.consignments.get(&container.consignment);
    let about = |rule: &'static Rule, found: String, needed: &str, remedy: &str| -> Finding {
        Broken::new(rule, found, needed, remedy)
            .about(id.as_str(), format!("Container {id}, of {}, is covered by its papers", container.consignment))
            .by(Duty::DispenseDrug)
            .into()
    };
    // What came from another site came on that site's papers.
    let from_another = arrival.is_some_and(|arrival| arrival.from.is_some());
    if !from_another && !forms(case, site, StockUse::Order).is_empty() {
        let remedy =
            "record the number of the order form with the receipt; have the form signed if it is not on record";
        if let Some(found) = uncovered(case, container, arrival) {
            return Some(about(&ORDER, found, "a signed order form in its term, for as many", remedy));
        }
    }
    let certified = arrival.is_some_and(|arrival| arrival.certificates.contains_key(&container.lot));
    if plan(case).is_some_and(|plan| plan.certificate) && !certified {
        let found = format!("no certificate of lot {}", container.lot);
        let remedy = "record the certificate's number with the receipt";
        return Some(about(&CERTIFICATE, found, "the certificate of the lot", remedy));
    }
    None
}

/// What is wrong about the order that a container came on.
fn uncovered(case: &Case<'_>, container: &Container, arrival: Option<&Consignment>) -> Option<String> {
    let stock = case.world.stock?;
    let Some(number) = arrival.and_then(|arrival| arrival.order.as_ref()) else {
        return Some("received without an order form".to_owned());
    };
    let Some(order) = stock.orders.get(number) else { return Some(format!("order {number} is not on record")) };
    let arrived = arrival.and_then(|arrival| arrival.arrived).unwrap_or(case.day);
    if let Some(until) = order.until.filter(|until| *until < arrived) {
        return Some(format!("order {number} ended on {until}, this arrived on {arrived}"));
    }
    let ordered: u32 = order
        .lines
        .iter()
        .filter(|line| line.part == container.part && line.level == container.level)
        .fold(0, |all, line| all.saturating_add(line.containers));
    let of_order = |other: &&Container| {
        other.part == container.part
            && other.level == container.level
            && stock.consignments.get(&other.consignment).and_then(|c| c.order.as_ref()) == Some(number)
    };
    let received = u32::try_from(stock.containers.values().filter(of_order).count()).unwrap_or(u32::MAX);
    (received > ordered).then(|| format!("order {number}: {ordered} ordered, {received} received"))
}
