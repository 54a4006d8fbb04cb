//! A report as people read it in a terminal.

use std::fmt::Write as _;

use crate::mmrm::{Estimate, FTest};

use super::report::{Contrasts, Given, InferenceReport, Labelled, Report, Sigma, TestReport};

pub(super) fn of(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a String can't fail.
    let _ = head(&mut out, report);
    for entry in &report.inference {
        let _ = match entry {
            InferenceReport::Given(given) => inference(&mut out, given),
            InferenceReport::Error { df_method, vcov, error } => writeln!(out, "\n{df_method}, {vcov}: {error}"),
        };
    }
    if !report.notes.is_empty() {
        let _ = writeln!(out, "\nNotes");
        for note in &report.notes {
            let _ = writeln!(out, "  {note}");
        }
    }
    out
}

fn head(out: &mut String, report: &Report) -> std::fmt::Result {
    let (counts, spec) = (&report.counts.counts, &report.spec);
    let method = if spec.reml.unwrap_or(true) { "REML" } else { "ML" };
    let formula = spec.fixed.as_deref().map(|fixed| format!("{} ~ {fixed}", spec.response.as_deref().unwrap_or("")));
    let formula = formula.or_else(|| spec.r_formula.clone()).unwrap_or_default();
    writeln!(
        out,
        "Mixed model for repeated measures, {method}, covariance {}",
        spec.covariance.as_deref().unwrap_or("")
    )?;
    writeln!(out, "  {formula}")?;
    writeln!(
        out,
        "  {} of {} rows used, {} participants, {} visits",
        counts.n_obs, counts.rows_read, counts.n_subjects, counts.n_visits
    )?;
    writeln!(out, "  log-likelihood {:.4}, AIC {:.2}, BIC {:.2}", report.fit.log_lik, report.fit.aic, report.fit.bic)?;
    match &report.sigma {
        Sigma::One(matrix) => covariance(out, "Covariance within a participant", matrix),
        Sigma::Groups(groups) => groups.0.iter().try_for_each(|(group, matrix)| {
            covariance(out, &format!("Covariance within a participant, {group}"), matrix)
        }),
    }
}

fn covariance(out: &mut String, title: &str, matrix: &[Vec<f64>]) -> std::fmt::Result {
    writeln!(out, "\n{title}")?;
    for row in matrix {
        let cells: Vec<String> = row.iter().map(|value| format!("{value:>11.4}")).collect();
        writeln!(out, " {}", cells.join(" "))?;
    }
    Ok(())
}

fn inference(out: &mut String, given: &Given) -> std::fmt::Result {
    let title = format!("degrees of freedom {}, standard errors {}", given.df_method, given.vcov);
    let coefficients =
        given.coef_tests.iter().map(|test| (test.label.clone(), Some(test.estimate))).collect::<Vec<_>>();
    table(out, &format!("Coefficients ({title})"), &coefficients)?;
    writeln!(out, "\nTerms")?;
    let width = given.term_tests.iter().map(|test| test.term.chars().count()).max().unwrap_or(0);
    for test in &given.term_tests {
        write!(out, "  {:<width$}  ", test.term)?;
        test_line(out, &test.test)?;
    }
    if let Some(means) = given.lsmeans.get("equal") {
        table(out, "Least-squares means (other factors weighted equally)", &labelled(means))?;
    }
    if let Contrasts::By(contrasts) = &given.contrasts
        && let Some(contrasts) = contrasts.get("equal")
    {
        table(out, "Differences between arms", &labelled(contrasts))?;
    }
    Ok(())
}

fn labelled(rows: &[Labelled]) -> Vec<(String, Option<Estimate>)> {
    let label = |row: &Labelled| match &row.labels.0[..] {
        [(name, visit), (_, arm), (_, versus)] if name == "visit" => format!("{visit}: {arm} − {versus}"),
        labels => labels.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(", "),
    };
    rows.iter().map(|row| (label(row), row.estimate)).collect()
}

fn table(out: &mut String, title: &str, rows: &[(String, Option<Estimate>)]) -> std::fmt::Result {
    let width = rows.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
    writeln!(out, "\n{title}")?;
    writeln!(
        out,
        "  {:<width$}  {:>10} {:>9} {:>8} {:>8} {:>8}   95 % interval",
        "", "estimate", "se", "df", "t", "p"
    )?;
    for (label, estimate) in rows {
        match estimate {
            None => writeln!(out, "  {label:<width$}  not estimable from these data")?,
            Some(found) => writeln!(
                out,
                "  {label:<width$}  {:>10.4} {:>9.4} {:>8.2} {:>8.3} {:>8}   {:.4} to {:.4}",
                found.estimate,
                found.se,
                found.df,
                found.t,
                p(found.p),
                found.lower,
                found.upper
            )?,
        }
    }
    Ok(())
}

fn test_line(out: &mut String, test: &TestReport) -> std::fmt::Result {
    match test {
        TestReport::Test(FTest { num_df, den_df, f, p: tail }) => {
            writeln!(out, "F({num_df}, {den_df:.2}) = {f:.4}, p = {}", p(*tail))
        }
        TestReport::Error { error } => writeln!(out, "no test: {error}"),
        TestReport::None(_) => writeln!(out, "no test"),
    }
}

/// Four decimals, and `<.0001` below them.
fn p(value: f64) -> String {
    if value < 1e-4 { "<.0001".to_owned() } else { format!("{value:.4}") }
}
