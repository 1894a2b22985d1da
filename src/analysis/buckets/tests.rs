use super::*;

fn root(region: &str, before: Option<&str>, after: Option<&str>) -> Root {
    let read = |names: &str| {
        let all = names.split(' ').filter(|name| !name.is_empty());
        let (copied, all): (Vec<&str>, Vec<&str>) = (all.clone().filter(|name| name.ends_with('>')).collect(), all.collect());
        let names = all.iter().map(|name| name.trim_end_matches('>')).map(|name| (name.to_owned(), format!("{name}-{region}")));
        Buckets { names: names.collect(), copied: copied.iter().map(|name| name.trim_end_matches('>').to_owned()).collect() }
    };
    let environment = "production".to_owned();
    Root { environment, region: region.to_owned(), before: before.map(read), after: after.map(read), selected: true }
}

/// What happens to buckets whose region is `home` from now on. A name with `>` is that of a bucket with a copy.
fn told(home: &str, roots: &[Root]) -> Vec<String> {
    let moved = moved(roots, |_, _| Some(home.to_owned()));
    let text = |one: Moved| format!("{} {} {:?} {}", one.name, one.region, one.fate, one.starts_empty.unwrap_or_default());
    moved.into_iter().map(text).map(|text| text.trim_end().to_owned()).collect()
}

#[test]
fn a_bucket_starts_empty_where_no_copy_was() {
    let away = |after| root("west", Some("a"), after);
    let new = root("central", None, Some("a"));
    assert_eq!(told("central", &[away(None), new]), ["a west LeavesWithRoot central"]);
    assert_eq!(told("central", &[away(Some("")), root("central", Some("b"), Some("a b"))]), ["a west Leaves central",]);
    // The old bucket becomes the copy of the new one, which is empty all the same.
    assert_eq!(told("central", &[away(Some("a")), root("central", None, Some("a>"))]), ["a west Stays central"]);
    // The copy becomes the bucket.
    assert_eq!(told("central", &[root("west", Some("a>"), Some("a")), root("central", Some("a"), Some("a>"))]), Vec::<String>::new());
    assert_eq!(told("central", &[root("west", Some("a>"), None), root("central", Some("a"), Some("a"))]), ["a west LeavesWithRoot"]);
    // Of a bucket and its copy, the bucket is what moves.
    let (copy, bucket) = (root("north", Some("a"), None), root("west", Some("a>"), None));
    let wanted = ["a north LeavesWithRoot", "a west LeavesWithRoot central"];
    assert_eq!(told("central", &[copy, bucket, root("central", None, Some("a"))]), wanted);
}

#[test]
fn copies_and_new_buckets_are_no_loss() {
    assert_eq!(told("west", &[root("west", Some("a>"), Some("a")), root("north", Some("a"), None)]), ["a north LeavesWithRoot"]);
    assert_eq!(told("west", &[root("west", Some("a"), Some("a>")), root("north", None, Some("a"))]), Vec::<String>::new());
    assert_eq!(told("west", &[root("west", None, Some("a"))]), Vec::<String>::new());
}

#[test]
fn a_part_of_a_render_tells_what_it_changes() {
    let roots = |west: bool, central: bool| {
        [Root { selected: west, ..root("west", Some("a b"), Some("b")) }, Root { selected: central, ..root("central", None, Some("a")) }]
    };
    let wanted = ["a west Leaves central"];
    assert_eq!(told("central", &roots(true, false)), wanted);
    assert_eq!(told("central", &roots(false, true)), wanted);
    assert_eq!(told("central", &roots(false, false)), Vec::<String>::new());
    let [west, _] = roots(false, false);
    assert_eq!(moved(&[west], |_, _| None), []);
}

#[test]
fn words_of_force_name_buckets() {
    assert_eq!(parse(&word("production", "invoices")), Some(("production", "invoices")));
    assert_eq!(parse("production/bucket/invoices"), None);
}
