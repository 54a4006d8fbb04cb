//! A factor that stands in interactions only is averaged inside the factors that it stands with, by what occurs there: as emmeans
//! (`.find_nests`, version 1.8.4) takes such models. The weights are counted here from the rows.

#![allow(clippy::unwrap_used, reason = "tests")]

use stats::cli::Options;
use stats::mmrm::{Fit, Weights};
use stats::table::Table;

/// Forty people at two visits, sites unevenly spread over the arms.
fn table() -> Table {
    let mut text = String::from("ID,VISIT,ARM,SITE,SEX,Y\n");
    for person in 0..40u32 {
        let arm = if person % 2 == 0 { "PBO" } else { "ACT" };
        let site = if person % 2 == 0 { person % 3 } else { (person * person / 7) % 3 };
        let sex = if (person / 2) % 3 == 0 { "F" } else { "M" };
        for visit in 1..3u32 {
            let y = f64::from((person * 17 + visit * 29 + person * visit * 3) % 23) - 2.0 * f64::from(visit);
            text += &format!("P{person:02},V{visit},{arm},s{site},{sex},{y}\n");
        }
    }
    Table::from_csv(&text).unwrap()
}

/// The share of the rows of an arm (or of all) in which a column holds a text.
fn share(table: &Table, arm: Option<&str>, column: &str, level: &str) -> f64 {
    let (arms, cells) = (table.column("ARM").unwrap(), table.column(column).unwrap());
    let rows: Vec<usize> = (0..table.rows()).filter(|&row| arm.is_none_or(|arm| arms.text(row) == arm)).collect();
    rows.iter().filter(|&&row| cells.text(row) == level).count() as f64 / rows.len() as f64
}

fn weight(fit: &Fit, weights: Weights, arm: &str, column: &str) -> f64 {
    let index = fit.design().names.iter().position(|name| name == column).unwrap();
    let rows = fit.mean_rows(weights);
    rows.iter().find(|row| row.arm.as_deref() == Some(arm) && row.visit == "V1").unwrap().full[index]
}

fn fit(formula: &str) -> Fit {
    let options = Options {
        formula: format!("{formula} + cs(VISIT | ID)"),
        arm: Some("ARM".into()),
        levels: vec!["ARM=PBO,ACT".into()],
        ..Options::default()
    };
    Fit::new(&table(), &options.spec().unwrap().model().unwrap()).unwrap()
}

#[test]
fn a_factor_without_a_main_effect_is_weighted_within_the_arm() {
    let (table, nested) = (table(), fit("Y ~ ARM*VISIT + SITE:ARM"));
    for arm in ["PBO", "ACT"] {
        for site in ["s1", "s2"] {
            let column = format!("ARM{arm}:SITE{site}");
            let wanted = share(&table, Some(arm), "SITE", site);
            assert!(
                (wanted - share(&table, None, "SITE", site)).abs() > 0.01,
                "the arms differ, or the test says nothing"
            );
            assert!((weight(&nested, Weights::Proportional, arm, &column) - wanted).abs() < 1e-12, "{column}");
            assert!((weight(&nested, Weights::Equal, arm, &column) - 1.0 / 3.0).abs() < 1e-12, "{column}");
        }
    }
}

#[test]
fn with_a_main_effect_the_weights_are_those_of_everybody() {
    let (table, crossed) = (table(), fit("Y ~ ARM*VISIT + SITE*ARM"));
    for arm in ["PBO", "ACT"] {
        let wanted = share(&table, None, "SITE", "s1");
        assert!((weight(&crossed, Weights::Proportional, arm, "SITEs1") - wanted).abs() < 1e-12);
    }
}
