//! Empirical errors where one person alone carries a coefficient (a site of one): I−H of that person is singular, and R's mmrm, which
//! inverts it all the same for CR3, prints rounding. Compared here with what CR3 means: every person left out in turn, Σ held.

#![allow(clippy::unwrap_used, reason = "a reference file that can't be read must stop the test")]

use std::{collections::BTreeMap, path::PathBuf};

use nalgebra::{DMatrix, DVector};
use stats::cli::Spec;
use stats::mmrm::{DfMethod, Fit, Vcov};
use stats::table::Table;

fn load(name: &str) -> (Table, Spec) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference/mmrm");
    let spec = Spec::parse(&std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap()).unwrap();
    let table = Table::from_csv(&std::fs::read_to_string(folder.join(&spec.data)).unwrap()).unwrap();
    (table, spec)
}

/// Rows of each person, and what they add to X'V⁻¹X and X'V⁻¹y.
struct Shares {
    site_of_one: Vec<bool>,
    shares: Vec<(DMatrix<f64>, DVector<f64>)>,
}

fn shares(table: &Table, fit: &Fit) -> Shares {
    let (design, frame) = (fit.design(), fit.frame());
    let (p, visits) = (design.kept.len(), fit.visits().unwrap());
    let sigma = &fit.sigma()[0];
    let m = (sigma.len() as f64).sqrt() as usize;
    let codes = table.column(&fit.model().subject).unwrap().codes();
    let mut people: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (row, from) in frame.rows.iter().enumerate() {
        people.entry(codes[*from]).or_default().push(row);
    }
    let dense = |row: usize| -> Vec<f64> {
        let mut line = vec![0.0; design.names.len()];
        design.row(row).iter().for_each(|(column, value)| line[*column as usize] += value);
        design.kept.iter().map(|column| line[*column]).collect()
    };
    let mut carriers = vec![0; p];
    let mut out = Vec::new();
    for rows in people.values() {
        let x = DMatrix::from_row_iterator(rows.len(), p, rows.iter().flat_map(|row| dense(*row)));
        let y = DVector::from_iterator(rows.len(), rows.iter().map(|row| frame.response[*row]));
        let at = |i: usize| visits.codes[rows[i]] as usize;
        let v = DMatrix::from_fn(rows.len(), rows.len(), |i, j| sigma[at(i) * m + at(j)]);
        let inverse = v.try_inverse().unwrap();
        (0..p).filter(|column| x.column(*column).amax() > 0.0).for_each(|column| carriers[column] += 1);
        out.push((x.transpose() * &inverse * &x, x.transpose() * inverse * y));
    }
    Shares { site_of_one: carriers.iter().map(|count| *count == 1).collect(), shares: out }
}

/// β without one person, or with everybody.
fn solved(shares: &Shares, without: Option<usize>) -> DVector<f64> {
    let kept = shares.shares.iter().enumerate().filter(|(at, _)| Some(*at) != without);
    let (a, b) = kept.fold(
        (DMatrix::zeros(shares.site_of_one.len(), shares.site_of_one.len()), DVector::zeros(shares.site_of_one.len())),
        |(a, b), (_, (xx, xy))| (a + xx, b + xy),
    );
    // A column that nobody is left to carry gets a coefficient of 0 and touches no other.
    let eigen = a.symmetric_eigen();
    let floor = 1e-11 * eigen.eigenvalues.max();
    let inverse = eigen.eigenvalues.map(|value| if value > floor { value.recip() } else { 0.0 });
    &eigen.eigenvectors * DMatrix::from_diagonal(&inverse) * eigen.eigenvectors.transpose() * b
}

#[test]
fn the_jackknife_leaves_one_person_out() {
    for (name, alone) in [("p02_us_reml_main", 1), ("p08_us_reml_singleton", 6), ("p01_us_reml_main", 0)] {
        let (table, spec) = load(name);
        let fit = Fit::new(&table, &spec.model().unwrap()).unwrap();
        let shares = shares(&table, &fit);
        assert_eq!(shares.site_of_one.iter().filter(|one| **one).count(), alone, "{name}");
        let beta = solved(&shares, None);
        let gaps: Vec<DVector<f64>> = (0..shares.shares.len()).map(|at| &beta - solved(&shares, Some(at))).collect();
        let inference = fit.inference(DfMethod::Satterthwaite, Vcov::EmpiricalJackknife).unwrap();
        let mut compared = 0;
        for (column, found) in inference.coefficients().iter().enumerate() {
            if shares.site_of_one[column] {
                continue;
            }
            let wanted = gaps.iter().map(|gap| gap[column].powi(2)).sum::<f64>().sqrt();
            assert!((found.se / wanted - 1.0).abs() < 1e-6, "{name} {column}: {} {wanted}", found.se);
            compared += 1;
        }
        assert_eq!(compared, beta.len() - alone, "{name}");
    }
}

/// A site of one person who was seen once: all of I−H of that person is rounding.
#[test]
fn one_person_seen_once() {
    let mut text = String::from("id,visit,arm,site,y\n");
    for person in 0..24 {
        for visit in 0..2 {
            let noise = f64::from((person * 37 + visit * 11) % 17) - 8.0;
            let (arm, site) = (["a", "b"][person as usize % 2], ["s1", "s2", "s3"][person as usize % 3]);
            text += &format!("p{person},v{visit},{arm},{site},{}\n", noise - f64::from(3 * visit));
        }
    }
    text += "p99,v0,a,s4,2\n";
    let model = stats::mmrm::Model::from_formula("y ~ site + arm*visit + us(visit | id)").unwrap();
    let fit = Fit::new(&Table::from_csv(&text).unwrap(), &model).unwrap();
    for vcov in [Vcov::Empirical, Vcov::EmpiricalBiasReduced, Vcov::EmpiricalJackknife] {
        let inference = fit.inference(DfMethod::Satterthwaite, vcov).unwrap();
        for (name, found) in fit.design().kept_names().iter().zip(inference.coefficients()) {
            assert!(found.se > 0.0 && found.df > 1.0 && found.df < 25.0, "{} {name}: {found:?}", vcov.name());
        }
    }
}
