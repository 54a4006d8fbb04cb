//! What somebody has typed and not yet recorded. A draft is no part of the record: it belongs to one person and one
//! page, and goes when the form is recorded.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

/// Drafts of all people, in a file beside the record.
pub struct Drafts(Mutex<Connection>);

/// One draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What was typed, by the field's name.
    pub typed: BTreeMap<String, String>,
    pub kept_at: Timestamp,
}

/// Why drafts can't be kept now. What was typed is still on the page.
#[derive(Debug, thiserror::Error)]
#[error("drafts can't be kept just now ({0}); what was typed is still on the page")]
pub struct DraftError(String);

impl From<rusqlite::Error> for DraftError {
    fn from(error: rusqlite::Error) -> Self {
        Self(error.to_string())
    }
}

/// The format of the table; 0 is a file of before formats were counted.
const FORMAT: i64 = 1;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS draft (
    login TEXT NOT NULL,
    page TEXT NOT NULL,
    typed TEXT NOT NULL,
    kept_at TEXT NOT NULL,
    PRIMARY KEY (login, page)
) WITHOUT ROWID";

impl Drafts {
    /// Opens the file, or makes it, for its owner alone to read: drafts are in no backup, and an empty file loses nothing else.
    pub fn open(path: &Path) -> Result<Self, DraftError> {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path).map_err(|error| DraftError(format!("making {}: {error}", path.display())))?;
        let connection = Connection::open(path)?;
        let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(|error| {
            let what = "no database of drafts: take it away, and an empty one is made";
            DraftError(format!("{} is {what}; {error}", path.display()))
        })?;
        if found > FORMAT {
            let what = "use the newer program that wrote it";
            return Err(DraftError(format!("{} has format {found}, known is {FORMAT}: {what}", path.display())));
        }
        Self::on(connection)
    }

    /// Drafts that end with the program, for a store that is not kept either.
    pub fn passing() -> Result<Self, DraftError> {
        Self::on(Connection::open_in_memory()?)
    }

    fn on(connection: Connection) -> Result<Self, DraftError> {
        connection.busy_timeout(Duration::from_secs(2))?;
        // A draft that a power cut loses is typed again; the record itself is fsynced, this is not.
        connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")?;
        connection.execute_batch(TABLE)?;
        connection.pragma_update(None, "user_version", FORMAT)?;
        Ok(Self(Mutex::new(connection)))
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what was typed on a page, in place of the draft before.
    pub fn keep(
        &self,
        login: &str,
        page: &str,
        typed: &BTreeMap<String, String>,
        now: Timestamp,
    ) -> Result<(), DraftError> {
        let text = serde_json::to_string(typed).map_err(|error| DraftError(error.to_string()))?;
        self.connection().execute(
            "INSERT INTO draft VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET typed = excluded.typed, kept_at = excluded.kept_at",
            params![login, page, text, now.to_string()],
        )?;
        Ok(())
    }

    /// The draft of a page, if there is one.
    pub fn find(&self, login: &str, page: &str) -> Result<Option<Draft>, DraftError> {
        let row = self
            .connection()
            .query_row("SELECT typed, kept_at FROM draft WHERE login = ?1 AND page = ?2", [login, page], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
            })
            .optional()?;
        Ok(row.and_then(|(typed, kept)| {
            Some(Draft { typed: serde_json::from_str(&typed).ok()?, kept_at: kept.parse().ok()? })
        }))
    }

    /// Pages on which somebody has a draft, newest first.
    pub fn pages(&self, login: &str) -> Result<Vec<(String, String)>, DraftError> {
        let connection = self.connection();
        let mut query = connection
            .prepare_cached("SELECT page, kept_at FROM draft WHERE login = ?1 ORDER BY kept_at DESC LIMIT 20")?;
        let rows = query.query_map([login], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The form was recorded: the draft has done its work.
    pub fn drop(&self, login: &str, page: &str) -> Result<(), DraftError> {
        self.connection().execute("DELETE FROM draft WHERE login = ?1 AND page = ?2", [login, page])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_one_persons_on_one_page_until_it_is_recorded() {
        let drafts = Drafts::passing().unwrap();
        let now: Timestamp = "2025-04-10T09:41:00Z".parse().unwrap();
        let typed: BTreeMap<String, String> = [("values.1".to_owned(), "3".to_owned())].into();
        drafts.keep("a", "/p", &BTreeMap::new(), now).unwrap();
        drafts.keep("a", "/p", &typed, now).unwrap();
        assert_eq!(drafts.find("a", "/p").unwrap().unwrap().typed, typed);
        assert!(drafts.find("b", "/p").unwrap().is_none() && drafts.find("a", "/q").unwrap().is_none());
        assert_eq!(drafts.pages("a").unwrap().len(), 1);
        drafts.drop("a", "/p").unwrap();
        assert!(drafts.find("a", "/p").unwrap().is_none());
    }

    #[test]
    fn drafts_outlive_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("drafts.sqlite");
        let now: Timestamp = "2025-04-10T09:41:00Z".parse().unwrap();
        Drafts::open(&path).unwrap().keep("a", "/p", &BTreeMap::new(), now).unwrap();
        assert!(Drafts::open(&path).unwrap().find("a", "/p").unwrap().is_some());
    }

    #[test]
    fn a_file_of_drafts_is_private_and_what_is_none_is_left_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("drafts.sqlite");
        drop(Drafts::open(&path).unwrap());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 999).unwrap();
        let error = Drafts::open(&path).map(drop).unwrap_err().to_string();
        assert!(error.contains("format 999") && error.contains("newer program"), "{error}");
        let garbage = "garbage ".repeat(1000);
        std::fs::write(&path, &garbage).unwrap();
        let error = Drafts::open(&path).map(drop).unwrap_err().to_string();
        assert!(error.contains("no database of drafts"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), garbage);
    }
}
