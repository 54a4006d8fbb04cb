//! The first session of a participant, brought as far as a test needs it.

use super::{Clinic, study};
use protocol::model::Study;

/// The morning of the first session, before anything was done.
pub fn booked(change: impl Fn(&mut Study)) -> Clinic {
    let mut study = study::study("1");
    change(&mut study);
    let mut clinic = Clinic::new(study).assigned();
    clinic.clock("2025-03-30 15:00");
    clinic.book("ES1", "2025-03-31");
    clinic
}

pub fn ordered() -> Clinic {
    let mut clinic = booked(|_| {});
    clinic.all("2025-03-30 15:05 prescriber!: order 80+40");
    clinic.clock("2025-03-31 08:30");
    clinic
}

/// The morning, in time and in order.
pub const CHECKS: &str = "
    08:40 lead: check identity identifiers yes
    08:40 lead: check reaffirmed free yes
    08:40 lead: check contraindications new_illness no
    08:40 lead: check pregnancy positive no
    09:40 lead: check pressure systolic 135 diastolic 85
    09:30 lead: form suicide_risk ideation 1 behaviour no
    09:30 lead: check suicide_risk ideation 1 behaviour no
    09:30 lead: check emergency_contact reached yes
    09:35 prescriber!: check physician_go go yes
    09:40 lead: come
    09:40 co: come
";

/// Everything done, the containers in the room.
pub fn ready_with(change: impl Fn(&mut Study)) -> Clinic {
    let mut clinic = booked(change);
    clinic.all("2025-03-30 15:05 prescriber!: order 80+40");
    clinic.clock("2025-03-31 08:30");
    clinic.all(CHECKS);
    clinic.all("09:50 pharmacist+witness: release K1 K2");
    clinic
}

pub fn dosed_with(change: impl Fn(&mut Study)) -> Clinic {
    let mut clinic = ready_with(change);
    clinic.all(
        "09:55 lead: reading systolic 136 diastolic 84 pulse 78 temperature 36.8
         10:01 lead+co: allow K1
         10:02 lead+co: swallow K1 2",
    );
    clinic
}

/// At +98, with a reading at +97: the supplement would be allowed.
pub fn at_the_supplement(change: impl Fn(&mut Study)) -> Clinic {
    let mut clinic = dosed_with(change);
    clinic.all("11:39 lead: reading systolic 150 diastolic 90 pulse 95 temperature 37.4");
    clinic
}
