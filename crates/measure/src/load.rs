//! A steady load: so many clients, so many requests a second, each at its own moment whatever became of the others.

use crate::{http::Client, table::quantile};
use anyhow::Context;
use std::{
    net::SocketAddr,
    sync::Barrier,
    time::{Duration, Instant},
};

/// A page as somebody sees it.
#[derive(Debug, Clone)]
pub struct View {
    /// What kind of page, for the figures.
    pub kind: &'static str,
    /// Address.
    pub path: String,
    /// Whose sign-in: `name=value`.
    pub cookie: String,
}

/// What a load is.
#[derive(Clone, Copy)]
pub struct Load {
    /// Connections, each with a thread.
    pub clients: usize,
    /// Requests a second, of all together.
    pub rate: f64,
    /// How long.
    pub seconds: f64,
}

/// One request as it went.
pub struct Asked {
    /// What kind of page.
    pub kind: &'static str,
    /// From sending to the last byte, milliseconds.
    pub milliseconds: f64,
    /// From when it was to be sent to the last byte, milliseconds.
    pub from_plan: f64,
    /// Bytes of the page.
    pub bytes: usize,
}

/// Asks for the views, one after another and over again. A page that is not answered with 200 ends it.
pub fn run(address: SocketAddr, views: &[View], load: Load) -> anyhow::Result<Vec<Asked>> {
    let total = (load.rate * load.seconds) as usize;
    let together = Barrier::new(load.clients);
    let together = &together;
    let results: Vec<anyhow::Result<Vec<Asked>>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..load.clients)
            .map(|client| {
                scope.spawn(move || {
                    let connected = Client::connect(address);
                    together.wait();
                    one_client(connected?, client, total, views, load)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a client panicked"))))
            .collect()
    });
    let mut all = Vec::with_capacity(total);
    for result in results {
        all.extend(result?);
    }
    Ok(all)
}

fn one_client(
    mut client: Client,
    first: usize,
    total: usize,
    views: &[View],
    load: Load,
) -> anyhow::Result<Vec<Asked>> {
    let started = Instant::now();
    let mut asked = Vec::new();
    for number in (first..total).step_by(load.clients) {
        let planned = started + Duration::from_secs_f64(number as f64 / load.rate);
        if let Some(wait) = planned.checked_duration_since(Instant::now()) {
            std::thread::sleep(wait);
        }
        let view = views.get(number % views.len().max(1)).context("no views")?;
        client.cookie = Some(view.cookie.clone());
        let reply = client.get(&view.path)?;
        if reply.status != 200 {
            anyhow::bail!("{} was answered with {}", view.path, reply.status);
        }
        let from_plan = planned.elapsed().as_secs_f64() * 1e3;
        asked.push(Asked { kind: view.kind, milliseconds: reply.milliseconds, from_plan, bytes: reply.body.len() });
    }
    Ok(asked)
}

/// Median, 99th percentile and longest of some requests, milliseconds.
pub fn figures<'a>(asked: impl Iterator<Item = &'a Asked>, of: impl Fn(&Asked) -> f64) -> [f64; 3] {
    let mut times: Vec<f64> = asked.map(of).collect();
    [0.5, 0.99, 1.0].map(|share| quantile(&mut times, share))
}
