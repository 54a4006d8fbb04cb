//! The lock through the door: what is open is found by the door itself, and the allocation opens with the lock alone.

use crate::clinic::{Clinic, consent, note};
use conduct::{Entry, Person, Proof};
use record::{Answer, projection};
use serde_json::{Value, json};

/// Asks as the program together with the administrator, both signing.
fn by_two(clinic: &mut Clinic, command: Value) -> Answer {
    let mut asked = clinic.asked(command);
    asked.second = Some(Proof { person: Person::Staff("ada".into()), at: asked.now, signed: true });
    clinic.door.ask(&asked).unwrap()
}

fn written(answer: Answer) -> Vec<Entry> {
    match answer {
        Answer::Done(receipt) => receipt.entries.into_iter().map(|written| written.entry).collect(),
        Answer::No(no) => panic!("{no}"),
    }
}

#[test]
fn a_record_is_locked_with_what_is_open_and_where_its_chains_end() {
    let mut clinic = Clinic::new();
    clinic.enquiry("S01");
    clinic.done(consent("S01-001"));
    clinic.done(json!({"authorise": {"grant_role": {"staff": "ada", "role": "administrator"}}}));
    let plan = protocol::embedded::load("small").unwrap().analysis.hash();
    let refused = by_two(&mut clinic, json!({"authorise": {"lock_record": {}}}));
    assert!(
        matches!(&refused, Answer::No(conduct::No::Refused(no)) if no.broken[0].rule == "lock.plan"),
        "{refused:?}"
    );
    let freeze = json!({"authorise": {"freeze_plan": {"plan": plan}}});
    let alone = clinic.ask(freeze.clone());
    assert!(
        matches!(&alone, Answer::No(conduct::No::Refused(no)) if no.broken[0].rule == "plan.signed"),
        "one signature freezes nothing: {alone:?}"
    );
    written(by_two(&mut clinic, freeze));

    let heads = clinic.door.store().heads().unwrap();
    let entries = written(by_two(&mut clinic, json!({"authorise": {"lock_record": {}}})));
    let [Entry::RecordLocked { plan: locked, open, heads: found, .. }] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!(*locked, plan);
    assert!(
        open.iter().any(|item| item.kind == "participant" && item.participant == Some("S01-001".into())),
        "{open:?}"
    );
    assert!(open.iter().any(|item| item.kind == "visit"), "the screening visit is to be booked: {open:?}");
    assert_eq!(found.len(), heads.len());
    for (chain, head) in &heads {
        let kept = &found[&chain.to_string()];
        assert_eq!((kept.position, kept.hash.clone()), (head.position, head.hash.to_string()), "{chain}");
    }
    assert!(clinic.door.trial().unwrap().lock.is_some());

    // What happens after the lock is written down, flagged, and counted in the tables.
    clinic.done(note("S01-001", "called again"));
    let causes = clinic.door.store().select("SELECT cause FROM deviation", &[]).unwrap();
    assert_eq!(causes, [vec!["after_lock".into()]]);
    written(by_two(&mut clinic, json!({"authorise": {"unlock_record": {}}})));
    let steps = clinic.door.store().select("SELECT step, open FROM record_lock ORDER BY version", &[]).unwrap();
    let count = i64::try_from(open.len()).unwrap();
    let nothing = record::table::Cell::Null;
    assert_eq!(
        steps,
        [vec!["frozen".into(), nothing.clone()], vec!["locked".into(), count.into()], vec!["unlocked".into(), nothing]]
    );
    projection::verify(clinic.door.store().as_ref(), &clinic.door.studies()).unwrap_or_else(|error| panic!("{error}"));
}
