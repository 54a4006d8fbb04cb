//! What a hand that takes guards away, and puts them back, can do to a file; what is seen of it; and files that nobody can write to.

use crate::{
    file::{filled, place},
    kit::{TABLES, act, bodies, verify},
};
use record::{Range, SqliteStore, Store, StoreError};
use rusqlite::Connection;
use std::path::Path;

/// Takes away the guards of a table, does something, and puts them back, so that the file looks as before.
fn unguarded(path: &Path, guarded: &str, change: &str) {
    let hand = Connection::open(path).unwrap();
    hand.pragma_update(None, "foreign_keys", false).unwrap();
    let guards: Vec<(String, String)> = hand
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1")
        .unwrap()
        .query_map([guarded], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert!(guards.len() >= 3, "{guarded} is guarded");
    guards.iter().for_each(|(name, _)| hand.execute_batch(&format!("DROP TRIGGER {name}")).unwrap());
    hand.execute_batch(change).unwrap();
    guards.iter().for_each(|(_, sql)| hand.execute_batch(sql).unwrap());
}

/// A name that is gone hides no entry: not from the chain's verifier, not from the file's.
#[test]
fn entries_whose_name_is_gone_are_not_passed_over() {
    let place = place();
    for (guarded, change, says, beside) in [
        ("chain", "DELETE FROM chain WHERE name = 'site/S01'", "the chain that it belongs to", "a row of chain"),
        (
            "stream",
            "DELETE FROM stream WHERE name = 'participant/2'",
            "the stream that it belongs to",
            "a row of stream",
        ),
    ] {
        let _ = std::fs::remove_file(&place.path);
        filled(&place.path);
        unguarded(&place.path, guarded, change);
        let store = SqliteStore::open(&place.path, TABLES).unwrap();
        let error = record::verify_chain(&store).unwrap_err();
        assert!(matches!(&error, StoreError::Damaged { what } if what.contains(says)), "{error}");
        let wrong = store.check_links().unwrap();
        assert!(wrong.iter().any(|wrong| wrong.contains(beside)), "{wrong:?}");
        assert_eq!(store.check_file(TABLES).unwrap(), wrong, "nothing else is wrong with the file");
    }
}

/// Entries that were cut off at the end are missed by the answers that led to them.
#[test]
fn a_log_that_ends_before_its_answers_is_found() {
    let place = place();
    filled(&place.path);
    unguarded(&place.path, "entry", "DELETE FROM entry WHERE id >= 29");
    let store = SqliteStore::open(&place.path, TABLES).unwrap();
    assert_eq!(verify(&store).unwrap().links, 28, "the chain alone can't tell");
    let says = "the log ends with entry 28, but answer 10 (command c9) led to entries up to 30: its newest entries are missing";
    assert_eq!(store.check_links().unwrap(), [says]);
    assert_eq!(store.check_file(TABLES).unwrap(), [says]);
}

#[test]
fn a_schema_that_is_not_the_programs_is_found() {
    let place = place();
    for (change, says) in [
        ("DROP VIEW record; CREATE VIEW record AS SELECT 1", "the view record was changed"),
        ("DROP VIEW record", "the view record was taken away"),
        ("DROP INDEX person_token_participant", "the index person_token_participant was taken away"),
        (
            "CREATE TRIGGER helpful AFTER INSERT ON entry BEGIN DELETE FROM test_note; END",
            "there is a trigger helpful on entry that this program does not make",
        ),
        (
            "CREATE TRIGGER helpful AFTER INSERT ON test_note BEGIN DELETE FROM test_count; END",
            "there is a trigger helpful on test_note that this program does not make",
        ),
        ("CREATE TABLE more (x)", "there is a table more that this program does not make"),
        ("CREATE VIEW more AS SELECT 1", "there is a view more that this program does not make"),
        ("CREATE INDEX more ON entry (recorded_at)", "there is an index more on entry that this program does not make"),
        ("ALTER TABLE person_erased ADD COLUMN more TEXT", "the table person_erased was changed"),
    ] {
        let _ = std::fs::remove_file(&place.path);
        filled(&place.path);
        Connection::open(&place.path).unwrap().execute_batch(change).unwrap();
        let store = SqliteStore::open(&place.path, TABLES).unwrap();
        assert_eq!(store.check_file(TABLES).unwrap(), [says], "{change}");
        assert_eq!(store.check_tables(TABLES).unwrap(), [""; 0]);
    }
}

/// What is wrong with the current tables' definitions is another matter: a rebuild mends it.
#[test]
fn current_tables_that_were_redefined_are_found_and_mended_by_a_rebuild() {
    let place = place();
    for (change, says) in [
        ("DROP INDEX test_note_1", "the index test_note_1 was taken away"),
        ("CREATE INDEX more ON test_note (words)", "there is an index more on test_note too many"),
        ("DROP TABLE test_count", "the table test_count was taken away"),
        ("ALTER TABLE test_count ADD COLUMN more TEXT", "the table test_count was changed"),
        ("UPDATE current_tables SET fingerprint = '0'", ""),
        ("DELETE FROM current_tables", ""),
    ] {
        let _ = std::fs::remove_file(&place.path);
        filled(&place.path);
        Connection::open(&place.path).unwrap().execute_batch(change).unwrap();
        let store = SqliteStore::open_to_rebuild(&place.path).unwrap();
        assert_eq!(store.check_file(TABLES).unwrap(), [""; 0], "{change}");
        match store.check_tables(TABLES) {
            Ok(wrong) => assert_eq!(wrong, [says], "{change}"),
            Err(error) => assert!(says.is_empty() && matches!(error, StoreError::OlderTables), "{error}"),
        }
        store.rebuild(TABLES, &mut |_| Ok(())).unwrap();
        assert_eq!(store.check_tables(TABLES).unwrap(), [""; 0], "{change}");
    }
}

/// A file of the first format, without guards of the names, takes them when it is opened for writing; looked at, it is left
/// as it is.
#[test]
fn a_file_of_the_first_format_takes_the_new_guards() {
    let place = place();
    filled(&place.path);
    let hand = Connection::open(&place.path).unwrap();
    hand.pragma_update(None, "foreign_keys", false).unwrap();
    for name in ["chain", "stream"] {
        for guard in ["never_changes", "never_goes", "is_named_once"] {
            hand.execute_batch(&format!("DROP TRIGGER {name}_{guard}")).unwrap();
        }
    }
    hand.pragma_update(None, "user_version", 1).unwrap();
    let looked = SqliteStore::open_to_look(&place.path).unwrap();
    assert_eq!((looked.about().format, looked.check_file(TABLES).unwrap().len()), (1, 0));
    hand.execute_batch("BEGIN; DELETE FROM chain; ROLLBACK").unwrap();
    let store = SqliteStore::open(&place.path, TABLES).unwrap();
    assert_eq!((store.about().format, store.check_file(TABLES).unwrap().len()), (record::FORMAT, 0));
    assert!(hand.execute_batch("DELETE FROM chain").unwrap_err().to_string().contains("never deleted"));
    store.append(vec![act("c99", 20, &[("trial", "trial", 10)])]).unwrap();
    assert_eq!(verify(&store).unwrap().links, 31);
}

/// Looking reads everything, writes nothing and says so.
#[test]
fn looking_changes_nothing() {
    let place = place();
    filled(&place.path);
    let before = std::fs::read(&place.path).unwrap();
    let store = SqliteStore::open_to_look(&place.path).unwrap();
    assert_eq!(verify(&store).unwrap().links, 30);
    assert_eq!(store.check_file(TABLES).unwrap(), [""; 0]);
    assert_eq!(bodies(&store, Range::Log { after: 0 }).len(), 30);
    let error = store.append(vec![act("c99", 20, &[("trial", "trial", 10)])]).unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly), "{error}");
    assert!(matches!(store.rebuild(TABLES, &mut |_| Ok(())), Err(StoreError::ReadOnly)));
    // Beside a program that writes, what it writes is seen.
    let other = SqliteStore::open(&place.path, TABLES).unwrap();
    other.append(vec![act("c99", 20, &[("trial", "trial", 10)])]).unwrap();
    assert_eq!(verify(&store).unwrap().links, 31);
    drop((store, other));
    filled_again_is_equal(&place.path, &before);
}

/// A store that was written to and read leaves one file: whoever copies that has everything.
#[test]
fn a_closed_store_leaves_one_file() {
    let place = place();
    filled(&place.path);
    let store = SqliteStore::open(&place.path, TABLES).unwrap();
    store.append(vec![act("c99", 20, &[("trial", "trial", 10)])]).unwrap();
    assert_eq!(verify(&store).unwrap().links, 31);
    drop(store);
    let folder = place.path.parent().unwrap();
    let left: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left, ["record.sqlite"]);
}

fn filled_again_is_equal(path: &Path, before: &[u8]) {
    std::fs::write(path, before).unwrap();
    drop(SqliteStore::open_to_look(path).unwrap());
    assert_eq!(std::fs::read(path).unwrap(), before);
    let left: Vec<_> =
        std::fs::read_dir(path.parent().unwrap()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left, ["record.sqlite"], "no journal is left behind");
}
