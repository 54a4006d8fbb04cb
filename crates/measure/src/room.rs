//! Forty session rooms at once, each open on four devices: how long from an entry until every screen has it.

use crate::{
    http::{Client, between, encode},
    personas::{self, Persona},
    program::{self, Server},
    table::{Table, quantile},
};
use anyhow::{Context, bail};
use record::{SqliteStore, Store, projection::TABLES};
use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

/// Sessions at once.
const SESSIONS: usize = 40;
/// Devices that look at each.
const VIEWERS: usize = 4;
/// Seconds between two entries of a session.
const EVERY: f64 = 5.0;
/// Seconds that are measured.
const SECONDS: f64 = 60.0;
/// Connections on which entries are sent.
const WRITERS: usize = 8;

/// Opens the rooms and writes into them.
pub fn measure() -> anyhow::Result<Table> {
    let built = program::build()?;
    let folder = program::cache()?.join("room");
    if !folder.join("record.sqlite").exists() {
        let data = folder.display().to_string();
        program::run(
            &built,
            &["simulate", "--study", "demonstration", "--participants", "80", "--seed", "7", "--data", &data],
        )?;
    }
    let mut server = Server::start(&built, &folder, None)?;
    server.wait()?;
    let rooms = rooms(&server, &folder)?;
    let outcome = run(server.address, &rooms)?;
    let (resident, highest) = server.memory()?;
    let mut times: Vec<f64> = outcome.seen.iter().map(|(_, ms)| *ms).collect();
    let expected = outcome.written * VIEWERS;
    let [middle, p99, longest] = [0.5, 0.99, 1.0].map(|share| quantile(&mut times, share));
    let mut table = Table::default();
    table.target("entry to every screen: p99", format!("{p99:.1} ms"), "≤ 100 ms", p99 <= 100.0);
    table.figure("entry to every screen: median / longest", format!("{middle:.1} / {longest:.1} ms"));
    let lost = expected.saturating_sub(times.len());
    table.target(
        "entries × screens seen",
        format!("{} of {expected}, {lost} lost", times.len()),
        "nothing lost",
        lost == 0 && outcome.doubled == 0,
    );
    table.figure("entries written", outcome.written);
    let shown = format!("{} (highest {})", program::megabytes(resident), program::megabytes(highest));
    table.target("resident memory after the run", shown, "≤ 200 MB", resident <= 200_000_000);
    table.note(format!(
        "Method: a simulated store of 80 people is served by the release build on both cores; {SESSIONS} sessions with all that \
         was written in them, each open as \
         server-sent events on {VIEWERS} connections of people of its site, each with a thread that reads. Every {EVERY} s each session gets a \
         note with words of its own, posted on one of {WRITERS} kept-alive connections by a person of the site, evenly spread, \
         for {SECONDS} s. The time runs in the client from before the form is written until the event with those words has been read \
         on a connection, so decision, fsync, drawing for each reader, and the loopback are in it. Load on the machine: {}.",
        program::load()
    ));
    Ok(table)
}

/// One session with those who look at it and the one who writes.
struct Room {
    address: String,
    viewers: Vec<String>,
    writer: String,
    token: String,
}

fn rooms(server: &Server, folder: &Path) -> anyhow::Result<Vec<Room>> {
    let store = SqliteStore::open(&folder.join("record.sqlite"), TABLES)?;
    let rows = store.select("SELECT DISTINCT participant, session FROM dosing_session WHERE closed_at IS NULL", &[])?;
    let more = store.select(
        "SELECT DISTINCT participant, session FROM dosing_session WHERE closed_at IS NOT NULL AND dosed_at IS NOT NULL",
        &[],
    )?;
    let codes = rows.iter().chain(&more).filter_map(|row| {
        let code = row.first()?.as_text()?.to_owned();
        let session = match row.get(1)? {
            record::table::Cell::Integer(number) => number.to_string(),
            other => other.as_text()?.to_owned(),
        };
        Some((code, session))
    });
    let personas = personas::all(server.address)?;
    let mut client = Client::connect(server.address)?;
    let mut taken: HashMap<String, ()> = HashMap::new();
    let mut found = Vec::new();
    for (code, session) in codes {
        if found.len() == SESSIONS {
            break;
        }
        if taken.insert(code.clone(), ()).is_some() {
            continue;
        }
        let site = code.split('-').next().unwrap_or_default().to_lowercase();
        let address = format!("/participants/{code}/sessions/{session}");
        let here: Vec<&Persona> = personas.iter().filter(|persona| persona.login.starts_with(&site)).collect();
        if let Some(room) = room(&mut client, &address, &here)? {
            found.push(room);
        }
    }
    if found.len() < SESSIONS {
        bail!("only {} sessions can be opened by {VIEWERS} people and written to", found.len());
    }
    Ok(found)
}

fn room(client: &mut Client, address: &str, here: &[&Persona]) -> anyhow::Result<Option<Room>> {
    let (mut viewers, mut writer) = (Vec::new(), None);
    for persona in here {
        client.cookie = Some(persona.cookie.clone());
        let page = client.get(address)?;
        if page.status != 200 {
            continue;
        }
        viewers.push(persona.cookie.clone());
        let text = page.text();
        if writer.is_none()
            && ["nurse", "therapist"].iter().any(|role| persona.login.contains(role))
            && let Some(token) = between(&text, "data-token=\"", "\"").first()
        {
            writer = Some((persona.cookie.clone(), (*token).to_owned()));
        }
    }
    viewers.truncate(VIEWERS);
    Ok(writer.filter(|_| viewers.len() == VIEWERS).map(|(writer, token)| Room {
        address: address.to_owned(),
        viewers,
        writer,
        token,
    }))
}

struct Outcome {
    /// Which note was seen on which connection, and after how many milliseconds.
    seen: Vec<(u64, f64)>,
    written: usize,
    doubled: usize,
}

fn run(address: SocketAddr, rooms: &[Room]) -> anyhow::Result<Outcome> {
    let sent: Mutex<HashMap<u64, Instant>> = Mutex::new(HashMap::new());
    let (sent, over) = (&sent, &AtomicBool::new(false));
    let (report, reports) = mpsc::channel::<(u64, f64)>();
    let (opened, openings) = mpsc::channel::<()>();
    let total = (SESSIONS as f64 * SECONDS / EVERY) as usize;
    std::thread::scope(|scope| -> anyhow::Result<Outcome> {
        for room in rooms {
            for cookie in &room.viewers {
                let (report, opened) = (report.clone(), opened.clone());
                scope.spawn(move || {
                    let _ = look(address, &room.address, cookie, sent, over, &report, &opened);
                });
            }
        }
        drop((report, opened));
        for _ in 0..SESSIONS * VIEWERS {
            openings.recv_timeout(Duration::from_secs(60)).context("not every room opened")?;
        }
        std::thread::sleep(Duration::from_secs(2));
        let started = Instant::now();
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| scope.spawn(move || write(address, rooms, writer, total, started, sent)))
            .collect();
        let mut written = 0;
        for writer in writers {
            written += writer.join().map_err(|_| anyhow::anyhow!("a writer panicked"))??;
        }
        std::thread::sleep(Duration::from_secs(3));
        over.store(true, Ordering::Relaxed);
        let seen: Vec<(u64, f64)> = reports.iter().collect();
        let mut count: HashMap<u64, usize> = HashMap::new();
        for (note, _) in &seen {
            *count.entry(*note).or_default() += 1;
        }
        let doubled = count.values().filter(|seen| **seen > VIEWERS).count();
        Ok(Outcome { seen, written, doubled })
    })
}

/// Words of a note, which no other has.
fn words(note: u64) -> String {
    format!("measured-note-{note:08}-end")
}

fn write(
    address: SocketAddr,
    rooms: &[Room],
    writer: usize,
    total: usize,
    started: Instant,
    sent: &Mutex<HashMap<u64, Instant>>,
) -> anyhow::Result<usize> {
    let mut client = Client::connect(address)?;
    let base = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
    let mut written = 0;
    for number in (writer..total).step_by(WRITERS) {
        let planned = started + Duration::from_secs_f64(number as f64 * EVERY / SESSIONS as f64);
        if let Some(wait) = planned.checked_duration_since(Instant::now()) {
            std::thread::sleep(wait);
        }
        let room = rooms.get(number % rooms.len()).context("a room")?;
        let note = number as u64;
        client.cookie = Some(room.writer.clone());
        let form = format!(
            "token={}&request=measured-{base}-{note:08}&code=TALK&text={}",
            encode(&room.token),
            encode(&words(note))
        );
        if let Ok(mut sent) = sent.lock() {
            sent.insert(note, Instant::now());
        }
        let reply = client.post(&format!("{}/do/session-note", room.address), &form)?;
        if reply.status != 303 {
            bail!("a note was answered with {}: {}", reply.status, reply.text());
        }
        written += 1;
    }
    Ok(written)
}

/// Reads what an open page is sent, until the run is over.
fn look(
    address: SocketAddr,
    room: &str,
    cookie: &str,
    sent: &Mutex<HashMap<u64, Instant>>,
    over: &AtomicBool,
    report: &mpsc::Sender<(u64, f64)>,
    opened: &mpsc::Sender<()>,
) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    write!(
        stream,
        "GET {room}/live HTTP/1.1\r\nhost: {address}\r\naccept: text/event-stream\r\ncookie: {cookie}\r\n\r\n"
    )?;
    let mut reader = BufReader::with_capacity(64 * 1024, stream);
    let (mut line, mut first, mut newest) = (Vec::new(), true, None::<u64>);
    while !over.load(Ordering::Relaxed) {
        match reader.read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) => {}
            // What was read of a line so far stays in it.
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                continue;
            }
            Err(error) => return Err(error.into()),
        }
        let text = String::from_utf8_lossy(&line);
        if text.starts_with("data: ") {
            let now = Instant::now();
            if first {
                first = false;
                opened.send(())?;
            }
            // A message has the whole timeline: new is what is newer than the newest so far.
            let notes = between(&text, "measured-note-", "-end").into_iter().filter_map(|note| note.parse().ok());
            let mut fresh: Vec<u64> = notes.filter(|note| newest.is_none_or(|newest| *note > newest)).collect();
            fresh.sort_unstable();
            fresh.dedup();
            for note in fresh {
                newest = Some(note);
                let at = sent.lock().ok().and_then(|sent| sent.get(&note).copied());
                if let Some(at) = at {
                    report.send((note, now.duration_since(at).as_secs_f64() * 1e3))?;
                }
            }
        }
        line.clear();
    }
    Ok(())
}
