//! The data of one fit, reduced to what the likelihood needs: cross-products by visit pattern.
//!
//! Participants with the same observed visits share their covariance, so for any symmetric weights M on these visits
//! Σ_i [X_i|y_i]′ M [X_i|y_i] = Σ_ab M_ab C_ab with C_ab summed once. Iterations then don't grow with people.
//! Columns are centred and scaled first (ill-conditioned designs are made orthonormal), since cross-products square
//! the condition number. Observation weights scale rows by their square root, which leaves Σ common to all.

use std::collections::HashMap;

use crate::dense::{axpy, cholesky, dot, multiply, packed, packed_len};
use crate::design::Design;

use super::Structure;
use super::store::{Shape, Store};

/// People with the same observed visits (or coordinates) in the same covariance group.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    pub(crate) group: usize,
    pub(crate) visits: Vec<usize>,
    pub(crate) people: usize,
    /// Distances between the rows, for the spatial structure; else empty.
    pub(crate) distances: Vec<f64>,
    pub(crate) store: Store,
}

impl Pattern {
    pub(crate) fn size(&self) -> usize {
        self.visits.len()
    }

    /// The shape of its store, for rows of `q` cells.
    pub(crate) fn shape(&self, q: usize) -> Shape {
        Shape { m: self.size(), q }
    }
}

/// One participant: which pattern, and which rows of the frame in visit order.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) pattern: usize,
    pub(crate) rows: Vec<usize>,
}

/// What a problem is built from; all slices run over the rows of the frame.
pub(crate) struct Input<'a> {
    pub(crate) design: &'a Design,
    pub(crate) response: &'a [f64],
    /// Participant of each row, from 0 without gaps.
    pub(crate) person: &'a [u32],
    pub(crate) visit: &'a [u32],
    pub(crate) visits: usize,
    pub(crate) group: Option<&'a [u32]>,
    pub(crate) groups: usize,
    pub(crate) weights: Option<&'a [f64]>,
    pub(crate) coordinates: &'a [Vec<f64>],
    pub(crate) structure: Structure,
    pub(crate) reml: bool,
}

/// A fit's data in working coordinates: X = X̃R, y = Xb₀ + s·ỹ.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    /// Estimated coefficients.
    pub(crate) p: usize,
    /// p and the response.
    pub(crate) q: usize,
    pub(crate) rows: usize,
    /// Levels of the visit factor.
    pub(crate) visits: usize,
    pub(crate) structure: Structure,
    pub(crate) groups: usize,
    pub(crate) reml: bool,
    pub(crate) patterns: Vec<Pattern>,
    pub(crate) people: Vec<Person>,
    /// s.
    pub(crate) unit: f64,
    /// b₀.
    pub(crate) base: Vec<f64>,
    /// R⁻¹, p×p by rows, upper triangular.
    pub(crate) back: Vec<f64>,
    /// Root mean square of the response's least-squares residual, as a share of the response's own.
    pub(crate) residual_share: f64,
    /// Cholesky factor of [X̃|ỹ]′[X̃|ỹ], q×q: ordinary least squares, where the search starts.
    pub(crate) plain: Vec<f64>,
    /// What −log L has beyond its value in working coordinates.
    pub(crate) constant: f64,
    /// Working rows [x̃ | ỹ]·√w, sparse, the response at index p.
    starts: Vec<usize>,
    cells: Vec<(u32, f64)>,
}

impl Problem {
    pub(crate) fn new(input: &Input<'_>) -> Self {
        let p = input.design.kept.len();
        let mut problem = Problem {
            p,
            q: p + 1,
            rows: input.response.len(),
            visits: input.visits,
            structure: input.structure,
            groups: input.groups,
            reml: input.reml,
            patterns: Vec::new(),
            people: Vec::new(),
            unit: 1.0,
            base: vec![0.0; p],
            back: vec![0.0; p * p],
            residual_share: 1.0,
            plain: Vec::new(),
            constant: 0.0,
            starts: Vec::with_capacity(input.response.len() + 1),
            cells: Vec::new(),
        };
        let mut log_det_r = problem.work_rows(input);
        problem.group_people(input);
        problem.cross();
        if !problem.factorise() {
            let (log_det, share) = problem.orthonormalise();
            log_det_r += log_det;
            problem.cross();
            problem.factorise();
            problem.residual_share = share;
        }
        let free = (problem.rows - if input.reml { p } else { 0 }) as f64;
        let log_weights: f64 = input.weights.map_or(0.0, |weights| weights.iter().map(|weight| weight.ln()).sum());
        problem.constant = free * (problem.unit.ln() + 0.5 * std::f64::consts::TAU.ln()) - 0.5 * log_weights;
        if input.reml {
            problem.constant += log_det_r;
        }
        problem
    }

    /// Covariance parameters in all groups.
    pub(crate) fn parameters(&self) -> usize {
        self.groups * self.structure.parameters(self.visits)
    }

    /// θ of the response's own unit in working coordinates.
    #[cfg(test)]
    pub(crate) fn to_working(&self, theta: &[f64]) -> Vec<f64> {
        self.shifted(theta, -self.structure.scale_shift(self.unit))
    }

    /// θ of working coordinates in the response's own unit.
    pub(crate) fn to_own(&self, theta: &[f64]) -> Vec<f64> {
        self.shifted(theta, self.structure.scale_shift(self.unit))
    }

    fn shifted(&self, theta: &[f64], shift: f64) -> Vec<f64> {
        let (block, scales) = (self.structure.parameters(self.visits), self.structure.scales(self.visits));
        theta.iter().enumerate().map(|(k, value)| if k % block < scales { value + shift } else { *value }).collect()
    }

    /// A working row's non-zero cells; the response is at index p.
    pub(crate) fn row(&self, row: usize) -> &[(u32, f64)] {
        &self.cells[self.starts[row]..self.starts[row + 1]]
    }

    /// A contrast of coefficients in working coordinates: s·c·R⁻¹.
    pub(crate) fn contrast(&self, combination: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        for (i, &weight) in combination.iter().enumerate() {
            if weight != 0.0 {
                axpy(weight * self.unit, &self.back[i * self.p + i..(i + 1) * self.p], &mut out[i..]);
            }
        }
    }

    /// Fills the working rows; returns log|det R|.
    fn work_rows(&mut self, input: &Input<'_>) -> f64 {
        let mut position = vec![u32::MAX; input.design.names.len()];
        for (index, &column) in input.design.kept.iter().enumerate() {
            position[column] = index as u32;
        }
        self.starts.push(0);
        for row in 0..self.rows {
            let kept = input.design.row(row).iter().filter(|(column, _)| position[*column as usize] != u32::MAX);
            self.cells.extend(kept.map(|&(column, value)| (position[column as usize], value)));
            self.cells.push((self.p as u32, input.response[row]));
            self.starts.push(self.cells.len());
        }
        let log_det = self.centre_and_scale(input.design.terms.first().is_some_and(|term| term.variables.is_empty()));
        if let Some(weights) = input.weights {
            for (row, weight) in weights.iter().enumerate() {
                let root = weight.sqrt();
                for cell in &mut self.cells[self.starts[row]..self.starts[row + 1]] {
                    cell.1 *= root;
                }
            }
        }
        log_det
    }

    /// Columns that are filled in every row are centred (if there is an intercept), all are scaled to unit mean square.
    fn centre_and_scale(&mut self, has_intercept: bool) -> f64 {
        let (p, n) = (self.p, self.rows as f64);
        let mut sums = vec![0.0; self.q];
        let mut counts = vec![0usize; self.q];
        for &(column, value) in &self.cells {
            sums[column as usize] += value;
            counts[column as usize] += 1;
        }
        let centred = |column: usize| has_intercept && counts[column] == self.rows && (column > 0);
        let means: Vec<f64> = (0..self.q).map(|column| if centred(column) { sums[column] / n } else { 0.0 }).collect();
        let mut squares = vec![0.0; self.q];
        for cell in &mut self.cells {
            cell.1 -= means[cell.0 as usize];
            squares[cell.0 as usize] += cell.1 * cell.1;
        }
        let scales: Vec<f64> =
            squares.iter().map(|square| if *square > 0.0 { (square / n).sqrt() } else { 1.0 }).collect();
        let inverses: Vec<f64> = scales.iter().map(|scale| 1.0 / scale).collect();
        for cell in &mut self.cells {
            cell.1 *= inverses[cell.0 as usize];
        }
        for (column, inverse) in inverses.iter().take(p).enumerate() {
            self.back[column * p + column] = *inverse;
        }
        for column in 1..p {
            self.back[column] -= means[column] / (scales[column] * scales[0]);
        }
        self.unit = scales[p];
        if let Some(first) = self.base.first_mut() {
            *first = means[p];
        }
        scales.iter().take(p).map(|scale| scale.ln()).sum()
    }

    /// Replaces columns by orthonormal ones where their correlation costs digits, and the response by its residual
    /// where the columns explain nearly all of it. Returns the addition to log|det R|, and the residual's share.
    fn orthonormalise(&mut self) -> (f64, f64) {
        let (p, q) = (self.p, self.q);
        let mut dense = vec![0.0; self.rows * q];
        for row in 0..self.rows {
            for &(column, value) in self.row(row) {
                dense[row * q + column as usize] += value;
            }
        }
        let triangle = gram_schmidt(&mut dense, self.rows, q, p);
        self.starts = (0..=self.rows).map(|row| row * q).collect();
        self.cells = dense.iter().enumerate().map(|(index, value)| ((index % q) as u32, *value)).collect();
        let response = |i: usize| triangle[i * q + p];
        let share = response(p) / (0..q).map(|i| response(i).powi(2)).sum::<f64>().sqrt();
        (self.change_basis(&triangle), share)
    }

    /// The Cholesky factor of [X̃|ỹ]′[X̃|ỹ]; false where its conditioning would cost digits.
    fn factorise(&mut self) -> bool {
        let (p, q) = (self.p, self.q);
        let mut gram = vec![0.0; packed_len(q)];
        let largest = self.patterns.iter().map(Pattern::size).max().unwrap_or(0);
        let (mut unit, mut scratch) = (vec![0.0; largest * largest], vec![0.0; Shape { m: largest, q }.scratch()]);
        for pattern in &self.patterns {
            let m = pattern.size();
            unit.fill(0.0);
            (0..m).for_each(|visit| unit[visit * (m + 1)] = 1.0);
            pattern.store.contract(pattern.shape(q), &unit, &mut scratch, &mut gram);
        }
        self.plain = vec![0.0; q * q];
        for i in 0..q {
            self.plain[i * q..i * q + i + 1].copy_from_slice(&gram[packed(i, 0)..=packed(i, i)]);
        }
        if cholesky(&mut self.plain, q).is_none() {
            return false;
        }
        let line = &self.plain[p * q..];
        self.residual_share = line[p] / dot(line, line).sqrt();
        self.is_well_conditioned(&self.plain)
    }

    /// Every column keeps a hundredth of its norm beside the earlier ones, the response a thirtieth.
    fn is_well_conditioned(&self, factor: &[f64]) -> bool {
        let q = self.q;
        (0..q).all(|i| {
            let row = &factor[i * q..i * q + i + 1];
            let share = row[i] * row[i] / dot(row, row);
            share > if i < self.p { 1e-4 } else { 1e-3 }
        })
    }

    /// X̃ ← X̃T⁻¹ and the response's part along X̃ moved to b₀; `triangle` is (p+1)×(p+1), upper, by rows.
    fn change_basis(&mut self, triangle: &[f64]) -> f64 {
        let (p, q) = (self.p, self.q);
        // b₀ gains s·R⁻¹·(response's coordinates in the new basis, mapped back): R⁻¹T⁻¹t.
        let mut inverse = vec![0.0; p * p];
        for column in 0..p {
            for i in (0..=column).rev() {
                let unit = if i == column { 1.0 } else { 0.0 };
                let done: f64 = (i + 1..=column).map(|k| triangle[i * q + k] * inverse[k * p + column]).sum();
                inverse[i * p + column] = (unit - done) / triangle[i * q + i];
            }
        }
        let mut back = vec![0.0; p * p];
        multiply(&self.back, &inverse, p, &mut back);
        for i in 0..p {
            self.base[i] += self.unit * (0..p).map(|k| back[i * p + k] * triangle[k * q + p]).sum::<f64>();
        }
        self.back = back;
        let residual = triangle[p * q + p];
        self.unit *= residual;
        (0..p).map(|i| triangle[i * q + i].abs().ln()).sum()
    }

    fn group_people(&mut self, input: &Input<'_>) {
        let count = input.person.iter().map(|&person| person as usize + 1).max().unwrap_or(0);
        let mut rows: Vec<Vec<usize>> = vec![Vec::new(); count];
        for (row, &person) in input.person.iter().enumerate() {
            rows[person as usize].push(row);
        }
        let mut by_visits: HashMap<(u32, u128), usize> = HashMap::new();
        let mut by_place: HashMap<(u32, Vec<u64>), usize> = HashMap::new();
        let spatial = input.structure == Structure::SpExp;
        for mut rows in rows {
            rows.sort_by_key(|&row| input.visit[row]);
            let group = rows.first().map_or(0, |&row| input.group.map_or(0, |group| group[row]));
            let next = self.patterns.len();
            let pattern = if spatial {
                let place = rows
                    .iter()
                    .flat_map(|&row| input.coordinates.iter().map(move |axis| axis[row].to_bits()))
                    .collect();
                *by_place.entry((group, place)).or_insert(next)
            } else {
                let mask = rows.iter().fold(0u128, |mask, &row| mask | 1 << input.visit[row]);
                *by_visits.entry((group, mask)).or_insert(next)
            };
            if pattern == next {
                let visits: Vec<usize> = match spatial {
                    true => (0..rows.len()).collect(),
                    false => rows.iter().map(|&row| input.visit[row] as usize).collect(),
                };
                let distances = if spatial { distances(input.coordinates, &rows) } else { Vec::new() };
                let store = Store::Rows(Vec::new());
                self.patterns.push(Pattern { group: group as usize, visits, people: 0, distances, store });
            }
            self.patterns[pattern].people += 1;
            self.people.push(Person { pattern, rows });
        }
    }

    /// One pass over the people: cross-products, or the rows where a pattern has too few people for its visits.
    fn cross(&mut self) {
        let q = self.q;
        let triangle = packed_len(q);
        for pattern in &mut self.patterns {
            let m = pattern.size();
            pattern.store = if 4 * pattern.people > m {
                Store::Crossed(vec![0.0; packed_len(m) * triangle])
            } else {
                Store::Rows(Vec::with_capacity(pattern.people * m * q))
            };
        }
        let starts: Vec<usize> = (0..q).map(|row| packed(row, 0)).collect();
        let mut patterns = std::mem::take(&mut self.patterns);
        for person in &self.people {
            match &mut patterns[person.pattern].store {
                Store::Crossed(cross) => {
                    for (a, &row) in person.rows.iter().enumerate() {
                        for (b, &other) in person.rows[..=a].iter().enumerate() {
                            let target = &mut cross[packed(a, b) * triangle..][..triangle];
                            add_products(self.row(row), self.row(other), a == b, &starts, target);
                        }
                    }
                }
                Store::Rows(rows) => {
                    for &row in &person.rows {
                        let start = rows.len();
                        rows.resize(start + q, 0.0);
                        for &(column, value) in self.row(row) {
                            rows[start + column as usize] += value;
                        }
                    }
                }
            }
        }
        self.patterns = patterns;
    }
}

/// Adds zz′ (same visit) or zw′ + wz′ to a packed triangle. Cells ascend by column; `starts`: where each row begins.
fn add_products(z: &[(u32, f64)], w: &[(u32, f64)], same: bool, starts: &[usize], out: &mut [f64]) {
    if same {
        for (index, &(i, x)) in z.iter().enumerate() {
            let row = &mut out[starts[i as usize]..];
            for &(j, y) in &z[..=index] {
                row[j as usize] += x * y;
            }
        }
        return;
    }
    for &(i, x) in z {
        let start = starts[i as usize];
        for &(j, y) in w {
            let at = if i > j { start + j as usize } else { starts[j as usize] + i as usize };
            out[at] += if i == j { 2.0 * x * y } else { x * y };
        }
    }
}

fn distances(coordinates: &[Vec<f64>], rows: &[usize]) -> Vec<f64> {
    let mut out = Vec::with_capacity(rows.len() * rows.len());
    for &row in rows {
        for &other in rows {
            out.push(coordinates.iter().map(|axis| (axis[row] - axis[other]).powi(2)).sum::<f64>().sqrt());
        }
    }
    out
}

/// Modified Gram–Schmidt, twice, on the first `p` of `q` columns; the last is made a residual of unit mean square.
/// Rows are contiguous. Returns T (q×q, upper) with old = new·T; new columns have unit mean square.
fn gram_schmidt(rows: &mut [f64], n: usize, q: usize, p: usize) -> Vec<f64> {
    let mut columns: Vec<Vec<f64>> = (0..q).map(|column| (0..n).map(|row| rows[row * q + column]).collect()).collect();
    let mut triangle = vec![0.0; q * q];
    for column in 0..q {
        let (done, rest) = columns.split_at_mut(column);
        let current = &mut rest[0];
        for _ in 0..2 {
            for (k, earlier) in done.iter().enumerate().take(p) {
                let along = dot(earlier, current) / n as f64;
                axpy(-along, earlier, current);
                triangle[k * q + column] += along;
            }
        }
        let size = (dot(current, current) / n as f64).sqrt();
        triangle[column * q + column] = size;
        let size = if size > 0.0 { size } else { 1.0 };
        for value in current.iter_mut() {
            *value /= size;
        }
    }
    for (column, values) in columns.iter().enumerate() {
        for (row, value) in values.iter().enumerate() {
            rows[row * q + column] = *value;
        }
    }
    triangle
}
