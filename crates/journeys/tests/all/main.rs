//! Whole-programme tests, all modules of one binary.

mod arrows;
