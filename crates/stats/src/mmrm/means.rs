//! Least-squares means: the model's prediction for each arm and visit, everything else held at a reference.
//!
//! Numbers stand at their mean over the rows used; other factors are averaged over their levels, all alike or by their
//! share of the rows used. A factor nested in another (each site in one region) is averaged inside it first, as the
//! data show the nesting. Source: Searle, Speed & Milliken 1980; the conventions are those of R's emmeans.

use std::collections::{BTreeMap, BTreeSet};

use crate::design::{Coding, Frame, TermColumns, Variable};

use super::inference::{Estimate, FTest, Inference, InferenceError};
use super::{Fit, model::Data};

/// How levels of the factors that are averaged over count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weights {
    /// All levels alike.
    Equal,
    /// By their share of the rows used.
    Proportional,
}

/// One cell of the grid: a combination of all columns of the design, dropped ones included.
#[derive(Debug, Clone, PartialEq)]
pub struct MeanRow {
    /// The arm; absent in a model without arms.
    pub arm: Option<String>,
    /// The visit.
    pub visit: String,
    /// Weights over all columns.
    pub full: Vec<f64>,
    /// Weights over the estimated columns.
    pub kept: Vec<f64>,
    /// Whether the data determine it.
    pub estimable: bool,
}

/// An arm's mean minus the first arm's at the same visit.
#[derive(Debug, Clone, PartialEq)]
pub struct ContrastRow {
    /// The visit.
    pub visit: String,
    /// The arm.
    pub arm: String,
    /// The arm it is compared with.
    pub versus: String,
    /// Weights over the estimated columns.
    pub kept: Vec<f64>,
    /// Whether the data determine it.
    pub estimable: bool,
}

impl Fit {
    /// The arms of the model, if it has an arm among its effects.
    pub fn arms(&self) -> Option<&[String]> {
        let arm = self.model.arm.as_deref()?;
        self.data.factor(arm).map(|(_, factor)| &factor.levels[..])
    }

    /// The grid of least-squares means: visits in order, and inside each the arms in order.
    pub fn mean_rows(&self, weights: Weights) -> Vec<MeanRow> {
        let data = &self.data;
        let arm = self.model.arm.as_deref().and_then(|arm| data.factor(arm));
        let visit = data.factor(&self.model.visit);
        let visit_names: Vec<String> = match (&data.visit, visit) {
            (Some(factor), _) => factor.levels.clone(),
            (None, _) => vec![String::new()],
        };
        let fixed: Vec<usize> = arm.iter().chain(visit.iter()).map(|(index, _)| *index).collect();
        let averaging = Averaging::new(data, &fixed, weights);
        let mut rows = Vec::new();
        for (visit_level, visit_name) in visit_names.iter().enumerate() {
            for arm_level in 0..arm.map_or(1, |(_, factor)| factor.levels.len()) {
                let mut at: BTreeMap<usize, usize> = BTreeMap::new();
                at.extend(arm.map(|(index, _)| (index, arm_level)));
                at.extend(visit.map(|(index, _)| (index, visit_level)));
                let full = averaging.row(data, &at);
                rows.push(MeanRow {
                    arm: arm.map(|(_, factor)| factor.levels[arm_level].clone()),
                    visit: visit_name.clone(),
                    kept: data.design.kept.iter().map(|&column| full[column]).collect(),
                    estimable: data.design.is_estimable(&full),
                    full,
                });
            }
        }
        rows
    }

    /// One arm against the first at one visit (levels counted from 0), over the estimated columns: what
    /// [`Fit::contrast_rows`] gives for it, found without averaging where the arm interacts with no other factor than
    /// the visit. `None` where the data do not determine it, or such a level is not there.
    pub fn difference_row(&self, arm: usize, visit: usize) -> Option<Vec<f64>> {
        let data = &self.data;
        let (arm_index, arm_factor) = data.factor(self.model.arm.as_deref()?)?;
        let visit_index = data.factor(&self.model.visit).map(|(index, _)| index);
        if arm >= arm_factor.levels.len() || visit >= data.visit.as_ref()?.levels.len() {
            return None;
        }
        let of_arm = |term: &&TermColumns| term.variables.iter().any(|(index, _)| *index == arm_index);
        let alone = |term: &TermColumns| {
            term.variables.iter().all(|(index, _)| {
                [Some(arm_index), visit_index].contains(&Some(*index))
                    || matches!(data.frame.variables[*index], Variable::Number { .. })
            })
        };
        if !data.design.terms.iter().filter(of_arm).all(alone) {
            let rows = self.contrast_rows(Weights::Equal);
            let at = visit * (arm_factor.levels.len() - 1) + arm.checked_sub(1)?;
            return rows.into_iter().nth(at).filter(|row| row.estimable).map(|row| row.kept);
        }
        let number = |index: usize| match &data.frame.variables[index] {
            Variable::Number { at_means, .. } => *at_means,
            Variable::Factor(_) => 1.0,
        };
        let mut full = vec![0.0; data.design.names.len()];
        for term in data.design.terms.iter().filter(of_arm) {
            for (level, weight) in [(arm, 1.0), (0, -1.0)] {
                let at = |index: usize| if index == arm_index { level } else { visit };
                if let Some((column, value)) = term.cell(&data.frame.variables, at, number) {
                    full[column] += weight * value;
                }
            }
        }
        let kept = || data.design.kept.iter().map(|&column| full[column]).collect();
        data.design.is_estimable(&full).then(kept)
    }

    /// Every arm against the first at every visit.
    pub fn contrast_rows(&self, weights: Weights) -> Vec<ContrastRow> {
        let Some(arms) = self.arms() else { return Vec::new() };
        let means = self.mean_rows(weights);
        let mut rows = Vec::new();
        for visit in means.chunks_exact(arms.len()) {
            let Some((reference, others)) = visit.split_first() else { continue };
            for row in others {
                let difference = |of: fn(&MeanRow) -> &Vec<f64>| -> Vec<f64> {
                    of(row).iter().zip(of(reference)).map(|(a, b)| a - b).collect()
                };
                rows.push(ContrastRow {
                    visit: row.visit.clone(),
                    arm: row.arm.clone().unwrap_or_default(),
                    versus: reference.arm.clone().unwrap_or_default(),
                    estimable: self.data.design.is_estimable(&difference(|row| &row.full)),
                    kept: difference(|row| &row.kept),
                });
            }
        }
        rows
    }
}

impl Inference<'_> {
    /// Least-squares means; `None` where the data do not determine one, and never a number there.
    pub fn means(&self, weights: Weights) -> Vec<(MeanRow, Option<Estimate>)> {
        let rows = self.fit.mean_rows(weights);
        rows.into_iter()
            .map(|row| (row.estimable.then(|| self.contrast(&row.kept)), row))
            .map(|(estimate, row)| (row, estimate))
            .collect()
    }

    /// Differences between arms at every visit.
    pub fn contrasts(&self, weights: Weights) -> Vec<(ContrastRow, Option<Estimate>)> {
        let rows = self.fit.contrast_rows(weights);
        rows.into_iter()
            .map(|row| (row.estimable.then(|| self.contrast(&row.kept)), row))
            .map(|(estimate, row)| (row, estimate))
            .collect()
    }

    /// All differences between arms at all visits zero; `None` without arms, or where one is not estimable.
    pub fn joint_contrast(&self, weights: Weights) -> Option<Result<FTest, InferenceError>> {
        let rows = self.fit.contrast_rows(weights);
        if rows.is_empty() || rows.iter().any(|row| !row.estimable) {
            return None;
        }
        Some(self.joint(&rows.into_iter().map(|row| row.kept).collect::<Vec<_>>()))
    }
}

/// Factors whose levels are weighted together: one alone, or several that are nested or weighted jointly.
struct Cluster {
    /// Indices of the variables.
    factors: Vec<usize>,
    /// Variables of the grid (arm, visit) that the weights depend on.
    given: Vec<usize>,
    /// Levels of `factors`, with a weight for each combination of levels of `given`.
    tuples: BTreeMap<Vec<usize>, Vec<(Vec<usize>, f64)>>,
}

struct Averaging {
    clusters: Vec<Cluster>,
}

impl Averaging {
    fn new(data: &Data, fixed: &[usize], weights: Weights) -> Self {
        let frame = &data.frame;
        let factors: Vec<usize> =
            (0..frame.variables.len()).filter(|&index| matches!(frame.variables[index], Variable::Factor(_))).collect();
        let parents = nesting(data, &factors);
        let averaged: Vec<usize> = factors.iter().copied().filter(|index| !fixed.contains(index)).collect();
        let mut groups: Vec<Vec<usize>> = match weights {
            Weights::Proportional => vec![averaged],
            Weights::Equal => averaged.into_iter().map(|index| vec![index]).collect(),
        };
        // Join what is nested in one another.
        for (child, above) in &parents {
            for parent in above.iter().filter(|parent| !fixed.contains(parent)) {
                let Some(to) = groups.iter().position(|group| group.contains(parent)) else { continue };
                let Some(from) = groups.iter().position(|group| group.contains(child)) else { continue };
                if from != to {
                    let moved = std::mem::take(&mut groups[from]);
                    groups[to].extend(moved);
                }
            }
        }
        groups.retain(|group| !group.is_empty());
        let clusters = groups.into_iter().map(|mut group| {
            group.sort_by_key(|index| (parents.get(index).map_or(0, Vec::len), *index));
            let given: BTreeSet<usize> = group
                .iter()
                .flat_map(|index| parents.get(index).into_iter().flatten())
                .copied()
                .filter(|parent| fixed.contains(parent))
                .collect();
            cluster(frame, group, given.into_iter().collect(), &parents, weights)
        });
        Averaging { clusters: clusters.collect() }
    }

    /// The expected row of the design at fixed levels of arm and visit.
    fn row(&self, data: &Data, at: &BTreeMap<usize, usize>) -> Vec<f64> {
        let mut row = vec![0.0; data.design.names.len()];
        for term in &data.design.terms {
            let touched: Vec<&Cluster> = self
                .clusters
                .iter()
                .filter(|cluster| term.variables.iter().any(|(index, _)| cluster.factors.contains(index)))
                .collect();
            add_term(data, term, &touched, &mut at.clone(), 1.0, &mut row);
        }
        row
    }
}

/// Walks through all combinations of the clusters that a term touches.
fn add_term(
    data: &Data,
    term: &TermColumns,
    clusters: &[&Cluster],
    at: &mut BTreeMap<usize, usize>,
    weight: f64,
    row: &mut [f64],
) {
    let Some((cluster, rest)) = clusters.split_first() else {
        let variables = &data.frame.variables;
        let number = |index: usize| match &variables[index] {
            Variable::Number { at_means, .. } => *at_means,
            Variable::Factor(_) => 1.0,
        };
        if let Some((column, value)) = term.cell(variables, |index| at.get(&index).copied().unwrap_or(0), number) {
            row[column] += weight * value;
        }
        return;
    };
    let given: Vec<usize> = cluster.given.iter().map(|index| at.get(index).copied().unwrap_or(0)).collect();
    for (levels, share) in cluster.tuples.get(&given).into_iter().flatten() {
        at.extend(cluster.factors.iter().copied().zip(levels.iter().copied()));
        add_term(data, term, rest, at, weight * share, row);
    }
}

/// For each factor the factors it is nested in: each of its levels occurs with one of theirs only. Of two that are
/// nested in each other the earlier counts as the inner one. A factor without a main effect is nested by its terms as well.
fn nesting(data: &Data, factors: &[usize]) -> BTreeMap<usize, Vec<usize>> {
    let frame = &data.frame;
    let codes = |index: usize| match &frame.variables[index] {
        Variable::Factor(factor) => &factor.codes[..],
        Variable::Number { .. } => &[],
    };
    let levels = |index: usize| match &frame.variables[index] {
        Variable::Factor(factor) => factor.levels.len(),
        Variable::Number { .. } => 0,
    };
    let many: Vec<usize> = factors.iter().copied().filter(|&index| levels(index) > 1).collect();
    let mut nested: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &child in &many {
        let above: Vec<usize> = many
            .iter()
            .copied()
            .filter(|&parent| parent != child && !nested.get(&parent).is_some_and(|parents| parents.contains(&child)))
            .filter(|&parent| {
                let mut only = vec![u32::MAX; levels(child)];
                codes(child).iter().zip(codes(parent)).all(|(&level, &other)| {
                    let known = &mut only[level as usize];
                    let first = *known == u32::MAX;
                    if first {
                        *known = other;
                    }
                    first || *known == other
                })
            })
            .collect();
        if !above.is_empty() {
            nested.insert(child, above);
        }
    }
    for &child in &many {
        for parent in parents_by_terms(&data.design.terms, child, &many) {
            let above = nested.entry(child).or_default();
            if !above.contains(&parent) {
                above.push(parent);
            }
        }
    }
    // What the outer factors are nested in, the inner one is nested in too.
    for child in many {
        let further = |index: &usize| nested.get(index).cloned().unwrap_or_default();
        let above: BTreeSet<usize> = nested.get(&child).into_iter().flatten().flat_map(further).collect();
        if let Some(own) = nested.get_mut(&child) {
            own.extend(above.into_iter().filter(|index| !own.contains(index)).collect::<Vec<_>>());
        }
    }
    nested.retain(|child, above| !above.contains(child));
    nested
}

/// The factors that a factor without a main effect is nested in by the model's terms: those that are coded in full beside
/// it, in `arm + arm:site` the arm for the site. Of several terms the smallest sets count. emmeans' `.find_nests` does so.
fn parents_by_terms(terms: &[TermColumns], child: usize, factors: &[usize]) -> BTreeSet<usize> {
    let coding = |term: &TermColumns, factor: usize| {
        term.variables.iter().find(|(index, _)| *index == factor).map(|(_, coding)| *coding)
    };
    if terms.iter().any(|term| matches!(&term.variables[..], [(index, _)] if *index == child)) {
        return BTreeSet::new();
    }
    let coded = |wanted: Coding| -> Vec<BTreeSet<usize>> {
        let with = terms.iter().filter(|term| coding(term, child) == Some(wanted));
        let full = |term: &TermColumns| -> BTreeSet<usize> {
            factors
                .iter()
                .copied()
                .filter(|&other| other != child && coding(term, other) == Some(Coding::Full))
                .collect()
        };
        with.map(full).collect()
    };
    let mut sets = coded(Coding::Contrast);
    if sets.is_empty() {
        sets = coded(Coding::Full);
    }
    let smallest = |set: &&BTreeSet<usize>| !sets.iter().any(|other| other.len() < set.len() && other.is_subset(set));
    sets.iter().filter(smallest).flatten().copied().collect()
}

fn cluster(
    frame: &Frame,
    factors: Vec<usize>,
    given: Vec<usize>,
    parents: &BTreeMap<usize, Vec<usize>>,
    weights: Weights,
) -> Cluster {
    let level = |index: usize, row: usize| match &frame.variables[index] {
        Variable::Factor(factor) => factor.codes[row] as usize,
        Variable::Number { .. } => 0,
    };
    let mut counts: BTreeMap<Vec<usize>, BTreeMap<Vec<usize>, usize>> = BTreeMap::new();
    for row in 0..frame.rows.len() {
        let key = given.iter().map(|&index| level(index, row)).collect();
        let tuple = factors.iter().map(|&index| level(index, row)).collect();
        *counts.entry(key).or_default().entry(tuple).or_default() += 1;
    }
    let alone = factors.len() == 1 && given.is_empty();
    let tuples = counts
        .into_iter()
        .map(|(key, counts)| {
            let total: usize = counts.values().sum();
            let weigh = |tuple: &Vec<usize>, count: usize| match weights {
                Weights::Proportional => count as f64 / total as f64,
                Weights::Equal if alone => 1.0 / counts.len() as f64,
                Weights::Equal => (0..factors.len())
                    .map(|position| share(&factors, position, tuple, counts.keys(), parents))
                    .product(),
            };
            let list = counts.iter().map(|(tuple, count)| (tuple.clone(), weigh(tuple, *count))).collect();
            (key, list)
        })
        .collect();
    Cluster { factors, given, tuples }
}

/// One over the number of levels of a factor that occur inside the levels of its parents.
fn share<'a>(
    factors: &[usize],
    position: usize,
    tuple: &[usize],
    all: impl Iterator<Item = &'a Vec<usize>>,
    parents: &BTreeMap<usize, Vec<usize>>,
) -> f64 {
    let above: Vec<usize> = factors
        .iter()
        .enumerate()
        .filter(|(_, index)| parents.get(&factors[position]).is_some_and(|list| list.contains(index)))
        .map(|(at, _)| at)
        .collect();
    let inside: BTreeSet<usize> =
        all.filter(|other| above.iter().all(|&at| other[at] == tuple[at])).map(|other| other[position]).collect();
    1.0 / inside.len() as f64
}
