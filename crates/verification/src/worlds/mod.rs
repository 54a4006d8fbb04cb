//! The worlds that are explored: each a place in the study from which a harm could be near, with everything that people might do there.
//!
//! One world of everything would never end. These overlap instead: each begins where something is about to be allowed, with all that the
//! rule asks for in order, and its alphabet is what breaks that, what mends it, and the act itself by the right people and the wrong ones.

mod approvals;
mod bedside;
mod dose;
mod drug;
mod erasure;
mod gates;
mod leaving;
mod order;
mod paper;
mod safe;
mod staffing;
mod supplement;
mod together;
mod variants;
mod visits;

use crate::{
    search::World,
    stage::{Stage, Why},
};

/// Makes a world, or says why this study has none such.
pub type Make = fn(&Stage) -> Result<World, Why>;

/// All worlds by name, in the order of the study's course.
pub const ALL: &[(&str, Make)] = &[
    ("gates", gates::gate_one),
    ("second gate", gates::gate_two),
    ("late gate", gates::late),
    ("assignment", gates::assignment),
    ("screened again", gates::again),
    ("appointments", visits::appointments),
    ("ratings", visits::ratings),
    ("the last visit", visits::last),
    ("order", order::first),
    ("second session", order::second),
    ("long pause", order::pause),
    ("too much ordered", variants::too_much),
    ("one session too many", variants::count),
    ("release", order::release),
    ("approvals", approvals::running_out),
    ("dose", dose::dose),
    ("ground of the dose", dose::ground),
    ("people of the dose", dose::people),
    ("certificates of the dose", dose::certificates),
    ("evening", variants::evening),
    ("swallow", dose::swallow),
    ("company", supplement::company),
    ("misread", supplement::misread),
    ("two sessions", together::two),
    ("supplement", supplement::supplement),
    ("limits of the supplement", supplement::limits),
    ("half a dose", variants::half),
    ("vomiting", variants::vomiting),
    ("supplement over the most", variants::over),
    ("leaving", leaving::leaving),
    ("close", leaving::closing),
    ("signatures", leaving::signatures),
    ("safe", safe::safe),
    ("differences", drug::differences),
    ("papers of the drug", drug::papers),
    ("erasure", erasure::erasing),
    ("staffing", staffing::staffing),
    ("a new site", staffing::opening),
    ("versions", paper::versions),
    ("lock", paper::lock),
];
