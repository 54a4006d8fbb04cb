//! The rules: decide, apply, ask, due, view
