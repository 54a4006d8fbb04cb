//! Small dense kernels for the inner loop: no allocation, row-major, lower triangles.
//!
//! A symmetric n×n matrix is also kept packed: rows of the lower triangle one after the other.

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

/// Factorises the lower triangle of a symmetric n×n matrix into LL′ in place. `None` where it is not safely positive
/// definite: a pivot below 1e-14 of its diagonal is rounding, not information. The upper triangle is not touched.
pub(crate) fn cholesky(a: &mut [f64], n: usize) -> Option<()> {
    for i in 0..n {
        let (above, current) = a.split_at_mut(i * n);
        let row = &mut current[..=i];
        let original = row[i];
        for j in 0..i {
            let other = &above[j * n..j * n + j + 1];
            row[j] = (row[j] - dot(&other[..j], &row[..j])) / other[j];
        }
        let left = original - dot(&row[..i], &row[..i]);
        // Written so that NaN is refused as well.
        if !(left > 1e-14 * original && left.is_finite()) {
            return None;
        }
        row[i] = left.sqrt();
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

/// out ← A·B for n×n matrices.
pub(crate) fn multiply(a: &[f64], b: &[f64], n: usize, out: &mut [f64]) {
    for i in 0..n {
        let row = &mut out[i * n..(i + 1) * n];
        row.fill(0.0);
        for k in 0..n {
            axpy(a[i * n + k], &b[k * n..(k + 1) * n], row);
        }
    }
}

/// The matrix L⁻¹ S L⁻ᵀ, both triangles, of a packed symmetric S. `out` is n×n.
pub(crate) fn whiten(l: &[f64], n: usize, s: &[f64], out: &mut [f64]) {
    for i in 0..n {
        for j in 0..=i {
            let value = s[packed(i, j)];
            out[i * n + j] = value;
            out[j * n + i] = value;
        }
    }
    // Rows first: out ← L⁻¹·out; then the same from the right by symmetry.
    for i in 0..n {
        let (above, current) = out.split_at_mut(i * n);
        let row = &mut current[..n];
        for k in 0..i {
            axpy(-l[i * n + k], &above[k * n..(k + 1) * n], row);
        }
        let pivot = 1.0 / l[i * n + i];
        for value in row {
            *value *= pivot;
        }
    }
    for i in 0..n {
        solve_lower(l, n, &mut out[i * n..(i + 1) * n]);
    }
    for i in 0..n {
        for j in 0..i {
            let mean = 0.5 * (out[i * n + j] + out[j * n + i]);
            out[i * n + j] = mean;
            out[j * n + i] = mean;
        }
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
        let mut l = a.clone();
        cholesky(&mut l, 3).unwrap();
        let packed_a: Vec<f64> = (0..3).flat_map(|i| a[i * 3..i * 3 + i + 1].to_vec()).collect();
        let mut out = vec![0.0; 9];
        whiten(&l, 3, &packed_a, &mut out);
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
