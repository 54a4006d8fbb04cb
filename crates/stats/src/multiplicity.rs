//! Adjusting p-values for several tests.
//!
//! Sources: Holm 1979; Hochberg 1988; Hommel 1988 (in Wright's form, 1992); Benjamini & Hochberg 1995.

/// How p-values are adjusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adjustment {
    /// Number of tests times p.
    Bonferroni,
    /// Step down.
    Holm,
    /// Step up; needs independence or positive dependence.
    Hochberg,
    /// By closure of Simes' test.
    Hommel,
    /// False discovery rate.
    BenjaminiHochberg,
    /// One after the other in the order given, each only if all before it passed.
    FixedSequence,
}

/// Adjusted p-values, in the order of `p`. A `NaN` stays `NaN` and is not counted as a test.
pub fn adjust(p: &[f64], method: Adjustment) -> Vec<f64> {
    let tests: Vec<usize> = (0..p.len()).filter(|&index| !p[index].is_nan()).collect();
    let values: Vec<f64> = tests.iter().map(|&index| p[index]).collect();
    let n = values.len() as f64;
    let adjusted = match method {
        Adjustment::Bonferroni => values.iter().map(|value| (n * value).min(1.0)).collect(),
        Adjustment::Holm => step(&values, Direction::Down, |rank| n - rank),
        Adjustment::Hochberg => step(&values, Direction::Up, |rank| n - rank),
        Adjustment::BenjaminiHochberg => step(&values, Direction::Up, |rank| n / (rank + 1.0)),
        Adjustment::Hommel => hommel(&values),
        Adjustment::FixedSequence => values
            .iter()
            .scan(0.0f64, |worst, value| {
                *worst = worst.max(*value);
                Some(*worst)
            })
            .collect(),
    };
    let mut out = vec![f64::NAN; p.len()];
    for (index, value) in tests.into_iter().zip(adjusted) {
        out[index] = value;
    }
    out
}

#[derive(Clone, Copy, PartialEq)]
enum Direction {
    Down,
    Up,
}

/// Multiplies each p, in ascending order, by a factor of its rank (from 0), and makes the result monotone.
fn step(p: &[f64], direction: Direction, factor: impl Fn(f64) -> f64) -> Vec<f64> {
    let order = ascending(p);
    let mut out = vec![0.0; p.len()];
    let mut ranks: Vec<usize> = (0..p.len()).collect();
    if direction == Direction::Up {
        ranks.reverse();
    }
    let mut bound = if direction == Direction::Up { 1.0f64 } else { 0.0 };
    for rank in ranks {
        let value = (factor(rank as f64) * p[order[rank]]).min(1.0);
        bound = if direction == Direction::Up { bound.min(value) } else { bound.max(value) };
        out[order[rank]] = bound;
    }
    out
}

fn ascending(p: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&left, &right| p[left].total_cmp(&p[right]));
    order
}

fn hommel(p: &[f64]) -> Vec<f64> {
    let n = p.len();
    if n < 2 {
        return p.to_vec();
    }
    let order = ascending(p);
    let sorted: Vec<f64> = order.iter().map(|&index| p[index]).collect();
    let simes = sorted
        .iter()
        .enumerate()
        .map(|(rank, value)| n as f64 * value / (rank + 1) as f64)
        .fold(f64::INFINITY, f64::min);
    let (mut adjusted, mut current) = (vec![simes; n], vec![simes; n]);
    for size in (2..n).rev() {
        // The `size` largest tests against Simes of that size.
        let first = n - size + 1;
        let smallest =
            (first..n).map(|rank| size as f64 * sorted[rank] / (rank - first + 2) as f64).fold(f64::INFINITY, f64::min);
        for rank in 0..first {
            current[rank] = (size as f64 * sorted[rank]).min(smallest);
        }
        let last = current[first - 1];
        current[first..].fill(last);
        adjusted.iter_mut().zip(&current).for_each(|(value, other)| *value = value.max(*other));
    }
    let mut out = vec![0.0; n];
    for (rank, &index) in order.iter().enumerate() {
        out[index] = adjusted[rank].max(sorted[rank]).min(1.0);
    }
    out
}
