//! The name of a study version: the hash of its meaning.
//!
//! The study is written as JSON with sorted keys and no space, and that is hashed with SHA-256. What doesn't change the
//! meaning (comments, order of keys, files, `extends`) doesn't change the name.

use crate::{decode::sha256, model::Study};
use serde_json::Value;
use terms::StudyHash;

impl Study {
    /// The hash that names this version.
    pub fn hash(&self) -> StudyHash {
        StudyHash::from(sha256(self.canonical().as_bytes()))
    }

    /// The JSON that is hashed: sorted keys, no space. Numbers are whole or texts, so no float is ever written.
    pub fn canonical(&self) -> String {
        // Serialising plain data into memory can't fail; were it to, no version would carry this name.
        serde_json::to_value(self).map_or_else(|error| error.to_string(), |value| sorted(&value).to_string())
    }
}

/// The value with the keys of its objects in order, whatever map the library uses.
pub(crate) fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            keys.into_iter().filter_map(|key| Some((key.clone(), sorted(map.get(key)?)))).collect()
        }
        Value::Array(values) => values.iter().map(sorted).collect(),
        other => other.clone(),
    }
}
