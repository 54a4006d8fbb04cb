//! What is kept, looked at as people type it: written out and proved elsewhere, without keys, on a medium that can't be written, with
//! files missing; and what is left behind where nothing could be made.

use crate::cli::{folder, program, run, well};
use chain::Hash;
use std::{
    fs,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::Path,
    process::Command,
};

fn simulated(here: &Path) {
    well(here, "simulate --study demonstration --participants 2 --seed 5 --data store");
}

/// The record as text is proved with no store; the heads that were written down show what the text alone can't: a cut end.
#[test]
fn a_record_is_written_out_and_proved_elsewhere() {
    let folder = folder();
    let here = folder.path();
    simulated(here);
    well(here, "export record --data store --out record.txt");
    assert_eq!(run(here, "export record --data store --out record.txt").code, 1, "nothing is overwritten");
    let proved = well(here, "verify --data store");
    let heads = well(here, "verify --data store --print-heads");
    fs::write(here.join("heads.txt"), &heads).unwrap();
    fs::rename(here.join("store"), here.join("gone")).unwrap();

    let alone = well(here, "verify --file record.txt");
    assert!(proved.starts_with(&alone), "the same sentence and heads:\n{alone}\n{proved}");
    assert_eq!(well(here, "verify --file record.txt --print-heads"), heads);
    well(here, "verify --file record.txt --heads heads.txt");
    well(here, "verify --data gone --heads heads.txt");

    // As somebody would who has neither our program nor our words.
    let text = fs::read_to_string(here.join("record.txt")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() > 100);
    for line in &lines {
        let (hash, link) = line.split_once(' ').unwrap();
        assert_eq!(Hash::of(link.as_bytes()).to_string(), hash);
    }

    let last = lines.len() - 1;
    let swapped = {
        let mut lines = lines.clone();
        lines.swap(20, 21);
        lines
    };
    let without = {
        let mut lines = lines.clone();
        lines.remove(30);
        lines
    };
    let twice = {
        let mut lines = lines.clone();
        lines.insert(40, lines[40]);
        lines
    };
    let open = lines.iter().position(|line| line.contains("\"entry\"")).unwrap();
    let changed = lines[open].replacen("\"entry\"", "\"entrY\"", 1);
    let rehashed = {
        // A body in another spelling, with the hash that it then has.
        let link = lines[last].split_once(' ').unwrap().1.replacen("{\"body\":{", "{\"body\":{ ", 1);
        format!("{} {link}", Hash::of(link.as_bytes()))
    };
    let with = |at: usize, line: &str| {
        let mut lines: Vec<&str> = lines.clone();
        lines[at] = line;
        lines.join("\n") + "\n"
    };
    for (name, bad, says) in [
        ("swapped", swapped.join("\n"), "line 2"),
        ("without", without.join("\n"), "line 3"),
        ("twice", twice.join("\n"), "line 4"),
        ("changed", with(open, &changed), "the bytes do not give the hash"),
        ("rehashed", with(last, &rehashed), "canonical"),
        ("torn", text[..text.len() - 20].to_owned(), "no link"),
        ("empty", String::new(), "holds no entry"),
        ("junk", "junk\n".to_owned(), "line 1"),
    ] {
        fs::write(here.join(name), bad).unwrap();
        let said = run(here, &format!("verify --file {name}"));
        assert!(said.code == 1 && said.out.contains(says), "{name}: {}{}", said.out, said.err);
    }
    fs::write(here.join("cut"), lines[..last].join("\n") + "\n").unwrap();
    well(here, "verify --file cut");
    let said = run(here, "verify --file cut --heads heads.txt");
    assert!(said.code == 1 && said.out.contains("its end was cut off"), "{}{}", said.out, said.err);
    let other = heads.replace('0', "1");
    fs::write(here.join("other"), other).unwrap();
    assert_eq!(run(here, "verify --data gone --heads other").code, 1);
    let said = run(here, "verify --data gone --heads record.txt");
    assert!(said.code == 1 && said.err.contains("holds no heads"), "{}", said.err);
    assert_eq!(run(here, "verify").code, 2, "of what?");
    assert_eq!(run(here, "verify --data gone --file record.txt").code, 2, "one or the other");
}

/// A whole record with keys that open nothing is of no use to anybody at the next dose.
#[test]
fn keys_that_open_nothing_are_told() {
    let folder = folder();
    let here = folder.path();
    simulated(here);
    assert!(well(here, "verify --data store").contains("the keys open everything"));
    let keys = here.join("store/keys");
    let [sealed, people] = ["sealed.key", "people.key"].map(|name| fs::read_to_string(keys.join(name)).unwrap());
    let put = |name: &str, text: Option<&str>| match text {
        Some(text) => fs::write(keys.join(name), text).unwrap(),
        None => fs::remove_file(keys.join(name)).unwrap(),
    };
    for (name, text, says) in [
        ("sealed.key", None, "sealed.key"),
        ("sealed.key", Some("junk"), "64 hexadecimal digits"),
        ("sealed.key", Some(people.as_str()), "keys/sealed.key does not open"),
        ("people.key", None, "people.key"),
        ("people.key", Some(""), "64 hexadecimal digits"),
        ("people.key", Some(sealed.as_str()), "keys/people.key does not open who"),
    ] {
        put(name, text);
        let said = run(here, "verify --data store");
        assert!(said.code == 1 && said.out.contains("the record is whole"), "{name}: {}{}", said.out, said.err);
        assert!(said.out.contains("not everything opens") && said.out.contains(says), "{name}: {}", said.out);
        assert!(well(here, "verify --data store --without-keys").contains("the keys were not looked at"));
        put("sealed.key", Some(&sealed));
        put("people.key", Some(&people));
    }
    // A word to search by that was taken away: the person would not be found.
    let hand = rusqlite::Connection::open(here.join("store/record.sqlite")).unwrap();
    hand.execute("DELETE FROM person_token WHERE token = (SELECT min(token) FROM person_token)", []).unwrap();
    let said = run(here, "verify --data store");
    assert!(said.code == 1 && said.out.contains("words to search by"), "{}", said.out);
}

/// A command as somebody who may read what lies there, and write nothing.
fn run_as_a_reader(folder: &Path, program: &Path, line: &str) -> (i32, String) {
    let mut command = Command::new(program);
    command.current_dir(folder).args(line.split_whitespace());
    // The one who runs the tests may be root, whom no permission stops.
    if fs::write(folder.join("store/probe"), "").is_ok() {
        fs::remove_file(folder.join("store/probe")).unwrap();
        command.uid(65_534).gid(65_534);
    }
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

/// An inspector's copy: it is proved and read where it lies, and nothing comes to lie beside it.
#[test]
fn a_copy_that_nobody_can_write_is_proved_and_read_as_delivered() {
    let folder = folder();
    let here = folder.path();
    simulated(here);
    let here = here.canonicalize().unwrap();
    let reader = here.join("lifejacket");
    fs::copy(program(), &reader).unwrap();
    fs::set_permissions(&reader, fs::Permissions::from_mode(0o755)).unwrap();
    let person = rusqlite::Connection::open(here.join("store/record.sqlite"))
        .unwrap()
        .query_row("SELECT participant FROM participant", [], |row| row.get::<_, String>(0))
        .unwrap();
    fs::remove_file(here.join("store/drafts.sqlite")).unwrap();
    let mut all = vec![here.join("store")];
    let mut at = 0;
    while let Some(path) = all.get(at).cloned() {
        at += 1;
        if path.is_dir() {
            all.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    let allow = |folders: u32, files: u32| {
        for path in &all {
            let mode = if path.is_dir() { folders } else { files };
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    fs::create_dir(here.join("out")).unwrap();
    fs::set_permissions(here.join("out"), fs::Permissions::from_mode(0o777)).unwrap();
    fs::set_permissions(&here, fs::Permissions::from_mode(0o755)).unwrap();
    let left = || fs::read_dir(here.join("store")).unwrap().count();
    let before = (fs::read(here.join("store/record.sqlite")).unwrap(), left());
    // A folder that can't be written, with files that could be; and neither.
    for (round, files) in [0o444, 0o666].into_iter().enumerate() {
        allow(0o555, files);
        for line in [
            "verify --data store".to_owned(),
            format!("why {person} --data store"),
            format!("export csv --data store --out out/csv{round}"),
            format!("export record --data store --out out/record{round}"),
            "account list --data store".to_owned(),
            "lock --list --data store".to_owned(),
        ] {
            let (code, said) = run_as_a_reader(&here, &reader, &line);
            assert_eq!(code, 0, "{line}: {said}");
        }
        let (code, said) = run_as_a_reader(&here, &reader, "rebuild --data store");
        assert!(code == 1 && !said.contains("panicked"), "{said}");
        assert!(
            before == (fs::read(here.join("store/record.sqlite")).unwrap(), left()),
            "nothing came to lie beside it"
        );
    }
    allow(0o755, 0o644);
}

/// Opening makes no accounts: an empty file would shut everybody out, and nobody would know why.
#[test]
fn a_store_without_its_accounts_is_not_opened() {
    let folder = folder();
    let here = folder.path();
    simulated(here);
    let accounts = here.join("store/accounts.sqlite");
    for file in ["accounts.sqlite", "drafts.sqlite", "record.sqlite"] {
        let mode = fs::metadata(here.join("store").join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let refused = |says: &str| {
        for line in
            ["account list --data store", "serve --data store --listen 127.0.0.1:0", "account disable x --data store"]
        {
            let said = run(here, line);
            assert!(said.code == 1 && said.err.contains(says), "{line}: {}", said.err);
            assert!(said.err.contains("restore it from the backup") || says.contains("newer"), "{line}: {}", said.err);
        }
    };
    let whole = fs::read(&accounts).unwrap();
    fs::remove_file(&accounts).unwrap();
    refused("there is no file of accounts");
    assert!(!accounts.exists(), "and none is made");
    for bad in [
        "",
        "garbage, and more than a few bytes of it: no header that any database has, whatever else there may be in it",
    ] {
        fs::write(&accounts, bad).unwrap();
        refused("is not a database of accounts");
        assert_eq!(fs::read_to_string(&accounts).unwrap(), bad);
    }
    fs::write(&accounts, &whole).unwrap();
    rusqlite::Connection::open(&accounts).unwrap().pragma_update(None, "user_version", 7).unwrap();
    refused("newer program");
    fs::write(&accounts, &whole).unwrap();
    well(here, "account list --data store");
    rusqlite::Connection::open(here.join("store/drafts.sqlite"))
        .unwrap()
        .pragma_update(None, "user_version", 7)
        .unwrap();
    let said = run(here, "serve --data store --listen 127.0.0.1:0");
    assert!(said.code == 1 && said.err.contains("newer program"), "{}", said.err);
}

/// What can't be made whole is not left in halves, and says where and why.
#[test]
fn where_nothing_could_be_made_nothing_is_left() {
    let folder = folder();
    let here = folder.path();
    fs::write(here.join("secrets"), "a long enough password\n482913\n").unwrap();
    fs::create_dir(here.join("empty")).unwrap();
    // A file may not grow beyond 100 kB, as on a disk that is nearly full; the system would end the program without a word.
    for (folder, command) in [
        ("new", "init --study small --administrator admin --name A --secrets secrets"),
        ("empty", "init --study small --administrator admin --name A --secrets secrets"),
        ("virtual", "simulate --study demonstration --participants 2"),
    ] {
        let line = format!("ulimit -f 200; exec \"$0\" {command} --data {folder}");
        let output = Command::new("sh").arg("-c").arg(line).arg(program()).current_dir(here).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{command}: {said}");
        assert!(said.contains(&format!("nothing was made in {folder}")), "{said}");
        assert!(said.contains("the file has the size that this account may write at most"), "{said}");
    }
    assert!(!here.join("new").exists() && !here.join("virtual").exists());
    assert_eq!(fs::read_dir(here.join("empty")).unwrap().count(), 0);
    well(here, "init --study small --administrator admin --name A --secrets secrets --data new");

    for line in [
        "demo --data secrets --no-serve",
        "simulate --study small --data secrets",
        "init --study small --administrator admin --name A --secrets secrets --data secrets",
    ] {
        let said = run(here, line);
        assert!(said.code == 1 && said.err.contains("secrets is a file: give a folder"), "{line}: {}", said.err);
    }
    let said = run(here, "demo --listen 0.0.0.0:8104 --data never");
    assert!(said.code == 1 && said.err.contains("not a loopback address"), "{}", said.err);
    assert!(!said.out.contains("building") && !here.join("never").exists(), "it is judged before anything is built");
    // A name that can't be seen as it is written.
    let mut add = Command::new(program());
    add.current_dir(here).args(["account", "add", "other", "--data", "new", "--name", "Other\u{202e}rehtO"]);
    let output = add.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && said.contains("U+202E"), "{said}");
}
