//! Passwords and PINs: hashed with argon2id, judged before they are accepted.

use crate::error::{AccountError, Unavailable};
use argon2::{
    Argon2, Params,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};

/// Sixteen random bytes, drawn by the caller.
pub type Salt = [u8; 16];

/// What one guess costs.
///
/// The hash says what it cost itself, so changing this changes new hashes alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Cost {
    /// 19 MiB, two passes, one lane. Source: OWASP Password Storage Cheat Sheet, argon2id.
    pub const STANDARD: Self = Self { memory_kib: 19 * 1024, passes: 2 };
    /// For tests and for the personas of a synthetic store, whose passwords protect nothing.
    pub const CHEAP: Self = Self { memory_kib: 8, passes: 1 };

    fn hasher(self) -> Result<Argon2<'static>, Unavailable> {
        let params = Params::new(self.memory_kib, self.passes, 1, None)
            .map_err(|error| Unavailable { what: format!("argon2id: {error}") })?;
        Ok(Argon2::from(params))
    }

    /// The hash of a secret, as a text that says how it was made.
    pub(crate) fn hash(self, secret: &str, salt: &Salt) -> Result<String, Unavailable> {
        self.hasher()?
            .hash_password_with_salt(secret.as_bytes(), salt)
            .map(|hash: PasswordHash| hash.to_string())
            .map_err(|error| Unavailable { what: format!("argon2id: {error}") })
    }

    /// Whether a secret gives the hash. Without a hash it takes as long and is wrong, so that the time tells nobody
    /// whether an account exists.
    pub(crate) fn fits(self, secret: &str, hash: Option<&str>) -> Result<bool, Unavailable> {
        match hash {
            Some(hash) => Ok(Argon2::default().verify_password(secret.as_bytes(), hash).is_ok()),
            None => self.hash(secret, &[0; 16]).map(|_| false),
        }
    }
}

/// Longest secret that is looked at: hashing must not be a way to keep the server busy.
pub(crate) const SECRET_BYTES_MAX: usize = 256;

/// Fewest characters of a password. Source: NIST SP 800-63B §5.1.1.2 asks for 8; here one password opens a trial.
const PASSWORD_CHARACTERS_MIN: usize = 12;

/// Whether a password is too easy to guess for somebody of this login and name.
pub fn judge_password(password: &str, login: &str, display_name: &str) -> Result<(), AccountError> {
    let weak = |why| Err(AccountError::WeakPassword(why));
    let lower = password.to_lowercase();
    if password.chars().count() < PASSWORD_CHARACTERS_MIN {
        return weak("is too short");
    }
    if password.len() > SECRET_BYTES_MAX {
        return weak("is too long");
    }
    let names = std::iter::once(login).chain(display_name.split_whitespace());
    let rest = names
        .filter(|name| name.chars().count() >= 3)
        .fold(lower.clone(), |rest, name| rest.replace(&name.to_lowercase(), ""));
    if rest.chars().count() < PASSWORD_CHARACTERS_MIN - 4 {
        return weak("is little more than your name");
    }
    let mut different: Vec<char> = lower.chars().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < 5 {
        return weak("has too few different characters");
    }
    Ok(())
}

/// Whether a PIN is too easy to guess.
pub fn judge_pin(pin: &str) -> Result<(), AccountError> {
    let weak = |why| Err(AccountError::WeakPin(why));
    let digits: Vec<i16> = pin.bytes().map(|byte| i16::from(byte) - i16::from(b'0')).collect();
    if !(6..=12).contains(&digits.len()) || digits.iter().any(|digit| !(0..=9).contains(digit)) {
        return weak("is not 6 to 12 digits");
    }
    let steps: Vec<i16> = digits.iter().zip(digits.iter().skip(1)).map(|(one, next)| next - one).collect();
    if steps.windows(2).all(|pair| matches!(pair, [one, next] if one == next)) {
        return weak("is a row of digits");
    }
    let repeats = |length: usize| digits.iter().zip(digits.iter().skip(length)).all(|(one, next)| one == next);
    if (1..=digits.len() / 2).any(repeats) {
        return weak("repeats itself");
    }
    Ok(())
}

/// A password for one sign-in, to be read out or copied from paper: four groups of five letters and digits, 100 random
/// bits drawn by the caller; nothing in it looks like anything else.
pub fn password_once(random: &[u8; 32]) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
    let letters: Vec<char> = random
        .iter()
        .take(20)
        .filter_map(|byte| LETTERS.get(usize::from(byte % 32)).copied().map(char::from))
        .collect();
    letters.chunks(5).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}
