//! A store's folder: `record.sqlite` (log and current tables), `accounts.sqlite`, `keys/`, and `studies/<hash>/` with the
//! files of every study version that the store has known.

use anyhow::{Context, bail};
use identity::{Cost, Identity, Limits};
use jiff::Timestamp;
use protocol::{StudyFiles, model::Study};
use record::{Door, SqliteStore, Store};
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
}

fn record_file(folder: &Path) -> PathBuf {
    folder.join("record.sqlite")
}

/// Makes a new store in an empty or absent folder.
pub fn create(folder: &Path, synthetic: bool, now: Timestamp, key: [u8; 32]) -> anyhow::Result<Opened> {
    if folder.exists() && fs::read_dir(folder)?.next().is_some() {
        bail!("{} is not empty: choose another folder; a store is never overwritten", folder.display());
    }
    fs::create_dir_all(folder.join("keys")).with_context(|| format!("making {}", folder.display()))?;
    fs::create_dir_all(folder.join("studies"))?;
    key_write(&folder.join("keys/sealed.key"), &key)?;
    let new = record::New { synthetic, created_by: PROGRAM.to_owned(), created_at: now };
    let store = SqliteStore::create(&record_file(folder), &new, record::projection::TABLES)?;
    opened(folder, store)
}

/// Opens a store.
pub fn open(folder: &Path) -> anyhow::Result<Opened> {
    let store = SqliteStore::open(&record_file(folder), record::projection::TABLES)?;
    let opened = opened(folder, store)?;
    let (rows, containers) = record::sealed_read(opened.door.store().as_ref())?;
    if !rows.is_empty() || !containers.is_empty() {
        let service = allocation::Service::open(key_read(folder)?, rows, containers)
            .context("opening the sealed allocation with keys/sealed.key")?;
        opened.door.sealed_open(service);
    }
    Ok(opened)
}

fn opened(folder: &Path, store: SqliteStore) -> anyhow::Result<Opened> {
    let synthetic = store.about().synthetic;
    let cost = if synthetic { Cost::CHEAP } else { Cost::STANDARD };
    let identity = Identity::open(&folder.join("accounts.sqlite"), synthetic, cost, Limits::default())?;
    let store: Arc<dyn Store> = Arc::new(store);
    let door = Door::new(store, conduct::Studies::new(), None, PROGRAM);
    for study in studies_read(folder)? {
        door.study_add(Arc::new(study));
    }
    Ok(Opened { folder: folder.to_owned(), door: Arc::new(door), identity: Arc::new(identity) })
}

/// Opens a store's file for proving and rebuilding, whatever its current tables are.
pub fn open_to_rebuild(folder: &Path) -> anyhow::Result<(SqliteStore, conduct::Studies)> {
    let store = SqliteStore::open_to_rebuild(&record_file(folder))?;
    let mut studies = conduct::Studies::new();
    for study in studies_read(folder)? {
        studies.insert(study.hash(), Arc::new(study));
    }
    Ok((store, studies))
}

/// The key of the sealed service.
pub fn key_read(folder: &Path) -> anyhow::Result<allocation::Key> {
    let path = folder.join("keys/sealed.key");
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let bytes = chain::from_hex(text.trim()).context("keys/sealed.key holds 64 hexadecimal digits")?;
    allocation::Key::from_slice(&bytes).context("keys/sealed.key holds 64 hexadecimal digits")
}

fn key_write(path: &Path, key: &[u8; 32]) -> anyhow::Result<()> {
    use std::io::Write;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).with_context(|| format!("making {}", path.display()))?;
    writeln!(file, "{}", chain::to_hex(key))?;
    file.sync_all()?;
    Ok(())
}

/// Keeps a study version's files with the store.
pub fn study_keep(folder: &Path, study: &Study, files: &StudyFiles) -> anyhow::Result<()> {
    let target = folder.join("studies").join(study.hash().as_str());
    for (name, text) in protocol::whole(files) {
        let path = target.join(&name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
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
