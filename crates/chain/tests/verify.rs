//! A small record with three chains, changed in every way that the verifier must notice.
//!
//! Method: build good links, damage one thing, and compare the first flaw. The hash is recomputed where an attacker
//! who knows the format would recompute it.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use chain::{ChainName, FlawKind, Hash, Head, Heads, OwnedLink, Verifier, canonical, line_read, line_write, verify};
use std::collections::BTreeMap;

type Linked = (OwnedLink, Hash);

#[derive(Default)]
struct Builder {
    links: Vec<Linked>,
    heads: BTreeMap<String, Head>,
    versions: BTreeMap<String, u64>,
}

impl Builder {
    fn push(&mut self, chain: &str, stream: &str, body: &str, names: &[&str]) -> &mut Self {
        let head = self.heads.get(chain).copied().unwrap_or(Head::EMPTY);
        let version = self.versions.entry(stream.into()).or_default();
        *version += 1;
        let heads: Heads = names
            .iter()
            .map(|name| (name.parse().unwrap(), self.heads.get(*name).copied().unwrap_or(Head::EMPTY)))
            .collect();
        let link = OwnedLink {
            body: body.as_bytes().to_vec(),
            chain: chain.parse().unwrap(),
            heads: canonical::to_vec(&heads).unwrap(),
            position: head.position + 1,
            previous: head.hash,
            stream: stream.into(),
            version: *version,
        };
        let hash = link.as_link().hash();
        self.heads.insert(chain.into(), Head { hash, position: link.position });
        self.links.push((link, hash));
        self
    }
}

fn record() -> Vec<Linked> {
    let mut builder = Builder::default();
    builder
        .push("trial", "trial", r#"{"study_adopted":1}"#, &[])
        .push("trial", "trial", r#"{"site_opened":"S01"}"#, &["site/S01"])
        .push("site/S01", "site/S01", r#"{"number_given":1}"#, &["trial"])
        .push("site/S01", "participant/S01-001", r#"{"enquiry":1}"#, &[])
        .push("sealed", "sealed", r#"{"closed":"v1.00.00"}"#, &["trial"])
        .push("trial", "allocation", r#"{"drawn":"h"}"#, &["site/S01"])
        .push("site/S01", "participant/S01-001", r#"{"randomised":"h"}"#, &["trial"])
        .push("site/S01", "participant/S01-001", r#"{"note":"n"}"#, &[]);
    builder.links
}

fn flaw(links: &[Linked]) -> Option<(String, u64, FlawKind)> {
    verify(links.iter().map(|(link, hash)| (link.as_link(), *hash)))
        .err()
        .map(|flaw| (flaw.chain, flaw.position, *flaw.kind))
}

fn rehash(linked: &mut Linked) {
    linked.1 = linked.0.as_link().hash();
}

#[test]
fn whole() {
    let links = record();
    let verified = verify(links.iter().map(|(link, hash)| (link.as_link(), *hash))).unwrap();
    assert_eq!(verified.links, 8);
    let positions: Vec<_> = verified.heads.iter().map(|(name, head)| (name.as_str(), head.position)).collect();
    assert_eq!(positions, [("sealed", 1), ("site/S01", 4), ("trial", 3)]);
}

/// Every byte of every part of every link, flipped in turn, is found at that very link.
#[test]
fn any_flipped_byte_is_named() {
    let good = record();
    for at in 0..good.len() {
        for byte in 0..good[at].0.body.len() {
            let mut links = good.clone();
            links[at].0.body[byte] ^= 1;
            let (chain, position, kind) = flaw(&links).unwrap();
            assert_eq!((chain.as_str(), position), (good[at].0.chain.as_str(), good[at].0.position));
            assert!(matches!(kind, FlawKind::Changed { .. }));
        }
        let damages: [fn(&mut Linked); 5] = [
            |l| l.0.stream.push('x'),
            |l| l.0.version += 1,
            |l| l.0.position += 1,
            |l| l.0.previous = Hash::of(b"other"),
            |l| l.1 = Hash::of(b"other"),
        ];
        for damage in damages {
            let mut links = good.clone();
            damage(&mut links[at]);
            assert!(matches!(flaw(&links).unwrap().2, FlawKind::Changed { .. }));
        }
    }
}

#[test]
fn rewriting_with_new_hashes_is_found_at_the_next_link() {
    let mut links = record();
    links[6].0.body = br#"{"randomised":"i"}"#.to_vec();
    rehash(&mut links[6]);
    let (chain, position, kind) = flaw(&links).unwrap();
    assert_eq!((chain.as_str(), position), ("site/S01", 4));
    assert!(matches!(kind, FlawKind::Unlinked { .. }));
}

/// A whole chain rewritten consistently is betrayed by the other chain, which names its old head.
#[test]
fn a_chain_rewritten_whole_is_found_by_the_other() {
    let mut links = record();
    links[2].0.body = br#"{"number_given":9}"#.to_vec();
    let mut previous = Hash::ZERO;
    for linked in links.iter_mut().filter(|(link, _)| link.chain.as_str() == "site/S01") {
        linked.0.previous = previous;
        rehash(linked);
        previous = linked.1;
    }
    let (chain, position, kind) = flaw(&links).unwrap();
    assert_eq!((chain.as_str(), position), ("trial", 3));
    assert!(matches!(kind, FlawKind::OtherHead { other, .. } if other == "site/S01"));
}

#[test]
fn dropped_swapped_doubled() {
    let good = record();
    let mut dropped = good.clone();
    dropped.remove(6);
    assert!(matches!(flaw(&dropped).unwrap(), (chain, 4, FlawKind::Gap { needed: 3 }) if chain == "site/S01"));
    // One that the other chain has named is missed there, before its own chain comes to the gap.
    let mut dropped = good.clone();
    dropped.remove(3);
    assert!(matches!(flaw(&dropped).unwrap(), (chain, 3, FlawKind::OtherHead { .. }) if chain == "trial"));

    let mut swapped = good.clone();
    swapped.swap(6, 7);
    assert!(matches!(flaw(&swapped).unwrap(), (_, 4, FlawKind::Gap { needed: 3 })));

    let mut doubled = good.clone();
    doubled.push(good[7].clone());
    assert!(matches!(flaw(&doubled).unwrap(), (_, 4, FlawKind::Gap { needed: 5 })));

    let mut other_stream = good.clone();
    other_stream[7].0.version = 7;
    rehash(&mut other_stream[7]);
    assert!(matches!(flaw(&other_stream).unwrap().2, FlawKind::StreamGap { needed: 3, found: 7, .. }));
}

/// A cut tail is invisible to the chain alone and found by a head that was written down.
#[test]
fn cut_tail() {
    let good = record();
    let chain: ChainName = "site/S01".parse().unwrap();
    let head = Head { hash: good[7].1, position: 4 };
    let run = |links: &[Linked], head| {
        let mut verifier = Verifier::new().expect(chain.clone(), head);
        for (link, hash) in links {
            verifier.check(&link.as_link(), hash)?;
        }
        verifier.finish()
    };
    assert!(run(&good, head).is_ok());
    let flaw = run(&good[..7], head).unwrap_err();
    assert!(matches!(*flaw.kind, FlawKind::NotAsWrittenDown { found: None, .. }), "{flaw}");
    let flaw = run(&good, Head { hash: Hash::of(b"other"), position: 4 }).unwrap_err();
    assert!(matches!(*flaw.kind, FlawKind::NotAsWrittenDown { found: Some(_), .. }), "{flaw}");
    assert!(flaw.to_string().starts_with("chain site/S01, position 4: the hash "));
}

#[test]
fn nobody_may_name_the_sealed_chain() {
    let mut builder = Builder::default();
    builder.push("sealed", "sealed", "{}", &[]).push("trial", "trial", "{}", &["sealed"]);
    assert!(matches!(flaw(&builder.links).unwrap(), (chain, 1, FlawKind::NamesSealed) if chain == "trial"));
}

/// One site's chain alone: verified as far as it can be without the others.
#[test]
fn single_chain() {
    let mut verifier = Verifier::single_chain();
    for (link, hash) in record().iter().filter(|(link, _)| link.chain.as_str() == "site/S01") {
        verifier.check(&link.as_link(), hash).unwrap();
    }
    assert_eq!(verifier.finish().unwrap().links, 4);
}

#[test]
fn export_lines() {
    let good = record();
    let mut text = Vec::new();
    for (link, hash) in &good {
        line_write(&link.as_link(), hash, &mut text);
    }
    let text = String::from_utf8(text).unwrap();
    let read: Vec<Linked> = text.lines().map(|line| line_read(line).unwrap()).collect();
    assert_eq!(read, good);
    assert_eq!(Hash::of(&text.lines().next().unwrap().as_bytes()[65..]), good[0].1);

    let first = text.lines().next().unwrap();
    for damage in [
        first.replacen(' ', "", 1),
        first.replacen("\"body\"", "\"Body\"", 1),
        first.replacen(":1,", ": 1,", 1),
        first.replacen("\"trial\"", "\"triaal\"", 1),
        first[..first.len() - 1].to_owned(),
        first.to_uppercase(),
        String::new(),
    ] {
        assert!(line_read(&damage).is_err(), "{damage}");
    }
}

#[test]
fn chain_names() {
    for good in ["trial", "sealed", "site/S01", "site/é"] {
        assert_eq!(good.parse::<ChainName>().unwrap().as_str(), good);
    }
    for wrong in ["", "Trial", "site", "site/", "site/a/b", "stock/S01", "site/a\n", "sealed/x"] {
        assert!(wrong.parse::<ChainName>().is_err(), "{wrong}");
    }
}
