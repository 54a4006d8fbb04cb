//! Members of an object, put in order of their names.

use super::Uncanonical;
use std::cmp::Ordering;

/// One member as written: `"name":value` in `start..` of the buffer, its name (escaped, without quotes) in `name`.
struct Member {
    start: usize,
    name_start: usize,
    name_end: usize,
}

/// The members of the object being written.
pub(super) struct Members {
    start: usize,
    members: Vec<Member>,
    in_order: bool,
}

impl Members {
    /// For an object whose first member starts at `start`.
    pub(super) fn new(start: usize, expected: usize) -> Self {
        Self { start, members: Vec::with_capacity(expected.min(64)), in_order: true }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Notes a member whose name has just been written with its quotes to `out[name_start..]`.
    pub(super) fn push(&mut self, out: &[u8], start: usize) -> Result<(), Uncanonical> {
        let member = Member { start, name_start: start + 1, name_end: out.len() - 1 };
        if let Some(last) = self.members.last() {
            match compare(name(out, last), name(out, &member)) {
                Ordering::Less => {}
                Ordering::Equal => return Err(twice(name(out, &member))),
                Ordering::Greater => self.in_order = false,
            }
        }
        self.members.push(member);
        Ok(())
    }

    /// Sorts what was written, if need be. `out` ends with the last member's value; commas stand between members.
    pub(super) fn finish(mut self, out: &mut Vec<u8>) -> Result<(), Uncanonical> {
        if self.in_order {
            return Ok(());
        }
        let ends: Vec<usize> =
            self.members.iter().skip(1).map(|next| next.start - 1).chain(std::iter::once(out.len())).collect();
        let mut order: Vec<(Member, usize)> = self.members.drain(..).zip(ends).collect();
        order.sort_by(|(a, _), (b, _)| compare(name(out, a), name(out, b)));
        for pair in order.windows(2) {
            if let [(a, _), (b, _)] = pair
                && name(out, a) == name(out, b)
            {
                return Err(twice(name(out, b)));
            }
        }
        let mut sorted = Vec::with_capacity(out.len() - self.start);
        for (member, end) in &order {
            if !sorted.is_empty() {
                sorted.push(b',');
            }
            sorted.extend_from_slice(out.get(member.start..*end).unwrap_or_default());
        }
        out.truncate(self.start);
        out.extend_from_slice(&sorted);
        Ok(())
    }
}

fn name<'o>(out: &'o [u8], member: &Member) -> &'o [u8] {
    out.get(member.name_start..member.name_end).unwrap_or_default()
}

fn twice(name: &[u8]) -> Uncanonical {
    Uncanonical::Twice(String::from_utf8_lossy(name).into_owned())
}

/// Order by UTF-16 code units of the unescaped names (RFC 8785 §3.2.3). For plain ASCII that is the order of bytes.
fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let plain = |name: &[u8]| name.is_ascii() && !name.contains(&b'\\');
    if plain(a) && plain(b) {
        return a.cmp(b);
    }
    unescaped(a).encode_utf16().cmp(unescaped(b).encode_utf16())
}

fn unescaped(name: &[u8]) -> String {
    let quoted = [b"\"", name, b"\""].concat();
    // The name was written by `write_text`, so it always reads back.
    serde_json::from_slice(&quoted).unwrap_or_default()
}
