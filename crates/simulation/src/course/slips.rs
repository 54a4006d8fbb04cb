//! Things done wrong on purpose, so that rules are seen to refuse and unreadable facts to be answered.
//!
//! Each kind is taken at its first fitting opportunity where the scenario says so, and at random after that.

use crate::{
    random::{Purpose, Stream},
    scenario::Scenario,
};
use std::collections::BTreeSet;

/// One kind of slip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Slip {
    // setting up
    UnknownVersion,
    VersionTwice,
    UnplannedSite,
    SiteTwice,
    ActivateUnstaffed,
    ListTooShort,
    ListTwice,
    RoleOfASite,
    RoleTwice,
    DelegateBackwards,
    DelegateTwice,
    CoverNobody,
    RaterTreats,
    LeadHimself,
    CapTooLow,
    NotAdministrator,
    AmendsNothing,
    // the safe
    AcceptAlone,
    AcceptUnknown,
    AcceptTwice,
    AcceptSetAside,
    ReceiveTwice,
    ReceiveNonsense,
    CountTwice,
    DestroyUsable,
    DestroyAlone,
    DestroyGone,
    DestroySilently,
    ReturnOpened,
    LiftNothing,
    LiftSilently,
    HoldSilently,
    // coming and going
    ConsentUnknownVersion,
    ConsentNotByTheirs,
    BookInThePast,
    BookWithoutConsent,
    BookOutside,
    BookOutOfOrder,
    BookUnknown,
    BookTooSoon,
    BookAfterDone,
    EnrolEarly,
    EnrolUnsigned,
    EnrolTwice,
    EnrolOnHold,
    CapReached,
    RescreenTooOften,
    RandomiseUnsigned,
    RandomiseEarly,
    RandomiseFull,
    RandomiseExhausted,
    FormUnknown,
    FormOutOfRange,
    FormInTheFuture,
    FormUnknownField,
    CorrectStale,
    CorrectNothing,
    StrikeSilently,
    VisitUnknown,
    VisitTomorrow,
    MedicineAhead,
    EventBackwards,
    DocumentWithoutHash,
    NoteWithoutWords,
    StopWithoutReason,
    StopEnquiry,
    DeclineAfterConsent,
    TaskTwice,
    TransferNowhere,
    TransferInSession,
    MoveNowhere,
    MoveWithoutConsent,
    BreakSilently,
    ApprovalUnknown,
    RequestTwice,
    TakeTaken,
    TakeBySiteStaff,
    TakeAgain,
    TakeByMoonlighter,
    RateUnasked,
    CompleteEarly,
    CompleteWithTask,
    EnrolWhereClosed,
    CloseUnbegun,
    // the dosing day
    OrderUnsigned,
    OrderAhead,
    OrderUnknownLevel,
    OrderWithoutReason,
    OrderTwice,
    OrderTooEarly,
    SessionUnknown,
    ReleaseAlone,
    ReleaseTwice,
    ReleaseUnordered,
    ReleasePickedUnfit,
    DoseAlone,
    DoseUnchecked,
    DoseWrongContainer,
    DoseTwice,
    DoseLate,
    DoseAfterRescue,
    SupplementEarly,
    SupplementLate,
    SupplementStale,
    SupplementTwice,
    SupplementBeforeDose,
    DischargeEarly,
    DischargeAlone,
    DischargeWithContainer,
    CloseEarly,
    CloseUnsigned,
    CloseTwice,
    ReadingImpossible,
    ReadingSwapped,
    NightNonsense,
    CardUnknown,
    HandoverAlone,
    AlarmTwice,
    CloseBeforeSigned,
    NoteUnknownCode,
    NotGivenUnknownCode,
    SwallowNothing,
    CheckUnknown,
    AgreeNothing,
    DepartureTooLong,
    DischargeBeforeDose,
    SupplementUnordered,
    BreachBefore,
    RiskOnTheDay,
    LongPause,
    LateGate,
    WarmOnTheWay,
    RaterMoonlights,
    DelegationLapses,
    FormByAnother,
    // what the world does
    AlarmUnheard,
    ReadingMistyped,
    ReadingHeldBack,
    ReadingUnlikely,
    ClockWrong,
    NoteMistyped,
    NoteStruck,
    NightSkipped,
    NightSign,
    TouchUnagreed,
    MuchDrunk,
    RescueGiven,
    WentAlone,
    NoTouchWished,
    SwallowsUnallowed,
    SwallowsOther,
    LeftAlone,
    VomitsSoon,
    SevereInSession,
    StoppedEarly,
    GroundGoes,
    LeavesEarly,
    ToHospital,
    SupplementAnyway,
    ReportedDeviation,
    HoldOnOne,
    CalledBack,
    Dropped,
}

/// Draws slips, and remembers which have been taken.
#[derive(Debug)]
pub(crate) struct Slips {
    rate: f64,
    each_once: bool,
    taken: BTreeSet<Slip>,
    stream: Stream,
}

impl Slips {
    pub(crate) fn new(scenario: &Scenario, seed: u64) -> Self {
        Self {
            rate: scenario.slips.rate,
            each_once: scenario.slips.each_once,
            taken: BTreeSet::new(),
            stream: Stream::new(seed, 0, Purpose::Slips),
        }
    }

    /// Whether this opportunity is taken.
    pub(crate) fn taken(&mut self, slip: Slip) -> bool {
        let drawn = self.stream.chance(self.rate);
        if self.each_once && self.taken.insert(slip) {
            return true;
        }
        drawn
    }

    /// Whether this opportunity is taken, where it is to happen once at most.
    pub(crate) fn once(&mut self, slip: Slip) -> bool {
        self.each_once && self.taken.insert(slip)
    }
}
