//! Looking at a trial before its end without spending more error than planned.
//!
//! Statistics Z_k at information fractions t_k behave like a Brownian motion B_k = Z_k√t_k with drift; boundaries follow by
//! integrating its density look by look. Sources: Armitage, McPherson & Rowe 1969; O'Brien & Fleming 1979; Pocock 1977;
//! Lan & DeMets 1983; Hwang, Shih & DeCani 1990; Jennison & Turnbull 2000; Cui, Hung & Wang 1999; Mehta & Pocock 2011.

mod boundary;
mod interim;
mod recursion;
mod sample_size;

pub use boundary::{Boundary, BoundaryError, Design, Efficacy, Futility, Spending};
pub use interim::{PromisingZone, ReEstimate, blinded_sample_size, conditional_power, predictive_drift, weighted_z};
pub use sample_size::{power_two_means, sample_size_two_means};
