//! The whole report: what it is of, under which lock, and its parts in the plan's order.

use crate::{
    input::{Allocation, Checkpoint, Frozen, Input, Lock, Query, queries},
    parts,
    record::ReadError,
    run::Run,
    table::{Block, Cell, Section, Table},
};

/// How far the allocation is known in a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The record is locked and the allocation opened.
    Final,
    /// Arms are made up.
    Dummy(u64),
    /// Arms are not shown.
    Blinded,
    /// There is one arm and everybody knows.
    Open,
}

impl Standing {
    /// In a few words, for a line or a column.
    pub fn words(self) -> String {
        match self {
            Self::Final => "final: allocation opened after the lock".to_owned(),
            Self::Dummy(seed) => format!("rehearsal: dummy allocation with seed {seed}"),
            Self::Blinded => "blinded: all arms together".to_owned(),
            Self::Open => "open: one arm and known to everybody".to_owned(),
        }
    }

    /// What must be said on every page, if anything.
    pub fn warning(self) -> Option<String> {
        match self {
            Self::Final | Self::Open => None,
            Self::Dummy(seed) => Some(format!(
                "REHEARSAL WITH A DUMMY ALLOCATION (seed {seed}). Arms are made up: no difference here means anything."
            )),
            Self::Blinded => Some("BLINDED. The record is not locked: all arms together.".to_owned()),
        }
    }
}

/// A report as data.
#[derive(Debug, Clone)]
pub struct Report {
    /// The study's title.
    pub title: String,
    /// Study id, version and hash.
    pub study: (String, String, String),
    /// Hash of the analysis plan.
    pub plan: String,
    /// How far arms are known.
    pub standing: Standing,
    /// The freezing of the plan.
    pub frozen: Option<Frozen>,
    /// The lock.
    pub lock: Option<Lock>,
    /// Where in the record.
    pub checkpoint: Checkpoint,
    /// Every query that was asked.
    pub queries: Vec<Query>,
    /// Sections in order.
    pub sections: Vec<Section>,
}

impl Report {
    /// All tables in order.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.sections.iter().flat_map(tables_of)
    }

    /// The table with this name.
    pub fn table(&self, id: &str) -> Option<&Table> {
        self.tables().find(|table| table.id == id)
    }

    /// What the first page says of the report: names and values.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let checkpoint = &self.checkpoint;
        let mut facts = vec![
            ("Data as recorded until", format!("{:.0}", checkpoint.recorded_at)),
            ("Record", format!("{} entries, checkpoint {}", checkpoint.entries, checkpoint.digest)),
            ("Study version", self.study.2.clone()),
            ("Analysis plan", self.plan.clone()),
        ];
        let frozen = self.frozen.as_ref();
        facts.push((
            "Plan frozen",
            frozen.map_or("no".to_owned(), |one| format!("{}, signed by {}", one.day, one.signed_by)),
        ));
        match &self.lock {
            Some(lock) => {
                facts.push(("Locked", format!("{}, signed by {}", lock.day, lock.signed_by)));
                if !lock.open.is_empty() {
                    let open: Vec<String> = lock.open.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
                    let reason = lock.reason.as_deref().unwrap_or("no reason given");
                    facts.push(("Open at the lock", format!("{}. {reason}", open.join(", "))));
                }
                for (day, why) in &lock.earlier {
                    facts.push(("Locked before", format!("{day}, opened again: {why}")));
                }
            }
            None => facts.push(("Locked", "no".to_owned())),
        }
        if checkpoint.late > 0 {
            let late = checkpoint.late;
            facts.push((
                "After the lock",
                format!("{late} entries were written after the lock and are not in this report"),
            ));
        }
        facts.push(("Program", checkpoint.program.clone()));
        facts
    }

    /// What stands at the head of every sheet: study, version, and whether people in it are real.
    pub fn running_head(&self) -> String {
        let (study, version, _) = &self.study;
        let synthetic = if self.checkpoint.synthetic { " · SYNTHETIC DATA" } else { "" };
        format!("{study}, version {version}{synthetic}")
    }

    /// What stands at the foot of every sheet: the beginnings of the record's checkpoint and of the plan's hash.
    pub fn running_foot(&self) -> String {
        let short = |hash: &str| hash.get(..16).unwrap_or(hash).to_owned();
        format!("record {} · plan {}", short(&self.checkpoint.digest), short(&self.plan))
    }

    /// The query with this name.
    pub fn query(&self, name: &str) -> Option<&Query> {
        self.queries.iter().find(|query| query.name == name)
    }
}

/// Tables of one section, in order.
fn tables_of(section: &Section) -> impl Iterator<Item = &Table> {
    section.blocks.iter().filter_map(|block| match block {
        Block::Table(table) => Some(table),
        Block::Words(_) | Block::Figure(_) => None,
    })
}

/// Makes the report.
///
/// # Errors
/// When the rows can't be read.
pub fn report(input: &Input<'_>) -> Result<Report, ReadError> {
    let run = Run::new(input)?;
    let outcomes = parts::outcomes(&run);
    let study = input.study;
    let mut sections: Vec<Section> =
        run.plan.parts.iter().filter_map(|part| parts::part(&run, *part, &outcomes)).collect();
    let tables: Vec<&Table> = sections.iter().flat_map(tables_of).collect();
    let synopsis = parts::synopsis::section(&run, &outcomes, &tables);
    sections.insert(0, synopsis);
    sections.push(provenance(input));
    Ok(Report {
        title: study.title.clone(),
        study: (study.id.clone(), study.version.clone(), study.hash().to_string()),
        plan: study.analysis.hash(),
        standing: match input.allocation {
            Allocation::Opened(_) => Standing::Final,
            Allocation::Dummy(seed) => Standing::Dummy(seed),
            Allocation::Pooled => Standing::Blinded,
            Allocation::OneArm => Standing::Open,
        },
        frozen: input.frozen.clone(),
        lock: input.lock.clone(),
        checkpoint: input.checkpoint.clone(),
        queries: queries(study),
        sections,
    })
}

/// What the record says of itself, and what was asked of it.
fn provenance(input: &Input<'_>) -> Section {
    let mut section = Section::new("provenance", "Where the numbers come from");
    section.words(
        "Every number above leads to the entries under it: `lifejacket trace --data DIR TABLE ROW.COLUMN`. Names of tables, rows and columns \
         stand in the CSV and JSON files beside this page, and under a number when a pointer rests on it.",
    );
    let mut chains = Table::new("chains", "Ends of the record's chains at the checkpoint", "Chain", &[]);
    chains.column("entries", "Entries").column("hash", "SHA-256 of the last");
    for (chain, (entries, hash)) in &input.checkpoint.heads {
        let cells = vec![Cell::number(entries.to_string(), "entries", *entries as f64), Cell::words(hash.clone())];
        chains.row(chain.clone(), chain.clone(), cells);
    }
    section.table(chains);
    let mut asked = Table::new("queries", "Queries over the tables as they stood at the checkpoint", "Name", &[]);
    asked.column("rows", "Rows").column("sql", "SQL");
    for query in queries(input.study) {
        let rows = input.rows.get(query.name).map_or(0, Vec::len);
        let cells = vec![Cell::number(rows.to_string(), "rows", rows as f64), Cell::words(query.sql)];
        asked.row(query.name, query.name, cells);
    }
    section.table(asked);
    section
}
