//! The drug from its order to the fire, through the real door: receipt, quarantine, release, a session's containers, counts by two, a
//! loss found and closed, a shipment to the neighbour, destruction; and what the tables, `verify` and a swapped allocation say of it.

use crate::clinic::{Clinic, study};
use conduct::{
    Authorisation, Command, Entry, Fact,
    command::{ContainerFact, SafeGoing, TemperatureReading},
    state::ContainerStanding,
};
use protocol::model::{Duty, LossCause};
use record::table::Cell;
use std::collections::{BTreeMap, BTreeSet};
use terms::{ContainerId, Decimal, InstanceId};

fn rows(clinic: &Clinic, sql: &str) -> Vec<Vec<String>> {
    let shown = |cell: &Cell| match cell {
        Cell::Null => "-".to_owned(),
        Cell::Integer(number) => number.to_string(),
        Cell::Decimal(number) => number.to_string(),
        Cell::Text(text) => text.clone(),
    };
    let rows = clinic.door.store().select(sql, &[]).unwrap();
    rows.iter().map(|row| row.iter().map(shown).collect()).collect()
}

fn in_safe(clinic: &Clinic, site: &str) -> Vec<ContainerId> {
    clinic.door.stock(&site.into()).unwrap().in_safe().cloned().collect()
}

fn count(clinic: &mut Clinic, site: &str, who: &str, found: &[ContainerId]) -> Vec<String> {
    let fact = Fact::CountStock { site: site.into(), found: found.to_vec(), pieces: BTreeMap::new() };
    let kind = |entry: &Entry| serde_json::to_value(entry).unwrap().as_object().unwrap().keys().next().unwrap().clone();
    clinic.fact(who, fact).iter().map(|one| kind(&one.entry)).collect()
}

/// What the record proves of itself: the chain, the tables, and the inventory after every entry.
fn proved(clinic: &Clinic) -> record::projection::Proved {
    let proved = record::projection::verify(clinic.door.store().as_ref(), &clinic.door.studies()).unwrap();
    assert!(proved.stocked > 0);
    proved
}

#[test]
fn from_the_order_to_the_fire() {
    let mut clinic = Clinic::open_with(study("reference-mapp2"), 2);
    let site = clinic.here().to_owned();
    let (hands_out, witness) = clinic.safe_pair();
    let lead = clinic.role_with(&[Duty::LeadSite], None);
    let all = in_safe(&clinic, &site);
    let held = all.len();
    assert!(held >= 8, "{held}");

    // Each count is one person's; nothing is compared before both are in.
    assert_eq!(count(&mut clinic, &site, &hands_out, &all), ["count_entered"]);
    assert_eq!(count(&mut clinic, &site, &witness, &all), ["count_entered", "stock_counted"]);
    let counted = rows(&clinic, "SELECT expected, found, counted_by, second FROM stock_count");
    assert_eq!(counted.len(), 1);
    assert!(counted[0][2] != counted[0][3] && counted[0][3] != "-", "two names: {counted:?}");

    // The logger says 27 °C: all that is unopened goes back on hold, and two let it be used again with a reason. F-82.
    let reading = TemperatureReading { at: clinic.now, celsius: Decimal::thousandths(27_000) };
    let fact = Fact::RecordTemperature { site: site.as_str().into(), logger: "T1".into(), readings: vec![reading] };
    clinic.fact(&hands_out, fact);
    let quarantined = "SELECT count(*) FROM container WHERE standing = 'quarantined'";
    assert_eq!(rows(&clinic, quarantined)[0][0], held.to_string());
    let accept = Authorisation::AcceptContainers { site: site.as_str().into(), containers: all.clone() };
    let silent = clinic.both(&hands_out, &witness, Command::Authorise(accept.clone()));
    assert!(Clinic::refusals(silent)[0].starts_with("accountability.reason"));
    let mut asked = clinic.asked(&hands_out, Some(&witness), Command::Authorise(accept));
    asked.request.reason = Some("within the maker's data for a day".into());
    clinic.give(&asked).unwrap();

    // One is not there. Both find the same; the site waits; nobody who counted can close it. F-80.
    let (short, gone) = (&all[..held - 1], all[held - 1].clone());
    count(&mut clinic, &site, &hands_out, short);
    let kinds = count(&mut clinic, &site, &witness, short);
    assert_eq!(kinds, ["count_entered", "stock_counted", "hold_placed", "discrepancy_opened"]);
    let instance: InstanceId = rows(&clinic, "SELECT instance FROM stock_discrepancy")[0][0].as_str().into();
    let resolve = |cause| Authorisation::ResolveDiscrepancy {
        site: site.as_str().into(),
        discrepancy: instance.clone(),
        cause,
        text: "searched, and nobody knows; the shelf is filmed from now on".into(),
    };
    let early = clinic.may(&lead, resolve(LossCause::Missing));
    let refused = Clinic::refusals(early);
    assert_eq!(
        refused,
        [
            "discrepancy.recounted",
            "discrepancy.notices/sponsor_notice",
            "discrepancy.notices/dea_loss_notice",
            "discrepancy.notices/dea_106"
        ]
    );
    assert!(matches!(clinic.may(&hands_out, resolve(LossCause::Missing)), Err(conduct::No::NotYours { .. })));
    clinic.now = clinic.now.checked_add(jiff::SignedDuration::from_mins(20)).unwrap();
    count(&mut clinic, &site, &witness, short);
    assert_eq!(count(&mut clinic, &site, &hands_out, short), ["count_entered", "stock_counted"], "answered already");
    let notices = rows(&clinic, "SELECT form FROM stock_notice ORDER BY form");
    let study = std::sync::Arc::clone(&clinic.study);
    for notice in &notices {
        let form = study.stock.as_ref().unwrap().form(&notice[0]).unwrap();
        let fact = Fact::RecordNotice {
            site: site.as_str().into(),
            discrepancy: instance.clone(),
            form: form.id.clone(),
            number: format!("{}-1", form.id),
            fields: form.fields.iter().map(|field| (field.id.clone(), "as found".to_owned())).collect(),
        };
        clinic.fact(&lead, fact);
    }
    let book = || {
        rows(
            &clinic,
            "SELECT in_safe, on_hand FROM ledger WHERE line = 0 AND site = 'S01' ORDER BY version DESC LIMIT 1",
        )
    };
    assert_eq!(book()[0], [held.to_string(), held.to_string()], "a count changes no book");
    clinic.may(&lead, resolve(LossCause::Missing)).unwrap();
    let after = rows(
        &clinic,
        "SELECT in_safe, on_hand, change, movement FROM ledger WHERE line = 0 AND site = 'S01' ORDER BY version DESC LIMIT 1",
    );
    assert_eq!(after[0], [(held - 1).to_string(), (held - 1).to_string(), "-1".into(), "difference_closed".into()]);
    assert!(clinic.door.site(&site.as_str().into()).unwrap().holds.is_empty(), "the hold ends with it");
    let stock = clinic.door.stock(&site.as_str().into()).unwrap();
    assert!(!stock.variance && stock.containers[&gone].standing == ContainerStanding::Missing);

    // Two go to the neighbour; one of them does not arrive: the sender has the difference.
    let to = clinic.sites[1].clone();
    let sent = short[..2].to_vec();
    let ship = Authorisation::ShipContainers {
        site: site.as_str().into(),
        to: to.as_str().into(),
        shipment: "T-1".into(),
        containers: sent.clone(),
        seal: "77".into(),
        number: Some("222-T-1".into()),
    };
    clinic.both(&hands_out, &witness, Command::Authorise(ship)).unwrap();
    let before = in_safe(&clinic, &to).len();
    let arrived = Fact::ReceiveShipment {
        site: to.as_str().into(),
        shipment: "T-1".into(),
        found: sent[..1].to_vec(),
        seal_whole: true,
    };
    clinic.both(&hands_out, &witness, Command::Fact(arrived)).unwrap();
    assert_eq!(in_safe(&clinic, &to).len(), before + 1);
    let open = rows(&clinic, "SELECT site, kind, containers FROM stock_discrepancy WHERE kind = 'shipment'");
    assert_eq!(open, [[site.clone(), "shipment".to_owned(), sent[1].to_string()]]);
    let both_ends = rows(&clinic, "SELECT site, going, other_site, missing FROM shipment ORDER BY site, going");
    assert_eq!(both_ends.len(), 4, "{both_ends:?}");

    // The safe's log: who, why, in and out; and every act of two in it.
    for going in [SafeGoing::Opened, SafeGoing::Shut] {
        let purpose = "logger changed".to_owned();
        let fact = Fact::RecordSafeAccess { site: site.as_str().into(), going, purpose, seal: Some("S-9".into()) };
        clinic.both(&hands_out, &witness, Command::Fact(fact)).unwrap();
    }
    let log = rows(&clinic, "SELECT going, purpose, alone FROM safe_access WHERE site = 'S01' ORDER BY version");
    assert!(log.iter().any(|row| row[0] == "opened") && log.iter().any(|row| row[0] == "shut"), "{log:?}");
    assert!(log.iter().all(|row| row[2] == "0"), "nobody was there alone: {log:?}");

    // A lot is called back at every site, by the sponsor.
    let fact = Fact::RecallLot { site: None, lot: "L2501".into(), reason: "a foreign body".into() };
    clinic.fact("administrator", fact);
    let usable = rows(&clinic, "SELECT count(*) FROM container WHERE standing = 'available' OR recalled = 0");
    assert_eq!(usable[0][0], "0", "none of it is given any more, anywhere");

    // Into the fire, before a witness, with the form's number.
    let rest = in_safe(&clinic, &site);
    let destroy = |record: Option<&str>| Authorisation::DestroyContainers {
        site: site.as_str().into(),
        containers: rest.clone(),
        method: "incinerated".into(),
        record: record.map(str::to_owned),
    };
    let unrecorded = clinic.both(&hands_out, &witness, Command::Authorise(destroy(None)));
    assert_eq!(Clinic::refusals(unrecorded), ["accountability.destruction_record"]);
    clinic.both(&hands_out, &witness, Command::Authorise(destroy(Some("41-1")))).unwrap();
    let balance = clinic.door.stock(&site.as_str().into()).unwrap().balance();
    let sum = balance.containers;
    assert_eq!((sum.on_hand, sum.difference(), balance.pieces.difference()), (0, 0, 0));
    assert_eq!(sum.received, sum.sent_out + sum.destroyed + sum.lost);

    // Every line of the register has its balance, and those at the safe two names.
    let register = rows(
        &clinic,
        "SELECT movement, second FROM ledger WHERE line = 0 AND movement IN \
         ('received', 'accepted', 'out', 'back', 'shipped', 'destroyed', 'safe_opened', 'safe_shut')",
    );
    assert!(register.len() > 8 && register.iter().all(|row| row[1] != "-"), "{register:?}");
    proved(&clinic);
    // And a fresh replay makes the same tables.
    let before = rows(&clinic, "SELECT * FROM ledger ORDER BY site, version, line");
    record::projection::rebuild(clinic.door.store().as_ref(), &clinic.door.studies()).unwrap();
    assert_eq!(rows(&clinic, "SELECT * FROM ledger ORDER BY site, version, line"), before);
}

/// No page, register, forecast or count may tell an arm: the tables that they are drawn from are the same to the last cell when the
/// containers' contents are drawn the other way round, because nothing but the sealed service knows a content.
#[test]
fn the_register_knows_no_content() {
    let tables = [
        "ledger",
        "container",
        "stock_movement",
        "stock_count",
        "consignment",
        "stock_order",
        "safe_access",
        "lot_recall",
    ];
    let told = |content: &str| {
        let mut clinic = Clinic::open_with(study("small"), 0);
        clinic.stock_of_one_content(content);
        let site = clinic.here().to_owned();
        let (hands_out, witness) = clinic.safe_pair();
        let all = in_safe(&clinic, &site);
        count(&mut clinic, &site, &hands_out, &all);
        count(&mut clinic, &site, &witness, &all);
        let what = ContainerFact::Quarantined { reason: "dented".into() };
        let fact = Fact::RecordContainer { site: site.as_str().into(), container: all[0].clone(), what };
        clinic.fact(&hands_out, fact);
        tables.map(|table| rows(&clinic, &format!("SELECT * FROM {table}")))
    };
    let (one, other) = (told("active"), told("placebo"));
    assert_eq!(one, other);
    let words: BTreeSet<&String> = one.iter().flatten().flatten().collect();
    assert!(words.iter().all(|cell| !cell.contains("placebo") && !cell.contains("active")), "a cell names a content");
}
