//! A writer is killed with SIGKILL at any moment; what it had been told was saved is there, nothing twice, all whole.
//!
//! Method: this test starts itself as a child that appends acts and prints each one's number once `append` returned.
//! The parent kills it after a while, opens the file, and compares. `CRASH_ROUNDS=300 cargo test -p record crash` runs
//! it longer.

use crate::kit::{TABLES, act, new_store, note, verify};
use record::{SqliteStore, Store};
use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    time::Duration,
};

const CHILD: &str = "RECORD_CRASH_CHILD";

/// The child's part; does nothing when run as an ordinary test.
#[test]
fn crash_child() {
    let Ok(path) = std::env::var(CHILD) else { return };
    let store = SqliteStore::open(path.as_ref(), TABLES).unwrap();
    std::thread::scope(|scope| {
        for person in 0..3u64 {
            let store = &store;
            scope.spawn(move || {
                let own = format!("participant/{person}");
                for n in store.version(&own).unwrap().. {
                    let mut one = act(&format!("p{person}-{n}"), 1, &[("site/S01", &own, n)]);
                    if person == 0 {
                        // They alone write to the trial's stream, each time, so both have the same version.
                        one = act(&format!("p0-{n}"), 1, &[("site/S01", &own, n), ("trial", "trial", n)]);
                    }
                    one.writes.push(note(&own, n as i64, "words"));
                    store.append(vec![one]).unwrap();
                    println!("saved {person} {}", n + 1);
                }
            });
        }
    });
}

#[test]
fn crash_loses_nothing() {
    let rounds: u64 = std::env::var("CRASH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(6);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.sqlite");
    drop(new_store(&path));
    let mut told = [0u64; 3];
    for round in 0..rounds {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["crash::crash_child", "--exact", "--nocapture", "--test-threads=1"])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let reader = std::thread::spawn(move || {
            let mut last = [0u64; 3];
            for line in output.lines().map_while(Result::ok) {
                let mut words = line.split_whitespace().skip_while(|word| *word != "saved").skip(1);
                if let (Some(person), Some(count)) = (words.next(), words.next()) {
                    // The last line may be cut off by the kill: a number is taken only if the whole line parses.
                    if let (Ok(person), Ok(count)) = (person.parse::<usize>(), count.parse::<u64>()) {
                        last[person] = last[person].max(count);
                    }
                }
            }
            last
        });
        std::thread::sleep(Duration::from_millis(30 + round * 37 % 90));
        child.kill().unwrap();
        child.wait().unwrap();
        let last = reader.join().unwrap();
        let store = SqliteStore::open(&path, TABLES).unwrap();
        for person in 0..3 {
            told[person] = told[person].max(last[person]);
            let stream = format!("participant/{person}");
            let kept = store.version(&stream).unwrap();
            assert!(kept >= told[person], "{stream}: told {} saved, found {kept}", told[person]);
            assert!(kept <= told[person] + 1, "{stream}: more than one act that nobody was told of");
            let rows = store
                .select("SELECT count(*) FROM test_note WHERE participant = ?1", &[stream.as_str().into()])
                .unwrap();
            assert_eq!(rows[0][0].as_integer(), Some(kept as i64), "the current table goes with the log");
            told[person] = kept;
        }
        assert_eq!(store.version("trial").unwrap(), told[0]);
        verify(&store).unwrap();
        assert_eq!(store.check_file(TABLES).unwrap(), [""; 0]);
    }
    assert!(told.iter().sum::<u64>() > rounds, "the children did write");
}
