//! The drug's papers and its differences: orders, deliveries, shipments, blind counts, and who may close what did not agree.

use crate::{
    moves::Move,
    search::World,
    stage::{Builder, Stage, Why},
};
use conduct::{
    Authorisation, Command, Fact,
    command::{ContainerFact, ContainerReport, DosePart, HoldOn, OrderLine},
};
use jiff::civil::Date;
use protocol::model::{LossCause, StockForm, StockUse};
use std::collections::BTreeMap;
use terms::{ContainerId, StaffId};

/// Every field of a form that must be filled in, with something in it.
fn filled(form: &StockForm) -> BTreeMap<String, String> {
    form.fields.iter().map(|field| (field.id.clone(), "as asked".to_owned())).collect()
}

fn form(stage: &Stage, used: StockUse) -> Option<StockForm> {
    let country = stage.study.site(stage.site.as_str()).map(|site| site.country.clone()).unwrap_or_default();
    stage.study.stock.as_ref()?.forms_in(&country, used).next().cloned()
}

/// One of two counts the safe: all that is there, or all but so many.
fn count(stage: &Stage, by: &StaffId, lose: usize) -> Move {
    let site = stage.site.clone();
    let words = if lose == 0 { "counts the safe: all is there" } else { "counts the safe: one is not there" };
    Move::made(by, words, move |state| {
        let found = state.stocks.get(&site)?.in_safe().skip(lose).cloned().collect();
        Some(Command::Fact(Fact::CountStock { site: site.clone(), found, pieces: BTreeMap::new() }))
    })
}

fn close(stage: &Stage, by: &StaffId, cause: LossCause, text: &str) -> Move {
    let site = stage.site.clone();
    let text = text.to_owned();
    let words = format!("closes the difference as {cause:?}, saying \"{text}\"").to_lowercase();
    let unknown = "none".to_owned();
    Move::made(by, &words, move |state| {
        let open = state.stocks.get(&site)?.discrepancies.keys().next();
        let discrepancy = open.cloned().unwrap_or_else(|| unknown.as_str().into());
        let act = Authorisation::ResolveDiscrepancy { site: site.clone(), discrepancy, cause, text: text.clone() };
        Some(Command::Authorise(act))
    })
}

/// Sends the notice of a form about the difference that is open.
fn notice(stage: &Stage, form: &StockForm) -> Move {
    let (site, id, fields) = (stage.site.clone(), form.id.clone(), filled(form));
    Move::made(&stage.staff.investigator, &format!("sends the {}", form.title.to_lowercase()), move |state| {
        let discrepancy = state.stocks.get(&site)?.discrepancies.keys().next()?.clone();
        Some(Command::Fact(Fact::RecordNotice {
            site: site.clone(),
            discrepancy,
            form: id.clone(),
            number: "N-1".to_owned(),
            fields: fields.clone(),
        }))
    })
}

/// Two have counted, and one container was not there.
pub(super) fn differences(stage: &Stage) -> Result<World, Why> {
    let mut builder = Builder::open(stage)?;
    builder.stocked(&stage.site, "K", 1);
    let staff = &stage.staff;
    builder.must(&count(stage, &staff.pharmacist, 1))?;
    builder.must(&count(stage, &staff.witness, 1))?;
    builder.wait(10);
    let country = stage.study.site(stage.site.as_str()).map(|site| site.country.clone()).unwrap_or_default();
    let notices: Vec<StockForm> = stage
        .study
        .stock
        .iter()
        .flat_map(|plan| plan.forms_in(&country, StockUse::Notice).cloned().collect::<Vec<_>>())
        .collect();
    // All notices but the last were sent already.
    for form in notices.iter().rev().skip(1) {
        builder.must(&notice(stage, form))?;
    }
    let said = "the box had been put on another shelf";
    let mut moves = vec![
        count(stage, &staff.pharmacist, 0),
        count(stage, &staff.witness, 0),
        count(stage, &staff.pharmacist, 1),
        count(stage, &staff.witness, 1),
        close(stage, &staff.investigator, LossCause::Clerical, said).signed(),
        close(stage, &staff.investigator, LossCause::Missing, said).signed(),
        close(stage, &staff.investigator, LossCause::Clerical, " ").signed(),
        close(stage, &staff.investigator, LossCause::Clerical, said),
        stage.release(&crate::stage::FIRST.into(), 1),
        Move::wait(70),
    ];
    // One who leads and has counted as well.
    let mixed = terms::StaffId::from("counting-investigator");
    for who in [&staff.pharmacist, &staff.investigator] {
        if let Some(role) = stage.role_of(who).cloned() {
            let entry = conduct::Entry::Delegated {
                staff: mixed.clone(),
                role,
                from: crate::stage::day(),
                until: None,
                covers: None,
            };
            builder.seed(&conduct::StreamId::Site(stage.site.clone()), entry);
        }
    }
    moves.push(count(stage, &mixed, 0));
    moves.push(close(stage, &mixed, LossCause::Clerical, said).signed());
    let held = stage.site.clone();
    let lift = Move::made(&staff.monitor, "lifts the hold of the site", move |state| {
        let hold = state.sites.get(&held)?.holds.keys().next()?.clone();
        Some(Command::Authorise(Authorisation::LiftHold { on: HoldOn::Site { site: held.clone() }, hold }))
    });
    moves.push(lift.because("it will be found"));
    moves.extend(notices.last().map(|form| notice(stage, form)));
    let strange = Authorisation::ResolveDiscrepancy {
        site: stage.site.clone(),
        discrepancy: "none".into(),
        cause: LossCause::Clerical,
        text: said.to_owned(),
    };
    let words = "closes a difference that nobody opened";
    moves.push(Move::ask(&staff.investigator, words, Command::Authorise(strange)).signed());
    let lost = ContainerFact::Missing;
    moves.push(stage.container(&"K00A".into(), lost, "is missing"));
    moves.push(stage.container(
        &"K00A".into(),
        ContainerFact::Found { place: "under a shelf".to_owned() },
        "was found",
    ));
    Ok(World {
        name: "differences",
        about: "two have counted, one container was not there, and nothing is given until a third has closed it",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 3,
    })
}

/// Orders, deliveries and shipments.
pub(super) fn papers(stage: &Stage) -> Result<World, Why> {
    let order = form(stage, StockUse::Order).ok_or("the study asks for no order form here")?;
    let mut builder = Builder::open(stage)?;
    builder.stocked(&stage.site, "K", 1);
    let staff = &stage.staff;
    let site = stage.site.clone();
    let level = stage.level_of(1)?;
    let signer = stage.does(&order.signed_by);
    let line = |containers| OrderLine { part: DosePart::Initial, level: level.clone(), containers };
    let sign = |by: &StaffId, words: &str, id: &str, number: &str, fields: BTreeMap<String, String>, lines| {
        let act = Authorisation::SignOrderForm {
            site: site.clone(),
            form: id.to_owned(),
            number: number.to_owned(),
            fields,
            lines,
        };
        Move::ask(by, words, Command::Authorise(act))
    };
    let arrives = |words: &str, of_order: Option<&str>, certified: bool, noted: Option<u32>, ids: &[&str]| {
        let containers = ids
            .iter()
            .map(|id| ContainerReport {
                container: ContainerId::from(*id),
                part: DosePart::Initial,
                level: level.clone(),
                lot: "L9".to_owned(),
                expires: Date::constant(2026, 12, 31),
                seal: None,
                kit: None,
                pieces: None,
            })
            .collect();
        let fact = Fact::ReceiveContainers {
            site: site.clone(),
            consignment: "C9".to_owned(),
            containers,
            order: of_order.map(str::to_owned),
            noted,
            certificates: if certified {
                BTreeMap::from([("L9".to_owned(), "A-9".to_owned())])
            } else {
                BTreeMap::new()
            },
        };
        Move::ask(&staff.pharmacist, words, Command::Fact(fact)).with(&staff.witness)
    };
    let accept = Authorisation::AcceptContainers { site: site.clone(), containers: vec!["P1".into()] };
    let mut moves = vec![
        sign(&signer, "orders one container", &order.id, "F1", filled(&order), vec![line(1)]).signed(),
        sign(&signer, "orders one container, unsigned", &order.id, "F1", filled(&order), vec![line(1)]),
        sign(&staff.coordinator, "orders one container", &order.id, "F1", filled(&order), vec![line(1)]).signed(),
        sign(&staff.prescriber, "orders one container", &order.id, "F1", filled(&order), vec![line(1)]).signed(),
        sign(&signer, "orders without a number", &order.id, " ", filled(&order), vec![line(1)]).signed(),
        sign(&signer, "orders on a form with nothing on it", &order.id, "F2", BTreeMap::new(), vec![]).signed(),
        sign(&signer, "orders on a strange form", "strange", "F3", filled(&order), vec![line(1)]).signed(),
        arrives("receives P1 on that order", Some("F1"), true, Some(1), &["P1"]),
        arrives("receives P1 without an order", None, true, None, &["P1"]),
        arrives("receives P1 without a certificate", Some("F1"), false, None, &["P1"]),
        arrives("receives P1 and P2 on that order", Some("F1"), true, None, &["P1", "P2"]),
        arrives("receives P1, and three are on the note", Some("F1"), true, Some(3), &["P1"]),
        Move::ask(&staff.pharmacist, "lets P1 into use", Command::Authorise(accept)).with(&staff.witness),
        stage.container(&"K00A".into(), ContainerFact::Damaged { reason: "crushed".to_owned() }, "was damaged"),
    ];
    let transfer = form(stage, StockUse::Transfer).map(|_| "T-1".to_owned());
    let ship = |words: &str, to: &str, id: &str, seal: &str| {
        let act = Authorisation::ShipContainers {
            site: site.clone(),
            to: to.into(),
            shipment: "S1".to_owned(),
            containers: vec![id.into()],
            seal: seal.to_owned(),
            number: transfer.clone(),
        };
        Move::ask(&staff.pharmacist, words, Command::Authorise(act))
    };
    let elsewhere = stage.elsewhere.as_ref().map_or("elsewhere", |site| site.as_str());
    moves.extend([
        ship("sends K00A to the other site", elsewhere, "K00A", "Z1").with(&staff.witness),
        ship("sends K00A to the other site alone", elsewhere, "K00A", "Z1"),
        ship("sends K00A to the other site unsealed", elsewhere, "K00A", " ").with(&staff.witness),
        ship("sends K00A to its own site", site.as_str(), "K00A", "Z1").with(&staff.witness),
        ship("sends E9 to the other site", elsewhere, "E9", "Z1").with(&staff.witness),
    ]);
    Ok(World {
        name: "papers of the drug",
        about: "a stock in the safe; orders are signed, deliveries arrive, containers are sent",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 3,
    })
}
