//! Acts of the drug's keeping beside counts and containers: order forms, papers of a delivery, temperatures, the safe's door,
//! shipments, recalls, differences and their notices.

use std::collections::BTreeMap;

use conduct::command::{DosePart, OrderLine, SafeGoing, TemperatureReading};
use conduct::state::{ContainerStanding, Discrepancy, StockState};
use conduct::{Authorisation, Command, Fact};
use jiff::tz::TimeZone;
use protocol::model::{FieldSource, LossCause, StockForm, StockUse};
use terms::{ContainerId, InstanceId, LevelId, SiteId};

use super::reader::{self, Reader};
use super::site::{line, numbers, ticked_containers};
use super::{Act, Kind, Proofs, Reason, Scene, Scope, choices};
use crate::parts::field::{Choice, Control, Field};
use crate::show;

const CAUSES: &[(&str, &str)] = &[
    ("clerical", "A slip of the pen or a miscount: nothing is gone"),
    ("breakage", "Breakage or spillage"),
    ("overage", "More than there should be"),
    ("missing", "Missing, and nobody knows how"),
    ("theft", "Theft, or the suspicion of it"),
];

const GOINGS: &[(&str, &str)] = &[("opened", "Opened"), ("shut", "Shut, locked and sealed")];

fn country<'a>(scene: &Scene<'a>) -> &'a str {
    scene.site_id.and_then(|id| scene.trial.sites.get(id)).map_or("", |site| site.country.as_str())
}

/// The study's forms of one use, where the site is.
fn forms<'a>(scene: &Scene<'a>, used_for: StockUse) -> Vec<&'a StockForm> {
    let country = country(scene);
    scene.study.stock.as_ref().into_iter().flat_map(|plan| plan.forms_in(country, used_for)).collect()
}

fn form_choice(forms: &[&StockForm]) -> Field {
    let options: Vec<Choice> = forms.iter().map(|form| Choice::new(&form.id, &form.title)).collect();
    let first = options.first().map(|choice| choice.code.clone()).unwrap_or_default();
    Field::new("form", "Form", Control::Select { options }).value(first)
}

/// The fields of forms, each once; what the record knows stands in them.
fn form_fields(scene: &Scene<'_>, forms: &[&StockForm], open: Option<&Discrepancy>) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    for field in forms.iter().flat_map(|form| &form.fields) {
        let name = format!("field.{}", field.id);
        if fields.iter().any(|known| known.name == name) {
            continue;
        }
        let known = field.from.map(|from| filled(scene, from, open)).unwrap_or_default();
        let asked = line(&name, &field.label).value(known);
        fields.push(if field.optional || forms.len() > 1 { asked.optional() } else { asked });
    }
    fields
}

/// What the record fills in of a form.
pub fn filled(scene: &Scene<'_>, from: FieldSource, open: Option<&Discrepancy>) -> String {
    let concerned = open.map(|open| concerned(scene.stock, open)).unwrap_or_default();
    let in_stock = |id: &ContainerId| scene.stock.and_then(|stock| stock.containers.get(id));
    match from {
        FieldSource::Site => {
            let site = scene.site_id.and_then(|id| Some((id, scene.trial.sites.get(id)?)));
            site.map(|(id, site)| format!("{} ({id})", site.name)).unwrap_or_default()
        }
        FieldSource::Substance => scene.study.dose.medicine.clone(),
        FieldSource::Discovered => open.map(|open| show::moment(open.since, &scene.zone)).unwrap_or_default(),
        FieldSource::Containers => list(concerned.iter()),
        FieldSource::ContainerCount => concerned.len().to_string(),
        FieldSource::PieceCount => {
            let whole: i64 = concerned
                .iter()
                .filter_map(in_stock)
                .map(|container| i64::from(container.held.unwrap_or(0)) - i64::from(container.pieces_used))
                .sum();
            let short: i64 = open.map(|open| open.pieces.values().sum()).unwrap_or_default();
            (if short != 0 && open.is_some_and(|open| open.containers.is_empty()) { short } else { whole }).to_string()
        }
        FieldSource::Lots => {
            let mut lots: Vec<&str> = concerned.iter().filter_map(in_stock).map(|c| c.lot.as_str()).collect();
            lots.sort_unstable();
            lots.dedup();
            lots.join(", ")
        }
        FieldSource::Found => open.map(|open| open.text.clone()).unwrap_or_default(),
        FieldSource::People => open.map(|open| list(open.people.iter())).unwrap_or_default(),
    }
}

fn list(ids: impl Iterator<Item = impl std::fmt::Display>) -> String {
    ids.map(|id| id.to_string()).collect::<Vec<_>>().join(", ")
}

/// Containers that a difference is about.
fn concerned(stock: Option<&StockState>, open: &Discrepancy) -> Vec<ContainerId> {
    let mut all: Vec<ContainerId> = open.containers.clone();
    all.extend(open.pieces.keys().cloned());
    if let Some(recount) = &open.recount {
        all.extend(recount.missing.iter().cloned());
    }
    all.retain(|id| stock.is_some_and(|stock| stock.containers.contains_key(id)));
    all.sort();
    all.dedup();
    all
}

fn typed_fields(reader: &Reader<'_>) -> BTreeMap<String, String> {
    let typed = reader.form().iter().filter_map(|(name, value)| Some((name.strip_prefix("field.")?, value.trim())));
    typed.filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn parts() -> [(DosePart, &'static str, &'static str); 2] {
    [(DosePart::Initial, "initial", "first dose"), (DosePart::Supplement, "supplement", "supplement")]
}

fn order_lines(scene: &Scene<'_>) -> Vec<Field> {
    let mut fields = Vec::new();
    for level in &scene.study.dose.levels {
        for (part, word, words) in parts() {
            if part == DosePart::Supplement && level.supplement_pieces == 0 {
                continue;
            }
            let label = format!("Containers ordered: {words}, level {}", level.id);
            let control = Control::Number { unit: "containers".into(), decimal: false };
            fields.push(Field::new(&format!("line.{word}.{}", level.id), &label, control).optional());
        }
    }
    fields
}

fn typed_lines(scene: &Scene<'_>, reader: &mut Reader<'_>) -> Vec<OrderLine> {
    let mut lines = Vec::new();
    for level in &scene.study.dose.levels {
        for (part, word, _) in parts() {
            let containers = reader.maybe_whole(&format!("line.{word}.{}", level.id));
            if let Some(containers) = containers.filter(|number: &u32| *number > 0) {
                lines.push(OrderLine { part, level: LevelId::from(level.id.as_str()), containers });
            }
        }
    }
    lines
}

/// `lot, certificate`, one a line.
pub fn certificates(reader: &mut Reader<'_>) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for row in reader.text("certificates").lines().map(str::trim).filter(|row| !row.is_empty()) {
        match row.split_once(',') {
            Some((lot, number)) if !lot.trim().is_empty() && !number.trim().is_empty() => {
                out.insert(lot.trim().to_owned(), number.trim().to_owned());
            }
            _ => reader.wrong("certificates", format!("“{row}” is not a lot, a comma and a certificate’s number.")),
        }
    }
    out
}

pub fn certificates_field() -> Field {
    Field::new("certificates", "Certificates of analysis, one lot a line", Control::Text { rows: 2 })
        .hint("Lot, certificate. As: L24-07, CoA 4471")
        .optional()
}

/// A logger's rows, `2026-03-02T09:00, 21.5`, or temperatures alone, which are of now.
fn readings(reader: &mut Reader<'_>, zone: &TimeZone, now: jiff::Timestamp) -> Vec<TemperatureReading> {
    let text = reader.needed("readings", "Give at least one temperature.");
    let mut out = Vec::new();
    for row in text.lines().map(str::trim).filter(|row| !row.is_empty()) {
        match reading(row, zone, now) {
            Ok(reading) => out.push(reading),
            Err(words) => reader.wrong("readings", words),
        }
    }
    out
}

fn reading(row: &str, zone: &TimeZone, now: jiff::Timestamp) -> Result<TemperatureReading, String> {
    let (at, celsius) = match row.rsplit_once([',', ';', '\t']) {
        Some((at, celsius)) => (reader::moment(at.trim(), zone)?, celsius),
        None => (now, row),
    };
    let celsius = celsius.trim().trim_end_matches("°C").trim().trim_end_matches('C').trim();
    Ok(TemperatureReading { at, celsius: reader::decimal(celsius)? })
}

fn discrepancy_of<'a>(scene: &Scene<'a>) -> Option<&'a Discrepancy> {
    scene.stock?.discrepancies.get(&InstanceId::from(scene.about.as_str()))
}

fn notice_forms<'a>(scene: &Scene<'a>, open: &Discrepancy) -> Vec<&'a StockForm> {
    let plan = scene.study.stock.as_ref();
    let due = open.notices.iter().filter(|notice| !open.sent.contains(&notice.form));
    due.filter_map(|notice| plan?.form(&notice.form)).collect()
}

fn sites<'a>(scene: &'a Scene<'_>) -> Vec<Choice> {
    let others = scene.trial.sites.iter().filter(|(id, _)| Some(*id) != scene.site_id);
    others.map(|(id, site)| Choice::new(id.as_str(), format!("{id} {}", site.name))).collect()
}

fn shipments(scene: &Scene<'_>) -> Vec<Choice> {
    let coming = scene.stock.into_iter().flat_map(|stock| &stock.shipments).filter(|(_, shipment)| !shipment.received);
    coming.map(|(number, shipment)| Choice::new(number, format!("{number} from {}", shipment.from))).collect()
}

fn lots(scene: &Scene<'_>) -> Vec<Choice> {
    let mut lots: Vec<&str> =
        scene.stock.into_iter().flat_map(|stock| stock.containers.values()).map(|c| c.lot.as_str()).collect();
    lots.sort_unstable();
    lots.dedup();
    lots.into_iter().map(|lot| Choice::new(lot, lot)).collect()
}

/// Acts of the drug's keeping.
pub const ACTS: &[Act] = &[
    Act {
        key: "order-form",
        scope: Scope::Site,
        kind: Kind::Authorisation,
        title: "Sign an order form",
        intro: "What arrives is let into use only if it came on a form that is on record here.",
        button: "Sign the order",
        proofs: Proofs::Signed("I sign this order; the form in my hand bears this number."),
        reason: Reason::None,
        fields: |scene| {
            let forms = forms(scene, StockUse::Order);
            let mut fields = vec![form_choice(&forms), line("number", "Number printed on the form")];
            fields.extend(form_fields(scene, &forms, None));
            fields.extend(order_lines(scene));
            fields
        },
        build: |scene, reader| {
            let form = reader.needed("form", "Choose the form.");
            let number = reader.needed("number", "Give the number printed on the form.");
            let fields = typed_fields(reader);
            let lines = typed_lines(scene, reader);
            let site = scene.site_id?.clone();
            Some(Command::Authorise(Authorisation::SignOrderForm { site, form, number, fields, lines }))
        },
    },
    Act {
        key: "complete-receipt",
        scope: Scope::Site,
        kind: Kind::Fact,
        title: "Papers of a delivery came later",
        intro: "The order form’s number, or certificates of lots.",
        button: "Record the papers",
        proofs: Proofs::Signed("I hold these papers."),
        reason: Reason::None,
        fields: |scene| {
            vec![
                line("consignment", "Number of the delivery").value(scene.about.clone()),
                line("order", "Number of the order form").optional(),
                certificates_field(),
            ]
        },
        build: |scene, reader| {
            let consignment = reader.needed("consignment", "Give the number on the delivery note.");
            let order = reader.maybe("order");
            let certificates = certificates(reader);
            let site = scene.site_id?.clone();
            Some(Command::Fact(Fact::CompleteReceipt { site, consignment, order, certificates }))
        },
    },
    Act {
        key: "temperature",
        scope: Scope::Site,
        kind: Kind::Fact,
        title: "Read the logger in the safe",
        intro: "What was stored outside the study’s limits is set aside at once, until two people say that it may be used.",
        button: "Record temperatures",
        proofs: Proofs::Signed("I read the logger myself."),
        reason: Reason::None,
        fields: |_| {
            vec![
                line("logger", "Number of the logger"),
                Field::new("readings", "Readings, one a line", Control::Text { rows: 6 }).hint(
                    "Time and °C as the logger writes them: 2026-03-02T09:00, 21.5. A temperature alone is of now.",
                ),
            ]
        },
        build: |scene, reader| {
            let logger = reader.needed("logger", "Give the number of the logger.");
            let readings = readings(reader, &scene.zone, scene.now);
            let site = scene.site_id?.clone();
            Some(Command::Fact(Fact::RecordTemperature { site, logger, readings }))
        },
    },
    Act {
        key: "safe-access",
        scope: Scope::Site,
        kind: Kind::Fact,
        title: "The safe was opened or shut",
        intro: "For what moves no container; what moves one says so itself. By one person alone it is a difference that a third must close.",
        button: "Record it",
        proofs: Proofs::SignedMaybeTwo("I was at the safe.", "I was at the safe with them."),
        reason: Reason::None,
        fields: |_| {
            vec![
                Field::new("going", "Opened or shut", Control::Choice { options: choices(GOINGS) }),
                line("purpose", "What for").hint("As: logger changed, inspection, cleaning."),
                line("seal", "Number of the new seal").optional(),
            ]
        },
        build: |scene, reader| {
            let going: Option<SafeGoing> = reader.one_of("going", "Say whether it was opened or shut.");
            let purpose = reader.needed("purpose", "Say what for.");
            let seal = reader.maybe("seal");
            let site = scene.site_id?.clone();
            Some(Command::Fact(Fact::RecordSafeAccess { site, going: going?, purpose, seal }))
        },
    },
    Act {
        key: "ship",
        scope: Scope::Site,
        kind: Kind::Authorisation,
        title: "Send containers to another site",
        intro: "They leave this book when the box is sealed, and enter the other’s when it is opened there; both are compared.",
        button: "Send containers",
        proofs: Proofs::Two("I packed and sealed the box.", "I saw it packed and sealed."),
        reason: Reason::None,
        fields: |scene| {
            let mut fields = vec![
                Field::new("to", "To which site", Control::Select { options: sites(scene) }),
                line("shipment", "Number of the shipment"),
                line("seal", "Number of the seal"),
            ];
            if let Some(form) = forms(scene, StockUse::Transfer).first() {
                fields.push(line("number", &format!("Number of {}", form.title)));
            }
            fields.extend(super::site::container_ticks(scene, |standing| {
                matches!(standing, ContainerStanding::Available | ContainerStanding::Quarantined)
            }));
            fields
        },
        build: |scene, reader| {
            let to = SiteId::from(reader.needed("to", "Choose the site."));
            let shipment = reader.needed("shipment", "Give the shipment’s number.");
            let seal = reader.needed("seal", "Give the seal’s number.");
            let number = reader.maybe("number");
            let containers = ticked_containers(reader);
            if containers.is_empty() {
                reader.wrong("", "Tick the containers.");
            }
            let site = scene.site_id?.clone();
            Some(Command::Authorise(Authorisation::ShipContainers { site, to, shipment, containers, seal, number }))
        },
    },
    Act {
        key: "receive-shipment",
        scope: Scope::Site,
        kind: Kind::Fact,
        title: "A shipment from another site arrived",
        intro: "Write down what you find in the box. What was sent is compared with it afterwards.",
        button: "Record arrival",
        proofs: Proofs::Two("I opened the box and counted.", "I counted what was in the box, by myself."),
        reason: Reason::None,
        fields: |scene| {
            let hint = "Each number that you find, by spaces or lines.";
            vec![
                Field::new("shipment", "Which shipment", Control::Select { options: shipments(scene) }),
                Field::new("seal_whole", "The seal was whole", Control::Choice { options: choices(YES_NO) }),
                Field::new("found", "Containers found", Control::Text { rows: 6 }).hint(hint).optional(),
            ]
        },
        build: |scene, reader| {
            let shipment = reader.needed("shipment", "Choose the shipment.");
            let seal_whole = reader.needed("seal_whole", "Say whether the seal was whole.") == "yes";
            let found = numbers(&reader.text("found"));
            let site = scene.site_id?.clone();
            Some(Command::Fact(Fact::ReceiveShipment { site, shipment, found, seal_whole }))
        },
    },
    Act {
        key: "recall",
        scope: Scope::Site,
        kind: Kind::Fact,
        title: "A lot was called back",
        intro: "No container of it is given any more, from this moment on. Those who had of it are seen by their prescriber.",
        button: "Call the lot back",
        proofs: Proofs::Signed("I hold the letter that calls this lot back."),
        reason: Reason::None,
        fields: |scene| vec![Field::new("lot", "Lot", Control::Select { options: lots(scene) }), line("reason", "Why")],
        build: |scene, reader| {
            let lot = reader.needed("lot", "Choose the lot.");
            let reason = reader.needed("reason", "Say why.");
            Some(Command::Fact(Fact::RecallLot { site: Some(scene.site_id?.clone()), lot, reason }))
        },
    },
    Act {
        key: "recall-lot",
        scope: Scope::Trial,
        kind: Kind::Fact,
        title: "Call a lot back at every site",
        intro: "No container of it is given any more anywhere, from this moment on. Those who had of it are seen by their prescribers.",
        button: "Call the lot back everywhere",
        proofs: Proofs::Signed("The sponsor calls this lot back."),
        reason: Reason::None,
        fields: |_| vec![line("lot", "Lot, as the labels have it"), line("reason", "Why")],
        build: |_, reader| {
            let lot = reader.needed("lot", "Give the lot.");
            let reason = reader.needed("reason", "Say why.");
            Some(Command::Fact(Fact::RecallLot { site: None, lot, reason }))
        },
    },
    Act {
        key: "notice",
        scope: Scope::Site,
        kind: Kind::Fact,
        title: "A notice about a difference was sent",
        intro: "What the record knows stands in the fields already. Print this page for the form.",
        button: "Record the notice",
        proofs: Proofs::Signed("I have sent this notice."),
        reason: Reason::None,
        fields: |scene| {
            let Some(open) = discrepancy_of(scene) else { return Vec::new() };
            let forms = notice_forms(scene, open);
            let mut fields = vec![form_choice(&forms), line("number", "Number or reference under which it was sent")];
            fields.extend(form_fields(scene, &forms, Some(open)));
            fields
        },
        build: |scene, reader| {
            let form = reader.needed("form", "Choose the form.");
            let number = reader.needed("number", "Give its number or reference.");
            let asked = scene.study.stock.as_ref().and_then(|plan| plan.form(&form));
            let mut fields = typed_fields(reader);
            fields.retain(|id, _| asked.is_some_and(|form| form.fields.iter().any(|field| field.id == *id)));
            let site = scene.site_id?.clone();
            let discrepancy = InstanceId::from(scene.about.as_str());
            Some(Command::Fact(Fact::RecordNotice { site, discrepancy, form, number, fields }))
        },
    },
    Act {
        key: "resolve",
        scope: Scope::Site,
        kind: Kind::Authorisation,
        title: "Close a difference",
        intro: "By somebody who has neither counted nor reported it. What is lost leaves the book with this act, and no other.",
        button: "Close the difference",
        proofs: Proofs::Signed("I have looked into this difference, and did not count."),
        reason: Reason::None,
        fields: |_| {
            vec![
                Field::new("cause", "What it was", Control::Choice { options: choices(CAUSES) }),
                Field::new("text", "How it came about, and what is done against it", Control::Text { rows: 4 }),
            ]
        },
        build: |scene, reader| {
            let cause: Option<LossCause> = reader.one_of("cause", "Say what it was.");
            let text = reader.needed("text", "Say how it came about, and what is done against it.");
            let site = scene.site_id?.clone();
            let discrepancy = InstanceId::from(scene.about.as_str());
            Some(Command::Authorise(Authorisation::ResolveDiscrepancy { site, discrepancy, cause: cause?, text }))
        },
    },
];

const YES_NO: &[(&str, &str)] = &[("yes", "Yes"), ("no", "No")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loggers_rows() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let now: jiff::Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
        let read = |row: &str| reading(row, &zone, now).map(|r| format!("{} {}", r.at, r.celsius));
        assert_eq!(read("2026-03-02T09:00, 21.5").unwrap(), "2026-03-02T08:00:00Z 21.5");
        assert_eq!(read("21.5 °C").unwrap(), "2026-03-02T08:00:00Z 21.5");
        assert!(read("yesterday, 21.5").is_err());
        assert!(read("2026-03-02T09:00, warm").is_err());
    }
}
