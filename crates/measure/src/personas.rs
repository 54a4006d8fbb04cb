//! Signing in as the people that a synthetic store offers.

use crate::http::{Client, between, encode};
use anyhow::{Context, bail};
use std::net::SocketAddr;

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Persona {
    /// Their login.
    pub login: String,
    /// Their sign-in, as the browser sends it: `name=value`.
    pub cookie: String,
}

/// Signs in as everybody whom the sign-in page offers with one click.
pub fn all(address: SocketAddr) -> anyhow::Result<Vec<Persona>> {
    let page = Client::connect(address)?.get("/sign-in")?.text();
    let logins = between(&page, "name=\"login\" value=\"", "\"");
    if logins.is_empty() {
        bail!("the sign-in page offers nobody: is the store synthetic?");
    }
    logins.into_iter().filter(|login| !login.is_empty()).map(|login| enter(address, login)).collect()
}

fn enter(address: SocketAddr, login: &str) -> anyhow::Result<Persona> {
    let mut client = Client::connect(address)?;
    let reply = client.post("/sign-in/persona", &format!("login={}&back=%2F", encode(login)))?;
    let cookie = client.cookie.with_context(|| format!("{login} was not let in ({})", reply.status))?;
    Ok(Persona { login: login.to_owned(), cookie })
}
