//! As much of HTTP/1.1 as a browser's page views need: kept-alive connections, one cookie, whole answers.

use anyhow::{Context, bail};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

/// One connection to the server.
pub struct Client {
    address: SocketAddr,
    connection: BufReader<TcpStream>,
    /// Sent with every request, if there is one: `name=value`.
    pub cookie: Option<String>,
}

/// An answer.
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Where it sends the browser.
    pub location: Option<String>,
    /// The body.
    pub body: Vec<u8>,
    /// From the first byte of the request sent to the last byte of the answer read, in milliseconds.
    pub milliseconds: f64,
}

impl Reply {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Client {
    /// Connects.
    pub fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self { address, connection: open(address)?, cookie: None })
    }

    /// Asks for a page.
    pub fn get(&mut self, path: &str) -> anyhow::Result<Reply> {
        let head =
            format!("GET {path} HTTP/1.1\r\nhost: {}\r\naccept: text/html\r\n{}\r\n", self.address, self.cookie());
        self.send(head.as_bytes()).with_context(|| format!("GET {path}"))
    }

    /// Sends a form, its pairs already encoded.
    pub fn post(&mut self, path: &str, form: &str) -> anyhow::Result<Reply> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n{}\r\n{form}",
            self.address,
            form.len(),
            self.cookie()
        );
        self.send(request.as_bytes()).with_context(|| format!("POST {path}"))
    }

    fn cookie(&self) -> String {
        self.cookie.as_ref().map(|cookie| format!("cookie: {cookie}\r\n")).unwrap_or_default()
    }

    fn send(&mut self, request: &[u8]) -> anyhow::Result<Reply> {
        let started = Instant::now();
        self.connection.get_mut().write_all(request)?;
        let mut line = String::new();
        self.line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).context("no status line")?;
        let mut reply = Reply { status, location: None, body: Vec::new(), milliseconds: 0.0 };
        let (mut length, mut close) = (None, false);
        loop {
            self.line(&mut line)?;
            if line.is_empty() {
                break;
            }
            let Some((name, value)) = line.split_once(':') else { continue };
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse::<usize>().ok(),
                "connection" => close = value.eq_ignore_ascii_case("close"),
                "location" => reply.location = Some(value.to_owned()),
                "set-cookie" => self.cookie = value.split(';').next().map(str::to_owned),
                _ => {}
            }
        }
        // The server always says how long its pages are; nothing here needs chunks.
        let length = length.context("the answer doesn't say its length")?;
        reply.body.resize(length, 0);
        self.connection.read_exact(&mut reply.body)?;
        reply.milliseconds = started.elapsed().as_secs_f64() * 1e3;
        if close {
            self.connection = open(self.address)?;
        }
        Ok(reply)
    }

    fn line(&mut self, line: &mut String) -> anyhow::Result<()> {
        line.clear();
        if self.connection.read_line(line)? == 0 {
            bail!("the server closed the connection");
        }
        line.truncate(line.trim_end().len());
        Ok(())
    }
}

fn open(address: SocketAddr) -> anyhow::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address).with_context(|| format!("connecting to {address}"))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    Ok(BufReader::with_capacity(64 * 1024, stream))
}

/// A word as a form or address carries it.
pub fn encode(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for byte in word.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

/// Values of an attribute in a page, in order: `between(page, "name=\"login\" value=\"", "\"")`.
pub fn between<'a>(page: &'a str, before: &str, after: &str) -> Vec<&'a str> {
    page.split(before).skip(1).filter_map(|rest| rest.split(after).next()).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn answers_one_after_another_on_one_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut heads = Vec::new();
            for answer in [
                "HTTP/1.1 303 See Other\r\nSet-Cookie: c=1; HttpOnly\r\nLocation: /today\r\ncontent-length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            ] {
                let mut head = [0u8; 1024];
                let read = stream.read(&mut head).unwrap();
                heads.push(String::from_utf8_lossy(&head[..read]).into_owned());
                stream.write_all(answer.as_bytes()).unwrap();
            }
            heads
        });
        let mut client = Client::connect(address).unwrap();
        let first = client.post("/sign-in", "a=b").unwrap();
        assert_eq!((first.status, first.location.as_deref()), (303, Some("/today")));
        assert_eq!(client.get("/today").unwrap().text(), "hello");
        let heads = server.join().unwrap();
        assert!(!heads[0].contains("cookie"));
        assert!(heads[1].contains("cookie: c=1\r\n"));
    }

    #[test]
    fn words_and_pages() {
        assert_eq!(encode("a b&c=ü"), "a%20b%26c%3D%C3%BC");
        assert_eq!(between("<a x=\"1\"><b x=\"2\">", "x=\"", "\""), ["1", "2"]);
    }
}
