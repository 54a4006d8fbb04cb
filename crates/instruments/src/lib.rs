//! Scales: items, scoring, missing-data rules, severity bands
