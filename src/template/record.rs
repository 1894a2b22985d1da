//! Remembers, in tests, which template was printed with which view.

use std::cell::RefCell;

use minijinja::Value;

thread_local! {
    static SEEN: RefCell<Option<Vec<(String, Value)>>> = const { RefCell::new(None) };
}

/// Every view that this thread prints while `work` runs, with the name of its template.
pub(crate) fn views(work: impl FnOnce()) -> Vec<(String, Value)> {
    SEEN.set(Some(Vec::new()));
    work();
    SEEN.take().unwrap_or_default()
}

pub(super) fn remember(name: &str, view: &Value) {
    SEEN.with_borrow_mut(|seen| seen.iter_mut().for_each(|all| all.push((name.to_owned(), view.clone()))));
}
