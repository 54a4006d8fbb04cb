//! A clinic for tests: the real router over a real store in a folder that goes away, a clock that is set by hand, and
//! people of every role who sign in through the pages.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request as HttpRequest, Response, StatusCode, header};
use conduct::{Authorisation, Command, Fact, Person, Proof, Request, Studies};
use identity::{Cost, Identity, Limits, NewAccount, Who};
use jiff::{SignedDuration, Timestamp};
use record::{Answer, Asked, Door, People, SqliteStore, Store};
use terms::{ActId, RoleId, SiteId, StaffId};
use tower::ServiceExt as _;
use web::Services;
use web::drafts::Drafts;
use web::http::guard::FormKey;

/// One person of each role: login and role; the login is the staff id too.
pub const STAFF: &[(&str, &str)] = &[
    ("coordinator", "coordinator"),
    ("investigator", "investigator"),
    ("prescriber", "prescriber"),
    ("lead", "lead_therapist"),
    ("second", "co_therapist"),
    ("nurse", "nurse"),
    ("pharmacist", "pharmacist"),
    ("night", "night_attendant"),
];

/// One person of each role in the whole trial.
pub const TRIAL: &[(&str, &str)] = &[
    ("rater", "independent_rater"),
    ("monitor", "monitor"),
    ("medic", "medical_monitor"),
    ("data", "data_manager"),
    ("inspector", "inspector"),
    ("admin", "administrator"),
];

pub struct Clinic {
    pub router: Router,
    pub door: Arc<Door>,
    pub identity: Arc<Identity>,
    pub people: Arc<People>,
    pub now: Arc<Mutex<Timestamp>>,
    pub site: SiteId,
    pub sealed: allocation::Key,
    /// The file itself, for troubles of its own.
    pub file: Arc<SqliteStore>,
    // Kept so that the folder lives as long as the clinic.
    _folder: tempfile::TempDir,
}

/// An answer as a test looks at it.
pub struct Page {
    pub status: StatusCode,
    pub html: String,
    pub address: String,
    pub cookie: String,
    pub headers: axum::http::HeaderMap,
}

impl Clinic {
    /// A clinic under one of the studies that the program carries, with its first site open and everybody delegated.
    pub fn new(study: &str) -> Self {
        Self::with_packs(study, web::packs::Packs::default())
    }

    /// The same with licensed wording.
    pub fn with_packs(study: &str, packs: web::packs::Packs) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let start: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
        let now = Arc::new(Mutex::new(start));
        let new = record::New { synthetic: true, created_by: "test".to_owned(), created_at: start };
        let file = SqliteStore::create(&folder.path().join("record.sqlite"), &new, record::projection::TABLES).unwrap();
        let file = Arc::new(file);
        let store: Arc<dyn Store> = Arc::clone(&file) as Arc<dyn Store>;
        let draw = std::sync::atomic::AtomicU64::new(1);
        let fill: Box<record::Draw> = Box::new(move |bytes| {
            for byte in bytes {
                *byte = (draw.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % 251) as u8;
            }
            Ok(())
        });
        let people = Arc::new(People::new(Arc::clone(&store), allocation::Key::from_slice(&[3; 32]).unwrap(), fill));
        let study = Arc::new(protocol::embedded::load(study).unwrap_or_else(|wrong| panic!("{wrong:?}")));
        let mut studies = Studies::new();
        studies.insert(study.hash(), Arc::clone(&study));
        let door = Arc::new(Door::new(store, studies, None, "test"));
        let identity =
            Identity::create(&folder.path().join("accounts.sqlite"), true, Cost::CHEAP, Limits::STANDARD).unwrap();
        let identity = Arc::new(identity);
        let drawn = std::sync::atomic::AtomicU64::new(1);
        let clock = Arc::clone(&now);
        let services = Services {
            door: Arc::clone(&door),
            identity: Arc::clone(&identity),
            people: Arc::clone(&people),
            kept: web::then::Kept::default(),
            drafts: Drafts::open(&folder.path().join("drafts.sqlite")).unwrap(),
            passed: std::sync::atomic::AtomicI64::new(0),
            clock: Box::new(move || *clock.lock().unwrap()),
            draw: Box::new(move || {
                use sha2::Digest as _;
                sha2::Sha256::digest(drawn.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_le_bytes()).into()
            }),
            form_key: FormKey::new([7; 32]),
            packs,
            help_phone: "000 000 00".to_owned(),
            idle_seconds: 600,
            reports: web::pages::analysis::Reports::default(),
            secure: false,
            live: web::live::Live::default(),
        };
        let site = study.sites[0].id.clone();
        let sealed = allocation::Key::from_slice(&[9; 32]).unwrap();
        let clinic =
            Self { router: web::app(services), door, identity, people, now, site, sealed, file, _folder: folder };
        clinic.set_up(&study);
        clinic
    }

    pub fn time(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    pub fn pass(&self, span: SignedDuration) {
        let mut now = self.now.lock().unwrap();
        *now = now.checked_add(span).unwrap();
    }

    pub fn pass_minutes(&self, minutes: i64) {
        self.pass(SignedDuration::from_mins(minutes));
    }

    /// What the study asks of somebody in a role.
    pub fn certify(&self, study: &protocol::model::Study, site: Option<&SiteId>, staff: &StaffId, role: &RoleId) {
        let day = "2026-01-01".parse().unwrap();
        for kind in conduct::staffing::credentials::usual(study, role) {
            self.program(Command::Fact(conduct::staffing::credentials::issued(kind, site, staff, day)));
        }
    }

    fn set_up(&self, study: &Arc<protocol::model::Study>) {
        self.program(Command::Authorise(Authorisation::AdoptStudy { study: study.hash() }));
        for (login, role) in STAFF.iter().chain(TRIAL) {
            let who = Who::Staff(StaffId::from(*login));
            let account = NewAccount { login: (*login).to_owned(), display_name: name_of(login), who, persona: true };
            self.identity.account_create(&account, self.time()).unwrap();
            let (staff, role) = (StaffId::from(*login), RoleId::from(*role));
            if study.role(role.as_str()).is_some() && TRIAL.iter().any(|(l, _)| l == login) {
                self.certify(study, None, &staff, &role);
                self.program(Command::Authorise(Authorisation::GrantRole { staff, role }));
            }
        }
        let site = self.site.clone();
        self.program(Command::Authorise(Authorisation::OpenSite { site: site.clone() }));
        for (login, role) in STAFF {
            if study.role(role).is_some() {
                self.certify(study, Some(&site), &StaffId::from(*login), &RoleId::from(*role));
                self.program(Command::Authorise(Authorisation::Delegate {
                    site: site.clone(),
                    staff: StaffId::from(*login),
                    role: RoleId::from(*role),
                    from: "2026-01-01".parse().unwrap(),
                    until: None,
                    covers: None,
                }));
            }
        }
        self.seal(study);
        for approval in study.approvals.iter().filter(|a| a.per == protocol::model::ApprovalScope::Site) {
            self.program(Command::Fact(Fact::RecordApproval {
                approval: approval.id.clone(),
                scope: protocol::model::ApprovalScope::Site,
                site: site.clone(),
                participant: None,
                number: "A-1".to_owned(),
                from: "2026-01-01".parse().unwrap(),
                until: "2028-01-01".parse().unwrap(),
            }));
        }
        self.program(Command::Authorise(Authorisation::ActivateSite { site }));
    }

    /// Binds a sealed list to the trial, as setting a store up does.
    fn seal(&self, study: &Arc<protocol::model::Study>) {
        let Some(plan) = allocation::ListPlan::of(study) else { return };
        let list = allocation::list_make(&plan, &self.sealed, &allocation::Seed::from_array([5; 32])).unwrap();
        self.door.sealed_add("sealed", self.time(), &list.rows, &[]).unwrap();
        let service = allocation::Service::open(self.sealed.clone(), list.rows.iter().cloned(), []).unwrap();
        self.door.sealed_open(service);
        let rows = u32::try_from(list.rows.len()).unwrap();
        self.program(Command::Authorise(Authorisation::LoadAllocation { commitment: list.commitment(), rows }));
    }

    /// Something that the program itself does while a store is set up.
    pub fn program(&self, command: Command) -> record::Receipt {
        static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let proof = |n: u64| Proof {
            person: if n == 0 { Person::Program } else { Person::Staff("second".into()) },
            at: self.time(),
            signed: true,
        };
        let asked = Asked {
            request: Request {
                id: format!("set-up-{count}"),
                at: None,
                sent: None,
                reason: Some("set up".to_owned()),
                command,
            },
            actor: proof(0),
            second: Some(proof(1)),
            now: self.time(),
            act: ActId::from(format!("act-{count}")),
            pseudonym: format!("R-{count}"),
        };
        match self.door.ask(&asked).unwrap() {
            Answer::Done(receipt) => receipt,
            Answer::No(no) => panic!("{no}"),
        }
    }

    /// Somebody at a device.
    pub fn at(&self, login: &str) -> Device<'_> {
        let mut device = Device { clinic: self, cookie: String::new(), login: login.to_owned() };
        let page = device.send("POST", "/sign-in/persona", &[("login", login), ("back", "/")]);
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{login} could not sign in: {}", page.html);
        device.cookie = page.cookie.split(';').next().unwrap().to_owned();
        device
    }

    /// A device on which nobody is signed in.
    pub fn nobody(&self) -> Device<'_> {
        Device { clinic: self, cookie: String::new(), login: String::new() }
    }

    pub fn raw(&self, request: HttpRequest<Body>) -> Page {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let response: Response<Body> = self.router.clone().oneshot(request).await.unwrap();
            let (head, body) = response.into_parts();
            let bytes = to_bytes(body, usize::MAX).await.unwrap();
            let text = |name| head.headers.get(name).map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
            Page {
                status: head.status,
                html: String::from_utf8_lossy(&bytes).into_owned(),
                address: text(header::LOCATION),
                cookie: text(header::SET_COOKIE),
                headers: head.headers.clone(),
            }
        })
    }
}

fn name_of(login: &str) -> String {
    let mut letters = login.chars();
    format!("{}{} Example", letters.next().unwrap().to_uppercase(), letters.as_str())
}

/// One browser: its cookie, and forms filled in as they are drawn.
pub struct Device<'a> {
    pub clinic: &'a Clinic,
    pub cookie: String,
    pub login: String,
}

impl Device<'_> {
    pub fn send(&self, method: &str, address: &str, form: &[(&str, &str)]) -> Page {
        let body = web::http::pairs::Pairs::encode(form.iter().copied());
        let request = HttpRequest::builder()
            .method(method)
            .uri(address)
            .header("host", "localhost")
            .header("cookie", &self.cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(if method == "GET" { Body::empty() } else { Body::from(body) })
            .unwrap();
        self.clinic.raw(request)
    }

    pub fn get(&self, address: &str) -> Page {
        self.send("GET", address, &[])
    }

    /// A page that must be there.
    pub fn see(&self, address: &str) -> String {
        let page = self.get(address);
        assert_eq!(page.status, StatusCode::OK, "{} at {address}: {}", self.login, text_of(&page.html));
        page.html
    }

    /// Opens a form, fills it in and sends it; hidden fields go along as they were drawn.
    pub fn fill(&self, address: &str, typed: &[(&str, &str)]) -> Page {
        let html = self.see(address);
        self.submit(&html, address, typed)
    }

    /// Sends the form of a page that is drawn for posting to `address`.
    pub fn submit(&self, html: &str, address: &str, typed: &[(&str, &str)]) -> Page {
        let mut pairs: BTreeMap<String, String> = BTreeMap::new();
        let form = form_for(html, address).unwrap_or_else(|| panic!("no form posts to {address}: {}", text_of(html)));
        for (name, value) in fields(&form) {
            pairs.insert(name, value);
        }
        for (name, value) in typed {
            pairs.insert((*name).to_owned(), (*value).to_owned());
        }
        let all: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        self.send("POST", address, &all)
    }

    /// Fills a form in and expects it to be recorded.
    pub fn record(&self, address: &str, typed: &[(&str, &str)]) -> String {
        let page = self.fill(address, typed);
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{} at {address}: {}", self.login, text_of(&page.html));
        page.address
    }
}

/// The markup of the form that posts to an address.
fn form_for(html: &str, address: &str) -> Option<String> {
    html.split("<form").skip(1).map(|rest| rest.split("</form>").next().unwrap_or("").to_owned()).find(|form| {
        let head = form.split('>').next().unwrap_or("");
        head.contains(&format!("action=\"{address}\""))
            || head.contains(&format!("action=\"{}\"", address.split('?').next().unwrap_or("")))
    })
}

/// What a browser would send of a form that nobody touched.
fn fields(form: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for tag in form.split('<').skip(1) {
        let tag_text = tag.split('>').next().unwrap_or("");
        let attribute = |name: &str| {
            let from = tag_text.find(&format!(" {name}=\""))? + name.len() + 3;
            tag_text[from..].split('"').next().map(unescape)
        };
        let Some(name) = attribute("name") else { continue };
        let checked = tag_text.contains(" checked");
        if tag_text.starts_with("input") {
            match attribute("type").as_deref() {
                Some("radio" | "checkbox") if !checked => {}
                Some("submit" | "file") => {}
                _ => out.push((name, attribute("value").unwrap_or_default())),
            }
        } else if tag_text.starts_with("select") {
            let inside =
                form.split(&format!("<{tag_text}")).nth(1).unwrap_or("").split("</select>").next().unwrap_or("");
            let chosen = inside.split("<option").find(|option| option.contains(" selected"));
            let value =
                chosen.and_then(|o| o.split("value=\"").nth(1)?.split('"').next()).map(unescape).unwrap_or_default();
            out.push((name, value));
        } else if tag_text.starts_with("textarea") {
            let inside = tag.split_once('>').map_or("", |(_, text)| text);
            out.push((name, unescape(inside.trim_start_matches('\n'))));
        }
    }
    out
}

fn unescape(text: &str) -> String {
    text.replace("&quot;", "\"")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&lt;", "<")
        .replace("&#60;", "<")
        .replace("&gt;", ">")
        .replace("&#62;", ">")
        .replace("&amp;", "&")
        .replace("&#38;", "&")
}

/// The words of a page, for messages of tests.
pub fn text_of(html: &str) -> String {
    let body = html.split("<main").nth(1).unwrap_or(html);
    let mut out = String::new();
    let mut inside = true;
    for character in body.chars() {
        match character {
            '<' => inside = true,
            '>' => {
                inside = false;
                out.push(' ');
            }
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}
