//! The report typeset: the same title page, words, tables and figures as in the HTML, as A4 sheets in a PDF.
//!
//! [`sheets`] says what stands on the sheets, as data; `sheets.typ` says how they look; `typesetter` brings both together. That one
//! stands behind the feature `pdf`, since the library under it takes longer to build than everything else here; without it [`pdf`]
//! says so. Nothing is read from disk or network, and there is no clock: the same report gives the same bytes.

pub mod sheets;
#[cfg(feature = "pdf")]
mod typesetter;

use analysis::Report;

/// Whether this build can typeset.
pub const BUILT: bool = cfg!(feature = "pdf");

/// Why there is no PDF.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTypeset {
    /// This build has no typesetter.
    #[error(
        "this program was built without its typesetter, so there is no PDF: print report.html from a browser, or build with `--features pdf`"
    )]
    NotBuilt,
    /// The typesetter refused what it was given; a fault of ours.
    #[error("the report could not be typeset: {0}")]
    Refused(String),
}

/// The report as PDF.
///
/// # Errors
/// [`NotTypeset::NotBuilt`] without the feature `pdf`; [`NotTypeset::Refused`] when the sheets don't compile.
pub fn pdf(report: &Report) -> Result<Vec<u8>, NotTypeset> {
    #[cfg(feature = "pdf")]
    {
        typesetter::typeset(&sheets::sheets(report))
    }
    #[cfg(not(feature = "pdf"))]
    {
        let _ = report;
        Err(NotTypeset::NotBuilt)
    }
}
