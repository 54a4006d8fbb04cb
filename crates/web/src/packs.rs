//! Form packs of the store: licensed wording that stands on the pages in place of our neutral labels. It changes what is read,
//! never what is stored or scored.

use std::collections::BTreeMap;

use instruments::FormPack;
use protocol::model::Form;

use crate::sheet::instrument_of;

/// The packs, by instrument and language.
#[derive(Debug, Default)]
pub struct Packs(BTreeMap<(&'static str, String), FormPack>);

impl Packs {
    /// Adds a pack.
    ///
    /// # Errors
    /// When there is one for the same instrument and language already.
    pub fn add(&mut self, pack: FormPack) -> Result<(), String> {
        let key = (pack.instrument(), pack.language().to_lowercase());
        if self.0.contains_key(&key) {
            return Err(format!(
                "there is another pack for {} in {}: keep one of the two",
                pack.instrument(),
                pack.language()
            ));
        }
        self.0.insert(key, pack);
        Ok(())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The wording of a form for somebody who reads this language: the very language, one of the same tongue, or the only pack
    /// that there is. None where several would do: then our own labels stand there.
    pub fn wording(&self, form: &Form, language: Option<&str>) -> Option<&FormPack> {
        let instrument = instrument_of(form)?.id;
        let wanted = language.unwrap_or_default().to_lowercase();
        if let Some(pack) = self.0.get(&(instrument, wanted.clone())) {
            return Some(pack);
        }
        let all = || self.0.iter().filter(|((id, _), _)| *id == instrument);
        let tongue = |tag: &str| tag.split('-').next().unwrap_or_default().to_owned();
        let near = all().find(|((_, tag), _)| !wanted.is_empty() && tongue(tag) == tongue(&wanted));
        match near {
            Some((_, pack)) => Some(pack),
            None => Some(all().next()?.1).filter(|_| all().count() == 1),
        }
    }
}
