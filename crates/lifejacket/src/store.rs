//! A store's folder: `record.sqlite` (log and current tables), `accounts.sqlite`, `keys/`, and `studies/<hash>/` with the
//! files of every study version that the store has known.

use anyhow::{Context, bail};
use identity::{Cost, Identity, Limits};
use jiff::Timestamp;
use protocol::{StudyFiles, model::Study};
use record::{Door, People, SqliteStore, Store, StoreError};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The program's version, as it stands in every entry.
pub const PROGRAM: &str = concat!("lifejacket ", env!("CARGO_PKG_VERSION"));

/// A store that is open.
pub struct Opened {
    /// Its folder.
    pub folder: PathBuf,
    /// The one door.
    pub door: Arc<Door>,
    /// Accounts.
    pub identity: Arc<Identity>,
    /// Who the participants are.
    pub people: Arc<People>,
}

/// The keys of a new store.
pub struct Keys {
    /// Opens allocations and contents.
    pub sealed: [u8; 32],
    /// Opens names and contacts.
    pub people: [u8; 32],
}

impl Keys {
    /// Drawn from the system.
    pub fn draw() -> anyhow::Result<Self> {
        Ok(Self { sealed: random()?, people: random()? })
    }
}

fn record_file(folder: &Path) -> PathBuf {
    folder.join("record.sqlite")
}

/// Whether a store can be made here: the folder is empty or absent.
pub fn must_be_empty(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() && !folder.is_dir() {
        bail!("{} is a file: give a folder for the store, empty or not there yet", folder.display());
    }
    let mut inside = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        inside => inside.with_context(|| format!("reading {}", folder.display()))?,
    };
    if inside.next().is_some() {
        bail!("{} is not empty: choose another folder; a store is never overwritten", folder.display());
    }
    Ok(())
}

/// A folder in which a store is being made. Unless it is kept, everything that was made in it is taken away again: a folder with
/// half a store in it would be in the way of the next try.
pub struct Making {
    folder: PathBuf,
    was_there: bool,
    kept: bool,
}

impl Making {
    /// Begins in an empty or absent folder.
    pub fn begin(folder: &Path) -> anyhow::Result<Self> {
        must_be_empty(folder)?;
        Ok(Self { folder: folder.to_owned(), was_there: folder.exists(), kept: false })
    }

    /// Ends: with what was made, or with nothing left of it and a sentence that says so.
    pub fn end<T>(mut self, made: anyhow::Result<T>) -> anyhow::Result<T> {
        self.kept = made.is_ok();
        made.with_context(|| format!("nothing was made in {}: mend what follows, and repeat", self.folder.display()))
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        // What can't be taken away now can't be helped now either; the next try says that the folder is not empty.
        if !self.was_there {
            let _ = fs::remove_dir_all(&self.folder);
            return;
        }
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let _ =
                if entry.path().is_dir() { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) };
        }
    }
}

/// Makes a new store in an empty or absent folder.
///
/// `seed`: of a synthetic store, whose every draw is seeded; none for a real one.
pub fn create(folder: &Path, seed: Option<u64>, now: Timestamp, keys: &Keys) -> anyhow::Result<Opened> {
    must_be_empty(folder)?;
    for part in ["keys", "studies"] {
        let part = folder.join(part);
        fs::create_dir_all(&part).with_context(|| format!("making {}", part.display()))?;
    }
    key_write(&folder.join("keys/sealed.key"), &keys.sealed)?;
    key_write(&folder.join("keys/people.key"), &keys.people)?;
    let new = record::New { synthetic: seed.is_some(), created_by: PROGRAM.to_owned(), created_at: now };
    let record = record_file(folder);
    drop(accounts(folder, new.synthetic, Identity::create)?);
    drop(web::drafts::Drafts::open(&folder.join("drafts.sqlite"))?);
    let store = SqliteStore::create(&record, &new, record::projection::TABLES)
        .with_context(|| format!("making {}", record.display()))?;
    let identity = accounts(folder, new.synthetic, Identity::open)?;
    opened(folder, store, identity, seed)
}

/// Opens a store.
pub fn open(folder: &Path) -> anyhow::Result<Opened> {
    let store = SqliteStore::open(&record_file(folder), record::projection::TABLES)?;
    let identity = accounts(folder, store.about().synthetic, Identity::open)?;
    with_key(opened(folder, store, identity, None)?)
}

/// Opens a store to look at it: nothing in it is changed, and it may lie where nobody can write.
pub fn open_to_look(folder: &Path) -> anyhow::Result<Opened> {
    let store = SqliteStore::open_to_look(&record_file(folder))?;
    store.tables_fit(record::projection::TABLES)?;
    let identity = accounts(folder, store.about().synthetic, Identity::open_to_look)?;
    with_key(opened(folder, store, identity, None)?)
}

fn with_key(opened: Opened) -> anyhow::Result<Opened> {
    // Start-up costs what it touches: the sealed rows are opened when a draw first needs them.
    opened.door.sealed_key(key_read(&opened.folder)?);
    Ok(opened)
}

/// How the file of accounts is come by: made, opened, or looked at.
type Way = fn(&Path, bool, Cost, Limits) -> Result<Identity, identity::OpenError>;

fn accounts(folder: &Path, synthetic: bool, way: Way) -> anyhow::Result<Identity> {
    let cost = if synthetic { Cost::CHEAP } else { Cost::STANDARD };
    Ok(way(&folder.join("accounts.sqlite"), synthetic, cost, Limits::STANDARD)?)
}

fn opened(folder: &Path, store: SqliteStore, identity: Identity, seed: Option<u64>) -> anyhow::Result<Opened> {
    let store: Arc<dyn Store> = Arc::new(store);
    let people = People::new(Arc::clone(&store), key_read_named(folder, "people.key")?, draw_with(seed));
    let door = Door::new(store, conduct::Studies::new(), None, PROGRAM);
    for study in studies_read(folder)? {
        door.study_add(Arc::new(study));
    }
    let identity = Arc::new(identity);
    let accounts = Arc::clone(&identity);
    door.directory(Box::new(move |staff| {
        let held = accounts.accounts_of(&identity::Who::Staff(staff.clone()));
        let held = held.map_err(|error| StoreError::Disk { what: error.to_string() })?;
        Ok(!held.is_empty())
    }));
    Ok(Opened { folder: folder.to_owned(), door: Arc::new(door), identity, people: Arc::new(people) })
}

/// Opens a store's file for rebuilding, whatever its current tables are.
pub fn open_to_rebuild(folder: &Path) -> anyhow::Result<(SqliteStore, conduct::Studies)> {
    Ok((SqliteStore::open_to_rebuild(&record_file(folder))?, studies_of(folder)?))
}

/// Opens a store's file for proving, whatever its current tables are and wherever it lies.
pub fn open_to_prove(folder: &Path) -> anyhow::Result<(SqliteStore, conduct::Studies)> {
    Ok((SqliteStore::open_to_look(&record_file(folder))?, studies_of(folder)?))
}

/// Opens a store's file for writing the log out.
pub fn open_record(folder: &Path) -> anyhow::Result<SqliteStore> {
    Ok(SqliteStore::open_to_look(&record_file(folder))?)
}

fn studies_of(folder: &Path) -> anyhow::Result<conduct::Studies> {
    let mut studies = conduct::Studies::new();
    for study in studies_read(folder)? {
        studies.insert(study.hash(), Arc::new(study));
    }
    Ok(studies)
}

/// Whether the store's keys open what they should: every sealed row and container, and every identity. Tells each key that
/// doesn't, or that is not there.
pub fn keys_wrong(folder: &Path, store: SqliteStore) -> anyhow::Result<Vec<String>> {
    let store: Arc<dyn Store> = Arc::new(store);
    let mut wrong = Vec::new();
    match key_read(folder) {
        Err(error) => wrong.push(format!("{error:#}: without it nobody can release a container")),
        Ok(key) => {
            let (rows, containers) = record::sealed_read(store.as_ref())?;
            if let Err(error) = allocation::Service::open(key, rows, containers).and_then(|service| service.verify()) {
                wrong.push(format!("keys/sealed.key does not open what is sealed in this record: {error}"));
            }
        }
    }
    match key_read_named(folder, "people.key") {
        Err(error) => wrong.push(format!("{error:#}: without it nobody can read a name or a contact")),
        Ok(key) => {
            let people = People::new(Arc::clone(&store), key, draw_with(None));
            for row in store.select("SELECT participant FROM person ORDER BY participant", &[])? {
                let Some(id) = row.first().and_then(record::table::Cell::as_text) else { continue };
                if let Err(error) = people.prove(&id.into()) {
                    wrong.push(format!("keys/people.key does not open who {id} is: {error}"));
                    break;
                }
            }
        }
    }
    Ok(wrong)
}

/// The key of the sealed service.
pub fn key_read(folder: &Path) -> anyhow::Result<allocation::Key> {
    key_read_named(folder, "sealed.key")
}

fn key_read_named(folder: &Path, name: &str) -> anyhow::Result<allocation::Key> {
    key_read_at(&folder.join("keys").join(name))
}

/// A key from a file.
pub fn key_read_at(path: &Path) -> anyhow::Result<allocation::Key> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let wrong = || format!("{} holds 64 hexadecimal digits", path.display());
    let bytes = chain::from_hex(text.trim()).with_context(wrong)?;
    allocation::Key::from_slice(&bytes).with_context(wrong)
}

/// Where nonces and people's keys come from: the system, or the seed of a synthetic store.
fn draw_with(seed: Option<u64>) -> Box<record::Draw> {
    let Some(seed) = seed else {
        return Box::new(|bytes| {
            getrandom::fill(bytes).map_err(|error| StoreError::Disk { what: format!("drawing random bytes: {error}") })
        });
    };
    let drawn = std::sync::atomic::AtomicU64::new(0);
    Box::new(move |bytes| {
        for part in bytes.chunks_mut(32) {
            let count = drawn.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let block = allocation::Seed::of_simulation(seed, &format!("people {count}"));
            let from = block.bytes().get(..part.len()).unwrap_or_default();
            part.copy_from_slice(from);
        }
        Ok(())
    })
}

/// Writes a key to a new file that its owner alone may read.
pub fn key_write(path: &Path, key: &[u8; 32]) -> anyhow::Result<()> {
    use std::io::Write;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).with_context(|| format!("making {}", path.display()))?;
    let written = writeln!(file, "{}", chain::to_hex(key)).and_then(|()| file.sync_all());
    written.with_context(|| format!("writing {}", path.display()))
}

/// Keeps a study version's files with the store, with those of the studies that it extends: a later program may carry others.
pub fn study_keep(folder: &Path, study: &Study, files: &StudyFiles) -> anyhow::Result<()> {
    let target = folder.join("studies").join(study.hash().as_str());
    for (name, text) in &files.with_bases().files {
        let path = target.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).with_context(|| format!("making {}", parent.display()))?;
        }
        fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

fn studies_read(folder: &Path) -> anyhow::Result<Vec<Study>> {
    let mut studies = Vec::new();
    let root = folder.join("studies");
    if !root.exists() {
        return Ok(studies);
    }
    let mut versions: Vec<_> = fs::read_dir(&root)?.collect::<Result<_, _>>()?;
    versions.sort_by_key(fs::DirEntry::file_name);
    for version in versions {
        let path = version.path();
        let files = crate::folder::study_files(&path.to_string_lossy())?;
        let (study, diagnostics) = protocol::read(&files);
        let Some(study) = study else {
            eprint!("{}", crate::render::diagnostics(&diagnostics, &files));
            bail!("the study version in {} can't be read", path.display());
        };
        if version.file_name().to_string_lossy() != study.hash().as_str() {
            bail!(
                "the study files in {} were changed: their meaning is {} now. Restore them from the version that was adopted",
                path.display(),
                study.hash()
            );
        }
        studies.push(study);
    }
    Ok(studies)
}

/// Random bytes from the system.
pub fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).context("drawing random bytes")?;
    Ok(bytes)
}

/// A new act's id: 80 random bits in base 32, easy to read aloud.
pub fn act_id() -> anyhow::Result<terms::ActId> {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
    let bytes: [u8; 16] = random()?;
    let text: String = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    Ok(terms::ActId::from(text))
}

/// Now: the system's clock, and never before the last entry; in a synthetic store a second after it.
pub fn now(opened: &Opened) -> anyhow::Result<Timestamp> {
    let store = opened.door.store();
    let last = last_recorded(store.as_ref())?;
    if store.about().synthetic {
        return Ok(last.checked_add(jiff::SignedDuration::from_secs(1))?);
    }
    Ok(last.max(Timestamp::now()))
}

/// When the last entry was written; when the store was made, if it has none.
pub fn last_recorded(store: &dyn Store) -> anyhow::Result<Timestamp> {
    let mut last = store.about().created_at;
    let rows = store.select("SELECT recorded_at FROM entry ORDER BY id DESC LIMIT 1", &[])?;
    if let Some(record::table::Cell::Integer(micros)) = rows.first().and_then(|row| row.first()) {
        last = last.max(Timestamp::from_microsecond(*micros)?);
    }
    Ok(last)
}
