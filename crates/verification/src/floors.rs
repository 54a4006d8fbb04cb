//! Floors of safety: what no study may go below, whatever its files say.
//!
//! They are no protocol's numbers. A study sets its own, and the rules keep to those; the floors say when a study's own
//! numbers are unsafe, so that a sponsor who writes such a file is shown how it leads to harm. Each lies well below what published
//! protocols ask for, so that no sound design meets one, and each has its source.

use serde::Serialize;

/// One floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Floor {
    /// Its id, as a harm names it.
    pub id: &'static str,
    /// The floor in words.
    pub sentence: &'static str,
    /// Why there.
    pub source: &'static str,
}

/// Days between two doses.
pub const INTERVAL_DAYS: i64 = 14;
/// People in the room at the swallow.
pub const CARERS: usize = 2;
/// Minutes between two proofs of one act.
pub const TOGETHER_MINUTES: i64 = 15;
/// Upper pressure, mmHg.
pub const SYSTOLIC: i64 = 180;
/// Lower pressure, mmHg.
pub const DIASTOLIC: i64 = 110;
/// Minutes within which pressure must have been measured before a dose or supplement.
pub const PRESSURE_MINUTES: i64 = 240;
/// Milligrams in one session, in thousandths.
pub const SESSION_MG: i64 = 187_500;
/// Milligrams of a first dose, in thousandths.
pub const FIRST_MG: i64 = 125_000;
/// Minutes after the first swallow before which a supplement is never opened.
pub const SUPPLEMENT_FROM: i64 = 60;
/// Minutes after which it is never opened.
pub const SUPPLEMENT_UNTIL: i64 = 180;
/// Minutes after the first swallow before which nobody leaves.
pub const LEAVING_MINUTES: i64 = 360;
/// Hours between the question about suicide risk and the dose.
pub const SUICIDE_RISK_HOURS: i64 = 24;
/// Days after the last dose of an inhibitor of monoamine oxidase.
pub const MAOI_DAYS: i64 = 14;
/// Inhibitors of monoamine oxidase, by generic name.
pub const MAOI: &[&str] = &["phenelzine", "tranylcypromine", "isocarboxazid", "selegiline"];
/// Minutes from the safe to the swallow.
pub const OUT_MINUTES: i64 = 24 * 60;

/// All of them, for the documentation.
pub const ALL: &[Floor] = &[
    Floor {
        id: "floor.interval",
        sentence: "Two dosing sessions of one person lie at least 14 days apart",
        source: "Published protocols ask for three to five weeks (Mitchell 2021 and 2023, ClinicalTrials.gov NCT03537014: 21 to 35 days); two weeks is the shortest of any phase 2 trial [recall]",
    },
    Floor {
        id: "floor.carers",
        sentence: "Two carers are in the room when a dose is swallowed, and nobody is left alone",
        source: "Two therapists throughout in every published protocol; FDA guidance on psychedelic drugs (June 2023): two monitors, one of them licensed [recall]",
    },
    Floor {
        id: "floor.together",
        sentence: "Two people who act together have both proved who they are within 15 minutes",
        source: "Two people, really two: a proof of this morning says nothing about who is here now (21 CFR 1301.71 and 11.200) [recall]",
    },
    Floor {
        id: "floor.pressure_known",
        sentence: "Nobody has a dose or supplement whose blood pressure was not measured in the four hours before",
        source: "MDMA raises systolic pressure by 20 to 40 mmHg (Vizeli and Liechti 2017); every published protocol measures before each dose [recall]",
    },
    Floor {
        id: "floor.pressure",
        sentence: "Nobody has a dose or supplement whose last pressure was 180/110 mmHg or more, nor a supplement after such a reading in the session",
        source: "Grade 3 hypertension, ESC/ESH guidelines 2018; no elective exertion or sympathomimetic at that pressure [recall]",
    },
    Floor {
        id: "floor.milligrams",
        sentence: "No more than 125 mg at first, 187.5 mg in one session, and a supplement of at most half the first dose",
        source: "Highest doses of published therapeutic trials: 125 mg and 62.5 mg (Mithoefer 2011, 2018) [recall]",
    },
    Floor {
        id: "floor.supplement",
        sentence: "A supplement is opened between 60 and 180 minutes after the first dose, or not at all",
        source: "Published protocols: 90 to 150 minutes; earlier it is not known how the first dose is borne, later it only lengthens the session [recall]",
    },
    Floor {
        id: "floor.leaving",
        sentence: "Nobody leaves by the clinic's leave within six hours of the first dose",
        source: "Effects last four to six hours (Vizeli and Liechti 2017); published protocols ask for eight hours or the night [recall]",
    },
    Floor {
        id: "floor.suicide_risk",
        sentence: "Suicide risk was asked within 24 hours before a dose, with no serious ideation and no behaviour",
        source: "FDA guidance on suicidal ideation and behaviour in trials (2012): at every visit with drug; every published protocol [recall]",
    },
    Floor {
        id: "floor.maoi",
        sentence: "No inhibitor of monoamine oxidase within 14 days before a dose",
        source: "Serotonin toxicity, with deaths on record (Vuori 2003); labels of phenelzine and tranylcypromine: 14 days [recall]",
    },
    Floor {
        id: "floor.out",
        sentence: "Nothing that can be swallowed is out of the safe for longer than a day",
        source: "No take-home dose; 21 CFR 1301.75 (Schedule I in a safe) [recall]",
    },
];
