//! Results as a table for people.

use crate::{
    plan::Mechanism,
    results::{Interval, Results, ScenarioResult},
};
use std::fmt::Write as _;

/// Why trials have no estimate, in the order of [`ScenarioResult::not_fitted_because`].
const UNFITTED: [&str; 3] = [
    "no structure of the plan has an optimum",
    "too few rows or levels for the model",
    "the difference at the last visit is not determined by the data",
];

impl Results {
    /// The assumptions, the planned scenario and that without effect side by side, and the curves.
    pub fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a String can't fail.
        let _ = self.head(&mut out);
        let _ = self.characteristics(&mut out);
        let _ = self.looks(&mut out);
        let _ = table(&mut out, "Power by number of participants", "people", &self.by_participants(), |one| {
            one.participants.to_string()
        });
        let _ =
            table(&mut out, "Power by effect", "points", &self.by_advantage(), |one| format!("{:.1}", one.advantage));
        let _ = self.notes(&mut out);
        out
    }

    fn head(&self, out: &mut String) -> std::fmt::Result {
        let plan = &self.plan;
        writeln!(out, "Design of {}: {} simulated trials of each kind, seed {}", plan.study, plan.trials, plan.seed)?;
        writeln!(
            out,
            "  {} participants, {} : {} to {} and {}, at {} sites, in blocks of {}",
            plan.participants,
            plan.reference.ratio,
            plan.compared.ratio,
            plan.reference.id,
            plan.compared.id,
            plan.sites,
            list(&plan.block_sizes)
        )?;
        writeln!(
            out,
            "  change at {}: sd {}{}; with {}: {}; advantage of {} at {}: {:.2}",
            plan.visits.join(", "),
            list(&plan.sd),
            if plan.correlation.is_empty() {
                String::new()
            } else {
                format!(", correlations {}", list(&plan.correlation))
            },
            plan.reference.id,
            list(&plan.reference.change),
            plan.compared.id,
            plan.visits.last().map_or("", String::as_str),
            plan.advantage
        )?;
        let depends = match plan.dropout.mechanism {
            Mechanism::Independent => "at random".to_owned(),
            Mechanism::Seen => format!("more where the last score was high (×e^{} a point)", plan.dropout.slope),
            Mechanism::Unseen => format!("more where the unseen score is high (×e^{} a point)", plan.dropout.slope),
        };
        writeln!(
            out,
            "  leaving by {}: {:.1} % expected, {depends}; {:.1} % of other visits missed",
            plan.visits.last().map_or("", String::as_str),
            100.0 * plan.expected_dropout(),
            100.0 * plan.dropout.missed
        )?;
        writeln!(
            out,
            "  analysis: change ~ {}; covariance {}; {}; two-sided {}",
            plan.model.effects.join(" + "),
            plan.model.covariance.join(", then "),
            if plan.model.kenward_roger { "REML, Kenward–Roger (linear)" } else { "REML, Satterthwaite" },
            plan.model.alpha
        )
    }

    fn characteristics(&self, out: &mut String) -> std::fmt::Result {
        let Some((planned, null)) = self.planned().zip(self.null()) else { return Ok(()) };
        let columns = if planned == null { vec![null] } else { vec![planned, null] };
        let titles: Vec<String> = columns
            .iter()
            .map(
                |one| {
                    if one.advantage == 0.0 { "no effect".to_owned() } else { format!("{:.1} points", one.advantage) }
                },
            )
            .collect();
        writeln!(out, "\nOperating characteristics (95 % interval of the simulation)")?;
        let row = |out: &mut String, name: &str, of: &dyn Fn(&ScenarioResult) -> String| {
            let cells: Vec<String> = columns.iter().map(|one| format!("{:>26}", of(one))).collect();
            writeln!(out, "  {name:<36}{}", cells.concat())
        };
        let heads: Vec<String> = titles.iter().map(|title| format!("{title:>26}")).collect();
        writeln!(out, "  {:<36}{}", "true advantage", heads.concat())?;
        row(out, "shows a benefit (power)", &|one| percent(one.better))?;
        row(out, "shows a difference, either way", &|one| percent(one.rejected))?;
        row(out, "interval covers the truth", &|one| percent(one.coverage))?;
        row(out, "bias of the estimate, points", &|one| format!("{:.3} ± {:.3}", one.bias, 1.96 * one.bias_se))?;
        row(out, "sd of estimates; se reported", &|one| format!("{:.3}; {:.3}", one.sd, one.se))?;
        row(out, "width of the interval", &|one| format!("{:.2}", one.width))?;
        row(out, "degrees of freedom", &|one| format!("{:.1}", one.df))?;
        row(out, "people randomised; seen at the end", &|one| format!("{:.1}; {:.1}", one.people, one.rated))?;
        row(out, "another structure; no fit", &|one| {
            format!("{:.2} %; {:.2} %", 100.0 * one.fell_back, 100.0 * one.not_fitted)
        })
    }

    fn looks(&self, out: &mut String) -> std::fmt::Result {
        let Some((planned, null)) = self.planned().zip(self.null()) else { return Ok(()) };
        if planned.looks.len() < 2 {
            return Ok(());
        }
        writeln!(out, "\nWhere trials end, share of all")?;
        writeln!(
            out,
            "  {:<10} {:>10} {:>10} {:>16} {:>10} {:>16} {:>10}",
            "look", "efficacy z", "futility z", "shown (planned)", "given up", "shown (none)", "given up"
        )?;
        for (one, none) in planned.looks.iter().zip(&null.looks) {
            let bound = |z: Option<f64>| z.map_or("–".to_owned(), |z| format!("{z:.3}"));
            let share = |share: f64| format!("{:.1} %", 100.0 * share);
            let name = if one.fraction < 1.0 { format!("{:.0} %", 100.0 * one.fraction) } else { "end".to_owned() };
            writeln!(
                out,
                "  {name:<10} {:>10} {:>10} {:>16} {:>10} {:>16} {:>10}",
                bound(one.efficacy_z),
                bound(one.futility_z),
                share(one.shown),
                share(one.futile),
                share(none.shown),
                share(none.futile)
            )?;
        }
        Ok(())
    }

    fn notes(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "\nNotes")?;
        writeln!(
            out,
            "  better results are counted positive; values are normal and not rounded, so the truth is exact"
        )?;
        if self.plan.looks.is_some() {
            writeln!(out, "  intervals and estimates after an early stop are not adjusted for the looks")?;
        }
        if self.scenarios.iter().any(|one| one.not_fitted > 0.0) {
            writeln!(out, "  trials without a fit count as showing nothing; bias and coverage leave them out")?;
            for (index, why) in UNFITTED.iter().enumerate() {
                let share = |one: Option<&ScenarioResult>| one.map_or(0.0, |one| 100.0 * one.not_fitted_because[index]);
                let shares = [share(self.planned()), share(self.null())];
                if shares.iter().any(|share| *share > 0.0) {
                    writeln!(out, "    {why}: {:.2} % as planned, {:.2} % without effect", shares[0], shares[1])?;
                }
            }
        }
        if self.plan.dropout.mechanism == Mechanism::Unseen {
            writeln!(
                out,
                "  leaving depends on what is not seen: the bias is real, no model of seen values removes it"
            )?;
        }
        Ok(())
    }
}

fn table(
    out: &mut String,
    title: &str,
    first: &str,
    list: &[&ScenarioResult],
    name: impl Fn(&ScenarioResult) -> String,
) -> std::fmt::Result {
    if list.len() < 2 {
        return Ok(());
    }
    writeln!(out, "\n{title}")?;
    writeln!(out, "  {first:>8} {:>26} {:>26} {:>14}", "shows a benefit", "covers the truth", "people")?;
    for one in list {
        let cells = (percent(one.better), percent(one.coverage));
        writeln!(out, "  {:>8} {:>26} {:>26} {:>14.1}", name(one), cells.0, cells.1, one.people)?;
    }
    Ok(())
}

fn percent(interval: Interval) -> String {
    format!("{:.2} % ({:.2} to {:.2})", 100.0 * interval.share, 100.0 * interval.lower, 100.0 * interval.upper)
}

fn list<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
