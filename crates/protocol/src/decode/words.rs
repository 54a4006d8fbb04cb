//! The closed lists of words that study files use.

use crate::{
    item::Words,
    model::{
        AlarmLevel, ApprovalScope, BlockOn, CodeMeaning, Content, CriterionKind, DeviationClass, Duty, Failing,
        FieldSource, Judged, LossCause, Masking, NeededFrom, Overnight, Reconsent, RoleScope, StockUse, Trigger,
        VisitKind, VisitMode,
    },
};

macro_rules! words {
    ($($type:ident { $($word:literal => $variant:ident),+ $(,)? })+) => {$(
        impl Words for $type {
            const ALL: &'static [(&'static str, Self)] = &[$(($word, Self::$variant)),+];
        }
    )+};
}

words! {
    Masking { "open" => Open, "double_blind" => DoubleBlind }
    Reconsent { "none" => None, "in_treatment" => InTreatment, "all" => All }
    RoleScope { "site" => Site, "trial" => Trial, "own" => Own }
    Content { "active" => Active, "placebo" => Placebo }
    VisitKind {
        "screening" => Screening, "preparation" => Preparation, "baseline" => Baseline, "dosing" => Dosing,
        "integration" => Integration, "call" => Call, "rating" => Rating, "termination" => Termination,
        "early_termination" => EarlyTermination, "follow_up" => FollowUp, "unscheduled" => Unscheduled,
    }
    VisitMode { "on_site" => OnSite, "remote" => Remote, "either" => Either, "phone" => Phone }
    CriterionKind { "inclusion" => Inclusion, "exclusion" => Exclusion }
    Judged { "auto" => Auto, "attest" => Attest, "judge" => Judge }
    AlarmLevel { "info" => Info, "amber" => Amber, "red" => Red, "black" => Black }
    CodeMeaning {
        "drink" => Drink, "not_asked" => NotAsked, "touch_offered" => TouchOffered, "touch_accepted" => TouchAccepted,
        "touch_declined" => TouchDeclined, "touch_ended" => TouchEnded, "no_touch" => NoTouch, "stop_word" => StopWord,
        "rescue" => Rescue, "vomited" => Vomited,
    }
    BlockOn { "amber" => Amber, "red" => Red }
    Failing { "refuse" => Refuse, "prescriber" => Prescriber, "warn" => Warn }
    Overnight { "required" => Required, "optional" => Optional, "none" => None }
    DeviationClass { "minor" => Minor, "important" => Important }
    StockUse { "order" => Order, "transfer" => Transfer, "destruction" => Destruction, "notice" => Notice }
    LossCause {
        "clerical" => Clerical, "breakage" => Breakage, "overage" => Overage, "missing" => Missing, "theft" => Theft,
    }
    FieldSource {
        "site" => Site, "discovered" => Discovered, "substance" => Substance, "containers" => Containers,
        "container_count" => ContainerCount, "piece_count" => PieceCount, "lots" => Lots, "found" => Found,
        "people" => People,
    }
    NeededFrom { "delegation" => Delegation, "dosing" => Dosing }
    ApprovalScope { "site" => Site, "participant" => Participant }
    Duty {
        "coordinate" => Coordinate, "take_consent" => TakeConsent, "record_data" => RecordData,
        "decide_eligibility" => DecideEligibility, "randomise" => Randomise, "prescribe" => Prescribe,
        "facilitate" => Facilitate, "lead_session" => LeadSession, "nurse" => Nurse, "dispense_drug" => DispenseDrug,
        "witness_drug" => WitnessDrug, "rate_outcomes" => RateOutcomes, "monitor" => Monitor,
        "monitor_medically" => MonitorMedically, "manage_data" => ManageData, "lead_site" => LeadSite,
        "administer_trial" => AdministerTrial, "break_code" => BreakCode, "inspect" => Inspect,
        "attend_night" => AttendNight, "participate" => Participate,
    }
    Trigger {
        "visit_early" => VisitEarly, "visit_late" => VisitLate, "visit_missed" => VisitMissed,
        "visit_out_of_order" => VisitOutOfOrder, "activity_missed" => ActivityMissed, "interval_long" => IntervalLong,
        "interval_short" => IntervalShort, "ineligible" => Ineligible, "prohibited_medicine" => ProhibitedMedicine,
        "dose_unauthorised" => DoseUnauthorised, "dose_wrong_container" => DoseWrongContainer,
        "dose_twice" => DoseTwice, "dose_vomited" => DoseVomited,
        "supplement_outside_window" => SupplementOutsideWindow,
        "dose_unwitnessed" => DoseUnwitnessed, "carers_below_minimum" => CarersBelowMinimum,
        "participant_alone" => ParticipantAlone, "vitals_late" => VitalsLate, "vitals_missed" => VitalsMissed,
        "limit_amber" => LimitAmber, "limit_red" => LimitRed,
        "touch_not_agreed" => TouchNotAgreed, "may_be_harm" => MayBeHarm, "night_check_late" => NightCheckLate,
        "consent_late" => ConsentLate,
        "wrong_person" => WrongPerson, "ground_withdrawn" => GroundWithdrawn, "stock_variance" => StockVariance,
        "suicide_risk" => SuicideRisk, "serious_adverse_event" => SeriousAdverseEvent,
        "rater_unblinded" => RaterUnblinded, "code_broken" => CodeBroken, "silence" => Silence,
        "left_early" => LeftEarly, "wrong_participant" => WrongParticipant,
        "after_lock" => AfterLock,
    }
}

/// The word of a value.
pub fn word_of<T: Words + PartialEq>(value: T) -> &'static str {
    T::ALL.iter().find(|(_, known)| *known == value).map_or("", |(word, _)| *word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_serialised_names() {
        for (word, trigger) in Trigger::ALL {
            assert_eq!(serde_json::to_value(trigger).unwrap(), *word);
        }
        for (word, duty) in <Duty as Words>::ALL {
            assert_eq!(duty.name(), *word);
        }
        assert_eq!(<Duty as Words>::ALL.len(), Duty::ALL.len());
    }
}
