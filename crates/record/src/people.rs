//! Who the participants are: names, contacts, the safe way to be contacted, documents. Apart from the log, each value sealed
//! under the participant's own key, which is itself sealed under the store's key. The store's key is not in the database.
//!
//! Erasing loses the participant's key and everything under it; the log keeps codes and hashes and stays whole.

use crate::{
    error::StoreError,
    store::{SealedDocument, SealedPerson, Store},
};
use chain::{Hash, Key, NONCE_BYTES, Sealed};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use terms::ParticipantId;

/// Fills bytes with randomness; passed in, so that a simulated store is the same each time.
pub type Draw = dyn Fn(&mut [u8]) -> Result<(), StoreError> + Send + Sync;

/// The identities of a store.
pub struct People {
    store: Arc<dyn Store>,
    key: Key,
    search_key: [u8; 32],
    draw: Box<Draw>,
}

/// A person's values by field: `name`, `phone`, `safe_way`, ….
pub type Values = BTreeMap<String, String>;

/// Fewest letters of a word's beginning that can be searched for.
const BEGINNING_MIN: usize = 3;
/// Most letters of a word that its beginnings are kept of.
const BEGINNING_MAX: usize = 12;

impl People {
    /// The identities of a store, under its key.
    pub fn new(store: Arc<dyn Store>, key: Key, draw: Box<Draw>) -> Self {
        let search_key = *Hash::of(&[b"lifejacket people search v1\0", &key.secret()[..]].concat()).as_bytes();
        Self { store, key, search_key, draw }
    }

    /// Keeps values in place of those with the same field; the others stay.
    ///
    /// # Errors
    /// [`StoreError::Erased`] if the identity was erased, [`StoreError::WrongKey`] if it doesn't open.
    pub fn keep(&self, participant: &ParticipantId, values: &[(&str, &str)]) -> Result<(), StoreError> {
        let (mut sealed, key) = self.key_of(participant)?;
        for (field, value) in values {
            let closed = self.seal(&key, &value_place(participant, field), value.as_bytes())?;
            sealed.values.insert((*field).to_owned(), closed.to_bytes());
        }
        sealed.tokens = self.tokens(participant, &key, &sealed)?.into_iter().collect();
        self.store.person_keep(participant.as_str(), &sealed)
    }

    /// The values of a participant; none if there is no identity, or it was erased.
    ///
    /// # Errors
    /// [`StoreError::WrongKey`] if it doesn't open.
    pub fn values(&self, participant: &ParticipantId) -> Result<Option<Values>, StoreError> {
        let Some(sealed) = self.store.person(participant.as_str())? else { return Ok(None) };
        let key = self.open_key(participant, &sealed)?;
        let mut values = Values::new();
        for (field, closed) in &sealed.values {
            values.insert(field.clone(), open_text(&key, &value_place(participant, field), closed)?);
        }
        Ok(Some(values))
    }

    /// Whether everything that is kept of a participant opens, and is found by its words.
    ///
    /// # Errors
    /// [`StoreError::WrongKey`] if something doesn't open; [`StoreError::Damaged`] if it would not be found.
    pub fn prove(&self, participant: &ParticipantId) -> Result<(), StoreError> {
        let Some(sealed) = self.store.person(participant.as_str())? else { return Ok(()) };
        let key = self.open_key(participant, &sealed)?;
        let tokens = self.tokens(participant, &key, &sealed)?;
        let found: BTreeSet<[u8; 32]> = sealed.tokens.iter().copied().collect();
        match found == tokens {
            true => Ok(()),
            false => {
                Err(StoreError::Damaged { what: "the words to search by are not those of what is kept".to_owned() })
            }
        }
    }

    /// The search words of everything that is kept of a participant.
    fn tokens(
        &self,
        participant: &ParticipantId,
        key: &Key,
        sealed: &SealedPerson,
    ) -> Result<BTreeSet<[u8; 32]>, StoreError> {
        let mut words = BTreeSet::new();
        for (field, closed) in &sealed.values {
            words.extend(beginnings(&open_text(key, &value_place(participant, field), closed)?));
        }
        Ok(words.iter().map(|word| self.token(word)).collect())
    }

    /// Participants in whose values every word begins so, in order of their codes, at most `limit`. Words of fewer than three
    /// letters are not looked for.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn find(&self, words: &str, limit: u32) -> Result<Vec<ParticipantId>, StoreError> {
        let wanted: BTreeSet<String> = words_of(words)
            .filter(|word| word.chars().count() >= BEGINNING_MIN)
            .map(|word| word.chars().take(BEGINNING_MAX).collect())
            .collect();
        let tokens: Vec<[u8; 32]> = wanted.iter().map(|word| self.token(word)).collect();
        Ok(self.store.person_find(&tokens, limit)?.iter().map(|id| ParticipantId::from(id.as_str())).collect())
    }

    /// Erases the identity and the documents of a participant for good.
    ///
    /// # Errors
    /// When the store can't be written; then nothing was erased.
    pub fn erase(&self, participant: &ParticipantId, now: Timestamp) -> Result<(), StoreError> {
        self.store.person_erase(participant.as_str(), now)
    }

    /// Keeps a document under the hash of its bytes, which is what the log names.
    ///
    /// # Errors
    /// [`StoreError::Internal`] if `sha256` is not the hash of `bytes`.
    pub fn document_keep(&self, participant: &ParticipantId, sha256: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let hash = Hash::of(bytes);
        if hash.to_string() != sha256 {
            return Err(StoreError::Internal { what: format!("a document with hash {hash} was given as {sha256}") });
        }
        if self.store.document(participant.as_str(), &hash)?.is_some() {
            return Ok(());
        }
        let known = self.store.person(participant.as_str())?.is_some();
        let (sealed, key) = self.key_of(participant)?;
        if !known {
            self.store.person_keep(participant.as_str(), &sealed)?;
        }
        let closed = self.seal(&key, &document_place(participant, &hash), bytes)?;
        let document = SealedDocument { sha256: hash, participant: participant.to_string(), sealed: closed.to_bytes() };
        self.store.document_keep(&document)
    }

    /// The bytes of a document; none if it is not here, or was erased.
    ///
    /// # Errors
    /// [`StoreError::WrongKey`] if it doesn't open.
    pub fn document(&self, participant: &ParticipantId, sha256: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let Ok(hash) = sha256.parse::<Hash>() else { return Ok(None) };
        let Some(document) = self.store.document(participant.as_str(), &hash)? else { return Ok(None) };
        let Some(person) = self.store.person(participant.as_str())? else { return Ok(None) };
        let key = self.open_key(participant, &person)?;
        open(&key, &document_place(participant, &hash), &document.sealed).map(Some)
    }

    /// The participant's own key, drawn now if there is none.
    fn key_of(&self, participant: &ParticipantId) -> Result<(SealedPerson, Key), StoreError> {
        if let Some(sealed) = self.store.person(participant.as_str())? {
            let key = self.open_key(participant, &sealed)?;
            return Ok((sealed, key));
        }
        let mut secret = [0; chain::KEY_BYTES];
        (self.draw)(&mut secret)?;
        let key = Key::from_array(secret);
        let closed = self.seal(&self.key, &key_place(participant), key.secret())?;
        Ok((SealedPerson { key: closed.to_bytes(), ..SealedPerson::default() }, key))
    }

    fn open_key(&self, participant: &ParticipantId, sealed: &SealedPerson) -> Result<Key, StoreError> {
        let secret = open(&self.key, &key_place(participant), &sealed.key)?;
        Key::from_slice(&secret).ok_or(StoreError::WrongKey)
    }

    fn seal(&self, key: &Key, place: &str, plain: &[u8]) -> Result<Sealed, StoreError> {
        let mut nonce = [0; NONCE_BYTES];
        (self.draw)(&mut nonce)?;
        Sealed::seal(key, nonce, place.as_bytes(), plain).map_err(|_| StoreError::WrongKey)
    }

    fn token(&self, word: &str) -> [u8; 32] {
        // HMAC takes a key of any length, so this can't fail.
        Hmac::<Sha256>::new_from_slice(&self.search_key)
            .map(|mac| mac.chain_update(word).finalize().into_bytes().into())
            .unwrap_or_default()
    }
}

/// What each sealed value is bound to, so that it opens in its own place alone.
fn key_place(participant: &ParticipantId) -> String {
    format!("lifejacket person key v1\0{participant}")
}

fn value_place(participant: &ParticipantId, field: &str) -> String {
    format!("lifejacket person value v1\0{participant}\0{field}")
}

fn document_place(participant: &ParticipantId, hash: &Hash) -> String {
    format!("lifejacket person document v1\0{participant}\0{hash}")
}

fn open(key: &Key, place: &str, closed: &[u8]) -> Result<Vec<u8>, StoreError> {
    Sealed::from_bytes(closed)
        .ok()
        .and_then(|sealed| sealed.open(key, place.as_bytes()).ok())
        .ok_or(StoreError::WrongKey)
}

fn open_text(key: &Key, place: &str, closed: &[u8]) -> Result<String, StoreError> {
    String::from_utf8(open(key, place, closed)?).map_err(|_| StoreError::WrongKey)
}

fn words_of(text: &str) -> impl Iterator<Item = String> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// Beginnings of the words of a text: what somebody may type who looks for it.
fn beginnings(text: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for word in words_of(text) {
        let letters: Vec<char> = word.chars().collect();
        for length in BEGINNING_MIN..=letters.len().min(BEGINNING_MAX) {
            all.extend(letters.get(..length).map(|some| some.iter().collect::<String>()));
        }
    }
    all
}
