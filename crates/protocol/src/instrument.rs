//! What instruments yield, as names of expressions.

use crate::expression::{Kind, Scope};

/// The scores, decisions and texts of an instrument by name; `None` for an unknown instrument.
pub fn outputs(id: &str) -> Option<Scope> {
    const KNOWN: &[(&str, &str, &str)] = &[
        ("caps5", "total b_severity c_severity d_severity e_severity", "diagnosis dissociative_subtype"),
        ("sds", "mean total", ""),
        ("pcl5", "total", "provisional_diagnosis"),
        (
            "cssrs",
            "ideation_max ordinal attempts lifetime_ideation_max",
            "ideation serious_ideation behaviour self_injury",
        ),
        ("mini7", "suicidality", "exclude_bipolar_1 exclude_psychosis exclude_eating_disorder_purging any_exclusion"),
        (
            "scid5pd",
            "n_present",
            "any paranoid schizoid schizotypal antisocial borderline histrionic narcissistic avoidant obsessive_compulsive",
        ),
        ("dspi", "", "dissociative_subtype"),
        ("des2", "total", "above_cutoff"),
        ("lec5", "direct_exposure_count", "criterion_a"),
        ("ace", "total", "high"),
        ("bdi2", "total", "suicidal_thoughts"),
        ("phq9", "total", "suicidal_thoughts"),
        ("audit", "total", ""),
        ("dudit", "total", ""),
        ("psqi", "global", ""),
        ("eq5d5l", "", ""),
        ("suds", "rating", ""),
    ];
    let (_, scores, decisions) = KNOWN.iter().find(|(known, _, _)| *known == id)?;
    let named = |names: &str, kind: Kind| -> Vec<(String, Kind)> {
        names.split_whitespace().map(|name| (name.to_owned(), kind)).collect()
    };
    Some(named(scores, Kind::Decimal).into_iter().chain(named(decisions, Kind::Bool)).collect())
}
