//! Whole-programme tests live in `tests/all`: one binary, one link. Nothing here is shipped.
