//! Fingerprints: 128 bits of a state, so that a million states fit into memory.
//!
//! What is hashed is the whole value as `Debug` shows it: a field that is added later is in it without anybody thinking of it.
//! Two states with one fingerprint are taken for one; among a million the chance of such a mistake is below 10⁻²⁶.

use std::{
    cell::RefCell,
    fmt::{Debug, Write},
    hash::{Hash, Hasher},
};

const FIRST: u64 = 0x9e37_79b9_7f4a_7c15;
const SECOND: u64 = 0xc2b2_ae3d_27d4_eb4f;

/// Two lanes that take in eight bytes at a time.
#[derive(Debug, Clone)]
pub struct Printer {
    lanes: [u64; 2],
    waiting: u64,
    filled: u32,
    length: u64,
}

impl Default for Printer {
    fn default() -> Self {
        Self { lanes: [FIRST, SECOND], waiting: 0, filled: 0, length: 0 }
    }
}

impl Printer {
    fn word(&mut self, word: u64) {
        let mix = |lane: u64, odd: u64| {
            let wide = u128::from(lane ^ word).wrapping_mul(u128::from(odd));
            #[allow(clippy::cast_possible_truncation, reason = "the two halves are folded into one")]
            let folded = (wide as u64) ^ ((wide >> 64) as u64);
            folded.wrapping_add(word.rotate_left(29))
        };
        self.lanes = [mix(self.lanes[0], FIRST | 1), mix(self.lanes[1], SECOND | 1)];
    }

    fn bytes(&mut self, all: &[u8]) {
        let mut bytes = all;
        if self.filled == 0 {
            let (words, rest) = all.as_chunks::<8>();
            words.iter().for_each(|word| self.word(u64::from_le_bytes(*word)));
            bytes = rest;
        }
        for byte in bytes {
            self.waiting |= u64::from(*byte) << (8 * self.filled);
            self.filled += 1;
            if self.filled == 8 {
                self.word(self.waiting);
                (self.waiting, self.filled) = (0, 0);
            }
        }
        self.length += all.len() as u64;
    }

    /// The fingerprint of all that was written.
    pub fn done(mut self) -> u128 {
        self.word(self.waiting);
        self.word(self.length);
        self.word(FIRST);
        u128::from(self.lanes[0]) << 64 | u128::from(self.lanes[1])
    }
}

impl Hasher for Printer {
    fn finish(&self) -> u64 {
        self.lanes[0]
    }

    fn write(&mut self, bytes: &[u8]) {
        self.bytes(bytes);
    }
}

/// The fingerprint of a value as `Debug` shows it.
pub fn of_shown(value: &impl Debug) -> u128 {
    thread_local! {
        static TEXT: RefCell<String> = const { RefCell::new(String::new()) };
    }
    // `Debug` writes some bytes at a time: they are gathered, and taken in eight by eight.
    TEXT.with_borrow_mut(|text| {
        text.clear();
        // Writing into a text can't fail.
        let _ = write!(text, "{value:?}");
        let mut printer = Printer::default();
        printer.bytes(text.as_bytes());
        printer.done()
    })
}

/// The fingerprint of a value that hashes itself.
pub fn of_hashed(value: &impl Hash) -> u128 {
    let mut printer = Printer::default();
    value.hash(&mut printer);
    printer.done()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn different_values_have_different_fingerprints() {
        let all: BTreeSet<u128> = (0..200_000u32).map(|number| of_shown(&(number, "a"))).collect();
        assert_eq!(all.len(), 200_000);
        assert_ne!(of_shown(&"ab"), of_shown(&"ab\0"));
        assert_ne!(of_shown(&("a", "b")), of_shown(&("b", "a")));
        let hashed: BTreeSet<u128> = (0..200_000u64).map(|number| of_hashed(&(number % 7, number))).collect();
        assert_eq!(hashed.len(), 200_000);
    }

    /// Each half alone tells the values apart: neither lane is a copy of the other, and none is stuck.
    #[test]
    fn both_halves_count() {
        let halves: Vec<(u64, u64)> = (0..50_000u32)
            .map(|number| {
                let print = of_shown(&number);
                #[allow(clippy::cast_possible_truncation, reason = "the lower half")]
                let low = print as u64;
                ((print >> 64) as u64, low)
            })
            .collect();
        assert_eq!(halves.iter().map(|(high, _)| high).collect::<BTreeSet<_>>().len(), 50_000);
        assert_eq!(halves.iter().map(|(_, low)| low).collect::<BTreeSet<_>>().len(), 50_000);
        assert!(halves.iter().all(|(high, low)| high != low));
    }
}
