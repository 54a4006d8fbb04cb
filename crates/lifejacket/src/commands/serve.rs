//! `serve`: a store's pages.

use crate::{arguments::Serve, store};
use anyhow::{Context, bail};
use jiff::{SignedDuration, Timestamp};
use std::{fs, net::SocketAddr, path::Path, process::ExitCode, sync::Arc, time::Instant};

pub fn run(arguments: &Serve) -> anyhow::Result<ExitCode> {
    judge_address(arguments.listen)?;
    let opened = store::open(&arguments.data.data)?;
    serve(&opened, arguments.listen, |address| println!("serving on http://{address}/ — stop with Ctrl-C"))?;
    Ok(ExitCode::SUCCESS)
}

/// Whether pages may be served at an address: they speak no TLS themselves.
pub fn judge_address(listen: SocketAddr) -> anyhow::Result<()> {
    if !listen.ip().is_loopback() {
        bail!("{listen} is not a loopback address: put a proxy that speaks TLS in front, and listen on 127.0.0.1");
    }
    Ok(())
}

/// Serves until the program is told to stop. `ready` is called once the address is bound.
pub fn serve(opened: &store::Opened, listen: SocketAddr, ready: impl FnOnce(SocketAddr)) -> anyhow::Result<()> {
    judge_address(listen)?;
    let app = web::app(services(opened)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting the server")?;
    runtime.block_on(async move {
        let listener = web::http::call::listen(listen).await.map_err(anyhow::Error::msg)?;
        ready(listener.local_addr()?);
        web::http::call::serve(listener, app, async {
            let _ = tokio::signal::ctrl_c().await;
        })
        .await
        .context("serving")
    })
}

fn services(opened: &store::Opened) -> anyhow::Result<web::Services> {
    // Drawing never fails on the systems we run on; where it does, the program must not go on with weak tokens.
    let draw = || store::random::<32>().unwrap_or_else(|_| std::process::abort());
    Ok(web::Services {
        door: Arc::clone(&opened.door),
        identity: Arc::clone(&opened.identity),
        people: Arc::clone(&opened.people),
        kept: web::then::Kept::default(),
        drafts: web::drafts::Drafts::open(&opened.folder.join("drafts.sqlite"))?,
        clock: clock(opened)?,
        passed: std::sync::atomic::AtomicI64::new(0),
        draw: Box::new(draw),
        form_key: web::http::guard::FormKey::new(store::random()?),
        packs: packs(&opened.folder.join("packs"))?,
        help_phone: String::new(),
        idle_seconds: 900,
        reports: web::pages::analysis::Reports::default(),
        secure: false,
        live: web::live::Live::default(),
    })
}

/// The form packs of the store, from its folder `packs`. A pack with mistakes is told with all of them, and nothing is served:
/// nobody should be asked half-licensed questions.
fn packs(folder: &Path) -> anyhow::Result<web::packs::Packs> {
    let mut packs = web::packs::Packs::default();
    let mut mistakes = Vec::new();
    let mut files = match fs::read_dir(folder) {
        Ok(files) => files.collect::<Result<Vec<_>, _>>()?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error).with_context(|| format!("reading {}", folder.display())),
    };
    files.sort_by_key(fs::DirEntry::file_name);
    for path in files.iter().map(fs::DirEntry::path).filter(|path| path.extension().is_some_and(|end| end == "toml")) {
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let shown = path.display();
        match instruments::FormPack::parse(&text) {
            Ok(pack) => mistakes.extend(packs.add(pack).err().map(|what| format!("  {shown}: {what}"))),
            Err(all) => mistakes.extend(all.iter().map(|mistake| format!("  {shown}: {mistake}"))),
        }
    }
    if mistakes.is_empty() {
        return Ok(packs);
    }
    bail!("{} mistakes in form packs, nothing is served:\n{}", mistakes.len(), mistakes.join("\n"))
}

/// The system's clock; in a synthetic store virtual time goes on from its last entry.
fn clock(opened: &store::Opened) -> anyhow::Result<Box<dyn Fn() -> Timestamp + Send + Sync>> {
    if !opened.door.store().about().synthetic {
        return Ok(Box::new(Timestamp::now));
    }
    let last = store::last_recorded(opened.door.store().as_ref())?;
    let started = Instant::now();
    Ok(Box::new(move || {
        let gone = SignedDuration::try_from(started.elapsed()).unwrap_or(SignedDuration::ZERO);
        last.checked_add(gone).unwrap_or(last)
    }))
}
