//! `lifejacket design` as it is typed: results, shards that add up to the byte, curves, and what can't be simulated.

use crate::cli::{folder, run, well};
use serde_json::Value;
use std::fs;

const LINE: &str = "design --study reference-mapp2 --participants 60 --effect 9 --dropout 0.2 --trials 40 --seed 3";

#[test]
fn a_trial_is_planned_and_its_shards_add_up_to_the_byte() {
    let folder = folder();
    let here = folder.path();
    let table = well(here, LINE);
    for words in
        ["60 participants", "20.0 % expected", "shows a benefit (power)", "Power by effect", "Where trials end"]
    {
        assert!(table.contains(words), "no {words} in\n{table}");
    }
    assert_eq!(well(here, &format!("{LINE} --threads 1")), table, "threads change nothing");
    let whole = well(here, &format!("{LINE} --json --svg curves"));
    let object: Value = serde_json::from_str(&whole).unwrap();
    let planned = &object["scenarios"][0];
    assert_eq!((planned["participants"].as_u64(), planned["trials"].as_u64()), (Some(60), Some(40)));
    assert!(planned["better"]["share"].as_f64().unwrap() > 0.5, "{planned}");
    assert_eq!(object["plan"]["study"], "reference-mapp2");
    for (shard, file) in [(2, "b"), (3, "c"), (1, "a")] {
        let said = run(here, &format!("{LINE} --shard {shard}/3 --out {file}.json"));
        assert_eq!((said.code, said.out.as_str()), (0, ""), "{}", said.err);
    }
    assert_eq!(well(here, "design merge c.json a.json b.json"), table);
    assert_eq!(well(here, "design merge a.json b.json c.json --json --svg merged"), whole);
    for name in ["power-by-participants.svg", "power-by-effect.svg"] {
        let svg = fs::read_to_string(here.join("curves").join(name)).unwrap();
        assert!(svg.contains("<polyline") && svg.ends_with("</svg>\n"), "{svg}");
        assert_eq!(svg, fs::read_to_string(here.join("merged").join(name)).unwrap());
    }
    assert_ne!(well(here, &LINE.replace("--seed 3", "--seed 4")), table);
}

#[test]
fn what_cannot_be_planned_is_said_in_a_sentence() {
    let folder = folder();
    let here = folder.path();
    let small = protocol::embedded::files("small").unwrap().files;
    for (name, text) in small {
        let text = text.replace("hazard = [0.1]", "hazard = [0.1, 0.1]");
        fs::write(here.join(name.rsplit('/').next().unwrap()), text).unwrap();
    }
    let small = "design --study small --trials 4";
    well(here, &format!("{small} --shard 1/2 --out one.json"));
    well(here, &format!("{small} --seed 9 --shard 2/2 --out other.json"));
    fs::write(here.join("text.json"), "no part").unwrap();
    for (line, code, words) in [
        ("design --study . --trials 4", 1, "there are 2 numbers where 1 are needed"),
        ("design --study licensed-practice", 1, "says nothing of what is assumed"),
        ("design --study no-such-study", 1, "no-such-study"),
        ("design --study small --participants 1", 1, "the number of participants is 1"),
        ("design --study small --dropout 1.5", 1, "the share of people who leave is 1.5"),
        ("design --study small --effect NaN", 1, "the effect is NaN"),
        ("design --study small --trials 0", 1, "the number of trials is 0"),
        ("design --study small --shard 3/2 --out x.json", 1, "`3/2` is no shard"),
        ("design --study small --shard 1/2", 2, "--out"),
        ("design --study small --trials many", 2, "many"),
        ("design", 2, "--study"),
        ("design merge", 2, "<FILE>"),
        ("design merge one.json", 1, "shard 2 of 2 is missing"),
        ("design merge one.json other.json", 1, "their `seed` differs"),
        ("design merge one.json one.json", 1, "both hold shard 1/2"),
        ("design merge text.json", 1, "text.json is no part of a run"),
        ("design merge none.json", 1, "none.json"),
    ] {
        let said = run(here, line);
        assert_eq!(said.code, code, "{line}: {}", said.err);
        assert!(said.err.contains(words) && !said.err.contains("panicked"), "{line}: {}", said.err);
    }
    let check = run(here, "study check .");
    assert!(check.code == 0 && check.out.contains("warning[study.planning]"), "{}", check.out);
}
