//! Offline verification: a sequence of links is whole, or here is the first place where it is not.
//!
//! What it proves: no byte of a link was changed, none was left out, put in or exchanged before the last one seen.
//! What it can't prove alone: that the end of a chain was not cut off. For that, give the head that was written down
//! earlier ([`Verifier::expect`]).

use crate::{Hash, Head, Heads, Link, link::ChainName};
use std::{
    collections::{BTreeMap, HashMap},
    fmt,
};

/// The first break found in the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// In which chain.
    pub chain: String,
    /// At which position of the chain.
    pub position: u64,
    /// What is wrong there.
    pub kind: Box<FlawKind>,
}

/// What is wrong with a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlawKind {
    /// The bytes don't give the hash that stands beside them.
    Changed {
        /// The hash that stands there.
        written: Hash,
        /// The hash that the bytes give.
        computed: Hash,
    },
    /// A position was left out or stands twice.
    Gap {
        /// The position that should come here.
        needed: u64,
    },
    /// It names another link before it than the one that is there.
    Unlinked {
        /// Hash of the link that is there.
        needed: Hash,
        /// Hash that it names.
        found: Hash,
    },
    /// A version of its stream was left out or stands twice.
    StreamGap {
        /// The stream.
        stream: String,
        /// The version that should come here.
        needed: u64,
        /// The version that is there.
        found: u64,
    },
    /// It names a head of another chain that is not where that chain stood.
    OtherHead {
        /// The other chain.
        other: String,
        /// Where that chain stood.
        needed: Head,
        /// What the link names.
        found: Head,
    },
    /// It names the sealed chain's head, which no link may.
    NamesSealed,
    /// Something in it can't be read.
    Unreadable(String),
    /// The chain ends before a head that was written down earlier, or has another link there.
    NotAsWrittenDown {
        /// The head written down.
        needed: Head,
        /// The hash found at that position; none if the chain is shorter.
        found: Option<Hash>,
    },
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "chain {}, position {}: {}", self.chain, self.position, self.kind)
    }
}
impl std::error::Error for Flaw {}

impl fmt::Display for FlawKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { written, computed } => write!(
                f,
                "the bytes do not give the hash written beside them (written {written}, computed {computed}): entry or hash was changed"
            ),
            Self::Gap { needed } => {
                write!(f, "position {needed} should come here: an entry was left out, put in or exchanged")
            }
            Self::Unlinked { needed, found } => write!(
                f,
                "it follows an entry with hash {found}, but the entry before it has {needed}: an entry was exchanged"
            ),
            Self::StreamGap { stream, needed, found } => {
                write!(f, "version {needed} of stream {stream} should come here, found version {found}")
            }
            Self::OtherHead { other, needed, found } => write!(
                f,
                "it says that chain {other} stood at position {} ({}), but it stood at position {} ({}): one of the two chains was exchanged or cut",
                found.position, found.hash, needed.position, needed.hash
            ),
            Self::NamesSealed => f.write_str("it names the head of the sealed chain, which no entry outside it may"),
            Self::Unreadable(why) => write!(f, "it can't be read: {why}"),
            Self::NotAsWrittenDown { needed, found: None } => write!(
                f,
                "the chain ends before position {}, which was written down earlier with hash {}: its end was cut off",
                needed.position, needed.hash
            ),
            Self::NotAsWrittenDown { needed, found: Some(found) } => write!(
                f,
                "the hash {} was written down earlier for position {}, found {found}: the chain was rewritten",
                needed.hash, needed.position
            ),
        }
    }
}

/// What was proved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// Number of links seen.
    pub links: u64,
    /// The head of each chain seen.
    pub heads: BTreeMap<ChainName, Head>,
}

/// Checks links one by one, in the order in which they were recorded. Memory: a few dozen bytes for each stream.
#[derive(Debug, Default)]
pub struct Verifier {
    verified: Verified,
    streams: HashMap<String, u64>,
    expected: BTreeMap<ChainName, Vec<Head>>,
    single_chain: bool,
    buffer: Vec<u8>,
}

impl Verifier {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// For the links of one chain without the others: what they say of other chains, and gaps in streams that go on in
    /// another chain, can't be checked and are passed over.
    pub fn single_chain() -> Self {
        Self { single_chain: true, ..Self::default() }
    }

    /// A head that was written down earlier, elsewhere: the chain must go through it.
    pub fn expect(mut self, chain: ChainName, head: Head) -> Self {
        self.expected.entry(chain).or_default().push(head);
        self
    }

    /// Checks the next link against everything seen before. After a flaw the verifier must not be used on.
    pub fn check(&mut self, link: &Link<'_>, written: &Hash) -> Result<(), Flaw> {
        let flaw = |kind| Flaw { chain: link.chain.to_owned(), position: link.position, kind: Box::new(kind) };
        let computed = link.hash_with(&mut self.buffer);
        if computed != *written {
            return Err(flaw(FlawKind::Changed { written: *written, computed }));
        }
        let head = self.verified.heads.get(link.chain).copied().unwrap_or(Head::EMPTY);
        if link.position != head.position + 1 {
            return Err(flaw(FlawKind::Gap { needed: head.position + 1 }));
        }
        if link.previous != head.hash {
            return Err(flaw(FlawKind::Unlinked { needed: head.hash, found: link.previous }));
        }
        self.check_stream(link).map_err(flaw)?;
        self.check_heads(link).map_err(flaw)?;
        let new = Head { hash: computed, position: link.position };
        if let Some(expected) = self.expected.get(link.chain)
            && let Some(other) = expected.iter().find(|head| head.position == new.position && head.hash != new.hash)
        {
            return Err(flaw(FlawKind::NotAsWrittenDown { needed: *other, found: Some(new.hash) }));
        }
        match self.verified.heads.get_mut(link.chain) {
            Some(head) => *head = new,
            None => {
                let name = link.chain.parse().map_err(|error| flaw(FlawKind::Unreadable(format!("{error}"))))?;
                self.verified.heads.insert(name, new);
            }
        }
        self.verified.links += 1;
        Ok(())
    }

    fn check_stream(&mut self, link: &Link<'_>) -> Result<(), FlawKind> {
        let gap = |needed| FlawKind::StreamGap { stream: link.stream.to_owned(), needed, found: link.version };
        match self.streams.get_mut(link.stream) {
            Some(version) if self.single_chain && link.version > *version => *version = link.version,
            Some(version) if link.version == *version + 1 => *version = link.version,
            Some(version) => return Err(gap(*version + 1)),
            None if link.version == 1 || self.single_chain => {
                self.streams.insert(link.stream.to_owned(), link.version);
            }
            None => return Err(gap(1)),
        }
        Ok(())
    }

    fn check_heads(&self, link: &Link<'_>) -> Result<(), FlawKind> {
        if link.heads == b"{}" {
            return Ok(());
        }
        let heads: Heads =
            serde_json::from_slice(link.heads).map_err(|error| FlawKind::Unreadable(format!("its heads: {error}")))?;
        for (other, found) in heads {
            if other.is_sealed() {
                return Err(FlawKind::NamesSealed);
            }
            let needed = self.verified.heads.get(&other).copied().unwrap_or(Head::EMPTY);
            if !self.single_chain && found != needed {
                return Err(FlawKind::OtherHead { other: other.to_string(), needed, found });
            }
        }
        Ok(())
    }

    /// After the last link: what was proved, unless a chain ends before a head written down earlier.
    pub fn finish(self) -> Result<Verified, Flaw> {
        for (chain, expected) in &self.expected {
            let end = self.verified.heads.get(chain).map_or(0, |head| head.position);
            if let Some(cut) = expected.iter().find(|head| head.position > end) {
                return Err(Flaw {
                    chain: chain.to_string(),
                    position: end,
                    kind: Box::new(FlawKind::NotAsWrittenDown { needed: *cut, found: None }),
                });
            }
        }
        Ok(self.verified)
    }
}

/// Checks a whole sequence of links with the hashes written beside them.
pub fn verify<'a>(links: impl IntoIterator<Item = (Link<'a>, Hash)>) -> Result<Verified, Flaw> {
    let mut verifier = Verifier::new();
    for (link, hash) in links {
        verifier.check(&link, &hash)?;
    }
    verifier.finish()
}
