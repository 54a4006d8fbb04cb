//! Agreement between raters: ICC(2,1) on totals, κ on diagnoses, and the drift of one rater.

use terms::Decimal;

/// ICC(2,1), two-way random effects, absolute agreement, single rating:
/// `(MSR − MSE) / (MSR + (k − 1)·MSE + k·(MSC − MSE)/n)`.
///
/// `ratings`: one row a subject (n ≥ 2), one column a rater (k ≥ 2), no gaps. Three decimals. None when the rows
/// differ in length, there are too few, or nothing varies. Source: Shrout and Fleiss 1979, case 2.
pub fn icc_2_1(ratings: &[Vec<Decimal>]) -> Option<Decimal> {
    let (n, k) = (ratings.len(), ratings.first()?.len());
    if n < 2 || k < 2 || ratings.iter().any(|row| row.len() != k) {
        return None;
    }
    let rows: Vec<Vec<f64>> = ratings.iter().map(|row| row.iter().map(|rating| rating.as_f64()).collect()).collect();
    let (nf, kf) = (n as f64, k as f64);
    let grand = rows.iter().flatten().sum::<f64>() / (nf * kf);
    let row_means: Vec<f64> = rows.iter().map(|row| row.iter().sum::<f64>() / kf).collect();
    let column_means: Vec<f64> =
        (0..k).map(|column| rows.iter().filter_map(|row| row.get(column)).sum::<f64>() / nf).collect();
    let squares = |means: &[f64]| means.iter().map(|mean| (mean - grand).powi(2)).sum::<f64>();
    let between_rows = kf * squares(&row_means);
    let between_columns = nf * squares(&column_means);
    let total: f64 = rows.iter().flatten().map(|rating| (rating - grand).powi(2)).sum();
    let residual = (total - between_rows - between_columns).max(0.0);
    let (msr, msc) = (between_rows / (nf - 1.0), between_columns / (kf - 1.0));
    let mse = residual / ((nf - 1.0) * (kf - 1.0));
    let below = msr + (kf - 1.0) * mse + kf * (msc - mse) / nf;
    if below.abs() < 1e-12 { None } else { Decimal::nearest((msr - mse) / below) }
}

/// Cohen's κ of two raters' yes/no on the same people, three decimals; none without pairs, or when chance alone
/// agrees always.
pub fn kappa(pairs: &[(bool, bool)]) -> Option<Decimal> {
    let n = i64::try_from(pairs.len()).ok().filter(|n| *n > 0)?;
    let count = |test: fn(&(bool, bool)) -> bool| pairs.iter().filter(|pair| test(pair)).count() as i64;
    let agreed = count(|(a, b)| a == b);
    let (first, second) = (count(|(a, _)| *a), count(|(_, b)| *b));
    // Σ of products of margins, over n²: kept whole until the one division.
    let chance = first * second + (n - first) * (n - second);
    crate::scored::ratio(agreed * n - chance, n * n - chance, 3)
}

/// How many of a rater's latest interviews a drift is judged on.
pub const DRIFT_INTERVIEWS: usize = 10;

/// Whether a rater drifts: the mean residual (own total − agreed total) of the last ten interviews is beyond 3 points
/// either way. None with fewer than ten.
pub fn drifts(residuals: &[Decimal]) -> Option<bool> {
    let latest = residuals.get(residuals.len().checked_sub(DRIFT_INTERVIEWS)?..)?;
    let sum: i64 = latest.iter().map(|residual| residual.as_thousandths()).sum();
    Some(sum.abs() > 3_000 * DRIFT_INTERVIEWS as i64)
}

/// The share of interviews or sessions rated twice, percent; 10 at least is wanted.
pub fn double_rated_percent(twice: usize, all: usize) -> Option<Decimal> {
    crate::scored::ratio(i64::try_from(twice).ok()?.checked_mul(100)?, i64::try_from(all).ok()?, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[&[i64]]) -> Vec<Vec<Decimal>> {
        rows.iter().map(|row| row.iter().map(|rating| Decimal::whole(*rating)).collect()).collect()
    }

    #[test]
    fn icc_of_the_published_example() {
        // Six subjects, four judges: Shrout and Fleiss 1979, table 2; ICC(2,1) = .29.
        let ratings =
            rows(&[&[9, 2, 5, 8], &[6, 1, 3, 2], &[8, 4, 6, 8], &[7, 1, 2, 6], &[10, 5, 6, 9], &[6, 2, 4, 7]]);
        assert_eq!(icc_2_1(&ratings), Some("0.29".parse().unwrap()));
    }

    #[test]
    fn icc_at_its_ends() {
        assert_eq!(icc_2_1(&rows(&[&[1, 1], &[2, 2], &[5, 5]])), Some(Decimal::whole(1)));
        assert_eq!(icc_2_1(&rows(&[&[3, 3], &[3, 3]])), None, "nothing varies");
        assert_eq!(icc_2_1(&rows(&[&[1, 2]])), None);
        assert_eq!(icc_2_1(&rows(&[&[1, 2], &[1]])), None);
        assert_eq!(icc_2_1(&[]), None);
    }

    #[test]
    fn kappa_by_hand() {
        // 20 both yes, 15 both no, 5 and 10 apart: agreement .7, chance .5.
        let mut pairs = vec![(true, true); 20];
        pairs.extend(vec![(false, false); 15]);
        pairs.extend(vec![(true, false); 5]);
        pairs.extend(vec![(false, true); 10]);
        assert_eq!(kappa(&pairs), Some("0.4".parse().unwrap()));
        assert_eq!(kappa(&[]), None);
        assert_eq!(kappa(&[(true, true); 4]), None, "chance agrees always");
    }

    #[test]
    fn drift_of_the_last_ten() {
        let residuals = |value: i64, n: usize| vec![Decimal::whole(value); n];
        assert_eq!(drifts(&residuals(4, 9)), None);
        assert_eq!(drifts(&residuals(4, 10)), Some(true));
        assert_eq!(drifts(&residuals(-4, 10)), Some(true));
        assert_eq!(drifts(&residuals(3, 10)), Some(false), "more than 3, not 3");
        let mut settled = residuals(9, 10);
        settled.extend(residuals(0, 10));
        assert_eq!(drifts(&settled), Some(false), "old interviews no longer count");
    }
}
