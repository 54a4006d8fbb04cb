//! The two databases that pages are measured on, built once and kept beside the build.

use crate::{
    demonstration::{Demonstration, SEED},
    histories::{self, Told},
    program,
    table::Table,
};
use anyhow::{Context, bail};
use conduct::Studies;
use jiff::Timestamp;
use protocol::StudyFiles;
use record::{Batch, Door, SqliteStore, Store, projection::TABLES, table::Cell};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

/// People with an arm in the smaller one.
const WHOLE: u32 = 1_000;

/// More people in the larger one.
const MORE: u64 = 99_000;

/// One in so many of them is still under way; of the others everything is over.
const UNDER_WAY_ONE_IN: u64 = 20;

/// A database, ready to be served.
pub struct Database {
    /// The store's folder.
    pub folder: PathBuf,
    participants: i64,
    entries: i64,
    /// Participants with fewer entries than the added ones have.
    with_few: i64,
    bytes: u64,
    built: String,
}

impl Database {
    fn look(folder: PathBuf) -> anyhow::Result<Self> {
        let store = SqliteStore::open(&file(&folder), TABLES)?;
        let number = |sql: &str| -> anyhow::Result<i64> {
            match store.select(sql, &[])?.first().and_then(|row| row.first()) {
                Some(Cell::Integer(number)) => Ok(*number),
                _ => bail!("`{sql}` gave no number"),
            }
        };
        let participants = number("SELECT count(*) FROM participant")?;
        let entries = number("SELECT max(id) FROM entry")?;
        let with_few = number(&format!("SELECT count(*) FROM participant WHERE entries < {}", histories::ENTRIES_MIN))?;
        let built = fs::read_to_string(folder.join(BUILT)).unwrap_or_default();
        let bytes = program::size_of(&folder)?;
        Ok(Self { participants, entries, with_few, bytes, built: built.trim().to_owned(), folder })
    }

    /// What it is, in a line.
    pub fn says(&self) -> String {
        format!(
            "{} participants ({} of them with fewer than {} entries), {} entries, {} on disk; {}",
            self.participants,
            self.with_few,
            histories::ENTRIES_MIN,
            self.entries,
            program::megabytes(self.bytes),
            self.built
        )
    }
}

/// Says in a store's folder how long it took to build; a folder without it is not finished.
const BUILT: &str = "built.txt";

fn file(folder: &Path) -> PathBuf {
    folder.join("record.sqlite")
}

/// Whether it is finished and made by this program's definition of the current tables.
fn is_good(folder: &Path) -> bool {
    folder.join(BUILT).exists() && SqliteStore::open(&file(folder), TABLES).is_ok()
}

/// The database of 1,000 whole histories; with the people who never got an arm.
pub fn thousand() -> anyhow::Result<Database> {
    let folder = program::cache()?.join("1000");
    if !is_good(&folder) {
        eprintln!("building the database of {WHOLE} whole histories …");
        let built = program::build()?;
        remove(&folder)?;
        let (data, people, seed) = (folder.display().to_string(), WHOLE.to_string(), SEED.to_string());
        let ran = program::run(&built, &["simulate", "--participants", &people, "--seed", &seed, "--data", &data])?;
        fs::write(folder.join(BUILT), format!("built in {:.0} s", ran.seconds))?;
    }
    Database::look(folder)
}

/// The same with 99,000 more participants.
pub fn large() -> anyhow::Result<Database> {
    let small = thousand()?;
    let folder = program::cache()?.join("100000");
    if !is_good(&folder) {
        eprintln!("building the database of {MORE} participants more …");
        remove(&folder)?;
        copy(&small.folder, &folder)?;
        fs::remove_file(folder.join(BUILT))?;
        let started = Instant::now();
        let told = tell_more(&folder)?;
        let seconds = started.elapsed().as_secs_f64();
        let refused: Vec<String> = told.refused.iter().map(|(name, count)| format!("{name} {count}")).collect();
        let rate = told.entries as f64 / seconds;
        let mut built = format!("built in {seconds:.0} s ({rate:.0} entries / s)");
        if !refused.is_empty() {
            built.push_str(&format!("; refused meanwhile: {}", refused.join(", ")));
        }
        fs::write(folder.join(BUILT), built)?;
    }
    Database::look(folder)
}

fn tell_more(folder: &Path) -> anyhow::Result<Told> {
    let demonstration = Demonstration::new()?;
    let histories = histories::collect(&demonstration, WHOLE)?;
    let (ended, under_way): (Vec<_>, Vec<_>) = histories.iter().partition(|history| history.ended);
    if ended.is_empty() || under_way.is_empty() {
        bail!("{} histories are over and {} are under way: both are needed", ended.len(), under_way.len());
    }
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&file(folder), TABLES)?);
    let last = last_recorded(store.as_ref())?;
    let door = Door::new(Arc::clone(&store), studies(folder)?, None, "lifejacket measure");
    let mut batch = Batch::new(&door);
    let mut told = Told::default();
    for number in 0..MORE {
        let from = if number % UNDER_WAY_ONE_IN == 0 { &under_way } else { &ended };
        let place = usize::try_from(number).unwrap_or(0) % from.len();
        if let Some(history) = from.get(place) {
            histories::tell(&mut batch, history, number, &mut told)?;
        }
        if number % 5_000 == 0 && number > 0 {
            eprintln!("  {number} people, {} entries", told.entries);
        }
    }
    // Virtual time goes on from the last entry, so the last one must be the latest.
    let latest = under_way.first().context("nobody is under way")?;
    histories::tell_late(&mut batch, latest, MORE, last, &mut told)?;
    batch.flush()?;
    Ok(told)
}

fn last_recorded(store: &dyn Store) -> anyhow::Result<Timestamp> {
    match store.select("SELECT max(recorded_at) FROM entry", &[])?.first().and_then(|row| row.first()) {
        Some(Cell::Integer(micros)) => Ok(Timestamp::from_microsecond(*micros)?),
        _ => bail!("the store has no entries"),
    }
}

/// The study versions that a store keeps.
fn studies(folder: &Path) -> anyhow::Result<Studies> {
    let mut studies = Studies::new();
    for version in fs::read_dir(folder.join("studies")).context("looking for the store's studies")? {
        let path = version?.path();
        let mut files = Vec::new();
        collect(&path, &path, &mut files)?;
        let (study, mistakes) = protocol::read(&StudyFiles::new(path.display().to_string(), files));
        let study = study.with_context(|| format!("{} has {} mistakes", path.display(), mistakes.len()))?;
        studies.insert(study.hash(), Arc::new(study));
    }
    Ok(studies)
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else {
            let name = path.strip_prefix(root)?.display().to_string();
            files.push((name, fs::read_to_string(&path)?));
        }
    }
    files.sort();
    Ok(())
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("removing {}", folder.display()))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target).with_context(|| format!("copying {}", path.display()))?;
        }
    }
    Ok(())
}

/// Builds both, if they are not there, and says what they are.
pub fn measure() -> anyhow::Result<Table> {
    let mut table = Table::default();
    let (small, large) = (thousand()?, large()?);
    table.figure("1,000 whole histories", small.says());
    let enough = large.with_few <= small.with_few && large.participants - small.participants >= MORE as i64;
    table.target("99,000 more", large.says(), "≥ 20 entries each", enough);
    table.note(format!(
        "Method: the smaller one is made by `lifejacket simulate --participants {WHOLE} --seed {SEED}`. For the larger one \
         what simulated people and their sites did before an arm was assigned is asked again of the record's door, in \
         batches, for others, with codes and ids of their own: requests of every kind up to the assignment, decided by the \
         rules, chained and projected. One in {UNDER_WAY_ONE_IN} is left under way, so worklists have thousands of lines. \
         They have no names in the identity store."
    ));
    Ok(table)
}
