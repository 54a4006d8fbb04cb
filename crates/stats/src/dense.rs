//! Small dense kernels for the inner loop: no allocation, row-major, lower triangles.
//!
//! A symmetric n×n matrix is also kept packed: rows of the lower triangle one after the other.

use std::f64::consts::{FRAC_1_SQRT_2, SQRT_2};

/// Where (i, j) with j ≤ i stands in a packed lower triangle.
pub(crate) fn packed(i: usize, j: usize) -> usize {
    i * (i + 1) / 2 + j
}

/// Length of a packed n×n triangle.
pub(crate) fn packed_len(n: usize) -> usize {
    n * (n + 1) / 2
}

/// Σ x·y, summed in four strands so that the processor can overlap them.
pub(crate) fn dot(x: &[f64], y: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (xs, ys) = (x.chunks_exact(4), y.chunks_exact(4));
    let tail: f64 = xs.remainder().iter().zip(ys.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in xs.zip(ys) {
        sums[0] += a[0] * b[0];
        sums[1] += a[1] * b[1];
        sums[2] += a[2] * b[2];
        sums[3] += a[3] * b[3];
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + tail
}

/// y ← y + a·x.
pub(crate) fn axpy(a: f64, x: &[f64], y: &mut [f64]) {
    for (to, from) in y.iter_mut().zip(x) {
        *to += a * from;
    }
}

/// y ← y + Σ w_i·x_i over rows of `x` that lie `stride` apart, each from `from` on: four rows at a time, so that y is
/// loaded and stored a quarter as often.
pub(crate) fn axpy_rows(w: &[f64], x: &[f64], stride: usize, from: usize, y: &mut [f64]) {
    let length = y.len();
    let row = |index: usize| &x[index * stride + from..index * stride + from + length];
    let mut index = 0;
    while let Some([a, b, c, d]) = w.get(index..index + 4) {
        let rows = row(index).iter().zip(row(index + 1)).zip(row(index + 2)).zip(row(index + 3));
        for (to, (((p, q), r), s)) in y.iter_mut().zip(rows) {
            *to += (a * p + b * q) + (c * r + d * s);
        }
        index += 4;
    }
    for (offset, weight) in w[index..].iter().enumerate() {
        axpy(*weight, row(index + offset), y);
    }
}

/// Factorises the lower triangle of a symmetric n×n matrix into LL′ in place. `None` where it is not safely positive
/// definite: a pivot below 1e-14 of its diagonal is rounding, not information. The upper triangle is overwritten.
pub(crate) fn cholesky(a: &mut [f64], n: usize) -> Option<()> {
    let a = &mut a[..n * n];
    for k in 0..n {
        let (head, below) = a.split_at_mut((k + 1) * n);
        let line = &mut head[k * n..];
        // What is left of the pivot beside what it was: the sum of squares of its row.
        let left = line[k];
        let original = left + dot(&line[..k], &line[..k]);
        // Written so that NaN is refused as well.
        if !(left > 1e-14 * original && left.is_finite()) {
            return None;
        }
        let root = left.sqrt();
        line[k] = root;
        let inverse = 1.0 / root;
        // Column k goes to the upper part of row k, where the rows below find it in one piece.
        let column = &mut line[k + 1..n];
        for (row, value) in below.chunks_exact_mut(n).zip(column.iter_mut()) {
            *value = row[k] * inverse;
            row[k] = *value;
        }
        for (row, length) in below.chunks_exact_mut(n).zip(1..) {
            let factor = -row[k];
            axpy(factor, &column[..length], &mut row[k + 1..k + 1 + length]);
        }
    }
    Some(())
}

/// log|A| from A's Cholesky factor.
pub(crate) fn log_determinant(l: &[f64], n: usize) -> f64 {
    2.0 * (0..n).map(|i| l[i * n + i].ln()).sum::<f64>()
}

/// x ← L⁻¹x.
pub(crate) fn solve_lower(l: &[f64], n: usize, x: &mut [f64]) {
    for i in 0..n {
        let done = dot(&l[i * n..i * n + i], &x[..i]);
        x[i] = (x[i] - done) / l[i * n + i];
    }
}

/// x ← L⁻ᵀx.
pub(crate) fn solve_lower_transposed(l: &[f64], n: usize, x: &mut [f64]) {
    for i in (0..n).rev() {
        x[i] /= l[i * n + i];
        let value = x[i];
        axpy(-value, &l[i * n..i * n + i], &mut x[..i]);
    }
}

/// The inverse of a lower triangle, in `out` (lower, upper part zero).
pub(crate) fn invert_lower(l: &[f64], n: usize, out: &mut [f64]) {
    out[..n * n].fill(0.0);
    for i in 0..n {
        let pivot = 1.0 / l[i * n + i];
        let (above, current) = out.split_at_mut(i * n);
        for k in 0..i {
            axpy(-l[i * n + k] * pivot, &above[k * n..k * n + k + 1], &mut current[..k + 1]);
        }
        current[i] = pivot;
    }
}

/// A⁻¹ (both triangles) from the inverse of A's Cholesky factor: L⁻ᵀL⁻¹.
pub(crate) fn inverse_from(inverse_factor: &[f64], n: usize, out: &mut [f64]) {
    out[..n * n].fill(0.0);
    for k in 0..n {
        let row = &inverse_factor[k * n..k * n + k + 1];
        for (i, &value) in row.iter().enumerate() {
            axpy(value, &row[..=i], &mut out[i * n..i * n + i + 1]);
        }
    }
    for i in 0..n {
        for j in 0..i {
            out[j * n + i] = out[i * n + j];
        }
    }
}

/// out ← A·B for n×n matrices; the sizes of most trials are unrolled.
pub(crate) fn multiply(a: &[f64], b: &[f64], n: usize, out: &mut [f64]) {
    match n {
        2 => multiply_fixed::<2>(a, b, out),
        3 => multiply_fixed::<3>(a, b, out),
        4 => multiply_fixed::<4>(a, b, out),
        _ => multiply_any(a, b, n, out),
    }
}

fn multiply_fixed<const N: usize>(a: &[f64], b: &[f64], out: &mut [f64]) {
    let (a, b) = (&a[..N * N], &b[..N * N]);
    for (row, to) in a.chunks_exact(N).zip(out.chunks_exact_mut(N)) {
        let mut sums = [0.0; N];
        for (value, other) in row.iter().zip(b.chunks_exact(N)) {
            for (sum, factor) in sums.iter_mut().zip(other) {
                *sum += value * factor;
            }
        }
        to.copy_from_slice(&sums);
    }
}

fn multiply_any(a: &[f64], b: &[f64], n: usize, out: &mut [f64]) {
    for i in 0..n {
        let row = &mut out[i * n..(i + 1) * n];
        row.fill(0.0);
        for k in 0..n {
            axpy(a[i * n + k], &b[k * n..(k + 1) * n], row);
        }
    }
}

/// The matrix M S M′ of a packed symmetric S and a lower triangular M (an inverse Cholesky factor), as an
/// inner-product triangle: packed, off-diagonals times √2, so that ⟨A, B⟩ is one dot product. M is given with its
/// transpose beside it; `scratch` is n×n.
pub(crate) fn whiten((m, transposed): (&[f64], &[f64]), n: usize, s: &[f64], scratch: &mut [f64], out: &mut [f64]) {
    let mut start = 0;
    for i in 0..n {
        for (j, value) in s[start..=start + i].iter().enumerate() {
            scratch[i * n + j] = *value;
            scratch[j * n + i] = *value;
        }
        start += i + 1;
    }
    for i in (0..n).rev() {
        // Row i of M·S as far as its diagonal, in place from below: rows above are still those of S.
        let (above, current) = scratch.split_at_mut(i * n);
        let row = &mut current[..=i];
        let pivot = m[i * n + i];
        row.iter_mut().for_each(|value| *value *= pivot);
        axpy_rows(&m[i * n..i * n + i], above, n, 0, row);
        // Times M′: column l of M is row l of `transposed`, whose first l cells are zero; blocks of four start together.
        let line = &mut out[packed(i, 0)..=packed(i, i)];
        line.fill(0.0);
        for (block, values) in row.chunks(4).enumerate() {
            axpy_rows(values, &transposed[4 * block * n..], n, 4 * block, &mut line[4 * block..]);
        }
        line[..i].iter_mut().for_each(|value| *value *= SQRT_2);
    }
}

/// The inner-product triangle of xx′.
pub(crate) fn outer_triangle(x: &[f64], out: &mut [f64]) {
    let mut start = 0;
    for (i, value) in x.iter().enumerate() {
        for (to, other) in out[start..].iter_mut().zip(&x[..i]) {
            *to = SQRT_2 * value * other;
        }
        out[start + i] = value * value;
        start += i + 1;
    }
}

/// Both triangles of the matrix behind an inner-product triangle.
pub(crate) fn square_of_triangle(triangle: &[f64], n: usize, out: &mut [f64]) {
    let mut start = 0;
    for i in 0..n {
        for j in 0..i {
            let value = FRAC_1_SQRT_2 * triangle[start + j];
            out[i * n + j] = value;
            out[j * n + i] = value;
        }
        out[i * n + i] = triangle[start + i];
        start += i + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Vec<f64> {
        vec![4.0, 1.0, 0.5, 1.0, 3.0, -0.2, 0.5, -0.2, 2.0]
    }

    #[test]
    fn inverse_times_matrix_is_the_unit_matrix() {
        let a = example();
        let (mut l, mut li, mut inverse, mut unit) = (a.clone(), vec![0.0; 9], vec![0.0; 9], vec![0.0; 9]);
        cholesky(&mut l, 3).unwrap();
        invert_lower(&l, 3, &mut li);
        inverse_from(&li, 3, &mut inverse);
        multiply(&a, &inverse, 3, &mut unit);
        for (index, value) in unit.iter().enumerate() {
            let expected = if index % 4 == 0 { 1.0 } else { 0.0 };
            assert!((value - expected).abs() < 1e-14);
        }
        // |A| by Sarrus' rule.
        assert!((log_determinant(&l, 3) - 20.89f64.ln()).abs() < 1e-14);
    }

    #[test]
    fn whitening_a_matrix_with_itself_gives_the_unit_matrix() {
        let a = example();
        let (mut l, mut li) = (a.clone(), vec![0.0; 9]);
        cholesky(&mut l, 3).unwrap();
        invert_lower(&l, 3, &mut li);
        let packed_a: Vec<f64> = (0..3).flat_map(|i| a[i * 3..i * 3 + i + 1].to_vec()).collect();
        let (mut scratch, mut triangle, mut out) = (vec![0.0; 9], vec![0.0; 6], vec![0.0; 9]);
        let transposed: Vec<f64> = (0..9).map(|at| li[at % 3 * 3 + at / 3]).collect();
        whiten((&li, &transposed), 3, &packed_a, &mut scratch, &mut triangle);
        assert!((dot(&triangle, &triangle) - 3.0).abs() < 1e-13, "⟨I, I⟩ = 3");
        square_of_triangle(&triangle, 3, &mut out);
        for (index, value) in out.iter().enumerate() {
            assert!((value - if index % 4 == 0 { 1.0 } else { 0.0 }).abs() < 1e-14);
        }
    }

    #[test]
    fn refuses_what_is_not_positive_definite() {
        assert!(cholesky(&mut [1.0, 0.0, 1.0, 1.0], 2).is_none());
        assert!(cholesky(&mut [1.0, 0.0, 2.0, 1.0], 2).is_none());
        assert!(cholesky(&mut [f64::NAN], 1).is_none());
    }
}
