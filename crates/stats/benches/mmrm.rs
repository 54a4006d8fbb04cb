//! The three fits that R's mmrm was timed on: from a table in memory (columns coded, as a data frame is) to tested
//! coefficients. CPU time; `cargo bench -p stats --bench mmrm`. Method and results: docs/mmrm.md.

#![allow(clippy::unwrap_used, reason = "a bench without its data must stop")]

use divan::{Bencher, black_box};
use stats::cli::Spec;
use stats::mmrm::{DfMethod, Fit, Model, Vcov};
use stats::table::Table;

fn main() {
    divan::main();
}

fn load(name: &str) -> (Table, Model) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/mmrm");
    let spec = Spec::parse(&std::fs::read_to_string(format!("{folder}/{name}.json")).unwrap()).unwrap();
    let table = Table::from_csv(&std::fs::read_to_string(format!("{folder}/{}", spec.data)).unwrap()).unwrap();
    let model = spec.model().unwrap();
    (table, model)
}

fn fit_and_test(bencher: Bencher<'_, '_>, name: &str, df: DfMethod, vcov: Vcov) {
    let (table, model) = load(name);
    bencher.bench_local(|| {
        let fit = Fit::new(black_box(&table), black_box(&model)).unwrap();
        let inference = fit.inference(df, vcov).unwrap();
        black_box(inference.coefficients())
    });
}

/// 104 people × 3 visits, 22 coefficients, unstructured REML. R's mmrm: 73 ms; to beat 300 times: 243 µs.
#[divan::bench]
fn n104x3_kenward_roger(bencher: Bencher<'_, '_>) {
    fit_and_test(bencher, "p01_us_reml_main", DfMethod::KenwardRoger, Vcov::KenwardRogerLinear);
}

/// 5,000 people × 4 visits, 24 coefficients. R's mmrm: 1.64 s; to beat 100 times: 16.4 ms.
#[divan::bench]
fn n5000x4_satterthwaite(bencher: Bencher<'_, '_>) {
    fit_and_test(bencher, "p07_us_reml_n5000", DfMethod::Satterthwaite, Vcov::Asymptotic);
}

/// 1,000 people × 8 visits, 36 covariance parameters. R's mmrm: 8.5 s; to beat 150 times: 57 ms.
#[divan::bench]
fn n1000x8_kenward_roger(bencher: Bencher<'_, '_>) {
    fit_and_test(bencher, "p10_us_reml_n1000x8", DfMethod::KenwardRoger, Vcov::KenwardRogerLinear);
}

/// The same fits without inference, to see what it costs.
#[divan::bench(args = ["p01_us_reml_main", "p07_us_reml_n5000", "p10_us_reml_n1000x8"])]
fn fit_alone(bencher: Bencher<'_, '_>, name: &str) {
    let (table, model) = load(name);
    bencher.bench_local(|| black_box(Fit::new(black_box(&table), black_box(&model)).unwrap()));
}
