//! Tails and quantiles of the distributions that tests and intervals need, good to about 1e-13 relative.
//!
//! `statrs` gives the gamma function, its incomplete integral and the error function. Its incomplete beta loses digits
//! for large degrees of freedom (it exponentiates a difference of logarithms of size n·log n), so Student's t, F and
//! beta stand on an own one, after Loader (2000) for the prefix and Didonato & Morris (1992) for the continued fraction.

mod beta;
mod noncentral;
mod normal;
mod special;
mod student;

pub use beta::{beta_cdf, beta_quantile};
pub use noncentral::{noncentral_t_cdf, noncentral_t_quantile_shift};
pub use normal::{chi_squared_quantile, chi_squared_upper, normal_cdf, normal_density, normal_quantile, normal_upper};
pub use special::{ln_choose, ln_gamma};
pub(crate) use student::t_upper_quantile;
pub use student::{f_upper, t_cdf, t_quantile, t_two_sided};

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn cases(name: &str) -> Vec<Vec<f64>> {
        let text = include_str!("../../tests/reference/distributions.json");
        let file: Value = serde_json::from_str(text).unwrap();
        let list = file[name].as_array().unwrap().iter();
        list.map(|case| case.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()).collect()
    }

    fn check(name: &str, tolerance: f64, of: impl Fn(&[f64]) -> f64) {
        let mut worst = 0.0f64;
        for case in cases(name) {
            let (wanted, arguments) = case.split_last().unwrap();
            let found = of(arguments);
            let relative = (found - wanted).abs() / wanted.abs().max(f64::MIN_POSITIVE);
            // log Γ passes through 0, and a noncentral tail is a difference: there absolute digits count.
            let absolute = matches!(name, "ln_gamma" | "noncentral_t_cdf");
            let error = if absolute || *wanted == 0.0 { relative.min((found - wanted).abs()) } else { relative };
            assert!(error <= tolerance, "{name}{arguments:?}: {found:e}, wanted {wanted:e}, off by {error:e}");
            worst = worst.max(error);
        }
        println!("{name}: {worst:.1e}");
    }

    /// Values to 60 digits by mpmath (tests/reference/README.md).
    #[test]
    fn agree_with_many_digit_arithmetic() {
        check("ln_gamma", 1e-13, |x| ln_gamma(x[0]));
        check("normal_cdf", 1e-13, |x| normal_cdf(x[0]));
        check("normal_quantile", 1e-13, |x| normal_quantile(x[0]));
        check("chi_squared_upper", 1e-12, |x| chi_squared_upper(x[0], x[1]));
        check("t_two_sided", 1e-13, |x| t_two_sided(x[0], x[1]));
        check("t_quantile", 1e-12, |x| t_quantile(x[0], x[1]));
        check("f_upper", 1e-12, |x| f_upper(x[0], x[1], x[2]));
        check("beta_quantile", 1e-12, |x| beta_quantile(x[0], x[1], x[2]));
        check("noncentral_t_cdf", 1e-12, |x| noncentral_t_cdf(x[0], x[1], x[2]));
    }

    #[test]
    fn quantiles_undo_distribution_functions() {
        for p in [1e-6, 0.01, 0.3, 0.5, 0.77, 0.999] {
            assert!((normal_cdf(normal_quantile(p)) - p).abs() < 1e-14);
            assert!((t_cdf(t_quantile(p, 7.3), 7.3) - p).abs() < 1e-13);
            assert!((beta_cdf(beta_quantile(p, 2.5, 9.0), 2.5, 9.0) - p).abs() < 1e-12);
            assert!((1.0 - chi_squared_upper(chi_squared_quantile(p, 4.0), 4.0) - p).abs() < 1e-12);
        }
    }

    #[test]
    fn edges_are_defined() {
        assert_eq!(t_two_sided(0.0, 5.0), 1.0);
        assert_eq!(t_two_sided(f64::INFINITY, 5.0), 0.0);
        assert_eq!(f_upper(0.0, 2.0, 5.0), 1.0);
        assert!(
            t_two_sided(1.0, f64::NAN).is_nan() && t_quantile(0.975, -1.0).is_nan() && f_upper(1.0, 2.0, 0.0).is_nan()
        );
        assert!((t_two_sided(1.96, f64::INFINITY) - 2.0 * normal_upper(1.96)).abs() < 1e-16);
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(normal_quantile(1.0), f64::INFINITY);
    }
}
