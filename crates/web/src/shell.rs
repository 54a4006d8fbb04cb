//! What stands around every page: kind of data, header with the areas of the role, pinned notice, footer.

use askama::Template;

use crate::http::assets::{Assets, assets};
use crate::parts::Markup;
use crate::parts::words::Link;

/// One area of the header.
#[derive(Debug, Clone)]
pub struct Area {
    pub link: Link,
    pub current: bool,
}

/// Who is signed in, for the header.
#[derive(Debug, Clone)]
pub struct WhoLine {
    pub name: String,
    pub role: String,
    /// Token for the sign-out form.
    pub token: String,
}

/// One state of the site that outranks the page.
#[derive(Debug, Clone)]
pub struct Pin {
    pub title: String,
    pub words: String,
    pub link: Option<Link>,
}

/// A whole page: the shell with its body.
#[derive(Debug, Clone, Template)]
#[template(path = "shell.html")]
pub struct Shell {
    /// BCP 47 code of the page's language.
    pub language: String,
    pub title: String,
    /// Dim and warm, for the room where somebody lies with closed eyes.
    pub room: bool,
    pub synthetic: bool,
    /// Virtual time, for those who may let it pass; empty for others.
    pub virtual_time: String,
    pub who: Option<WhoLine>,
    pub areas: Vec<Area>,
    pub pin: Option<Pin>,
    pub crumbs: Vec<Link>,
    pub crumb_end: String,
    pub foot: [String; 2],
    /// Seconds without a touch after which the page locks; 0 for never.
    pub idle_seconds: u32,
    pub body: Markup,
}

impl Shell {
    fn assets(&self) -> &'static Assets {
        assets()
    }
}

/// A page in the session room: dim, with its own band and the way to stop always at hand.
#[derive(Debug, Clone, Template)]
#[template(path = "room.html")]
pub struct RoomShell {
    pub title: String,
    /// `/participants/S01-001/sessions/1`.
    pub address: String,
    pub code: String,
    pub login: String,
    pub name: String,
    pub role: String,
    pub token: String,
    /// The record's clock, milliseconds since 1970: the page counts minutes by it, whatever its device believes.
    pub now_ms: i64,
    /// When the first dose was swallowed; empty before it.
    pub dosed_ms: String,
    pub idle_seconds: u32,
    /// The site's zone, for clock times that the script writes.
    pub zone: String,
    /// A persona without a PIN goes on by a click.
    pub one_click: bool,
    pub synthetic: bool,
    pub virtual_time: String,
    pub band: Markup,
    pub alarms: Markup,
    pub stop: Markup,
    pub body: Markup,
}

impl RoomShell {
    fn assets(&self) -> &'static Assets {
        assets()
    }

    fn participant(&self) -> &str {
        self.address.split("/sessions/").next().unwrap_or("/")
    }
}

/// The room while the server is out of reach: nothing in it but places that the script fills from the device.
#[derive(Debug, Clone, Template)]
#[template(path = "room-shell.html")]
pub struct EmptyRoom;

impl EmptyRoom {
    fn assets(&self) -> &'static Assets {
        assets()
    }
}

/// A page for participants: one column, phone first, help always at the foot.
#[derive(Debug, Clone, Template)]
#[template(path = "person.html")]
pub struct PersonShell {
    pub language: String,
    /// `ltr` or `rtl`.
    pub direction: &'static str,
    pub title: String,
    pub synthetic: bool,
    pub words: PersonWords,
    pub help_phone: String,
    pub token: String,
    pub body: Markup,
}

/// The few words of the participants' shell, in their language.
#[derive(Debug, Clone)]
pub struct PersonWords {
    pub skip: String,
    pub kind_of_data: String,
    pub synthetic: String,
    pub help_title: String,
    pub help_line: String,
    pub help_call: String,
    pub sign_out: String,
}

impl PersonShell {
    fn assets(&self) -> &'static Assets {
        assets()
    }
}
