//! The files that every page may fetch: embedded, named by their hash, kept by browsers for a year.

use std::io::Write;
use std::sync::OnceLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// One embedded file under an address that changes when it does.
pub struct Asset {
    pub address: String,
    pub kind: &'static str,
    pub bytes: &'static [u8],
    /// The same, packed once at the start for whoever accepts gzip. These files hold no secret; pages do, and are never packed
    /// (a packed secret beside what a visitor sent can be guessed from its length).
    pub packed: Vec<u8>,
}

/// All files of the pages.
pub struct Assets {
    pub style: Asset,
    pub script: Asset,
    /// What the session room does better with a script; no other page fetches it.
    pub room: Asset,
    pub mark: Asset,
}

/// Where the worker of the session room is fetched: its reach is set by its address.
pub const WORKER: &str = "/room-worker.js";

/// The worker's script, with the addresses of this version's files in place of its placeholders.
pub fn worker() -> String {
    let all = assets();
    let files =
        [&all.style, &all.script, &all.room, &all.mark].map(|asset| format!("\"{}\"", asset.address)).join(", ");
    include_str!("../../static/room-worker.js").replace("/*FILES*/", &files)
}

impl Assets {
    /// The file at this address, if there is one.
    pub fn find(&self, address: &str) -> Option<&Asset> {
        [&self.style, &self.script, &self.room, &self.mark].into_iter().find(|asset| asset.address == address)
    }
}

/// The embedded files, hashed once.
pub fn assets() -> &'static Assets {
    static ASSETS: OnceLock<Assets> = OnceLock::new();
    ASSETS.get_or_init(|| Assets {
        style: asset("lifejacket", "css", "text/css; charset=utf-8", include_bytes!("../../static/lifejacket.css")),
        script: asset(
            "lifejacket",
            "js",
            "text/javascript; charset=utf-8",
            include_bytes!("../../static/lifejacket.js"),
        ),
        room: asset("room", "js", "text/javascript; charset=utf-8", include_bytes!("../../static/room.js")),
        mark: asset("mark", "svg", "image/svg+xml", include_bytes!("../../static/mark.svg")),
    })
}

fn asset(name: &str, ending: &str, kind: &'static str, bytes: &'static [u8]) -> Asset {
    let hash = Sha256::digest(bytes);
    let short: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Asset { address: format!("/static/{name}-{short}.{ending}"), kind, bytes, packed: packed(bytes) }
}

/// In gzip's format; empty where that can't be had, and then the file goes as it is.
fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 3), Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_view_stays_small() {
        let all = assets();
        let sum: usize = [&all.style, &all.script, &all.room, &all.mark].map(|asset| asset.packed.len()).iter().sum();
        // 120 kB is the budget of a whole first view; the page itself may take the rest.
        assert!(sum > 0 && sum < 30_000, "{sum} bytes");
    }

    #[test]
    fn a_packed_file_is_the_file() {
        use std::io::Read;
        for asset in [&assets().style, &assets().room] {
            let mut back = Vec::new();
            flate2::read::GzDecoder::new(asset.packed.as_slice()).read_to_end(&mut back).unwrap();
            assert_eq!(back, asset.bytes, "{}", asset.address);
        }
    }

    #[test]
    fn only_known_addresses_are_served() {
        assert!(assets().find(&assets().style.address).is_some());
        for other in ["/static/lifejacket.css", "/static/../Cargo.toml", "/static/"] {
            assert!(assets().find(other).is_none(), "{other}");
        }
    }
}
