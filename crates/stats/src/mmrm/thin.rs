//! Why a search found no optimum: the term, visit, pair or group of which the data know too little.
//!
//! Looked at only after a search has failed. What can be counted comes first: people against the coefficients that no one but
//! they determine. Where the counts are sound, the parameter along which the likelihood is flat is named instead.

use nalgebra::{DMatrix, SymmetricEigen};

use super::Structure;
use super::model::{Data, Model};
use super::problem::Problem;
use super::refusal::Refusal;

/// A column that keeps less than this share of the largest norm beside the others is no column of its own.
const RANK: f64 = 1e-9;

/// The refusal that counting leads to, if it leads to one.
pub(super) fn refusal(problem: &Problem, data: &Data, model: &Model) -> Option<Refusal> {
    saturated(problem, data, model).or_else(|| match problem.structure {
        Structure::SpExp => thin_group(problem, data, model),
        _ => thin_visit(problem, data, model),
    })
}

/// As many effects that are the same in all rows of a person as there are people: nothing is left between people.
fn saturated(problem: &Problem, data: &Data, model: &Model) -> Option<Refusal> {
    let design = &data.design;
    let mut between = vec![true; design.names.len()];
    let mut row_of = vec![0.0; design.names.len()];
    for person in &problem.people {
        let Some((&first, rest)) = person.rows.split_first() else { continue };
        design.row(first).iter().for_each(|&(column, value)| row_of[column as usize] = value);
        for &row in rest {
            let mut seen = design.row(first).len();
            for &(column, value) in design.row(row) {
                if row_of[column as usize] == value {
                    seen -= 1;
                } else {
                    between[column as usize] = false;
                }
            }
            if seen > 0 {
                // A cell of the first row that this one lacks.
                let here = |column: u32| design.row(row).iter().any(|&(other, _)| other == column);
                design.row(first).iter().filter(|cell| !here(cell.0)).for_each(|cell| between[cell.0 as usize] = false);
            }
        }
        design.row(first).iter().for_each(|&(column, _)| row_of[column as usize] = 0.0);
    }
    let of = |first: usize, width: usize| {
        design.kept.iter().filter(|&&column| (first..first + width).contains(&column) && between[column]).count()
    };
    let effects = of(0, design.names.len());
    if effects + 1 < problem.people.len() {
        return None;
    }
    let widest = design.terms.iter().max_by_key(|term| of(term.first, term.width))?;
    Some(Refusal::Saturated {
        term: widest.name.clone(),
        effects,
        people: problem.people.len(),
        structure: model.covariance.name(),
    })
}

/// The visit with the fewest people beyond the effects that its rows alone determine, if too few are left for its variance.
fn thin_visit(problem: &Problem, data: &Data, model: &Model) -> Option<Refusal> {
    let m = problem.visits;
    let (own, enough) = match problem.structure {
        Structure::Us => (true, m),
        structure => (structure.scales(m) == m, 2),
    };
    if !own || m < 2 {
        return None;
    }
    let cells = (0..problem.groups).flat_map(|group| (0..m).map(move |visit| (group, visit)));
    let counted = cells.map(|(group, visit)| {
        let (people, effects) =
            own_effects(problem, |pattern, position| pattern.0 == group && pattern.1.get(position) == Some(&visit));
        (people as i64 - effects as i64, people, effects, group, visit)
    });
    let (spare, people, effects, group, visit) = counted.min()?;
    (spare < enough as i64).then(|| Refusal::ThinVisit {
        visit: data.visit_name(visit),
        within: within(data, group),
        people,
        effects,
        structure: model.covariance.name(),
    })
}

/// The group whose people tell too little of how rows of one person go together.
fn thin_group(problem: &Problem, data: &Data, model: &Model) -> Option<Refusal> {
    let counted = (0..problem.groups).map(|group| {
        let (rows, effects) = own_effects(problem, |pattern, _| pattern.0 == group);
        let patterns = problem.patterns.iter().filter(|pattern| pattern.group == group);
        let (mut people, mut repeated) = (0, 0);
        for pattern in patterns {
            people += pattern.people;
            repeated += if pattern.size() > 1 { pattern.people } else { 0 };
        }
        (repeated.min(rows.saturating_sub(effects)), people, repeated, effects, group)
    });
    let (spare, people, repeated, effects, group) = counted.min()?;
    (spare < 2).then(|| Refusal::ThinGroup {
        within: within(data, group),
        people,
        repeated,
        effects,
        structure: model.covariance.name(),
    })
}

/// How many rows are of a kind, and how many effects would be lost without them.
fn own_effects(problem: &Problem, is: impl Fn((usize, &[usize]), usize) -> bool) -> (usize, usize) {
    let p = problem.p;
    let (mut gram, mut rows) = (vec![0.0; p * p], 0);
    for person in &problem.people {
        let pattern = &problem.patterns[person.pattern];
        for (position, &row) in person.rows.iter().enumerate() {
            if is((pattern.group, &pattern.visits), position) {
                rows += 1;
                continue;
            }
            let cells = problem.row(row).iter().filter(|cell| (cell.0 as usize) < p);
            for &(i, x) in cells.clone() {
                for &(j, y) in cells.clone() {
                    gram[i as usize * p + j as usize] += x * y;
                }
            }
        }
    }
    (rows, p - rank(&mut gram, p, problem.rows as f64))
}

/// Rank of a Gram matrix of columns whose squares sum to `size`, by elimination with the largest pivot.
fn rank(gram: &mut [f64], p: usize, size: f64) -> usize {
    let mut left: Vec<usize> = (0..p).collect();
    while let Some(at) = (0..left.len()).max_by(|&a, &b| gram[left[a] * (p + 1)].total_cmp(&gram[left[b] * (p + 1)])) {
        let pivot = left[at];
        let square = gram[pivot * (p + 1)];
        if square <= RANK * size {
            break;
        }
        left.swap_remove(at);
        for &i in &left {
            let share = gram[i * p + pivot] / square;
            for &j in &left {
                gram[i * p + j] -= share * gram[pivot * p + j];
            }
        }
    }
    p - left.len()
}

/// The parameter along which a curvature is flattest, in words.
pub(super) fn flattest(curvature: &[f64], problem: &Problem, data: &Data) -> Option<String> {
    let count = problem.parameters();
    if curvature.len() != count * count || curvature.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let eigen = SymmetricEigen::try_new(DMatrix::from_row_slice(count, count, curvature), 1e-12, 10_000)?;
    let direction = eigen.eigenvectors.column(eigen.eigenvalues.imin());
    Some(parameter(direction.iamax(), problem, data))
}

/// A parameter of θ in words, with its group.
pub(super) fn parameter(index: usize, problem: &Problem, data: &Data) -> String {
    let (m, structure) = (problem.visits, problem.structure);
    let block = structure.parameters(m).max(1);
    let (group, at) = (index / block, index % block);
    let scales = structure.scales(m);
    let visit = |at: usize| format!("`{}`", data.visit_name(at));
    let words = match structure {
        _ if at < scales && scales > 1 => format!("the variance at visit {}", visit(at)),
        _ if at < scales => "the variance".to_owned(),
        Structure::Us => {
            let row = (1..m).find(|row| at - m < row * (row + 1) / 2).unwrap_or(1);
            format!("the covariance of visits {} and {}", visit(at - m - row * (row - 1) / 2), visit(row))
        }
        Structure::Ad | Structure::Adh => {
            let first = at - scales;
            format!("the correlation of visits {} and {}", visit(first), visit(first + 1))
        }
        Structure::Toep | Structure::Toeph => format!("the correlation of visits {} apart", at - scales + 1),
        Structure::Cs | Structure::Csh | Structure::Ar1 | Structure::Ar1h | Structure::SpExp => {
            "the correlation between a participant's rows".to_owned()
        }
    };
    words + &within(data, group)
}

/// In which covariance group, or nothing.
pub(super) fn within(data: &Data, group: usize) -> String {
    data.group
        .as_ref()
        .and_then(|factor| Some(format!(" among {} `{}`", factor.name, factor.levels.get(group)?)))
        .unwrap_or_default()
}
