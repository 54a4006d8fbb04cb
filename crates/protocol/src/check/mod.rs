//! What the parts of a study mean to each other: unknown names, windows that can't hold, doses above their cap, people
//! who can't do what they must. One file a part of the study; every kind of mistake is listed in [`kinds`](crate::KINDS).

mod analysis;
mod decided;
mod dose;
mod expressions;
mod forms;
mod medicine;
mod people;
mod planning;
mod room;
mod safety;
mod schedule;
mod session;
mod stock;
mod windows;

use crate::{decode::Parts, diagnostic::Mistake, files::Place, item::Notebook, spelling::nearest};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

/// Runs every check; mistakes go to the notebook.
pub fn check(parts: &Parts, notebook: &Notebook) {
    let checker = Checker { parts, notebook, lists: RefCell::default() };
    people::check(&checker);
    schedule::check(&checker);
    windows::check(&checker);
    forms::check(&checker);
    expressions::check(&checker);
    medicine::check(&checker);
    dose::check(&checker);
    session::check(&checker);
    safety::check(&checker);
    stock::check(&checker);
    analysis::check(&checker);
    planning::check(&checker);
}

/// The parts of a study with the places that they were read from.
struct Checker<'a> {
    parts: &'a Parts,
    notebook: &'a Notebook,
    /// Names of lists that were asked for: many checks ask for the same.
    lists: RefCell<BTreeMap<String, Rc<BTreeSet<String>>>>,
}

impl Checker<'_> {
    /// The place of a path, or of the nearest thing around it that has one.
    fn place(&self, path: &str) -> Place {
        let mut path = path;
        loop {
            if let Some(place) = self.notebook.place(path) {
                return place;
            }
            match path.rsplit_once('/') {
                Some((outer, _)) => path = outer,
                None => return self.notebook.place("").unwrap_or(Place { file: 0, range: 0..0 }),
            }
        }
    }

    fn note(&self, mistake: Mistake) {
        self.notebook.note(mistake);
    }

    /// A mistake at the place of a path.
    fn mistake(&self, code: &'static str, path: &str, message: impl Into<String>, label: impl Into<String>) -> Mistake {
        Mistake::new(code, &self.place(path), message, label)
    }

    /// The names that a list of tables gives, also of those that couldn't be read otherwise.
    fn named(&self, list: &str) -> Rc<BTreeSet<String>> {
        if let Some(known) = self.lists.borrow().get(list) {
            return Rc::clone(known);
        }
        let prefix = format!("{list}/");
        let places = self.notebook.places.borrow();
        let inside = places.range(prefix.clone()..).take_while(|(path, _)| path.starts_with(&prefix));
        let names: BTreeSet<String> = inside
            .filter_map(|(path, _)| path.strip_prefix(&prefix))
            .filter(|name| !name.contains('/'))
            .map(str::to_owned)
            .collect();
        let names = Rc::new(names);
        self.lists.borrow_mut().insert(list.to_owned(), Rc::clone(&names));
        names
    }

    /// Reports a name that a list of tables doesn't have.
    fn known(&self, code: &'static str, list: &str, kind: &str, name: &str, path: &str) -> bool {
        let names = self.named(list);
        if names.contains(name) {
            return true;
        }
        let mend = match nearest(name, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => format!("the study has no {kind} yet: add one"),
            None if names.len() <= 12 => {
                format!("there are: {}", names.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
            }
            None => format!("name one of the study's {} {kind}s, or add it", names.len()),
        };
        let message = format!("there is no {kind} `{name}`");
        self.note(self.mistake(code, path, message, format!("no such {kind}")).mend(mend));
        false
    }
}

/// Texts as a list in words: `a, b and c`.
fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(|name| format!("`{name}`")).collect();
            format!("{} and `{last}`", first.join(", "))
        }
    }
}
