//! Sealed rows: how an arm and a content are closed, and what they are bound to.

use chain::{Key, NONCE_BYTES, Nonce, Sealed, Unopened};
use protocol::model::Content;
use rand::Rng;
use serde::{Deserialize, Serialize};
use terms::{ArmId, ContainerId};

/// Longest arm id, in bytes: every plain text has the same length, or the ciphertext's length would tell.
pub(crate) const ARM_BYTES_MAX: usize = 62;
const PLAIN_BYTES: usize = ARM_BYTES_MAX + 2;

/// One row of the allocation list. Handle, stratum and position are public; the arm is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedRow {
    /// Opaque name of the row, 32 hexadecimal digits: it goes into the record.
    pub handle: String,
    /// Stratum: a site's id.
    pub stratum: String,
    /// Place in the stratum, from 1.
    pub position: u32,
    /// The arm, closed.
    pub sealed: Sealed,
}

/// What one container holds, sealed to its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedContainer {
    /// Label number.
    pub container: ContainerId,
    /// The content, closed.
    pub sealed: Sealed,
}

/// An opened allocation. No `Debug`, `Display`, `Serialize` or equality: it can't reach a log or a page by accident.
pub struct Opened {
    arm: ArmId,
    content: Content,
}

impl Opened {
    /// The arm.
    pub const fn arm(&self) -> &ArmId {
        &self.arm
    }

    /// What its containers hold.
    pub const fn content(&self) -> Content {
        self.content
    }
}

impl SealedRow {
    pub(crate) fn seal(
        key: &Key,
        nonce: Nonce,
        handle: String,
        place: (&str, u32),
        arm: (&ArmId, Content),
    ) -> Result<Self, Unopened> {
        let (stratum, position) = place;
        let context = row_context(&handle, stratum, position);
        let plain = plain(arm.0.as_str(), arm.1);
        let sealed = Sealed::seal(key, nonce, &context, &plain)?;
        Ok(Self { handle, stratum: stratum.to_owned(), position, sealed })
    }

    pub(crate) fn open(&self, key: &Key) -> Result<Opened, Unopened> {
        let context = row_context(&self.handle, &self.stratum, self.position);
        let (arm, content) = read(&self.sealed.open(key, &context)?)?;
        Ok(Opened { arm: ArmId::from(arm.as_str()), content })
    }
}

impl SealedContainer {
    pub(crate) fn seal(key: &Key, nonce: Nonce, container: ContainerId, content: Content) -> Result<Self, Unopened> {
        let sealed = Sealed::seal(key, nonce, &container_context(&container), &plain("", content))?;
        Ok(Self { container, sealed })
    }

    pub(crate) fn open(&self, key: &Key) -> Result<Content, Unopened> {
        let (_, content) = read(&self.sealed.open(key, &container_context(&self.container))?)?;
        Ok(content)
    }
}

/// A nonce from the stream that is kept for nonces.
pub(crate) fn nonce_draw(random: &mut impl Rng) -> Nonce {
    let mut nonce = [0; NONCE_BYTES];
    random.fill_bytes(&mut nonce);
    nonce
}

fn row_context(handle: &str, stratum: &str, position: u32) -> Vec<u8> {
    // INVARIANT: neither handle nor stratum holds a zero byte, so that two places never share a context.
    format!("lifejacket allocation row v1\0{stratum}\0{position}\0{handle}").into_bytes()
}

fn container_context(container: &ContainerId) -> Vec<u8> {
    format!("lifejacket container v1\0{container}").into_bytes()
}

/// Always of the same length: content, length of the arm's id, the id, zeros.
fn plain(arm: &str, content: Content) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(PLAIN_BYTES);
    bytes.push(match content {
        Content::Active => 1,
        Content::Placebo => 2,
    });
    bytes.push(arm.len() as u8);
    bytes.extend_from_slice(arm.as_bytes());
    bytes.resize(PLAIN_BYTES, 0);
    bytes
}

fn read(bytes: &[u8]) -> Result<(String, Content), Unopened> {
    let [content, length, rest @ ..] = bytes else { return Err(Unopened) };
    let content = match content {
        1 => Content::Active,
        2 => Content::Placebo,
        _ => return Err(Unopened),
    };
    let arm = rest.get(..usize::from(*length)).and_then(|arm| std::str::from_utf8(arm).ok()).ok_or(Unopened)?;
    Ok((arm.to_owned(), content))
}
