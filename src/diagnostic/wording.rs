//! placeholder
/// `a`, `b` or `c`
pub fn either(names: &[&str]) -> String {
    join(names, " or ")
}
/// `a`, `b` and `c`
pub fn all(names: &[&str]) -> String {
    join(names, " and ")
}
fn join(names: &[&str], last: &str) -> String {
    let ticked: Vec<_> = names.iter().map(|n| format!("`{n}`")).collect();
    match ticked.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((end, rest)) => format!("{}{last}{end}", rest.join(", ")),
    }
}
/// The close name.
pub fn suggest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|c| (strsim::damerau_levenshtein(name, c), c))
        .filter(|(d, _)| *d <= 2 && *d * 2 < name.len().max(2))
        .min()
        .map(|(_, c)| c)
}
