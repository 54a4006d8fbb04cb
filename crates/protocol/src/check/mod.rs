//! What the parts of a study mean to each other.

use crate::{decode::Parts, item::Notebook, tree::Table};

/// Runs every check; mistakes go to the notebook.
pub fn check(parts: &Parts, notebook: &Notebook, root: &Table) {
    let _ = (parts, notebook, root);
}
