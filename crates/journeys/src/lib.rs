//! Whole-programme tests; never shipped
