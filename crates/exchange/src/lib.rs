//! Exports and imports: one module a standard
