//! Exact numbers of expressions: millionths in 128 bits. Sums, differences and comparisons are exact; a product or
//! quotient is rounded to the nearest millionth, half away from zero.

use terms::Decimal;

const ONE: i128 = 1_000_000;

/// A number of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(i128);

impl Number {
    pub const fn whole(number: i64) -> Self {
        Self(number as i128 * ONE)
    }

    pub const fn decimal(number: Decimal) -> Self {
        Self(number.as_thousandths() as i128 * (ONE / 1000))
    }

    /// A literal; `None` outside ±10¹⁵ or for not-a-number.
    pub fn literal(number: f64) -> Option<Self> {
        let scaled = (number * 1e6).round();
        (scaled.is_finite() && scaled.abs() <= 1e21).then_some(Self(scaled as i128))
    }

    pub const fn negated(self) -> Option<Self> {
        match self.0.checked_neg() {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    pub fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    pub fn times(self, other: Self) -> Option<Self> {
        Some(Self(rounded(self.0.checked_mul(other.0)?, ONE)))
    }

    /// `None` for a divisor of zero.
    pub fn over(self, other: Self) -> Option<Self> {
        let numerator = self.0.checked_mul(ONE)?;
        (other.0 != 0).then(|| Self(rounded(numerator, other.0)))
    }

    /// The remainder, with the sign of the dividend; `None` for a divisor of zero.
    pub fn remainder(self, other: Self) -> Option<Self> {
        self.0.checked_rem(other.0).map(Self)
    }

    /// As whole days, where it is a whole number.
    pub fn as_days(self) -> Option<i64> {
        (self.0 % ONE == 0).then(|| i64::try_from(self.0 / ONE).ok()).flatten()
    }
}

/// `numerator / denominator`, half away from zero. The denominator isn't zero.
fn rounded(numerator: i128, denominator: i128) -> i128 {
    let (quotient, rest) = (numerator / denominator, numerator % denominator);
    if rest.unsigned_abs() * 2 >= denominator.unsigned_abs() {
        quotient + if (numerator < 0) == (denominator < 0) { 1 } else { -1 }
    } else {
        quotient
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::decimal(text.parse().unwrap())
    }

    #[test]
    fn arithmetic_is_exact() {
        assert_eq!(number("38.6").minus(number("37.1")), Some(number("1.5")));
        assert_eq!(number("0.1").plus(number("0.2")), Some(number("0.3")));
        assert_eq!(number("1.5").times(number("-0.5")), Some(number("-0.75")));
        assert_eq!(Number::whole(1).over(Number::whole(8)), Some(number("0.125")));
        assert_eq!(Number::whole(-2).over(Number::whole(3)), Number::literal(-0.666_667));
        assert_eq!(Number::whole(1).over(Number::whole(0)), None);
        assert_eq!(Number::whole(7).remainder(Number::whole(4)), Some(Number::whole(3)));
        assert_eq!(Number(i128::MAX).plus(Number(1)), None);
    }
}
