//! A list or a first stock that was sealed elsewhere, by a statistician who is not blind, say: lines of JSON, a heading first.
//! Whoever carries the file, or starts the store with it, learns no arm from it.
//!
//! Reading opens every row once, to see that the key is the right one and that the arms are the study's. Error texts name lines
//! and what to do, never an arm or a content that was read.

use crate::{
    list::SealedList,
    load::LoadFlaw,
    row::{SealedContainer, SealedRow},
    stock::FirstStock,
};
use chain::{Hash, Key, Sealed};
use conduct::command::{ContainerReport, DosePart};
use jiff::civil::Date;
use protocol::model::Study;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::{BTreeMap, BTreeSet};
use terms::{ContainerId, LevelId, SiteId};

/// The format that this program writes and reads.
const FORMAT: u32 = 1;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Heading {
    /// What is sealed: `allocation list` or `first stock`.
    sealed: String,
    format: u32,
    /// The study's id.
    study: String,
    /// Lines that follow.
    rows: u32,
    /// SHA-256 over all that follows, so that a file cut short or changed on the way is noticed before any key is tried.
    head: String,
}

const LIST: &str = "allocation list";
const STOCK: &str = "first stock";

/// A container as its label says, with its content closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StockLine {
    site: SiteId,
    container: ContainerId,
    part: DosePart,
    level: LevelId,
    lot: String,
    expires: Date,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seal: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pieces: Option<u32>,
    sealed: Sealed,
}

/// Whether a file is one of these rather than a table.
pub fn is_sealed(text: &[u8]) -> bool {
    text.trim_ascii_start().first() == Some(&b'{')
}

/// A sealed list as a file.
pub fn list_write(list: &SealedList, study: &Study) -> String {
    written(LIST, study, &list.rows)
}

/// A sealed first stock as a file.
pub fn stock_write(stock: &FirstStock, study: &Study) -> String {
    let sealed: BTreeMap<&ContainerId, &Sealed> =
        stock.sealed.iter().map(|one| (&one.container, &one.sealed)).collect();
    let lines: Vec<StockLine> = stock
        .labels
        .iter()
        .flat_map(|(site, labels)| labels.iter().map(move |label| (site, label)))
        .filter_map(|(site, label)| {
            Some(StockLine {
                site: site.clone(),
                container: label.container.clone(),
                part: label.part,
                level: label.level.clone(),
                lot: label.lot.clone(),
                expires: label.expires,
                seal: label.seal.clone(),
                kit: label.kit.clone(),
                pieces: label.pieces,
                sealed: Sealed::clone(sealed.get(&label.container)?),
            })
        })
        .collect();
    written(STOCK, study, &lines)
}

fn written(what: &str, study: &Study, rows: &[impl Serialize]) -> String {
    // Plain data into memory: this can't fail.
    let lines: Vec<String> = rows.iter().filter_map(|row| serde_json::to_string(row).ok()).collect();
    let heading = Heading {
        sealed: what.to_owned(),
        format: FORMAT,
        study: study.id.clone(),
        rows: u32::try_from(lines.len()).unwrap_or(u32::MAX),
        head: head_of(lines.iter().map(String::as_str)),
    };
    let heading = serde_json::to_string(&heading).unwrap_or_default();
    std::iter::once(heading).chain(lines).map(|line| line + "\n").collect()
}

fn head_of<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut bytes = Vec::new();
    for line in lines {
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
    }
    Hash::of(&bytes).to_string()
}

/// Reads a sealed list. Positions must run from 1 without a gap in each stratum, and every stratum (the sites that are opened)
/// must have rows.
///
/// # Errors
/// Every mistake at once; then nothing is taken over.
pub fn list_read(
    text: &[u8],
    study: &Study,
    strata: &BTreeSet<String>,
    key: &Key,
) -> Result<SealedList, Vec<LoadFlaw>> {
    let rows: Vec<(u64, SealedRow)> = read(text, LIST, study)?;
    let mut flaws = Vec::new();
    let mut places: BTreeMap<&str, BTreeMap<u32, u64>> = BTreeMap::new();
    let mut handles: BTreeMap<&str, u64> = BTreeMap::new();
    let mut unopened = Vec::new();
    for (line, row) in &rows {
        let mut flaw = |what: String| flaws.push(LoadFlaw { line: *line, what });
        if study.site(&row.stratum).is_none() {
            let known: Vec<&str> = study.sites.iter().map(|site| site.id.as_str()).collect();
            flaw(format!(
                "the study has no stratum \"{}\": use the ids of its sites, {}",
                row.stratum,
                known.join(", ")
            ));
        }
        if row.position == 0 {
            flaw("`position` is 0: positions run from 1".to_owned());
        }
        if let Some(earlier) = places.entry(&row.stratum).or_default().insert(row.position, *line) {
            flaw(format!(
                "position {} of stratum {} stands on line {earlier} already: leave one of them out",
                row.position, row.stratum
            ));
        }
        let hexadecimal = row.handle.len() == 32 && row.handle.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !hexadecimal {
            flaw("`handle` is not 32 hexadecimal digits: seal the list with `lifejacket seal list`".to_owned());
        }
        if let Some(earlier) = handles.insert(&row.handle, *line) {
            flaw(format!("the handle is that of line {earlier}: each row has one of its own"));
        }
        match row.open(key) {
            Err(_) => unopened.push(*line),
            Ok(opened) => {
                let arm = study.arms.iter().find(|arm| arm.id == *opened.arm());
                if arm.is_none_or(|arm| arm.content != opened.content()) {
                    flaw(
                        "the arm that is sealed here is none of the study's: seal the list with this study's files"
                            .to_owned(),
                    );
                }
            }
        }
    }
    flaws.extend(unopened_flaws(&unopened, rows.len()));
    for (stratum, rows) in &places {
        if let Some((gap, _)) = (1u32..).zip(rows.keys()).find(|(expected, found)| expected != *found) {
            let line = rows.values().next().copied().unwrap_or(0);
            let what = format!("stratum {stratum} has no position {gap}: positions run from 1 without a gap");
            flaws.push(LoadFlaw { line, what });
        }
    }
    for stratum in strata.iter().filter(|stratum| !places.contains_key(stratum.as_str())) {
        let what = format!("site {stratum} has no rows: seal a list with rows for it, or don't open it yet (--site)");
        flaws.push(LoadFlaw { line: 0, what });
    }
    if !flaws.is_empty() {
        return Err(flaws);
    }
    let mut rows: Vec<SealedRow> = rows.into_iter().map(|(_, row)| row).collect();
    rows.sort_by(|a, b| (&a.stratum, a.position).cmp(&(&b.stratum, b.position)));
    Ok(SealedList { rows })
}

/// Reads a sealed first stock.
///
/// # Errors
/// Every mistake at once; then nothing is taken over.
pub fn stock_read(text: &[u8], study: &Study, key: &Key) -> Result<FirstStock, Vec<LoadFlaw>> {
    let rows: Vec<(u64, StockLine)> = read(text, STOCK, study)?;
    let mut flaws = Vec::new();
    let mut seen: BTreeMap<ContainerId, u64> = BTreeMap::new();
    let mut unopened = Vec::new();
    let count = rows.len();
    let mut stock = FirstStock::default();
    for (line, row) in rows {
        let mut flaw = |what: String| flaws.push(LoadFlaw { line, what });
        if study.site(row.site.as_str()).is_none() {
            flaw(format!("the study has no site \"{}\": look at its sites", row.site));
        }
        if study.level(row.level.as_str()).is_none() {
            flaw(format!("the study has no dose level \"{}\": look at its doses", row.level));
        }
        if row.container.as_str().is_empty() {
            flaw("the container has no number: give the one on its label".to_owned());
        }
        if let Some(earlier) = seen.insert(row.container.clone(), line) {
            flaw(format!("container {} stands on line {earlier} already: leave one of them out", row.container));
        }
        let sealed = SealedContainer { container: row.container.clone(), sealed: row.sealed };
        match sealed.open(key) {
            Err(_) => unopened.push(line),
            Ok(content) if !study.arms.iter().any(|arm| arm.content == content) => {
                flaw(
                    "no arm of the study is given what is sealed here: seal the stock with this study's files"
                        .to_owned(),
                );
            }
            Ok(_) => {}
        }
        stock.sealed.push(sealed);
        stock.labels.entry(row.site).or_default().push(ContainerReport {
            container: row.container,
            part: row.part,
            level: row.level,
            lot: row.lot,
            expires: row.expires,
            seal: row.seal,
            kit: row.kit,
            pieces: row.pieces,
        });
    }
    flaws.extend(unopened_flaws(&unopened, count));
    if !flaws.is_empty() {
        return Err(flaws);
    }
    stock.sealed.sort_by(|a, b| a.container.cmp(&b.container));
    Ok(stock)
}

/// A wrong key is said once, changed rows one by one.
fn unopened_flaws(lines: &[u64], of: usize) -> Vec<LoadFlaw> {
    if lines.len() == of && of > 1 {
        let what = "no row opens with this key: give the key that the file was sealed with (--sealed-key)".to_owned();
        return vec![LoadFlaw { line: 0, what }];
    }
    let what = "it does not open: it was changed, or moved from its place, after it was sealed. Ask for the file again";
    lines.iter().map(|line| LoadFlaw { line: *line, what: what.to_owned() }).collect()
}

/// The rows with their lines, where heading and sum are right.
fn read<T: DeserializeOwned>(text: &[u8], what: &str, study: &Study) -> Result<Vec<(u64, T)>, Vec<LoadFlaw>> {
    let flaw = |line: u64, what: String| vec![LoadFlaw { line, what }];
    let text =
        std::str::from_utf8(text).map_err(|_| flaw(1, "the file is not text in UTF-8: ask for it again".to_owned()))?;
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let heading: Heading = serde_json::from_str(first).map_err(|error| {
        flaw(1, format!("the heading can't be read ({error}): seal the file with `lifejacket seal`"))
    })?;
    if heading.sealed != what {
        return Err(flaw(1, format!("this is a sealed {}, and a sealed {what} is needed", heading.sealed)));
    }
    if heading.format != FORMAT {
        let found = heading.format;
        return Err(flaw(
            1,
            format!("the file has format {found}, this program reads {FORMAT}: use the program that sealed it"),
        ));
    }
    if heading.study != study.id {
        return Err(flaw(1, format!("it was sealed for the study {}, and this is {}", heading.study, study.id)));
    }
    let rest: Vec<&str> = lines.collect();
    if rest.len() != heading.rows as usize {
        let what =
            format!("{} rows follow, the heading says {}: ask for the whole file again", rest.len(), heading.rows);
        return Err(flaw(1, what));
    }
    let mut flaws = Vec::new();
    let mut rows = Vec::new();
    for (number, line) in (2u64..).zip(&rest) {
        match serde_json::from_str(line) {
            Ok(row) => rows.push((number, row)),
            // The parser's words could quote what stands there, which may be anything.
            Err(_) => flaws.push(LoadFlaw {
                line: number,
                what: "it can't be read as a sealed row: ask for the file again".to_owned(),
            }),
        }
    }
    if flaws.is_empty() && rows.is_empty() {
        flaws.push(LoadFlaw { line: 0, what: "it has no rows: seal a list that has some".to_owned() });
    }
    // A changed row is named by its own line, where it can be; the sum catches what each row alone can't tell.
    let changed = head_of(rest.iter().copied()) != heading.head;
    match (flaws.is_empty(), changed) {
        (false, _) => Err(flaws),
        (true, true) => Err(flaw(
            1,
            "the rows are not those that were sealed (their sum differs): ask for the file again".to_owned(),
        )),
        (true, false) => Ok(rows),
    }
}
