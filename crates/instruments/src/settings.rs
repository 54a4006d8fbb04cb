//! The cut values that a study may replace. Each default is the reference of the field, kept apart from the bands.

use crate::unscorable::{Fault, Unscorable};
use serde::{Deserialize, Serialize};
use terms::Decimal;

/// The heart-rate correction of the QT interval that a study names for its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QtCorrection {
    /// QT/√RR.
    Bazett,
    /// QT/∛RR.
    Fridericia,
}

/// Limits of vital signs that hold a dose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holds {
    /// Highest systolic pressure that passes, mmHg.
    pub systolic_mmhg_max: Decimal,
    /// Highest diastolic pressure that passes, mmHg.
    pub diastolic_mmhg_max: Decimal,
    /// Highest temperature that passes, °C.
    pub temperature_c_max: Decimal,
}

/// Cut values; `Settings::default()` is the reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// CAPS-5: whether a severity rated unlikely to be trauma-related stays in the total (it never counts to the
    /// diagnosis). Public summaries leave it open; the default keeps it, with a warning.
    pub caps5_unlikely_in_total: bool,
    /// CAPS-5: lower edges of the bands above the lowest.
    pub caps5_band_edges: [i64; 4],
    /// CAPS-5: highest total that is remission once the diagnosis is lost.
    pub caps5_remission_max: i64,
    /// CAPS-5: a change of at most this is a response (negative = improvement).
    pub caps5_response_change: i64,
    /// PCL-5: probable PTSD from this total on (31 to 33 are in use).
    pub pcl5_cutoff: i64,
    /// PHQ-9: from this total on.
    pub phq9_cutoff: i64,
    /// GAD-7: from this total on (8 in some services).
    pub gad7_cutoff: i64,
    /// DES-II: further interview from this mean on.
    pub des2_cutoff: i64,
    /// EAT-26: referral from this total on.
    pub eat26_cutoff: i64,
    /// PSQI: poor sleep above this.
    pub psqi_poor_above: i64,
    /// PSQI: points for exactly seven hours of sleep (1; some code 0).
    pub psqi_seven_hours: i64,
    /// IASC: elevated from this T score on.
    pub iasc_elevated: i64,
    /// MEQ30: a factor is complete from this percentage on.
    pub meq30_complete_percent: i64,
    /// SUDS: the highest value of the scale that the protocol fixed: 7 (1–7), 10 or 100.
    pub suds_max: i64,
    /// Adherence: adherent from this percentage on.
    pub adherence_percent: i64,
    /// Urine drug screen: whether cannabis excludes.
    pub uds_thc_excludes: bool,
    /// ECG: which correction the limits apply to.
    pub qtc_correction: QtCorrection,
    /// ECG: a QTc above this excludes a man, ms.
    pub qtc_ms_max_male: i64,
    /// ECG: a QTc above this excludes a woman, ms.
    pub qtc_ms_max_female: i64,
    /// Vital signs: limits before the dose.
    pub pre_dose: Holds,
    /// Vital signs: limits before the supplement.
    pub pre_supplement: Holds,
    /// Laboratory: sodium below this stops dosing, mmol/L.
    pub sodium_stop_below: i64,
}

impl Settings {
    /// The reference values.
    pub const REFERENCE: Self = Self {
        caps5_unlikely_in_total: true,
        caps5_band_edges: [11, 23, 35, 47],
        caps5_remission_max: 11,
        caps5_response_change: -10,
        pcl5_cutoff: 33,
        phq9_cutoff: 10,
        gad7_cutoff: 10,
        des2_cutoff: 30,
        eat26_cutoff: 20,
        psqi_poor_above: 5,
        psqi_seven_hours: 1,
        iasc_elevated: 70,
        meq30_complete_percent: 60,
        suds_max: 10,
        adherence_percent: 80,
        uds_thc_excludes: false,
        qtc_correction: QtCorrection::Bazett,
        qtc_ms_max_male: 450,
        qtc_ms_max_female: 460,
        pre_dose: Holds {
            systolic_mmhg_max: Decimal::whole(140),
            diastolic_mmhg_max: Decimal::whole(90),
            temperature_c_max: Decimal::thousandths(37_500),
        },
        pre_supplement: Holds {
            systolic_mmhg_max: Decimal::whole(160),
            diastolic_mmhg_max: Decimal::whole(100),
            temperature_c_max: Decimal::thousandths(37_999),
        },
        sodium_stop_below: 130,
    };

    /// What can't hold among the values, named.
    pub fn faults(&self) -> Vec<Unscorable> {
        let mut wrong = Vec::new();
        let mut fault = |name: &str, found: String, needed: &str| {
            wrong.push(Unscorable::new(
                &format!("settings.{name}"),
                Fault::OutOfRange,
                found,
                needed,
                "mend the setting",
            ));
        };
        if !self.caps5_band_edges.is_sorted_by(|a, b| a < b) {
            fault("caps5_band_edges", format!("{:?}", self.caps5_band_edges), "four rising numbers");
        }
        if !matches!(self.suds_max, 7 | 10 | 100) {
            fault("suds_max", self.suds_max.to_string(), "7, 10 or 100");
        }
        if !matches!(self.psqi_seven_hours, 0 | 1) {
            fault("psqi_seven_hours", self.psqi_seven_hours.to_string(), "0 or 1");
        }
        for (name, percent) in
            [("meq30_complete_percent", self.meq30_complete_percent), ("adherence_percent", self.adherence_percent)]
        {
            if !(0..=100).contains(&percent) {
                fault(name, percent.to_string(), "0 to 100");
            }
        }
        wrong
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::REFERENCE
    }
}
