//! One save of a 40-item form through the server's pages, against bare SQLite writing the same bytes.

use crate::{
    http::{Client, between, encode},
    personas,
    program::{self, Server},
    table::{Table, median},
};
use anyhow::{Context, bail};
use record::{SqliteStore, Store, projection::TABLES, table::Cell};
use rusqlite::{Connection, params};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

/// Items of the form.
const ITEMS: usize = 40;

/// Pairs of saves that are measured, and how many before them are not.
const PAIRS: usize = 300;
const WARM: usize = 20;

/// Saves the form and writes the same bytes by hand, in turns.
pub fn measure() -> anyhow::Result<Table> {
    let built = program::build()?;
    let folder = program::cache()?.join("save");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let study = study_with_form(&folder)?;
    let data = folder.join("store");
    program::run(
        &built,
        &["simulate", "--study", &text(&study), "--participants", "4", "--seed", "7", "--data", &text(&data)],
    )?;
    let mut server = Server::start(&built, &data, None)?;
    server.wait()?;
    let mut form = Form::open(&server, &data)?;
    let bytes = form.save(0).and_then(|_| Bytes::of_last(&data))?;
    let mut bare = Bare::create(&folder.join("bare.sqlite"), &bytes)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for pair in 1..=WARM + PAIRS {
        let saved = form.save(pair)?;
        let started = Instant::now();
        bare.write(pair, &bytes)?;
        let written = started.elapsed().as_secs_f64() * 1e3;
        if pair > WARM {
            ours.push(saved);
            theirs.push(written);
        }
    }
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    let most = theirs * 1.5 + 2.0;
    let mut table = Table::default();
    let target = format!("≤ 1.5 × bare + 2 ms = {most:.2} ms");
    table.target("one save over HTTP (median)", format!("{ours:.2} ms"), &target, ours <= most);
    table.figure("bare SQLite (median)", format!("{theirs:.2} ms"));
    table.figure("bytes of the entry", bytes.body.len());
    table.figure("rows written beside it", bytes.rows.len());
    table.note(format!(
        "Method: a study with one form more, of {ITEMS} numbers, is simulated for 4 people and served. A coordinator's browser \
         form is posted on a kept-alive connection; the time runs until the answer has been read, when the entry with its \
         chain and current tables is on the disk. In turns with it, in another process on the same disk, bare SQLite (write-ahead \
         journal, `synchronous = FULL`) writes the same entry and the same rows of answers in one transaction, without hash, \
         guards or indices. {PAIRS} pairs after {WARM} that are not counted. Load on the machine: {}.",
        program::load()
    ));
    drop(server);
    fs::remove_dir_all(&folder)?;
    Ok(table)
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// The demonstration with a form of 40 numbers that is filled in between visits.
fn study_with_form(folder: &Path) -> anyhow::Result<PathBuf> {
    let study = folder.join("study");
    fs::create_dir_all(&study)?;
    let items: String = (1..=ITEMS)
        .map(|n| format!("    {{ id = \"item{n}\", label = \"Item {n}\", kind = \"integer\", min = 0, max = 4 }},\n"))
        .collect();
    fs::write(
        study.join("study.toml"),
        "extends = \"demonstration\"\nid = \"forty\"\ntitle = \"The demonstration with a long form\"\nversion = \"1.0\"\n\
         summary = \"For measuring one save.\"\nsource = \"measuring [design]\"\n",
    )?;
    fs::write(
        study.join("forms.toml"),
        format!(
            "[[form]]\nid = \"forty\"\ntitle = \"Forty items\"\nrepeats = true\ncompleted_by = [\"coordinator\"]\n\
             source = \"measuring [design]\"\nfield = [\n{items}]\n"
        ),
    )?;
    Ok(study)
}

/// The form in a coordinator's browser.
struct Form {
    client: Client,
    path: String,
    token: String,
}

impl Form {
    fn open(server: &Server, data: &Path) -> anyhow::Result<Self> {
        let store = SqliteStore::open(&data.join("record.sqlite"), TABLES)?;
        let rows = store.select("SELECT participant FROM participant WHERE assigned_on IS NOT NULL", &[])?;
        let codes: Vec<String> = rows.iter().filter_map(|row| row.first()?.as_text().map(str::to_owned)).collect();
        let mut client = Client::connect(server.address)?;
        for persona in personas::all(server.address)? {
            client.cookie = Some(persona.cookie);
            for code in &codes {
                let path = format!("/participants/{code}/visits/-/forms/forty");
                let page = client.get(&path)?;
                let text = page.text();
                let token = between(&text, "name=\"token\" value=\"", "\"");
                if page.status == 200
                    && text.contains("values.item40")
                    && let Some(token) = token.first()
                {
                    let token = (*token).to_owned();
                    let mut form = Self { client, path, token };
                    if form.save(usize::MAX).is_ok() {
                        return Ok(form);
                    }
                    client = form.client;
                }
            }
        }
        bail!("nobody may fill in the form")
    }

    /// Saves it once with other answers; milliseconds.
    fn save(&mut self, nth: usize) -> anyhow::Result<f64> {
        let mut body = format!("token={}&request=measure-{nth:012}&do=record", encode(&self.token));
        for item in 1..=ITEMS {
            body.push_str(&format!("&values.item{item}={}", (nth % 1_000 + item) % 5));
        }
        let reply = self.client.post(&self.path, &body)?;
        if reply.status != 303 {
            bail!("the form was answered with {}: {}", reply.status, reply.text());
        }
        Ok(reply.milliseconds)
    }
}

/// What one save writes, read back from the record.
struct Bytes {
    body: String,
    rows: Vec<Vec<Cell>>,
}

impl Bytes {
    fn of_last(data: &Path) -> anyhow::Result<Self> {
        let store = SqliteStore::open(&data.join("record.sqlite"), TABLES)?;
        let last = store
            .select("SELECT body FROM entry WHERE body LIKE '%\"form_recorded\"%' ORDER BY id DESC LIMIT 1", &[])?;
        let body =
            last.first().and_then(|row| row.first()?.as_text().map(str::to_owned)).context("no form was saved")?;
        let rows = store.select(
            "SELECT * FROM answer WHERE instance = (SELECT instance FROM form WHERE form = 'forty' \
             ORDER BY happened_at DESC, instance DESC LIMIT 1)",
            &[],
        )?;
        if rows.len() != ITEMS {
            bail!("the form has {} answers in the current tables, not {ITEMS}", rows.len());
        }
        Ok(Self { body, rows })
    }
}

/// The same bytes by bare SQLite.
struct Bare(Connection);

impl Bare {
    fn create(path: &Path, bytes: &Bytes) -> anyhow::Result<Self> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.execute_batch(
            "CREATE TABLE entry (id INTEGER PRIMARY KEY, body TEXT);
             CREATE TABLE answer (participant TEXT, instance TEXT, field TEXT, value TEXT, number TEXT,
               PRIMARY KEY (participant, instance, field)) WITHOUT ROWID",
        )?;
        if bytes.rows.iter().any(|row| row.len() != 5) {
            bail!("the answers have other columns than this measurement knows");
        }
        Ok(Self(connection))
    }

    fn write(&mut self, nth: usize, bytes: &Bytes) -> anyhow::Result<()> {
        let transaction = self.0.transaction()?;
        transaction.prepare_cached("INSERT INTO entry (body) VALUES (?1)")?.execute([&bytes.body])?;
        {
            let mut insert = transaction.prepare_cached("INSERT INTO answer VALUES (?1, ?2, ?3, ?4, ?5)")?;
            let instance = format!("measured-{nth:08}");
            for row in &bytes.rows {
                let text = |column: usize| row.get(column).and_then(Cell::as_text);
                let number = row.get(4).and_then(|cell| match cell {
                    Cell::Integer(number) => Some(number.to_string()),
                    other => other.as_text().map(str::to_owned),
                });
                insert.execute(params![text(0), instance, text(2), text(3), number])?;
            }
        }
        Ok(transaction.commit()?)
    }
}
