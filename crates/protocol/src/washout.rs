//! Days of washout, as the study's rule gives them.

use crate::model::{MedicationPlan, Medicine, MedicineClass, MedicineRule};

impl MedicationPlan {
    /// Days by the half-life rule: the half-lives in whole days, rounded up, and the days added after them. `None` where
    /// no half-life is given.
    pub fn days_by_half_life(&self, medicine: &Medicine) -> Option<u32> {
        let half_lives = medicine.half_life_hours?.as_thousandths().checked_mul(i64::from(self.half_lives))?;
        let day = 24_000;
        let days = half_lives.checked_add(day - 1)? / day;
        u32::try_from(days).ok()?.checked_add(self.plus_days)
    }

    /// Days that must have passed since the last dose of a medicine: its own where the study gives them, else the
    /// half-life rule or the class's floor, whichever is more. `None` for classes without a washout.
    pub fn washout_days(&self, class: &MedicineClass, medicine: &Medicine) -> Option<u32> {
        let floor = match class.rule {
            MedicineRule::Washout { days_min } | MedicineRule::Prohibited { days_min } => days_min,
            MedicineRule::Rescue { .. } | MedicineRule::Stable { .. } | MedicineRule::Allowed => return None,
        };
        medicine.days.or_else(|| Some(floor.max(self.days_by_half_life(medicine).unwrap_or(0))))
    }
}
