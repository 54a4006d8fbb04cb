//! How long it takes to read a study, to name its version, and to answer a criterion.

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

use divan::{Bencher, black_box};
use protocol::{embedded, read};
use terms::Value;

fn main() {
    divan::main();
}

#[divan::bench(args = ["small", "reference-mapp2", "demonstration"])]
fn read_and_check(bencher: Bencher<'_, '_>, id: &str) {
    let files = embedded::files(id).unwrap();
    bencher.bench(|| read(black_box(&files)));
}

#[divan::bench]
fn hash(bencher: Bencher<'_, '_>) {
    let study = embedded::load("reference-mapp2").unwrap();
    bencher.bench(|| black_box(&study).hash());
}

#[divan::bench(args = ["I01", "E11", "E18", "I07"])]
fn criterion(bencher: Bencher<'_, '_>, id: &str) {
    let study = embedded::load("reference-mapp2").unwrap();
    let criterion = study.criteria.iter().find(|known| known.id == *id).unwrap();
    bencher.bench(|| {
        criterion.check.evaluate(&|name| match black_box(name) {
            "participant.age_at_consent" => Some(Value::Integer(40)),
            "ecg.qtcb_ms" => Some(Value::Integer(430)),
            "demographics.qt_table" => Some(Value::Text("male".to_owned())),
            "demographics.childbearing_potential" => Some(Value::Bool(true)),
            "pregnancy_test.result" => Some(Value::Text("negative".to_owned())),
            "medical_history.contraception" => Some(Value::Text("two_methods".to_owned())),
            _ => Some(Value::Text("none".to_owned())),
        })
    });
}
