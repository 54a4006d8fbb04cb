//! What a device kept while the server was out of reach, as it arrives: by whom, and when by which clock.

use crate::acts::{Act, Kind, Proofs};
use crate::http::call::Call;
use crate::http::reply::Trouble;

/// What a device kept while it could not, or had not yet, reached the server: typed by whom, and when by the device's own
/// clock; with how far that clock was off then, as the device had measured it, the rules set it right and keep both.
pub struct Held {
    pub at: jiff::Timestamp,
    /// What the device's clock would show now.
    pub sent: Option<jiff::Timestamp>,
    /// It arrives later than it happened.
    late: bool,
    /// The signatures that the act asks for could not be given.
    pub unsigned: bool,
}

impl Held {
    /// What came along with the form; an error where somebody else typed it.
    pub fn of(call: &Call<'_>, act: &Act) -> Result<Option<Self>, Trouble> {
        let device_at = call.form.text("device_at");
        if device_at.is_empty() || act.kind != Kind::Fact {
            return Ok(None);
        }
        let typed_by = call.form.text("typed_by");
        if !typed_by.is_empty() && typed_by != call.who()?.login {
            return Err(Trouble::NotYours(
                "Somebody else typed this on the device. It waits there until they sign in and send it.".to_owned(),
            ));
        }
        let unreadable = || Trouble::Unreadable("The time at which it happened can’t be read.".to_owned());
        let at: jiff::Timestamp = device_at.parse().map_err(|_| unreadable())?;
        // Virtual time is ahead of every wall: the device is held against the wall, and moved along with it.
        let ahead = call.now.duration_since(call.device_now);
        let at = at.checked_add(ahead).map_err(|_| unreadable())?;
        let behind: i64 = call.form.text("clock_behind_ms").parse().unwrap_or(0);
        let behind = jiff::SignedDuration::from_millis(behind).saturating_sub(ahead);
        let sent = call.now.checked_sub(behind).ok();
        let kept = call.form.text("kept") == "yes";
        let unsigned = kept && !matches!(act.proofs, Proofs::SignedIn) && KEPT_UNSIGNED.contains(&act.key);
        Ok(Some(Self { at, sent, late: kept, unsigned }))
    }

    /// Why it reaches the record later than it happened; nothing where it came at once.
    pub fn reason(&self) -> Option<String> {
        self.late.then(|| "kept on the device until the server could be reached".to_owned())
    }
}

/// Facts that ask for signatures and must not be lost for want of them.
pub const KEPT_UNSIGNED: &[&str] = &["swallow"];
