//! Canonical bytes, hashing and verification, for an entry of the size of a 20-item form.
//!
//! `cargo bench -p chain`

use chain::{Hash, Link, Verifier, canonical};
use divan::{Bencher, black_box, counter::ItemsCount};
use serde_json::{Value, json};

fn main() {
    divan::main();
}

fn form() -> Value {
    let values: serde_json::Map<String, Value> = (1..=20).map(|n| (n.to_string(), json!(n % 5))).collect();
    json!({
        "entry": {"form_recorded": {"form": "caps5", "instance": "01HF.0", "visit": "V9", "values": values}},
        "stamp": {"act": "01HF", "at": "2026-03-02T09:12:00Z", "by": {"person": {"staff": "IR-1"}, "role": "rater"},
            "day": "2026-03-02", "program": "0.1.0", "recorded_at": "2026-03-02T09:12:00Z",
            "study": Hash::ZERO, "zone": "Europe/Berlin"}
    })
}

#[divan::bench]
fn canonical_form(bencher: Bencher) {
    let form = form();
    let mut out = Vec::new();
    bencher.counter(ItemsCount::new(1usize)).bench_local(|| {
        out.clear();
        canonical::write(black_box(&form), &mut out)
    });
}

#[divan::bench(args = [10_000])]
fn verify(bencher: Bencher, count: u64) {
    let body = canonical::to_vec(&form()).unwrap_or_default();
    let streams: Vec<String> = (0..100).map(|n| format!("participant/S01-{n:03}")).collect();
    let mut previous = Hash::ZERO;
    let mut links = Vec::new();
    for n in 0..count {
        let stream = &streams[(n % 100) as usize];
        let link = Link {
            body: &body,
            chain: "site/S01",
            heads: b"{}",
            position: n + 1,
            previous,
            stream,
            version: n / 100 + 1,
        };
        previous = link.hash();
        links.push((link, previous));
    }
    bencher.counter(ItemsCount::new(count)).bench_local(|| {
        let mut verifier = Verifier::new();
        links.iter().try_for_each(|(link, hash)| verifier.check(link, hash))
    });
}
