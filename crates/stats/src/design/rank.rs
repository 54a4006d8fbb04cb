//! Which columns of a design are linear combinations of earlier ones.
//!
//! The answer is that of R's default QR (LINPACK's dqrdc2): Householder steps from left to right, and a column whose
//! remaining norm falls below 1e-7 of its original norm is moved to the end. Since that costs n·p², a Cholesky
//! factorisation of X'X is tried first; where every column keeps a thousandth of its norm the two can't disagree.

use super::Design;

const TOLERANCE: f64 = 1e-7;
const CLEAR: f64 = 1e-3;

pub(super) struct Rank {
    pub(super) kept: Vec<usize>,
    pub(super) aliased: Vec<(usize, Vec<f64>)>,
}

pub(super) fn rank(design: &Design) -> Rank {
    if is_clearly_full(design) {
        return Rank { kept: (0..design.names.len()).collect(), aliased: Vec::new() };
    }
    householder(design)
}

fn is_clearly_full(design: &Design) -> bool {
    let p = design.names.len();
    if design.rows() < p {
        return false;
    }
    let mut gram = vec![0.0; p * p];
    for row in 0..design.rows() {
        let cells = design.row(row);
        for (position, &(i, x)) in cells.iter().enumerate() {
            for &(j, y) in &cells[..=position] {
                gram[i as usize * p + j as usize] += x * y;
            }
        }
    }
    for i in 0..p {
        let original = gram[i * p + i];
        for j in 0..i {
            let (above, current) = gram.split_at_mut(i * p);
            let dot: f64 = above[j * p..j * p + j].iter().zip(&current[..j]).map(|(x, y)| x * y).sum();
            current[j] = (current[j] - dot) / above[j * p + j];
        }
        let row = &mut gram[i * p..i * p + i + 1];
        let left = original - row[..i].iter().map(|x| x * x).sum::<f64>();
        let clear = left > CLEAR * CLEAR * original;
        // NaN fails the comparison too, and is then dealt with by the careful path.
        if !clear {
            return false;
        }
        row[i] = left.sqrt();
    }
    true
}

/// Columns as dense vectors, permuted as the factorisation goes.
fn householder(design: &Design) -> Rank {
    let (n, p) = (design.rows(), design.names.len());
    let mut columns = vec![vec![0.0; n]; p];
    for (row, cells) in (0..n).map(|row| (row, design.row(row))) {
        for &(column, value) in cells {
            columns[column as usize][row] = value;
        }
    }
    let mut order: Vec<usize> = (0..p).collect();
    let mut remaining: Vec<f64> = columns.iter().map(|column| norm(column)).collect();
    let mut original: Vec<f64> = remaining.iter().map(|&norm| if norm == 0.0 { 1.0 } else { norm }).collect();
    let mut rank = p;
    let mut step = 0;
    while step < n.min(p) {
        while step < rank && remaining[step] < original[step] * TOLERANCE {
            columns[step..].rotate_left(1);
            order[step..].rotate_left(1);
            remaining[step..].rotate_left(1);
            original[step..].rotate_left(1);
            rank -= 1;
        }
        if step >= rank || step + 1 == n {
            break;
        }
        reflect(&mut columns, &mut remaining, step);
        step += 1;
    }
    let rank = rank.min(n);
    let aliased = (rank..p).map(|position| (order[position], combination(&columns, rank, position))).collect();
    let mut found = Rank { kept: order[..rank].to_vec(), aliased };
    found.aliased.sort_by_key(|(column, _)| *column);
    found
}

/// One Householder step on column `step`, applied to those after it; `remaining` norms are brought up to date.
fn reflect(columns: &mut [Vec<f64>], remaining: &mut [f64], step: usize) {
    let (done, later) = columns.split_at_mut(step + 1);
    let pivot = &mut done[step];
    let mut length = norm(&pivot[step..]);
    if length == 0.0 {
        return;
    }
    if pivot[step] < 0.0 {
        length = -length;
    }
    for value in &mut pivot[step..] {
        *value /= length;
    }
    pivot[step] += 1.0;
    for (column, left) in later.iter_mut().zip(&mut remaining[step + 1..]) {
        let dot: f64 = pivot[step..].iter().zip(&column[step..]).map(|(x, y)| x * y).sum();
        let factor = -dot / pivot[step];
        for (value, x) in column[step..].iter_mut().zip(&pivot[step..]) {
            *value += factor * x;
        }
        if *left == 0.0 {
            continue;
        }
        let share = (1.0 - (column[step].abs() / *left).powi(2)).max(0.0);
        *left = if share < 1e-6 { norm(&column[step + 1..]) } else { *left * share.sqrt() };
    }
    pivot[step] = -length;
}

/// Back substitution: column `position` as a combination of the first `rank` columns.
fn combination(columns: &[Vec<f64>], rank: usize, position: usize) -> Vec<f64> {
    let mut weights: Vec<f64> = columns[position][..rank].to_vec();
    for i in (0..rank).rev() {
        weights[i] /= columns[i][i];
        for j in 0..i {
            weights[j] -= columns[i][j] * weights[i];
        }
    }
    weights
}

fn norm(values: &[f64]) -> f64 {
    let largest = values.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    largest * values.iter().map(|value| (value / largest).powi(2)).sum::<f64>().sqrt()
}
