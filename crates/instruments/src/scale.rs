//! The generic engine: sums and means with reversed items, proration and bands.

use crate::{
    instrument::{Form, Scale},
    scored::{Method, Score, band_of, ratio, small},
    sheet::Sheet,
};
use std::borrow::Cow;
use terms::Decimal;

/// Raw sum (reversed items turned) and number of answered items of a scale.
pub(crate) fn sum_answered(sheet: &Sheet<'_>, items: &[u16], reversed: &[u16]) -> (i64, usize) {
    let (mut sum, mut answered) = (0, 0);
    for &number in items {
        let position = usize::from(number) - 1;
        if let Some(points) = sheet.points(position) {
            answered += 1;
            sum += if reversed.contains(&number) { sheet.turned(position, points) } else { points };
        }
    }
    (sum, answered)
}

/// The value by the rule `mean(answered) × n_items` (sums, two decimals) or the mean of the answered (three decimals).
pub(crate) fn value_of(
    form: Form,
    sum: i64,
    answered: usize,
    of: usize,
    missing_allowed: u16,
) -> (Option<Decimal>, Method) {
    if answered == 0 || of - answered > usize::from(missing_allowed) {
        return (None, Method::NotScorable);
    }
    let (n, k) = (i64::from(small(of)), i64::from(small(answered)));
    let method = if answered == of { Method::Complete } else { Method::Prorated };
    let value = match (form, method) {
        (Form::Sum, Method::Complete) => Some(Decimal::whole(sum)),
        (Form::Sum, _) => ratio(sum * n, k, 2),
        (Form::Mean, _) => ratio(sum, k, 3),
    };
    (value, method)
}

/// Scores one scale.
pub(crate) fn score_scale(scale: &Scale, sheet: &Sheet<'_>) -> Score {
    let (sum, answered) = sum_answered(sheet, scale.items, scale.reversed);
    let of = scale.items.len();
    let (value, method) = value_of(scale.form, sum, answered, of, scale.missing_allowed);
    Score {
        name: Cow::Borrowed(scale.name),
        value,
        n_answered: small(answered),
        n_items: small(of),
        method,
        band: value.and_then(|value| band_of(value, scale.bands)).map(Cow::Borrowed),
        higher_is_worse: scale.higher_is_worse,
    }
}
