//! Subgroups: the effect in each group by the same model, and whether the groups differ more than by chance.

use super::baseline::{group_of, levels};
use crate::{
    figures::{
        figure,
        forest::{Forest, Line},
    },
    model::{Asked, Fitted},
    record::Answer,
    run::Run,
    shown,
    table::{Block, Cell, Place, Section, Table},
};
use protocol::model::{Endpoint, Estimand, Variable};
use stats::{distributions::chi_squared_upper, mmrm::Estimate};
use std::collections::BTreeSet;

pub fn section(run: &Run<'_>) -> Option<Section> {
    let primary = run.plan.primary.as_ref()?;
    let estimand = run.plan.model.as_ref().and_then(|model| run.plan.estimand(&model.estimand))?;
    let arm = run.arms.iter().position(|arm| !arm.reference).filter(|_| run.compares())?;
    let mut table = Table::new(
        "subgroups",
        format!("Effect at {} in subgroups", run.visit_label(primary.visit.as_str())),
        "Group",
        &["participant", "form", "score", "answer", "stop", "deviation", "dose"],
    );
    for arm in &run.arms {
        table.column(arm.id.clone(), format!("{}, n", arm.title));
    }
    table
        .column("difference", "Difference (95\u{a0}% CI)")
        .column("p", "p, groups alike")
        .column("interaction", "p, interaction");
    let mut lines = Vec::new();
    let groups: Vec<&str> = run.plan.subgroups.iter().map(|group| group.id.as_str()).collect();
    let whole = effect(run, primary, estimand, arm, None, &[]);
    add(run, "all", "Everybody", 0, &whole, &mut table, &mut lines);
    for variable in &run.plan.subgroups {
        one(run, variable, (primary, estimand, arm), &groups, &mut table, &mut lines);
    }
    table.note(
        "Each group by the confirmatory model without the site; not adjusted for multiplicity, not confirmatory. Groups alike: \
         Cochran's Q of the groups' estimates. Interaction: the confirmatory model with the group, its interaction with the arm and both \
         with the visit added; all differences between groups at the primary visit zero.",
    );
    let forest = Forest {
        id: "subgroups-figure".to_owned(),
        title: "Difference at the primary visit, by subgroup".to_owned(),
        finding: "The numbers are in the table below.".to_owned(),
        lines,
        sides: ("better than reference".to_owned(), "worse".to_owned()),
        decimals: 1,
    };
    let mut section = Section::new("subgroups", "Subgroups");
    section.blocks.extend(figure("subgroups-figure", &forest.title, forest.draw(), "subgroups").map(Block::Figure));
    section.table(table);
    Some(section)
}

/// An effect and its data, or why there is none.
type Effect = Result<(Estimate, Fitted), String>;

fn effect(
    run: &Run<'_>,
    endpoint: &Endpoint,
    estimand: &Estimand,
    arm: usize,
    only: Option<BTreeSet<usize>>,
    without: &[&str],
) -> Effect {
    let asked = Asked { only, without, ..Asked::new(endpoint, estimand) };
    let fitted = Fitted::new(run, &asked).map_err(|why| why.to_string())?;
    let last = fitted.data.visits.len().saturating_sub(1);
    let found = fitted.differences(run).into_iter().find(|one| one.arm == arm && one.visit == last);
    let estimate = found.and_then(|one| one.estimate).ok_or("the data don't determine it")?;
    Ok((estimate, fitted))
}

fn add(run: &Run<'_>, id: &str, title: &str, depth: u8, effect: &Effect, table: &mut Table, lines: &mut Vec<Line>) {
    let mut line =
        Line { name: title.to_owned(), depth, people: String::new(), estimate: None, interval: None, own: depth == 0 };
    let cells = match effect {
        Ok((estimate, fitted)) => {
            let on = fitted.data.ground();
            let sizes: Vec<usize> = (0..run.arms.len()).map(|arm| fitted.data.people_of(arm).len()).collect();
            let mut cells: Vec<Cell> =
                sizes.iter().map(|n| Cell::number(n.to_string(), "n", *n as f64).on(&on)).collect();
            let text = format!(
                "{} ({})",
                shown::number(estimate.estimate, 1),
                shown::interval(estimate.lower, estimate.upper, 1)
            );
            cells.push(
                Cell::number(text, "estimate", estimate.estimate)
                    .and("se", estimate.se)
                    .and("lower", estimate.lower)
                    .and("upper", estimate.upper)
                    .on(&on)
                    .by("difference of least-squares means in the group"),
            );
            line.people = sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" / ");
            line.estimate = Some(estimate.estimate);
            line.interval = Some((estimate.lower, estimate.upper));
            cells
        }
        Err(why) => {
            let mut cells = vec![Cell::default(); run.arms.len()];
            cells.push(Cell::words(format!("not determined: {why}")));
            cells
        }
    };
    if depth == 0 || effect.is_ok() {
        lines.push(line);
    }
    table.row(id, title, cells).inset(depth);
}

fn one(
    run: &Run<'_>,
    variable: &Variable,
    (endpoint, estimand, arm): (&Endpoint, &Estimand, usize),
    groups: &[&str],
    table: &mut Table,
    lines: &mut Vec<Line>,
) {
    let members = run.members(&estimand.set);
    let known: Vec<(usize, (Answer, Place))> = members
        .iter()
        .filter_map(|(person, _)| Some((*person, run.answer(run.person(*person)?, &variable.value)?)))
        .collect();
    let answers = vec![known.iter().map(|(_, known)| known.clone()).collect::<Vec<_>>()];
    // A group's own variable can't be an effect inside the group.
    let mut without = vec!["site"];
    without.extend(groups.iter().filter(|id| **id == variable.id));
    let at = table.rows.len();
    table.row(variable.id.clone(), variable.title.clone(), Vec::new());
    lines.push(Line {
        name: variable.title.clone(),
        depth: 0,
        people: String::new(),
        estimate: None,
        interval: None,
        own: false,
    });
    let mut found = Vec::new();
    let mut grounds: BTreeSet<Place> = BTreeSet::new();
    for (code, label) in levels(run, variable, &answers) {
        let of = |answer: &Answer| group_of(variable, answer) == Some(code.clone());
        let only: BTreeSet<usize> = known.iter().filter(|(_, (answer, _))| of(answer)).map(|(at, _)| *at).collect();
        let effect = effect(run, endpoint, estimand, arm, Some(only), &without);
        found.extend(effect.iter().map(|(estimate, _)| *estimate));
        grounds.extend(effect.iter().flat_map(|(_, fitted)| fitted.data.ground().iter().cloned().collect::<Vec<_>>()));
        let id = format!("{}-{}", variable.id, shown::slug(&code));
        add(run, &id, &label, 1, &effect, table, lines);
    }
    let values =
        known.iter().filter_map(|(person, (answer, _))| Some((*person, format!("g{}", group_of(variable, answer)?))));
    let own = if variable.value == "site" { vec!["site"] } else { vec![variable.id.as_str()] };
    let asked = Asked {
        further: Some((GROUP.to_owned(), values.collect())),
        by_arm: true,
        without: &own,
        ..Asked::new(endpoint, estimand)
    };
    let fitted = Fitted::new(run, &asked).ok();
    let tested = fitted.as_ref().and_then(|fitted| Some((fitted.interaction(GROUP)?, fitted.data.ground())));
    let columns: Vec<&str> = table.columns.iter().map(|column| column.id.as_str()).collect();
    let place = |id: &str| columns.iter().position(|known| *known == id).unwrap_or(0);
    let (alike_at, interaction_at) = (place("p"), place("interaction"));
    let Some(row) = table.rows.get_mut(at) else { return };
    if let (Some((q, p)), Some(cell)) = (alike(&found), row.cells.get_mut(alike_at)) {
        *cell = Cell::number(shown::p(p), "p", p).and("q", q).by("Cochran's Q").on(&std::sync::Arc::new(grounds));
    }
    if let (Some((test, on)), Some(cell)) = (tested, row.cells.get_mut(interaction_at)) {
        *cell = Cell::number(shown::p(test.p), "p", test.p)
            .and("f", test.f)
            .and("num_df", test.num_df as f64)
            .and("den_df", test.den_df)
            .on(&on)
            .by("F test of arm by group at the primary visit");
    }
}

/// The column of a subgroup in the model of the interaction.
const GROUP: &str = "subgroup";

/// Cochran's Q of independent estimates and its tail; nothing for fewer than two.
fn alike(estimates: &[Estimate]) -> Option<(f64, f64)> {
    if estimates.len() < 2 {
        return None;
    }
    let weights: Vec<f64> = estimates.iter().map(|one| 1.0 / (one.se * one.se)).collect();
    let total: f64 = weights.iter().sum();
    let mean = estimates.iter().zip(&weights).map(|(one, weight)| one.estimate * weight).sum::<f64>() / total;
    let q = estimates.iter().zip(&weights).map(|(one, weight)| weight * (one.estimate - mean).powi(2)).sum::<f64>();
    Some((q, chi_squared_upper(q, (estimates.len() - 1) as f64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two estimates: Q is the squared difference over the sum of variances, its tail that of one degree of freedom.
    #[test]
    fn heterogeneity() {
        let one = |estimate, se| Estimate { estimate, se, df: 50.0, t: 0.0, p: 0.0, lower: 0.0, upper: 0.0 };
        let (q, p) = alike(&[one(-10.0, 3.0), one(-2.0, 4.0)]).unwrap();
        assert!((q - 64.0 / 25.0).abs() < 1e-12);
        // 2 × (1 − Φ(1.6)).
        assert!((p - 0.109_598_583).abs() < 1e-6, "{p}");
        assert_eq!(alike(&[one(-10.0, 3.0)]), None);
    }
}
