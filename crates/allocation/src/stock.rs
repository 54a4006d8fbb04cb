//! First stock that was packed elsewhere: a table with the columns `site`, `container`, `content`, `part`, `level`, `lot` and
//! `expires`. Labels go to the site's stock, contents are sealed as they are read.
//!
//! Error texts name lines and columns, never a content that was read.

use crate::{
    load::LoadFlaw,
    row::{SealedContainer, nonce_draw},
    seed::Seed,
};
use chain::Key;
use conduct::command::{ContainerReport, DosePart};
use jiff::civil::Date;
use protocol::model::{Content, Study};
use std::collections::{BTreeMap, BTreeSet};
use terms::{ContainerId, SiteId};

/// Containers by site as their labels say, and what they hold, sealed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FirstStock {
    /// Labels by site.
    pub labels: BTreeMap<SiteId, Vec<ContainerReport>>,
    /// Contents, for the sealed service alone, in the order of the numbers.
    pub sealed: Vec<SealedContainer>,
}

const COLUMNS: [&str; 7] = ["site", "container", "content", "part", "level", "lot", "expires"];

/// Reads and seals a stock table.
///
/// # Errors
/// Every mistake in the table at once; then nothing is taken over.
pub fn stock_load(table: &[u8], study: &Study, key: &Key, seed: &Seed) -> Result<FirstStock, Vec<LoadFlaw>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(table);
    let headers = reader.headers().cloned().unwrap_or_default();
    let places: Vec<Option<usize>> = COLUMNS.iter().map(|name| headers.iter().position(|h| h == *name)).collect();
    let absent: Vec<&str> =
        COLUMNS.iter().zip(&places).filter(|(_, place)| place.is_none()).map(|(name, _)| *name).collect();
    if !absent.is_empty() {
        return Err(vec![LoadFlaw { line: 1, what: format!("the heading lacks {}", absent.join(", ")) }]);
    }
    let mut flaws = Vec::new();
    let mut seen = BTreeSet::new();
    let mut contents: BTreeMap<ContainerId, Content> = BTreeMap::new();
    let mut stock = FirstStock::default();
    for record in reader.records() {
        let Ok(record) = record else {
            flaws.push(LoadFlaw { line: 0, what: "a line can't be read as a table row in UTF-8".to_owned() });
            continue;
        };
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |column: usize| places.get(column).copied().flatten().and_then(|p| record.get(p)).unwrap_or("");
        let mut flaw = |what: String| flaws.push(LoadFlaw { line, what });
        let site = study.site(cell(0));
        if site.is_none() {
            flaw(format!("the study has no site \"{}\"", cell(0)));
        }
        let container = ContainerId::from(cell(1));
        if container.as_str().is_empty() || !seen.insert(container.clone()) {
            flaw(format!("container number \"{container}\" is empty or stands twice"));
        }
        let content = match cell(2) {
            "active" => Some(Content::Active),
            "placebo" => Some(Content::Placebo),
            _ => None,
        };
        if content.is_none_or(|content| !study.arms.iter().any(|arm| arm.content == content)) {
            flaw("`content` is neither `active` nor `placebo`, or no arm of the study is given it".to_owned());
        }
        let part = match cell(3) {
            "initial" => Some(DosePart::Initial),
            "supplement" => Some(DosePart::Supplement),
            _ => None,
        };
        if part.is_none() {
            flaw(format!("`part` is \"{}\": needed `initial` or `supplement`", cell(3)));
        }
        let level = study.level(cell(4));
        if level.is_none() {
            flaw(format!("the study has no dose level \"{}\"", cell(4)));
        }
        let expires = cell(6).parse::<Date>().ok();
        if expires.is_none() {
            flaw(format!("`expires` is \"{}\": needed a day as 2027-06-30", cell(6)));
        }
        if let (Some(site), Some(content), Some(part), Some(level), Some(expires)) =
            (site, content, part, level, expires)
        {
            contents.insert(container.clone(), content);
            let lot = cell(5).to_owned();
            stock.labels.entry(site.id.clone()).or_default().push(ContainerReport {
                container,
                part,
                level: level.id.clone(),
                lot,
                expires,
                seal: None,
                kit: None,
                pieces: None,
            });
        }
    }
    if !flaws.is_empty() {
        return Err(flaws);
    }
    let mut nonces = seed.stream("nonces of containers");
    for (container, content) in contents {
        let sealed = SealedContainer::seal(key, nonce_draw(&mut nonces), container, content)
            .map_err(|_| vec![LoadFlaw { line: 0, what: "a content could not be sealed".to_owned() }])?;
        stock.sealed.push(sealed);
    }
    Ok(stock)
}
