//! Accounts and sessions with a virtual clock; cheap hashes, so that a thousand tries take no time.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use identity::{AccountError, Cost, Factor, Identity, Limits, NewAccount, ProofError, SessionError, Standing, Who};
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use terms::{ParticipantId, StaffId};

const PASSWORD: &str = "four grey horses at noon";
const PIN: &str = "482915";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn open(synthetic: bool) -> Identity {
    Identity::on(Connection::open_in_memory().unwrap(), synthetic, Cost::CHEAP, Limits::STANDARD).unwrap()
}

fn staff(login: &str) -> NewAccount {
    NewAccount {
        login: login.into(),
        display_name: "Nora Lindqvist".into(),
        who: Who::Staff(StaffId::from("S01-N1")),
        persona: false,
    }
}

fn with_nora(synthetic: bool) -> Identity {
    let identity = open(synthetic);
    identity.account_create(&staff("nora"), at(0)).unwrap();
    identity.password_set("nora", PASSWORD, &[1; 16]).unwrap();
    identity.pin_set("nora", PIN, &[2; 16]).unwrap();
    identity
}

#[test]
fn an_account() {
    let identity = open(false);
    let made = identity.account_create(&staff("  Nora "), at(3)).unwrap();
    assert_eq!(
        (made.login.as_str(), made.standing, made.has_password, made.created_at),
        ("nora", Standing::Enabled, false, at(3))
    );
    assert_eq!(identity.account_create(&staff("NORA"), at(4)), Err(AccountError::Taken("nora".into())));
    assert_eq!(
        identity.prove("nora", "", Factor::Password, at(5)),
        Err(ProofError::Wrong),
        "no password is no empty password"
    );
    let participant =
        NewAccount { login: "s01-001".into(), who: Who::Participant(ParticipantId::from("S01-001")), ..staff("") };
    identity.account_create(&participant, at(3)).unwrap();
    assert_eq!(identity.accounts("", 10).unwrap().len(), 2);
    assert_eq!(identity.accounts("nora", 10).unwrap()[0].who, participant.who);
    assert_eq!(identity.accounts_of(&participant.who).unwrap()[0].login, "s01-001");
    for unfit in ["", "a", "with space", "semi;colon", &"x".repeat(65)] {
        assert!(matches!(identity.account_create(&staff(unfit), at(0)), Err(AccountError::UnfitLogin(_))), "{unfit}");
    }
    assert_eq!(identity.password_set("nobody", PASSWORD, &[0; 16]), Err(AccountError::Unknown("nobody".into())));
}

#[test]
fn personas_exist_in_synthetic_stores_alone() {
    let persona = NewAccount { persona: true, ..staff("coordinator") };
    assert_eq!(open(false).account_create(&persona, at(0)), Err(AccountError::PersonaInRealStore));
    let identity = open(true);
    identity.account_create(&persona, at(0)).unwrap();
    identity.account_create(&staff("nora"), at(0)).unwrap();
    assert_eq!(identity.personas().unwrap().len(), 1);
    let signed_in = identity.sign_in_persona("coordinator", &[1; 32], at(1)).unwrap();
    assert!(signed_in.persona);
    assert_eq!(identity.sign_in_persona("nora", &[2; 32], at(1)), Err(ProofError::Wrong));
    assert_eq!(identity.prove("coordinator", "", Factor::Password, at(1)), Err(ProofError::Wrong));
    identity.account_disable("coordinator").unwrap();
    assert_eq!(identity.sign_in_persona("coordinator", &[1; 32], at(1)), Err(ProofError::Disabled));
}

/// A file with personas that is opened as a real store lets no persona in.
#[test]
fn a_persona_in_a_real_store_is_shut_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.sqlite");
    drop(Identity::create(&path, true, Cost::CHEAP, Limits::STANDARD).unwrap());
    let open = |synthetic| Identity::open(&path, synthetic, Cost::CHEAP, Limits::STANDARD).unwrap();
    open(true).account_create(&NewAccount { persona: true, ..staff("coordinator") }, at(0)).unwrap();
    assert!(open(true).sign_in_persona("coordinator", &[1; 32], at(1)).is_ok());
    assert_eq!(open(false).sign_in_persona("coordinator", &[1; 32], at(1)), Err(ProofError::Wrong));
}

#[test]
fn passwords_and_pins_are_judged() {
    let identity = with_nora(false);
    for (password, weak) in [
        ("short", true),
        ("eleven char", true),
        ("aaaaaaaaaaaaaaaa", true),
        ("abababababababab", true),
        ("Nora Lindqvist", true),
        ("noranoranoranora", true),
        (&"x1y2z".repeat(60), true),
        ("nora rides four horses", false),
        ("四頭の灰色の馬が正午に走る", false),
    ] {
        let answer = identity.password_set("nora", password, &[3; 16]);
        assert_eq!(matches!(answer, Err(AccountError::WeakPassword(_))), weak, "{password}: {answer:?}");
    }
    for (pin, weak) in [
        ("12345", true),
        ("123456", true),
        ("987654", true),
        ("111111", true),
        ("121212", true),
        ("123123", true),
        ("24680a", true),
        ("٤٨٢٩١٥", true),
        ("1234567890123", true),
        ("135791", false),
        ("482915", false),
    ] {
        let answer = identity.pin_set("nora", pin, &[3; 16]);
        assert_eq!(matches!(answer, Err(AccountError::WeakPin(_))), weak, "{pin}: {answer:?}");
    }
}

#[test]
fn secrets_are_kept_as_argon2id() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.sqlite");
    let identity = Identity::create(&path, false, Cost::STANDARD, Limits::STANDARD).unwrap();
    identity.account_create(&staff("nora"), at(0)).unwrap();
    identity.password_set("nora", PASSWORD, &[1; 16]).unwrap();
    identity.sign_in("nora", PASSWORD, &[7; 32], at(1)).unwrap();
    let hand = Connection::open(&path).unwrap();
    let hash: String = hand.query_row("SELECT password FROM account", [], |row| row.get(0)).unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    let token: Vec<u8> = hand.query_row("SELECT token FROM account_session", [], |row| row.get(0)).unwrap();
    assert_ne!(token, [7; 32], "a stolen file holds no token that works");
    // A hash that was made at another cost still opens.
    let cheap = Identity::open(&path, false, Cost::CHEAP, Limits::STANDARD).unwrap();
    assert!(cheap.prove("nora", PASSWORD, Factor::Password, at(2)).is_ok());
}

#[test]
fn proving() {
    let identity = with_nora(false);
    let proved = identity.prove(" NORA", PIN, Factor::Pin, at(7)).unwrap();
    assert_eq!((proved.login.as_str(), proved.at, proved.by), ("nora", at(7), Factor::Pin));
    assert_eq!(proved.who, Who::Staff(StaffId::from("S01-N1")));
    for (login, secret, by) in [
        ("nora", PIN, Factor::Password),
        ("nora", PASSWORD, Factor::Pin),
        ("nora", "", Factor::Pin),
        ("nobody", PIN, Factor::Pin),
        ("nora", PASSWORD, Factor::Persona),
        ("nora", &"x".repeat(100_000), Factor::Password),
    ] {
        assert_eq!(identity.prove(login, secret, by, at(8)), Err(ProofError::Wrong));
    }
    identity.account_create(&staff("new"), at(0)).unwrap();
    identity.password_set("new", PASSWORD, &[1; 16]).unwrap();
    assert_eq!(identity.prove("new", PIN, Factor::Pin, at(9)), Err(ProofError::NoPin));
    identity.account_disable("nora").unwrap();
    assert_eq!(identity.prove("nora", PASSWORD, Factor::Password, at(9)), Err(ProofError::Disabled));
    assert_eq!(identity.prove("nora", "wrong", Factor::Password, at(9)), Err(ProofError::Wrong));
    identity.account_enable("nora").unwrap();
    assert!(identity.prove("nora", PASSWORD, Factor::Password, at(9)).is_ok());
}

#[test]
fn waits_double_up_to_the_longest() {
    let waits: Vec<i64> = (0..14).map(|wrong| Limits::STANDARD.wait(wrong).as_secs()).collect();
    assert_eq!(waits, [0, 0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]);
    assert_eq!(Limits::STANDARD.wait(u32::MAX).as_secs(), 900);
}

#[test]
fn guessing_is_slowed_then_locked() {
    let identity = with_nora(false);
    let guess = |login: &str, second| identity.prove(login, "a wrong password", Factor::Password, at(second));
    for login in ["nora", "nobody"] {
        for _ in 0..6 {
            assert_eq!(guess(login, 0), Err(ProofError::Wrong));
        }
        assert_eq!(
            guess(login, 29),
            Err(ProofError::Wait { until: at(30) }),
            "an unknown login is slowed all the same"
        );
    }
    assert_eq!(identity.prove("nora", PASSWORD, Factor::Password, at(29)), Err(ProofError::Wait { until: at(30) }));
    assert!(identity.prove("nora", PASSWORD, Factor::Password, at(30)).is_ok());
    assert_eq!(guess("nora", 31), Err(ProofError::Wrong), "a right try starts the count anew");

    // Somebody patient is locked out in the end, and stays so until a person unlocks the account.
    let mut second = 100;
    for _ in 0..60 {
        second += 1000;
        let _ = guess("nora", second);
    }
    assert_eq!(identity.account("nora").unwrap().unwrap().standing, Standing::Locked);
    assert_eq!(identity.prove("nora", PASSWORD, Factor::Password, at(second + 1000)), Err(ProofError::Locked));
    identity.account_enable("nora").unwrap();
    assert!(identity.prove("nora", PASSWORD, Factor::Password, at(second + 1000)).is_ok());
}

/// Many tries at the same moment are no way around the count.
#[test]
fn guessing_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.sqlite");
    drop(Identity::create(&path, false, Cost::CHEAP, Limits::STANDARD).unwrap());
    let open = || Identity::open(&path, false, Cost::CHEAP, Limits::STANDARD).unwrap();
    let identity = open();
    identity.account_create(&staff("nora"), at(0)).unwrap();
    identity.password_set("nora", PASSWORD, &[1; 16]).unwrap();
    let judged: usize = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let identity = open();
                    (0..4)
                        .filter(|_| identity.prove("nora", "guess", Factor::Password, at(1)) == Err(ProofError::Wrong))
                        .count()
                })
            })
            .collect();
        tries.into_iter().map(|t| t.join().unwrap()).sum()
    });
    assert_eq!(judged, 6);
}

#[test]
fn a_clock_that_was_set_back_locks_nobody_out() {
    let identity = with_nora(false);
    for _ in 0..6 {
        let _ = identity.prove("nora", "guess", Factor::Password, at(10_000_000));
    }
    assert!(
        matches!(identity.prove("nora", PASSWORD, Factor::Password, at(0)), Err(ProofError::Wait { until }) if until <= at(900))
    );
}

#[test]
fn a_session() {
    let identity = with_nora(false);
    let token = [9; 32];
    assert_eq!(identity.session(&token, at(0)), Err(SessionError::Unknown));
    let signed_in = identity.sign_in("nora", PASSWORD, &token, at(0)).unwrap();
    assert_eq!(identity.session(&token, at(1)).unwrap(), signed_in);
    assert_eq!(identity.session(&[8; 32], at(1)), Err(SessionError::Unknown));
    assert_eq!(identity.account("nora").unwrap().unwrap().signed_in_at, Some(at(0)));
    // Awake as long as somebody is there.
    for minute in 1..30 {
        assert!(identity.session(&token, at(minute * 60 * 9)).is_ok());
    }
    let last = 29 * 60 * 9;
    let asleep = SessionError::Asleep { login: "nora".into(), has_pin: true };
    assert_eq!(identity.session(&token, at(last + 601)), Err(asleep.clone()));
    assert_eq!(identity.session(&token, at(last + 601)), Err(asleep.clone()), "looking does not wake it");
    assert_eq!(identity.wake(&token, "111222", at(last + 602)), Err(SessionError::Proof(ProofError::Wrong)));
    let woken = identity.wake(&token, PIN, at(last + 603)).unwrap();
    assert_eq!((woken.signed_in_at, woken.proved_at), (at(0), at(last + 603)));
    assert_eq!(identity.session(&token, at(last + 604)).unwrap(), woken);
    // The end comes whatever is done.
    let hours = SignedDuration::from_hours(12).as_secs();
    assert_eq!(identity.wake(&token, PIN, at(hours + 1)), Err(SessionError::Ended));
    assert_eq!(identity.session(&token, at(hours)), Err(SessionError::Unknown));
}

/// A page that looks by itself keeps nobody awake.
#[test]
fn looking_is_no_sign_of_life() {
    let identity = with_nora(false);
    let token = [9; 32];
    let signed_in = identity.sign_in("nora", PASSWORD, &token, at(0)).unwrap();
    for second in [60, 300, 600] {
        assert_eq!(identity.session_look(&token, at(second)).unwrap(), signed_in);
    }
    let asleep = SessionError::Asleep { login: "nora".into(), has_pin: true };
    assert_eq!(identity.session_look(&token, at(601)), Err(asleep.clone()));
    assert_eq!(identity.session(&token, at(601)), Err(asleep));
}

#[test]
fn a_session_ends() {
    let identity = with_nora(false);
    let opened = |token: u8, second| identity.sign_in("nora", PASSWORD, &[token; 32], at(second)).unwrap();
    opened(1, 0);
    identity.sign_out(&[1; 32]).unwrap();
    assert_eq!(identity.session(&[1; 32], at(1)), Err(SessionError::Unknown));
    opened(1, 2);
    opened(2, 2);
    identity.sign_out_everywhere("nora").unwrap();
    assert!([1, 2].iter().all(|token| identity.session(&[*token; 32], at(3)).is_err()));
    opened(1, 4);
    identity.password_set("nora", "another long password", &[4; 16]).unwrap();
    assert_eq!(identity.session(&[1; 32], at(5)), Err(SessionError::Unknown), "a new password ends all sessions");
    identity.password_set("nora", PASSWORD, &[4; 16]).unwrap();
    opened(1, 6);
    identity.account_disable("nora").unwrap();
    assert!(identity.session(&[1; 32], at(7)).is_err());
    identity.account_enable("nora").unwrap();
    opened(1, 8);
    for expected in [
        Err(SessionError::Proof(ProofError::Wrong)),
        Err(SessionError::Proof(ProofError::Wrong)),
        Err(SessionError::Ended),
    ] {
        assert_eq!(identity.wake(&[1; 32], "000111", at(9)), expected);
    }
    assert_eq!(identity.session(&[1; 32], at(9)), Err(SessionError::Unknown), "three wrong PINs need the password");
}

/// Opening makes nothing, and says what stands where the accounts should.
#[test]
fn what_is_no_file_of_accounts_is_said_to_be_none() {
    use identity::OpenError;
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.sqlite");
    let answers = || {
        let open = Identity::open(&path, false, Cost::CHEAP, Limits::STANDARD).map(drop);
        let look = Identity::open_to_look(&path, false, Cost::CHEAP, Limits::STANDARD).map(drop);
        assert_eq!(open, look);
        open
    };
    assert!(matches!(answers(), Err(OpenError::Missing { .. })));
    assert!(!path.exists(), "nothing was made");
    for content in [String::new(), "garbage ".repeat(1000)] {
        std::fs::write(&path, &content).unwrap();
        let error = answers().unwrap_err();
        assert!(matches!(error, OpenError::NotAccounts { .. }), "{error}");
        assert!(
            error.to_string().contains("is not a database of accounts") && error.to_string().contains("restore it")
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), content, "and it is left as it is");
    }
    std::fs::remove_file(&path).unwrap();
    drop(Identity::create(&path, false, Cost::CHEAP, Limits::STANDARD).unwrap());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(matches!(
        Identity::create(&path, false, Cost::CHEAP, Limits::STANDARD).map(drop),
        Err(OpenError::Exists { .. })
    ));
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 999).unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(answers(), Err(OpenError::Newer { found: 999, .. })));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

/// A file of before formats were counted, and before one-time passwords, is opened; looked at, it is left as it is.
#[test]
fn an_older_file_of_accounts_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.sqlite");
    let made = Identity::create(&path, false, Cost::CHEAP, Limits::STANDARD).unwrap();
    made.account_create(&staff("nora"), at(0)).unwrap();
    drop(made);
    let hand = Connection::open(&path).unwrap();
    hand.execute_batch("ALTER TABLE account DROP COLUMN password_once; PRAGMA user_version = 0").unwrap();
    drop(hand);
    let before = std::fs::read(&path).unwrap();
    let looked = Identity::open_to_look(&path, false, Cost::CHEAP, Limits::STANDARD).unwrap();
    assert!(looked.account("nora").unwrap().is_some());
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let opened = Identity::open(&path, false, Cost::CHEAP, Limits::STANDARD).unwrap();
    assert!(opened.account("nora").unwrap().is_some_and(|account| !account.password_once));
}

/// A name that can't be seen as it is written would be shown to everybody, and stand in every list.
#[test]
fn a_name_is_what_others_see() {
    let identity = with_nora(false);
    for name in ["", "   ", "No\u{0}ra", "\u{1b}[31mNora", "\u{202e}aroN", "Nora\nLindqvist", &"x".repeat(201)] {
        let new = NewAccount { display_name: name.to_owned(), ..staff("other") };
        assert!(matches!(identity.account_create(&new, at(1)), Err(AccountError::UnfitName(_))), "{name:?}");
    }
    let new = NewAccount { display_name: " Núria Ó Briain (日本) ".to_owned(), ..staff("other") };
    assert_eq!(identity.account_create(&new, at(1)).unwrap().display_name, "Núria Ó Briain (日本)");
}
