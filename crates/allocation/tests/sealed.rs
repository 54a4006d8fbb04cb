#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers may fail loudly")]
//! The sealed service as others see it: what it answers, what it refuses to open, and that nothing public tells an arm.

use allocation::*;
use conduct::{
    AllocationState, Draw, Entry, Picked, StockState,
    command::DosePart,
    entry::{Person, Signatory, Stamp},
};
use jiff::{
    Timestamp,
    civil::{Date, date},
};
use protocol::model::{Arm, Content, DoseLevel};
use std::collections::{BTreeMap, BTreeSet};
use terms::{ActId, ArmId, ContainerId, Decimal, LevelId, Milligrams, ParticipantId, Source, SourceTag, StudyHash};

fn source() -> Source {
    Source::new(SourceTag::Design, "test")
}

fn arm(id: &str, content: Content, ratio: u32) -> Arm {
    Arm { id: ArmId::from(id), title: id.to_owned(), content, ratio, source: source() }
}

fn arms() -> Vec<Arm> {
    vec![arm("mdma", Content::Active, 1), arm("placebo-with-identical-therapy", Content::Placebo, 1)]
}

fn swapped() -> Vec<Arm> {
    vec![arm("placebo-with-identical-therapy", Content::Placebo, 1), arm("mdma", Content::Active, 1)]
}

fn plan(arms: Vec<Arm>) -> ListPlan {
    let strata = ["S01", "S02", "S03"].map(|site| (site.to_owned(), 12)).into_iter().collect();
    ListPlan { arms, block_sizes: vec![2, 4], strata }
}

fn key(n: u8) -> Key {
    Key::from_array([n; 32])
}

fn seed(n: u8) -> Seed {
    Seed::from_array([n; 32])
}

fn levels() -> Vec<DoseLevel> {
    ["80+40", "120+60"]
        .map(|id| DoseLevel {
            id: LevelId::from(id),
            initial_mg: Milligrams::new(Decimal::whole(80)),
            supplement_mg: Milligrams::new(Decimal::whole(40)),
            initial_pieces: 2,
            supplement_pieces: 1,
            source: source(),
        })
        .into()
}

const TODAY: Date = date(2025, 3, 3);

fn stamp() -> Stamp {
    let at: Timestamp = "2025-03-03T09:00:00Z".parse().unwrap();
    Stamp {
        act: ActId::from("a"),
        at,
        day: TODAY,
        zone: "UTC".to_owned(),
        recorded_at: at,
        by: Signatory { person: Person::Program, role: None },
        second: None,
        study: StudyHash::from("h"),
        program: "test".to_owned(),
        reason: None,
        device_at: None,
    }
}

fn consignment(number: &str, arms: &[Arm], expires: Date, of_each: u32) -> Consignment {
    let lines =
        resupply(&levels(), &SupplyRule { of_each, low: 1, in_date_days: 30 }, &StockState::default(), &NONE, TODAY);
    let taken = BTreeSet::new();
    let plan =
        ConsignmentPlan { number: number.to_owned(), lines, lot: format!("LOT-{number}"), expires, taken: &taken };
    consignment_make(&plan, arms, &key(7), &Seed::of_simulation(1, number)).unwrap()
}

fn stock_of(consignments: &[&Consignment]) -> StockState {
    let mut stock = StockState::default();
    for consignment in consignments {
        let containers = consignment.containers.clone();
        let ids = containers.iter().map(|report| report.container.clone()).collect();
        stock.apply(&stamp(), &Entry::ContainersReceived { consignment: consignment.number.clone(), containers });
        stock.apply(&stamp(), &Entry::ContainersAccepted { containers: ids });
    }
    stock
}

fn contents_by_position(service: &Service, list: &SealedList) -> Vec<(String, u32, Content)> {
    list.rows
        .iter()
        .map(|row| (row.stratum.clone(), row.position, service.break_code(&row.handle).unwrap().content()))
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let list = list_make(&plan(arms()), &key(7), &seed(1)).unwrap();
    assert_eq!(list, list_make(&plan(arms()), &key(7), &seed(1)).unwrap());
    let other = list_make(&plan(arms()), &key(7), &seed(2)).unwrap();
    assert!(list.rows.iter().zip(&other.rows).all(|(a, b)| a.handle != b.handle && a.sealed != b.sealed));
    assert_ne!(list.commitment(), other.commitment());
    let one = consignment("C1", &arms(), date(2026, 1, 1), 4);
    assert_eq!(one, consignment("C1", &arms(), date(2026, 1, 1), 4));
    let two = consignment("C2", &arms(), date(2026, 1, 1), 4);
    assert!(one.containers.iter().all(|a| two.containers.iter().all(|b| a.container != b.container)));
}

#[test]
fn a_sealed_list_survives_being_written_down() {
    let list = list_make(&plan(arms()), &key(7), &seed(1)).unwrap();
    let read: SealedList = serde_json::from_str(&serde_json::to_string(&list).unwrap()).unwrap();
    assert_eq!(read, list);
    assert_eq!(read.sealed_head(), list.sealed_head());
}

/// Method: make everything twice, the arms swapped; whatever is public must be the same to the byte.
#[test]
fn nothing_public_depends_on_an_arm() {
    let (list, other) = (plan(arms()), plan(swapped()));
    let list = list_make(&list, &key(7), &seed(1)).unwrap();
    let other = list_make(&other, &key(7), &seed(1)).unwrap();
    let public = |list: &SealedList| -> Vec<(String, String, u32, usize)> {
        let row =
            |row: &SealedRow| (row.handle.clone(), row.stratum.clone(), row.position, row.sealed.to_bytes().len());
        list.rows.iter().map(row).collect()
    };
    assert_eq!(public(&list), public(&other));
    assert_eq!(list.commitment(), other.commitment());
    assert_ne!(list.sealed_head(), other.sealed_head(), "the head of the list's own chain binds the arms");
    let service = Service::open(key(7), list.rows.clone(), []).unwrap();
    let turned = Service::open(key(7), other.rows.clone(), []).unwrap();
    for ((_, _, one), (_, _, two)) in
        contents_by_position(&service, &list).into_iter().zip(contents_by_position(&turned, &other))
    {
        assert!(one != two, "the arms were not swapped");
    }

    let consigned = consignment("C1", &arms(), date(2026, 1, 1), 6);
    let level = LevelId::from("80+40");
    let of = |part| consigned.containers.iter().filter(|c| c.level == level && c.part == part).count();
    assert_eq!((of(DosePart::Initial), of(DosePart::Supplement)), (12, 12));
    let ordered = consigned.containers.windows(2).all(|pair| pair[0].container < pair[1].container);
    assert!(ordered && consigned.containers.iter().all(|c| is_container_number(c.container.as_str())));
    assert!(consigned.containers.iter().all(|c| c.lot == "LOT-C1" && c.expires == date(2026, 1, 1)));
}

#[test]
fn arms_are_balanced_in_each_stratum() {
    let list = list_make(&plan(arms()), &key(7), &seed(3)).unwrap();
    let service = Service::open(key(7), list.rows.clone(), []).unwrap();
    let mut difference: BTreeMap<String, i32> = BTreeMap::new();
    for (stratum, _, content) in contents_by_position(&service, &list) {
        let so_far = difference.entry(stratum).or_default();
        *so_far += if content == Content::Active { 1 } else { -1 };
        assert!(so_far.abs() <= 2);
    }
    assert!(difference.len() == 3 && difference.values().all(|left| *left == 0));
}

#[test]
fn a_wrong_key_or_a_changed_row_is_found() {
    let list = list_make(&plan(arms()), &key(7), &seed(1)).unwrap();
    let consigned = consignment("C1", &arms(), date(2026, 1, 1), 2);
    assert!(matches!(Service::open(key(8), list.rows.clone(), []), Err(ServiceError::Row { .. })));
    assert!(matches!(Service::open(key(8), [], consigned.sealed.clone()), Err(ServiceError::Container(_))));

    let verified = |rows: Vec<SealedRow>, containers: Vec<SealedContainer>| {
        Service::open(key(7), rows, containers).and_then(|service| service.verify())
    };
    assert_eq!(verified(list.rows.clone(), consigned.sealed.clone()), Ok(()));

    let mut moved = list.rows.clone();
    let (a, b) = (moved[3].sealed.clone(), moved[4].sealed.clone());
    (moved[3].sealed, moved[4].sealed) = (b, a);
    assert!(matches!(verified(moved, vec![]), Err(ServiceError::Row { .. })), "two rows' arms changed places");

    let mut renamed = list.rows.clone();
    renamed[5].position = 99;
    assert!(matches!(verified(renamed, vec![]), Err(ServiceError::Row { position: 99, .. })));

    let mut bytes = list.rows[6].sealed.to_bytes();
    bytes[30] ^= 1;
    let mut bent = list.rows.clone();
    bent[6].sealed = Sealed::from_bytes(&bytes).unwrap();
    assert!(matches!(verified(bent, vec![]), Err(ServiceError::Row { .. })));

    let mut relabelled = consigned.sealed.clone();
    let (a, b) = (relabelled[0].container.clone(), relabelled[1].container.clone());
    (relabelled[0].container, relabelled[1].container) = (b, a);
    assert!(matches!(verified(vec![], relabelled), Err(ServiceError::Container(_))));

    let mut twice = list.rows;
    twice[1].handle = twice[0].handle.clone();
    assert!(matches!(verified(twice, vec![]), Err(ServiceError::HandleTwice(_))));
}

#[test]
fn rows_are_drawn_in_order_until_none_is_left() {
    let list = list_make(&plan(arms()), &key(7), &seed(1)).unwrap();
    let here: Vec<&SealedRow> = list.rows.iter().filter(|row| row.stratum == "S02").collect();
    let service = Service::open(key(7), list.rows.iter().rev().cloned(), []).unwrap();
    let mut allocation = AllocationState::default();
    for (number, row) in here.iter().enumerate() {
        let expected = Draw::Row { handle: row.handle.clone() };
        assert_eq!(service.draw("S02", &allocation), expected);
        assert_eq!(service.draw("S02", &allocation), expected, "asking uses nothing up");
        let participant = ParticipantId::from(format!("S02-{number:03}"));
        allocation.apply(
            &stamp(),
            &Entry::AllocationDrawn { handle: row.handle.clone(), stratum: "S02".to_owned(), participant },
        );
    }
    assert_eq!(service.draw("S02", &allocation), Draw::Exhausted);
    assert_eq!(service.draw("S99", &allocation), Draw::Exhausted);
    assert!(matches!(service.draw("S01", &allocation), Draw::Row { .. }));
}

/// A site's shelf, and the service that knows what is on it.
fn shelf() -> (Service, SealedList, StockState, BTreeMap<ContainerId, Content>) {
    let list = list_make(&plan(arms()), &key(7), &seed(1)).unwrap();
    let early = consignment("C1", &arms(), date(2025, 6, 30), 2);
    let late = consignment("C2", &arms(), date(2025, 12, 31), 2);
    let over = consignment("C3", &arms(), date(2025, 3, 2), 2);
    let stock = stock_of(&[&late, &early, &over]);
    let sealed = [&early, &late, &over].into_iter().flat_map(|c| c.sealed.clone());
    let service = Service::open(key(7), list.rows.clone(), sealed).unwrap();
    // What each container holds is found by asking for one participant of each arm until nothing is left.
    let mut known = BTreeMap::new();
    for row in &list.rows {
        let content = service.break_code(&row.handle).unwrap().content();
        let mut shelf = stock.clone();
        for level in ["80+40", "120+60"] {
            while let Picked::Containers { initial, supplement } = service
                .pick(&Wanted {
                    handle: Some(&row.handle),
                    level: &LevelId::from(level),
                    arms: &arms(),
                    supplement: true,
                    stock: &shelf,
                    today: TODAY,
                })
                .unwrap()
            {
                for container in [Some(initial), supplement].into_iter().flatten() {
                    assert_eq!(known.insert(container.clone(), content).unwrap_or(content), content);
                    let gone = Entry::ContainersDestroyed { containers: vec![container], method: "test".to_owned() };
                    shelf.apply(&stamp(), &gone);
                }
            }
        }
    }
    (service, list, stock, known)
}

#[test]
fn picks_what_fits_and_is_in_date_first_expiry_first() {
    let (service, list, stock, known) = shelf();
    assert_eq!(known.len(), 32, "2 expiries in date × 2 levels × 2 parts × 2 contents × 2, the expired ones never");
    for row in &list.rows {
        let wanted = Wanted {
            handle: Some(&row.handle),
            level: &LevelId::from("120+60"),
            arms: &arms(),
            supplement: true,
            stock: &stock,
            today: TODAY,
        };
        let picked = service.pick(&wanted).unwrap();
        assert_eq!(picked, service.pick(&wanted).unwrap(), "the same question has the same answer");
        let Picked::Containers { initial, supplement: Some(supplement) } = picked else { panic!("nothing fits") };
        for (id, part) in [(&initial, DosePart::Initial), (&supplement, DosePart::Supplement)] {
            let container = &stock.containers[id];
            assert_eq!((container.part, container.expires), (part, date(2025, 6, 30)));
            assert_eq!(container.level, *"120+60");
            assert_eq!(known[id], service.break_code(&row.handle).unwrap().content());
        }
    }
}

/// Method: what was passed over must not tell. The choice of the expiry is the same for both arms at every fill of the shelf,
/// and among equals the smallest number is not always taken.
#[test]
fn the_choice_tells_nothing_of_the_arm() {
    let (service, list, mut stock, _) = shelf();
    let level = LevelId::from("80+40");
    let ask = |stock: &StockState, handle: &str| {
        let wanted =
            Wanted { handle: Some(handle), level: &level, arms: &arms(), supplement: false, stock, today: TODAY };
        service.pick(&wanted).unwrap()
    };
    let mut in_order = 0;
    let mut asked = 0;
    for row in list.rows.iter().take(3) {
        let mut expiries = BTreeSet::new();
        for other in &list.rows {
            let Picked::Containers { initial, .. } = ask(&stock, &other.handle) else { panic!("nothing fits") };
            expiries.insert(stock.containers[&initial].expires);
            let smallest = stock
                .containers
                .iter()
                .find(|(_, c)| c.part == DosePart::Initial && c.level == level && c.expires >= TODAY);
            in_order += u32::from(smallest.is_some_and(|(id, _)| *id == initial));
            asked += 1;
        }
        assert_eq!(expiries.len(), 1, "both arms are served from one expiry");
        let Picked::Containers { initial, .. } = ask(&stock, &row.handle) else { panic!("nothing fits") };
        let gone = Entry::ContainersDestroyed { containers: vec![initial], method: "test".to_owned() };
        stock.apply(&stamp(), &gone);
    }
    assert!(in_order * 2 < asked, "the smallest number was taken {in_order} times of {asked}");
}

#[test]
fn a_stock_out_is_just_none() {
    let (service, list, _, _) = shelf();
    let empty = StockState::default();
    for row in &list.rows {
        let level = LevelId::from("80+40");
        let wanted = Wanted {
            handle: Some(&row.handle),
            level: &level,
            arms: &arms(),
            supplement: true,
            stock: &empty,
            today: TODAY,
        };
        assert_eq!(service.pick(&wanted).unwrap(), Picked::None);
    }
    assert_eq!(service.break_code("nonsense").map(|_| ()), Err(ServiceError::NoSuchHandle("nonsense".to_owned())));
}

/// A shelf without what one arm needs serves nobody: who was served would be known to be on the other.
#[test]
fn half_a_shelf_serves_nobody() {
    let (service, list, stock, known) = shelf();
    let level = LevelId::from("80+40");
    for content in [Content::Active, Content::Placebo] {
        let mut half = stock.clone();
        let other: Vec<_> = known.iter().filter(|(_, held)| **held != content).map(|(id, _)| id.clone()).collect();
        half.apply(&stamp(), &Entry::ContainersDestroyed { containers: other, method: "test".to_owned() });
        for row in &list.rows {
            let wanted = Wanted {
                handle: Some(&row.handle),
                level: &level,
                arms: &arms(),
                supplement: true,
                stock: &half,
                today: TODAY,
            };
            assert_eq!(service.pick(&wanted).unwrap(), Picked::None, "only {content:?} on the shelf");
        }
    }
}

#[test]
fn open_label_is_served_from_active_containers() {
    let open = [arm("open", Content::Active, 1)];
    let consigned = consignment("C1", &open, date(2026, 1, 1), 2);
    let stock = stock_of(&[&consigned]);
    let service = Service::open(key(7), [], consigned.sealed.clone()).unwrap();
    let level = LevelId::from("80+40");
    let wanted = Wanted { handle: None, level: &level, arms: &open, supplement: true, stock: &stock, today: TODAY };
    assert!(matches!(service.pick(&wanted).unwrap(), Picked::Containers { supplement: Some(_), .. }));
}

const NONE: BTreeSet<LevelId> = BTreeSet::new();

#[test]
fn a_level_that_was_found_empty_is_sent_whatever_is_left() {
    let rule = SupplyRule { of_each: 3, low: 5, in_date_days: 30 };
    let stock = stock_of(&[&consignment("C1", &arms(), date(2026, 1, 1), 3)]);
    let lines = resupply(&levels(), &rule, &stock, &[LevelId::from("80+40")].into(), TODAY);
    assert_eq!(lines.len(), 2, "first dose and supplement of that level");
    assert!(lines.iter().all(|line| line.level == *"80+40"));
}

#[test]
fn resupply_looks_at_counts_alone() {
    let rule = SupplyRule { of_each: 3, low: 5, in_date_days: 30 };
    let full = consignment("C1", &arms(), date(2026, 1, 1), 3);
    let mut stock = stock_of(&[&full]);
    assert!(resupply(&levels(), &rule, &stock, &NONE, TODAY).is_empty());
    assert_eq!(resupply(&levels(), &rule, &stock, &NONE, date(2025, 12, 10)).len(), 4, "all go out of date together");
    let initial: Vec<ContainerId> = full
        .containers
        .iter()
        .filter(|c| c.part == DosePart::Initial && c.level == *"80+40")
        .map(|c| c.container.clone())
        .collect();
    for container in initial.iter().take(2) {
        let gone = Entry::ContainersDestroyed { containers: vec![container.clone()], method: "test".to_owned() };
        stock.apply(&stamp(), &gone);
    }
    let lines = resupply(&levels(), &rule, &stock, &NONE, TODAY);
    assert_eq!(lines, [SupplyLine { level: LevelId::from("80+40"), part: DosePart::Initial, of_each: 3 }]);
}

#[test]
fn a_list_made_elsewhere() {
    let strata: BTreeSet<String> = ["S01", "S02"].map(str::to_owned).into();
    let load = |text: &str| list_load(text.as_bytes(), &arms(), &strata, &key(7), &seed(1));
    let good = "stratum,position,arm\nS01,2,mdma\nS01,1,placebo-with-identical-therapy\nS02,1,mdma\n";
    let list = load(good).unwrap();
    let service = Service::open(key(7), list.rows.clone(), []).unwrap();
    let contents: Vec<Content> = contents_by_position(&service, &list).into_iter().map(|(_, _, c)| c).collect();
    assert_eq!(contents, [Content::Placebo, Content::Active, Content::Active]);

    for (text, expected) in [
        ("", "1 the first line must name the columns position, stratum and arm; missing: position, stratum, arm"),
        ("position,stratum\n1,S01\n", "1 the first line must name the columns position, stratum and arm; missing: arm"),
        ("position,stratum,arm\n", "0 the list has no rows"),
        ("position,stratum,arm\n0,S01,mdma\n", "2 `position` is not a whole number from 1 on"),
        ("position,stratum,arm\n1,S09,mdma\n", "2 the study has no stratum \"S09\""),
        ("position,stratum,arm\n1,S01,MDMA\n", "2 `arm` is not the id of an arm of the study"),
        ("position,stratum,arm\n1,S01\n", "2 `arm` is not the id of an arm of the study"),
        ("position,stratum,arm\n1,S01,mdma\n1,S01,mdma\n", "3 position 1 of stratum S01 is given twice"),
        (
            "position,stratum,arm\n1,S01,mdma\n3,S01,mdma\n",
            "0 stratum S01 has no position 2: positions run from 1 without a gap",
        ),
        (
            "position,stratum,arm\nx,S01,mdma\n1,S01,y\n",
            "2 `position` is not a whole number from 1 on|3 `arm` is not the id of an arm of the study",
        ),
    ] {
        let Err(LoadError::Flaws(flaws)) = load(text) else { panic!("loaded: {text}") };
        let shown: Vec<String> = flaws.iter().map(|flaw| format!("{} {}", flaw.line, flaw.what)).collect();
        assert_eq!(shown.join("|"), expected);
    }
}

#[test]
fn plans_that_cannot_be() {
    let mut uneven = plan(arms());
    uneven.block_sizes = vec![3];
    assert!(matches!(list_make(&uneven, &key(7), &seed(1)), Err(ListError::Blocks(_))));
    let long = plan(vec![arm(&"x".repeat(63), Content::Active, 1)]);
    assert!(matches!(list_make(&long, &key(7), &seed(1)), Err(ListError::LongArm(_))));
}
