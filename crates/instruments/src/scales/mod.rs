//! The instruments, one file a family. Each is a table of items and scales; what a table can't say is a function.

pub mod alliance;
pub mod burden;
pub mod caps5;
pub mod conduct_of_trial;
pub mod cssrs;
pub mod diagnostic;
pub mod dissociation;
pub mod eq5d5l;
pub mod event_forms;
pub mod itq;
pub mod laboratory;
pub mod measurement;
pub mod mood;
pub mod pcl5;
pub mod sds;
pub mod self_report;
pub mod session;
pub mod sleep;
pub mod substances;
pub mod trauma_history;

use crate::instrument::Instrument;

/// Every instrument, in the order of the documentation.
pub(crate) static ALL: [&Instrument; 45] = [
    &caps5::CAPS5,
    &sds::SDS,
    &pcl5::PCL5,
    &mood::BDI2,
    &mood::PHQ9,
    &mood::GAD7,
    &cssrs::CSSRS,
    &trauma_history::LEC5,
    &trauma_history::ACE,
    &dissociation::DES2,
    &dissociation::DSPI,
    &diagnostic::SCID5PD,
    &diagnostic::MINI7,
    &eq5d5l::EQ5D5L,
    &sleep::PSQI,
    &sleep::ISI,
    &substances::AUDIT,
    &substances::DUDIT,
    &itq::ITQ,
    &self_report::PTGI,
    &self_report::TAS20,
    &self_report::SCS,
    &self_report::IASC,
    &self_report::EAT26,
    &burden::UFEC,
    &burden::CPGS,
    &burden::HPQSF,
    &session::SUDS,
    &session::MEQ30,
    &alliance::WAI_SR,
    &alliance::WAI_SRT,
    &alliance::STAR_P,
    &alliance::STAR_C,
    &alliance::CEQ,
    &alliance::SETS,
    &conduct_of_trial::GUESS,
    &conduct_of_trial::ADHERENCE,
    &conduct_of_trial::RATER_SESSION,
    &measurement::VITALS,
    &measurement::ECG,
    &laboratory::LABS,
    &laboratory::UDS,
    &laboratory::PREGNANCY,
    &event_forms::AE,
    &event_forms::CONMED,
];
