//! Heads as text, to be written down elsewhere: on paper, in a mail to the sponsor, in another system.
//!
//! ```text
//! lifejacket heads v1
//! sealed 260 <64 digits>
//! site/S01 4711 <64 digits>
//! trial 41 <64 digits>
//! ```
//!
//! The first line names what it is, so that another kind of line (a signature over those above it, say) can come under
//! another name and is never passed over by a reader that doesn't know it.

use crate::{Head, link::ChainName};
use std::collections::BTreeMap;

/// The first line.
const TITLE: &str = "lifejacket heads v1";

/// Why a text is no list of heads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct HeadsFlaw {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

/// The heads as text.
pub fn heads_write(heads: &BTreeMap<ChainName, Head>) -> String {
    let lines = heads.iter().map(|(chain, head)| format!("{chain} {} {}\n", head.position, head.hash));
    std::iter::once(format!("{TITLE}\n")).chain(lines).collect()
}

/// Reads heads back. Blank lines, and spaces around a line, are nothing; a chain may stand in it more than once, as it went on.
///
/// # Errors
/// The first line that is no head.
pub fn heads_read(text: &str) -> Result<Vec<(ChainName, Head)>, HeadsFlaw> {
    let mut lines = text.lines().enumerate().map(|(n, line)| (n + 1, line.trim())).filter(|(_, line)| !line.is_empty());
    let first = lines.next();
    if first.is_none_or(|(_, line)| line != TITLE) {
        let line = first.map_or(1, |(line, _)| line);
        return Err(HeadsFlaw {
            line,
            what: format!("it should begin with `{TITLE}`, as `verify --print-heads` writes it"),
        });
    }
    let heads: Vec<(ChainName, Head)> =
        lines.map(|(number, line)| head_read(number, line)).collect::<Result<_, _>>()?;
    match heads.is_empty() {
        true => Err(HeadsFlaw { line: 1, what: "there is no head in it".to_owned() }),
        false => Ok(heads),
    }
}

fn head_read(number: usize, line: &str) -> Result<(ChainName, Head), HeadsFlaw> {
    let flaw = |what: String| HeadsFlaw { line: number, what };
    // From the end: nothing keeps a site's id from having a space in it.
    let mut parts = line.rsplitn(3, ' ');
    let (Some(hash), Some(position), Some(chain)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(flaw("needed a chain, a position and a hash, with a space between them".to_owned()));
    };
    let hash = hash.parse().map_err(|error| flaw(format!("{error}")))?;
    let position = position.parse().map_err(|_| flaw(format!("`{position}` is no position")))?;
    Ok((chain.parse().map_err(|error| flaw(format!("{error}")))?, Head { hash, position }))
}
