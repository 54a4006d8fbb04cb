//! What one scoring costs. `cargo bench -p instruments`.

#![allow(clippy::unwrap_used, reason = "a benchmark that can't start should stop")]

use instruments::{Responses, find, score, score_numbers};

fn main() {
    divan::main();
}

fn caps5_answers() -> Vec<Option<i64>> {
    let mut answers = vec![Some(2); 20];
    answers.extend([Some(0), Some(24), Some(2), Some(2), Some(2), Some(0), Some(2), Some(3), Some(0), Some(0)]);
    answers
}

#[divan::bench]
fn caps5_by_numbers(bencher: divan::Bencher<'_, '_>) {
    let (caps5, answers) = (find("caps5").unwrap(), caps5_answers());
    bencher.bench(|| score_numbers(caps5, divan::black_box(&answers)));
}

#[divan::bench]
fn caps5_by_responses(bencher: divan::Bencher<'_, '_>) {
    let (caps5, responses) = (find("caps5").unwrap(), Responses::numbered(&caps5_answers()));
    bencher.bench(|| score(caps5, divan::black_box(&responses)));
}

#[divan::bench]
fn phq9_by_numbers(bencher: divan::Bencher<'_, '_>) {
    let (phq9, answers) = (find("phq9").unwrap(), [3, 2, 2, 1, 2, 2, 0, 0, 1].map(Some));
    bencher.bench(|| score_numbers(phq9, divan::black_box(&answers)));
}
