//! The safe: arrival, acceptance, counts, returns, recalls, destruction, at two sites.

use super::dose::ready;
use crate::{
    moves::Move,
    search::World,
    stage::{Stage, Why},
};
use conduct::{
    Authorisation, Command, Entry, Fact, StreamId,
    command::{ContainerFact, ContainerReport, DosePart},
};
use jiff::civil::Date;
use std::collections::BTreeMap;
use terms::{ContainerId, Decimal, StaffId};

pub(super) fn safe(stage: &Stage) -> Result<World, Why> {
    let (mut builder, person) = ready(stage, 1)?;
    let level = stage.level_of(1)?;
    let report = |id: &str, expires: Date| ContainerReport {
        container: id.into(),
        part: DosePart::Initial,
        level: level.clone(),
        lot: "L2".to_owned(),
        expires,
        seal: None,
        kit: None,
        pieces: None,
    };
    let stock = StreamId::Stock(stage.site.clone());
    let containers = vec![report("N1", Date::constant(2026, 12, 31)), report("N2", Date::constant(2026, 1, 31))];
    builder.seed(
        &stock,
        Entry::ContainersReceived {
            consignment: "C2".to_owned(),
            containers,
            order: None,
            noted: None,
            certificates: BTreeMap::new(),
        },
    );
    let staff = &stage.staff;
    let site = stage.site.clone();
    let two = |by: &StaffId, words: &str, act: Authorisation| {
        Move::ask(by, words, Command::Authorise(act)).with(&staff.witness)
    };
    let accept = |ids: &[&str]| Authorisation::AcceptContainers {
        site: site.clone(),
        containers: ids.iter().map(|id| ContainerId::from(*id)).collect(),
    };
    let destroy = |id: &str, method: &str| Authorisation::DestroyContainers {
        site: site.clone(),
        containers: vec![id.into()],
        method: method.to_owned(),
        record: Some("D-1".to_owned()),
    };
    let unrecorded = Authorisation::DestroyContainers {
        site: site.clone(),
        containers: vec!["N1".into()],
        method: "incinerated".to_owned(),
        record: None,
    };
    let back = |id: &str| Authorisation::ReturnToSafe { site: site.clone(), container: id.into() };
    let become_ = |id: &str, what: ContainerFact, words: &str| stage.container(&id.into(), what, words);
    let count = |lose: usize, words: &str| {
        let site = site.clone();
        Move::made(&staff.pharmacist, words, move |state| {
            let found = state.stocks.get(&site)?.in_safe().skip(lose).cloned().collect();
            Some(Command::Fact(Fact::CountStock { site: site.clone(), found, pieces: BTreeMap::new() }))
        })
        .with(&staff.witness)
    };
    let mut moves = vec![
        two(&staff.pharmacist, "lets N1 into use", accept(&["N1"])),
        two(&staff.pharmacist, "lets N1 into use after judging it", accept(&["N1"])).because("judged by the maker"),
        two(&staff.pharmacist, "lets N2 into use", accept(&["N2"])),
        two(&staff.pharmacist, "lets N1 into use twice over", accept(&["N1", "N1"])),
        two(&staff.pharmacist, "lets E9 into use", accept(&["E9"])),
        Move::ask(&staff.pharmacist, "lets N1 into use alone", Command::Authorise(accept(&["N1"]))),
        Move::ask(&staff.pharmacist, "lets N1 into use", Command::Authorise(accept(&["N1"]))).with(&staff.pharmacist),
        become_("N1", ContainerFact::Recalled { reason: "lot".to_owned() }, "was called back"),
        become_("N1", ContainerFact::TemperatureExcursion { celsius: Decimal::whole(41) }, "was too warm"),
        become_("N1", ContainerFact::Damaged { reason: "crushed".to_owned() }, "was damaged"),
        become_("N1", ContainerFact::Missing, "is missing"),
        become_("N1", ContainerFact::ReturnedOut { consignment: "R1".to_owned() }, "was sent back"),
        become_("K10A", ContainerFact::Quarantined { reason: "a crack".to_owned() }, "is set aside"),
        count(0, "counts the safe, and all is there"),
        count(1, "counts the safe, and one is not there"),
        two(&staff.pharmacist, "destroys N1", destroy("N1", "incinerated")),
        two(&staff.pharmacist, "destroys N1 without saying how", destroy("N1", " ")),
        two(&staff.pharmacist, "destroys N1 without a record", unrecorded),
        two(&staff.pharmacist, "destroys N2", destroy("N2", "incinerated")),
        two(&staff.pharmacist, "destroys K10A", destroy("K10A", "incinerated")),
        two(&staff.pharmacist, "destroys K00A, which is out", destroy("K00A", "incinerated")),
        Move::ask(&staff.pharmacist, "destroys N1 alone", Command::Authorise(destroy("N1", "incinerated"))),
        two(&staff.pharmacist, "puts K00A back", back("K00A")),
        two(&staff.pharmacist, "puts K10A back", back("K10A")),
        Move::ask(&staff.pharmacist, "puts K00A back alone", Command::Authorise(back("K00A"))),
        stage.swallow_from(&person, 1, DosePart::Initial, &"K00A".into()),
        become_("K00A", ContainerFact::CameBack { pieces: 0, seal: None }, "came back empty"),
        become_("K00A", ContainerFact::CameBack { pieces: 1, seal: None }, "came back with one piece"),
        stage.lift(&person).because("found and counted"),
        stage.lift(&person),
        stage.release(&person, 1),
        Move::wait(300 * 24 * 60),
    ];
    if let Some(elsewhere) = &stage.elsewhere {
        let act = Authorisation::AcceptContainers { site: elsewhere.clone(), containers: vec!["N1".into()] };
        moves.push(two(&staff.pharmacist, "lets N1 into use at the other site", act));
    }
    Ok(World {
        name: "safe",
        about: "a consignment has arrived, containers are in the safe and out for a session",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 2,
    })
}
